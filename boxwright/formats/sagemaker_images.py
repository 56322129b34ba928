"""SageMaker's image format: pictures in `{split}/`, one JSON file for each in `{split}_annotation/`.

`train`, `validation`, `train_annotation` and `validation_annotation` are the service's channels; any name may stand for
`train`. A JSON file has the stem of its picture and holds `file` (the picture's path within `{split}/`), `image_size`,
`annotations` and, if it likes, `categories` with the names of class ids.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from boxwright import files
from boxwright.ahead import ahead
from boxwright.formats import sagemaker_boxes
from boxwright.formats.annotation import AnnotatedPictures
from boxwright.formats.labels import find_labels, joined_names
from boxwright.formats.pictures import PictureFolder, is_picture, stem
from boxwright.formats.sagemaker_boxes import StatedBoxes
from boxwright.formats.sample import ClassName, Dataset

LOOKS_FOR = "SageMaker's image format (a folder with {split}/ and {split}_annotation/, or such a {split}/)"

_SUFFIX, _JSON = "_annotation", ".json"


@dataclass(frozen=True)
class _Described:
    """What one JSON file says: the picture's path within its split, its boxes, and names of class ids."""

    file: str
    boxes: StatedBoxes
    names: tuple[tuple[object, object], ...]


def _place(path: str) -> tuple[str, tuple[str, ...]]:
    """The folder that holds the splits, and their names; one where the path is a split's own folder."""
    plain = path.rstrip("/")
    if files.is_folder(plain + _SUFFIX):
        return files.parent(plain), (files.name(plain),)
    folders = set(files.folders(path))
    return path, tuple(sorted(name for name in folders if name + _SUFFIX in folders))


def matches(path: str) -> bool:
    """Whether the path is a folder of such splits, or the folder of one's pictures."""
    return files.is_folder(path) and bool(_place(path)[1])


def splits(path: str) -> tuple[str, ...]:
    """The folders beside which there is one of the same name and `_annotation`."""
    return _place(path)[1]


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the annotations of all splits, so that they share their classes; pictures are read when asked for.

    Class names come from `categories`, and a labels file (or `labels.txt` in the folder) names the ids 0..K-1.

    Raises:
        ValueError: a JSON file is malformed or names no picture of its name, two pictures have one name, a picture has
            no JSON file, or class ids have gaps. Tells all files that it concerns.
        OSError: a file cannot be read.
    """
    root = _place(path)[0]
    described = {name: _described(root, name) for name in splits(root)}
    _require_pictures(root, split, described[split])
    classes = _classes(root, described.values(), find_labels(root, labels_file))
    said = list(described[split].values())
    names = [one.file for one in said]
    paths = [files.join(root, split, name) for name in names]
    return Dataset(AnnotatedPictures(names, paths, [one.boxes.annotation(len(classes)) for one in said]), classes)


def _described(root: str, split: str) -> dict[str, _Described]:
    """What the JSON files of a split say, by their paths."""
    folder = files.join(root, split + _SUFFIX)
    names = [name for name in files.walk(folder) if name.endswith(_JSON)]
    paths = [files.join(folder, name) for name in names]
    read = dict(zip(names, ahead(_read, paths, files.at_once(paths)), strict=True))
    described = {name: one for name, one in read.items() if isinstance(one, _Described)}
    faults = [f"{name}: {one}" for name, one in read.items() if isinstance(one, ValueError)]
    if faults:
        raise ValueError(f"{sagemaker_boxes.told(faults, folder)}\nCorrect these files.")
    return described


def _read(path: str) -> _Described | ValueError:
    """What a JSON file says, or what is wrong with it."""
    try:
        return _parse(files.read_text(path))
    except ValueError as error:
        return error


def _parse(text: str) -> _Described:
    content = json.loads(text)
    boxes = sagemaker_boxes.parse(content)
    if not isinstance(content.get("file"), str):
        raise ValueError("needs 'file', the path of its picture")
    categories = content.get("categories") or []
    try:
        names = tuple((one["class_id"], one.get("name", one["class_id"])) for one in categories)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("'categories' must be a list of {class_id, name}") from error
    return _Described(content["file"].removeprefix("./"), boxes, names)


def _require_pictures(root: str, split: str, described: dict[str, _Described]) -> None:
    """Raise ValueError unless each picture has one JSON file of its stem, and each JSON file its picture."""
    folder = files.join(root, split)
    there = files.walk(folder)
    pictures = [name for name in there if is_picture(name)]
    faults = [*_doubles(pictures), *_mismatches(described, set(there))]
    told = {one.file for one in described.values()}
    if not faults:
        faults = [f"{name}: has no {stem(name)}{_JSON} in {split}{_SUFFIX}/" for name in pictures if name not in told]
    if faults:
        raise ValueError(
            f"{sagemaker_boxes.told(faults, folder)}\n"
            "Each picture needs one JSON file of its stem, with empty 'annotations' if it shows no object."
        )


def _doubles(pictures: Iterable[str]) -> list[str]:
    """Pictures of one folder that differ only in their ending, so that they share the name of a JSON file."""
    by_stem: dict[str, list[str]] = {}
    for name in pictures:
        by_stem.setdefault(stem(name), []).append(name)
    return [
        f"{' and '.join(names)}: share the annotation {key}{_JSON}; rename all but one"
        for key, names in by_stem.items()
        if len(names) > 1
    ]


def _mismatches(described: dict[str, _Described], there: set[str]) -> list[str]:
    faults = []
    uses = Counter(one.file for name, one in described.items() if _belongs(name, one.file))
    for name, one in described.items():
        if one.file not in there:
            faults.append(f"{name}: names the picture {one.file!r}, which is not there")
        elif not _belongs(name, one.file):
            faults.append(f"{name}: names the picture {one.file!r}, which has another stem; rename one of them")
        elif uses[one.file] > 1:
            faults.append(f"{name}: names the picture {one.file!r}, and so does another file; keep one of them")
    return faults


def _belongs(name: str, picture: str) -> bool:
    return stem(name) in (stem(picture), stem(files.name(picture)))


def _classes(
    root: str, described: Iterable[dict[str, _Described]], labels: tuple[ClassName, ...]
) -> tuple[ClassName, ...]:
    stated = (
        (f"{root}: {name}: categories", one.boxes.ids, one.names) for split in described for name, one in split.items()
    )
    return sagemaker_boxes.joined_class_map(stated, labels, root)


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write pictures into `{split}/` and JSON files into `{split}_annotation/`.

    Class ids are 0..K-1; a label outside is written as -1. Crowds are not kept.

    Raises:
        ValueError: the folder holds other class names.
        OSError: the destination cannot be written.
    """
    _require_same_names(dataset.classes, destination)
    categories = [{"class_id": number, "name": found.name} for number, found in enumerate(dataset.classes)]
    pictures = PictureFolder(files.join(destination, split))
    for sample in dataset:
        name = pictures.write(sample)
        content: dict[str, Any] = {"file": name, **sagemaker_boxes.entry(sample, dataset.classes)}
        if categories:
            content["categories"] = categories
        text = json.dumps(content, ensure_ascii=False)
        files.write_text(files.join(destination, split + _SUFFIX, stem(name) + _JSON), text)


def _require_same_names(classes: tuple[ClassName, ...], destination: str) -> None:
    there = splits(destination) if files.is_folder(destination) else ()
    if there:
        described = [_described(destination, name) for name in there]
        earlier = [found.name for found in _classes(destination, described, find_labels(destination))]
        joined_names([found.name for found in classes], earlier, destination)
