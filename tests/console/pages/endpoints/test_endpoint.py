"""Endpoints in a real browser: the list, versions and traffic, and a place to try them."""

import io
import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from boxwright import modeldir
from boxwright.console.pages.endpoints.trial import is_picture
from boxwright.formats.sample import ClassName

HOSTILE = "<img src=x onerror=alert(1)>{{7*7}}"

CAMERA = """
const canvas = document.createElement("canvas");
canvas.width = 60; canvas.height = 40;
const paint = () => { const c = canvas.getContext("2d"); c.fillStyle = "#fff"; c.fillRect(0, 0, 60, 40); };
setInterval(paint, 30);
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
"""

NO_CAMERA = """
navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", NAME); };
"""


@pytest.fixture(scope="session")
def cats(console: Any, quadrant_model: Path) -> str:
    """A project with the endpoint `cats`, whose version v1 is READY; its class has a hostile name."""
    project = "desk-endpoints"
    folder = console.folder / project / "model"
    shutil.copytree(quadrant_model, folder)
    card = modeldir.read_card(str(folder))
    modeldir.write_card(str(folder), card.model_copy(update={"classes": (ClassName(3, HOSTILE),)}))
    deploy(console, project, "cats", "v1", folder)
    return project


def deploy(console: Any, project: str, model: str, version: str, folder: Path) -> None:
    with console.client() as client:
        client.post(f"/v1/projects/{project}/models", json={"name": model})
    body = {"name": version, "deploymentUri": str(folder)}
    operation = console.ask("POST", f"/v1/projects/{project}/models/{model}/versions", json=body)
    while not operation.get("done"):
        operation = console.ask("GET", f"/v1/{operation['name']}")
    assert "error" not in operation, operation


def test_what_is_served(cats: str, opened: Any) -> None:
    page = opened("/desk-nothing/endpoints", role="viewer")
    expect(page.get_by_text("No endpoints yet")).to_be_visible()
    page = opened(f"/{cats}/endpoints", width=390)
    row = page.locator(".listing tbody tr").filter(has_text="cats")
    row.get_by_text("1 / 1").wait_for()
    assert row.locator("td").all_inner_texts()[2:4] == ["v1 100 %", "1 / 1"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row.get_by_role("link").click()
    page.wait_for_url(f"**/console/{cats}/endpoints/cats")
    expect(page.locator("h1")).to_have_text("cats")


def show(page: Page, path: Path) -> None:
    page.set_input_files(".trying input[type=file]", str(path))
    expect(page.locator('[data-mark="latency"]')).to_contain_text("version v1 · 60 × 40 px")


def test_a_file_that_is_no_picture_and_one_that_only_browsers_read(
    cats: str, opened: Any, grey: Callable[[int], bytes], tmp_path: Path
) -> None:
    page = opened(f"/{cats}/endpoints/cats", role="viewer")
    wrong = tmp_path / "wrong.jpg"
    wrong.write_bytes(b"<html>")
    page.set_input_files(".trying input[type=file]", str(wrong))
    said = page.locator(".trying-message")
    said.wait_for()
    assert said.inner_text().startswith("wrong.jpg could not be read as a picture. Choose a JPEG, PNG, GIF or BMP.")
    phone = tmp_path / "phone.webp"
    Image.open(io.BytesIO(grey(153))).convert("RGB").save(phone, "WEBP", lossless=True)
    show(page, phone)
    page.locator('[data-mark="count"]', has_text="Found: 1 (score from 0.50)").wait_for()
    assert page.locator(".trying-classes .note").inner_text() == "1" and said.count() == 0


def test_while_an_endpoint_thinks(cats: str, opened: Any, grey: Callable[[int], bytes], tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(grey(153))
    page = opened(f"/{cats}/endpoints/cats", role="viewer")
    held: list[Any] = []
    page.route("**/predict", lambda route: held.append(route))
    page.set_input_files(".trying input[type=file]", str(picture))
    page.locator('[data-mark="latency"]', has_text="Looking").wait_for()
    assert page.get_attribute(".trying-stage", "aria-busy") == "true"
    held[0].continue_()
    page.locator('[data-mark="latency"]', has_text="version v1").wait_for()
    assert page.get_attribute(".trying-stage", "aria-busy") == "false"


def test_trying_a_picture(cats: str, opened: Any, console: Any, grey: Callable[[int], bytes], tmp_path: Path) -> None:
    picture = tmp_path / "it's a cat.png"
    picture.write_bytes(grey(153))  # a score of 0.6
    page = opened(f"/{cats}/endpoints/cats", role="viewer")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
    show(page, picture)
    table = page.locator(".trying-table tbody tr")
    assert table.first.locator("td").all_inner_texts() == [HOSTILE, "0.600", "0, 0, 30, 20"]
    box = page.locator(".trying-stage rect")
    assert [box.get_attribute(name) for name in ("x", "y", "width", "height")] == ["0", "0", "30", "20"]
    assert page.locator(".trying-stage .boxes-label").inner_text() == f"{HOSTILE} 0.60"
    page.locator(".trying input[type=range]").fill("0.7")
    expect(table.first).to_have_text("Nothing from this score on.")
    assert box.count() == 0
    page.locator(".trying input[type=range]").fill("0.25")
    expect(box).to_have_count(1)
    page.locator(".trying-classes input").uncheck()
    expect(box).to_have_count(0)
    assert len([url for url in asked if url.endswith("/predict")]) == 1  # one request for all of that

    page.locator(".trying summary").click()
    expect(page.locator('[data-mark="answer"]')).to_contain_text("boxes")
    answer = json.loads(page.locator('[data-mark="answer"]').inner_text())
    assert answer["images"][0]["boxes"][0]["class"] == HOSTILE
    curl = shlex.split(page.locator('[data-mark="curl"]').inner_text())
    assert "X-Amzn" not in " ".join(curl) and curl[-1].endswith("/predict?threshold=0.25")
    command = page.locator('[data-mark="curl"]').inner_text()
    environment = {**os.environ, "BOXWRIGHT_TOKEN": console.token("viewer"), "no_proxy": "*"}
    ran = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert json.loads(ran.stdout) == answer, ran.stderr


def test_dropping_pasting_and_what_is_no_picture(cats: str, opened: Any, grey: Any, tmp_path: Path) -> None:
    page = opened(f"/{cats}/endpoints/cats")
    page.wait_for_selector(".trying-stage")
    send = """async ([kind, values, type]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(values)], "<b>x</b>.png", {type}));
      const event = kind === "drop" ? new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true})
        : new ClipboardEvent("paste", {clipboardData: data, bubbles: true});
      document.querySelector(".trying-stage").dispatchEvent(event);
    }"""
    page.evaluate(send, ["drop", list(grey(204)), "image/png"])
    score = page.locator(".trying-table tbody tr").first.locator("td").nth(1)
    expect(score).to_have_text("0.800")
    page.evaluate(send, ["paste", list(grey(255)), "image/png"])
    expect(score).to_have_text("1.000")
    bad = tmp_path / "page.jpg"
    bad.write_text("<script>alert(1)</script>")
    page.set_input_files(".trying input[type=file]", str(bad))
    message = page.locator(".trying-message")
    expect(message).to_contain_text("picture")
    assert page.locator(".trying-stage rect").count() == 0


def test_the_camera(cats: str, opened: Any) -> None:
    page = opened(f"/{cats}/endpoints/cats", width=390)
    page.evaluate(f"() => {{ {CAMERA} }}")
    under_way, most, all_asked = 0, 0, 0

    def begun(request: Any) -> None:
        nonlocal under_way, most, all_asked
        if request.url.endswith("/predict"):
            under_way, all_asked = under_way + 1, all_asked + 1
            most = max(most, under_way)

    def done(request: Any) -> None:
        nonlocal under_way
        under_way -= request.url.endswith("/predict")

    page.on("request", begun)
    page.on("requestfinished", done)
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator(".trying-table tbody tr").first.locator("td").nth(1)).to_have_text("1.000")
    page.wait_for_timeout(500)
    assert most == 1 and all_asked > 2  # one after another
    page.get_by_role("button", name="Stop the camera").click()
    page.wait_for_timeout(200)
    asked = all_asked
    page.wait_for_timeout(300)
    assert all_asked == asked
    assert page.locator(".trying-stage rect").count() == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [("NotAllowedError", "was not allowed"), ("NotFoundError", "No camera was found"), ("AbortError", "could not be")],
)
def test_no_camera(cats: str, opened: Any, name: str, words: str) -> None:
    page = opened(f"/{cats}/endpoints/cats")
    page.evaluate(f"() => {{ {NO_CAMERA.replace('NAME', json.dumps(name))} }}")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator(".trying-message")).to_contain_text(words)
    assert page.get_by_role("button", name="Use the camera").is_visible()


def test_a_page_without_https_has_no_camera(cats: str, opened: Any) -> None:
    page = opened(f"/{cats}/endpoints/cats")
    page.evaluate("() => Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator(".trying-message")).to_contain_text("--certificate")
    assert page.locator(".trying-message").get_attribute("role") == "alert"


def test_traffic_workers_and_stopping(console: Any, cats: str, opened: Any) -> None:
    project, folder = cats, console.folder / cats / "model"
    for version in ("v1", "v2"):
        deploy(console, project, "pair", version, folder)
    page = opened(f"/{project}/endpoints/pair")
    rows = page.get_by_label("Versions").locator("tbody tr")
    expect(rows).to_have_count(2)
    slider = page.locator(".share").nth(1).locator(".q-slider")
    width = slider.evaluate("(one) => one.querySelector('.q-slider__track').getBoundingClientRect().width")
    slider.click(position={"x": width * 0.3, "y": 10})
    path = f"/v1/projects/{project}/models/pair"
    expect(rows.nth(1)).to_contain_text("30 %", timeout=10_000)
    assert console.ask("GET", path)["traffic"] == {"v1": 70, "v2": 30}
    rows.nth(1).get_by_role("button", name="Give it all").click()
    expect(rows.nth(1)).to_contain_text("100 %", timeout=10_000)
    assert console.ask("GET", path)["defaultVersion"]["name"].endswith("/v2")
    rows.nth(0).get_by_label("One worker more for v1").click()
    expect(rows.nth(0)).to_contain_text("2 / 2", timeout=30_000)
    rows.nth(0).get_by_label("Stop v1").click()
    page.locator(".dialog").get_by_role("button", name="Stop v1").click()
    expect(rows).to_have_count(1, timeout=15_000)
    page.get_by_role("button", name="Delete endpoint").click()
    page.locator(".dialog").get_by_role("button", name="Delete endpoint").click()
    page.wait_for_url(f"**/console/{project}/endpoints", timeout=15_000)
    with console.client() as client:
        assert client.get(path).status_code == 404


def test_a_viewer_changes_nothing(cats: str, opened: Any, grey: Any, tmp_path: Path) -> None:
    page = opened(f"/{cats}/endpoints/cats", role="viewer", dark=True)
    expect(page.get_by_label("Versions").locator("tbody tr")).to_have_count(1)
    for name in ("Delete endpoint", "Deploy a version", "Stop v1", "One worker more for v1"):
        assert page.get_by_role("button", name=name).count() == 0
    (tmp_path / "cat.png").write_bytes(grey(255))
    show(page, tmp_path / "cat.png")


def test_an_endpoint_that_is_not_there(cats: str, opened: Any) -> None:
    page = opened(f"/{cats}/endpoints/nothing")
    assert "has no model nothing" in page.locator("main").inner_text()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/v1/projects/p/datasets/d/pictures/3/image?width=90", True),
        ("https://example.com/v1/projects/p/image", False),
        ("//example.com/image", False),
        ("/v1/projects/p/jobs", False),
        ("", False),
    ],
)
def test_only_pictures_of_the_api_are_tried_by_a_link(path: str, wanted: bool) -> None:
    assert is_picture(path) is wanted


def test_an_endpoint_that_nobody_has_asked(desk: Any, opened: Any) -> None:
    desk.console.ask("POST", f"/v1/projects/{desk.project}/models", json={"name": "idle"})
    page = opened(f"{desk.path}/endpoints/idle")
    notes = page.get_by_text("No requests yet: try it with a picture above.")
    expect(notes.first).to_be_visible()
    assert notes.count() == 2  # one for each chart
