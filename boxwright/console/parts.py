"""What pages are made of: headings, panels, tiles, states of things, and what is shown when there is nothing."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console.view import View

Tone = Literal["good", "bad", "warn", "active", "quiet"]

TONES: dict[str, Tone] = {
    "SUCCEEDED": "good",
    "READY": "good",
    "FAILED": "bad",
    "RUNNING": "active",
    "PREPARING": "active",
    "CREATING": "active",
    "UPDATING": "active",
    "IMPORTING": "active",
    "CANCELLING": "warn",
    "DELETING": "warn",
    "CANCELLED": "quiet",
    "QUEUED": "quiet",
}
"""State of a resource to how it looks; its word stands beside, for colours alone say nothing to many."""

ICONS: dict[Tone, str] = {
    "good": "check_circle",
    "bad": "error",
    "warn": "warning",
    "active": "autorenew",
    "quiet": "schedule",
}


SIGNS = {"CANCELLED": "block"}
"""Signs of states that are not told from others by that of their looks."""


def heading(title: str, *, subtitle: str = "", back: tuple[str, str] | None = None) -> ui.element:
    """The page's one h1, with what leads back above it; gives the row for its buttons.

    Args:
        back: words and address of the page above.
    """
    with ui.element("div").classes("heading"):
        with ui.element("div").classes("heading-words"):
            if back:
                link(back[0], back[1]).classes("back")
            with ui.element("h1"):
                ui.label(title)
            if subtitle:
                ui.label(subtitle).classes("note")
        return ui.element("div").classes("actions")


@contextmanager
def panel(title: str = "", *, note: str = "") -> Iterator[ui.element]:
    """A titled block of a page; `note` says in a sentence how to read it."""
    with ui.element("section").classes("panel") as section:
        if title:
            with ui.element("h2"):
                ui.label(title)
        if note:
            ui.label(note).classes("note")
        yield section


def tiles(facts: Sequence[tuple[str, str]]) -> ui.element:
    """Headline numbers: name and value, with its unit."""
    with ui.element("dl").classes("tiles") as found:
        for name, value in facts:
            with ui.element("div").classes("tile"):
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(value)
    return found


def facts(rows: Sequence[tuple[str, str]]) -> ui.element:
    """Names and values below each other."""
    with ui.element("dl").classes("facts") as found:
        for name, value in rows:
            with ui.element("dt"):
                ui.label(name)
            with ui.element("dd"):
                ui.label(value)
    return found


def chip(view: View, state: str) -> ui.element:
    """A state as a word with a sign and a colour."""
    tone = TONES.get(state, "quiet")
    with ui.element("span").classes(f"chip chip-{tone}") as found:
        ui.icon(SIGNS.get(state, ICONS[tone])).props("aria-hidden=true")
        ui.label(view.text(f"state.{state}"))
    return found


def progress(share: float, label: str) -> ui.element:
    """A bar.

    Args:
        share: 0 to 1.
        label: what it says in words, which stands beside it.
    """
    with ui.element("div").classes("progress") as found:
        with ui.element("div").classes("progress-bar").props("role=progressbar aria-valuemin=0 aria-valuemax=100"):
            ui.element("div")
        ui.label()
    show_progress(found, share, label)
    return found


def show_progress(found: ui.element, share: float, label: str) -> None:
    """Move a bar that is there, which costs a page far less than another one."""
    percent = round(100 * min(1.0, max(0.0, share)))
    bar, words = found.default_slot.children
    if bar.props.get("aria-valuenow") != percent:
        bar.props.update({"aria-valuenow": percent, "aria-label": label})
        bar.update()
        bar.default_slot.children[0].style(replace=f"width: {percent}%")
    assert isinstance(words, ui.label)
    words.text = label


def loading(view: View) -> ui.element:
    """Grey lines where a page is about to be."""
    with ui.element("div").classes("loading").props("role=status") as found:
        ui.label(view.text("parts.loading")).classes("unseen")
        for width in (38, 92, 74, 86):
            ui.element("div").classes("loading-line").style(f"width: {width}%")
    return found


def empty(title: str, help: str, *, action: tuple[str, str] | None = None, icon: str = "inbox") -> ui.element:
    """Where there is nothing: what would be here, and how it comes here; what is added to it stands below that.

    Args:
        title: empty where the page's heading says it already.
        action: words and address of what to do next.
    """
    with ui.element("div").classes("empty") as found:
        ui.icon(icon).props("aria-hidden=true")
        if title:
            with ui.element("h2"):
                ui.label(title)
        ui.label(help).classes("note")
        if action:
            link_button(*action)
    return found


def told(view: View, error: ServerError) -> list[str]:
    """What the server says, and of each field what it has not said with that already."""
    lines = [error.message, *(str(one) for one in error.violations if str(one) not in error.message)]
    return [view.said(line) for line in lines]


def failure(view: View, title: str, error: ServerError, retry: Callable[[], Any] | None = None) -> ui.element:
    """What went wrong in the server's own words, field by field, and the way to try again."""
    with ui.element("div").classes("failure").props("role=alert") as found:
        ui.icon("error").props("aria-hidden=true")
        with ui.element("div"):
            with ui.element("h2"):
                ui.label(title)
            for index, words in enumerate(told(view, error)):
                ui.label(words).classes("note" if index else "")
            if retry:
                button(view.text("parts.retry"), retry, icon="refresh")
    return found


def banner(message: str, tone: Tone = "quiet", *, name: str = "") -> ui.element:
    """A line across the page."""
    with ui.element("div").classes(f"banner banner-{tone}") as found:
        ui.icon(ICONS[tone]).props("aria-hidden=true")
        ui.label(message)
    return found.mark(name) if name else found


def button(
    label: str, action: Callable[..., Any], *, icon: str = "", kind: Literal["plain", "primary", "danger"] = "plain"
) -> ui.button:
    """A button with words."""
    looks = {"plain": "outline", "primary": "unelevated", "danger": "outline"}[kind]
    found = ui.button(label, on_click=action, icon=icon or None, color=None)
    return found.props(f"no-caps {looks}").classes(f"button button-{kind}")


def icon_button(icon: str, label: str, action: Callable[..., Any]) -> ui.button:
    """A button with a sign; its words are for who hears them, and in the hint."""
    found = ui.button(icon=icon, on_click=action, color=None).props("flat round dense").tooltip(label)
    found.props["aria-label"] = label
    return found.classes("icon-button")


def link(words: str, path: str, *, new_tab: bool = False, download: str = "") -> ui.element:
    """A link to a page, or to what the API gives. NiceGUI's own would put the console's path before it once more.

    Args:
        new_tab: it opens beside this page, as files of the API that are looked at do.
        download: name under which a file of the API is kept.
    """
    with ui.element("a") as found:
        found.props["href"] = path
        if new_tab:
            found.props["target"] = "_blank"
        if download:
            found.props["download"] = download
        ui.label(words)
    return found


def link_button(label: str, path: str, *, icon: str = "", download: bool = False) -> ui.element:
    """A link that looks like the button that leads on.

    Args:
        download: it leads to a file of the API, and not to a page.
    """
    found = ui.element("a").classes("primary-link")
    found.props["href"] = path
    if download:
        found.props["download"] = ""
    with found:
        if icon:
            ui.icon(icon).props("aria-hidden=true")
        ui.label(label)
    return found


def code(view: View, text: str, *, label: str) -> ui.element:
    """Text to be copied, as it is.

    Args:
        label: what it is, for who hears it.
    """
    with ui.element("div").classes("code") as found:
        with ui.element("pre").props("tabindex=0 role=region") as shown:
            shown.props["aria-label"] = label
            ui.label(text)
        copy = icon_button("content_copy", view.text("parts.copy"), lambda: None)
        copy.on("click", js_handler=f"() => boxwright.copy({_js(text)})")
        copy.on("click", lambda: ui.notify(view.text("parts.copied")))
    return found


def _js(text: str) -> str:
    return json.dumps(text).replace("<", "\\u003c")


async def confirm(view: View, question: str, action: str, *, danger: bool = True, keep: str = "") -> bool:
    """Ask before something that cannot be undone.

    Args:
        action: what the button says that does it.
        keep: what the other button says, where "Cancel" could be misread.
    """
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        ui.label(question)
        with ui.element("div").classes("actions"):
            button(keep or view.text("parts.cancel"), lambda: dialog.submit(False))
            button(action, lambda: dialog.submit(True), kind="danger" if danger else "primary")
    answer = await dialog
    dialog.delete()
    return bool(answer)


async def attempt(view: View, work: Any, *, changes: bool = True) -> Any:
    """Await a call of the API; what it refuses is told, and None is given.

    Args:
        changes: it changes something, so that all that is shown is to be looked at again.
    """
    try:
        found = await work
    except ServerError as error:
        words = "\n".join(told(view, error))
        ui.notify(words, type="negative", multi_line=True, timeout=10000, close_button=view.text("parts.close"))
        return None
    if changes:
        view.look_again()
    return found
