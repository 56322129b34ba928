"""Tests of tables in a real browser."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from nicegui import ui

from boxwright.console import pages, parts
from boxwright.console.listing import Column, Listing, Pager
from boxwright.console.view import View

Opened = Callable[..., Any]
HOSTILE = "<img src=x onerror=\"document.title='hit'\">'\"{{7*7}}"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A page with a table of its `rows` and a pager over three pages; `orders` are those that were asked for."""
    state: dict[str, Any] = {"rows": [{"id": "a", "n": 1}, {"id": "b", "n": 2}], "orders": []}

    async def page(view: View) -> None:
        parts.heading("A table")

        def ask(order: str) -> None:
            state["orders"].append(order)
            table.set_order(order)

        columns = [
            Column("Name", lambda row: row["id"], sort="name"),
            Column("Number", lambda row: view.number(row["n"]), number=True),
            Column("Stop", lambda row: _stop(row["id"]), of=lambda row: row["id"], quiet=True),
        ]
        table = Listing(columns, lambda row: row["id"], label="Things", order="name", on_order=ask, cards=True)
        table.show(state["rows"])

        async def turn(token: str) -> None:
            state["token"] = token
            pager.show({"": "two", "two": "three"}.get(token, ""))

        pager = Pager(view, turn)
        pager.show("two")
        parts.button("Again", lambda: table.show(state["rows"]))

    monkeypatch.setitem(pages.ROUTES, "/{project}/try-listing", page)
    yield state


def _stop(name: str) -> None:
    ui.button("x", color=None).props(f'aria-label="Stop {name}"')


def rows(page: Any) -> list[list[str]]:
    return [row.locator("td").all_inner_texts()[:2] for row in page.locator("tbody tr").all()]


def until(page: Any, wanted: list[list[str]]) -> None:
    for _ in range(100):
        if rows(page) == wanted:
            return
        page.wait_for_timeout(50)
    assert rows(page) == wanted


def test_rows_come_go_change_and_move_and_the_rest_is_left_alone(opened: Opened, shown: dict[str, Any]) -> None:
    page = opened("/local/try-listing")
    assert rows(page) == [["a", "1"], ["b", "2"]]
    page.evaluate("document.querySelectorAll('tbody tr')[1].marked = true")
    shown["rows"] = [{"id": "c", "n": 3}, {"id": "b", "n": 2}, {"id": "a", "n": 4321}]
    page.click("text=Again")
    until(page, [["c", "3"], ["b", "2"], ["a", "4,321"]])
    assert page.evaluate("[...document.querySelectorAll('tbody tr')].map((row) => !!row.marked)") == [
        False,
        True,
        False,
    ]
    shown["rows"] = [{"id": "a", "n": 4321}]
    page.click("text=Again")
    until(page, [["a", "4,321"]])


def test_a_heading_asks_for_the_other_order(opened: Opened, shown: dict[str, Any]) -> None:
    page = opened("/local/try-listing")
    assert page.get_attribute("th:first-child", "aria-sort") == "ascending"
    page.press("th .sort", "Enter")
    page.click("text=Again")
    until(page, [["a", "1"], ["b", "2"]])
    assert shown["orders"] == ["-name"]
    assert page.get_attribute("th:first-child", "aria-sort") == "descending"
    page.press("th .sort", "Enter")
    page.wait_for_selector("th[aria-sort=ascending]")
    assert shown["orders"] == ["-name", "name"]
    assert page.evaluate("document.activeElement.className") == "sort"


def test_a_focus_stays_where_a_row_changes_around_it(opened: Opened, shown: dict[str, Any]) -> None:
    page = opened("/local/try-listing")
    page.focus("[aria-label='Stop b']")
    page.evaluate("document.activeElement.kept = true")
    shown["rows"] = [{"id": "a", "n": 1}, {"id": "b", "n": 5000}]
    page.evaluate("[...document.querySelectorAll('button')].find((one) => one.innerText === 'Again').click()")
    until(page, [["a", "1"], ["b", "5,000"]])
    assert page.evaluate("document.activeElement.kept && document.activeElement.ariaLabel") == "Stop b"


@pytest.mark.usefixtures("shown")
def test_rows_are_cards_on_a_phone(opened: Opened) -> None:
    page = opened("/local/try-listing", width=390)
    cell = page.locator("tbody td").nth(1)
    assert cell.evaluate("(one) => getComputedStyle(one, '::before').content") == '"Number"'
    assert page.locator("tbody tr").first.evaluate("(one) => getComputedStyle(one).display") == "block"
    assert page.get_by_role("cell", name="Number 1", exact=True).count() == 1  # it is a table to who hears it
    assert page.locator("thead .sort").is_visible()
    assert page.get_by_role("columnheader", name="Stop").count() == 1


def test_pages_are_turned_by_their_tokens(opened: Opened, shown: dict[str, Any]) -> None:
    page = opened("/local/try-listing")
    forth, back = page.get_by_label("Next page"), page.get_by_label("Previous page")
    assert back.is_disabled()
    forth.click()
    page.wait_for_selector("text=Page 2")
    assert shown["token"] == "two"
    forth.click()
    page.wait_for_selector("text=Page 3")
    assert shown["token"] == "three"
    assert forth.is_disabled()
    back.click()
    page.wait_for_selector("text=Page 2")
    assert shown["token"] == "two"


def test_names_are_shown_as_they_are(opened: Opened, shown: dict[str, Any]) -> None:
    shown["rows"] = [{"id": HOSTILE, "n": 1}]
    page = opened("/local/try-listing")
    assert rows(page) == [[HOSTILE, "1"]]
    assert page.locator("tbody img").count() == 0
