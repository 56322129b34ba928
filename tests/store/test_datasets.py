"""Data sets in the database: what may change when, on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import Engine

from boxwright.store.dataset_records import DatasetExists, DatasetMissing
from boxwright.store.datasets import DatasetStore
from boxwright.store.model_records import NotNow

HERE = "/srv/boxwright/datasets"
REQUEST = {"name": "cells", "path": "/data/cells"}


@pytest.fixture
def store(engine: Engine) -> DatasetStore:
    return DatasetStore(engine)


def test_a_data_set_from_its_making_to_its_end(store: DatasetStore) -> None:
    made = store.create("local", REQUEST, HERE)
    assert (made.state, made.end_time, made.result, str(made.folder)) == ("IMPORTING", None, {}, f"{HERE}/{made.key}")
    assert store.get("local", "cells") == made
    assert made.spec.kind == "path"
    store.settle(made, {"format": "coco"})
    ready = store.get("local", "cells")
    assert (ready.state, ready.result, ready.error_message) == ("READY", {"format": "coco"}, "")
    assert ready.end_time is not None
    assert ready.etag != made.etag
    assert store.delete("local", "cells").state == "DELETING"
    store.remove(store.get("local", "cells"))
    with pytest.raises(DatasetMissing, match="project local has no data set cells"):
        store.get("local", "cells")


def test_names_are_taken_once_in_a_project(store: DatasetStore) -> None:
    first = store.create("local", REQUEST, HERE)
    with pytest.raises(DatasetExists, match="has a data set cells already"):
        store.create("local", REQUEST, HERE)
    other = store.create("other", REQUEST, HERE)
    assert other.key != first.key


def test_a_folder_that_exists_already_is_named(store: DatasetStore) -> None:
    assert store.create("local", REQUEST, HERE, "made_before").key == "made_before"


def test_an_import_that_was_begun_again_is_settled_by_the_new_one_only(store: DatasetStore) -> None:
    first = store.create("local", REQUEST, HERE)
    store.settle(first, {}, "no JSON\0")
    failed = store.get("local", "cells")
    assert (failed.state, failed.error_message) == ("FAILED", "no JSON\ufffd")
    second = store.again("local", "cells")
    assert (second.state, second.error_message, second.end_time) == ("IMPORTING", "", None)
    store.settle(first, {"format": "old"})
    assert store.get("local", "cells").state == "IMPORTING"
    store.settle(second, {"format": "new"})
    assert store.get("local", "cells").result == {"format": "new"}


def test_what_is_under_way_is_not_begun_again(store: DatasetStore) -> None:
    store.create("local", REQUEST, HERE)
    with pytest.raises(NotNow, match="is IMPORTING; wait"):
        store.again("local", "cells")
    store.delete("local", "cells")
    with pytest.raises(NotNow, match="is DELETING"):
        store.again("local", "cells")


def test_only_what_is_being_deleted_is_removed(store: DatasetStore) -> None:
    made = store.create("local", REQUEST, HERE)
    store.remove(made)
    assert store.get("local", "cells") == made


def test_each_server_finds_what_it_has_to_do(store: DatasetStore) -> None:
    made = [store.create("local", {**REQUEST, "name": name}, HERE) for name in ("c", "a", "b", "d")]
    store.create("local", {**REQUEST, "name": "e"}, "/elsewhere")
    store.settle(made[1], {})
    store.delete("local", "b")
    assert [one.name for one in store.wanted(HERE)] == ["c", "b", "d"]
    assert [one.name for one in store.wanted("/elsewhere")] == ["e"]


def test_pages_are_in_the_order_of_names(store: DatasetStore) -> None:
    for name in ("c", "B", "a", "d"):
        store.create("local", {**REQUEST, "name": name}, HERE)
    store.create("other", {**REQUEST, "name": "z"}, HERE)
    first, token = store.list("local", page_size=3)
    assert [one.name for one in first] == ["B", "a", "c"]
    second, end = store.list("local", page_size=3, page_token=token)
    assert ([one.name for one in second], end) == (["d"], "")
    with pytest.raises(ValueError, match="pageToken"):
        store.list("local", page_token="x")


def test_none_is_there(store: DatasetStore) -> None:
    for act in (store.get, store.again, store.delete):
        with pytest.raises(DatasetMissing):
            act("local", "cells")
    assert store.list("local") == ([], "")
