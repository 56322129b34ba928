"""Pages that stay true: one look at the API for all open pages that show the same thing."""

import asyncio
import contextlib
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element

from boxwright.client import ServerError
from boxwright.console.api import Api

Answer = dict[str, Any]
Draw = Callable[[Answer], Awaitable[None] | None]
Fail = Callable[[ServerError | None], None]
Look = Callable[[Api], Awaitable[Answer]]

SIGNED_OUT = 401

LOG = logging.getLogger(__name__)


@dataclass(eq=False)
class Subscriber:
    """A part of a page that shows an answer.

    Attributes:
        api: of its browser.
        place: the element that `draw` draws in; when it is deleted, nothing is drawn any more.
        draw: is given the answer whenever it is another one.
        fail: is given the error of a look, and None when a later one succeeds.
    """

    api: Api
    place: Element
    draw: Draw
    fail: Fail

    @property
    def gone(self) -> bool:
        return self.place.is_deleted or self.place.client.is_deleted

    async def show(self, answer: Answer) -> None:
        """Draw, unless the page is gone."""
        if not self.gone:
            with self.place:
                result = self.draw(answer)
                if inspect.isawaitable(result):
                    await result

    def tell(self, error: ServerError | None) -> None:
        """Tell of an error, or that it is over."""
        if not self.gone:
            with self.place:
                self.fail(error)


class Feed:
    """Looks at one thing again and again, for all who show it.

    Args:
        look: asks the API.
        every: seconds between looks.
    """

    def __init__(self, look: Look, every: float) -> None:
        self.every = every
        self.subscribers: list[Subscriber] = []
        self._look = look
        self._answer: Answer | None = None
        self._looked = 0.0
        self._failed = False
        self._sooner = asyncio.Event()

    async def join(self, one: Subscriber) -> None:
        """Draw what is known, or look first. Raises: ServerError: the API refuses that first look."""
        self.subscribers.append(one)
        answer = self._answer
        try:
            if answer is None or time.monotonic() - self._looked > self.every:
                answer = await self._look(one.api)
                self._answer, self._looked = answer, time.monotonic()
        except ServerError:
            self.subscribers.remove(one)
            raise
        await one.show(answer)

    def look_now(self) -> None:
        """Do not wait for the next look: something was changed."""
        self._sooner.set()

    async def run(self) -> None:
        """Look until nobody shows it."""
        while self._present():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._sooner.wait(), self.every)
            self._sooner.clear()
            for one in self._present()[:1]:
                await self._look_for(one)

    def _present(self) -> list[Subscriber]:
        self.subscribers = [one for one in self.subscribers if not one.gone]
        return self.subscribers

    async def _look_for(self, one: Subscriber) -> None:
        try:
            answer = await self._look(one.api)
        except ServerError as error:
            if error.code == SIGNED_OUT:  # the session of this page, not of the others
                one.tell(error)
                self.subscribers.remove(one)
                return
            self._failed = True
            for each in self._present():
                each.tell(error)
            return
        await self._spread(answer)

    async def _spread(self, answer: Answer) -> None:
        news, self._answer, self._looked = answer != self._answer, answer, time.monotonic()
        recovered, self._failed = self._failed, False
        for one in list(self._present()):
            try:
                if recovered:
                    one.tell(None)
                if news:
                    await one.show(answer)
            except Exception:  # a fault of one page must not stop the others
                LOG.exception("a page could not show what it was given")


class Feeds:
    """All feeds of a server, by what they look at; each lives as long as a page shows it."""

    def __init__(self) -> None:
        self._feeds: dict[Hashable, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, key: Hashable, look: Look, every: float, one: Subscriber) -> None:
        """Show what others with this key show, too. Raises: ServerError: of the first look."""
        feed = self._feeds.get(key)
        if feed is None or not feed.subscribers:
            feed = self._feeds[key] = Feed(look, every)
            await feed.join(one)
            task = asyncio.create_task(self._run(key, feed), name=f"feed {key}")
            self._tasks.add(task)  # asyncio itself would forget it
            task.add_done_callback(self._tasks.discard)
        else:
            feed.every = min(feed.every, every)
            await feed.join(one)

    def look_now(self) -> None:
        """All look at once: a page has changed something."""
        for feed in self._feeds.values():
            feed.look_now()

    async def _run(self, key: Hashable, feed: Feed) -> None:
        try:
            await feed.run()
        finally:
            if self._feeds.get(key) is feed:
                del self._feeds[key]

    def __len__(self) -> int:
        return len(self._feeds)
