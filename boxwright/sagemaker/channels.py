"""From channels and hyper-parameters to an algorithm's published arguments."""

import hashlib
import json
import tarfile
from collections.abc import Collection, Mapping
from pathlib import Path

from boxwright import files, modeldir
from boxwright.algorithms import Algorithm
from boxwright.algorithms.argument import MODEL_ID
from boxwright.arguments import as_text
from boxwright.cache import cache_folder
from boxwright.sagemaker.images import OBJECT_DETECTION, TENSORFLOW, algorithm_of
from boxwright.sagemaker.models import model_id_of
from boxwright.sagemaker.session import place

PATHS = {
    "training": "data.training_data_path",
    "train": "data.training_data_path",
    "validation": "data.validation_data_path",
    "model": "model.pretrained_checkpoint_path",
}
"""Field of the spec that a channel fills."""

ANNOTATION = "_annotation"
"""At the end of a channel that holds the boxes of another one's pictures."""

OWN = ("sagemaker_", "_tuning_")
"""Beginnings of hyper-parameters that the platform adds for itself."""

ARCHIVE = ".tar.gz"


def choose_algorithm(channels: Collection[str], named: str = "") -> Algorithm:
    """The algorithm that is named, else that whose channels these are.

    Raises:
        ValueError: no such algorithm, or channels of none.
    """
    if named:
        return algorithm_of(named)
    if "training" in channels:
        return algorithm_of(TENSORFLOW)
    if "train" in channels:
        return algorithm_of(OBJECT_DETECTION)
    raise ValueError(
        f"there must be a channel 'training' (with images/ and annotations.json) or 'train', got "
        f"{', '.join(sorted(channels)) or 'none'}"
    )


def read_arguments(
    algorithm: Algorithm, hyperparameters: Mapping[str, object], channels: Mapping[str, str]
) -> dict[str, str]:
    """The algorithm's arguments as texts.

    Args:
        hyperparameters: by published name; what the platform adds for itself is left out.
        channels: local path or URL of each one's data.

    Raises:
        ValueError: a channel that the algorithm does not know, or what it says is said by a hyper-parameter too.
        OSError: an archive of a model cannot be read.
    """
    found = {name: _text(value) for name, value in hyperparameters.items() if not name.startswith(OWN)}
    names = algorithm.names()
    for channel, path in channels.items():
        if channel.endswith(ANNOTATION):
            _require_beside(channel, channels)
            continue
        name = names.get(PATHS.get(channel, ""), "")
        if not name:
            known = ", ".join(PATHS)
            raise ValueError(f"unknown channel {channel!r}; {algorithm.name} takes {known} and train{ANNOTATION}")
        if name in found:
            raise ValueError(f"channel {channel!r} and {name!r} say the same thing, {found[name]!r}; give one of them")
        found[name] = model_folder(path) if channel == "model" else path
    _keep_model_id(found, names)
    return found


def _keep_model_id(found: dict[str, str], names: Mapping[str, str]) -> None:
    """Go on with the kind of model that an earlier job has trained, where no other is asked for."""
    earlier, name = found.get(names.get(PATHS["model"], ""), ""), names.get(MODEL_ID, "")
    if name and name not in found and earlier and files.is_file(files.join(earlier, modeldir.CARD)):
        model_id = modeldir.read_card(earlier).spec.model.model_id
        found.update({name: model_id} if model_id else {})


def with_model(algorithm: Algorithm, hyperparameters: Mapping[str, object], model_uri: str) -> dict[str, object]:
    """Hyper-parameters that start from a model: one of the catalogue, or that of an earlier job.

    Raises:
        ValueError: the algorithm has no catalogue.
        OSError: an archive of a model cannot be read.
    """
    if not model_uri:
        return dict(hyperparameters)
    model_id = model_id_of(model_uri)
    name = algorithm.names().get(MODEL_ID if model_id else PATHS["model"])
    if name is None:
        raise ValueError(f"{algorithm.name} cannot start from {model_uri!r}; it has no catalogue of models")
    return {name: model_id or model_folder(place(model_uri)), **hyperparameters}


def _text(value: object) -> str:
    """A value as it is written on the command line; SDKs of SageMaker put some in quotes, as JSON."""
    text = as_text(value)
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            return str(json.loads(text))
        except ValueError:
            return text
    return text


def _require_beside(channel: str, channels: Mapping[str, str]) -> None:
    """Readers find annotations beside the pictures, under the same name."""
    pictures = channel.removesuffix(ANNOTATION)
    beside = channels.get(pictures, "").rstrip("/") + ANNOTATION
    if channels[channel].rstrip("/") != beside:
        raise ValueError(
            f"the data of channel {channel!r} must lie beside that of {pictures!r}, at {beside!r}, got "
            f"{channels[channel]!r}"
        )


def model_folder(path: str) -> str:
    """A model's folder: as it is, or unpacked from its archive, `model.tar.gz`, or from one in a folder.

    Raises:
        OSError, ValueError: the archive cannot be read.
    """
    archive = path if path.endswith(ARCHIVE) else files.join(path, f"model{ARCHIVE}")
    if not files.is_file(archive):
        return path
    target = cache_folder("models", hashlib.sha256(files.read_bytes(archive)).hexdigest()[:16])
    if not (target / modeldir.CARD).is_file():
        _unpack(archive, target)
    return str(target)


def _unpack(archive: str, target: Path) -> None:
    try:
        with files.open_binary(archive) as file, tarfile.open(fileobj=file, mode="r:gz") as packed:
            packed.extractall(target, filter="data")
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(f"{archive} is not an archive of a model: {error}") from error
