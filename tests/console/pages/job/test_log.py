"""The log's tab, in a real browser; and what is done to single lines."""

import re
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from boxwright.console.pages.job.log import marked, plain

Opened = Callable[..., Any]


def shown(page: Any) -> list[str]:
    return list(page.locator(".log:not(.found) .line .what").all_inner_texts())


def until(page: Any, reached: Callable[[], bool]) -> bool:
    end = time.monotonic() + 10
    while not reached() and time.monotonic() < end:
        page.wait_for_timeout(50)
    return reached()


def test_follows_pauses_and_goes_on(opened: Opened, desk: Any) -> None:
    desk.job("one", state="RUNNING")
    page = opened(f"{desk.path}/jobs/one?tab=log")
    page.get_by_text("Nothing was written yet.").wait_for()
    desk.dir("one").log("first\n\x1b[31m<img src=x onerror=alert(1)>\x1b[0m", 1_700_000_000)
    assert until(page, lambda: shown(page) == ["first", "<img src=x onerror=alert(1)>"])
    assert page.locator("main img").count() == 0
    assert page.locator(".log .when").first.inner_text() == "14 Nov 2023 22:13:20"
    desk.dir("one").log("second", 1_700_000_000)
    assert until(page, lambda: shown(page)[-1] == "second") and len(shown(page)) == 3
    page.get_by_role("switch", name="Follow").click()
    desk.dir("one").log("third", 1_700_000_000)
    page.get_by_role("button", name="Later lines").wait_for()
    assert "third" not in shown(page)
    page.get_by_role("button", name="Later lines").click()
    assert until(page, lambda: shown(page)[-1] == "third") and len(shown(page)) == 4
    page.get_by_role("switch", name="Follow").click()
    desk.dir("one").log_file.write_text("another log\n")
    assert until(page, lambda: shown(page) == ["another log"])


def test_only_a_window_of_a_huge_log_is_in_the_page(
    opened: Opened, desk: Any, monkeypatch: pytest.MonkeyPatch, screenshot: Callable[..., None]
) -> None:
    module = sys.modules[plain.__module__]  # its package has a function of the same name
    monkeypatch.setattr(module, "WINDOW", 50)
    monkeypatch.setattr(module, "STEP", 30)
    desk.job("one", state="RUNNING")
    desk.dir("one").log_file.write_text("".join(f"line {number}\n" for number in range(50_000)))
    page = opened(f"{desk.path}/jobs/one?tab=log")
    assert until(page, lambda: shown(page) == [f"line {number}" for number in range(49_970, 50_000)])
    page.get_by_role("button", name="Earlier lines").click()
    assert until(page, lambda: shown(page) == [f"line {number}" for number in range(49_940, 49_990)])
    page.get_by_role("searchbox").fill("LINE 4711")
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_text("11 lines found").wait_for()  # 4711 and 47110 to 47119
    page.wait_for_url(re.compile(r"find=LINE\+4711"))
    assert page.locator(".found mark").first.inner_text() == "line 4711"
    page.locator(".found .line").first.click()
    assert until(page, lambda: page.locator(".here").count() == 1 and page.locator(".here").is_visible())
    assert page.locator(".here .what").inner_text() == "line 4711"
    assert shown(page) == [f"line {number}" for number in range(4697, 4727)]
    assert page.locator(".log:not(.found) mark").count() == 1
    screenshot(page)
    page.get_by_role("button", name="Later lines").click()
    assert until(page, lambda: shown(page)[-1] == "line 4756") and len(shown(page)) == 50
    again = opened(f"{desk.path}/jobs/one?tab=log&find=nothing")
    again.get_by_text("0 lines found").wait_for()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2K\x1b[?25lstep\r", "step"),
        ("tab\tstays, bell\x07 goes", "tab\tstays, bell goes"),
        ("日本 é", "日本 é"),
    ],
)
def test_commands_to_terminals_are_left_out(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Loss and loss", "LOSS", [("Loss", True), (" and ", False), ("loss", True)]),
        ("a.b axb", ".", [("a", False), (".", True), ("b axb", False)]),
        ("text", "", [("text", False)]),
        ("text", "none", [("text", False)]),
    ],
)
def test_what_was_searched_for_is_marked(text: str, words: str, expected: list[tuple[str, bool]]) -> None:
    assert marked(text, words) == expected
