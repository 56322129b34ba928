"""New files, which readers see whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from boxwright import object_store
from boxwright.files.access import local, remote
from boxwright.files.paths import is_local, parent


def make_folder(path: str) -> None:
    """Make a folder and those above it; nothing happens where it exists. Raises: OSError."""
    if is_local(path):
        os.makedirs(local(path), exist_ok=True)
        return
    system, inner = remote(path)
    if not object_store.is_store(path):  # where there are no folders, and a bucket that is not there is a mistake
        system.makedirs(inner, exist_ok=True)


@contextlib.contextmanager
def staging(folder: str) -> Iterator[str]:
    """A local folder for unfinished files, removed at the end; on the same disk as `folder` where that is local."""
    make_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=local(folder) if is_local(folder) else None) as path:
        yield path


def publish(staged: str, path: str) -> None:
    """Move a finished local file to its place in one step: readers see the old file or the new one, never a part."""
    if is_local(path):
        os.replace(staged, local(path))
        return
    system, inner = remote(path)
    system.put_file(staged, inner)


def write_bytes(path: str, data: bytes) -> None:
    """Write a file under a temporary name and publish it; makes the folder. Raises: OSError."""
    if object_store.is_store(path):
        system, inner = remote(path)
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
        os.remove(local(path))
        return
    system, inner = remote(path)
    system.rm_file(inner)
