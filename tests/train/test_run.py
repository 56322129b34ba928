"""Tests of whole training runs: repeated, killed, continued, short of disk, and on data that does not fit."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.rules import check
from boxwright.evaluation.samples import kept_steps, read_samples, read_step
from boxwright.formats.sample import Dataset, named_classes
from boxwright.jobdir import Event, JobDir
from boxwright.spec.training import DataSpec, TrainSpec
from boxwright.tiling import Tiling
from boxwright.train.checkpoint import BEST, checkpoints
from boxwright.train.evaluate import predict
from boxwright.train.loop import Report, Stop
from boxwright.train.run import Paused, Trained, count_classes, digest, read_data, train

Curve = Callable[[JobDir], list[tuple[object, ...]]]
MakeJob = Callable[..., JobDir]

KILLED = """
import os, signal, sys
import torch
from boxwright import cli
from boxwright.export import result
from boxwright.files import writing
from boxwright.train import checkpoint, loop

result.write_model = lambda trained, jobdir: {}
loop.STATISTICS_IMAGES, loop.LOG_EVERY = 4, 1
torch.set_num_threads(1)
torch.set_num_threads = lambda _: None
number, step, place = getattr(signal, sys.argv.pop(1)), int(sys.argv.pop(1)), sys.argv.pop(1)
one_step, publish = loop.train_step, writing.publish

def train_step(run, batch):
    if place == "step" and run.state.progress.step == step:
        os.kill(os.getpid(), number)
    return one_step(run, batch)

def publish_checkpoint(staged, path):
    if place == "checkpoint" and path.endswith(f"step_{step:08d}.safetensors"):
        os.kill(os.getpid(), number)
    publish(staged, path)

loop.train_step, writing.publish = train_step, publish_checkpoint
cli.main()
"""
"""`boxwright` that sends itself a signal before a 0-based step, or when a checkpoint is written but not in place.

One thread, as in the tests of this process: sums do not depend on the machine.
"""


def boxwright(command: Sequence[str], number: str, step: int, place: str = "step") -> int:
    """The exit status of a command that is sent a signal at a step."""
    words = [sys.executable, "-c", KILLED, number, str(step), place, *command]
    return subprocess.run(words, capture_output=True, timeout=120, check=False).returncode


def listen(jobdir: JobDir, stop_at: int = 0) -> Report:
    """Writes events down, and asks to stop at a step."""

    def report(event: Event) -> Stop | None:
        if event.kind != "step":
            jobdir.append(event)
        return Stop.CANCELLED if event.kind == "step" and event.step == stop_at else None

    return report


def last_checkpoint(jobdir: JobDir) -> bytes:
    return checkpoints(jobdir.checkpoints)[-1].read_bytes()


def run(jobdir: JobDir, stop_at: int = 0) -> Trained | Paused:
    return train(jobdir, listen(jobdir, stop_at))


def test_after_kill_9_the_same_command_ends_as_if_nothing_had_happened(
    tmp_path: Path, tiny: Callable[..., dict[str, str]], words: Callable[..., list[str]], job: MakeJob, curve: Curve
) -> None:
    whole, killed = job("whole", max_steps=6, ema=0.9), JobDir(tmp_path / "killed")
    trained = run(whole)
    command = words(killed.path, tiny(max_steps=6, ema=0.9))
    assert boxwright(command, "SIGKILL", 3) == -signal.SIGKILL
    assert [path.name for path in checkpoints(killed.checkpoints)] == ["step_00000002.safetensors"]
    assert boxwright(command, "SIGKILL", 4, "checkpoint") == -signal.SIGKILL
    assert [path.name for path in checkpoints(killed.checkpoints)] == ["step_00000002.safetensors"]
    assert boxwright(command, "SIGKILL", -1) == 0
    assert [event.step for event in killed.events() if event.kind == "resumed"] == [2, 2]
    assert len(curve(whole)) == 6 + 3
    assert curve(killed) == curve(whole)
    assert last_checkpoint(killed) == last_checkpoint(whole)
    assert (killed.checkpoints / BEST).read_bytes() == (whole.checkpoints / BEST).read_bytes()
    result = killed.read_result()
    assert isinstance(trained, Trained)
    assert result is not None and result["metrics"] == trained.metrics.values()
    assert {path.name for path in killed.checkpoints.iterdir()} == {path.name for path in whole.checkpoints.iterdir()}


def test_sigterm_saves_and_leaves_with_a_status_of_its_own(
    tmp_path: Path, tiny: Callable[..., dict[str, str]], words: Callable[..., list[str]], job: MakeJob, curve: Curve
) -> None:
    arguments = tiny()
    stopped = JobDir(tmp_path / "stopped")
    assert boxwright(words(stopped.path, arguments), "SIGTERM", 0) == 75
    assert [path.name for path in checkpoints(stopped.checkpoints)] == ["step_00000001.safetensors"]
    last = list(stopped.events())[-1]
    assert (last.kind, last.step, last.values) == ("stopped", 1, {"reason": "cancelled"})
    assert stopped.read_result() is None
    assert isinstance(run(stopped), Trained)
    whole = job("whole")
    run(whole)
    assert curve(stopped) == curve(whole)
    assert last_checkpoint(stopped) == last_checkpoint(whole)


def test_seed_decides_the_curve(job: MakeJob, curve: Curve) -> None:
    curves = []
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        jobdir = job(name, seed=seed, max_steps=2)
        run(jobdir)
        curves.append((curve(jobdir), last_checkpoint(jobdir)))
    assert curves[0] == curves[1]
    assert curves[0][0] != curves[2][0]
    assert curves[0][1] != curves[2][1]


def test_what_a_run_gives(job: MakeJob) -> None:
    jobdir = job()
    trained = run(jobdir)
    assert isinstance(trained, Trained)
    assert trained.stop is None
    assert [one.name for one in trained.data.classes] == ["circle", "square"]
    assert len(trained.predictions) == trained.metrics.pictures == 6
    evaluations = {event.step: event.values["AP"] for event in jobdir.events() if event.kind == "evaluation"}
    assert trained.metrics.AP == evaluations[trained.step] == max(evaluations.values())
    there = jobdir.read_job()
    assert there is not None and there.spec == trained.spec
    assert {one.name for one in there.derived} >= {"data.num_classes", "optimization.warmup_steps"}
    kinds = [event.kind for event in jobdir.events()]
    assert kinds.index("data") < kinds.index("derived") < kinds.index("weights") < kinds.index("train")


def test_a_run_on_tiles(job: MakeJob) -> None:
    # 64 x 96 pixels are 2 x 3 tiles of 48: rows from 0 and 16, columns from 0, 38 and 48.
    jobdir = job(tile=48, max_steps=2, image_size=None, num_eval_images=4, nms_score_threshold=0.001)
    trained = run(jobdir)
    assert isinstance(trained, Trained)
    assert (trained.spec.data.tile, trained.spec.model.image_size) == (48, (64, 64))
    assert len(trained.predictions) == trained.metrics.pictures == 4
    again = predict(
        trained.model, trained.data.validation, count=4, size=(64, 64), batch_size=5, tiling=Tiling.of(trained.spec)
    )
    for one, other in zip(trained.predictions, again, strict=True):
        np.testing.assert_allclose(one.boxes, other.boxes, atol=0.01)
        assert len(one.scores) and one.boxes.max() > 48
    (event,) = [event for event in jobdir.events() if event.kind == "evaluation"]
    assert event.values["validation_loss"] > 0 and event.values["epoch"] == 0


def test_tiles_that_lose_a_class_stop_a_run(job: MakeJob, tmp_path: Path) -> None:
    drawn = draw_shapes(4, (64, 96), 1, ("circle", "square"))
    whole = [replace(one, boxes=np.array([[0, 0, 96, 64]], np.float32), labels=np.array([1])) for one in drawn]
    whole = [replace(one, crowd=np.zeros(1, np.bool_)) for one in whole]
    formats.write(Dataset(whole, drawn.classes), str(tmp_path / "data"), to="tfrecord", split="train")
    data = f"{tmp_path}/data/train-*"
    with pytest.raises(ValueError, match="tile=32 is too small for the objects of square"):
        run(job(training_data_path=data, validation_data_path=data, tile=32))


def test_a_larger_number_of_steps_continues(job: MakeJob, curve: Curve) -> None:
    jobdir = job(max_steps=2)
    run(jobdir)
    short = curve(jobdir)
    job(max_steps=4)
    trained = run(jobdir)
    assert isinstance(trained, Trained) and trained.spec.optimization.max_steps == 4
    assert curve(jobdir)[: len(short)] == short
    assert [row[1] for row in curve(jobdir) if row[0] == "train"] == [1, 2, 3, 4]


def test_a_full_disk_costs_nothing_but_the_steps_since(
    job: MakeJob, curve: Curve, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobdir, whole = job("full"), job("whole")
    run(whole)
    sync = os.fsync

    def full(file: int) -> None:
        if os.fstat(file).st_size > 1_000_000 and checkpoints(jobdir.checkpoints):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"cannot save the weights of step 4 \(No space left on device\)"):
            run(jobdir)
    assert [path.name for path in checkpoints(jobdir.checkpoints)] == ["step_00000002.safetensors"]
    assert isinstance(run(jobdir), Trained)
    assert curve(jobdir) == curve(whole)
    assert last_checkpoint(jobdir) == last_checkpoint(whole)


def test_a_run_that_died_before_its_first_checkpoint_reports_each_step_once(job: MakeJob, curve: Curve) -> None:
    jobdir = job()
    for step in (1, 2):
        values = {"loss": 1.0, "class_loss": 1.0, "box_loss": 1.0, "learning_rate": 1.0}
        jobdir.append(Event(kind="train", step=step, values=values))
    run(jobdir)
    assert [row[1] for row in curve(jobdir) if row[0] == "train"] == [1, 2, 3, 4]


def test_pictures_without_objects_are_trained_on(job: MakeJob, records: Path, tmp_path: Path) -> None:
    drawn = formats.read(str(records), split="train")
    with_boxes = [sample for sample in drawn if len(sample.boxes)][:1]
    empty = [sample for sample in draw_shapes(60, (64, 96), 5, ("circle",)) if not len(sample.boxes)][:4]
    assert len(empty) >= 3
    formats.write(Dataset(with_boxes + empty, drawn.classes), str(tmp_path / "few"), to="tfrecord", split="train")
    jobdir = job(training_data_path=f"{tmp_path}/few/train-*", train_batch_size=1, max_steps=5)
    assert isinstance(run(jobdir), Trained)
    boxes = [event.values["box_loss"] for event in jobdir.events() if event.kind == "train"]
    assert boxes.count(0.0) >= 3
    assert all(np.isfinite(boxes))


@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop"])
def test_other_optimizers_are_continued_exactly(job: MakeJob, curve: Curve, optimizer: str) -> None:
    changes = {"optimizer_type": optimizer, "optimizer_arguments": "momentum=0.8", "initial_learning_rate": 0.001}
    whole, parts = job("whole", **changes), job("parts", **changes)
    run(whole)
    assert run(parts, stop_at=1) == Paused(1)
    run(parts)
    assert curve(parts) == curve(whole)
    assert last_checkpoint(parts) == last_checkpoint(whole)


def test_more_evaluation_pictures_than_there_are(job: MakeJob) -> None:
    with pytest.raises(ValueError, match="num_eval_images must not exceed the 6 validation pictures, got 7"):
        run(job(num_eval_images=7))
    # Nothing was computed, so the corrected command may use the folder.
    trained = run(job(num_eval_images=2, max_steps=1))
    assert isinstance(trained, Trained) and trained.metrics.pictures == 2


def test_weights_of_an_earlier_run_can_be_started_from(job: MakeJob) -> None:
    first = job("first", max_steps=2, train_steps_per_eval=2)
    run(first)
    second = job("second", max_steps=1, pretrained_checkpoint_path=first.checkpoints / BEST)
    run(second)
    (loaded,) = [event.values for event in second.events() if event.kind == "weights"]
    assert (loaded["source"], loaded["skipped"], loaded["fresh"]) == (str(first.checkpoints / BEST), [], [])
    assert "class_head.predictor.weight" in loaded["reused"]


def spec(training: Path | str, validation: Path | str, num_classes: int = 0) -> TrainSpec:
    paths = {"training_data_path": str(training), "validation_data_path": str(validation)}
    return TrainSpec(data=DataSpec(**paths, num_classes=num_classes))


def test_classes_of_both_sets_must_be_the_same(records: Path, tmp_path: Path) -> None:
    formats.write(draw_shapes(4, (64, 96), 1, ("square", "circle")), str(tmp_path), to="tfrecord", split="test")
    with pytest.raises(ValueError, match="must have the same classes, got 1 circle, 2 square and 1 square, 2 circle"):
        read_data(spec(f"{records}/train-*", f"{tmp_path}/test-*"), lambda _: None)


def test_classes_are_counted_where_they_have_no_names() -> None:
    drawn = draw_shapes(6, (64, 96), 1, ("circle", "ring", "star"))
    highest = max(int(sample.labels.max()) for sample in drawn if len(sample.labels))
    assert count_classes(Dataset(drawn.samples, ())) == highest + 1
    assert count_classes(Dataset(drawn.samples, named_classes("abcde"))) == 5
    assert count_classes(Dataset([], ())) == 1


def test_data_is_reported_and_digested(records: Path) -> None:
    heard: list[Event] = []
    data = read_data(spec(f"{records}/train-*", f"{records}/validation-*"), heard.append)
    assert [event.values["set"] for event in heard] == ["training", "validation"]
    assert [event.values["pictures"] for event in heard] == [len(data.training), len(data.validation)] == [12, 6]
    assert set(heard[0].values["classes"]) == {"circle", "square"}
    samples = [check(sample, 2) for sample in formats.read(str(records), split="train")]
    assert digest([samples]) == digest([samples]) != digest([samples[::-1]])
    assert data.digest != digest([samples])


def test_samples_of_a_resumed_run_are_those_of_one_that_went_through(job: MakeJob) -> None:
    """Steps after the checkpoint are forgotten, and come again; the pictures stay."""
    whole, stopped = job("whole", max_steps=6), job("stopped", max_steps=6)
    run(whole)
    assert isinstance(run(stopped, stop_at=3), Paused)
    folder = str(stopped.samples)
    assert kept_steps(folder) == [2]
    late = stopped.samples / "step_00000004.json"
    late.write_text("{}")
    pictures = read_samples(folder)
    assert isinstance(run(stopped), Trained)
    assert kept_steps(folder) == kept_steps(str(whole.samples)) == [2, 4, 6]
    assert read_samples(folder) == pictures == read_samples(str(whole.samples))
    assert [read_step(folder, step) for step in (2, 4, 6)] == [read_step(str(whole.samples), n) for n in (2, 4, 6)]


def test_samples_are_predictions_of_the_evaluation(job: MakeJob) -> None:
    """Those of the last step, where it is the best one, are the best model's."""
    jobdir = job(max_steps=2)
    trained = run(jobdir)
    assert isinstance(trained, Trained) and trained.step == 2
    shown, found = read_samples(str(jobdir.samples)), read_step(str(jobdir.samples), 2).predictions
    validation = trained.data.validation
    sources = [validation.truth(index).source for index in range(len(validation))]
    for picture, boxes in zip(shown.pictures, found, strict=True):
        index = sources.index(picture.source)
        scores = sorted(trained.predictions[index].scores, reverse=True)[:50]
        wanted = [float(score) for score in scores if score >= 0.05]
        assert [box.score for box in boxes] == pytest.approx(wanted, abs=6e-4)
        assert len(picture.truth) == len(validation.truth(index).labels)
    assert {label.name for label in shown.classes} == {"circle", "square"}
