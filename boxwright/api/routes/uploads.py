"""Uploads: files from a browser or any tus client, made into one folder of data.

An upload belongs to the token that began it; to others, admins excepted, there is none.
"""

import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from boxwright.api import tus
from boxwright.api.deps import Body, Given, Project, Trainer, read_object
from boxwright.api.errors import DESCRIBED_BESIDE, Refusal
from boxwright.api.paging import AskedPage
from boxwright.api.resources import Empty
from boxwright.api.routes.jobs import unknown_keys
from boxwright.api.upload_resources import (
    NewUpload,
    Upload,
    UploadFileList,
    UploadList,
    file_json,
    upload_json,
)
from boxwright.store.pages import slice_of
from boxwright.store.tokens import TokenRecord
from boxwright.uploads import arriving
from boxwright.uploads.arriving import Arriving
from boxwright.uploads.records import UploadRecord
from boxwright.uploads.shelf import LIFETIME, Uploads

router = APIRouter(prefix="/v1/projects/{project}/uploads", tags=["uploads"])

BLOCK = 1 << 20
"""Bytes that are gathered before they are written."""

UploadId = Annotated[str, Path(description="The upload's id.")]
FileId = Annotated[str, Path(description="The file's id within its upload.")]

BYTES: dict[str, Any] = {"requestBody": {"content": {tus.BYTES: {"schema": {"type": "string", "format": "binary"}}}}}
AN_UPLOAD = {"requestBody": {"content": {"application/json": {"schema": NewUpload.model_json_schema()}}}}


@router.options(
    "", summary="Tell what of tus is spoken", status_code=204, response_class=Response, responses=DESCRIBED_BESIDE
)
async def tell_capabilities(_: Trainer, project: Project, context: Given) -> Response:
    """In headers: the version, its extensions, and the largest file. It is the same for every project."""
    assert project
    return tus.answer(204, tus.capabilities(context.uploads.max_bytes))


@router.post("", summary="Begin an upload", response_model=Upload, openapi_extra=AN_UPLOAD)
async def create_upload(token: Trainer, project: Project, request: Request, context: Given) -> Any:
    """Files are then sent to its `files`. A tus client that sends a file here begins an upload for this one file."""
    if "tus-resumable" in request.headers:
        await tus.check_version(request)
        name = tus.file_name(tus.read_metadata(request.headers.get("upload-metadata", "")))
        tus.number(request, "Upload-Length")
        record = await run_in_threadpool(context.uploads.begin, project, token, name[:200])
        return await _create_file(request, context.uploads, record, token)
    new = NewUpload.read(await read_object(request))
    record = await run_in_threadpool(context.uploads.begin, project, token, new.display_name)
    return JSONResponse(upload_json(record))


@router.get("", summary="List uploads, the newest first", response_model=UploadList)
def list_uploads(token: Trainer, project: Project, page: AskedPage, context: Given) -> Any:
    """One's own; an admin sees all."""
    records = context.uploads.list(project, token)
    return page.answer("uploads", lambda size, after: slice_of(records, size, after), upload_json)


@router.get("/{upload}", summary="Describe an upload", response_model=Upload)
def get_upload(token: Trainer, project: Project, upload: UploadId, context: Given) -> Any:
    """After :finish, ask now and again until it is READY or FAILED."""
    return JSONResponse(upload_json(context.uploads.get(project, upload, token)))


@router.delete("/{upload}", summary="Remove an upload", response_model=Empty)
def delete_upload(token: Trainer, project: Project, upload: UploadId, context: Given) -> Any:
    """With all of its files, whatever its state is."""
    context.uploads.remove(project, upload, token)
    return JSONResponse({})


@router.post("/{upload}:finish", summary="Make an upload's files into a folder", response_model=Upload)
def finish_upload(token: Trainer, project: Project, upload: UploadId, body: Body, context: Given) -> Any:
    """One zip is unpacked; several files keep their relative paths. A folder around all of them is taken off."""
    if body:
        raise unknown_keys(body, ())
    return JSONResponse(upload_json(context.uploads.finish(project, upload, token)))


@router.get("/{upload}/files", summary="List the files that arrive", response_model=UploadFileList)
def list_files(token: Trainer, project: Project, upload: UploadId, page: AskedPage, context: Given) -> Any:
    """With how much of each has come, so that a client can go on after it has forgotten everything."""
    records = arriving.listed(context.uploads.place(project, upload, token))
    return page.answer("files", lambda size, after: slice_of(records, size, after), file_json)


@router.post(
    "/{upload}/files",
    summary="Announce a file, as tus has it",
    status_code=201,
    response_class=Response,
    responses=DESCRIBED_BESIDE,
    dependencies=[tus.Versioned],
    openapi_extra=BYTES,
)
async def create_file(token: Trainer, project: Project, upload: UploadId, request: Request, context: Given) -> Response:
    """Upload-Length, and in Upload-Metadata its relativePath or filename. It may carry the file's beginning."""
    record = await run_in_threadpool(context.uploads.get, project, upload, token)
    return await _create_file(request, context.uploads, record, token)


@router.head(
    "/{upload}/files/{file}",
    summary="Tell how much of a file has come",
    response_class=Response,
    responses=DESCRIBED_BESIDE,
    dependencies=[tus.Versioned],
)
def head_file(*, token: Trainer, project: Project, upload: UploadId, file: FileId, context: Given) -> Response:
    """In Upload-Offset."""
    place = context.uploads.place(project, upload, token)
    record = arriving.one_file(place, file)
    more = {"Upload_Length": str(record.size), "Upload_Metadata": record.metadata}
    return tus.answer(200, tus.progress(record.offset, place.changed() + LIFETIME, **more))


@router.patch(
    "/{upload}/files/{file}",
    summary="Send the next part of a file",
    status_code=204,
    response_class=Response,
    responses=DESCRIBED_BESIDE,
    dependencies=[tus.Versioned],
    openapi_extra=BYTES,
)
async def patch_file(
    *, token: Trainer, project: Project, upload: UploadId, file: FileId, request: Request, context: Given
) -> Response:
    """From Upload-Offset on, which must be where the file ends. What has come stays, also where the rest does not."""
    tus.check_bytes(request)
    offset = tus.number(request, "Upload-Offset")

    def opened() -> Arriving:
        place = context.uploads.open_place(project, upload, token)
        return Arriving(place, arriving.one_file(place, file), offset)

    end = await _receive(request, opened)
    return tus.answer(204, tus.progress(end, _expiry()))


@router.delete(
    "/{upload}/files/{file}",
    summary="Remove a file from an upload",
    status_code=204,
    response_class=Response,
    responses=DESCRIBED_BESIDE,
    dependencies=[tus.Versioned],
)
def delete_file(*, token: Trainer, project: Project, upload: UploadId, file: FileId, context: Given) -> Response:
    """Whether it has come or not."""
    arriving.drop(context.uploads.open_place(project, upload, token), file)
    return tus.answer(204, tus.RESUMABLE)


@router.post(
    "/{upload}/files/{file}",
    summary="PATCH and DELETE for clients that cannot",
    status_code=204,
    response_class=Response,
    responses=DESCRIBED_BESIDE,
    dependencies=[tus.Versioned],
    openapi_extra=BYTES,
)
async def override_file(
    *, token: Trainer, project: Project, upload: UploadId, file: FileId, request: Request, context: Given
) -> Response:
    """X-HTTP-Method-Override says which of them is meant."""
    named: dict[str, Any] = {"token": token, "project": project, "upload": upload, "file": file, "context": context}
    method = request.headers.get(tus.OVERRIDE, "").upper()
    match method:
        case "PATCH":
            return await patch_file(request=request, **named)
        case "DELETE":
            return await run_in_threadpool(delete_file, **named)
    raise Refusal("UNIMPLEMENTED", f"X-HTTP-Method-Override must be PATCH or DELETE here, got {method!r}")


async def _create_file(request: Request, uploads: Uploads, record: UploadRecord, token: TokenRecord) -> Response:
    size = tus.number(request, "Upload-Length")
    metadata = request.headers.get("upload-metadata", "")
    name = tus.file_name(tus.read_metadata(metadata))
    with_bytes = request.headers.get("content-type", "") == tus.BYTES

    def announced() -> Any:
        place = uploads.open_place(record.project, record.upload_id, token)
        limit = uploads.max_bytes
        return place, arriving.announce(place, name=name, size=size, max_bytes=limit, metadata=metadata)

    place, file = await run_in_threadpool(announced)
    end = await _receive(request, lambda: Arriving(place, file, 0)) if with_bytes else 0
    location = f"/v1/projects/{record.project}/uploads/{record.upload_id}/files/{file.file_id}"
    return tus.answer(201, tus.progress(end, _expiry(), Location=location))


async def _receive(request: Request, opened: Callable[[], Arriving]) -> int:
    """Write what comes to the disk as it comes; where the file ends then."""
    file = await run_in_threadpool(opened)
    block = bytearray()
    try:
        async for data in request.stream():
            block += data
            if len(block) >= BLOCK:
                await run_in_threadpool(file.write, bytes(block))
                block.clear()
    finally:  # what came before the connection broke is kept
        try:
            await run_in_threadpool(file.write, bytes(block))
        finally:
            await run_in_threadpool(file.close)
    return file.offset


def _expiry() -> float:
    return time.time() + LIFETIME
