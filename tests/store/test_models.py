"""Models and versions in the database: what may change when, on SQLite and PostgreSQL."""

import threading
from typing import Any

import pytest
from sqlalchemy import Engine

from boxwright.store.model_records import ModelExists, ModelMissing, NotNow, VersionRecord
from boxwright.store.models import ModelStore
from boxwright.store.operations import OperationStore
from boxwright.store.records import EtagMismatch
from boxwright.store.versions import VersionStore


class Stores:
    """All three over one database."""

    def __init__(self, engine: Engine) -> None:
        self.models, self.versions, self.operations = ModelStore(engine), VersionStore(engine), OperationStore(engine)

    def version(self, name: str = "v1", *, served: bool = True, **given: Any) -> VersionRecord:
        """A version of the model cells, READY where it is served."""
        request = {"name": name, "deploymentUri": f"/models/{name}", **given}
        record, _ = self.versions.create("local", "cells", request)
        if served:
            self.versions.settle(record)
        return self.get(name)

    def get(self, name: str = "v1") -> VersionRecord:
        return self.versions.get("local", "cells", name)


@pytest.fixture
def stores(engine: Engine) -> Stores:
    """With one model, cells."""
    found = Stores(engine)
    found.models.create("local", {"name": "cells", "description": "blood"})
    return found


def test_a_model_is_found_again(stores: Stores) -> None:
    record = stores.models.get("local", "cells")
    assert (record.project, record.name, record.request["description"]) == ("local", "cells", "blood")
    assert (record.default_version, record.traffic, record.shares) == ("", {}, {})
    with pytest.raises(ModelMissing, match="project other has no model cells"):
        stores.models.get("other", "cells")
    with pytest.raises(ModelExists, match="has a model cells already; choose another name"):
        stores.models.create("local", {"name": "cells"})
    assert stores.models.create("other", {"name": "cells"}).uid > record.uid


def test_lists_come_in_pages_by_name(stores: Stores) -> None:
    for name in ("b", "A", "a", "c-1"):
        stores.models.create("local", {"name": name})
    first, token = stores.models.list("local", page_size=3)
    assert [one.name for one in first] == ["A", "a", "b"]
    stores.models.create("local", {"name": "B"})  # before what comes next: it shifts nothing
    second, last = stores.models.list("local", page_size=3, page_token=token)
    assert [one.name for one in second] == ["c-1", "cells"] and last == ""
    for wrong in ("x", "Zm9v", "YWZ0ZXI6AA=="):
        with pytest.raises(ValueError, match="pageToken must be"):
            stores.models.list("local", page_token=wrong)
    with pytest.raises(ValueError, match="pageSize must be 0 or more"):
        stores.models.list("local", page_size=-1)


def test_the_first_version_becomes_the_default(stores: Stores) -> None:
    stores.version("v1", served=False)
    stores.version("v2", served=False)
    assert stores.models.get("local", "cells").shares == {"v1": 100}
    assert stores.get("v1").state == "CREATING" and stores.get("v1").spec.workers == 1
    with pytest.raises(ModelExists, match="has a version v1 already"):
        stores.version("v1")
    with pytest.raises(ModelMissing):
        stores.versions.create("local", "trees", {"name": "v1"})


def test_a_version_is_settled_once_and_its_operation_with_it(stores: Stores) -> None:
    seen, operation = stores.versions.create("local", "cells", {"name": "v1", "deploymentUri": "/m"})
    assert (operation.kind, operation.version, operation.end_time) == ("CREATE_VERSION", "v1", None)
    stores.versions.settle(seen)
    assert stores.get().state == "READY" and stores.get().served == seen.request
    ended = stores.operations.get("local", operation.name)
    assert ended.end_time is not None and ended.error_message == ""
    stores.versions.settle(seen, "too late")  # another server had another view of it
    assert stores.get().state == "READY"


def test_a_version_that_cannot_be_served_fails_and_may_be_tried_again(stores: Stores) -> None:
    seen = stores.version(served=False)
    stores.versions.settle(seen, "no such file\0")
    failed = stores.get()
    assert (failed.state, failed.error_message, failed.served) == ("FAILED", "no such file\ufffd", {})
    again, _ = stores.versions.update("local", "cells", "v1", {"deploymentUri": "/models/v1"})
    assert (again.state, again.error_message) == ("CREATING", "") and again.generation > failed.generation


def test_an_update_that_fails_is_undone(stores: Stores) -> None:
    before = stores.version()
    updated, operation = stores.versions.update("local", "cells", "v1", {"deploymentUri": "/models/new"})
    assert updated.state == "UPDATING" and updated.generation == before.generation + 1
    stores.versions.settle(updated, "it is broken")
    after = stores.get()
    assert (after.state, after.request, after.generation) == ("READY", before.request, before.generation)
    assert after.error_message == "the last update was undone: it is broken"
    assert stores.operations.get("local", operation.name).error_message == "it is broken"


def test_another_number_of_workers_needs_no_new_ones(stores: Stores) -> None:
    before = stores.version()
    updated, _ = stores.versions.update("local", "cells", "v1", {"manualScaling": {"nodes": 3}})
    assert updated.generation == before.generation and updated.spec.workers == 3
    with pytest.raises(NotNow, match="version v1 is UPDATING; wait until it is READY"):
        stores.versions.update("local", "cells", "v1", {"labels": {}})
    stores.versions.settle(updated, "no memory")
    assert stores.get().generation == before.generation and stores.get().spec.workers == 1


def test_traffic_is_split_between_versions_that_are_ready(stores: Stores) -> None:
    stores.version("v1")
    stores.version("v2")
    stores.version("v3", served=False)

    def split(**traffic: int) -> dict[str, int]:
        return stores.models.update("local", "cells", traffic=traffic)[0].shares

    assert split(v1=90, v2=10) == {"v1": 90, "v2": 10}
    assert split(v1=0, v2=100) == {"v2": 100}
    for traffic, said in (
        ({"v1": 90}, "must add up to 100 percent, got 90"),
        ({"v1": 50, "v9": 50}, "there is no version 'v9'; there is v1, v2, v3"),
        ({"v1": 50, "v3": 50}, "version 'v3' is CREATING"),
        ({"v1": 150, "v2": -50}, "a share is 0 to 100 percent, got 150"),
    ):
        with pytest.raises(NotNow, match=said):
            split(**traffic)
    with pytest.raises(NotNow, match="gets 100 percent of the traffic; change that first"):
        stores.versions.delete("local", "cells", "v2")
    assert split() == {"v1": 100}


def test_the_default_is_changed(stores: Stores) -> None:
    stores.version("v1")
    stores.version("v2")
    stores.version("v3", served=False)
    stores.models.update("local", "cells", traffic={"v1": 50, "v2": 50})
    changed, operation = stores.models.update("local", "cells", default="v2")
    assert changed.shares == {"v2": 100} and operation.end_time is not None
    with pytest.raises(NotNow, match="version v3 is CREATING; only a version that is READY"):
        stores.models.update("local", "cells", default="v3")
    with pytest.raises(ModelMissing, match="has no version v9"):
        stores.models.update("local", "cells", default="v9")


def test_etags_keep_changes_apart(stores: Stores) -> None:
    before = stores.models.get("local", "cells")
    stores.models.update("local", "cells", fields={"description": "one"}, etag=before.etag)
    with pytest.raises(EtagMismatch, match="has changed since etag"):
        stores.models.update("local", "cells", fields={"description": "two"}, etag=before.etag)
    assert stores.models.get("local", "cells").request["description"] == "one"


def test_versions_are_deleted_the_default_last_and_then_the_model(stores: Stores) -> None:
    stores.version("v1")
    stores.version("v2")
    with pytest.raises(NotNow, match="is the default one; make another one the default first"):
        stores.versions.delete("local", "cells", "v1")
    with pytest.raises(NotNow, match="delete them first: v1, v2"):
        stores.models.delete("local", "cells")
    operation = stores.versions.delete("local", "cells", "v2")
    seen = stores.get("v2")
    assert seen.state == "DELETING"
    with pytest.raises(NotNow, match="version v2 is DELETING"):
        stores.versions.update("local", "cells", "v2", {"labels": {}})
    stores.versions.remove(stores.get("v1"))  # not DELETING: it stays
    stores.versions.remove(seen)
    assert stores.operations.get("local", operation.name).end_time is not None
    with pytest.raises(ModelMissing, match="has no version v2"):
        stores.get("v2")
    stores.versions.delete("local", "cells", "v1")
    stores.versions.remove(stores.get("v1"))
    assert stores.models.get("local", "cells").default_version == ""
    assert stores.models.delete("local", "cells").kind == "DELETE_MODEL"
    assert stores.versions.wanted() == []


def test_a_uid_is_never_given_twice(stores: Stores) -> None:
    first = stores.version("v1")
    stores.versions.delete("local", "cells", "v1")
    stores.versions.remove(first)
    assert stores.version("v1").uid > first.uid


def test_what_is_wanted(stores: Stores) -> None:
    stores.version("v1")
    stores.version("v2", served=False)
    stores.models.create("other", {"name": "empty"})
    found = {model.name: [one.name for one in versions] for model, versions in stores.versions.wanted()}
    assert found == {"cells": ["v1", "v2"], "empty": []}
    stores.versions.used(stores.get("v1").uid, 12.5)
    assert stores.get("v1").last_use_time == 12.5


def test_operations_are_listed_and_looked_up(stores: Stores) -> None:
    stores.version("v1")
    stores.models.update("local", "cells", fields={"description": "x"})
    found, token = stores.operations.list("local")
    assert [one.kind for one in found] == ["CREATE_VERSION", "UPDATE_MODEL"] and token == ""
    assert stores.operations.list("other") == ([], "")
    with pytest.raises(ModelMissing, match="project local has no operation x"):
        stores.operations.get("local", "x")


def test_of_many_at_once_one_makes_the_version(stores: Stores) -> None:
    outcomes: list[str] = []

    def make() -> None:
        try:
            stores.version("v1", served=False)
            outcomes.append("made")
        except ModelExists:
            outcomes.append("taken")

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made", *["taken"] * 5]
