"""Where a trained model comes from, and what has been made of it, as far as the jobs of the server tell."""

import os
from typing import Any

from boxwright import files
from boxwright.api.dataset_resources import dataset_json
from boxwright.api.deps import Context
from boxwright.api.trained_models import KINDS, TRIAL, Trained, arguments_of, filled
from boxwright.modeldir import ModelCard
from boxwright.store.conditions import Folder, Naming
from boxwright.store.records import JobRecord

PUBLISHED = ("imagenet", "coco", "none")
"""What `pretrained_checkpoint_path` may be beside a path."""

MOST = 100
"""Jobs or data sets that are looked at."""


def lineage(context: Context, one: Trained, card: ModelCard) -> dict[str, Any]:
    """The lineage of a model as the API gives it."""
    data = card.spec.data
    return filled(
        {
            "dataDigest": card.data_digest,
            "dataset": dataset_of(context, one.job.project, data.training_data_path),
            "trainingData": data.training_data_path,
            "validationData": data.validation_data_path,
            "jobId": one.job.job_id,
            "study": one.job.job_id if one.trial else "",
            "parent": parent(context, one.job.project, card.spec.model.pretrained_checkpoint_path),
            "children": children(context, one),
        }
    )


def dataset_of(context: Context, project: str, path: str) -> str:
    """Name of the data set that a path belongs to; empty where none of the project's first hundred is there."""
    found, _ = context.catalogue.store.list(project, page_size=MOST)
    places = ((one.name, str(dataset_json(one).get("path", "")).rstrip("/")) for one in found)
    return next((name for name, place in places if place and (path == place or path.startswith(f"{place}/"))), "")


def parent(context: Context, project: str, place: str) -> dict[str, Any]:
    """Whose weights a training started from.

    Args:
        place: `pretrained_checkpoint_path`: a name of published weights, a model's folder, or a file.
    """
    if not place or place in PUBLISHED:
        return filled({"folder": place})
    folder = _absolute(place)
    if files.name(folder).endswith(".safetensors"):
        folder = files.parent(folder)
    above = [folder, files.parent(folder), files.parent(files.parent(folder))]
    found, _ = context.jobs.list(project, where=Folder(tuple(above)), page_size=MOST)
    if not found:
        return {"folder": place}
    job, last = found[-1], files.name(folder)
    trial = f"/{last}" if last.startswith(TRIAL) else ""
    return filled({"jobId": job.job_id, "model": f"{job.job_id}{trial}" if _has_model(job) else "", "folder": place})


def children(context: Context, one: Trained) -> list[dict[str, Any]]:
    """Jobs of the project that name this model's folder among their arguments, or go on with its study."""
    found, _ = context.jobs.list(one.job.project, where=Naming(one.folder), page_size=MOST)
    if one.job.kind == "tune" and not one.trial:
        found += context.jobs.list(one.job.project, where=Naming(one.job.job_id), page_size=MOST)[0]
    chosen = {job.job_id: job for job in found if job.job_id != one.job.job_id and _uses(job, one)}
    return [filled({"jobId": name, "model": name if _has_model(job) else ""}) for name, job in chosen.items()]


def _uses(job: JobRecord, one: Trained) -> bool:
    given = job.request.get("trainingInput", {})
    studied = (given.get("hyperparameters") or {}).get("resumePreviousJobId", "")
    if studied and studied == one.job.job_id and not one.trial:
        return True
    places = {_absolute(value) for value in arguments_of(job).values() if value}
    return bool(places & {one.folder, files.join(one.folder, "weights.safetensors")})


def _has_model(job: JobRecord) -> bool:
    return job.kind in KINDS and job.state == "SUCCEEDED"


def _absolute(place: str) -> str:
    if not files.is_local(place):
        return place.rstrip("/")
    return os.path.abspath(os.path.expanduser(place.removeprefix("file://")))
