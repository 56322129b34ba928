"""Tests of the command line: what each command prints, writes and leaves as exit status."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import onnxruntime
import pytest
import yaml
from PIL import Image

from boxwright import cli, formats, modeldir
from boxwright.jobdir import Job, JobDir
from boxwright.metrics.detection import COCO_NAMES

HEAVY = ("torch", "tensorflow", "cv2", "pydantic", "numpy", "onnx", "onnxruntime", "lightning_fabric", "fsspec")


def test_help_imports_nothing_heavy() -> None:
    asked = f"import sys, boxwright.cli; print([name for name in {HEAVY} if name in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def test_help_lists_the_commands(command: Callable[..., Any]) -> None:
    said = command("--help")
    assert said.status == 0
    for name in ("train", "work", "predict", "evaluate", "export", "data"):
        assert f"  {name} " in said.out


def test_help_of_an_algorithm(command: Callable[..., Any]) -> None:
    for words in (("train",), ("train", "--help"), ("train", "-h")):
        assert "  image_object_detection: " in command(*words).out
    said = command("train", "image_object_detection", "--help")
    assert (said.status, said.err) == (0, "")
    assert "  --warmup_learning_rate\n" in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["train", "image_detection"], "unknown algorithm 'image_detection'; there is image_object_detection"),
        (["train", "image_object_detection", "--num_classes=2"], "--job-dir=DIR is required"),
        (["train", "image_object_detection", "--job-dir=x", "--max_step=1"], "did you mean --max_steps?"),
        (["train", "image_object_detection", "--job-dir=x"], "--training_data_path is required"),
        (["train", "image_object_detection", "x"], "expected --name=value, got 'x'"),
        (["work", "/nowhere"], "job.json is missing: no job in this folder"),
        (["export", "/nowhere", "--to=onnx"], "no model in '/nowhere'"),
        (["evaluate", "/nowhere", "data"], "no model in '/nowhere'"),
        (["predict", "/nowhere", "/nowhere.jpg"], "no file matches '/nowhere.jpg'"),
        (["data", "draw", "/tmp/never", "--size=240"], "--size must be height,width such as 240,320, got '240'"),
        (["data", "inspect", "/nowhere", "--format=xml"], "--format must be text, json or html, got 'xml'"),
    ],
)
def test_a_mistake_is_one_message(
    command: Callable[..., Any], words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = command(*words)
    assert ran.status == 1
    assert ran.err.startswith("boxwright: ")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_faults_of_ours_keep_their_traceback() -> None:
    with pytest.raises(AssertionError), cli.readable_errors():
        raise AssertionError("ours")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "/a/b"), "No space left on device: /a/b"),
        (FileNotFoundError("no file matches 'x'"), "no file matches 'x'"),
        (FloatingPointError("the loss is nan"), "the loss is nan"),
        (ModuleNotFoundError("install boxwright[s3]"), "install boxwright[s3]"),
    ],
)
def test_messages(error: Exception, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left, cli.readable_errors():
        raise error
    assert left.value.code == 1
    assert capsys.readouterr().err == f"boxwright: {said}\n"


def test_train_leaves_a_model(finished: Any) -> None:
    assert finished.ran.status == 0, finished.ran.err
    held = {path.relative_to(finished.model).as_posix() for path in finished.model.rglob("*")}
    assert held >= {
        "saved_model.pb",
        "variables",
        "variables/variables.index",
        "assets",
        "model.onnx",
        "model.json",
        "weights.safetensors",
        "report.html",
        "deployment_config.yaml",
    }
    assert not (finished.folder / "model.unfinished").exists()
    config = yaml.safe_load((finished.model / "deployment_config.yaml").read_text())
    assert config["deploymentUri"] == str(finished.model)
    assert config["labels"]["job_id"] == finished.folder.name
    card = modeldir.read_card(str(finished.model))
    assert [(one.id, one.name) for one in card.classes] == [(1, "circle"), (2, "square")]
    assert (card.spec.data.num_classes, card.input_size) == (2, (64, 96))
    assert config["labels"]["global_step"] == str(card.step)


def test_train_prints_reasons_progress_and_table(finished: Any) -> None:
    lines = finished.ran.out.splitlines()
    assert any(line.startswith("training data: 12 pictures, ") for line in lines)
    assert "  --num_classes=2  (classes of the training data)" in lines
    assert not any(line.startswith("  --max_steps=") for line in lines)
    assert any(line.startswith("step 24: AP ") for line in lines)
    names = [line.split()[0] for line in lines if line]
    assert [name for name in names if name in COCO_NAMES] == list(COCO_NAMES)
    assert lines[-1] == f"model: {finished.model}  (report: {finished.model / 'report.html'})"


def test_a_finished_job_says_so(command: Callable[..., Any], finished: Any) -> None:
    arguments = JobDir(finished.folder).read_job().arguments  # type: ignore[union-attr]  # there is one
    again = command(
        "train", "image_object_detection", "--job-dir", finished.folder, *(f"--{n}={v}" for n, v in arguments.items())
    )
    assert again.status == 0
    assert again.out.startswith("this run is finished; its best model is of step ")
    assert "AP50 " in again.out
    assert command("work", finished.folder).out == again.out


def test_another_job_in_the_folder_is_refused(command: Callable[..., Any], finished: Any, records: Path) -> None:
    data = f"{records}/train-*"
    refused = command(
        "train",
        "image_object_detection",
        f"--job-dir={finished.folder}",
        f"--training_data_path={data}",
        f"--validation_data_path={data}",
        "--seed=5",
    )
    assert refused.status == 1
    assert "holds another run of image_object_detection" in refused.err
    assert "seed: not given there, 5 now" in refused.err


def test_evaluate_gives_the_accuracy_of_training(
    command: Callable[..., Any], finished: Any, records: Path, tmp_path: Path
) -> None:
    reported = JobDir(finished.folder).read_result()
    assert reported is not None
    page = tmp_path / "report.html"
    ran = command("evaluate", finished.model, f"{records}/train-*", "--json", f"--report={page}")
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    for name in COCO_NAMES:
        assert found[name] == pytest.approx(reported["metrics"][name], abs=0.002), name
    assert page.stat().st_size > 1000
    table = command("evaluate", finished.model, records, "--split=train").out
    assert f"{found['AP']:.4f}" in table.splitlines()[0]
    assert "holds several splits" in command("evaluate", finished.model, records).err


def test_work_on_a_remote_folder(command: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    bucket = fsspec.filesystem("memory")
    bucket.pipe_file("/bucket/wait/job.json", b'{"kind": "wait", "algorithm": "wait", "arguments": {"steps": "2"}}')
    try:
        ran = command("work", "memory://bucket/wait")
        assert (ran.status, ran.err) == (0, "")
        assert json.loads(bucket.cat_file("/bucket/wait/result.json")) == {"status": "finished", "best_step": 2}
        assert "/bucket/wait/worker.json" not in bucket.find("/bucket/wait")
        failing = b'{"kind": "wait", "algorithm": "wait", "arguments": {"fail": "user"}}'
        bucket.pipe_file("/bucket/wrong/job.json", failing)
        ran = command("work", "memory://bucket/wrong")
        assert ran.status == 1 and ran.err.startswith("boxwright: this job was asked to fail")
        assert json.loads(bucket.cat_file("/bucket/wrong/result.json"))["fault"] == "user"
    finally:
        bucket.rm("/bucket", recursive=True)


def test_the_status_of_work_says_whose_fault_it_was(command: Callable[..., Any], tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    jobdir.write_job(Job(kind="wait", algorithm="wait", arguments={"fail": "machine"}))
    ran = command("work", tmp_path)
    assert ran.status == 70
    assert "Traceback" in ran.err and ran.err.endswith("(--fail=machine)\n")
    with jobdir.held():
        busy = command("work", tmp_path)
    assert busy.status == 69 and "another process is working in this job folder" in busy.err


@pytest.fixture
def pictures(records: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    drawn = formats.read(str(records), split="train")
    for index in range(3):
        (folder / f"{index}.jpg").write_bytes(drawn[index].encoded)
    return folder


def test_predict_prints_a_line_a_picture_and_draws(
    command: Callable[..., Any], finished: Any, pictures: Path, tmp_path: Path
) -> None:
    ran = command("predict", finished.model, pictures, f"--draw={tmp_path / 'drawn'}", "--draw-threshold=0.05")
    assert ran.status == 0, ran.err
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [Path(one["image"]).name for one in found] == ["0.jpg", "1.jpg", "2.jpg"]
    boxes = [box for one in found for box in one["boxes"]]
    assert boxes
    for box in boxes:
        assert 0 <= box["xmin"] <= box["xmax"] <= 96 and 0 <= box["ymin"] <= box["ymax"] <= 64
        assert (box["class_id"], box["class"]) in ((1, "circle"), (2, "square"))
        assert 0.05 <= box["score"] <= 1
    for one in found:
        scores = [box["score"] for box in one["boxes"]]
        assert scores == sorted(scores, reverse=True)
        drawn = np.asarray(Image.open(tmp_path / "drawn" / f"{Path(one['image']).stem}.png"))
        stored = np.asarray(Image.open(one["image"]))
        assert drawn.shape == stored.shape == (64, 96, 3)
        assert (drawn != stored).any() == bool(scores)


def test_predict_writes_a_file(command: Callable[..., Any], finished: Any, pictures: Path, tmp_path: Path) -> None:
    ran = command("predict", finished.model, f"{pictures}/[01].jpg", f"--output={tmp_path / 'found.jsonl'}")
    assert (ran.status, ran.out) == (0, "")
    lines = (tmp_path / "found.jsonl").read_text().splitlines()
    assert [json.loads(line)["width"] for line in lines] == [96, 96]


def test_export_again(command: Callable[..., Any], finished: Any, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(finished.model, again)
    ran = command("export", again, "--to=onnx,savedmodel")
    assert ran.status == 0, ran.err
    *agreements, onnx, saved_model = ran.out.splitlines()
    assert (onnx, saved_model) == (str(again / "model.onnx"), str(again / "saved_model.pb"))
    assert [line.split(": ")[0] for line in agreements] == ["onnx", "savedmodel"]
    assert (again / "variables" / "variables.index").is_file()
    pixels = np.random.default_rng(0).integers(0, 255, (1, 64, 96, 3), np.uint8)
    answers = []
    for folder in (finished.model, again):
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
        (given,) = session.get_inputs()
        kind = np.float32 if "float" in given.type else np.uint8
        answers.append(session.run(None, {given.name: pixels.astype(kind)}))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, other)
    refused = command("export", finished.model, "--to=onnx,tflite")
    assert refused.status == 1 and "unknown format tflite; there is savedmodel, onnx, onnx-int8" in refused.err


def test_more_steps_continue_a_job(
    command: Callable[..., Any], words: Any, tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boxwright.export.result.write_model", lambda _, __: {})
    assert command(*words(tmp_path / "job", tiny(max_steps=1))).status == 0
    longer = command(*words(tmp_path / "job", tiny(max_steps=2)))
    assert longer.status == 0, longer.err
    assert "continuing at step 1 of 2 from step_00000001.safetensors" in longer.out
    shorter = command(*words(tmp_path / "job", tiny(max_steps=1)))
    assert shorter.status == 1
    assert "holds a run of 2 steps; to continue it max_steps must be larger, got 1" in shorter.err


def test_more_epochs_continue_a_job(
    command: Callable[..., Any], words: Any, tiny: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 12 pictures, 4 a step."""
    monkeypatch.setattr("boxwright.export.result.write_model", lambda _, __: {})

    def train(epochs: int) -> Any:
        arguments = tiny(epochs=epochs, max_steps=None, train_steps_per_eval=None, train_batch_size=4)
        return command(*words(tmp_path / "job", arguments))

    assert train(1).status == 0
    longer = train(2)
    assert longer.status == 0, longer.err
    assert "continuing at step 3 of 6 from step_00000003.safetensors" in longer.out
    assert [event.step for event in JobDir(tmp_path / "job").events() if event.kind == "evaluation"] == [3, 6]
    assert "is finished; its best model is of step" in train(2).out
    shorter = train(1)
    assert shorter.status == 1
    assert "holds a run of 2 epochs; to continue it epochs must be larger, got 1" in shorter.err


def test_data_commands(command: Callable[..., Any], tmp_path: Path) -> None:
    drawn = command("data", "draw", tmp_path / "drawn", "--train=4", "--validation=2", "--size=48,64", "--to=voc")
    assert drawn.out.splitlines() == [f"{tmp_path / 'drawn'} (voc)", "  train: 4 pictures", "  validation: 2 pictures"]
    converted = command("data", "convert", tmp_path / "drawn", tmp_path / "coco", "--to=coco", "--split=train")
    assert converted.out.splitlines()[1:] == ["  train: 4 pictures"]
    inspected = command("data", "inspect", tmp_path / "drawn", f"--output={tmp_path / 'report.json'}", "--format=json")
    assert inspected.out == f"written to {tmp_path / 'report.json'}\n"
    assert json.loads((tmp_path / "report.json").read_text())["summary"]["num_pictures"] == 6
    shares = "a=0.5,b=0.5"
    parted = command("data", "split", tmp_path / "drawn", tmp_path / "parts", f"--shares={shares}", "--to=tfrecord")
    assert [line.split(":")[0].strip() for line in parted.out.splitlines()[1:]] == ["a", "b"]
    assert "shares are written name=share" in command("data", "split", "x", "y", "--shares=half").err


def test_im2rec_lists_pictures_and_packs_them(command: Callable[..., Any], pictures: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "sets" / "cells"
    names = sorted(path.name for path in pictures.iterdir())
    listed = command("data", "im2rec", prefix, pictures.parent, "--list", "--recursive", "--no-shuffle", "--chunks=2")
    assert f"class 0: {pictures.name}\n" in listed.out
    assert f"{prefix}_1.lst: {len(names) // 2} pictures\n" in listed.out
    boxes = "4\t5\t40\t30\t1\t0.25\t0.5\t0.75\t1"
    prefix.with_suffix(".lst").write_text(f"0\t{boxes}\t{names[0]}\n1\t{boxes}\tgone.jpg\n")
    packed = command("data", "im2rec", f"{prefix}.lst", pictures, "--pack-label", "--pass-through", "--num-thread=2")
    assert packed.status == 1
    assert packed.out == f"{prefix}.rec: 1 records\n"
    assert packed.err.splitlines() == [
        "boxwright: gone.jpg: No such file or directory",
        "boxwright: 1 of 2 pictures could not be read",
    ]
    inspected = command("data", "inspect", f"{prefix}.rec", "--format=json")
    assert json.loads(inspected.out)["summary"]["num_boxes"] == 1
    again = command("data", "convert", f"{prefix}.rec", tmp_path / "again", "--to=recordio")
    assert again.status == 0
    assert (tmp_path / "again" / "cells.rec").is_file()
