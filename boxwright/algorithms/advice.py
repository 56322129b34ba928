"""What a tuning job may search of an argument: the publisher's advice, or a range around the default."""

from typing import Any

from boxwright.algorithms.argument import Algorithm, Argument, parse
from boxwright.algorithms.kinds import kind, limits, words
from boxwright.spec.study import Parameter, ScaleType

SCALES: dict[str, ScaleType] = {
    "linear": "UNIT_LINEAR_SCALE",
    "log": "UNIT_LOG_SCALE",
    "reverse_log": "UNIT_REVERSE_LOG_SCALE",
}

RATIO = {"UNIT_LOG_SCALE": 10.0}
"""By how much a range around a default goes up and down, by scale; 2 on others."""

MARGIN = 0.01
"""Share of a range that stays between it and a bound that is not allowed itself."""


def advised(argument: Argument, algorithm: Algorithm) -> Parameter | None:
    """What to search of an argument, as far as something can be said.

    Returns:
        None for kinds that are not searched, and for numbers whose default leaves nothing to go by.
    """
    if kind(argument) in ("CHOICE", "BOOLEAN"):
        texts = tuple(
            str(one) for one in argument.tuning or words(argument) if _is_taken(str(one), argument, algorithm)
        )
        return Parameter(parameter_name=argument.name, type="CATEGORICAL", categorical_values=texts)
    if kind(argument) not in ("INTEGER", "NUMBER") or argument.to_field:
        return None
    scale = _scale(argument)
    ends = argument.tuning or _around(argument, algorithm, RATIO.get(scale, 2.0))
    low, high = (float(end) for end in ends) if ends else (0.0, 0.0)
    if low >= high:
        return None
    return Parameter(
        parameter_name=argument.name,
        type="INTEGER" if kind(argument) == "INTEGER" else "DOUBLE",
        min_value=low,
        max_value=high,
        scale_type="UNIT_LINEAR_SCALE" if low <= 0 else scale,
    )


def _is_taken(word: str, argument: Argument, algorithm: Algorithm) -> bool:
    """Whether an algorithm takes a word with everything else as published, and not as if nothing were said."""
    try:
        return argument.path in parse(algorithm, {**dict.fromkeys(algorithm.required, "1"), argument.name: word}).given
    except ValueError:
        return False


def _scale(argument: Argument) -> ScaleType:
    extra: Any = argument.field.json_schema_extra
    return SCALES[extra["scale"] or "linear"]


def _around(argument: Argument, algorithm: Algorithm, ratio: float) -> tuple[float, float] | tuple[()]:
    """A range around the default, inside the limits; all that the limits allow where the default is 0."""
    bounds = limits(argument)
    lowest, highest = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    default = float(algorithm.default(argument) or 0)
    low, high = (default / ratio, default * ratio) if default > 0 else (lowest, highest)
    if low is None or high is None:
        return ()
    low, high = max(low, lowest if lowest is not None else low), min(high, highest if highest is not None else high)
    margin = MARGIN * (high - low)
    low, high = low + margin * (low == bounds.get("gt")), high - margin * (high == bounds.get("lt"))
    if kind(argument) == "INTEGER":
        return float(round(low)), float(round(high))
    return float(f"{low:.6g}"), float(f"{high:.6g}")
