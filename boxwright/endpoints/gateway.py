"""The way of a request to a worker: which version, which of its processes, and what if that one dies."""

import asyncio
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from boxwright.endpoints.connection import Connection, Lost, NotReached, TooSlow
from boxwright.endpoints.deployment import Deployment, Endpoint
from boxwright.endpoints.fleet import Fleet
from boxwright.endpoints.message import Answer, Call
from boxwright.endpoints.meter import Meter
from boxwright.endpoints.worker import Worker
from boxwright.spec.deployment import VersionState

ATTEMPTS = 3
"""Workers that may end while they have one request; then it is given up, for it may be what ends them."""

PATIENCE = 10.0
"""Seconds in which a request waits for a worker of a version that is READY: they are started again after a crash."""

MAX_PATIENT = 200
"""Requests that may wait so at a time."""

LOOK_EVERY = 0.01

ANSWERING: tuple[VersionState, ...] = ("READY", "UPDATING")


class Unanswered(Exception):
    """A request that no worker answers.

    Attributes:
        status: one of Google's names: NOT_FOUND, FAILED_PRECONDITION, UNAVAILABLE, DEADLINE_EXCEEDED.
        message: the rule, the value and the way out.
        retry_after: seconds after which it is worth trying again; 0 for never.
    """

    def __init__(self, status: str, message: str, retry_after: int = 0) -> None:
        super().__init__(message)
        self.status, self.message, self.retry_after = status, message, retry_after


class Gateway:
    """Brings requests to the workers of a fleet; lives in one event loop.

    Args:
        fleet: the workers.
        meter: where requests are counted.
        chance: for the split of traffic.
    """

    def __init__(self, fleet: Fleet, meter: Meter, chance: random.Random | None = None) -> None:
        self.fleet, self.meter = fleet, meter
        self._chance = chance or random.Random()
        self._connections: dict[Worker, Connection] = {}
        self._seen: Mapping[tuple[str, str], Endpoint] = {}
        self._patient = 0

    async def forward(self, project: str, model: str, call: Call, version: str = "") -> Answer:
        """A worker's answer.

        Args:
            version: by name; drawn as the traffic is split where empty.

        Raises:
            Unanswered: there is no such model or version, or none of its workers answers.
        """
        await self._close_old()
        endpoint = self.fleet.find(project, model)
        if endpoint is None:
            raise Unanswered("NOT_FOUND", f"project {project} has no model {model}")
        chosen = version or self.draw(endpoint)
        deployment = self._deployment(endpoint, chosen)
        deployment.used = time.time()
        with self.meter.request((project, model, chosen)) as note:
            answer = await self._answer(deployment, call)
            note(answer.status)
        return replace(answer, version=chosen)

    def draw(self, endpoint: Endpoint) -> str:
        """A version, as often as its share of the traffic says. Raises: Unanswered."""
        shares = endpoint.model.shares
        if not shares:
            raise Unanswered("FAILED_PRECONDITION", f"model {endpoint.model.name} has no version yet; create one")
        names = sorted(shares)
        return names[0] if len(names) == 1 else self._chance.choices(names, [shares[name] for name in names])[0]

    async def close(self) -> None:
        """Close all connections."""
        await self._close(list(self._connections))

    def _deployment(self, endpoint: Endpoint, version: str) -> Deployment:
        if version not in endpoint.versions:
            there = ", ".join(sorted(endpoint.versions)) or "none yet"
            raise Unanswered("NOT_FOUND", f"model {endpoint.model.name} has no version {version}; there is {there}")
        record, deployment = endpoint.versions[version]
        if record.state == "FAILED":
            raise Unanswered("FAILED_PRECONDITION", f"version {version} has failed: {record.error_message}")
        if record.state not in ANSWERING and not deployment.settled:  # what is settled is READY in a moment
            raise Unanswered("UNAVAILABLE", f"version {version} is {record.state}; try again in a moment", 2)
        return deployment

    async def _answer(self, deployment: Deployment, call: Call) -> Answer:
        lost, end = 0, time.monotonic() + PATIENCE
        while lost < ATTEMPTS:
            worker = await self._worker(deployment, end)
            try:
                return await self._send(worker, call)
            except (NotReached, Lost) as error:
                worker.ready = False  # until the fleet has looked at it
                lost += isinstance(error, Lost)
                self.meter.retries.inc()
            except TooSlow as error:
                raise Unanswered("DEADLINE_EXCEEDED", "the model gave no answer in time; send less") from error
        message = f"{ATTEMPTS} worker processes ended while they had this request; the server keeps their log"
        raise Unanswered("UNAVAILABLE", message, 5)

    async def _send(self, worker: Worker, call: Call) -> Answer:
        """Raises: NotReached, Lost, TooSlow."""
        if worker not in self._connections:
            self._connections[worker] = Connection(worker.socket)
        worker.in_flight += 1
        try:
            return await self._connections[worker].send(call)
        finally:
            worker.in_flight -= 1

    async def _close_old(self) -> None:
        """Let go of workers that have ended, once after each look of the fleet."""
        if self._seen is not self.fleet.endpoints:
            self._seen = self.fleet.endpoints
            await self._close([worker for worker in self._connections if worker.has_ended])

    async def _close(self, workers: Iterable[Worker]) -> None:
        for worker in workers:
            if connection := self._connections.pop(worker, None):
                await connection.close()

    async def _worker(self, deployment: Deployment, end: float) -> Worker:
        """The worker with the fewest requests, as soon as there is one. Raises: Unanswered."""
        usable = deployment.usable() or await self._wait(deployment, end)
        return min(usable, key=lambda worker: worker.in_flight)

    async def _wait(self, deployment: Deployment, end: float) -> list[Worker]:
        if self._patient >= MAX_PATIENT:
            raise Unanswered("UNAVAILABLE", f"{self._patient} requests wait for a worker already; try again", 2)
        self._patient += 1
        try:
            while time.monotonic() < end:
                await asyncio.sleep(LOOK_EVERY)
                if usable := deployment.usable():
                    return usable
        finally:
            self._patient -= 1
        why = f" ({deployment.problem})" if deployment.problem else ""
        raise Unanswered("UNAVAILABLE", f"no worker of version {deployment.version} is ready{why}; try again", 5)
