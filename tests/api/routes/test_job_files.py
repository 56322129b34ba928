"""Routes that give what a job leaves behind."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxwright import modeldir
from boxwright.spec.job import JobRequest
from boxwright.spec.study_state import StudyState, TrialState
from boxwright.study_report.style import SCRIPT

JOB = "/v1/projects/local/jobs/one"
ROUTES = ("model:download", "report", "events", "study", "config")


def folder_of(served: Any, kind: str = "train") -> Path:
    """The folder of a running job."""
    record, log = served.running()
    with served.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE jobs SET kind = ? WHERE uid = ?", (kind, record.uid))
    return Path(log.parent)


def make_model(folder: Path) -> None:
    (folder / "variables").mkdir(parents=True)
    (folder / modeldir.CARD).write_text("{}")
    (folder / "variables" / "data").write_bytes(b"\0\1" * 700_000)


def names(answer: Any) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


def test_the_model_as_an_archive(served: Any) -> None:
    folder = folder_of(served)
    make_model(folder / "model")
    make_model(folder / "model" / "trial_2")
    (folder / "secret").write_text("password")
    (folder / "model" / "link").symlink_to(folder / "secret")
    client = served.client("viewer")
    answer = client.get(f"{JOB}/model:download")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="one.zip"'
    assert names(answer) == ["one/model.json", "one/variables/data"]
    assert zipfile.ZipFile(io.BytesIO(answer.content)).read("one/variables/data") == b"\0\1" * 700_000
    of_trial = client.get(f"{JOB}/model:download", params={"trial": "2"})
    assert names(of_trial) == ["one_2/model.json", "one_2/variables/data"]
    assert client.get(f"{JOB}/model:download", params={"trial": "3"}).status_code == 404
    assert client.get(f"{JOB}/model:download", params={"trial": "../.."}).status_code == 400


@pytest.mark.parametrize("route", ["model:download", "report", "events"])
def test_what_is_not_there_yet(served: Any, route: str) -> None:
    folder_of(served)
    answer = served.client().get(f"{JOB}/{route}")
    assert answer.status_code == 404 and "(yet): it is RUNNING" in answer.json()["error"]["message"]


def test_a_report_runs_nothing_of_its_own(served: Any) -> None:
    folder = folder_of(served)
    (folder / "model").mkdir()
    (folder / "model" / "report.html").write_text("<h1>naïve</h1><script>alert(1)</script>", "utf-8")
    answer = served.client("viewer").get(f"{JOB}/report")
    assert answer.text == "<h1>naïve</h1><script>alert(1)</script>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'" and policy["img-src"] == "data:"
    assert policy["script-src"].startswith("'sha256-") and "unsafe" not in policy["script-src"]
    assert policy["sandbox"] == "allow-scripts"  # an origin of its own: no cookies, no way to the API
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_report_of_a_search(served: Any) -> None:
    folder = folder_of(served, "tune")
    (folder / "study.html").write_text(f"study {SCRIPT}", "utf-8")
    assert served.client("viewer").get(f"{JOB}/report").text.startswith("study <script>")


def test_config_can_be_submitted_again(served: Any) -> None:
    labels = {"team": "lab"}
    body = {
        "jobId": "one",
        "labels": labels,
        "trainingInput": {"masterConfig": {"imageUri": "wait"}, "args": ["--steps=2"]},
    }
    assert served.client().post("/v1/projects/local/jobs", json=body).status_code == 200
    answer = served.client("viewer").get(f"{JOB}/config")
    assert answer.headers["content-type"].startswith("application/yaml")
    given = yaml.safe_load(answer.text)
    assert given["labels"] == labels and given["trainingInput"]["args"] == ["--steps=2"]
    assert JobRequest.read(given).training_input is not None
    assert served.client().post("/v1/projects/other/jobs", json=given).status_code == 200


def test_events_as_a_file(served: Any) -> None:
    folder = folder_of(served)
    (folder / "events.jsonl").write_text('{"kind": "train"}\n' * 100_000)
    (folder / "trials" / "1").mkdir(parents=True)
    (folder / "trials" / "1" / "events.jsonl").write_text("{}\n")
    answer = served.client("viewer").get(f"{JOB}/events")
    assert answer.text.count("train") == 100_000
    assert answer.headers["content-disposition"] == 'attachment; filename="one.jsonl"'
    assert served.client().get(f"{JOB}/events", params={"trial": "1"}).text == "{}\n"


def test_the_log_as_a_file(served: Any) -> None:
    folder = folder_of(served)
    assert served.client().get(f"{JOB}/log:text").status_code == 404
    (folder / "log.txt").write_text("2026-11-22T06:28:57Z <b>one</b>\n" * 50_000)
    answer = served.client("viewer").get(f"{JOB}/log:text")
    assert answer.text.count("<b>one</b>\n") == 50_000
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == 'attachment; filename="one.txt"'


def test_a_search_so_far(served: Any) -> None:
    folder = folder_of(served, "tune")
    client = served.client("viewer")
    assert client.get(f"{JOB}/study").status_code == 404
    trial = TrialState(trial_id="1", parameters={"x": "<b>"}, state="SUCCEEDED", value=0.5, history=((2, 0.5),))
    state = StudyState(metric="AP", max_trials=4, trials=(trial,), best_trial="1", importance={"x": 1.0})
    (folder / "study.json").write_text(state.model_dump_json(by_alias=True))
    found = client.get(f"{JOB}/study").json()
    assert found["trials"][0]["parameters"] == {"x": "<b>"} and found["trials"][0]["history"] == [[2, 0.5]]
    assert (found["bestTrial"], found["importance"], found["maxTrials"]) == ("1", {"x": 1.0}, 4)
    (folder / "study.json").write_text('{"trials": 7}')
    assert client.get(f"{JOB}/study").status_code == 400


def test_jobs_that_search_nothing(served: Any) -> None:
    served.submit()
    answer = served.client().get(f"{JOB}/study")
    assert answer.status_code == 400 and "is no search" in answer.json()["error"]["message"]


@pytest.mark.parametrize("route", ROUTES)
def test_who_may_ask(served: Any, route: str) -> None:
    served.submit()
    client = served.client("viewer")
    assert client.get(f"{JOB}/{route}", headers={"Authorization": ""}).status_code == 401
    assert client.get(f"/v1/projects/local/jobs/other/{route}").status_code == 404


def test_projects(served: Any) -> None:
    client = served.client()
    assert client.get("/v1/projects").json() == {"projects": [{"name": "local"}]}
    body = {"jobId": "a", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    client.post("/v1/projects/farm/jobs", json=body)
    client.post("/v1/projects/zoo/models", json={"name": "cells"})
    found = served.client("viewer").get("/v1/projects").json()
    assert found == {"projects": [{"name": "farm"}, {"name": "local"}, {"name": "zoo"}]}
    assert json.dumps(found)
