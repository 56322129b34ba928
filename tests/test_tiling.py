"""Tiles and their merging, by hand."""

import itertools

import numpy as np
import pytest

from boxwright.imaging import PAD_COLOUR
from boxwright.spec.training import DataSpec, ModelSpec, TrainSpec
from boxwright.tiling import WHOLE, Boxes, Tiling, Window, tiles

LEFT, RIGHT = Window(0, 0, 100, 100), Window(80, 0, 180, 100)
PAIR = (LEFT, RIGHT)
"""The tiles of a picture of 180 x 100 pixels; columns 80 to 100 are in both."""

HALF = Tiling(tile=100, overlap=0.2, iou_threshold=0.5, limit=10)


def boxes(*rows: tuple[float, ...]) -> Boxes:
    """Of (xmin, ymin, xmax, ymax, score, label)."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4], table[:, 5].astype(np.int64))


def merged(left: Boxes, right: Boxes, tiling: Tiling = HALF) -> list[tuple[float, ...]]:
    """What `PAIR` shows together, as rows."""
    found = tiling.merge(PAIR, [left, right])
    assert (found.boxes.dtype, found.scores.dtype, found.labels.dtype) == (np.float32, np.float32, np.int64)
    columns = zip(found.boxes.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True)
    return [(*box, round(score, 4), label) for box, score, label in columns]


@pytest.mark.parametrize(
    ("length", "tile", "overlap", "starts"),
    [
        (100, 100, 0.2, [0]),
        (60, 100, 0.2, [0]),
        (101, 100, 0.2, [0, 1]),
        (180, 100, 0.2, [0, 80]),  # steps of 80 fit exactly
        (181, 100, 0.2, [0, 80, 81]),
        (250, 100, 0.2, [0, 80, 150]),  # 160 is moved back to 150
        (200, 100, 0.0, [0, 100]),
        (200, 100, 0.5, [0, 50, 100]),
        (110, 33, 0.2, [0, 26, 52, 77]),  # 33 * 0.8 = 26.4
    ],
)
def test_where_tiles_lie(length: int, tile: int, overlap: float, starts: list[int]) -> None:
    end = min(tile, length)
    across, down = tiles(20, length, tile, overlap), tiles(length, 20, tile, overlap)
    assert across == tuple(Window(start, 0, start + end, 20) for start in starts)
    assert down == tuple(Window(0, start, 20, start + end) for start in starts)


def test_tiles_come_row_by_row() -> None:
    assert [window[:2] for window in tiles(150, 250, 100, 0.2)] == [*itertools.product([0, 80, 150], [0])] + [
        (80 * column if column < 2 else 150, 50) for column in range(3)
    ]


def test_without_a_tile_the_picture_is_one_window() -> None:
    assert tiles(4000, 3000, 0, 0.2) == WHOLE.windows(4000, 3000) == (Window(0, 0, 3000, 4000),)


def test_a_tile_that_is_absurdly_small_for_a_picture_is_refused() -> None:
    # Steps of 26 pixels: 38 and one moved back, squared.
    with pytest.raises(ValueError, match=r"1000 x 1000 px has 1,521 tiles of 32 px that overlap by 0.2, and at most"):
        tiles(1000, 1000, 32, 0.2)


def test_a_window_moves_boxes_there_and_back() -> None:
    window = Window(80, 50, 180, 150)
    at = np.array([[90, 60, 200, 70]], np.float32)
    assert window.shape == (100, 100)
    assert window.to_window(at).tolist() == [[10, 10, 120, 20]]
    assert window.to_picture(window.to_window(at)).tolist() == at.tolist()
    picture = np.arange(200 * 200 * 3, dtype=np.uint32).astype(np.uint8).reshape(200, 200, 3)
    assert (window.cut(picture) == picture[50:150, 80:180]).all()


def test_each_window_has_a_canvas() -> None:
    picture = np.zeros((100, 180, 3), np.uint8)
    picture[:, 90:] = 200
    prepared = HALF.prepare(picture, (50, 60))
    assert prepared.windows == PAIR
    assert prepared.canvases.shape == (2, 50, 60, 3)
    assert [(one.scale_x, one.scale_y) for one in prepared.placements] == [(0.5, 0.5)] * 2
    # Half size: the edge at column 90 is at 45 in the left tile, and at 5 in the right one; from 50 on is padding.
    assert prepared.canvases[0, 20, [44, 45, 49], 0].tolist() == [0, 200, 200]
    assert prepared.canvases[1, 20, [4, 5, 49], 0].tolist() == [0, 200, 200]
    assert prepared.canvases[1, 20, 50].tolist() == list(PAD_COLOUR)


def test_one_window_is_answered_as_it_is() -> None:
    # These two overlap by 81 %: suppression is the detector's own affair.
    found = boxes((0, 0, 10, 10, 0.4, 0), (0, 0, 9, 9, 0.9, 0))
    assert WHOLE.merge(tiles(100, 100, 0, 0.2), [found]) is found


def test_boxes_of_all_tiles_stand_in_the_picture_best_first() -> None:
    assert merged(boxes((10, 10, 30, 30, 0.5, 0)), boxes((30, 10, 50, 30, 0.8, 1))) == [
        (110, 10, 130, 30, 0.8, 1),
        (10, 10, 30, 30, 0.5, 0),
    ]
    assert merged(boxes(), boxes()) == []


def test_the_better_of_two_that_overlap_stays() -> None:
    # Columns 84..94 and 86..96: 8 of 12 are shared.
    left, right = boxes((84, 40, 94, 50, 0.6, 0)), boxes((6, 40, 16, 50, 0.8, 0))
    assert merged(left, right) == [(86, 40, 96, 50, 0.8, 0)]
    looser = Tiling(100, 0.2, iou_threshold=0.7)
    assert len(merged(left, right, looser)) == 2


def test_classes_do_not_suppress_each_other() -> None:
    assert len(merged(boxes((84, 40, 94, 50, 0.6, 0)), boxes((4, 40, 14, 50, 0.8, 1)))) == 2


@pytest.mark.parametrize("of_part", [0.5, 0.9])
def test_a_part_at_a_border_yields_to_the_whole_object(of_part: float) -> None:
    # The object is 85..125. The left tile ends at 100 and shows 15 of its 40 columns: an IoU of 0.375 is no overlap.
    part, whole = boxes((85, 40, 100, 80, of_part, 0)), boxes((5, 40, 45, 80, 0.7, 0))
    assert merged(part, whole) == [(85, 40, 125, 80, pytest.approx(max(of_part, 0.7)), 0)]


def test_a_part_may_end_just_before_the_border() -> None:
    # One percent of the tile is one pixel.
    whole = boxes((5, 40, 45, 80, 0.7, 0))
    assert len(merged(boxes((85, 40, 99, 80, 0.6, 0)), whole)) == 1
    assert len(merged(boxes((85, 40, 98.9, 80, 0.6, 0)), whole)) == 2


def test_a_part_that_lies_half_elsewhere_stays() -> None:
    # 70..100 is covered from 85 on: exactly half. From 84.9 on it is more.
    part = boxes((70, 40, 100, 80, 0.6, 0))
    assert len(merged(part, boxes((5, 40, 45, 80, 0.7, 0)))) == 2
    assert len(merged(part, boxes((4.9, 40, 45, 80, 0.7, 0)))) == 1


def test_of_two_parts_the_better_stays() -> None:
    # The object is 60..140, longer than the overlap: 60..100 in the left tile, 80..140 in the right one. They share
    # 20 of 40 columns; a part that begins at 75 shares 20 of 25.
    right = boxes((0, 40, 60, 80, 0.9, 0))
    assert len(merged(boxes((60, 40, 100, 80, 0.5, 0)), right)) == 2
    assert merged(boxes((75, 40, 100, 80, 0.5, 0)), right) == [(80, 40, 140, 80, 0.9, 0)]


def test_a_small_object_before_a_large_one_stays() -> None:
    # No border cuts either, though both tiles show the small one's place.
    small, large = boxes((84, 50, 94, 60, 0.6, 0)), boxes((2, 20, 60, 90, 0.9, 0))
    assert len(merged(small, large)) == 2


def test_a_part_within_a_box_of_its_own_tile_stays() -> None:
    # The detector saw both and kept them.
    assert len(merged(boxes((90, 50, 100, 60, 0.6, 0), (60, 20, 100, 90, 0.9, 0)), boxes())) == 2


def test_the_edge_of_the_picture_cuts_nothing() -> None:
    # 80..95 at the picture's upper edge lies within 81..125 of the right tile, but for one column.
    at_edge, other = boxes((80, 0, 95, 40, 0.6, 0)), boxes((1, 0, 45, 80, 0.7, 0))
    assert len(merged(at_edge, other)) == 2


def test_every_border_cuts() -> None:
    middle = Window(80, 80, 180, 180)
    around = tiles(260, 260, 100, 0.2)
    assert len(around) == 9 and around[4] == middle
    reports = {
        "left": ((0, 40, 15, 60), (58, 120, 98, 140)),
        "top": ((40, 0, 60, 15), (120, 58, 140, 98)),
        "right": ((85, 40, 100, 60), (162, 120, 202, 140)),
        "bottom": ((40, 85, 60, 100), (120, 162, 140, 202)),
    }
    neighbour = {"left": 3, "top": 1, "right": 5, "bottom": 7}
    for side, (part, whole) in reports.items():
        found = [boxes() for _ in around]
        found[4] = boxes((*part, 0.9, 0))
        window = around[neighbour[side]]
        found[neighbour[side]] = boxes((*window.to_window(np.array([whole], np.float32))[0].tolist(), 0.5, 0))
        # The part's 15 lines are in the whole, which has 40: too little for an IoU of 0.5.
        kept = HALF.merge(around, found)
        assert kept.boxes.tolist() == [list(whole)], side
        assert kept.scores.tolist() == [pytest.approx(0.9)]


def test_boxes_without_area_meet_none() -> None:
    line = (100, 40, 100, 80, 0.6, 0)
    assert len(merged(boxes(line), boxes((5, 40, 45, 80, 0.7, 0), (20, 40, 20, 80, 0.5, 0)))) == 3


def test_the_best_of_the_limit_are_kept() -> None:
    rows = [(10 * place, 10, 10 * place + 5, 20, 0.1 + place / 100, 0) for place in range(8)]
    two = Tiling(100, 0.2, limit=2)
    assert [row[0] for row in merged(boxes(*rows), boxes(), two)] == [70, 60]


def test_the_best_thousand_enter_the_merging() -> None:
    # 1,000 copies of one box leave no room for a weaker one, unless more than 250 are to be reported.
    copies, weak = boxes(*[(10, 10, 20, 20, 0.9, 0)] * 1000), boxes((50, 50, 60, 60, 0.1, 1))
    assert [row[5] for row in merged(copies, weak, Tiling(100, 0.2, limit=250))] == [0]
    assert [row[5] for row in merged(copies, weak, Tiling(100, 0.2, limit=251))] == [0, 1]


def test_a_run_states_its_tiling() -> None:
    spec = TrainSpec(
        data=DataSpec(training_data_path="a", tile=640, overlap=0.3),
        model=ModelSpec(nms_iou_threshold=0.4, max_num_bboxes_in_prediction=50),
    )
    assert Tiling.of(spec) == Tiling(640, 0.3, 0.4, 50)
    assert Tiling.of(spec, tile=0) == Tiling(0, 0.3, 0.4, 50)
    assert Tiling.of(spec, 320, 0.1) == Tiling(320, 0.1, 0.4, 50)
    assert Tiling.of(TrainSpec(data=DataSpec(training_data_path="a"))).tile == 0


@pytest.mark.parametrize(
    ("tile", "overlap", "said"),
    [
        (31, None, "^tile: must be 0, for whole pictures, or at least 32 px, got 31$"),
        (-1, None, "tile: .* greater than or equal to 0, got -1"),
        (None, 1.0, "overlap: .* less than or equal to 0.9, got 1.0"),
        (None, float("nan"), "overlap: .*got nan"),
        (5, -0.1, "tile: .*; overlap: .*"),
    ],
)
def test_a_tiling_out_of_range_is_refused(tile: int | None, overlap: float | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Tiling.of(TrainSpec(data=DataSpec(training_data_path="a")), tile, overlap)
