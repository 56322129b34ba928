"""Orders of jobs, pages of them, and words that are looked for."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from boxwright.store import JobStore, NewJob
from boxwright.store.conditions import All
from boxwright.store.filters import parse_filter
from boxwright.store.listing import ORDERS, Order, Words

Make = Callable[..., NewJob]

VALUES = {"b": 0.5, "a": None, "c": 0.25, "d": 0.5, "e": None, "f": 0.75}


@pytest.fixture
def filled(store: JobStore, new_job: Make) -> JobStore:
    """Jobs b, a, c, d, e, f, in this order of submission, of two algorithms and some with a best value."""
    for place, (name, value) in enumerate(VALUES.items()):
        algorithm = "wait" if place % 2 else "image_object_detection"
        record = store.submit(new_job(job_id=name, algorithm=algorithm, labels={"team": f"lab{place}"}))
        store.change(record, best_value=value, standing={"progress": {"step": place}})
    store.submit(new_job(project="other", job_id="x"))
    return store


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("createTime desc", "fedcab"),
        ("createTime", "bacdef"),
        ("jobId", "abcdef"),
        ("jobId desc", "fedcba"),
        ("bestValue desc", "fdbcea"),  # of equal ones the newer first, as in all falling orders; none at the end
        ("bestValue", "cbdfae"),
        ("algorithm", "bceadf"),
        ("algorithm desc", "fdaecb"),
        ("state", "bacdef"),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_every_order_page_by_page(filled: JobStore, order: str, names: str, size: int) -> None:
    found, token = "", ""
    while True:
        page, token = filled.list("local", order=order, page_size=size, page_token=token)
        found += "".join(one.job_id for one in page)
        if not token:
            break
    assert found == names


def test_every_order_has_an_index() -> None:
    table = next(iter(ORDERS.values())).table
    indexed = {index.columns.keys()[1] for index in table.indexes if index.columns.keys()[0] == "project"}
    assert {column.name for column in ORDERS.values()} <= indexed | {"job_id"}  # which has a unique one


@pytest.mark.parametrize("text", ["", "size", "jobId up", "jobId desc desc", "uid; DROP TABLE jobs"])
def test_orders_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="must be one of createTime, jobId, state, algorithm, bestValue"):
        Order.read(text)


@pytest.mark.parametrize(
    "content",
    [
        ["jobId", "a", 1],  # of another order
        ["bestValue desc", "a", 1],
        ["bestValue desc", 0.5, -1],
        ["bestValue desc", 0.5, 2**63],
        ["bestValue desc", 0.5, True],
        ["bestValue desc", float("inf"), 1],
        ["bestValue desc", 0.5],
        {"a": 1},
        7,
    ],
)
def test_tokens_that_are_none(store: JobStore, content: Any) -> None:
    token = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    with pytest.raises(ValueError, match="pageToken must be"):
        store.list("local", order="bestValue desc", page_token=token)


def test_a_token_with_a_nul(store: JobStore) -> None:
    token = base64.urlsafe_b64encode(b'["jobId", "a\\u0000", 1]').decode()
    with pytest.raises(ValueError, match="pageToken must be"):
        store.list("local", order="jobId", page_token=token)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("LAB3", "d"),
        ("lab wait", "fda"),
        ("image_object", "ecb"),
        ("queued e", "fedcab"),
        ("lab_", ""),  # no wildcard
        ("%", ""),
        ("", "fedcab"),
        ("'; DROP TABLE jobs", ""),
    ],
)
def test_words(filled: JobStore, words: str, names: str) -> None:
    found, _ = filled.list("local", where=Words.read(words))
    assert "".join(one.job_id for one in found) == names


def test_words_beside_a_filter(filled: JobStore) -> None:
    where = All((parse_filter("algorithm:wait AND state:QUEUED"), Words.read("lab5")))
    assert [one.job_id for one in filled.list("local", where=where)[0]] == ["f"]


@pytest.mark.parametrize("text", ["x" * 201, "a\0b"])
def test_words_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="at most 200 characters without NUL"):
        Words.read(text)


def test_progress_leaves_the_etag_alone(filled: JobStore) -> None:
    record = filled.get("local", "a")
    changed = filled.change(record, standing={"progress": {"step": 9}}, best_value=0.125)
    assert (changed.standing, changed.best_value) == ({"progress": {"step": 9}}, 0.125)
    assert changed.etag == record.etag


def test_projects(filled: JobStore) -> None:
    assert filled.projects() == ["local", "other"]
