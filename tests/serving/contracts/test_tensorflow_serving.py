"""TensorFlow Serving's REST interface, against the SavedModel itself and the forms that its documents show."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from PIL import Image

from boxwright.export.savedmodel import _tensorflow

PREDICT = "/v1/models/shapes:predict"


def b64(encoded: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(encoded).decode()}


@pytest.fixture(scope="module")
def saved(model_folder: str) -> Any:
    """The signature of the SavedModel, in TensorFlow."""
    tf = _tensorflow()
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(session, ["serve"], model_folder)
        yield loaded.signature_def["serving_default"], session


def test_the_answer_is_the_savedmodels(client: Any, saved: Any, crowded: bytes) -> None:
    signature, session = saved
    fetched = {name: info.name for name, info in signature.outputs.items()}
    fed = {signature.inputs["encoded_image"].name: [crowded], signature.inputs["key"].name: [b"one"]}
    expected = {name: value[0] for name, value in session.run(fetched, fed).items()}
    answer = client.post(PREDICT, json={"instances": [{"encoded_image": b64(crowded), "key": "one"}]})
    (got,) = answer.json()["predictions"]
    assert got["key"] == expected.pop("key").decode() == "one"
    assert got.keys() - {"key"} == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, atol=2e-3, err_msg=name)


def test_the_metadata_is_the_savedmodels(client: Any, saved: Any) -> None:
    found = client.get("/v1/models/shapes/metadata").json()
    assert found["model_spec"] == {"name": "shapes", "signature_name": "", "version": "1"}
    (shown,) = found["metadata"].values()
    expected = MessageToDict(saved[0], preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    for part in ("inputs", "outputs"):
        assert shown["signature_def"]["serving_default"][part] == expected[part]
    assert shown["signature_def"]["serving_default"]["method_name"] == expected["method_name"]


def test_rows_and_columns_hold_the_same(client: Any, crowded: bytes) -> None:
    instances = [{"encoded_image": b64(crowded), "key": name} for name in ("a", "b")]
    rows = client.post(PREDICT, json={"instances": instances}).json()["predictions"]
    inputs = {"encoded_image": [b64(crowded)] * 2, "key": ["a", "b"]}
    columns = client.post(PREDICT, json={"inputs": inputs, "signature_name": "serving_default"}).json()["outputs"]
    assert [row["key"] for row in rows] == ["a", "b"]
    assert columns == {name: [row[name] for row in rows] for name in rows[0]}


@pytest.mark.parametrize("path", ["", "/versions/1", "/labels/1"])
def test_a_version_is_predicted_with_and_tells_its_state(client: Any, crowded: bytes, path: str) -> None:
    state = {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert client.get(f"/v1/models/shapes{path}").json() == {"model_version_status": [state]}
    assert client.get(f"/v1/models/shapes{path}/metadata").json()["model_spec"]["version"] == "1"
    assert client.post(f"/v1/models/shapes{path}:predict", json={"instances": [b64(crowded)]}).status_code == 200


def test_a_turned_picture_is_looked_at_as_people_see_it(client: Any, crowded: bytes) -> None:
    upright = Image.open(io.BytesIO(crowded)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # stored a quarter turn to the left of what is seen
    pictures = [(upright, None), (upright.transpose(Image.Transpose.ROTATE_90), exif)]
    instances = []
    for one, written in pictures:
        buffer = io.BytesIO()
        one.save(buffer, "PNG", exif=written)
        instances.append(b64(buffer.getvalue()))
    first, second = client.post(PREDICT, json={"instances": instances}).json()["predictions"]
    assert first == second and first["num_detections"] > 20


def shortcuts(crowded: bytes) -> list[dict[str, Any]]:
    text = b64(crowded)["b64"]
    instances = [text, b64(crowded), {"image_bytes": b64(crowded)}, {"encoded_image": text}]
    inputs = [b64(crowded), [b64(crowded)], {"encoded_image": b64(crowded)}, {"image_bytes": [text]}]
    return [{"instances": [one]} for one in instances] + [{"inputs": one} for one in inputs]


def test_a_lone_picture_needs_no_name_and_no_key(client: Any, crowded: bytes) -> None:
    whole = {"instances": [{"encoded_image": b64(crowded), "key": ""}]}
    expected = client.post(PREDICT, json=whole).json()["predictions"][0]
    for body in shortcuts(crowded):
        answer = client.post(PREDICT, json=body).json()
        if "instances" in body:
            assert answer == {"predictions": [expected]}
        else:
            assert answer == {"outputs": {name: [value] for name, value in expected.items()}}


def test_keys_are_texts_or_bytes(client: Any, crowded: bytes) -> None:
    keys: list[Any] = ["häuser", "\ud83d", b64("é".encode()), b64(b"\xff")]
    body = {"instances": [{"encoded_image": b64(crowded), "key": key} for key in keys]}
    sent = json.dumps(body)  # ASCII, as half a surrogate pair has no UTF-8
    answer = client.post(PREDICT, content=sent)
    assert [json.loads(answer.content)["predictions"][n]["key"] for n in range(4)] == [*keys[:2], "é", keys[3]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Missing 'inputs' or 'instances' key"),
        ({"instances": [{"b64": ""}], "inputs": [{"b64": ""}]}, "and not both"),
        ({"instances": []}, "must hold pictures"),
        ({"instances": {}}, "must hold pictures"),
        ({"instances": [{"b64": "AAAA"}]}, "not a readable JPEG"),
        ({"instances": [{"b64": "?"}]}, "instances[0].b64 is not base64"),
        ({"instances": [{"encoded_image": 1}]}, "instances[0].encoded_image must be a text in base64, got int"),
        ({"instances": [{"picture": "AAAA"}]}, "must have the field 'encoded_image', and may have 'key'"),
        ({"instances": [{"b64": "AAAA", "keys": ""}]}, "it has 'b64', 'keys'"),
        ({"instances": [{"b64": "AAAA", "key": 1}]}, "key 0 is of type int, not of expected type: string"),
        ({"instances": [{"b64": "AAAA"}], "signature_name": "x"}, 'signature name: "x" not found in signature def'),
        ({"instances": [{"b64": "AAAA"}], "signature_name": ["x"]}, "['x'] not found in signature def"),
        ({"inputs": {"image": ["AAAA"]}}, "'inputs' has 'image'"),
        ({"inputs": None}, "'inputs' must hold 1 to 64 pictures"),
        ({"inputs": {"encoded_image": ["AAAA"], "key": ["a", "b"]}}, "1 pictures and 2 keys"),
    ],
)
def test_a_request_at_fault_is_told_why(client: Any, body: dict[str, Any], said: str) -> None:
    answer = client.post(PREDICT, json=body)
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"} and said in answer.json()["error"]


def test_too_many_pictures_are_refused_before_they_are_decoded(client: Any) -> None:
    for body in ({"instances": ["?"] * 65}, {"inputs": ["?"] * 65}):
        answer = client.post(PREDICT, json=body)
        assert answer.status_code == 413 and "64" in answer.json()["error"]


def test_a_body_that_is_no_json_is_told_so(client: Any) -> None:
    answer = client.post(PREDICT, content=b"{")
    assert answer.status_code == 400 and "JSON" in answer.json()["error"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("half", "Servable not found for request: Latest(half); no model 'half' is served here; there is shapes"),
        ("shapes/versions/7", "Servable not found for request: Specific(shapes, 7)"),
        ("shapes/labels/stable", "Servable not found for request: Specific(shapes, stable)"),
    ],
)
def test_an_unknown_model_or_version_is_not_found(client: Any, path: str, said: str) -> None:
    posted = client.post(f"/v1/models/{path}:predict", json={"instances": ["AAAA"]})
    for answer in (posted, client.get(f"/v1/models/{path}"), client.get(f"/v1/models/{path}/metadata")):
        assert answer.status_code == 404
        assert said in answer.json()["error"]
