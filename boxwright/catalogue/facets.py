"""What pictures can be asked for by: a class, a size, both, a problem, a part, having no boxes."""

from typing import Literal, get_args

import numpy as np

Size = Literal["small", "medium", "large"]
SIZES: tuple[Size, ...] = get_args(Size)

EDGES = (32.0**2, 96.0**2)
"""COCO's areas in square pixels at which medium and large begin."""

EMPTY = "empty"
ANY_PROBLEM = "problem:"


def of_boxes(label: int | None, size: str) -> str:
    """Pictures that show a box of this class (any where None) and this size (any where empty)."""
    return f"boxes:{'' if label is None else label}:{size}"


def of_problem(problem: str) -> str:
    """Pictures with this problem; with any where it is empty."""
    return f"{ANY_PROBLEM}{problem}"


def of_part(part: int) -> str:
    """Pictures of a part."""
    return f"part:{part}"


def size_of(width: float, height: float) -> str:
    """COCO's size of a box by its area; empty where it has none."""
    area = width * height
    if not np.isfinite(area) or width <= 0 or height <= 0:
        return ""
    return SIZES[int(area >= EDGES[0]) + int(area >= EDGES[1])]
