"""Jobs side by side, in a real browser."""

from collections.abc import Callable
from typing import Any

from boxwright.console.pages.compare import differences
from boxwright.jobdir import Job

Opened = Callable[..., Any]


def test_curves_outcome_and_differences(opened: Opened, desk: Any, screenshot: Callable[..., None]) -> None:
    for name, rate in (("one", "0.1"), ("two", "<b>0.2</b>")):
        desk.job(name, state="RUNNING", best_value=0.5, standing={"progress": {"bestMetric": "AP", "bestValue": 0.5}})
        desk.dir(name).write_job(Job(algorithm="image_object_detection", arguments={"rate": rate, "seed": "1"}))
    desk.train("one", 50)
    desk.train("two", 100)
    page = opened(f"{desk.path}/jobs-compare?jobs=one,two,missing,one")
    page.get_by_text("Not in this project: missing").wait_for()
    chart = page.locator(".chart")
    assert chart.get_attribute("aria-label") == "loss: one 2, two 1"
    page.get_by_role("combobox", name="Number").click()
    page.get_by_role("option", name="images_per_second").click()
    page.wait_for_function("document.querySelector('.chart').getAttribute('aria-label').startsWith('images_per')")
    page.wait_for_function("location.search.includes('metric=images_per_second')")
    outcome, settings = page.locator(".listing").all()
    assert [row.split()[0] for row in outcome.locator("tbody tr").all_inner_texts()] == ["one", "two"]
    assert "AP 0.500" in outcome.inner_text()
    assert [row.split() for row in settings.locator("tbody tr").all_inner_texts()][0][-2:] == ["0.1", "<b>0.2</b>"]
    assert settings.locator("tbody tr").count() == 1 and settings.locator("b").count() == 0
    page.get_by_role("switch", name="Show equal ones, too").click()
    settings.get_by_text("seed").wait_for()
    assert settings.locator(".differs").count() == 1
    screenshot(page)


def test_too_few(opened: Opened, desk: Any) -> None:
    desk.job("one", "wait")
    page = opened(f"{desk.path}/jobs-compare?jobs=one")
    page.get_by_text("Nothing to compare").wait_for()
    assert page.locator(".chart").count() == 0


def test_jobs_without_numbers_and_on_a_phone(opened: Opened, desk: Any) -> None:
    desk.job("one", "wait", "--steps=1")
    desk.job("two", "wait", "--steps=1")
    page = opened(f"{desk.path}/jobs-compare?jobs=one,two", width=390)
    page.get_by_text("All settings are equal.").wait_for()
    assert page.locator(".chart").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_differences() -> None:
    found = differences({"a": {"x": "1", "y": "2"}, "b": {"x": "1", "y": "3", "z": ""}})
    assert [(row["name"], row["differs"]) for row in found] == [("x", False), ("y", True), ("z", True)]
    assert found[2]["values"] == {"b": ""}
    beside = differences({"a": {"x": "1", "y": "2"}, "b": {"x": "2"}}, waiting=["b"])
    assert [(row["name"], row["differs"]) for row in beside] == [("x", True), ("y", False)]
    both = differences({"a": {"x": "1"}, "b": {}}, waiting=["a", "b"])
    assert [row["differs"] for row in both] == [True]
