"""Tests of bringing the server's words to the inputs that they are about."""

from typing import Any

import pytest

from boxwright.console.pages.new.fields import Fault, Fields, read_faults


class Input:
    """Stands for an input."""

    def __init__(self) -> None:
        self.error: str | None = None

    def without_auto_validation(self) -> None:
        pass


@pytest.mark.parametrize(
    ("key", "step"),
    [
        ("trainingInput.masterConfig.imageUri", "algorithm"),
        ("training_data_path", "data"),
        ("labels_file", "data"),
        ("trainingInput.jobDir", "data"),
        ("max_steps", "arguments"),
        ("trainingInput.args", "arguments"),
        ("tune:max_steps:minValue", "arguments"),
        ("trainingInput.hyperparameters.maxTrials", "arguments"),
        ("jobId", "machine"),
        ("labels", "machine"),
        ("trainingInput", "machine"),
        ("trainingInput.masterType", "machine"),
        ("trainingInput.masterConfig.acceleratorConfig.count", "machine"),
        ("trainingInput.scheduling.priority", "machine"),
    ],
)
def test_every_fault_has_its_step(key: str, step: str) -> None:
    assert Fault(key, "").step == step


def test_faults_of_a_search_are_those_of_its_arguments() -> None:
    told: list[dict[str, Any]] = [
        {"field": "trainingInput.hyperparameters.params[1].minValue", "description": "a"},
        {"field": "trainingInput.hyperparameters.params[0]", "description": "b"},
        {"field": "trainingInput.hyperparameters.params[9]", "description": "c"},
        {"field": "trainingInput.args", "argument": "max_steps", "description": "d"},
    ]
    assert [one.key for one in read_faults({"faults": told}, ("rate", "batch"))] == [
        "tune:batch:minValue",
        "tune:rate",
        "trainingInput.hyperparameters.params[9]",
        "max_steps",
    ]
    assert read_faults({"valid": True}, ()) == []


def test_words_stand_at_the_nearest_input_and_go_again() -> None:
    fields, inputs = Fields(), {name: Input() for name in ("steps", "low", "tier", "job")}
    fields.add("max_steps", inputs["steps"])  # type: ignore[arg-type]  # stands for an input
    fields.add("tune:rate", inputs["low"])  # type: ignore[arg-type]
    fields.add("tune:rate:minValue", inputs["low"])  # type: ignore[arg-type]
    fields.add("trainingInput", inputs["tier"])  # type: ignore[arg-type]
    fields.add("jobId", inputs["job"])  # type: ignore[arg-type]
    faults = [
        Fault("max_steps", "--max_steps: must be more"),
        Fault("tune:rate:minValue", "one"),
        Fault("tune:rate:scaleType", "two"),
        Fault("trainingInput", "too small"),
        Fault("trainingInput.args", "what is this"),
    ]
    fields.tell(faults)
    assert {name: one.error for name, one in inputs.items()} == {
        "steps": "must be more",
        "low": "one; two",
        "tier": "too small",
        "job": None,
    }
    assert [fields.shows(one) for one in faults] == [True, True, True, True, False]
    fields.tell([])
    assert [one.error for one in inputs.values()] == [None] * 4
