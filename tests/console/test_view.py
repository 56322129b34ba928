"""Tests of what pages are given."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from boxwright.client import ServerError
from boxwright.console import pages, parts
from boxwright.console.view import View, page_path

Opened = Callable[..., Any]


def view(**given: Any) -> View:
    values: dict[str, Any] = {"name": "lab", "role": "trainer", "language": "en", "zone": ZoneInfo("Asia/Tokyo")}
    return View(api=None, feeds=None, client=None, **{**values, **given})  # type: ignore[arg-type]  # not asked here


def test_paths_keep_names_apart_from_what_they_mean() -> None:
    assert page_path("local", "jobs", "a/b?c#d") == "/console/local/jobs/a%2Fb%3Fc%23d"
    assert page_path("local", "jobs", state="FAILED", text="", page=None) == "/console/local/jobs?state=FAILED"
    assert view().path("new", clone="a&b") == "/console/local/new?clone=a%26b"
    assert view(project="farm").resource("jobs", "one", "log") == "/v1/projects/farm/jobs/one/log"
    assert view().resource("jobs", "one:cancel") == "/v1/projects/local/jobs/one:cancel"


def test_roles_include_lower_ones() -> None:
    assert [view().may(role) for role in ("viewer", "annotator", "trainer", "admin")] == [True, True, True, False]


def test_times_and_numbers_are_the_viewers() -> None:
    assert view().time("2026-11-22T15:35:15Z") == "23 Nov 2026 00:35"
    assert view().text("home.data_done", n=12345) == "12,345 data sets are ready"
    assert view(language="es").text("home.data_done", n=1) == "1 conjunto de datos listo"


def test_a_pages_state_stands_in_its_address(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, str]] = []

    async def page(view: View, shown: str = "", more: str = "") -> None:
        parts.heading("A page")
        seen.append((shown, more))
        parts.button("Remember", lambda: view.remember(shown="b c&d", more=""))

    monkeypatch.setitem(pages.ROUTES, "/{project}/try-view", page)
    there = opened("/local/try-view?shown=a&more=x")
    there.click("text=Remember")
    there.wait_for_url("**/try-view?shown=b+c%26d")
    there.reload()
    there.wait_for_selector("main h1")
    assert seen == [("a", "x"), ("b c&d", "")]


def test_what_the_api_refuses_is_shown_in_its_words(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    async def page(view: View) -> None:
        await view.api.get("/v1/tokens")

    monkeypatch.setitem(pages.ROUTES, "/{project}/try-refusal", page)
    there = opened("/local/try-refusal", role="viewer")
    there.wait_for_selector("[role=alert] h2 >> text=You may not see this")
    assert "needs a token of role admin" in there.inner_text(".failure")


def test_a_page_whose_data_could_not_be_had_is_built_again(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []

    async def page(view: View) -> None:  # noqa: ARG001
        tries.append(1)
        if len(tries) == 1:
            raise ServerError(503, "UNAVAILABLE", "the database cannot be reached; try again later")
        parts.heading("Here it is")

    monkeypatch.setitem(pages.ROUTES, "/{project}/try-again", page)
    there = opened("/local/try-again")
    assert "cannot be reached" in there.inner_text(".failure")
    there.get_by_role("button", name="Try again").click()
    there.wait_for_selector("h1 >> text=Here it is")
    assert len(tries) == 2


def test_who_is_signed_out_elsewhere_is_led_to_sign_in(opened: Opened, console: Any) -> None:
    there = opened("/local", role="annotator")
    (one,) = [one for one in console.ask("GET", "/v1/sessions")["sessions"] if one["token"] == "a-annotator"]
    console.ask("DELETE", f"/v1/sessions/{one['id']}")
    there.get_by_role("heading", name="Sign in").wait_for()
    assert there.url.endswith("/console/sign-in?next=%2Fconsole%2Flocal")
