"""An algorithm's published arguments: each a name for one field of the spec, where everything else about it stands."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from boxwright.spec.knob import AUTO
from boxwright.spec.training import TrainSpec

Values = Mapping[str, Any]
"""Values by path in the spec, such as "optimization.max_steps"."""

Kind = Literal["TEXT", "INTEGER", "NUMBER", "BOOLEAN", "CHOICE", "SIZE", "INTEGERS", "NUMBERS", "OPTIONS"]
"""What an argument takes. SIZE is "height,width"; INTEGERS, NUMBERS and OPTIONS ("name=number") have commas."""

MODEL_ID = "model.model_id"
"""Path of the field that names an entry of a catalogue."""


@dataclass(frozen=True, eq=False)
class Argument:
    """A published argument.

    Attributes:
        name: as the user writes it.
        path: group and field of the spec, such as "optimization.max_steps".
        to_field: turns the user's text into the field's value, where they differ; raises ValueError.
        from_field: the opposite: the field's value as the user would write it.
        kind: what it takes (`boxwright.algorithms.kinds`), where that is not what the field takes.
        help: said instead of the field's own help.
        choices: published word to the field's value, where only these words are taken.
        limits: "ge", "gt", "le", "lt" where the published range is narrower than the field's.
        tuning: what the publisher advises to search: smallest and largest value, or words; empty where it says nothing.
    """

    name: str
    path: str
    to_field: Callable[[str], str] | None = None
    help: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, float] = field(default_factory=dict)
    tuning: tuple[float, float] | tuple[str, ...] = ()
    from_field: Callable[[Any], str] | None = None
    kind: Kind | None = None

    @property
    def field(self) -> FieldInfo:
        """The declaration that this argument stands for."""
        group, _, name = self.path.partition(".")
        fields = TrainSpec.model_fields[group].annotation.model_fields  # type: ignore[union-attr]  # groups are specs
        found: FieldInfo = fields[name]
        return found

    def read(self, text: str) -> str:
        """The text for the field.

        Raises:
            ValueError: a word that is none of the choices, or what `to_field` refuses; names the argument.
        """
        if self.choices:
            words = {word.lower(): value for word, value in self.choices.items()}
            if text.strip().lower() not in words:
                raise ValueError(f"--{self.name} must be one of {', '.join(self.choices)}, got {text!r}")
            return words[text.strip().lower()]
        return self.to_field(text) if self.to_field else text

    def word(self, value: Any) -> Any:
        """A value of the field as the user would write it, under its published word."""
        if self.from_field:
            return self.from_field(value)
        return next((word for word, inner in self.choices.items() if inner == value), value)


@dataclass(frozen=True, eq=False)
class Algorithm:
    """A built-in algorithm.

    Attributes:
        name: as the last part of an image's URI states it.
        summary: what it does.
        arguments: all that it understands.
        metrics: names of the numbers that its evaluations write, the one that counts first.
        required: names of arguments that must be given.
        defaults: values that it was published with, in the place of the spec's; they are not derived from the data.
        catalogue: the defaults that come with each value of `model.model_id`, before `defaults`.
        metric_lines: kind of event to lines for log readers, to be formatted with the event's numbers.
        basic: names of the arguments that most users look at.
    """

    name: str
    summary: str
    arguments: tuple[Argument, ...]
    metrics: tuple[str, ...]
    required: tuple[str, ...] = ("training_data_path",)
    defaults: Values = field(default_factory=dict)
    catalogue: Mapping[str, Values] = field(default_factory=dict)
    metric_lines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    basic: tuple[str, ...] = ()

    @property
    def image_uri(self) -> str:
        """How a job names it: as an image of the managed service."""
        return f"gcr.io/cloud-ml-algos/{self.name}:latest"

    def published(self, model_id: str = "") -> Values:
        """Its defaults, with those of an entry of its catalogue; the default entry's where none is named."""
        chosen = model_id or str(self.defaults.get(MODEL_ID, ""))
        named = {MODEL_ID: chosen} if chosen else {}
        return {**self.defaults, **self.catalogue.get(chosen, {}), **named}

    def default(self, argument: Argument) -> Any:
        """The published default of an argument, under its published word."""
        return argument.word(self.published().get(argument.path, argument.field.default))

    def derives(self, argument: Argument) -> bool:
        """Whether an argument is derived from the data and the machine where it is left out."""
        extra: Any = argument.field.json_schema_extra
        return bool(extra["derived"]) and argument.path not in self.published()

    def names(self) -> dict[str, str]:
        """Path in the spec to the name of the first argument for it."""
        return {argument.path: argument.name for argument in reversed(self.arguments)}


@dataclass(frozen=True)
class Request:
    """What a user asked for.

    Attributes:
        spec: of given and published default values.
        given: paths of the values that the user gave.
        settled: paths of the algorithm's own defaults, which are not derived either.
    """

    spec: TrainSpec
    given: frozenset[str]
    settled: frozenset[str] = frozenset()

    @property
    def kept(self) -> frozenset[str]:
        """Paths of the values that are not derived."""
        return self.given | self.settled


def parse(algorithm: Algorithm, texts: Mapping[str, str]) -> Request:
    """Validate arguments and place them in a spec.

    Args:
        texts: value by published name; "auto" counts as not given, and is derived also where the algorithm has a
            default of its own.

    Raises:
        ValueError: unknown names and impossible values, all of them in one message.
    """
    known = {argument.name: argument for argument in algorithm.arguments}
    problems = [_unknown(name, known) for name in texts if name not in known]
    auto = {known[name].path for name, text in texts.items() if name in known and text.strip().lower() == AUTO}
    values: dict[str, str] = {}
    source: dict[str, str] = {}
    for name, text in texts.items():
        if name not in known or text.strip().lower() == AUTO:
            continue
        path = known[name].path
        if path in source:
            problems.append(f"--{name} and --{source[path]} say the same thing; give one of them")
        source[path] = name
        try:
            values[path] = known[name].read(text)
        except ValueError as error:
            problems.append(str(error))
    problems += [f"--{name} is required" for name in _missing(algorithm, known, source)]
    published = {
        path: value for path, value in algorithm.published(values.get(MODEL_ID, "")).items() if path not in auto
    }
    spec = _spec(algorithm, {**published, **values}, source, problems)
    if spec is None or problems:
        raise ValueError("\n".join(problems))
    return Request(spec, frozenset(source), frozenset(published) - frozenset(source))


def _missing(algorithm: Algorithm, known: Mapping[str, Argument], source: Mapping[str, str]) -> Iterator[str]:
    """Required arguments that are not given; the spec itself tells of those of its own."""
    for name in algorithm.required:
        if known[name].path not in source and not known[name].field.is_required():
            yield name


def _spec(algorithm: Algorithm, values: Values, source: Mapping[str, str], problems: list[str]) -> TrainSpec | None:
    """The spec, or None; what is wrong with it is added to `problems`."""
    groups: dict[str, dict[str, Any]] = {"data": {}}
    for path, value in values.items():
        group, _, name = path.partition(".")
        groups.setdefault(group, {})[name] = value
    try:
        spec = TrainSpec.model_validate({"algorithm": algorithm.name, **groups})
    except ValidationError as error:
        problems += list(_problems(error, algorithm, source))
        return None
    by_name = {argument.name: argument for argument in algorithm.arguments}
    problems += [told for name in source.values() if (told := _outside(by_name[name], spec))]
    return spec


LIMITS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "gt": (">", lambda value, limit: value > limit),
    "ge": (">=", lambda value, limit: value >= limit),
    "lt": ("<", lambda value, limit: value < limit),
    "le": ("<=", lambda value, limit: value <= limit),
}
"""Name of a limit to its sign and its test."""


def _outside(argument: Argument, spec: TrainSpec) -> str:
    """What is wrong with a value by the argument's own limits; "" when nothing is."""
    group, _, name = argument.path.partition(".")
    value = getattr(getattr(spec, group), name)
    if all(LIMITS[limit][1](value, bound) for limit, bound in argument.limits.items()):
        return ""
    wanted = " and ".join(f"{LIMITS[limit][0]} {bound:g}" for limit, bound in argument.limits.items())
    return f"--{argument.name} must be {wanted}, got {value:g}"


def _unknown(name: str, known: Mapping[str, Argument]) -> str:
    close = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean --{close[0]}?" if close else ""
    return f"--{name} is not an argument of this algorithm{hint}"


def _problems(error: ValidationError, algorithm: Algorithm, source: Mapping[str, str]) -> Iterator[str]:
    names = algorithm.names()
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
