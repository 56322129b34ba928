"""Tests of the catalogue of words."""

import re
import shutil
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from boxwright.console import texts
from boxwright.console.figures import clock
from boxwright.console.guard import SIGN_IN
from boxwright.console.texts import ONE, catalogue, languages, preferred, text
from boxwright.console.texts.said import forms, said

SOURCE = Path(texts.__file__).parents[1]


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_every_text_is_there_in_every_language_with_the_same_placeholders(key: str) -> None:
    entry = catalogue()[key]
    allowed = {*languages(), *(language + ONE for language in languages())}
    assert set(languages()) <= entry.keys() <= allowed
    assert all(entry[language].strip() for language in languages())
    full = {language: placeholders(entry[language]) for language in languages()}
    assert all(found == full["en"] for found in full.values())
    for name in entry.keys() - set(languages()):
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


@pytest.fixture
def french(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The catalogue with another language in it, whose texts are the Spanish ones between «»."""
    folder = tmp_path / "texts"
    shutil.copytree(texts.FOLDER, folder, ignore=shutil.ignore_patterns("*.py*"))
    for path in (*folder.glob("*.toml"), *folder.glob("api/*.toml")):
        written = re.sub(r'^es = "(.*)"$', r'es = "\1"\nfr = "«\1»"', path.read_text("utf-8"), flags=re.MULTILINE)
        path.write_text(written, "utf-8")
    with (folder / texts.OF_LANGUAGES).open("a", encoding="utf-8") as file:
        file.write('[fr]\nname = "Français"\npage = "fr"\ndate = "{day} {month} {year}"\n')
        file.write(f"months = {['janv.'] * 12}\n".replace("'", '"'))
    monkeypatch.setattr(texts, "FOLDER", folder)
    known = (texts.languages, texts.catalogue, forms, said)
    for one in known:
        one.cache_clear()
    yield
    monkeypatch.undo()
    for one in known:
        one.cache_clear()


@pytest.mark.usefixtures("french")
def test_another_language_needs_the_catalogue_only() -> None:
    assert list(languages()) == ["en", "es", "ja", "fr"]
    assert all(set(languages()) <= entry.keys() for entry in catalogue().values())
    assert preferred("fr-CA, es;q=0.4") == "fr"
    assert text("fr", "home.data_done", n="2").startswith("«")
    assert said("fr", "--overlap is required") == "«--overlap es obligatorio»"
    assert said("fr", "Feature pyramid.") == "«Pirámide de características.»"
    assert clock("2026-01-22T12:00:00Z", ZoneInfo("UTC"), "fr") == "22 janv. 2026 12:00"


@pytest.mark.usefixtures("french")
def test_the_page_to_sign_in_on_speaks_another_language(console: Any) -> None:
    page = httpx.get(f"{console.url}{SIGN_IN}", cookies={"boxwright_language": "fr"}, trust_env=False).text
    assert 'lang="fr"' in page
    assert text("fr", "sign_in.submit") in page
