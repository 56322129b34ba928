"""The web application of examples/webapp, in a real browser, with the model that was trained in this run."""

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from boxwright import formats

WEBAPP = Path(__file__).resolve().parents[1] / "examples" / "webapp"
CHROMIUM = shutil.which("chromium")

DROP = """([text, kind]) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], "picture", {type: kind}));
  return transfer;
}"""

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium (Debian: apt install chromium)")


@pytest.fixture(scope="module")
def page_url(serving_url: str) -> Iterator[str]:
    """Address of the page; its function asks the served model."""
    words = [sys.executable, str(WEBAPP / "gateway.py"), "--endpoint-name=shapes", "--port=0"]
    words.append(f"--endpoint-url={serving_url}")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play, play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as found:
        yield found


@pytest.fixture
def page(browser: Browser, page_url: str) -> Iterator[Page]:
    """The page, on which no script may fail and nothing may be asked for elsewhere."""
    with browser.new_context() as context:
        shown, faults = context.new_page(), list[str]()
        shown.on("pageerror", lambda error: faults.append(str(error)))
        shown.on("request", lambda one: faults.append(one.url) if not one.url.startswith((page_url, "data:")) else None)
        shown.goto(page_url)
        yield shown
        assert faults == []


@pytest.fixture(scope="module")
def encoded(records: Path, serving_url: str) -> bytes:
    """The picture in which the model finds most."""
    return max(
        (one.encoded for one in formats.read(f"{records}/train-*")), key=lambda one: len(scores(serving_url, one))
    )


def drop(page: Page, encoded: bytes, kind: str = "image/png") -> None:
    transfer = page.evaluate_handle(DROP, [base64.b64encode(encoded).decode(), kind])
    page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})


def move(page: Page, percent: int) -> None:
    """Move the slider with the keyboard's own events."""
    page.locator("#threshold").fill(str(percent))


def scores(serving_url: str, encoded: bytes) -> list[float]:
    """What the model finds, by another contract."""
    answer = httpx.post(f"{serving_url}/predict?limit=200", content=encoded, trust_env=False)
    return [one["score"] for one in answer.json()["images"][0]["boxes"]]


def test_a_dropped_picture_shows_boxes_and_the_slider_fewer_of_them(
    page: Page, serving_url: str, encoded: bytes
) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.method) if one.method == "POST" else None)
    expect(page.locator("#shown")).to_be_hidden()
    drop(page, encoded)
    found = scores(serving_url, encoded)
    low, high = round(100 * found[len(found) // 2]), round(100 * found[0])
    for percent in (0, low, high, 100):
        move(page, percent)
        count = sum(score >= percent / 100 for score in found)
        expect(page.locator("#canvas")).to_have_attribute("data-boxes", str(count))
        expect(page.locator("#status")).to_have_text(f"{count} of {len(found)} objects shown")
        expect(page.locator("#sure")).to_have_text(f"{percent}\u00a0%")
    assert len(found) > 2
    assert asked == ["POST"]  # moving the slider asks nothing


def test_boxes_are_drawn_where_the_objects_are(page: Page, serving_url: str, encoded: bytes) -> None:
    drop(page, encoded)
    expect(page.locator("#list li").first).to_be_attached(timeout=20_000)
    move(page, 100)
    plain = canvas(page)
    (best, *_) = httpx.post(f"{serving_url}/predict?limit=1", content=encoded, trust_env=False).json()["images"]
    (box,) = best["boxes"]
    move(page, int(100 * box["score"]))
    height, width = plain.shape[:2]
    changed = (canvas(page) != plain).any(2)
    scale_x, scale_y = width / best["width"], height / best["height"]
    column = min(max(round(box["xmin"] * scale_x), 1), width - 2)
    middle = round((box["ymin"] + box["ymax"]) / 2 * scale_y)
    assert changed[middle, column - 1 : column + 2].any()  # the left side of the frame
    assert changed.mean() < 0.6  # the picture itself stays


def canvas(page: Page) -> Any:
    """Pixels of the canvas, uint8 (height, width, 3)."""
    uri = page.evaluate("() => document.getElementById('canvas').toDataURL('image/png')")
    data = base64.b64decode(uri.partition(",")[2])
    return cv2.imdecode(np.frombuffer(data, "uint8"), cv2.IMREAD_COLOR)


def test_a_class_is_hidden_and_shown_by_its_button(page: Page, encoded: bytes) -> None:
    drop(page, encoded)
    expect(page.locator("#list li").first).to_be_attached(timeout=20_000)
    move(page, 0)
    shown = int(page.locator("#canvas").get_attribute("data-boxes") or 0)
    button = page.locator("#legend button").first
    count = int(button.locator(".count").inner_text())
    for pressed, left in (("false", shown - count), ("true", shown)):
        button.press("Enter")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(page.locator("#canvas")).to_have_attribute("data-boxes", str(left))
    assert 0 < count <= shown


def test_a_large_photograph_is_sent_smaller(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.random.default_rng(0).integers(0, 255, (1500, 2400, 3), "uint8"))
    assert path.stat().st_size > 6_000_000  # more than the gateway takes
    with page.expect_response(lambda one: one.request.method == "POST") as answer:
        page.set_input_files("#photo", str(path))
    assert answer.value.status == 200
    assert page.locator("#photo").get_attribute("capture") == "environment"


def test_what_is_no_picture_is_told(page: Page) -> None:
    drop(page, b"hello", "text/plain")
    page.locator("#fault").wait_for()
    assert "This file is no picture" in page.locator("#fault").inner_text()
    assert page.locator("#shown").is_hidden()


def test_a_model_that_does_not_answer_is_told(browser: Browser, encoded: bytes) -> None:
    words = [sys.executable, str(WEBAPP / "gateway.py"), "--endpoint-name=birds", "--port=0"]
    with (
        subprocess.Popen([*words, "--endpoint-url=http://127.0.0.1:9"], stdout=subprocess.PIPE, text=True) as process,
        browser.new_context() as context,
    ):
        assert process.stdout is not None
        page = context.new_page()
        page.goto(process.stdout.readline().split()[-1])
        drop(page, encoded)
        expect(page.locator("#fault")).to_have_text("The model does not answer.", timeout=20_000)
        process.terminate()


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch, serving_url: str) -> Callable[..., dict[str, Any]]:
    """The function as a cloud calls it, with a fresh client."""
    monkeypatch.setenv("ENDPOINT_NAME", "shapes")
    monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", serving_url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, os.environ.get(name, "local"))
    spec = importlib.util.spec_from_file_location("handler", WEBAPP / "handler.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda **event: module.handler(event, None)


def test_the_function_answers_as_gateways_want_it(handler: Callable[..., dict[str, Any]], encoded: bytes) -> None:
    said = handler(httpMethod="POST", body=base64.b64encode(encoded).decode(), isBase64Encoded=True)
    assert said["statusCode"] == 200
    found = json.loads(said["body"])
    assert found["classes"] == ["circle", "square"]
    assert all(one["name"] in found["classes"] and len(one["box"]) == 4 for one in found["boxes"])


@pytest.mark.parametrize(
    ("body", "status", "said"), [("?", 400, "base64"), ("aGVsbG8=", 400, "not a readable JPEG"), (None, 400, "empty")]
)
def test_the_function_says_what_is_wrong(
    handler: Callable[..., dict[str, Any]], body: str | None, status: int, said: str
) -> None:
    answer = handler(body=body, isBase64Encoded=True)
    assert (answer["statusCode"], said in json.loads(answer["body"])["message"]) == (status, True)


def test_the_function_says_that_there_is_no_endpoint(
    handler: Callable[..., dict[str, Any]], encoded: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENDPOINT_NAME", "birds")
    assert handler(body=base64.b64encode(encoded).decode())["statusCode"] == 502
