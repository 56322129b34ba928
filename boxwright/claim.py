"""Taking a folder for a job, or going on with the same job there, for longer if that is asked for."""

import os

from boxwright.jobdir import Job, JobDir
from boxwright.spec.knob import AUTO
from boxwright.spec.prediction import PredictionInput
from boxwright.spec.training import OptimizationSpec, TrainSpec

LENGTHS = frozenset({"epochs", "max_steps"})
"""Arguments that may be larger when a run is continued."""

SAME_PREDICTION = ("uri", "data_format", "input_paths", "output_path")
"""What is the same in a prediction that goes on."""

EARLY = "early stopping"
"""Why a run has ended that would not go on if it were longer."""


def claim(jobdir: JobDir, job: Job) -> Job:
    """Take a folder for a job, or find there the same job to go on with.

    Returns:
        the job as it is written in the folder.

    Raises:
        FileExistsError: see `check_claim`.
        OSError: the folder cannot be written.
    """
    there = check_claim(jobdir, job)
    jobdir.create()
    if there is None:
        jobdir.write_job(job)
        return job
    if there.spec is None:  # a mistake was found before anything was computed: this may be its correction
        if there != job:
            jobdir.events_file.unlink(missing_ok=True)
            jobdir.write_job(job)
        return job
    return _longer(jobdir, there, there.spec, job) if _differences(there, job) else there


def check_claim(jobdir: JobDir, job: Job) -> Job | None:
    """Whether a folder is free for a job, or holds the same one; changes nothing.

    A job is the same when its algorithm and arguments are; only a larger `epochs` or `max_steps` may differ.

    Returns:
        the job that is there, None where there is none.

    Raises:
        FileExistsError: the folder holds another job, or files that are no job's; says what differs.
    """
    there = jobdir.read_job()
    if there is None:
        # A full disk may have left an empty folder of checkpoints.
        strangers = sorted({*os.listdir(jobdir.path)} - {"checkpoints"})[:3] if jobdir.path.is_dir() else []
        if strangers:
            raise FileExistsError(
                f"{jobdir.path} holds files that are no job's ({', '.join(strangers)}); choose a new --job-dir"
            )
        return None
    if there.prediction and job.prediction:
        return _check_prediction(jobdir, there, there.prediction, job.prediction)
    names = _differences(there, job)
    if there.spec is None and there.kind == job.kind == "train":  # nothing was computed yet
        return there
    same = (there.kind, there.algorithm, there.study) == (job.kind, job.algorithm, job.study)
    changeable = LENGTHS if job.kind == "train" else frozenset()
    if not same or not changeable.issuperset(names):
        old, new = _given(there), _given(job)
        changes = [f"{n}: {old.get(n, 'not given')} there, {new.get(n, 'not given')} now" for n in names]
        raise FileExistsError(
            f"{jobdir.path} holds another run of {there.algorithm} ({'; '.join(changes) or 'with another study'}); "
            "choose a new --job-dir, or repeat that run's arguments to continue it (for longer: with a larger epochs "
            "or max_steps)"
        )
    return there


def _check_prediction(jobdir: JobDir, there: Job, old: PredictionInput, new: PredictionInput) -> Job:
    differ = [name for name in SAME_PREDICTION if getattr(old, name) != getattr(new, name)]
    if differ and jobdir.events_file.exists():
        changes = [f"{name}: {getattr(old, name)} there, {getattr(new, name)} now" for name in differ]
        raise FileExistsError(f"{jobdir.path} holds another prediction ({'; '.join(changes)}); choose a new --job-dir")
    return there


def _differences(there: Job, job: Job) -> list[str]:
    old, new = _given(there), _given(job)
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _given(job: Job) -> dict[str, str]:
    return {name: text for name, text in job.arguments.items() if text.strip().lower() != AUTO}


def _longer(jobdir: JobDir, there: Job, spec: TrainSpec, job: Job) -> Job:
    """Write the job that is there as one of more steps, so that it goes on."""
    optimization = _lengthened(jobdir, there, spec.optimization, job)
    if (jobdir.read_result() or {}).get("stop") == EARLY:
        raise FileExistsError(
            f"{jobdir.path} holds a run that early stopping has ended, and would end again however long it may be; "
            "choose a new --job-dir, and there another patience, or start from this run's model with "
            f"pretrained_checkpoint_path={jobdir.model}"
        )
    spec = spec.model_copy(update={"optimization": optimization})
    job = there.model_copy(update={"arguments": job.arguments, "spec": spec})
    jobdir.write_job(job)
    jobdir.result_file.unlink(missing_ok=True)
    return job


def _lengthened(jobdir: JobDir, there: Job, rates: OptimizationSpec, job: Job) -> OptimizationSpec:
    """With the larger number of epochs, where the run is counted in them, or of steps."""
    wanted = _given(job)
    in_epochs = rates.epochs > 0 and not {*_given(there), *wanted} & {"max_steps"}
    name, unit, now = ("epochs", "epochs", rates.epochs) if in_epochs else ("max_steps", "steps", rates.max_steps)
    number = int(wanted.get(name, 0))
    if number <= now:
        raise FileExistsError(
            f"{jobdir.path} holds a run of {now} {unit}; to continue it {name} must be larger, got "
            f"{wanted.get(name, 'none')}"
        )
    steps = rates.max_steps // rates.epochs * number if in_epochs else number
    return rates.model_copy(update={name: number, "max_steps": steps})
