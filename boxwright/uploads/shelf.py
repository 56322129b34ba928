"""The uploads of a server: begun, filled, finished, taken, and forgotten after a week."""

import re
import secrets
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

from boxwright.store.tokens import TokenRecord
from boxwright.uploads.arriving import check_whole, listed
from boxwright.uploads.place import Place
from boxwright.uploads.records import Outcome, Owner, Started, UploadFault, UploadRecord, UploadState

LIFETIME = 7 * 24 * 3600.0
"""Seconds after the last change at which an upload is forgotten."""

SWEEP = 600.0
"""Seconds between looks for uploads that have expired."""

UPLOAD_ID = re.compile(r"u[0-9a-f]{16}")

ASSEMBLER = (sys.executable, "-m", "boxwright.uploads.assembling")


class Uploads:
    """All uploads below one folder, each in a folder of its project; files and folders have names of our own.

    Every method that is given a token raises UploadFault for an upload that is not the token's, unless it is an
    admin's.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        """Take a folder, made at need.

        Args:
            max_bytes: of one file, and of one unpacked upload.
        """
        self.folder, self.max_bytes = folder, max_bytes
        self._swept = 0.0
        self._assemblers: dict[Path, subprocess.Popen[bytes]] = {}
        self._starting = threading.Lock()

    def begin(self, project: str, token: TokenRecord, display_name: str) -> UploadRecord:
        """A new upload without files."""
        self.sweep()
        place = Place(self.folder / project / f"u{secrets.token_hex(8)}")
        place.files.mkdir(parents=True)
        owner = Owner(name=token.name, since=token.create_time)
        place.write(Started(display_name=display_name, owner=owner, create_time=time.time()))
        return self._record(place)

    def get(self, project: str, upload_id: str, token: TokenRecord) -> UploadRecord:
        """An upload as it is now. Raises: UploadFault."""
        return self._record(self.place(project, upload_id, token))

    def list(self, project: str, token: TokenRecord) -> "list[UploadRecord]":
        """A token's uploads, to an admin all; the newest first."""
        places = [Place(path) for path in _folders(self.folder / project) if UPLOAD_ID.fullmatch(path.name)]
        seen = [one for one in places if (started := one.started()) and _may(token, started.owner)]
        records = [self._record(one) for one in seen]
        return sorted(records, key=lambda one: (-one.started.create_time, one.upload_id))

    def remove(self, project: str, upload_id: str, token: TokenRecord) -> None:
        """Forget an upload and its files. Raises: UploadFault."""
        self._discard(self.place(project, upload_id, token))

    def finish(self, project: str, upload_id: str, token: TokenRecord) -> UploadRecord:
        """Have the files made into one folder; to finish twice is no error.

        Raises:
            UploadFault: files are missing or not whole.
        """
        place = self.place(project, upload_id, token)
        if self._state(place) in ("OPEN", "FAILED"):
            check_whole(listed(place))
            place.begin_again()
            place.asked.touch()
        return self._record(place)

    def take(self, project: str, upload_id: str, token: TokenRecord, destination: Path) -> None:
        """Move the folder of a READY upload to a place that does not exist yet, and forget the upload.

        Raises:
            UploadFault: it is not READY.
            OSError: it cannot be moved.
        """
        place = self.place(project, upload_id, token)
        if (state := self._state(place)) != "READY":
            raise UploadFault(
                "FAILED_PRECONDITION", f"upload {upload_id} must be READY, and is {state}; finish it first"
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(place.content, destination)
        self._discard(place)

    def place(self, project: str, upload_id: str, token: TokenRecord) -> Place:
        """The folder of an upload. Raises: UploadFault."""
        place = Place(self.folder / project / upload_id)
        started = place.started() if UPLOAD_ID.fullmatch(upload_id) else None
        if not started or not _may(token, started.owner):
            raise UploadFault.missing(f"upload {upload_id!r} in project {project!r}")
        return place

    def open_place(self, project: str, upload_id: str, token: TokenRecord) -> Place:
        """The folder of an upload that takes files. Raises: UploadFault: it has been finished."""
        place = self.place(project, upload_id, token)
        if self._state(place) not in ("OPEN", "FAILED"):
            raise UploadFault("FAILED_PRECONDITION", "this upload has been finished; begin another one for more files")
        return place

    def sweep(self, now: float | None = None) -> None:
        """Forget what has expired; looked for now and again only."""
        now = time.time() if now is None else now
        if now - self._swept < SWEEP:
            return
        self._swept = now
        for project in _folders(self.folder):
            for place in map(Place, _folders(project)):
                old = not place.started() or place.changed() + LIFETIME < now
                if old and place.folder.stat().st_mtime + SWEEP < now and not place.is_worked_on():
                    self._discard(place)

    def close(self) -> None:
        """End the processes that make folders; the next look at their uploads begins them again."""
        with self._starting:
            for process in self._assemblers.values():
                process.kill()
                process.wait()
            self._assemblers.clear()

    def _record(self, place: Place) -> UploadRecord:
        started, state = place.started(), self._state(place)
        assert started, "whoever asks has looked"
        return UploadRecord(
            project=place.folder.parent.name,
            upload_id=place.folder.name,
            started=started,
            state=state,
            path=str(place.content) if state == "READY" else "",
            expire_time=place.changed() + LIFETIME,
            outcome=place.outcome() or Outcome(),
            progress=place.progress(),
        )

    def _state(self, place: Place) -> UploadState:
        """The state; goes on with what a server that has died has left behind."""
        if not place.asked.exists():
            return "OPEN"
        outcome = place.outcome() or self._go_on(place)
        if not outcome:
            return "UNPACKING"
        self._reap(place)
        return "FAILED" if outcome.error_message else "READY"

    def _go_on(self, place: Place) -> Outcome | None:
        """See to it that a process makes the folder; the outcome once it has ended."""
        with self._starting:
            process = self._assemblers.get(place.folder)
            if process is None:
                if not place.is_worked_on():  # by one that an earlier server has started
                    command = [*ASSEMBLER, str(place.folder), str(self.max_bytes)]
                    self._assemblers[place.folder] = subprocess.Popen(command)
                return None
            if process.poll() is None:
                return None
            del self._assemblers[place.folder]
            if not place.outcome():
                words = f"unpacking has ended with status {process.returncode}; the server may have too little memory"
                place.write(Outcome(error_message=f"{words}; try again, or upload the files one by one"))
        return place.outcome()

    def _reap(self, place: Place) -> None:
        with self._starting:
            process = self._assemblers.get(place.folder)
            if process and process.poll() is not None:
                del self._assemblers[place.folder]

    def _discard(self, place: Place) -> None:
        with self._starting:
            process = self._assemblers.pop(place.folder, None)
        if process:
            process.kill()
            process.wait()
        gone = place.folder.with_name(f".{place.folder.name}.{secrets.token_hex(4)}")
        place.folder.replace(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _may(token: TokenRecord, owner: Owner) -> bool:
    return token.may("admin") or (token.name, token.create_time) == (owner.name, owner.since)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
