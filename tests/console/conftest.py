"""A server with its console in this process, and a real browser in front of it."""

import os
import shutil
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.commands.control_plane import make_context
from boxwright.console.mount import mount
from boxwright.spec.server import ServerSettings
from boxwright.store.tokens import Role

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

HARMLESS = ("the server responded with a status of",)
"""Console messages about answers that a test asks for on purpose."""


@dataclass
class Console:
    """A running server with a console.

    Attributes:
        folder: that jobs may write and data sets be read below.
    """

    url: str
    app: FastAPI
    context: Context
    folder: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, role: Role = "admin") -> str:
        """A token's secret."""
        if role not in self.tokens:
            self.tokens[role] = self.context.tokens.create(f"a-{role}", role)
        return self.tokens[role]

    def client(self, role: Role = "admin") -> httpx.Client:
        """For requests to the API, as other programs send them."""
        headers = {"Authorization": f"Bearer {self.token(role)}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    def ask(self, method: str, path: str, **given: Any) -> Any:
        """The answer's JSON to an administrator's request, which must succeed."""
        with self.client() as client:
            answer = client.request(method, path, **given)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """One server for all tests: NiceGUI knows one a process. Use projects and names of your own in each test."""
    folder = tmp_path_factory.mktemp("console")
    (folder / "data").mkdir()
    context = make_context(ServerSettings(data_dir=folder / "data", roots=(str(folder),)), allow_substitute=False)
    app = create_app(context)
    mount(app)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    with context.deployed.fleet:
        # NiceGUI looks at every object of the process for its server, those that warn of being deprecated included.
        with warnings.catch_warnings(action="ignore"):
            thread.start()
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
        yield Console(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", app, context, folder)
        app.state.followers.close()
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("needs Chromium (Debian: apt install chromium)")
    with sync_playwright() as play, play.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS]) as found:
        yield found


@pytest.fixture(scope="session")
def sign_in() -> Callable[[BrowserContext, str, str], None]:
    """Signs in by the link that a server prints, without drawing its first page: `sign_in(context, url, token)`."""

    def follow_link(context: BrowserContext, url: str, token: str) -> None:
        # A kept connection may be closed by the server in the very moment in which it is used again.
        answer = context.request.get(f"{url}/?token={token}", max_redirects=0, max_retries=3)
        assert answer.headers["location"] == "/console/"

    return follow_link


class Contexts:
    """Of a browser: each is as new, but for its cache. To fetch and compile the scripts of a page takes longest."""

    def __init__(self, browser: Browser, origin: str) -> None:
        self._browser, self._origin = browser, origin
        self._free: dict[str, list[BrowserContext]] = {}
        self._taken: list[tuple[str, BrowserContext]] = []

    def page(self, **options: Any) -> Page:
        """In a context that nobody else uses."""
        free = self._free.setdefault(repr(options), [])
        context = free.pop() if free else self._browser.new_context(**options)
        self._taken.append((repr(options), context))
        page = context.new_page()
        cleared = {"origin": self._origin, "storageTypes": "local_storage,indexeddb"}
        context.new_cdp_session(page).send("Storage.clearDataForOrigin", cleared)
        return page

    def give_back(self) -> None:
        """All that were taken; closes their pages and forgets who signed in."""
        for options, context in self._taken:
            for page in context.pages:
                page.close()
            context.clear_cookies()
            self._free[options].append(context)
        self._taken.clear()


@pytest.fixture(scope="module")
def contexts(console: Console, browser: Browser) -> Contexts:
    return Contexts(browser, console.url)


Opened = Callable[..., Page]


@pytest.fixture
def opened(console: Console, contexts: Contexts, sign_in: Callable[..., None]) -> Iterator[Opened]:
    """Opens a page of the console as somebody of a role: `opened("/local/jobs", role="viewer", width=390, dark=True)`.

    When the test is over no script may have failed and nothing may have been asked for elsewhere.
    """
    faults = list[str]()

    def open_page(path: str = "/", *, role: Role = "admin", width: int = 1280, dark: bool = False, **more: Any) -> Page:
        scheme = "dark" if dark else "light"
        page = contexts.page(viewport={"width": width, "height": 860}, color_scheme=scheme, **more)
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda one: faults.append(one.text) if one.type == "error" and not _harmless(one) else None)
        page.on("request", lambda one: faults.append(one.url) if not _own(one.url, console.url) else None)
        sign_in(page.context, console.url, console.token(role))
        page.goto(f"{console.url}/console{path}")
        page.wait_for_selector("main h1")
        page.wait_for_selector("main .loading", state="detached")
        page.wait_for_function("window.did_handshake")  # clicks before count for nothing
        return page

    yield open_page
    contexts.give_back()
    assert faults == []


def _own(url: str, server: str) -> bool:
    return url.startswith((server, server.replace("http", "ws", 1), "data:", "blob:"))


def _harmless(message: Any) -> bool:
    return message.text.startswith("Failed to load resource") or any(one in message.text for one in HARMLESS)


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Writes a picture of a page into the folder that BOXWRIGHT_SCREENSHOTS names, or nowhere."""
    folder = os.environ.get("BOXWRIGHT_SCREENSHOTS", "")

    def write(page: Page, name: str = "") -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{folder}/{name or request.node.name}.png", full_page=True)

    return write
