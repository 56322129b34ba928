"""Deploying a trained model: asked for in a dialog, and followed until the version answers."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console import parts
from boxwright.console.view import View

LOOK_EVERY = 0.5
"""Seconds between looks at the operation."""

FLOAT32 = "onnx"

MOST_WORKERS = 64


class Deploy:
    """The dialog.

    Args:
        view: of the page.
        model: a trained model as the API gives it.
    """

    def __init__(self, view: View, model: Mapping[str, Any]) -> None:
        self._view, self._model = view, model
        self._endpoints: dict[str, Mapping[str, Any]] = {}

    async def ask(self) -> None:
        """Show it."""
        view = self._view
        answer = await parts.attempt(view, view.api.get(view.resource("models"), pageSize=100))
        if answer is None:
            return
        self._endpoints = {short(one["name"]): one for one in answer.get("models", [])}
        with ui.dialog().props("persistent") as self._dialog, ui.card().classes("dialog deploy"):
            with ui.element("h2"):
                ui.label(view.text("deploy.title", name=self._model["id"]))
            self._form = ui.element("div").classes("deploy-form")
            with self._form:
                await self._fields()
            self._progress = ui.element("div").classes("deploy-progress").props("role=status")
        self._dialog.open()

    async def _fields(self) -> None:
        view = self._view
        proposed = endpoint_name_for(str(self._model["jobId"]))
        self._endpoint = ui.input(view.text("deploy.endpoint"), value=proposed, autocomplete=sorted(self._endpoints))
        self._endpoint.props("outlined dense").on("blur", self._endpoint_chosen)
        ui.label(view.text("deploy.endpoint_help")).classes("note")
        self._version = ui.input(view.text("deploy.version")).props("outlined dense")
        label = view.text("deploy.workers")
        self._workers = ui.number(label, value=1, min=1, max=MOST_WORKERS, precision=0).props("outlined dense")
        ui.label(view.text("deploy.workers_help")).classes("note")
        self._variant = ui.select(self._variants(), label=view.text("deploy.variant"), value=FLOAT32)
        self._variant.props("outlined dense").set_visibility(len(self._variants()) > 1)
        self._share = ui.number(view.text("deploy.share"), value=100, min=0, max=100, precision=0)
        self._share.props("outlined dense suffix=%")
        self._share_help = ui.label(view.text("deploy.share_help")).classes("note")
        with ui.element("div").classes("actions"):
            parts.button(view.text("parts.cancel"), self._dialog.close)
            parts.button(view.text("deploy.action"), self._start, icon="rocket_launch", kind="primary")
        await self._endpoint_chosen()

    def _variants(self) -> dict[str, str]:
        there = [one["format"] for one in self._model.get("exports", []) if one.get("deployable")]
        return {name: self._view.text(f"models.format_{name}") for name in there} or {FLOAT32: FLOAT32}

    async def _endpoint_chosen(self) -> None:
        """Propose the next version, and ask for a share only where others may have the rest."""
        name, view = str(self._endpoint.value or ""), self._view
        known = self._endpoints.get(name)
        versions: list[str] = []
        if known:
            answer = await parts.attempt(view, view.api.get(view.resource("models", name, "versions"), pageSize=100))
            versions = [short(one["name"]) for one in (answer or {}).get("versions", [])]
        self._version.value = next_version(versions)
        for one in (self._share, self._share_help):
            one.set_visibility(bool(versions))

    async def _start(self) -> None:
        view, name, version = self._view, str(self._endpoint.value or ""), str(self._version.value or "")
        self._form.set_visibility(False)
        self._progress.clear()
        with self._progress:
            ui.spinner().props("aria-hidden=true")
            ui.label(view.text("deploy.starting", version=version))
        try:
            await self._deploy(name, version)
        except ServerError as error:
            self._failed(error)
            return
        view.look_again()
        self._dialog.close()
        view.go(view.path("endpoints", name))

    async def _deploy(self, name: str, version: str) -> None:
        """Make the endpoint if there is none, then the version, and give it its share. Raises: ServerError."""
        api, view = self._view.api, self._view
        if name not in self._endpoints:
            self._endpoints[name] = await api.post(view.resource("models"), {"name": name})
        body: dict[str, Any] = {"name": version, "deploymentUri": self._model["folder"]}
        body["manualScaling"] = {"nodes": int(self._workers.value or 1)}
        if self._variant.value != FLOAT32:
            body["settings"] = {"variant": self._variant.value}
        operation = await api.post(view.resource("models", name, "versions"), body)
        await finished(view, operation)
        record = await api.get(view.resource("models", name))
        share = int(100 if self._share.value is None else self._share.value)
        traffic = shared(current_shares(record), version, share)
        if share == 100 and current_shares(record) != {version: 100}:
            await api.post(view.resource("models", name, "versions", f"{version}:setDefault"))
        elif traffic != current_shares(record):
            await api.patch(view.resource("models", name), {"traffic": traffic}, updateMask="traffic")

    def _failed(self, error: ServerError) -> None:
        view = self._view
        self._progress.clear()
        with self._progress:
            parts.failure(view, view.text("deploy.failed"), error)
            with ui.element("div").classes("actions"):
                parts.button(view.text("parts.close"), self._dialog.close)
                parts.button(view.text("deploy.again"), self._again)
        view.look_again()

    async def _again(self) -> None:
        self._progress.clear()
        self._form.set_visibility(True)
        await self._endpoint_chosen()


async def finished(view: View, operation: Mapping[str, Any]) -> None:
    """Wait until an operation is done. Raises: ServerError: it has failed; holds what the server says of it."""
    while not operation.get("done"):
        await asyncio.sleep(LOOK_EVERY)
        operation = await view.api.get(f"/v1/{operation['name']}")
    if "error" in operation:
        raise ServerError(400, "FAILED_PRECONDITION", str(operation["error"]["message"]))


def short(name: str) -> str:
    """The last part of a resource's name."""
    return name.rpartition("/")[2]


def endpoint_name_for(job_id: str) -> str:
    """A name for an endpoint, made of a job's id."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", job_id)[:63]


def next_version(names: list[str]) -> str:
    """A name that is free: v and the next number."""
    numbers = [int(one[1:]) for one in names if re.fullmatch(r"v\d{1,9}", one)]
    return f"v{max(numbers, default=0) + 1}"


def current_shares(model: Mapping[str, Any]) -> dict[str, int]:
    """Percentage of requests of each version that gets any."""
    default = short(model.get("defaultVersion", {}).get("name", ""))
    return dict(model.get("traffic", {})) or ({default: 100} if default else {})


def shared(shares: Mapping[str, int], version: str, share: int) -> dict[str, int]:
    """Shares of 100 % after one version was given its own: the others keep their proportions.

    Args:
        shares: of all versions that may get any, `version` with them or not.
    """
    others = {name: percent for name, percent in shares.items() if name != version}
    if not others:
        return {version: 100}
    rest, total = 100 - share, sum(others.values())
    exact = {name: rest * (percent / total if total else 1 / len(others)) for name, percent in others.items()}
    found = {name: int(value) for name, value in exact.items()}
    short_of = rest - sum(found.values())
    for name in sorted(exact, key=lambda one: (found[one] - exact[one], one))[:short_of]:
        found[name] += 1
    return {**found, version: share}
