"""YOLO text: `images/{split}/`, `labels/{split}/` with one `class cx cy w h` a line, and a YAML file that names both.

Numbers are shares (0..1) of the picture's sides. Classes count from 0 in the files; `ClassName.id` counts from 1. A
picture without a text file has no objects. A line of a polygon, `class x1 y1 x2 y2 x3 y3 ...`, is read as its box. Text
files beside their pictures, as labelling tools save them, are read as well (`yolo_folders`).
"""

from collections.abc import Sequence
from typing import Any

import yaml

from boxwright import files
from boxwright.formats.annotation import AnnotatedPictures, Annotation, annotation, shares
from boxwright.formats.labels import find_labels, joined_names
from boxwright.formats.pictures import PictureFolder, is_picture, stem
from boxwright.formats.sample import ClassName, Dataset, Sample, named_classes, numbered_classes
from boxwright.formats.yolo_folders import names_file, pictures, side_by_side

LOOKS_FOR = (
    "YOLO (a YAML file with names and train or val, its folder, images/ with labels/ beside it, or pictures with a "
    ".txt beside each)"
)

_YAML = (".yaml", ".yml")
_DATA_FILE = "data.yaml"
_KEYS = ("train", "val", "test")
_IMAGES, _LABELS = "images", "labels"


def matches(path: str) -> bool:
    """Whether the path is such a YAML file or folder, or a folder of pictures within `images/`."""
    if path.endswith(_YAML):
        return _describes(_load(path))
    return bool(_yaml_file(path)) or files.is_folder(files.join(_root(path), _LABELS)) or bool(side_by_side(path))


def splits(path: str) -> tuple[str, ...]:
    """Keys of the YAML file: train, val, test and those that name a folder in `images/`.

    Without such a file, the folders in `images/`, those with text files beside the pictures, or `all`.
    """
    if yaml_file := _yaml_file(path):
        return _split_keys(_load(yaml_file))
    root = _root(path)
    if not files.is_folder(files.join(root, _LABELS)):
        return tuple(side_by_side(path))
    if root != path:
        return (files.name(path),)
    folder = files.join(path, _IMAGES)
    found = tuple(files.folders(folder))
    return found or (("all",) if files.entries(folder) else ())


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """List the pictures; a picture and its text are read when asked for.

    Class names come from the YAML file, else from the labels file or what a tool has put beside the pictures.

    Raises:
        ValueError: the YAML file is malformed, or there is no folder of labels.
        FileNotFoundError: a folder of pictures is not there.
    """
    yaml_file = _yaml_file(path)
    root = files.parent(yaml_file) if yaml_file else _root(path)
    if not yaml_file and not files.is_folder(files.join(root, _LABELS)):
        return _beside(path, split, labels_file)
    if yaml_file:
        content = _load(yaml_file)
        paths = [found for value in _listed(content[split]) for found in _pictures(content, root, value)]
    else:
        paths = _in_folder(files.join(root, _IMAGES) if split == "all" else files.join(root, _IMAGES, split))
    classes = _classes(root, yaml_file or _yaml_file(root), labels_file)
    if paths and not files.is_folder(files.parent(_label_path(paths[0]))):
        raise ValueError(f"there is no folder {files.parent(_label_path(paths[0]))!r} with the labels of {paths[0]!r}")
    sources = [path.removeprefix(root).lstrip("/") for path in paths]
    return Dataset(AnnotatedPictures(sources, paths, _TextFiles([_label_path(path) for path in paths])), classes)


def _beside(root: str, split: str, labels_file: str) -> Dataset:
    """Pictures with their text files beside them."""
    folder = side_by_side(root)[split]
    paths = pictures(folder)
    sources = [path.removeprefix(root).lstrip("/") for path in paths]
    classes = find_labels(root, labels_file or names_file(folder, root))
    return Dataset(AnnotatedPictures(sources, paths, _TextFiles([f"{stem(path)}.txt" for path in paths])), classes)


def _classes(root: str, yaml_file: str, labels_file: str) -> tuple[ClassName, ...]:
    if yaml_file:
        return _names(_load(yaml_file), yaml_file)
    return find_labels(root, labels_file or names_file(root))


def _root(path: str) -> str:
    above = files.parent(path)
    return files.parent(above) if files.name(above) == _IMAGES else path


def _yaml_file(path: str) -> str:
    if path.endswith(_YAML):
        return path
    names = [name for name in files.entries(path) if name.endswith(_YAML)]
    found = [name for name in names if _describes(_load(files.join(path, name)))]
    if len(found) > 1 and _DATA_FILE not in found:
        raise ValueError(f"{path}: several YAML files describe data, {', '.join(found)}; give the path of one")
    chosen = _DATA_FILE if _DATA_FILE in found else "".join(found)
    return files.join(path, chosen) if chosen else ""


def _load(path: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(files.read_text(path))
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: no YAML: {error}") from error
    return content if isinstance(content, dict) else {}


def _describes(content: dict[str, Any]) -> bool:
    return "names" in content and bool(_split_keys(content))


def _split_keys(content: dict[str, Any]) -> tuple[str, ...]:
    def is_split(key: str, value: object) -> bool:
        return isinstance(value, str) and value.startswith(f"{_IMAGES}/") or key in _KEYS and bool(value)

    return tuple(str(key) for key, value in content.items() if is_split(str(key), value))


def _names(content: dict[str, Any], path: str) -> tuple[ClassName, ...]:
    names = content["names"]
    if isinstance(names, dict):
        if sorted(names) != list(range(len(names))):
            raise ValueError(f"{path}: names must be numbered 0..{len(names) - 1}, got {sorted(map(str, names))[:20]}")
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names:
        raise ValueError(f"{path}: names must be a list, or a map from 0, 1, ... to names, got {names!r}")
    return named_classes([str(name) for name in names])


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _pictures(content: dict[str, Any], root: str, value: str) -> list[str]:
    base = str(content.get("path") or ".")
    # `path` is often that of the machine that wrote the file, and some tools write `../train` for `train`.
    candidates = [_below(_below(root, base), value), _below(root, value), _below(root, value.removeprefix("../"))]
    for candidate in candidates:
        if candidate.endswith(".txt") and files.is_file(candidate):
            lines = files.read_text(candidate).splitlines()
            return [_below(files.parent(candidate), line) for line in lines if line.strip()]
        if files.is_folder(candidate):
            return _in_folder(candidate)
    raise FileNotFoundError(f"there is neither a folder of pictures nor a list at {' or '.join(candidates)}")


def _below(folder: str, path: str) -> str:
    """`path` seen from `folder`, with `.` and leading `./` removed."""
    if not files.is_local(path) or path.startswith("/"):
        return path
    trimmed = path.strip().removeprefix("./")
    return folder if trimmed in ("", ".") else files.join(folder, trimmed)


def _in_folder(folder: str) -> list[str]:
    if not files.is_folder(folder):
        raise FileNotFoundError(f"there is no folder of pictures {folder!r}")
    return [files.join(folder, name) for name in files.walk(folder) if is_picture(name)]


def _label_path(picture: str) -> str:
    """`a/images/b/1.jpg` -> `a/labels/b/1.txt`; without a folder `images`, beside the picture."""
    before, between, after = picture.rpartition(f"/{_IMAGES}/")
    return f"{before}/{_LABELS}/{stem(after)}.txt" if between else f"{stem(picture)}.txt"


class _TextFiles:
    """Annotations read when asked for."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = paths

    def __getitem__(self, index: int, /) -> Annotation:
        path = self._paths[index]
        try:
            text = files.read_text(path)
        except FileNotFoundError:
            text = ""
        objects = [_parse(line, path, number) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        return annotation([box for _, box in objects], [label for label, _ in objects], normalised=True)


def _parse(line: str, path: str, number: int) -> tuple[int, list[float]]:
    try:
        label, *values = line.split()
        numbers = [float(value) for value in values]
        if len(numbers) == 4:
            x, y, width, height = numbers
            return int(label), [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        if len(numbers) < 6 or len(numbers) % 2:
            raise ValueError(f"{len(numbers)} numbers after the class")
        return int(label), [min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])]
    except ValueError as error:
        raise ValueError(f"{path}:{number}: expected 'class cx cy w h', got {line!r}: {error}") from error


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `images/{split}/`, `labels/{split}/` and the split's entry of `data.yaml`. Crowds become plain boxes.

    Raises:
        ValueError: the folder holds other class names, or an unreadable picture has boxes.
        OSError: the destination cannot be written.
    """
    yaml_path = files.join(destination, _DATA_FILE)
    content = _load(yaml_path) if files.is_file(yaml_path) else {}
    pictures = PictureFolder(files.join(destination, _IMAGES, split))
    count = 0
    for sample in dataset:
        text = _to_text(sample)
        name = pictures.write(sample)
        count = max(count, int(sample.labels.max(initial=-1)) + 1)
        if text:
            files.write_text(files.join(destination, _LABELS, split, f"{stem(name)}.txt"), text)
    files.make_folder(files.join(destination, _LABELS, split))
    names = [found.name for found in dataset.classes or numbered_classes(count)]
    earlier = [found.name for found in _names(content, yaml_path)] if content else []
    content = {"path": ".", **content, split: f"{_IMAGES}/{split}"}
    content["names"] = dict(enumerate(joined_names(names, earlier, yaml_path)))
    files.write_text(yaml_path, yaml.safe_dump(content, allow_unicode=True, sort_keys=False))


def _to_text(sample: Sample) -> str:
    lines = []
    for (xmin, ymin, xmax, ymax), label in zip(shares(sample).tolist(), sample.labels.tolist(), strict=True):
        numbers = (xmin + xmax) / 2, (ymin + ymax) / 2, xmax - xmin, ymax - ymin
        lines.append(" ".join([str(label), *(f"{value:.9g}" for value in numbers)]))
    return "".join(f"{line}\n" for line in lines)
