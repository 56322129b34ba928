"""What a page is given: who looks at it, in which language and zone, the API, and the way to other pages."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from nicegui import ui
from nicegui.client import Client

from boxwright.client import ServerError
from boxwright.console import figures, texts
from boxwright.console.api import Api
from boxwright.console.live import Draw, Feeds, Subscriber
from boxwright.console.texts.said import said

MOUNT = "/console"
"""Where the console is on the server."""

ROLES = ("viewer", "annotator", "trainer", "admin")
"""Each may do what those before it may; the API decides, and pages only leave out what it would refuse."""

LIVE_EVERY = 2.0
"""Seconds between looks at what a page shows."""


@dataclass
class View:
    """A page in a browser.

    Attributes:
        api: asks the server as the one who looks.
        feeds: of all pages.
        client: NiceGUI's side of the browser's page.
        name, role: of the token that was signed in with.
        language: one of `texts.languages`.
        zone: of the one who looks.
        dark: whether the page is dark; None where the browser decides.
        project: that the page is about.
        lost: is told of an error of a live part, and None when it is over.
    """

    api: Api
    feeds: Feeds
    client: Client
    name: str
    role: str
    language: str
    zone: ZoneInfo
    dark: bool | None = None
    project: str = "local"
    lost: Callable[[ServerError | None], None] = field(default=lambda _: None)

    def may(self, role: str) -> bool:
        """Whether the one who looks has this role or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def text(self, key: str, **values: Any) -> str:
        """A text of the catalogue; numbers among the values are written with thousands separators."""
        shown = {name: self.number(one) if isinstance(one, int) else one for name, one in values.items()}
        return texts.text(self.language, key, **shown)

    def said(self, words: str) -> str:
        """What the API says, in the viewer's language; as it is where the catalogue does not have it."""
        return said(self.language, words)

    def time(self, moment: str, *, seconds: bool = False) -> str:
        """RFC 3339 as a time in the viewer's zone."""
        return figures.clock(moment, self.zone, self.language, seconds=seconds)

    def duration(self, seconds: float | None) -> str:
        return figures.duration(seconds)

    def bytes(self, count: float | None) -> str:
        return figures.size(count)

    def number(self, value: float | None, digits: int = 0) -> str:
        return figures.number(value, digits, self.language)

    def percent(self, share: float | None, digits: int = 0) -> str:
        return figures.percent(share, digits)

    def resource(self, *parts: str) -> str:
        """Path of a resource of the project in the API, such as `resource("jobs", job_id)`."""
        return "/v1/projects/" + "/".join(quote(part, safe=":") for part in (self.project, *parts))

    def path(self, *parts: str, **query: Any) -> str:
        """Path of a page of the project; values of the query that are empty are left out."""
        return page_path(self.project, *parts, **query)

    def go(self, path: str) -> None:
        """Show another page."""
        with self.client:
            ui.navigate.to(path.removeprefix(MOUNT))

    def remember(self, **query: Any) -> None:
        """Put values into the address of the page as it is shown, so that it can be linked to; empty takes out."""
        self.client.run_javascript(f"boxwright.remember({_texts(query)})")

    def turn(self, part: str, *, push: bool, **query: Any) -> None:
        """Remember that a part of the page is shown, such as a step.

        Args:
            part: which; the page's element of class "turning" gets it in a "turned" event when Back leads to it.
            push: Back leads to the part before; else this one takes its place.
        """
        self.client.run_javascript(f"boxwright.remember({_texts(query)}, {json.dumps(part)}, {json.dumps(push)})")

    async def live(self, path: str, draw: Draw, *, every: float = LIVE_EVERY, own: bool = False, **query: Any) -> None:
        """Draw what the API answers, now and whenever it answers something else, in the present element.

        Args:
            path: that is asked for with GET.
            draw: is given the answer; may be a coroutine. It draws in the element that is open where this is called.
            every: seconds between looks, which all open pages of the same role share.
            own: nobody else sees the same.
            query: of the request.

        Raises:
            ServerError: the API refuses the first look.
        """
        place = ui.context.slot.parent
        key = (self.api.secret if own else self.role, path, tuple(sorted(query.items())))
        one = Subscriber(self.api, place, draw, self.lost)
        await self.feeds.join(key, lambda api: api.get(path, **query), every, one)

    def look_again(self) -> None:
        """All live parts of all pages look at once: something was changed."""
        self.feeds.look_now()


def _texts(query: Mapping[str, Any]) -> str:
    return json.dumps({name: str(value) for name, value in query.items()})


def page_path(*parts: str, **query: Any) -> str:
    """Path of a page."""
    filled = {name: value for name, value in query.items() if value not in ("", None)}
    path = "/".join((MOUNT, *map(partial(quote, safe=""), parts)))
    return f"{path}?{urlencode(filled)}" if filled else path
