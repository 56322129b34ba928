"""Trained models: what finished jobs have left, with where it comes from and where it is served."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from typing import IO, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse, StreamingResponse

from boxwright import files, modeldir
from boxwright.api.cards import Cards, KnownCards
from boxwright.api.deps import Context, Given, Project, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.lineage import lineage
from boxwright.api.paging import AskedPage
from boxwright.api.routes.jobs import read_filter
from boxwright.api.trained_model_resources import FullTrainedModel, TrainedModelList
from boxwright.api.trained_models import Trained, condition, exports, filled, find, in_folder, saved_model, summary

router = APIRouter(prefix="/v1/projects/{project}/trainedModels", tags=["trained models"])

ModelId = Annotated[str, Path(description="The job's id, or JOB/trial_N.")]
Format = Literal["onnx", "int8", "fp16", "savedmodel", "weights", "report", "card"]

CHUNK = 1 << 20
SPOOLED = 8 << 20
"""Bytes of an archive that are kept in memory; more go to a temporary file."""

BINARY: dict[int | str, dict[str, Any]] = DESCRIBED_BESIDE | {
    200: {"content": {"application/octet-stream": {"schema": {}}}, "description": "the file, or an archive of several"}
}


@router.get("", summary="List trained models, those of the newest jobs first", response_model=TrainedModelList)
def list_trained_models(
    *,
    _: Viewer,
    project: Project,
    page: AskedPage,
    context: Given,
    cards: KnownCards,
    filter: Annotated[str, Query(description="Of their jobs, such as: jobId:cells* AND labels.team=lab")] = "",
    folder: Annotated[str, Query(description="Of the model, as `deploymentUri` of a version names it.")] = "",
) -> Any:
    """One for each finished job of training or tuning. The models of single trials are told by the tuning job's."""
    where = condition(read_filter(filter) if filter.strip() else None, folder)

    def listed(size: int, token: str) -> Any:
        return context.jobs.list(project, where=where, page_size=size, page_token=token)

    return page.answer("trainedModels", listed, lambda job: summary(context, cards, in_folder(job, folder)))


@router.get(
    "/{model_id:path}:download", summary="Download a trained model", response_class=StreamingResponse, responses=BINARY
)
def download_trained_model(
    *,
    _: Viewer,
    project: Project,
    model_id: ModelId,
    context: Given,
    format: Annotated[Format, Query(description="A SavedModel comes as a zip archive.")] = "onnx",
) -> StreamingResponse:
    """As an attachment; its name is that of the model."""
    one = find(context, project, model_id)
    name = one.id.replace("/", "-")
    if format == "savedmodel":
        return _attached(_archived(one.folder, _saved_model(one)), f"{name}.zip", "application/zip")
    file = _FILES[format]
    path = files.join(one.folder, file)
    if not files.is_file(path):
        raise Refusal("NOT_FOUND", f"trained model {one.id} has no {file}; 'boxwright export' writes other formats")
    kind = "application/json" if format == "card" else "application/octet-stream"
    return _attached(_read(files.open_binary(path)), f"{name}-{file}", kind)


@router.get("/{model_id:path}", summary="Describe a trained model", response_model=FullTrainedModel)
def get_trained_model(_: Viewer, project: Project, model_id: ModelId, context: Given, cards: KnownCards) -> Any:
    """Its card, what it is exported to, where it comes from and what was made of it."""
    return JSONResponse(_full(context, cards, find(context, project, model_id)))


_FILES = {
    "onnx": modeldir.ONNX,
    **modeldir.VARIANTS,
    "weights": modeldir.WEIGHTS,
    "report": modeldir.REPORT,
    "card": modeldir.CARD,
}


def _full(context: Context, cards: Cards, one: Trained) -> dict[str, Any]:
    short = summary(context, cards, one)
    trials = [_trial(one, trial) for trial in one.trials()]
    arguments = one.arguments()
    if "problem" in short:
        return filled({**short, "trials": trials, "arguments": arguments, "lineage": {"jobId": one.job.job_id}})
    card = cards.read(one.folder)
    classes = [{"id": kind.id, "name": kind.name} for kind in card.classes]
    more = {"classes": classes, "versions": card.versions, "exports": exports(one.folder, card)}
    return filled({**short, **more, "arguments": arguments, "trials": trials, "lineage": lineage(context, one, card)})


def _trial(one: Trained, trial: dict[str, Any]) -> dict[str, Any]:
    metric = trial.get("finalMetric") or {}
    return filled(
        {
            "id": Trained(one.job, str(trial["trialId"])).id,
            "trialId": str(trial["trialId"]),
            "objectiveValue": metric.get("objectiveValue"),
            "hyperparameters": trial.get("hyperparameters", {}),
        }
    )


def _saved_model(one: Trained) -> tuple[str, ...]:
    names = saved_model(one.folder)
    if not names:
        way_out = f"'boxwright export {one.folder} --to=savedmodel' writes it"
        raise Refusal("NOT_FOUND", f"trained model {one.id} has no SavedModel; {way_out}")
    return names


def _archived(folder: str, names: tuple[str, ...]) -> Iterator[bytes]:
    with tempfile.SpooledTemporaryFile(SPOOLED) as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_STORED) as archive:
            for name in names:
                with files.open_binary(files.join(folder, name)) as source, archive.open(name, "w") as target:
                    shutil.copyfileobj(source, target, CHUNK)
        spool.seek(0)
        yield from iter(lambda: spool.read(CHUNK), b"")


def _read(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        yield from iter(lambda: file.read(CHUNK), b"")


def _attached(parts: Iterator[bytes], name: str, kind: str) -> StreamingResponse:
    return StreamingResponse(parts, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
