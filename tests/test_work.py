"""Tests of running a job's folder: what it leaves, and what it does with signals and failing exports."""

import errno
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tensorboardX.proto.event_pb2 import Event as Message

from boxwright import modeldir, work
from boxwright.claim import claim
from boxwright.export import result
from boxwright.export.graph import Network
from boxwright.export.parity import ExportMismatch
from boxwright.formats import recordfile
from boxwright.jobdir import Event, Job, JobDir
from boxwright.metrics.boxes import Predictions
from boxwright.metrics.detection import COCO_NAMES

HEAVY = ("torch", "tensorflow", "onnx", "onnxruntime", "lightning_fabric", "tensorboardX", "optuna")


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
    monkeypatch.setattr(result, "write_model", lambda _, __: {})


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
    with pytest.raises(ValueError, match="must be one of train, tune, prediction, wait, estimate, got 'dream'"):
        work.work(tmp_path)
    assert JobDir(tmp_path).read_result() == {
        "status": "failed",
        "fault": "user",
        "error": "job kind must be one of train, tune, prediction, wait, estimate, got 'dream'",
    }


def test_a_wait_job_needs_nothing_heavy(tmp_path: Path) -> None:
    JobDir(tmp_path).write_job(Job(kind="wait", algorithm="wait", arguments={}))
    asked = (
        "import sys; from pathlib import Path; from boxwright.work import work; work(Path(sys.argv[1]));"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    words = [sys.executable, "-c", asked, str(tmp_path)]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "whose", "status"),
    [
        (ValueError("max_steps must be positive"), "user", 1),
        (ImportError("install boxwright[gs]"), "user", 1),
        (FloatingPointError("the loss is nan"), "user", 1),
        (FileNotFoundError("no file matches 'x'"), "user", 1),
        (FileNotFoundError(errno.ENOENT, "No such file", "x"), "user", 1),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "user", 1),
        (OSError(errno.ENOSPC, "No space left on device", "x"), "machine", 70),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), "machine", 70),
        (MemoryError(), "machine", 70),
        (RuntimeError("CUDA error: unspecified launch failure"), "machine", 70),
        (BlockingIOError(errno.EWOULDBLOCK, "another process is working in this job folder", "x"), "machine", 69),
    ],
)
def test_whose_fault_an_error_is(error: Exception, whose: str, status: int) -> None:
    assert (work.fault(error), work.exit_status(error)) == (whose, status)


def test_errors_in_words() -> None:
    assert work.describe_error(OSError(28, "No space left on device", "/a/b")) == "No space left on device: /a/b"
    assert work.describe_error(ValueError("max_steps must be positive")) == "max_steps must be positive"
    assert work.describe_error(RuntimeError("CUDA error")) == "RuntimeError: CUDA error"


@pytest.mark.usefixtures("no_export")
def test_a_run_that_is_asked_to_end_early_exports_its_best(job: Callable[..., JobDir]) -> None:
    jobdir = job(max_steps=40)
    jobdir.stop_file.write_text('{"reason": "pruned"}')
    # Nothing was evaluated yet, so that there is no best.
    with pytest.raises(ValueError, match="before its first evaluation"):
        work.work(jobdir.path)
    jobdir.stop_file.unlink()

    def prune(event: Event) -> None:
        if event.kind == "evaluation":
            jobdir.stop_file.write_text('{"reason": "pruned"}')

    done = work.work(jobdir.path, prune)
    assert (done["status"], done["stop"], done["best_step"]) == ("finished", "pruned", 2)
    assert max(event.step for event in jobdir.events()) < 5


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


def found_nothing(_: Path, encoded: Sequence[bytes], **__: Any) -> list[Predictions]:
    nothing = Predictions(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
    return [nothing] * len(encoded)


def test_an_export_that_differs_is_refused_and_the_old_model_stays(
    job: Callable[..., JobDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    jobdir = job(pretrained_checkpoint_path="imagenet", max_steps=1)
    jobdir.model.mkdir()
    (jobdir.model / "old").write_text("an earlier model")
    trace = result.trace

    def spoilt(model: torch.nn.Module, size: tuple[int, int]) -> Network:
        with torch.no_grad():
            # Everything is found everywhere.
            model.class_head.predictor.bias.fill_(3.0)  # type: ignore[union-attr,operator]  # nn.Module hides the type
        return trace(model, size)

    monkeypatch.setattr(result, "trace", spoilt)
    monkeypatch.setattr(result, "export_savedmodel", lambda *_, **__: None)
    monkeypatch.setattr(result, "run_savedmodel", found_nothing)
    with pytest.raises(ExportMismatch, match="the exported ONNX model must agree .* so it is refused: "):
        work.work(jobdir.path)
    assert [path.name for path in jobdir.model.iterdir()] == ["old"]
    failed = jobdir.read_result()
    assert failed is not None and (failed["status"], failed["fault"]) == ("failed", "user")


def test_an_estimate_gives_way_and_leaves_what_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gave_way: list[int] = []
    monkeypatch.setattr("os.nice", gave_way.append)

    def measured(jobdir: JobDir, report: Any) -> dict[str, Any]:
        report(Event(kind="estimate", step=2, values={"phase": "steps"}))
        return {"total_seconds": 60.0, "folder": str(jobdir.path)}

    monkeypatch.setattr("boxwright.train.probe.estimate", measured)
    jobdir = JobDir(tmp_path)
    jobdir.create()
    jobdir.write_job(Job(kind="estimate", algorithm="image_object_detection", arguments={}))
    heard: list[Event] = []
    found = work.work(tmp_path, heard.append)
    assert found == {"status": "finished", "best_step": 0, "total_seconds": 60.0, "folder": str(tmp_path)}
    assert jobdir.read_result() == found and list(jobdir.events()) == heard
    assert gave_way == [10]
