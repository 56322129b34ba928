"""The part of an endpoint's page to try it on, with pictures of the project's data sets to begin with."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.client import ServerError
from boxwright.console.trying import Trying
from boxwright.console.view import View

UNSEEN = ("test", "validation", "val", "valid")
"""Names of parts whose pictures a model has not been trained on."""

SAMPLES = 8
"""Pictures that are offered."""

THUMBNAIL = 160
"""Pixels of the width of a sample's small copy."""


class Trial:
    """Which version answers, and the component.

    Args:
        view: of the page.
        model: name of the endpoint.
    """

    def __init__(self, view: View, model: str) -> None:
        self._view, self._model = view, model

    async def build(self, picture: str) -> None:
        """Draw it; `picture` is the path of one that is tried at once, where it is one of the API."""
        view = self._view
        self._choice = ui.select({"": view.text("trying.by_traffic")}, label=view.text("trying.version"), value="")
        self._choice.props("outlined dense").classes("trying-version").set_visibility(False)
        first = _sample(picture, 0) if is_picture(picture) else None
        self._trying = Trying(view, self._model, samples=await samples(view), first=first)
        self._choice.on_value_change(lambda: self._trying.ask_version(str(self._choice.value or "")))

    def offer(self, versions: Sequence[str]) -> None:
        """Let one of these versions be chosen."""
        options = {"": self._view.text("trying.by_traffic"), **{name: name for name in versions}}
        if options != self._choice.options:
            chosen = self._choice.value if self._choice.value in options else ""
            self._choice.set_options(options, value=chosen)
        self._choice.set_visibility(len(versions) > 1)


def is_picture(path: str) -> bool:
    """Whether a path is one of the API's pictures; nothing else is fetched."""
    return path.startswith("/v1/projects/") and path.partition("?")[0].endswith("/image")


async def samples(view: View) -> list[dict[str, str]]:
    """Pictures of the first data set that has any."""
    try:
        sets = (await view.api.get(view.resource("datasets"), pageSize=20)).get("datasets", [])
        for one in (each for each in sets if each["state"] == "READY"):
            base = view.resource("datasets", one["name"], "pictures")
            named = [part["name"] for part in one.get("parts", []) if part["name"] in UNSEEN]
            found = (await view.api.get(base, pageSize=SAMPLES, part=named[0] if named else "")).get("pictures", [])
            if found:
                return [_sample(f"{base}/{place}/image", place) for place in _numbers(found)]
    except ServerError:
        return []
    return []


def _numbers(pictures: Sequence[Mapping[str, Any]]) -> list[int]:
    return [int(one["number"]) for one in pictures if "number" in one]


def _sample(path: str, number: int) -> dict[str, str]:
    return {"src": path, "thumbnail": f"{path.partition('?')[0]}?width={THUMBNAIL}", "name": f"picture_{number}.jpg"}
