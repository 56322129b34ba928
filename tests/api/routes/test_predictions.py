"""Requests to deployed models, by SageMaker's own client and by plain HTTP."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

MODELS = "/v1/projects/local/models"


@pytest.fixture
def cells(served: Any, deployable: Callable[..., str]) -> Any:
    """The model `cells` with a version that is READY."""
    served.deploy(deployable(served.folder / "runs" / "cells"))
    return served


@pytest.fixture
def sagemaker(cells: Any) -> Iterator[Any]:
    """SageMaker's client; the id of its access key is a token."""
    made = runtime(cells.url, cells.context.tokens.create("boto", "viewer"))
    yield made
    made.close()


def runtime(url: str, token: str) -> Any:
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="local",
        aws_access_key_id=token,
        aws_secret_access_key="unused",
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_sagemakers_client_invokes_an_endpoint(sagemaker: Any) -> None:
    answer = sagemaker.invoke_endpoint(
        EndpointName="cells", Body=b"\xff\xd8picture", ContentType="image/jpeg", Accept="application/json;verbose"
    )
    said = json.loads(answer["Body"].read())
    assert (said["path"], said["length"]) == ("/endpoints/cells/invocations", 9)
    assert (said["headers"]["content-type"], said["headers"]["accept"]) == ("image/jpeg", "application/json;verbose")
    assert "authorization" not in said["headers"] and answer["ContentType"] == "application/json"


def test_a_variant_is_a_version(sagemaker: Any, cells: Any, deployable: Any) -> None:
    cells.deploy(deployable(cells.folder / "runs" / "other"), version="v2")
    answer = sagemaker.invoke_endpoint(EndpointName="cells", Body=b"x", TargetVariant="v2")
    assert json.loads(answer["Body"].read())["options"]["version"] == "v2"
    assert answer["InvokedProductionVariant"] == "v2"
    answer = sagemaker.invoke_endpoint(EndpointName="cells", Body=b"x")
    assert answer["InvokedProductionVariant"] == "v1"
    with pytest.raises(sagemaker.exceptions.ValidationError, match="model cells has no version v9; there is v1, v2"):
        sagemaker.invoke_endpoint(EndpointName="cells", Body=b"x", TargetVariant="v9")


def test_an_endpoint_of_another_project(sagemaker: Any, cells: Any, deployable: Any) -> None:
    cells.deploy(deployable(cells.folder / "runs" / "farm"), project="the-farm")
    answer = sagemaker.invoke_endpoint(EndpointName="the-farm--cells", Body=b"x")
    assert json.loads(answer["Body"].read())["folder"].endswith("/farm")


def test_what_sagemakers_client_raises(sagemaker: Any, cells: Any) -> None:
    with pytest.raises(sagemaker.exceptions.ValidationError, match="project local has no model trees"):
        sagemaker.invoke_endpoint(EndpointName="trees", Body=b"x")
    stranger = runtime(cells.url, "bw_nobody")
    with pytest.raises(ClientError, match="this token is unknown or revoked") as refused:
        stranger.invoke_endpoint(EndpointName="cells", Body=b"x")
    stranger.close()
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"


@pytest.mark.parametrize("status", [400, 424, 429, 503])
def test_what_the_model_refuses_is_passed_on(cells: Any, status: int) -> None:
    headers = {"X-Status": str(status)}
    answer = cells.client("viewer").post("/endpoints/cells/invocations", content=b"x", headers=headers)
    assert answer.status_code == status and answer.headers["x-amzn-invoked-production-variant"] == "v1"


def test_every_other_path_is_passed_on(cells: Any) -> None:
    client = cells.client("viewer")
    answer = client.post("/endpoints/cells/v1/models/cells:predict?a=%20b", content=b"{}", headers={"Cookie": "x=1"})
    assert answer.json()["path"] == "/v1/models/cells:predict?a=%20b"
    assert "cookie" not in answer.json()["headers"]
    assert answer.headers["x-boxwright-version"] == "v1" and answer.headers["x-kept"] == "yes"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "fake" not in answer.headers.get("server", "")
    answer = client.get("/endpoints/cells/v2/models/cells%2Fx")
    assert (answer.json()["method"], answer.json()["path"]) == ("GET", "/v2/models/cells%2Fx")
    assert client.get("/endpoints/cells/").json()["path"] == "/"


def test_a_version_in_the_path_is_the_one_that_answers(cells: Any, deployable: Any) -> None:
    cells.deploy(deployable(cells.folder / "runs" / "two"), version="2")
    client = cells.client("viewer")
    for path in ("v1/models/cells/versions/2:predict", "v2/models/cells/versions/2/infer"):
        assert client.post(f"/endpoints/cells/{path}", content=b"x").json()["options"]["version"] == "2"
    answer = client.post(f"{MODELS}/cells/versions/2:predict", json={})
    assert answer.json()["options"]["version"] == "2"


def test_errors_are_in_the_form_of_the_contract(cells: Any) -> None:
    client = cells.client("viewer")
    google = client.post(f"{MODELS}/trees:predict", json={})
    assert (google.status_code, google.json()["error"]["status"]) == (404, "NOT_FOUND")
    plain = client.post("/endpoints/trees/v1/models/trees:predict", json={})
    assert (plain.status_code, plain.json()) == (404, {"error": "project local has no model trees"})
    own = client.post("/endpoints/trees/predict", json={})
    assert own.json()["error"]["message"] == "project local has no model trees"
    nobody = httpx.post(f"{cells.url}/endpoints/cells/v2/models/cells/infer", content=b"x", trust_env=False)
    assert nobody.status_code == 401 and "a token is needed" in nobody.json()["error"]


def test_models_are_for_viewers_and_deployed_by_trainers(cells: Any) -> None:
    body = {"name": "v7", "deploymentUri": str(cells.folder / "runs" / "cells")}
    viewer, annotator = cells.client("viewer"), cells.client("annotator")
    for client in (viewer, annotator):
        assert client.get(MODELS).status_code == 200
        assert client.post(f"{MODELS}/cells:predict", json={}).status_code == 200
        for method, path, given in (
            ("POST", MODELS, {"name": "x"}),
            ("PATCH", f"{MODELS}/cells?updateMask=description", {"description": "x"}),
            ("DELETE", f"{MODELS}/cells", None),
            ("POST", f"{MODELS}/cells/versions", body),
            ("PATCH", f"{MODELS}/cells/versions/v1?updateMask=description", {"description": "x"}),
            ("POST", f"{MODELS}/cells/versions/v1:setDefault", {}),
            ("DELETE", f"{MODELS}/cells/versions/v1", None),
        ):
            assert client.request(method, path, json=given).status_code == 403, (method, path)
    assert cells.client("trainer").post(f"{MODELS}/cells/versions", json=body).status_code == 200


def test_a_request_that_is_too_large_is_refused(cells: Any) -> None:
    answer = cells.client("viewer").post("/endpoints/cells/invocations", content=b"x" * 100_001)
    assert answer.status_code == 413
    answer = cells.client("viewer").post("/endpoints/cells/invocations", content=iter([b"x" * 60_000] * 2))
    assert answer.status_code == 413


def test_when_nobody_is_ready_clients_are_told_when_to_come_again(cells: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.gateway.PATIENCE", 0.0)
    _, deployment = cells.context.deployed.fleet.find("local", "cells").versions["v1"]
    os.kill(deployment.usable()[0].pid, signal.SIGKILL)
    answers = [cells.client("viewer").post("/endpoints/cells/invocations", content=b"x") for _ in range(2)]
    refused = [one for one in answers if one.status_code == 503]
    assert refused and refused[0].headers["retry-after"] == "5"
    assert refused[0].headers["x-amzn-ErrorType"] == "ServiceUnavailable"
