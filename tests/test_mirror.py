"""A job folder in remote storage: here fsspec's memory file system stands for a bucket."""

from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from boxwright import files
from boxwright import mirror as module
from boxwright.jobdir import Event
from boxwright.mirror import Mirror, mirror
from boxwright.store_faults import StoreAway

BUCKET = "memory://bucket/job"


@pytest.fixture
def bucket() -> Iterator[fsspec.AbstractFileSystem]:
    """An empty bucket."""
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def content(system: fsspec.AbstractFileSystem) -> dict[str, bytes]:
    """Every file of the remote job folder."""
    return {path.removeprefix("/bucket/job/"): system.cat_file(path) for path in system.find("/bucket/job")}


def test_sends_new_and_changed_files_and_deletes_what_is_gone(
    tmp_path: Path, bucket: fsspec.AbstractFileSystem
) -> None:
    here = Mirror(tmp_path, BUCKET)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "a").write_bytes(b"1")
    (tmp_path / "events.jsonl").write_bytes(b"x\n")
    here(Event(kind="checkpoint", step=1))
    assert content(bucket) == {"checkpoints/a": b"1", "events.jsonl": b"x\n"}
    (tmp_path / "checkpoints" / "a").unlink()
    (tmp_path / "checkpoints" / "b").write_bytes(b"2")
    (tmp_path / "events.jsonl").write_bytes(b"x\ny\n")
    here(Event(kind="train", step=2))
    assert "checkpoints/b" not in content(bucket)
    here(Event(kind="finished", step=2))
    assert content(bucket) == {"checkpoints/b": b"2", "events.jsonl": b"x\ny\n"}


def test_another_machine_fetches_what_was_sent(tmp_path: Path, bucket: fsspec.AbstractFileSystem) -> None:
    bucket.pipe_file("/bucket/job/job.json", b"{}")
    (tmp_path / "stale").write_bytes(b"of another time")
    here = Mirror(tmp_path, BUCKET)
    here.fetch()
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]
    here.send()
    assert content(bucket) == {"job.json": b"{}"}


def test_a_bucket_has_one_place_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    assert mirror("gs://b/j").local == mirror("gs://b/j/").local
    assert mirror("gs://b/j").local != mirror("gs://b/k").local
    assert mirror("gs://b/j").local.is_relative_to(tmp_path)


def test_what_speaks_of_a_process_stays(tmp_path: Path, bucket: fsspec.AbstractFileSystem) -> None:
    bucket.pipe_file("/bucket/job/job.json", b"{}")
    kept = (".lock", "worker.json", "worker.log")
    for name in kept:
        (tmp_path / name).write_text("here")
    here = Mirror(tmp_path, BUCKET)
    here.fetch()
    here.send()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted((*kept, "job.json"))
    assert content(bucket) == {"job.json": b"{}"}


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A store that answers from the third attempt to write on; the attempts before."""
    tries: list[str] = []
    write = files.write_bytes

    def fail(path: str, data: bytes) -> None:
        if len(tries) < 2:
            tries.append(path)
            raise StoreAway("the store does not answer")
        write(path, data)

    monkeypatch.setattr(files, "write_bytes", fail)
    monkeypatch.setattr(module, "PAUSE", 0.0)
    return tries


def test_a_checkpoint_does_not_wait_for_a_store_that_is_away(
    tmp_path: Path, bucket: fsspec.AbstractFileSystem, away: list[str]
) -> None:
    (tmp_path / "a").write_bytes(b"1")
    here = Mirror(tmp_path, BUCKET)
    here(Event(kind="checkpoint", step=1))
    assert (len(away), bucket.find("/bucket/job")) == (1, [])
    here(Event(kind="checkpoint", step=2))
    here(Event(kind="checkpoint", step=3))
    assert content(bucket) == {"a": b"1"}


def test_the_end_of_a_job_waits_for_it(tmp_path: Path, bucket: fsspec.AbstractFileSystem, away: list[str]) -> None:
    (tmp_path / "a").write_bytes(b"1")
    Mirror(tmp_path, BUCKET)(Event(kind="finished", step=1))
    assert (len(away), content(bucket)) == (2, {"a": b"1"})


def test_but_not_for_ever(
    tmp_path: Path, bucket: fsspec.AbstractFileSystem, away: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE", -1.0)
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(StoreAway, match="does not answer"):
        Mirror(tmp_path, BUCKET)(Event(kind="finished", step=1))
    assert (len(away), bucket.find("/bucket/job")) == (1, [])
