"""What is wrong with a request is told by every contract, in its own form, and never as an error of the server's."""

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

Send = Callable[[Any, bytes], Any]


def raw(path: str) -> Send:
    return lambda client, encoded: client.post(path, content=encoded, headers={"content-type": "image/jpeg"})


def in_json(path: str, wrap: Callable[[str], object]) -> Send:
    return lambda client, encoded: client.post(path, json=wrap(base64.b64encode(encoded).decode()))


CONTRACTS: dict[str, Send] = {
    "own": raw("/predict"),
    "own, form": lambda client, encoded: client.post("/predict", files={"one": ("a.jpg", encoded, "image/jpeg")}),
    "own, json": in_json("/predict", lambda text: {"images": [{"b64": text}]}),
    "sagemaker": raw("/invocations"),
    "sagemaker runtime": raw("/endpoints/shapes/invocations"),
    "tensorflow serving": in_json("/v1/models/shapes:predict", lambda text: {"instances": [{"b64": text}]}),
    "ai platform": in_json(
        "/v1/projects/farm/models/shapes:predict", lambda text: {"instances": [{"encoded_image": {"b64": text}}]}
    ),
    "vertex": in_json(
        "/v1/projects/farm/locations/here/endpoints/shapes:predict", lambda text: {"instances": [{"content": text}]}
    ),
    "kserve": raw("/v2/models/shapes/infer"),
    "kserve, json": in_json(
        "/v2/models/shapes/infer",
        lambda text: {"inputs": [{"name": "encoded_image", "shape": [1], "datatype": "BYTES", "data": [text]}]},
    ),
}
EACH = pytest.mark.parametrize("contract", CONTRACTS)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


COLOURS = Image.fromarray(np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8))
JPEG = written(COLOURS, "JPEG")
BOMB = written(Image.new("1", (8000, 8000)), "PNG")


def message(answer: Any) -> str:
    """The words of an answer, in the form of any contract."""
    body = answer.json()
    error = body.get("error", body)
    return str(error if isinstance(error, str) else error.get("message") or error["Message"])


@EACH
@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        (b"", ""),
        (b"<html>no picture</html>", "not a readable"),
        (JPEG[:200], "cannot decode|not a readable"),
        (JPEG[: len(JPEG) // 2], "cannot decode"),
        (BOMB, "at most"),
    ],
    ids=["empty", "html", "head", "half", "bomb"],
)
def test_what_is_no_picture_is_refused(client: Any, contract: str, encoded: bytes, said: str) -> None:
    answer = CONTRACTS[contract](client, encoded)
    assert 400 <= answer.status_code < 500
    assert any(word in message(answer) for word in said.split("|"))
    assert message(answer)


@EACH
@pytest.mark.parametrize(
    "encoded",
    [
        written(COLOURS.crop((0, 0, 1, 1)), "PNG"),
        written(COLOURS.convert("CMYK"), "JPEG"),
        written(Image.fromarray(np.full((30, 40), 40_000, np.uint16)), "PNG"),
        written(COLOURS, "GIF", save_all=True, append_images=[COLOURS.rotate(90)]),
    ],
    ids=["one pixel", "cmyk", "16 bits", "animated"],
)
def test_unusual_pictures_are_answered(client: Any, contract: str, encoded: bytes) -> None:
    assert CONTRACTS[contract](client, encoded).status_code == 200


NO_JSON = (
    "/v1/models/shapes:predict",
    "/v1/projects/farm/models/shapes:predict",
    "/v2/models/shapes/infer",
    "/predict",
)


@pytest.mark.parametrize("path", NO_JSON)
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1]", b'{"a": NaN}', b"[" * 100_000])
def test_what_is_no_json_is_refused(client: Any, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert message(answer)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/models/shapes:predict", {"instances": [{"b64": "*not base64*"}]}),
        ("/v1/projects/farm/models/shapes:predict", {"instances": [{"encoded_image": {"b64": "*not base64*"}}]}),
        ("/v1/projects/farm/locations/here/endpoints/shapes:predict", {"instances": [{"content": "*not base64*"}]}),
        ("/predict", {"images": [{"b64": "*not base64*"}]}),
    ],
)
def test_what_is_not_base64_is_refused(client: Any, path: str, body: object) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == 400
    assert "base64" in message(answer)


@pytest.mark.parametrize("path", ["/invocations", "/endpoints/shapes/invocations", "/predict"])
def test_another_content_type_is_refused(client: Any, path: str) -> None:
    answer = client.post(path, content=JPEG, headers={"content-type": "video/mp4"})
    assert answer.status_code in (415, 424)
    assert "video/mp4" in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/cats:predict",
        "/v1/models/shapes/versions/7:predict",
        "/v1/projects/farm/models/cats:predict",
        "/v1/projects/farm/models/shapes/versions/7:predict",
        "/v2/models/cats/infer",
        "/v2/models/shapes/versions/7/infer",
        "/endpoints/cats/invocations",
    ],
)
def test_a_model_or_version_that_is_not_served_is_said_so(client: Any, path: str) -> None:
    answer = client.post(path, content=JPEG, headers={"content-type": "image/jpeg"})
    assert answer.status_code in (400, 404)
    assert "shapes" in answer.text or "there is 1" in answer.text


@pytest.mark.parametrize("threshold", ["nan", "inf", "-0.1", "1.1", "half"])
def test_what_is_no_threshold_is_refused(client: Any, threshold: str) -> None:
    answer = client.post(f"/predict?threshold={threshold}", content=JPEG, headers={"content-type": "image/jpeg"})
    assert answer.status_code == 400
    assert "threshold" in message(answer)
