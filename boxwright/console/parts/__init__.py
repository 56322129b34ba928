"""What pages are made of: headings, panels, tiles, states of things, and what is shown when there is nothing."""

from boxwright.console.parts.blocks import banner, facts, heading, panel, tiles
from boxwright.console.parts.calls import answered, attempt, confirm
from boxwright.console.parts.controls import button, code, icon_button, link, link_button
from boxwright.console.parts.instead import empty, failure, loading, told
from boxwright.console.parts.states import TONES, Tone, chip, progress, show_progress

__all__ = [
    "TONES",
    "Tone",
    "answered",
    "attempt",
    "banner",
    "button",
    "chip",
    "code",
    "confirm",
    "empty",
    "facts",
    "failure",
    "heading",
    "icon_button",
    "link",
    "link_button",
    "loading",
    "panel",
    "progress",
    "show_progress",
    "tiles",
    "told",
]
