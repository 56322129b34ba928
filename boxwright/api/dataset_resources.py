"""Data sets as the API gives them, and the shape of it for the API's description."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from boxwright.api.resources import time_text
from boxwright.catalogue.place import Place, Stage
from boxwright.spec.dataset import Conversion, DatasetKind, DatasetState, Drawing, Splitting
from boxwright.spec.resource import Resource
from boxwright.store.dataset_records import DatasetRecord

OUTPUT = frozenset(
    {
        *("state", "kind", "format", "parent", "parts", "counts", "classes", "digest", "errorMessage", "progress"),
        *("createTime", "endTime", "etag", "trainingDataPath", "validationDataPath", "evaluationDataPath"),
    }
)
"""Fields that only the server writes; they are read and left out."""


class Part(Resource):
    """A part of a data set, such as train or validation."""

    name: str
    pictures: int
    path: str = Field("", description="names this part alone, as an algorithm's argument; left out where nothing does")


class Counts(Resource):
    """A data set in numbers."""

    pictures: int = Field(description="each once, unreadable ones too")
    boxes: int = Field(description="as stated, rejected ones too")
    rejected: int = 0
    empty: int = Field(0, description="pictures without boxes")
    unreadable: int = 0
    errors: int = Field(0, description="findings of the data doctor that stop training")
    warnings: int = Field(0, description="findings that are likely to cost accuracy")


class Progress(Resource):
    """How far an import is."""

    stage: Stage
    done: int = Field(0, description="pictures of this stage")
    total: int = Field(0, description="pictures; 0 while not known")


class Dataset(Resource):
    """A data set. Times are RFC 3339 in UTC; fields that hold nothing are left out."""

    name: str
    path: str = Field("", description="where the data is; output only where the server makes it")
    upload_id: str = ""
    draw: Drawing | None = None
    split: Splitting | None = None
    convert: Conversion | None = None
    labels_file: str = ""
    state: DatasetState = Field("IMPORTING", description="output only")
    kind: DatasetKind = Field("path", description="output only; where it comes from")
    format: str = Field("", description="output only; recognised")
    parent: str = Field("", description="output only; the data set that it was made from")
    parts: tuple[Part, ...] = Field((), description="output only")
    counts: Counts | None = Field(None, description="output only")
    classes: tuple[str, ...] = Field((), description="output only; in the order of their inner labels")
    digest: str = Field("", description="output only; another one where a picture or box is another; SHA-256")
    error_message: str = Field("", description="output only; why it is FAILED")
    progress: Progress | None = Field(None, description="output only; while it is IMPORTING")
    create_time: str = Field("", description="output only")
    end_time: str = Field("", description="output only")
    etag: str = Field("", description="output only; changes with every change")
    training_data_path: str = Field("", description="output only; argument to train on it alone")
    validation_data_path: str = Field(
        "", description="output only; goes with it; left out where the training data is divided"
    )
    evaluation_data_path: str = Field("", description="output only; argument to measure on it")


class DatasetList(Resource):
    """A page of data sets by name."""

    datasets: tuple[Dataset, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class Recognised(Resource):
    """What stands at a path."""

    path: str
    format: str
    parts: tuple[str, ...] = ()


class KnownFormat(Resource):
    """A format of data sets."""

    name: str
    writable: bool = Field(description="or only read")
    one_part: bool = Field(description="a folder of it is one part")


class Options(Resource):
    """What can be asked for where data is made."""

    formats: tuple[KnownFormat, ...]
    shapes: tuple[str, ...]


class Problem(Resource):
    """What is odd about a picture: a finding of the data doctor, and a remark."""

    problem: str
    reason: str


class Box(Resource):
    """A labelled box."""

    box: int = Field(description="place in the picture, from 0")
    label: int = Field(description="inner label, from 0")
    class_name: str
    corners: tuple[float | None, ...] = Field(description="xmin, ymin, xmax, ymax in pixels; null where not finite")
    size: str = Field(description="small, medium or large by COCO's areas; empty where it has none")
    crowd: bool = Field(False, description="around a group; ignored in training")
    problem: str = Field("", description="the rule for which it is rejected; left out where it is kept")
    reason: str = ""


class Picture(Resource):
    """A picture with its boxes."""

    number: int
    source: str
    width: int
    height: int
    part: str
    readable: bool
    boxes: tuple[Box, ...] = ()
    problems: tuple[Problem, ...] = ()
    previous_number: int | None = Field(None, description="of those that are asked for; only of one picture")
    next_number: int | None = None
    position: int | None = Field(None, description="among those that are asked for, from 1; only of one picture")
    total_size: int | None = Field(None, description="how many are asked for; only of one picture")


class PictureList(Resource):
    """A page of pictures."""

    pictures: tuple[Picture, ...] = ()
    total_size: int = Field(0, description="pictures on all pages")
    next_page_token: str = Field("", description="for the next page; left out on the last")
    previous_page_token: str = Field("", description="for the page before; left out on the first")


def dataset_json(record: DatasetRecord) -> dict[str, Any]:
    """A data set as the API gives it."""
    spec = record.spec
    found = record.result if record.state == "READY" else {}
    given: dict[str, Any] = {
        **record.request,
        "state": record.state,
        "kind": spec.kind,
        "path": found.get("path") or spec.path,
        "format": found.get("format"),
        "parent": spec.parent,
        "parts": [_filled(part) for part in found.get("parts", ())],
        "counts": found.get("counts"),
        "classes": found.get("classes"),
        "digest": found.get("digest"),
        "errorMessage": record.error_message,
        "progress": _progress(record),
        "createTime": time_text(record.create_time),
        "endTime": time_text(record.end_time),
        "etag": record.etag,
        "trainingDataPath": found.get("training_data_path"),
        "validationDataPath": found.get("validation_data_path"),
        "evaluationDataPath": found.get("evaluation_data_path"),
    }
    return _filled(given)


def _progress(record: DatasetRecord) -> dict[str, Any] | None:
    if record.state != "IMPORTING":
        return None
    progress = Place(record.folder).progress()
    return {"stage": progress.stage, "done": progress.done, "total": progress.total}


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", {}, [], None)}
