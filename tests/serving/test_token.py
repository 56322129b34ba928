"""Who is let in."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from boxwright.serving.token import OPEN, read_token


@pytest.fixture(scope="module")
def guarded(known_of: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = tmp_path_factory.mktemp("token") / "token"
    file.write_text("secret\n")
    return known_of(token_file=str(file))


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("header", ["Bearer secret", "bearer  secret", basic("anybody:secret")])
def test_the_token_is_let_in(guarded: Any, photo: bytes, header: str) -> None:
    assert guarded.post("/predict", content=photo, headers={"authorization": header}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer Secret",
        "secret",
        "Token secret",
        basic("secret"),
        basic("secret:x"),
        "Basic ?",
        "Basic /w==",
    ],
)
def test_nothing_else_is(guarded: Any, photo: bytes, header: str) -> None:
    answer = guarded.post("/predict", content=photo, headers={"authorization": header} if header else {})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="boxwright"')


def test_health_checks_need_no_token(guarded: Any) -> None:
    assert {path: guarded.get(path).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)


@pytest.mark.parametrize("path", ["/", "/docs", "/metrics", "/openapi.json", "/nothing", "/ping/", "//ping"])
def test_all_else_does(guarded: Any, path: str) -> None:
    assert guarded.get(path).status_code == 401


def test_each_contract_says_so_in_its_form(guarded: Any) -> None:
    said = "this model needs its token; send 'Authorization: Bearer TOKEN'"
    assert guarded.post("/invocations").json()["error"] == {"code": 401, "status": "UNAUTHORIZED", "message": said}
    answer = guarded.post("/endpoints/pets/invocations")
    assert (answer.status_code, answer.json()) == (403, {"Message": said})
    assert guarded.post("/v1/models/pets:predict").json() == {"error": said}


def test_boto3_sends_it_as_its_access_key(guarded: Any, photo: bytes) -> None:
    def invoke(key: str) -> Any:
        given = {"aws_access_key_id": key, "aws_secret_access_key": "x", "region_name": "local"}
        client = boto3.client("sagemaker-runtime", endpoint_url=guarded.url, **given)
        return client.invoke_endpoint(EndpointName="pets", ContentType="image/jpeg", Body=photo)

    assert invoke("secret")["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(ClientError, match="AccessDeniedException"):
        invoke("other")


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(ValueError, match="is empty"):
        read_token(tmp_path / "token")
