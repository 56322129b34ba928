"""Tests of which pictures a second export is checked on; tests/test_cli.py exports."""

from pathlib import Path

import pytest

from boxwright import formats, modeldir
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.sets import open_sets
from boxwright.export.again import PICTURES, check_pictures
from boxwright.formats.sample import ClassName
from boxwright.spec.training import DataSpec, TrainSpec


def card(training: str, validation: str = "") -> modeldir.ModelCard:
    data = DataSpec(training_data_path=training, validation_data_path=validation, num_classes=1)
    return modeldir.ModelCard(
        algorithm="image_object_detection",
        spec=TrainSpec(data=data),
        classes=(ClassName(1, "circle"),),
        input_size=(32, 48),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        pad_colour=(0, 0, 0),
        step=1,
    )


@pytest.fixture
def shapes(tmp_path: Path) -> str:
    formats.write(draw_shapes(10, (32, 48), 1, ("circle",)), str(tmp_path), to="jumpstart", split="all")
    return str(tmp_path)


def test_the_runs_validation_pictures_are_taken(shapes: str) -> None:
    kept_apart = [sample.encoded for sample in open_sets(shapes).validation]
    assert check_pictures(card(shapes), None) == kept_apart
    every = [sample.encoded for sample in formats.read(shapes)]
    assert check_pictures(card("/nowhere"), shapes) == every


def test_pictures_are_drawn_where_the_data_is_gone() -> None:
    assert len(check_pictures(card("/nowhere"), None)) == PICTURES
    with pytest.raises(FileNotFoundError, match="no file matches '/gone'"):
        check_pictures(card("/nowhere"), "/gone")
