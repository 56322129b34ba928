"""Precision over recall, class by class."""

from collections.abc import Mapping, Sequence
from typing import Any

from nicegui import ui

from boxwright.console.chart import axis, chart, redraw, stroke
from boxwright.console.view import View

Row = Mapping[str, Any]

AT_FIRST = 5
MOST = 8
"""Classes that are drawn at first, those with the most boxes, and at most: as many as there are colours."""


def curves(view: View, classes: Sequence[Row]) -> None:
    """The chart and the choice of classes, in the open element."""
    there = {int(one["label"]): one for one in classes if one["curve"]["score"]}
    names = {label: str(one["name"]) for label, one in there.items()}
    first = sorted(sorted(there, key=lambda label: -int(there[label]["boxes"]))[:AT_FIRST])
    select = ui.select(names, value=first, multiple=True, label=view.text("evaluation.curves_of"))
    select.props(f"outlined dense use-chips max-values={MOST}")
    title = view.text("evaluation.curves")
    drawn = chart(options(view, [there[label] for label in first]), label=title, height=340)

    def draw() -> None:
        shown = [there[label] for label in select.value or ()]
        redraw(drawn, options(view, shown))
        drawn.props["aria-label"] = in_words(title, shown)

    draw()
    select.on_value_change(draw)


def options(view: View, classes: Sequence[Row]) -> dict[str, Any]:
    """Of the chart: recall, precision and score of each point."""
    recall, precision = view.text("evaluation.recall"), view.text("evaluation.precision")
    score = view.text("evaluation.score")
    return {
        "xAxis": axis("value", recall, min=0, max=1),
        "yAxis": axis("value", precision, position="left", min=0, max=1),
        "legend": {"show": True},
        "tooltip": {"trigger": "item"},
        "series": [
            {
                "name": str(one["name"]),
                "type": "line",
                "symbolSize": 5,
                "showSymbol": len(one["curve"]["score"]) < 60,
                "dimensions": [recall, precision, score],
                "encode": {"x": 0, "y": 1, "tooltip": [0, 1, 2]},
                "data": points(one["curve"]),
                **stroke(number),
            }
            for number, one in enumerate(classes)
        ],
    }


def points(curve: Mapping[str, Sequence[float]]) -> list[list[float]]:
    """Recall, precision and score from the highest score down."""
    return [list(one) for one in zip(curve["recall"], curve["precision"], curve["score"], strict=True)]


def in_words(title: str, classes: Sequence[Row]) -> str:
    """What the chart shows, for who cannot see it."""
    told = [f"{one['name']}: AP50 {one['ap50']:.3f}" for one in classes if one.get("ap50") is not None]
    return f"{title}. {'; '.join(told)}"
