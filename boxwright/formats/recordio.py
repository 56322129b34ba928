"""MXNet RecordIO for detection: `{split}.rec`, with `{split}.idx` and `{split}.lst` beside it where there are any.

A folder may also hold channels, as managed training takes them: `train/`, `validation/` with `.rec` files in each. The
`.idx` finds records at once, the `.lst` names the pictures. Classes are numbered from 0 and named by a `labels.txt`
beside the files, if anywhere. The parts: `recordio_file` (bytes), `recordio_label` (boxes), `recordio_list` (`.lst`).
"""

from collections.abc import Mapping

from boxwright import files
from boxwright.formats.annotation import to_sample
from boxwright.formats.labels import find_labels, write_labels
from boxwright.formats.pictures import stem
from boxwright.formats.recordio_file import RecordIOFiles, begins_with_record, writing
from boxwright.formats.recordio_label import ImageRecord, from_sample, pack, to_annotation, unpack
from boxwright.formats.recordio_list import Listed, read_list, write_list
from boxwright.formats.sample import Dataset, Sample

LOOKS_FOR = "MXNet RecordIO files (train.rec), a wildcard over them, a folder of them or of channels with them"


def _is_record_file(name: str) -> bool:
    return name.endswith(".rec")


def _record_files(folder: str) -> list[str]:
    return [files.join(folder, name) for name in files.entries(folder) if _is_record_file(name)]


def _by_split(folder: str) -> dict[str, list[str]]:
    """The files of each split: files in the folder by their names, and channels, which have no point in theirs."""
    found = {stem(files.name(path)): [path] for path in _record_files(folder)}
    for name in files.entries(folder):
        channel = _record_files(files.join(folder, name)) if "." not in name else []
        if channel and name in found:
            raise ValueError(f"{folder}: both {name}.rec and {name}/ hold records of the split {name!r}; move one away")
        if channel:
            found[name] = channel
    return found


def _paths(path: str) -> list[str]:
    """The files that a path or wildcard names, without the `.idx` and `.lst` beside `.rec` files."""
    found = [path] if files.is_file(path) else files.expand(path)
    return [one for one in found if _is_record_file(one)] or found


def matches(path: str) -> bool:
    """Whether the path names RecordIO files: by their names, or by the first bytes of the first file."""
    if files.is_folder(path):
        return bool(_by_split(path))
    paths = _paths(path)
    return all(map(_is_record_file, paths)) or begins_with_record(paths[0])


def splits(path: str) -> tuple[str, ...]:
    """The names of the files in a folder, and of its channels; a file or wildcard is one split."""
    if files.is_folder(path):
        return tuple(_by_split(path))
    names = {stem(files.name(found)) for found in _paths(path)}
    return tuple(names) if len(names) == 1 else ("all",)


def read(path: str, split: str, labels_file: str = "") -> Dataset:
    """Open the records of a split: where they lie is found now, they are read when asked for.

    Raises:
        ValueError: a file is cut off or damaged, an `.idx` does not fit, or a `.lst` is malformed.
        OSError: a file cannot be read, or a wildcard matches nothing.
    """
    paths = _by_split(path)[split] if files.is_folder(path) else _paths(path)
    classes = find_labels(files.parent(paths[0]), labels_file)
    if not classes and files.is_folder(path):
        classes = find_labels(path)
    return Dataset(RecordIOSamples(RecordIOFiles(paths), {one: _names(one) for one in paths}), classes)


def _names(path: str) -> dict[int, str]:
    """The pictures' names by the ids of their records; none where there is no `.lst`."""
    beside = _list_path(path)
    return {one.index: one.path for one in read_list(beside)} if files.is_file(beside) else {}


def _list_path(path: str) -> str:
    return path.removesuffix(".rec") + ".lst"


class RecordIOSamples:
    """Samples in RecordIO files."""

    def __init__(self, records: RecordIOFiles, names: Mapping[str, Mapping[int, str]]) -> None:
        """Take the indexed files, and for each path the names of its pictures by the ids of records."""
        self._records, self._names = records, names

    def __len__(self) -> int:
        return len(self._records)

    @property
    def at_once(self) -> int:
        """See `sample.at_once`."""
        return self._records.at_once

    def __getitem__(self, index: int) -> Sample:
        """Read one sample.

        Raises:
            ValueError: the record is damaged, or its labels are not laid out for detection.
            IndexError: no such record.
        """
        record = self._records[index]
        try:
            content = unpack(record)
            said = to_annotation(content)
        except ValueError as error:
            raise ValueError(f"{self._records.place(index)}: {error}") from error
        found, number = self._records.locate(index)
        source = self._names[found.path].get(content.id) or f"{files.name(found.path)}:{number}"
        return to_sample(source, content.encoded, said)


def write(dataset: Dataset, destination: str, split: str) -> None:
    """Write `{split}.rec`, `{split}.idx` and `{split}.lst`, and, where the classes have names, `labels.txt`.

    Crowds are not kept.

    Raises:
        ValueError: the folder holds other class names, or a picture with boxes is unreadable or too large.
        OSError: the destination cannot be written.
    """
    if dataset.classes:
        write_labels(destination, dataset.classes)
    path = files.join(destination, f"{split}.rec")
    lines = list[Listed]()
    with writing(path) as add:
        for number, sample in enumerate(dataset):
            labels = from_sample(sample)
            add(number, pack(ImageRecord(number, 0.0, labels, sample.encoded)))
            lines.append(Listed(number, tuple(labels.tolist()), sample.source.strip() or f"{split}:{number}"))
        write_list(_list_path(path), lines)
