"""Tests of what is looked at before a job is queued."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boxwright.admission import Limits, admit, check_inside
from boxwright.claim import claim
from boxwright.jobdir import Job, JobDir
from boxwright.spec.job import JobRequest
from boxwright.spec.machine import Machine
from boxwright.spec.resource import InvalidResource

IMAGE = "gcr.io/cloud-ml-algos/image_object_detection:latest"


def previous(job_id: str) -> str:
    raise LookupError(f"no finished job {job_id!r}")


@pytest.fixture
def limits(tmp_path: Path) -> Limits:
    machine = Machine(cores=2, memory=24 * 10**9)
    return Limits(machine, (str(tmp_path / "jobs"),), str(tmp_path / "data"), allow_substitute=False, previous=previous)


@pytest.fixture
def request_of(tiny: Callable[..., dict[str, str]], tmp_path: Path) -> Callable[..., JobRequest]:
    """A good request; keywords replace parts of its trainingInput, `arguments` some of its arguments."""

    def make(arguments: dict[str, object] | None = None, **changes: Any) -> JobRequest:
        args = [f"--{name}={value}" for name, value in tiny(**(arguments or {})).items()]
        given = {"masterConfig": {"imageUri": IMAGE}, "jobDir": str(tmp_path / "jobs" / "one"), "args": args}
        return JobRequest.read({"jobId": "one", "trainingInput": given | changes})

    return make


def faults(request: JobRequest, limits: Limits) -> dict[str, str]:
    with pytest.raises(InvalidResource) as refused:
        admit(request, limits)
    return {fault.path.removeprefix("trainingInput."): fault.message for fault in refused.value.faults}


def study(**changes: Any) -> dict[str, Any]:
    rate = {"parameterName": "initial_learning_rate", "type": "DOUBLE", "minValue": 0.001, "maxValue": 0.1}
    return {"maxTrials": 2, "params": [rate], **changes}


def test_a_good_job_is_admitted(request_of: Any, limits: Limits, tiny: Any, tmp_path: Path) -> None:
    admitted = admit(request_of(), limits)
    assert admitted.job == Job(kind="train", algorithm="image_object_detection", arguments=tiny())
    assert admitted.job_dir == str(tmp_path / "jobs" / "one")
    assert (admitted.assignment.accelerator, admitted.assignment.devices) == ("cpu", 0)
    assert not (tmp_path / "jobs").exists()


def test_a_job_without_a_folder_gets_one(request_of: Any, limits: Limits, tmp_path: Path) -> None:
    assert admit(request_of(jobDir=""), limits).job_dir == str(tmp_path / "data" / "one")


def test_a_study_is_admitted(request_of: Any, limits: Limits) -> None:
    job = admit(request_of(hyperparameters=study()), limits).job
    assert job.kind == "tune" and job.study is not None and job.study.max_trials == 2


@pytest.mark.parametrize(
    ("name", "metric", "arguments"),
    [
        ("sagemaker_object_detection", "validation:mAP", ["--num_classes=2", "--num_training_samples=12"]),
        ("sagemaker_object_detection_tensorflow", "validation:localization_loss", []),
    ],
)
def test_sagemakers_metrics_can_be_searched_by(
    request_of: Any, limits: Limits, tiny: Any, name: str, metric: str, arguments: list[str]
) -> None:
    rate = {"parameterName": "learning_rate", "type": "DOUBLE", "minValue": 1e-6, "maxValue": 0.5}
    given = {
        "masterConfig": {"imageUri": f"boxwright/{name}:latest"},
        "args": [f"--training_data_path={tiny()['training_data_path']}", *arguments],
        "hyperparameters": study(hyperparameterMetricTag=metric, goal="MINIMIZE", params=[rate]),
    }
    assert admit(request_of(**given), limits).job.algorithm == name
    given["hyperparameters"]["params"] = [{**rate, "maxValue": 1.5}]
    assert "--learning_rate must be" in faults(request_of(**given), limits)["hyperparameters.params[0]"]


def test_a_searched_argument_may_also_be_given(request_of: Any, limits: Limits) -> None:
    assert admit(request_of({"initial_learning_rate": 0.08}, hyperparameters=study()), limits).job.kind == "tune"


def test_wait_is_admitted(request_of: Any, limits: Limits) -> None:
    given = {"masterConfig": {"imageUri": "wait"}}
    assert admit(request_of(**given, args=["--steps=3"]), limits).job.kind == "wait"
    assert "greater than or equal to 0" in faults(request_of(**given, args=["--steps=-3"]), limits)["args.steps"]


def test_all_faults_are_told_together(request_of: Any, limits: Limits) -> None:
    request = request_of({"max_steps": 0, "fpn_tipe": "fpn"}, jobDir="/elsewhere/x", scaleTier="BASIC_GPU")
    assert set(faults(request, limits)) == {"jobDir", "trainingInput", "args"}
    inside = request_of({"max_steps": 0, "fpn_tipe": "fpn"})
    with pytest.raises(InvalidResource) as refused:
        admit(inside, limits)
    said = str(refused.value)
    assert "--fpn_tipe is not an argument" in said and "did you mean --fpn_type?" in said and "--max_steps" in said


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        (
            {"masterConfig": {"imageUri": "gcr.io/x/image_classification:1"}},
            "masterConfig.imageUri",
            "must name an algor",
        ),
        ({"masterConfig": {}}, "masterConfig.imageUri", "must name an algorithm"),
        ({"args": ["training_data_path=x"]}, "args", "expected --name=value"),
        ({"hyperparameters": study(hyperparameterMetricTag="F1")}, "hyperparameters.hyperparameterMetricTag", "AP50"),
        (
            {
                "hyperparameters": study(
                    params=[{"parameterName": "speed", "type": "CATEGORICAL", "categoricalValues": ["a"]}]
                )
            },
            "hyperparameters.params[0]",
            "--speed is not an argument",
        ),
        (
            {
                "hyperparameters": study(
                    params=[{"parameterName": "ema", "type": "DOUBLE", "minValue": 0.1, "maxValue": 2}]
                )
            },
            "hyperparameters.params[0]",
            "--ema",
        ),
        (
            {
                "hyperparameters": study(
                    params=[{"parameterName": "backbone", "type": "DISCRETE", "discreteValues": [1]}]
                )
            },
            "hyperparameters.params[0]",
            "--backbone",
        ),
        (
            {"hyperparameters": study(resumePreviousJobId="old")},
            "hyperparameters.resumePreviousJobId",
            "no finished job",
        ),
    ],
)
def test_faults(request_of: Any, limits: Limits, changes: dict[str, Any], path: str, said: str) -> None:
    assert said in faults(request_of(**changes), limits)[path]


def test_data_that_is_not_there(request_of: Any, limits: Limits) -> None:
    request = request_of({"training_data_path": "/nowhere/train-*"})
    assert "--training_data_path: no file matches" in faults(request, limits)["args"]


def test_the_folder_of_another_job(request_of: Any, limits: Limits, tmp_path: Path) -> None:
    folder = JobDir(tmp_path / "jobs" / "one")
    claim(folder, Job(kind="wait", algorithm="wait", arguments={}))
    assert "holds another run" in faults(request_of(), limits)["jobDir"]


def test_machines(request_of: Any, limits: Limits) -> None:
    with pytest.raises(InvalidResource, match="this machine has 2 cores, 24 GB, no GPU; it falls short") as refused:
        admit(request_of(scaleTier="BASIC_GPU"), limits)
    assert "--allow-substitute" in str(refused.value)
    for allowed in (
        admit(request_of(scaleTier="BASIC_GPU"), replace(limits, allow_substitute=True)),
        admit(request_of(scaleTier="BASIC_GPU", allowSubstitute=True), limits),
    ):
        assert allowed.assignment.accelerator == "cpu"
        assert allowed.assignment.lines == ("scaleTier BASIC_GPU (1 x NVIDIA_TESLA_K80) -> 2 cores of the processor",)


def test_folders_below_the_roots(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "in").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    check_inside(str(root / "in" / "job"), (str(root),))
    check_inside("gs://bucket/jobs/one", ("gs://bucket/jobs",))
    outside = (
        root,
        root / "out" / "job",
        root / ".." / "job",
        f"{root}er/job",
        "gs://bucket/jobs/../x",
        "gs://b/jobs/x",
    )
    for place in outside:
        with pytest.raises(ValueError, match="must lie below"):
            check_inside(str(place), (str(root), "gs://bucket/jobs"))
