"""The catalogue of the console's words: one file a noun, each key in every language.

Another language is an entry in languages.toml, a text for each key of the other files, and one for each sentence of the
API in api/: nothing else.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ONE = "_one"
"""Ends the name of a text that is used where n is 1, such as `en_one`."""

FOLDER = Path(__file__).parent

OF_LANGUAGES = "languages.toml"


@dataclass(frozen=True)
class Language:
    """A language of the console.

    Attributes:
        name: as its speakers write it.
        page: Quasar's name for it, for the words of its own elements.
        date: how day, month and year are put together.
        months: the twelve of them.
        digits: between every three digits of a number.
    """

    name: str
    page: str
    date: str
    months: tuple[str, ...]
    digits: str = ","


@cache
def languages() -> Mapping[str, Language]:
    """By code; the first is used where a browser asks for none of them."""
    given = tomllib.loads((FOLDER / OF_LANGUAGES).read_text("utf-8"))
    return {code: Language(**{**one, "months": tuple(one["months"])}) for code, one in given.items()}


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Key, such as "jobs.empty", to the text in each language.

    Raises:
        ValueError: two files have the same key.
    """
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted(set(FOLDER.glob("*.toml")) - {FOLDER / OF_LANGUAGES}):
        for key, texts in _entries(tomllib.loads(path.read_text("utf-8"))):
            if key in found:
                raise ValueError(f"{path.name}: the key {key} stands in another file already")
            found[key] = texts
    return found


def _entries(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Mapping[str, str]]]:
    if prefix and all(isinstance(value, str) for value in table.values()):
        return [(prefix, table)]
    return [entry for name, one in table.items() for entry in _entries(one, f"{prefix}.{name}" if prefix else name)]


def text(language: str, key: str, **values: Any) -> str:
    """A text in a language with its {placeholders} filled in.

    Args:
        language: one of `languages`.
        key: of the catalogue.
        values: by placeholder; with `n` equal to 1 the singular is taken, where there is one.

    Raises:
        KeyError: no such key, or a placeholder without a value.
    """
    texts = catalogue()[key]
    singular = texts.get(language + ONE) if str(values.get("n")) == "1" else None
    return (singular or texts[language]).format(**values)


def preferred(header: str) -> str:
    """The language that a browser's Accept-Language asks for, by RFC 9110; the first of ours where it names none."""
    weighed: list[tuple[float, str]] = []
    for part in header.split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), name.split("-")[0].lower()))
        except ValueError:
            continue
    found = [name for _, name in sorted(weighed, key=lambda one: one[0]) if name in languages()]
    return found[0] if found else next(iter(languages()))
