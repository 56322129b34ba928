"""What a path or wildcard names."""

import time
from pathlib import Path

import fsspec
import pytest

from boxwright.browsing import matching
from boxwright.browsing.matching import Match, counted, match
from boxwright.browsing.roots import Roots
from boxwright.dataset.draw import draw_shapes
from boxwright.formats import write


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two files with 5 pictures in all, a folder of YOLO with 3 and 2, and a link that leads out."""
    folder = tmp_path_factory.mktemp("matched")
    write(draw_shapes(5, size=(32, 32)), str(folder / "records"), to="tfrecord", split="train", shards=2)
    for split, count in (("train", 3), ("val", 2)):
        write(draw_shapes(count, size=(32, 32)), str(folder / "yolo"), to="yolo", split=split)
    (folder / "records" / "train-out").symlink_to("/etc/hostname")
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("x")
    return folder


@pytest.fixture
def roots(data: Path) -> Roots:
    return Roots((str(data),), data / "server")


def found(pattern: str, roots: Roots) -> Match:
    return counted(pattern, roots, lambda _: None)


def test_a_wildcard_over_files(data: Path, roots: Roots) -> None:
    result = found(f"{data}/records/train-0*", roots)
    assert (result.files, result.records, result.complete, result.format) == (2, 5, True, "tfrecord")
    assert result.examples == tuple(f"{data}/records/train-0000{i}-of-00002.tfrecord" for i in (0, 1))
    assert result.note == ""


def test_several_paths_and_one(data: Path, roots: Roots) -> None:
    one, two = (f"{data}/records/train-0000{i}-of-00002.tfrecord" for i in (0, 1))
    assert (found(f"{one},{two}", roots).files, found(f"{one}, {two}", roots).records) == (2, 5)
    assert found(one, roots).files == 1 and 0 < found(one, roots).records < 5


def test_a_folder_is_counted_with_all_its_sets(data: Path, roots: Roots) -> None:
    result = found(f"{data}/yolo", roots)
    assert (result.files, result.records, result.format) == (11, 5, "yolo")
    assert set(result.splits) == {"train", "val"}


def test_links_that_lead_out_are_left_out(data: Path, roots: Roots) -> None:
    assert found(f"{data}/records/train-o*", roots) == Match(complete=True)


def test_what_matches_nothing(data: Path, roots: Roots) -> None:
    assert found(f"{data}/nothing-*", roots) == Match(complete=True)


def test_files_that_are_no_data_are_counted_and_the_reason_is_told(data: Path, roots: Roots) -> None:
    result = found(f"{data}/notes", roots)
    assert (result.files, result.records, result.complete) == (1, 0, True)
    assert "is in no known format" in result.note


def test_data_that_cannot_be_read_is_told(data: Path, roots: Roots) -> None:
    (data / "cut").mkdir(exist_ok=True)
    source = (data / "records" / "train-00000-of-00002.tfrecord").read_bytes()
    (data / "cut" / "train.tfrecord").write_bytes(source[:-3])
    result = found(f"{data}/cut/train.tfrecord", roots)
    assert (result.files, result.records, result.complete) == (1, 0, True) and result.note


def test_object_stores(data: Path, roots: Roots) -> None:
    store = fsspec.filesystem("memory")
    for path in (data / "records").glob("*.tfrecord"):
        store.pipe(f"/matched/{path.name}", path.read_bytes())
    try:
        result = found("memory://matched/train-*", roots)
        assert (result.files, result.records) == (2, 5)
        assert "no file matches" in found("memory://matched/val-*", roots).note
    finally:
        store.rm("/matched", recursive=True)


def test_it_says_how_far_it_is(data: Path, roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PAUSE", 0.0)
    told: list[Match] = []
    counted(f"{data}/records/train-0*", roots, told.append)
    assert [one.files for one in told[:2]] == [1, 2]
    assert told[-1].records == 5 and not told[-1].complete


def test_a_process_of_its_own_counts(data: Path, roots: Roots) -> None:
    result = match(f"{data}/yolo", roots, seconds=60.0)
    assert (result.files, result.records, result.complete, result.format) == (11, 5, True, "yolo")
    assert set(result.splits) == {"train", "val"} and len(result.examples) == 5


def test_when_the_time_is_over_what_was_found_is_given(
    data: Path, roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'echo \'{"files": 7, "records": 3, "format": "coco"}\'; printf \'{"files": 9\'; exec sleep 60'
    monkeypatch.setattr(matching, "COUNTER", ("/bin/sh", "-c", script))
    start = time.monotonic()
    assert match(str(data), roots, seconds=0.5) == Match(files=7, records=3, format="coco")
    assert time.monotonic() - start < 10


def test_a_process_that_says_nothing_has_found_nothing(
    data: Path, roots: Roots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(matching, "COUNTER", ("/bin/false",))
    assert match(str(data), roots) == Match()
