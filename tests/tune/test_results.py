"""Tests of what a study leaves behind."""

import shutil
from pathlib import Path

import pytest
import yaml

from boxwright import modeldir
from boxwright.jobdir import JobDir
from boxwright.tune import results


@pytest.fixture
def jobdir(tmp_path: Path) -> JobDir:
    """A study's folder with two trials that have models."""
    found = JobDir(tmp_path / "flowers")
    for id in (1, 2):
        folder = results.trial_folder(found, id)
        (folder.model / "variables").mkdir(parents=True)
        (folder.model / "variables" / "data").write_text(f"weights {id}")
        modeldir.write_deployment_config(str(folder.model), job_id="1", step=5, runtime_version="2.20.0")
        folder.checkpoints.mkdir()
    return found


def config(model: Path) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((model / "deployment_config.yaml").read_text())
    return found


def keep(jobdir: JobDir) -> None:
    results.keep_model(jobdir, 1, 5)
    results.keep_best(jobdir, 1, 5)


def test_models(jobdir: JobDir) -> None:
    keep(jobdir)
    assert (jobdir.model / "variables" / "data").read_text() == "weights 1"
    results.keep_model(jobdir, 2, 7)
    results.keep_best(jobdir, 2, 7)
    assert sorted(path.name for path in jobdir.model.iterdir()) == [
        "deployment_config.yaml",
        "trial_1",
        "trial_2",
        "variables",
    ]
    assert (jobdir.model / "variables" / "data").samefile(jobdir.model / "trial_2" / "variables" / "data")
    assert (jobdir.model / "trial_1" / "variables" / "data").read_text() == "weights 1"
    assert [path.name for path in jobdir.path.iterdir() if path.name.startswith("model")] == ["model"]
    assert not results.trial_folder(jobdir, 2).checkpoints.exists()


def test_the_evaluation_is_that_of_the_best_trial(jobdir: JobDir) -> None:
    """One that has none, of an earlier version, leaves none of another trial."""
    for id in (1, 2):
        folder = results.trial_folder(jobdir, id).evaluation
        (folder / "pictures").mkdir(parents=True)
        (folder / "evaluation.json").write_text(f"figures {id}")
        (folder / "pictures" / "0001.jpg").write_text(f"picture {id}")
    keep(jobdir)
    assert (jobdir.evaluation / "evaluation.json").read_text() == "figures 1"
    results.keep_model(jobdir, 2, 7)
    results.keep_best(jobdir, 2, 7)
    first, second = (results.trial_folder(jobdir, id).evaluation for id in (1, 2))
    assert (jobdir.evaluation / "pictures" / "0001.jpg").samefile(second / "pictures" / "0001.jpg")
    assert (first / "evaluation.json").read_text() == "figures 1"
    shutil.rmtree(second)
    results.keep_best(jobdir, 2, 7)
    assert not jobdir.evaluation.exists() and not (jobdir.path / "evaluation.unfinished").exists()


def test_deployment_configs_name_their_own_place(jobdir: JobDir) -> None:
    keep(jobdir)
    assert config(jobdir.model)["deploymentUri"] == str(jobdir.model)
    assert config(jobdir.model / "trial_1")["deploymentUri"] == str(jobdir.model / "trial_1")
    labels = {"job_id": "flowers", "gloabal_step": "5", "global_step": "5"}
    assert config(jobdir.model)["labels"] == labels
    assert config(jobdir.model / "trial_1")["labels"] == {**labels, "job_id": "flowers_1"}
    assert results.algorithm_output(jobdir.model)["runtimeVersion"] == "2.20.0"


def test_it_may_be_done_twice(jobdir: JobDir) -> None:
    keep(jobdir)
    keep(jobdir)
    assert (jobdir.model / "trial_1" / "variables" / "data").read_text() == "weights 1"


@pytest.mark.parametrize("new_is_there", [True, False])
def test_a_switch_that_was_cut_short_is_mended(jobdir: JobDir, new_is_there: bool) -> None:
    keep(jobdir)
    old = jobdir.path / "model.old"
    if new_is_there:
        shutil.copytree(jobdir.model, old)
    else:
        jobdir.model.rename(old)
    results.mend_models(jobdir)
    assert (jobdir.model / "variables" / "data").read_text() == "weights 1"
    assert not old.exists()


def test_a_disk_without_hard_links(jobdir: JobDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr("os.link", refuse)
    keep(jobdir)
    assert (jobdir.model / "variables" / "data").read_text() == "weights 1"
