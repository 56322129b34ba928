"""The folders that may be looked at, and the question whether a path lies in one of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from boxwright import files

SHOWN_OF_DATA_DIR = ("jobs", "datasets")
"""What may be seen of the server's own folder: its token, its database and uploads may not."""

WILDCARDS = "*?["


@dataclass(frozen=True)
class Roots:
    """Folders that may be looked at.

    Attributes:
        allowed: folders of this machine and URLs.
        data_dir: the server's own folder, of which little is shown, wherever it lies.
    """

    allowed: tuple[str, ...]
    data_dir: Path

    def within(self, path: str) -> str:
        """A path without detours, below the root that it lies in, links followed.

        Raises:
            PermissionError: it lies in none of the roots; names them.
            ValueError: it is no complete path.
        """
        if "\0" in path:
            raise ValueError(f"a path holds no NUL characters, got {path!r}")
        if not files.is_local(path):
            return self._within_url(path)
        if not os.path.isabs(path):
            raise ValueError(f"a path must be complete, such as {self.allowed[0]}/train, got {path!r}")
        real = os.path.realpath(path)
        for root in filter(files.is_local, self.allowed):
            real_root = os.path.realpath(root)
            if _holds(real_root, real) and not self._is_hidden(real, real_root):
                return os.path.normpath(os.path.join(root, os.path.relpath(real, real_root)))
        raise self._outside(path)

    def holds(self, path: str) -> bool:
        """Whether a path lies in one of the roots, links followed."""
        try:
            self.within(path)
        except (PermissionError, ValueError):
            return False
        return True

    def check_pattern(self, pattern: str) -> list[str]:
        """What a pattern looks at or below: the part of each of its paths before the first wildcard.

        Raises:
            PermissionError, ValueError: as `within`, of the folder before the first wildcard.
        """
        if files.is_local(pattern) and os.path.isabs(pattern) and "\0" not in pattern and os.path.isfile(pattern):
            return [self.within(pattern)]
        parts = [part.strip() for part in pattern.split(",") if part.strip()]
        found = []
        for part in parts or [pattern]:
            if ".." in part.split("/"):
                raise ValueError(f"a path to look for holds no '..', got {part!r}")
            names = part.split("/")
            fixed = next((at for at, name in enumerate(names) if any(mark in name for mark in WILDCARDS)), len(names))
            found.append(self.within("/".join(names[:fixed]) or "/"))
        return found

    def root_of(self, path: str) -> str:
        """The outermost root that a path of `within` lies in; of an object store that is none, its bucket."""
        found = [root for root in self.allowed if _holds(root, path)]
        bucket = "" if files.is_local(path) else "/".join(path.split("/")[:3])
        return min(found, key=len, default=bucket)

    def outermost(self) -> tuple[str, ...]:
        """Roots without those that lie in others."""
        return tuple(sorted({self.root_of(root) for root in self.allowed}))

    def _within_url(self, path: str) -> str:
        with files.confined(self.allowed):
            files.check_allowed(path)
        scheme, _, inner = path.partition("://")
        if ".." in inner.split("/"):
            raise ValueError(f"a path of an object store holds no '..', got {path!r}")
        return f"{scheme}://{inner.rstrip('/')}"

    def _is_hidden(self, real: str, root: str) -> bool:
        """Whether a path is the server's own; a root within the server's folder was named on purpose."""
        own = os.path.realpath(self.data_dir)
        if not real.startswith(f"{own}/") or root.startswith(f"{own}/"):
            return False
        return os.path.relpath(real, own).split("/")[0] not in SHOWN_OF_DATA_DIR

    def _outside(self, path: str) -> PermissionError:
        roots = " and ".join(self.allowed)
        return PermissionError(f"only what lies below {roots} can be looked at, got {path!r}; --roots adds folders")


def _holds(root: str, path: str) -> bool:
    return path == root or path.startswith(root.rstrip("/") + "/")
