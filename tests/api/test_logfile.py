"""Whole lines of a file that grows."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from boxwright import files
from boxwright.api import logfile
from boxwright.api.logfile import Extent, LogFile, log_of


def objects(text: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_generations(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    log = LogFile(path)
    assert log.extent() == Extent()
    path.write_text("one\n")
    assert log.extent() == Extent(0, path.stat().st_ino, 4)
    with open(path, "a") as file:
        file.write("two\n")
    assert (log.extent().generation, log.extent().size) == (0, 8)
    path.write_text("x\n")
    assert log.extent().generation == 1
    (tmp_path / "other").write_text("longer than it\n")
    os.replace(tmp_path / "other", path)
    assert log.extent().generation == 2
    path.unlink()
    assert log.extent().generation == 3


def test_lines_of_a_file_that_was_replaced_a_moment_ago_are_not_mixed_up(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    log = LogFile(path)
    path.write_text("one\ntwo\n")
    extent = log.extent()
    (tmp_path / "other").write_text("three\nfour\n")
    os.replace(tmp_path / "other", path)
    assert log.lines(extent, 4) == (b"", 4)
    path.unlink()
    assert log.lines(extent, 0) == (b"", 0)


def test_readers_at_one_place_share_a_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.txt"
    path.write_text("one\ntwo\n")
    log = LogFile(path)
    extent = log.extent()
    first = log.lines(extent, 0)
    monkeypatch.setattr(logfile, "open", None, raising=False)
    assert log.lines(extent, 0) is not first and log.lines(extent, 0) == first
    with pytest.raises(TypeError):
        log.lines(extent, 4)


def test_chunks_end_with_a_line_and_endless_lines_are_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "CHUNK", 10)
    path = tmp_path / "log.txt"
    path.write_text("one\ntwo\nthree\n" + "x" * 23 + "\nhalf")
    log, offset, texts = LogFile(path), 0, []
    extent = log.extent()
    while True:
        text, after = log.lines(extent, offset)
        if after == offset:
            break
        found = objects(text)
        assert found[-1]["offset"] == after
        texts, offset = texts + [one["text"] for one in found], after
    assert texts == ["one", "two", "three", "x" * 10, "x" * 10, "xxx"]


@pytest.mark.parametrize(
    ("line", "time", "text"),
    [
        (b"2026-11-22T06:28:57Z hello", "2026-11-22T06:28:57Z", "hello"),
        (b"2026-11-22T06:28:57Z", "2026-11-22T06:28:57Z", ""),
        (b"2026-11-22T06:28:57Z  indented\r", "2026-11-22T06:28:57Z", " indented\r"),
        (b"2026-11-22 hello", "", "2026-11-22 hello"),
        (b"", "", ""),
        (b"\xc3\xa9 \xff\x00", "", "\u00e9 \ufffd\0"),
        ("a\u2028b".encode(), "", "a\u2028b"),
    ],
)
def test_a_line_becomes_time_and_text(line: bytes, time: str, text: str) -> None:
    (found,) = logfile.as_json(line + b"\n", 100).decode().rstrip("\n").split("\n")
    assert json.loads(found) == {"offset": 101 + len(line), "time": time, "text": text}


def test_a_remote_log_is_read_there_unless_the_job_runs_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    job_dir = f"memory://{tmp_path.name}/job"
    log = log_of(job_dir)
    assert log.extent() == Extent()
    files.write_text(f"{job_dir}/log.txt", "one\n")
    assert log.extent() == Extent(0, 1, 4)
    assert objects(log.lines(log.extent(), 0)[0]) == [{"offset": 4, "time": "", "text": "one"}]
    log.path.parent.mkdir(parents=True)
    log.path.write_text("one\ntwo\n")  # what was not sent yet
    text, offset = log.lines(log.extent(), 4)
    assert (objects(text), offset) == ([{"offset": 8, "time": "", "text": "two"}], 8)
    files.write_text(f"{job_dir}/log.txt", "one\ntwo\nthree\n")  # the job has gone to another machine
    assert objects(log.lines(log.extent(), 8)[0]) == [{"offset": 14, "time": "", "text": "three"}]
    files.remove(f"{job_dir}/log.txt")
    assert log.extent().size == 8


def test_a_job_folder_with_a_scheme_is_local(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text("one\n")
    assert log_of(f"file://{tmp_path}").extent().size == 4
