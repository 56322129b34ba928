"""What an import finds and leaves behind, done in this process."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright import formats
from boxwright.catalogue.importing import import_dataset
from boxwright.catalogue.pages import Wanted, opened
from boxwright.catalogue.place import Order, Outcome, Place, Progress
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.health import Health, inspect
from boxwright.dataset.split import Subset, join
from boxwright.formats.sample import Dataset
from boxwright.spec.dataset import DatasetRequest


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "kept")


def imported(place: Place, roots: Path, parent: str = "", **given: Any) -> Outcome:
    request = DatasetRequest.read({"name": "x", **given})
    place.begin(Order(request=request, parent_path=parent, roots=(str(roots),)))
    import_dataset(place.folder)
    outcome = place.outcome()
    assert outcome
    return outcome


def test_the_index_and_the_report_agree_with_the_data_doctor(place: Place, roots: Path, shapes: Path) -> None:
    outcome = imported(place, roots, path=str(shapes))
    expected = inspect(join([formats.read(str(shapes), split=part) for part in ("train", "val")]))
    assert Health.model_validate_json(place.health.read_bytes()) == expected
    assert outcome.counts and outcome.counts.boxes == expected.summary.num_boxes
    assert "<title>" in place.report.read_text()
    assert place.progress() == Progress(stage="writing", total=6)
    with opened(place.index) as index:
        for number, sample in enumerate([*formats.read(str(shapes), split="train")]):
            found = index.picture(number)
            corners = np.array([one["corners"] for one in found["boxes"]]).reshape(-1, 4)
            assert np.allclose(corners, sample.boxes, atol=0.02)
            assert index.place(number) == ("train", number, f"{shapes}/{sample.source}")


def test_a_picture_of_several_parts_is_there_once_and_found_by_each(place: Place, roots: Path) -> None:
    whole = draw_shapes(4, (48, 64), 0, ["ring"])
    for split, places in (("train", (0, 1)), ("trainval", (0, 1, 2)), ("val", (2, 3))):
        part = Dataset(Subset(whole.samples, places), whole.classes)
        formats.write(part, str(roots / "voc"), to="voc", split=split)
    outcome = imported(place, roots, path=str(roots / "voc"))
    assert [(part.name, part.pictures) for part in outcome.parts] == [("train", 2), ("trainval", 3), ("val", 2)]
    assert outcome.counts and outcome.counts.pictures == 4
    with opened(place.index) as index:
        assert [index.count(Wanted(part=part)) for part in range(3)] == [2, 3, 2]
        assert index.count(Wanted()) == 4


def test_the_digest_is_of_the_content(place: Place, roots: Path, shapes: Path) -> None:
    first = imported(place, roots, path=str(shapes)).digest
    assert imported(place, roots, path=str(shapes)).digest == first
    labels = next(path for path in sorted((shapes / "labels").rglob("*.txt")) if path.read_text())
    labels.write_text(labels.read_text().replace("0 ", "1 ", 1) if labels.read_text()[0] == "0" else "0 .5 .5 .1 .1\n")
    assert imported(place, roots, path=str(shapes)).digest != first


def test_an_import_that_was_ended_begins_afresh(place: Place, roots: Path) -> None:
    """What is left of the data that was being written is taken away first."""
    place.data.mkdir(parents=True)
    (place.data / "train-00000-of-00001.tfrecord").write_bytes(b"half")
    outcome = imported(place, roots, draw={"pictures": 2, "validation": 0, "height": 48, "width": 64})
    assert not outcome.error_message
    assert outcome.counts and outcome.counts.pictures == 2


def test_an_upload_may_hold_its_data_further_down(place: Place, roots: Path) -> None:
    formats.write(draw_shapes(2, (48, 64), 0, ["ring"]), str(place.data / "one" / "two"), to="coco", split="train")
    (place.data / "notes.txt").write_text("read me")
    assert imported(place, roots, uploadId="u1").path == str(place.data / "one" / "two")


def test_an_upload_without_data_says_what_was_looked_for(place: Place, roots: Path) -> None:
    place.data.mkdir(parents=True)
    (place.data / "notes.txt").write_text("read me")
    said = imported(place, roots, uploadId="u1").error_message
    assert "'the upload' is in no known format" in said
    assert str(place.data) not in said


def test_what_a_parent_gives(place: Place, roots: Path, shapes: Path) -> None:
    outcome = imported(place, roots, parent=str(shapes), split={"dataset": "y", "shares": {"a": 0.5, "b": 0.5}})
    assert (outcome.format, [part.name for part in outcome.parts]) == ("yolo", ["a", "b"])
    converted = imported(place, roots, parent=str(shapes), convert={"dataset": "y", "format": "coco"})
    assert (converted.format, converted.path) == ("coco", str(place.data))


def test_annotations_may_not_name_pictures_outside(place: Place, roots: Path, tmp_path: Path) -> None:
    formats.write(draw_shapes(2, (48, 64), 0, ["ring"]), str(tmp_path / "other"), to="yolo", split="train")
    (roots / "trap").mkdir()
    path = str(tmp_path / "other")
    (roots / "trap" / "data.yaml").write_text(json.dumps({"path": path, "names": ["ring"], "train": "images/train"}))
    said = imported(place, roots, path=str(roots / "trap")).error_message
    assert "neither a folder of pictures nor a list" in said


def test_two_processes_do_not_import_into_one_folder(place: Place, roots: Path, shapes: Path) -> None:
    place.begin(Order(request=DatasetRequest(name="x", path=str(shapes)), roots=(str(roots),)))
    with place.lock():
        subprocess.run([sys.executable, "-m", "boxwright.catalogue.importing", str(place.folder)], check=True)
        assert place.outcome() is None
    import_dataset(place.folder)
    assert place.outcome()


def test_importing_needs_no_torch() -> None:
    code = "import sys, boxwright.catalogue.importing; print({'torch', 'onnxruntime', 'fastapi'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout.strip() == "set()"


def test_odd_pictures_are_found_by_what_is_odd(place: Place, roots: Path) -> None:
    """The first and the last are equal byte for byte; the second, a JPEG, is named .png."""
    one, two = (draw_shapes(2, (48, 64), 0, ["ring"])[number] for number in range(2))
    names = ["a.jpg", "b.png", "c.jpg"]
    samples = [replace(sample, source=name) for name, sample in zip(names, (one, two, one), strict=True)]
    formats.write(
        Dataset(samples, draw_shapes(1, (48, 64), 0, ["ring"]).classes), str(roots / "odd"), to="coco", split="x"
    )
    imported(place, roots, path=str(roots / "odd"))
    with opened(place.index) as index:
        asked = {problem: Wanted(problem=problem) for problem in ("duplicate-picture", "misnamed")}
        found = {problem: index.page(wanted, 10).pictures for problem, wanted in asked.items()}
    assert [one["number"] for one in found["duplicate-picture"]] == [0, 2]
    assert found["duplicate-picture"][0]["problems"] == [{"problem": "duplicate-picture", "reason": "2"}]
    assert [(one["number"], one["problems"][0]["reason"]) for one in found["misnamed"]] == [(1, "JPEG named .png")]
