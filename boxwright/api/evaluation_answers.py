"""Answers from the folder of an evaluation: of a job's best model, or of a model measured on other data."""

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from fastapi.responses import JSONResponse, Response

from boxwright import files
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.paging import Page
from boxwright.evaluation.read import PICTURES, Wanted, findings, read_pictures
from boxwright.evaluation.results import BACKGROUND, Finding, JudgedPicture, KindName
from boxwright.evaluation.samples import picture_file
from boxwright.spec.resource import Resource

R = TypeVar("R")

MOST_LISTED = 100
LISTED = 20
"""Entries of a page where none are asked for."""

HELD_FOR = "private, max-age=300"
"""How long browsers may keep pictures; the next evaluation has others under the same numbers."""

JPEG: dict[int | str, dict[str, Any]] = DESCRIBED_BESIDE | {
    200: {"content": {"image/jpeg": {}}, "description": "at most 640 px on the longer side, boxes are not drawn in"}
}
"""For the description of routes that answer with a picture."""


class FindingList(Resource):
    """A page of findings, those of the worst pictures first."""

    findings: tuple[Finding, ...] = ()
    total_size: int = 0
    next_page_token: str = ""


class PictureSummary(Resource):
    """A kept picture in a list."""

    number: int
    source: str
    width: int
    height: int
    errors: int


class PictureSummaryList(Resource):
    """A page of kept pictures, the worst first."""

    pictures: tuple[PictureSummary, ...] = ()
    total_size: int = 0
    next_page_token: str = ""


async def _wanted(
    kind: Annotated[KindName | None, Query(description="Of error.")] = None,
    label: Annotated[int | None, Query(alias="class", ge=0, le=2**31, description="Label of a class.")] = None,
    true_class: Annotated[
        int | None, Query(alias="trueClass", ge=BACKGROUND, le=2**31, description="Row of the confusion matrix.")
    ] = None,
    predicted_class: Annotated[
        int | None, Query(alias="predictedClass", ge=BACKGROUND, le=2**31, description="Column of it; -1: background.")
    ] = None,
) -> Wanted:
    return Wanted(kind, label, true_class, predicted_class)


AskedFindings = Annotated[Wanted, Depends(_wanted)]
"""Which findings a request is after."""


def resource_answer(found: Resource) -> JSONResponse:
    """A resource by itself."""
    return JSONResponse(_dumped(found))


def findings_answer(folder: str, wanted: Wanted, page: Page) -> JSONResponse:
    """A page of findings in kept pictures. Raises: Refusal: no such page."""
    found = findings(_pictures(folder), wanted)
    return page.answer("findings", listed(found), _dumped, totalSize=len(found))


def pictures_answer(folder: str, page: Page) -> JSONResponse:
    """A page of kept pictures. Raises: Refusal: no such page."""
    kept = [_summary(number, one) for number, one in enumerate(_pictures(folder), 1)]
    return page.answer("pictures", listed(kept), _dumped, totalSize=len(kept))


def picture_answer(folder: str, number: int) -> JSONResponse:
    """A kept picture with all its boxes. Raises: Refusal: no such picture."""
    kept = _pictures(folder)
    if not 1 <= number <= len(kept):
        raise no_picture(number, len(kept))
    return JSONResponse(_dumped(kept[number - 1]))


def image_answer(folder: str, number: int, count: int) -> Response:
    """The copy of a kept picture. Raises: Refusal: no such picture."""
    if not 1 <= number <= count:
        raise no_picture(number, count)
    image = files.read_bytes(picture_file(folder, number))
    return Response(image, media_type="image/jpeg", headers={"Cache-Control": HELD_FOR})


def kept_count(folder: str) -> int:
    """Number of kept pictures."""
    return len(_pictures(folder))


def no_picture(number: int, count: int) -> Refusal:
    """What is said of a number that no kept picture has."""
    return Refusal("NOT_FOUND", f"pictures are numbered from 1 to {count}; there is no picture {number}")


def listed(entries: list[R]) -> Callable[[int, str], tuple[list[R], str]]:
    """Pages of a list that stays as it is: what `Page.answer` takes."""

    def page(size: int, token: str) -> tuple[list[R], str]:
        if token and not (token.isascii() and token.isdigit() and int(token) <= len(entries)):
            raise ValueError(f"no page has the token {token!r}; give the nextPageToken of the page before")
        start = int(token or 0)
        end = start + min(size or LISTED, MOST_LISTED)
        return entries[start:end], str(end) if end < len(entries) else ""

    return page


def _summary(number: int, one: JudgedPicture) -> PictureSummary:
    errors = len(findings((one,), Wanted()))
    return PictureSummary(number=number, source=one.source, width=one.width, height=one.height, errors=errors)


def _pictures(folder: str) -> tuple[JudgedPicture, ...]:
    path = files.join(folder, PICTURES)
    if not files.is_local(folder):
        return read_pictures(folder)
    status = os.stat(path)
    return _local_pictures(folder, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _local_pictures(folder: str, _written: int, _size: int) -> tuple[JudgedPicture, ...]:
    """Pages of one list are asked for after another."""
    return read_pictures(folder)


def _dumped(value: Resource) -> dict[str, Any]:
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)
