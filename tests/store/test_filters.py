"""Filters are read as Google's list methods read them, select the same on both databases, and say what is wrong."""

import datetime
from collections.abc import Callable

import pytest
from sqlalchemy import Engine, update

from boxwright.store import JobStore, NewJob, parse_filter
from boxwright.store.conditions import All, Any, Like, Not, Time
from boxwright.store.schema import jobs


def test_terms_are_joined() -> None:
    assert parse_filter("jobId:rnn* AND state:FAILED") == All((Like("jobId", "rnn*"), Like("state", "FAILED")))
    assert parse_filter("jobId=a OR jobId=b") == Any((Like("jobId", "a"), Like("jobId", "b")))
    assert parse_filter("jobId:a kind:tune") == All((Like("jobId", "a"), Like("kind", "tune")))
    assert parse_filter("(jobId:a OR jobId:b) AND NOT state:failed") == All(
        (Any((Like("jobId", "a"), Like("jobId", "b"))), Not(Like("state", "FAILED")))
    )
    assert parse_filter("-state:FAILED") == Not(Like("state", "FAILED"))
    assert parse_filter("jobId != a") == Not(Like("jobId", "a"))


def test_values_may_be_quoted() -> None:
    assert parse_filter(r'labels.team = "a \"b\" (c)"') == Like("labels.team", 'a "b" (c)')


def test_times() -> None:
    noon = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC).timestamp()
    assert parse_filter("createTime>=2026-11-22T12:00:00Z") == Time("createTime", ">=", noon)
    assert parse_filter('createTime < "2026-11-22T13:00:00+01:00"') == Time("createTime", "<", noon)
    assert parse_filter("endTime>2026-11-22") == Time("endTime", ">", noon - 12 * 3600)


@pytest.mark.parametrize(
    ("text", "problem", "character"),
    [
        ("", "expected one of jobId", 1),
        ("rnn", "expected an operator such as : or = after rnn", 4),
        ("jobId:", "expected a value after jobId:", 7),
        ("name:x", "no such field name", 1),
        ("labels.Team:x", "no such field labels.Team", 1),
        ("state:DONE", "state is one of QUEUED", 1),
        ("jobId>a", "takes the operators", 1),
        ("createTime:2026-11-22", "takes the operators", 1),
        ("createTime>yesterday", "a time is written like", 1),
        ("jobId:a AND", "expected one of jobId", 12),
        ("AND jobId:a", "expected an operator", 5),
        ("jobId:a and state:FAILED", "expected an operator", 13),
        ("(jobId:a", "not closed", 1),
        ("jobId:a)", "closes nothing", 8),
        ("jobId:a AND jobId:b OR jobId:c", "need parentheses", 24),
        ('jobId:"a', "unfinished text", 7),
        ("jobId:a !", "not expected", 9),
        ("(" * 30 + "jobId:a" + ")" * 30, "levels", 22),
        ("NOT " * 2000 + "jobId:a", "at most 2000 characters", None),
    ],
)
def test_faults_say_where_and_what(text: str, problem: str, character: int | None) -> None:
    with pytest.raises(ValueError) as caught:
        parse_filter(text)
    assert problem in str(caught.value)
    if character is not None:
        assert f"(character {character})" in str(caught.value)


@pytest.fixture
def three(store: JobStore, engine: Engine, new_job: Callable[..., NewJob]) -> JobStore:
    """rnn_1: team a, failed at 2000 s; rnn_2: team a-b, queued; CNN: no team, kind tune, queued; created at 1000 s."""
    store.submit(new_job("rnn_1", labels={"team": "a", "owner": "x"}))
    store.submit(new_job("rnn_2", labels={"team": "a-b"}))
    store.submit(new_job("CNN", kind="tune"))
    with engine.begin() as connection:
        connection.execute(update(jobs).values(create_time=1000.0))
        connection.execute(update(jobs).where(jobs.c.job_id == "rnn_1").values(state="FAILED", end_time=2000.0))
    return store


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("jobId:rnn*", {"rnn_1", "rnn_2"}),
        ("jobId:RNN*", set()),
        ("jobId=rnn_1", {"rnn_1"}),
        ("jobId:rnn", set()),
        ("jobId:*_2", {"rnn_2"}),
        ("jobId:*N*", {"CNN"}),
        ("jobId:r.n*1", set()),
        ("jobId:rnn%", set()),
        ("jobId:*", {"rnn_1", "rnn_2", "CNN"}),
        ("jobId:rnn* AND state:FAILED", {"rnn_1"}),
        ("NOT state:FAILED", {"rnn_2", "CNN"}),
        ("state:Q*", {"rnn_2", "CNN"}),
        ("kind:tune", {"CNN"}),
        ("labels.team:a", {"rnn_1"}),
        ("labels.team:a*", {"rnn_1", "rnn_2"}),
        ("labels.team:*", {"rnn_1", "rnn_2"}),
        ("NOT labels.team:a", {"rnn_2", "CNN"}),
        ("labels.team!=a", {"rnn_2", "CNN"}),
        ("endTime>1970-01-01", {"rnn_1"}),
        ("NOT endTime>1970-01-01", {"rnn_2", "CNN"}),
        ("createTime=1970-01-01T00:16:40Z", {"rnn_1", "rnn_2", "CNN"}),
        ("createTime!=1970-01-01T00:16:40Z", set()),
        ("createTime<1970-01-01T00:16:40Z", set()),
        ("createTime<=1970-01-01T00:16:40Z", {"rnn_1", "rnn_2", "CNN"}),
        ("jobId:CNN OR (labels.owner:x AND state:FAILED)", {"CNN", "rnn_1"}),
        ("""labels.team:"a' OR 1=1 --" """, set()),
    ],
)
def test_jobs_are_selected(three: JobStore, text: str, names: set[str]) -> None:
    found, _ = three.list("local", where=parse_filter(text))
    assert {record.job_id for record in found} == names
