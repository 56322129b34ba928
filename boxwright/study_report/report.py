"""The report of a study: one self-contained HTML page with the outcome, the trials and what each parameter did."""

import math
from collections.abc import Mapping, Sequence

from boxwright import files
from boxwright.page import Cell, Html, escaped, page, section, short, table, tiles
from boxwright.spec.study import Parameter, Search, Study
from boxwright.study_report.axis import SCALES, parameter_axis
from boxwright.study_report.contour import contours
from boxwright.study_report.parameters import importance_bars, parallel, slices
from boxwright.study_report.progress import history, learning_curves
from boxwright.study_report.style import SCRIPT, STYLE
from boxwright.study_report.trials import Results, TrialRow, number_of, shown, status

SEARCHES: dict[Search, str] = {
    "ALGORITHM_UNSPECIFIED": "Bayesian search",
    "BAYESIAN": "Bayesian search",
    "GRID_SEARCH": "grid search",
    "RANDOM_SEARCH": "random search",
    "TPE": "TPE search",
    "HYPERBAND": "Hyperband search",
}
"""How the next trial is chosen, in words."""

LONG_ERROR = 90
"""Letters of an error in the table; a longer one is folded."""


def write_study_report(
    path: str,
    study: Study,
    trials: Sequence[TrialRow],
    *,
    importance: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
) -> None:
    """Write the report of a study, ended or under way.

    Args:
        path: the file to write, usually `study.html` of the job's folder.
        study: what was searched.
        trials: all trials, in the order in which they were started; ids differ. The best is the one with the best
            value among those that SUCCEEDED.
        importance: share of the value's differences that each parameter explains, 0 to 1 by name; left out when it
            could not be computed.
        units: of parameters, by name.

    Raises:
        OSError: the file cannot be written.
    """
    files.write_text(path, study_html(study, trials, importance=importance, units=units))


def study_html(
    study: Study,
    trials: Sequence[TrialRow],
    *,
    importance: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
) -> Html:
    """The report as text; arguments as of `write_study_report`."""
    results, units = Results(study, trials), units or {}
    names = {one.parameter_name: one for one in study.params}
    scales = {name: parameter_axis(one, results, units.get(name, "")) for name, one in names.items()}
    shares = {name: share for name, share in (importance or {}).items() if name in names and math.isfinite(share)}
    parts = [_headline(results), _best(results, units), history(results), learning_curves(results)]
    parts += [importance_bars(results, shares), parallel(results, scales), slices(results, scales)]
    parts += [contours(results, scales, shares), _trials(results), _without(results), SCRIPT]
    return page("Study report", _subtitle(results), *parts, style=STYLE)


def _subtitle(results: Results) -> str:
    study = results.study
    goal = "highest" if study.goal == "MAXIMIZE" else "lowest"
    names = ", ".join(one.parameter_name for one in study.params)
    return f"Search for the {goal} {results.metric} over {names}; {SEARCHES[study.algorithm]}, seed {study.seed}"


def _headline(results: Results) -> Html:
    words = [status(trial) for trial in results.trials]
    best = results.best
    value: Cell = short(results.ranked[0][1]) if results.ranked else "–"
    facts: list[tuple[str, Cell]] = [
        (f"best {results.metric}", value),
        ("best trial", best.id if best else "none"),
        (f"of {results.study.max_trials:,} trials started", len(words)),
        ("ran to their end", words.count("succeeded")),
        ("stopped early", words.count("stopped early")),
        ("failed", words.count("failed")),
    ]
    other = len(words) - sum(words.count(word) for word in ("succeeded", "stopped early", "failed"))
    facts += [("cancelled or not ended", other)] if other else []
    return tiles([*facts, ("time of all trials", duration(sum(trial.seconds for trial in results.trials)))])


def duration(seconds: float) -> str:
    """A time span in its two largest units, such as 1 h 05 min."""
    whole = max(0, round(seconds))
    for unit, size, part, small in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // small:02d} {part}"
    return f"{whole} s"


def _best(results: Results, units: Mapping[str, str]) -> Html:
    """The best trial's parameters beside what was searched."""
    best = results.best
    title = "Best trial" if best is None else f"Best trial: {best.id}"
    if best is None:
        note = "No trial succeeded with a value, so there is none; the table of trials says why each ended."
    else:
        early = " It was stopped early." if best.stopped_early else ""
        note = f"{results.metric} {results.ranked[0][1]:.6g} at training step {best.step:,}.{early}"
    rows: list[list[Cell]] = []
    for one in results.study.params:
        text = best.parameters.get(one.parameter_name, "–") if best else "–"
        rows.append([one.parameter_name, f"{text} {units.get(one.parameter_name, '')}".strip(), _searched(one)])
    return section(title, table(("parameter", "best value", "searched"), rows), note=note)


def _searched(one: Parameter) -> str:
    if one.type == "CATEGORICAL":
        return "one of " + ", ".join(one.categorical_values)
    if one.type == "DISCRETE":
        return "one of " + ", ".join(f"{value:g}" for value in one.discrete_values)
    scale = f", {SCALES[one.scale_type]}" if one.scale_type in SCALES else ""
    return f"{one.min_value:.10g} to {one.max_value:.10g}{', whole numbers' if one.type == 'INTEGER' else ''}{scale}"


def _trials(results: Results) -> Html:
    """All trials, the best first, those without a value below."""
    rest = [trial for trial in results.trials if results.value(trial) is None]
    rows = [_row(results, trial) for trial in [*(trial for trial, _ in results.ranked), *rest]]
    names = [one.parameter_name for one in results.study.params]
    heads = [_right("trial"), "state", _right(results.metric), _right("step"), *map(_right, names), _right("time")]
    note = "The best first; a click on a heading sorts by it." if rows else "No trial was started."
    shown_table = Html(f'<div class="sorted">{table(heads, rows)}</div>') if rows else ""
    return section("Trials", shown_table, note=note)


def _without(results: Results) -> Html:
    """Why trials ended without a value, or with an error all the same."""
    odd = [trial for trial in results.trials if results.value(trial) is None or trial.error]
    rows: list[list[Cell]] = [[trial.id, status(trial), duration(trial.seconds), _error(trial.error)] for trial in odd]
    title = "Trials without a value or with an error"
    return section(title, table(("trial", "state", "time", "error"), rows)) if rows else Html("")


def _row(results: Results, trial: TrialRow) -> list[Cell]:
    settings = [trial.parameters.get(one.parameter_name, "") for one in results.study.params]
    value = results.value(trial)
    return [
        _data(trial.id, trial.id),
        status(trial),
        Html("") if value is None else _data(repr(value), f"{value:.4g}"),
        _data(str(trial.step), f"{trial.step:,}") if trial.step else Html(""),
        *(_data(text, shown(text)) if number_of(text) is not None else _right(text) for text in settings),
        _data(f"{trial.seconds:.0f}", duration(trial.seconds)),
    ]


def _data(value: str, text: str) -> Html:
    """A cell that is sorted by `value` and shows `text`."""
    return Html(f'<data value="{escaped(value)}">{escaped(text)}</data>')


def _right(text: str) -> Html:
    """Text on the right of its column; it may break behind an underscore."""
    return Html(f'<span class="right">{escaped(text).replace("_", "_<wbr>")}</span>') if text else Html("")


def _error(text: str) -> Html:
    first = text.strip().partition("\n")[0]
    if len(text.strip()) <= LONG_ERROR:
        return escaped(text.strip())
    return Html(f"<details><summary>{escaped(first[:LONG_ERROR])} …</summary>{escaped(text.strip())}</details>")
