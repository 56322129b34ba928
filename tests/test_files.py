import builtins
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright import files


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A folder with records 0 to 3, notes and a hidden file."""
    root = str(tmp_path / "d") if request.param == "local" else request.getfixturevalue("memory") + "/d"
    for name in ("r-0.rec", "r-1.rec", "r-2.rec", "r-3.rec", "notes.txt", ".r-4.rec", "sub/r-5.rec"):
        files.write_bytes(files.join(root, name), name.encode())
    return root


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("r-*.rec", ["r-0.rec", "r-1.rec", "r-2.rec", "r-3.rec"]),
        ("*.rec", ["r-0.rec", "r-1.rec", "r-2.rec", "r-3.rec"]),
        ("r-?.rec", ["r-0.rec", "r-1.rec", "r-2.rec", "r-3.rec"]),
        ("r-[1-2].rec", ["r-1.rec", "r-2.rec"]),
        ("notes.txt", ["notes.txt"]),
        ("*/r-*", ["sub/r-5.rec"]),
    ],
)
def test_wildcards(folder: str, pattern: str, found: list[str]) -> None:
    got = files.expand(files.join(folder, pattern))
    assert [path.rpartition("/d/")[2] for path in got] == found
    assert [files.read_bytes(path) for path in got] == [name.encode() for name in found]


def test_several_patterns_keep_their_order(folder: str) -> None:
    pattern = ", ".join(files.join(folder, part) for part in ("r-2.rec", "notes.txt", "r-[01]*"))
    assert [files.name(path) for path in files.expand(pattern)] == ["r-2.rec", "notes.txt", "r-0.rec", "r-1.rec"]


def test_nothing_found_names_the_pattern_and_what_is_there(folder: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"no file matches '.*/d/x-\*'.*/d', holds 6 entries.*'notes.txt'"):
        files.expand(files.join(folder, "x-*"))


def test_nothing_found_below_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=f"the nearest folder, '{tmp_path}', holds 0 entries"):
        files.expand(str(tmp_path / "no" / "such" / "file-*"))


def test_a_plain_name_may_hold_wildcard_characters(tmp_path: Path) -> None:
    path = tmp_path / "a[1],b*.rec"
    path.write_bytes(b"x")
    assert files.expand(str(path)) == [str(path)]


def test_ranges_sizes_and_kinds(folder: str) -> None:
    path = files.join(folder, "notes.txt")
    assert files.size(path) == 9
    assert files.read_range(path, 2, 3) == b"tes"
    assert files.read_range(path, 6, 99) == b"txt"
    assert files.is_file(path)
    assert not files.is_folder(path)
    assert files.is_folder(folder)
    assert not files.is_file(files.join(folder, "none"))
    with files.open_binary(path) as file:
        file.seek(5)
        assert file.read(2) == b".t"


def test_listings_leave_hidden_files_out(folder: str) -> None:
    assert files.entries(folder) == ["notes.txt", "r-0.rec", "r-1.rec", "r-2.rec", "r-3.rec", "sub"]
    assert "sub/r-5.rec" in files.walk(folder)
    assert ".r-4.rec" not in files.walk(folder)
    assert files.entries(files.join(folder, "none")) == []


def test_names_and_parents() -> None:
    assert files.parent("a/b/c.txt") == "a/b"
    assert files.parent("c.txt") == "."
    assert files.parent("gs://bucket/a/c.txt") == "gs://bucket/a"
    assert files.parent("gs://bucket/c.txt") == "gs://bucket"
    assert files.name("gs://bucket/a/c.txt") == "c.txt"
    assert files.join("s3://bucket/a", "b", "c") == "s3://bucket/a/b/c"


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.txt").write_text("hello")
    assert files.read_text("~/x.txt") == "hello"


def test_text_without_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfcaf\xc3\xa9")
    assert files.read_text(str(tmp_path / "a.txt")) == "café"
    (tmp_path / "b.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ValueError, match=r"b\.txt: expected UTF-8"):
        files.read_text(str(tmp_path / "b.txt"))


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        files.write_text(str(path), "new")
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"]


def test_short_reads_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    real: Callable[..., object] = builtins.open

    class Slow:
        def __init__(self, *arguments: object, **options: object) -> None:
            self._file = real(*arguments, **options)

        def __enter__(self) -> "Slow":
            return self

        def __exit__(self, *error: object) -> None:
            self._file.close()  # type: ignore[attr-defined]  # a file

        def seek(self, at: int) -> None:
            self._file.seek(at)  # type: ignore[attr-defined]  # a file

        def read(self, length: int) -> bytes:
            return self._file.read(min(length, 2))  # type: ignore[attr-defined,no-any-return]  # a file

    monkeypatch.setattr(builtins, "open", Slow)
    assert files.read_range(str(tmp_path / "a"), 1, 7) == b"1234567"


@pytest.mark.parametrize(("path", "extra"), [("s3://b/x", r"boxwright\[s3\]"), ("gs://b/x", r"boxwright\[gs\]")])
def test_a_missing_file_system_names_the_extra(path: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ImportError("not installed")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(ImportError, match=extra):
        files.read_bytes(path)


def test_within_roots_nothing_else_is_read(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("a")
    (tmp_path / "inside.txt").write_text("beside a root whose name begins alike")
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "inside.txt")
    with files.confined([str(tmp_path / "in")]):
        assert files.read_text(str(tmp_path / "in" / "a.txt")) == "a"
        assert files.entries(str(tmp_path / "in")) == ["a.txt", "link.txt"]
        for path in ("inside.txt", "in/../inside.txt", "in/link.txt"):
            for way in (f"{tmp_path}/{path}", f"file://{tmp_path}/{path}"):
                with pytest.raises(PermissionError, match="must lie below"):
                    files.read_bytes(way)
                with pytest.raises(PermissionError, match="start the server with --roots"):
                    files.open_binary(way)
                assert not files.is_file(way)
        assert files.expand(f"{tmp_path}/in/*.txt") == [f"{tmp_path}/in/a.txt"]
        assert not files.is_folder(str(tmp_path))
    assert files.read_text(str(tmp_path / "in" / "link.txt")).startswith("beside")


def test_within_roots_object_stores_are_read_and_other_schemes_are_not(memory: str, tmp_path: Path) -> None:
    files.write_bytes(f"{memory}/a.txt", b"a")
    with files.confined([str(tmp_path)]):
        assert files.read_bytes(f"{memory}/a.txt") == b"a"
        for path in (
            "local:///etc/hosts",
            "simplecache::file:///etc/hosts",
            "http://127.0.0.1/a",
            "s3://a::/etc/hosts",
        ):
            with pytest.raises(PermissionError, match="must lie below"):
                files.read_bytes(path)


def test_a_folder_of_an_object_store_is_listed(memory: str) -> None:
    files.write_bytes(f"{memory}/s/a.txt", b"123")
    files.write_bytes(f"{memory}/s/sub/b.txt", b"1")
    found = {one.name: one for one in files.store_listing(f"{memory}/s")}
    assert (found["a.txt"].is_folder, found["a.txt"].size) == (False, 3)
    assert found["a.txt"].changed is not None
    assert found["sub"] == files.Listed("sub", True, None, None)
    with pytest.raises(FileNotFoundError):
        files.store_listing(f"{memory}/none")
