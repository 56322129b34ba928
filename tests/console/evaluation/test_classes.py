"""The order of classes."""

from typing import Any

import pytest

from boxwright.console.evaluation.classes import ordered

CLASSES: list[dict[str, Any]] = [
    {"label": 0, "name": "cat", "boxes": 3, "ap": 0.5},
    {"label": 1, "name": "Ape", "boxes": 9},
    {"label": 2, "name": "dog", "boxes": 1, "ap": 0.75},
]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("", "cat Ape dog"),
        ("name", "Ape cat dog"),
        ("-name", "dog cat Ape"),
        ("ap", "cat dog Ape"),
        ("-ap", "dog cat Ape"),
        ("-boxes", "Ape cat dog"),
        ("boxes", "dog cat Ape"),
        ("__class__", "cat Ape dog"),
    ],
)
def test_orders_of_classes(asked: str, wanted: str) -> None:
    """What is undefined comes last in both directions."""
    assert [row["name"] for row in ordered(CLASSES, asked)] == wanted.split()
