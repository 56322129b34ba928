"""Files while they arrive."""

import errno
import os
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from boxwright.store.tokens import TokenRecord
from boxwright.uploads import arriving
from boxwright.uploads.arriving import Arriving, announce, check_whole, drop, listed, one_file
from boxwright.uploads.place import Place
from boxwright.uploads.records import UploadFault
from boxwright.uploads.shelf import Uploads

ANNA = TokenRecord("anna", "trainer", 1.0)


@pytest.fixture
def place(uploads: Uploads) -> Place:
    return uploads.open_place("p", uploads.begin("p", ANNA, "").upload_id, ANNA)


def refused(action: Callable[[], Any], words: str, status: str, code: int | None = None) -> None:
    with pytest.raises(UploadFault, match=words) as found:
        action()
    assert (found.value.status, found.value.code) == (status, code)


def test_a_file_comes_in_parts(place: Place) -> None:
    record = announce(place, name="a/b.jpg", size=6, max_bytes=10, metadata="filename YQ==")
    with Arriving(place, record, 0) as file:
        file.write(b"one")
    found = one_file(place, record.file_id)
    assert (found.name, found.size, found.offset, found.metadata) == ("a/b.jpg", 6, 3, "filename YQ==")
    refused(lambda: check_whole(listed(place)), "as far as 3 of 6", "FAILED_PRECONDITION")
    with Arriving(place, record, 3) as file:
        file.write(b"two")
    check_whole(listed(place))
    assert (place.files / record.file_id).read_bytes() == b"onetwo"


def test_a_wrong_offset_and_a_second_writer_are_refused(place: Place) -> None:
    record = announce(place, name="a", size=6, max_bytes=10)
    refused(lambda: Arriving(place, record, 1), "as far as byte 0", "ABORTED", 409)
    with Arriving(place, record, 0):
        refused(lambda: Arriving(place, record, 0), "another request is sending", "ABORTED", 423)
        refused(lambda: drop(place, record.file_id), "another request is sending", "ABORTED", 423)
    with Arriving(place, record, 0) as file:
        file.write(b"1")
    assert one_file(place, record.file_id).offset == 1


def test_more_than_was_announced_is_refused(place: Place) -> None:
    record = announce(place, name="a", size=3, max_bytes=10)
    with Arriving(place, record, 0) as file:
        refused(lambda: file.write(b"1234"), "announced with 3 bytes", "INVALID_ARGUMENT", 413)
    assert one_file(place, record.file_id).offset == 0


def test_a_full_disk_is_told(place: Place) -> None:
    record = announce(place, name="a", size=3, max_bytes=10)
    with Arriving(place, record, 0) as file:
        kept = file._file

        def full(_: bytes) -> int:
            raise OSError(errno.ENOSPC, "no space left")

        file._file = SimpleNamespace(write=full, close=kept.close, fileno=kept.fileno)  # type: ignore[assignment]  # a fake
        refused(lambda: file.write(b"1"), "disk is full", "FAILED_PRECONDITION", 507)

        def broken(_: bytes) -> int:
            raise OSError(errno.EIO, "broken")

        file._file.write = broken  # type: ignore[method-assign]  # a fake
        with pytest.raises(OSError, match="broken"):
            file.write(b"1")


def test_what_is_too_large_is_refused_when_it_is_announced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(lambda: announce(place, name="a", size=11, max_bytes=10), "at most 10 bytes", "INVALID_ARGUMENT", 413)
    usage = SimpleNamespace(free=arriving.SPARE + 5)
    monkeypatch.setattr(arriving.shutil, "disk_usage", lambda _: usage)
    refused(
        lambda: announce(place, name="a", size=6, max_bytes=10), "1,000,000,005 bytes free", "FAILED_PRECONDITION", 507
    )
    assert announce(place, name="a", size=5, max_bytes=10).offset == 0


@pytest.mark.parametrize("name", ["../a", "/a", "a\0"])
def test_names_are_looked_at(place: Place, name: str) -> None:
    refused(lambda: announce(place, name=name, size=1, max_bytes=10), "a name", "INVALID_ARGUMENT")
    assert os.listdir(place.files) == []


def test_a_name_is_given_once(place: Place) -> None:
    record = announce(place, name="a/B.jpg", size=1, max_bytes=10)
    refused(lambda: announce(place, name="A/b.jpg", size=1, max_bytes=10), "already", "ALREADY_EXISTS")
    drop(place, record.file_id)
    assert listed(place) == []
    refused(lambda: one_file(place, record.file_id), "there is no file", "NOT_FOUND")
    announce(place, name="A/b.jpg", size=1, max_bytes=10)


@pytest.mark.parametrize("file_id", ["", "..", "../upload", "0" * 31, "g" * 32])
def test_ids_that_no_file_has_are_not_looked_for(place: Place, file_id: str) -> None:
    with pytest.raises(UploadFault, match="there is no file") as found:
        one_file(place, file_id)
    assert found.value.status == "NOT_FOUND"
