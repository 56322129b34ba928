"""A server of its own for a measurement: started, asked over HTTP, killed and started again."""

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

COMMAND = (sys.executable, "-m", "boxwright.cli")
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")


class Served:
    """A `boxwright server` on a free port with everything below one folder.

    Args:
        folder: for database, token and jobs.
        options: of the server.
    """

    def __init__(self, folder: Path, options: Sequence[str]) -> None:
        self.folder = folder
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None
        self.address = ""
        self._client = httpx.Client(timeout=30)

    def start(self) -> None:
        """Start the server and wait until it listens."""
        log = self.folder / "server.log"
        with open(log, "ab") as file:
            seen = file.tell()
            words = [*COMMAND, "server", "--port=0", f"--data-dir={self.folder}", *self._options]
            self.process = subprocess.Popen(words, stdout=file, stderr=file, cwd=self.folder)
        address = ""
        while not address:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended:\n{log.read_text()[seen:]}")
            time.sleep(0.02)
            for line in log.read_text()[seen:].splitlines():
                if line.startswith("Boxwright listens on "):
                    address = line.split()[-1]
        self.address = address
        self._client = httpx.Client(base_url=address, timeout=30, headers={"Authorization": f"Bearer {self.token()}"})

    def token(self) -> str:
        """Of an administrator."""
        return (self.folder / "token").read_text().strip()

    def stop(self) -> None:
        """End the server and, with it, its runner."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    def submit(self, job_id: str, algorithm: str, args: Sequence[str]) -> float:
        """Queue a job; gives the seconds until the answer."""
        given = {"masterConfig": {"imageUri": algorithm}, "args": list(args), "jobDir": str(self.folder / job_id)}
        start = time.perf_counter()
        answer = self._client.post("/v1/projects/local/jobs", json={"jobId": job_id, "trainingInput": given})
        seconds = time.perf_counter() - start
        if answer.status_code != 200:
            raise RuntimeError(answer.text)
        return seconds

    def job(self, job_id: str) -> dict[str, Any]:
        """A job as the API has it."""
        answer = self._client.get(f"/v1/projects/local/jobs/{job_id}")
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def count_unfinished(self) -> int:
        """Jobs that have not ended, at most 100."""
        wanted = {"filter": " AND ".join(f"NOT state:{state}" for state in FINAL), "pageSize": 100}
        answer = self._client.get("/v1/projects/local/jobs", params=wanted)
        answer.raise_for_status()
        return len(answer.json().get("jobs", []))
