"""Tests of running a job's folder: what it leaves, and what it does with signals and failing exports."""

import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboardX.proto.event_pb2 import Event as Message

from boxwright import modeldir, work
from boxwright.export import result
from boxwright.export.parity import ExportMismatch
from boxwright.formats import recordfile
from boxwright.jobdir import Event, Job, JobDir, claim
from boxwright.metrics.boxes import Predictions
from boxwright.metrics.detection import COCO_NAMES


@pytest.fixture
def job(tmp_path: Path, command: Any, tiny: Callable[..., dict[str, str]]) -> Callable[..., JobDir]:
    """Makes the folder of a tiny job of two steps."""
    assert command

    def make(**changes: object) -> JobDir:
        jobdir = JobDir(tmp_path / "job")
        arguments = tiny(**{"max_steps": 2, **changes})
        claim(jobdir, Job(algorithm="image_object_detection", arguments=arguments))
        return jobdir

    return make


@pytest.fixture
def no_export(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "write_model", lambda _, __: {})


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Step and value of every scalar in TensorBoard files, read with our own framing and TensorBoard's messages."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.iterdir()):
        for record in recordfile.RecordFiles([str(path)]):
            message = Message.FromString(record)
            for value in message.summary.value:
                found.setdefault(value.tag, []).append((message.step, value.simple_value))
    return found


def test_tensorboard_holds_the_twelve_numbers_and_the_losses(finished: Any) -> None:
    found = scalars(finished.folder / "tensorboard")
    assert found.keys() >= {*COCO_NAMES, "VOC07", "VOC12", "loss", "class_loss", "box_loss", "learning_rate"}
    events = list(JobDir(finished.folder).events())
    for name in COCO_NAMES:
        reported = [(event.step, event.values[name]) for event in events if event.kind == "evaluation"]
        assert [step for step, _ in found[name]] == [12, 24]
        assert [value for _, value in found[name]] == pytest.approx([value for _, value in reported], rel=1e-6)
    assert [step for step, _ in found["loss"]] == [10, 12, 20, 24]


def test_every_event_is_a_line_of_json(finished: Any) -> None:
    lines = (finished.folder / "events.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert all(set(event) == {"time", "kind", "step", "values"} for event in events)
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)
    kinds = [event["kind"] for event in events]
    assert kinds[:2] == ["data", "data"]
    assert kinds[-3:] == ["best", "exporting", "finished"]
    assert "step" not in kinds


def test_result(finished: Any) -> None:
    found = JobDir(finished.folder).read_result()
    assert found is not None and found["status"] == "finished"
    card = modeldir.read_card(str(finished.model))
    assert found["metrics"] == card.metrics
    assert found["best_step"] == card.step
    assert set(found["exports"]) == {"ONNX", "SavedModel"}
    assert found["metrics"]["AP"] > 0.05


def test_a_finished_job_is_not_run_again(finished: Any) -> None:
    heard: list[Event] = []
    before = (finished.folder / "events.jsonl").read_bytes()
    found = work.work(finished.folder, heard.append)
    assert found == JobDir(finished.folder).read_result()
    assert [event.kind for event in heard] == ["already finished"]
    assert (finished.folder / "events.jsonl").read_bytes() == before


def test_no_job(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="job.json is missing: no job in this folder"):
        work.work(tmp_path)


def test_unknown_kind(tmp_path: Path) -> None:
    JobDir(tmp_path).write_job(Job(kind="dream", algorithm="image_object_detection", arguments={}))
    with pytest.raises(ValueError, match="job kind must be one of train, got 'dream'"):
        work.work(tmp_path)


@pytest.mark.usefixtures("no_export")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_and_the_next_time_goes_on(job: Callable[..., JobDir], number: signal.Signals) -> None:
    jobdir = job()

    def interrupt(event: Event) -> None:
        if event.kind == "step" and event.step == 1:
            signal.raise_signal(number)

    handlers = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    assert work.work(jobdir.path, interrupt) == {"status": "stopped", "step": 1}
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == handlers
    assert jobdir.read_result() is None
    done = work.work(jobdir.path)
    assert (done["status"], done["best_step"]) == ("finished", 2)
    assert [event.kind for event in jobdir.events()].count("resumed") == 1


def test_a_second_interrupt_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), work.termination() as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked()
        signal.raise_signal(signal.SIGINT)


def found_nothing(_: Path, encoded: Sequence[bytes], **__: Any) -> list[Predictions]:
    nothing = Predictions(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    return [nothing] * len(encoded)


def test_an_export_that_differs_is_refused_and_the_old_model_stays(
    job: Callable[..., JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobdir = job(pretrained_checkpoint_path="imagenet", max_steps=1)
    jobdir.model.mkdir()
    (jobdir.model / "old").write_text("an earlier model")
    export = result.export_onnx

    def spoilt(model: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
        with torch.no_grad():
            # Everything is found everywhere.
            model.class_head.predictor.bias.fill_(3.0)  # type: ignore[union-attr,operator]  # nn.Module hides the type
        export(model, *args, **kwargs)

    monkeypatch.setattr(result, "export_onnx", spoilt)
    monkeypatch.setattr(result, "export_savedmodel", lambda *_, **__: None)
    monkeypatch.setattr(result, "run_savedmodel", found_nothing)
    with pytest.raises(ExportMismatch, match="the exported ONNX model must agree .* so it is refused: "):
        work.work(jobdir.path)
    assert [path.name for path in jobdir.model.iterdir()] == ["old"]
    assert jobdir.read_result() is None
