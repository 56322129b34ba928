"""How the search went: the value of each trial with the best so far, and the learning curves."""

from boxwright.page import Html, escaped, section, short
from boxwright.study_report.axis import Axis, number_axis, value_axis
from boxwright.study_report.plot import Area, area, axes, best_last, dot, figure, kind, kinds
from boxwright.study_report.trials import Results, TrialRow, number_of

MOST_LINES = 400
"""Learning curves and parallel lines are drawn of so many of the best trials; more would not be told apart."""

WIDTH, HEIGHT = 1040.0, 340.0


def history(results: Results) -> Html:
    """Value of each trial in the order of their start, and the best up to each."""
    best = results.best
    if best is None:
        return section("History", note=f"No trial ended with a value of {results.metric}: there is nothing to plot.")
    x = number_axis("trial, in the order of their start", [1, max(2, len(results.trials))], whole=True)
    y = value_axis(results, [value for _, value in results.ranked])
    box = area(y, WIDTH, HEIGHT)
    drawn = axes(box, x, y) + _steps(results, box, x, y) + _marks(results, box, x, y)
    without = len(results.trials) - len(results.ranked)
    told = f"{len(results.ranked)} trials with a value and {without} without; the best is trial {best.id} with "
    told += f"{results.metric} {short(results.ranked[0][1])}."
    names = kinds(results, [trial for trial, _ in results.ranked], "so far", *(["failed"] if without else []))
    chart = figure("history", f"{results.metric} of each trial", told, (WIDTH, HEIGHT), drawn)
    return section("History", chart, names)


def _steps(results: Results, box: Area, x: Axis, y: Axis) -> str:
    path = ""
    for place, value in results.best_so_far():
        across, up = box.x(x.edged(place)), box.y(y.edged(value))
        path += f"H{across:.1f}V{up:.1f}" if path else f"M{across:.1f} {up:.1f}"
    return f'<path class="so-far" d="{path}"/>'


def _marks(results: Results, box: Area, x: Axis, y: Axis) -> str:
    parts = []
    for place, trial in enumerate(results.trials, 1):
        across, value = box.x(x.edged(place)), results.value(trial)
        if value is not None:
            parts.append(dot(results, trial, across, box.y(y.edged(value))))
        else:
            cross = f"M{across - 4:.1f} {box.bottom - 9:.1f}l8 8m0 -8l-8 8"
            title = f"<title>{escaped(results.told(trial))}</title>"
            parts.append(f'<path class="failed" data-trial="{escaped(trial.id)}" d="{cross}">{title}</path>')
    return "".join(parts)


def learning_curves(results: Results) -> Html:
    """Value over training step of every trial that was evaluated."""
    curves = {trial.id: curve for trial in results.trials if (curve := _curve(trial))}
    if not curves:
        return section("Learning curves", note="No trial reported a value on its way: there is nothing to plot.")
    trials = best_last(results, [trial for trial in results.trials if trial.id in curves])[-MOST_LINES:]
    points = [point for trial in trials for point in curves[trial.id]]
    x = number_axis("training step", [step for step, _ in points], whole=True)
    y = value_axis(results, [value for _, value in points])
    box = area(y, WIDTH, HEIGHT)
    lines = (_line(results, trial, [_point(box, (x, y), point) for point in curves[trial.id]]) for trial in trials)
    early = sum(trial.stopped_early for trial in trials)
    told = f"{len(trials)} curves of {results.metric} over the training step; {early} end early."
    title = f"{results.metric} over training" + (f", the {MOST_LINES} best trials" if len(curves) > MOST_LINES else "")
    chart = figure("curves", title, told, (WIDTH, HEIGHT), axes(box, x, y) + "".join(lines))
    note = "Each line is a trial and ends where its training ended; the pointer shows which."
    return section("Learning curves", chart, kinds(results, trials, line=True), note=note)


def _curve(trial: TrialRow) -> list[tuple[int, float]]:
    return [(step, value) for step, value in trial.history if number_of(value) is not None]


def _point(box: Area, scales: tuple[Axis, Axis], point: tuple[int, float]) -> tuple[float, float]:
    x, y = scales
    return box.x(x.edged(point[0])), box.y(y.edged(point[1]))


def _line(results: Results, trial: TrialRow, points: list[tuple[float, float]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style, (x, y) = kind(results, trial), points[-1]
    return (
        f'<g class="trial" data-trial="{escaped(trial.id)}"><title>{escaped(results.told(trial))}</title>'
        f'<polyline class="line {style}" points="{path}"/>'
        f'<circle class="end {style}" cx="{x:.1f}" cy="{y:.1f}" r="2.8"/></g>'
    )
