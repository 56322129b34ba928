"""Layout of a trained model's folder, and its card: all that a program must know to use the model.

A model's folder (`JOB_DIR/model`) may be copied anywhere; nothing in it names another place but
`deployment_config.yaml`, which tells where it was made.
"""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Self

from pydantic import Field, FiniteFloat, ValidationError, model_validator

from boxwright import files
from boxwright.formats.sample import ClassName
from boxwright.spec.knob import Frozen, Size
from boxwright.spec.training import TrainSpec

SAVED_MODEL = "saved_model.pb"
VARIABLES = "variables"
ASSETS = "assets"
DEPLOYMENT_CONFIG = "deployment_config.yaml"
ONNX = "model.onnx"
VARIANTS = {"int8": "model_int8.onnx", "fp16": "model_fp16.onnx"}
"""Files of the ONNX models that compute with fewer bits than float32."""

CARD = "model.json"
WEIGHTS = "weights.safetensors"
REPORT = "report.html"

PACKAGES = ("boxwright", "numpy", "torch", "onnx", "onnxruntime", "tensorflow", "tensorflow-cpu")
"""Packages whose versions a card records, where they are installed."""

CHUNK = 1 << 20
"""Bytes that are read at a time to compute a digest."""

Byte = Annotated[int, Field(ge=0, le=255)]


class Variant(Frozen):
    """An ONNX model that computes with fewer bits, and what that costs.

    Attributes:
        file: name in the model's folder.
        AP: COCO's AP of the variant.
        AP_drop: how much more the float32 model has on the same pictures; negative where the variant is better.
        pictures: on which both were measured.
    """

    file: str
    AP: FiniteFloat
    AP_drop: FiniteFloat
    pictures: int = Field(ge=1)

    def __str__(self) -> str:
        return (
            f"AP {self.AP:.4f} where float32 has {self.AP + self.AP_drop:.4f}: a drop of {self.AP_drop:.4f} on "
            f"{self.pictures} pictures"
        )


class ModelCard(Frozen):
    """What a trained model is, where it came from and how good it is; stored as `model.json`.

    Attributes:
        algorithm: name of the built-in algorithm.
        spec: the training run, complete; the run can be repeated from it.
        classes: outer id and name of each inner label; label `i` is `classes[i]`.
        input_size: (height, width) of the network's input in pixels.
        mean, std: RGB in 0..1; the network's input is `(pixel / 255 - mean) / std`.
        pad_colour: RGB in 0..255 of what fills the canvas beside the picture.
        step: the training step of the weights.
        metrics: the numbers of the evaluation at that step, such as AP; -1 where undefined.
        data_digest: digest of the training and validation data, "" when not known.
        versions: of Python and the packages that made the model.
        variants: ONNX models with fewer bits by their name in `VARIANTS`, with the accuracy that was measured.
        digests: SHA-256, in hexadecimal, of the folder's files that serving and further training use, by their path
            in the folder; empty in cards of early versions.
    """

    algorithm: str
    spec: TrainSpec
    classes: tuple[ClassName, ...]
    input_size: Size
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    std: tuple[FiniteFloat, FiniteFloat, FiniteFloat]
    pad_colour: tuple[Byte, Byte, Byte]
    step: int = Field(ge=0)
    metrics: dict[str, FiniteFloat] = {}
    data_digest: str = ""
    versions: dict[str, str] = {}
    variants: dict[str, Variant] = {}
    digests: dict[str, str] = {}

    @model_validator(mode="after")
    def _one_class_a_label(self) -> Self:
        ids = [one.id for one in self.classes]
        if len(ids) != self.spec.data.num_classes:
            raise ValueError(
                f"classes must name each of the {self.spec.data.num_classes} labels, got {len(ids)}; the card's spec "
                f"holds the derived num_classes"
            )
        if len(set(ids)) != len(ids):
            raise ValueError(f"the ids of classes must differ, got {ids}")
        return self


def installed_versions(packages: Sequence[str] = PACKAGES) -> dict[str, str]:
    """Versions of Python and of those packages that are installed, without importing them."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def read_card(folder: str) -> ModelCard:
    """Read the card of a model's folder.

    Raises:
        FileNotFoundError: there is no card; says where it was looked for and how to make one.
        ValueError: the card is not one of this version of Boxwright.
    """
    path = files.join(folder, CARD)
    if not files.is_file(path):
        raise FileNotFoundError(_no_card(folder))
    try:
        return ModelCard.model_validate_json(files.read_text(path))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'card'}: {one['msg']}" for one in error.errors())
        raise ValueError(f"{path} is not a valid model card: {faults}; train or export the model again") from error


def _no_card(folder: str) -> str:
    below = files.join(folder, "model")
    if files.is_file(files.join(below, CARD)):
        return f"{folder!r} is a job's folder, not a model's: it has no {CARD}; give {below!r}"
    held = files.entries(folder)
    what = f"it holds {', '.join(held[:8])}" if held else "it is empty or does not exist"
    return (
        f"no model in {folder!r}: {CARD} is missing, {what}; give the 'model' folder of a job that has been "
        f"evaluated at least once, which 'boxwright train ALGORITHM --job-dir=DIR' leaves in DIR/model"
    )


def write_card(folder: str, card: ModelCard) -> None:
    """Write the card in one step: a reader sees the old card or the new one. Raises: OSError."""
    files.write_text(files.join(folder, CARD), card.model_dump_json(indent=2) + "\n")


def onnx_file(variant: str = "") -> str:
    """Name of the ONNX file of a variant, of the float32 model where empty. Raises: ValueError: no such variant."""
    if variant and variant not in VARIANTS:
        raise ValueError(f"unknown variant {variant!r}; there is {' and '.join(VARIANTS)}, and '' for float32")
    return VARIANTS[variant] if variant else ONNX


def digests(folder: str) -> dict[str, str]:
    """SHA-256 of those files of a model's folder that a card vouches for, by their path in it."""
    single, below = (ONNX, *VARIANTS.values(), WEIGHTS, SAVED_MODEL), (f"{VARIABLES}/", f"{ASSETS}/")
    held = [name for name in files.walk(folder) if name in single or name.startswith(below)]
    return {name: _digest(files.join(folder, name)) for name in held}


def _digest(path: str) -> str:
    found = hashlib.sha256()
    with files.open_binary(path) as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


def read_file(folder: str, card: ModelCard, name: str) -> bytes:
    """The bytes of one file of a model's folder, which are those that the card vouches for.

    Args:
        name: path in the folder. A file without a digest in the card is read as it is.

    Raises:
        FileNotFoundError: the file is missing; says how to get it.
        ValueError: it is not the file that the card describes.
    """
    path = files.join(folder, name)
    try:
        data = files.read_bytes(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(_missing(folder, name)) from error
    _compare(folder, name, hashlib.sha256(data).hexdigest(), card)
    return data


def verify(folder: str, card: ModelCard, names: Sequence[str] | None = None) -> None:
    """Compare files of a model's folder with the digests of its card.

    Args:
        names: paths in the folder; every file that the card has a digest of when None.

    Raises:
        FileNotFoundError: a file is missing; says how to get it.
        ValueError: a file is not the one that the card describes.
        OSError: a file cannot be read.
    """
    for name in card.digests if names is None else names:
        try:
            found = _digest(files.join(folder, name))
        except FileNotFoundError as error:
            raise FileNotFoundError(_missing(folder, name)) from error
        _compare(folder, name, found, card)


def _missing(folder: str, name: str) -> str:
    return f"the model's folder {folder!r} has no {name}; {_way_out(folder, name)}"


def _compare(folder: str, name: str, found: str, card: ModelCard) -> None:
    wanted = card.digests.get(name, found)
    if found != wanted:
        raise ValueError(
            f"{files.join(folder, name)} is altered or incomplete: its SHA-256 is {found[:12]}..., but {CARD} says "
            f"{wanted[:12]}...; {_way_out(folder, name)}"
        )


def _way_out(folder: str, name: str) -> str:
    formats = {ONNX: "onnx"} | {file: f"onnx-{variant}" for variant, file in VARIANTS.items()}
    if name == WEIGHTS:
        return "copy the folder again from where the model was trained"
    return (
        f"copy the folder again, or write the file from the weights with "
        f"'boxwright export {folder} --to={formats.get(name, 'savedmodel')}'"
    )


def write_deployment_config(folder: str, *, job_id: str, step: int, runtime_version: str) -> None:
    """Write `deployment_config.yaml` with the fields of the managed service.

    The service spells one label `gloabal_step`; programs that read its files expect that, so both spellings are
    written. Labels are strings there.

    Args:
        folder: the model's folder; `deploymentUri` is its absolute path or URL.
        job_id: name of the training job.
        step: the training step of the weights.
        runtime_version: version of TensorFlow that the SavedModel was made with.

    Raises:
        OSError: the file cannot be written.
    """
    place = os.path.abspath(os.path.expanduser(folder)) if files.is_local(folder) else folder
    lines = [
        f"deploymentUri: {json.dumps(place)}",
        "framework: TENSORFLOW",
        "labels:",
        f"  job_id: {json.dumps(job_id)}",
        f'  gloabal_step: "{step}"',
        f'  global_step: "{step}"',
        f"runtimeVersion: {json.dumps(runtime_version)}",
    ]
    files.write_text(files.join(folder, DEPLOYMENT_CONFIG), "\n".join(lines) + "\n")
