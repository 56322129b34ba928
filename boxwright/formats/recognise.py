"""Which format a path is in, and reading and writing by the format's name."""

from collections.abc import Callable
from dataclasses import dataclass

from boxwright import files
from boxwright.formats import coco, csv, jumpstart, manifest, recordio, sagemaker_images, tfrecord, voc, yolo
from boxwright.formats.pictures import is_picture
from boxwright.formats.sample import Dataset


@dataclass(frozen=True)
class Format:
    """The functions of one format.

    Attributes:
        matches: whether a path is in this format.
        splits: names of the sets at a path.
        read: path, split, labels file -> data set.
        write: data set, destination folder, split; None where the format is only read.
        looks_for: what `matches` looks for, in words.
    """

    matches: Callable[[str], bool]
    splits: Callable[[str], tuple[str, ...]]
    read: Callable[[str, str, str], Dataset]
    write: Callable[[Dataset, str, str], None] | None
    looks_for: str


OF_ONE_SPLIT = ("jumpstart",)
"""Formats of which a folder is one split."""

FORMATS: dict[str, Format] = {
    "coco": Format(coco.matches, coco.splits, coco.read, coco.write, coco.LOOKS_FOR),
    "csv": Format(csv.matches, csv.splits, csv.read, None, csv.LOOKS_FOR),
    "jumpstart": Format(jumpstart.matches, jumpstart.splits, jumpstart.read, jumpstart.write, jumpstart.LOOKS_FOR),
    "sagemaker_images": Format(
        sagemaker_images.matches,
        sagemaker_images.splits,
        sagemaker_images.read,
        sagemaker_images.write,
        sagemaker_images.LOOKS_FOR,
    ),
    "voc": Format(voc.matches, voc.splits, voc.read, voc.write, voc.LOOKS_FOR),
    "yolo": Format(yolo.matches, yolo.splits, yolo.read, yolo.write, yolo.LOOKS_FOR),
    "manifest": Format(manifest.matches, manifest.splits, manifest.read, manifest.write, manifest.LOOKS_FOR),
    "tfrecord": Format(tfrecord.matches, tfrecord.splits, tfrecord.read, tfrecord.write, tfrecord.LOOKS_FOR),
    "recordio": Format(recordio.matches, recordio.splits, recordio.read, recordio.write, recordio.LOOKS_FOR),
}
"""All formats by name, in the order in which a path is tried."""

_WILDCARDS = ("tfrecord", "recordio")
"""Formats whose files a wildcard may name."""


def recognise(path: str) -> str:
    """The name of the format that the file, folder or wildcard `path` is in.

    Raises:
        FileNotFoundError: nothing is there.
        ValueError: none of the formats; lists what was looked for.
    """
    with files.remembering():
        wildcard = not files.is_folder(path) and not files.is_file(path) and not manifest.matches(path)
        if wildcard:
            files.expand(path)
        for name, found in FORMATS.items():
            if (name in _WILDCARDS or not wildcard) and found.matches(path):
                return name
    _refuse_unlabelled(path)
    looked_for = "; ".join(f"{name}: {found.looks_for}" for name, found in FORMATS.items())
    raise ValueError(f"{path!r} is in no known format. Looked for {looked_for}. Name the format if it is one of these")


def _refuse_unlabelled(path: str) -> None:
    """Raise ValueError of a folder in which there is nothing, or nothing but pictures: what it needs is no format."""
    if not files.is_folder(path):
        return
    folders = files.folders(path)
    held = [name for name in files.entries(path) if name not in folders]
    held += [name for folder in folders[:_FEW] for name in files.entries(files.join(path, folder))]
    if not held:
        raise ValueError(f"{path!r} is an empty folder; put pictures and their labels into it")
    if all(map(is_picture, held)):
        raise ValueError(
            f"{path!r} holds {len(held)} pictures and no labels; put the labels with them, such as Pascal VOC's .xml "
            f"or YOLO's .txt beside each, or COCO's annotations/instances_train.json"
        )


_FEW = 20
"""Folders in a folder that are looked into for pictures."""


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise ValueError(f"unknown format {name!r}; known are {', '.join(FORMATS)}")
    return FORMATS[name]


def splits(path: str) -> tuple[str, ...]:
    """Names of the sets at `path`. Raises: as `recognise` does."""
    with files.remembering():
        return FORMATS[recognise(path)].splits(path)


def read(path: str, *, split: str | None = None, labels_file: str = "", format: str | None = None) -> Dataset:
    """Open a labelled data set; its pictures are read when asked for.

    Args:
        path: file, folder, or wildcard over TFRecord or RecordIO files; local, or an fsspec URL such as `gs://` and
            `s3://`. A manifest's attribute may stand behind `#`.
        split: which set to take; may be left out where there is one.
        labels_file: class names, one a line, for formats that state none.
        format: name of the format; recognised from the path when None.

    Raises:
        ValueError: format or split unknown, or the set is empty or malformed.
        OSError: a file is missing or cannot be read.
    """
    with files.remembering():
        return _read(path, split, labels_file, _format(format or recognise(path)))


def _read(path: str, split: str | None, labels_file: str, chosen: Format) -> Dataset:
    names = chosen.splits(path)
    if split is None and len(names) > 1:
        raise ValueError(f"{path!r} holds several splits, {', '.join(names)}; say which, with split or a longer path")
    if not names or (split is not None and split not in names):
        raise ValueError(f"{path!r} has no split {split!r}; it has {', '.join(names) or 'none'}")
    dataset = chosen.read(path, split or names[0], labels_file)
    if not len(dataset):
        raise ValueError(f"{path!r}: the set {split or names[0]!r} is empty; at least one picture is needed")
    return dataset


def write(dataset: Dataset, destination: str, *, to: str, split: str, shards: int | None = None) -> None:
    """Write a data set as one split of a folder; pictures are copied byte for byte.

    Args:
        dataset: what to write.
        destination: folder, made where missing; other splits in it are kept.
        to: name of the format.
        split: name of the split, used in file names.
        shards: number of TFRecord files; by size when None.

    Raises:
        ValueError: the format is unknown or only read, the set is empty, or the folder holds other class names.
        FileExistsError: the folder holds this split already.
        OSError: the folder cannot be written.
    """
    chosen = _format(to)
    if chosen.write is None:
        writable = ", ".join(name for name, found in FORMATS.items() if found.write)
        raise ValueError(f"format {to!r} is only read; write one of {writable}")
    if not len(dataset):
        raise ValueError("the data set is empty; at least one picture is needed")
    if shards is not None and to != "tfrecord":
        raise ValueError(f"shards are for tfrecord only, got shards={shards} for {to!r}")
    existing = chosen.splits(destination) if files.is_folder(destination) else ()
    if split in existing or (existing and to in OF_ONE_SPLIT):
        raise FileExistsError(f"{destination!r} holds the split {split!r} already; remove it or choose another folder")
    if to == "tfrecord":
        tfrecord.write(dataset, destination, split, shards)
    else:
        chosen.write(dataset, destination, split)
