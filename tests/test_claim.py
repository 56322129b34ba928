"""Tests of taking a job's folder, and of going on there."""

from pathlib import Path

import pytest

from boxwright.claim import claim
from boxwright.jobdir import Event, Job, JobDir
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.study import Study
from boxwright.spec.training import DataSpec, OptimizationSpec, TrainSpec

SPEC = TrainSpec(
    data=DataSpec(training_data_path="a", validation_data_path="b"), optimization=OptimizationSpec(max_steps=600)
)
IN_EPOCHS = SPEC.model_copy(update={"optimization": OptimizationSpec(epochs=5, max_steps=600)})  # 120 steps each


def job(**arguments: str) -> Job:
    return Job(algorithm="image_object_detection", arguments=arguments)


@pytest.fixture
def jobdir(tmp_path: Path) -> JobDir:
    return JobDir(tmp_path / "run")


@pytest.fixture
def begun(jobdir: JobDir) -> JobDir:
    """A folder whose job has been given its spec."""
    there = claim(jobdir, job(max_steps="600", seed="1"))
    jobdir.write_job(there.model_copy(update={"spec": SPEC}))
    return jobdir


@pytest.fixture
def in_epochs(jobdir: JobDir) -> JobDir:
    """A finished job of five epochs, which were not asked for."""
    there = claim(jobdir, job(seed="1"))
    jobdir.write_job(there.model_copy(update={"spec": IN_EPOCHS}))
    jobdir.write_result({"status": "finished", "best_step": 600, "stop": None})
    return jobdir


def test_the_same_job_is_found_again(begun: JobDir) -> None:
    for arguments in ({"max_steps": "600", "seed": "1"}, {"seed": "1", "max_steps": "600", "ema": "auto"}):
        found = claim(begun, job(**arguments))
        assert found.spec == SPEC


def test_another_job_is_refused_with_what_differs(begun: JobDir) -> None:
    with pytest.raises(FileExistsError) as refused:
        claim(begun, job(max_steps="600", seed="2", image_size="64,64"))
    said = str(refused.value)
    assert "holds another run of image_object_detection" in said
    assert "image_size: not given there, 64,64 now; seed: 1 there, 2 now" in said
    assert "choose a new --job-dir" in said
    assert begun.read_job() == job(max_steps="600", seed="1").model_copy(update={"spec": SPEC})
    with pytest.raises(FileExistsError, match="another run"):
        claim(begun, job(max_steps="900", seed="2"))


def test_another_algorithm_is_refused(begun: JobDir) -> None:
    with pytest.raises(FileExistsError, match="holds another run of image_object_detection"):
        claim(begun, Job(algorithm="image_classification", arguments={"max_steps": "600", "seed": "1"}))


def test_more_steps_continue(begun: JobDir) -> None:
    begun.write_result({"status": "finished", "best_step": 600})
    found = claim(begun, job(max_steps="900", seed="1"))
    assert found.spec is not None and found.spec.optimization.max_steps == 900
    assert found.spec.model_copy(update={"optimization": SPEC.optimization}) == SPEC
    assert begun.read_job() == found
    assert begun.read_result() is None


@pytest.mark.parametrize(
    ("arguments", "got"), [({"max_steps": "300"}, "300"), ({}, "none"), ({"max_steps": "auto"}, "none")]
)
def test_fewer_steps_do_not(begun: JobDir, arguments: dict[str, str], got: str) -> None:
    with pytest.raises(FileExistsError, match=f"holds a run of 600 steps; .* max_steps must be larger, got {got}"):
        claim(begun, job(seed="1", **arguments))


def test_a_job_that_never_began_may_be_corrected(jobdir: JobDir) -> None:
    claim(jobdir, job(training_data_path="wrong"))
    jobdir.append(Event(kind="data", step=0))
    corrected = job(training_data_path="right", max_steps="3")
    assert claim(jobdir, corrected) == jobdir.read_job() == corrected
    assert list(jobdir.events()) == []


def test_foreign_files_are_left_alone(jobdir: JobDir) -> None:
    jobdir.path.mkdir()
    for name in ("thesis.tex", "photo.jpg"):
        (jobdir.path / name).write_text("mine")
    with pytest.raises(FileExistsError, match=r"holds files that are no job's \(photo.jpg, thesis.tex\); choose a new"):
        claim(jobdir, job())
    assert len(list(jobdir.path.iterdir())) == 2


def test_an_empty_folder_and_what_a_full_disk_leaves_are_taken(jobdir: JobDir) -> None:
    (jobdir.path / "checkpoints").mkdir(parents=True)
    assert claim(jobdir, job()) == job()


def test_more_epochs_continue(in_epochs: JobDir) -> None:
    found = claim(in_epochs, job(seed="1", epochs="7"))
    assert found.spec is not None
    assert (found.spec.optimization.epochs, found.spec.optimization.max_steps) == (7, 840)
    assert found.spec.model_copy(update={"optimization": IN_EPOCHS.optimization}) == IN_EPOCHS
    assert in_epochs.read_job() == found
    assert in_epochs.read_result() is None
    longer = claim(in_epochs, job(seed="1", epochs="9"))
    assert longer.spec is not None and longer.spec.optimization.max_steps == 1080
    counted = claim(in_epochs, job(seed="1", epochs="9", max_steps="2000"))
    assert counted.spec is not None and counted.spec.optimization.max_steps == 2000


@pytest.mark.parametrize("epochs", ["5", "3"])
def test_fewer_epochs_do_not(in_epochs: JobDir, epochs: str) -> None:
    with pytest.raises(FileExistsError, match=f"holds a run of 5 epochs; .* epochs must be larger, got {epochs}"):
        claim(in_epochs, job(seed="1", epochs=epochs))
    assert in_epochs.read_result() is not None


def test_a_run_that_is_counted_in_steps_is_not_lengthened_by_epochs(begun: JobDir) -> None:
    with pytest.raises(FileExistsError, match="holds a run of 600 steps; .* max_steps must be larger, got 600"):
        claim(begun, job(max_steps="600", seed="1", epochs="99"))


def test_a_run_that_stopped_early_is_not_lengthened(in_epochs: JobDir) -> None:
    in_epochs.write_result({"status": "finished", "best_step": 240, "stop": "early stopping"})
    with pytest.raises(FileExistsError, match="early stopping has ended.* pretrained_checkpoint_path=.*/run/model"):
        claim(in_epochs, job(seed="1", epochs="7"))
    assert claim(in_epochs, job(seed="1")).spec == IN_EPOCHS


def test_a_search_is_not_lengthened(jobdir: JobDir) -> None:
    study = Study.read(
        {"goal": "MAXIMIZE", "params": [{"parameterName": "ema", "type": "DOUBLE", "minValue": 0, "maxValue": 0.9}]}
    )
    search = job(max_steps="5").model_copy(update={"kind": "tune", "study": study})
    claim(jobdir, search)
    with pytest.raises(FileExistsError, match="max_steps: 5 there, 6 now"):
        claim(jobdir, search.model_copy(update={"arguments": {"max_steps": "6"}}))
    assert claim(jobdir, search) == search


def prediction(**changes: object) -> Job:
    given = {"uri": "/m", "dataFormat": "JSON", "inputPaths": ["/in"], "outputPath": "/out", **changes}
    return Job(kind="prediction", algorithm="batch_prediction", arguments={}, prediction=PredictionInput.read(given))


def test_a_prediction_goes_on_with_as_many_threads_as_it_likes(jobdir: JobDir) -> None:
    claim(jobdir, prediction())
    jobdir.append(Event(kind="planned", step=0))
    changed = prediction(maxWorkerCount=1, batchSize=8)
    assert claim(jobdir, changed) == jobdir.read_job() == changed


def test_another_prediction_is_refused_once_one_has_begun(jobdir: JobDir) -> None:
    claim(jobdir, prediction(uri="/wrong"))
    assert claim(jobdir, prediction()) == jobdir.read_job() == prediction()
    jobdir.append(Event(kind="planned", step=0))
    for field, changes in (("uri", {"uri": "/n"}), ("input_paths", {"inputPaths": ["/b"]})):
        with pytest.raises(FileExistsError, match=rf"holds another prediction \({field}: .* there, .* now\)"):
            claim(jobdir, prediction(**changes))
    with pytest.raises(FileExistsError, match="holds another run of batch_prediction"):
        claim(jobdir, job(seed="1"))
