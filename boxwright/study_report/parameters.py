"""What each parameter did: importance, slices, and all of them side by side."""

from collections.abc import Mapping, Sequence

from boxwright.page import Html, escaped, grid, section, short
from boxwright.spec.study import Parameter
from boxwright.study_report.axis import Axis, value_axis, variation
from boxwright.study_report.plot import Area, area, axes, best_last, cut, dot, figure, kind, kinds
from boxwright.study_report.progress import MOST_LINES, WIDTH
from boxwright.study_report.trials import Results, TrialRow, shown

Axes = Mapping[str, Axis]
"""The axis of each parameter, by name."""


def importance_bars(results: Results, importance: Mapping[str, float]) -> Html:
    """A bar for each parameter, the most important first."""
    if not importance:
        return section("Importance", note=f"Importance cannot be computed: {_unknown(results)}.")
    rows, ordered = [], sorted(importance.items(), key=lambda pair: -pair[1])
    most = ordered[0][1] or 1.0
    left = 20 + 7.4 * min(34, max(len(name) for name, _ in ordered))
    for place, (name, share) in enumerate(ordered):
        y, width = 26 * place, (WIDTH - left - 80) * share / most
        rows.append(
            f'<text x="{left - 8:.0f}" y="{y + 17}" text-anchor="end">{cut(name, 34)}</text>'
            f'<rect class="bar" x="{left:.0f}" y="{y + 3}" width="{width:.1f}" height="18" rx="3"/>'
            f'<text x="{left + width + 8:.1f}" y="{y + 17}">{share:.2f}</text>'
        )
    told = ", ".join(f"{name} {share:.2f}" for name, share in ordered) + "."
    size = (WIDTH, 26.0 * len(ordered) + 4)
    note = f"How much of the differences in {results.metric} each parameter explains, over the trials with a value. "
    note += "Few trials give a rough estimate only."
    title = f"Importance for {results.metric} (share)"
    return section("Importance", figure("importance", title, told, size, "".join(rows)), note=note)


def _unknown(results: Results) -> str:
    if len(results.ranked) < 2:
        return f"it needs at least 2 trials with a value, and there {_are(len(results.ranked))}"
    if results.all_equal:
        return f"all trials have the same {results.metric}, {short(results.ranked[0][1])}"
    return "too few trials, or no parameter took different values"


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def slices(results: Results, scales: Axes) -> Html:
    """For each parameter that varied the value of each trial against it."""
    if not results.ranked:
        return section("Slices", note="No trial has a value: there is nothing to plot.")
    varied = [one for one in results.study.params if len(variation(one, results)) > 1]
    fixed = [one for one in results.study.params if one not in varied]
    charts = [_slice(results, one, scales[one.parameter_name]) for one in varied]
    note = f"{results.metric} against one parameter at a time; the others differ from dot to dot. " if varied else ""
    parts = [grid(charts), kinds(results, [trial for trial, _ in results.ranked])]
    return section("Slices", *(parts if varied else []), note=note + never_varied(results, fixed))


def never_varied(results: Results, fixed: Sequence[Parameter]) -> str:
    """A sentence on the parameters without a plot."""
    told = [f"{one.parameter_name} ({', '.join(map(shown, variation(one, results))) or 'no value'})" for one in fixed]
    return f"Without a plot, since all trials with a value have the same: {', '.join(told)}." if told else ""


def _slice(results: Results, parameter: Parameter, x: Axis) -> Html:
    name, size = parameter.parameter_name, (480.0, 300.0)
    y = value_axis(results, [value for _, value in results.ranked])
    box = area(y, *size)
    dots = []
    for trial, value in reversed(results.ranked):
        place = x.place(trial.parameters.get(name, ""))
        if place is not None:
            dots.append(dot(results, trial, box.x(place), box.y(y.edged(value))))
    key = f"slice-{results.study.params.index(parameter)}"
    told = f"{len(dots)} trials, {results.metric} against {x.title}."
    return figure(key, f"{results.metric} by {name}", told, size, axes(box, x, y) + "".join(dots))


def parallel(results: Results, scales: Axes) -> Html:
    """Parallel coordinates: an upright axis for each parameter and for the value, a line for each trial."""
    if not results.ranked:
        return section("Parallel coordinates", note="No trial has a value: there is nothing to plot.")
    metric = value_axis(results, [value for _, value in results.ranked])
    all_axes = [*scales.values(), metric]
    width, height = max(WIDTH, 150.0 * len(all_axes)), 380.0
    box = Area(70, 34, width - 90, height - 12)
    trials = best_last(results, [trial for trial, _ in results.ranked])[-MOST_LINES:]
    lines = [_parallel_line(results, trial, _places(results, trial, scales, metric), box) for trial in trials]
    uprights = [_upright(box, one, at, len(all_axes)) for at, one in enumerate(all_axes)]
    told = f"{len(trials)} trials over {len(scales)} parameters and {results.metric}; the table lists the same numbers."
    title = "All parameters of each trial" + (f", the {MOST_LINES} best" if len(results.ranked) > MOST_LINES else "")
    note = "Each line is a trial with a value, the stronger the better its rank; the pointer shows which."
    names = kinds(results, trials, line=True)
    return section(
        "Parallel coordinates",
        figure("parallel", title, told, (width, height), "".join(lines + uprights)),
        names,
        note=note,
    )


def _places(results: Results, trial: TrialRow, scales: Axes, metric: Axis) -> list[float | None]:
    value = results.value(trial)
    places = [axis.place(trial.parameters.get(name, "")) for name, axis in scales.items()]
    return [*places, None if value is None else metric.edged(value)]


def _parallel_line(results: Results, trial: TrialRow, places: Sequence[float | None], box: Area) -> str:
    """A trial's line; a parameter that the trial does not have is passed over."""
    points = [(box.x(at / (len(places) - 1)), box.y(place)) for at, place in enumerate(places) if place is not None]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = kind(results, trial)
    strength = 1.0 if style == "best" else 0.15 + 0.7 * results.strength[trial.id]
    return (
        f'<g class="trial" data-trial="{escaped(trial.id)}" opacity="{strength:.2f}">'
        f'<title>{escaped(results.told(trial))}</title><polyline class="line {style}" points="{path}"/></g>'
    )


def _upright(box: Area, axis: Axis, at: int, count: int) -> str:
    """The axis at a 0-based place among so many."""
    x, letters = box.x(at / (count - 1)), int(min((box.right - box.left) / (count - 1), 2 * box.x(0)) / 6.8)
    parts = [f'<path class="upright" d="M{x:.1f} {box.y(0):.1f}V{box.y(1):.1f}"/>']
    for place, text in axis.marks(5):
        parts.append(f'<path class="upright" d="M{x - 3:.1f} {box.y(place):.1f}h6"/>')
        parts.append(f'<text class="halo" x="{x + 7:.1f}" y="{box.y(place) + 4:.1f}">{cut(text, 12)}</text>')
    name, _, told = axis.title.partition(" (")
    parts.append(f'<text class="name" x="{x:.1f}" y="14" text-anchor="middle">{cut(name, letters)}</text>')
    if told:
        parts.append(f'<text x="{x:.1f}" y="29" text-anchor="middle">{cut(told.rstrip(")"), letters)}</text>')
    return "".join(parts)
