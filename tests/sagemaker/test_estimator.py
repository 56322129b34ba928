"""Tests of the estimator: the calls of SageMaker's examples; tests/test_examples.py runs one from end to end."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.jobdir import JobDir
from boxwright.sagemaker import endpoint, hyperparameters, image_uris, model_uris
from boxwright.sagemaker.estimator import Estimator
from boxwright.sagemaker.inputs import TrainingInput
from boxwright.sagemaker.job import JobFailed, Metric
from boxwright.sagemaker.session import Session

IMAGE = "image_object_detection"
MODEL_ID = "tensorflow-od1-ssd-mobilenet-v2-fpnlite-320x320-coco17-tpu-8"


def test_a_job_is_found_again(play: Callable[..., Any], shapes: str, capsys: pytest.CaptureFixture[str]) -> None:
    play()
    estimator = Estimator(image_uris.retrieve(IMAGE), base_job_name="my_shapes")
    estimator.fit({"training": shapes})
    shown = capsys.readouterr().out
    assert shown.splitlines()[-1] == "step 2: AP 0.1250  AP50 0.5000  AP75 0.0000"
    assert estimator.final_metrics == {"train:loss": 1.25, "validation:AP": 0.125, "validation:AP50": 0.5}
    assert estimator.metrics[-1] == Metric("validation:AP50", 0.5)
    assert estimator.job_name.startswith("my-shapes-20")
    attached = Estimator.attach(estimator.job_name)
    assert attached.model_data == estimator.model_data
    assert attached.algorithm is estimator.algorithm
    attached.logs()
    assert capsys.readouterr().out == shown


def test_the_example_of_the_documentation(play: Callable[..., Any], shapes: str, buckets: Path) -> None:
    actor = play()
    values = hyperparameters.retrieve_default(model_id=MODEL_ID, model_version="*")
    values["epochs"] = "2"
    estimator = Estimator(
        role="role",
        image_uri=image_uris.retrieve(model_id=MODEL_ID, model_version="*"),
        source_dir="boxwright://scripts/transfer_learning",
        model_uri=model_uris.retrieve(model_id=MODEL_ID, model_version="*"),
        entry_point="transfer_learning.py",
        instance_count=1,
        instance_type="ml.p3.2xlarge",
        max_run=360000,
        hyperparameters=values,
        output_path="s3://boxwright/example/output",
    )
    estimator.fit({"training": shapes}, logs=True)
    assert actor.started == [str(buckets / "boxwright" / "example" / "output" / estimator.job_name)]
    job = JobDir(Path(actor.started[0])).read_job()
    assert job is not None and job.algorithm == "sagemaker_object_detection_tensorflow"
    assert job.arguments == {**values, "model_id": MODEL_ID, "training_data_path": shapes}


LISTING = """
model_id, model_version = "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8", "*"
training_instance_type = "ml.p3.2xlarge"
train_image_uri = image_uris.retrieve(model_id=model_id,model_version=model_version,image_scope="training",\
instance_type=training_instance_type,region=None,framework=None)
train_source_uri = script_uris.retrieve(model_id=model_id, model_version=model_version, script_scope="training")
train_model_uri = model_uris.retrieve(model_id=model_id, model_version=model_version, model_scope="training")

output_bucket = sess.default_bucket()
output_prefix = "jumpstart-example-tensorflow-od-training"
s3_output_location = f"s3://{output_bucket}/{output_prefix}/output"

tf_od_estimator = Estimator(
    role=aws_role,
    image_uri=train_image_uri,
    source_dir=train_source_uri,
    model_uri=train_model_uri,
    entry_point="transfer_learning.py",
    instance_count=1,
    instance_type=training_instance_type,
    max_run=360000,
    hyperparameters=hyperparameters,
    output_path=s3_output_location,)

IMPORT_AGAIN
hyperparameters = hyperparameters.retrieve_default(model_id=model_id, model_version=model_version)
hyperparameters["epochs"] = "7"

training_data_bucket = f"jumpstart-cache-prod-{aws_region}"
training_data_prefix = "training-datasets/PennFudanPed_COCO_format/"

training_dataset_s3_path = f"s3://{training_data_bucket}/{training_data_prefix}"

tf_od_estimator.fit({"training": training_dataset_s3_path}, logs=True)
"""
"""Statements of SageMaker's published example, in its order, with another number of epochs."""

IMPORTS = """
from boxwright.sagemaker import image_uris, model_uris, script_uris, hyperparameters
from boxwright.sagemaker.estimator import Estimator
"""


@pytest.mark.parametrize("again", ["", "from boxwright.sagemaker import hyperparameters"])
def test_sagemakers_listing_in_its_own_order(play: Callable[..., Any], shapes: str, buckets: Path, again: str) -> None:
    actor, session = play(), Session()
    session.create_bucket("jumpstart-cache-prod-local")
    session.upload_data(shapes, "jumpstart-cache-prod-local", "training-datasets/PennFudanPed_COCO_format")
    names = {"sess": session, "aws_role": session.get_caller_identity_arn(), "aws_region": session.boto_region_name}
    exec(IMPORTS + LISTING.replace("IMPORT_AGAIN", again), names)
    job = JobDir(Path(actor.started[0])).read_job()
    assert job is not None and job.algorithm == "sagemaker_object_detection_tensorflow"
    assert (job.arguments["epochs"], job.arguments["batch_size"]) == ("7", "3")
    assert job.arguments["model_id"] == "tensorflow-od1-ssd-resnet50-v1-fpn-640x640-coco17-tpu-8"
    data = buckets / "jumpstart-cache-prod-local" / "training-datasets" / "PennFudanPed_COCO_format"
    assert job.arguments["training_data_path"] == str(data)


def test_the_module_stands_for_what_is_retrieved_from_it_last() -> None:
    uri = model_uris.retrieve(model_id=MODEL_ID)
    values = hyperparameters.retrieve_default(model_id=MODEL_ID)
    published = dict(values)
    estimator = Estimator(image_uris.retrieve(model_id=MODEL_ID), hyperparameters=hyperparameters, model_uri=uri)
    hyperparameters.retrieve_default(model_id=MODEL_ID.replace("320x320", "640x640"))["epochs"] = "9"  # of another one
    assert estimator.hyperparameters() == published
    values["epochs"] = "2"
    estimator.set_hyperparameters(batch_size=1)
    assert estimator.hyperparameters() == {**published, "epochs": "2", "batch_size": 1}
    assert hyperparameters.retrieve_default(model_id=MODEL_ID) == published
    assert estimator.hyperparameters() == {**published, "batch_size": 1}


def test_a_dictionary_is_taken_as_it_is_when_it_is_given() -> None:
    values = hyperparameters.retrieve_default(model_id=MODEL_ID)
    estimator = Estimator(IMAGE, hyperparameters=values)
    values["epochs"] = "2"
    assert estimator.hyperparameters()["epochs"] == "5"


def test_hyperparameters_can_be_changed() -> None:
    estimator = Estimator(IMAGE)
    estimator.set_hyperparameters(max_steps=3, image_size="64,64")
    assert estimator.hyperparameters() == {"max_steps": 3, "image_size": "64,64"}


def test_channels_and_formats_of_inputs(play: Callable[..., Any], shapes: str) -> None:
    actor = play()
    estimator = Estimator(IMAGE, hyperparameters={"max_steps": 2})
    estimator.fit({"train": TrainingInput(shapes), "validation": shapes}, logs="None", job_name="both")
    job = JobDir(Path(actor.started[0])).read_job()
    assert job is not None
    assert job.arguments == {"max_steps": "2", "training_data_path": shapes, "validation_data_path": shapes}
    estimator.fit({"train": TrainingInput(shapes), "validation": shapes}, logs=False, job_name="both")
    assert actor.started[0] == actor.started[1]


def test_nothing_is_shown_where_nothing_should_be(
    play: Callable[..., Any], shapes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    play()
    estimator = Estimator(IMAGE, metric_definitions=[{"Name": "middle", "Regex": "AP50 ([0-9.]+)"}])
    estimator.fit(shapes, wait=False)
    assert estimator.metrics == []
    estimator.wait(logs="None")
    assert capsys.readouterr().out == ""
    assert estimator.final_metrics == {"middle": 0.5}


def test_a_failure_is_raised(play: Callable[..., Any], failing: Callable[[JobDir], int], shapes: str) -> None:
    play(failing)
    estimator = Estimator(IMAGE)
    with pytest.raises(JobFailed, match=r"job image-object-detection-.* ended as Failed: the pictures are of cats"):
        estimator.fit(shapes)
    with pytest.raises(ValueError, match="has no model: Failed the pictures are of cats"):
        _ = estimator.model_data


def test_a_run_that_takes_too_long_is_ended(play: Callable[..., Any], shapes: str) -> None:
    actor = play(lambda _: None)
    estimator = Estimator(IMAGE, max_run=1)
    began = time.monotonic()
    with pytest.raises(JobFailed, match="ended as Stopped"):
        estimator.fit(shapes)
    assert actor.stopped == 1
    assert 0.9 < time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"image_uri": "xgboost"}, "must name an algorithm"),
        ({"instance_count": 2}, "instance_count must be 1, as one machine trains, got 2"),
        ({"input_mode": "Pipe"}, "input_mode must be File or FastFile, got 'Pipe'"),
        ({"metric_definitions": [{"Name": "a", "Regex": "("}]}, "a Regex that can be read"),
    ],
)
def test_what_cannot_be_done_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Estimator(**{"image_uri": IMAGE, **changes})


def test_arguments_are_looked_at_before_the_start(play: Callable[..., Any], shapes: str) -> None:
    actor = play()
    with pytest.raises(ValueError, match="did you mean --max_steps"):
        Estimator(IMAGE, hyperparameters={"max_step": 1}).fit(shapes)
    assert actor.started == []


def test_without_a_job_there_is_nothing_to_ask() -> None:
    estimator = Estimator(IMAGE)
    for ask in (lambda: estimator.job_name, lambda: estimator.model_data, estimator.wait):
        with pytest.raises(ValueError, match="there is no job yet; call fit first"):
            ask()


def test_the_model_is_deployed_under_a_name_made_of_the_job_s(
    shapes: str, play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    play()
    started: list[Any] = []
    monkeypatch.setattr(endpoint, "start", lambda *given: started.append(given))
    estimator = Estimator(IMAGE)
    with pytest.raises(ValueError, match="there is no job yet"):
        estimator.deploy(initial_instance_count=1, instance_type="ml.m5.large")
    estimator.fit(shapes, job_name="my_job.1")
    seen: list[Any] = []
    estimator.deploy(
        initial_instance_count=2,
        instance_type="ml.m5.large",
        entry_point="inference.py",
        predictor_cls=lambda *given, **named: seen.append((given, named)),
    )
    assert started == [("my-job-1", estimator.model_data, 2)]
    assert seen == [(("my-job-1", estimator.sagemaker_session), {"serializer": None, "deserializer": None})]


def test_a_server_trains_where_one_is_named(plane: Any, shapes: str, capsys: pytest.CaptureFixture[str]) -> None:
    estimator = Estimator(IMAGE, hyperparameters={"max_steps": 2}, max_run=100)
    estimator.fit(shapes, wait=False, job_name="far-away")
    record = plane.start()
    JobDir(Path(record.job_dir)).log("step 2: AP 0.1250  AP50 0.5000  AP75 0.0000", 1.0)
    plane.end(record, output={"builtInAlgorithmOutput": {"modelPath": "/models/a"}})
    estimator.wait()
    assert capsys.readouterr().out == "step 2: AP 0.1250  AP50 0.5000  AP75 0.0000\n"
    assert estimator.final_metrics == {"validation:AP": 0.125, "validation:AP50": 0.5}
    assert Estimator.attach("far-away").model_data == "/models/a"
