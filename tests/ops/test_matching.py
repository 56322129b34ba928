import torch

from boxwright.ops.matching import BACKGROUND, IGNORED, match

ANCHORS = torch.tensor([[0, 0, 10, 10], [10, 0, 20, 10], [0, 10, 10, 20], [100, 100, 110, 110]], dtype=torch.float32)


def of(*images, anchors=ANCHORS, **thresholds):
    """Match images of (box, label) pairs, padded with a box that fits the last anchor."""
    longest = max(len(image) for image in images)
    padded = [[*image, *[([100, 100, 110, 110], -1)] * (longest - len(image))] for image in images]
    boxes = torch.tensor([[box for box, _ in image] for image in padded], dtype=torch.float32).reshape(
        len(images), longest, 4
    )
    labels = torch.tensor([[label for _, label in image] for image in padded]).reshape(len(images), longest)
    return match(anchors, boxes, labels.long(), **thresholds)


def test_overlap_from_the_threshold_on_is_positive():
    # IoU 0.8 with the first anchor, 0 with the others.
    matches = of([([0, 0, 10, 8], 5)])
    assert matches.labels.tolist() == [[5, BACKGROUND, BACKGROUND, BACKGROUND]]
    assert matches.boxes[0, 0].tolist() == [0, 0, 10, 8]
    # IoU with both is 0.5 exactly: box 20 x 10 over two anchors of 10 x 10.
    assert of([([0, 0, 20, 10], 2)]).labels.tolist() == [[2, 2, BACKGROUND, BACKGROUND]]


def test_best_anchor_of_a_box_is_positive_however_small_the_overlap():
    # IoU 0.04: 2 x 2 in 10 x 10.
    assert of([([14, 4, 16, 6], 1)]).labels.tolist() == [[BACKGROUND, 1, BACKGROUND, BACKGROUND]]


def test_forced_match_beats_a_better_overlap_of_another_box():
    # The second box overlaps the first anchor by 0.3 only, but no other anchor at all; the first box, by 0.9 and the
    # best for it, has the first anchor too and comes earlier: it keeps it.
    matches = of([([0, 0, 10, 9], 0), ([0, 0, 10, 3], 1)])
    assert matches.labels[0].tolist() == [0, BACKGROUND, BACKGROUND, BACKGROUND]
    # In the other order the small box gets the anchor.
    matches = of([([0, 0, 10, 3], 1), ([0, 0, 10, 9], 0)])
    assert matches.labels[0].tolist() == [1, BACKGROUND, BACKGROUND, BACKGROUND]
    assert matches.boxes[0, 0].tolist() == [0, 0, 10, 3]


def test_between_the_thresholds_is_ignored():
    anchors = torch.tensor([[0, 0, 10, 10], [0, 0, 10, 4.5], [0, 0, 10, 3]])
    matches = of([([0, 0, 10, 10], 7)], anchors=anchors, negative_iou=0.4)
    assert matches.labels.tolist() == [[7, IGNORED, BACKGROUND]]


def test_padding_matches_nothing():
    matches = of([([0, 0, 10, 10], 3)], [([0, 0, 10, 10], 4), ([10, 0, 20, 10], 6)])
    assert matches.labels.tolist() == [[3, -1, -1, -1], [4, 6, -1, -1]]


def test_images_without_boxes():
    assert of([], [([0, 10, 10, 20], 2)]).labels.tolist() == [[-1] * 4, [-1, -1, 2, -1]]
    assert of([], []).labels.tolist() == [[BACKGROUND] * 4] * 2
    assert of([], []).boxes.shape == (2, 4, 4)
