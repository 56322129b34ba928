"""Watching a thing together."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from boxwright.api.watch import Watch, Watches


def watching(look: Callable[[], int]) -> Callable[[], Watch[int]]:
    return lambda: Watch(look, 0.01, ThreadPoolExecutor(1))


def test_a_change_wakes_all_and_the_last_one_puts_out_the_light() -> None:
    looks = [0]

    def look() -> int:
        looks[0] += 1
        return min(looks[0] // 10, 1)

    async def one(watches: Watches) -> int:
        async with watches.on("x", watching(look)) as watch:
            assert watch.seen == 0
            while watch.seen == 0:
                await watch.changed(0, 5)
            return watch.seen

    async def run() -> None:
        watches = Watches()
        assert await asyncio.gather(*(one(watches) for _ in range(30))) == [1] * 30
        assert list(watches) == []
        done = looks[0]
        await asyncio.sleep(0.1)
        assert 10 <= done < 20 and looks[0] <= done + 1

    asyncio.run(run())


def test_what_is_known_already_is_not_waited_for() -> None:
    async def run() -> None:
        async with Watches().on("x", watching(lambda: 1)) as watch:
            begin = time.monotonic()
            await watch.changed(0, 60)
            assert time.monotonic() - begin < 20
            await watch.changed(1, 0.05)
            assert 0.04 < time.monotonic() - begin < 20

    asyncio.run(run())


def test_the_first_look_may_fail_and_later_outages_are_overlooked() -> None:
    away = threading.Event()
    looks = [0]

    def look() -> int:
        looks[0] += 1
        if away.is_set():
            raise ConnectionError("away")
        return looks[0]

    async def run() -> None:
        watches = Watches()
        away.set()
        with pytest.raises(ConnectionError):
            async with watches.on("x", watching(look)):
                pass
        assert list(watches) == []
        away.clear()
        async with watches.on("x", watching(look)) as watch:
            away.set()
            await asyncio.sleep(0.05)
            seen, looked = watch.seen, watch.looked
            await asyncio.sleep(0.1)
            assert (watch.seen, watch.looked) == (seen, looked)
            away.clear()
            await watch.changed(seen, 5)
            assert watch.seen > seen and watch.looked > looked

    asyncio.run(run())


def test_another_error_is_told_to_those_who_watch() -> None:
    looks = [0]

    def look() -> int:
        looks[0] += 1
        return 1 // (2 - looks[0])

    async def run() -> None:
        async with Watches().on("x", watching(look)) as watch:
            for _ in range(20):
                await watch.changed(1, 0.05)

    with pytest.raises(ZeroDivisionError):
        asyncio.run(run())
