"""CSV lines `uri,label` with a labels file: one class for the whole picture, as classification services take it.

Such a label states no box. It is read as one box that covers the whole picture, so that the pictures can be listed,
converted and trained on; a detector learns from it what a picture shows, not where.
"""

import csv

from boxwright import files
from boxwright.formats.annotation import AnnotatedPictures, annotation
from boxwright.formats.labels import LABELS_FILE, find_labels
from boxwright.formats.sample import Dataset

LOOKS_FOR = "a .csv file of lines uri,label with a labels file"


def matches(path: str) -> bool:
    """Whether the path ends in `.csv`."""
    return path.endswith(".csv")


def splits(path: str) -> tuple[str, ...]:
    """A file is one split, named as the file."""
    return (files.name(path).removesuffix(".csv"),)


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the lines; pictures are read when asked for. Paths that are not absolute start from the file's folder.

    Raises:
        ValueError: no labels file, a line without the two fields, or a label that is not in the labels file.
        OSError: a file cannot be read.
    """
    del split
    folder = files.parent(path)
    classes = find_labels(folder, labels_file)
    if not classes:
        raise ValueError(f"{path}: class names are needed; give labels_file, or put {LABELS_FILE!r} beside the file")
    inner = {found.name: label for label, found in enumerate(classes)}
    lines = _lines(path)
    unknown = [f"line {number}: {label!r}" for number, (_, label) in lines.items() if label not in inner]
    if unknown:
        raise ValueError(
            f"{path}: {len(unknown)} labels are not in the labels file, {', '.join(unknown[:5])}; "
            f"it has {', '.join(list(inner)[:20])}"
        )
    whole = [annotation([[0, 0, 1, 1]], [inner[label]], normalised=True) for _, label in lines.values()]
    sources = [uri for uri, _ in lines.values()]
    paths = [files.join(folder, uri) if files.is_local(uri) else uri for uri in sources]
    return Dataset(AnnotatedPictures(sources, paths, whole), classes)


def _lines(path: str) -> dict[int, tuple[str, str]]:
    lines = {}
    for number, fields in enumerate(csv.reader(files.read_text(path).splitlines()), 1):
        stripped = [field.strip() for field in fields]
        if not any(stripped):
            continue
        if len(stripped) != 2 or not all(stripped):
            raise ValueError(f"{path}:{number}: expected 'uri,label', got {','.join(fields)!r}")
        lines[number] = (stripped[0], stripped[1])
    return lines
