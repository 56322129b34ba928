"""Uploads and their files as the JSON that the API gives."""

from typing import Any

from pydantic import Field

from boxwright.api.resources import time_text
from boxwright.spec.resource import Resource
from boxwright.uploads.records import FileRecord, UploadRecord, UploadState


class NewUpload(Resource):
    """An upload to be begun."""

    display_name: str = Field("", max_length=200, description="for people, such as the name of the zip file")


class UploadProgress(Resource):
    """How much has been unpacked, in bytes."""

    done: int = 0
    total: int = 0


class Upload(NewUpload):
    """Files that arrive, and the folder of data that they become. Fields that hold nothing are left out."""

    name: str = Field(description="projects/PROJECT/uploads/UPLOAD")
    upload_id: str
    owner: str = Field(description="name of the token that began it")
    state: UploadState = Field(description="OPEN while files arrive, UNPACKING after :finish, then READY or FAILED")
    create_time: str
    expire_time: str = Field(description="when it is forgotten; put off by each change")
    path: str = Field("", description="of the folder, once it is READY")
    file_count: str = Field("", description="int64 as text; in the folder")
    size_bytes: str = Field("", description="int64 as text; of the folder")
    left_out_count: str = Field("", description="int64 as text; hidden files and the like that were left out")
    error_message: str = Field("", description="why it failed")
    progress: UploadProgress | None = Field(None, description="of unpacking")


class UploadList(Resource):
    """A page of uploads, the newest first."""

    uploads: tuple[Upload, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class UploadFile(Resource):
    """A file of an upload."""

    file_id: str
    name: str = Field(description="its relative path")
    size_bytes: str = Field(description="int64 as text")
    offset: str = Field(description="int64 as text; how many bytes have come")


class UploadFileList(Resource):
    """A page of files, by name."""

    files: tuple[UploadFile, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


def upload_json(record: UploadRecord) -> dict[str, Any]:
    """An upload as the API gives it."""
    outcome, progress = record.outcome, record.progress
    ready = record.state == "READY"
    given = {
        "name": f"projects/{record.project}/uploads/{record.upload_id}",
        "uploadId": record.upload_id,
        "displayName": record.started.display_name,
        "owner": record.started.owner.name,
        "state": record.state,
        "createTime": time_text(record.started.create_time),
        "expireTime": time_text(record.expire_time),
        "path": record.path,
        "fileCount": str(outcome.files) if ready else "",
        "sizeBytes": str(outcome.size) if ready else "",
        "leftOutCount": str(outcome.left_out) if outcome.left_out else "",
        "errorMessage": outcome.error_message if record.state == "FAILED" else "",
        "progress": progress.model_dump() if record.state == "UNPACKING" and progress.total else None,
    }
    return {name: value for name, value in given.items() if value}


def file_json(record: FileRecord) -> dict[str, Any]:
    """A file as the API gives it."""
    sizes = {"sizeBytes": str(record.size), "offset": str(record.offset)}
    return {"fileId": record.file_id, "name": record.name, **sizes}
