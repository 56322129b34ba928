"""The list of jobs, in a real browser."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from boxwright.console.pages.wanted_jobs import Wanted
from boxwright.store.filters import parse_filter

Opened = Callable[..., Any]

PROGRESS = {"step": 300, "maxSteps": 400, "etaSeconds": 65.0, "bestMetric": "AP", "bestValue": 0.5123}


def shows(page: Any, expected: list[str]) -> bool:
    """Whether the table comes to hold these jobs, in this order."""
    found = page.wait_for_function(
        """wanted => {
          const names = [...document.querySelectorAll('tbody tr .name')].map(one => one.textContent.trim());
          return JSON.stringify(names) === JSON.stringify(wanted) && names;
        }""",
        arg=expected,
    )
    return bool(found.json_value() == expected)


def query(page: Any) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def wait_for_query(page: Any, expected: dict[str, list[str]]) -> bool:
    end = time.monotonic() + 5
    while query(page) != expected and time.monotonic() < end:
        page.wait_for_timeout(30)
    return query(page) == expected


def test_the_table_is_live(opened: Opened, desk: Any, screenshot: Callable[..., None]) -> None:
    standing = {"machine": "nova: 2 cores", "progress": PROGRESS}
    desk.job(
        "first", state="RUNNING", start_time=time.time(), standing=standing, best_value=0.5, labels={"team": "lab"}
    )
    desk.job("second", "wait")
    page = opened(f"{desk.path}/jobs")
    assert shows(page, ["second", "first"])
    row = page.locator("tr", has_text="first")
    text = row.inner_text()
    assert "300 of 400 (75\u202f%)" in text and "1\u202fmin 5\u202fs left" in text.replace(
        "1 min 5 s", "1\u202fmin 5\u202fs"
    )
    assert "AP 0.512" in text and "nova" in text and "team=lab" in text and "running" in text.lower()
    assert row.get_by_role("progressbar").get_attribute("aria-valuenow") == "75"
    screenshot(page)
    desk.change("first", state="FAILED", error_message="x")
    row.get_by_text("failed", exact=False).wait_for()
    desk.job("third", "wait")
    assert shows(page, ["third", "second", "first"])


def test_search_filters_and_order_stand_in_the_address(opened: Opened, desk: Any) -> None:
    desk.job("cells_a", labels={"team": "lab"}, state="RUNNING", best_value=0.25)
    desk.job("cells_b", labels={"team": "farm"}, best_value=0.75)
    desk.job("wait_c", "wait", labels={"team": "lab"})
    page = opened(f"{desk.path}/jobs")
    assert shows(page, ["wait_c", "cells_b", "cells_a"])
    page.get_by_role("searchbox").fill("CELLS")
    assert shows(page, ["cells_b", "cells_a"]) and wait_for_query(page, {"q": ["CELLS"]})
    page.get_by_role("button", name="Best so far").click()
    assert shows(page, ["cells_b", "cells_a"]) and wait_for_query(page, {"q": ["CELLS"], "sort": ["-best"]})
    page.get_by_role("button", name="Best so far").click()
    assert shows(page, ["cells_a", "cells_b"])
    page.get_by_label("Label", exact=True).fill("team=farm")
    assert shows(page, ["cells_b"])
    again = opened(f"{desk.path}/jobs?label=team=lab&algorithm=wait")
    assert shows(again, ["wait_c"]) and again.get_by_label("Label", exact=True).input_value() == "team=lab"
    assert shows(opened(f"{desk.path}/jobs?state=RUNNING"), ["cells_a"])


def test_the_state_is_chosen_from_a_list(opened: Opened, desk: Any) -> None:
    desk.job("one", state="RUNNING")
    desk.job("two", "wait")
    page = opened(f"{desk.path}/jobs")
    page.get_by_role("combobox", name="State").click()
    page.get_by_role("option", name=re.compile("^queued$", re.IGNORECASE)).click()
    assert shows(page, ["two"]) and wait_for_query(page, {"state": ["QUEUED"]})


def test_page_by_page(opened: Opened, desk: Any) -> None:
    for number in range(60):
        desk.job(f"job_{number:02d}", "wait")
    page = opened(f"{desk.path}/jobs")
    assert shows(page, [f"job_{number:02d}" for number in range(59, 34, -1)])
    page.get_by_role("button", name="Next page").click()
    assert shows(page, [f"job_{number:02d}" for number in range(34, 9, -1)])
    page.reload()
    assert shows(page, [f"job_{number:02d}" for number in range(34, 9, -1)])  # the address names the page
    page.get_by_role("button", name="Next page").click()
    assert shows(page, [f"job_{number:02d}" for number in range(9, -1, -1)])
    page.get_by_role("button", name="Previous page").click()
    page.get_by_role("button", name="Previous page").click()
    assert shows(page, [f"job_{number:02d}" for number in range(59, 34, -1)]) and wait_for_query(page, {})


def test_a_job_is_cancelled_after_a_question(opened: Opened, desk: Any) -> None:
    desk.job("one", "wait")
    page = opened(f"{desk.path}/jobs", role="trainer")
    page.get_by_role("button", name="Cancel one").click()
    page.get_by_role("button", name="Keep it").or_(page.locator(".dialog .button-plain")).first.click()
    assert desk.console.context.jobs.get(desk.project, "one").state == "QUEUED"
    page.get_by_role("button", name="Cancel one").click()
    page.get_by_role("button", name="Cancel the job").click()
    page.locator("tr .chip", has_text=re.compile("cancelled", re.IGNORECASE)).wait_for()
    assert desk.console.context.jobs.get(desk.project, "one").state == "CANCELLED"
    assert page.get_by_role("link", name="Clone one with changes").get_attribute("href").endswith("/new?clone=one")


def test_a_viewer_may_look_only(opened: Opened, desk: Any) -> None:
    desk.job("one", "wait")
    page = opened(f"{desk.path}/jobs", role="viewer")
    assert shows(page, ["one"])
    assert page.get_by_role("button", name="Cancel one").count() == 0
    assert page.get_by_role("link", name="Clone one with changes").count() == 0
    with desk.console.client("viewer") as client:
        job = f"/v1/projects/{desk.project}/jobs/one"
        assert client.post(f"{job}:cancel").status_code == 403
        body = {"jobId": "two", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
        assert client.post(f"/v1/projects/{desk.project}/jobs", json=body).status_code == 403


def test_jobs_are_chosen_for_comparison(opened: Opened, desk: Any) -> None:
    for name in ("a", "b", "c"):
        desk.job(name, "wait")
    page = opened(f"{desk.path}/jobs")
    button = page.get_by_role("button", name="Compare (")
    assert button.is_disabled()
    page.get_by_role("checkbox", name="Choose a for comparison").click()
    page.get_by_role("checkbox", name="Choose c for comparison").click()
    page.get_by_role("button", name="Compare (2)").click()
    page.get_by_role("heading", name="Compare jobs").wait_for()
    assert query(page) == {"jobs": ["a,c"]}


def test_a_focus_stays_while_the_job_goes_on(opened: Opened, desk: Any) -> None:
    desk.job("a", state="RUNNING", start_time=time.time(), standing={"progress": PROGRESS})
    page = opened(f"{desk.path}/jobs", role="trainer")
    page.get_by_role("button", name="Cancel a", exact=True).focus()
    desk.change("a", standing={"progress": {**PROGRESS, "step": 77}})
    page.get_by_text("77 of").wait_for()
    assert page.evaluate("document.activeElement.ariaLabel") == "Cancel a"


def test_a_focus_is_seen(opened: Opened, desk: Any) -> None:
    for name in ("a", "b"):
        desk.job(name, state="RUNNING")
    page = opened(f"{desk.path}/jobs", role="trainer")
    page.get_by_label("Choose b for comparison").wait_for()
    page.get_by_role("button", name="Created").focus()
    looks = """() => {
      const now = document.activeElement, style = getComputedStyle(now);
      return [now.ariaLabel, style.outlineStyle === "solid" || style.boxShadow.includes("5px")];
    }"""
    seen = []
    for _ in range(4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(looks))
    names = ["Choose b for comparison", None, "Clone b with changes", "Cancel b"]
    assert seen == [[name, True] for name in names]
    assert page.get_by_label("Choose b for comparison").bounding_box()["height"] >= 24  # to be hit by a finger


def test_the_list_fits_and_says_why_a_job_failed(opened: Opened, desk: Any) -> None:
    desk.job("a", state="FAILED", error_message="the disk is full", standing={"machine": "nova: 2 cores"})
    desk.job("b", state="RUNNING", start_time=time.time(), standing={"progress": PROGRESS})
    page = opened(f"{desk.path}/jobs", role="trainer")
    page.get_by_text("the disk is full").wait_for()
    assert page.locator(".listing").evaluate("(one) => one.scrollWidth <= one.clientWidth")
    assert page.get_by_role("link", name="Clone a with changes").is_visible()
    page.get_by_text("Tick 2 to 8 jobs").wait_for()
    page.set_viewport_size({"width": 390, "height": 860})
    assert page.locator(".listing").evaluate("(one) => one.scrollWidth <= one.clientWidth")
    assert page.get_by_text("the disk is full").is_visible() and page.get_by_text("running").first.is_visible()


def test_nothing_there(opened: Opened, desk: Any) -> None:
    page = opened(f"{desk.path}/jobs", role="trainer")
    page.get_by_text("No jobs yet").wait_for()
    assert page.locator(".empty a").get_attribute("href").endswith("/new")
    viewer = opened(f"{desk.path}/jobs?q=x", role="viewer")
    viewer.get_by_text("No job fits").wait_for()
    assert opened(f"{desk.path}/jobs", role="viewer").locator(".empty a").count() == 0


def test_on_a_phone_nothing_scrolls_sideways(opened: Opened, desk: Any) -> None:
    desk.job("a_job_with_a_name_that_goes_on_and_on_and_on_for_a_hundred_letters_and_more", "wait")
    page = opened(f"{desk.path}/jobs", width=390)
    page.locator("tbody tr").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("wanted", "filter", "order"),
    [
        (Wanted(), "", ""),
        (Wanted(state="FAILED", algorithm="wait"), 'state:FAILED AND algorithm:"wait"', ""),
        (Wanted(label="team"), 'labels.team:"*"', ""),
        (Wanted(label=" team = lab "), 'labels.team:"lab"', ""),
        (Wanted(label='team=a" OR state:FAILED'), 'labels.team:"a\\" OR state:FAILED"', ""),
        (Wanted(sort="best"), "", "bestValue"),
        (Wanted(sort="-job"), "", "jobId desc"),
        (Wanted(sort="-uid"), "", ""),
    ],
)
def test_what_is_asked_of_the_api(wanted: Wanted, filter: str, order: str) -> None:
    assert (wanted.filter, wanted.order) == (filter, order)
    assert not filter or parse_filter(filter)
    assert wanted.narrowed == bool(filter)
