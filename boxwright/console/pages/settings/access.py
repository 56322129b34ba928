"""Tokens and the sessions of browsers that stand for them."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from nicegui import ui

from boxwright.console import parts
from boxwright.console.listing import Column, Listing
from boxwright.console.view import ROLES, View

TOKENS, SESSIONS = "/v1/tokens", "/v1/sessions"

BROWSERS = (
    ("Edge", r"Edg/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Firefox", r"Firefox/(\d+)"),
    ("Chrome", r"Chrome/(\d+)"),
    ("Safari", r"Version/(\d+).* Safari/"),
)
"""Browsers by what is only in their own words; each pretends to be those after it."""

SYSTEMS = (
    ("Android", "Android"),
    ("iOS", "iPhone"),
    ("iPadOS", "iPad"),
    ("Windows", "Windows"),
    ("macOS", "Mac OS X"),
    ("Linux", "Linux"),
)


async def access(view: View) -> None:
    """Tokens are for administrators; everybody sees and ends sessions of their own."""
    if view.may("admin"):
        await _tokens(view)
    else:
        with parts.panel(view.text("settings.tokens")):
            ui.label(view.text("settings.tokens_admin", name=view.name, role=view.role))
    await _sessions(view)


async def _tokens(view: View) -> None:
    with parts.panel(view.text("settings.tokens"), note=view.text("settings.tokens_note")):
        with ui.element("div").classes("actions"):
            parts.button(view.text("settings.new_token"), lambda: _create(view), icon="add", kind="primary")
        columns = [
            Column(view.text("settings.name"), lambda row: str(row["name"])),
            Column(view.text("settings.role"), lambda row: view.text(f"settings.role_{row['role']}")),
            Column(view.text("settings.created"), lambda row: view.time(row["createTime"])),
            Column(view.text("settings.state"), lambda row: _state(view, row)),
            Column(view.text("settings.actions"), lambda row: _revoking(view, row)),
        ]
        listing = Listing(columns, _key, label=view.text("settings.tokens"))
        await view.live(TOKENS, lambda answer: listing.show(_good_first(answer.get("tokens", []))), every=5.0)


def _key(row: Mapping[str, Any]) -> str:
    return f"{row['name']} {row['createTime']}"


def _good_first(tokens: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(tokens, key=lambda one: ("revokeTime" in one, one["name"]))


def _state(view: View, row: Mapping[str, Any]) -> str:
    if "revokeTime" in row:
        return view.text("settings.revoked", time=view.time(row["revokeTime"]))
    return view.text("settings.good")


def _revoking(view: View, row: Mapping[str, Any]) -> str | None:
    if "revokeTime" in row:
        return ""
    button = parts.button(view.text("settings.revoke"), _revoke_of(view, str(row["name"])), kind="danger")
    button.props["aria-label"] = f"{view.text('settings.revoke')} {row['name']}"
    return None


def _revoke_of(view: View, name: str) -> Callable[[], Any]:
    async def act() -> None:
        question = view.text("settings.revoke_own" if name == view.name else "settings.revoke_question", name=name)
        if await parts.confirm(view, question, view.text("settings.revoke")):
            await parts.attempt(view, view.api.delete(f"{TOKENS}/{quote(name, safe='')}"))

    return act


async def _create(view: View) -> None:
    """Ask for name and role, make the token, and show its secret this once."""
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        with ui.element("h2"):
            ui.label(view.text("settings.new_token"))
        name = ui.input(view.text("settings.name")).props("outlined dense autofocus autocomplete=off maxlength=63")
        name.props["hint"] = view.text("settings.name_hint")
        roles = {role: f"{view.text(f'settings.role_{role}')}: {view.text(f'settings.may_{role}')}" for role in ROLES}
        role = ui.select(roles, value="trainer", label=view.text("settings.role")).props("outlined dense")
        with ui.element("div").classes("actions"):
            parts.button(view.text("parts.cancel"), lambda: dialog.submit(None))
            parts.button(view.text("settings.create"), lambda: dialog.submit(True), kind="primary")
    if await parts.answered(dialog):
        body = {"name": (name.value or "").strip(), "role": role.value}
        made = await parts.attempt(view, view.api.post(TOKENS, body))
        if made:
            await _show_secret(view, made)


async def _show_secret(view: View, made: Mapping[str, Any]) -> None:
    with ui.dialog().props("persistent") as dialog, ui.card().classes("dialog"):
        with ui.element("h2"):
            ui.label(view.text("settings.secret_title", name=made["name"]))
        ui.label(view.text("settings.secret_note"))
        parts.code(view, made["token"], label=view.text("settings.secret"))
        with ui.element("div").classes("actions"):
            parts.button(view.text("settings.secret_kept"), lambda: dialog.submit(True), kind="primary")
    await parts.answered(dialog)


async def _sessions(view: View) -> None:
    note = "settings.sessions_note_all" if view.may("admin") else "settings.sessions_note"
    with parts.panel(view.text("settings.sessions"), note=view.text(note)):
        columns = [
            Column(view.text("settings.token"), lambda row: str(row["token"])),
            Column(view.text("settings.browser"), lambda row: _browser(view, row)),
            Column(view.text("settings.signed_in"), lambda row: view.time(row["createTime"])),
            Column(view.text("settings.expires"), lambda row: view.time(row["expireTime"])),
            Column(view.text("settings.actions"), lambda row: _ending(view, row)),
        ]
        listing = Listing(columns, lambda row: str(row["id"]), label=view.text("settings.sessions"))
        await view.live(SESSIONS, lambda answer: listing.show(answer.get("sessions", [])), every=5.0, own=True)


def _browser(view: View, row: Mapping[str, Any]) -> None:
    """Which browser it is, and whether it is this one."""
    with ui.element("div").classes("row-of"):
        ui.label(browser_of(str(row.get("browser", ""))))
        if row.get("current"):
            ui.label(view.text("settings.this_browser")).classes("chip chip-good chip-plain")


def _ending(view: View, row: Mapping[str, Any]) -> None:
    async def end() -> None:
        question = view.text("settings.end_own" if row.get("current") else "settings.end_question", name=row["token"])
        if await parts.confirm(view, question, view.text("settings.end")):
            await parts.attempt(view, view.api.delete(f"{SESSIONS}/{row['id']}"))

    button = parts.button(view.text("settings.end"), end, kind="danger")
    button.props["aria-label"] = f"{view.text('settings.end')} {row['token']}, {view.time(row['createTime'])}"


def browser_of(agent: str) -> str:
    """What a browser says of itself, in short: "Firefox 132, Windows"; as it is where it is none that is known."""
    named = ((name, re.search(pattern, agent)) for name, pattern in BROWSERS)
    found = next((f"{name} {match[1]}" for name, match in named if match), "")
    system = next((name for name, mark in SYSTEMS if mark in agent), "")
    return ", ".join(filter(None, (found, system))) if found else agent
