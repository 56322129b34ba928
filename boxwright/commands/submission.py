"""From the command line and config.yaml to a job that can be sent; mistakes that can be seen here are found here."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright import files
from boxwright.algorithms import ALGORITHMS
from boxwright.arguments import read_arguments
from boxwright.client import ServerError
from boxwright.commands.config_file import ConfigFile
from boxwright.spec.job import JobRequest, TrainingInput
from boxwright.spec.resource import Fault, InvalidResource

TIERS = ("basic", "basic-gpu", "basic-tpu", "custom", "premium-1", "standard-1")

IMAGE = "gcr.io/cloud-ml-algos/{}:latest"
"""How an algorithm is named as an image."""

DATA_ARGUMENTS = ("training_data_path", "validation_data_path")
"""Arguments that may hold several paths, separated by commas."""

PATH_ARGUMENTS = (*DATA_ARGUMENTS, "labels_file", "pretrained_checkpoint_path")

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_labels(text: str) -> dict[str, str]:
    """Labels from "key=value,key=value". Raises: ValueError: something else."""
    return _pairs(text, "key=value,key=value")


def read_accelerator(text: str) -> dict[str, Any]:
    """An accelerator from "count=1,type=nvidia-tesla-p100". Raises: ValueError: something else."""
    example = "count=1,type=nvidia-tesla-p100"
    pairs = _pairs(text, example)
    if not {"type"} <= set(pairs) <= {"count", "type"} or not pairs.get("count", "1").isdigit():
        raise ValueError(f"expected {example}, got {text!r}")
    return {"count": int(pairs.get("count", "1")), "type": pairs["type"].upper().replace("-", "_")}


def _pairs(text: str, example: str) -> dict[str, str]:
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    names = [name.strip() for name, _, _ in parts]
    if any(not equals for _, equals, _ in parts) or len(set(names)) < len(names):
        raise ValueError(f"expected {example}, each name once, got {text!r}")
    return {name.strip(): value.strip() for name, _, value in parts}


def read_duration(text: str) -> str:
    """Seconds, as "5400s", from "5400", "5400s", "90m" or "1h30m". Raises: ValueError: something else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return f"{text}s"
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 3600s, 90m or 1h30m, got {text!r}")
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def read_tier(text: str) -> str:
    """The API's name of a scale tier. Raises: ValueError: no such tier."""
    tier = text.lower().replace("_", "-")
    if tier not in TIERS:
        raise ValueError(f"expected one of {', '.join(TIERS)}, got {text!r}")
    return tier.upper().replace("-", "_")


def read_truth(text: str) -> bool:
    """True or false. Raises: ValueError: something else."""
    if text.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, got {text!r}")
    return text.lower() == "true"


@dataclass(frozen=True)
class Flag:
    """Where an option of `jobs submit training` stands in a job, and how its text is read."""

    path: str
    read: Callable[[str], Any] | None = None


FLAGS = {
    "region": Flag("trainingInput.region"),
    "job_dir": Flag("trainingInput.jobDir"),
    "scale_tier": Flag("trainingInput.scaleTier", read_tier),
    "master_machine_type": Flag("trainingInput.masterType"),
    "master_image_uri": Flag("trainingInput.masterConfig.imageUri"),
    "master_accelerator": Flag("trainingInput.masterConfig.acceleratorConfig", read_accelerator),
    "worker_machine_type": Flag("trainingInput.workerType"),
    "worker_count": Flag("trainingInput.workerCount"),
    "worker_image_uri": Flag("trainingInput.workerConfig.imageUri"),
    "worker_accelerator": Flag("trainingInput.workerConfig.acceleratorConfig", read_accelerator),
    "parameter_server_machine_type": Flag("trainingInput.parameterServerType"),
    "parameter_server_count": Flag("trainingInput.parameterServerCount"),
    "parameter_server_image_uri": Flag("trainingInput.parameterServerConfig.imageUri"),
    "runtime_version": Flag("trainingInput.runtimeVersion"),
    "python_version": Flag("trainingInput.pythonVersion"),
    "labels": Flag("labels", read_labels),
    "service_account": Flag("trainingInput.serviceAccount"),
    "network": Flag("trainingInput.network"),
    "kms_key": Flag("trainingInput.encryptionConfig.kmsKeyName"),
    "max_running_time": Flag("trainingInput.scheduling.maxRunningTime", read_duration),
    "max_wait_time": Flag("trainingInput.scheduling.maxWaitTime", read_duration),
    "priority": Flag("trainingInput.scheduling.priority"),
    "use_chief_in_tf_config": Flag("trainingInput.useChiefInTfConfig", read_truth),
    "enable_web_access": Flag("trainingInput.enableWebAccess"),
    "allow_substitute": Flag("trainingInput.allowSubstitute"),
}
"""By parameter of the command. What is None or False was not given."""


@dataclass(frozen=True)
class Submission:
    """A job to be sent, and where its values come from.

    Attributes:
        request: JSON.
        config: the config.yaml that part of it comes from.
        flags: option of each value that was given on the command line, by path.
    """

    request: dict[str, Any]
    config: ConfigFile
    flags: Mapping[str, str]

    def explained(self, faults: Sequence[Fault]) -> str:
        """Faults in words, each with the option, or the line and column, that it comes from."""
        return "\n".join(self._explain(fault) for fault in faults)

    def explained_error(self, error: ServerError) -> ServerError | ValueError:
        """A refusal of the server, its faults explained likewise."""
        return ValueError(f"{error.message}\n{self.explained(error.violations)}") if error.violations else error

    def _explain(self, fault: Fault) -> str:
        option = next(
            (
                o
                for path, o in self.flags.items()
                if fault.path == path or fault.path.startswith((f"{path}.", f"{path}["))
            ),
            "",
        )
        return f"{option}: {fault}" if option else self.config.located(fault)


def read_submission(
    job_id: str, options: Mapping[str, Any], words: Sequence[str], config: ConfigFile, folder: Path
) -> Submission:
    """A job from its parts.

    Args:
        options: values of the command's parameters by name; those not in `FLAGS` are ignored.
        words: arguments of the algorithm, as --name=value; they replace `args` of the config.
        config: what the options do not say.
        folder: where relative paths start.

    Raises:
        ValueError: with every fault that can be seen from here, and its place.
    """
    values = _copy(config.values)
    flags = {}
    for name, flag in FLAGS.items():
        given = options.get(name)
        if given is not None and given is not False:
            option = f"--{name.replace('_', '-')}"
            _place(values, flag.path, _read(option, flag, given), config)
            flags[flag.path] = option
    values["jobId"] = job_id
    flags["jobId"] = "JOB"
    if words:
        _place(values, "trainingInput.args", list(words), config)
        flags["trainingInput.args"] = "arguments after --"
    values["trainingInput"] = {} if values.get("trainingInput") is None else values["trainingInput"]
    submission = Submission(values, config, flags)
    try:
        request = JobRequest.read(values)
    except InvalidResource as error:
        raise ValueError(submission.explained(error.faults)) from error
    assert request.training_input, "it was put there"
    _check_image(request.training_input)
    return Submission(_with_absolute_paths(request, folder), config, flags)


def _read(option: str, flag: Flag, given: Any) -> Any:
    try:
        return flag.read(given) if flag.read else given
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from error


def _copy(values: Any) -> Any:
    """Lists and mappings of its own, so that nothing is changed in the config; aliases of YAML come apart."""
    if isinstance(values, dict):
        return {key: _copy(value) for key, value in values.items()}
    return [_copy(value) for value in values] if isinstance(values, list) else values


def _place(values: dict[str, Any], path: str, value: Any, config: ConfigFile) -> None:
    *around, last = path.split(".")
    for index, part in enumerate(around):
        values[part] = {} if values.get(part) is None else values[part]
        values = values[part]
        if not isinstance(values, dict):
            fault = Fault(".".join(around[: index + 1]), f"expected settings, got {values!r}")
            raise ValueError(config.located(fault))
    values[last] = value


def _check_image(given: TrainingInput) -> None:
    if not given.image_uri:
        images = "".join(f"\n  {IMAGE.format(one.name)}  {one.summary}" for one in ALGORITHMS.values())
        raise ValueError(
            "no algorithm is named; give --master-image-uri, or masterConfig.imageUri below trainingInput in "
            f"config.yaml, as one of{images}"
        )
    if given.runtime_version:
        raise ValueError(
            f"runtimeVersion is for training code of one's own and excludes an image, got {given.runtime_version!r} "
            f"and {given.image_uri!r}; leave --runtime-version out"
        )


def _with_absolute_paths(request: JobRequest, folder: Path) -> dict[str, Any]:
    """The job's JSON without relative paths: the server may run in another folder."""
    written = request.written()
    given = written["trainingInput"]
    if given.get("jobDir"):
        given["jobDir"] = absolute(given["jobDir"], folder)
    if given.get("args"):
        arguments = read_arguments(given["args"])
        given["args"] = [f"--{name}={_argument(name, text, folder)}" for name, text in arguments.items()]
    return written


def _argument(name: str, text: str, folder: Path) -> str:
    if name not in PATH_ARGUMENTS or not text or text == "auto":
        return text
    if name in DATA_ARGUMENTS and not (folder / text).exists():
        return ",".join(absolute(part.strip(), folder) for part in text.split(","))
    if name == "pretrained_checkpoint_path" and "/" not in text and not (folder / text).exists():
        return text  # the name of published weights
    return absolute(text, folder)


def absolute(path: str, folder: Path) -> str:
    """A local path, which may hold wildcards, as seen from the root; URLs as they are."""
    return str(folder / os.path.expanduser(path.removeprefix("file://"))) if path and files.is_local(path) else path
