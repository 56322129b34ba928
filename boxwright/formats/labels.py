"""The labels file: one class name a line, line `i` names label `i`, counted from 1."""

from boxwright import files
from boxwright.formats.sample import ClassName, named_classes

LABELS_FILE = "labels.txt"


def read_labels(path: str) -> tuple[ClassName, ...]:
    """Read a labels file.

    Raises:
        ValueError: no names, an empty line between names, or a name given twice.
        OSError: the file cannot be read.
    """
    names = [line.strip() for line in files.read_text(path).rstrip().splitlines()]
    if not names:
        raise ValueError(f"{path}: a labels file needs one class name a line, and this one is empty")
    seen: dict[str, int] = {}
    for number, name in enumerate(names, 1):
        if not name:
            raise ValueError(f"{path}:{number}: empty line; line i names label i, so remove the line or fill it in")
        if name in seen:
            raise ValueError(f"{path}:{number}: class {name!r} stands in line {seen[name]} too; names must differ")
        seen[name] = number
    return named_classes(names)


def find_labels(folder: str, labels_file: str = "") -> tuple[ClassName, ...]:
    """The classes of `labels_file` where given, else of the `labels.txt` in `folder`, else none."""
    if labels_file:
        return read_labels(labels_file)
    beside = files.join(folder, LABELS_FILE)
    return read_labels(beside) if files.is_file(beside) else ()


def write_labels(folder: str, classes: tuple[ClassName, ...]) -> None:
    """Write `labels.txt`, or extend the one that an earlier split left there.

    Raises:
        ValueError: the folder holds other class names.
    """
    names = [" ".join(found.name.split()) for found in classes]
    path = files.join(folder, LABELS_FILE)
    earlier = [found.name for found in find_labels(folder)]
    joined = joined_names(names, earlier, path)
    if joined != earlier:
        files.write_text(path, "".join(f"{name}\n" for name in joined))


def joined_names(names: list[str], earlier: list[str], path: str) -> list[str]:
    """The longer of the class names to write and those that the file at `path` holds, where one begins the other.

    Raises:
        ValueError: they differ.
    """
    shared = min(len(names), len(earlier))
    if names[:shared] != earlier[:shared]:
        raise ValueError(f"{path}: holds the classes {earlier}, and the data set has {names}; choose another folder")
    return max(names, earlier, key=len)
