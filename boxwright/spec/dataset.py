"""Data sets that a server keeps in view: where they come from."""

import re
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from boxwright.spec.resource import Resource

DatasetState = Literal["IMPORTING", "READY", "FAILED", "DELETING"]

DatasetKind = Literal["path", "upload", "draw", "split", "convert"]

DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")

NAME_RULE = "1 to 63 letters, digits, dots, dashes and underscores, and starts with a letter or digit"

Seed = Annotated[int, Field(ge=0, le=2**63 - 1)]
Side = Annotated[int, Field(ge=32, le=4096)]


class Drawing(Resource):
    """Drawn shapes: sample data that is made on the spot.

    Attributes:
        pictures: for training.
        validation: further ones, to validate on; 0 makes no such part.
        height, width: of every picture in pixels.
        classes: shapes, in the order of their labels; all where empty.
        seed: the same one gives the same pictures.
        format: to write.
    """

    pictures: Annotated[int, Field(ge=1, le=100_000)] = 60
    validation: Annotated[int, Field(ge=0, le=100_000)] = 20
    height: Side = 240
    width: Side = 320
    classes: tuple[str, ...] = ()
    seed: Seed = 0
    format: str = "tfrecord"


class Splitting(Resource):
    """Parts of another data set, stratified by class.

    Attributes:
        dataset: name of the other one.
        shares: name of each part and its share of the pictures; together 1.
        seed: the same one gives the same parts.
        format: to write; that of the other one where empty.
    """

    dataset: str
    shares: dict[str, Annotated[float, Field(gt=0, le=1)]] = {"train": 0.8, "validation": 0.2}
    seed: Seed = 0
    format: str = ""

    @field_validator("shares")
    @classmethod
    def _names_files(cls, value: dict[str, float]) -> dict[str, float]:
        unfit = [name for name in value if not DATASET_NAME.fullmatch(name)]
        if unfit:
            raise ValueError(f"the name of a part is {NAME_RULE}; got {unfit[0]!r}")
        if abs(sum(value.values()) - 1) > 1e-6:
            raise ValueError(f"shares must add up to 1, got {sum(value.values()):g}")
        return value


class Conversion(Resource):
    """Another data set, written in another format.

    Attributes:
        dataset: name of the other one.
        format: to write.
    """

    dataset: str
    format: str


class DatasetRequest(Resource):
    """A data set as it is made known: its name, and one of five sources.

    Attributes:
        path: file, folder or wildcard below the server's roots, or a gs:// or s3:// URL; it stays where it is.
        upload_id: of a finished upload, a zip file that is unpacked.
        draw, split, convert: what the server is to make.
        labels_file: class names, one a line, for formats that state none.
    """

    name: str
    path: str = ""
    upload_id: str = ""
    draw: Drawing | None = None
    split: Splitting | None = None
    convert: Conversion | None = None
    labels_file: str = ""

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not DATASET_NAME.fullmatch(value):
            raise ValueError(f"a data set's name is {NAME_RULE}; got {value!r}")
        return value

    @model_validator(mode="after")
    def _has_one_source(self) -> "DatasetRequest":
        given = self._given()
        if len(given) != 1:
            names = ", ".join(to_json for _, to_json, _ in _SOURCES)
            raise ValueError(f"exactly one of {names} must be given, got {', '.join(given) or 'none'}")
        if self.labels_file and self.kind not in ("path", "upload"):
            raise ValueError(f"labelsFile belongs to path and uploadId; what {self.kind} makes has its own")
        return self

    def _given(self) -> list[str]:
        return [to_json for field, to_json, _ in _SOURCES if getattr(self, field)]

    @property
    def kind(self) -> DatasetKind:
        """Where it comes from."""
        return next(kind for field, _, kind in _SOURCES if getattr(self, field))

    @property
    def parent(self) -> str:
        """Name of the data set that it is made from; empty for none."""
        made_from: Any = self.split or self.convert
        return made_from.dataset if made_from else ""

    @property
    def format(self) -> str:
        """Format to be written; empty where nothing is written, or the parent's is."""
        written: Any = self.draw or self.split or self.convert
        return written.format if written else ""


_SOURCES: tuple[tuple[str, str, DatasetKind], ...] = (
    ("path", "path", "path"),
    ("upload_id", "uploadId", "upload"),
    ("draw", "draw", "draw"),
    ("split", "split", "split"),
    ("convert", "convert", "convert"),
)
"""Field, its name in JSON, and kind."""
