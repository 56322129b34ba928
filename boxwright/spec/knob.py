"""One declaration for one knob: type, default, range, unit, help and tuning scale, from which all else is derived."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt

Scale = Literal["linear", "log", "reverse_log"]

AUTO = "auto"
"""Text of a value that is to be derived, as if it had not been given."""


class Frozen(BaseModel):
    """A value: complete, immutable, refusing unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def knob(
    default: Any, help: str, *, unit: str = "", scale: Scale | None = None, derived: bool = False, **limits: Any
) -> Any:
    """Declare one field of a spec.

    Args:
        default: the published default; `...` makes the field required.
        help: one sentence, shown by `--help`, the console and the docs.
        unit: "px", "s", "steps" and so on; empty when there is none.
        scale: how a tuner should search it; None means that it is not for tuning.
        derived: whether `boxwright.train.auto` derives it from the data and the machine where it is left out.
        limits: pydantic's `ge`, `gt`, `le`, `lt`, `min_length`.
    """
    extra: dict[str, Any] = {"unit": unit, "scale": scale, "derived": derived}
    return Field(default, description=help, json_schema_extra=extra, **limits)


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.strip("[]() ").split(",") if part.strip()]


def _size(value: object) -> object:
    parts = _split(value)
    if isinstance(value, str) and isinstance(parts, list) and len(parts) != 2:
        raise ValueError(f"expected height,width such as '640,640', got {value!r}")
    return parts


def _pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in value.split(",") if part.strip()]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError(f"expected name=value pairs such as 'momentum=0.9', got {value!r}")
    return {name.strip(): _number(text.strip()) for name, _, text in pairs}


def _number(text: str) -> float:
    words = {"true": 1.0, "false": 0.0}
    try:
        return words[text.lower()] if text.lower() in words else float(text)
    except ValueError as error:
        raise ValueError(f"expected a number, True or False, got {text!r}") from error


Size = Annotated[tuple[PositiveInt, PositiveInt], BeforeValidator(_size)]
"""(height, width) in pixels; also written "640,640"."""

Ints = Annotated[tuple[int, ...], BeforeValidator(_split)]
Floats = Annotated[tuple[PositiveFloat, ...], BeforeValidator(_split)]
"""Numbers above 0; also written "1.0,2.0,0.5"."""

Options = Annotated[dict[str, float], BeforeValidator(_pairs)]
"""Also written "beta1=0.9,beta2=0.999"; True and False are 1 and 0."""
