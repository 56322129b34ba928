"""Picture files of a data set: finding them in a folder, and writing samples' pictures under names of their own."""

import posixpath
from collections.abc import Sequence

from boxwright import files, imaging
from boxwright.formats.sample import Sample

SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")
"""Endings of picture files. The last three are not decoded, but listed so that they are reported."""

DECODED_SUFFIXES = SUFFIXES[:5]
_SUFFIX_OF_FORMAT = {"JPEG": ".jpg", "PNG": ".png", "GIF": ".gif", "BMP": ".bmp"}
_UNSAFE = dict.fromkeys(map(ord, '<>:"|?*\0'), "_")


def is_picture(name: str) -> bool:
    """Whether a file's name ends as a picture's does."""
    return name.lower().endswith(SUFFIXES)


def picture_paths(patterns: Sequence[str]) -> list[str]:
    """Pictures that files, wildcards and folders name.

    Raises:
        FileNotFoundError: a pattern that matches nothing, or a folder without pictures.
    """
    return files.named(patterns, DECODED_SUFFIXES, f"picture ({', '.join(DECODED_SUFFIXES)})")


def stem(name: str) -> str:
    """A file's name without its ending."""
    return posixpath.splitext(name)[0]


class PictureFolder:
    """Writes pictures byte for byte into one folder; no two of them get names that differ only in their ending."""

    def __init__(self, folder: str) -> None:
        """Take the folder, which may hold pictures of earlier splits."""
        self._folder = folder
        self._taken: set[str] = set()
        self._earlier = {stem(name).casefold(): name for name in files.entries(folder)}

    def write(self, sample: Sample) -> str:
        """Write the sample's picture unless it is there already; returns its name within the folder."""
        wanted, ending = posixpath.splitext(_file_name(sample))
        name, attempt = wanted + ending, 1
        while not self._is_free(name, sample.encoded):
            attempt += 1
            name = f"{wanted}_{attempt}{ending}"
        self._taken.add(stem(name).casefold())
        if self._earlier.get(stem(name).casefold()) != name:
            files.write_bytes(files.join(self._folder, name), sample.encoded)
        return name

    def _is_free(self, name: str, encoded: bytes) -> bool:
        key = stem(name).casefold()
        if key in self._taken:
            return False
        earlier = self._earlier.get(key)
        return earlier is None or (earlier == name and files.read_bytes(files.join(self._folder, name)) == encoded)


def _file_name(sample: Sample) -> str:
    """The last part of the sample's source with a picture's ending; free of characters that name other folders."""
    name = sample.source.replace("\\", "/").rpartition("/")[2].translate(_UNSAFE).strip().lstrip(".") or "picture"
    if is_picture(name):
        return name
    try:
        return name + _SUFFIX_OF_FORMAT[imaging.header(sample.encoded).format]
    except ValueError:
        return name + ".jpg"
