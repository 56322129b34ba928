"""KServe's protocol, as Triton's own client speaks it and as plain HTTP."""

import base64
import io
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright.engine import Engine, Prediction

INFER = "/v2/models/shapes/infer"

TRITON = """
import sys
import numpy as np
import tritonclient.http as http

address, *files = sys.argv[1:]
with http.InferenceServerClient(address) as client:
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("shapes", "1")
    assert client.get_server_metadata()["name"] == "boxwright"
    shapes = {one["name"]: (one["datatype"], one["shape"]) for one in client.get_model_metadata("shapes")["outputs"]}
    encoded = np.array([open(file, "rb").read() for file in files], np.object_)
    given = http.InferInput("encoded_image", [len(files)], "BYTES")
    given.set_data_from_numpy(encoded)
    every = client.infer("shapes", [given], request_id="seven", parameters={"score_threshold": 0.1})
    assert every.get_response()["id"] == "seven"
    for name, (datatype, shape) in shapes.items():
        found = every.as_numpy(name)
        assert found.dtype == (np.object_ if datatype == "BYTES" else np.float32), name
        assert found.shape == (len(files), *shape[1:]), name
    wanted = [http.InferRequestedOutput("detection_scores", binary_data=False)]
    wanted.append(http.InferRequestedOutput("detection_class_names", binary_data=True))
    some = client.infer("shapes", [given], outputs=wanted, model_version="1", parameters={"score_threshold": 0.1})
    assert [one["name"] for one in some.get_response()["outputs"]] == ["detection_scores", "detection_class_names"]
    for name in ("detection_scores", "detection_class_names"):
        assert (some.as_numpy(name) == every.as_numpy(name)).all(), name
    try:
        client.infer("shapes", [given], model_version="9")
    except http.InferenceServerException as error:
        assert "has no version '9'" in error.message(), error
    names = [one.decode() for one in every.as_numpy("detection_class_names")[0] if one]
    print(names, every.as_numpy("num_detections").tolist(), every.as_numpy("detection_scores")[0].sum())
"""


def test_tritons_client_gets_what_it_asks_for(
    client: Any, crowded: bytes, expected: Prediction, tmp_path: Any, picture: bytes
) -> None:
    files = [tmp_path / "a.jpg", tmp_path / "b.jpg"]
    files[0].write_bytes(crowded)
    files[1].write_bytes(picture)
    # In a process of its own: the client replaces parts of Python's networking.
    words = [sys.executable, "-c", TRITON, client.url.removeprefix("http://"), *map(str, files)]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    count = int((expected.scores >= 0.1).sum())
    names = [kind.name for kind in expected.classes[:count]]
    assert ran.stdout.startswith(f"{names} [{count}.0, ")
    assert float(ran.stdout.split()[-1]) == pytest.approx(float(expected.scores[:count].sum()), rel=1e-5)


def request_of(data: Any, shape: list[int], datatype: str = "BYTES", name: str = "encoded_image") -> dict[str, Any]:
    return {"inputs": [{"name": name, "shape": shape, "datatype": datatype, "data": data}]}


def text(encoded: bytes) -> str:
    return base64.b64encode(encoded).decode()


def outputs(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {one["name"]: np.reshape(one["data"], one["shape"]) for one in answer.json()["outputs"]}


def test_json_alone_is_enough(client: Any, crowded: bytes, expected: Prediction) -> None:
    found = outputs(client.post(INFER, json=request_of([text(crowded)], [1])))
    count = len(expected.scores)
    assert found["num_detections"].tolist() == [count]
    np.testing.assert_allclose(found["detection_scores"][0, :count], expected.scores, atol=1e-6)
    np.testing.assert_allclose(
        found["detection_boxes"][0, :count][:, [1, 0, 3, 2]] * [96, 64, 96, 64], expected.boxes, atol=1e-3
    )
    assert found["detection_class_names"][0, :count].tolist() == [kind.name for kind in expected.classes]
    assert found["detection_classes"][0, :count].tolist() == [kind.id for kind in expected.classes]
    assert set(found["detection_class_names"][0, count:].tolist()) <= {""}


def test_a_picture_is_its_own_body(client: Any, crowded: bytes) -> None:
    asked = request_of([[text(crowded)]], [1, 1])
    expected = outputs(client.post(INFER, json=asked))
    for headers in ({"content-type": "image/jpeg"}, {"Inference-Header-Content-Length": "0"}):
        found = outputs(client.post(INFER, content=crowded, headers=headers))
        assert all((found[name] == expected[name]).all() for name in expected)


def test_pixels_need_no_decoding(client: Any, engine: Engine) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    expected = engine.predict_pictures([*pixels])
    head = {"inputs": [{"name": "image", "shape": [2, 64, 96, 3], "datatype": "UINT8"}]}
    head["inputs"][0]["parameters"] = {"binary_data_size": pixels.size}
    found = outputs(client.post(INFER, **binary(head, pixels.tobytes())))
    assert found["num_detections"].tolist() == [len(one.scores) for one in expected]
    for data in (pixels[0].tolist(), pixels[0].ravel().tolist()):
        one = outputs(client.post(INFER, json=request_of(data, [64, 96, 3], "UINT8", "image")))
        np.testing.assert_allclose(one["detection_scores"][0], found["detection_scores"][0], atol=1e-6)


def test_a_lossless_picture_and_its_pixels_give_the_same(client: Any) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    encoded = outputs(client.post(INFER, json=request_of(text(buffer.getvalue()), [])))
    plain = outputs(client.post(INFER, json=request_of(pixels.tolist(), [40, 50, 3], "UINT8", "image")))
    assert all((encoded[name] == plain[name]).all() for name in encoded)


def test_the_best_are_kept(client: Any, crowded: bytes) -> None:
    asked = {**request_of([text(crowded)], [1]), "outputs": [{"name": "num_detections"}]}
    for parameters, count in (({"max_detections": 3}, 3), ({"score_threshold": 1.0}, 0), ({"other": {}}, None)):
        found = outputs(client.post(INFER, json={**asked, "parameters": parameters}))
        assert found.keys() == {"num_detections"}
        assert count is None or found["num_detections"].tolist() == [count]


def binary(head: dict[str, Any], rest: bytes, length: int | None = None) -> dict[str, Any]:
    """Body and headers of a request with bytes after its JSON."""
    start = json.dumps(head).encode()
    size = len(start) if length is None else length
    return {"content": start + rest, "headers": {"Inference-Header-Content-Length": str(size)}}


def binary_head(size: int, **changes: Any) -> dict[str, Any]:
    given = {"name": "encoded_image", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": size}}
    return {"inputs": [{**given, **changes}]}


GOOD = b"\x02\x00\x00\x00ab"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (binary(binary_head(6), GOOD), "not a readable JPEG"),
        (binary(binary_head(6), GOOD[:-1]), "has 6 bytes after the JSON; only 5 are left"),
        (binary(binary_head(6), GOOD + b"c"), "1 bytes after the JSON belong to no input"),
        (binary(binary_head(5), GOOD[:-1]), "four bytes of length, then so many bytes; 1 are left"),
        (binary(binary_head(2), b"ab"), "four bytes of length, then so many bytes; 0 are left"),
        (binary(binary_head(4), b"\xff\xff\xff\xff"), "0 are left"),
        (binary(binary_head(6, shape=[2]), GOOD), "inputs[0].shape says 2 elements, but 1 came"),
        (binary(binary_head(0, shape=[0]), b""), "holds no picture"),
        (binary(binary_head(6, data=["ab"]), GOOD), "either data or a binary_data_size"),
        (binary(binary_head(-1), GOOD), "either data or a binary_data_size from 0 on"),
        (binary(binary_head(6, shape=[2**62, 4], datatype="UINT8"), GOOD), "elements, but 6 came"),
        (binary(binary_head(6, shape=[1, 2, 3], datatype="UINT8", name="picture"), GOOD), "got ['picture']"),
        (binary(binary_head(6, shape=[6], datatype="UINT8"), GOOD), "UINT8 is RGB"),
        (binary(binary_head(6), GOOD, 10**9), "at the start of the body's"),
        (binary(binary_head(6), GOOD, -1), "got '-1'"),
        (binary(binary_head(6), GOOD, 7), "says that the first 7 bytes are JSON"),
        ({"content": json.dumps(binary_head(6)).encode() + GOOD}, "bytes after the JSON need the header"),
        ({"json": {}}, 'must hold "inputs"'),
        ({"json": {"inputs": [3]}}, "inputs[0] must be an object"),
        ({"json": request_of(["AAAA"], [1], "FP32")}, "a datatype of BYTES or UINT8; got 'encoded_image', 'FP32'"),
        ({"json": request_of(["AAAA"], [True])}, "shape must be a list of whole numbers"),
        ({"json": request_of(["AAAA"], [-1])}, "shape must be a list of whole numbers"),
        ({"json": request_of([3], [1])}, "inputs[0].data[0] must be a text in base64, got int"),
        ({"json": request_of(["AAAA", "AAAA"], [1])}, "shape says 1 elements, but 2 came"),
        ({"json": request_of([1, 2, 256], [1, 1, 3], "UINT8", "image")}, "whole numbers from 0 to 255"),
        ({"json": request_of([1, 2, 10**30], [1, 1, 3], "UINT8", "image")}, "whole numbers from 0 to 255"),
        ({"json": request_of([1, None, 3], [1, 1, 3], "UINT8", "image")}, "whole numbers from 0 to 255"),
        ({"json": request_of([1, [2], 3], [1, 1, 3], "UINT8", "image")}, "no tensor"),
        ({"json": request_of(["1", "2", "3"], [1, 1, 3], "UINT8", "image")}, "whole numbers from 0 to 255"),
        ({"json": request_of([], [0, 4, 3], "UINT8", "image")}, "UINT8 is RGB"),
        ({"json": {**request_of(["AAAA"], [1]), "outputs": [3]}}, "outputs must be a list of objects"),
        ({"json": {**request_of(["AAAA"], [1]), "outputs": [{"name": []}]}}, "there is no output []"),
        ({"json": {**request_of(["AAAA"], [1]), "outputs": [{"name": "boxes"}]}}, "there is detection_boxes, "),
        ({"json": {**request_of(["AAAA"], [1]), "parameters": {"score_threshold": "1"}}}, "must be a number, got '1'"),
    ],
)
def test_a_request_at_fault_is_told_why(client: Any, sent: dict[str, Any], said: str) -> None:
    answer = client.post(INFER, **sent)
    assert answer.status_code == 400, answer.text
    assert answer.json().keys() == {"error"} and said in answer.json()["error"]


def test_compressed_bodies_are_refused(client: Any) -> None:
    answer = client.post(INFER, content=b"x", headers={"content-encoding": "gzip"})
    assert answer.status_code == 415 and "'gzip' is not read" in answer.json()["error"]


@pytest.mark.parametrize("path", ["other", "shapes/versions/2"])
def test_an_unknown_model_or_version_is_not_found(client: Any, path: str) -> None:
    for answer in (
        client.get(f"/v2/models/{path}"),
        client.get(f"/v2/models/{path}/ready"),
        client.post(f"/v2/models/{path}/infer", json={}),
    ):
        assert answer.status_code == 404
        assert "there is" in answer.json()["error"]


def test_the_server_and_its_model_describe_themselves(client: Any) -> None:
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/shapes/ready").json() == {"name": "shapes", "ready": True}
    found = client.get("/v2/models/shapes/versions/1").json()
    assert (found["name"], found["versions"]) == ("shapes", ["1"])
    assert {one["name"]: one["shape"] for one in found["outputs"]} == {
        "detection_boxes": [-1, 100, 4],
        "detection_classes": [-1, 100],
        "detection_scores": [-1, 100],
        "num_detections": [-1],
        "detection_class_names": [-1, 100],
    }


def test_a_large_body_is_read_beside_the_answers_to_others(client: Any) -> None:
    pixels = np.zeros((500, 400, 3), np.uint8)
    sent = request_of(pixels.tolist(), [500, 400, 3], "UINT8", "image")
    assert len(json.dumps(sent)) > 1_000_000
    assert outputs(client.post(INFER, json=sent))["num_detections"].shape == (1,)
    whole = {"instances": [{"b64": "A" * 1_000_000}]}
    assert client.post("/v1/models/shapes:predict", json=whole).status_code == 400
