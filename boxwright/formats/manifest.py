"""Augmented manifest: JSON Lines of SageMaker and Ground Truth, one picture a line with its boxes.

A line holds `source-ref` (where the picture is), one or more label attributes, and `{attribute}-metadata` for each with
its type and `class-map`. The attribute of type groundtruth/object-detection is taken, or the one named after the path:
`output.manifest#bounding-box`. An adjustment job's `adjusted-{attribute}` goes before the attribute that it adjusts.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boxwright import files
from boxwright.formats import sagemaker_boxes
from boxwright.formats.annotation import AnnotatedPictures
from boxwright.formats.labels import find_labels, joined_names
from boxwright.formats.pictures import PictureFolder
from boxwright.formats.sagemaker_boxes import StatedBoxes
from boxwright.formats.sample import ClassName, Dataset, Sample

logger = logging.getLogger(__name__)

LOOKS_FOR = "augmented manifest (a .manifest file of JSON Lines with source-ref, or a folder of such files)"

MAX_LINE = 100_000
"""Characters that the service accepts in a line."""

ATTRIBUTE = "bounding-box"
"""Name of the attribute that is written."""

_SUFFIX, _SOURCE, _METADATA, _ADJUSTED = ".manifest", "source-ref", "-metadata", "adjusted-"
_TYPE = "groundtruth/object-detection"
_LABELLING_JOB = "manifests/output"
"""Where a labelling job puts its `output.manifest`."""


@dataclass(frozen=True)
class _Labelled:
    """One labelled line: its number, its picture, its boxes, and the names of class ids."""

    number: int
    source: str
    boxes: StatedBoxes
    names: tuple[tuple[object, object], ...]


def _parts(path: str) -> tuple[str, str]:
    """A path without the attribute behind `#`, and the attribute."""
    place, mark, attribute = path.rpartition("#")
    return (place, attribute) if mark and not files.is_file(path) and not files.is_folder(path) else (path, "")


def _paths(place: str) -> dict[str, str]:
    """Manifests of a folder, or the one that `place` is, by their splits."""
    if not files.is_folder(place):
        return {files.name(place).rpartition(".")[0]: place}
    folders = (place, files.join(place, *_LABELLING_JOB.split("/")))
    found = [files.join(folder, name) for folder in folders for name in files.entries(folder)]
    return {files.name(path).removesuffix(_SUFFIX): path for path in reversed(found) if path.endswith(_SUFFIX)}


def matches(path: str) -> bool:
    """Whether the path is a `.manifest` file, or a folder of them or a .jsonl or .json file with `source-ref`."""
    place, _ = _parts(path)
    if files.is_folder(place):
        return any(map(_begins_as_manifest, _paths(place).values()))
    if not files.is_file(place):
        return False
    return place.endswith(_SUFFIX) or place.endswith((".jsonl", ".json")) and _begins_as_manifest(place)


def _begins_as_manifest(path: str) -> bool:
    return f'"{_SOURCE}"'.encode() in files.read_range(path, 0, MAX_LINE).lstrip().partition(b"\n")[0]


def splits(path: str) -> tuple[str, ...]:
    """A file is one split, named as the file."""
    return tuple(sorted(_paths(_parts(path)[0])))


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Read the labelled lines; pictures are read when asked for. Lines without a label are left out, logged
    and named in `Dataset.unlabelled`: nobody has looked at them yet, while a label without boxes says "no object".

    Manifests of one folder share their classes, named by the class maps of their lines. A labels file (or `labels.txt`
    beside them) names the ids 0..K-1. A `source-ref` without a scheme starts from the manifest's folder.

    Raises:
        ValueError: a line is no JSON or too long, lacks `source-ref` or is malformed; no attribute or several fit; or
            class ids have gaps. Tells all lines that it concerns.
        OSError: a file cannot be read.
    """
    place, attribute = _parts(path)
    manifest = _paths(place)[split]
    folder, lines = files.parent(manifest), _lines(manifest)
    chosen = _attribute(lines.values(), manifest, attribute)
    labelled = _labelled(lines, manifest, chosen)
    waiting = _unlabelled(lines, labelled)
    if waiting:
        logger.warning(
            "%s: %d of %d lines have no label %r and are left out; the first is line %d",
            *(manifest, len(waiting), len(lines), chosen, waiting[0]),
        )
    beside = [other for other in _paths(folder).values() if other != manifest]
    together = {manifest: labelled} | {other: _labelled(_lines(other), other, chosen) for other in beside}
    classes = _classes(together, find_labels(folder, labels_file), manifest)
    sources = [one.source for one in labelled]
    paths = [source if "://" in source else files.join(folder, source) for source in sources]
    samples = AnnotatedPictures(sources, paths, [one.boxes.annotation(len(classes)) for one in labelled])
    return Dataset(samples, classes, tuple(lines[number][_SOURCE] for number in waiting))


def _lines(path: str) -> dict[int, dict[str, Any]]:
    """The lines of a manifest by their numbers from 1, without empty ones."""
    lines, faults = {}, []
    # Not splitlines: names may hold other characters that it takes for ends of lines.
    for number, text in enumerate(files.read_text(path).split("\n"), 1):
        if text.strip():
            try:
                lines[number] = _parse(text)
            except ValueError as error:
                faults.append(f"line {number}: {error}")
    _raise_if(faults, path)
    return lines


def _raise_if(faults: list[str], path: str) -> None:
    if faults:
        raise ValueError(f"{sagemaker_boxes.told(faults, path)}\nCorrect these lines or take them out.")


def _parse(text: str) -> dict[str, Any]:
    if len(text) > MAX_LINE:
        raise ValueError(f"has {len(text):,} characters; a line has at most {MAX_LINE:,}")
    try:
        line = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at character {error.pos + 1}, in {text[:60]!r}") from error
    if not isinstance(line, dict) or not isinstance(line.get(_SOURCE), str) or not line[_SOURCE]:
        raise ValueError(f"needs {_SOURCE!r}, the place of its picture, got {text[:60]!r}")
    return line


def _labelled(lines: Mapping[int, dict[str, Any]], path: str, attribute: str) -> list[_Labelled]:
    """The lines that have the attribute, or an adjustment of it."""
    labelled, faults = [], []
    for number, line in lines.items():
        key = _latest(attribute, line)
        if line.get(key) is not None:
            try:
                boxes = sagemaker_boxes.parse(line[key])
                labelled.append(_Labelled(number, line[_SOURCE], boxes, _class_map(line.get(key + _METADATA))))
            except ValueError as error:
                faults.append(f"line {number}: {key!r}: {error}")
    _raise_if(faults, path)
    return labelled


def _unlabelled(lines: Iterable[int], labelled: Iterable[_Labelled]) -> list[int]:
    known = {one.number for one in labelled}
    return [number for number in lines if number not in known]


def _attribute(lines: Iterable[dict[str, Any]], path: str, wanted: str) -> str:
    """The attribute that is asked for, or else the only one that labels objects, without `adjusted-`."""
    found = {key for line in lines for key in line if key != _SOURCE and not key.endswith(_METADATA)}
    if wanted:
        if {wanted, _ADJUSTED + wanted} & found:
            return wanted
        raise ValueError(f"{path}: no line has the attribute {wanted!r}; there is {_listed(found)}")
    typed = {key for line in lines for key in found if _type(line, key) == _TYPE}
    shaped = {key for line in lines for key in found if _has_boxes(line, key)}
    fitting = {_original(key) for key in typed or shaped}
    if len(fitting) == 1:
        return fitting.pop()
    if fitting:
        raise ValueError(
            f"{path}: several attributes label objects, {_listed(fitting)}; name one: {path}#{min(fitting)}"
        )
    raise ValueError(f"{path}: no attribute is of type {_TYPE}; there is {_listed(found)}. Label the pictures first")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names)[:20])) or f"only {_SOURCE!r}"


def _type(line: dict[str, Any], key: str) -> object:
    metadata = line.get(key + _METADATA)
    return metadata.get("type") if isinstance(metadata, dict) else None


def _has_boxes(line: dict[str, Any], key: str) -> bool:
    content = line.get(key)
    return isinstance(content, dict) and isinstance(content.get("annotations"), list) and _type(line, key) is None


def _original(key: str) -> str:
    while key.startswith(_ADJUSTED):
        key = key.removeprefix(_ADJUSTED)
    return key


def _latest(key: str, line: dict[str, Any]) -> str:
    while line.get(_ADJUSTED + key) is not None:
        key = _ADJUSTED + key
    return key


def _class_map(metadata: object) -> tuple[tuple[object, object], ...]:
    stated = metadata.get("class-map", {}) if isinstance(metadata, dict) else {}
    if not isinstance(stated, dict):
        raise ValueError(f"'class-map' must be an object of class ids and names, got {str(stated)[:60]!r}")
    return tuple(stated.items())


def _classes(
    together: Mapping[str, list[_Labelled]], labels: tuple[ClassName, ...], path: str
) -> tuple[ClassName, ...]:
    stated = (
        (f"{manifest}:{one.number}: class-map", one.boxes.ids, one.names)
        for manifest, labelled in together.items()
        for one in labelled
    )
    return sagemaker_boxes.joined_class_map(stated, labels, path)


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `{split}.manifest` and the pictures into `images/{split}/`. Class ids are 0..K-1. Crowds are not kept.

    `source-ref` is a path within the folder, or a URL where the folder is one, as the service needs it.

    Raises:
        ValueError: the folder holds other class names, or a picture has so many boxes that its line is too long.
        OSError: the destination cannot be written.
    """
    _require_same_names(dataset.classes, destination)
    inner = f"images/{split}"
    pictures = PictureFolder(files.join(destination, *inner.split("/")))
    lines = []
    for sample in dataset:
        name = f"{inner}/{pictures.write(sample)}"
        lines.append(
            _line(name if files.is_local(destination) else files.join(destination, name), sample, dataset.classes)
        )
    files.write_text(files.join(destination, split + _SUFFIX), "".join(f"{line}\n" for line in lines))


def _line(source: str, sample: Sample, classes: tuple[ClassName, ...]) -> str:
    boxes = sagemaker_boxes.entry(sample, classes)
    ids = sorted({one["class_id"] for one in boxes["annotations"]})
    names = enumerate(found.name for found in classes) if classes else ((number, str(number)) for number in ids)
    metadata = {
        "objects": [{"confidence": 0.0} for _ in boxes["annotations"]],  # as of one worker: nobody to agree with
        "class-map": {str(number): name for number, name in names},
        "type": _TYPE,
        "human-annotated": "yes",
        "creation-date": datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds"),
        "job-name": "boxwright",
    }
    text = json.dumps({_SOURCE: source, ATTRIBUTE: boxes, ATTRIBUTE + _METADATA: metadata}, ensure_ascii=False)
    if len(text) > MAX_LINE:
        raise ValueError(
            f"{sample.source}: its {len(sample.boxes)} boxes make a line of {len(text):,} characters, and "
            f"the lines of a manifest have at most {MAX_LINE:,}; write another format, or leave the picture out"
        )
    return text


def _require_same_names(classes: tuple[ClassName, ...], destination: str) -> None:
    if files.is_folder(destination):
        for path in _paths(destination).values():
            earlier = _classes({path: _labelled(_lines(path), path, ATTRIBUTE)}, find_labels(destination), path)
            joined_names([found.name for found in classes], [found.name for found in earlier], path)
