"""A job that is being filled in: the values of the wizard's fields, and the resource that they make."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

SourceKind = Literal["dataset", "file", "files", "folder", "part"]
"""Where data comes from; "part" is a part of the training data."""

DATA = ("training_data_path", "validation_data_path")
"""Arguments that the step about data fills in."""

TIERS = ("BASIC", "BASIC_GPU", "BASIC_TPU", "STANDARD_1", "PREMIUM_1", "CUSTOM")

STUDY: Mapping[str, Any] = {"maxTrials": "10", "maxParallelTrials": "1", "goal": "MAXIMIZE"}
"""What a search begins with."""

KNOWN = frozenset(
    {
        *("args", "jobDir", "region", "scaleTier", "masterType", "masterConfig", "hyperparameters", "scheduling"),
        "allowSubstitute",
    }
)
"""Parts of trainingInput that have fields; others are kept as they are when a job is cloned."""


@dataclass
class Source:
    """Where the training or the validation data is.

    Attributes:
        name: of a data set.
        path: of a file or folder, or what the data set says.
        wildcard: name of the files in the folder, for many files.
    """

    kind: SourceKind = "dataset"
    name: str = ""
    path: str = ""
    wildcard: str = "*"

    @property
    def complete(self) -> str:
        """The complete path; empty where none is needed or given."""
        if self.kind == "part":
            return ""
        path = self.path.strip()
        return f"{path.rstrip('/')}/{self.wildcard.strip()}" if self.kind == "files" and path else path

    @property
    def words(self) -> str:
        """The complete path, with the name of the data set that it is of."""
        named = self.kind == "dataset" and self.name and self.path
        return f"{self.name} ({self.path})" if named else self.complete

    @classmethod
    def of_path(cls, path: str) -> "Source":
        """The source of a path that somebody gave."""
        folder, _, last = path.rpartition("/")
        if folder and "," not in path and re.search(r"[*?\[]", last) and not re.search(r"[*?\[]", folder):
            return cls("files", path=folder, wildcard=last)
        return cls("file", path=path)


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
