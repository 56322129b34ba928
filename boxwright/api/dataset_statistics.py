"""A data set in numbers that can be drawn: bars of classes, sizes, shapes and pictures."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from boxwright.dataset.findings import Severity
from boxwright.dataset.health import Health
from boxwright.dataset.observations import Histogram
from boxwright.spec.resource import Resource


class ClassBar(Resource):
    """One class."""

    id: int = Field(description="as the data set numbers it")
    name: str
    boxes: int = Field(description="kept ones")
    rejected: int
    pictures: int = Field(description="that show at least one")


class Bars(Resource):
    """Counts below the first edge, from each edge up to the next, and from the last edge on."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unit: str = ""


class SizeBar(Resource):
    """Pictures of one size."""

    width: int
    height: int
    pictures: int


class FoundFault(Resource):
    """A finding of the data doctor, and how many pictures it concerns, which can be asked for by its rule."""

    severity: Severity
    rule: str
    count: int
    message: str
    way_out: str
    pictures: int = 0


class Statistics(Resource):
    """What plots of a data set are drawn from; boxes are the kept ones."""

    classes: tuple[ClassBar, ...]
    box_areas: Bars = Field(description="COCO's small, medium and large, by the square root of the area")
    box_sides: Bars = Field(description="by the square root of the area")
    box_shares: Bars = Field(description="by the square root of the share of the picture's area")
    aspects: Bars = Field(description="width / height")
    boxes_per_picture: Bars
    picture_sizes: tuple[SizeBar, ...] = Field(description="the most frequent first, at most 50")
    formats: dict[str, int] = Field(description="pictures by format")
    problems: dict[str, int] = Field(description="pictures by rule or finding")
    findings: tuple[FoundFault, ...] = Field(description="the gravest first")


MOST_SIZES = 50


def statistics_json(health: Health, problems: Mapping[str, int]) -> dict[str, Any]:
    """The statistics as the API gives them.

    Args:
        problems: pictures with each.
    """
    summary, seen = health.summary, health.observations
    return {
        "classes": [
            {"id": one.id, "name": one.name, "boxes": one.kept, "rejected": one.rejected, "pictures": one.pictures}
            for one in summary.classes
        ],
        "boxAreas": _bars(seen.coco_sizes, "px"),
        "boxSides": _bars(seen.box_sides, "px"),
        "boxShares": _bars(seen.box_shares),
        "aspects": _bars(seen.aspects),
        "boxesPerPicture": _bars(seen.boxes_a_picture),
        "pictureSizes": [
            {"width": one.width, "height": one.height, "pictures": one.pictures}
            for one in seen.picture_sizes[:MOST_SIZES]
        ],
        "formats": seen.formats,
        "problems": dict(problems),
        "findings": [
            {
                "severity": one.severity,
                "rule": one.rule,
                "count": one.count,
                "message": one.message,
                "wayOut": one.way_out,
                "pictures": problems.get(one.rule, 0),
            }
            for one in health.findings
        ],
    }


def _bars(histogram: Histogram, unit: str = "") -> dict[str, Any]:
    found: dict[str, Sequence[float] | str] = {"edges": list(histogram.edges), "counts": list(histogram.counts)}
    return found | ({"unit": unit} if unit else {})
