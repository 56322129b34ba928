"""Jobs that are not submitted yet: everything that is wrong with one, also where one mistake would hide others."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boxwright import files, formats
from boxwright.admission import DATA_ARGUMENTS, Admitted, Limits, admit
from boxwright.arguments import read_arguments
from boxwright.spec.job import JobRequest
from boxwright.spec.resource import Fault, InvalidResource

PLACEHOLDER = "draft"
"""Stands for an id that is no id, so that the rest of a job can be looked at."""

NAMED = re.compile(r"--([A-Za-z0-9_]+)\b")
"""How messages about an argument begin."""


@dataclass(frozen=True)
class Draft:
    """What can be said of a job before it is submitted.

    Attributes:
        request: as it was read; None where it could not be.
        admitted: None where there are faults.
        faults: all of them.
    """

    request: JobRequest | None
    admitted: Admitted | None
    faults: tuple[Fault, ...]


@dataclass(frozen=True)
class RecognisedData:
    """Data that an argument names.

    Attributes:
        path: as it is given.
        format: its name.
        splits: names of the sets in it.
        files: that the path names; 0 for a folder.
    """

    argument: str
    path: str
    format: str
    splits: tuple[str, ...]
    files: int


def look(body: Mapping[str, Any], limits: Limits) -> Draft:
    """Read and check a job as `admit` does, going on after faults that can be put aside."""
    try:
        request = JobRequest.read(body)
    except InvalidResource as error:
        return Draft(None, None, (*error.faults, *_further(body, error.faults, limits)))
    try:
        return Draft(request, admit(request, limits), ())
    except InvalidResource as error:
        return Draft(request, None, error.faults)


def _further(body: Mapping[str, Any], found: tuple[Fault, ...], limits: Limits) -> tuple[Fault, ...]:
    """Faults of the rest, without the parts that cannot be read; none where they cannot do without."""
    given = body.get("trainingInput")
    if not isinstance(given, Mapping):
        return ()
    bad = {fault.path.partition(".")[0] for fault in found}
    parts = {re.split(r"[.\[]", fault.path)[1] for fault in found if fault.path.startswith("trainingInput.")}
    rest = {name: value for name, value in body.items() if name not in bad or name == "trainingInput"}
    rest |= {"trainingInput": {name: value for name, value in given.items() if name not in parts}}
    if "jobId" not in rest:
        rest["jobId"] = PLACEHOLDER
    try:
        admit(JobRequest.read(rest), limits)
    except InvalidResource as error:
        removed = tuple(f"trainingInput.{part}" for part in parts)
        return tuple(fault for fault in error.faults if fault not in found and not fault.path.startswith(removed))
    return ()


def argument_of(fault: Fault) -> str:
    """The algorithm's argument that a fault speaks of; empty where it speaks of another part of the job."""
    match = NAMED.match(fault.message) if fault.path.startswith("trainingInput.") else None
    return match[1] if match else ""


def recognise_data(request: JobRequest) -> tuple[RecognisedData, ...]:
    """What the data arguments of a training job name, as far as it is there."""
    given = request.training_input
    try:
        arguments = read_arguments(given.args) if given else {}
    except ValueError:
        return ()
    found = []
    for name in DATA_ARGUMENTS:
        path = arguments.get(name, "")
        try:
            if path:
                format, splits = formats.recognise(path), formats.splits(path)
                count = 0 if files.is_folder(path) else len(files.expand(path)) if files.has_wildcard(path) else 1
                found.append(RecognisedData(name, path, format, splits, count))
        except (OSError, ValueError):
            continue  # one of the faults
    return tuple(found)
