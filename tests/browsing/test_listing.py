"""What a folder holds."""

import os
from pathlib import Path

import fsspec
import pytest

from boxwright.browsing import listing
from boxwright.browsing.listing import Entry, described, format_of, listed
from boxwright.browsing.roots import Roots
from boxwright.dataset.draw import draw_shapes
from boxwright.formats import write


@pytest.fixture
def roots(tmp_path: Path) -> Roots:
    data = tmp_path / "data"
    (data / "Beta").mkdir(parents=True)
    (data / "alpha").mkdir()
    for name in ("z.txt", "A.jpg", ".hidden"):
        (data / name).write_text("12345")
    (data / "out").symlink_to("/etc")
    (data / "in").symlink_to("alpha")
    (data / "broken").symlink_to("nowhere")
    return Roots((str(data),), tmp_path / "server")


def test_folders_come_first_and_links_that_lead_out_do_not_come(roots: Roots) -> None:
    found = listed(roots, roots.allowed[0])
    assert [(one.name, one.is_folder) for one in found] == [
        ("alpha", True),
        ("Beta", True),
        ("in", True),
        ("A.jpg", False),
        ("broken", False),
        ("z.txt", False),
    ]


def test_a_filter_leaves_names_that_hold_it(roots: Roots) -> None:
    assert [one.name for one in listed(roots, roots.allowed[0], "a")] == ["alpha", "Beta", "A.jpg"]


def test_sizes_and_times_are_told(roots: Roots) -> None:
    path = f"{roots.allowed[0]}/z.txt"
    os.utime(path, (1000.0, 1000.0))
    found = {one.name: one for one in described(listed(roots, roots.allowed[0]))}
    assert (found["z.txt"].size, found["z.txt"].changed, found["z.txt"].format) == (5, 1000.0, "")
    assert found["alpha"].size is None and found["alpha"].changed
    assert found["broken"] == Entry(f"{roots.allowed[0]}/broken", False)


def test_formats_are_told_where_that_is_cheap(roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = f"{roots.allowed[0]}/alpha"
    write(draw_shapes(2, size=(32, 32)), folder, to="tfrecord", split="train")
    write(draw_shapes(2, size=(32, 32)), f"{roots.allowed[0]}/Beta", to="coco", split="train")
    found = {one.name: one.format for one in described(listed(roots, roots.allowed[0]))}
    assert (found["alpha"], found["Beta"], found["A.jpg"]) == ("tfrecord", "coco", "")
    assert format_of(folder) == "tfrecord"
    inside = {one.name: one.format for one in described(listed(roots, folder))}
    assert inside == {"labels.txt": "", "train-00000-of-00001.tfrecord": "tfrecord"}
    monkeypatch.setattr(listing, "LOOKING", -1.0)
    assert {one.format for one in described(listed(roots, roots.allowed[0]))} == {""}
    monkeypatch.setattr(listing, "LOOKING", 60.0)
    monkeypatch.setattr(listing, "MANY", 1)
    assert {one.format for one in described(listed(roots, roots.allowed[0]))} == {""}


def test_of_the_servers_own_folder_little_is_shown(tmp_path: Path) -> None:
    for name in ("jobs", "uploads", "endpoints", "datasets"):
        (tmp_path / name).mkdir()
    (tmp_path / "token").write_text("x")
    (tmp_path / "boxwright.db").write_text("x")
    roots = Roots((str(tmp_path),), tmp_path)
    assert [one.name for one in listed(roots, str(tmp_path))] == ["datasets", "jobs"]


def test_what_is_no_folder_is_an_error(roots: Roots) -> None:
    with pytest.raises(NotADirectoryError):
        listed(roots, f"{roots.allowed[0]}/z.txt")
    with pytest.raises(FileNotFoundError):
        listed(roots, f"{roots.allowed[0]}/none")


def test_a_folder_that_may_not_be_read_is_not_looked_into(roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(13, "Permission denied", path)

    entries = listed(roots, roots.allowed[0])
    monkeypatch.setattr(listing.os, "scandir", refuse)
    assert described(entries)[0].format == ""


def test_object_stores_are_listed(roots: Roots) -> None:
    store = fsspec.filesystem("memory")
    store.pipe("/browsed/train/a.rec", b"123")
    store.pipe("/browsed/b.csv", b"1234")
    try:
        found = described(listed(roots, "memory://browsed"))
        assert [(one.name, one.is_folder, one.size) for one in found] == [("train", True, None), ("b.csv", False, 4)]
        assert found[1].path == "memory://browsed/b.csv" and found[1].changed
        with pytest.raises(FileNotFoundError):
            listed(roots, "memory://browsed/none")
    finally:
        store.rm("/browsed", recursive=True)
