"""Making files into a folder, in this process."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.uploads import assembling
from boxwright.uploads.assembling import assemble
from boxwright.uploads.place import Place
from boxwright.uploads.records import Outcome, Progress
from boxwright.uploads.shelf import Uploads

Fill = Callable[..., str]


def zipped(**contents: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return held.getvalue()


def made(uploads: Uploads, upload_id: str) -> Place:
    place = Place(uploads.folder / "p" / upload_id)
    assemble(place.folder, uploads.max_bytes)
    return place


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_zip_is_unpacked(uploads: Uploads, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembling, "PAUSE", 0.0)
    place = made(uploads, fill(**{"Set.ZIP": zipped(**{"set/a": b"1", "set/b/c": b"22"})}))
    assert place.outcome() == Outcome(files=2, size=3)
    assert place.progress() == Progress(done=3, total=3)
    assert files_in(place.content) == ["a", "b/c"]
    assert not place.files.exists() and not place.unfinished.exists()


def test_of_several_files_zips_are_files(uploads: Uploads, fill: Fill) -> None:
    place = made(uploads, fill(**{"a.zip": zipped(a=b"1"), "b.zip": zipped(b=b"1")}))
    assert files_in(place.content) == ["a.zip", "b.zip"]


def test_what_only_is_called_a_zip_is_refused(uploads: Uploads, fill: Fill) -> None:
    outcome = made(uploads, fill(**{"a.zip": b"GIF89a"})).outcome()
    assert outcome and outcome.error_message.startswith("a.zip is called a zip and is none; make it again")


def test_a_zip_that_grows_beyond_the_limit_is_refused(uploads: Uploads, fill: Fill) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(1_000_001))
    place = made(uploads, fill(**{"a.zip": held.getvalue()}))
    outcome = place.outcome()
    assert outcome and "may have 1,000,000 bytes" in outcome.error_message
    assert not place.content.exists() and not place.unfinished.exists() and place.files.exists()


def test_a_file_where_another_needs_a_folder_is_refused(uploads: Uploads, fill: Fill) -> None:
    outcome = made(uploads, fill(**{"a": b"1", "a/b": b"2"})).outcome()
    assert outcome and "rename one of them" in outcome.error_message


def test_hidden_files_alone_are_no_data(uploads: Uploads, fill: Fill) -> None:
    outcome = made(uploads, fill(**{".a": b"1"})).outcome()
    assert outcome and "could be data" in outcome.error_message


def test_it_begins_afresh_after_it_was_killed(uploads: Uploads, fill: Fill) -> None:
    upload_id = fill(a=b"1")
    place = Place(uploads.folder / "p" / upload_id)
    for left in (place.unfinished, place.content):
        left.mkdir()
        (left / "half").write_bytes(b"x")
    assert files_in(made(uploads, upload_id).content) == ["a"]


def test_only_one_process_works_and_only_once(uploads: Uploads, fill: Fill) -> None:
    place = Place(uploads.folder / "p" / fill(a=b"1"))
    with place.lock():
        assert place.is_worked_on()
        assemble(place.folder, uploads.max_bytes)
        assert place.outcome() is None
    assert not place.is_worked_on()
    place.write(Outcome(error_message="kept"))
    assemble(place.folder, uploads.max_bytes)
    assert place.outcome() == Outcome(error_message="kept")


def test_where_the_disk_knows_no_second_names_files_are_copied(
    uploads: Uploads, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(1, "not here")

    upload_id = fill(a=b"1", b=b"2")
    monkeypatch.setattr(os, "link", refuse)
    assert files_in(made(uploads, upload_id).content) == ["a", "b"]
