"""What is looked at before a job enters the queue, so that its mistakes are told at once and all together."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxwright import files, formats
from boxwright.algorithms import ALGORITHMS, parse
from boxwright.algorithms.argument import Algorithm
from boxwright.arguments import read_arguments
from boxwright.jobdir import Job, JobDir, check_claim
from boxwright.spec.job import JobRequest, TrainingInput
from boxwright.spec.machine import Assignment, Machine, assign
from boxwright.spec.resource import Fault, InvalidResource
from boxwright.spec.study import Parameter, Study
from boxwright.spec.wait import WaitArguments

DATA_ARGUMENTS = ("training_data_path", "validation_data_path")


@dataclass(frozen=True)
class Limits:
    """What a server allows.

    Attributes:
        machine: what the jobs run on.
        roots: folders below which jobs may write; remote ones end with a slash.
        default_root: folder for jobs that name none.
        allow_substitute: run jobs that ask for machines that are not there on this one.
        previous: folder of a finished job by its id. Raises LookupError.
    """

    machine: Machine
    roots: tuple[str, ...]
    default_root: str
    allow_substitute: bool
    previous: Callable[[str], str]


@dataclass(frozen=True)
class Admitted:
    """A job that may be queued: what its folder will hold, where that is, and what it runs on."""

    job: Job
    job_dir: str
    assignment: Assignment


class _Faults:
    """Collects what is wrong while as much as possible is looked at."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def try_(self, path: str, look: Callable[[], object]) -> None:
        """Note the fault, if `look` finds one; several lines are several faults."""
        try:
            look()
        except InvalidResource as error:
            self.found += error.faults
        except (OSError, ValueError, LookupError) as error:
            self.found += [Fault(path, line) for line in _message(error).splitlines()]


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    return str(error.args[0]) if error.args and not isinstance(error, OSError) else str(error)


def admit(request: JobRequest, limits: Limits) -> Admitted:
    """Look at everything about a job that can be known before it runs.

    Raises:
        InvalidResource: with every fault: unknown algorithm, arguments, ranges, data that is not there, machines, the
            job's folder, and the parameters that are to be searched.
    """
    given, faults = request.training_input, _Faults()
    job_dir = given.job_dir or files.join(limits.default_root, request.job_id)
    job_dir = os.path.abspath(job_dir) if files.is_local(job_dir) else job_dir
    faults.try_("trainingInput.jobDir", lambda: check_inside(job_dir, (*limits.roots, limits.default_root)))
    faults.try_("trainingInput", lambda: assign(given, limits.machine, limits.allow_substitute))
    arguments: dict[str, str] = {}
    before = len(faults.found)
    faults.try_("trainingInput.args", lambda: arguments.update(_arguments(given)))
    faults.try_("trainingInput.masterConfig.imageUri", lambda: _check_image(given))
    if len(faults.found) == before:
        faults.found += _argument_faults(given, arguments, limits)
    if faults.found:
        raise InvalidResource(tuple(faults.found))
    job = describe_job(given, limits.previous)
    faults.try_("trainingInput.jobDir", lambda: files.is_local(job_dir) and check_claim(JobDir(Path(job_dir)), job))
    if faults.found:
        raise InvalidResource(tuple(faults.found))
    return Admitted(job, job_dir, assign(given, limits.machine, limits.allow_substitute))


def describe_job(given: TrainingInput, previous: Callable[[str], str]) -> Job:
    """What the folder of a job will hold.

    Args:
        previous: folder of a finished job by its id. Raises LookupError.

    Raises:
        ValueError: arguments that cannot be read.
    """
    arguments = _arguments(given)
    if given.algorithm == "wait":
        return Job(kind="wait", algorithm="wait", arguments=arguments)
    study = given.hyperparameters
    before = previous(study.resume_previous_job_id) if study and study.resume_previous_job_id else ""
    kind = "tune" if study else "train"
    return Job(kind=kind, algorithm=given.algorithm, arguments=arguments, study=study, previous=before)


def _arguments(given: TrainingInput) -> dict[str, str]:
    arguments = read_arguments(given.args)
    for name in ("job-dir", "job_dir"):
        if arguments.pop(name, given.job_dir) != given.job_dir:
            raise ValueError(f"--{name} is stated in trainingInput.jobDir, and not otherwise in its args")
    return arguments


def _check_image(given: TrainingInput) -> None:
    if given.algorithm != "wait" and given.algorithm not in ALGORITHMS:
        raise ValueError(
            f"the last part of imageUri must name an algorithm ({', '.join(ALGORITHMS)}), such as "
            f"gcr.io/cloud-ml-algos/image_object_detection:latest; got {given.image_uri!r}"
        )


def check_inside(job_dir: str, roots: tuple[str, ...]) -> None:
    """A job's folder lies below one of the roots, links followed.

    Raises:
        ValueError: it does not, or it is a root itself.
    """
    for root in roots:
        if files.is_local(root) and files.is_local(job_dir):
            outer, inner = os.path.realpath(root), os.path.realpath(job_dir)
            if inner.startswith(outer.rstrip("/") + "/"):
                return
        elif job_dir.startswith(root.rstrip("/") + "/") and "/../" not in job_dir + "/":
            return
    raise ValueError(f"a job's folder must lie below {' or '.join(roots)}, got {job_dir!r}")


def _argument_faults(given: TrainingInput, arguments: Mapping[str, str], limits: Limits) -> list[Fault]:
    faults = _Faults()
    path = "trainingInput.args"
    if given.algorithm == "wait":
        faults.try_(path, lambda: WaitArguments.read(arguments, path))
        if given.hyperparameters:
            faults.found.append(Fault("trainingInput.hyperparameters", "wait has nothing to search"))
        return faults.found
    algorithm = ALGORITHMS[given.algorithm]
    study = given.hyperparameters
    searched = {one.parameter_name: _ends(one)[0] for one in study.params} if study else {}
    known = {one.name for one in algorithm.arguments}
    faults.try_(path, lambda: parse(algorithm, {**{k: v for k, v in searched.items() if k in known}, **arguments}))
    for name in DATA_ARGUMENTS:
        if name in arguments:
            faults.try_(path, lambda name=name: _check_data(name, arguments[name]))  # type: ignore[misc]  # bound now
    if study:
        faults.found += _study_faults(study, algorithm)
        faults.try_("trainingInput.hyperparameters.resumePreviousJobId", lambda: _previous(study, limits))
    return faults.found


def _check_data(name: str, path: str) -> None:
    try:
        formats.recognise(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"--{name}: {_message(error)}") from error


def _previous(study: Study, limits: Limits) -> None:
    if study.resume_previous_job_id:
        limits.previous(study.resume_previous_job_id)


def _ends(one: Parameter) -> tuple[str, ...]:
    """The values at the ends of a parameter's range, or all of a list, as texts."""
    if one.type in ("DOUBLE", "INTEGER"):
        return one.text(one.min_value), one.text(one.max_value)
    return tuple(one.text(value) for value in one.categorical_values or one.discrete_values)


def _study_faults(study: Study, algorithm: Algorithm) -> list[Fault]:
    """Parameters that the algorithm does not know or whose values it would refuse, and an unknown metric."""
    root = "trainingInput.hyperparameters"
    faults = _Faults()
    if study.hyperparameter_metric_tag not in algorithm.metrics:
        found = f"must be one of {', '.join(algorithm.metrics)}, got {study.hyperparameter_metric_tag!r}"
        faults.found.append(Fault(f"{root}.hyperparameterMetricTag", found))
    required = {**dict.fromkeys(algorithm.required, "1"), **dict.fromkeys(DATA_ARGUMENTS, "given")}
    for index, one in enumerate(study.params):
        path = f"{root}.params[{index}]"
        for value in _ends(one):
            before = len(faults.found)
            texts = {**required, one.parameter_name: value}
            faults.try_(path, lambda texts=texts: parse(algorithm, texts))  # type: ignore[misc]  # bound now
            if len(faults.found) > before:
                break
    return faults.found
