"""A long series as few points, without losing its peaks."""

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def peaks_kept(values: NDArray[np.float64], most: int) -> Indices:
    """Indices of the points to draw of a series, rising: its first and last ones, and of each bucket its extremes.

    Aggregation by minimum and maximum: the line through these points covers the same pixels as that through all, as
    long as a bucket is no wider than a pixel (Jugel et al., "M4: A Visualization-Oriented Time Series Data
    Aggregation", PVLDB 7(10), 2014, section 4.2). Unlike LTTB (Steinarsson, 2013) it loses no single outlier.

    Args:
        values: float64 (N,), finite.
        most: points to give at most, 4 or more.
    """
    count = len(values)
    if count <= most:
        return np.arange(count)
    buckets = (most - 2) // 2
    edges = np.linspace(1, count - 1, buckets + 1).astype(np.int64)  # the first and the last point stand apart
    width = int(np.diff(edges).max())
    places = edges[:-1, None] + np.arange(width)
    inside = places < edges[1:, None]
    shown = values[np.minimum(places, count - 1)]
    lowest = edges[:-1] + np.where(inside, shown, np.inf).argmin(axis=1)
    highest = edges[:-1] + np.where(inside, shown, -np.inf).argmax(axis=1)
    return np.unique(np.concatenate([[0], lowest, highest, [count - 1]]))
