"""Comparing two models in a real browser, over evaluations that a small program makes in place of the real one."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from boxwright import formats
from boxwright.console.pages.models.compare_pictures import boxes_of
from boxwright.formats.sample import ClassName, Dataset, Sample

HOSTILE = "<b onclick=alert(1)>cat</b>"
LEFT, RIGHT = [0, 0, 30, 20], [30, 20, 60, 40]

PROGRAM = """
import pathlib, shutil, sys
model, data, output = sys.argv[1:4]
output = pathlib.Path(output.partition("=")[2])
name = model.split("/")[-2]
if name == "broken":
    sys.exit("boxwright: the data set has the classes 8 bird, but the model 3 cat")
shutil.copytree(pathlib.Path(__file__).parent / name, output)
"""


def write_result(folder: Path, scores: tuple[float, float], ap: float) -> None:
    """What an evaluation leaves: two pictures with a cat on the left, found with these scores, or not (0)."""
    folder.mkdir(parents=True)
    lines = [
        {
            "source": f"{number}.png",
            "width": 60,
            "height": 40,
            "truth": {"boxes": [LEFT], "labels": [0], "crowd": [False]},
            "predictions": {"boxes": [LEFT if score else RIGHT], "labels": [0], "scores": [score or 0.9]},
        }
        for number, score in enumerate(scores)
    ]
    (folder / "predictions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    kind = {"id": 3, "name": HOSTILE, "label": 0, "boxes": 2, "predictions": 2, "ap": ap, "ap50": ap, "curve": {}}
    numbers = {"pictures": 2, "boxes": 2, "predictions": 2, "precision": 1, "recall": ap, "f1": ap, "keptPictures": 0}
    rest = {"foundIou": 0.5, "backgroundIou": 0.1, "confusion": [], "errors": [], "errorsByClass": []}
    told = {**numbers, **rest, "threshold": 0.5, "metrics": {"AP": ap, "AP50": ap, "APs": -1}, "classes": [kind]}
    (folder / "evaluation.json").write_text(json.dumps(told))


@pytest.fixture
def compared(
    models_desk: Any, quadrant_model: Path, grey: Callable[[int], bytes], tmp_path: Path, monkeypatch: Any
) -> Any:
    """Three finished jobs, labelled data, and the program in place of `boxwright evaluate`."""
    for number, name in enumerate(("first", "second", "broken")):
        models_desk.job(name)
        model = models_desk.folder / name / "model"
        shutil.copytree(quadrant_model, model)
        (model / "model.onnx").write_bytes(bytes([number]))  # another network
        models_desk.change(name, state="SUCCEEDED", end_time=time.time())
    boxes, crowd = np.array([LEFT], np.float32), np.zeros(1, np.bool_)
    samples = [Sample(f"{one}.png", grey(99), 60, 40, boxes, np.zeros(1, np.int64), crowd) for one in range(2)]
    formats.write(Dataset(samples, (ClassName(3, "cat"),)), str(models_desk.folder / "data"), to="coco", split="val")
    (tmp_path / "evaluate.py").write_text(PROGRAM)
    write_result(tmp_path / "first", (0.9, 0.9), 1.0)
    write_result(tmp_path / "second", (0.6, 0.0), 0.5)
    bench = models_desk.console.context.bench
    monkeypatch.setattr(bench, "_command", (sys.executable, "-S", str(tmp_path / "evaluate.py")))
    return models_desk


def test_two_models_side_by_side(compared: Any, opened: Any) -> None:
    page = opened(f"{compared.path}/models-compare?models=first,second")
    page.get_by_label("Path of labelled data").fill(str(compared.folder / "data"))
    page.get_by_label("Split, such as").fill("val")
    page.locator("main").get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".compare-pair .boxes")).to_have_count(2, timeout=30_000)
    metric = page.get_by_label("Metric").locator("tbody tr").first.locator("td").all_inner_texts()
    assert metric == ["AP", "1.000", "0.500", "▼ −0.500"]
    kind = page.get_by_label("Class", exact=True).locator("tbody tr").first.locator("td").all_inner_texts()
    assert kind == [HOSTILE, "1.000", "0.500", "▼ −0.500"]
    counts = page.locator(".compare-pair .note")
    assert counts.all_inner_texts() == ["1 right, 0 wrong, 0 missed"] * 2
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Picture 2 of 2")).to_be_visible()
    assert counts.all_inner_texts() == ["1 right, 0 wrong, 0 missed", "0 right, 1 wrong, 1 missed"]
    page.keyboard.press("ArrowRight")  # there is no third
    page.get_by_label("Pictures", exact=True).click()
    page.get_by_role("option", name="first is better (1)").click()
    expect(page.get_by_text("Picture 1 of 1")).to_be_visible()
    page.wait_for_function("location.search.includes('show=FIRST_BETTER')")
    page.wait_for_url(re.compile(r"picture=0"))
    address = page.url.partition("/console")[2]

    viewer = opened(address, role="viewer", width=390, dark=True)
    expect(viewer.locator(".compare-pair .boxes")).to_have_count(2)
    expect(viewer.get_by_text("Picture 1 of 1")).to_be_visible()
    assert viewer.evaluate("document.documentElement.scrollWidth") <= 390
    image = viewer.locator(".compare-pair img").first
    assert image.evaluate("async (one) => { await one.decode(); return one.naturalWidth; }") == 60

    viewer = opened(f"{compared.path}/models-compare?models=first,second", role="viewer")
    viewer.get_by_label("Path of labelled data").fill(str(compared.folder / "data"))
    viewer.locator("main").get_by_role("button", name="Show").click()
    expect(viewer.locator(".compare-pair .boxes")).to_have_count(2)


def test_data_that_does_not_fit(compared: Any, opened: Any) -> None:
    page = opened(f"{compared.path}/models-compare?models=first,broken")
    page.get_by_label("Path of labelled data").fill("/etc")
    page.locator("main").get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".q-notification")).to_contain_text("must lie below")
    page.get_by_label("Path of labelled data").fill(str(compared.folder / "data"))
    page.locator("main").get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".banner-bad")).to_contain_text("the classes 8 bird", timeout=30_000)
    page.get_by_role("link", name="Choose other data or models").click()
    expect(page.get_by_label("Second model")).to_have_value("broken")
    page.wait_for_function("location.search.includes('models=')")
    assert "models=first%2Cbroken" in page.url


def test_one_model_is_not_enough(models_desk: Any, opened: Any) -> None:
    page = opened(f"{models_desk.path}/models-compare")
    assert "There are not two models yet" in page.locator("main").inner_text()


def test_colours_of_boxes() -> None:
    picture = {"truth": [{"box": LEFT, "label": 1}]}
    kinds = ("CORRECT", "BACKGROUND", "DUPLICATE", "IGNORED")
    side = {"predictions": [{"box": LEFT, "label": 0, "score": 0.5, "kind": kind} for kind in kinds]}
    boxes = boxes_of(picture, side, ["cat", "dog"])
    assert [(one.text, one.tone, one.dashed) for one in boxes] == [
        ("dog", "truth", True),
        *(("cat", tone, False) for tone in ("good", "bad", "warn", "quiet")),
    ]
