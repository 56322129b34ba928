"""A file of lines that grows, is replaced and is cut, on a disk and in remote storage."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest

from boxwright import event_file, files
from boxwright.event_file import EventFile
from boxwright.jobdir import Event, JobDir


@pytest.fixture(params=["local", "remote"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Path of a file that does not exist yet, on a disk and in a bucket."""
    if request.param == "local":
        yield str(tmp_path / "events.jsonl")
        return
    yield "memory://events/events.jsonl"
    system = fsspec.filesystem("memory")
    if system.exists("/events"):
        system.rm("/events", recursive=True)


def all_of(file: EventFile) -> list[bytes]:
    found: list[bytes] = []
    while lines := file.read():
        found += lines
    return found


def test_grows_line_by_line(place: str) -> None:
    file = EventFile(place)
    assert file.read() == []
    files.write_text(place, "a\nb\nhal")
    assert file.read() == [b"a", b"b"]
    assert file.read() == []
    files.write_text(place, "a\nb\nhalf\n\nlast\n")
    assert file.read() == [b"half", b"", b"last"]
    assert file.generation == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1\n2\n3\n", "1\n"),  # shorter
        ("1\n2\n3\n", "1\nX\nY\n"),  # as long
        ("1\n2\n3\n", "1\n2\nX\n4\n5\n"),  # has grown beyond the old one before anybody looked
    ],
)
def test_another_file_of_the_name_is_read_from_its_start(place: str, before: str, after: str) -> None:
    file = EventFile(place)
    files.write_text(place, before)
    all_of(file)
    files.write_text(place, after)
    assert all_of(file) == after.encode().splitlines()
    assert file.generation == 1


def test_a_file_that_is_gone_and_comes_back(place: str) -> None:
    file = EventFile(place)
    files.write_text(place, "1\n")
    all_of(file)
    files.remove(place)
    assert all_of(file) == [] and file.generation == 1
    files.write_text(place, "1\n")
    assert all_of(file) == [b"1"]


def test_a_run_that_is_resumed(tmp_path: Path) -> None:
    jobdir = JobDir(tmp_path)
    file = EventFile(str(jobdir.events_file))
    for step in (1, 2, 3):
        jobdir.append(Event(kind="train", step=step, time=step))
    assert len(all_of(file)) == 3
    jobdir.forget_after(1)
    for step in (2, 3, 4):
        jobdir.append(Event(kind="train", step=step, time=10 + step))
    assert [Event.model_validate_json(line).time for line in all_of(file)] == [1, 12, 13, 14]


def test_long_files_come_in_parts_and_endless_lines_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "CHUNK", 8)
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"one\ntwo\nthree\n" + b"x" * 16 + b"\nend\n")
    file = EventFile(str(path))
    reads: list[list[bytes]] = [file.read() for _ in range(7)]
    assert [line for lines in reads for line in lines if line] == [b"one", b"two", b"three", b"end"]


def test_the_longest_copy_is_read(tmp_path: Path) -> None:
    local, remote = tmp_path / "local", tmp_path / "remote"
    local.write_text("1\n2\n")
    remote.write_text("1\n")
    file = EventFile(str(local), str(remote))
    assert file.read() == [b"1", b"2"]
    remote.write_text("1\n2\n3\n")
    assert file.read() == [b"3"] and file.generation == 0


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").mkdir()
    with pytest.raises(IsADirectoryError):
        EventFile(str(tmp_path / "events.jsonl")).read()


def test_a_file_that_vanishes_between_two_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("1\n")
    sizes: Callable[[str], int] = files.size

    def size(place: str) -> int:
        found = sizes(place)
        os.remove(place)
        return found

    monkeypatch.setattr(files, "size", size)
    assert EventFile(str(path)).read() == []
