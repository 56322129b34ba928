"""COCO object detection: `annotations/instances_{split}.json`; pictures in `{split}/`, `images/{split}/` or `images/`.

Boxes are `[x, y, width, height]` in pixels. Category ids need not be contiguous: in their order they become labels
0..K-1, and `ClassName.id` keeps the id of the file.
"""

import json
from typing import Any

import numpy as np

from boxwright import files
from boxwright.formats.annotation import AnnotatedPictures, Annotation, annotation
from boxwright.formats.pictures import PictureFolder
from boxwright.formats.sample import ClassName, Dataset, Sample, numbered_classes

LOOKS_FOR = "COCO (a folder with annotations/instances_*.json, or such a file)"

_PREFIX, _SUFFIX = "instances_", ".json"
UNKNOWN_CATEGORY = -1
"""Category id that is written for a label outside 0..K-1, so that the fault stays visible."""


def _annotation_file(folder: str, split: str) -> str:
    return files.join(folder, "annotations", f"{_PREFIX}{split}{_SUFFIX}")


def matches(path: str) -> bool:
    """Whether the path is such a folder or file; a `.json` file must hold `"categories"`."""
    if files.is_folder(path):
        return bool(splits(path))
    return path.endswith(_SUFFIX) and b'"categories"' in files.read_bytes(path)


def splits(path: str) -> tuple[str, ...]:
    """What stands in `instances_*.json`; a file is one split, named as it."""
    if not files.is_folder(path):
        return (files.name(path).removesuffix(_SUFFIX).removeprefix(_PREFIX),)
    names = files.entries(files.join(path, "annotations"))
    return tuple(
        name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        for name in names
        if name.startswith(_PREFIX) and name.endswith(_SUFFIX)
    )


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the annotations; pictures are read when asked for. The names come from the file, not from `labels_file`.

    Raises:
        ValueError: no JSON, or an entry lacks a field or names an unknown picture.
        OSError: a file cannot be read.
    """
    del labels_file
    json_path = _annotation_file(path, split) if files.is_folder(path) else path
    content = load(json_path)
    classes = _classes(content, json_path)
    inner = {found.id: label for label, found in enumerate(classes)}
    folder = files.parent(json_path)
    root = files.parent(folder) if files.name(folder) == "annotations" else folder
    images = content["images"]
    found = by_image(content, inner, json_path, xywh=True)
    names = [str(image["file_name"]) for image in images]
    pictures = _picture_folder(root, split, names)
    paths = [files.join(pictures, name) for name in names]
    return Dataset(AnnotatedPictures(names, paths, found), classes)


def load(path: str) -> dict[str, Any]:
    """Read a JSON file that holds the lists `images` and `annotations`.

    Raises:
        ValueError: no JSON, the lists or a picture's `id` or `file_name` are missing, or two pictures have the same.
        OSError: the file cannot be read.
    """
    try:
        content: dict[str, Any] = json.loads(files.read_bytes(path))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: no JSON: {error}; write the file again") from error
    for key in ("images", "annotations"):
        if not isinstance(content, dict) or not isinstance(content.get(key), list):
            raise ValueError(f"{path}: there is no list {key!r}; the file must hold 'images' and 'annotations'")
    for number, image in enumerate(content["images"]):
        if not isinstance(image, dict) or "id" not in image or "file_name" not in image:
            raise ValueError(f"{path}: images[{number}] needs 'id' and 'file_name', got {str(image)[:100]}")
    _require_own_ids(content["images"], path)
    _require_own_names(content["images"], path)
    return content


def _require_own_ids(images: list[dict[str, Any]], path: str) -> None:
    names: dict[Any, str] = {}
    for number, image in enumerate(images):
        other = names.setdefault(image["id"], image["file_name"])
        if len(names) <= number:
            raise ValueError(
                f"{path}: images[{number}] ({image['file_name']}) has the id {image['id']!r} of {other}; "
                "annotations could not be told apart, so give each picture an id of its own"
            )


def _require_own_names(images: list[dict[str, Any]], path: str) -> None:
    places: dict[str, int] = {}
    for number, image in enumerate(images):
        other = places.setdefault(str(image["file_name"]), number)
        if other != number:
            raise ValueError(
                f"{path}: images[{other}] and images[{number}] are both {image['file_name']}; each would lack the "
                "objects of the other, so make them one entry, and give its id to the annotations of both"
            )


def _classes(content: dict[str, Any], path: str) -> tuple[ClassName, ...]:
    try:
        named = {int(one["id"]): str(one.get("name", one["id"])) for one in content.get("categories", [])}
        used = {int(one["category_id"]) for one in content["annotations"]}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: every category needs an 'id' and every annotation a 'category_id'") from error
    return tuple(ClassName(number, named.get(number, str(number))) for number in sorted(named or used))


def by_image(content: dict[str, Any], inner: dict[int, int], path: str, *, xywh: bool) -> list[Annotation]:
    """The annotations of each entry of `images`, in their order.

    Args:
        content: what `load` gave.
        inner: inner label of each category id; an id that is not there becomes -1.
        path: the file, for messages.
        xywh: whether `bbox` is [x, y, width, height] or [xmin, ymin, xmax, ymax].

    Raises:
        ValueError: an annotation lacks a field, or its picture is not in `images`.
    """
    boxes: dict[Any, list[tuple[list[float], int, bool]]] = {image["id"]: [] for image in content["images"]}
    for number, one in enumerate(content["annotations"]):
        try:
            left, top, right, bottom = (float(value) for value in one["bbox"])
            corners = [left, top, left + right, top + bottom] if xywh else [left, top, right, bottom]
            label = inner.get(int(one["category_id"]), -1)
            boxes[one["image_id"]].append((corners, label, bool(one.get("iscrowd", 0))))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{path}: annotations[{number}] needs 'bbox' of four numbers, 'category_id' and the 'image_id' "
                f"of an entry of 'images', got {str(one)[:200]}"
            ) from error
    return [_of_image(boxes[image["id"]], image) for image in content["images"]]


def _of_image(objects: list[tuple[list[float], int, bool]], image: dict[str, Any]) -> Annotation:
    width, height = image.get("width"), image.get("height")
    size = (int(width), int(height)) if width and height else None
    corners, labels, crowd = ([one[part] for one in objects] for part in range(3))
    return annotation(corners, labels, crowd, size=size)


def _picture_folder(root: str, split: str, names: list[str]) -> str:
    candidates = [
        files.join(root, split),
        files.join(root, "images", split),
        files.join(root, "images"),
        root,
    ]
    if not names:
        return root
    first = names[0]
    for folder in candidates:
        if files.is_file(files.join(folder, first)):
            return folder
    raise FileNotFoundError(f"picture {first!r} is in none of the folders {', '.join(candidates)}")


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `annotations/instances_{split}.json` and the pictures, byte for byte, into `images/{split}/`.

    Raises:
        OSError: the destination cannot be written.
    """
    pictures = PictureFolder(files.join(destination, "images", split))
    images, objects, count = [], list[dict[str, Any]](), 0
    for number, sample in enumerate(dataset, 1):
        images.append(image_entry(number, pictures.write(sample), sample))
        count = max(count, int(sample.labels.max(initial=-1)) + 1)
        objects.extend(_entries(sample, number, len(objects) + 1, dataset.classes))
    classes = dataset.classes or numbered_classes(count)
    content = {
        "images": images,
        "annotations": objects,
        "categories": [{"id": found.id, "name": found.name, "supercategory": ""} for found in classes],
    }
    text = json.dumps(content, ensure_ascii=False)
    files.write_text(_annotation_file(destination, split), text)


def image_entry(number: int, name: str, sample: Sample) -> dict[str, Any]:
    """The entry of `images` for a sample."""
    return {"id": number, "file_name": name, "width": sample.width, "height": sample.height}


def outer_id(label: int, classes: tuple[ClassName, ...]) -> int:
    """The category id of an inner label, numbered from 1 where there are no classes."""
    if not classes:
        return label + 1
    return classes[label].id if 0 <= label < len(classes) else UNKNOWN_CATEGORY


def _entries(sample: Sample, image: int, first: int, classes: tuple[ClassName, ...]) -> list[dict[str, Any]]:
    corners = sample.boxes.astype(np.float64)
    sides = corners[:, 2:] - corners[:, :2]
    return [
        {
            "id": first + number,
            "image_id": image,
            "category_id": outer_id(int(sample.labels[number]), classes),
            "bbox": [*corners[number, :2].tolist(), *sides[number].tolist()],
            "area": float(sides[number].prod()),
            "iscrowd": int(sample.crowd[number]),
        }
        for number in range(len(corners))
    ]
