"""Buttons, links, and text to be copied."""

import json
from collections.abc import Callable
from typing import Any, Literal

from nicegui import ui

from boxwright.console.view import View


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
