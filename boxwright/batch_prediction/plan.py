"""How a batch prediction is cut into shards, and the folder that their results go to.

    prediction.plan.json                       what is predicted by what, and where each shard begins
    prediction.results-00000-of-00042          one JSON line for each picture that could be looked at
    prediction.errors_stats-00000-of-00042     one JSON line for each other one

A shard's files get their names when it is finished, the results last; so what is there is finished, and a run that was
interrupted goes on with the first shard that is not there.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from boxwright import files, modeldir
from boxwright.batch_prediction.item import Item, Position
from boxwright.batch_prediction.sources import DATA_FORMATS
from boxwright.spec.knob import Frozen
from boxwright.spec.prediction import PredictionInput

SHARD = 500
"""Instances of a shard: what is computed again, at most, after an interruption."""

PREFIX = "prediction."
PLAN = "prediction.plan.json"


class Identity(Frozen):
    """What decides over every result; results of different ones never share a folder.

    Attributes:
        model_digest: of the network's file.
        data_format: of the inputs.
        inputs_digest: of the paths of the inputs, and of their sizes where many instances share a file.
    """

    model_digest: str
    data_format: str
    inputs_digest: str


class Start(NamedTuple):
    """Where a shard begins: the file's number among the inputs, and the first instance's number and byte there."""

    file: int
    number: int
    byte: int


class Plan(Frozen):
    """Where each shard begins.

    Attributes:
        identity: of the prediction.
        instances: in all.
        shard: instances of each shard but the last.
        starts: of the shards.
    """

    identity: Identity
    instances: int
    shard: int
    starts: tuple[Start, ...]

    def length(self, number: int) -> int:
        """Instances of a shard."""
        return min(self.shard, self.instances - number * self.shard)


def find_inputs(given: PredictionInput) -> list[str]:
    """The input files, in order. Raises: FileNotFoundError."""
    return DATA_FORMATS[given.data_format].find(given.input_paths)


def identify(given: PredictionInput, paths: Sequence[str]) -> Identity:
    """What decides over the results. Raises: OSError: the model or an input cannot be read."""
    model = hashlib.sha256(files.read_bytes(files.join(given.uri, modeldir.ONNX))).hexdigest()
    inputs = hashlib.sha256()
    for path in paths:
        size = 0 if given.data_format == "IMAGE" else files.size(path)
        inputs.update(f"{path}\0{size}\n".encode(errors="surrogateescape"))
    return Identity(model_digest=model, data_format=given.data_format, inputs_digest=inputs.hexdigest())


def make_plan(identity: Identity, paths: Sequence[str], shard: int = SHARD) -> Plan:
    """Find out where the shards begin, which takes one look through the inputs.

    Raises:
        ValueError: they hold no instance.
        OSError: an input cannot be read.
    """
    positions, starts, count = DATA_FORMATS[identity.data_format].positions, list[Start](), 0
    for file, path in enumerate(paths):
        for position in positions(path):
            if count % shard == 0:
                starts.append(Start(file, *position))
            count += 1
    if not count:
        raise ValueError(f"the {len(paths)} input files hold no instance")
    return Plan(identity=identity, instances=count, shard=shard, starts=tuple(starts))


def instances(plan: Plan, paths: Sequence[str], number: int) -> Iterator[Item]:
    """The instances of a shard, in order.

    Raises:
        ValueError: there are fewer than there were.
        OSError: an input cannot be read.
    """
    start, left = plan.starts[number], plan.length(number)
    position = Position(start.number, start.byte)
    for path in paths[start.file :]:
        for item in islice(DATA_FORMATS[plan.identity.data_format].read(path, position), left):
            left -= 1
            yield item
        if not left:
            return
        position = Position()
    raise ValueError("the inputs have changed since the prediction began; give them another outputPath")


@dataclass(frozen=True)
class Output:
    """The folder of the results."""

    folder: str

    def results(self, number: int, count: int) -> str:
        """File of a shard's results; `count` shards in all."""
        return files.join(self.folder, f"{PREFIX}results-{number:05d}-of-{count:05d}")

    def errors(self, number: int, count: int) -> str:
        """File of a shard's errors."""
        return files.join(self.folder, f"{PREFIX}errors_stats-{number:05d}-of-{count:05d}")

    def read_plan(self) -> Plan | None:
        """The plan of what is or was predicted here, if anything. Raises: ValueError: it is damaged."""
        path = files.join(self.folder, PLAN)
        if not files.is_file(path):
            return None
        try:
            return Plan.model_validate_json(files.read_bytes(path))
        except ValidationError as error:
            raise ValueError(f"{path} is not a plan of this version; choose another outputPath") from error

    def write_plan(self, plan: Plan) -> None:
        """Begin. Raises: OSError."""
        files.write_text(files.join(self.folder, PLAN), plan.model_dump_json() + "\n")

    def check(self, identity: Identity) -> Plan | None:
        """Whether results may be written here.

        Returns:
            the plan to go on with; None where nothing was begun.

        Raises:
            FileExistsError: there are results of another prediction.
            ValueError: the plan there is damaged.
        """
        plan = self.read_plan()
        held = [] if plan else [name for name in files.entries(self.folder) if name.startswith(PREFIX)]
        if held:
            raise FileExistsError(f"{self.folder} holds results of others ({held[0]}); choose another outputPath")
        if plan and plan.identity != identity:
            there, now = plan.identity.model_dump(), identity.model_dump()
            other = " and ".join(name.removesuffix("_digest") for name in now if there[name] != now[name])
            raise FileExistsError(
                f"{self.folder} holds results of another prediction (its {other} is another); choose another "
                "outputPath, or remove what is there"
            )
        return plan

    def finished(self, plan: Plan) -> dict[int, int]:
        """Number of errors of each shard that is finished. Raises: OSError."""
        count, there = len(plan.starts), frozenset(files.entries(self.folder))
        done = [number for number in range(count) if files.name(self.results(number, count)) in there]
        return {number: files.read_bytes(self.errors(number, count)).count(b"\n") for number in done}

    def publish(self, results: Path, errors: Path, number: int, count: int) -> None:
        """Give the files of a finished shard their names. Raises: OSError."""
        files.publish(str(errors), self.errors(number, count))
        files.publish(str(results), self.results(number, count))
