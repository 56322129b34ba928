"""Trained models: a view of the jobs that have ended well, and of the folders that they have left."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boxwright import files, modeldir
from boxwright.api.cards import Cards
from boxwright.api.deps import Context
from boxwright.api.errors import Refusal
from boxwright.api.resources import time_text
from boxwright.arguments import read_arguments
from boxwright.modeldir import ModelCard
from boxwright.spec.job import JOB_ID
from boxwright.store.conditions import All, Condition, Folder, Like
from boxwright.store.conditions import Any as AnyOf
from boxwright.store.records import JobMissing, JobRecord

MODEL = "model"
TRIAL = "trial_"
KINDS = ("train", "tune")

FINISHED = All((Like("state", "SUCCEEDED"), AnyOf(tuple(Like("kind", one) for one in KINDS))))
"""What is asked of a job that may have left models."""


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        job: that has made it.
        trial: of a tuning job, its id; empty for the best or only model.
    """

    job: JobRecord
    trial: str = ""

    @property
    def id(self) -> str:
        """JOB or JOB/trial_N."""
        return f"{self.job.job_id}/{TRIAL}{self.trial}" if self.trial else self.job.job_id

    @property
    def folder(self) -> str:
        """Of the model."""
        folder = files.join(self.job.job_dir, MODEL)
        return files.join(folder, f"{TRIAL}{self.trial}") if self.trial else folder

    def arguments(self) -> dict[str, str]:
        """Of the job, as they were given."""
        return arguments_of(self.job)

    def trials(self) -> Iterator[dict[str, Any]]:
        """Trials of a study that have left models, as the API writes them; none of a trial or a single training."""
        for one in () if self.trial else self.job.output.get("trials", ()):
            if one.get("builtInAlgorithmOutput"):
                yield one


def arguments_of(job: JobRecord) -> dict[str, str]:
    """Arguments of a training job, as they were given; none of another job."""
    return read_arguments(job.request.get("trainingInput", {}).get("args", ()))


def condition(where: Condition | None, folder: str = "") -> Condition:
    """Of jobs that have left models, besides what somebody asks for.

    Args:
        folder: of a model, or empty for those of all.
    """
    above = files.parent(folder) if folder else ""
    place = (Folder((above, files.parent(above))),) if folder else ()
    return All((FINISHED, *place, *((where,) if where else ())))


def in_folder(job: JobRecord, folder: str) -> Trained:
    """The model of a job that stands in a folder; its own where none is named, or none of its trials' is there."""
    trial = Trained(job, files.name(folder).removeprefix(TRIAL)) if files.name(folder).startswith(TRIAL) else None
    return trial if trial and trial.folder == folder.rstrip("/") else Trained(job)


def find(context: Context, project: str, model_id: str) -> Trained:
    """A trained model by its id. Raises: Refusal: there is none."""
    job_id, _, trial = model_id.partition("/")
    missing = Refusal("NOT_FOUND", f"project {project!r} has no trained model {model_id!r}; a finished job leaves one")
    if not JOB_ID.fullmatch(job_id) or (trial and not trial.removeprefix(TRIAL).isalnum()):
        raise missing
    try:
        job = context.jobs.get(project, job_id)
    except JobMissing as error:
        raise missing from error
    found = Trained(job, trial.removeprefix(TRIAL))
    known = {str(one.get("trialId")) for one in Trained(job).trials()}
    if job.kind not in KINDS or job.state != "SUCCEEDED" or (found.trial and found.trial not in known):
        raise missing
    return found


def summary(context: Context, cards: Cards, one: Trained) -> dict[str, Any]:
    """A model in short; one whose folder cannot be read tells why."""
    known = {
        "name": f"projects/{one.job.project}/trainedModels/{one.id}",
        "id": one.id,
        "jobId": one.job.job_id,
        "trialId": one.trial,
        "createTime": time_text(one.job.end_time),
        "folder": one.folder,
        "trialCount": sum(1 for _ in one.trials()),
        "deployments": deployments(context, one),
    }
    try:
        card = cards.read(one.folder)
    except (OSError, ValueError, ImportError) as error:
        return filled({**known, "problem": str(error)})
    return filled({**known, **_told(card), "sizeBytes": _size_text(one.folder, (modeldir.ONNX,))})


def deployments(context: Context, one: Trained) -> list[dict[str, Any]]:
    """Versions of the project that serve a model, as this server knows them."""
    found = []
    for (project, model), endpoint in sorted(context.deployed.fleet.endpoints.items()):
        for name, (record, _) in sorted(endpoint.versions.items()):
            if project == one.job.project and record.spec.deployment_uri == one.folder:
                where = {"name": f"projects/{project}/models/{model}/versions/{name}", "model": model, "version": name}
                share = endpoint.model.shares.get(name, 0)
                found.append({**where, "state": record.state, "trafficPercent": share})
    return found


def exports(folder: str, card: ModelCard) -> list[dict[str, Any]]:
    """What of a model is there, by format."""
    single = {"onnx": modeldir.ONNX, **modeldir.VARIANTS, "weights": modeldir.WEIGHTS, "report": modeldir.REPORT}
    there: dict[str, tuple[str, ...]] = {
        format: (name,) for format, name in single.items() if files.is_file(files.join(folder, name))
    }
    if saved := saved_model(folder):
        there["savedmodel"] = saved
    return [filled(_export(folder, card, format, names)) for format, names in there.items()]


def saved_model(folder: str) -> tuple[str, ...]:
    """Files of the SavedModel, by their path in the folder; none where there is none."""
    if not files.is_file(files.join(folder, modeldir.SAVED_MODEL)):
        return ()
    parts = (modeldir.VARIABLES, modeldir.ASSETS)
    below = (f"{part}/{name}" for part in parts for name in files.walk(files.join(folder, part)))
    return (modeldir.SAVED_MODEL, *below)


def filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Without fields that hold nothing; numbers stay."""
    return {name: value for name, value in values.items() if value not in ("", {}, [], None) and value is not False}


def _told(card: ModelCard) -> dict[str, Any]:
    return {
        "algorithm": card.algorithm,
        "metrics": card.metrics,
        "step": str(card.step),
        "classCount": len(card.classes),
        "height": card.input_size[0],
        "width": card.input_size[1],
        "trainingData": card.spec.data.training_data_path,
        "validationData": card.spec.data.validation_data_path,
    }


def _export(folder: str, card: ModelCard, format: str, names: tuple[str, ...]) -> dict[str, Any]:
    variant = card.variants.get(format)
    measured: dict[str, Any] = {}
    if variant:
        measured = {"averagePrecision": variant.AP, "drop": variant.AP_drop, "pictureCount": variant.pictures}
    deployable = format == "onnx" or format in modeldir.VARIANTS
    return {
        "format": format,
        "files": list(names),
        "sizeBytes": _size_text(folder, names),
        **measured,
        "deployable": deployable,
    }


def _size_text(folder: str, names: tuple[str, ...]) -> str:
    """Bytes of some files together, as text; empty where one is not there."""
    try:
        return str(sum(files.size(files.join(folder, name)) for name in names))
    except OSError:
        return ""
