"""Tests of the box that uploads, in a real browser."""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages import ROUTES
from boxwright.console.upload import UploadBox
from boxwright.console.view import View

Opened = Callable[..., Any]


async def uploading(view: View, part: str = "200000") -> None:
    parts.heading("Uploading")
    shown = ui.label().classes("got")

    async def ready(upload: dict[str, Any]) -> None:
        shown.text = f"{upload['state']} {upload['uploadId']} {upload['path']}"

    UploadBox(view, ready, part_bytes=int(part))


@pytest.fixture
def page_of_box() -> Iterator[str]:
    ROUTES["/{project}/uploading"] = uploading
    yield "/box-b/uploading"
    del ROUTES["/{project}/uploading"]


def zipped(**files: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def got(page: Any) -> Path:
    page.wait_for_function("document.querySelector('.got').textContent.startsWith('READY')")
    return Path(page.inner_text(".got").split()[2])


def test_a_zip_becomes_a_folder(opened: Opened, page_of_box: str) -> None:
    page = opened(page_of_box, role="trainer")
    content = zipped(**{"cells/a.txt": b"a" * 10, "cells/sub/b.txt": b"b"})
    page.set_input_files("input[multiple]", {"name": "cells.zip", "mimeType": "application/zip", "buffer": content})
    folder = got(page)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()) == [
        "a.txt",
        "sub/b.txt",
    ]
    assert "complete" in page.inner_text(".upload-help")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('boxwright-upload'))") == []


def test_a_folder_keeps_its_paths_and_a_name_is_only_text(opened: Opened, page_of_box: str, tmp_path: Path) -> None:
    top = tmp_path / "set"
    (top / "images").mkdir(parents=True)
    for number in range(12):
        (top / "images" / f"{number}.jpg").write_bytes(bytes(number + 1) * 1000)
    (top / "images" / "<b onclick=alert(1)>.jpg").write_bytes(b"1")
    (top / ".hidden").write_bytes(b"1")
    page = opened(page_of_box)
    page.set_input_files("input[webkitdirectory]", str(top))
    folder = got(page)
    assert len(list((folder / "images").iterdir())) == 13
    assert (folder / "images" / "11.jpg").stat().st_size == 12000
    assert (folder / "images" / "<b onclick=alert(1)>.jpg").exists()


def test_what_is_no_zip_is_refused(opened: Opened, page_of_box: str) -> None:
    page = opened(page_of_box)
    page.set_input_files("input[multiple]", {"name": "a.zip", "mimeType": "application/zip", "buffer": b"hello"})
    page.get_by_text("a.zip is called a zip and is none").wait_for()
    assert page.get_by_role("button", name="Try again").is_visible()


def test_loose_files_are_called_what_their_names_begin_with(opened: Opened, page_of_box: str, console: Any) -> None:
    page = opened(page_of_box, role="trainer")
    files = [{"name": f"blood {number:03}.jpg", "mimeType": "image/jpeg", "buffer": b"1"} for number in (1, 2, 13)]
    page.set_input_files("input[multiple]", files)
    got(page)
    page.get_by_text("Files: 3, 3 B").first.wait_for()
    with console.client("trainer") as client:
        names = [one["displayName"] for one in client.get("/v1/projects/box-b/uploads").json()["uploads"]]
    assert "blood" in names


def test_a_finger_chooses_files_and_is_not_asked_to_drop_them(opened: Opened, page_of_box: str) -> None:
    page = opened(page_of_box, width=390, has_touch=True, is_mobile=True)
    assert page.inner_text(".upload-help") == "Choose a zip, or pictures with their annotations"
    assert page.get_by_role("button", name="Choose a folder").count() == 0


def test_an_unsafe_zip_is_refused_in_words(opened: Opened, page_of_box: str) -> None:
    page = opened(page_of_box)
    content = zipped(**{"../out.txt": b"x"})
    page.set_input_files("input[multiple]", {"name": "bad.zip", "mimeType": "application/zip", "buffer": content})
    page.wait_for_selector(".upload-message")
    assert "lead out of the upload's folder" in page.inner_text(".upload-message")
    page.get_by_role("button", name="Discard").click()
    page.locator(".upload-message").wait_for(state="detached")
    assert page.get_by_role("button", name="Choose files").is_visible()


def test_an_upload_is_refused_in_the_viewers_language(opened: Opened, page_of_box: str) -> None:
    page = opened(page_of_box, locale="es-ES")
    content = zipped(**{"../out.txt": b"x"})
    page.set_input_files("input[multiple]", {"name": "bad.zip", "mimeType": "application/zip", "buffer": content})
    told = page.locator(".upload-message", has_text="en el zip: un nombre no puede salir de la carpeta de la subida")
    told.wait_for()
    assert "lead out" not in told.inner_text()


def test_an_upload_goes_on_after_the_page_was_closed(
    opened: Opened, page_of_box: str, tmp_path: Path, screenshot: Callable[..., None]
) -> None:
    """The first part comes, then the connection is lost; in the next visit the same file goes on from there."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(500_000))
    page = opened(page_of_box, role="trainer")
    sent: list[int] = []

    def patched(route: Any) -> None:
        sent.append(int(route.request.headers["upload-offset"]))
        if sent[-1]:
            route.abort()
        else:
            route.continue_()

    page.route("**/files/*", patched)
    page.set_input_files("input[multiple]", str(path))
    page.get_by_text("The connection is lost").wait_for()
    screenshot(page, "upload_lost")
    page.get_by_role("button", name="Pause").click()
    page.unroute("**/files/*")
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_text("large.bin was interrupted").wait_for()
    offsets: list[int] = []
    page.on("request", lambda one: offsets.append(int(one.headers["upload-offset"])) if one.method == "PATCH" else None)
    page.set_input_files("input[multiple]", str(path))
    folder = got(page)
    assert offsets == [200_000, 400_000]
    assert (folder / "large.bin").stat().st_size == 500_000


def test_an_upload_is_paused_gone_on_with_and_cancelled(opened: Opened, page_of_box: str, console: Any) -> None:
    page = opened(page_of_box, role="trainer")
    page.route("**/files", lambda route: route.abort())
    page.set_input_files("input[multiple]", {"name": "x.bin", "mimeType": "a/b", "buffer": bytes(300_000)})
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Cancel the upload").click()
    page.get_by_role("button", name="Choose files").wait_for()
    with console.client("trainer") as client:
        names = [one["displayName"] for one in client.get("/v1/projects/box-b/uploads").json().get("uploads", [])]
    assert "x.bin" not in names


def test_an_upload_that_is_paused_while_it_is_made_is_made_once_and_cancelled(
    opened: Opened, page_of_box: str, console: Any
) -> None:
    page, held = opened(page_of_box, role="trainer"), list[Any]()
    page.route("**/uploads", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    page.set_input_files("input[multiple]", {"name": "y.bin", "mimeType": "a/b", "buffer": bytes(300_000)})
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Cancel the upload").click()
    page.wait_for_timeout(200)
    for route in held:
        route.continue_()
    page.get_by_role("button", name="Choose files").wait_for()
    with console.client("trainer") as client:
        names = [one["displayName"] for one in client.get("/v1/projects/box-b/uploads").json().get("uploads", [])]
    assert len(held) == 1 and "y.bin" not in names


def test_parts_that_are_too_large_for_the_server_become_smaller(
    opened: Opened, page_of_box: str, tmp_path: Path
) -> None:
    """It takes no more than 10 MB in a request."""
    path = tmp_path / "large.bin"
    path.write_bytes(bytes(12_000_000))
    page = opened(f"{page_of_box}?part={16 << 20}")
    statuses: list[int] = []
    page.on("response", lambda one: statuses.append(one.status) if one.request.method in ("PATCH", "POST") else None)
    page.set_input_files("input[multiple]", str(path))
    assert (got(page) / "large.bin").stat().st_size == 12_000_000
    assert statuses.count(413) == 1 and statuses.count(204) == 3


def test_the_box_fits_a_phone_in_the_dark(opened: Opened, page_of_box: str, screenshot: Callable[..., None]) -> None:
    page = opened(page_of_box, width=390, dark=True)
    screenshot(page, "upload_phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
