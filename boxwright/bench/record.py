"""What is kept of an evaluation, and what makes two of them the same."""

import hashlib
import json
import os
from typing import Literal

from boxwright import files, modeldir
from boxwright.modeldir import ModelCard
from boxwright.spec.knob import Frozen

State = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]

OVER: tuple[State, ...] = ("SUCCEEDED", "FAILED", "CANCELLED")

ID_LENGTH = 20
"""Hexadecimal digits of an evaluation's id, which are enough for no two to be the same by chance."""


class Question(Frozen):
    """What is to be measured on what.

    Attributes:
        model: id of the trained model.
        folder: of the model.
        variant: "int8", "fp16", or empty for float32.
        model_digest: SHA-256 of the network's file.
        classes: names of the classes that the model finds.
        data: path of the labelled data.
        dataset: name of the data set that the path belongs to; empty for none.
        split: which set of the data; empty for all of it.
        labels_file: names of the classes, for formats without any.
        data_digest: of names, sizes and times of the data's files, or what the data set says.
    """

    model: str
    folder: str
    variant: str = ""
    model_digest: str
    classes: tuple[str, ...] = ()
    data: str
    dataset: str = ""
    split: str = ""
    labels_file: str = ""
    data_digest: str

    @property
    def id(self) -> str:
        """The same for the same network on the same data."""
        model = (self.model_digest, self.variant, self.classes)
        parts = (model, self.data, self.split, self.labels_file, self.data_digest)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:ID_LENGTH]


class Evaluation(Frozen):
    """An evaluation. Times are in seconds since 1970.

    Attributes:
        project: whose it is.
        question: what is measured.
        state: as of jobs.
        error_message: why it failed.
    """

    project: str
    question: Question
    state: State = "QUEUED"
    create_time: float
    start_time: float | None = None
    end_time: float | None = None
    error_message: str = ""

    @property
    def id(self) -> str:
        """Unique in its project."""
        return self.question.id


def digest_of_model(folder: str, card: ModelCard, variant: str) -> str:
    """SHA-256 of a model's network, as its card says or as its file is. Raises: OSError, ValueError."""
    name = modeldir.onnx_file(variant)
    known = card.digests.get(name)
    return known or hashlib.sha256(modeldir.read_file(folder, card, name)).hexdigest()


def digest_of_data(path: str) -> str:
    """A digest that changes when files of labelled data do: of their names, sizes and times.

    Args:
        path: file, folder, wildcard or URL. Of a URL only the names and sizes count.

    Raises:
        OSError: nothing is there, or it lies outside of where `files.confined` lets data be read from.
    """
    if not files.has_wildcard(path):
        files.check_allowed(path)
    total = hashlib.sha256()
    for name in _files(path):
        total.update(f"{name}\0{_state(name)}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


def _files(path: str) -> list[str]:
    if files.is_folder(path):
        return [files.join(path, name) for name in files.walk(path)]
    return files.expand(path)


def _state(path: str) -> str:
    files.check_allowed(path)
    if not files.is_local(path):
        return str(files.size(path))
    status = os.stat(path.removeprefix("file://"))
    return f"{status.st_size} {status.st_mtime_ns}"
