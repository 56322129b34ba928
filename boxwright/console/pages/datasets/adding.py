"""The dialog for a new data set: from a path, an upload, an object store, or drawn shapes."""

import re
from collections.abc import Callable
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.browser import FileBrowser, pasted
from boxwright.console.pages.datasets.drawing import drawing
from boxwright.console.upload import UploadBox
from boxwright.console.view import View

WAYS = {"upload": "upload_file", "path": "folder_open", "store": "cloud", "draw": "auto_awesome"}
"""Sources to their icons; most have their pictures where their browser is."""

SHAPES = "shapes"
"""Name that is proposed for drawn data."""

TAKEN = 409
"""Code of the answer when there is a data set of that name."""

UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class Adding:
    """Asks what to import, and sends it."""

    _box: UploadBox
    _name: ui.input

    def __init__(self, view: View) -> None:
        self._view = view
        self._forms: dict[str, Callable[[], dict[str, Any] | None]] = {}
        self._upload = ""
        self._awaited = False  # what is being uploaded is to be imported as soon as it is there

    async def open(self, way: str) -> None:
        """Show the dialog; when data is being imported, its page is shown."""
        view = self._view
        options = await parts.attempt(view, view.api.get(view.resource("datasets:getOptions")))
        if options is None:
            return
        with ui.dialog() as self._dialog, ui.card().classes("dialog adding"):
            with ui.element("h2"):
                ui.label(view.text("datasets.add_title"))
            self._draw(way if way in WAYS else "upload", options)
        made = await parts.answered(self._dialog)
        view.remember(add="")  # or a reload would ask once more
        if made:
            view.look_again()
            view.go(view.path("datasets", made["name"]))

    def _draw(self, way: str, options: dict[str, Any]) -> None:
        view = self._view
        with ui.tabs().props("no-caps align=left dense inline-label").classes("adding-ways") as self._tabs:
            for name, icon in WAYS.items():
                ui.tab(name, view.text(f"datasets.way_{name}"), icon=icon)
        with ui.tab_panels(self._tabs, value=way, animated=False, keep_alive=True).classes("adding-panels"):
            for name in WAYS:
                with ui.tab_panel(name):
                    getattr(self, f"_draw_{name}")(options)
        self._name = _input(view.text("datasets.name"), hint=view.text("datasets.name_help")).props("maxlength=63")
        self._name.on("keydown.enter", self._sent)
        self._fault = ui.element("div").props("role=status")
        with ui.element("div").classes("actions"):
            parts.button(view.text("parts.cancel"), lambda: self._dialog.submit(None))
            self._send = parts.button("", self._sent, kind="primary")
        self._tabs.on_value_change(self._turned)
        self._turned()

    def _turned(self) -> None:
        """Another way is chosen: the button says what it does, and what was wrong with the other is over."""
        drawn = self._tabs.value == "draw"
        self._send.text = self._view.text("datasets.draw" if drawn else "datasets.import")
        self._fault.clear()
        if drawn or self._proposed == SHAPES:
            self._propose(SHAPES if drawn else "")

    def _draw_path(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.path_help")).classes("note")
        with ui.element("div").classes("row-of"):
            path = _input(view.text("datasets.path")).classes("grow")
            parts.button(view.text("datasets.browse"), lambda: self._browse(path, "data"), icon="folder_open")
        found = ui.element("div").props("role=status")
        labels = self._labels_file()
        path.on_value_change(lambda: self._recognise(path, found))
        self._forms["path"] = lambda: {"path": pasted(path.value)} | labels()

    def _draw_store(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.store_help")).classes("note")
        path = _input(view.text("datasets.address"), placeholder="s3://bucket/cells").props("stack-label")
        found = ui.element("div").props("role=status")
        path.on_value_change(lambda: self._recognise(path, found))
        self._forms["store"] = lambda: {"path": pasted(path.value)}

    def _draw_upload(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.upload_help")).classes("note")

        async def done(upload: dict[str, Any]) -> None:
            self._upload = upload["uploadId"]
            self._dialog.props(remove="persistent")
            self._propose(str(upload.get("displayName", "")).removesuffix(".zip"))
            if self._awaited:
                await self._sent()

        self._box = UploadBox(view, done, on_busy=self._uploading)
        self._forms["upload"] = lambda: {"uploadId": self._upload} if self._upload else None

    def _draw_draw(self, options: dict[str, Any]) -> None:
        self._forms["draw"] = drawing(self._view, options)

    def _uploading(self, busy: bool) -> None:
        """A key or a click beside the dialog does not break off what is being uploaded."""
        if busy:
            self._upload = ""
            self._dialog.props("persistent")
            return
        self._dialog.props(remove="persistent")
        if self._awaited:  # the upload was cancelled, or has failed, which the box says
            self._wait(False)

    def _wait(self, awaited: bool) -> None:
        """Begin or end waiting for the upload."""
        self._awaited = awaited
        self._send.set_enabled(not awaited)
        self._fault.clear()
        if awaited:
            with self._fault:
                parts.banner(self._view.text("datasets.upload_awaited"), "active")

    def _labels_file(self) -> Callable[[], dict[str, Any]]:
        view = self._view
        with ui.expansion(view.text("datasets.more")).props("dense").classes("adding-more"):
            ui.label(view.text("datasets.labels_help")).classes("note")
            with ui.element("div").classes("row-of"):
                labels = _input(view.text("datasets.labels_file")).classes("grow")
                parts.button(view.text("datasets.browse"), lambda: self._browse(labels, "file"), icon="description")
        return lambda: {"labelsFile": pasted(labels.value)} if labels.value else {}

    async def _browse(self, field: ui.input, kind: Any) -> None:
        chosen = await FileBrowser(self._view).choose(kind=kind, start=pasted(field.value))
        if chosen:
            field.value = chosen

    async def _recognise(self, field: ui.input, place: ui.element) -> None:
        """Say what stands at a path; an answer that comes after the path has changed again is dropped."""
        view, path = self._view, pasted(field.value)
        place.clear()
        if not path:
            return
        self._propose(path.rstrip("/").rpartition("/")[2])
        try:
            found = await view.api.post(view.resource("datasets:recognise"), {"path": path})
        except ServerError as error:
            said, tone = error.violations[0].message if error.violations else error.message, "bad"
        else:
            names = ", ".join(found["parts"])
            said, tone = view.text("datasets.recognised", format=found["format"], parts=names), "good"
        if pasted(field.value) == path:
            place.clear()
            with place:
                parts.banner(view.said(said), tone)  # type: ignore[arg-type]  # one of two tones

    def _propose(self, name: str) -> None:
        """A name, where none has been given."""
        if not self._name.value or self._name.value == self._proposed:
            self._proposed = UNFIT.sub("_", name.partition(".")[0]).strip("._-")[:63]
            self._name.value = self._proposed

    _proposed = ""

    async def _sent(self) -> None:
        view = self._view
        self._fault.clear()
        given = self._forms[str(self._tabs.value)]()
        if given is None:
            if self._box.busy:
                self._wait(True)
                return
            with self._fault:
                parts.banner(view.text("datasets.upload_first"), "warn")
            return
        self._send.props("loading").set_enabled(False)
        try:
            made = await view.api.post(view.resource("datasets"), {"name": self._name.value.strip(), **given})
            self._dialog.submit(made)
        except ServerError as error:
            self._refused(error)
        finally:
            self._send.props(remove="loading").set_enabled(True)

    def _refused(self, error: ServerError) -> None:
        """What is wrong with the name stands at it, where it is mended; it can be sent again."""
        self._awaited = False
        of_name = [one.message for one in error.violations if one.path == "name"]
        of_name += [error.message] if error.code == TAKEN else []
        self._name.error = self._view.said(of_name[0]) if of_name else None
        if of_name:
            self._name.run_method("focus")
        if len(of_name) < max(1, len(error.violations)):
            with self._fault:
                parts.failure(self._view, self._view.text("datasets.refused"), error)


def _input(label: str, *, hint: str = "", placeholder: str = "") -> ui.input:
    found = ui.input(label, placeholder=placeholder).props(
        "outlined dense debounce=400 spellcheck=false autocomplete=off"
    )
    if hint:
        found.props["hint"] = hint
    return found
