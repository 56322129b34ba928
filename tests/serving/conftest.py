"""A trained model on a shelf, and a client of the app over it."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from numpy.typing import NDArray
from PIL import Image
from starlette.routing import Route

from boxwright import formats
from boxwright.engine import Engine, Prediction
from boxwright.formats.sample import ClassName
from boxwright.modeldir import ModelCard
from boxwright.serving.app import create_app
from boxwright.serving.metrics import Metrics
from boxwright.serving.model import ServedModel
from boxwright.serving.shelf import Shelf
from boxwright.spec.serving import ServeSettings
from boxwright.spec.training import DataSpec, TrainSpec
from boxwright.tiling import WHOLE, Prepared


@pytest.fixture(scope="session")
def model_folder(finished: Any) -> str:
    """Folder of a model that finds drawn circles and squares in pictures of 64 x 96 pixels."""
    return str(finished.model)


@pytest.fixture(scope="session")
def picture(records: Path) -> bytes:
    """One of the pictures that the model was trained on."""
    return formats.read(f"{records}/train-*")[0].encoded


@dataclass
class Client:
    """A client of an app that really listens; `lines` are those of its access log."""

    app: FastAPI
    lines: list[str]
    url: str = ""

    def request(self, method: str, path: str, **given: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=20, trust_env=False, **given)

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, **given: Any) -> httpx.Response:
        return self.request("POST", path, **given)


@contextlib.contextmanager
def listening(app: FastAPI) -> Iterator[str]:
    """Run an app on a free port; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def client_over() -> Iterator[Callable[..., Client]]:
    """Makes a client of the app over the models that `load(settings, metrics)` gives."""
    with contextlib.ExitStack() as running:

        def make(load: Callable[[ServeSettings, Metrics], list[ServedModel]], **settings: object) -> Client:
            given = ServeSettings.model_validate({"name": "shapes", "threads": 1, "lanes": 2, **settings})
            metrics, lines = Metrics(), list[str]()
            app = create_app(Shelf(load(given, metrics)), given, metrics, lines.append)
            return Client(app, lines, running.enter_context(listening(app)))

        yield make


@pytest.fixture(scope="session")
def client_of(model_folder: str, client_over: Callable[..., Client]) -> Callable[..., Client]:
    """Makes a client of the app over the trained model, with some settings."""
    return lambda **settings: client_over(
        lambda given, metrics: [ServedModel.load(model_folder, given, metrics)], **settings
    )


@pytest.fixture(scope="session")
def client(client_of: Callable[..., Client]) -> Client:
    """A client of the app with the default settings."""
    return client_of()


@pytest.fixture
def pictures_at() -> Iterator[Callable[..., str]]:
    """Makes a server of this machine that answers status, headers and body by path; gives its address.

    What it was asked goes to `asked`, where one is given: path and headers of each request.
    """
    with contextlib.ExitStack() as running:

        def make(answers: dict[str, tuple[int, dict[str, str], bytes]], asked: list[Any] | None = None) -> str:
            async def answer(request: Request) -> Response:
                if asked is not None:
                    asked.append((request.url.path, dict(request.headers)))
                status, headers, body = answers[request.url.path]
                return Response(body, status, headers)

            app = FastAPI(routes=[Route("/{path:path}", answer)])
            return str(running.enter_context(listening(app)))

        yield make


CLASSES = (ClassName(3, "Cat"), ClassName(1, "dog"))


class KnownEngine(Engine):
    """Finds a dog at 0.9 in the left upper quarter, and a cat at 0.25 in the lower half, whatever the picture."""

    def __init__(self) -> None:
        self.classes, self.tiling, self.size, self.limit = CLASSES, WHOLE, (8, 8), 3

    def detect(self, canvases: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        return {"nothing": np.zeros(len(canvases), np.float32)}

    def finish(self, prepared: Prepared, _: Mapping[str, NDArray[np.float32]]) -> Prediction:
        (window,) = prepared.windows
        width, height = window.right, window.bottom
        boxes = np.array([[0, 0, width / 2, height / 2], [0, height / 2, width, height]], np.float32)
        labels = np.array([1, 0])
        return Prediction(boxes, np.array([0.9, 0.25], np.float32), labels, tuple(CLASSES[one] for one in labels))


def _card(algorithm: str) -> ModelCard:
    spec = TrainSpec(data=DataSpec(training_data_path="a", validation_data_path="b", num_classes=2))
    values = {"algorithm": algorithm, "spec": spec, "classes": CLASSES, "input_size": (8, 8), "step": 1}
    return ModelCard.model_validate({**values, "mean": (0, 0, 0), "std": (1, 1, 1), "pad_colour": (0, 0, 0)})


@pytest.fixture(scope="session")
def known_of(client_over: Callable[..., Client]) -> Callable[..., Client]:
    """Makes a client of the app over a model whose answer is known, in two versions; `algorithm` is what trained it."""

    def make(algorithm: str = "image_object_detection", **settings: object) -> Client:
        def load(given: ServeSettings, metrics: Metrics) -> list[ServedModel]:
            versions = (given.model_copy(update={"version": one}) for one in ("2", "1"))
            return [ServedModel(KnownEngine(), _card(algorithm), one, metrics) for one in versions]

        return client_over(load, **{"name": "pets", **settings})

    return make


@pytest.fixture(scope="session")
def known(known_of: Callable[..., Client]) -> Client:
    """A client of the app over the model whose answer is known."""
    return known_of()


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Makes an encoded picture of a width and height."""

    def encoded(width: int, height: int, kind: str = "JPEG") -> bytes:
        buffer = BytesIO()
        Image.new("RGB", (width, height), (200, 10, 30)).save(buffer, kind)
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def photo(encode: Callable[..., bytes]) -> bytes:
    """A JPEG picture, 40 pixels wide and 20 high."""
    return encode(40, 20)
