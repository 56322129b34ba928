"""One argument: what it is, its value or what is searched of it, and what is wrong with it."""

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import ui

from boxwright.console.pages.new.cloning import typed as typed_parameter
from boxwright.console.pages.new.data import TYPED
from boxwright.console.pages.new.fields import tune_key
from boxwright.console.pages.new.wizard import Wizard

SIGNS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}

SEARCHED = ("INTEGER", "NUMBER", "CHOICE", "BOOLEAN")
"""Types whose arguments can be searched."""

SCALES = ("NONE", "UNIT_LINEAR_SCALE", "UNIT_LOG_SCALE", "UNIT_REVERSE_LOG_SCALE")

WORDS = ("CHOICE", "BOOLEAN")


class ArgumentRow:
    """A row.

    Args:
        one: the argument as the API describes it.
        on_tuned: is called when it begins or ends to be searched.
    """

    def __init__(self, wizard: Wizard, one: Mapping[str, Any], on_tuned: Callable[[], None]) -> None:
        self._wizard, self._one, self._on_tuned = wizard, one, on_tuned
        self._name: str = one["name"]

    def draw(self) -> None:
        one, view = self._one, self._wizard.view
        help = view.said(one["help"])
        with ui.element("div").classes("argument") as row:
            # Found by what is shown, and by the English that other people's advice is in.
            row.props["data-words"] = f"{self._name} {self._name.replace('_', ' ')} {help} {one['help']}".lower()
            with ui.element("div").classes("argument-words"):
                with ui.element("div").classes("argument-head"):
                    ui.label(self._name).classes("argument-name")
                    if one.get("required"):
                        ui.label(view.text("wizard.argument.required")).classes("chip chip-warn")
                ui.label(help).classes("note")
            self._place = ui.element("div").classes("argument-value")
            if one["type"] in SEARCHED:
                switch = ui.switch(
                    view.text("wizard.argument.tune"),
                    value=self._name in self._wizard.draft.tuned,
                    on_change=self._turned,
                )
                switch.props["aria-label"] = view.text("wizard.argument.tune_this", name=self._name)
            else:
                ui.element("div")
        self._fill()

    def _fill(self) -> None:
        self._place.clear()
        with self._place:
            if self._name in self._wizard.draft.tuned:
                _Searched(self._wizard, self._one, self._fill).draw()
            elif self._one["type"] in WORDS:
                self._choice()
            else:
                self._text()

    def _turned(self, event: Any) -> None:
        draft = self._wizard.draft
        if event.value:
            draft.tuned[self._name] = typed_parameter(self._one.get("tuning") or _open_range(self._one))
        else:
            draft.tuned.pop(self._name, None)
        self._fill()
        self._on_tuned()
        self._wizard.changed()

    def _default(self) -> str:
        """What holds where nothing is given, in words."""
        text, one = self._wizard.view.text, self._one
        if one.get("required"):
            return ""
        if one.get("derived"):
            return text("wizard.argument.auto")
        value = self._catalogue_default() or one.get("default", "")
        return text("wizard.argument.default", value=value) if value else text("wizard.argument.none")

    def _catalogue_default(self) -> str:
        """What comes with the chosen entry of the algorithm's catalogue."""
        algorithm, draft = self._wizard.algorithm, self._wizard.draft
        chosen = draft.arguments.get(algorithm.get("catalogueArgument", ""), "")
        entry: Mapping[str, Any] = next((one for one in algorithm.get("catalogue", ()) if one["name"] == chosen), {})
        return str(entry.get("defaults", {}).get(self._name, ""))

    def _choice(self) -> None:
        options = {"": self._default() or "—", **{word: word for word in self._one["choices"]}}
        value = self._wizard.draft.arguments.get(self._name, "")
        if value not in options:
            options[value] = value  # of a cloned job: the server says what is wrong with it
        shown = ui.select(options, value=value, label=self._name, on_change=self._given)
        shown.props("outlined dense options-dense")
        self._wizard.fields.add(self._name, shown)

    def _text(self) -> None:
        unit = self._wizard.view.said(self._one.get("unit", ""))
        value = self._wizard.draft.arguments.get(self._name, "")
        shown = ui.input(
            self._name, value=value, placeholder=self._default(), on_change=self._given, suffix=unit or None
        )
        shown.props(f"{TYPED} stack-label").props["hint"] = self._hint()
        if self._one["type"] in ("INTEGER", "NUMBER"):
            shown.props("inputmode=decimal")
        self._wizard.fields.add(self._name, shown)

    def _hint(self) -> str:
        """The range of a number, or the form of a list."""
        limits = [f"{SIGNS[name]} {bound:g}" for name, bound in self._one.get("limits", {}).items()]
        kind = self._one["type"]
        form = self._wizard.view.text(f"wizard.type.{kind}") if kind != "TEXT" else ""
        return ", ".join(filter(None, [form, *limits]))

    def _given(self, event: Any) -> None:
        arguments = self._wizard.draft.arguments
        if event.value:
            arguments[self._name] = str(event.value)
        else:
            arguments.pop(self._name, None)
        self._wizard.changed()


def _open_range(one: Mapping[str, Any]) -> dict[str, Any]:
    """Where the API advises nothing: a range to be filled in."""
    return {"type": "INTEGER" if one["type"] == "INTEGER" else "DOUBLE", "scaleType": "UNIT_LINEAR_SCALE"}


class _Searched:
    """What is searched of an argument: a range with its scale, a list of numbers, or words."""

    def __init__(self, wizard: Wizard, one: Mapping[str, Any], refill: Callable[[], None]) -> None:
        self._wizard, self._one, self._refill = wizard, one, refill
        self._name: str = one["name"]
        self._values = wizard.draft.tuned[self._name]

    def draw(self) -> None:
        with ui.element("div").classes("searched").props("role=group") as group:
            group.props["aria-label"] = self._wizard.view.text("wizard.argument.searched", name=self._name)
            if self._one["type"] in WORDS:
                self._words()
                return
            self._kind()
            if self._values["type"] == "DISCRETE":
                self._input("discreteValues").classes("grow")
            else:
                self._input("minValue")
                self._input("maxValue")
                self._scale()

    def _words(self) -> None:
        options = list(dict.fromkeys([*self._one["choices"], *self._values["categoricalValues"]]))
        label = self._label("categoricalValues")
        shown = ui.select(options, value=self._values["categoricalValues"], label=label, multiple=True)
        shown.props("outlined dense use-chips").classes("grow").on_value_change(self._setter("categoricalValues"))
        self._wizard.fields.add(tune_key(self._name), shown)

    def _kind(self) -> None:
        text = self._wizard.view.text
        plain = "INTEGER" if self._one["type"] == "INTEGER" else "DOUBLE"
        kinds = {plain: text("wizard.tune.range"), "DISCRETE": text("wizard.tune.list")}

        def turned(event: Any) -> None:
            self._values["type"] = event.value
            self._refill()
            self._wizard.changed()

        ui.select(kinds, value=self._values["type"], label=text("wizard.tune.kind"), on_change=turned).props(
            "outlined dense"
        )

    def _input(self, part: str) -> ui.input:
        shown = ui.input(self._label(part), value=self._values.get(part, ""), on_change=self._setter(part))
        shown.props(f"{TYPED} inputmode=decimal")
        self._wizard.fields.add(tune_key(self._name, part), shown)
        if tune_key(self._name) not in self._wizard.fields.inputs:
            self._wizard.fields.add(tune_key(self._name), shown)
        return shown

    def _scale(self) -> None:
        text = self._wizard.view.text
        words = {scale: text(f"wizard.scale.{scale}") for scale in SCALES}
        shown = ui.select(words, value=self._values["scaleType"], label=self._label("scaleType"))
        shown.props("outlined dense").on_value_change(self._setter("scaleType"))
        self._wizard.fields.add(tune_key(self._name, "scaleType"), shown)

    def _label(self, part: str) -> str:
        return self._wizard.view.text(f"wizard.tune.{part}")

    def _setter(self, part: str) -> Callable[[Any], None]:
        def take(event: Any) -> None:
            self._values[part] = event.value or ("" if part != "categoricalValues" else [])
            self._wizard.changed()

        return take
