"""A real study: two tiny training runs, each a process of its own."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright import modeldir, work
from boxwright.claim import claim
from boxwright.jobdir import Job, JobDir
from boxwright.spec.study import Study
from boxwright.tune import results

RATE = {
    "parameterName": "initial_learning_rate",
    "type": "DOUBLE",
    "minValue": 0.001,
    "maxValue": 0.01,
    "scaleType": "UNIT_LOG_SCALE",
}


def test_two_trials(tmp_path: Path, tiny: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    study = Study.read({"maxTrials": 2, "maxParallelTrials": 2, "hyperparameterMetricTag": "AP50", "params": [RATE]})
    jobdir = JobDir(tmp_path / "study")
    arguments = tiny(max_steps=2, pretrained_checkpoint_path="imagenet")
    claim(jobdir, Job(kind="tune", algorithm="image_object_detection", arguments=arguments, study=study))
    result = work.work(jobdir.path)
    assert result["status"] == "finished"
    trials = json.loads(jobdir.trials_file.read_text())
    assert [trial["state"] for trial in trials] == ["SUCCEEDED", "SUCCEEDED"]
    rates = [trial["hyperparameters"]["initial_learning_rate"] for trial in trials]
    assert len(set(rates)) == 2
    for trial, rate in zip(trials, rates, strict=True):
        card = modeldir.read_card(str(jobdir.model / f"trial_{trial['trialId']}"))
        assert card.spec.optimization.initial_learning_rate == float(rate)
        assert re.fullmatch(r"2\.\d+\.\d+", trial["builtInAlgorithmOutput"]["runtimeVersion"])
        folder = results.trial_folder(jobdir, trial["trialId"])
        values = {event.step: event.values["AP50"] for event in folder.events() if event.kind == "evaluation"}
        assert trial["finalMetric"]["objectiveValue"] == max(values.values())
    best = modeldir.read_card(str(jobdir.model))
    assert best.spec.optimization.initial_learning_rate == float(rates[int(result["best_trial"]) - 1])
    assert (jobdir.model / "saved_model.pb").exists()
    assert "AP50" in result["table"]
