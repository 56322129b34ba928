"""The training report: one self-contained HTML file with numbers, curves, pictures and the settings of a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from boxwright import files, imaging
from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.formats.sample import ClassName
from boxwright.metrics.detection import RECALLS, ClassMetrics, DetectionMetrics
from boxwright.metrics.matching import PictureVerdict, best_score, judge_pictures
from boxwright.modeldir import ModelCard
from boxwright.page import (
    COLOURS,
    Cell,
    DrawnBox,
    Html,
    Line,
    gallery,
    grid,
    joined,
    legend,
    line_chart,
    page,
    picture_figure,
    section,
    share_bar,
    table,
    tiles,
)
from boxwright.spec.knob import Frozen

MEANINGS = {
    "AP": "average precision, mean over IoU 0.50 to 0.95",
    "AP50": "average precision at IoU 0.50",
    "AP75": "average precision at IoU 0.75",
    "APs": "AP of boxes up to 32² pixels",
    "APm": "AP of boxes from 32² to 96² pixels",
    "APl": "AP of boxes from 96² pixels",
    "ARmax1": "recall with at most 1 box a picture and class",
    "ARmax10": "recall with at most 10 boxes",
    "ARmax100": "recall with at most 100 boxes",
    "ARs": "recall of boxes up to 32² pixels",
    "ARm": "recall of boxes from 32² to 96² pixels",
    "ARl": "recall of boxes from 96² pixels",
    "VOC07": "Pascal VOC2007: mean 11-point average precision at IoU 0.50",
    "VOC12": "Pascal VOC2012: mean all-point average precision at IoU 0.50",
}
"""What each number means, in the order of the table."""

CURVE_POINTS = 300
"""A training curve with more points is drawn as the means of so many spans."""

CORRECT, FALSE, MISSED, FOUND, CROWD = "#16a34a", "#dc2626", "#f59e0b", "#60a5fa", "#98a2b3"
"""Colours of boxes: predicted and correct, predicted and false, labelled and missed, labelled and found, crowd."""


@dataclass(frozen=True)
class HistoryPoint:
    """What one event of a training run reported: values by name (`loss`, `learning_rate`, `AP` ...) at a step."""

    step: int
    values: Mapping[str, float]


def write_report(
    path: str,
    card: ModelCard,
    history: Sequence[HistoryPoint],
    metrics: DetectionMetrics,
    pictures: Sequence[EvaluatedPicture],
) -> None:
    """Write the report of a trained model.

    Args:
        path: the file to write, usually `report.html` of the model's folder.
        card: the model's card.
        history: the events of the run, in the order of their steps.
        metrics: of the model on the validation pictures.
        pictures: validation pictures to choose the best and worst from; all of them, or a part.

    Raises:
        ValueError: a chosen picture cannot be decoded.
        OSError: the file cannot be written.
    """
    files.write_text(path, report_html(card, history, metrics, pictures))


def report_html(
    card: ModelCard, history: Sequence[HistoryPoint], metrics: DetectionMetrics, pictures: Sequence[EvaluatedPicture]
) -> Html:
    """The report as text. Raises: ValueError: a chosen picture cannot be decoded."""
    height, width = card.input_size
    model = card.spec.model
    subtitle = (
        f"{card.algorithm}: {model.architecture} with {model.backbone}, input {height} x {width} (height x width), "
        f"the weights of step {card.step:,} on {metrics.pictures:,} validation pictures"
    )
    parts = [_headline(card, metrics), _numbers(metrics), _curves(history), _classes(card.classes, metrics.classes)]
    parts += [_precision_recall(card.classes, metrics.classes), *_pictures(card.classes, pictures), _settings(card)]
    return page("Training report", subtitle, *parts, _origin(card))


def _shown(value: float) -> float:
    return value if value >= 0 else math.nan


def _headline(card: ModelCard, metrics: DetectionMetrics) -> Html:
    facts: list[tuple[str, Cell]] = [(name, _shown(metrics.values()[name])) for name in ("AP", "AP50", "AP75", "VOC12")]
    facts += [("labelled boxes", metrics.boxes), ("classes", len(card.classes)), ("step", card.step)]
    return tiles(facts)


def _numbers(metrics: DetectionMetrics) -> Html:
    values = metrics.values()
    rows: list[list[Cell]] = [
        [name, meaning, _shown(values[name]), share_bar(values[name])] for name, meaning in MEANINGS.items()
    ]
    note = "From 0 to 1, higher is better; – where nothing of the kind is labelled. Areas are of the stored picture."
    return section("Accuracy", table(("", "meaning", "value", ""), rows), note=note)


def _series(history: Sequence[HistoryPoint], name: str, colour: str) -> Line:
    """One value over the steps, -1 (undefined) left out, thinned to `CURVE_POINTS` means."""
    points = [(point.step, point.values[name]) for point in history if name in point.values]
    points = [(step, value) for step, value in points if math.isfinite(value) and value != -1]
    span = max(1, math.ceil(len(points) / CURVE_POINTS))
    spans = [points[start : start + span] for start in range(0, len(points), span)]
    means = [(sum(s for s, _ in one) / len(one), sum(v for _, v in one) / len(one)) for one in spans]
    return Line(name, [step for step, _ in means], [value for _, value in means], colour)


def _curves(history: Sequence[HistoryPoint]) -> Html:
    losses = sorted({name for point in history for name in point.values if name.endswith("loss")}, key=_loss_order)
    charts = (
        ("Loss", losses, None),
        ("Accuracy", ["AP", "AP50"], (0.0, 1.0)),
        ("Learning rate", ["learning_rate"], None),
    )
    drawn = []
    for title, names, y_range in charts:
        lines = [_series(history, name, COLOURS[place % len(COLOURS)]) for place, name in enumerate(names)]
        lines = [line for line in lines if line.x]
        if lines:
            drawn.append(line_chart(title, lines, x_label="step", y_range=y_range))
    return section("Training", grid(drawn)) if drawn else Html("")


def _loss_order(name: str) -> tuple[bool, str]:
    return name != "loss", name


def _classes(names: Sequence[ClassName], classes: Sequence[ClassMetrics]) -> Html:
    columns = ("id", "class", "labelled", "predicted", "AP", "", "AP50", "VOC07", "VOC12")
    rows: list[list[Cell]] = []
    for name, one in zip(names, classes, strict=True):
        scores = [_shown(value) for value in (one.AP50, one.voc07, one.voc12)]
        rows.append([name.id, name.name, one.boxes, one.predictions, _shown(one.AP), share_bar(one.AP), *scores])
    return section(
        "Classes", table(columns, rows), note="Boxes of crowds are not counted. Predictions are of any score."
    )


def _precision_recall(names: Sequence[ClassName], classes: Sequence[ClassMetrics]) -> Html:
    charts = [
        line_chart(
            f"{name.name} (AP50 {one.AP50:.3f})",
            [Line("precision", RECALLS, one.precision)],
            x_label="recall",
            x_range=(0, 1),
            y_range=(0, 1),
        )
        for name, one in zip(names, classes, strict=True)
        if one.precision
    ]
    note = "At IoU 0.5: the highest precision at each recall or beyond. The area under the line is the class's AP50."
    return section("Precision and recall", grid(charts), note=note) if charts else Html("")


def _pictures(names: Sequence[ClassName], pictures: Sequence[EvaluatedPicture]) -> list[Html]:
    truth, predictions = [one.truth for one in pictures], [one.predictions for one in pictures]
    score = best_score(truth, predictions)
    verdicts = judge_pictures(truth, predictions, score_threshold=score)
    best, worst = best_and_worst(verdicts)
    keys = legend(
        [(CORRECT, "predicted, correct"), (FALSE, "predicted, false"), (MISSED, "labelled, missed")]
        + [(FOUND, "labelled, found"), (CROWD, "crowd, left out")]
    )
    note = f"Predictions with a score of at least {score:.2f}, where F1 is highest. Correct means IoU 0.5 or more."
    sections = []
    for title, chosen in (("Worst pictures", worst), ("Best pictures", best)):
        figures = [_figure(names, pictures[index], verdicts[index], score) for index in chosen]
        if figures:
            sections.append(section(title, keys, gallery(figures), note=note))
    return sections


def best_and_worst(verdicts: Sequence[PictureVerdict], count: int = 6) -> tuple[list[int], list[int]]:
    """Choose pictures to show, at most `count` of each and none twice.

    Returns:
        indices of the best (fewest false and missed boxes, then most correct ones; at least one correct), and of the
        worst (most false and missed boxes; at least one), the extreme first.
    """
    errors = [one.false + one.missed for one in verdicts]
    hits = [one.predicted.count("correct") for one in verdicts]
    worst = sorted((i for i in range(len(verdicts)) if errors[i]), key=lambda i: (-errors[i], i))[:count]
    rest = [i for i in range(len(verdicts)) if hits[i] and i not in worst]
    return sorted(rest, key=lambda i: (errors[i], -hits[i], i))[:count], worst


def _figure(names: Sequence[ClassName], one: EvaluatedPicture, verdict: PictureVerdict, score: float) -> Html:
    boxes = _drawn(names, one, verdict, score)
    caption = f"{one.source}: {len(one.truth.labels)} labelled, {verdict.false} false, {verdict.missed} missed"
    return picture_figure(imaging.decode(one.read()), boxes, caption)


def _drawn(names: Sequence[ClassName], one: EvaluatedPicture, verdict: PictureVerdict, score: float) -> list[DrawnBox]:
    """Labelled boxes below, predicted ones above; captions on faults, and on all where there are few."""
    boxes = []
    for box, label, crowd, found in zip(one.truth.boxes, one.truth.labels, one.truth.crowd, verdict.found, strict=True):
        colour = CROWD if crowd else FOUND if found else MISSED
        boxes.append(DrawnBox(_corners(box), colour, "" if found else names[label].name, dashed=True))
    few = sum(value >= score for value in one.predictions.scores) <= 6
    predicted = zip(one.predictions.boxes, one.predictions.scores, one.predictions.labels, strict=True)
    for (box, value, label), said in zip(predicted, verdict.predicted, strict=True):
        if said != "ignored":
            caption = f"{names[label].name} {value:.2f}" if few or said == "false" else ""
            boxes.append(DrawnBox(_corners(box), CORRECT if said == "correct" else FALSE, caption))
    return boxes


def _corners(box: Sequence[float]) -> tuple[float, float, float, float]:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _settings(card: ModelCard) -> Html:
    """Every knob of the spec: its value, the published default where it differs, what it does."""
    rows: list[list[Cell]] = [["algorithm", card.spec.algorithm, "", "Name of the built-in algorithm."]]
    for group in type(card.spec).model_fields:
        values = getattr(card.spec, group)
        if isinstance(values, Frozen):
            rows += [_setting(values, name) for name in type(values).model_fields]
    note = "All values of the run; 'default' is the published default of a value that was given or derived."
    return section("Settings", table(("argument", "value", "default", "meaning"), rows), note=note)


def _setting(values: Frozen, name: str) -> list[Cell]:
    field = type(values).model_fields[name]
    value = getattr(values, name)
    unit = field.json_schema_extra.get("unit", "") if isinstance(field.json_schema_extra, dict) else ""
    default = "" if field.is_required() or field.default == value else _text(field.default)
    return [name, f"{_text(value)} {unit}".strip(), default, field.description or ""]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={one:g}" for key, one in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(_text(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value) or "–"


def _origin(card: ModelCard) -> Html:
    versions = ", ".join(f"{name} {number}" for name, number in card.versions.items())
    lines = [f"Made with {versions}." if versions else "", f"Data {card.data_digest}." if card.data_digest else ""]
    return joined([Html("<footer>"), " ".join(line for line in lines if line), Html("</footer>")])
