"""Tests of the dialog that looks around below the roots, in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nicegui import ui

from boxwright.console import parts
from boxwright.console.browser import FileBrowser, pasted
from boxwright.console.pages import ROUTES
from boxwright.console.view import View
from boxwright.dataset.draw import draw_shapes
from boxwright.formats import write

Opened = Callable[..., Any]


async def choosing(view: View, kind: str = "data", start: str = "") -> None:
    parts.heading("Choosing")
    shown = ui.label("nothing yet").mark("chosen").props('data-chosen=""')

    async def choose() -> None:
        shown.text = str(await FileBrowser(view).choose(kind=kind, start=start))  # type: ignore[arg-type]  # of a query

    parts.button("Look", choose)


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, the process that counts may take long to start."""
    monkeypatch.setattr("boxwright.browsing.matching.SECONDS", 60.0)


@pytest.fixture
def page_of_browser() -> Iterator[str]:
    ROUTES["/{project}/choosing"] = choosing
    yield "/shapes-b/choosing"
    del ROUTES["/{project}/choosing"]


@pytest.fixture(scope="module")
def data(console: Any) -> str:
    """A folder of 2 files with 5 pictures in all, and one whose name is HTML."""
    folder = console.folder / "b-data"
    write(
        draw_shapes(5, classes=("circle", "square"), size=(64, 64), seed=0),
        str(folder),
        to="tfrecord",
        split="train",
        shards=2,
    )
    (folder / "<img src=x onerror=alert(1)>").mkdir()
    return str(folder)


def test_what_file_managers_and_shells_put_around_a_path_is_taken_off() -> None:
    meant = {
        "'/data/a b'": "/data/a b",
        ' "/data/a b" ': "/data/a b",
        "file:///data/a%20b": "/data/a b",
        "/data/it's": "/data/it's",
        "/data/50%20": "/data/50%20",
        "": "",
    }
    assert {typed: pasted(typed) for typed in meant} == meant
    assert pasted(None) == ""


def test_a_wildcard_is_chosen_with_what_it_matches(
    opened: Opened, page_of_browser: str, data: str, screenshot: Callable[..., None]
) -> None:
    page = opened(f"{page_of_browser}?start={data}")
    page.get_by_role("button", name="Look").click()
    dialog = page.locator(".file-browser")
    dialog.get_by_text("tfrecord", exact=True).first.wait_for()
    names = dialog.locator(".file-entry .grow").all_inner_texts()
    assert names == [
        "<img src=x onerror=alert(1)>",
        "labels.txt",
        *(f"train-0000{i}-of-00002.tfrecord" for i in (0, 1)),
    ]
    screenshot(page, "file_browser")
    dialog.get_by_role("button", name="train-00000-of-00002").click()
    dialog.get_by_role("button", name="Take all parts").click()
    page.wait_for_function("document.querySelector('.file-count')?.textContent === '2 files, 5 labelled pictures'")
    dialog.get_by_role("button", name="Choose").click()
    page.get_by_text(f"{data}/train-*-of-00002.tfrecord").wait_for()
    assert page.locator(".file-browser").count() == 0


def test_one_can_walk_from_the_roots_with_the_keyboard(
    opened: Opened, page_of_browser: str, console: Any, data: str
) -> None:
    assert data.endswith("b-data")
    page = opened(page_of_browser)
    page.get_by_role("button", name="Look").click()
    dialog = page.locator(".file-browser")
    dialog.locator(".file-entry").first.wait_for()
    assert dialog.locator(".file-entry .grow").all_inner_texts() == [str(console.folder)]
    dialog.locator(".file-entry").first.press("Enter")
    dialog.locator(".file-entry").filter(has_text="b-data").wait_for()
    entries = dialog.locator(".file-entry .grow").all_inner_texts()
    dialog.locator(".file-entry").first.focus()
    for _ in entries[: entries.index("b-data")]:
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    dialog.locator(".file-entry").filter(has_text="labels.txt").wait_for()
    assert dialog.locator(".crumbs button").all_inner_texts() == ["Roots", str(console.folder), "b-data"]
    page.keyboard.press("Escape")
    page.get_by_text("None", exact=True).wait_for()
    assert page.locator(".file-browser").count() == 0


def test_what_lies_outside_the_roots_is_refused_in_words(opened: Opened, page_of_browser: str, console: Any) -> None:
    page = opened(page_of_browser)
    page.get_by_role("button", name="Look").click()
    dialog = page.locator(".file-browser")
    dialog.locator(".file-entry").first.wait_for()
    dialog.get_by_label("Complete path").fill("/etc/passwd")
    page.wait_for_function("document.querySelector('.file-browser .file-note')?.textContent.includes('only what lies')")
    assert str(console.folder) in dialog.locator(".file-note").inner_text()
    assert dialog.get_by_role("button", name="Choose").is_disabled()


def test_a_new_folder_can_be_named(opened: Opened, page_of_browser: str, data: str) -> None:
    page = opened(f"{page_of_browser}?kind=folder&start={data}")
    page.get_by_role("button", name="Look").click()
    page.get_by_label("it may be new").fill(f"{data}/runs/new")
    page.get_by_text(f"Folder: {data}/runs/new").wait_for()
    page.get_by_role("button", name="Choose", exact=True).click()
    page.get_by_text(f"{data}/runs/new", exact=True).wait_for()
    assert page.locator(".file-browser").count() == 0


def test_a_filter_leaves_only_what_it_names(opened: Opened, page_of_browser: str, data: str) -> None:
    page = opened(f"{page_of_browser}?start={data}")
    page.get_by_role("button", name="Look").click()
    page.get_by_label("Filter by name").fill("LABELS")
    page.wait_for_function("document.querySelectorAll('.file-entry').length === 1")
    assert "labels.txt" in page.locator(".file-entry").inner_text()


def test_more_entries_are_shown_when_they_are_asked_for(opened: Opened, page_of_browser: str, console: Any) -> None:
    folder = console.folder / "b-many"
    folder.mkdir()
    for number in range(130):
        (folder / f"{number:03}.txt").touch()
    (folder / "none").mkdir()
    page = opened(f"{page_of_browser}?start={folder}")
    page.get_by_role("button", name="Look").click()
    page.get_by_role("button", name="Show more").click()
    page.wait_for_function("document.querySelectorAll('.file-entry').length === 131")
    assert page.get_by_role("button", name="Show more").count() == 0
    field = page.get_by_label("Complete path")
    field.fill(f"{folder}/none")
    field.press("Enter")
    page.get_by_text("Nothing here.").wait_for()
    assert page.locator(".crumbs button").last.inner_text() == "none"
    page.get_by_text("0 files, 0 labelled pictures").wait_for()
    field.fill(f"{folder}/0*")
    field.press("Enter")
    page.wait_for_function("document.querySelector('.file-count')?.textContent.startsWith('100 files')")
    assert page.locator(".file-entry").count() == 0
