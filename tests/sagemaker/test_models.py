"""Tests of what SageMaker's helpers give: the names are those of its documentation."""

import pytest

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.sagemaker import hyperparameters, image_uris, model_uris, script_uris
from boxwright.sagemaker.images import algorithm_of
from boxwright.sagemaker.models import model_id_of

RESNET = "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8"
LARGE = "tensorflow-od1-ssd-resnet152-v1-fpn-1024x1024-coco17-tpu-8"


def test_the_example_of_the_documentation() -> None:
    image = image_uris.retrieve(
        model_id=RESNET,
        model_version="*",
        image_scope="training",
        instance_type="ml.p3.2xlarge",
        region=None,
        framework=None,
    )
    assert algorithm_of(image).name == "sagemaker_object_detection_tensorflow"
    assert script_uris.retrieve(model_id=RESNET, model_version="*", script_scope="training").startswith("boxwright://")
    uri = model_uris.retrieve(model_id=RESNET, model_version="*", model_scope="training")
    assert model_id_of(uri) == RESNET


def test_published_hyperparameters() -> None:
    """Table of SageMaker's developer guide, "Object Detection - TensorFlow Hyperparameters"."""
    assert hyperparameters.retrieve_default(model_id=RESNET, model_version="*") == {
        "batch_size": "3",
        "epochs": "5",
        "optimizer": "adam",
        "learning_rate": "0.001",
        "beta_1": "0.9",
        "beta_2": "0.999",
        "momentum": "0.9",
        "epsilon": "1e-07",
        "rho": "0.95",
        "initial_accumulator_value": "0.1",
        "reinitialize_top_layer": "Auto",
        "train_only_on_top_layer": "False",
        "early_stopping": "False",
        "early_stopping_patience": "5",
        "early_stopping_min_delta": "0.0",
    }
    assert hyperparameters.retrieve_default(model_id=LARGE)["epochs"] == "1"


@pytest.mark.parametrize("model_id", ALGORITHMS["sagemaker_object_detection_tensorflow"].catalogue)
def test_every_models_hyperparameters_are_taken(model_id: str) -> None:
    given = {**hyperparameters.retrieve_default(model_id=model_id), "model_id": model_id, "training_data_path": "a"}
    request = parse(ALGORITHMS["sagemaker_object_detection_tensorflow"], given)
    assert request.spec.model.model_id == model_id
    assert request.spec.optimization.epochs == int(given["epochs"])
    assert str(request.spec.model.image_size[0]) in model_id


@pytest.mark.parametrize("function", [image_uris.retrieve, model_uris.retrieve, script_uris.retrieve])
def test_an_unknown_model_is_refused_with_close_ones(function: object) -> None:
    assert callable(function)
    with pytest.raises(ValueError, match=f"must be one of the catalogue's 13, such as .*{RESNET}.*, got '{RESNET}1'"):
        function(model_id=f"{RESNET}1")


def test_a_model_must_be_named() -> None:
    with pytest.raises(ValueError, match="must be one of the catalogue's 13, .* got None"):
        model_uris.retrieve()
    with pytest.raises(ValueError, match="name a model_id, or an algorithm such as 'object-detection'"):
        image_uris.retrieve()
    assert model_id_of("s3://bucket/model") == ""


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("object-detection", "sagemaker_object_detection"),
        ("811284229777.dkr.ecr.us-east-1.amazonaws.com/object-detection:1", "sagemaker_object_detection"),
        ("gcr.io/cloud-ml-algos/image_object_detection:latest", "image_object_detection"),
        ("boxwright/image_object_detection@sha256:0", "image_object_detection"),
    ],
)
def test_an_image_names_its_algorithm(uri: str, name: str) -> None:
    assert algorithm_of(uri).name == name


def test_algorithms_have_images() -> None:
    for name in ALGORITHMS:
        assert algorithm_of(image_uris.retrieve(name, region="us-east-1", version="1")).name == name
    assert algorithm_of(image_uris.retrieve("object-detection", "us-east-1")).name == "sagemaker_object_detection"
    with pytest.raises(ValueError, match=r"must name an algorithm \(image_object_detection, .*\), got 'xgboost'"):
        image_uris.retrieve("xgboost", "us-east-1")
