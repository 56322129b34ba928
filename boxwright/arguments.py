"""An algorithm's arguments on the command line: reading them, and their help."""

import textwrap
from collections.abc import Sequence
from typing import Any

from boxwright.algorithms.argument import Algorithm, Argument


def read_arguments(words: Sequence[str]) -> dict[str, str]:
    """Values by name from `--name=value` and `--name value`.

    Raises:
        ValueError: a word that is neither, a value that is missing, or a name given twice.
    """
    found: dict[str, str] = {}
    rest = [word for word in words if word != "--"]
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise ValueError(f"expected --name=value, got {word!r}")
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            if not rest or rest[0].startswith("--"):
                raise ValueError(f"--{name} needs a value: --{name}=value")
            value = rest.pop(0)
        if name in found:
            raise ValueError(f"--{name} is given twice, as {found[name]!r} and {value!r}")
        found[name] = value
    return found


def describe(argument: Argument, algorithm: Algorithm) -> tuple[str, str]:
    """Name and help of an argument: what it is, its unit and its published default."""
    field = argument.field
    extra: Any = field.json_schema_extra
    parts = [argument.help or field.description or ""]
    if extra["unit"]:
        parts.append(f"In {extra['unit']}.")
    if argument.name in algorithm.required:
        parts.append("Required.")
    else:
        parts.append(f"Published default: {as_text(algorithm.default(argument)) or 'none'}.")
    return argument.name, " ".join(parts)


def as_text(value: Any) -> str:
    """A value as it is written on the command line."""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, dict):
        return ",".join(f"{name}={part}" for name, part in value.items())
    return "" if value is None else str(value)


def help_text(algorithm: Algorithm) -> str:
    """Everything that `boxwright train ALGORITHM` understands."""
    lines = [
        f"boxwright train {algorithm.name} --job-dir=DIR [--argument=value ...]",
        "",
        algorithm.summary,
        "What is left out, or given as 'auto', is derived from the data and the machine where that is possible,",
        "and printed with its reason; otherwise the published default holds.",
        "",
        "  --job-dir",
        "      Folder for checkpoints, events and the model. Required.",
    ]
    for argument in algorithm.arguments:
        name, text = describe(argument, algorithm)
        lines += [f"  --{name}", *textwrap.wrap(text, 110, initial_indent="      ", subsequent_indent="      ")]
    return "\n".join(lines)
