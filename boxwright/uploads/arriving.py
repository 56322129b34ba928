"""The files of one upload while they arrive. How much has come is the length of the file, which outlives the server."""

import errno
import hashlib
import os
import re
import shutil

from filelock import FileLock, Timeout

from boxwright.uploads.names import relative_path, same_name
from boxwright.uploads.place import Place, write_json
from boxwright.uploads.records import FileRecord, FileStarted, UploadFault

FILE_ID = re.compile(r"[0-9a-f]{32}")

SPARE = 1_000_000_000
"""Bytes of the disk that uploads leave to everything else."""


def announce(place: Place, *, name: str, size: int, max_bytes: int, metadata: str = "") -> FileRecord:
    """A file that is to come.

    Args:
        name: relative path of the file; on this machine it becomes no name before the folder is made.
        size: in bytes.
        max_bytes: the largest file.
        metadata: what the client says of it, given back as it is.

    Raises:
        UploadFault: the name is none, the upload has this file, or neither limit nor disk has room for it.
    """
    try:
        path = relative_path(name)
    except ValueError as error:
        raise UploadFault("INVALID_ARGUMENT", str(error)) from error
    _check_room(place, size, max_bytes)
    file_id = hashlib.sha256(same_name(path).encode()).hexdigest()[:32]
    if place.file(file_id):
        raise UploadFault("ALREADY_EXISTS", f"this upload has a file {path!r} already; go on with it, or remove it")
    (place.files / file_id).touch()
    write_json(place.files / f"{file_id}.json", FileStarted(name=path, size=size, metadata=metadata))
    place.touch()
    return FileRecord(file_id, path, size, 0, metadata)


def _check_room(place: Place, size: int, max_bytes: int) -> None:
    if size > max_bytes:
        message = f"a file may have at most {max_bytes:,} bytes (the server's --max-upload-bytes), got {size:,}"
        raise UploadFault("INVALID_ARGUMENT", message, 413)
    free = shutil.disk_usage(place.folder).free
    if size > free - SPARE:
        raise UploadFault(
            "FAILED_PRECONDITION",
            f"the server's disk has {free:,} bytes free, of which {SPARE:,} are kept for other work, and this file has "
            f"{size:,}; make room on the server, or give it data by a path",
            507,
        )


def listed(place: Place) -> list[FileRecord]:
    """All files that were announced, by their names."""
    ids = [path.stem for path in place.files.glob("*.json") if FILE_ID.fullmatch(path.stem)]
    found = [(one, started) for one in ids if (started := place.file(one))]
    return sorted((_record(place, *one) for one in found), key=lambda one: one.name)


def one_file(place: Place, file_id: str) -> FileRecord:
    """Raises: UploadFault: there is no such file."""
    started = place.file(file_id) if FILE_ID.fullmatch(file_id) else None
    if not started:
        raise UploadFault.missing(f"file {file_id!r} in this upload")
    return _record(place, file_id, started)


def _record(place: Place, file_id: str, started: FileStarted) -> FileRecord:
    return FileRecord(file_id, started.name, started.size, (place.files / file_id).stat().st_size, started.metadata)


def drop(place: Place, file_id: str) -> None:
    """Forget a file. Raises: UploadFault: there is no such file, or something is writing it."""
    record = one_file(place, file_id)
    with Arriving(place, record, record.offset):
        (place.files / f"{file_id}.json").unlink()
        (place.files / file_id).unlink()


def check_whole(files: list[FileRecord]) -> None:
    """Raises: UploadFault: there are no files, or some have not come as a whole."""
    if not files:
        raise UploadFault("FAILED_PRECONDITION", "an upload needs at least one file; send one first")
    for one in files:
        if one.offset < one.size:
            message = (
                f"{one.name!r} has come as far as {one.offset:,} of {one.size:,} bytes; go on with it, or remove it"
            )
            raise UploadFault("FAILED_PRECONDITION", message)


class Arriving:
    """Takes what comes of one file; nobody else can meanwhile. To be closed, or used as a context."""

    def __init__(self, place: Place, record: FileRecord, offset: int) -> None:
        """Open the file at its end.

        Raises:
            UploadFault: something else is writing it, or `offset` is not where it ends.
        """
        path = place.files / record.file_id
        self._place, self._size = place, record.size
        self._lock = FileLock(path.with_suffix(".lock"), timeout=0, thread_local=False)
        try:
            self._lock.acquire()
        except Timeout as error:
            message = f"another request is sending {record.name!r} right now; wait for it, then ask how far it has come"
            raise UploadFault("ABORTED", message, 423) from error
        self.offset = path.stat().st_size
        if offset != self.offset:
            self._lock.release()
            message = (
                f"{record.name!r} has come as far as byte {self.offset}, so that is where to go on, not at {offset}"
            )
            raise UploadFault("ABORTED", message, 409)
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115  # closed by close

    def write(self, data: bytes) -> None:
        """Add to the file. Raises: UploadFault: that is more than was announced, or the disk is full."""
        if self.offset + len(data) > self._size:
            message = f"the file was announced with {self._size:,} bytes, and more has come; announce it anew"
            raise UploadFault("INVALID_ARGUMENT", message, 413)
        try:
            self.offset += self._file.write(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise UploadFault("FAILED_PRECONDITION", "the server's disk is full; make room, then go on", 507) from error

    def close(self) -> None:
        """Let others write. A whole file is on the disk before anybody is told so."""
        if self.offset == self._size:
            os.fsync(self._file.fileno())
        self._file.close()
        self._place.touch()
        self._lock.release()

    def __enter__(self) -> "Arriving":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
