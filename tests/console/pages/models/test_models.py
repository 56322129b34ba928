"""The list of trained models and the page of one, in a real browser."""

import shutil
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from boxwright import modeldir
from boxwright.console.pages.models.models import data_text, filter_of, metric, pixels
from boxwright.formats.sample import ClassName

HOSTILE = '<img src=x onerror=alert(1)> "it\'s"'


def finish(desk: Any, quadrant_model: Path, name: str, *args: str, kind: str = "train", **more: Any) -> Path:
    """A finished job with a model that finds a cat in the top left quarter of every picture."""
    desk.job(name, kind, *args)
    model: Path = desk.folder / name / "model"
    shutil.copytree(quadrant_model, model)
    desk.change(name, state="SUCCEEDED", end_time=time.time(), **more)
    return model


def test_the_list_says_where_models_come_from(
    models_desk: Any, opened: Any, quadrant_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[data_text.__module__], "EVERY", 0.3)
    page = opened(f"{models_desk.path}/models")
    expect(page.get_by_text("No models yet")).to_be_visible()
    finish(models_desk, quadrant_model, "first")
    finish(models_desk, quadrant_model, "second")
    rows = page.locator(".listing tbody tr")
    expect(rows).to_have_count(2, timeout=15_000)  # without a reload
    assert rows.nth(0).locator("td").all_inner_texts()[1:3] == ["second", "image object detection"]
    shutil.rmtree(models_desk.folder / "first")
    expect(rows.nth(1).get_by_text("cannot be read")).to_be_visible(timeout=15_000)


def test_searching_and_choosing_two(models_desk: Any, opened: Any, quadrant_model: Path) -> None:
    for name in ("apple", "pear", "apricot"):
        finish(models_desk, quadrant_model, name)
    page = opened(f"{models_desk.path}/models")
    box = page.get_by_label("Search by name")
    box.fill("ap")
    box.press("Enter")
    rows = page.locator(".listing tbody tr")
    expect(rows).to_have_count(2)
    page.wait_for_url("**search=ap")
    box.fill(HOSTILE)
    box.press("Enter")
    expect(page.get_by_text("No model has such a name")).to_be_visible()
    page.goto(page.url.partition("?")[0])
    compare = page.get_by_role("button", name="Compare two")
    expect(compare).to_be_disabled()
    page.get_by_label("Choose apple for a comparison").click()
    page.get_by_label("Choose pear for a comparison").click()
    compare.click()
    page.wait_for_url("**/models-compare?models=apple%2Cpear")
    assert page.locator("h1").inner_text() == "Compare models"


def test_a_model_and_its_lineage(models_desk: Any, opened: Any, quadrant_model: Path) -> None:
    model = finish(models_desk, quadrant_model, "parent", "--epochs=3")
    card = modeldir.read_card(str(model))
    changes = {"classes": (ClassName(3, HOSTILE),), "metrics": {"AP": 0.5, "AP50": 0.75, "APs": -1.0}}
    modeldir.write_card(str(model), card.model_copy(update=changes))
    finish(models_desk, quadrant_model, "child", f"--pretrained_checkpoint_path={model}")
    page = opened(f"{models_desk.path}/models/parent")
    tiles = page.locator(".tile").all_inner_texts()
    assert [one.split() for one in tiles][:2] == [["AP", "0.500"], ["AP50", "0.750"]]
    lineage = page.locator(".lineage-title > div").all_inner_texts()
    assert lineage == ["Data", "Started from", "Job", "This model", "Trained from it"]
    assert page.locator(".names").inner_text() == f"3 {HOSTILE}"
    assert "AP 0.500, AP50 0.750" in page.locator(".chart").get_attribute("aria-label")
    with page.expect_download() as download:
        page.get_by_label("Download ONNX, float32").click()
    assert download.value.suggested_filename == "parent-model.onnx"
    assert Path(download.value.path()).read_bytes() == (model / "model.onnx").read_bytes()
    page.locator(".lineage").get_by_role("link", name="child").click()
    page.wait_for_url("**/models/child")
    assert page.locator("h1").inner_text() == "child"


def test_the_trials_of_a_study(models_desk: Any, opened: Any, quadrant_model: Path) -> None:
    trials = [
        {
            "trialId": str(number),
            "hyperparameters": {"rate": f"0.{number}"},
            "finalMetric": {"objectiveValue": number / 10},
            "builtInAlgorithmOutput": {"modelPath": "x"},
        }
        for number in (1, 2)
    ]
    model = finish(models_desk, quadrant_model, "study", kind="tune", output={"trials": trials})
    shutil.copytree(quadrant_model, model / "trial_2")
    page = opened(f"{models_desk.path}/models/study")
    table = page.get_by_label("Trials", exact=True).locator("tbody tr")
    assert table.nth(0).locator("td").all_inner_texts() == ["2", "0.2000", "0.2"]
    table.nth(0).get_by_role("link").click()
    page.wait_for_url("**/models/study/trial_2")
    assert "Tuning job" in page.locator(".lineage").inner_text()


def test_a_model_that_is_not_there_and_one_that_cannot_be_read(
    models_desk: Any, opened: Any, quadrant_model: Path
) -> None:
    page = opened(f"{models_desk.path}/models/nothing")
    assert "no trained model" in page.locator("main").inner_text()
    shutil.rmtree(finish(models_desk, quadrant_model, "gone"))
    page = opened(f"{models_desk.path}/models/gone")
    assert "This model cannot be used: no model in" in page.locator("main").inner_text()
    assert page.get_by_role("button", name="Deploy").count() == 0


def test_a_viewer_is_offered_no_deployment(models_desk: Any, opened: Any, quadrant_model: Path) -> None:
    finish(models_desk, quadrant_model, "shown")
    page = opened(f"{models_desk.path}/models/shown", role="viewer", width=390, dark=True)
    expect(page.get_by_role("button", name="Compare")).to_be_visible()
    assert page.get_by_role("button", name="Deploy").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", ""), ("cells", 'jobId:"*cells*"'), ('a"b\\', 'jobId:"*a\\"b\\\\*"')],
)
def test_what_is_searched_for(text: str, wanted: str) -> None:
    assert filter_of(text) == wanted


def test_what_is_not_known_is_a_dash() -> None:
    class Plain:
        def number(self, value: float | None, digits: int = 0) -> str:
            return "–" if value is None else f"{value:.{digits}f}"

    view: Any = Plain()
    assert metric(view, {"metrics": {"AP": -1.0}}, "AP") == metric(view, {}, "AP") == "–"
    assert metric(view, {"metrics": {"AP": 0.25}}, "AP") == "0.250"
    assert pixels({}) == "–" and pixels({"width": 96, "height": 64}) == "96 × 64 px"
    assert data_text({}) == "–" and data_text({"trainingData": "/data/cells/train-*"}) == "cells/train-*"
