"""The frame of all pages: navigation, the account's menu, what went wrong, and the page in the middle."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request
from nicegui import background_tasks, ui

from boxwright.api.cookie import name_of
from boxwright.client import DEFAULT_PROJECT, ServerError
from boxwright.console import figures, parts, texts
from boxwright.console.api import Api
from boxwright.console.live import SIGNED_OUT
from boxwright.console.menu import NOUNS, header, navigation
from boxwright.console.pages import ROUTES
from boxwright.console.sign_in import language_of
from boxwright.console.view import MOUNT, View

Page = Callable[..., Awaitable[None]]

THEMES: dict[str, bool | None] = {"auto": None, "light": False, "dark": True}

SESSION_EVERY = 5.0
"""Seconds between looks whether the session still is good."""


async def shell() -> None:
    """Build a page; NiceGUI calls it for every address of the console."""
    request = ui.context.client.request
    try:
        view = await look(request)
    except ServerError:  # signed out between the guard and here
        ui.navigate.to("/sign-in")
        return
    page = ui.context.client.page
    language: Any = texts.languages()[view.language].page  # one of the names that NiceGUI's own type lists
    page.dark, page.language, page.title = view.dark, language, "Boxwright"
    ui.add_head_html(head(request))
    ui.add_head_html(f'<meta name="digits" content="{texts.languages()[view.language].digits}">')
    header(view)
    with view.client.layout:  # beside the <main> that NiceGUI puts pages into
        navigation(view).move(target_index=0)
        with ui.element("a").props('href="#content"').classes("skip") as skip:
            ui.label(view.text("shell.skip"))
        skip.move(target_index=0)
    lost = parts.banner(view.text("shell.lost"), "warn", name="lost").props('role="alert"')
    lost.set_visibility(False)
    view.lost = functools.partial(_show_lost, view, lost)
    ui.on("visibility", lambda event: view.feeds.seen(view.client, bool(event.args)))
    with ui.element("div").props('id="content" tabindex="-1"').classes("content"):
        Pages({route: guarded(view, built) for route, built in ROUTES.items()}, data={"view": view})
    await view.live("/v1/sessions/current", lambda _: None, every=SESSION_EVERY, own=True)


async def look(request: Request) -> View:
    """Who looks at a page, and how. Raises: ServerError: the session is over."""
    api = Api(request.scope["boxwright.server"], request.cookies.get(name_of(request), ""))
    identity = await api.get("/v1/sessions/current")
    return View(
        api=api,
        feeds=request.scope["boxwright.server"].state.feeds,
        client=ui.context.client,
        name=identity["name"],
        role=identity["role"],
        language=language_of(request),
        zone=figures.zone_of(request.cookies.get("boxwright_zone", "").replace("%2F", "/")),
        dark=THEMES.get(request.cookies.get("boxwright_theme", "")),
        project=project_in(request.url.path),
    )


def project_in(path: str) -> str:
    """The project that a page's path names; the default one where it names none."""
    first = path.removeprefix(MOUNT).strip("/").partition("/")[0]
    return DEFAULT_PROJECT if first in ("", "settings") else first


def head(request: Request) -> str:
    """Links of every page; nothing of it comes from a user."""
    version = request.scope["boxwright.server"].version
    return (
        f'<link rel="stylesheet" href="{MOUNT}/static/console.css?{version}">'
        f'<script src="{MOUNT}/static/console.js?{version}"></script>'
        f'<script src="{MOUNT}/static/focus.js?{version}"></script>'
    )


def guarded(view: View, page: Page) -> Page:
    """A page that shows its skeleton at once, and says what the API refuses and what to do."""

    async def shown(project: str = "", **named: Any) -> None:
        view.project = project or view.project
        with ui.element("div").classes("page") as place:
            skeleton = parts.loading(view)
        try:
            with place:
                await page(**named)
        except ServerError as error:
            place.clear()
            with place:
                failed(view, error, view.client.sub_pages_router.refresh)
            return
        if not skeleton.is_deleted:  # the page was left while it was built
            skeleton.delete()

    # NiceGUI gives a page the parts of the address that its signature names.
    project = inspect.Parameter("project", inspect.Parameter.KEYWORD_ONLY, default="", annotation=str)
    given = inspect.signature(page).parameters.values()
    shown.__signature__ = inspect.Signature([*given, project])  # type: ignore[attr-defined]  # read by `inspect`
    return shown


def failed(view: View, error: ServerError, retry: Callable[[], Any]) -> None:
    """What a page shows instead of itself."""
    if error.code == SIGNED_OUT:
        leave(view)
    elif error.code == 404:
        missing(view, view.said(error.message))
    else:
        parts.heading(view.text("parts.failed"))
        title = "parts.forbidden" if error.code == 403 else "parts.failed"
        parts.failure(view, view.text(title), error, retry)


def missing(view: View, detail: str = "") -> None:
    """Of an address that leads to nothing, or to what is there no more, and the way to what is there.

    Args:
        detail: what the server says is not there.
    """
    noun = noun_in(view.client.sub_pages_router.current_path)
    above = view.path() if noun == "home" else view.path(noun)
    parts.heading(view.text("parts.missing"))
    parts.empty(detail, view.text("parts.missing_help"), action=(view.text(f"shell.{noun}"), above), icon="search_off")


def noun_in(path: str) -> str:
    """The page of all things of the kind that a path within the console names one of, such as "datasets"."""
    noun = (path.partition("?")[0].strip("/").split("/") + [""])[1]
    return noun if noun in NOUNS else "home"


def leave(view: View) -> None:
    """To the page to sign in on, and back here afterwards."""
    view.client.run_javascript("boxwright.leave()")


def _show_lost(view: View, banner: ui.element, error: ServerError | None) -> None:
    if error and error.code == SIGNED_OUT:
        leave(view)
    elif error and error.code == 404:  # it was there when the page was built: the page says so itself when it is anew
        background_tasks.create(_anew(view), name="gone")
    else:
        banner.set_visibility(error is not None)


async def _anew(view: View) -> None:
    with view.client:
        await view.client.sub_pages_router.refresh()


class Pages(ui.sub_pages):
    """The page of the address; it knows what to say where there is none."""

    def _render_404(self) -> None:
        missing(self._data["view"])
