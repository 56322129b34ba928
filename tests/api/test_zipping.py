"""Archives that are made while they are sent, read with Python's own reader."""

import io
import zipfile
from pathlib import Path

import pytest

from boxwright.api import zipping
from boxwright.api.zipping import zipped


def test_archive_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipping, "CHUNK", 1000)
    (tmp_path / "a").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "b").write_bytes(b"")
    parts = list(zipped([("top/a", str(tmp_path / "a")), ("top/é/b", str(tmp_path / "b"))]))
    assert max(map(len, parts)) < 1500 and len(parts) >= 6
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["top/a", "top/é/b"]
        assert archive.read("top/a") == bytes(range(256)) * 20 and archive.read("top/é/b") == b""


def test_nothing_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped([])))) as archive:
        assert archive.namelist() == []


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(zipped([("a", str(tmp_path / "a"))]))
