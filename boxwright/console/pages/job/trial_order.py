"""The trials of a search in an order, and the best of them."""

import math
from collections.abc import Mapping
from typing import Any

Study = Mapping[str, Any]

Trial = Mapping[str, Any]


def best_of(study: Study) -> Trial | None:
    """The best trial so far."""
    return next((one for one in study["trials"] if one["trialId"] == study["bestTrial"]), None)


def with_value(study: Study) -> list[Trial]:
    """The trials that count, the worst first."""
    found = [one for one in study["trials"] if one["value"] is not None and one["state"] == "SUCCEEDED"]
    return sorted(found, key=lambda one: one["value"], reverse=study["goal"] == "MINIMIZE")


def rows(study: Study, order: str) -> list[Trial]:
    """The trials in an order, each with whether it `isBest`."""
    return [{**one, "isBest": one["trialId"] == study["bestTrial"]} for one in ordered(study, order)]


def ordered(study: Study, order: str) -> list[Trial]:
    """The trials in an order such as "value" or "-value"; without one, the best first. Those without a value last."""
    name, falling = order.lstrip("-"), order.startswith("-")
    if not name:
        best_first = with_value(study)[::-1]
        return [*best_first, *(one for one in study["trials"] if one not in best_first)]
    keys = [(one, _sorted_by(one, name)) for one in study["trials"]]
    there = sorted((pair for pair in keys if pair[1] is not None), key=lambda pair: pair[1] or (), reverse=falling)
    return [one for one, _ in there] + [one for one, key in keys if key is None]


def _sorted_by(trial: Trial, name: str) -> tuple[int, float, str] | None:
    fields = {"trial": int(trial["trialId"]), "state": trial["state"], "step": trial["step"], "time": trial["seconds"]}
    value = trial["value"] if name == "value" else fields.get(name, trial["parameters"].get(name.removeprefix("p.")))
    if value is None:
        return None
    number = number_of(value)
    return (1, 0.0, str(value)) if number is None else (0, number, "")


def number_of(value: object) -> float | None:
    """The finite number that a value is, or stands for."""
    try:
        number = float(str(value))
    except ValueError:
        return None
    return number if math.isfinite(number) else None
