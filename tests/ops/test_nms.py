import pytest
import torch

from boxwright.ops.nms import select, suppress


def overlap(first, second):
    """IoU of two xyxy lists, written out."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    both = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return both / (sum(areas) - both)


def greedy(boxes, scores, iou_threshold, score_threshold, limit):
    """(score, label, box) kept in one image, by plain loops."""
    found = [(scores[a][k], k, boxes[a]) for a in range(len(boxes)) for k in range(len(scores[a]))]
    kept = []
    for score, label, box in sorted(found, reverse=True):
        rivals = [other for _, name, other in kept if name == label]
        if score > score_threshold and all(overlap(box, other) <= iou_threshold for other in rivals):
            kept.append((score, label, box))
    return kept[:limit]


@pytest.mark.parametrize("seed", range(5))
def test_equals_greedy_suppression(seed):
    rng = torch.Generator().manual_seed(seed)
    corner = torch.rand(2, 70, 2, generator=rng) * 40
    boxes = torch.cat([corner, corner + 5 + torch.rand(2, 70, 2, generator=rng) * 30], 2)
    scores = torch.rand(2, 70, 3, generator=rng)
    found = select(boxes, scores, iou_threshold=0.3, score_threshold=0.2, limit=25)
    for image in range(2):
        expected = greedy(boxes[image].tolist(), scores[image].tolist(), 0.3, 0.2, 25)
        count = len(expected)
        assert found.labels[image].tolist() == [label for _, label, _ in expected] + [-1] * (25 - count)
        assert found.scores[image, :count].tolist() == [score for score, _, _ in expected]
        assert found.boxes[image, :count].tolist() == [box for _, _, box in expected]
        assert found.boxes[image, count:].eq(0).all()


def test_a_beaten_box_beats_none():
    # Best first: a overlaps b, b overlaps c, a does not overlap c: c stays.
    rivals = torch.tensor([[[1.0, 0.6, 0.0], [0.6, 1.0, 0.6], [0.0, 0.6, 1.0]]])
    assert suppress(rivals, 0.5).tolist() == [[True, False, True]]


def test_long_chain_alternates():
    count = 64
    near = (torch.arange(count)[:, None] - torch.arange(count)[None]).abs() <= 1
    assert suppress(near.float()[None], 0.5)[0].tolist() == [index % 2 == 0 for index in range(count)]


def test_thresholds_drop_what_equals_them():
    boxes = torch.tensor([[[0.0, 0.0, 10.0, 10.0], [20.0, 0.0, 30.0, 10.0]]])
    scores = torch.tensor([[[0.5], [0.75]]])
    found = select(boxes, scores, iou_threshold=0.5, score_threshold=0.5, limit=4)
    assert found.scores.tolist() == [[0.75, 0, 0, 0]]
    assert found.labels.tolist() == [[0, -1, -1, -1]]


def test_other_classes_do_not_suppress():
    boxes = torch.tensor([[[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 10.0]]])
    scores = torch.tensor([[[0.9, 0.0], [0.0, 0.8]]])
    found = select(boxes, scores, iou_threshold=0.5, score_threshold=0.1, limit=2)
    assert found.labels.tolist() == [[0, 1]]


def test_nothing_found():
    found = select(torch.ones(1, 3, 4), torch.zeros(1, 3, 2), iou_threshold=0.5, score_threshold=0.05, limit=5)
    assert found.boxes.shape == (1, 5, 4)
    assert found.labels.tolist() == [[-1] * 5]
