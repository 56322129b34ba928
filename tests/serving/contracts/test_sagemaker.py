"""SageMaker's contracts; the runtime's with boto3 itself."""

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

JPEG = {"content-type": "image/jpeg"}

# By hand from the known model: a dog (label 1) in the left upper quarter, a cat (label 0) in the lower half.
MXNET = {"prediction": [[1, 0.9, 0.0, 0.0, 0.5, 0.5], [0, 0.25, 0.0, 0.5, 1.0, 1.0]]}
TENSORFLOW = {
    "normalized_boxes": [[0.0, 0.0, 0.5, 0.5], [0.0, 0.5, 1.0, 1.0]],
    "classes": [1, 0],
    "scores": [0.9, 0.25],
}


@pytest.fixture(scope="module")
def trained_by_tensorflow(known_of: Callable[..., Any]) -> Any:
    return known_of("sagemaker_object_detection_tensorflow")


def runtime(url: str, key: str = "anybody") -> Any:
    return boto3.client(
        "sagemaker-runtime",
        endpoint_url=url,
        region_name="local",
        aws_access_key_id=key,
        aws_secret_access_key="anything",
        config=Config(retries={"max_attempts": 0}),
    )


def test_the_container_answers_its_health_check(known: Any) -> None:
    for method in ("GET", "HEAD"):
        answer = known.request(method, "/ping")
        assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("algorithm", ["sagemaker_object_detection", "image_object_detection"])
def test_other_models_answer_as_the_mxnet_detector_does(
    known_of: Callable[..., Any], photo: bytes, algorithm: str
) -> None:
    answer = known_of(algorithm).post("/invocations", content=photo, headers={"content-type": "application/x-image"})
    assert answer.json() == MXNET


def test_models_of_the_tensorflow_algorithm_answer_as_its_detectors_do(
    trained_by_tensorflow: Any, photo: bytes
) -> None:
    assert trained_by_tensorflow.post("/invocations", content=photo, headers=JPEG).json() == TENSORFLOW


def test_a_verbose_answer_names_the_classes_and_holds_the_signature(known: Any, photo: bytes) -> None:
    answer = known.post("/invocations", content=photo, headers={**JPEG, "accept": "application/json;verbose"}).json()
    raw = answer.pop("tensorflow_model_output")
    assert answer.pop("labels") == ["Cat", "dog"]
    assert answer == TENSORFLOW
    assert raw["detection_boxes"] == [[[0, 0, 0.5, 0.5], [0.5, 0, 1, 1], [0, 0, 0, 0]]]  # ymin first
    assert raw["detection_classes"] == [[1, 3, 0]]  # outer ids
    assert raw["detection_scores"][0] == pytest.approx([0.9, 0.25, 0])
    assert raw["num_detections"] == [2]


def test_only_the_best_are_given_where_a_number_is_asked_for(known: Any, photo: bytes) -> None:
    for accept in ("application/json;verbose;n_predictions=1", "application/json;n_predictions=1;verbose"):
        answer = known.post("/invocations", content=photo, headers={**JPEG, "accept": accept}).json()
        assert (answer["classes"], answer["tensorflow_model_output"]["num_detections"]) == ([1], [1])


@pytest.mark.parametrize("number", ["-1", "1.5", "many", "", "99999999999", "²"])
def test_a_number_that_is_none_is_refused(known: Any, photo: bytes, number: str) -> None:
    accept = f"application/json;n_predictions={number}".encode()
    answer = known.post("/invocations", content=photo, headers={**JPEG, "accept": accept})
    assert (answer.status_code, "whole number" in answer.text) == (400, True)


def test_annotations_are_in_pixels(known: Any, photo: bytes) -> None:
    answer = known.post("/invocations", content=photo, headers={**JPEG, "accept": "application/json;annotation=1"})
    assert answer.json() == {
        "image_size": [{"width": 40, "height": 20, "depth": 3}],
        "annotations": [
            {"class_id": 1, "score": 0.9, "left": 0, "top": 0, "width": 20, "height": 10},
            {"class_id": 0, "score": 0.25, "left": 0, "top": 10, "width": 40, "height": 10},
        ],
    }


def test_json_lines_are_one_line(known: Any, photo: bytes) -> None:
    answer = known.post("/invocations", content=photo, headers={**JPEG, "accept": "application/jsonlines"})
    assert answer.headers["content-type"].startswith("application/jsonlines")
    (line,) = answer.text.splitlines()
    assert json.loads(line) == MXNET


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "image/jpeg"}, b"", 400),
        ({"content-type": "image/jpeg"}, b"no picture", 400),
        ({"content-type": "text/csv"}, b"1,2", 415),
        ({"content-type": "image/jpeg", "accept": "text/csv"}, b"x", 406),
    ],
)
def test_bad_requests_are_refused(known: Any, headers: dict[str, str], content: bytes, status: int) -> None:
    answer = known.post("/invocations", content=content, headers=headers)
    assert answer.status_code == answer.json()["error"]["code"] == status
    # The runtime makes one error of all that a container refuses.
    answer = known.post("/endpoints/pets/invocations", content=content, headers=headers)
    assert (answer.status_code, answer.json()["OriginalStatusCode"]) == (424, status)


def test_boto3_invokes_an_endpoint(known: Any, photo: bytes) -> None:
    answer = runtime(known.url).invoke_endpoint(EndpointName="pets", ContentType="application/x-image", Body=photo)
    assert json.loads(answer["Body"].read()) == MXNET
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "1"
    assert answer["ResponseMetadata"]["RequestId"]


def test_boto3_asks_for_a_variant(known: Any, photo: bytes) -> None:
    asked = {"EndpointName": "pets", "ContentType": "image/jpeg", "Body": photo}
    answer = runtime(known.url).invoke_endpoint(**asked, TargetVariant="2", Accept="application/json;n_predictions=1")
    assert answer["InvokedProductionVariant"] == "2"
    assert len(json.loads(answer["Body"].read())["prediction"]) == 1


def test_boto3_raises_what_the_model_refuses(known: Any) -> None:
    client = runtime(known.url)
    with pytest.raises(client.exceptions.ModelError) as raised:
        client.invoke_endpoint(EndpointName="pets", ContentType="image/jpeg", Body=b"no picture")
    answer = raised.value.response
    assert (answer["OriginalStatusCode"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (400, 424)
    assert "JPEG" in answer["OriginalMessage"]
    assert "Received client error (400)" in answer["Error"]["Message"]


def test_boto3_raises_that_there_is_no_such_endpoint(known: Any, photo: bytes) -> None:
    with pytest.raises(ClientError) as raised:
        runtime(known.url).invoke_endpoint(EndpointName="birds", ContentType="image/jpeg", Body=photo)
    assert raised.value.response["Error"]["Code"] == "ValidationError"
    assert "there is pets" in raised.value.response["Error"]["Message"]


def test_boto3_tries_again_where_the_queue_is_full(known_of: Callable[..., Any], photo: bytes) -> None:
    client = known_of(queue=1)
    client.app.state.shelf.find("pets")._taken_on = 1
    with pytest.raises(ClientError) as raised:
        runtime(client.url).invoke_endpoint(EndpointName="pets", ContentType="image/jpeg", Body=photo)
    assert raised.value.response["Error"]["Code"] == "ThrottlingException"
    assert raised.value.response["ResponseMetadata"]["HTTPHeaders"]["retry-after"] == "1"


def test_an_error_of_the_server_is_its_own(known_of: Callable[..., Any], photo: bytes) -> None:
    client = known_of()
    client.app.state.shelf.find("pets").close()  # a lane that has ended, as no request should ever meet
    with pytest.raises(ClientError) as raised:
        runtime(client.url).invoke_endpoint(EndpointName="pets", ContentType="image/jpeg", Body=photo)
    assert raised.value.response["Error"]["Code"] == "InternalFailure"
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
