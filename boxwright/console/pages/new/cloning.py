"""A job that is filled in from another one."""

import re
from collections.abc import Mapping
from typing import Any

from boxwright.console.pages.new.draft import DATA, STUDY, Draft
from boxwright.console.pages.new.source import Source

KNOWN = frozenset(
    {
        *("args", "jobDir", "region", "scaleTier", "masterType", "masterConfig", "hyperparameters", "scheduling"),
        "allowSubstitute",
    }
)
"""Parts of trainingInput that have fields; others are kept as they are when a job is cloned."""


def clone(job: Mapping[str, Any], algorithms: tuple[str, ...]) -> Draft:
    """A draft with all that a job was asked to be, but its id and folder.

    Args:
        job: as the API gives it.
        algorithms: that there are; the first is taken for an unknown one.
    """
    given = job.get("trainingInput", {})
    texts = arguments_of(given.get("args", ()))
    master, scheduling = given.get("masterConfig", {}), given.get("scheduling", {})
    study = given.get("hyperparameters", {})
    named = master.get("imageUri", "").rpartition("/")[2].partition(":")[0]
    accelerators = master.get("acceleratorConfig", {})
    seconds = str(scheduling.get("maxRunningTime", "")).removesuffix("s")
    validation = texts.pop(DATA[1], "")
    return Draft(
        algorithm=named if named in algorithms else algorithms[0],
        training=Source.of_path(texts.pop(DATA[0], "")),
        validation=Source.of_path(validation) if validation else Source("part"),
        arguments=texts,
        tuned={one["parameterName"]: typed(one) for one in study.get("params", ())},
        study={**STUDY, **{name: _text(value) for name, value in study.items() if name != "params"}},
        region=given.get("region", ""),
        labels=", ".join(f"{name}={value}" for name, value in job.get("labels", {}).items()),
        tier=given.get("scaleTier", "BASIC"),
        machine_type=given.get("masterType", ""),
        accelerator=accelerators.get("type", ""),
        accelerators=str(accelerators.get("count", 1)),
        allow_substitute=bool(given.get("allowSubstitute")),
        hours=f"{float(seconds) / 3600:.12g}" if seconds else "",
        priority=_text(scheduling.get("priority", "")),
        rest={name: value for name, value in given.items() if name not in KNOWN},
    )


def typed(one: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `params` as the fields of the wizard hold it."""
    found = {"type": one["type"], "scaleType": one.get("scaleType", "NONE")}
    for name in ("minValue", "maxValue"):
        found[name] = _text(one.get(name, ""))
    found["discreteValues"] = ", ".join(map(_text, one.get("discreteValues", ())))
    found["categoricalValues"] = list(one.get("categoricalValues", ()))
    return found


def _text(value: Any) -> Any:
    """A number as one would type it."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, bool) else str(value)


def arguments_of(words: Any) -> dict[str, str]:
    """Text by name from "--name=value", and "--name", "value"."""
    found: dict[str, str] = {}
    name = ""
    for word in words:
        if name:
            found[name], name = word, ""
        elif word.startswith("--") and "=" in word:
            key, _, value = word[2:].partition("=")
            found[key] = value
        else:
            name = word.removeprefix("--")
    return found


def proposed_id(base: str, moment: str) -> str:
    """An id for a job.

    Args:
        base: what it is about, such as the id of a job or the name of an algorithm.
        moment: that tells it from others, such as "20261122_161500".
    """
    stem = re.sub(r"_\d{8}_\d{6}$", "", re.sub(r"[^A-Za-z0-9_]+", "_", base)).strip("_")
    stem = stem if re.match("[A-Za-z]", stem) else f"job_{stem}".rstrip("_")
    return f"{stem[:100]}_{moment}"
