"""Tiles of pictures as samples: which boxes they show, by hand."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from boxwright.data.batches import TrainingBatches, tile_batches
from boxwright.data.labelled import Labelled, seen_in
from boxwright.data.pictures import CheckedPictures
from boxwright.data.tiles import Tile, require_tiles_that_show_objects, shown, tiles_of
from boxwright.dataset.rules import Checked, check
from boxwright.formats.sample import Dataset, Sample, named_classes
from boxwright.imaging import PAD_COLOUR, Placement
from boxwright.spec.training import AugmentationSpec
from boxwright.tiling import WHOLE, Tiling, Window

HALVES = Tiling(tile=100, overlap=0.2)
PLAIN = AugmentationSpec(aug_rand_hflip=False)


def sample(rows: list[list[float]], labels: list[int], crowd: list[bool] | None = None) -> Sample:
    """A picture of 180 x 100 pixels, two tiles, whose red is its column."""
    columns = np.broadcast_to(np.arange(180, dtype=np.uint8)[None, :, None], (100, 180, 3))
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(columns)).save(buffer, "PNG")
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    flags = np.array(crowd or [False] * len(labels), np.bool_)
    return Sample("a", buffer.getvalue(), 180, 100, boxes, np.array(labels, np.int64), flags)


def pictures(*samples: Sample) -> CheckedPictures:
    return CheckedPictures.of(Dataset(samples, named_classes("abc")), [check(one, 3) for one in samples])


ROWS: list[list[float]] = [
    [10, 10, 30, 30],  # in the left tile only
    [85, 10, 95, 20],  # in both
    [60, 40, 110, 60],  # the left tile shows 40 of 50 columns, the right one 30
    [87, 70, 147, 90],  # the left tile shows 13 of 60, which is less than 0.3
]


def test_a_tile_shows_what_is_mostly_on_it() -> None:
    picture = np.zeros((100, 180, 3), np.uint8)
    left, right = (
        seen_in(Labelled(picture, np.array(ROWS, np.float32), np.arange(4)), window)
        for window in HALVES.windows(100, 180)
    )
    assert left.picture.shape == right.picture.shape == (100, 100, 3)
    assert left.labels.tolist() == [0, 1, 2]
    assert left.boxes.tolist() == [[10, 10, 30, 30], [85, 10, 95, 20], [60, 40, 100, 60]]
    assert right.labels.tolist() == [1, 2, 3]
    assert right.boxes.tolist() == [[5, 10, 15, 20], [0, 40, 30, 60], [7, 70, 67, 90]]


def test_rules_that_look_at_the_data_see_tiles() -> None:
    unread = Sample(
        "b", b"no picture", 500, 500, np.zeros((1, 4), np.float32), np.zeros(1, np.int64), np.zeros(1, bool)
    )
    samples = [check(one, 3) for one in (unread, sample(ROWS, [0, 1, 2, 0], [False, True, False, False]))]
    left, right = shown(samples, HALVES)
    assert (left.width, left.height, right.width, right.height) == (100, 100, 100, 100)
    assert (left.labels.tolist(), right.labels.tolist()) == ([0, 1, 2], [1, 2, 0])
    assert (left.crowd.tolist(), right.crowd.tolist()) == ([False, True, False], [True, False, False])
    assert right.boxes.tolist() == [[5, 10, 15, 20], [0, 40, 30, 60], [7, 70, 67, 90]]
    assert shown(samples, WHOLE) == samples[1:]


def test_tiles_of_several_pictures_in_order() -> None:
    data = pictures(sample([], []), sample([], []))
    left, right = Window(0, 0, 100, 100), Window(80, 0, 180, 100)
    assert data.tiles(HALVES) == (Tile(0, left), Tile(0, right), Tile(1, left), Tile(1, right))
    assert data.tiles(HALVES, 1) == tiles_of([data.truth(0)], HALVES) == (Tile(0, left), Tile(0, right))
    assert data.tiles(WHOLE) == ()


def test_an_epoch_of_training_sees_every_tile_once() -> None:
    # Crowds are left out, as of whole pictures.
    data = pictures(sample(ROWS, [0, 1, 2, 0], [False, True, False, False]))
    batches = TrainingBatches(data, (100, 100), 1, PLAIN, 7, 100, data.tiles(HALVES))
    assert batches.samples == 2
    for epoch in range(3):
        by_column = {int(batch.images[0, 0, 0, 0]): batch for batch in (batches[2 * epoch], batches[2 * epoch + 1])}
        assert sorted(by_column) == [0, 80]
        assert by_column[0].boxes.tolist() == [[[10, 10, 30, 30], [60, 40, 100, 60]]]
        assert by_column[80].labels.tolist() == [[2, 0]]
    assert TrainingBatches(data, (100, 100), 1, PLAIN, 7, 100).samples == 1


def test_evaluation_takes_tiles_in_order_and_letterboxes_them() -> None:
    data = pictures(sample(ROWS[:2], [0, 1]), sample([], []))
    made = [make() for make in tile_batches(data, data.tiles(HALVES), (50, 60), 3)]
    assert [len(batch.images) for batch in made] == [3, 1]
    assert made[0].sizes == ((100, 100),) * 3 and made[0].placements == (Placement(0.5, 0.5),) * 3
    assert made[0].boxes[:2].tolist() == [[[5, 5, 15, 15], [42.5, 5, 47.5, 10]], [[2.5, 5, 7.5, 10], [0, 0, 0, 0]]]
    assert made[0].labels.tolist() == [[0, 1], [1, -1], [-1, -1]]
    # Columns 80 and 81 are averaged.
    assert int(made[1].images[0, 0, 0, 0]) in (80, 81)
    assert (made[1].images[0, :, 50:] == torch.tensor(PAD_COLOUR)).all()


def test_a_batch_decodes_each_picture_once() -> None:
    data = pictures(sample([], []), sample([], []))
    asked: list[int] = []

    class Counted:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            asked.append(index)
            return data[index]

    for make in tile_batches(Counted(), data.tiles(HALVES), (50, 60), 3):
        make()
    assert sorted(asked) == [0, 1, 1]


def test_tiles_too_small_for_a_class_are_refused() -> None:
    # Each tile shows at most 100 of the large object's 180 columns and 32 of its 90 rows.
    tiling, classes = Tiling(tile=32, overlap=0.2), named_classes("abc")
    samples: list[Checked] = [check(sample([[0, 5, 180, 95], [1, 1, 9, 9]], [2, 0]), 3)]
    with pytest.raises(ValueError, match="tile=32 is too small for the objects of c: no tile shows 30% of any"):
        require_tiles_that_show_objects(samples, shown(samples, tiling), tiling, classes)
    require_tiles_that_show_objects(samples, shown(samples, HALVES), HALVES, classes)
