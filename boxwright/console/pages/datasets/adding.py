"""The dialog for a new data set: from a path, an upload, an object store, or drawn shapes."""

import re
from collections.abc import Callable
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.browser import FileBrowser
from boxwright.console.upload import UploadBox
from boxwright.console.view import View

WAYS = {"path": "folder_open", "upload": "upload_file", "store": "cloud", "draw": "auto_awesome"}
"""Sources to their icons."""

UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class Adding:
    """Asks what to import, and sends it."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._forms: dict[str, Callable[[], dict[str, Any] | None]] = {}
        self._upload = ""

    async def open(self, way: str) -> None:
        """Show the dialog; when data is being imported, its page is shown."""
        view = self._view
        options = await parts.attempt(view, view.api.get(view.resource("datasets:getOptions")))
        if options is None:
            return
        with ui.dialog() as dialog, ui.card().classes("dialog adding"):
            with ui.element("h2"):
                ui.label(view.text("datasets.add_title"))
            with ui.tabs().props("no-caps align=left dense inline-label outside-arrows mobile-arrows") as tabs:
                for name, icon in WAYS.items():
                    ui.tab(name, view.text(f"datasets.way_{name}"), icon=icon)
            first = way if way in WAYS else "path"
            with ui.tab_panels(tabs, value=first, animated=False, keep_alive=True).classes("adding-panels"):
                for name in WAYS:
                    with ui.tab_panel(name):
                        getattr(self, f"_draw_{name}")(options)
            self._name = _input(view.text("datasets.name"), hint=view.text("datasets.name_help"))
            self._fault = ui.element("div")
            with ui.element("div").classes("actions"):
                parts.button(view.text("parts.cancel"), lambda: dialog.submit(None))
                self._send = parts.button(
                    view.text("datasets.import"), lambda: self._sent(tabs.value, dialog), kind="primary"
                )
        made = await dialog
        dialog.delete()
        if made:
            view.look_again()
            view.go(view.path("datasets", made["name"]))

    def _draw_path(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.path_help")).classes("note")
        with ui.element("div").classes("row-of"):
            path = _input(view.text("datasets.path")).classes("grow")
            parts.button(view.text("datasets.browse"), lambda: self._browse(path, "data"), icon="folder_open")
        found = ui.element("div").props("role=status")
        labels = self._labels_file()
        path.on_value_change(lambda: self._recognise(path, found))
        self._forms["path"] = lambda: {"path": path.value.strip()} | labels()

    def _draw_store(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.store_help")).classes("note")
        path = _input(view.text("datasets.address"), placeholder="s3://bucket/cells")
        found = ui.element("div").props("role=status")
        path.on_value_change(lambda: self._recognise(path, found))
        self._forms["store"] = lambda: {"path": path.value.strip()}

    def _draw_upload(self, _: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.upload_help")).classes("note")

        async def done(upload: dict[str, Any]) -> None:
            self._upload = upload["uploadId"]
            self._propose(str(upload.get("displayName", "")).removesuffix(".zip"))

        UploadBox(view, done)
        self._forms["upload"] = lambda: {"uploadId": self._upload} if self._upload else None

    def _draw_draw(self, options: dict[str, Any]) -> None:
        view = self._view
        ui.label(view.text("datasets.draw_help")).classes("note")
        numbers = {"pictures": 60, "validation": 20, "width": 128, "height": 96, "seed": 0}
        with ui.element("div").classes("adding-numbers"):
            fields = {
                name: ui.number(view.text(f"datasets.draw_{name}"), value=value, min=0, step=1, precision=0).props(
                    "outlined dense"
                )
                for name, value in numbers.items()
            }
            formats = [one["name"] for one in options["formats"] if one["writable"] and not one["onePart"]]
            format = ui.select(formats, value="tfrecord", label=view.text("datasets.format")).props("outlined dense")
        shapes = ui.select(
            options["shapes"], value=options["shapes"][:2], multiple=True, label=view.text("datasets.draw_classes")
        ).props("outlined dense use-chips")

        def read() -> dict[str, Any]:
            given = {name: int(field.value or 0) for name, field in fields.items()}
            return {"draw": {**given, "classes": shapes.value, "format": format.value}}

        self._forms["draw"] = read

    def _labels_file(self) -> Callable[[], dict[str, Any]]:
        view = self._view
        with ui.expansion(view.text("datasets.more")).props("dense").classes("adding-more"):
            ui.label(view.text("datasets.labels_help")).classes("note")
            with ui.element("div").classes("row-of"):
                labels = _input(view.text("datasets.labels_file")).classes("grow")
                parts.button(view.text("datasets.browse"), lambda: self._browse(labels, "file"), icon="description")
        return lambda: {"labelsFile": labels.value.strip()} if labels.value.strip() else {}

    async def _browse(self, field: ui.input, kind: Any) -> None:
        chosen = await FileBrowser(self._view).choose(kind=kind, start=field.value.strip())
        if chosen:
            field.value = chosen

    async def _recognise(self, field: ui.input, place: ui.element) -> None:
        """Say what stands at a path; an answer that comes after the path has changed again is dropped."""
        view, path = self._view, field.value.strip()
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
        if field.value.strip() == path:
            place.clear()
            with place:
                parts.banner(said, tone)  # type: ignore[arg-type]  # one of two tones

    def _propose(self, name: str) -> None:
        """A name, where none has been given."""
        if not self._name.value or self._name.value == self._proposed:
            self._proposed = UNFIT.sub("_", name.partition(".")[0]).strip("._-")[:63]
            self._name.value = self._proposed

    _proposed = ""

    async def _sent(self, way: str, dialog: ui.dialog) -> None:
        view = self._view
        self._fault.clear()
        given = self._forms[way]()
        if given is None:
            with self._fault:
                parts.banner(view.text("datasets.upload_first"), "warn")
            return
        self._send.props("loading")
        try:
            made = await view.api.post(view.resource("datasets"), {"name": self._name.value.strip(), **given})
            dialog.submit(made)
        except ServerError as error:
            with self._fault:
                parts.failure(view, view.text("datasets.refused"), error)
        finally:
            self._send.props(remove="loading")


def _input(label: str, *, hint: str = "", placeholder: str = "") -> ui.input:
    found = ui.input(label, placeholder=placeholder).props(
        "outlined dense debounce=400 spellcheck=false autocomplete=off"
    )
    if hint:
        found.props["hint"] = hint
    return found
