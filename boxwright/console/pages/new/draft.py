"""A job that is being filled in: the values of the wizard's fields, and the resource that they make."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from boxwright.console.pages.new.source import Source

DATA = ("training_data_path", "validation_data_path")
"""Arguments that the step about data fills in."""

TIERS = ("BASIC", "BASIC_GPU", "BASIC_TPU", "STANDARD_1", "PREMIUM_1", "CUSTOM")

STUDY: Mapping[str, Any] = {"maxTrials": "10", "maxParallelTrials": "1", "goal": "MAXIMIZE"}
"""What a search begins with."""


@dataclass
class Draft:
    """Values of all fields, as they were typed.

    Attributes:
        arguments: text by name of those that are given; the data's paths are not among them.
        tuned: by name, what is searched, as a `params` entry of the job.
        study: the job's `hyperparameters` without params.
        rest: parts of `trainingInput` that have no field.
    """

    algorithm: str = ""
    training: Source = field(default_factory=Source)
    validation: Source = field(default_factory=lambda: Source("part"))
    job_dir: str = ""
    arguments: dict[str, str] = field(default_factory=dict)
    tuned: dict[str, dict[str, Any]] = field(default_factory=dict)
    study: dict[str, Any] = field(default_factory=lambda: dict(STUDY))
    job_id: str = ""
    region: str = ""
    labels: str = ""
    tier: str = "BASIC"
    machine_type: str = ""
    accelerator: str = ""
    accelerators: str = "1"
    allow_substitute: bool = False
    hours: str = ""
    priority: str = ""
    rest: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From what `written` gave. Raises: TypeError: from another version of this page."""
        sources = {name: Source(**values[name]) for name in ("training", "validation") if name in values}
        return cls(**{**values, **sources})

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def body(self) -> dict[str, Any]:
        """The job's resource; what makes no sense stays in it, so that the server says what is wrong with it."""
        given: dict[str, Any] = {
            **self.rest,
            "scaleTier": self.tier,
            "masterConfig": self._master(),
            "args": [f"--{name}={text}" for name, text in self._given().items()],
        }
        optional = {
            "masterType": self.machine_type.strip() if self.tier == "CUSTOM" else "",
            "region": self.region.strip(),
            "jobDir": self.job_dir.strip(),
            "allowSubstitute": self.allow_substitute,
            "scheduling": self._scheduling(),
            "hyperparameters": self._study(),
        }
        given |= {name: value for name, value in optional.items() if value}
        labels = pairs(self.labels)
        return {"jobId": self.job_id.strip(), "trainingInput": given, **({"labels": labels} if labels else {})}

    def _given(self) -> dict[str, str]:
        """All arguments but the searched ones."""
        paths = dict(zip(DATA, (self.training.complete, self.validation.complete), strict=True))
        texts = {**paths, **self.arguments}
        return {name: text.strip() for name, text in texts.items() if text.strip() and name not in self.tuned}

    def _master(self) -> dict[str, Any]:
        found: dict[str, Any] = {"imageUri": image_of(self.algorithm)}
        if self.tier == "CUSTOM" and self.accelerator.strip():
            found["acceleratorConfig"] = {"type": self.accelerator.strip(), "count": number(self.accelerators)}
        return found

    def _scheduling(self) -> dict[str, Any]:
        hours = number(self.hours)
        running = f"{hours * 3600:.12g}s" if isinstance(hours, int | float) else hours
        found = {"maxRunningTime": running, "priority": number(self.priority)}
        return {name: value for name, value in found.items() if value not in ("", None)}

    def _study(self) -> dict[str, Any]:
        if not self.tuned:
            return {}
        settings = {name: number(value) if isinstance(value, str) else value for name, value in self.study.items()}
        return {
            **{name: value for name, value in settings.items() if value not in ("", None, False)},
            "params": [parameter(name, one) for name, one in self.tuned.items()],
        }


def image_of(algorithm: str) -> str:
    """How a job names an algorithm."""
    return f"gcr.io/cloud-ml-algos/{algorithm}:latest"


def parameter(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `params` from what was typed: numbers where they are numbers."""
    found: dict[str, Any] = {"parameterName": name, "type": one["type"]}
    if one["type"] == "CATEGORICAL":
        return {**found, "categoricalValues": list(one.get("categoricalValues", ()))}
    if one["type"] == "DISCRETE":
        typed = str(one.get("discreteValues", "")).split(",")
        return {**found, "discreteValues": [number(text) for text in typed if text.strip()]}
    ends = {name: number(str(one.get(name, ""))) for name in ("minValue", "maxValue")}
    return {**found, **{name: end for name, end in ends.items() if end != ""}, "scaleType": one["scaleType"]}


def number(text: str) -> int | float | str:
    """A number, or the text itself where it is none: the server says what is wrong with it."""
    typed = text.strip()
    for kind in (int, float):
        try:
            return kind(typed)
        except ValueError:
            continue
    return typed


def pairs(text: str) -> dict[str, str]:
    """Labels from "key=value, key=value"; a part without "=" is a key without a value."""
    parts = (part.strip().partition("=") for part in text.split(",") if part.strip())
    return {name.strip(): value.strip() for name, _, value in parts}
