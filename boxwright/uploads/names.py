"""Names of files that strangers send: which relative path each may get, and which of them are left out."""

import re
import unicodedata

MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1024
MAX_DEPTH = 32

LEFT_OUT = frozenset({"__macosx", "thumbs.db", "desktop.ini", "$recycle.bin"})
"""Names, in lower case, of what file managers leave behind; hidden files are left out, too."""

_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


def relative_path(name: str) -> str:
    """A name as a path below some folder, with `/`; backslashes, which some programs for Windows write, count as `/`.

    Raises:
        ValueError: it is absolute, leads upwards, is empty, too long, or holds control characters.
    """
    if _CONTROL.search(name):
        raise ValueError(f"a name holds no control characters, got {_shown(name)}; rename the file")
    slashed = name.replace("\\", "/")
    if slashed.startswith("/") or _DRIVE.match(slashed):
        raise ValueError(f"a name is relative to the upload's folder, got the absolute {_shown(name)}")
    parts = [part for part in slashed.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise ValueError(f"a name may not lead out of the upload's folder by '..', got {_shown(name)}")
    if not parts:
        raise ValueError(f"a name is needed, got {_shown(name)}")
    too_long = any(len(part.encode()) > MAX_NAME_BYTES for part in parts) or len(slashed.encode()) > MAX_PATH_BYTES
    if too_long or len(parts) > MAX_DEPTH:
        limits = f"{MAX_NAME_BYTES} bytes a part, {MAX_PATH_BYTES} bytes and {MAX_DEPTH} folders in all"
        raise ValueError(f"a name has at most {limits}, got {_shown(name)}; use shorter names")
    return "/".join(parts)


def is_left_out(path: str) -> bool:
    """Whether a relative path is no data: a hidden file, or one that a file manager left behind."""
    return any(part.startswith(".") or part.lower() in LEFT_OUT for part in path.split("/"))


def same_name(path: str) -> str:
    """A key that two paths share if some file system takes them for one: capitals, ways to write accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


class Names:
    """Paths of one folder, each of which may be taken once, as a file or as a folder."""

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def take(self, path: str) -> None:
        """Raises: ValueError: the folder has such a file already, maybe with other capitals."""
        key = same_name(path)
        parts = key.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts))]
        other = next((self._files[one] for one in (key, *above) if one in self._files), self._folders.get(key))
        if other is not None:
            raise ValueError(
                f"{_shown(path)} and {_shown(other)} would have one place on some machines; names must differ in more "
                "than capitals; rename one of them"
            )
        self._files[key] = path
        for one in above:
            self._folders.setdefault(one, path)


def common_folder(paths: list[str]) -> str:
    """The one top folder that holds all paths, with `/` at its end; empty where there is none."""
    tops = {path.partition("/")[0] for path in paths}
    if len(tops) != 1 or not all("/" in path for path in paths):
        return ""
    return f"{tops.pop()}/"


def _shown(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:100]}...")
