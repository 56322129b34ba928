"""Tests of how a worker's end is read and told."""

from dataclasses import replace
from importlib.metadata import version
from typing import Any

import pytest

from boxwright.jobs.outcome import (
    Ending,
    backoff,
    model_output,
    prediction_output,
    tensorflow_version,
    training_output,
)
from boxwright.store import NewJob


@pytest.fixture
def record(desk: Any) -> Any:
    request = {"jobId": "a", "trainingInput": {"hyperparameters": {"hyperparameterMetricTag": "AP50"}}}
    made = desk.store.submit(NewJob("local", "a", "tune", request, "/jobs/a"))
    claimed = desk.store.claim("me", "here", now=made.create_time, lease=9)
    return desk.store.change(claimed, state="RUNNING", start_time=1000.0)


@pytest.mark.parametrize(
    ("ending", "verdict", "said"),
    [
        (Ending({"status": "finished"}, 0), "finished", ""),
        (Ending({"status": "finished"}, None), "finished", ""),
        (Ending({"status": "failed", "fault": "user", "error": "wrong"}, 1), "mistake", "wrong"),
        (Ending({"status": "failed", "fault": "machine", "error": "disk full"}, 70), "fault", "disk full"),
        (Ending(None, -9), "fault", "the job's process was killed (SIGKILL)"),
        (Ending(None, -9, out_of_memory=True), "fault", "the job's process was killed for lack of memory (SIGKILL)"),
        (Ending(None, -11, True, "a\nb"), "fault", "the job's process was killed (SIGSEGV); it printed last:\na\nb"),
        (Ending(None, 3), "fault", "the job's process ended with status 3 and left no result"),
        (Ending(None, None), "fault", "the job's process is gone, and nobody saw why"),
    ],
)
def test_endings(ending: Ending, verdict: str, said: str) -> None:
    assert ending.verdict == verdict
    assert verdict == "finished" or str(ending) == said


def test_backoff_doubles_up_to_five_minutes() -> None:
    assert [backoff(2.0, faults) for faults in (1, 2, 3, 8, 9, 10_000)] == [2, 4, 8, 256, 300, 300]


def test_output_of_a_study(record: Any) -> None:
    trials = [{"trialId": "1", "state": "SUCCEEDED"}, {"trialId": "2", "state": "FAILED"}]
    assert training_output(record, trials, 1000.0 + 1800) == {
        "consumedMLUnits": 0.5,
        "isBuiltInAlgorithmJob": True,
        "isHyperparameterTuningJob": True,
        "completedTrialCount": "1",
        "hyperparameterMetricTag": "AP50",
        "trials": trials,
    }


def test_output_of_a_model(record: Any) -> None:
    found = model_output(record)
    assert (found["framework"], found["modelPath"]) == ("TENSORFLOW", "/jobs/a/model")
    assert found["pythonVersion"].startswith("3.")
    assert tensorflow_version() in (version("tensorflow-cpu"), "")
    assert tensorflow_version().startswith(found["runtimeVersion"] + ".")


def test_a_prediction_counts_its_pictures_and_hours(record: Any) -> None:
    given = replace(record, kind="prediction", request={"jobId": "a", "predictionInput": {"outputPath": "/out"}})
    nothing = {"outputPath": "/out", "predictionCount": "0", "errorCount": "0"}
    assert prediction_output(replace(given, start_time=None), {}, 9.0) == {**nothing, "nodeHours": 0}
    assert prediction_output(given, {"predictions": 7, "errors": 2}, 1000.0 + 1800) == {
        "outputPath": "/out",
        "predictionCount": "7",
        "errorCount": "2",
        "nodeHours": 0.5,
    }
