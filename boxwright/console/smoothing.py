"""Lines without their jitter."""

from collections.abc import Sequence


def smoothed(values: Sequence[float], weight: float) -> list[float]:
    """The exponential moving average of a series, without the pull of its start towards 0.

    The correction is that of Adam's moments (Kingma and Ba, 2015, section 3): the average is divided by the sum of its
    weights, so that the first value stays what it is.

    Args:
        weight: of the average so far, 0 (the values themselves) to below 1.
    """
    average, total, found = 0.0, 0.0, []
    for value in values:
        average = weight * average + (1 - weight) * value
        total = weight * total + (1 - weight)
        found.append(average / total)
    return found
