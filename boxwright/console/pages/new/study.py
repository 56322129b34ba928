"""Settings of a search over arguments: how many trials, by which number, and how the next is chosen."""

from collections.abc import Callable
from typing import Any

from nicegui import background_tasks, ui

from boxwright.client import ServerError
from boxwright.console.pages.new.data import TYPED
from boxwright.console.pages.new.fields import STUDY
from boxwright.console.pages.new.wizard import Wizard

SEARCHES = ("ALGORITHM_UNSPECIFIED", "BAYESIAN", "TPE", "GRID_SEARCH", "RANDOM_SEARCH", "HYPERBAND")

METRIC = "hyperparameterMetricTag"


def draw(wizard: Wizard) -> None:
    """The settings; the server's defaults hold where nothing is typed."""
    text, study = wizard.view.text, wizard.draft.study
    with ui.element("div").classes("wizard-grid"):
        _input(wizard, "maxTrials")
        _input(wizard, "maxParallelTrials")
        metrics = list(wizard.algorithm["metrics"])
        study.setdefault(METRIC, metrics[0])
        metric = _select(wizard, METRIC, {name: name for name in metrics})
        goal = _select(wizard, "goal", {name: text(f"wizard.study.{name}") for name in ("MAXIMIZE", "MINIMIZE")})
        # A loss is to be small.
        metric.on_value_change(lambda event: goal.set_value("MINIMIZE" if "loss" in str(event.value) else "MAXIMIZE"))
        if "loss" in study[METRIC] and study["goal"] == "MAXIMIZE":
            goal.set_value("MINIMIZE")
        study.setdefault("algorithm", SEARCHES[0])
        _select(wizard, "algorithm", {name: text(f"wizard.study.{name}") for name in SEARCHES})
        _resumed(wizard)
    early = ui.switch(text("wizard.study.early"), value=bool(study.get("enableTrialEarlyStopping")))
    early.on_value_change(_setter(wizard, "enableTrialEarlyStopping"))


def _resumed(wizard: Wizard) -> None:
    """The job to go on from; finished searches of the project are proposed."""
    shown = _input(wizard, "resumePreviousJobId")

    async def propose() -> None:
        try:
            found = await wizard.view.api.get(wizard.view.resource("jobs"), filter="state:SUCCEEDED", pageSize=100)
        except ServerError:
            return  # a help only
        searches = (one for one in found.get("jobs", ()) if one.get("trainingInput", {}).get("hyperparameters"))
        shown.set_autocomplete([one["jobId"] for one in searches])

    background_tasks.create(propose(), name="searches")


def _input(wizard: Wizard, name: str) -> ui.input:
    label = wizard.view.text(f"wizard.study.{name}")
    shown = ui.input(label, value=str(wizard.draft.study.get(name, "")), on_change=_setter(wizard, name)).props(TYPED)
    wizard.fields.add(f"{STUDY}.{name}", shown)
    return shown


def _select(wizard: Wizard, name: str, words: dict[str, str]) -> ui.select:
    value = wizard.draft.study.get(name)
    label = wizard.view.text(f"wizard.study.{name}")
    shown = ui.select(words, value=value if value in words else None, label=label, on_change=_setter(wizard, name))
    wizard.fields.add(f"{STUDY}.{name}", shown.props("outlined dense"))
    return shown


def _setter(wizard: Wizard, name: str) -> Callable[[Any], None]:
    def take(event: Any) -> None:
        wizard.draft.study[name] = event.value if isinstance(event.value, bool) else event.value or ""
        wizard.changed()

    return take
