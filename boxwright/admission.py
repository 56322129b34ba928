"""What is looked at before a job enters the queue, so that its mistakes are told at once and all together."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from boxwright import files, formats
from boxwright.algorithms import ALGORITHMS, parse
from boxwright.algorithms.argument import Algorithm
from boxwright.arguments import read_arguments
from boxwright.batch_prediction.checks import no_models, resolve
from boxwright.claim import check_claim
from boxwright.jobdir import Job, JobDir
from boxwright.spec.job import JobRequest, TrainingInput
from boxwright.spec.machine import Assignment, Machine, assign
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.resource import Fault, Faults, InvalidResource, describe
from boxwright.spec.study import Parameter, Study
from boxwright.spec.wait import WaitArguments

PREDICTION = "batch_prediction"
"""What stands for an algorithm in the folder of a job that trains none."""

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
        deployed: folder of a deployed model, "projects/P/models/M", or version, ".../versions/V". Raises LookupError.
    """

    machine: Machine
    roots: tuple[str, ...]
    default_root: str
    allow_substitute: bool
    previous: Callable[[str], str]
    deployed: Callable[[str], str] = no_models


@dataclass(frozen=True)
class Admitted:
    """A job that may be queued.

    Attributes:
        request: as it is kept, with the folder that a deployed model's name stands for.
        job: what its folder will hold.
        job_dir: that folder.
        assignment: what it runs on.
    """

    request: JobRequest
    job: Job
    job_dir: str
    assignment: Assignment


def admit(request: JobRequest, limits: Limits) -> Admitted:
    """Look at everything about a job that can be known before it runs.

    Raises:
        InvalidResource: with every fault: unknown algorithm, arguments, ranges, data that is not there, machines, the
            job's folder, and the parameters that are to be searched; or of a prediction, its model, inputs and output.
    """
    if request.prediction_input:
        return _admit_prediction(request, request.prediction_input, limits)
    assert request.training_input, "a job has one of the two"
    given, faults = request.training_input, Faults()
    job_dir = _absolute(given.job_dir or files.join(limits.default_root, request.job_id))
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
    job = describe_job(request, limits.previous)
    faults.try_("trainingInput.jobDir", lambda: files.is_local(job_dir) and check_claim(JobDir(Path(job_dir)), job))
    if faults.found:
        raise InvalidResource(tuple(faults.found))
    return Admitted(request, job, job_dir, assign(given, limits.machine, limits.allow_substitute))


def _admit_prediction(request: JobRequest, given: PredictionInput, limits: Limits) -> Admitted:
    def place(folder: str) -> None:
        check_inside(folder, (*limits.roots, limits.default_root), "the results' folder")

    given, found = resolve(given, limits.deployed, place)
    if found:
        raise InvalidResource(tuple(found))
    request = request.model_copy(update={"prediction_input": given})
    job_dir = _absolute(files.join(limits.default_root, request.job_id))
    threads = min(given.max_worker_count, limits.machine.cores)
    lines = (f"{given.max_worker_count} workers -> {threads} cores of the processor",)
    job = describe_job(request, limits.previous)
    return Admitted(request, job, job_dir, Assignment(accelerator="cpu", devices=0, lines=lines))


def _absolute(folder: str) -> str:
    return os.path.abspath(folder) if files.is_local(folder) else folder


def describe_job(request: JobRequest, previous: Callable[[str], str]) -> Job:
    """What the folder of a job will hold.

    Args:
        previous: folder of a finished job by its id. Raises LookupError.

    Raises:
        ValueError: arguments that cannot be read.
    """
    if request.prediction_input:
        return Job(kind="prediction", algorithm=PREDICTION, arguments={}, prediction=request.prediction_input)
    given = request.training_input
    assert given, "a job has one of the two"
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


def check_inside(job_dir: str, roots: tuple[str, ...], what: str = "a job's folder") -> None:
    """A folder lies below one of the roots, links followed.

    Args:
        what: the folder is, for the message.

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
    raise ValueError(f"{what} must lie below {' or '.join(roots)}, got {job_dir!r}")


def _argument_faults(given: TrainingInput, arguments: Mapping[str, str], limits: Limits) -> list[Fault]:
    faults = Faults()
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
        raise ValueError(f"--{name}: {describe(error)}") from error


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
    faults = Faults()
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
