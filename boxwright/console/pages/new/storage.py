"""What is kept in the tab of a browser, and in nothing else: it outlives a reload, and ends with the tab."""

import json
from typing import Any

from nicegui import ui
from nicegui.client import Client

CONNECTED = 10.0
"""Seconds in which a page's script has to answer."""


def key_of(project: str) -> str:
    """Name of the wizard's draft."""
    return f"boxwright.new.{project}"


async def recall(client: Client, key: str) -> Any:
    """What was kept under a key; None where nothing was, or it cannot be read."""
    await client.connected(CONNECTED)
    text = await ui.run_javascript(f"sessionStorage.getItem({json.dumps(key)})", timeout=CONNECTED)
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def keep(client: Client, key: str, value: Any) -> None:
    """Keep a value as JSON; None forgets it."""
    name = json.dumps(key)
    text = json.dumps(json.dumps(value))
    client.run_javascript(
        f"sessionStorage.removeItem({name})" if value is None else f"sessionStorage.setItem({name}, {text})"
    )
