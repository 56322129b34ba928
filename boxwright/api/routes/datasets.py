"""Data sets: made known, imported, described and forgotten."""

from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from fastapi.responses import JSONResponse

from boxwright import formats
from boxwright.api.dataset_resources import OUTPUT, Dataset, DatasetList, Options, Recognised, dataset_json
from boxwright.api.deps import Body, Given, Project, Trainer, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.paging import UnfilteredPage
from boxwright.api.resources import Empty
from boxwright.dataset.draw import SHAPES
from boxwright.spec.dataset import DATASET_NAME, DatasetRequest
from boxwright.spec.resource import Resource, describe
from boxwright.store.dataset_records import DatasetRecord

router = APIRouter(prefix="/v1/projects/{project}/datasets", tags=["data sets"])


class DataPath(Resource):
    """A path to be looked at."""

    path: str


def _schema(resource: type[Resource]) -> dict[str, Any]:
    return {"requestBody": {"content": {"application/json": {"schema": resource.model_json_schema()}}}}


async def _dataset_name(project: Project, dataset: Annotated[str, Path(description="The data set's name.")]) -> str:
    if not DATASET_NAME.fullmatch(dataset):
        raise Refusal("NOT_FOUND", f"project {project!r} has no data set {dataset!r}")
    return dataset


DatasetName = Annotated[str, Depends(_dataset_name)]


@router.post("", summary="Make a data set known", response_model=Dataset, openapi_extra=_schema(DatasetRequest))
def create_dataset(token: Trainer, project: Project, body: Body, context: Given) -> Any:
    """From a path, an upload, drawn shapes, or another data set. It is IMPORTING at first, then READY or FAILED."""
    request = DatasetRequest.read({name: value for name, value in body.items() if name not in OUTPUT})

    def take(upload_id: str, destination: FilePath) -> None:
        context.uploads.take(project, upload_id, token, destination)

    return JSONResponse(dataset_json(context.catalogue.create(project, request, take)))


@router.get("", summary="List data sets", response_model=DatasetList)
def list_datasets(_: Viewer, project: Project, page: UnfilteredPage, context: Given) -> Any:
    """By name."""

    def listed(size: int, token: str) -> Any:
        return context.catalogue.store.list(project, page_size=size, page_token=token)

    return page.answer("datasets", listed, dataset_json)


@router.post(
    ":recognise", summary="Tell what stands at a path", response_model=Recognised, openapi_extra=_schema(DataPath)
)
def recognise(_: Trainer, project: Project, body: Body, context: Given) -> Any:
    """Its format and its parts, without reading it through."""
    del project
    path = DataPath.read(body).path
    try:
        found = context.catalogue.recognise(path)
    except (OSError, ValueError, ImportError) as error:
        raise Refusal.of_field("path", describe(error)) from error
    return JSONResponse({"path": found.path, "format": found.format, "parts": list(found.parts)})


@router.get(":getOptions", summary="Tell what can be written and drawn", response_model=Options)
def get_options(_: Viewer, project: Project) -> Any:
    """Formats and shapes."""
    del project
    known = [
        {"name": name, "writable": found.write is not None, "onePart": name in formats.OF_ONE_SPLIT}
        for name, found in formats.FORMATS.items()
    ]
    return JSONResponse({"formats": known, "shapes": list(SHAPES)})


@router.get("/{dataset}", summary="Describe a data set", response_model=Dataset)
def get_dataset(_: Viewer, project: Project, dataset: DatasetName, context: Given) -> Any:
    """While it is IMPORTING with its progress."""
    return JSONResponse(dataset_json(context.catalogue.store.get(project, dataset)))


@router.post("/{dataset}:retry", summary="Import a data set again", response_model=Dataset)
def retry_dataset(_: Trainer, project: Project, dataset: DatasetName, context: Given) -> Any:
    """One that is FAILED, or that has changed where it lies."""
    return JSONResponse(dataset_json(context.catalogue.again(project, dataset)))


@router.delete("/{dataset}", summary="Forget a data set", response_model=Empty)
def delete_dataset(_: Trainer, project: Project, dataset: DatasetName, context: Given) -> Any:
    """Data that the server has made (of an upload, drawn, split or converted) is deleted; what lies elsewhere stays."""
    context.catalogue.delete(project, dataset)
    return JSONResponse({})


def ready(context: Given, project: Project, dataset: DatasetName) -> DatasetRecord:
    """A data set that can be looked into. Raises: Refusal: it is not READY, or its server is another one."""
    record = context.catalogue.store.get(project, dataset)
    if record.state != "READY":
        raise Refusal("FAILED_PRECONDITION", f"data set {dataset} is {record.state}; wait until it is READY")
    if not record.folder.exists():
        raise Refusal(
            "FAILED_PRECONDITION",
            f"what was found in data set {dataset} is not on this server, but in {record.place}; ask the server that "
            f"imported it, or import it again with :retry",
        )
    return record


Ready = Annotated[DatasetRecord, Depends(ready)]
"""State it after the role, which is checked first."""
