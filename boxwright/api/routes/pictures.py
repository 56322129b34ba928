"""What is in a data set: its report, its statistics and its pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import FileResponse, JSONResponse, Response

from boxwright.api.dataset_resources import Picture, PictureList
from boxwright.api.dataset_statistics import Statistics, statistics_json
from boxwright.api.deps import Given, Project, Viewer
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.paging import AskedPage
from boxwright.api.routes.datasets import Ready
from boxwright.catalogue import facets
from boxwright.catalogue.pages import Index, Wanted, opened
from boxwright.catalogue.pictures import NoPicture
from boxwright.catalogue.place import Place
from boxwright.dataset.health import Health
from boxwright.spec.resource import describe
from boxwright.store.dataset_records import DatasetRecord

router = APIRouter(prefix="/v1/projects/{project}/datasets/{dataset}", tags=["data sets"])

PAGE_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""Of the report, whose pictures and styles stand in the page itself; no script runs in it."""

HELD_FOR = "private, max-age=3600"
"""How long browsers keep pictures whose address changes with the data set."""

Number = Annotated[int, Path(ge=0, le=2**53, description="The picture's number, from 0.")]


def _answers(*media_types: str) -> dict[int | str, dict[str, Any]]:
    return DESCRIBED_BESIDE | {200: {"content": {kind: {} for kind in media_types}, "description": "the file"}}


@contextmanager
def _index(record: DatasetRecord) -> Iterator[Index]:
    try:
        with opened(Place(record.folder).index) as index:
            yield index
    except FileNotFoundError as error:
        raise _gone(record) from error


def _gone(record: DatasetRecord) -> Refusal:
    message = f"the index of data set {record.name} is gone from {record.folder}; import it again with :retry"
    return Refusal("FAILED_PRECONDITION", message)


async def _asked(
    *,
    class_name: Annotated[str, Query(alias="class", description="Name of a class that has a box there.")] = "",
    size: Annotated[str, Query(description="small, medium or large: a box, of the class where one is named.")] = "",
    problem: Annotated[str, Query(description="A rule or finding of the data doctor; any for one of them.")] = "",
    part: Annotated[str, Query(description="Name of a part.")] = "",
    text: Annotated[str, Query(description="Stands in the picture's name.", max_length=200)] = "",
    empty: Annotated[bool, Query(description="Without boxes.")] = False,
) -> dict[str, Any]:
    if size and size not in facets.SIZES:
        raise Refusal.of_field("size", f"must be one of {', '.join(facets.SIZES)}, got {size!r}")
    return {"class": class_name, "size": size, "problem": problem, "part": part, "text": text, "empty": empty}


Asked = Annotated[dict[str, Any], Depends(_asked)]


@router.get("/report", summary="Read the data doctor's report", response_model=Health)
def get_report(_: Viewer, record: Ready) -> Any:
    """Counts, observations, and findings with their way out; every rejected box and odd picture by number."""
    path = Place(record.folder).health
    if not path.exists():
        raise _gone(record)
    return FileResponse(path, media_type="application/json")


@router.get(
    "/report.html",
    summary="Read the data doctor's report as a page",
    response_class=Response,
    responses=_answers("text/html"),
)
def get_report_page(_: Viewer, record: Ready) -> Any:
    """With pictures in it; it needs neither network nor scripts."""
    path = Place(record.folder).report
    if not path.exists():
        raise _gone(record)
    return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@router.get("/statistics", summary="Count classes, sizes and shapes", response_model=Statistics)
def get_statistics(_: Viewer, record: Ready) -> Any:
    """What plots are drawn from."""
    path = Place(record.folder).health
    if not path.exists():
        raise _gone(record)
    with _index(record) as index:
        return JSONResponse(statistics_json(Health.model_validate_json(path.read_bytes()), index.problems()))


@router.get("/pictures", summary="List pictures with their boxes", response_model=PictureList)
def list_pictures(*, _: Viewer, record: Ready, asked: Asked, page: AskedPage) -> Any:
    """In the order of the data set, 50 on a page, at most 200; with all that is asked for."""
    with _index(record) as index:
        try:
            found = index.page(_wanted(index, asked), page.size, page.token)
        except ValueError as error:
            raise Refusal.of_field("pageToken", str(error)) from error
    tokens = {"nextPageToken": found.next, "previousPageToken": found.previous}
    given = {"pictures": found.pictures, "totalSize": found.total}
    return JSONResponse(given | {name: token for name, token in tokens.items() if token})


@router.get("/pictures/{number}", summary="Describe a picture", response_model=Picture)
def get_picture(*, _: Viewer, record: Ready, number: Number, asked: Asked) -> Any:
    """With the numbers of those before and after it, among the ones that are asked for, and its place there."""
    with _index(record) as index:
        try:
            found = index.picture(number)
        except LookupError as error:
            raise Refusal("NOT_FOUND", f"data set {record.name}: {error.args[0]}") from error
        wanted = _wanted(index, asked)
        previous, following = index.neighbours(wanted, number)
        place = {"position": index.position(wanted, number), "totalSize": index.count(wanted)}
    beside = {"previousNumber": previous, "nextNumber": following}
    return JSONResponse(found | place | {name: value for name, value in beside.items() if value is not None})


@router.get(
    "/pictures/{number}/image",
    summary="Show a picture",
    response_class=Response,
    responses=_answers("image/jpeg", "image/png", "image/gif", "image/bmp"),
)
def show_picture(
    *,
    _: Viewer,
    record: Ready,
    project: Project,
    context: Given,
    number: Number,
    width: Annotated[int, Query(ge=0, le=10_000, description="In pixels, about; the picture itself where 0.")] = 0,
    version: Annotated[str, Query(alias="v", description="The data set's etag, so that it may be kept.")] = "",
) -> Any:
    """As it is stored: not turned as EXIF says, since boxes refer to it so. A smaller one is a JPEG."""
    del project
    try:
        shown = context.catalogue.shelf.show(record, number, width)
    except LookupError as error:
        raise Refusal("NOT_FOUND", f"data set {record.name}: {error.args[0]}") from error
    except NoPicture as error:
        raise Refusal("FAILED_PRECONDITION", f"picture {number} of data set {record.name}: {error}") from error
    except (OSError, ValueError) as error:
        message = f"picture {number} of data set {record.name} cannot be read (any more): {describe(error)}"
        raise Refusal("FAILED_PRECONDITION", f"{message}; put it back, or import the data set again") from error
    kept = {"Cache-Control": HELD_FOR} if version == record.etag else {}
    return Response(shown.encoded, media_type=shown.media_type, headers=kept)


def _wanted(index: Index, asked: dict[str, Any]) -> Wanted:
    """Raises: Refusal: no such class or part."""
    names = [name for _, name in index.classes()]
    if asked["class"] and asked["class"] not in names:
        raise Refusal.of_field("class", f"must be one of the data set's classes, got {asked['class']!r}")
    if asked["part"] and asked["part"] not in index.parts():
        raise Refusal.of_field("part", f"must be one of {', '.join(index.parts())}, got {asked['part']!r}")
    return Wanted(
        label=names.index(asked["class"]) if asked["class"] else None,
        size=asked["size"],
        problem=asked["problem"],
        part=index.parts().index(asked["part"]) if asked["part"] else None,
        text=asked["text"],
        empty=asked["empty"],
    )
