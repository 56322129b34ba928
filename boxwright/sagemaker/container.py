"""What a SageMaker training container does: reads its request under /opt/ml, trains, and leaves a model there.

input/config/hyperparameters.json, inputdataconfig.json, resourceconfig.json; input/data/CHANNEL    what is asked for
model/                                                                                               the trained model
output/failure                                                                                       why it failed
checkpoints/boxwright/                                                                               the job's folder

The platform keeps `checkpoints/` for a container that takes the place of an interrupted one, which then goes on there.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boxwright.algorithms import Algorithm, parse
from boxwright.jobdir import STOPPED_STATUS, USER_STATUS, Job
from boxwright.runners import Runner
from boxwright.sagemaker.channels import choose_algorithm, read_arguments
from boxwright.sagemaker.inputs import FILE_MODES
from boxwright.sagemaker.job import Say
from boxwright.sagemaker.local import LocalJob
from boxwright.termination import termination

ROOT = Path("/opt/ml")

ALGORITHM = "BOXWRIGHT_ALGORITHM"
"""Environment variable that names the algorithm; a hyper-parameter of this name, in small letters, does so too."""

LONGEST_FAILURE = 1024
"""Characters of `output/failure` that the platform shows."""


@dataclass(frozen=True)
class Request:
    """What the platform asks for."""

    algorithm: Algorithm
    arguments: dict[str, str]


def read_request(root: Path, environment: Mapping[str, str]) -> Request:
    """Read the files of `root`/input.

    Raises:
        ValueError: a file is malformed, several machines or Pipe mode are asked for, channels or hyper-parameters at
            fault.
    """
    config = root / "input" / "config"
    hosts = _read(config / "resourceconfig.json").get("hosts", [])
    if len(hosts) > 1:
        raise ValueError(f"one machine trains; ask for an instance count of 1, got the hosts {', '.join(hosts)}")
    given = {str(name): str(value) for name, value in _read(config / "hyperparameters.json").items()}
    channels = _channels(root, _read(config / "inputdataconfig.json"))
    named = given.pop(ALGORITHM.lower(), "") or environment.get(ALGORITHM, "")
    algorithm = choose_algorithm(channels, named)
    arguments = read_arguments(algorithm, given, channels)
    parse(algorithm, arguments)
    return Request(algorithm, arguments)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object, got {type(found).__name__}")
    return found


def _channels(root: Path, config: Mapping[str, Any]) -> dict[str, str]:
    """The folder of each channel; those that are there, where the platform states none."""
    data = root / "input" / "data"
    names = list(config) or sorted(path.name for path in data.glob("*") if path.is_dir())
    for name in names:
        mode = config.get(name, {}).get("TrainingInputMode", "File")
        if mode not in FILE_MODES:
            raise ValueError(f"channel {name!r}: TrainingInputMode must be File or FastFile, got {mode!r}")
        if not (data / name).is_dir():
            raise ValueError(f"channel {name!r}: its data should be in the folder {data / name}, which is not there")
    return {name: str(data / name) for name in names}


def train(root: Path, say: Say, environment: Mapping[str, str] = os.environ, runner: Runner | None = None) -> int:
    """Train as the files of `root` ask for.

    Args:
        say: is given the log.
        runner: starts the job's process; `boxwright work` on this machine where left out.

    Returns:
        the exit status: 0; `STOPPED_STATUS` where SIGTERM had it save its place; else `USER_STATUS`, and the reason
        stands in output/failure.
    """
    root = root.absolute()
    try:
        with termination() as asked:
            return _train(root, say, asked, environment, runner)
    except Exception as error:  # whatever it is, the platform reads it in this file only
        text = str(error) if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: {error}"
        (root / "output").mkdir(parents=True, exist_ok=True)
        (root / "output" / "failure").write_text(text[:LONGEST_FAILURE], "utf-8")
        say(f"boxwright: {text}\n")
        return USER_STATUS


def _train(
    root: Path, say: Say, asked: Callable[[], bool], environment: Mapping[str, str], runner: Runner | None
) -> int:
    request = read_request(root, environment)
    wanted = Job(algorithm=request.algorithm.name, arguments=request.arguments)
    job = LocalJob.start("training", str(root / "checkpoints" / "boxwright"), wanted, runner)

    def look() -> None:
        if asked():
            job.stop()

    for line in job.lines(look):
        say(f"{line}\n")
    state = job.state()
    if state.status == "Stopped":
        return STOPPED_STATUS
    if state.status != "Completed":
        raise ValueError(state.reason)
    shutil.copytree(state.model, root / "model", dirs_exist_ok=True)
    return 0
