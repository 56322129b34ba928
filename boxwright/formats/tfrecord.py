"""TFRecord files of `tf.train.Example`, with the fields of the TensorFlow object detection readers.

`image/encoded`, `image/object/class/label` (1-based) and `image/object/bbox/{xmin,xmax,ymin,ymax}` (0..1 of the
picture's sides) are required; `image/source_id`, `image/height`, `image/width`, `image/object/is_crowd` are optional.
Class names stand in a `labels.txt` beside the files, if anywhere. Pictures are never encoded again.
"""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from boxwright import files, imaging
from boxwright.formats import recordfile, tfexample
from boxwright.formats.annotation import Annotation, shares, to_sample
from boxwright.formats.labels import find_labels, write_labels
from boxwright.formats.sample import ClassName, Dataset, Sample

SHARD_BYTES = 100_000_000
"""Size at which a new file is begun when the number of files is not given."""

_ENCODED, _SOURCE, _FILENAME = "image/encoded", "image/source_id", "image/filename"
_HEIGHT, _WIDTH, _FORMAT = "image/height", "image/width", "image/format"
_LABEL, _TEXT, _CROWD = "image/object/class/label", "image/object/class/text", "image/object/is_crowd"
_SIDES = tuple(f"image/object/bbox/{side}" for side in ("xmin", "ymin", "xmax", "ymax"))
_FIELDS = frozenset({_ENCODED, _SOURCE, _FILENAME, _HEIGHT, _WIDTH, _LABEL, _CROWD, *_SIDES})

_SHARD = re.compile(r"(?P<split>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(\.(tfrecords?|tfrec|records?))?")
_SINGLE = re.compile(r"(?P<split>.+)\.(tfrecords?|tfrec|records?)")

LOOKS_FOR = "TFRecord files (train-00000-of-00010.tfrecord, *.tfrecord), a wildcard over them or a folder of them"


def _split_of(name: str) -> str:
    found = _SHARD.fullmatch(name) or _SINGLE.fullmatch(name)
    return found["split"] if found else ""


def _by_split(folder: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in files.entries(folder):
        if split := _split_of(name):
            found.setdefault(split, []).append(files.join(folder, name))
    return found


def _paths(path: str) -> list[str]:
    return [path] if files.is_file(path) else files.expand(path)


def matches(path: str) -> bool:
    """Whether the path names TFRecord files: by their names, or by the first bytes of the first file."""
    if files.is_folder(path):
        return bool(_by_split(path))
    paths = _paths(path)
    return all(_split_of(files.name(found)) for found in paths) or recordfile.begins_with_record(paths[0])


def splits(path: str) -> tuple[str, ...]:
    """What stands before `-NNNNN-of-NNNNN` in the file names; a file or wildcard is one split."""
    if files.is_folder(path):
        return tuple(_by_split(path))
    names = {_split_of(files.name(found)) for found in _paths(path)}
    return tuple(names) if len(names) == 1 and "" not in names else ("all",)


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Open the records of a split; the index is built now, records are read when asked for.

    Raises:
        ValueError: a file of a set is missing, truncated or has a wrong length checksum.
        OSError: a file cannot be read, or a wildcard matches nothing.
    """
    if files.is_folder(path):
        paths = _by_split(path)[split]
        _require_all_shards(paths)
    else:
        paths = _paths(path)
    classes = find_labels(files.parent(paths[0]), labels_file)
    return Dataset(RecordSamples(recordfile.RecordFiles(paths)), classes)


def _require_all_shards(paths: list[str]) -> None:
    shards = [found for path in paths if (found := _SHARD.fullmatch(files.name(path)))]
    counts = {int(found["count"]) for found in shards}
    missing = {number for count in counts for number in range(count)} - {int(found["number"]) for found in shards}
    if len(counts) > 1 or missing:
        raise ValueError(
            f"{files.parent(paths[0])}: the file names say that the set has {' or '.join(map(str, sorted(counts)))} "
            f"files, and {len(shards)} are there; complete the set or name the wanted files with a wildcard"
        )


class RecordSamples:
    """Samples in TFRecord files."""

    def __init__(self, records: recordfile.RecordFiles) -> None:
        """Take the indexed files."""
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    @property
    def at_once(self) -> int:
        """See `sample.at_once`."""
        return self._records.at_once

    def __getitem__(self, index: int) -> Sample:
        """Read one sample.

        Raises:
            ValueError: wrong checksum, no `tf.train.Example`, or its lists do not fit together.
            IndexError: no such record.
        """
        record = self._records[index]
        try:
            features = tfexample.decode(record, _FIELDS)
            encoded = _first_bytes(features, _ENCODED)
            if not encoded:
                raise ValueError(f"there is no {_ENCODED}; every record needs the picture's encoded bytes")
            said = _annotation(features)
        except ValueError as error:
            raise ValueError(f"{self._records.place(index)}: {error}") from error
        return to_sample(self._source(features, index), encoded, said)

    def _source(self, features: dict[str, tfexample.Values], index: int) -> str:
        stated = _first_bytes(features, _SOURCE) or _first_bytes(features, _FILENAME)
        if stated:
            return stated.decode(errors="replace")
        found, number = self._records.locate(index)
        return f"{files.name(found.path)}:{number}"


def _first_bytes(features: dict[str, tfexample.Values], name: str) -> bytes:
    values = features.get(name)
    return values[0] if isinstance(values, list) and values else b""


def _numbers(features: dict[str, tfexample.Values], name: str, kind: type[np.generic]) -> NDArray[np.generic]:
    values = features.get(name, [])
    if isinstance(values, list):
        if values:
            raise ValueError(f"{name} must be a list of {kind.__name__}, not of bytes; write the records again")
        return np.zeros(0, kind)
    if values.dtype != kind:
        raise ValueError(f"{name} must be a list of {kind.__name__}, not of {values.dtype}; write the records again")
    return values


def _annotation(features: dict[str, tfexample.Values]) -> Annotation:
    sides = {name: _numbers(features, name, np.float32) for name in _SIDES}
    labels = _numbers(features, _LABEL, np.int64)
    crowd = _numbers(features, _CROWD, np.int64)
    lists = {**sides, _LABEL: labels} | ({_CROWD: crowd} if len(crowd) else {})
    _require_equal_lengths({name: len(values) for name, values in lists.items()})
    return Annotation(
        np.stack(list(sides.values()), axis=1).astype(np.float32),
        labels.astype(np.int64) - 1,
        crowd.astype(np.bool_) if len(crowd) else np.zeros(len(labels), np.bool_),
        _stated_size(features),
        normalised=True,
    )


def _require_equal_lengths(lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) == 1:
        return
    missing = [name for name, length in lengths.items() if not length]
    if missing:
        longest = max(lengths, key=lambda name: lengths[name])
        raise ValueError(
            f"{', '.join(missing)} is missing or empty while {longest} holds {lengths[longest]} values; "
            "every box needs one value in each list, write the record again"
        )
    counts = ", ".join(f"{name} {length}" for name, length in lengths.items())
    raise ValueError(f"lists must be equally long, one value a box, and are not: {counts}; write the record again")


def _stated_size(features: dict[str, tfexample.Values]) -> tuple[int, int] | None:
    stated = [features.get(name, []) for name in (_WIDTH, _HEIGHT)]
    if any(len(values) == 0 or isinstance(values, list) or values[0] <= 0 for values in stated):
        return None
    return int(stated[0][0]), int(stated[1][0])


def to_features(sample: Sample, classes: tuple[ClassName, ...] = ()) -> dict[str, tfexample.Values]:
    """The fields of a sample's record; class names are added where all labels have one.

    Raises:
        ValueError: the sample has boxes, and its picture has no readable size to divide them by.
    """
    relative = shares(sample).astype(np.float32)
    features: dict[str, tfexample.Values] = {
        _ENCODED: [sample.encoded],
        _FORMAT: [_format_name(sample).encode()],
        _HEIGHT: np.array([sample.height or -1]),
        _WIDTH: np.array([sample.width or -1]),
        _SOURCE: [sample.source.encode()],
        _FILENAME: [sample.source.encode()],
        _LABEL: sample.labels + 1,
        _CROWD: sample.crowd.astype(np.int64),
    }
    features |= {name: relative[:, column] for column, name in enumerate(_SIDES)}
    if all(0 <= label < len(classes) for label in sample.labels):
        features[_TEXT] = [classes[label].name.encode() for label in sample.labels]
    return features


def _format_name(sample: Sample) -> str:
    return imaging.header(sample.encoded).format.lower() if sample.width else ""


def write(dataset: Dataset, destination: str, split: str, shards: int | None = None) -> None:
    """Write `{split}-00000-of-00010.tfrecord` files and, where the classes have names, `labels.txt`.

    The files get their names when all are complete. Without `shards` a new one is begun about every 100 MB.

    Raises:
        ValueError: `shards` below 1, or the folder holds other class names.
        OSError: the destination cannot be written.
    """
    if shards is not None and shards < 1:
        raise ValueError(f"shards must be at least 1, got {shards}")
    if dataset.classes:
        write_labels(destination, dataset.classes)
    with files.staging(destination) as folder:
        staged = _write_shards(dataset, Path(folder), shards)
        for number, path in enumerate(staged):
            name = f"{split}-{number:05d}-of-{len(staged):05d}.tfrecord"
            files.publish(str(path), files.join(destination, name))


def _write_shards(dataset: Dataset, folder: Path, shards: int | None) -> list[Path]:
    paths = [folder / str(number) for number in range(shards or 0)]
    for path in paths:
        path.touch()
    written = 0
    for index in range(len(dataset)):
        framed = _framed(dataset, index)
        if shards is None and (not paths or written + len(framed) > SHARD_BYTES):
            paths.append(folder / str(len(paths)))
            written = 0
        path = paths[index * shards // len(dataset) if shards else -1]
        with path.open("ab") as file:
            written += file.write(framed)
    return paths


def _framed(dataset: Dataset, index: int) -> bytes:
    return recordfile.frame(tfexample.encode(to_features(dataset[index], dataset.classes)))
