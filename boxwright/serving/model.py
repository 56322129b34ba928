"""A model that is being served: pictures in, detections out, many requests at a time."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import cv2
import numpy as np

from boxwright import imaging, modeldir
from boxwright.engine import Engine, cores
from boxwright.serving.batching import Batcher, Outputs
from boxwright.serving.found import EVERYTHING, Found, Selection
from boxwright.serving.metrics import Metrics
from boxwright.serving.rejection import RETRY_AFTER, Rejection
from boxwright.spec.serving import ServeSettings
from boxwright.tiling import Prepared

Given = bytes | imaging.Picture
"""A picture: encoded, or uint8 (height, width, 3) RGB."""

WARM_UP_RUNS = 2
"""Calls of each size of batch before the first request: the first one allocates, the second is as fast as any."""


class ServedModel:
    """A detector that answers many requests at a time. Decoding, the network and answers overlap.

    Args:
        engine: of the model.
        card: of the model.
        settings: name, version and limits.
        metrics: where its work is counted.

    Attributes:
        name, version: by which clients call it.
        card: what it is.
        slots: most detections of a picture.
        loaded: when, in seconds since 1970.
    """

    def __init__(self, engine: Engine, card: modeldir.ModelCard, settings: ServeSettings, metrics: Metrics) -> None:
        self.name, self.version, self.card = settings.name, settings.version, card
        self.slots, self.loaded = engine.limit, time.time()
        self._engine, self._settings, self._metrics = engine, settings, metrics
        self._taken_on = 0
        lanes = settings.lanes or cores()
        self._decoders = ThreadPoolExecutor(lanes, thread_name_prefix="decode")
        self._batcher = Batcher(
            engine.detect_in_parts,
            lanes=lanes,
            max_batch=settings.max_batch,
            max_wait=settings.max_wait,
            observe=metrics.ran,
        )

    @classmethod
    def load(cls, folder: str, settings: ServeSettings, metrics: Metrics) -> Self:
        """Load a model's folder and warm it up: the first request takes no longer than the hundredth.

        Raises:
            FileNotFoundError: no model there.
            ValueError: a card or file that cannot be used, or that is not what its card says.
        """
        engine = Engine.load(
            folder,
            threads=settings.threads or None,
            spin=settings.spin,
            variant=settings.variant,
            tile=settings.tile,
            overlap=settings.overlap,
        )
        model = cls(engine, modeldir.read_card(folder), settings, metrics)
        model.warm_up()
        return model

    def warm_up(self) -> None:
        """Do all that is done once: libraries, threads and memory for each size of batch. Nothing of it is counted."""
        _, encoded = cv2.imencode(".jpg", np.zeros((16, 16, 3), np.uint8))
        picture = imaging.upright(imaging.decode(encoded.tobytes()), orientation=1)
        prepared = self._engine.prepare(picture)
        for size in dict.fromkeys((1, self._settings.max_batch)):
            for _ in range(WARM_UP_RUNS):
                outputs = self._engine.detect(np.repeat(prepared.canvases[:1], size, axis=0))
        self._engine.finish(prepared, {name: rows[:1] for name, rows in outputs.items()})

    async def detect(self, encoded: bytes, selection: Selection = EVERYTHING) -> Found:
        """Detections in one JPEG, PNG, GIF or BMP picture, upright as its EXIF orientation says.

        Raises:
            Rejection: 400 no such picture, 413 too many pixels, 429 the queue is full, 503 it took too long.
        """
        return (await self.detect_all([encoded], selection))[0]

    async def detect_all(self, given: Sequence[Given], selection: Selection = EVERYTHING) -> list[Found]:
        """Detections in several pictures of any sizes, encoded or decoded: uint8 (H, W, 3) RGB, which stay as they are.

        Raises:
            Rejection: as `detect`, for the first picture that is refused, which it names where there are several; too
                many pictures for one request.
        """
        if len(given) > self._settings.max_pictures:
            limit = f"at most {self._settings.max_pictures} (--max-pictures)"
            raise Rejection(413, f"a request may hold {limit} pictures, got {len(given)}")
        places = [
            f"picture {number} of {len(given)}: " if len(given) > 1 else "" for number in range(1, len(given) + 1)
        ]
        with self._room_for(len(given)):
            try:
                async with asyncio.timeout(self._settings.timeout):
                    each = (self._detect(*one, selection) for one in zip(given, places, strict=True))
                    return list(await asyncio.gather(*each))
            except TimeoutError:
                message = f"the answer took longer than {self._settings.timeout:g} s (--timeout); send less at a time"
                raise Rejection(503, message, headers=RETRY_AFTER) from None

    def close(self) -> None:
        """Finish what is under way and free the threads."""
        self._decoders.shutdown()
        self._batcher.close()

    async def _detect(self, given: Given, place: str, selection: Selection) -> Found:
        loop = asyncio.get_running_loop()
        prepared, (height, width) = await loop.run_in_executor(self._decoders, self._prepare, given, place)
        outputs: Outputs = await self._batcher.outputs(prepared.canvases)
        self._metrics.looked_at_one(self.name, self.version)
        return Found(self._engine.finish(prepared, outputs), width, height).select(selection)

    def _prepare(self, given: Given, place: str) -> tuple[Prepared, tuple[int, int]]:
        try:
            if not isinstance(given, bytes):
                self._check_size(given.shape[1], given.shape[0], place)
                picture = given
            else:
                header = imaging.header(given)
                self._check_size(header.width, header.height, place)
                picture = imaging.upright(imaging.decode(given), header.orientation)
            return self._engine.prepare(picture), (picture.shape[0], picture.shape[1])
        except ValueError as error:
            raise Rejection(400, f"{place}{error}") from error

    def _check_size(self, width: int, height: int, place: str) -> None:
        if width * height > self._settings.max_pixels:
            limit = f"{self._settings.max_pixels:,} (--max-pixels)"
            raise Rejection(413, f"{place}the picture has {width} x {height} pixels; at most {limit} are taken")

    @contextlib.contextmanager
    def _room_for(self, pictures: int) -> Iterator[None]:
        if self._taken_on and self._taken_on + pictures > self._settings.queue:
            self._metrics.refused.inc()
            message = f"{self._taken_on} pictures wait already; at most {self._settings.queue} (--queue) are taken on"
            raise Rejection(429, f"{message}; try again in a moment", headers=RETRY_AFTER)
        self._taken_on += pictures
        self._metrics.waiting.inc(pictures)
        try:
            yield
        finally:
            self._taken_on -= pictures
            self._metrics.waiting.dec(pictures)
