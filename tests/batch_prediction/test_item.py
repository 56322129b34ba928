"""Tests of places and names of instances."""

import pytest

from boxwright.batch_prediction.item import Item, Position


@pytest.mark.parametrize(
    ("item", "place", "name"),
    [
        (Item("/in/a.jsonl", Position(3, 80), "line 3"), "/in/a.jsonl: line 3", "a.jsonl:3"),
        (Item("gs://b/a.rec", Position(2, 80), "record 2 at byte 80"), "gs://b/a.rec: record 2 at byte 80", "a.rec:2"),
        (Item("/in/a.png", Position()), "/in/a.png", "/in/a.png"),
    ],
)
def test_places_are_for_people_and_names_for_keys(item: Item, place: str, name: str) -> None:
    assert (item.place, item.name) == (place, name)
