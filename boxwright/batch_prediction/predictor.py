"""Finds objects in many pictures at the same time, and gives the answers in the order of the pictures."""

import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Any, Self

from boxwright import files, imaging
from boxwright.ahead import ahead
from boxwright.batch_prediction.instance import Instance
from boxwright.batch_prediction.item import Item
from boxwright.engine import MOST_CANVASES, Engine
from boxwright.serving.found import Found
from boxwright.serving.instances import prediction

AHEAD = 2
"""Batches a thread that are read before they are needed."""


@dataclass(frozen=True)
class Answer:
    """What becomes of one instance.

    Attributes:
        line: JSON, without a line feed: the outputs of the model's signature and the key; or input, key and reason.
        failed: whether it is the latter.
    """

    line: str
    failed: bool


class Predictor:
    """Threads that share one network; each decodes pictures and looks at them itself.

    Args:
        engine: whose calls take one thread each.
        workers: threads.
        batch_size: most pictures of a call.
    """

    def __init__(self, engine: Engine, *, workers: int, batch_size: int) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="predict")
        self._ahead = workers * AHEAD
        self._batch = min(batch_size, MOST_CANVASES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)

    def answers(self, items: Iterable[Item], parse: Callable[[Item], Instance]) -> Generator[Answer, None, None]:
        """One answer for each instance, in their order. No picture can end the work.

        Args:
            items: are read no further than the threads need.
            parse: finds key and picture of an instance; called in the threads.
        """
        rest = iter(items)
        batches = iter(lambda: list(islice(rest, self._batch)), [])
        waiting: deque[Future[list[Answer]]] = deque()
        try:
            for batch in islice(batches, self._ahead):
                waiting.append(self._pool.submit(self._predict, batch, parse))
            while waiting:
                yield from waiting.popleft().result()
                for batch in islice(batches, 1):
                    waiting.append(self._pool.submit(self._predict, batch, parse))
        finally:
            for one in waiting:
                one.cancel()

    def _predict(self, items: Sequence[Item], parse: Callable[[Item], Instance]) -> list[Answer]:
        def read(item: Item) -> Instance:
            return Instance(item.name, fault=item.fault) if item.fault else parse(item)

        prepared: list[tuple[Item, Instance, imaging.Picture | None]] = []
        instances = ahead(read, items, files.at_once([item.path for item in items]))
        for item, instance in zip(items, instances, strict=True):
            picture = None
            if not instance.fault:
                try:
                    picture = _upright(instance.encoded)
                except ValueError as error:
                    instance = Instance(instance.key, fault=str(error))
            prepared.append((item, instance, picture))
        pictures = [picture for _, _, picture in prepared if picture is not None]
        found = iter(self._engine.predict_pictures(pictures))
        return [
            _error(item, instance)
            if picture is None
            else _result(instance.key, Found(next(found), picture.shape[1], picture.shape[0]), self._engine.limit)
            for item, instance, picture in prepared
        ]


def _upright(encoded: bytes) -> imaging.Picture:
    return imaging.upright(imaging.decode(encoded), imaging.header(encoded).orientation)


def _result(key: Any, found: Found, slots: int) -> Answer:
    return Answer(json.dumps(prediction(found, slots, key)), failed=False)


def _error(item: Item, instance: Instance) -> Answer:
    return Answer(json.dumps({"input": item.place, "key": instance.key, "reason": instance.fault}), failed=True)
