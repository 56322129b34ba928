"""Tests of the catalogue of words."""

import re
import string
from pathlib import Path

import pytest

from boxwright.console import texts
from boxwright.console.texts import LANGUAGES, ONE, catalogue, preferred, text

SOURCE = Path(texts.__file__).parents[1]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_text_is_there_in_every_language_with_the_same_placeholders(key: str) -> None:
    entry = catalogue()[key]
    allowed = {*LANGUAGES, *(language + ONE for language in LANGUAGES)}
    assert set(LANGUAGES) <= entry.keys() <= allowed
    assert all(entry[language].strip() for language in LANGUAGES)
    full = {language: placeholders(entry[language]) for language in LANGUAGES}
    assert full["en"] == full["es"] == full["ja"]
    for name in entry.keys() - set(LANGUAGES):
        assert placeholders(entry[name]) <= full["en"]


def test_every_key_that_is_written_out_in_the_code_is_there() -> None:
    pattern = re.compile(r"""text\(\s*["']([a-z_]+(?:\.[A-Za-z0-9_]+)+)["']""")
    used = {key for path in SOURCE.rglob("*.py") for key in pattern.findall(path.read_text("utf-8"))}
    assert len(used) > 50
    assert used - catalogue().keys() == set()


def test_spanish_and_japanese_are_not_english_again() -> None:
    """But for words that are the same everywhere, such as Token."""
    same = [key for key, entry in catalogue().items() if entry["ja"] == entry["en"] and len(entry["en"].split()) > 3]
    assert same == []


def test_one_is_told_from_many() -> None:
    assert text("en", "home.data_done", n="1") == "1 data set is ready"
    assert text("en", "home.data_done", n="2") == "2 data sets are ready"
    assert text("ja", "home.data_done", n="1") == "1 個のデータセットが準備完了"


def test_a_key_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        text("en", "nothing")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("ja", "ja"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en;q=0.2, ja;q=0.9", "ja"),
        ("fr, de;q=0.5", "en"),
        ("fr, es;q=0.1", "es"),
        ("ja;q=none, es", "es"),
    ],
)
def test_the_language_that_a_browser_prefers(header: str, language: str) -> None:
    assert preferred(header) == language
