"""One endpoint: its versions, who gets how much of the traffic, live figures, and a place to try it."""

from functools import partial
from typing import Any

from nicegui import ui

from boxwright.console import parts
from boxwright.console.pages.endpoints.charts import Charts
from boxwright.console.pages.endpoints.endpoints import rate
from boxwright.console.pages.endpoints.stop import delete_endpoint
from boxwright.console.pages.endpoints.trial import Trial
from boxwright.console.pages.endpoints.versions import Versions
from boxwright.console.view import View

EVERY = 2.0


async def endpoint(view: View, name: str = "", picture: str = "") -> None:
    """An endpoint by its model's name; `picture` is the path of a picture of the API that is tried at once."""
    await view.api.get(view.resource("models", name))
    back = (view.text("endpoints.title"), view.path("endpoints"))
    with parts.heading(name, subtitle=view.text("endpoints.one"), back=back):
        if view.may("trainer"):
            parts.button(view.text("endpoints.deploy"), lambda: view.go(view.path("models")), icon="rocket_launch")
            parts.button(
                view.text("endpoints.delete"), partial(delete_endpoint, view, name), icon="stop", kind="danger"
            )
    page = Endpoint(view, name)
    with ui.element("div") as page.tiles:
        pass
    with parts.panel(view.text("trying.title"), note=view.text("trying.note")):
        trial = Trial(view, name)
        await trial.build(picture)
    with parts.panel(view.text("endpoints.versions"), note=view.text("endpoints.versions_note")):
        page.versions = Versions(view, name)
    with ui.element("div").classes("grid-of"):
        page.charts = Charts(view)
    page.trial = trial
    with ui.element("div"):
        await view.live(view.resource("models", f"{name}:stats"), page.draw, every=EVERY)


class Endpoint:
    """The live parts of the page."""

    tiles: ui.element
    versions: Versions
    charts: Charts
    trial: Trial

    def __init__(self, view: View, name: str) -> None:
        self._view, self._name = view, name
        self._models: dict[str, str] = {}

    async def draw(self, answer: dict[str, Any]) -> None:
        """Show the figures of an answer."""
        view = self._view
        for folder in {one["deploymentUri"] for one in answer["versions"]} - self._models.keys():
            self._models[folder] = await self._model_in(folder)
        self.tiles.clear()
        with self.tiles:
            parts.tiles(
                [
                    (view.text("endpoints.rate"), rate(view, answer)),
                    ("p50", view.duration(answer.get("latencyP50"))),
                    ("p95", view.duration(answer.get("latencyP95"))),
                    (view.text("endpoints.errors"), view.number(answer["errorsPerSecond"], 2)),
                ]
            )
        self.versions.draw(answer, self._models)
        self.charts.draw(answer)
        self.trial.offer([one["name"] for one in answer["versions"] if one["state"] in ("READY", "UPDATING")])

    async def _model_in(self, folder: str) -> str:
        """Id of the trained model in a folder; empty for one that no job of the project has made."""
        found = await self._view.api.get(self._view.resource("trainedModels"), folder=folder, pageSize=1)
        models = found.get("trainedModels", [])
        return str(models[0]["id"]) if models else ""
