"""Sentences of the API in the viewer's language.

The server speaks English: in answers, logs, reports and on the command line, with each sentence written once, where it
is known. Here it is found again by its form, as gettext finds it, and said in another language. A form is the English
sentence with placeholders in the places of what differs: `{n:d}` is a number, `{name:w}` a word, `{fault:said}` what
has a form itself, and `{path}` anything. All but the third are taken over as they are, for names and paths need no
translation. A sentence that has no form stays English as a whole.
"""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from boxwright.console import texts

NUMBER = "d"
KINDS = {NUMBER: r"-?[\d.,]+(?:e[+-]?\d+)?", "w": r"\S+?"}
"""What a number and a word look like."""

ANYTHING = r".+?"

PARTS = "parts.toml"
"""File of the forms that are no sentences by themselves."""

NESTED = "said"
"""Marks a placeholder whose value has a form itself."""

GROUPED = re.compile(r"-?\d{1,3}(,\d{3})+(\.\d+)?")

SEPARATOR = "; "
MOST = 20
"""Sentences of a list."""

LONGEST = 2000
"""Characters of a line that is looked at; longer ones are no sentences, but what some program has printed."""


@dataclass(frozen=True)
class Form:
    """A sentence with placeholders.

    Attributes:
        english: as the catalogue's key states it, or its singular.
        pattern: what it fits.
        nested: placeholders whose values have forms themselves.
        numbers: placeholders whose values are numbers.
        texts: by language.
        weight: characters that are not placeholders; of several forms the one with most is taken.
        part: it is no sentence by itself, and found within others only.
    """

    english: str
    pattern: re.Pattern[str]
    nested: frozenset[str]
    numbers: frozenset[str]
    texts: Mapping[str, str]
    weight: int
    part: bool


@cache
def forms() -> tuple[Form, ...]:
    """All forms, the most particular first.

    Raises:
        ValueError: a form stands in two files.
    """
    found: dict[str, Form] = {}
    for path in sorted((texts.FOLDER / "api").glob("*.toml")):
        for form in _forms(path):
            if form.english in found:
                raise ValueError(f"{path.name}: there is another form {form.english!r}")
            found[form.english] = form
    return tuple(sorted(found.values(), key=lambda form: -form.weight))


def _forms(path: Path) -> Iterator[Form]:
    """The forms of a file: of each entry the English key, and the singular where there is one."""
    first, *others = texts.languages()
    for english, given in tomllib.loads(path.read_text("utf-8")).items():
        part = path.name == PARTS
        yield _form(english, {language: given[language] for language in others}, part)
        if singular := given.get(f"{first}{texts.ONE}"):
            one = {language: given.get(f"{language}{texts.ONE}", given[language]) for language in others}
            yield _form(singular, one, part)


def _form(english: str, given: Mapping[str, str], part: bool) -> Form:
    pattern, weight = "", 0
    kinds: dict[str, set[str]] = {NESTED: set(), NUMBER: set()}
    for literal, name, kind, _ in string.Formatter().parse(english):
        pattern += re.escape(literal)
        weight += len(literal)
        if name is not None:
            group = f"(?P<{name}>"
            pattern += f"(?P={name})" if group in pattern else f"{group}{KINDS.get(kind or '', ANYTHING)})"
            kinds.setdefault(kind or "", set()).add(name)
    nested, numbers = (frozenset(kinds[kind]) for kind in (NESTED, NUMBER))
    return Form(english, re.compile(pattern), nested, numbers, given, weight, part)


@lru_cache(maxsize=4096)
def said(language: str, words: str) -> str:
    """What the API says, line by line, in a language; a line that no form fits stays as it is."""
    return "\n".join(_list(language, line, parts=False) or line for line in words.split("\n"))


def _translated(language: str, sentence: str, *, parts: bool = False) -> str:
    """A sentence in a language; empty where no form fits.

    Args:
        parts: it stands within another one, where parts of sentences are.
    """
    if language == next(iter(texts.languages())) or len(sentence) > LONGEST:
        return ""
    for form in forms():
        match = form.pattern.fullmatch(sentence) if parts or not form.part else None
        if match is None:
            continue
        values = match.groupdict()
        inner = {name: _list(language, values[name]) for name in form.nested}
        if all(inner.values()):
            numbers = {name: _grouped(language, values[name]) for name in form.numbers}
            return form.texts[language].format(**{**values, **numbers, **inner})
    return ""


def _grouped(language: str, number: str) -> str:
    """A number with its digits grouped as the language does."""
    return number.replace(",", texts.languages()[language].digits) if GROUPED.fullmatch(number) else number


@lru_cache(maxsize=4096)
def _list(language: str, sentences: str, *, parts: bool = True) -> str:
    """One sentence, or several with semicolons between them, which may have some themselves; empty where one is new."""
    each = sentences.split(SEPARATOR)
    if whole := _translated(language, sentences, parts=parts):
        return whole
    for end in range(1, len(each) if len(each) <= MOST else 0):
        first = _translated(language, SEPARATOR.join(each[:end]), parts=parts)
        rest = _list(language, SEPARATOR.join(each[end:]), parts=parts) if first else ""
        if rest:
            return f"{first}{SEPARATOR}{rest}"
    return ""
