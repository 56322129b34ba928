"""How much of the disks is used."""

import threading
import time
from pathlib import Path

import pytest

from boxwright import storage
from boxwright.storage import Storage, size_of


def put(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))


@pytest.fixture
def shelf(tmp_path: Path) -> Storage:
    put(tmp_path / "jobs" / "one" / "log.txt", 10)
    put(tmp_path / "jobs" / "one" / "checkpoints" / "model" / "last", 5)
    put(tmp_path / "jobs" / "one" / "model" / "model.onnx", 7)
    put(tmp_path / "jobs" / "two" / "log.txt", 1)
    put(tmp_path / "sets" / "cells" / "a.jpg", 100)
    put(tmp_path / "uploads" / "p" / "u1" / "files" / "x", 1000)
    put(tmp_path / "uploads" / ".hidden", 3)
    jobs = [("p", str(tmp_path / "jobs/one")), ("q", str(tmp_path / "jobs/two")), ("q", "gs://far/away")]
    sets = [("p", str(tmp_path / "sets" / "cells")), ("p", str(tmp_path / "sets" / "gone"))]
    roots = (str(tmp_path), "gs://bucket", str(tmp_path / "none"))
    return Storage(lambda: jobs, lambda: sets, tmp_path / "uploads", roots)


def test_parts_are_told_apart(shelf: Storage, tmp_path: Path) -> None:
    usage = shelf.usage()
    assert usage.projects == {
        "p": {"jobs": 15, "models": 7, "datasets": 100, "uploads": 1000},
        "q": {"jobs": 1, "models": 0, "datasets": 0, "uploads": 0},
    }
    assert usage.complete and abs(usage.time - time.time()) < 60
    assert [one.path for one in usage.disks] == [str(tmp_path)]
    assert 0 < usage.disks[0].free < usage.disks[0].total


def test_a_measurement_counts_for_a_minute(shelf: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shelf.usage()
    put(tmp_path / "jobs" / "two" / "more", 5)
    assert shelf.usage() is first
    monkeypatch.setattr(storage, "FRESH", 0.0)
    assert shelf.usage().projects["q"]["jobs"] == 6


def test_while_one_is_made_others_get_the_one_before(shelf: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    first = shelf.usage()
    monkeypatch.setattr(storage, "FRESH", 0.0)
    begun, go_on = threading.Event(), threading.Event()

    def slowly() -> list[tuple[str, str]]:
        begun.set()
        assert go_on.wait(20)
        return []

    shelf.jobs = slowly
    thread = threading.Thread(target=shelf.usage)
    thread.start()
    assert begun.wait(20)
    assert shelf.usage() is first
    go_on.set()
    thread.join()
    assert shelf._last is not first


def test_when_the_time_is_over_it_says_so(shelf: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "LONGEST", -1.0)
    usage = shelf.usage()
    assert not usage.complete and usage.projects["p"]["uploads"] == 0


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "a" / "x", 10)
    put(tmp_path / "b" / "y", 100)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "b")
    (tmp_path / "a" / "file").symlink_to(tmp_path / "b" / "y")
    assert size_of(str(tmp_path / "a")) == 10
    assert size_of(str(tmp_path / "none")) == 0
