"""An algorithm's published arguments: each a name for one field of the spec, where everything else about it stands."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from boxwright.spec.knob import AUTO
from boxwright.spec.training import TrainSpec


@dataclass(frozen=True)
class Argument:
    """A published argument.

    Attributes:
        name: as the user writes it.
        path: group and field of the spec, such as "optimization.max_steps".
        to_field: turns the user's text into the field's value, where they differ.
        help: said instead of the field's own help.
    """

    name: str
    path: str
    to_field: Callable[[str], str] | None = None
    help: str = ""

    @property
    def field(self) -> FieldInfo:
        """The declaration that this argument stands for."""
        group, _, name = self.path.partition(".")
        fields = TrainSpec.model_fields[group].annotation.model_fields  # type: ignore[union-attr]  # groups are specs
        found: FieldInfo = fields[name]
        return found


@dataclass(frozen=True)
class Algorithm:
    """A built-in algorithm.

    Attributes:
        name: as the last part of an image's URI states it.
        summary: what it does.
        arguments: all that it understands.
        metrics: names of the numbers that its evaluations write, the one that counts first.
    """

    name: str
    summary: str
    arguments: tuple[Argument, ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """What a user asked for: a spec of given and published default values, and the paths of those given."""

    spec: TrainSpec
    given: frozenset[str]


def parse(algorithm: Algorithm, texts: Mapping[str, str]) -> Request:
    """Validate arguments and place them in a spec.

    Args:
        texts: value by published name; "auto" counts as not given.

    Raises:
        ValueError: unknown names and impossible values, all of them in one message.
    """
    known = {argument.name: argument for argument in algorithm.arguments}
    problems = [_unknown(name, known) for name in texts if name not in known]
    groups: dict[str, dict[str, Any]] = {"data": {}}
    source: dict[str, str] = {}
    for name, text in texts.items():
        if name not in known or text.strip().lower() == AUTO:
            continue
        argument = known[name]
        if argument.path in source:
            problems.append(f"--{name} and --{source[argument.path]} say the same thing; give one of them")
        source[argument.path] = name
        group, _, field = argument.path.partition(".")
        try:
            groups.setdefault(group, {})[field] = argument.to_field(text) if argument.to_field else text
        except ValueError as error:
            problems.append(str(error))
    try:
        spec = TrainSpec.model_validate({"algorithm": algorithm.name, **groups})
    except ValidationError as error:
        problems += list(_problems(error, algorithm, source))
    if problems:
        raise ValueError("\n".join(problems))
    return Request(spec, frozenset(source))


def _unknown(name: str, known: Mapping[str, Argument]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean --{close[0]}?" if close else ""
    return f"--{name} is not an argument of this algorithm{hint}"


def _problems(error: ValidationError, algorithm: Algorithm, source: Mapping[str, str]) -> Iterator[str]:
    names = {argument.path: argument.name for argument in reversed(algorithm.arguments)}
    for problem in error.errors():
        path = ".".join(str(part) for part in problem["loc"][:2])
        name = source.get(path) or names.get(path)
        if problem["type"] == "missing":
            yield f"--{name} is required"
        elif name is None:
            yield str(problem["msg"]).removeprefix("Value error, ")
        elif problem["type"] == "value_error":  # our own words, which say what was got
            yield f"--{name}: {problem['ctx']['error']}"
        else:
            yield f"--{name}: {problem['msg']}, got {problem['input']!r}"
