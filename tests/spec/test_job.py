"""Tests of the job resource."""

from typing import Any

import pytest

from boxwright.spec.job import MAX_LABELS, WEEK, JobRequest, TrainingInput, check_labels
from boxwright.spec.resource import InvalidResource

IMAGE = "gcr.io/cloud-ml-algos/image_object_detection:latest"

CONFIG: dict[str, Any] = {
    "scaleTier": "CUSTOM",
    "masterType": "n1-standard-16",
    "masterConfig": {"imageUri": IMAGE, "acceleratorConfig": {"type": "NVIDIA_TESLA_P100", "count": 1}},
    "workerType": "cloud_tpu",
    "workerConfig": {
        "imageUri": IMAGE,
        "tpuTfVersion": 1.14,
        "acceleratorConfig": {"type": "TPU_V2", "count": 8},
    },
    "workerCount": 1,
}
"""The trainingInput of the managed service's example."""


def faults(**changes: Any) -> list[str]:
    with pytest.raises(InvalidResource) as refused:
        JobRequest.read({"jobId": "one", "trainingInput": {}, **changes})
    return [str(fault) for fault in refused.value.faults]


def test_the_published_example_is_read() -> None:
    given = TrainingInput.read(CONFIG)
    assert (given.scale_tier, given.master_type, given.worker_count) == ("CUSTOM", "n1-standard-16", 1)
    assert given.worker_config is not None
    assert given.worker_config.tpu_tf_version == "1.14"
    assert given.algorithm == "image_object_detection"
    assert given.scheduling.max_running_time == WEEK == 604800


def test_what_is_written_is_read_again() -> None:
    request = JobRequest.read(
        {
            "jobId": "Job_1",
            "trainingInput": {**CONFIG, "scheduling": {"maxRunningTime": "3600s", "maxWaitTime": "1800.5s"}},
            "labels": {"owner": "anna"},
        }
    )
    written = request.written()
    assert written["trainingInput"]["scheduling"] == {"maxRunningTime": "3600s", "maxWaitTime": "1800.5s"}
    assert "region" not in written["trainingInput"]
    assert JobRequest.read(written) == request


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        (IMAGE, "image_object_detection"),
        ("image_object_detection", "image_object_detection"),
        ("localhost:5000/a/wait@sha256:0f", "wait"),
        ("localhost:5000/a/wait:1.2@sha256:0f", "wait"),
        ("", ""),
    ],
)
def test_image_names_the_algorithm(uri: str, name: str) -> None:
    assert TrainingInput.read({"masterConfig": {"imageUri": uri}}).algorithm == name


def test_no_image_is_no_algorithm() -> None:
    assert TrainingInput().algorithm == TrainingInput().image_uri == ""


@pytest.mark.parametrize("job_id", ["a/b", "", "1a", "_a", "a-b", "a.b", "a" * 129, "ä", "a\n"])
def test_impossible_ids(job_id: str) -> None:
    (fault,) = faults(jobId=job_id)
    assert fault == (
        f"jobId: a job's id is 1 to 128 letters, digits and underscores and starts with a letter, got {job_id!r}"
    )


@pytest.mark.parametrize("job_id", ["a", "A_1", "a" * 128])
def test_possible_ids(job_id: str) -> None:
    assert JobRequest.read({"jobId": job_id, "trainingInput": {}}).job_id == job_id


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"scaleTeir": "BASIC"}, "trainingInput.scaleTeir: unknown key"),
        ({"scaleTier": "HUGE"}, "trainingInput.scaleTier: Input should be 'BASIC', "),
        ({"scaleTier": "CUSTOM"}, "trainingInput: scaleTier CUSTOM needs masterType"),
        ({"masterType": "n1-standard-4"}, "trainingInput: masterType needs scaleTier CUSTOM, got BASIC"),
        ({"workerCount": -1}, "trainingInput.workerCount: Input should be greater than or equal to 0, got -1"),
        ({"args": "--a=1"}, "trainingInput.args: Input should be a valid tuple, got '--a=1'"),
        ({"scheduling": {"maxRunningTime": "1h"}}, "expected a duration in seconds such as '3600s', got '1h'"),
        ({"scheduling": {"maxRunningTime": "0s"}}, "trainingInput.scheduling.maxRunningTime: Input should be greater"),
        ({"scheduling": {"maxWaitTime": "1799s"}}, "greater than or equal to 1800, got '1799s'"),
        ({"scheduling": {"priority": 1001}}, "less than or equal to 1000, got 1001"),
        ({"masterConfig": {"acceleratorConfig": {"count": -1}}}, "trainingInput.masterConfig.acceleratorConfig.count"),
        ({"hyperparameters": {}}, "trainingInput.hyperparameters: params must name at least one parameter to search"),
    ],
)
def test_impossible_input(given: dict[str, Any], said: str) -> None:
    (fault,) = faults(trainingInput=given)
    assert said in fault


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(jobId="a/b", trainingInput={"foo": 1, "workerCount": "x"}, labels={"A": "b"}, more=1)) == 5


@pytest.mark.parametrize("labels", [{}, {"a": ""}, {"a-b_1": "x" * 63}, {f"k{n}": "v" for n in range(MAX_LABELS)}])
def test_possible_labels(labels: dict[str, str]) -> None:
    assert JobRequest.read({"jobId": "a", "trainingInput": {}, "labels": labels}).labels == labels


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"Owner": "anna"}, "got Owner=anna"),
        ({"owner": "Anna"}, "got owner=Anna"),
        ({"1a": "b"}, "starts with a lowercase letter"),
        ({"": "b"}, "starts with a lowercase letter"),
        ({"a": "b" * 64}, "at most 63"),
        ({f"k{n}": "v" for n in range(MAX_LABELS + 1)}, "at most 64 labels, got 65"),
    ],
)
def test_impossible_labels(labels: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_labels(labels)
