"""Pascal VOC: `JPEGImages/`, `Annotations/*.xml` and lists of names in `ImageSets/Main/{split}.txt`.

Pictures with their .xml files beside them are read as well, in one folder or in one for each split; of them those are
taken that have such a file.

Coordinates are taken as they stand, as continuous pixels from 0: nothing is subtracted from them. Class names in
alphabetical order (over all annotation files, so that every split has the same map) become labels 0..K-1, unless a
labels file gives the order. `difficult` objects, which VOC leaves out of its scores, are read as crowds.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree

from boxwright import files
from boxwright.ahead import ahead
from boxwright.formats.annotation import AnnotatedPictures, Annotation, annotation
from boxwright.formats.labels import find_labels, write_labels
from boxwright.formats.pictures import PictureFolder, stem
from boxwright.formats.sample import ClassName, Dataset, Sample, named_classes, numbered_classes
from boxwright.formats.voc_folders import ANNOTATIONS, PICTURES, side_by_side, two_folders

LOOKS_FOR = (
    "Pascal VOC (JPEGImages/, Annotations/ and ImageSets/Main/{split}.txt, or such a list, or pictures with their .xml "
    "files beside them)"
)

_LISTS = "ImageSets/Main"
_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_MEMBERSHIP = re.compile(r"(\S+\s+(-1|0|1)\s*)+")
"""Content of the lists of one class, `dog_train.txt`, which are no splits."""


@dataclass(frozen=True)
class _Described:
    """What one annotation file says; `objects` holds class name, corners and whether it is difficult."""

    size: tuple[int, int] | None
    objects: list[tuple[str, list[float], bool]]


def _root(path: str) -> str:
    return files.parent(files.parent(files.parent(path))) if path.endswith(".txt") else path


def matches(path: str) -> bool:
    """Whether the path is such a folder, or one of its lists `ImageSets/Main/{split}.txt`."""
    root = _root(path)
    return two_folders(root) is not None or (root == path and bool(side_by_side(path)))


def splits(path: str) -> tuple[str, ...]:
    """The names of the lists; a list is one split. A folder without lists is one split, `all`.

    Where pictures and annotations stand side by side, the folders that hold them, or `all`.
    """
    if path.endswith(".txt"):
        return (stem(files.name(path)),)
    both = two_folders(path)
    if both is None:
        return tuple(side_by_side(path))
    folder = files.join(path, _LISTS)
    lists = [name for name in files.entries(folder) if name.endswith(".txt")]
    found = tuple(stem(name) for name in lists if not _is_of_one_class(files.join(folder, name)))
    return found or (("all",) if both.described() else ())


def _is_of_one_class(path: str) -> bool:
    return "_" in files.name(path) and _MEMBERSHIP.fullmatch(files.read_text(path)) is not None


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the annotations; pictures are read when asked for.

    Raises:
        ValueError: a listed picture has no annotation file or no picture file, or an annotation file is malformed.
        OSError: a file cannot be read.
    """
    root = _root(path)
    both = two_folders(root)
    sets = {split: both} if both else side_by_side(root)
    described, pictures = sets[split].described(), sets[split].shown()
    listed = _listed(root, split, described) if both else sorted(described.keys() & pictures.keys())
    if both:  # side by side, those are taken that have both
        _require_all(root, split, listed, {both.annotations: described, both.pictures: pictures})
    classes = find_labels(root, labels_file)
    named = [described[name] for name in listed]
    found = named if classes else [path for one in sets.values() for path in one.described().values()]
    parsed = dict(zip(found, ahead(_parse, found, files.at_once(found)), strict=True))
    classes = classes or named_classes(sorted({one[0] for said in parsed.values() for one in said.objects}))
    inner = {found.name: label for label, found in enumerate(classes)}
    paths = [pictures[name] for name in listed]
    sources = [files.name(path) for path in paths]
    return Dataset(AnnotatedPictures(sources, paths, [_annotation(parsed[path], inner) for path in named]), classes)


def _listed(root: str, split: str, described: Iterable[str]) -> list[str]:
    path = files.join(root, _LISTS, f"{split}.txt")
    if not files.is_file(path):
        return sorted(described)
    return [line.strip() for line in files.read_text(path).splitlines() if line.strip()]


def _require_all(root: str, split: str, listed: list[str], folders: dict[str, dict[str, str]]) -> None:
    for folder, found in folders.items():
        missing = [name for name in listed if name not in found]
        if missing:
            raise ValueError(
                f"{root}: split {split!r} lists {len(missing)} pictures without a file in {files.name(folder)}/, "
                f"such as {', '.join(missing[:5])}; add the files or take the names off the list"
            )


def _parse(path: str) -> _Described:
    try:
        root = ElementTree.fromstring(files.read_bytes(path))
        objects = [_parse_object(found) for found in root.findall("object")]
        size = [int(float(root.findtext(f"size/{side}") or 0)) for side in ("width", "height")]
    except (ElementTree.ParseError, ValueError) as error:
        raise ValueError(f"{path}: malformed annotation: {error}; write the file again") from error
    return _Described((size[0], size[1]) if all(size) else None, objects)


def _parse_object(found: ElementTree.Element) -> tuple[str, list[float], bool]:
    name = (found.findtext("name") or "").strip()
    texts = [found.findtext(f"bndbox/{corner}") for corner in _CORNERS]
    if not name or None in texts:
        raise ValueError(f"object {name!r} needs <name> and <bndbox> with {', '.join(_CORNERS)}")
    return name, [float(text or "") for text in texts], (found.findtext("difficult") or "0").strip() == "1"


def _annotation(said: _Described, inner: dict[str, int]) -> Annotation:
    names, corners, difficult = ([one[part] for one in said.objects] for part in range(3))
    return annotation(corners, [inner.get(str(name), -1) for name in names], difficult, size=said.size)


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `JPEGImages/`, `Annotations/`, the split's list, and `labels.txt` to keep the order of the classes.

    A label outside 0..K-1 gets its 1-based number as class name.

    Raises:
        ValueError: the folder holds other class names.
        OSError: the destination cannot be written.
    """
    if dataset.classes:
        write_labels(destination, dataset.classes)
    pictures = PictureFolder(files.join(destination, PICTURES))
    names, count = [], 0
    for sample in dataset:
        name = pictures.write(sample)
        names.append(stem(name))
        count = max(count, int(sample.labels.max(initial=-1)) + 1)
        xml = ElementTree.tostring(_to_xml(name, sample, dataset.classes), encoding="utf-8", xml_declaration=True)
        files.write_bytes(files.join(destination, ANNOTATIONS, f"{stem(name)}.xml"), xml)
    if not dataset.classes:
        write_labels(destination, numbered_classes(count))
    files.write_text(files.join(destination, _LISTS, f"{split}.txt"), "".join(f"{name}\n" for name in names))


def _to_xml(name: str, sample: Sample, classes: tuple[ClassName, ...]) -> ElementTree.Element:
    root = ElementTree.Element("annotation")
    ElementTree.SubElement(root, "folder").text = PICTURES
    ElementTree.SubElement(root, "filename").text = name
    size = ElementTree.SubElement(root, "size")
    for side, value in (("width", sample.width), ("height", sample.height), ("depth", 3)):
        ElementTree.SubElement(size, side).text = str(value)
    for box, label, crowd in zip(sample.boxes.tolist(), sample.labels.tolist(), sample.crowd.tolist(), strict=True):
        found = ElementTree.SubElement(root, "object")
        known = 0 <= label < len(classes)
        ElementTree.SubElement(found, "name").text = " ".join(classes[label].name.split()) if known else str(label + 1)
        ElementTree.SubElement(found, "difficult").text = str(int(crowd))
        corners = ElementTree.SubElement(found, "bndbox")
        for corner, value in zip(_CORNERS, box, strict=True):
            ElementTree.SubElement(corners, corner).text = repr(value)
    ElementTree.indent(root)
    return root
