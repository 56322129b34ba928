"""Jobs on a server."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from boxwright.client import Address, Client
from boxwright.sagemaker.job import JobState, Status

STATES: dict[str, Status] = {
    "SUCCEEDED": "Completed",
    "FAILED": "Failed",
    "CANCELLED": "Stopped",
    "CANCELLING": "Stopping",
}
"""By the server's own; every other one is InProgress."""


def job_id(name: str) -> str:
    """A job's name as a server takes it: letters, digits and underscores, a letter first."""
    text = re.sub(r"[^A-Za-z0-9_]", "_", name)[:128]
    return text if text[:1].isalpha() else f"job_{text}"[:128]


@dataclass
class ServedJob:
    """A job that a server holds.

    Attributes:
        name: what it is called; its id there is `job_id(name)`.
        address: of the server.
    """

    name: str
    address: Address

    @classmethod
    def start(cls, name: str, request: Mapping[str, Any], address: Address) -> "ServedJob":
        """Queue a job. Raises: Unreachable, ServerError."""
        with Client(address) as client:
            client.submit(request)
        return cls(name, address)

    @classmethod
    def find(cls, name: str, address: Address) -> "ServedJob":
        """A job that was queued before. Raises: ServerError: there is none."""
        with Client(address) as client:
            client.get(job_id(name))
        return cls(name, address)

    def image_uri(self) -> str:
        """Names its algorithm."""
        with Client(self.address) as client:
            return str(client.get(job_id(self.name))["trainingInput"]["masterConfig"]["imageUri"])

    def lines(self) -> Iterator[str]:
        """The lines of its log as they are written, until it ends."""
        with Client(self.address) as client:
            for line in client.follow(job_id(self.name)):
                yield from line.text.splitlines()

    def state(self) -> JobState:
        """How it stands now."""
        with Client(self.address) as client:
            job = client.get(job_id(self.name))
        output = job.get("trainingOutput", {})
        model = str(output.get("builtInAlgorithmOutput", {}).get("modelPath", ""))
        status = STATES.get(job["state"], "InProgress")
        return JobState(
            status,
            str(job.get("errorMessage", "")),
            model if status == "Completed" else "",
            tuple(output.get("trials", ())),
        )

    def stop(self) -> None:
        """Ask it to end."""
        with Client(self.address) as client:
            client.cancel(job_id(self.name))

    def let_go(self) -> str:
        """It goes on."""
        return f"{self.name} goes on; `boxwright jobs cancel {job_id(self.name)}` ends it"
