"""Paths as text: of this machine, or URLs."""

import os
import posixpath


def is_local(path: str) -> bool:
    """True for a path of this machine, False for a URL of another file system."""
    return "://" not in path or path.startswith("file://")


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
