"""The whole way in a browser: from an empty server to a deployed detector and a picture with boxes, no terminal."""

import io
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

JOB = "first_detector"
STEPS = 100
"""Of the training: enough to find drawn shapes."""

PATIENCE = 600_000
"""Milliseconds for a training on a busy machine."""

COMMAND = (sys.executable, "-m", "boxwright.cli", "server")


@dataclass
class Server:
    """`boxwright server` with its runner, in a folder of its own."""

    folder: Path
    port: int = 0
    process: subprocess.Popen[str] | None = None
    link: str = ""

    def start(self) -> None:
        words = [*COMMAND, f"--data-dir={self.folder / 'data'}", f"--port={self.port}"]
        words += ["--min-free-disk=0", "--min-free-memory=0"]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=self.folder)
        assert self.process.stdout
        url = self.process.stdout.readline().split()[-1]
        self.port = int(url.rpartition(":")[2])
        self.link = self.link or self.process.stdout.readline().split()[-1]

    def stop(self) -> None:
        assert self.process and self.process.stdout
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.process.stdout.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def token(self) -> str:
        return (self.folder / "data" / "token").read_text().strip()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def ask(self, method: str, path: str, **given: Any) -> Any:
        answer = httpx.request(method, self.url + path, headers=self.headers, timeout=60, trust_env=False, **given)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """In a folder whose name can stand in pictures."""
    with tempfile.TemporaryDirectory(prefix="boxwright-") as folder:
        made = Server(Path(folder))
        made.start()
        yield made
        made.stop()


@dataclass
class Walked:
    """What somebody at the browser came by.

    Attributes:
        page: where they are at the end.
        endpoint: that was deployed.
        seen: what stood on the pages on the way, by name.
        pictures: of the pages that were looked at later, by name and scheme of colours.
    """

    page: Page
    endpoint: str
    seen: dict[str, Any]
    pictures: dict[tuple[str, str], bytes] = field(default_factory=dict)


@pytest.fixture(scope="module")
def walked(server: Server, browser: Browser) -> Iterator[Walked]:
    """From the link that the server prints, by mouse and keyboard only."""
    with browser.new_context(viewport={"width": 1280, "height": 860}) as context:
        page, seen = context.new_page(), dict[str, Any]()
        page.set_default_timeout(60_000)
        faults = list[str]()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(server.link)
        page.get_by_role("button", name="Draw sample data").click()
        page.get_by_role("link", name="Train", exact=True).click()
        seen["wizard"] = train(page)
        page.wait_for_url("**/console/local/jobs/*")
        page.wait_for_selector("main .chip >> text=succeeded", timeout=PATIENCE)
        page.get_by_role("link", name="Model", exact=True).click()
        page.get_by_role("button", name="Deploy").click()
        page.get_by_role("dialog").get_by_role("button", name="Deploy").click()
        page.wait_for_url("**/console/local/endpoints/*")
        seen["boxes"] = try_picture(page)
        yield Walked(page, page.url.rpartition("/")[2].partition("?")[0], seen)
        assert faults == []


def train(page: Page) -> str:
    """Walk through the wizard; gives the command that it shows."""
    page.wait_for_selector("h1 >> text=New training job")
    page.get_by_role("button", name="Next: Data").click()
    page.wait_for_selector("text=80 pictures")
    page.get_by_role("button", name="Next: Arguments").click()
    page.get_by_label("max_steps").first.fill(str(STEPS))
    page.get_by_role("button", name="Next: Job settings").click()
    page.get_by_label("Job id").first.fill(JOB)
    page.get_by_role("button", name="Next: Summary").click()
    page.wait_for_selector(f"pre >> text=--max_steps={STEPS}")
    command = page.locator("pre").last.inner_text()
    page.get_by_role("button", name="Submit the job").click()
    return command


def try_picture(page: Page) -> list[dict[str, Any]]:
    """Show the endpoint the first sample; gives the boxes that are drawn over it."""
    page.locator(".trying-samples button").first.click()
    page.wait_for_selector(".trying svg rect")
    return [
        {name: float(one.get_attribute(name) or 0) for name in ("x", "y", "width", "height")}
        for one in page.locator(".trying svg rect").all()
    ]


def test_a_detector_is_trained_deployed_and_finds_shapes(server: Server, walked: Walked) -> None:
    assert f"--max_steps={STEPS}" in walked.seen["wizard"]
    job = server.ask("GET", f"/v1/projects/local/jobs/{JOB}")
    assert job["state"] == "SUCCEEDED"
    assert len(walked.seen["boxes"]) >= 1
    assert all(box["width"] > 0 and box["height"] > 0 for box in walked.seen["boxes"])


def test_programs_get_the_same_answer(server: Server, walked: Walked) -> None:
    """From the endpoint that was deployed in the browser, for a picture of the data set that was drawn there."""
    picture = httpx.get(f"{server.url}/v1/projects/local/datasets/shapes/pictures/0/image", headers=server.headers)
    answer = server.ask("POST", f"/endpoints/{walked.endpoint}/predict", content=picture.content)
    (image,) = answer["images"]
    assert {one["class"] for one in image["boxes"]} <= {"circle", "square"}
    assert image["boxes"]


PICTURES = Path(__file__).parents[2] / "docs" / "console"

UNLIKE = 0.015
"""Of pictures of different pages, more; of the same page with other numbers in it, less."""

LOOKS = {
    "start": "/local",
    "dataset": "/local/datasets/shapes?tab=pictures",
    "new_job": "/local/new?dataset=shapes",
    "jobs": "/local/jobs",
    "curves": f"/local/jobs/{JOB}?tab=curves",
    "evaluation": f"/local/jobs/{JOB}?tab=evaluation",
    "model": f"/local/models/{JOB}",
    "endpoint": "/local/endpoints/{endpoint}",
}
"""Pages whose pictures stand in docs/, by name."""

OTHERS = {
    "datasets": "/local/datasets",
    "dataset_overview": "/local/datasets/shapes",
    "dataset_statistics": "/local/datasets/shapes?tab=statistics",
    "job": f"/local/jobs/{JOB}",
    "samples": f"/local/jobs/{JOB}?tab=samples",
    "log": f"/local/jobs/{JOB}?tab=log",
    "jobs_compare": f"/local/jobs-compare?jobs={JOB},{JOB}",
    "models": "/local/models",
    "models_compare": f"/local/models-compare?models={JOB},{JOB}",
    "endpoints": "/local/endpoints",
    "settings": "/settings",
    "empty_project": "/nothing_here/jobs",
    "missing": "/local/jobs/no_such_job",
}


@pytest.fixture(scope="module", params=["light", "dark"])
def signed_in(
    request: pytest.FixtureRequest, server: Server, walked: Walked, browser: Browser, sign_in: Any
) -> Iterator[tuple[BrowserContext, str]]:
    """A browser that is signed in, and its scheme of colours."""
    del walked  # comes first
    scheme = request.param
    with browser.new_context(viewport={"width": 1280, "height": 860}, color_scheme=scheme) as context:
        sign_in(context, server.url, server.token)
        yield context, scheme


def settled(page: Page, url: str) -> None:
    """Open a page and wait until nothing about it moves any more."""
    page.goto(url)
    page.wait_for_selector("main h1")
    page.wait_for_selector(".loading", state="detached")
    page.wait_for_function("window.did_handshake")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


@pytest.mark.parametrize("name", [*LOOKS, *OTHERS])
def test_everybody_can_use_a_page(
    server: Server, walked: Walked, signed_in: Any, name: str, screenshot: Callable[..., None]
) -> None:
    """No serious finding of axe-core (WCAG 2.1 A and AA), in light and dark; its picture goes to where CI keeps it."""
    context, scheme = signed_in
    page = context.new_page()
    settled(page, f"{server.url}/console{ {**LOOKS, **OTHERS}[name].format(endpoint=walked.endpoint) }")
    if name == "endpoint":
        try_picture(page)
    walked.pictures[name, scheme] = page.screenshot()
    screenshot(page, f"{name}_{scheme}")
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}).response["violations"]
    told = [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]
    page.close()
    assert told == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", LOOKS)
def test_the_pictures_in_docs_show_the_pages_as_they_are(walked: Walked, name: str, scheme: str) -> None:
    """Coarsely, for fonts differ; `BOXWRIGHT_PICTURES=1 pytest tests/console/test_end_to_end.py` makes them anew."""
    shown, path = walked.pictures[name, scheme], PICTURES / f"{name}_{scheme}.png"
    if os.environ.get("BOXWRIGHT_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        colours = Image.open(io.BytesIO(shown)).convert("RGB").quantize(256)
        colours.save(path, optimize=True)
    assert difference(shown, path.read_bytes()) < UNLIKE


def difference(one: bytes, other: bytes) -> float:
    """Mean difference of two pictures in shares of the range from black to white, at 80 x 54 grey pixels."""
    small = [
        cv2.resize(cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_GRAYSCALE), (80, 54), interpolation=3)
        for each in (one, other)
    ]
    return float(np.abs(small[0].astype(float) - small[1]).mean() / 255)


def test_another_page_is_told_from_a_picture_in_docs() -> None:
    pages = [(PICTURES / f"{name}_light.png").read_bytes() for name in ("start", "jobs", "curves", "endpoint")]
    assert min(difference(one, other) for one in pages for other in pages if one is not other) > UNLIKE


@pytest.fixture(scope="module")
def phone(server: Server, walked: Walked, browser: Browser, sign_in: Any) -> Iterator[BrowserContext]:
    del walked  # comes first
    with browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True) as context:
        sign_in(context, server.url, server.token)
        yield context


@pytest.mark.parametrize("name", [*LOOKS, *OTHERS])
def test_a_page_fits_a_phone(
    server: Server, walked: Walked, phone: BrowserContext, name: str, screenshot: Callable[..., None]
) -> None:
    page = phone.new_page()
    settled(page, f"{server.url}/console{ {**LOOKS, **OTHERS}[name].format(endpoint=walked.endpoint) }")
    screenshot(page, f"{name}_phone")
    width = page.evaluate("document.documentElement.scrollWidth")
    page.close()
    assert width <= 390


@pytest.fixture(scope="module", params=["es", "ja"])
def abroad(
    request: pytest.FixtureRequest, server: Server, walked: Walked, browser: Browser, sign_in: Any
) -> Iterator[tuple[BrowserContext, str]]:
    """A browser of another language, and the language."""
    del walked  # comes first
    with browser.new_context(viewport={"width": 1280, "height": 860}, locale=request.param) as context:
        sign_in(context, server.url, server.token)
        yield context, request.param


@pytest.mark.parametrize("name", LOOKS)
def test_a_page_speaks_the_language(
    server: Server, walked: Walked, abroad: tuple[BrowserContext, str], name: str, screenshot: Callable[..., None]
) -> None:
    context, language = abroad
    page = context.new_page()
    settled(page, f"{server.url}/console{LOOKS[name].format(endpoint=walked.endpoint)}")
    screenshot(page, f"{name}_{language}")
    spoken, entry = page.get_attribute("html", "lang"), page.locator("nav .entry").nth(5).inner_text()
    heading = page.inner_text("main h1")
    page.close()
    assert spoken == language
    assert entry.splitlines()[-1] in ("Ajustes", "設定")
    assert "{" not in heading


def test_a_rate_is_searched_in_the_browser(server: Server, signed_in: Any) -> None:
    """Two trials of a few steps; the page of the job tells which was best."""
    context, scheme = signed_in
    name, page = f"search_{scheme}", context.new_page()
    settled(page, f"{server.url}/console/local/new?dataset=shapes")
    page.get_by_role("button", name="Next: Data").click()
    page.wait_for_selector("text=80 pictures")
    page.get_by_role("button", name="Next: Arguments").click()
    for argument, value in {"max_steps": "6", "train_steps_per_eval": "6", "image_size": "96,128"}.items():
        page.get_by_label(argument).first.fill(value)
    page.get_by_role("switch", name="Tune initial_learning_rate").click()
    page.get_by_label("Trials in all").first.fill("2")
    page.get_by_role("button", name="Next: Job settings").click()
    page.get_by_label("Job id").first.fill(name)
    page.get_by_role("button", name="Next: Summary").click()
    page.wait_for_selector("pre >> text=initial_learning_rate")
    page.get_by_role("button", name="Submit the job").click()
    page.wait_for_url(f"**/jobs/{name}")
    if scheme == "dark":  # once is enough
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
        page.wait_for_selector("main .chip >> text=cancelled", timeout=PATIENCE)
        page.close()
        assert server.ask("GET", f"/v1/projects/local/jobs/{name}")["state"] == "CANCELLED"
        return
    page.wait_for_selector("main .chip >> text=succeeded", timeout=PATIENCE)
    settled(page, f"{server.url}/console/local/jobs/{name}?tab=trials")
    page.wait_for_selector("main tbody tr")
    rows = page.locator("main tbody tr").count()
    page.close()
    job = server.ask("GET", f"/v1/projects/local/jobs/{name}")
    assert job["trainingOutput"]["completedTrialCount"] == "2"
    assert rows >= 2


@pytest.mark.usefixtures("walked")
def test_two_browsers_see_the_same_job_and_one_may_not_submit(server: Server, browser: Browser, sign_in: Any) -> None:
    """What a trainer cancels in one is cancelled in the other, without a reload; a viewer changes nothing."""
    tokens = {
        role: server.ask("POST", "/v1/tokens", json={"name": f"the_{role}", "role": role})["token"]
        for role in ("trainer", "viewer")
    }
    data = server.ask("GET", "/v1/projects/local/datasets/shapes")["trainingDataPath"]
    given = {"masterConfig": {"imageUri": "image_object_detection"}, "args": [f"--training_data_path={data}"]}
    server.ask("POST", "/v1/projects/local/jobs", json={"jobId": "shared", "trainingInput": given})
    with browser.new_context() as first, browser.new_context() as second:
        trainer, viewer = first.new_page(), second.new_page()
        for page, role in ((trainer, "trainer"), (viewer, "viewer")):
            sign_in(page.context, server.url, tokens[role])
            settled(page, f"{server.url}/console/local/jobs/shared")
        assert viewer.get_by_role("button", name="Cancel").count() == 0
        assert viewer.locator(".header .primary-link").count() == 0
        trainer.get_by_role("button", name="Cancel").click()
        trainer.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
        for page in (trainer, viewer):
            page.wait_for_selector("main .chip >> text=cancelled", timeout=120_000)
        settled(viewer, f"{server.url}/console/local/new")
        assert viewer.get_by_role("button", name="Submit the job").count() == 0
        assert "trainer" in viewer.inner_text("main")
        said = viewer.evaluate(
            """async (given) => (await fetch("/v1/projects/local/jobs", {method: "POST",
            body: JSON.stringify({jobId: "no", trainingInput: given})})).status""",
            given,
        )
        assert said == 403


@pytest.mark.usefixtures("walked")
def test_a_page_that_is_open_recovers_from_a_restart(server: Server, browser: Browser, sign_in: Any) -> None:
    """It says that the server is away, and is true again without a reload by hand."""
    with browser.new_context() as context:
        page = context.new_page()
        sign_in(context, server.url, server.token)
        settled(page, f"{server.url}/console/local/jobs")
        server.stop()
        page.wait_for_selector("text=Connection lost.")
        server.start()
        server.ask(
            "POST",
            "/v1/projects/local/jobs",
            json={"jobId": "after_it", "trainingInput": {"masterConfig": {"imageUri": "wait"}, "args": ["--steps=1"]}},
        )
        page.wait_for_selector("main tbody >> text=after_it", timeout=60_000)
        assert page.get_by_text("Connection lost.").is_hidden()
        page.wait_for_url("**/console/local/jobs")
