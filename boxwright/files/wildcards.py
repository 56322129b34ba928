"""The files that patterns and folders name."""

import contextlib
import glob
from collections.abc import Sequence

from boxwright import object_store
from boxwright.files.access import local, remote
from boxwright.files.looking import entries, is_file, is_folder, plain_files
from boxwright.files.paths import is_local, join, name, parent

_WILDCARDS = "*?["


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
        return [path for path in glob.glob(local(pattern), recursive=True) if is_file(path)]
    system, inner = remote(pattern)
    found = system.glob(inner, detail=True)
    return [str(system.unstrip_protocol(path)) for path, about in found.items() if about["type"] == "file"]


def _require_access(pattern: str) -> None:
    """Raises: PermissionError: the folder of an object store that a pattern names may not be looked at."""
    if object_store.is_store(pattern):
        system, inner = remote(_fixed(pattern))
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
