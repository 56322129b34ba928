"""Where the keyboard is when dialogs and pages come and go."""

from collections.abc import Callable
from typing import Any

Opened = Callable[..., Any]

FOCUSED = "document.activeElement.innerText.trim()"


def test_a_dialog_has_a_name_and_gives_the_focus_back(opened: Opened) -> None:
    page = opened("/focus-a/datasets")
    page.get_by_role("button", name="Import data").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog", name="Import a data set").wait_for()
    page.wait_for_function("document.querySelector('.q-dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate(FOCUSED).endswith("Import data")


def test_of_two_dialogs_the_inner_one_gives_it_back_to_the_outer_one(opened: Opened) -> None:
    page = opened("/focus-b/datasets?add=path")
    page.get_by_role("button", name="Browse").first.click()
    page.get_by_role("dialog", name="Choose labelled data").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Choose labelled data").wait_for(state="detached")
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate(FOCUSED).endswith("Browse")


def test_a_dialog_that_is_cancelled_gives_it_back_as_well(opened: Opened) -> None:
    page = opened("/settings")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog", name="New token").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.wait_for_function("document.activeElement !== document.body")
    assert page.evaluate(FOCUSED).endswith("New token")


def test_another_page_begins_at_its_heading(opened: Opened) -> None:
    page = opened("/focus-c")
    assert page.evaluate("document.activeElement === document.body")  # the first one at its beginning
    page.locator(".drawer .entry").filter(has_text="Jobs").click()
    page.wait_for_function("document.activeElement.tagName === 'H1'")
    assert page.evaluate(FOCUSED) == "Jobs"
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_function("document.activeElement.innerText === 'Models'")
    page.wait_for_url("**/focus-c/models")
