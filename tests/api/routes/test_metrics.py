"""The route of a job's numbers."""

import json
from typing import Any

import fsspec
import pytest

from boxwright.jobdir import Event, JobDir
from boxwright.mirror import mirror

METRICS = "/v1/projects/local/jobs/one/metrics"


def test_series_of_a_job_and_of_a_trial(served: Any) -> None:
    record, _ = served.running()
    jobdir = JobDir(served.folder / "jobs" / "local" / "one")
    assert record.job_dir == str(jobdir.path)
    client = served.client("viewer")
    assert client.get(METRICS).json() == {"available": [], "series": [], "generation": 0}
    for step in (10, 20, 30):
        jobdir.append(Event(kind="train", step=step, time=step, values={"loss": step / 4}))
    found = client.get(METRICS, params={"names": "loss, AP"}).json()
    assert [one["values"] for one in found["series"]] == [[2.5, 5.0, 7.5]]
    assert client.get(METRICS, params={"names": "loss", "since": 10}).json()["series"][0]["steps"] == [20, 30]
    trial = JobDir(jobdir.path / "trials" / "2")
    trial.path.mkdir(parents=True)
    trial.append(Event(kind="evaluation", step=5, time=1, values={"AP": 0.5}))
    of_trial = client.get(METRICS, params={"names": "AP", "trial": "2"}).json()
    assert of_trial["series"][0]["values"] == [0.5]
    jobdir.forget_after(10)
    assert client.get(METRICS, params={"names": "loss"}).json()["generation"] == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"points": 3}, "points"),
        ({"points": 10_001}, "points"),
        ({"since": -2}, "since"),
        ({"trial": "../../other"}, "trial"),
        ({"trial": "0"}, "trial"),
        ({"trial": "1\n"}, "trial"),
    ],
)
def test_faulty_questions(served: Any, given: dict[str, Any], field: str) -> None:
    served.submit()
    answer = served.client().get(METRICS, params=given)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"][0]["fieldViolations"][0]["field"] == field


def test_who_may_ask_and_jobs_that_are_not_there(served: Any) -> None:
    assert served.client("viewer").get(METRICS).status_code == 404
    served.submit()
    assert served.client("viewer").get(METRICS).status_code == 200
    assert served.client("viewer").get(METRICS, headers={"Authorization": ""}).status_code == 401


def test_a_remote_folder_and_the_copy_that_is_ahead(
    served: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    record, _ = served.running()
    remote = "memory://metrics/one"
    with served.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET job_dir = ? WHERE uid = ?", (remote, record.uid))
    there = fsspec.filesystem("memory")
    lines = [json.dumps({"kind": "train", "step": step, "time": 1, "values": {"loss": step}}) + "\n" for step in (1, 2)]
    there.pipe_file("/metrics/one/events.jsonl", lines[0].encode())
    assert served.client().get(METRICS, params={"names": "loss"}).json()["series"][0]["values"] == [1]
    local = mirror(remote).local
    local.mkdir(parents=True)
    (local / "events.jsonl").write_text("".join(lines))
    found = served.client().get(METRICS, params={"names": "loss"}).json()
    assert (found["series"][0]["values"], found["generation"]) == ([1, 2], 0)
    there.rm("/metrics", recursive=True)
