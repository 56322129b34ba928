"""The rows of a class predictor: carried over from a detector of other classes, by their names."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from boxwright.models.detector import Detector

TOP_LAYERS = ("class_head.predictor", "box_head.predictor")
"""How the names of the weights begin that give classes and boxes, in every family of detectors."""


def carry_classes(
    weights: Mapping[str, Tensor], detector: Detector, before: Sequence[str], now: Sequence[str]
) -> dict[str, Tensor]:
    """Weights whose class predictors are those of a detector's own classes.

    Args:
        weights: of a detector of the same family, under our names.
        detector: its class predictors, as they are, give the rows of classes that are new.
        before: class names of `weights`, label by label.
        now: class names of `detector`.

    Returns:
        all of `weights`; class predictors that differ in more than their classes are left as they were.
    """
    own = detector.state_dict()
    background = int(detector.softmax)
    places = {name: background + label for label, name in enumerate(before)}
    pairs = [(background + label, places[name]) for label, name in enumerate(now) if name in places]
    pairs += [(0, 0)] * background
    widths = len(before) + background, len(now) + background
    carried = dict(weights)
    for name in weights:
        # The depthwise half of a separable predictor has a row for each input, not for each class.
        if name.startswith(TOP_LAYERS[0]) and name in own and not name.endswith(".depthwise.weight"):
            carried[name] = _carried(weights[name], own[name], widths, pairs)
    return carried


def _carried(old: Tensor, own: Tensor, widths: tuple[int, int], pairs: Sequence[tuple[int, int]]) -> Tensor:
    """Rows of all anchors, (anchors * width, ...), with the new width."""
    width, new_width = widths
    anchors = own.shape[0] // new_width
    if old.shape != (anchors * width, *own.shape[1:]):
        return old
    from_rows = old.reshape(anchors, width, *old.shape[1:])
    rows = own.clone().reshape(anchors, new_width, *own.shape[1:])
    for to_row, from_row in pairs:
        rows[:, to_row] = from_rows[:, from_row]
    return rows.reshape(own.shape)
