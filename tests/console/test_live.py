"""Tests of feeds: one look for all pages that show the same."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from boxwright.client import ServerError
from boxwright.console.live import Feeds, Subscriber


class Client:
    """Stands for a browser's page."""

    is_deleted = False


@dataclass
class Place:
    """Stands for an element of a page."""

    is_deleted: bool = False
    client: Any = field(default_factory=Client)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


@dataclass
class Page:
    """A page that shows one thing; `drawn` and `told` are what it was given."""

    name: str
    place: Place = field(default_factory=Place)
    drawn: list[Any] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)

    def subscriber(self) -> Subscriber:
        return Subscriber(self.name, self.place, self.drawn.append, self.told.append)  # type: ignore[arg-type]  # fakes


class Server:
    """Answers looks, and counts them."""

    def __init__(self) -> None:
        self.looks: list[Any] = []
        self.answer: Any = {"n": 0}
        self.signed_out: set[Any] = set()
        self.error: ServerError | None = None

    async def look(self, api: Any) -> Any:
        self.looks.append(api)
        if api in self.signed_out:
            raise ServerError(401, "UNAUTHENTICATED", "over")
        if self.error:
            raise self.error
        return self.answer


async def until(what: Any) -> None:
    async with asyncio.timeout(5):
        while not what():
            await asyncio.sleep(0.002)


def run(test: Any) -> None:
    async def main() -> None:
        await test(Feeds(), Server())

    with ThreadPoolExecutor(1) as pool:  # Playwright's loop runs in the thread of the tests
        pool.submit(asyncio.run, main()).result()


def test_fifty_pages_cost_one_look() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        pages = [Page(str(number)) for number in range(50)]
        for page in pages:
            await feeds.join("k", server.look, 10.0, page.subscriber())
        assert len(server.looks) == 1
        assert all(page.drawn == [{"n": 0}] for page in pages)
        server.answer = {"n": 1}
        feeds.look_now()
        await until(lambda: pages[-1].drawn[-1] == {"n": 1})
        assert len(server.looks) == 2
        assert all(page.drawn == [{"n": 0}, {"n": 1}] for page in pages)

    run(test)


def test_what_has_not_changed_is_not_drawn_again() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        page = Page("a")
        await feeds.join("k", server.look, 0.005, page.subscriber())
        await until(lambda: len(server.looks) > 5)
        assert page.drawn == [{"n": 0}]

    run(test)


def test_a_feed_ends_when_its_last_page_is_gone() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        one, other = Page("a"), Page("b")
        await feeds.join("k", server.look, 0.005, one.subscriber())
        await feeds.join("k", server.look, 0.005, other.subscriber())
        one.place.is_deleted = True
        server.answer = {"n": 1}
        await until(lambda: other.drawn == [{"n": 0}, {"n": 1}])
        assert one.drawn == [{"n": 0}]
        other.place.client.is_deleted = True
        await until(lambda: len(feeds) == 0)
        count = len(server.looks)
        await asyncio.sleep(0.05)
        assert len(server.looks) == count

    run(test)


def test_an_outage_is_told_and_so_is_its_end() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        page = Page("a")
        await feeds.join("k", server.look, 0.005, page.subscriber())
        server.error = ServerError(503, "UNAVAILABLE", "away")
        await until(lambda: page.told)
        assert page.told[0] is server.error
        server.error = None
        await until(lambda: page.told[-1] is None)
        assert page.drawn == [{"n": 0}]

    run(test)


def test_who_is_signed_out_is_told_and_the_others_see_on() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        one, other = Page("a"), Page("b")
        await feeds.join("k", server.look, 0.005, one.subscriber())
        await feeds.join("k", server.look, 0.005, other.subscriber())
        server.signed_out.add("a")
        server.answer = {"n": 1}
        await until(lambda: {"n": 1} in other.drawn)
        assert [error.code for error in one.told] == [401]
        assert one.drawn == [{"n": 0}]
        assert other.told == []

    run(test)


def test_a_refused_first_look_is_the_pages_own_error() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        server.error = ServerError(404, "NOT_FOUND", "no such job")
        page, refused = Page("a"), None
        try:
            await feeds.join("k", server.look, 0.005, page.subscriber())
        except ServerError as error:
            refused = error
        assert refused is server.error
        assert page.drawn == []
        server.error = None
        await feeds.join("k", server.look, 10.0, page.subscriber())
        assert page.drawn == [{"n": 0}]

    run(test)


def test_a_page_that_cannot_draw_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        faulty, other = Page("a"), Page("b")
        await feeds.join("k", server.look, 0.005, faulty.subscriber())
        await feeds.join("k", server.look, 0.005, other.subscriber())
        feeds._feeds["k"].subscribers[0].draw = lambda _: 1 / 0  # type: ignore[assignment,return-value]  # faulty
        server.answer = {"n": 1}
        await until(lambda: {"n": 1} in other.drawn)

    run(test)
    assert "ZeroDivisionError" in caplog.text


def test_pages_that_nobody_sees_rest() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        hidden, seen = Page("hidden"), Page("seen")
        await feeds.join("k", server.look, 0.005, hidden.subscriber())
        await feeds.join("k", server.look, 0.005, seen.subscriber())
        await feeds.seen(hidden.place.client, False)
        server.answer = {"n": 1}
        await until(lambda: seen.drawn[-1] == {"n": 1})
        assert hidden.drawn == [{"n": 0}]
        await feeds.seen(hidden.place.client, True)
        assert hidden.drawn == [{"n": 0}, {"n": 1}]  # at once, without another look

    run(test)


def test_what_nobody_sees_is_not_looked_at() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        page = Page("a")
        await feeds.join("k", server.look, 0.005, page.subscriber())
        await feeds.seen(page.place.client, False)
        await asyncio.sleep(0.02)
        count, server.answer = len(server.looks), {"n": 1}
        await asyncio.sleep(0.05)
        assert len(server.looks) == count and page.drawn == [{"n": 0}]
        await feeds.seen(page.place.client, True)
        await until(lambda: page.drawn == [{"n": 0}, {"n": 1}])

    run(test)


def test_an_outage_that_ended_while_nobody_saw_the_page_is_told_to_be_over() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        page, other = Page("a"), Page("b")
        for one in (page, other):
            await feeds.join("k", server.look, 0.005, one.subscriber())
        server.error = ServerError(503, "UNAVAILABLE", "away")
        await until(lambda: page.told)
        await feeds.seen(page.place.client, False)
        server.error = None
        await until(lambda: other.told[-1] is None)
        assert page.told[-1] is not None
        await feeds.seen(page.place.client, True)
        assert page.told[-1] is None

    run(test)


def test_what_a_page_that_comes_later_finds_is_shown_to_the_others_as_well() -> None:
    async def test(feeds: Feeds, server: Server) -> None:
        early, late = Page("early"), Page("late")
        await feeds.join("k", server.look, 0.02, early.subscriber())
        feeds._feeds["k"]._looked -= 1  # long ago
        server.answer = {"n": 1}
        await feeds.join("k", server.look, 0.02, late.subscriber())
        assert late.drawn == [{"n": 1}]
        await until(lambda: early.drawn == [{"n": 0}, {"n": 1}])

    run(test)
