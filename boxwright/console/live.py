"""Pages that stay true: one look at the API for all open pages that show the same thing."""

import asyncio
import contextlib
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from nicegui.client import Client
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
        seen: the answer that was drawn last.
        failed: whether the last look that it was told of has failed.
    """

    api: Api
    place: Element
    draw: Draw
    fail: Fail
    seen: Answer | None = field(default=None, init=False)
    failed: bool = field(default=False, init=False)

    @property
    def gone(self) -> bool:
        return self.place.is_deleted or self.place.client.is_deleted

    async def show(self, answer: Answer) -> None:
        """Draw, unless the page is gone."""
        if not self.gone:
            self.seen = answer
            with self.place:
                result = self.draw(answer)
                if inspect.isawaitable(result):
                    await result

    def tell(self, error: ServerError | None) -> None:
        """Tell of an error, or that it is over."""
        self.failed = error is not None
        if not self.gone:
            with self.place:
                self.fail(error)


class Feed:
    """Looks at one thing again and again, for all who show it to somebody.

    Args:
        look: asks the API.
        every: seconds between looks.
        resting: browsers' pages that nobody sees; they are neither looked for nor drawn.
    """

    def __init__(self, look: Look, every: float, resting: Collection[Client]) -> None:
        self.every = every
        self.subscribers: list[Subscriber] = []
        self._look, self._resting = look, resting
        self._answer: Answer | None = None
        self._looked = 0.0
        self._sooner = asyncio.Event()

    async def join(self, one: Subscriber) -> None:
        """Draw what is known, or look first. Raises: ServerError: the API refuses that first look."""
        self.subscribers.append(one)
        answer = self._answer
        try:
            if answer is None or time.monotonic() - self._looked > self.every:
                answer = self._keep(await self._look(one.api))
        except ServerError:
            self.subscribers.remove(one)
            raise
        await one.show(answer)

    async def catch_up(self, client: Client) -> None:
        """A page is seen again: draw what others have seen meanwhile, and look at once."""
        own = [one for one in self._present() if one.place.client is client]
        for one in own:
            await self._bring(one)
        if own:
            self.look_now()

    def look_now(self) -> None:
        """Do not wait for the next look: something was changed."""
        self._sooner.set()

    async def run(self) -> None:
        """Look until nobody shows it."""
        while self._present():
            # Not `wait_for`, which loses a cancellation that comes together with what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.every):
                    await self._sooner.wait()
            self._sooner.clear()
            for one in self._awake()[:1]:
                await self._look_for(one)

    def _present(self) -> list[Subscriber]:
        self.subscribers = [one for one in self.subscribers if not one.gone]
        return self.subscribers

    def _awake(self) -> list[Subscriber]:
        return [one for one in self._present() if one.place.client not in self._resting]

    def _keep(self, answer: Answer) -> Answer:
        """The answer to draw: the known one where nothing has changed, by which subscribers tell that they have it."""
        self._answer, self._looked = self._answer if answer == self._answer else answer, time.monotonic()
        assert self._answer is not None
        return self._answer

    async def _look_for(self, one: Subscriber) -> None:
        try:
            answer = await self._look(one.api)
        except ServerError as error:
            if error.code == SIGNED_OUT:  # the session of this page, not of the others
                one.tell(error)
                self.subscribers.remove(one)
                return
            for each in self._awake():
                each.tell(error)
            return
        self._keep(answer)
        for each in self._awake():
            await self._bring(each)

    async def _bring(self, one: Subscriber) -> None:
        """Draw the newest answer where it was not drawn yet, and tell that an outage is over."""
        try:
            if one.failed:
                one.tell(None)
            if self._answer is not None and one.seen is not self._answer:
                await one.show(self._answer)
        except Exception:  # a fault of one page must not stop the others
            LOG.exception("a page could not show what it was given")


class Feeds:
    """All feeds of a server, by what they look at; each lives as long as a page shows it."""

    def __init__(self) -> None:
        self._feeds: dict[Hashable, Feed] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._resting: WeakSet[Client] = WeakSet()

    async def join(self, key: Hashable, look: Look, every: float, one: Subscriber) -> None:
        """Show what others with this key show, too. Raises: ServerError: of the first look."""
        feed = self._feeds.get(key)
        if feed is None or not feed.subscribers:
            feed = self._feeds[key] = Feed(look, every, self._resting)
            await feed.join(one)
            task = asyncio.create_task(self._run(key, feed), name=f"feed {key}")
            self._tasks.add(task)  # asyncio itself would forget it
            task.add_done_callback(self._tasks.discard)
        else:
            feed.every = min(feed.every, every)
            await feed.join(one)

    async def seen(self, client: Client, visible: bool) -> None:
        """Whether somebody sees a browser's page: one that nobody sees rests until it is, and is then true at once."""
        if not visible:
            self._resting.add(client)
        elif client in self._resting:
            self._resting.discard(client)
            for feed in list(self._feeds.values()):
                await feed.catch_up(client)

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
