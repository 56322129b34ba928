"""Pages in the viewer's language, also where they show what the API says in English."""

import io
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from boxwright import formats
from boxwright.api.algorithm_resources import algorithm_json
from boxwright.console.texts import languages, text
from boxwright.console.texts.said import said
from boxwright.formats.sample import Dataset, Sample, named_classes

Opened = Callable[..., Page]

PROJECT = "languages"
DATASETS = f"/v1/projects/{PROJECT}/datasets"
ALGORITHM = "image_object_detection"
LOCALES = {"es": "es-ES", "ja": "ja-JP"}
BOXES = ((20, 10, 20, 50), (90, 30, 190, 140), (90, 30, 150, 100))
"""One without width, one that sticks out, and one that is kept."""


def rows(page: Page) -> Locator:
    return page.locator(".argument:visible")


def test_the_languages_looked_at_are_all_but_english() -> None:
    assert ["en", *LOCALES] == list(languages())


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("width", [1280, 390])
def test_the_help_of_every_argument_is_in_the_viewers_language(
    opened: Opened, screenshot: Callable[..., None], language: str, width: int
) -> None:
    page = opened(f"/{PROJECT}/new?step=arguments", role="trainer", locale=LOCALES[language], width=width)
    page.get_by_role("heading", name=text(language, "wizard.arguments.title")).wait_for()
    screenshot(page)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    rows(page).nth(60).wait_for()
    shown = {line for line in page.inner_text("main").splitlines() if line.strip()}
    data = ("training_data_path", "validation_data_path")  # are asked for in the step before
    helps = {one["help"] for one in algorithm_json(ALGORITHM)["arguments"] if one["name"] not in data}
    assert shown & helps == set()
    assert {said(language, one) for one in helps} <= shown
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    beyond = "rows => rows.filter(row => row.scrollWidth > row.clientWidth + 1).map(row => row.innerText)"
    assert page.locator(".argument, .wizard-steps button").evaluate_all(beyond) == []


def test_an_argument_is_found_by_its_help_in_either_language(opened: Opened) -> None:
    page = opened(f"/{PROJECT}/new?step=arguments", role="trainer", locale="ja-JP")
    search = page.get_by_label(text("ja", "wizard.arguments.search"))
    for words in ("ウォームアップ", "warm-up", "学習率 ウォーム"):
        search.fill(words)
        page.locator(".argument:visible", has_text="initial_learning_rate").wait_for()
        page.locator(".argument", has_text="max_steps").first.wait_for(state="hidden")
        assert 1 <= rows(page).count() < 10
    search.fill("ウォームアップ ここにない")
    rows(page).first.wait_for(state="hidden")
    assert rows(page).count() == 0


def test_what_is_wrong_with_an_argument_is_said_in_the_viewers_language(opened: Opened) -> None:
    page = opened(f"/{PROJECT}/new?step=arguments", role="trainer", locale="es-ES")
    page.get_by_label("train_batch_size", exact=True).fill("0")
    page.get_by_text("debe ser mayor o igual que 1; se recibió '0'").wait_for()
    page.get_by_label("train_batch_size", exact=True).fill("muchas")
    page.get_by_text("debe ser un número entero; se recibió 'muchas'").wait_for()
    page.get_by_role("button", name=re.compile("Resumen")).click()
    page.get_by_text("--training_data_path es obligatorio").wait_for()
    assert "se recibió 'muchas'" in page.locator(".wizard-summary-faults").inner_text()
    assert "is required" not in page.inner_text("main")


@pytest.fixture(scope="module")
def faulty(console: Any) -> str:
    """Name of a data set with two pictures, one of which cannot be read."""

    def sample(name: str, encoded: bytes) -> Sample:
        corners, labels = np.array(BOXES, np.float32), np.zeros(len(BOXES), np.int64)
        return Sample(name, encoded, 200, 120, corners, labels, np.zeros(len(BOXES), np.bool_))

    written = io.BytesIO()
    Image.new("RGB", (200, 120), (30, 60, 90)).save(written, "JPEG")
    data = Dataset([sample("a.jpg", written.getvalue()), sample("b.jpg", b"?")], named_classes(["cell", "ring"]))
    formats.write(data, str(console.folder / "faulty"), to="coco", split="train")
    console.ask("POST", DATASETS, json={"name": "faulty", "path": str(console.folder / "faulty")})
    end = time.monotonic() + 60
    while console.ask("GET", f"{DATASETS}/faulty")["state"] == "IMPORTING":
        assert time.monotonic() < end
        time.sleep(0.05)
    return "faulty"


@pytest.mark.parametrize("language", LOCALES)
def test_the_findings_of_the_data_doctor_are_in_the_viewers_language(
    console: Any, opened: Opened, screenshot: Callable[..., None], faulty: str, language: str
) -> None:
    found = console.ask("GET", f"{DATASETS}/{faulty}/statistics")["findings"]
    page = opened(f"/{PROJECT}/datasets/{faulty}", locale=LOCALES[language])
    page.locator(".doctor").last.wait_for()
    screenshot(page)
    shown = set(page.inner_text("main").splitlines())
    english = {one[part] for one in found for part in ("message", "wayOut")}
    assert len(english) > 8
    assert shown & english == set()
    assert {said(language, one) for one in english} <= shown


def test_why_a_box_is_left_out_is_in_the_viewers_language(opened: Opened, faulty: str) -> None:
    page = opened(f"/{PROJECT}/datasets/{faulty}?tab=pictures&picture=0", locale="es-ES")
    words = page.locator(".enlarged-side")
    words.get_by_text("caja 0: xmin 20.0 >= xmax 20.0 (sin extensión)").wait_for()
    words.get_by_text("caja 1: ymax 140.0 > alto 120 (sobresale; hasta 1.2 px se recortan)").wait_for()
    assert "box" not in words.inner_text()


def test_what_a_request_is_refused_for_is_in_the_viewers_language(opened: Opened) -> None:
    page = opened(f"/{PROJECT}/datasets/nothing", locale="es-ES")
    told = page.locator("main").get_by_text(f"el proyecto {PROJECT} no tiene ningún conjunto de datos nothing")
    told.wait_for()
    assert told.count() == 1
