"""Models, versions and predictions as Google's own client library sees them."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from googleapiclient.errors import HttpError

PARENT = "projects/local"
CELLS = f"{PARENT}/models/cells"


@pytest.fixture
def folder(served: Any, deployable: Callable[..., str]) -> str:
    """A model that can be deployed."""
    return deployable(served.folder / "runs" / "cells" / "model")


@pytest.fixture
def deploy(google: Any, folder: str) -> Callable[..., dict[str, Any]]:
    """Deploys a version of the model `cells`, and waits for the operation."""
    google.projects().models().create(parent=PARENT, body={"name": "cells"}).execute()

    def make(name: str = "v1", uri: str = folder, **given: Any) -> dict[str, Any]:
        body = {"name": name, "deploymentUri": uri, **given}
        return done(google, google.projects().models().versions().create(parent=CELLS, body=body).execute())

    return make


def done(google: Any, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation when it is done."""
    end = time.monotonic() + 20
    while not operation.get("done"):
        assert time.monotonic() < end, operation
        time.sleep(0.02)
        operation = google.projects().operations().get(name=operation["name"]).execute()
    return operation


def reason(refused: Any) -> tuple[int, str, str]:
    error = json.loads(refused.value.content)["error"]
    return error["code"], error["status"], error["message"]


def test_a_model_is_made_described_listed_changed_and_deleted(google: Any) -> None:
    models = google.projects().models()
    body = {"name": "cells", "description": "blood", "regions": ["us-central1"], "labels": {"owner": "lab"}}
    made = models.create(parent=PARENT, body=body).execute()
    assert made.pop("etag")
    assert made == {**body, "name": CELLS}
    models.create(parent=PARENT, body={"name": "trees-2"}).execute()
    first = models.list(parent=PARENT, pageSize=1).execute()
    second = models.list_next(models.list(parent=PARENT, pageSize=1), first)
    assert [one["name"] for one in first["models"]] == [CELLS]
    assert [one["name"] for one in second.execute()["models"]] == [f"{PARENT}/models/trees-2"]
    changed = models.patch(name=CELLS, body={"description": "red"}, updateMask="description").execute()
    assert changed["done"] and changed["metadata"]["operationType"] == "UPDATE_MODEL"
    assert changed["response"]["description"] == "red" and changed["response"]["labels"] == {"owner": "lab"}
    deleted = models.delete(name=CELLS).execute()
    assert deleted["done"] and deleted["response"] == {"@type": "type.googleapis.com/google.protobuf.Empty"}
    with pytest.raises(HttpError) as refused:
        models.get(name=CELLS).execute()
    assert reason(refused) == (404, "NOT_FOUND", "project local has no model cells")


def test_a_version_is_deployed_asked_and_undeployed(google: Any, deploy: Any, folder: str) -> None:
    made = deploy(description="first", runtimeVersion="2.1", framework="TENSORFLOW", pythonVersion="3.7")
    assert made["metadata"]["operationType"] == "CREATE_VERSION" and made["metadata"]["modelName"] == CELLS
    version = made["response"]
    assert (version["name"], version["state"], version["isDefault"]) == (f"{CELLS}/versions/v1", "READY", True)
    assert (version["deploymentUri"], version["framework"]) == (folder, "TENSORFLOW")
    assert google.projects().models().get(name=CELLS).execute()["defaultVersion"]["name"] == version["name"]
    body = {"instances": [{"key": "a"}]}
    answer = google.projects().predict(name=CELLS, body=body).execute()
    assert answer["path"] == f"/v1/{CELLS}:predict?alt=json"
    assert (answer["options"]["name"], answer["options"]["version"]) == ("cells", "v1")
    assert answer["length"] == len(json.dumps(body)) and "authorization" not in answer["headers"]
    answer = google.projects().predict(name=f"{CELLS}/versions/v1", body=body).execute()
    assert answer["path"] == f"/v1/{CELLS}/versions/v1:predict?alt=json"
    gone = done(google, google.projects().models().versions().delete(name=f"{CELLS}/versions/v1").execute())
    assert gone["metadata"]["operationType"] == "DELETE_VERSION" and "error" not in gone
    assert google.projects().models().versions().list(parent=CELLS).execute() == {}
    assert "defaultVersion" not in google.projects().models().get(name=CELLS).execute()


def test_the_default_is_changed_and_goes_last(google: Any, deploy: Any) -> None:
    versions = google.projects().models().versions()
    deploy("v1")
    deploy("2")
    listed = versions.list(parent=CELLS).execute()["versions"]
    assert [(one["name"].rpartition("/")[2], one.get("isDefault", False)) for one in listed] == [
        ("2", False),
        ("v1", True),
    ]
    with pytest.raises(HttpError) as refused:
        versions.delete(name=f"{CELLS}/versions/v1").execute()
    assert reason(refused)[:2] == (400, "FAILED_PRECONDITION") and "make another one the default" in reason(refused)[2]
    default = versions.setDefault(name=f"{CELLS}/versions/2", body={}).execute()
    assert default["isDefault"] and default["name"] == f"{CELLS}/versions/2"
    assert google.projects().predict(name=CELLS, body={}).execute()["options"]["version"] == "2"
    with pytest.raises(HttpError) as refused:
        google.projects().models().delete(name=CELLS).execute()
    assert "has versions; delete them first: 2, v1" in reason(refused)[2]


def test_a_version_is_scaled(google: Any, deploy: Any) -> None:
    deploy(manualScaling={"nodes": 2})
    versions = google.projects().models().versions()
    pids = {google.projects().predict(name=CELLS, body={}).execute()["pid"] for _ in range(20)}
    assert len(pids) == 1  # one at a time: always the first of those without requests
    changed = versions.patch(
        name=f"{CELLS}/versions/v1", body={"manualScaling": {"nodes": 1}}, updateMask="manualScaling.nodes"
    ).execute()
    assert done(google, changed)["response"]["manualScaling"] == {"nodes": 1}


def test_a_model_that_cannot_be_loaded_fails_with_its_message(
    google: Any, served: Any, deploy: Any, deployable: Any
) -> None:
    broken = deployable(served.folder / "runs" / "broken", message="model.onnx is not what its card says")
    operation = deploy("v1", broken)
    assert operation["error"] == {"code": 9, "message": "model.onnx is not what its card says"}
    version = google.projects().models().versions().get(name=f"{CELLS}/versions/v1").execute()
    assert (version["state"], version["errorMessage"]) == ("FAILED", "model.onnx is not what its card says")
    with pytest.raises(HttpError) as refused:
        google.projects().predict(name=CELLS, body={}).execute()
    assert reason(refused) == (
        400,
        "FAILED_PRECONDITION",
        "version v1 has failed: model.onnx is not what its card says",
    )
    # Mended and tried again.
    Path(broken, "fault.json").write_text("{}")
    body = {"deploymentUri": broken}
    again = (
        google.projects().models().versions().patch(name=f"{CELLS}/versions/v1", body=body, updateMask="deploymentUri")
    )
    assert done(google, again.execute())["response"]["state"] == "READY"


def test_an_update_that_fails_is_undone(google: Any, served: Any, deploy: Any, deployable: Any, folder: str) -> None:
    deploy()
    broken = deployable(served.folder / "runs" / "broken", message="no")
    before = google.projects().predict(name=CELLS, body={}).execute()["pid"]
    update = (
        google.projects()
        .models()
        .versions()
        .patch(name=f"{CELLS}/versions/v1", body={"deploymentUri": broken}, updateMask="deploymentUri")
    )
    assert done(google, update.execute())["error"]["message"] == "no"
    version = google.projects().models().versions().get(name=f"{CELLS}/versions/v1").execute()
    assert (version["state"], version["deploymentUri"]) == ("READY", folder)
    assert version["errorMessage"] == "the last update was undone: no"
    assert google.projects().predict(name=CELLS, body={}).execute()["pid"] == before


def test_what_cannot_be_deployed(served: Any, deploy: Any, folder: str, tmp_path: Path) -> None:
    for given, field, said in (
        ({"uri": str(tmp_path)}, "deploymentUri", "a model's folder must lie below"),
        ({"uri": f"{served.folder}/runs/nothing"}, "deploymentUri", "nothing"),
        ({"settings": {"threads": "many"}}, "settings.threads", "valid integer"),
        ({"settings": {"uds": "/x"}}, "settings.uds", "is no setting; there is"),
        ({"name": "a b"}, "name", "1 to 63 letters"),
        ({"manualScaling": {"nodes": 0}}, "manualScaling.nodes", "greater than or equal to 1"),
        ({"container": {"image": "x"}}, "", "container is not offered"),
        ({"speed": 1}, "speed", "unknown key"),
    ):
        with pytest.raises(HttpError) as refused:
            deploy(**given)
        assert refused.value.status_code == 400, given
        (detail,) = refused.value.error_details
        assert [(one["field"], said in one["description"]) for one in detail["fieldViolations"]] == [(field, True)], (
            given
        )
    Path(folder, "model.onnx").unlink()
    with pytest.raises(HttpError) as refused:
        deploy()
    assert "make it with 'boxwright export" in reason(refused)[2]


def test_names_are_used_once(google: Any, deploy: Any) -> None:
    deploy()
    for ask in (
        lambda: google.projects().models().create(parent=PARENT, body={"name": "cells"}).execute(),
        lambda: deploy("v1"),
    ):
        with pytest.raises(HttpError) as refused:
            ask()
        assert reason(refused)[:2] == (409, "ALREADY_EXISTS")


def test_operations_are_listed(google: Any, deploy: Any) -> None:
    made = deploy()
    listed = google.projects().operations().list(name=PARENT).execute()["operations"]
    assert [one["name"] for one in listed] == [made["name"]]
    with pytest.raises(HttpError) as refused:
        google.projects().operations().get(name=f"{PARENT}/operations/nothing").execute()
    assert reason(refused) == (404, "NOT_FOUND", "project local has no operation nothing")
