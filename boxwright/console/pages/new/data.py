"""Second step: training and validation data, and where the results go."""

from collections.abc import Mapping
from typing import Any

from nicegui import background_tasks, ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.browser import FileBrowser, Kind, pasted
from boxwright.console.pages.new.draft import DATA, Draft
from boxwright.console.pages.new.source import Source
from boxwright.console.pages.new.wizard import Wizard

KINDS = ("dataset", "file", "files", "folder")

BROWSED: Mapping[str, Kind] = {"file": "file", "files": "folder", "folder": "data"}
"""What is browsed for, by kind of source."""


async def draw(wizard: Wizard) -> None:
    """Both sources, and the output folder."""
    text = wizard.view.text
    kinds = KINDS if wizard.known.datasets else KINDS[1:]
    with parts.panel(text("wizard.data.training")):
        _Sources(wizard, DATA[0], wizard.draft.training, kinds).draw()
    with parts.panel(text("wizard.data.validation"), note=text("wizard.data.validation_help")):
        _Sources(wizard, DATA[1], wizard.draft.validation, ("part", *kinds)).draw()
    with parts.panel(text("wizard.data.output"), note=text("wizard.data.output_help")):
        _output(wizard)


def use(draft: Draft, dataset: Mapping[str, Any]) -> None:
    """Train on a data set, and validate on its own part for that where it has one."""
    draft.training.name, draft.training.path = dataset["name"], dataset["trainingDataPath"]
    if draft.validation.kind in ("part", "dataset"):
        own = dataset.get("validationDataPath", "")
        draft.validation = Source("dataset", name=dataset["name"], path=own) if own else Source("part")
    if dataset.get("labelsFile"):
        draft.arguments["labels_file"] = dataset["labelsFile"]
    else:
        draft.arguments.pop("labels_file", None)


class _Sources:
    """Where one of the two data sets comes from."""

    def __init__(self, wizard: Wizard, argument: str, source: Source, kinds: tuple[str, ...]) -> None:
        self._wizard, self._argument, self._source, self._kinds = wizard, argument, source, kinds
        self._turn = 0

    def draw(self) -> None:
        """The kinds, the fields of the one that is chosen, and the complete path."""
        text = self._wizard.view.text
        words = {kind: text(f"wizard.source.{kind}") for kind in self._kinds}
        if self._source.kind not in words:
            self._source.kind = "file"
        select = ui.select(words, value=self._source.kind, label=text("wizard.source.label"), on_change=self._turned)
        select.props("outlined dense").classes("wizard-field")
        self._place = ui.element("div").classes("wizard-source")
        self._found = ui.element("div").classes("wizard-found").props("role=status")
        self._fill()

    async def _turned(self, event: Any) -> None:
        self._source.kind = event.value
        if event.value == "dataset":
            self._source.name = self._source.path = ""
        self._fill()
        self._wizard.changed()

    def _fill(self) -> None:
        self._place.clear()
        with self._place:
            if self._source.kind == "dataset":
                self._datasets()
            elif self._source.kind != "part":
                self._paths()
            else:
                ui.label(self._wizard.view.text("wizard.source.part_help")).classes("note")
        background_tasks.create(self._match(), name="match")

    def _datasets(self) -> None:
        names = {one["name"]: one["name"] for one in self._wizard.known.datasets}
        value = self._source.name if self._source.name in names else None
        label = self._wizard.view.text("wizard.source.dataset")
        shown = ui.select(names, value=value, label=label, on_change=self._dataset_chosen, with_input=True)
        shown.props("outlined dense").classes("wizard-field")
        self._wizard.fields.add(self._argument, shown)

    async def _dataset_chosen(self, event: Any) -> None:
        found = next((one for one in self._wizard.known.datasets if one["name"] == event.value), None)
        if found is None:
            return
        if self._argument == DATA[0]:
            use(self._wizard.draft, found)
            await self._wizard.show("data", focus=False)
            return
        self._source.name, self._source.path = (
            found["name"],
            found.get("evaluationDataPath") or found["trainingDataPath"],
        )
        if self._wizard.draft.training.kind == "dataset" and self._wizard.draft.training.name == found["name"]:
            use(self._wizard.draft, found)  # never the pictures that it learns from
            await self._wizard.show("data", focus=False)
            return
        self._changed()

    def _paths(self) -> None:
        text, source = self._wizard.view.text, self._source
        label = text("wizard.source.directory" if source.kind == "files" else "wizard.source.path")
        with ui.element("div").classes("row-of"):
            path = self._input(label, source.path, "path").classes("grow")
            self._wizard.fields.add(self._argument, path)
            parts.button(text("wizard.source.browse"), self._browse, icon="folder_open")
        if source.kind == "files":
            self._input(text("wizard.source.wildcard"), source.wildcard, "wildcard").classes("wizard-field")

    def _input(self, label: str, value: str, name: str) -> ui.input:
        def typed(event: Any) -> None:
            setattr(self._source, name, pasted(event.value))
            self._changed()

        return ui.input(label, value=value, on_change=typed).props(TYPED)

    async def _browse(self) -> None:
        source = self._source
        chosen = await FileBrowser(self._wizard.view).choose(kind=BROWSED[source.kind], start=source.path)
        if not chosen:
            return
        found = Source.of_path(chosen)
        if found.kind == "files":
            source.kind, source.path, source.wildcard = "files", found.path, found.wildcard
        else:
            source.path = chosen
        await self._wizard.show("data", focus=False)

    def _changed(self) -> None:
        self._wizard.changed()
        background_tasks.create(self._match(), name="match")

    async def _match(self) -> None:
        """Say the complete path and what it matches; an answer that is late is dropped."""
        self._turn += 1
        turn, view, path = self._turn, self._wizard.view, self._source.complete
        found: Mapping[str, Any] = {}
        if self._source.kind == "dataset":
            self._show_dataset()
            return
        if path:
            try:
                found = await view.api.get("/v1/files:match", pattern=path)
            except ServerError as error:
                found = {"note": error.message}
        if turn != self._turn or self._found.is_deleted:
            return
        self._found.clear()
        with self._found:
            if path:
                parts.facts([(view.text("wizard.source.complete"), path), *self._counts(found)])

    def _show_dataset(self) -> None:
        """What is known of a data set: its folder may be the server's own, which is not browsed."""
        view, path = self._wizard.view, self._source.complete
        known = next((one for one in self._wizard.known.datasets if one["name"] == self._source.name), None)
        self._found.clear()
        if not known or not path:
            return
        part = next((one for one in known["parts"] if one.get("path") == path), None)
        pictures = part["pictures"] if part else known["counts"]["pictures"]
        held = [view.text("datasets.n_pictures", n=pictures)]
        if not part:
            held.append(view.text("datasets.n_boxes", n=known["counts"]["boxes"]))
        listed = [part] if part else known["parts"]
        names = ", ".join(view.text("datasets.of_part", name=one["name"], n=one["pictures"]) for one in listed)
        with self._found:
            parts.facts(
                [
                    (view.text("wizard.source.complete"), path),
                    (view.text("wizard.source.matching"), " · ".join(held)),
                    (view.text("wizard.source.format"), f"{known['format']}: {names}"),
                ]
            )

    def _counts(self, found: Mapping[str, Any]) -> list[tuple[str, str]]:
        text = self._wizard.view.text
        rows = []
        if found.get("fileCount"):
            key = "wizard.source.matches" if found.get("complete", True) else "wizard.source.at_least"
            words = text(key, n=found["fileCount"], records=found.get("recordCount", 0))
            rows.append((text("wizard.source.matching"), words))
        if found.get("format"):
            rows.append((text("wizard.source.format"), ", ".join([found["format"], *found.get("splits", ())])))
        if found.get("note"):
            rows.append((text("wizard.source.note"), self._wizard.view.said(found["note"])))
        return rows


TYPED = "outlined dense debounce=300 spellcheck=false autocomplete=off"
"""Properties of inputs for what is no prose."""


def _output(wizard: Wizard) -> None:
    view, draft = wizard.view, wizard.draft

    def typed(event: Any) -> None:
        draft.job_dir = pasted(event.value)
        wizard.changed()

    async def browse() -> None:
        chosen = await FileBrowser(view).choose(kind="folder", start=draft.job_dir)
        if chosen:
            shown.value = f"{chosen.rstrip('/')}/{draft.job_id}"

    default = f"{wizard.known.machine['roots'][-1]}/{draft.job_id}"
    with ui.element("div").classes("row-of"):
        shown = ui.input(view.text("wizard.data.folder"), value=draft.job_dir, placeholder=default, on_change=typed)
        shown.props(f"{TYPED} stack-label").classes("grow")
        wizard.fields.add("trainingInput.jobDir", shown)
        parts.button(view.text("wizard.source.browse"), browse, icon="folder_open")
    ui.label(view.text("wizard.data.default", path=default)).classes("note")
