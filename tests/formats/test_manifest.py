import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from boxwright.dataset.commands import inspect_data
from boxwright.dataset.health import inspect
from boxwright.formats import ClassName, Dataset, Sample, read, recognise, splits, write
from boxwright.formats.manifest import MAX_LINE

DOG = {"class_id": 0, "left": 11, "top": 5, "width": 20, "height": 8}
SIZE = [{"width": 40, "height": 30, "depth": 3}]


def line(
    ref: str, boxes: list[dict[str, Any]], *, to: str = "box", names: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    """One line with an attribute `to`, as a labelling job writes it."""
    metadata = {
        "objects": [{"confidence": 0.09} for _ in boxes],
        "class-map": names or {},
        "type": "groundtruth/object-detection",
        "human-annotated": "yes",
        "creation-date": "2018-10-18T22:18:13.527256",
        "job-name": "labeling-job/dogs",
    }
    return {"source-ref": ref, to: {"image_size": SIZE, "annotations": boxes}, f"{to}-metadata": metadata, **more}


def save(path: Path, *lines: dict[str, Any] | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines))
    return str(path)


@pytest.fixture
def folder(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    for number, name in enumerate(("a.jpg", "b.jpg")):
        (tmp_path / name).write_bytes(picture(seed=number))
    return tmp_path


def test_a_labelling_jobs_lines(folder: Path) -> None:
    boxes = [DOG, {**DOG, "class_id": 1, "top": 0.5}]
    path = save(folder / "output.manifest", line("a.jpg", boxes, names={"0": "dog", "1": "cat"}), "", line("b.jpg", []))
    assert recognise(path) == recognise(str(folder)) == recognise(f"{path}#box") == "manifest"
    assert splits(path) == splits(str(folder)) == splits(f"{path}#box") == ("output",)
    for place in (path, str(folder), f"{path}#box", f"{folder}#box"):
        dataset = read(place)
        assert dataset.classes == (ClassName(1, "dog"), ClassName(2, "cat"))
        np.testing.assert_array_equal(dataset[0].boxes, [[11, 5, 31, 13], [11, 0.5, 31, 8.5]])
        np.testing.assert_array_equal(dataset[0].labels, [0, 1])
        assert [len(one.boxes) for one in dataset] == [2, 0]


def test_where_pictures_are(folder: Path, memory: str, picture: Callable[..., bytes]) -> None:
    with fsspec.open(f"{memory}/far/c.jpg", "wb") as file:
        file.write(picture(seed=7))
    (folder / "sub").mkdir()
    refs = ["../a.jpg", str(folder / "b.jpg"), f"file://{folder}/a.jpg", f"{memory}/far/c.jpg"]
    dataset = read(save(folder / "sub/x.manifest", *(line(ref, [DOG]) for ref in refs)))
    wanted = [(folder / name).read_bytes() for name in ("a.jpg", "b.jpg", "a.jpg")]
    assert [one.encoded for one in dataset] == [*wanted, picture(seed=7)]
    assert [one.source for one in dataset] == refs


@pytest.mark.parametrize("name", ["x.jsonl", "x.json"])
def test_other_endings_are_known_by_content(folder: Path, name: str) -> None:
    path = save(folder / name, line("a.jpg", [DOG]))
    assert recognise(path) == "manifest"
    assert splits(path) == ("x",)
    assert len(read(path)) == 1
    with pytest.raises(ValueError, match="is in no known format"):
        recognise(save(folder / name, {"image": "a.jpg"}))


def test_a_folder_of_another_kind_of_manifest_is_none(tmp_path: Path) -> None:
    (tmp_path / "build.manifest").write_text("Manifest-Version: 1.0\n")
    with pytest.raises(ValueError, match="is in no known format"):
        recognise(str(tmp_path))


def test_the_folder_of_a_labelling_job(folder: Path) -> None:
    save(folder / "manifests/output/output.manifest", line("../../a.jpg", [DOG]))
    assert recognise(str(folder)) == "manifest"
    assert len(read(str(folder), split="output")) == 1


def test_unlabelled_lines_are_left_out_and_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    failed = {"source-ref": "b.jpg", "box-metadata": {"failure-reason": "ClientError"}}
    path = save(folder / "x.manifest", {"source-ref": "b.jpg"}, line("a.jpg", [DOG]), failed)
    with caplog.at_level(logging.WARNING):
        dataset = read(path)
    assert [one.source for one in dataset] == ["a.jpg"]
    assert dataset.unlabelled == ("b.jpg", "b.jpg")
    assert caplog.messages == [f"{path}: 2 of 3 lines have no label 'box' and are left out; the first is line 1"]


def test_the_report_counts_unlabelled_lines_beside_pictures_without_objects(folder: Path) -> None:
    path = save(folder / "x.manifest", line("a.jpg", [DOG]), {"source-ref": "c.jpg"}, line("b.jpg", []))
    text = inspect_data(path)
    assert f"{path}: 2 pictures, 1 box" in text
    assert "  warning  1 of 3 listed pictures without a label, and not used.\n" in text
    assert "  note     1 picture without boxes, used as background.\n" in text
    assert "Pictures without a label (1)\n  c.jpg\n" in text
    health = json.loads(inspect_data(path, "json"))
    assert health["unlabelled"] == ["c.jpg"]
    assert {one["rule"]: one["count"] for one in health["findings"]}["without-label"] == 1
    assert "<tr><td>c.jpg</td><td>not used</td></tr>" in inspect_data(path, "html")


def test_unlabelled_lines_of_several_files_are_counted_once(folder: Path) -> None:
    for name in ("x", "y"):
        save(folder / f"{name}.manifest", line(f"{'ab'[name == 'y']}.jpg", [DOG]), {"source-ref": "c.jpg"})
    assert json.loads(inspect_data(str(folder), "json"))["unlabelled"] == ["c.jpg"]


def test_the_attribute_can_be_chosen(folder: Path) -> None:
    second = line("a.jpg", [DOG, DOG], to="cars")
    path = save(folder / "x.manifest", line("a.jpg", [DOG], **second))
    with pytest.raises(ValueError, match=r"several attributes label objects, 'box', 'cars'; name one: .*manifest#box"):
        read(path)
    assert len(read(f"{path}#box")[0].boxes) == 1
    assert len(read(f"{path}#cars")[0].boxes) == 2
    with pytest.raises(ValueError, match="no line has the attribute 'bus'; there is 'box', 'cars'"):
        read(f"{path}#bus")


def test_a_hash_in_a_file_name(folder: Path) -> None:
    path = save(folder / "job#3.manifest", line("a.jpg", [DOG]))
    assert len(read(path)) == len(read(f"{path}#box")) == 1


def test_other_attributes_are_passed_over(folder: Path) -> None:
    other = {"weather": "rain", "weather-metadata": {"type": "groundtruth/image-classification"}, "id": 7, "box2": None}
    assert len(read(save(folder / "x.manifest", line("a.jpg", [DOG], **other)))) == 1


def test_metadata_may_be_missing(folder: Path) -> None:
    bare = {"source-ref": "a.jpg", "boxes": {"annotations": [DOG]}, "n": {"annotations": 3}}
    assert read(save(folder / "x.manifest", bare)).classes == (ClassName(1, "0"),)


def test_an_adjusted_label_goes_first(folder: Path) -> None:
    first = line("a.jpg", [DOG], names={"0": "dog"})
    again = line("a.jpg", [{**DOG, "left": 1}], to="adjusted-box", names={"0": "dog"})
    path = save(folder / "x.manifest", {**first, **again}, line("b.jpg", [DOG], names={"0": "dog"}))
    assert [one.boxes[0, 0] for one in read(path)] == [1, 11]
    assert [one.boxes[0, 0] for one in read(f"{path}#box")] == [1, 11]
    assert [one.boxes[0, 0] for one in read(f"{path}#adjusted-box")] == [1]


def test_manifests_of_a_folder_share_their_classes(folder: Path) -> None:
    save(folder / "train.manifest", line("a.jpg", [DOG], names={"0": "dog", "1": "cat"}))
    save(folder / "val.manifest", line("b.jpg", [DOG], names={"0": "dog"}))
    save(folder / "input.manifest", {"source-ref": "a.jpg"})
    assert read(str(folder), split="val").classes == read(f"{folder}/train.manifest").classes
    save(folder / "other.manifest", line("a.jpg", [DOG], names={"0": "owl"}))
    with pytest.raises(ValueError, match=r"val\.manifest:1: class-map: class id 0 is named '\w+', and '\w+' before"):
        read(f"{folder}/other.manifest")


def test_gaps_between_class_ids_are_refused(folder: Path) -> None:
    path = save(folder / "x.manifest", line("a.jpg", [{**DOG, "class_id": 2}], names={"0": "dog", "2": "owl"}))
    with pytest.raises(ValueError, match=r"x\.manifest: class ids count from 0 without gaps, and 1 is neither used"):
        read(path)
    (folder / "labels.txt").write_text("dog\ncat\nowl\n")
    assert [one.name for one in read(path).classes] == ["dog", "cat", "owl"]
    np.testing.assert_array_equal(read(path)[0].labels, [2])


def test_all_faulty_lines_are_told(folder: Path) -> None:
    long = {"source-ref": "a.jpg", "note": "x" * MAX_LINE}
    path = save(folder / "x.manifest", "{'a'}", line("a.jpg", []), json.dumps(long), {"source": "text"}, "[]")
    with pytest.raises(ValueError) as caught:
        read(path)
    length = len(json.dumps(long))
    assert str(caught.value).splitlines() == [
        f"{path}: 4 faulty:",
        "  line 1: is no JSON: Expecting property name enclosed in double quotes at character 2, in \"{'a'}\"",
        f"  line 3: has {length:,} characters; a line has at most 100,000",
        "  line 4: needs 'source-ref', the place of its picture, got '{\"source\": \"text\"}'",
        "  line 5: needs 'source-ref', the place of its picture, got '[]'",
        "Correct these lines or take them out.",
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"source-ref": "a.jpg"}, "no attribute is of type groundtruth/object-detection; there is only 'source-ref'"),
        ({"source-ref": "a.jpg", "cat": 1, "cat-metadata": {"type": "x"}}, "there is 'cat'. Label the pictures first"),
        (line("a.jpg", [{"left": 3}]), r"line 1: 'box': annotations\[0\] needs numbers left, top"),
        (
            {**line("a.jpg", []), "box-metadata": {"class-map": [1], "type": "groundtruth/object-detection"}},
            "'class-map'",
        ),
        (line("a.jpg", [], names={"a": "dog"}), r"x\.manifest:1: class-map: class id 'a' must be a whole number"),
    ],
)
def test_malformed_labels(folder: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(save(folder / "x.manifest", given))


def test_a_picture_that_is_not_there(folder: Path) -> None:
    dataset = read(save(folder / "x.manifest", line("gone.jpg", [DOG])))
    with pytest.raises(FileNotFoundError, match=r"gone\.jpg: the data set lists this picture, but there is no file"):
        dataset[0]


def test_boxes_outside_and_pictures_listed_twice_are_left_to_the_doctor(folder: Path) -> None:
    path = save(folder / "x.manifest", line("a.jpg", [{**DOG, "left": 100}]), line("a.jpg", [DOG]))
    health = inspect(read(path))
    assert health.summary.rules == {"outside": 1}
    assert health.observations.duplicates == ((0, 1),)


def test_what_is_written(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    samples = [sample("x/a.jpg", [[1, 2, 11, 22]], [1]), sample("b.jpg")]
    before = datetime.now(UTC).replace(tzinfo=None)
    write(Dataset(samples, (ClassName(5, "cat"), ClassName(9, "dog"))), str(tmp_path), to="manifest", split="train")
    first, second = map(json.loads, (tmp_path / "train.manifest").read_text().splitlines())
    written = datetime.fromisoformat(first["bounding-box-metadata"].pop("creation-date"))
    assert timedelta(0) <= written - before < timedelta(minutes=1)
    assert first == {
        "source-ref": "images/train/a.jpg",
        "bounding-box": {
            "image_size": SIZE,
            "annotations": [{"class_id": 1, "left": 1, "top": 2, "width": 10, "height": 20}],
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 0}],
            "class-map": {"0": "cat", "1": "dog"},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "job-name": "boxwright",
        },
    }
    assert second["bounding-box"] == {"image_size": SIZE, "annotations": []}
    assert (tmp_path / "images/train/b.jpg").read_bytes() == samples[1].encoded


def test_a_url_is_written_in_full(memory: str, sample: Callable[..., Sample]) -> None:
    write(Dataset([sample("a.jpg")], (ClassName(1, "c"),)), f"{memory}/set", to="manifest", split="train")
    with fsspec.open(f"{memory}/set/train.manifest") as file:
        assert json.loads(file.read())["source-ref"] == f"{memory}/set/images/train/a.jpg"


def test_a_line_that_would_be_too_long_is_not_written(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    many = sample("a.jpg", [[1, 2, 11, 22]] * 1500, [0] * 1500)
    with pytest.raises(ValueError, match=r"a\.jpg: its 1500 boxes make a line of .* at most 100,000"):
        write(Dataset([many], (ClassName(1, "c"),)), str(tmp_path), to="manifest", split="train")
    assert not (tmp_path / "train.manifest").exists()


def test_lines_end_at_line_feeds_only(folder: Path) -> None:
    text = json.dumps(line("a.jpg", [DOG], names={"0": "a\u2028b\x85"}), ensure_ascii=False)
    assert read(save(folder / "x.manifest", text)).classes[0].name == "a\u2028b\x85"


def test_classes_without_names_are_named_by_their_ids(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    write(Dataset([sample("a.jpg", [[1, 2, 11, 22]], [0])], ()), str(tmp_path), to="manifest", split="train")
    (text,) = (tmp_path / "train.manifest").read_text().splitlines()
    assert json.loads(text)["bounding-box-metadata"]["class-map"] == {"0": "0"}


def test_a_second_split_extends_the_classes(tmp_path: Path, sample: Callable[..., Sample]) -> None:
    for split, names in (("train", ["cat"]), ("val", ["cat", "dog"])):
        classes = tuple(ClassName(number, name) for number, name in enumerate(names))
        write(Dataset([sample("a.jpg", [[1, 2, 11, 22]], [0])], classes), str(tmp_path), to="manifest", split=split)
    assert [one.name for one in read(str(tmp_path), split="train").classes] == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"\.manifest: holds the classes .*choose another folder"):
        write(Dataset([sample("a.jpg")], (ClassName(0, "owl"),)), str(tmp_path), to="manifest", split="test")
