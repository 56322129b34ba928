"""Tests of the settings, in a real browser."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from boxwright.console.figures import size
from boxwright.console.pages.settings.access import browser_of
from boxwright.runners.host import GpuLoad, Load

Opened = Callable[..., Any]


def test_a_token_is_made_shown_once_used_and_revoked(
    opened: Opened, console: Any, screenshot: Callable[..., None]
) -> None:
    page = opened("/settings")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name").fill("lab-b")
    page.get_by_role("button", name="Make the token").click()
    page.get_by_text("The token lab-b is made").wait_for()
    secret = page.inner_text(".code pre")
    record = console.context.tokens.check(secret)
    assert record and (record.name, record.role) == ("lab-b", "trainer")
    page.get_by_role("button", name="I have copied it").click()
    row = page.locator("tr").filter(has_text="lab-b")
    row.get_by_text("Trainer").wait_for()
    page.wait_for_function("!document.querySelector('.q-dialog')")
    screenshot(page, "settings_access")
    assert secret not in page.content()
    row.get_by_role("button", name="Revoke").click()
    page.locator(".dialog").get_by_role("button", name="Revoke").click()
    row.get_by_text("Revoked").wait_for()
    assert console.context.tokens.check(secret) is None


def test_a_name_that_cannot_be_is_refused_in_words(opened: Opened) -> None:
    page = opened("/settings")
    page.get_by_role("button", name="New token").click()
    page.get_by_label("Name").fill("<b>x</b>")
    page.get_by_role("button", name="Make the token").click()
    page.wait_for_selector(".q-notification")
    assert "1 to 63 letters" in page.inner_text(".q-notification")
    assert page.locator(".q-notification b").count() == 0


def test_who_would_sign_out_themselves_is_told_so(opened: Opened) -> None:
    page = opened("/settings")
    own = page.locator("tbody tr").filter(has_text="this browser")
    own.get_by_role("button").click()
    page.get_by_text("End the session of this very browser").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").wait_for(state="detached")
    page.get_by_role("button", name="Revoke a-admin").click()
    page.get_by_text("the token that you are signed in with").wait_for()
    assert own.count() == 1


def test_a_session_is_ended(opened: Opened, console: Any) -> None:
    secret = console.context.sessions.open(console.token("trainer"), "Netscape 4 of b")
    page = opened("/settings?tab=access")
    row = page.locator("tr").filter(has_text="Netscape 4 of b")
    row.get_by_role("button", name="End").click()
    page.locator(".dialog").get_by_role("button", name="End").click()
    row.wait_for(state="detached")
    assert console.context.tokens.check(secret) is None


def test_a_viewer_sees_own_sessions_and_who_may_do_the_rest(opened: Opened, console: Any) -> None:
    console.context.sessions.open(console.token("trainer"), "Mosaic of b")
    page = opened("/settings", role="viewer")
    page.locator("tbody tr").first.wait_for()
    assert "Tokens are made and revoked by administrators" in page.inner_text("main")
    assert page.get_by_role("button", name="New token").count() == 0
    assert "Mosaic of b" not in page.inner_text("main")
    page.get_by_role("tab", name="Roots and storage").click()
    page.get_by_text("is shown to trainers and administrators").wait_for()
    assert str(console.folder) in page.inner_text("main")
    page.wait_for_url(re.compile(r"tab=storage"))


def test_the_machine_and_what_runs_are_shown(
    opened: Opened, console: Any, monkeypatch: pytest.MonkeyPatch, screenshot: Callable[..., None]
) -> None:
    monkeypatch.setattr(console.context.jobs.__class__, "active", lambda _: [])
    page = opened("/settings?tab=machine", role="viewer")
    page.get_by_text("No job runs at the moment.").wait_for()
    assert "% busy" in page.inner_text("main").replace("\u202f", " ") and "of memory in use" in page.inner_text("main")
    screenshot(page, "settings_machine")


def test_a_card_and_a_running_job_are_shown(
    opened: Opened, console: Any, monkeypatch: pytest.MonkeyPatch, screenshot: Callable[..., None]
) -> None:
    card = GpuLoad("NVIDIA <b>T4</b>", 40.0, 16 * 10**9, 4 * 10**9)
    monkeypatch.setattr("boxwright.api.routes.machine.load_now", lambda: Load(50.0, 1.5, 10**9, (card,)))
    body = {"jobId": "busy", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    console.ask("POST", "/v1/projects/machine-b/jobs", json=body)
    running = replace(console.context.jobs.get("machine-b", "busy"), state="RUNNING", host="vm", start_time=1.0)
    monkeypatch.setattr(console.context.jobs.__class__, "active", lambda _: [running])
    page = opened("/settings?tab=machine")
    page.get_by_text("NVIDIA <b>T4</b>").wait_for()
    assert f"{size(4e9)} of {size(16e9)} of memory in use" in page.inner_text("main")
    screenshot(page, "settings_machine_busy")
    link = page.locator("main a").filter(has_text="busy")
    assert link.get_attribute("href") == "/console/machine-b/jobs/busy"
    assert "NVIDIA <b>T4</b>" in page.inner_text("main")
    assert "running" in page.locator("tr").filter(has_text="busy").inner_text()
    console.ask("POST", "/v1/projects/machine-b/jobs/busy:cancel", json={})


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
            "Chrome 131, Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0", "Firefox 132, Windows"),
        (
            "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51",
            "Edge 131, Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1",
            "Safari 18, iOS",
        ),
        ("curl/8.9", "curl/8.9"),
        ("", ""),
    ],
)
def test_browsers_are_named_in_short(agent: str, words: str) -> None:
    assert browser_of(agent) == words


def test_storage_tells_what_each_project_has(
    opened: Opened, console: Any, monkeypatch: pytest.MonkeyPatch, screenshot: Callable[..., None]
) -> None:
    console.ask("POST", "/v1/projects/stored-b/uploads", json={"displayName": "x"})
    monkeypatch.setattr("boxwright.storage.FRESH", 0.0)
    page = opened("/settings?tab=storage")
    row = page.locator("tr").filter(has_text="stored-b")
    row.wait_for()
    screenshot(page, "settings_storage")
    assert [one.strip() for one in row.locator("td").all_inner_texts()][1:4] == ["0\u202fB"] * 3
    assert " free of " in page.inner_text("main")


def test_language_and_theme_are_chosen(opened: Opened) -> None:
    page = opened("/settings?tab=about")
    assert "Apache-2.0" in page.inner_text("main")
    page.get_by_label("Language").click()
    page.get_by_role("option", name="Español").click()
    page.get_by_role("heading", name="Ajustes").wait_for()
    page.get_by_label("Claro u oscuro").click()
    page.get_by_role("option", name="Oscuro").click()
    page.wait_for_selector("body.body--dark")
    cookies = {one["name"]: one["value"] for one in page.context.cookies()}
    assert (cookies["boxwright_language"], cookies["boxwright_theme"]) == ("es", "dark")


@pytest.mark.parametrize("tab", ["access", "machine", "storage", "about"])
def test_the_page_fits_a_phone(opened: Opened, tab: str, screenshot: Callable[..., None]) -> None:
    page = opened(f"/settings?tab={tab}", width=390, dark=True)
    page.wait_for_selector(".panel")
    screenshot(page, f"settings_phone_{tab}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, json.dumps(tab)
