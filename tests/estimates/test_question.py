"""Tests of what is measured for a job."""

from boxwright.estimates.question import middle, size_of, trial_of
from boxwright.jobdir import Job
from boxwright.spec.study import Parameter, Study


def parameter(kind: str, **values: object) -> Parameter:
    return Parameter.read({"parameterName": "p", "type": kind, **values})


def test_the_middle_of_what_is_searched() -> None:
    assert middle(parameter("DOUBLE", minValue=0.001, maxValue=0.1, scaleType="UNIT_LOG_SCALE"))[:5] == "0.01"
    assert middle(parameter("DOUBLE", minValue=1, maxValue=2)) == "1.5"
    assert middle(parameter("INTEGER", minValue=8, maxValue=128, scaleType="UNIT_LOG_SCALE")) == "32"
    assert middle(parameter("CATEGORICAL", categoricalValues=["a", "b", "c"])) == "b"
    assert middle(parameter("DISCRETE", discreteValues=[4, 8, 16])) == "8"


def test_a_study_is_measured_by_a_trial_in_the_middle_of_its_ranges() -> None:
    params = [{"parameterName": "max_steps", "type": "INTEGER", "minValue": 2, "maxValue": 4}]
    study = Study.read({"maxTrials": 6, "maxParallelTrials": 3, "params": params})
    whole = Job(kind="tune", algorithm="image_object_detection", arguments={"a": "b"}, study=study)
    trial = trial_of(whole)
    assert (trial.kind, trial.study, trial.arguments) == ("estimate", None, {"a": "b", "max_steps": "3"})
    assert (size_of(None, 1), size_of(study, 0), size_of(study, 2), size_of(study, 8)) == (
        (1, 1),
        (6, 6),
        (6, 3),
        (6, 2),
    )
