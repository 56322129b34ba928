"""Routes of parts of a log; how they are found is tested with `LogReader`."""

from typing import Any

import pytest

LOG = "/v1/projects/local/jobs/one/log"


def test_the_end_of_a_log_and_what_is_before_it(served: Any) -> None:
    _, log = served.running()
    client = served.client("viewer")
    assert client.get(f"{LOG}:page").json() == {"lines": [], "start": 0, "end": 0, "size": 0}
    log.write_text("2026-11-22T06:28:57Z one\ntwo\n<b>three</b>\n")
    found = client.get(f"{LOG}:page", params={"lines": 2}).json()
    assert [one["text"] for one in found["lines"]] == ["two", "<b>three</b>"]
    before = client.get(f"{LOG}:page", params={"before": found["start"]}).json()
    assert before["lines"] == [{"start": 0, "offset": 25, "time": "2026-11-22T06:28:57Z", "text": "one"}]
    after = client.get(f"{LOG}:page", params={"after": 25, "lines": 1}).json()
    assert [one["text"] for one in after["lines"]] == ["two"]


def test_search(served: Any) -> None:
    _, log = served.running()
    log.write_text("one\nTWO\ntwo\n")
    found = served.client("viewer").get(f"{LOG}:search", params={"query": "two", "limit": 1}).json()
    assert [one["text"] for one in found["lines"]] == ["TWO"] and not found["complete"]
    rest = served.client().get(f"{LOG}:search", params={"query": "two", "offset": found["offset"]}).json()
    assert [one["text"] for one in rest["lines"]] == ["two"] and rest["complete"]


@pytest.mark.parametrize(
    "asked",
    [":page?lines=0", ":page?lines=1001", ":page?before=1&after=1", ":page?before=-1", ":search", ":search?query="]
    + [f":search?query={'x' * 201}", ":search?query=x&limit=501"],
)
def test_faulty_questions(served: Any, asked: str) -> None:
    served.submit()
    assert served.client().get(LOG + asked).status_code == 400


@pytest.mark.parametrize("asked", [":page", ":search?query=x"])
def test_who_may_ask(served: Any, asked: str) -> None:
    served.submit()
    assert served.client("viewer").get(LOG + asked).status_code == 200
    assert served.client("viewer").get(LOG + asked, headers={"Authorization": ""}).status_code == 401
    assert served.client().get(LOG.replace("one", "two") + asked).status_code == 404
