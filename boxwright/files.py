"""Files anywhere: a path is local (`data/train.csv`, `~/data`), or an fsspec URL (`gs://`, `s3://`, `memory://`)."""

import contextlib
import glob
import os
import posixpath
import tempfile
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, cast

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs"}
_WILDCARDS = "*?["
_WHEN = ("LastModified", "updated", "mtime", "created")


def is_local(path: str) -> bool:
    """True for a path of this machine, False for a URL of another file system."""
    return "://" not in path or path.startswith("file://")


_ROOTS: ContextVar[tuple[str, ...] | None] = ContextVar("roots", default=None)

_OTHER_STORES = ("s3", "s3a", "gs", "gcs", "memory")
"""File systems that hold nothing of this machine's disks."""


@contextlib.contextmanager
def confined(roots: Sequence[str]) -> Iterator[None]:
    """Within, in this thread, paths of this machine must lie in one of the folders `roots`, links followed.

    It guards against data sets that strangers have written, whose lists may name any file. Object stores may be read.
    To read what lies elsewhere raises PermissionError; asked whether it is there, the answer is no.
    """
    mark = _ROOTS.set(tuple(os.path.realpath(os.path.expanduser(root)) for root in roots))
    try:
        yield
    finally:
        _ROOTS.reset(mark)


def check_allowed(path: str) -> None:
    """Raises: PermissionError: the path lies elsewhere than `confined` says."""
    if not _is_allowed(path):
        raise PermissionError(
            f"data must lie below {' or '.join(_ROOTS.get() or ())}, or in an object store (gs://, s3://), got "
            f"{path!r}; move it, or start the server with --roots"
        )


def _is_allowed(path: str) -> bool:
    roots = _ROOTS.get()
    if roots is None:
        return True
    if not is_local(path):
        return "::" not in path and path.partition("://")[0] in _OTHER_STORES
    found = os.path.realpath(_plain(path))
    return any(found == root or found.startswith(root.rstrip("/") + "/") for root in roots)


def _plain(path: str) -> str:
    return os.path.expanduser(path.removeprefix("file://"))


def _local(path: str) -> str:
    check_allowed(path)
    return _plain(path)


def _remote(path: str) -> tuple[Any, str]:
    check_allowed(path)
    import fsspec  # a tenth of a worker's start, which local paths do without

    try:
        return cast(tuple[Any, str], fsspec.core.url_to_fs(path))
    except ImportError as error:
        scheme = path.partition("://")[0]
        extra = f"boxwright[{_EXTRAS[scheme]}]" if scheme in _EXTRAS else f"the fsspec package for {scheme}://"
        raise ImportError(f"cannot open {path!r}: install {extra} ({error})") from error


def join(folder: str, *names: str) -> str:
    """The path of a file below a folder."""
    return os.path.join(folder, *names) if is_local(folder) else posixpath.join(folder, *names)


def parent(path: str) -> str:
    """The folder that holds the file or folder `path`."""
    if not is_local(path):
        scheme, _, inner = path.partition("://")
        return f"{scheme}://{inner.rstrip('/').rpartition('/')[0]}"
    return os.path.dirname(path.rstrip("/")) or "."


def name(path: str) -> str:
    """The last part of a path."""
    return os.path.basename(path.rstrip("/")) if is_local(path) else path.rstrip("/").rpartition("/")[2]


def open_binary(path: str) -> BinaryIO:
    """Open for reading and seeking. Raises: FileNotFoundError and other OSError."""
    if is_local(path):
        return open(_local(path), "rb", buffering=0)
    system, inner = _remote(path)
    return cast(BinaryIO, system.open(inner, "rb"))


def read_bytes(path: str) -> bytes:
    """The whole file. Raises: FileNotFoundError and other OSError."""
    if is_local(path):
        with open(_local(path), "rb") as file:
            return file.read()
    system, inner = _remote(path)
    return bytes(system.cat_file(inner))


def read_text(path: str) -> str:
    """The whole file as UTF-8 text, without a byte order mark.

    Raises:
        ValueError: not UTF-8.
        OSError: not there or not readable.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: expected UTF-8 text: {error}; save the file as UTF-8") from error


def read_range(path: str, start: int, length: int) -> bytes:
    """`length` bytes from byte `start`, fewer where the file ends. Raises: OSError."""
    if not is_local(path):
        system, inner = _remote(path)
        return bytes(system.cat_file(inner, start=start, end=start + length))
    with open(_local(path), "rb", buffering=0) as file:
        file.seek(start)
        data = file.read(length)
        while data and len(data) < length and (more := file.read(length - len(data))):
            data += more
        return data


def size(path: str) -> int:
    """Size in bytes. Raises: FileNotFoundError."""
    if is_local(path):
        return os.stat(_local(path)).st_size
    system, inner = _remote(path)
    return int(system.size(inner))


def is_file(path: str) -> bool:
    """True where `path` is a file."""
    if not _is_allowed(path):
        return False
    if is_local(path):
        return os.path.isfile(_local(path))
    system, inner = _remote(path)
    return bool(system.isfile(inner))


def is_folder(path: str) -> bool:
    """True where `path` is a folder."""
    if not _is_allowed(path):
        return False
    if is_local(path):
        return os.path.isdir(_local(path))
    system, inner = _remote(path)
    return bool(system.isdir(inner))


def entries(folder: str) -> list[str]:
    """Names of the files and folders in a folder, sorted, without hidden ones; empty where there is no such folder."""
    if not is_folder(folder):
        return []
    if is_local(folder):
        names = os.listdir(_local(folder))
    else:
        system, inner = _remote(folder)
        names = [str(path).rstrip("/").rpartition("/")[2] for path in system.ls(inner, detail=False)]
    return sorted(found for found in names if found and not found.startswith("."))


@dataclass(frozen=True)
class Listed:
    """An entry of a folder of an object store: `changed` is seconds since 1970, None where the store does not say."""

    name: str
    is_folder: bool
    size: int | None
    changed: float | None


def store_listing(folder: str) -> list[Listed]:
    """What stands in a folder of an object store. Raises: OSError: nothing does."""
    system, inner = _remote(folder)
    found = []
    for one in system.ls(inner, detail=True):
        name = str(one["name"]).rstrip("/").rpartition("/")[2]
        when = next((one[key] for key in _WHEN if isinstance(one.get(key), datetime | float)), None)
        is_folder = one["type"] == "directory"
        if name and str(one["name"]).strip("/") != inner.strip("/"):
            size = None if is_folder else one.get("size")
            found.append(Listed(name, is_folder, size, when.timestamp() if isinstance(when, datetime) else when))
    return found


def walk(folder: str) -> list[str]:
    """Paths, relative to `folder` and with `/`, of all files below it, sorted, without hidden ones."""
    if is_local(folder):
        root = _local(folder)
        found = [os.path.relpath(os.path.join(at, file), root) for at, _, files in os.walk(root) for file in files]
        relative = [path.replace(os.sep, "/") for path in found]
    else:
        system, inner = _remote(folder)
        prefix = inner.rstrip("/") + "/"
        relative = [str(path).removeprefix(prefix) for path in system.find(inner)]
    return sorted(path for path in relative if not any(part.startswith(".") for part in path.split("/")))


def has_wildcard(path: str) -> bool:
    """True where `expand` would look for more than the one file (`*`, `?`, `[1-9]` or a comma)."""
    return any(mark in path for mark in f"{_WILDCARDS},")


def expand(pattern: str) -> list[str]:
    """The files that a pattern names, in the order of their names.

    Args:
        pattern: one file; a pattern with `*`, `?` or `[1-9]`; or several of these separated by commas. A file whose
            name holds such a character is found by its plain name.

    Raises:
        FileNotFoundError: a pattern matches no file; says what the nearest folder holds.
    """
    if not has_wildcard(pattern) or is_file(pattern):
        return _matches(pattern)
    return [path for part in pattern.split(",") if part.strip() for path in _matches(part.strip())]


def named(patterns: Sequence[str], endings: tuple[str, ...] = ("",), what: str = "file") -> list[str]:
    """The files that paths name: files, patterns as `expand` knows them, and folders for the files right in them.

    Args:
        endings: of the files that are taken from folders, in lower case.
        what: these files are, for messages.

    Raises:
        FileNotFoundError: a pattern matches no file, or a folder holds none.
    """
    paths: list[str] = []
    for pattern in patterns:
        if is_folder(pattern):
            held = [join(pattern, entry) for entry in entries(pattern) if entry.lower().endswith(endings)]
            inside = [path for path in held if is_file(path)]
            if not inside:
                raise FileNotFoundError(f"no {what} in the folder {pattern}")
            paths += inside
        else:
            paths += expand(pattern)
    return paths


def _matches(pattern: str) -> list[str]:
    if is_file(pattern):
        return [pattern]
    found = sorted(path for path in _glob(pattern) if not name(path).startswith(".") and is_file(path))
    if not found:
        raise FileNotFoundError(f"no file matches {pattern!r}; {_surroundings(pattern)}")
    return found


def _glob(pattern: str) -> list[str]:
    if not any(mark in pattern for mark in _WILDCARDS):
        return []
    if is_local(pattern):
        return glob.glob(_local(pattern), recursive=True)
    system, inner = _remote(pattern)
    return [str(system.unstrip_protocol(path)) for path in system.glob(inner)]


def _surroundings(path: str) -> str:
    folder = parent(path)
    while not is_folder(folder) and parent(folder) != folder and name(folder):
        folder = parent(folder)
    found = entries(folder)
    example = f", such as {found[0]!r}" if found else ""
    return f"the nearest folder, {folder!r}, holds {len(found)} entries{example}; check the spelling of the path"


def make_folder(path: str) -> None:
    """Make a folder and those above it; nothing happens where it exists. Raises: OSError."""
    if is_local(path):
        os.makedirs(_local(path), exist_ok=True)
        return
    system, inner = _remote(path)
    system.makedirs(inner, exist_ok=True)


@contextlib.contextmanager
def staging(folder: str) -> Iterator[str]:
    """A local folder for unfinished files, removed at the end; on the same disk as `folder` where that is local."""
    make_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=_local(folder) if is_local(folder) else None) as path:
        yield path


def publish(staged: str, path: str) -> None:
    """Move a finished local file to its place in one step: readers see the old file or the new one, never a part."""
    if is_local(path):
        os.replace(staged, _local(path))
        return
    system, inner = _remote(path)
    system.put_file(staged, inner)


def write_bytes(path: str, data: bytes) -> None:
    """Write a file under a temporary name and publish it; makes the folder. Raises: OSError."""
    with staging(parent(path)) as folder:
        staged = os.path.join(folder, "file")
        with open(staged, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(staged, path)


def write_text(path: str, text: str) -> None:
    """Write UTF-8 text as `write_bytes` does. Raises: OSError."""
    write_bytes(path, text.encode())


def remove(path: str) -> None:
    """Delete a file. Raises: OSError: it is not there or cannot be deleted."""
    if is_local(path):
        os.remove(_local(path))
        return
    system, inner = _remote(path)
    system.rm_file(inner)
