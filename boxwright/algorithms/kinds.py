"""What a published argument takes, read off the field that it stands for: its kind, its words and its limits."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from boxwright.algorithms.argument import Argument, Kind
from boxwright.spec.training import TrainSpec

PLAIN: Mapping[str, Kind] = {"string": "TEXT", "integer": "INTEGER", "number": "NUMBER", "boolean": "BOOLEAN"}

BOUNDS = {"minimum": "ge", "exclusiveMinimum": "gt", "maximum": "le", "exclusiveMaximum": "lt"}
"""JSON schema's word for a bound to pydantic's."""


@cache
def _schemas(group: str) -> dict[str, Any]:
    found: dict[str, Any] = TrainSpec.model_fields[group].annotation.model_json_schema()["properties"]  # type: ignore[union-attr]  # groups are specs
    return found


def _schema(argument: Argument) -> dict[str, Any]:
    """The JSON schema of an argument's field; of one that may hold nothing, that of its values."""
    group, _, name = argument.path.partition(".")
    whole: dict[str, Any] = _schemas(group)[name]
    first: dict[str, Any] = whole.get("anyOf", [whole])[0]
    return first


def kind(argument: Argument) -> Kind:
    """What an argument takes."""
    schema = _schema(argument)
    if argument.kind:
        return argument.kind
    if argument.choices or "enum" in schema:
        return "CHOICE"
    if schema["type"] == "array":
        items = schema.get("items", {})
        return "SIZE" if not items else "INTEGERS" if items["type"] == "integer" else "NUMBERS"
    return PLAIN.get(schema["type"], "OPTIONS")


def words(argument: Argument) -> tuple[str, ...]:
    """The only words that an argument takes, or those that a yes or no is written with; empty for others."""
    schema = _schema(argument)
    if argument.choices:
        return tuple(argument.choices)
    return tuple(schema.get("enum", ())) or (("True", "False") if schema["type"] == "boolean" else ())


def limits(argument: Argument) -> dict[str, float]:
    """Bounds of a number by pydantic's names (`ge`, `gt`, `le`, `lt`): the published ones before the field's own."""
    if kind(argument) not in ("INTEGER", "NUMBER") or argument.to_field:
        return dict(argument.limits)
    schema = _schema(argument)
    own = {ours: float(schema[theirs]) for theirs, ours in BOUNDS.items() if theirs in schema}
    sides = {name[0] for name in argument.limits}  # "g" of the lowest, "l" of the highest
    return {name: bound for name, bound in own.items() if name[0] not in sides} | dict(argument.limits)
