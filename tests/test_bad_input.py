"""Tests that faulty data and folders end `boxwright train` with a clear message, or cost only what is faulty."""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright import formats
from boxwright.dataset.draw import draw_shapes
from boxwright.formats import recordfile, tfexample
from boxwright.formats.sample import Sample
from boxwright.formats.tfrecord import to_features
from boxwright.jobdir import JobDir

Change = Callable[[dict[str, Any]], None]
SIDE = "image/object/bbox/"


@dataclass(frozen=True)
class Records:
    """Makes training records, some of them changed, and trains on them."""

    folder: Path
    samples: Sequence[Sample]
    train: Callable[..., Any]

    @property
    def path(self) -> Path:
        return self.folder / "train-00000-of-00001.tfrecord"

    def write(self, changes: dict[int, Change] | None = None) -> Path:
        """Write all samples; the features of those named by number are changed."""
        framed = []
        for number, sample in enumerate(self.samples):
            features = to_features(sample)
            (changes or {}).get(number, lambda _: None)(features)
            framed.append(recordfile.frame(tfexample.encode(features)))
        self.folder.mkdir(exist_ok=True)
        self.path.write_bytes(b"".join(framed))
        return self.path

    def with_boxes(self, count: int) -> list[int]:
        """Numbers of the first pictures that show an object."""
        return [number for number, sample in enumerate(self.samples) if len(sample.boxes)][:count]


@pytest.fixture
def data(
    tmp_path: Path, records: Path, command: Any, tiny: Any, words: Any, monkeypatch: pytest.MonkeyPatch
) -> Records:
    monkeypatch.setattr("boxwright.export.result.write_model", lambda _, __: {})

    def train(path: Path | str, **changes: object) -> Any:
        options = {"max_steps": 1, "num_classes": 2, **changes}
        return command(*words(tmp_path / "job", tiny(training_data_path=path, **options)))

    samples = list(formats.read(str(records), split="train")) + list(draw_shapes(12, (64, 96), 8, ("circle", "square")))
    return Records(tmp_path / "data", samples, train)


def assert_refused(ran: Any, *said: str) -> None:
    assert ran.status == 1
    assert ran.err.startswith("boxwright: ")
    assert "Traceback" not in ran.err
    for text in said:
        assert text in ran.err


def listed(folder: Path, name: str = "rejected") -> list[str]:
    """What the events say was left out of the training data."""
    (event,) = [e for e in JobDir(folder).events() if e.kind == "data" and e.values["set"] == "training"]
    return list(event.values[name])


def test_truncated_file(data: Records) -> None:
    path = data.write()
    path.write_bytes(path.read_bytes()[:-10])
    assert_refused(
        data.train(path), f"{path}: record 23 at byte", "the file is truncated", "copy or write the file again"
    )


@pytest.mark.parametrize(("at", "part"), [(100, "data"), (8, "length")])
def test_wrong_checksum(data: Records, at: int, part: str) -> None:
    path = data.write()
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)
    assert_refused(data.train(path), f"{path}: record 0 at byte 0", f"the CRC32C of the {part} is wrong", "is damaged")


def test_record_without_ymax(data: Records) -> None:
    (number,) = data.with_boxes(1)
    path = data.write({number: lambda features: features.pop(f"{SIDE}ymax")})
    assert_refused(data.train(path), f"record {number} at byte", f"{SIDE}ymax is missing or empty")


def test_lists_of_unequal_length(data: Records) -> None:
    (number,) = data.with_boxes(1)

    def shorten(features: dict[str, Any]) -> None:
        features[f"{SIDE}xmin"] = np.zeros(len(features[f"{SIDE}xmin"]) + 1, np.float32)

    path = data.write({number: shorten})
    assert_refused(
        data.train(path), f"record {number} at byte", "lists must be equally long, one value a box", f"{SIDE}xmin"
    )


def relabelled(label: int) -> Change:
    def change(features: dict[str, Any]) -> None:
        features["image/object/class/label"] = np.full(len(features["image/object/class/label"]), label)

    return change


@pytest.mark.parametrize(
    ("label", "hint"), [(0, "labels start at 1 for the first class"), (3, "num_classes may be too small")]
)
def test_many_labels_outside_the_classes_stop(data: Records, label: int, hint: str) -> None:
    path = data.write(dict.fromkeys(data.with_boxes(9), relabelled(label)))
    assert_refused(
        data.train(path), f"boxes have label {label}, but labels must lie in 1..2: {hint}", "at most 10 % is allowed"
    )


def first_box(name: str, value: float) -> Change:
    def change(features: dict[str, Any]) -> None:
        features[name] = np.array([value, *features[name][1:]], features[name].dtype)

    return change


def swapped(features: dict[str, Any]) -> None:
    low, high = (features[f"{SIDE}{name}"].copy() for name in ("xmin", "xmax"))
    features[f"{SIDE}xmin"][0], features[f"{SIDE}xmax"][0] = high[0], low[0]


FAULTS: dict[str, tuple[Change, str]] = {
    "label 0": (first_box("image/object/class/label", 0), "box 0: label 0 is not in 1..2 (label)"),
    "label K+1": (first_box("image/object/class/label", 3), "box 0: label 3 is not in 1..2 (label)"),
    "1.2": (first_box(f"{SIDE}xmax", 1.2), "> width 96 (sticks out"),
    "NaN": (first_box(f"{SIDE}ymin", float("nan")), "box 0: ymin is nan (not finite)"),
    "xmin > xmax": (swapped, "(degenerate)"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_box_is_left_out_and_listed(data: Records, fault: str, tmp_path: Path) -> None:
    change, reason = FAULTS[fault]
    number = next(n for n in data.with_boxes(9) if len(data.samples[n].boxes) > 1)
    ran = data.train(data.write({number: change}))
    assert ran.status == 0, ran.err
    (line,) = listed(tmp_path / "job")
    assert line.startswith(f"{data.samples[number].source}: box 0: ") and reason in line
    assert "  left out: 1 boxes, 0 pictures" in ran.out
    assert f"    {line}" in ran.out


@pytest.mark.parametrize("fault", ["1.2", "NaN", "xmin > xmax"])
def test_many_faulty_boxes_stop(data: Records, fault: str) -> None:
    change, reason = FAULTS[fault]
    path = data.write(dict.fromkeys(data.with_boxes(20), change))
    assert_refused(data.train(path), "were rejected", "at most 10 % is allowed (max_rejected_share)", reason)
    assert data.train(path, max_rejected_share=0.9).status == 0


def test_a_class_that_is_lost_wholly_stops(data: Records) -> None:
    def no_squares(features: dict[str, Any]) -> None:
        outside = features["image/object/class/label"] == 2
        features[f"{SIDE}xmin"] = np.where(outside, np.float32("nan"), features[f"{SIDE}xmin"]).astype(np.float32)

    path = data.write(dict.fromkeys(range(24), no_squares))
    assert_refused(data.train(path, max_rejected_share=1), "every box of class 2 (2) was rejected")


def test_png_named_jpg_is_trained_on(data: Records, tmp_path: Path) -> None:
    def as_png(sample: Sample) -> Sample:
        out = io.BytesIO()
        Image.open(io.BytesIO(sample.encoded)).save(out, "PNG")
        return replace(sample, encoded=out.getvalue())

    pngs = replace(data, samples=[as_png(sample) for sample in data.samples])
    ran = data.train(pngs.write())
    assert ran.status == 0, ran.err
    assert all(sample.source.endswith(".jpg") for sample in pngs.samples)
    assert listed(tmp_path / "job", "unreadable") == []


def huge_png(side: int) -> bytes:
    """A PNG whose header says `side` x `side` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def encoded(content: bytes) -> Change:
    return lambda features: features.update({"image/encoded": [content]})


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (huge_png(40_000), "larger than 100,000,000 pixels"),
        (b"GIF89a", "not a readable JPEG, PNG, GIF or BMP picture"),
        (b"\xff\xd8\xff\xe0 cut off", "not a readable JPEG, PNG, GIF or BMP picture"),
    ],
    ids=["40000 x 40000", "cut off GIF", "cut off JPEG"],
)
def test_a_picture_that_cannot_be_used_is_left_out_and_listed(
    data: Records, tmp_path: Path, content: bytes, reason: str
) -> None:
    empty = next(n for n in range(24) if not len(data.samples[n].boxes))
    ran = data.train(data.write({empty: encoded(content)}))
    assert ran.status == 0, ran.err
    (line,) = listed(tmp_path / "job", "unreadable")
    assert line.startswith(f"{data.samples[empty].source}: ") and reason in line
    assert line in ran.out


def test_a_truncated_picture_is_left_out_and_listed(data: Records, tmp_path: Path) -> None:
    empty = next(n for n in range(24) if not len(data.samples[n].boxes))
    ran = data.train(data.write({empty: encoded(data.samples[empty].encoded[:-200])}))
    assert ran.status == 0, ran.err
    (line,) = listed(tmp_path / "job", "unreadable")
    assert "cannot decode the JPEG picture" in line


def test_a_picture_without_bytes(data: Records) -> None:
    path = data.write({3: lambda features: features.pop("image/encoded")})
    assert_refused(data.train(path), "record 3 at byte", "there is no image/encoded")


def test_an_empty_set(data: Records) -> None:
    path = data.write()
    path.write_bytes(b"")
    assert_refused(data.train(path), "the set 'train' is empty; at least one picture is needed")


def test_a_set_without_a_box(data: Records) -> None:
    nothing = replace(data, samples=[sample for sample in data.samples if not len(sample.boxes)])
    assert nothing.samples
    assert_refused(data.train(nothing.write()), "none of the 0 boxes in")


def test_a_wildcard_that_matches_nothing(data: Records) -> None:
    data.write()
    pattern = f"{data.folder}/test-*"
    assert_refused(
        data.train(pattern), f"no file matches '{pattern}'", "holds 1 entries, such as 'train-00000-of-00001"
    )
    # The mistake costs nothing: the same folder takes the corrected command.
    assert data.train(data.path).status == 0


def test_no_known_format(data: Records, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no data")
    assert_refused(data.train(tmp_path / "notes.txt"), "is in no known format. Looked for")


def test_more_evaluation_pictures_than_there_are(data: Records) -> None:
    ran = data.train(data.write(), num_eval_images=7)
    assert_refused(ran, "num_eval_images must not exceed the 6 validation pictures, got 7")


@pytest.mark.parametrize("place", ["file/job", "/proc/job"])
def test_unwritable_job_folder(data: Records, command: Any, words: Any, tiny: Any, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    ran = command(*words(tmp_path / place, tiny(training_data_path=data.write())))
    assert_refused(ran, "cannot write to the job folder", "choose another --job-dir", str(tmp_path / place))


def test_a_folder_with_other_files(data: Records, tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    (tmp_path / "job" / "thesis.tex").write_text("mine")
    assert_refused(data.train(data.write()), "holds files that are no job's (thesis.tex); choose a new --job-dir")


def test_a_folder_that_holds_another_run(data: Records) -> None:
    path = data.write()
    assert data.train(path).status == 0
    assert_refused(
        data.train(path, seed=3), "holds another run", "seed: not given there, 3 now", "choose a new --job-dir"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"initial_learning_rate": "1e30", "optimizer_type": "momentum", "max_steps": 6, "warmup_steps": 0},
            "the loss is",
        ),
        (
            {"optimizer_type": "adam", "optimizer_arguments": "momentum=0.9"},
            "adam does not know momentum; it knows beta1",
        ),
        ({"warmup_steps": 9}, "warmup_steps must not exceed max_steps, got 9 > 1"),
        ({"accelerator": "tpu"}, "accelerator=tpu is not available on this machine; there is "),
        ({"pretrained_checkpoint_path": "/nowhere.pth"}, "pretrained_checkpoint_path: no file '/nowhere.pth'"),
        ({"fpn_type": "nasfpn", "fpn_max_level": 6}, "fpn_max_level 7, got 3 and 6; fpn and bifpn take other levels"),
        ({"fpn_min_level": 2}, "fpn_min_level must be 3 to 5, got 2"),
        ({"freeze_layer_pattern": "(conv1_"}, "--freeze_layer_pattern: must be a regular expression such as"),
        ({"freeze_layer_pattern": ".*"}, "freeze_layer_pattern='.*' freezes every one of the"),
        ({"freeze_layer_pattern": "stage1_"}, "freeze_layer_pattern must fit the beginning of a name, got 'stage1_'"),
        (
            {"drop_epochs": "20,10"},
            "--drop_epochs: must be epochs from 1 on that increase, such as '10, 20', got 20, 10",
        ),
        (
            {"pretrained_checkpoint_path": "coco"},
            "there are published weights for retinanet resnet50 fpn and ssd vgg16, got retinanet efficientnet_lite0",
        ),
        (
            {"pretrained_checkpoint_path": "imagenet", "reinitialize_top_layer": "False"},
            "reinitialize_top_layer=False needs weights of the same top layer",
        ),
    ],
)
def test_settings_that_cannot_be_trained(data: Records, changes: dict[str, object], said: str) -> None:
    assert_refused(data.train(data.write(), **changes), said)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"num_training_samples": 23}, "24 were found in {path}, 5 of them for validation, got 23"),
        ({"num_training_samples": 24, "label_width": 6}, "label_width must be at least"),
        ({"num_training_samples": 24, "lr_scheduler_step": "10,5"}, "--lr_scheduler_step: must be epochs from 1 on"),
    ],
)
def test_what_sagemaker_wants_to_be_stated(
    data: Records, command: Any, tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    path = data.write()
    given = {"training_data_path": path, "num_classes": 2, "image_shape": 300, **changes}
    words = [f"--{name}={value}" for name, value in given.items()]
    ran = command("train", "sagemaker_object_detection", f"--job-dir={tmp_path / 'job'}", *words)
    assert_refused(ran, said.format(path=path))
