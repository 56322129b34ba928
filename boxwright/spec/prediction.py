"""What a batch prediction is asked to do: `predictionInput` of AI Platform's `projects.jobs`."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, PlainSerializer, field_validator, model_validator

from boxwright.spec.resource import Resource

DataFormat = Literal["JSON", "TEXT", "TF_RECORD", "TF_RECORD_GZIP", "IMAGE"]

MODEL_NAME = re.compile(r"projects/[^/]+/models/[^/]+")
VERSION_NAME = re.compile(r"projects/[^/]+/models/[^/]+/versions/[^/]+")

Int64 = Annotated[int, PlainSerializer(str, when_used="json-unless-none")]
"""A whole number of 64 bits, a text in JSON."""


class PredictionInput(Resource):
    """Pictures to find objects in, the model, and where the results go.

    The model is named by one of `uri`, `model_name` and `version_name`. What the server keeps has the folder that a
    name stood for in `uri` as well, so that the job stays the same when another version is deployed.

    Attributes:
        uri: folder of a model.
        model_name: of a deployed model, "projects/P/models/M": its default version.
        version_name: of a version, "projects/P/models/M/versions/V".
        data_format: JSON or TEXT (one JSON object a line), TF_RECORD, TF_RECORD_GZIP, or ours, IMAGE: picture files.
        input_paths: files, folders and wildcards.
        output_path: folder for the results.
        output_data_format: JSON, which is all that is written.
        max_worker_count: most threads that work at the same time.
        batch_size: most pictures in one call of the network; eight at most are, as more are no faster.
        signature_name: "serving_default", which is all that a model has.
        region, runtime_version: kept with the job.
    """

    uri: str = ""
    model_name: str = ""
    version_name: str = ""
    data_format: DataFormat
    input_paths: Annotated[tuple[str, ...], Field(min_length=1)]
    output_path: Annotated[str, Field(min_length=1)]
    output_data_format: Literal["DATA_FORMAT_UNSPECIFIED", "JSON"] = "JSON"
    max_worker_count: Annotated[Int64, Field(ge=1)] = 10
    batch_size: Annotated[Int64, Field(ge=1, le=1024)] = 4
    signature_name: Literal["", "serving_default"] = ""
    region: str = ""
    runtime_version: str = ""

    @field_validator("runtime_version", mode="before")
    @classmethod
    def _number_in_yaml(cls, value: object) -> object:
        return str(value) if isinstance(value, float) else value

    @field_validator("input_paths")
    @classmethod
    def _are_paths(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(path.strip() for path in value):
            raise ValueError("each input path names files, got an empty one")
        return value

    @model_validator(mode="after")
    def _one_model(self) -> Self:
        names = [name for name in (self.model_name, self.version_name) if name]
        if len(names) > 1:
            raise ValueError(f"modelName and versionName exclude each other, got {' and '.join(names)}")
        if not (names or self.uri):
            raise ValueError("name the model by uri (its folder), modelName or versionName")
        for name, form, shown in (
            (self.model_name, MODEL_NAME, "projects/PROJECT/models/MODEL"),
            (self.version_name, VERSION_NAME, "projects/PROJECT/models/MODEL/versions/VERSION"),
        ):
            if name and not form.fullmatch(name):
                raise ValueError(f"a name has the form {shown}, got {name!r}")
        return self

    @property
    def model(self) -> str:
        """What names the model: the version, the model, or the folder."""
        return self.version_name or self.model_name or self.uri
