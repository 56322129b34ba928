"""Parts of a log that are found from its end, from the middle, and by what stands in them."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.api import logpages
from boxwright.api.logfile import log_of
from boxwright.api.logpages import LogReader

STAMP = "2026-11-22T06:28:57Z "


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log.txt"


@pytest.fixture
def reader(tmp_path: Path) -> LogReader:
    return LogReader(log_of(str(tmp_path)))


def texts(page: dict[str, Any]) -> list[str]:
    return [one["text"] for one in page["lines"]]


def test_from_the_end_backwards_without_a_gap(log: Path, reader: LogReader) -> None:
    log.write_text("".join(f"{STAMP}line {number}\n" for number in range(10)))
    last = reader.before(None, 4)
    assert texts(last) == ["line 6", "line 7", "line 8", "line 9"]
    assert last["end"] == last["size"] == log.stat().st_size
    assert last["lines"][0]["time"] == "2026-11-22T06:28:57Z"
    earlier = reader.before(last["start"], 4)
    assert texts(earlier) == ["line 2", "line 3", "line 4", "line 5"] and earlier["end"] == last["start"]
    assert texts(reader.before(earlier["start"], 4)) == ["line 0", "line 1"]
    assert reader.before(0, 4)["lines"] == []


def test_forwards_from_a_place(log: Path, reader: LogReader) -> None:
    log.write_text("one\ntwo\nthree\nunfini")
    page = reader.after(4, 1)
    assert (texts(page), page["start"], page["end"]) == (["two"], 4, 8)
    assert texts(reader.after(page["end"], 5)) == ["three"]
    assert reader.after(14, 5) == {"lines": [], "start": 14, "end": 14, "size": 20}
    assert reader.after(10**9, 5)["lines"] == []
    assert texts(reader.before(None, 5)) == ["one", "two", "three"]


def test_no_log_yet(reader: LogReader) -> None:
    assert reader.before(None, 5) == {"lines": [], "start": 0, "end": 0, "size": 0}
    assert reader.search("x", 0, 5) == {"lines": [], "offset": 0, "size": 0, "complete": True}


def test_long_logs_and_lines_are_cut(log: Path, reader: LogReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logpages, "MOST_BYTES", 20)
    monkeypatch.setattr(logpages, "LONGEST", 6)
    log.write_text("a\n" * 50 + "long line here\nend\n")
    assert texts(reader.before(None, 100)) == ["long l …", "end"]
    log.write_text("x" * 50 + "\nend\n")
    assert texts(reader.after(0, 5)) == ["xxxxxx …"]


def test_found_whatever_the_case(log: Path, reader: LogReader) -> None:
    log.write_text(f"{STAMP}Loss 1\nother\n{STAMP}the LOSS rose\nDAS ÄRGERT\n")
    found = reader.search("loss", 0, 10)
    assert texts(found) == ["Loss 1", "the LOSS rose"]
    assert found["complete"] and found["offset"] == found["size"]
    assert texts(reader.search("ärgert", 0, 10)) == ["DAS ÄRGERT"]
    assert reader.search("2026", 0, 10)["lines"] == []  # times are not looked at
    assert texts(reader.search(".*", 0, 10)) == []


def test_searched_in_parts(log: Path, reader: LogReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logpages, "CHUNK", 16)
    monkeypatch.setattr(logpages, "MOST_SEARCHED", 40)
    log.write_text("".join(f"needle {number}\n" for number in range(8)))  # 9 bytes each
    first = reader.search("needle", 0, 2)
    assert texts(first) == ["needle 0", "needle 1"] and first["offset"] == 18 and not first["complete"]
    found, place, looks = texts(first), first["offset"], 1
    while True:
        part = reader.search("needle", place, 100)
        found, place, looks = found + texts(part), part["offset"], looks + 1
        if part["complete"]:
            break
    assert found == [f"needle {number}" for number in range(8)] and looks > 2


def test_a_log_that_goes_away_between_two_looks(log: Path, reader: LogReader, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write_text("one\n")
    extent = reader.log.extent()
    monkeypatch.setattr(reader.log, "extent", lambda: extent)
    log.unlink()
    assert reader.before(None, 5)["lines"] == [] and reader.search("one", 0, 5)["lines"] == []


def test_markup_and_control_characters_are_given_as_they_are(log: Path, reader: LogReader) -> None:
    log.write_bytes(b"\x1b[31m<script>alert(1)</script>\x1b[0m\xff\n")
    assert texts(reader.before(None, 5)) == ["\x1b[31m<script>alert(1)</script>\x1b[0m\ufffd"]
