"""The folder of managed TensorFlow detectors: `images/` and `annotations.json`.

The file has the lists `images` and `annotations` as COCO's does, with `bbox` as `[xmin, ymin, xmax, ymax]` in pixels
and no `categories`: the ids in use, in their order, become labels 0..K-1. It is one split, named `all`.
"""

import json
from typing import Any

from boxwright import files
from boxwright.formats import coco
from boxwright.formats.annotation import AnnotatedPictures
from boxwright.formats.labels import find_labels, write_labels
from boxwright.formats.pictures import PictureFolder
from boxwright.formats.sample import ClassName, Dataset, named_classes

LOOKS_FOR = "images/ with annotations.json (no categories; boxes as [xmin, ymin, xmax, ymax])"

_ANNOTATIONS, _IMAGES, _SPLIT = "annotations.json", "images", "all"


def _annotation_file(path: str) -> str:
    return path if path.endswith(_ANNOTATIONS) else files.join(path, _ANNOTATIONS)


def matches(path: str) -> bool:
    """Whether the path is such a folder, or its `annotations.json`; a file with `"categories"` is COCO's."""
    json_path = _annotation_file(path)
    return (
        files.is_folder(files.join(files.parent(json_path), _IMAGES))
        and files.is_file(json_path)
        and b'"categories"' not in files.read_bytes(json_path)
    )


def splits(path: str) -> tuple[str, ...]:
    """The one split, `all`, where there is an `annotations.json`."""
    return (_SPLIT,) if files.is_file(_annotation_file(path)) else ()


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the annotations; pictures are read when asked for.

    A labels file (or `labels.txt` in the folder) names the ids 1..K, else 0..K-1, else those in use in their order.
    Negative ids are faulty and get label -1.

    Raises:
        ValueError: no JSON, an entry lacks a field, or the labels file has names for other ids than those in use.
        OSError: a file cannot be read.
    """
    del split
    json_path = _annotation_file(path)
    content = coco.load(json_path)
    folder = files.parent(json_path)
    classes = _classes(content, json_path, find_labels(folder, labels_file))
    inner = {found.id: label for label, found in enumerate(classes)}
    found = coco.by_image(content, inner, json_path, xywh=False)
    names = [str(image["file_name"]) for image in content["images"]]
    paths = [files.join(folder, _IMAGES, name) for name in names]
    return Dataset(AnnotatedPictures(names, paths, found), classes)


def _classes(content: dict[str, Any], path: str, named: tuple[ClassName, ...]) -> tuple[ClassName, ...]:
    try:
        ids = sorted({number for one in content["annotations"] if (number := int(one["category_id"])) >= 0})
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: every annotation needs a whole number 'category_id'") from error
    if not named:
        return tuple(ClassName(number, str(number)) for number in ids)
    for first in (1, 0):
        numbered = range(first, first + len(named))
        if set(ids) <= set(numbered):
            return tuple(ClassName(number, found.name) for number, found in zip(numbered, named, strict=True))
    if len(named) != len(ids):
        raise ValueError(
            f"{path}: uses {len(ids)} category ids, {ids[:20]}, and the labels file has {len(named)} names"
        )
    return tuple(ClassName(number, found.name) for number, found in zip(ids, named, strict=True))


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `annotations.json`, the pictures into `images/`, and `labels.txt` where classes have names.

    Named classes are numbered 1..K, so that `labels.txt` can name them; others keep their ids. The format knows no
    splits: the name is not kept, and each split needs a folder of its own. Crowds are not kept.

    Raises:
        ValueError: the folder's `labels.txt` holds other class names.
        OSError: the destination cannot be written.
    """
    del split
    classes = dataset.classes
    if any(found.name != str(found.id) for found in classes):
        classes = named_classes([found.name for found in classes])
        write_labels(destination, classes)
    pictures = PictureFolder(files.join(destination, _IMAGES))
    images, objects = [], list[dict[str, Any]]()
    for number, sample in enumerate(dataset, 1):
        images.append(coco.image_entry(number, pictures.write(sample), sample))
        labels = [coco.outer_id(int(label), classes) for label in sample.labels]
        objects.extend(
            {"image_id": number, "bbox": box, "category_id": label}
            for box, label in zip(sample.boxes.tolist(), labels, strict=True)
        )
    text = json.dumps({"images": images, "annotations": objects}, ensure_ascii=False)
    files.write_text(files.join(destination, _ANNOTATIONS), text)
