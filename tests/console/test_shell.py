"""Tests of the frame of all pages, in a real browser."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from boxwright.console import shell

Opened = Callable[..., Any]


def test_the_first_page_has_links_to_all_others(opened: Opened) -> None:
    page = opened("/")
    names = page.locator("nav .entry").all_inner_texts()
    assert [name.splitlines()[-1] for name in names] == [
        "Start",
        "Data sets",
        "Jobs",
        "Models",
        "Endpoints",
        "Settings",
    ]
    page.wait_for_function("document.title !== 'Boxwright'")
    assert page.title() == "Start · Boxwright"


def test_a_page_that_takes_its_time_is_waited_for(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """NiceGUI gives up after three seconds, unless it is told otherwise."""
    look = shell.look

    async def slow(request: Any) -> Any:
        await asyncio.sleep(3.5)
        return await look(request)

    monkeypatch.setattr(shell, "look", slow)
    assert opened("/").locator("h1").inner_text() == "Start"


def test_an_address_that_leads_nowhere_says_so(opened: Opened) -> None:
    page = opened("/local/nothing/at/all")
    assert "There is no such page" in page.inner_text("main")
    page.get_by_role("main").get_by_role("link", name="Start").click()
    page.wait_for_selector("h1 >> text=Start")
    page.wait_for_url("**/console/local")


def test_a_viewer_is_not_offered_a_new_job(opened: Opened) -> None:
    assert opened("/", role="viewer").locator(".header .primary-link").count() == 0
    assert opened("/", role="trainer").locator(".header .primary-link").count() == 1


def test_signing_out_ends_the_session_everywhere(opened: Opened, console: Any) -> None:
    page = opened("/", role="trainer")
    stolen = {one["name"]: one["value"] for one in page.context.cookies()}
    page.evaluate("boxwright.signOut()")
    page.wait_for_url("**/console/sign-in")
    answer = httpx.get(f"{console.url}/v1/sessions/current", cookies=stolen, trust_env=False)
    assert answer.status_code == 401
    assert "sign in again" in answer.json()["error"]["message"]


def test_links_lead_to_pages(opened: Opened) -> None:
    """NiceGUI's own links would put the console's path before an address once more."""
    page = opened("/local")
    page.get_by_role("link", name="Import my pictures").click()
    page.wait_for_url("**/console/local/datasets?add=upload")
    page.wait_for_selector("h1 >> text=Data sets")
    assert "There is no such page" not in page.inner_text("main")


def test_a_project_whose_name_is_code_is_refused_in_words(opened: Opened) -> None:
    page = opened("/%3Cimg%20src%3Dx%20onerror%3D%22document.body.id%3D'hit'%22%3E/jobs")
    assert "a project's name is 1 to 63 letters" in page.inner_text(".failure")
    assert page.locator("main img").count() == 0
    assert page.evaluate("document.body.id") != "hit"


def test_the_keyboard_leads_everywhere(opened: Opened) -> None:
    page = opened("/local")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("g")
    page.keyboard.press("d")
    page.wait_for_selector("h1 >> text=Data sets")
    page.wait_for_url("**/console/local/datasets")
    page.wait_for_selector(".drawer .entry[aria-current=page] >> text=Data sets")
    page.keyboard.press("n")
    page.wait_for_selector("h1 >> text=New training job")


def test_language_and_colours_are_chosen_in_the_accounts_menu(opened: Opened) -> None:
    page = opened("/local", dark=True)
    assert page.evaluate("document.body.classList.contains('body--dark')")
    page.get_by_label("Account of a-admin").click()
    page.get_by_text("Light", exact=True).click()
    page.wait_for_function("document.body?.classList.contains('body--light')")
    page.get_by_label("Account of a-admin").click()
    page.get_by_text("日本語").click()
    page.wait_for_selector("h1 >> text=ホーム")
    assert page.get_attribute("html", "lang") == "ja"


def test_on_a_phone_the_navigation_is_behind_a_button(opened: Opened) -> None:
    page = opened("/local", width=390)
    entry = page.locator(".drawer .entry").nth(1)
    assert not entry.is_visible()
    page.get_by_role("button", name="Menu").click()
    page.wait_for_selector(".menu-open")
    entry.click()
    page.wait_for_selector("h1 >> text=Data sets")
    page.wait_for_selector(".menu-open", state="detached")
    assert not entry.is_visible()
