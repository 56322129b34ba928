"""Every expected reason was written by hand from the box; the picture is 200 x 100, so 2 px and 1 px may stick out."""

import math
import tracemalloc

import numpy as np
import pytest

from boxwright.dataset.rules import RULES, check, clean

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("box", "rule", "reason"),
    [
        ((120, 10, 118, 30), "degenerate", "box 0: xmin 120.0 >= xmax 118.0 (degenerate)"),
        ((10, 30, 20, 30), "degenerate", "box 0: ymin 30.0 >= ymax 30.0 (degenerate)"),
        ((9, 9, 9, 9), "degenerate", "box 0: xmin 9.0 >= xmax 9.0, ymin 9.0 >= ymax 9.0 (degenerate)"),
        ((NAN, 10, 20, 30), "not-finite", "box 0: xmin is nan (not finite)"),
        ((10, 10, INF, 30), "not-finite", "box 0: xmax is inf (not finite)"),
        ((200, 10, 220, 30), "outside", "box 0: xmin 200.0 >= width 200 (outside the picture)"),
        ((10, -20, 30, 0), "outside", "box 0: ymax 0.0 <= 0 (outside the picture)"),
        ((100, 10, 240, 30), "sticks-out", "box 0: xmax 240.0 > width 200 (sticks out; up to 2.0 px is clipped)"),
        ((10, 10, 30, 101.5), "sticks-out", "box 0: ymax 101.5 > height 100 (sticks out; up to 1.0 px is clipped)"),
        ((-2.5, 10, 30, 20), "sticks-out", "box 0: xmin -2.5 < 0 (sticks out; up to 2.0 px is clipped)"),
        ((10, 10, 10.5, 30), "thin", "box 0: width 0.5 px < 1 px within the picture (thin)"),
        ((-1, 10, 0.25, 30), "thin", "box 0: width 0.25 px < 1 px within the picture (thin)"),
    ],
)
def test_a_faulty_box_is_rejected_with_its_values(sample, box, rule, reason):
    checked = check(sample([box]), 3)
    assert [(one.box_index, one.rule, one.reason) for one in checked.rejected] == [(0, rule, reason)]
    assert checked.boxes.shape == (0, 4)
    assert checked.usable


@pytest.mark.parametrize(("label", "outer"), [(-1, 0), (3, 4)])
def test_a_label_outside_is_told_in_outer_numbers(sample, label, outer):
    checked = check(sample([(10, 10, 20, 20)], [label]), 3)
    assert checked.rejected[0].reason == f"box 0: label {outer} is not in 1..3 (label)"
    assert checked.rejected[0].label == label


def test_one_bad_box_leaves_its_neighbours(sample):
    boxes = [(10, 10, 50, 60), (120, 10, 118, 30), (60, 20, 90, 70)]
    checked = check(sample(boxes, [0, 1, 2]), 3)
    assert checked.boxes.tolist() == [[10, 10, 50, 60], [60, 20, 90, 70]]
    assert checked.labels.tolist() == [0, 2]
    assert [one.box_index for one in checked.rejected] == [1]


def test_a_box_that_sticks_out_a_little_is_clipped_and_counted(sample):
    checked = check(sample([(-2, -1, 202, 101), (0, 0, 200, 100), (-0.01, 0, 200, 100)], [0, 1, 2]), 3)
    assert checked.boxes.tolist() == [[0, 0, 200, 100]] * 3
    assert checked.clipped == 1
    assert not checked.rejected


def test_a_box_of_one_pixel_survives_normalised_float32(sample, encode):
    one_pixel = (np.array([0.127, 0.127, 0.128, 0.128], np.float32) * np.float32(1000)).tolist()
    assert one_pixel[2] - one_pixel[0] < 1
    checked = check(sample([one_pixel], encoded=encode(1000, 1000), size=(1000, 1000)), 1)
    assert len(checked.boxes) == 1


def test_of_equal_boxes_the_first_is_kept(sample):
    box = (10, 10, 50, 60)
    checked = check(sample([box, box, box, box], [0, 1, 0, 0]), 2)
    assert checked.labels.tolist() == [0, 1]
    assert [one.reason for one in checked.rejected] == [
        "box 2: same label and corners as box 0 (duplicate)",
        "box 3: same label and corners as box 0 (duplicate)",
    ]


def test_the_first_broken_rule_counts(sample):
    checked = check(sample([(NAN, 10, 20, 30), (500, 10, 400, 20)], [7, 0]), 3)
    assert [one.rule for one in checked.rejected] == ["label", "degenerate"]


def test_a_picture_without_boxes_is_good(sample):
    checked = check(sample(), 3)
    assert checked.usable
    assert checked.boxes.shape == (0, 4)
    assert checked.boxes.dtype == np.float32


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_picture_is_found_without_decoding_all(sample, encode, kind):
    encoded = encode(kind=kind)
    checked = check(sample([(10, 10, 50, 60)] * 2, encoded=encoded[: len(encoded) // 2]), 3)
    assert not checked.usable
    assert kind in checked.fault
    assert [(one.box_index, one.rule) for one in checked.rejected] == [(0, "picture"), (1, "picture")]
    assert checked.boxes.shape == (0, 4)


def test_what_is_no_picture_costs_its_boxes_with_a_reason(sample):
    checked = check(sample([(10, 10, 50, 60)], encoded=b"no picture"), 3)
    assert checked.rejected[0].reason == "box 0: not a readable JPEG, PNG, GIF or BMP picture"


def test_a_huge_picture_is_refused_before_it_is_decoded(sample, encode):
    encoded = bytearray(encode(kind="BMP"))
    encoded[18:26] = (40_000).to_bytes(4, "little") * 2
    tracemalloc.start()
    checked = check(sample([(10, 10, 50, 60)], encoded=bytes(encoded)), 3, decode=True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "pixels" in checked.fault
    assert peak < 10_000_000


def test_boxes_are_judged_by_the_pictures_own_size(sample, encode):
    checked = check(sample([(150, 10, 190, 30)], encoded=encode(100, 100)), 3)
    assert checked.rejected[0].reason == "box 0: xmin 150.0 >= width 100 (outside the picture)"
    assert (checked.width, checked.height) == (100, 100)


def test_clean_keeps_the_picture_and_the_good_boxes(sample):
    stated = sample([(10, 10, 50, 60), (1, 1, 1, 1)], [1, 0])
    cleaned = clean(stated, check(stated, 2))
    assert cleaned.encoded == stated.encoded
    assert cleaned.boxes.tolist() == [[10, 10, 50, 60]]
    assert cleaned.labels.tolist() == [1]
    assert len(cleaned.crowd) == 1


def test_every_rule_is_documented(docs_page):
    assert [rule for rule in RULES if f"`{rule}`" not in docs_page] == []
