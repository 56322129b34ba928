"""Contours: the value over two parameters at a time, smoothed over the trials.

The surface is a Gaussian kernel's weighted mean of the trials' values (Nadaraya 1964, Watson 1964). It stays within the
values that were seen, needs no fit, and is left blank where no trial is near. Named values are kept apart.
"""

import base64
from collections.abc import Mapping, Sequence
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from boxwright.page import Html, escaped, grid, joined, section, short
from boxwright.spec.study import Parameter
from boxwright.study_report.axis import Axis, variation
from boxwright.study_report.plot import area, axes, dot, figure, kinds
from boxwright.study_report.trials import Results

Grid = npt.NDArray[np.float64]

MOST_PARAMETERS = 4
"""Contours are drawn of all pairs among so many of the most important parameters."""

FEWEST = 4
"""Trials with a value; a surface over fewer says nothing."""

BANDWIDTH = 0.1
"""Standard deviation of the kernel, as a share of the axis."""

BLANK = 0.03
"""Where the kernel's weights add up to less, which is 2.6 deviations from a single trial, nothing is drawn."""

CELLS, BANDS = 160, 8
BLUE = (235, 99, 37)
"""Of the bands, as blue, green and red; read on white and on black, since bands differ in opacity."""


def chosen(results: Results, importance: Mapping[str, float]) -> list[Parameter]:
    """The most important parameters that varied, at most MOST_PARAMETERS, in the order of the study."""
    varied = [one for one in results.study.params if len(variation(one, results)) > 1]
    ranked = sorted(varied, key=lambda one: -importance.get(one.parameter_name, 0.0))[:MOST_PARAMETERS]
    return [one for one in varied if one in ranked]


def contours(results: Results, scales: Mapping[str, Axis], importance: Mapping[str, float]) -> Html:
    """A contour for each pair among the most important parameters, or why there is none."""
    pairs = list(combinations(chosen(results, importance), 2))
    reason = _missing(results, len(pairs))
    if reason:
        return section("Contours", note=f"Contours cannot be drawn: {reason}.")
    low, high = band_range(results)
    charts = [
        _contour(results, (scales[a.parameter_name], scales[b.parameter_name]), f"contour-{at}", (a, b))
        for at, (a, b) in enumerate(pairs)
    ]
    note = f"{results.metric} over two parameters, smoothed over the trials (dots); the others differ from dot to dot. "
    note += "Blank where no trial is near."
    if len(pairs) == MOST_PARAMETERS * (MOST_PARAMETERS - 1) // 2 and len(results.study.params) > MOST_PARAMETERS:
        note += f" Shown are the {MOST_PARAMETERS} most important parameters."
    marks = kinds(results, [trial for trial, _ in results.ranked])
    return section("Contours", _ramp(low, high), grid(charts), marks, note=note)


def _missing(results: Results, pairs: int) -> str:
    if len(results.ranked) < FEWEST:
        return f"they need at least {FEWEST} trials with a value, and there are {len(results.ranked)}"
    if results.all_equal:
        return f"all trials have the same {results.metric}, {short(results.ranked[0][1])}"
    return "" if pairs else "they need two parameters that took different values"


def band_range(results: Results) -> tuple[float, float]:
    """(worst, best) value at the ends of the bands; the worst tenth of the trials falls into the last band."""
    values = [value for _, value in results.ranked]
    worst = values[int(0.9 * (len(values) - 1))]
    return (worst if worst != values[0] else values[-1]), values[0]


def surface(scales: tuple[Axis, Axis], places: Sequence[tuple[float, float]], values: Sequence[float]) -> Grid:
    """Smoothed values on a grid of CELLS by CELLS over both axes.

    Args:
        scales: across and up.
        places: (across, up) of each trial on them, 0 to 1.
        values: of the trials.

    Returns:
        values by [up, across]; NaN where no trial is near.
    """
    across, up = (_weights(axis, [pair[at] for pair in places]) for at, axis in enumerate(scales))
    total = up @ across.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (up * np.asarray(values)) @ across.T / total
    return np.where(total >= BLANK, mean, np.nan)


def _weights(axis: Axis, places: Sequence[float]) -> Grid:
    """Of each trial (column) at each cell's middle (row); 1 in its own band and else 0 on a named axis."""
    cells = (np.arange(CELLS) + 0.5) / CELLS
    apart = cells[:, None] - np.asarray(places)[None, :]
    if axis.names:
        return np.where(np.abs(apart) < 0.5 / len(axis.names), 1.0, 0.0)
    return np.asarray(np.exp(-0.5 * (apart / BANDWIDTH) ** 2))


def picture(values: Grid, low: float, high: float) -> str:
    """Bands of a surface as a PNG in a `data:` address: transparent where NaN, faint at `low`, strong at `high`."""
    share = np.clip((values - low) / (high - low), 0, 1)
    band = np.minimum(np.nan_to_num(share) * BANDS, BANDS - 1).astype(np.uint8)
    pixels = np.zeros((*values.shape, 4), np.uint8)
    pixels[..., :3] = BLUE
    pixels[..., 3] = np.where(np.isnan(share), 0, 255 * _opacity(band)).astype(np.uint8)
    done, encoded = cv2.imencode(".png", np.ascontiguousarray(pixels[::-1]))
    assert done, "PNG holds any uint8 RGBA picture"
    return f"data:image/png;base64,{base64.b64encode(encoded.tobytes()).decode('ascii')}"


def _opacity(band: npt.NDArray[np.uint8]) -> Grid:
    return np.asarray(0.14 + 0.78 * band / (BANDS - 1))


def _contour(results: Results, scales: tuple[Axis, Axis], key: str, pair: tuple[Parameter, Parameter]) -> Html:
    (x, y), (first, second) = scales, (pair[0].parameter_name, pair[1].parameter_name)
    size = (480.0, 360.0)
    box = area(y, *size)
    known = []
    for trial, value in reversed(results.ranked):
        across, up = x.place(trial.parameters.get(first, "")), y.place(trial.parameters.get(second, ""))
        if across is not None and up is not None:
            known.append((trial, value, (across, up)))
    values = surface(scales, [place for _, _, place in known], [value for _, value, _ in known])
    image = (
        f'<image href="{picture(values, *band_range(results))}" x="{box.x(0):.1f}" y="{box.y(1):.1f}" '
        f'width="{box.x(1) - box.x(0):.1f}" height="{box.y(0) - box.y(1):.1f}" preserveAspectRatio="none"/>'
    )
    dots = "".join(dot(results, trial, box.x(place[0]), box.y(place[1])) for trial, _, place in known)
    told = f"{results.metric} of {len(known)} trials over {x.title} and {y.title}, smoothed between them."
    return figure(key, f"{second} and {first}", told, size, image + axes(box, x, y) + dots)


def _ramp(low: float, high: float) -> Html:
    """Legend of the bands, from worse to better."""
    blue, green, red = BLUE
    opacities = _opacity(np.arange(BANDS, dtype=np.uint8))
    cells = (f'<i style="background:rgba({red},{green},{blue},{one:.2f})"></i>' for one in opacities)
    ends = [f"{short(low)} or worse ", Html(f'<span class="ramp">{"".join(cells)}</span>'), f" {short(high)}"]
    return Html(f'<div class="legend bands">{joined([escaped(end) for end in ends])}</div>')
