"""Which files may be worked on, and where they lie: on this machine, or in an object store."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar

from boxwright import object_store, store_faults
from boxwright.ahead import AT_ONCE
from boxwright.files.paths import is_local
from boxwright.object_store import Store

_ROOTS: ContextVar[tuple[str, ...] | None] = ContextVar("roots", default=None)
_OTHER_STORES = (*store_faults.EXTRAS, "memory")
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
    if not is_allowed(path):
        raise PermissionError(
            f"data must lie below {' or '.join(_ROOTS.get() or ())}, or in an object store (gs://, s3://), got "
            f"{path!r}; move it, or start the server with --roots"
        )


def is_allowed(path: str) -> bool:
    """Whether the path lies where `confined` says, if anything is said."""
    roots = _ROOTS.get()
    if roots is None:
        return True
    if not is_local(path):
        return "::" not in path and path.partition("://")[0] in _OTHER_STORES
    found = os.path.realpath(_plain(path))
    return any(found == root or found.startswith(root.rstrip("/") + "/") for root in roots)


def _plain(path: str) -> str:
    return os.path.expanduser(path.removeprefix("file://"))


def local(path: str) -> str:
    """A path of this machine as the system takes it. Raises: PermissionError: see `check_allowed`."""
    check_allowed(path)
    return _plain(path)


def remote(path: str) -> tuple[Store, str]:
    """The file system of a URL, and the path in it. Raises: PermissionError: see `check_allowed`; OSError."""
    check_allowed(path)
    return object_store.opened(path)


def at_once(paths: Iterable[str]) -> int:
    """How many of these files are best read at a time: those of other machines are waited for, not computed."""
    return 1 if all(map(is_local, paths)) else AT_ONCE
