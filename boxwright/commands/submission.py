"""From the command line and config.yaml to a job that can be sent; mistakes that can be seen here are found here."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright import files
from boxwright.algorithms import ALGORITHMS
from boxwright.arguments import read_arguments
from boxwright.client import ServerError
from boxwright.commands.config_file import ConfigFile
from boxwright.job_flags import FLAGS, Flag
from boxwright.spec.job import JobRequest, TrainingInput
from boxwright.spec.resource import Fault, InvalidResource

DATA_ARGUMENTS = ("training_data_path", "validation_data_path")
"""Arguments that may hold several paths, separated by commas."""

PATH_ARGUMENTS = (*DATA_ARGUMENTS, "labels_file", "pretrained_checkpoint_path")


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
        images = "".join(f"\n  {one.image_uri}  {one.summary}" for one in ALGORITHMS.values())
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
