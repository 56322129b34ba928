"""The tab with a job's evaluation, in a real browser."""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.evaluation.write import write_evaluation
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import evaluate_detections

module = sys.modules["boxwright.console.pages.job.evaluation"]  # the package has the function by that name

Opened = Callable[..., Any]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages look for news at once."""
    monkeypatch.setattr(module, "EVERY", 0.2)


HOSTILE = "<img src=x onerror=alert(1)>\"'"


@pytest.fixture
def evaluated(desk: Any, scene: Any) -> Any:
    """A job that has ended, one of whose classes has a hostile name."""
    desk.job("run", state="SUCCEEDED")
    named = replace(scene, classes=(ClassName(1, HOSTILE), *scene.classes[1:]))
    named.write(desk.dir("run").evaluation)
    return desk


def findings(page: Any, words: str) -> list[str]:
    """Kinds of the findings on the page, when the panel says these words."""
    page.get_by_text(words, exact=True).wait_for()
    return list(page.locator("article.finding h3").all_inner_texts())


def test_figures_and_errors(opened: Opened, evaluated: Any, screenshot: Callable[..., None]) -> None:
    page = opened(f"{evaluated.path}/jobs/run?tab=evaluation", role="viewer")
    page.get_by_text("Best model, step 40, on 4 pictures with 9 labelled boxes (validation-*)", exact=False).wait_for()
    counts = dict(
        zip(page.locator(".error-name").all_inner_texts(), page.locator(".error-count").all_inner_texts(), strict=True)
    )
    assert counts["Missed"] == "1" and counts["Background"] == "2" and len(counts) == 6
    every = findings(page, "7 found in the pictures that were kept: all errors")
    both = "Wrong class and badly placed"
    assert every == ["Duplicate", "Background", "Wrong class", "Badly placed", both, "Background"]
    screenshot(page)
    page.get_by_role("button", name="Next").click()
    page.wait_for_function("() => document.querySelectorAll('article.finding').length === 1")
    assert page.locator("article.finding h3").all_inner_texts() == ["Missed"]


def test_a_kind_leads_to_its_pictures(opened: Opened, evaluated: Any) -> None:
    page = opened(f"{evaluated.path}/jobs/run?tab=evaluation")
    page.get_by_role("button", name="Missed").click()
    assert findings(page, "1 found in the pictures that were kept: Missed") == ["Missed"]
    page.wait_for_url("**kind=MISSED*")
    card = page.locator("article.finding")
    assert card.locator(".boxes-label").all_inner_texts() == ["dog"] and "labelled dog" in card.inner_text()
    assert card.locator(".boxes-box.boxes-strong").count() == 1 and card.locator(".boxes-box").count() == 12
    card.get_by_role("button", name="Show errors.png large").click()
    large = page.locator(".large-picture")
    large.locator(".boxes-box").first.wait_for()
    large.get_by_role("switch", name="Only what this is about").click()
    page.wait_for_function("() => document.querySelectorAll('.large-picture .boxes-strong').length === 0")
    large.get_by_role("button", name="Close").click()
    large.wait_for(state="hidden")
    page.get_by_role("button", name="Show all errors").click()
    assert len(findings(page, "7 found in the pictures that were kept: all errors")) == 6
    again = opened(f"{evaluated.path}/jobs/run?tab=evaluation&kind=WRONG_CLASS")
    assert findings(again, "1 found in the pictures that were kept: Wrong class") == ["Wrong class"]


def test_a_cell_leads_to_its_pictures(opened: Opened, evaluated: Any) -> None:
    page = opened(f"{evaluated.path}/jobs/run?tab=evaluation")
    page.get_by_role("button", name="1 boxes labelled dog and predicted never", exact=True).click()
    words = "1 found in the pictures that were kept: Labelled dog, Predicted never"
    assert findings(page, words) == ["Wrong class"]
    page.get_by_role("button", name=f"4 boxes labelled background and predicted {HOSTILE}", exact=True).click()
    words = f"4 found in the pictures that were kept: Labelled background, Predicted {HOSTILE}"
    kinds = ["Duplicate", "Background", "Badly placed", "Wrong class and badly placed"]
    assert findings(page, words) == kinds
    page.wait_for_url("**predictedClass=0*")


def test_classes_are_ordered_and_lead_to_their_errors(opened: Opened, evaluated: Any) -> None:
    page = opened(f"{evaluated.path}/jobs/run?tab=evaluation")
    table = page.get_by_role("region", name="Classes")
    names = table.locator("tbody td:first-child")
    assert names.all_inner_texts() == [HOSTILE, "dog", "never"]
    table.get_by_role("button", name="Labelled").click()
    page.wait_for_url("**sort=-boxes*")
    page.wait_for_function("() => document.querySelector('.listing tbody td').textContent.trim() === 'dog'")
    table.get_by_role("button", name="never").click()
    assert findings(page, "1 found in the pictures that were kept: never") == ["Wrong class"]


def test_before_the_end_of_training(opened: Opened, desk: Any, scene: Any) -> None:
    """The page is built when the evaluation comes, without a reload."""
    desk.job("run", state="RUNNING")
    page = opened(f"{desk.path}/jobs/run?tab=evaluation")
    page.get_by_text("No evaluation yet").wait_for()
    scene.write(desk.dir("run").evaluation)
    page.get_by_text("What goes wrong").wait_for()
    assert page.get_by_text("No evaluation yet").count() == 0


def test_many_classes(opened: Opened, desk: Any, scene: Any) -> None:
    """A heat map with a list instead of a table of cells; classes are found by name."""
    desk.job("run", state="SUCCEEDED")
    random = np.random.default_rng(0)
    pictures = []
    for one in scene.pictures[1:2] * 30:
        corner = random.uniform(0, 30, (8, 2))
        boxes, labels = np.hstack([corner, corner + 9]), random.integers(0, 20, 8)
        truth = GroundTruth(boxes, labels, np.zeros(8, np.bool_))
        found = Predictions(boxes, random.random(8), np.where(random.random(8) < 0.6, labels, 3))
        pictures.append(EvaluatedPicture(one.source, 60, 40, one.read, truth, found))
    classes = [ClassName(number, f"class {number}") for number in range(20)]
    metrics = evaluate_detections([one.truth for one in pictures], [one.predictions for one in pictures], 20)
    write_evaluation(str(desk.dir("run").evaluation), pictures, classes, metrics)
    page = opened(f"{desk.path}/jobs/run?tab=evaluation")
    confusions = page.get_by_role("region", name="Most frequent confusions")
    assert confusions.locator("tbody tr").count() <= 20
    confusions.locator("tbody button").first.click()
    page.wait_for_url("**predictedClass=*")
    chart = page.get_by_role("img", name="Confusion matrix")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box
    # The grid leaves 110 px at the left, 20 at the right, 10 above and 110 below; 21 rows and columns.
    width, height = (box["width"] - 130) / 21, (box["height"] - 120) / 21
    chart.click(position={"x": 110 + 3.5 * width, "y": 10 + 3.5 * height})
    page.get_by_text("Labelled class 3, Predicted class 3", exact=False).wait_for()
    page.get_by_label("Find a class").fill("19")
    page.wait_for_function("() => document.querySelectorAll('.listing')[0].querySelectorAll('tbody tr').length === 1")
    assert page.get_by_role("button", name="class 19", exact=True).count() == 1


def test_nothing_wrong(opened: Opened, desk: Any, scene: Any) -> None:
    desk.job("run", state="SUCCEEDED")
    right = scene.pictures[1:2]
    metrics = evaluate_detections([one.truth for one in right], [one.predictions for one in right], 3)
    write_evaluation(str(desk.dir("run").evaluation), right, scene.classes, metrics)
    page = opened(f"{desk.path}/jobs/run?tab=evaluation&kind=MISSED")
    page.get_by_text("No errors at this threshold.").wait_for()
    assert findings(page, "0 found in the pictures that were kept: Missed") == []
    assert page.get_by_text("None of the pictures that were kept shows this.", exact=False).count() == 1


def test_on_a_phone(opened: Opened, evaluated: Any, screenshot: Callable[..., None]) -> None:
    page = opened(f"{evaluated.path}/jobs/run?tab=evaluation", width=390, dark=True)
    page.get_by_text("What goes wrong").wait_for()
    page.locator("article.finding").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    screenshot(page)
