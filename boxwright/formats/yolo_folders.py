"""Pictures with YOLO's text file beside each, as labelling tools save them: `a.jpg`, `a.txt`, and the class names.

In one folder, which is one set, or in a folder for each set, as `train/` and `valid/`.
"""

from boxwright import files
from boxwright.formats.pictures import is_picture, stem

NAMES = ("labels.txt", "classes.txt", "obj.names", "_darknet.labels")
"""Files that tools put the class names into, one a line."""

_ENDING = ".txt"
_MOST_SETS = 20
"""More folders than that are no sets, but classes or something else; nobody waits for all of them to be listed."""

_LOOKED_AT = 5
"""Text files of a folder that are looked into, for those of pictures without objects are empty."""


def side_by_side(root: str) -> dict[str, str]:
    """Name to folder of each set: `all` for `root` itself, else those of its folders."""
    if _is_mixed(root):
        return {"all": root}
    names = files.folders(root)
    inside = {name: files.join(root, name) for name in names if len(names) <= _MOST_SETS}
    return {name: folder for name, folder in inside.items() if _is_mixed(folder)}


def pictures(folder: str) -> list[str]:
    """Paths of the pictures right in a folder."""
    return [files.join(folder, name) for name in files.entries(folder) if is_picture(name)]


def names_file(*folders: str) -> str:
    """The first file with class names in the folders; empty where there is none."""
    paths = (files.join(folder, name) for folder in folders for name in NAMES)
    return next(filter(files.is_file, paths), "")


def _is_mixed(folder: str) -> bool:
    names = files.entries(folder)
    shown = {stem(name) for name in names if is_picture(name)}
    beside = [name for name in names if name.endswith(_ENDING) and stem(name) in shown]
    lines = (files.read_text(files.join(folder, name)).strip().splitlines()[:1] for name in beside[:_LOOKED_AT])
    found = [line for first in lines for line in first]
    return bool(found) and all(map(_is_object, found))


def _is_object(line: str) -> bool:
    """Whether a line may be `class cx cy w h`, or a polygon: a caption or a list of names is none."""
    label, *values = line.split()
    try:
        return int(label) >= 0 and len(values) >= 4 and all(-1 <= float(value) <= 2 for value in values)
    except ValueError:
        return False
