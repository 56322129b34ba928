"""Batches form from what waits; each picture gets its own rows."""

import asyncio
import threading
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from boxwright.serving.batching import Batcher, Outputs


def canvases(*values: int) -> NDArray[np.uint8]:
    return np.array(values, np.uint8).reshape(-1, 1, 1, 1).repeat(3, 3)


def doubled(pictures: NDArray[np.uint8]) -> Outputs:
    return {"value": 2.0 * pictures[:, 0, 0, 0].astype(np.float32)}


class Gate:
    """A network that waits until it is let through, and remembers the sizes of its batches."""

    def __init__(self) -> None:
        self.open, self.entered, self.sizes = threading.Event(), threading.Event(), list[int]()

    def __call__(self, pictures: NDArray[np.uint8]) -> Outputs:
        self.sizes.append(len(pictures))
        self.entered.set()
        assert self.open.wait(10)
        return doubled(pictures)


def run(of: Callable[[Batcher], object], network: object = doubled, **options: object) -> object:
    async def all_of_it() -> object:
        batcher = Batcher(network, **{"lanes": 1, "max_batch": 4, **options})  # type: ignore[arg-type]  # by tests
        try:
            return await of(batcher)  # type: ignore[misc]  # a coroutine
        finally:
            if isinstance(network, Gate):
                network.open.set()
            batcher.close()

    return asyncio.run(all_of_it())


@pytest.mark.parametrize("lanes", [1, 3])
def test_each_picture_gets_its_own_rows(lanes: int) -> None:
    async def ask(batcher: Batcher) -> list[list[float]]:
        asked = [batcher.outputs(canvases(*range(n, n + 1 + n % 3))) for n in range(40)]
        return [outputs["value"].tolist() for outputs in await asyncio.gather(*asked)]

    assert run(ask, lanes=lanes) == [[2.0 * value for value in range(n, n + 1 + n % 3)] for n in range(40)]


def test_what_waits_while_a_lane_is_busy_is_taken_together_up_to_the_limit() -> None:
    gate = Gate()

    async def ask(batcher: Batcher) -> None:
        first = asyncio.ensure_future(batcher.outputs(canvases(1)))
        await asyncio.to_thread(gate.entered.wait, 10)
        others = [asyncio.ensure_future(batcher.outputs(canvases(n))) for n in range(6)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(first, *others)

    run(ask, gate, max_batch=4)
    assert gate.sizes == [1, 4, 2]


def test_a_picture_of_more_tiles_than_a_batch_is_one_call() -> None:
    gate = Gate()
    gate.open.set()

    async def ask(batcher: Batcher) -> None:
        outputs = await batcher.outputs(canvases(*range(9)))
        assert len(outputs["value"]) == 9

    run(ask, gate, max_batch=4)
    assert gate.sizes == [9]


def test_a_lane_waits_for_a_batch_to_fill_but_not_longer_than_it_may() -> None:
    sizes: list[int] = []

    async def ask(batcher: Batcher) -> None:
        first = asyncio.ensure_future(batcher.outputs(canvases(1)))
        await asyncio.sleep(0.02)
        await asyncio.gather(first, batcher.outputs(canvases(2)))  # full, long before the wait is over
        await asyncio.wait_for(batcher.outputs(canvases(3)), 5)  # alone, after the wait

    run(ask, max_batch=2, max_wait=0.5, observe=sizes.append)
    assert sizes == [2, 1]


def test_a_network_that_fails_fails_its_own_batch_only() -> None:
    def touchy(pictures: NDArray[np.uint8]) -> Outputs:
        if pictures.max() > 100:
            raise RuntimeError("too bright")
        return doubled(pictures)

    async def ask(batcher: Batcher) -> None:
        with pytest.raises(RuntimeError, match="too bright"):
            await batcher.outputs(canvases(200))
        assert (await batcher.outputs(canvases(3)))["value"].tolist() == [6.0]

    run(ask, touchy)


def test_a_request_that_is_given_up_is_not_computed() -> None:
    gate = Gate()

    async def ask(batcher: Batcher) -> None:
        first = asyncio.ensure_future(batcher.outputs(canvases(1)))
        await asyncio.to_thread(gate.entered.wait, 10)
        given_up = asyncio.ensure_future(batcher.outputs(canvases(2)))
        kept = asyncio.ensure_future(batcher.outputs(canvases(3)))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.sleep(0)
        gate.open.set()
        assert (await kept)["value"].tolist() == [6.0]
        await first

    run(ask, gate)
    assert gate.sizes == [1, 1]


def test_closing_finishes_what_waits_and_refuses_more() -> None:
    gate = Gate()

    async def ask(batcher: Batcher) -> None:
        asked = [asyncio.ensure_future(batcher.outputs(canvases(n))) for n in range(3)]
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.to_thread(batcher.close)
        assert [one["value"].tolist() for one in await asyncio.gather(*asked)] == [[0.0], [2.0], [4.0]]
        with pytest.raises(RuntimeError, match="unloaded"):
            await batcher.outputs(canvases(1))

    run(ask, gate)
