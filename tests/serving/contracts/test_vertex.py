"""Vertex AI: its client, its containers' routes, and the form of its image detectors."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from httplib2 import Http

from boxwright.engine import Prediction

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents" / "aiplatform.v1.json"
CONTAINER = "/v1/endpoints/12/deployedModels/34"


def content(encoded: bytes) -> dict[str, str]:
    return {"content": base64.b64encode(encoded).decode(), "mimeType": "image/png"}


def test_googles_client_reads_the_form_of_image_detectors(client: Any, expected: Prediction, crowded: bytes) -> None:
    document = json.loads(DOCUMENT.read_text("utf-8"))
    document["rootUrl"] = document["baseUrl"] = f"{client.url}/"
    asked = {"instances": [content(crowded)], "parameters": {"confidenceThreshold": 0.0, "maxPredictions": 3}}
    with build_from_document(document, http=Http()) as service:
        endpoints = service.projects().locations().endpoints()
        name = "projects/lab/locations/here/endpoints/"
        answer = endpoints.predict(endpoint=f"{name}shapes", body=asked).execute()
        with pytest.raises(HttpError, match="no model 'other' is served here"):
            endpoints.predict(endpoint=f"{name}other", body=asked).execute()
    assert answer["model"] == "projects/lab/locations/here/models/shapes"
    assert (answer["modelDisplayName"], answer["modelVersionId"], answer["deployedModelId"]) == ("shapes", "1", "1")
    (found,) = answer["predictions"]
    assert found["ids"] == [str(kind.id) for kind in expected.classes[:3]]
    assert found["displayNames"] == [kind.name for kind in expected.classes[:3]]
    assert found["confidences"] == pytest.approx(expected.scores[:3].tolist(), abs=1e-6)
    left, right, top, bottom = found["bboxes"][0]
    assert [left * 96, top * 64, right * 96, bottom * 64] == pytest.approx(expected.boxes[0].tolist(), abs=1e-3)


def test_a_container_is_asked_by_the_routes_of_vertex(client: Any, crowded: bytes) -> None:
    assert client.get(CONTAINER).status_code == 200
    answer = client.post(f"{CONTAINER}:predict", json={"instances": [content(crowded)]}).json()
    assert answer.keys() == {"predictions"}
    assert len(answer["predictions"][0]["ids"]) == 10  # as many as the service gives where it is not told


def test_a_container_has_the_routes_that_it_is_told(client_of: Callable[..., Any], crowded: bytes) -> None:
    client = client_of(health_route="/is-well", predict_route="/predict")
    assert client.get("/is-well").status_code == 200
    body = {"instances": [content(crowded)], "parameters": {"maxPredictions": 1.0}}
    assert len(client.post("/predict", json=body).json()["predictions"][0]["ids"]) == 1
    refused = client.post("/predict", json={})
    assert (refused.status_code, refused.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_an_instance_of_the_signature_is_answered_by_its_outputs(client: Any, crowded: bytes) -> None:
    instance = {"encoded_image": {"b64": content(crowded)["content"]}, "key": 5}
    signature = client.post("/v1/projects/p/models/shapes:predict", json={"instances": [instance]}).json()
    path = f"{CONTAINER}:predict"
    assert client.post(path, json={"instances": [instance]}).json() == signature
    few = client.post(path, json={"instances": [instance], "parameters": {"maxPredictions": 2}}).json()["predictions"]
    whole = signature["predictions"][0]
    assert few[0]["num_detections"] == 2 and few[0]["key"] == 5
    assert few[0]["detection_scores"][:3] == [*whole["detection_scores"][:2], 0]


@pytest.mark.parametrize("threshold", [0.2, 1])
def test_weaker_detections_are_left_out(client: Any, crowded: bytes, threshold: float) -> None:
    path, given = f"{CONTAINER}:predict", {"instances": [content(crowded)]}
    every = client.post(path, json={**given, "parameters": {"maxPredictions": 100}}).json()["predictions"][0]
    some = {"confidenceThreshold": threshold, "maxPredictions": 100}
    kept = client.post(path, json={**given, "parameters": some}).json()["predictions"][0]
    assert kept["confidences"] == [one for one in every["confidences"] if one >= threshold]
    assert len(kept["confidences"]) < len(every["confidences"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"instances": [{"content": 5}]}, "instances[0].content must be a text in base64"),
        ({"instances": [{"content": "gs://bucket/picture.jpg"}]}, "is not base64"),
        ({"instances": []}, "must hold pictures"),
        ({"instances": [{"content": ""}], "parameters": 3}, "parameters must be an object"),
        ({"instances": [{"content": ""}], "parameters": {"confidenceThreshold": "x"}}, "must be a number, got 'x'"),
        ({"instances": [{"content": ""}], "parameters": {"confidenceThreshold": 2}}, "a number from 0 to 1, got 2"),
        ({"instances": [{"content": ""}], "parameters": {"confidenceThreshold": 10**400}}, "must be a number"),
        ({"instances": [{"content": ""}], "parameters": {"maxPredictions": 1.5}}, "must be a whole number, got 1.5"),
        ({"instances": [{"content": ""}], "parameters": {"maxPredictions": -1}}, "0 or more, got -1"),
        ({"instances": [{"content": ""}], "parameters": {"maxPredictions": True}}, "must be a number"),
    ],
)
def test_a_request_at_fault_is_told_why(client: Any, body: dict[str, Any], said: str) -> None:
    answer = client.post(f"{CONTAINER}:predict", json=body)
    assert answer.status_code == answer.json()["error"]["code"] == 400
    assert said in answer.json()["error"]["message"]
