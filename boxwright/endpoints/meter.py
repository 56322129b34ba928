"""What Prometheus is told of the gateway."""

import contextlib
import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from boxwright.endpoints.recent import Recent

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)

WHERE = ("project", "model", "version")

NO_ANSWER = "none"
"""Status of a request that no worker answered."""


class Meter:
    """The measures of one server, in a registry of their own.

    Attributes:
        requests: answered, by version and HTTP status.
        seconds: from a request's arrival to its answer, waiting for a worker included.
        in_flight: requests that wait for their answer.
        retries: requests that were sent again because a worker had ended.
        workers: worker processes that answer.
        jobs: jobs of each state.
        recent: the last requests, for those who look now.
    """

    def __init__(self) -> None:
        self.recent = Recent()
        self.registry = here = CollectorRegistry()
        name = "boxwright_endpoint_"
        self.requests = Counter(f"{name}requests_total", "Requests answered.", [*WHERE, "status"], registry=here)
        self.seconds = Histogram(f"{name}seconds", "Seconds to the answer.", WHERE, buckets=SECONDS, registry=here)
        self.in_flight = Gauge(f"{name}in_flight", "Requests that wait for their answer.", WHERE, registry=here)
        self.retries = Counter(f"{name}retries_total", "Requests sent again, as a worker had ended.", registry=here)
        self.workers = Gauge(f"{name}workers", "Worker processes that answer.", WHERE, registry=here)
        self.jobs = Gauge("boxwright_jobs", "Jobs.", ["project", "state"], registry=here)

    @contextlib.contextmanager
    def request(self, where: tuple[str, str, str]) -> Iterator[Callable[[int], None]]:
        """Measure a request; what it gives is to be told the answer's status."""
        status = 0

        def note(code: int) -> None:
            nonlocal status
            status = code

        start = time.perf_counter()
        self.in_flight.labels(*where).inc()
        try:
            yield note
        finally:
            self.in_flight.labels(*where).dec()
            seconds = time.perf_counter() - start
            self.requests.labels(*where, str(status) if status else NO_ANSWER).inc()
            self.seconds.labels(*where).observe(seconds)
            self.recent.note(where, status, seconds)

    def text(self) -> bytes:
        """All measures in Prometheus's text format."""
        return generate_latest(self.registry)
