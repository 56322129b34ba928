"""What stands where: files, folders, and what is in them."""

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from boxwright.files.access import is_allowed, local, remote
from boxwright.files.paths import is_local, join, name, parent
from boxwright.store_faults import BucketMissing

_WHEN = ("LastModified", "updated", "mtime", "created")


@dataclass(frozen=True)
class Listed:
    """An entry of a folder of an object store: `changed` is seconds since 1970, None where the store does not say."""

    name: str
    is_folder: bool
    size: int | None
    changed: float | None


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


def size(path: str) -> int:
    """Size in bytes. Raises: FileNotFoundError."""
    if is_local(path):
        return os.stat(local(path)).st_size
    system, inner = remote(path)
    return int(system.size(inner))


def is_file(path: str) -> bool:
    """True where `path` is a file."""
    if not is_allowed(path):
        return False
    if is_local(path):
        return os.path.isfile(local(path))
    return _kind(path) == "file"


def is_folder(path: str) -> bool:
    """True where `path` is a folder."""
    if not is_allowed(path):
        return False
    if is_local(path):
        return os.path.isdir(local(path))
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
        system, inner = remote(path)
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
    names = os.listdir(local(folder)) if is_folder(folder) else []
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
            found = store_listing(folder) if is_allowed(folder) else []
        except (FileNotFoundError, NotADirectoryError):
            found = []
        if seen is not None:
            seen.entries[place] = found
    return sorted((one for one in found if not one.name.startswith(".")), key=lambda one: one.name)


def store_listing(folder: str) -> list[Listed]:
    """What stands in a folder of an object store. Raises: OSError: nothing does."""
    system, inner = remote(folder)
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
        root = local(folder)
        found = [os.path.relpath(os.path.join(at, file), root) for at, _, files in os.walk(root) for file in files]
        relative = [path.replace(os.sep, "/") for path in found]
    else:
        system, inner = remote(folder)
        prefix = inner.rstrip("/") + "/"
        relative = [str(path).removeprefix(prefix) for path in system.find(inner)]
    return sorted(path for path in relative if not any(part.startswith(".") for part in path.split("/")))
