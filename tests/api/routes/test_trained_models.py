"""Trained models: a view of finished jobs."""

import hashlib
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright import modeldir
from boxwright.store.records import NewJob

PATH = "/v1/projects/local/trainedModels"


@pytest.fixture
def finish(served: Any, deployable: Callable[..., str]) -> Callable[..., Path]:
    """Makes a finished job with a model; gives the model's folder."""

    def make(job_id: str = "cells", *, kind: str = "train", output: Any = None, args: Any = (), **more: Any) -> Path:
        folder = served.folder / "runs" / job_id
        shutil.rmtree(folder, ignore_errors=True)
        model = Path(deployable(folder / "model"))
        given = {"args": list(args), **more}
        request = {"jobId": job_id, "trainingInput": given}
        record = served.jobs.submit(NewJob("local", job_id, kind, request, str(folder)))
        record = served.jobs.claim("runner", "host", now=time.time(), lease=60.0)
        served.jobs.change(record, state="SUCCEEDED", end_time=1_700_000_000.0, output=output or {})
        return model

    return make


def test_models_of_finished_jobs_the_newest_first(served: Any, finish: Any) -> None:
    finish("first")
    finish("second")
    served.submit("waits")
    client = served.client("viewer")
    found = client.get(PATH).json()["trainedModels"]
    assert [one["id"] for one in found] == ["second", "first"]
    one = found[0]
    assert one["name"] == "projects/local/trainedModels/second"
    assert (one["algorithm"], one["height"], one["width"], one["classCount"]) == ("image_object_detection", 64, 96, 1)
    assert one["folder"].endswith("/runs/second/model") and one["sizeBytes"] == "4"
    assert one["createTime"] == "2023-11-14T22:13:20.000Z"
    page = client.get(PATH, params={"pageSize": 1}).json()
    assert [one["id"] for one in page["trainedModels"]] == ["second"]
    page = client.get(PATH, params={"pageSize": 1, "pageToken": page["nextPageToken"]}).json()
    assert [one["id"] for one in page["trainedModels"]] == ["first"] and "nextPageToken" not in page
    assert [one["id"] for one in client.get(PATH, params={"filter": "jobId:fir*"}).json()["trainedModels"]] == ["first"]


def test_a_card_is_read_again_only_when_it_changes(served: Any, finish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = finish()
    reads, read = [], modeldir.read_card

    def counted(path: str) -> Any:
        reads.append(path)
        return read(path)

    monkeypatch.setattr(modeldir, "read_card", counted)
    client = served.client("viewer")
    for _ in range(3):
        assert client.get(PATH).json()["trainedModels"][0]["metrics" if reads[1:] else "id"]
    assert len(reads) == 1
    modeldir.write_card(str(folder), read(str(folder)).model_copy(update={"metrics": {"AP": 0.25}}))
    assert client.get(PATH).json()["trainedModels"][0]["metrics"] == {"AP": 0.25}
    assert len(reads) == 2


def test_a_model_whose_folder_is_gone_tells_so_and_spoils_no_list(served: Any, finish: Any) -> None:
    finish("kept")
    shutil.rmtree(finish("gone"))
    first, second = served.client("viewer").get(PATH).json()["trainedModels"]
    assert "no model in" in first["problem"] and "problem" not in second
    full = served.client("viewer").get(f"{PATH}/gone").json()
    assert "no model in" in full["problem"]


def test_the_card_of_a_model(served: Any, finish: Any) -> None:
    folder = finish(args=["--epochs=3", "--train_batch_size", "4"])
    (folder / "model_int8.onnx").write_bytes(b"12")
    card = modeldir.read_card(str(folder))
    variant = modeldir.Variant(file="model_int8.onnx", AP=0.5, AP_drop=0.01, pictures=7)
    changes = {"variants": {"int8": variant}, "data_digest": "abc", "versions": {"python": "3.11"}}
    modeldir.write_card(str(folder), card.model_copy(update=changes))
    found = served.client("viewer").get(f"{PATH}/cells").json()
    assert found["classes"] == [{"id": 1, "name": "cell"}]
    assert found["arguments"] == {"epochs": "3", "train_batch_size": "4"}
    onnx, int8 = found["exports"]
    assert onnx == {"format": "onnx", "files": ["model.onnx"], "sizeBytes": "4", "deployable": True}
    assert (int8["format"], int8["averagePrecision"], int8["drop"], int8["pictureCount"]) == ("int8", 0.5, 0.01, 7)
    assert found["versions"] == {"python": "3.11"}
    lineage = {"dataDigest": "abc", "trainingData": "t", "validationData": "v", "jobId": "cells"}
    assert lineage.items() <= found["lineage"].items()
    assert found["lineage"]["parent"] == {"folder": "imagenet"}


def test_a_model_and_those_that_were_trained_from_it(served: Any, finish: Any) -> None:
    parent = finish("parent")
    child = finish("child", args=[f"--pretrained_checkpoint_path={parent}"])
    finish("stranger", args=[f"--pretrained_checkpoint_path={parent}-not"])
    card = modeldir.read_card(str(child))
    model = card.spec.model.model_copy(update={"pretrained_checkpoint_path": str(parent)})
    spec = card.spec.model_copy(update={"model": model})
    modeldir.write_card(str(child), card.model_copy(update={"spec": spec}))
    client = served.client("viewer")
    assert client.get(f"{PATH}/parent").json()["lineage"]["children"] == [{"jobId": "child", "model": "child"}]
    found = client.get(f"{PATH}/child").json()["lineage"]
    assert found["parent"] == {"jobId": "parent", "model": "parent", "folder": str(parent)}
    assert "children" not in found


def test_the_models_of_a_study(served: Any, finish: Any) -> None:
    trials = [
        {"trialId": "1", "hyperparameters": {"lr": "0.1"}, "finalMetric": {"objectiveValue": 0.5}},
        {"trialId": "2", "hyperparameters": {"lr": "0.2"}},
    ]
    trials[0]["builtInAlgorithmOutput"] = {"modelPath": "x"}
    folder = finish("study", kind="tune", output={"trials": trials})
    shutil.copytree(folder, folder.parent / "copy")
    (folder.parent / "copy").rename(folder / "trial_1")
    finish("more", kind="tune", hyperparameters={"resumePreviousJobId": "study"})
    client = served.client("viewer")
    found = client.get(f"{PATH}/study").json()
    assert found["trialCount"] == 1
    told = {"id": "study/trial_1", "trialId": "1", "objectiveValue": 0.5, "hyperparameters": {"lr": "0.1"}}
    assert found["trials"] == [told]
    assert found["lineage"]["children"] == [{"jobId": "more", "model": "more"}]
    trial = client.get(f"{PATH}/study/trial_1").json()
    assert (trial["id"], trial["trialId"], trial["lineage"]["study"]) == ("study/trial_1", "1", "study")
    assert trial["folder"].endswith("/study/model/trial_1") and "children" not in trial["lineage"]
    for missing in ("study/trial_2", "study/trial_..", "study/x", "nothing", "a/b/c", "..%2f..", "%00"):
        answer = client.get(f"{PATH}/{missing}")
        assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND"), missing


def test_a_model_by_its_folder(served: Any, finish: Any) -> None:
    folder = finish("one")
    finish("two")
    client = served.client("viewer")
    for name, wanted in ((str(folder), "one"), (f"{folder}/trial_3", "one/trial_3")):
        found = client.get(PATH, params={"folder": name}).json()["trainedModels"]
        assert [one["id"] for one in found] == [wanted]
    assert client.get(PATH, params={"folder": "/nothing/model"}).json() == {}


def test_where_a_model_is_deployed(served: Any, finish: Any) -> None:
    folder = finish()
    served.deploy(str(folder), model="shown")
    found = served.client("viewer").get(PATH).json()["trainedModels"][0]["deployments"]
    name = "projects/local/models/shown/versions/v1"
    assert found == [{"name": name, "model": "shown", "version": "v1", "state": "READY", "trafficPercent": 100}]


def test_downloads(served: Any, finish: Any) -> None:
    folder = finish()
    client = served.client("viewer")
    answer = client.get(f"{PATH}/cells:download")
    assert (answer.status_code, answer.content) == (200, b"onnx")
    assert answer.headers["content-disposition"] == 'attachment; filename="cells-model.onnx"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{PATH}/cells:download", params={"format": "card"}).json() == json.loads(
        (folder / "model.json").read_text()
    )
    for format in ("int8", "savedmodel", "report"):
        answer = client.get(f"{PATH}/cells:download", params={"format": format})
        assert answer.status_code == 404 and "export" in answer.json()["error"]["message"]
    assert client.get(f"{PATH}/cells:download", params={"format": "../job.json"}).status_code == 400


def test_a_saved_model_comes_as_an_archive(served: Any, finish: Any) -> None:
    folder = finish()
    data = hashlib.sha256(b"x").digest() * 100_000  # more than is kept in memory at a time
    (folder / "variables").mkdir()
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.data-00000-of-00001").write_bytes(data)
    answer = served.client("viewer").get(f"{PATH}/cells:download", params={"format": "savedmodel"})
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["saved_model.pb", "variables/variables.data-00000-of-00001"]
        assert archive.read("variables/variables.data-00000-of-00001") == data


def test_nobody_without_a_token(served: Any) -> None:
    client = served.client()
    for path in (PATH, f"{PATH}/cells", f"{PATH}/cells:download"):
        assert client.get(path, headers={"Authorization": ""}).status_code == 401
