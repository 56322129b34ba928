"""Files anywhere: a path is local (`data/train.csv`, `~/data`), or an fsspec URL (`gs://`, `s3://`, `memory://`)."""

import contextlib
import glob
import os
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, cast

from boxwright import object_store
from boxwright.ahead import AT_ONCE
from boxwright.object_store import BucketMissing, PastEnd, Store

_WILDCARDS = "*?["
_WHEN = ("LastModified", "updated", "mtime", "created")


def is_local(path: str) -> bool:
    """True for a path of this machine, False for a URL of another file system."""
    return "://" not in path or path.startswith("file://")


_ROOTS: ContextVar[tuple[str, ...] | None] = ContextVar("roots", default=None)

_OTHER_STORES = (*object_store.EXTRAS, "memory")
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


@dataclass
class _Seen:
    """What was seen of object stores: what stands at each path, and the entries of each folder."""

    kinds: dict[str, str] = field(default_factory=dict)
    entries: dict[str, list["Listed"]] = field(default_factory=dict)


_SEEN: ContextVar[_Seen | None] = ContextVar("seen", default=None)


@contextlib.contextmanager
def remembering() -> Iterator[None]:
    """Within, in this thread and those of `ahead`, what stands in object stores is taken to stay as it is.

    To recognise a format is to ask the same few questions again and again, each of which is a journey there.
    """
    if _SEEN.get() is not None:
        yield
        return
    mark = _SEEN.set(_Seen())
    try:
        yield
    finally:
        _SEEN.reset(mark)


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


def _remote(path: str) -> tuple[Store, str]:
    check_allowed(path)
    return object_store.opened(path)


def at_once(paths: Iterable[str]) -> int:
    """How many of these files are best read at a time: those of other machines are waited for, not computed."""
    return 1 if all(map(is_local, paths)) else AT_ONCE


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
    return read_range(path, 0, None)


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


def read_range(path: str, start: int, length: int | None) -> bytes:
    """`length` bytes from byte `start`, or all from there on; fewer where the file ends. Raises: OSError."""
    if not is_local(path):
        system, inner = _remote(path)
        try:  # with a start, clients ask for the bytes at once; without one, some ask for the size first
            return bytes(system.cat_file(inner, start=start, end=None if length is None else start + length))
        except PastEnd:
            return b""
    with open(_local(path), "rb", buffering=0) as file:
        file.seek(start)
        data = file.read(-1 if length is None else length)
        while data and length and len(data) < length and (more := file.read(length - len(data))):
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
    return _kind(path) == "file"


def is_folder(path: str) -> bool:
    """True where `path` is a folder."""
    if not _is_allowed(path):
        return False
    if is_local(path):
        return os.path.isdir(_local(path))
    return _kind(path) == "directory"


def _kind(path: str) -> str:
    """What stands at a URL: "file", "directory", or nothing, also where nobody may look."""
    seen = _SEEN.get()
    if seen is None:
        return _asked_kind(path)
    place = path.rstrip("/")
    if place not in seen.kinds:
        beside = seen.entries.get(parent(place))
        if beside is None:
            seen.kinds[place] = _asked_kind(path)
        else:
            found = next((one for one in beside if one.name == name(place)), None)
            seen.kinds[place] = "" if found is None else "directory" if found.is_folder else "file"
    return seen.kinds[place]


def _asked_kind(path: str) -> str:
    try:
        system, inner = _remote(path)
    except BucketMissing:
        return ""
    try:
        return str(system.info(inner)["type"])
    except (FileNotFoundError, PermissionError):
        return ""


def entries(folder: str) -> list[str]:
    """Names of the files and folders in a folder, sorted, without hidden ones; empty where there is no such folder."""
    if not is_local(folder):
        return [one.name for one in _shown(folder)]
    names = os.listdir(_local(folder)) if is_folder(folder) else []
    return sorted(found for found in names if found and not found.startswith("."))


def folders(folder: str) -> list[str]:
    """Names of the folders right in a folder, sorted, without hidden ones; empty where there is no such folder."""
    if not is_local(folder):
        return [one.name for one in _shown(folder) if one.is_folder]
    return [name for name in entries(folder) if is_folder(join(folder, name))]


def plain_files(folder: str) -> list[str]:
    """Names of the files right in a folder, sorted, without hidden ones; empty where there is no such folder."""
    if not is_local(folder):
        return [one.name for one in _shown(folder) if not one.is_folder]
    return [name for name in entries(folder) if is_file(join(folder, name))]


def _shown(folder: str) -> list["Listed"]:
    """The entries of a URL's folder that are not hidden, by their names; none where there is no such folder."""
    seen, place = _SEEN.get(), folder.rstrip("/")
    if seen is not None and place in seen.entries:
        found = seen.entries[place]
    else:
        try:
            found = store_listing(folder) if _is_allowed(folder) else []
        except (FileNotFoundError, NotADirectoryError):
            found = []
        if seen is not None:
            seen.entries[place] = found
    return sorted((one for one in found if not one.name.startswith(".")), key=lambda one: one.name)


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
            inside = [join(pattern, name) for name in plain_files(pattern) if name.lower().endswith(endings)]
            if not inside:
                raise FileNotFoundError(f"no {what} in the folder {pattern}")
            paths += inside
        else:
            paths += expand(pattern)
    return paths


def _matches(pattern: str) -> list[str]:
    if is_file(pattern):
        return [pattern]
    found = sorted(path for path in _glob(pattern) if not name(path).startswith("."))
    if not found:
        _require_access(pattern)
        raise FileNotFoundError(f"no file matches {pattern!r}; {_surroundings(pattern)}")
    return found


def _glob(pattern: str) -> list[str]:
    if not any(mark in pattern for mark in _WILDCARDS):
        return []
    if is_local(pattern):
        return [path for path in glob.glob(_local(pattern), recursive=True) if is_file(path)]
    system, inner = _remote(pattern)
    found = system.glob(inner, detail=True)
    return [str(system.unstrip_protocol(path)) for path, about in found.items() if about["type"] == "file"]


def _require_access(pattern: str) -> None:
    """Raises: PermissionError: the folder of an object store that a pattern names may not be looked at."""
    if object_store.is_store(pattern):
        system, inner = _remote(_fixed(pattern))
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            system.ls(inner, detail=False)


def _fixed(pattern: str) -> str:
    """The folder before the first wildcard, or the path itself."""
    names = pattern.split("/")
    first = next((at for at, name in enumerate(names) if any(mark in name for mark in _WILDCARDS)), len(names))
    return "/".join(names[:first])


def _surroundings(path: str) -> str:
    folder, top = parent(path), object_store.bucket_of(path) if object_store.is_store(path) else ""
    while not is_folder(folder) and parent(folder) != folder and name(folder) and folder != top:
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
    if not object_store.is_store(path):  # where there are no folders, and a bucket that is not there is a mistake
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
    if object_store.is_store(path):
        system, inner = _remote(path)
        system.pipe_file(inner, data)
        return
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
