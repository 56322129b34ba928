"""Tests of following a job and of reading its numbers."""

import re
from collections.abc import Iterator

import pytest

from boxwright.sagemaker.job import (
    JobFailed,
    JobState,
    Metric,
    MetricDefinition,
    Metrics,
    check_definitions,
    follow,
    name_from_base,
)
from boxwright.sagemaker.metrics import published_metrics


class Scripted:
    """A job of which all is known."""

    name = "one"

    def __init__(self, lines: tuple[str, ...], state: JobState) -> None:
        self._lines, self._state, self.let_go_of = lines, state, 0

    def image_uri(self) -> str:
        return "image_object_detection"

    def lines(self) -> Iterator[str]:
        for line in self._lines:
            if line == "interrupt":
                raise KeyboardInterrupt
            yield line

    def state(self) -> JobState:
        return self._state

    def stop(self) -> None:
        raise AssertionError("nobody asks for it")

    def let_go(self) -> str:
        self.let_go_of += 1
        return "farewell"


def test_lines_are_shown_and_read() -> None:
    job = Scripted(("begin", "step 2: loss 1.500  3.0 img/s", "step 4: loss 0.5"), JobState("Completed", model="m"))
    shown: list[str] = []
    metrics = Metrics([{"Name": "loss", "Regex": "loss ([0-9.]+)"}])
    assert follow(job, metrics, shown.append).model == "m"
    assert "".join(shown) == "begin\nstep 2: loss 1.500  3.0 img/s\nstep 4: loss 0.5\n"
    assert metrics.found == [Metric("loss", 1.5), Metric("loss", 0.5)]
    assert metrics.last() == {"loss": 0.5}


def test_a_failure_says_why() -> None:
    with pytest.raises(JobFailed, match="job one ended as Failed: the pictures are of cats"):
        follow(Scripted((), JobState("Failed", "the pictures are of cats")), Metrics([]), lambda _: None)
    with pytest.raises(JobFailed, match="job one ended as Stopped: no reason is known"):
        follow(Scripted((), JobState("Stopped")), Metrics([]), lambda _: None)


def test_an_interrupt_lets_go_of_the_job() -> None:
    job, shown = Scripted(("a", "interrupt"), JobState("InProgress")), list[str]()
    with pytest.raises(KeyboardInterrupt):
        follow(job, Metrics([]), shown.append)
    assert (job.let_go_of, shown) == (1, ["a\n", "farewell\n"])


@pytest.mark.parametrize(
    ("one", "said"),
    [
        ({"Name": "a"}, "KeyError"),
        ({"Name": "a", "Regex": "("}, "unterminated"),
        ({"Name": "a", "Regex": "a"}, "a group in its Regex"),
        ({"Name": "", "Regex": "(a)"}, "needs a Name"),
    ],
)
def test_metrics_that_cannot_be_read(one: MetricDefinition, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_definitions([one])


def read(algorithm: str, line: str) -> dict[str, float]:
    definitions = published_metrics(algorithm)
    check_definitions(definitions)
    metrics = Metrics(definitions)
    metrics.read(line)
    return metrics.last()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("step 20: loss 1.234  5.0 img/s, learning rate 1e-3", {"train:loss": 1.234}),
        (
            "step 4: AP 0.1250  AP50 0.5000  AP75 0.0000  (best so far)",
            {"validation:AP": 0.125, "validation:AP50": 0.5},
        ),
        ("step 4: AP -1.0000  AP50 -1.0000  AP75 -1.0000", {"validation:AP": -1, "validation:AP50": -1}),
        ("training data: 9 pictures, 12 boxes", {}),
    ],
)
def test_own_lines(line: str, found: dict[str, float]) -> None:
    assert read("image_object_detection", line) == found


def test_lines_of_sagemaker() -> None:
    """Forms of SageMaker's developer guide, "Tune an Object Detection model" and its sample notebooks."""
    line = "#quality_metric: host=algo-1, epoch=3, validation mAP <score>=(0.4375)"
    assert read("sagemaker_object_detection", line) == {"validation:mAP": 0.4375}
    line = "#quality_metric: host=algo-1, epoch=3, batch=9 train smooth_l1 <loss>=(0.5)"
    assert read("sagemaker_object_detection", line) == {"train:smooth_l1": 0.5}
    line = "Val_localization=0.25, Val_classification=1e-05"
    expected = {"validation:localization_loss": 0.25, "validation:classification_loss": 1e-05}
    assert read("sagemaker_object_detection_tensorflow", line) == expected


def test_names_tell_the_time() -> None:
    assert re.fullmatch(r"my-model-20\d\d-\d\d-\d\d-\d\d-\d\d-\d\d-\d{3}", name_from_base("my_model"))
