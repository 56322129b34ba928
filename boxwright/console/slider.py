"""A slider that is the browser's own, which keys, screen readers and fingers know."""

from collections.abc import Callable
from typing import Any

from nicegui import events
from nicegui.element import Element

GIVEN = "(event) => emit(event.target.value)"


class Slider(Element):
    """A range of numbers to choose from.

    Args:
        label: what is chosen, for who hears it; words beside it are the caller's.
        low, high, step: of the numbers.
        value: at first.
        on_move: is given the number while the slider is moved, at most ten times a second.
        on_release: is given the number when the slider is let go.
    """

    def __init__(
        self,
        label: str,
        *,
        low: float = 0.0,
        high: float = 1.0,
        step: float = 0.01,
        value: float,
        on_move: Callable[[float], Any] | None = None,
        on_release: Callable[[float], Any] | None = None,
    ) -> None:
        super().__init__("input")
        self.classes("slider")
        self.props.update({"type": "range", "min": low, "max": high, "step": step, "value": value})
        self.props["aria-label"] = label
        if on_move:
            self.on("input", lambda event: on_move(self._read(event)), throttle=0.1, js_handler=GIVEN)
        if on_release:
            self.on("change", lambda event: on_release(self._read(event)), js_handler=GIVEN)

    @property
    def value(self) -> float:
        """The number that was chosen last."""
        return float(self.props["value"])

    def show(self, value: float, *, high: float | None = None, enabled: bool = True) -> None:
        """Stand at another number, of a range up to `high`."""
        self.props.update({"value": value, "max": self.props["max"] if high is None else high, "disabled": not enabled})
        self.update()

    def _read(self, event: events.GenericEventArguments) -> float:
        self.props["value"] = float(event.args)
        return self.value
