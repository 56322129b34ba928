"""Which input holds which part of a job, so that what the server says of a part stands at its input."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui.elements.mixins.validation_element import ValidationElement

from boxwright.console.pages.new.draft import DATA

STEPS = ("algorithm", "data", "arguments", "machine", "summary")
"""Of the wizard, in order."""

OF_DATA = (*DATA, "labels_file")

OF_MACHINE = re.compile(r"jobId|labels|trainingInput(\.(region|scaleTier|master\w+|worker\w+|scheduling|allow\w+).*)?$")

PARAMETER = re.compile(r"trainingInput\.hyperparameters\.params\[(\d+)\]\.?(\w*)")

STUDY = "trainingInput.hyperparameters"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: the key of the field that it belongs to, and the server's words."""

    key: str
    words: str

    @property
    def step(self) -> str:
        """Step of the wizard on which it can be mended."""
        if self.key == "trainingInput.masterConfig.imageUri":
            return "algorithm"
        if self.key in OF_DATA or self.key == "trainingInput.jobDir":
            return "data"
        return "machine" if OF_MACHINE.match(self.key) else "arguments"


def read_faults(answer: Mapping[str, Any], tuned: Iterable[str]) -> list[Fault]:
    """Faults of a validation.

    Args:
        answer: of `jobs:validate`.
        tuned: names of the searched arguments, in order.
    """
    names = list(tuned)
    return [Fault(_key(one, names), one["description"]) for one in answer.get("faults", ())]


def _key(one: Mapping[str, Any], tuned: list[str]) -> str:
    match = PARAMETER.match(one["field"])
    if match and int(match[1]) < len(tuned):
        return tune_key(tuned[int(match[1])], match[2])
    return str(one.get("argument") or one["field"])


def tune_key(name: str, part: str = "") -> str:
    """Key of what is searched of an argument, or of a part of that, such as minValue."""
    return f"tune:{name}:{part}" if part else f"tune:{name}"


@dataclass
class Fields:
    """The inputs that are shown, by key; several keys may lead to one input."""

    inputs: dict[str, ValidationElement[Any]] = field(default_factory=dict)

    def add(self, key: str, shown: ValidationElement[Any]) -> None:
        """An input holds a part of the job."""
        self.inputs[key] = shown
        shown.without_auto_validation()

    def tell(self, faults: Iterable[Fault], said: Callable[[str], str] = str) -> None:
        """Write what is wrong at each input, and nothing at the others.

        Args:
            said: the server's words as the viewer reads them.
        """
        words: dict[int, list[str]] = {}
        for fault in faults:
            shown = self._of(fault.key)
            if shown:
                words.setdefault(id(shown), []).append(said(fault.words.removeprefix(f"--{fault.key}: ")))
        for shown in {id(one): one for one in self.inputs.values()}.values():
            found = "; ".join(words.get(id(shown), ()))
            if (shown.error or "") != found:
                shown.error = found or None

    def shows(self, fault: Fault) -> bool:
        """Whether a fault stands at an input."""
        return self._of(fault.key) is not None

    def _of(self, key: str) -> ValidationElement[Any] | None:
        """The input of a part, or of the nearest part around it; not of the whole job."""
        steps = re.split(r"(?=[.:\[])", key)
        wider = ("".join(steps[:end]) for end in range(len(steps), min(1, len(steps) - 1), -1))
        return next((self.inputs[one] for one in wider if one in self.inputs), None)
