"""AI Platform Prediction as Google's own client library sees it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from httplib2 import Http

from boxwright.engine import Prediction

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "ml.v1.json"
MODEL = "projects/lab/models/shapes"


@pytest.fixture(scope="module")
def google(client: Any) -> Iterator[Any]:
    document = json.loads(DOCUMENT.read_text("utf-8"))
    document["rootUrl"] = document["baseUrl"] = f"{client.url}/"
    with build_from_document(document, http=Http()) as service:
        yield service.projects()


def b64(encoded: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(encoded).decode()}


@pytest.mark.parametrize("name", [MODEL, f"{MODEL}/versions/1"])
def test_the_five_outputs_come_for_each_instance(google: Any, expected: Prediction, crowded: bytes, name: str) -> None:
    keys: list[Any] = ["test_key", 7, {"row": [1, None]}]
    body = {"instances": [{"encoded_image": b64(crowded), "key": key} for key in keys]}
    found = google.predict(name=name, body=body).execute()["predictions"]
    assert [one["key"] for one in found] == keys
    count = len(expected.scores)
    for one in found:
        assert one["num_detections"] == count
        assert one["detection_scores"][:count] == pytest.approx(expected.scores.tolist(), abs=1e-6)
        assert one["detection_classes"][:count] == [kind.id for kind in expected.classes]
        ymin, xmin, ymax, xmax = one["detection_boxes"][0]
        assert [xmin * 96, ymin * 64, xmax * 96, ymax * 64] == pytest.approx(expected.boxes[0].tolist(), abs=1e-3)


def test_other_names_of_a_picture_and_no_key(google: Any, crowded: bytes) -> None:
    instances = [{"image_bytes": b64(crowded)}, b64(crowded), b64(crowded)["b64"]]
    found = google.predict(name=MODEL, body={"instances": instances}).execute()["predictions"]
    assert found[0] == found[1] == found[2]
    assert found[0]["key"] == ""


def test_errors_are_googles(google: Any) -> None:
    with pytest.raises(HttpError) as refused:
        google.predict(name="projects/lab/models/other", body={"instances": [{"b64": ""}]}).execute()
    assert (refused.value.status_code, refused.value.reason) == (
        404,
        "no model 'other' is served here; there is shapes",
    )
    assert json.loads(refused.value.content)["error"]["status"] == "NOT_FOUND"
    with pytest.raises(HttpError) as refused:
        google.predict(name=MODEL, body={"instances": [{"b64": "AAAA"}]}).execute()
    assert (refused.value.status_code, refused.value.reason) == (400, "not a readable JPEG, PNG, GIF or BMP picture")
    assert json.loads(refused.value.content)["error"] == {
        "code": 400,
        "message": refused.value.reason,
        "status": "INVALID_ARGUMENT",
    }


def test_a_signature_that_is_not_there_is_refused(google: Any, crowded: bytes) -> None:
    with pytest.raises(HttpError, match="not found in signature def"):
        google.predict(name=MODEL, body={"instances": [b64(crowded)], "signature_name": "other"}).execute()
