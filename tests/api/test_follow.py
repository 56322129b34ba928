"""Log streams over a real connection."""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

STAMP = "2026-11-22T06:28:57Z"


def write(log: Path, text: str) -> None:
    with open(log, "a", encoding="utf-8") as file:
        file.write(text)


@contextmanager
def following(served: Any, offset: int = 0, role: str = "viewer") -> Iterator[Iterator[dict[str, Any]]]:
    """Lines of the log of job `one` as they come, without the empty ones."""
    query = {"offset": str(offset), "follow": "true"}
    with served.client(role).stream("GET", "/v1/projects/local/jobs/one/log", params=query) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/x-ndjson"
        yield (json.loads(line) for line in answer.iter_lines() if line)


def read(served: Any, **query: str) -> list[dict[str, Any]]:
    answer = served.client().get("/v1/projects/local/jobs/one/log", params=query)
    return [json.loads(line) for line in answer.text.splitlines()]


def test_a_log_is_read_as_it_is(served: Any) -> None:
    _, log = served.running()
    assert read(served) == [{"state": "RUNNING"}]
    log.write_bytes(f"{STAMP} step 10: loss 1.5\nno time here, but \xe9 and \xff\n{STAMP} half a li".encode("latin-1"))
    first = len(f"{STAMP} step 10: loss 1.5\n")
    second = first + len("no time here, but x and x\n")
    assert read(served) == [
        {"offset": first, "time": STAMP, "text": "step 10: loss 1.5"},
        {"offset": second, "time": "", "text": "no time here, but \ufffd and \ufffd"},
        {"state": "RUNNING"},
    ]
    assert read(served, offset=str(first))[0]["offset"] == second


def test_a_line_is_there_within_half_a_second_and_the_stream_ends_with_the_job(served: Any) -> None:
    record, log = served.running()
    with following(served) as lines:
        took = []
        for number in range(3):
            time.sleep(0.13)
            start = time.monotonic()
            write(log, f"{STAMP} line {number}\n")
            assert next(lines)["text"] == f"line {number}"
            took.append(time.monotonic() - start)
        assert min(took) < 0.5  # the others may have waited for a busy machine
        write(log, f"{STAMP} the last\n{STAMP} never fin")
        served.jobs.change(record, state="SUCCEEDED")
        assert next(lines)["text"] == "the last"
        assert list(lines) == [{"state": "SUCCEEDED"}]


def test_a_half_line_is_kept_back_until_it_is_whole(served: Any) -> None:
    _, log = served.running()
    write(log, f"{STAMP} hel")
    with following(served) as lines:
        threading.Timer(0.4, write, (log, "lo\n")).start()
        assert next(lines) == {"offset": 27, "time": STAMP, "text": "hello"}


def test_a_queued_job_is_waited_for(served: Any) -> None:
    assert served.submit().status_code == 200
    with following(served) as lines:
        served.jobs.cancel("local", "one")
        assert list(lines) == [{"state": "CANCELLED"}]


@pytest.mark.parametrize("replaced", [True, False])
def test_a_log_that_is_replaced_or_cut_short_is_read_anew(served: Any, replaced: bool) -> None:
    _, log = served.running()
    write(log, f"{STAMP} a long line of the first run\n")
    with following(served) as lines:
        assert next(lines)["text"] == "a long line of the first run"
        if replaced:
            other = log.with_name("other")
            other.write_text(f"{STAMP} a line of the second run that is longer\n")
            os.replace(other, log)
        else:
            log.write_text("anew\n")
        assert next(lines)["text"] in ("anew", "a line of the second run that is longer")


def test_an_offset_behind_the_end_starts_anew(served: Any) -> None:
    _, log = served.running()
    write(log, "one\n")
    assert read(served, offset="1000")[0] == {"offset": 4, "time": "", "text": "one"}


def test_a_token_revoked_in_mid_stream_ends_it(served: Any) -> None:
    _, log = served.running()
    write(log, "one\n")
    with following(served) as lines:
        assert next(lines)["text"] == "one"
        start = time.monotonic()
        served.context.tokens.revoke("a-viewer")
        (last,) = lines
    assert time.monotonic() - start < 15  # else it never ends
    assert (last["error"]["code"], last["error"]["status"]) == (401, "UNAUTHENTICATED")
    assert served.client("viewer").get("/v1/projects/local/jobs/one/log").status_code == 401


def test_followers_share_their_looks(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty streams of one job make no more looks at file, job and token than one."""
    record, log = served.running()
    counts = {"get": 0, "check": 0}

    def count(store: Any, name: str) -> None:
        real = getattr(store, name)

        def counted(*given: Any) -> Any:
            counts[name] += 1
            return real(*given)

        monkeypatch.setattr(store, name, counted)

    count(served.jobs, "get")
    count(served.context.tokens, "check")
    client, seen = served.client("viewer"), []

    def follow() -> None:
        with httpx.Client(base_url=served.url, headers=client.headers, timeout=20) as own:
            answer = own.get("/v1/projects/local/jobs/one/log?follow=true")
            seen.append([json.loads(line) for line in answer.text.splitlines() if line])

    threads = [threading.Thread(target=follow) for _ in range(20)]
    for thread in threads:
        thread.start()
    followers = served.app.state.followers
    deadline = time.monotonic() + 10
    while sum(one.watchers for one in followers.watches) < 60 and time.monotonic() < deadline:
        time.sleep(0.02)
    before = dict(counts)
    time.sleep(1.2)
    looks = {name: counts[name] - before[name] for name in counts}
    assert 1 <= looks["get"] <= 3 and 1 <= looks["check"] <= 2
    write(log, "one\ntwo\n")
    served.jobs.change(record, state="FAILED")
    for thread in threads:
        thread.join()
    texts = [[line.get("text", line.get("state")) for line in one] for one in seen]
    assert texts == [["one", "two", "FAILED"]] * 20
    time.sleep(0.1)
    assert list(followers.watches) == []


def test_a_log_that_cannot_be_read_is_told_in_the_stream(served: Any) -> None:
    _, log = served.running()
    log.parent.rmdir()
    log.parent.write_text("a file where the job's folder was")
    (last,) = read(served)
    assert last["error"]["status"] == "INTERNAL"


def test_a_large_log_comes_whole(served: Any) -> None:
    record, log = served.running()
    lines = [f"{STAMP} line {number} {'x' * (number % 200)}" for number in range(10_000)]
    lines[500] = "y" * 300_000
    write(log, "\n".join(lines) + "\n")
    served.jobs.change(record, state="SUCCEEDED")
    *found, last = read(served, follow="true")
    assert last == {"state": "SUCCEEDED"}
    assert "".join(one["text"] for one in found) == "".join(line.removeprefix(f"{STAMP} ") for line in lines)
    assert found[-1]["offset"] == log.stat().st_size
