"""Tests of the algorithms as the API describes them."""

from typing import Any

import pytest

from boxwright.algorithms import ALGORITHMS
from boxwright.algorithms.argument import MODEL_ID


def by_name(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in described["arguments"]}


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_argument_of_every_algorithm_is_described_once(served: Any, name: str) -> None:
    described = served.client("viewer").get(f"/v1/algorithms/{name}").json()
    algorithm = ALGORITHMS[name]
    assert [one["name"] for one in described["arguments"]] == [one.name for one in algorithm.arguments]
    assert len(by_name(described)) == len(algorithm.arguments)
    assert all(one["help"] and one["type"] and one["group"] for one in described["arguments"])
    required = {one["name"] for one in described["arguments"] if one.get("required")}
    assert required == set(algorithm.required)
    assert {one["name"] for one in described["arguments"] if one.get("basic")} == {*algorithm.basic, *required}
    assert described["imageUri"] == f"gcr.io/cloud-ml-algos/{name}:latest"
    assert described["metrics"] == list(algorithm.metrics)


def test_an_argument_says_all_that_its_field_does(served: Any) -> None:
    found = by_name(served.client().get("/v1/algorithms/image_object_detection").json())
    assert found["initial_learning_rate"] == {
        "name": "initial_learning_rate",
        "group": "optimization",
        "basic": True,
        "help": "Learning rate after the warm-up.",
        "type": "NUMBER",
        "default": "0.08",
        "limits": {"exclusiveMinimum": 0.0},
        "derived": True,
        "tuning": {
            "parameterName": "initial_learning_rate",
            "type": "DOUBLE",
            "minValue": 0.001,
            "maxValue": 0.1,
            "scaleType": "UNIT_LOG_SCALE",
        },
    }
    assert found["image_size"]["unit"] == "px" and found["image_size"]["default"] == "640,640"
    assert found["fpn_type"]["choices"] == ["fpn", "nasfpn", "bifpn"]
    assert found["resnet_depth"]["saysTheSame"] == ["backbone"]
    assert "derived" not in found["fpn_type"] and "default" not in found["training_data_path"]


def test_what_is_published_is_not_derived(served: Any) -> None:
    found = by_name(served.client().get("/v1/algorithms/sagemaker_object_detection").json())
    assert found["learning_rate"]["default"] == "0.001" and "derived" not in found["learning_rate"]
    assert found["image_shape"]["default"] == "300" and found["use_pretrained_model"]["default"] == "1"
    assert found["num_classes"]["required"] and "derived" not in found["num_classes"]


def test_a_catalogue_comes_with_the_defaults_of_each_entry(served: Any) -> None:
    name = "sagemaker_object_detection_tensorflow"
    described = served.client().get(f"/v1/algorithms/{name}").json()
    assert described["catalogueArgument"] == "model_id"
    entries = {one["name"]: one["defaults"] for one in described["catalogue"]}
    assert len(entries) == 13
    small = entries["tensorflow-od1-ssd-mobilenet-v2-fpnlite-320x320-coco17-tpu-8"]
    assert (small["image_size"], small["backbone"], small["epochs"]) == ("320,320", "mobilenet_v2", "5")
    default = by_name(described)["model_id"]["default"]
    assert entries[default]["epochs"] == by_name(described)["epochs"]["default"]
    assert default == ALGORITHMS[name].defaults[MODEL_ID]


def test_the_list_begins_with_the_one_to_begin_with(served: Any) -> None:
    listed = served.client("viewer").get("/v1/algorithms").json()["algorithms"]
    assert [one["name"] for one in listed] == list(ALGORITHMS)
    assert listed[0]["name"] == "image_object_detection" and "catalogue" not in listed[0]


def test_an_unknown_algorithm_and_a_stranger_are_refused(served: Any) -> None:
    answer = served.client().get("/v1/algorithms/<b>x")
    assert answer.status_code == 404
    assert "there are image_object_detection" in answer.json()["error"]["message"]
    client = served.client()
    assert client.get("/v1/algorithms", headers={"Authorization": "Bearer x"}).status_code == 401
