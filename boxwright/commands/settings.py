"""Options that are the fields of settings, so that each is declared once: `--max-jobs=2` sets `max_jobs`."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from boxwright.arguments import as_text, read_arguments
from boxwright.spec.knob import Frozen

Kinds = Sequence[type[Frozen]]
S = TypeVar("S", bound=Frozen)


@dataclass(frozen=True)
class Flag:
    """A switch that belongs to no settings."""

    name: str
    help: str


@dataclass(frozen=True)
class Given:
    """What the options said: texts by the names of fields, and the flags that were set."""

    texts: dict[str, str]
    flags: frozenset[str]

    def of(self, kind: type[S]) -> S:
        """The settings of a kind.

        Raises:
            ValueError: values that do not fit; says of which options.
        """
        values = {name: _value(kind, name, self.texts[name]) for name in kind.model_fields if name in self.texts}
        try:
            return kind.model_validate(values)
        except ValidationError as error:
            found = [f"--{option(str(one['loc'][0]))}: {one['msg']}, got {one['input']!r}" for one in error.errors()]
            raise ValueError("\n".join(found)) from error


def read(words: Sequence[str], kinds: Kinds, flags: Sequence[Flag] = ()) -> Given:
    """Read options; a switch needs no value.

    Raises:
        ValueError: unknown options, an option given twice, or words that are none.
    """
    fields = {name: field for kind in kinds for name, field in kind.model_fields.items()}
    names = {flag.name for flag in flags}
    switches = {f"--{option(name)}" for name, field in fields.items() if field.annotation is bool}
    switches |= {f"--{option(name)}" for name in names}
    words = [_with_dashes(word) for word in words]
    arguments = read_arguments([f"{word}=true" if word in switches else word for word in words])
    texts = {name.replace("-", "_"): text for name, text in arguments.items()}
    unknown = sorted(option(name) for name in texts.keys() - fields.keys() - names)
    if unknown:
        known = ", ".join(f"--{option(name)}" for name in (*fields, *(flag.name for flag in flags)))
        raise ValueError(f"unknown option --{', --'.join(unknown)}; there is {known}")
    given = frozenset(name for name in names if texts.pop(name, "false").lower() == "true")
    return Given(texts, given)


def written(settings: Frozen) -> list[str]:
    """Options that give these settings again."""
    return [f"--{option(name)}={as_text(getattr(settings, name))}" for name in type(settings).model_fields]


def help_text(usage: str, text: str, kinds: Kinds, flags: Sequence[Flag] = ()) -> str:
    """What a command does, and each of its options with unit and default."""
    lines = [f"Usage: {usage} [OPTIONS]", "", *(line.strip() for line in text.strip().splitlines()), "", "Options:"]
    for kind in kinds:
        for name, field in kind.model_fields.items():
            extra: Any = field.json_schema_extra
            unit = f" In {extra['unit']}." if extra["unit"] else ""
            default = as_text(field.default) if field.default not in ("", ()) else "none"
            lines += _described(name, f"{field.description}{unit} Default: {default}.")
    return "\n".join([*lines, *(line for flag in flags for line in _described(flag.name, flag.help))])


def option(name: str) -> str:
    """A field's name as an option, without the dashes in front."""
    return name.replace("_", "-")


def _with_dashes(word: str) -> str:
    name, equals, text = word.partition("=")
    return option(name) + equals + text if word.startswith("--") else word


def _described(name: str, text: str) -> list[str]:
    return [f"  --{option(name)}", *textwrap.wrap(text, 110, initial_indent=" " * 6, subsequent_indent=" " * 6)]


def _value(kind: type[Frozen], name: str, text: str) -> object:
    several = str(kind.model_fields[name].annotation).startswith("tuple")
    return [part.strip() for part in text.split(",") if part.strip()] if several else text
