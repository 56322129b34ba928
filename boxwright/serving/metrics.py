"""What Prometheus is told of a serving process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The measures of one process, in a registry of their own.

    Attributes:
        counting: whether anything is counted; what the process asks itself at its start is not.
        requests: answered, by route and HTTP status.
        seconds: from a request's head to the end of its answer, by route.
        pictures: looked at, by model and version.
        batch: canvases of one call of the network.
        waiting: pictures that are taken on and not answered.
        refused: requests that the full queue sent away.
    """

    def __init__(self) -> None:
        self.counting = True
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "boxwright_serving_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "boxwright_serving_request_seconds",
            "Seconds to the answer.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.pictures = Counter(
            "boxwright_serving_pictures", "Pictures looked at.", ["model", "version"], registry=self.registry
        )
        self.batch = Histogram(
            "boxwright_serving_batch_size",
            "Canvases of a call of the network.",
            buckets=BATCHES,
            registry=self.registry,
        )
        self.waiting = Gauge(
            "boxwright_serving_waiting_pictures", "Pictures taken on and not answered.", registry=self.registry
        )
        self.refused = Counter(
            "boxwright_serving_refused", "Requests sent away because the queue was full.", registry=self.registry
        )

    def ran(self, canvases: int) -> None:
        """The network was called with so many canvases."""
        if self.counting:
            self.batch.observe(canvases)

    def looked_at_one(self, model: str, version: str) -> None:
        """A picture was looked at."""
        if self.counting:
            self.pictures.labels(model, version).inc()

    def text(self) -> bytes:
        """All measures in the text format of Prometheus."""
        return generate_latest(self.registry)
