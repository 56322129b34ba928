"""Uploads from their beginning to their end."""

import io
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.store.tokens import TokenRecord
from boxwright.uploads import shelf
from boxwright.uploads.place import Place
from boxwright.uploads.records import UploadFault, UploadRecord
from boxwright.uploads.shelf import LIFETIME, Uploads

ANNA = TokenRecord("anna", "trainer", 1.0)
BERTA = TokenRecord("berta", "trainer", 2.0)
LATER_ANNA = TokenRecord("anna", "trainer", 3.0)
ADMIN = TokenRecord("admin", "admin", 4.0)

Fill = Callable[..., str]


def ended(uploads: Uploads, upload_id: str) -> UploadRecord:
    """An upload when it is no longer being unpacked."""
    end = time.monotonic() + 20
    while (record := uploads.get("p", upload_id, ANNA)).state == "UNPACKING":
        assert time.monotonic() < end
        time.sleep(0.02)
    return record


def zipped(**contents: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return held.getvalue()


def test_files_become_a_folder_and_the_folder_is_taken(uploads: Uploads, fill: Fill, tmp_path: Path) -> None:
    upload_id = fill(**{"set/images/1.jpg": b"one", "set/labels/1.txt": b"two", "set/.hidden": b"no"})
    assert uploads.get("p", upload_id, ANNA).state == "OPEN"
    assert uploads.finish("p", upload_id, ANNA).state in ("UNPACKING", "READY")
    record = ended(uploads, upload_id)
    assert (record.state, record.outcome.files, record.outcome.size, record.outcome.left_out) == ("READY", 2, 6, 1)
    assert uploads.finish("p", upload_id, ANNA).state == "READY"
    folder = Path(record.path)
    found = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert found == ["images/1.jpg", "labels/1.txt"]
    uploads.take("p", upload_id, ANNA, tmp_path / "datasets" / "cells")
    assert (tmp_path / "datasets" / "cells" / "images" / "1.jpg").read_bytes() == b"one"
    with pytest.raises(UploadFault, match="there is no upload"):
        uploads.get("p", upload_id, ANNA)
    assert list((tmp_path / "uploads" / "p").iterdir()) == []


def test_a_bad_zip_fails_in_words_and_another_file_mends_it(uploads: Uploads, fill: Fill) -> None:
    upload_id = fill(**{"a.zip": zipped(**{"../x": b"1"})})
    uploads.finish("p", upload_id, ANNA)
    record = ended(uploads, upload_id)
    assert record.state == "FAILED" and "lead out" in record.outcome.error_message and not record.path
    with pytest.raises(UploadFault, match="must be READY, and is FAILED"):
        uploads.take("p", upload_id, ANNA, Path("never"))
    place = uploads.open_place("p", upload_id, ANNA)
    shelf_files = sorted(place.files.glob("*.json"))
    assert len(shelf_files) == 1
    uploads.finish("p", upload_id, ANNA)
    assert ended(uploads, upload_id).state == "FAILED"


def test_an_upload_is_its_owners_and_an_administrators(uploads: Uploads, fill: Fill) -> None:
    upload_id = fill(a=b"1")
    for other in (BERTA, LATER_ANNA):
        with pytest.raises(UploadFault, match="of yours") as refused:
            uploads.get("p", upload_id, other)
        assert refused.value.status == "NOT_FOUND"
        assert uploads.list("p", other) == []
    assert uploads.get("p", upload_id, ADMIN).upload_id == upload_id
    assert [one.upload_id for one in uploads.list("p", ANNA)] == [upload_id]
    assert [one.upload_id for one in uploads.list("p", ADMIN)] == [upload_id]
    assert uploads.list("q", ADMIN) == []
    with pytest.raises(UploadFault):
        uploads.get("q", upload_id, ANNA)


@pytest.mark.parametrize("name", ["..", "x", "u0123456789abcde", "u0123456789abcdef0", "../p/u0123456789abcdef", ""])
def test_names_that_no_upload_has_are_not_looked_for(uploads: Uploads, fill: Fill, name: str) -> None:
    fill(a=b"1")
    with pytest.raises(UploadFault, match="there is no upload"):
        uploads.get("p", name, ADMIN)


def test_the_newest_comes_first(uploads: Uploads, fill: Fill) -> None:
    ids = [fill(a=b"1") for _ in range(3)]
    assert [one.upload_id for one in uploads.list("p", ANNA)] == ids[::-1]


def test_what_nobody_touches_for_a_week_is_forgotten(uploads: Uploads, fill: Fill) -> None:
    old, new = fill(a=b"1"), fill(a=b"2")
    now = time.time()
    for path in (uploads.folder / "p" / old / "upload.json", uploads.folder / "p" / old):
        os.utime(path, (now - LIFETIME - 60, now - LIFETIME - 60))
    (uploads.folder / "p" / "broken").mkdir()
    os.utime(uploads.folder / "p" / "broken", (now - 3600, now - 3600))
    uploads.sweep(now + shelf.SWEEP)
    assert [path.name for path in uploads.folder.glob("p/*")] == [new]
    record = uploads.get("p", new, ANNA)
    assert LIFETIME - 60 < record.expire_time - now <= LIFETIME + 60


def test_it_is_looked_for_old_ones_now_and_again_only(uploads: Uploads, fill: Fill) -> None:
    uploads.sweep(time.time())
    upload_id = fill(a=b"1")
    past = time.time() - LIFETIME - 60
    for path in (uploads.folder / "p" / upload_id / "upload.json", uploads.folder / "p" / upload_id):
        os.utime(path, (past, past))
    uploads.sweep(time.time() + 1)
    assert (uploads.folder / "p" / upload_id).exists()


def test_a_server_goes_on_with_what_an_earlier_one_has_begun(uploads: Uploads, fill: Fill) -> None:
    """The process is killed with the server; the next server's first look begins it again."""
    upload_id = fill(a=b"1")
    uploads.finish("p", upload_id, ANNA)
    uploads.close()
    Place(uploads.folder / "p" / upload_id).begin_again()
    later = Uploads(uploads.folder, 1_000_000)
    assert ended(later, upload_id).state == "READY"
    later.close()


def test_two_servers_do_not_make_one_folder_twice(
    uploads: Uploads, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = fill(a=b"1")
    place = Place(uploads.folder / "p" / upload_id)
    started: list[object] = []
    monkeypatch.setattr(shelf.subprocess, "Popen", lambda *words: started.append(words))
    with place.lock():
        uploads.finish("p", upload_id, ANNA)
        assert uploads.get("p", upload_id, ANNA).state == "UNPACKING"
    assert started == []


def test_a_process_that_dies_is_told(uploads: Uploads, fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "ASSEMBLER", ("/bin/sh", "-c", "exit 3"))
    upload_id = fill(a=b"1")
    uploads.finish("p", upload_id, ANNA)
    record = ended(uploads, upload_id)
    assert record.state == "FAILED" and "status 3" in record.outcome.error_message


def test_an_upload_can_be_removed_while_it_is_unpacked(
    uploads: Uploads, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "ASSEMBLER", ("/bin/sh", "-c", "exec sleep 60"))
    upload_id = fill(a=b"1")
    assert uploads.finish("p", upload_id, ANNA).state == "UNPACKING"
    with pytest.raises(UploadFault, match="has been finished"):
        uploads.open_place("p", upload_id, ANNA)
    uploads.remove("p", upload_id, ANNA)
    assert list((uploads.folder / "p").iterdir()) == []


def test_an_upload_without_files_cannot_be_finished(uploads: Uploads, fill: Fill) -> None:
    upload_id = fill()
    with pytest.raises(UploadFault, match="needs at least one file"):
        uploads.finish("p", upload_id, ANNA)
