"""The API as Google's own client library sees it."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.errors import HttpError

PARENT = "projects/local"
VERSION = "projects/local/models/cells/versions/v1"


def a_job(job_id: str = "one", **given: Any) -> dict[str, Any]:
    return {"jobId": job_id, "trainingInput": {"masterConfig": {"imageUri": "wait"}, **given}}


def test_a_job_is_created_and_read(google: Any, served: Any) -> None:
    jobs = google.projects().jobs()
    body = {**a_job(args=["--steps=3"]), "labels": {"owner": "lab"}}
    created = jobs.create(parent=PARENT, body=body).execute()
    assert (created["jobId"], created["state"], created["labels"]) == ("one", "QUEUED", {"owner": "lab"})
    assert created["trainingInput"] == body["trainingInput"]
    assert created["jobPosition"] == "1"
    assert base64.b64decode(created["etag"], validate=True)
    assert created["createTime"].endswith("Z") and "startTime" not in created
    assert created["note"] == "scaleTier BASIC (any machine) -> 2 cores of the processor"
    assert jobs.get(name=f"{PARENT}/jobs/one").execute() == created
    record = served.jobs.get("local", "one")
    assert (record.kind, record.job_dir) == ("wait", str(served.folder / "jobs" / "local" / "one"))


def test_jobs_are_listed_in_pages(google: Any) -> None:
    jobs = google.projects().jobs()
    assert jobs.list(parent=PARENT).execute() == {}
    for number in range(5):
        jobs.create(parent=PARENT, body=a_job(f"job_{number}")).execute()
    jobs.create(parent="projects/other", body=a_job("job_0")).execute()
    asked, seen = jobs.list(parent=PARENT, pageSize=2), []
    while asked is not None:
        answer = asked.execute()
        seen.append([one["jobId"] for one in answer["jobs"]])
        asked = jobs.list_next(asked, answer)
    assert seen == [["job_4", "job_3"], ["job_2", "job_1"], ["job_0"]]


def test_jobs_are_filtered(google: Any) -> None:
    jobs = google.projects().jobs()
    for job_id in ("rnn_1", "rnn_2", "cnn_1"):
        jobs.create(parent=PARENT, body=a_job(job_id)).execute()
    jobs.cancel(name=f"{PARENT}/jobs/rnn_1").execute()
    found = jobs.list(parent=PARENT, filter="jobId:rnn* AND state:QUEUED").execute()
    assert [one["jobId"] for one in found["jobs"]] == ["rnn_2"]


def test_a_job_is_cancelled_and_cancelling_it_again_is_no_error(google: Any) -> None:
    jobs = google.projects().jobs()
    jobs.create(parent=PARENT, body=a_job()).execute()
    assert jobs.cancel(name=f"{PARENT}/jobs/one").execute() == {}
    ended = jobs.get(name=f"{PARENT}/jobs/one").execute()
    assert (ended["state"], ended["errorMessage"]) == ("CANCELLED", "cancelled by google")
    assert "jobPosition" not in ended and ended["endTime"] >= ended["createTime"]
    assert jobs.cancel(name=f"{PARENT}/jobs/one", body={}).execute() == {}
    assert jobs.get(name=f"{PARENT}/jobs/one").execute() == ended


def test_labels_are_replaced(google: Any) -> None:
    jobs = google.projects().jobs()
    created = jobs.create(parent=PARENT, body={**a_job(), "labels": {"a": "1", "b": "2"}}).execute()
    name = f"{PARENT}/jobs/one"
    # Read, change and write back: the whole job may come along.
    changed = jobs.patch(name=name, body={**created, "labels": {"c": "3"}}, updateMask="labels,etag").execute()
    assert changed["labels"] == {"c": "3"} and changed["etag"] != created["etag"]
    assert "labels" not in jobs.patch(name=name, body={}, updateMask="labels").execute()
    with pytest.raises(HttpError) as refused:
        jobs.patch(name=name, body={"labels": {}, "etag": created["etag"]}, updateMask="labels,etag").execute()
    assert refused.value.status_code == 409 and "has changed since" in refused.value.reason


def test_the_project_tells_its_machine(google: Any, served: Any) -> None:
    config = google.projects().getConfig(name=PARENT).execute()
    assert config["machine"] == "2 cores, 24 GB, no GPU"
    assert config["roots"] == [str(served.folder / "runs"), str(served.folder / "jobs" / "local")]


def error_of(refused: Any) -> Any:
    return json.loads(refused.value.content)["error"]


def test_errors_are_googles(google: Any) -> None:
    jobs = google.projects().jobs()
    with pytest.raises(HttpError) as refused:
        jobs.get(name=f"{PARENT}/jobs/nothing").execute()
    assert (refused.value.status_code, refused.value.reason) == (404, "project local has no job nothing")
    assert error_of(refused) == {"code": 404, "message": refused.value.reason, "status": "NOT_FOUND"}
    with pytest.raises(HttpError) as refused:
        jobs.create(parent=PARENT, body=a_job(argz=["--steps=3"], masterType="n1-standard-4")).execute()
    assert error_of(refused)["status"] == "INVALID_ARGUMENT"
    (detail,) = refused.value.error_details
    assert detail["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    assert {one["field"]: one["description"] for one in detail["fieldViolations"]} == {
        "trainingInput.argz": "unknown key"
    }


def test_a_job_id_is_used_once(google: Any) -> None:
    jobs = google.projects().jobs()
    jobs.create(parent=PARENT, body=a_job()).execute()
    jobs.cancel(name=f"{PARENT}/jobs/one").execute()
    with pytest.raises(HttpError) as refused:
        jobs.create(parent=PARENT, body=a_job()).execute()
    assert refused.value.status_code == 409 and error_of(refused)["status"] == "ALREADY_EXISTS"
    assert "job ids are used once" in refused.value.reason


def a_prediction(folder: Path, grey: Any, model: Path, **changes: Any) -> dict[str, Any]:
    (folder / "in").mkdir(exist_ok=True)
    (folder / "in" / "a.png").write_bytes(grey(1))
    given = {
        "uri": str(model),
        "dataFormat": "IMAGE",
        "inputPaths": [f"{folder}/in/*.png"],
        "outputPath": str(folder / "runs" / "found"),
        "region": "us-central1",
        "maxWorkerCount": "2",
    }
    return {"jobId": "predicts", "predictionInput": given | changes}


def test_a_prediction_is_created_and_its_results_counted(
    google: Any, served: Any, grey: Any, quadrant_model: Path
) -> None:
    jobs = google.projects().jobs()
    body = a_prediction(served.folder, grey, quadrant_model)
    created = jobs.create(parent=PARENT, body=body).execute()
    assert (created["state"], created["predictionInput"]) == ("QUEUED", body["predictionInput"])
    assert "trainingInput" not in created and created["note"] == "2 workers -> 2 cores of the processor"
    record = served.jobs.claim("runner", "host", now=time.time(), lease=60.0)
    assert record.kind == "prediction"
    output = {"outputPath": "x", "predictionCount": "1", "errorCount": "0", "nodeHours": 0.1}
    served.jobs.change(record, state="SUCCEEDED", output=output)
    ended = jobs.get(name=f"{PARENT}/jobs/predicts").execute()
    assert ended["predictionOutput"] == output and "trainingOutput" not in ended
    # A job that was described may be submitted again.
    assert jobs.create(parent=PARENT, body={**ended, "jobId": "again"}).execute()["state"] == "QUEUED"


@pytest.mark.parametrize("named", [{"modelName": "projects/local/models/cells"}, {"versionName": VERSION}])
def test_a_prediction_by_a_deployed_model_keeps_its_folder(
    google: Any, served: Any, grey: Any, quadrant_model: Path, named: dict[str, str]
) -> None:
    body = a_prediction(served.folder, grey, quadrant_model, **named, uri="")
    create, models = google.projects().jobs().create, served.context.deployed.models
    with pytest.raises(HttpError, match="project local has no (model|version)"):
        create(parent=PARENT, body=body).execute()
    models.create("local", {"name": "cells"})
    with pytest.raises(HttpError, match=r"model cells has no version yet|no version v1"):
        create(parent=PARENT, body=body).execute()
    served.context.deployed.versions.create("local", "cells", {"name": "v1", "deploymentUri": str(quadrant_model)})
    created = create(parent=PARENT, body=body).execute()
    assert created["predictionInput"] == {**body["predictionInput"], "uri": str(quadrant_model)}


def test_all_faults_of_a_prediction_are_told(google: Any, served: Any, grey: Any, quadrant_model: Path) -> None:
    faulty = {"uri": "", "modelName": "projects/local/models/none", "inputPaths": ["/no/*"], "outputPath": "/found"}
    body = a_prediction(served.folder, grey, quadrant_model, **faulty)
    with pytest.raises(HttpError) as refused:
        google.projects().jobs().create(parent=PARENT, body=body).execute()
    (detail,) = refused.value.error_details
    assert {one["field"] for one in detail["fieldViolations"]} == {
        "predictionInput.modelName",
        "predictionInput.inputPaths[0]",
        "predictionInput.outputPath",
    }


def test_a_job_is_either_a_training_or_a_prediction(google: Any, served: Any, grey: Any, quadrant_model: Path) -> None:
    both = a_prediction(served.folder, grey, quadrant_model) | a_job()
    for body, said in ((both, "both are there"), ({"jobId": "one"}, "neither is there")):
        with pytest.raises(HttpError, match=f"either trainingInput or predictionInput; {said}"):
            google.projects().jobs().create(parent=PARENT, body=body).execute()
