"""Where pictures and annotations of Pascal VOC stand: in two folders, or side by side as labelling tools save them.

Side by side in one folder, which is one set, or in folders of their own for each set, as `train/` and `valid/`.
"""

from dataclasses import dataclass

from boxwright import files
from boxwright.formats.pictures import is_picture, stem

ANNOTATIONS, PICTURES = "Annotations", "JPEGImages"

_OTHERS = (("annotations", "images"), ("Annotations", "images"))
"""Names of the two folders in data that is published in this form but for its names."""

_ENDING = ".xml"
_BEGINS = b"<annotation"
_LOOKED_AT = 1000
"""Bytes of an annotation file in which it says what it is."""


_MOST_SETS = 20
"""More folders than that are no sets, but classes or something else; nobody waits for all of them to be listed."""


@dataclass(frozen=True)
class Folders:
    """Of one or more sets. The two are the same folder where pictures and annotations stand side by side."""

    annotations: str
    pictures: str

    def described(self) -> dict[str, str]:
        """Name without ending to annotation file."""
        return {stem(name): files.join(self.annotations, name) for name in _xml(files.entries(self.annotations))}

    def shown(self) -> dict[str, str]:
        """Name without ending to picture file."""
        found = (name for name in files.entries(self.pictures) if is_picture(name))
        return {stem(name): files.join(self.pictures, name) for name in found}


def two_folders(root: str) -> Folders | None:
    """The two folders in `root`; None where they are not there."""
    own = Folders(files.join(root, ANNOTATIONS), files.join(root, PICTURES))
    if files.is_folder(own.annotations) and files.is_folder(own.pictures):
        return own
    for names in _OTHERS:
        found = Folders(*(files.join(root, name) for name in names))
        if files.is_folder(found.pictures) and _describe(found.annotations, files.entries(found.annotations)):
            return found
    return None


def side_by_side(root: str) -> dict[str, Folders]:
    """Sets whose pictures and annotations stand side by side: `all` in `root` itself, else those of its folders."""
    if _is_mixed(root):
        return {"all": Folders(root, root)}
    names = files.folders(root)
    inside = {name: files.join(root, name) for name in names if len(names) <= _MOST_SETS}
    return {name: Folders(folder, folder) for name, folder in inside.items() if _is_mixed(folder)}


def _is_mixed(folder: str) -> bool:
    names = files.entries(folder)
    pictures = {stem(name) for name in names if is_picture(name)}
    return _describe(folder, [name for name in _xml(names) if stem(name) in pictures])


def _describe(folder: str, names: list[str]) -> bool:
    """Whether the first annotation file says that it is one; others of the name .xml are not ours."""
    first = next(iter(_xml(names)), "")
    return bool(first) and _BEGINS in files.read_bytes(files.join(folder, first))[:_LOOKED_AT]


def _xml(names: list[str]) -> list[str]:
    return [name for name in names if name.lower().endswith(_ENDING)]
