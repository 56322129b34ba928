"""Tests of what a person sees of a running job."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from boxwright.algorithms import ALGORITHMS
from boxwright.jobdir import Event, Job
from boxwright.progress import JobDisplay, describe
from boxwright.spec.training import DataSpec, OptimizationSpec, TrainSpec

TRAIN = Event(kind="train", step=10, values={"loss": 1.23456, "images_per_second": 7.89, "learning_rate": 0.00123})


def job() -> Job:
    data = DataSpec(training_data_path="a", validation_data_path="b")
    spec = TrainSpec(data=data, optimization=OptimizationSpec(max_steps=40))
    return Job(algorithm="image_object_detection", arguments={}, spec=spec)


@pytest.fixture
def shown() -> Callable[..., str]:
    def show(*events: Event, terminal: bool) -> str:
        out = io.StringIO()
        console = Console(file=out, force_terminal=terminal, width=120, _environ={"TERM": "xterm"})
        with JobDisplay(console, job) as display:
            for event in events:
                display(event)
        return out.getvalue()

    return show


def test_without_a_terminal_each_report_is_a_line(shown: Callable[..., str]) -> None:
    text = shown(Event(kind="step", step=9), TRAIN, Event(kind="checkpoint", step=10), terminal=False)
    assert text == "step 10: loss 1.235  7.9 img/s, learning rate 1.23e-03\n"


def test_on_a_terminal_a_bar_shows_steps_speed_and_loss(shown: Callable[..., str]) -> None:
    text = shown(Event(kind="step", step=9), TRAIN, Event(kind="step", step=10), terminal=True)
    assert "10/40" in text
    assert "loss 1.235  7.9 img/s" in text
    assert "step 10:" not in text


def test_paths_are_not_taken_for_markup(shown: Callable[..., str]) -> None:
    event = Event(kind="resumed", step=3, values={"file": "[bold]odd[/bold]"})
    assert shown(event, terminal=False) == "continuing at step 3 from [bold]odd[/bold]\n"


def test_data_names_what_is_left_out() -> None:
    values = {
        "set": "training",
        "pictures": 1200,
        "boxes": 3400,
        "classes": {"cat": 3000, "dog": 393},
        "rejected": [f"{n}.jpg: box 0: label 9 is not in 1..2 (label)" for n in range(7)],
        "unreadable": ["x.jpg: not a readable JPEG, PNG, GIF or BMP picture"],
    }
    lines = describe(Event(kind="data", step=0, values=values)).split("\n")
    assert lines[:2] == [
        "training data: 1,200 pictures, 3,400 boxes (cat 3,000, dog 393)",
        "  left out: 7 boxes, 1 pictures",
    ]
    assert lines[2] == "    x.jpg: not a readable JPEG, PNG, GIF or BMP picture"
    assert lines[3] == "    0.jpg: box 0: label 9 is not in 1..2 (label)"
    assert lines[-1] == "    and 3 more: see `boxwright data inspect`"
    whole = {**values, "rejected": [], "unreadable": [], "split": "20% of the training data, always the same"}
    assert describe(Event(kind="data", step=0, values=whole)).split("\n")[1:] == [
        "  20% of the training data, always the same"
    ]
    waiting = {**values, "rejected": [], "unreadable": [], "unlabelled": 1500}
    assert describe(Event(kind="data", step=0, values=waiting)).split("\n")[1:] == [
        "  not used, as they have no label: 1,500 more pictures"
    ]


@pytest.mark.parametrize(
    ("kind", "values", "text"),
    [
        (
            "derived",
            {"name": "model.image_size", "value": [256, 352], "reason": "shape"},
            "  --image_size=256,352  (shape)",
        ),
        ("derived", {"name": "optimization.ema", "value": 0.9, "reason": "why"}, "  --ema=0.9  (why)"),
        ("weights", {"source": "/a/b/lite0.pth"}, "starting weights: lite0.pth"),
        ("weights", {"source": ""}, "starting weights: none"),
        (
            "weights",
            {"source": "/a/b.pth", "reused": ["x", "y"], "fresh": ["p", "q", "r", "s"], "skipped": []},
            "starting weights: b.pth\n  2 tensors reused, 4 fresh (p, q, r and 1 more), 0 left out",
        ),
        (
            "weights",
            {
                "source": "/a/weights.safetensors",
                "reused": ["x"],
                "fresh": [],
                "skipped": ["z"],
                "kept_classes": ["cat", "dog"],
                "new_classes": [],
            },
            "starting weights: /a/weights.safetensors\n  1 tensors reused, 0 fresh, 1 left out (z)\n"
            "  classes kept: cat, dog; new: none",
        ),
        (
            "evaluation",
            {"AP": 0.5, "AP50": 0.75, "AP75": 0.25, "best_step": 5},
            "step 5: AP 0.5000  AP50 0.7500  AP75 0.2500  (best so far)",
        ),
        (
            "evaluation",
            {"AP": 0.5, "AP50": 0.75, "AP75": 0.25, "best_step": 4},
            "step 5: AP 0.5000  AP50 0.7500  AP75 0.2500",
        ),
        ("stopped", {"reason": "cancelled"}, "stopped (cancelled); repeat the command to continue"),
        (
            "weights",
            {"source": "/a/b.pth", "reused": ["x"], "fresh": ["p", "q"], "skipped": [], "frozen_fresh": ["q"]},
            "starting weights: b.pth\n  1 tensors reused, 2 fresh (p, q), 0 left out\n"
            "  attention: 1 of them are frozen (q) and stay random; train them too, "
            "or start from weights that have them, such as coco or an earlier model",
        ),
        ("already finished", {"best_trial": "2"}, "this run is finished; its best model is of step 5"),
        (
            "already finished",
            {"metrics": {}, "stop": None},
            "this run is finished; its best model is of step 5 (a larger epochs or max_steps would continue it)",
        ),
        (
            "already finished",
            {"metrics": {}, "stop": "early stopping"},
            "this run is finished; its best model is of step 5",
        ),
        ("resumed", {"file": "a", "max_steps": 9}, "continuing at step 5 of 9 from a"),
        ("checkpoint", {"file": "a"}, ""),
    ],
)
def test_events_as_text(kind: str, values: dict[str, object], text: str) -> None:
    assert describe(Event(kind=kind, step=5, values=values)) == text


def test_derived_values_have_the_names_of_the_algorithm() -> None:
    event = Event(kind="derived", step=0, values={"name": "optimization.train_batch_size", "value": 8, "reason": "why"})
    assert describe(event, ALGORITHMS["sagemaker_object_detection"]) == "  --mini_batch_size=8  (why)"
    assert describe(event, ALGORITHMS["image_object_detection"]) == "  --train_batch_size=8  (why)"


def test_metric_lines_follow_those_for_people() -> None:
    values = {**TRAIN.values, "epoch": 3, "class_loss": 1.0, "box_loss": 0.25}
    lines = describe(Event(kind="train", step=10, values=values), ALGORITHMS["sagemaker_object_detection"]).split("\n")
    assert lines == [
        "step 10: loss 1.235  7.9 img/s, learning rate 1.23e-03",
        "#quality_metric: host=algo-1, epoch=3, batch=10 train cross_entropy <loss>=1.000000",
        "#quality_metric: host=algo-1, epoch=3, batch=10 train smooth_l1 <loss>=0.250000",
        "#throughput_metric: host=algo-1, train throughput=7.890 records/second",
    ]
    assert describe(TRAIN, ALGORITHMS["image_object_detection"]) == lines[0]
