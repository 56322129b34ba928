"""Tests of the pages of data sets, in a real browser."""

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from boxwright import formats
from boxwright.catalogue.place import Stage
from boxwright.console.texts import catalogue
from boxwright.dataset import findings
from boxwright.dataset.rules import RULES
from boxwright.formats.sample import Dataset, Sample, named_classes
from boxwright.spec.dataset import DatasetKind

Opened = Callable[..., Any]

HOSTILE = '<img src=x onerror="window.harmed=1">\'{{7*7}}'
PROJECT = "data-sets"
DATASETS = f"/v1/projects/{PROJECT}/datasets"


def write(folder: Path, count: int = 6) -> Path:
    """A COCO folder of hostile names: the second picture has a faulty box, the third none, the last is HTML."""

    def sample(number: int) -> Sample:
        buffer = io.BytesIO()
        Image.fromarray(np.full((120, 200, 3), 30 * number, np.uint8)).save(buffer, "JPEG")
        boxes = [[20 + number, 10, 60, 50], [90, 30, 190, 110]] if number != 2 else []
        if number == 1:
            boxes.append([30, 30, 30, 60])
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        labels = np.array([0, 1, 0][: len(boxes)], np.int64)
        encoded = b"<script>window.harmed=1</script>" if number == count - 1 else buffer.getvalue()
        return Sample(f"p{number} 'a'&b.jpg", encoded, 200, 120, corners, labels, np.zeros(len(boxes), np.bool_))

    data = Dataset([sample(number) for number in range(count)], named_classes([HOSTILE, "plain"]))
    formats.write(data, str(folder), to="coco", split="train")
    return folder


def settled(console: Any, name: str) -> Any:
    """A data set when its import has ended."""
    end = time.monotonic() + 30
    while (found := console.ask("GET", f"{DATASETS}/{name}"))["state"] == "IMPORTING":
        assert time.monotonic() < end, found
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def cells(console: Any) -> str:
    """Path of the page of a data set of hostile names."""
    console.ask("POST", DATASETS, json={"name": "cells", "path": str(write(console.folder / "cells"))})
    assert settled(console, "cells")["state"] == "READY"
    return f"/{PROJECT}/datasets/cells"


def query(page: Any) -> str:
    return str(page.evaluate("location.search"))


def is_unharmed(page: Any) -> bool:
    """No name of the data set has become a part of the page."""
    found = page.evaluate("[window.harmed === undefined, document.querySelector('img[src=x]') === null]")
    return bool(all(found)) and "49" not in page.inner_text("main").split()


def test_a_folder_is_imported_by_its_path(
    opened: Opened, console: Any, screenshot: Callable[..., None], tmp_path: Path
) -> None:
    project = "data-import"
    page = opened(f"/{project}/datasets")
    assert "No data sets yet" in page.inner_text("main")
    screenshot(page, "datasets_empty")
    page.get_by_role("button", name="Path on the server").click()
    page.get_by_role("textbox", name="Path").fill(str(tmp_path))
    page.get_by_text("path must lie below").or_(page.get_by_text("data must lie below")).wait_for()
    folder = write(console.folder / "blood cells", count=4)
    page.get_by_role("textbox", name="Path").fill(str(folder))
    page.get_by_text("Recognised as coco; parts: train").wait_for()
    assert page.get_by_role("textbox", name="Name").input_value() == "blood_cells"
    screenshot(page, "datasets_import")
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(f"**/console/{project}/datasets/blood_cells")
    page.get_by_role("tab", name="Pictures").wait_for()  # it becomes ready without a reload
    assert "coco · 4 pictures · 7 boxes · 2 classes" in page.inner_text("main")
    page.locator("nav .entry").filter(has_text="Data sets").click()
    row = page.locator("tbody tr").filter(has_text="blood_cells")
    row.get_by_text("ready").wait_for()
    assert [cell.strip() for cell in row.locator("td.number").all_inner_texts()] == ["4", "7", "2"]


def test_a_name_that_cannot_be_is_refused_in_the_dialog(opened: Opened, console: Any) -> None:
    page = opened("/data-refused/datasets?add=draw")
    name = page.get_by_role("textbox", name="Name")
    name.fill("<b>x</b>")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.get_by_text("a data set's name is 1 to 63 letters").wait_for()
    page.wait_for_selector(".dialog input[aria-invalid=true]")
    described = (
        "document.getElementById(document.querySelector('[aria-invalid=true]').getAttribute('aria-describedby'))"
    )
    page.wait_for_function(f"{described}?.innerText.includes('1 to 63 letters')")
    assert page.locator(".dialog .failure").count() == page.locator(".dialog b").count() == 0
    assert console.ask("GET", "/v1/projects/data-refused/datasets") == {}


def test_a_dialog_that_was_closed_does_not_come_back(opened: Opened) -> None:
    page = opened("/data-closed/datasets?add=upload")
    page.get_by_role("dialog", name="Import a data set").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.wait_for_function("location.search === ''")
    assert page.url.endswith("/data-closed/datasets")


def test_labelled_pictures_are_dropped_and_imported_as_soon_as_they_are_there(
    opened: Opened, console: Any, tmp_path: Path
) -> None:
    """Pictures with the .xml of a labelling tool beside each; "Import" is clicked while they are still under way."""
    box = "<bndbox><xmin>10</xmin><ymin>10</ymin><xmax>60</xmax><ymax>50</ymax></bndbox>"
    for number in range(3):
        Image.fromarray(np.full((80, 100, 3), 60 * number, np.uint8)).save(tmp_path / f"cell_{number}.png")
        said = f"<annotation><object><name>red</name>{box}</object></annotation>"
        (tmp_path / f"cell_{number}.xml").write_text(said)
    page = opened("/data-dropped/datasets")
    page.get_by_role("button", name="Import data").click()
    kept: list[Any] = []
    page.route("**/uploads", lambda route: kept.append(route), times=1)  # the first request waits
    page.set_input_files(".upload input[multiple]", [str(path) for path in tmp_path.iterdir()])
    page.locator(".upload-bar").wait_for()
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("It is imported as soon as everything has arrived").wait_for()
    page.keyboard.press("Escape")  # which would have broken it off
    kept[0].continue_()
    page.wait_for_url("**/datasets/cell")
    page.get_by_text("voc · 3 pictures · 3 boxes · 1 class").wait_for()
    assert console.ask("GET", "/v1/projects/data-dropped/datasets/cell")["kind"] == "upload"


def test_a_page_says_when_its_data_set_is_deleted(opened: Opened, console: Any) -> None:
    console.ask("POST", "/v1/projects/data-gone/datasets", json={"name": "gone", "draw": DRAWN})
    page = opened("/data-gone/datasets/gone")
    page.get_by_role("tab", name="Pictures").wait_for()
    console.ask("DELETE", "/v1/projects/data-gone/datasets/gone")
    page.get_by_text("There is no such page").wait_for()
    assert not page.locator(".banner-warn").is_visible()  # the server answers as ever
    page.get_by_role("main").get_by_role("link", name="Data sets").click()
    page.get_by_text("No data sets yet").wait_for()
    page.wait_for_url("**/data-gone/datasets")


DRAWN = {
    **{"pictures": 2, "validation": 1, "width": 64, "height": 48, "seed": 0},
    **{"classes": ["circle"], "format": "coco"},
}


def test_sample_data_is_drawn(opened: Opened, console: Any) -> None:
    page = opened("/data-drawn/datasets?add=draw")
    page.get_by_label("Training pictures").fill("6")
    page.get_by_label("Validation pictures").fill("2")
    page.get_by_role("textbox", name="Name").fill("shapes")
    page.get_by_role("button", name="Draw", exact=True).click()
    page.wait_for_url("**/datasets/shapes")
    page.get_by_text("tfrecord · 8 pictures").wait_for()
    made = console.ask("GET", "/v1/projects/data-drawn/datasets/shapes")
    assert [part["pictures"] for part in made["parts"]] == [6, 2]
    assert made["classes"] == ["circle", "square"]


def test_findings_lead_to_their_pictures(opened: Opened, cells: str, screenshot: Callable[..., None]) -> None:
    page = opened(cells)
    page.get_by_text("boxes without width or height").first.wait_for()
    text = page.inner_text("main")
    assert "Draw them again or delete them." in text
    assert "unreadable pictures" in text
    assert HOSTILE in text
    assert is_unharmed(page)
    screenshot(page, "dataset_overview")
    finding = page.locator(".doctor").filter(has_text="boxes without width or height")
    finding.get_by_role("button", name="Show the 1 picture").click()
    page.locator(".gallery-item").first.wait_for()
    assert page.locator(".gallery-item").count() == 1
    assert "tab=pictures" in query(page)
    assert "problem=degenerate" in query(page)


def test_pictures_are_filtered_and_the_address_says_how(
    opened: Opened, cells: str, screenshot: Callable[..., None]
) -> None:
    page = opened(f"{cells}?tab=pictures")
    page.get_by_text("6 pictures", exact=True).wait_for()
    assert page.locator(".gallery-item").count() == 6
    assert page.locator(".gallery-item .boxes ul li").count() == 9
    assert page.locator(".gallery-broken").count() == 1, "the one that is HTML"
    page.locator(".gallery-item img").first.evaluate("(image) => image.decode()")
    screenshot(page, "dataset_pictures")
    page.get_by_label("Search in names").fill("P3")
    page.get_by_text("1 picture", exact=True).wait_for()
    assert page.inner_text(".gallery-name") == "p3 'a'&b.jpg"
    assert "text=P3" in query(page)
    page.get_by_label("Search in names").fill("")
    page.get_by_text("6 pictures", exact=True).wait_for()
    page.get_by_label("Class").click()
    page.get_by_role("option", name=HOSTILE).click()
    page.get_by_text("5 pictures", exact=True).wait_for()
    page.get_by_label("Box size").click()
    page.get_by_role("option", name="large").click()
    page.get_by_text("No picture has all of this").wait_for()
    assert is_unharmed(page)


def test_a_deep_link_shows_what_it_says(opened: Opened, cells: str) -> None:
    page = opened(f"{cells}?tab=pictures&empty=true")
    page.get_by_text("1 picture", exact=True).wait_for()
    assert page.inner_text(".gallery-name") == "p2 'a'&b.jpg"
    page = opened(f"{cells}?tab=pictures&class_name=gone")
    page.locator(".failure").wait_for()
    assert "must be one of the data set's classes" in page.inner_text(".failure")


def test_a_picture_is_enlarged_and_the_arrows_lead_on(
    opened: Opened, cells: str, screenshot: Callable[..., None]
) -> None:
    page = opened(f"{cells}?tab=pictures&class_name=plain")
    page.locator(".gallery-open").nth(1).click()
    page.locator(".enlarged h2").get_by_text("p1").wait_for()
    assert page.locator(".enlarged .box-list li").count() == 3
    assert "xmin 30.0 >= xmax 30.0" in page.inner_text(".enlarged-side")
    page.locator(".enlarged img").evaluate("(image) => image.decode()")
    screenshot(page, "dataset_picture")
    assert "picture=1" in query(page)
    page.keyboard.press("ArrowRight")
    page.locator(".enlarged h2").get_by_text("p3").wait_for()  # the next one of that class
    assert page.locator(".enlarged [role=status]").inner_text() == "3 of 5"
    page.get_by_role("switch", name="Boxes").click()
    page.wait_for_function("document.querySelectorAll('.enlarged .boxes-box').length === 0")
    page.get_by_role("switch", name="Boxes").click()
    page.wait_for_function("document.querySelectorAll('.enlarged .boxes-box').length > 0")
    page.keyboard.press("ArrowLeft")
    page.locator(".enlarged h2").get_by_text("p1").wait_for()
    page.keyboard.press("ArrowLeft")
    page.locator(".enlarged h2").get_by_text("p0").wait_for()
    assert page.get_by_role("button", name="Previous picture").is_disabled()
    assert is_unharmed(page)
    page.keyboard.press("Escape")
    page.wait_for_function("!location.search.includes('picture=')")
    page.goto(page.url.partition("?")[0] + "?tab=pictures&picture=5")
    page.locator(".enlarged").get_by_text("not a readable JPEG, PNG, GIF or BMP picture").first.wait_for()


def test_statistics_are_drawn_and_told(opened: Opened, cells: str, screenshot: Callable[..., None]) -> None:
    page = opened(f"{cells}?tab=statistics")
    page.locator(".chart canvas").first.wait_for()
    screenshot(page, "dataset_statistics")
    assert page.locator(".chart").count() == 8
    rows = page.locator(".unseen table").filter(has_text="Small, medium and large").locator("td").all_inner_texts()
    assert [int(one) for one in rows] == [0, 8, 0], (
        "40 x 40 and 100 x 80 on four pictures; the faulty ones do not count"
    )
    assert is_unharmed(page)


def test_a_bar_leads_to_its_pictures(opened: Opened, console: Any, cells: str) -> None:
    page = opened(f"{cells}?tab=statistics")
    bars = page.get_by_role("img", name="Small, medium and large boxes")
    bars.locator("canvas").first.wait_for()
    bars.click()  # on the middle one, which is as wide as all
    page.wait_for_url("**tab=pictures*size=medium*")
    page.locator(".gallery-item").first.wait_for()
    found = console.ask("GET", f"{DATASETS}/cells/pictures?size=medium")["pictures"]
    assert page.locator(".gallery-item").count() == len(found) == 5  # in one of them the box is a faulty one


def test_a_page_of_many_pictures_turns(opened: Opened, console: Any) -> None:
    draw = {"pictures": 100, "validation": 0, "height": 32, "width": 32, "classes": ["ring"]}
    console.ask("POST", DATASETS, json={"name": "many", "draw": draw})
    settled(console, "many")
    page = opened(f"/{PROJECT}/datasets/many?tab=pictures")
    page.locator(".gallery-item").first.wait_for()
    assert page.locator(".gallery-item").count() == 48
    page.get_by_role("button", name="Next page").click()
    page.locator(".gallery-name").get_by_text("shapes_000048.jpg").wait_for()
    assert "page=" in query(page)
    page.reload()
    page.locator(".gallery-name").get_by_text("shapes_000048.jpg").wait_for()
    page.get_by_role("button", name="Next page").click()
    page.locator(".gallery-name").get_by_text("shapes_000099.jpg").wait_for()
    assert page.locator(".gallery-item").count() == 4
    page.get_by_role("button", name="Previous page").click()
    page.locator(".gallery-name").get_by_text("shapes_000048.jpg").wait_for()


def test_a_failed_import_says_why_and_is_tried_again(opened: Opened, console: Any) -> None:
    folder = write(console.folder / "broken", count=4)
    annotations = folder / "annotations" / "instances_train.json"
    good = annotations.read_text()
    annotations.write_text('{"categories"')
    console.ask("POST", DATASETS, json={"name": "broken", "path": str(folder)})
    settled(console, "broken")
    page = opened(f"/{PROJECT}/datasets/broken")
    page.get_by_text("The import has failed").wait_for()
    assert "no JSON" in page.inner_text(".failure")
    annotations.write_text(good)
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("tab", name="Statistics").wait_for()


def test_a_data_set_is_split_and_deleted(opened: Opened, console: Any) -> None:
    draw = {"pictures": 20, "validation": 0, "height": 32, "width": 32, "classes": ["ring"]}
    console.ask("POST", DATASETS, json={"name": "whole", "draw": draw})
    settled(console, "whole")
    page = opened(f"/{PROJECT}/datasets/whole")
    page.get_by_role("button", name="Actions").click()
    page.get_by_text("Split", exact=True).click()
    page.get_by_label("Test, %").fill("20")
    page.locator(".dialog").get_by_role("button", name="Split").click()
    page.locator(".dialog .failure").wait_for()
    assert "shares must add up to 1, got 1.2" in page.inner_text(".dialog .failure")
    page.get_by_label("Training, %").fill("60")
    page.locator(".dialog").get_by_role("button", name="Split").click()
    page.wait_for_url("**/datasets/whole-split")
    page.get_by_role("tab", name="Pictures").wait_for()
    assert [part["name"] for part in settled(console, "whole-split")["parts"]] == ["test", "train", "validation"]
    page.get_by_role("button", name="Actions").click()
    page.get_by_text("Delete", exact=True).click()
    expect(page.locator(".dialog")).to_contain_text("and its data")
    page.locator(".dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url(f"**/{PROJECT}/datasets")
    page.locator("tbody tr").get_by_text("whole", exact=True).wait_for()
    assert page.locator("tbody tr").filter(has_text="whole-split").count() == 0


def test_a_viewer_looks_and_changes_nothing(opened: Opened, cells: str) -> None:
    page = opened(cells.rpartition("/")[0], role="viewer")
    page.locator("tbody tr").first.wait_for()
    assert page.get_by_role("button", name="Import data").count() == 0
    page = opened(f"{cells}?tab=pictures", role="viewer")
    page.locator(".gallery-item img").first.evaluate("(image) => image.decode()")
    assert page.get_by_role("button", name="Actions").count() == 0
    assert page.get_by_role("link", name="Train on this").count() == 0


def test_a_data_set_that_is_not_there(opened: Opened) -> None:
    assert "There is no such page" in opened(f"/{PROJECT}/datasets/nothing").inner_text("main")


@pytest.mark.parametrize("tab", ["", "pictures", "statistics"])
def test_nothing_is_cut_off_on_a_phone_nor_hidden_from_readers(opened: Opened, cells: str, tab: str) -> None:
    """No horizontal scrolling at 390 px, and axe finds nothing serious, in dark and light."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for dark, width in ((True, 390), (False, 1280)):
        page = opened(f"{cells}?tab={tab}", width=width, dark=dark)
        page.locator(".panel, .gallery-item").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.run(page).response["violations"]
        grave = [
            (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert grave == []


def test_pages_speak_the_viewers_language(opened: Opened, cells: str) -> None:
    page = opened(cells, locale="es-ES")
    page.get_by_text("Hallazgos de la revisión").wait_for()
    assert "Entrenar con esto" in page.inner_text("main")
    page = opened(cells, locale="ja-JP")
    page.get_by_text("データ診断の結果").wait_for()
    assert "このデータで学習" in page.inner_text("main")


def test_every_finding_and_every_state_of_an_import_has_words() -> None:
    known = catalogue()
    source = Path(findings.__file__).read_text("utf-8")
    rules = {*RULES, *re.findall(r'_finding\(\s*(?:"[a-z]+"[^,]*|severity),\s*"([a-z-]+)"', source)}
    assert {"rare-class", "degenerate", "no-boxes", "alike-picture"} <= rules
    assert [rule for rule in sorted(rules) if f"datasets.problem_{rule}" not in known] == []
    kinds = (*get_args(DatasetKind), "store")
    names = [f"stage_{one}" for one in get_args(Stage)] + [f"kind_{one}" for one in kinds]
    assert [name for name in names if f"datasets.{name}" not in known] == []
