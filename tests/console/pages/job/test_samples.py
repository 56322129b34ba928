"""The tab with sample predictions, in a real browser."""

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from boxwright.evaluation.samples import Samples
from boxwright.formats.sample import ClassName
from boxwright.spec.study_state import StudyState, TrialState

module = sys.modules["boxwright.console.pages.job.samples"]  # the package has the function by that name

Opened = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages look for news at once."""
    monkeypatch.setattr(module, "EVERY", 0.2)


HOSTILE = "<img src=x onerror=alert(1)>\"'"


@pytest.fixture
def writer(desk: Any, scene: Any) -> Samples:
    """Writes samples of a running job."""
    desk.job("run", state="RUNNING")
    classes = (ClassName(1, HOSTILE), *scene.classes[1:])
    return Samples.of(str(desk.dir("run").samples), classes, scene.pictures)


def write(writer: Samples, scene: Any, step: int, lower: float = 0.0) -> None:
    """Samples of a step, with lower scores."""
    found = [replace(one.predictions, scores=one.predictions.scores - lower) for one in scene.pictures]
    writer.write(step, found)


def labels(page: Any, name: str, side: int = 1) -> list[str]:
    """Words at the boxes of a picture; `side` is 0 for the truth and 1 for the predictions."""
    section = page.locator("section.sample", has=page.get_by_role("heading", name=name, exact=True))
    return list(section.locator("figure").nth(side).locator(".boxes-label").all_inner_texts())


def first_picture_is_560_wide(page: Any) -> bool:
    page.wait_for_function("() => document.querySelector('section.sample img').naturalWidth === 560")
    return True


def steps_said(page: Any, words: str) -> bool:
    page.get_by_text(words, exact=True).wait_for()
    return True


def test_samples_come_and_the_newest_is_followed(
    opened: Opened, desk: Any, writer: Samples, scene: Any, screenshot: Callable[..., None]
) -> None:
    page = opened(f"{desk.path}/jobs/run?tab=samples")
    page.get_by_text("No samples yet").wait_for()
    write(writer, scene, 20, lower=0.1)
    assert steps_said(page, "Step 20, evaluation 1 of 1")
    assert labels(page, "right.png") == [f"{HOSTILE} 0.85"] and labels(page, "right.png", 0) == [HOSTILE]
    assert first_picture_is_560_wide(page)
    write(writer, scene, 40)
    assert steps_said(page, "Step 40, evaluation 2 of 2")
    assert labels(page, "right.png") == [f"{HOSTILE} 0.95"]
    screenshot(page)


def test_a_step_that_was_chosen_stays(opened: Opened, desk: Any, writer: Samples, scene: Any) -> None:
    for step in (20, 40):
        write(writer, scene, step, lower=0.1 if step == 20 else 0.0)
    page = opened(f"{desk.path}/jobs/run?tab=samples")
    assert steps_said(page, "Step 40, evaluation 2 of 2")
    page.get_by_role("button", name="Earlier evaluation").click()
    assert steps_said(page, "Step 20, evaluation 1 of 2")
    page.wait_for_url(re.compile("step=20"))
    write(writer, scene, 60)
    assert steps_said(page, "Step 20, evaluation 1 of 3")
    assert labels(page, "right.png") == [f"{HOSTILE} 0.85"]
    page.get_by_role("switch", name="Follow the newest").click()
    assert steps_said(page, "Step 60, evaluation 3 of 3")
    page.wait_for_url(lambda url: "step=" not in url)
    page.get_by_role("slider", name="Evaluation at step").focus()
    page.keyboard.press("ArrowLeft")
    assert steps_said(page, "Step 40, evaluation 2 of 3")
    again = opened(f"{desk.path}/jobs/run?tab=samples&step=20")
    assert steps_said(again, "Step 20, evaluation 1 of 3")


def test_the_lowest_score_hides_boxes_in_the_browser(opened: Opened, desk: Any, writer: Samples, scene: Any) -> None:
    write(writer, scene, 20)
    page = opened(f"{desk.path}/jobs/run?tab=samples&score=0.65")
    assert steps_said(page, "Step 20, evaluation 1 of 1")
    assert len(labels(page, "errors.png")) == 3 and labels(page, "late.png") == []
    assert page.get_by_text("4 boxes below, best 0.40").count() == 1
    slider = page.get_by_role("slider", name="Lowest score")
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => document.querySelectorAll('.boxes-lower').length === 0")
    assert len(labels(page, "errors.png")) == 7 and len(labels(page, "late.png")) == 4
    page.wait_for_url("**score=0.05*")


def test_truth_and_predictions_over_each_other(opened: Opened, desk: Any, writer: Samples, scene: Any) -> None:
    write(writer, scene, 20)
    page = opened(f"{desk.path}/jobs/run?tab=samples")
    assert steps_said(page, "Step 20, evaluation 1 of 1")
    page.get_by_text("Over each other").click()
    page.wait_for_function("() => document.querySelectorAll('section.sample figure').length === 4")
    page.wait_for_url("**mode=over*")
    page.locator(".boxes-label", has_text=f"{HOSTILE} 0.95").wait_for()  # the boxes come a moment after the pictures
    assert labels(page, "right.png", 0) == [HOSTILE, f"{HOSTILE} 0.95"]
    page.get_by_role("switch", name="Labelled boxes").click()
    page.wait_for_function("() => document.querySelectorAll('.boxes-box.boxes-dashed').length === 0")
    assert labels(page, "right.png", 0) == [f"{HOSTILE} 0.95"]


def test_a_picture_is_shown_large_with_truth_and_predictions(
    opened: Opened, desk: Any, writer: Samples, scene: Any, screenshot: Callable[..., None]
) -> None:
    write(writer, scene, 20)
    page = opened(f"{desk.path}/jobs/run?tab=samples")
    page.locator(".boxes-label", has_text=f"{HOSTILE} 0.95").wait_for()
    page.get_by_role("button", name="Show right.png large").click()
    large = page.locator(".large-picture")
    large.locator(".boxes-label", has_text=f"{HOSTILE} 0.95").wait_for()
    page.wait_for_timeout(400)  # it glides in
    screenshot(page, "sample_large")
    assert large.locator(".boxes-label").all_inner_texts() == [HOSTILE, f"{HOSTILE} 0.95"]
    assert large.locator("img").get_attribute("alt") == "Labelled and predicted boxes in right.png at step 20"
    large.get_by_role("switch", name="Predicted boxes").click()
    large.locator(".boxes-label", has_text=f"{HOSTILE} 0.95").wait_for(state="detached")
    page.keyboard.press("Escape")
    large.wait_for(state="detached")
    assert labels(page, "right.png") == [f"{HOSTILE} 0.95"]  # what is hidden there is hidden there only


def test_a_search_without_trials_has_none_yet(opened: Opened, desk: Any) -> None:
    desk.job("search", "tune", state="RUNNING")
    page = opened(f"{desk.path}/jobs/search?tab=samples")
    page.get_by_text("No samples yet").wait_for()
    assert page.get_by_role("tab", name="Samples").get_attribute("aria-selected") == "true"


def test_a_trial_of_a_search_is_chosen(opened: Opened, desk: Any, scene: Any) -> None:
    """The newest at first."""
    desk.job("search", "tune", state="RUNNING")
    trials = tuple(TrialState(trial_id=str(number), state="RUNNING") for number in (1, 2))
    (desk.dir("search").path / "study.json").write_text(StudyState(trials=trials).model_dump_json(by_alias=True))
    for number, step in ((1, 10), (2, 30)):
        folder = desk.dir("search").path / "trials" / str(number) / "samples"
        write(Samples.of(str(folder), scene.classes, scene.pictures), scene, step)
    page = opened(f"{desk.path}/jobs/search?tab=samples")
    assert steps_said(page, "Step 30, evaluation 1 of 1")
    assert first_picture_is_560_wide(page)
    page.get_by_role("combobox", name="Trial").click()
    page.get_by_role("option", name="1").click()
    assert steps_said(page, "Step 10, evaluation 1 of 1")
    page.wait_for_url("**trial=1*")
    scene.write(desk.dir("search").path / "trials" / "2" / "evaluation")
    page.get_by_role("tab", name="Evaluation").click()
    page.get_by_text("No evaluation yet").wait_for()
    page.get_by_role("combobox", name="Trial").click()
    page.get_by_role("option", name="2").click()
    page.get_by_text("What goes wrong").wait_for()


def test_jobs_that_train_nothing_have_no_samples(opened: Opened, desk: Any) -> None:
    desk.job("pause", "wait")
    page = opened(f"{desk.path}/jobs/pause?tab=samples")
    assert page.get_by_role("tab", name="Samples").count() == 0


def test_on_a_phone(opened: Opened, desk: Any, writer: Samples, scene: Any, screenshot: Callable[..., None]) -> None:
    write(writer, scene, 20)
    page = opened(f"{desk.path}/jobs/run?tab=samples", width=390, dark=True)
    assert steps_said(page, "Step 20, evaluation 1 of 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page)
