"""The rule by which an export is accepted or refused; numbers by hand."""

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from boxwright.engine import Engine
from boxwright.export.onnx import export_onnx
from boxwright.export.parity import ExportMismatch, check_export, compare, eager_predictions
from boxwright.export.savedmodel import export_savedmodel, run_savedmodel
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import Predictions
from boxwright.models.backbones import vgg
from boxwright.models.detector import PostProcessing
from boxwright.models.ssd import ssd

POST = PostProcessing(iou_threshold=0.5, score_threshold=0.05, limit=100)


def found(*rows: tuple[Sequence[float], float, int]) -> Predictions:
    boxes, scores, labels = zip(*rows, strict=True) if rows else ((), (), ())
    return Predictions(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), np.array(labels, int))


BOX = (10.0, 10.0, 110.0, 110.0)


def test_equal_detections_agree_in_any_order() -> None:
    first, second = (BOX, 0.9, 0), ((50.0, 0.0, 60.0, 30.0), 0.4, 1)
    agreement = compare([found(first, second)], [found(second, first)], POST)
    assert agreement.accepted
    assert agreement.detections == 4
    assert (agreement.worst_iou, agreement.worst_score) == (1.0, 0.0)


def test_a_box_moved_by_half_a_percent_is_met_and_one_by_two_percent_is_not() -> None:
    # 100 wide, moved by 0.4: IoU 99.6 / 100.4 = 0.9920; by 2: 98 / 102 = 0.9608.
    near = compare([found((BOX, 0.9, 0))], [found(((10.4, 10, 110.4, 110), 0.895, 0))], POST)
    assert near.accepted
    assert near.worst_iou == pytest.approx(0.9920, abs=1e-4)
    assert near.worst_score == pytest.approx(0.005, abs=1e-4)
    far = compare([found((BOX, 0.9, 0))], [found(((12, 10, 112, 110), 0.89, 0))], POST)
    assert not far.accepted
    assert far.worst_iou == pytest.approx(0.9608, abs=1e-4)
    assert far.count("") == 2


@pytest.mark.parametrize("other", [((BOX), 0.88, 0), (BOX, 0.9, 1)])
def test_another_score_or_class_is_not_met(other: tuple[Sequence[float], float, int]) -> None:
    assert not compare([found((BOX, 0.9, 0))], [found(other)], POST).accepted


def test_a_detection_that_one_model_lacks_counts_on_either_side() -> None:
    extra = found((BOX, 0.9, 0), ((200.0, 10.0, 210.0, 20.0), 0.5, 0))
    assert not compare([extra], [found((BOX, 0.9, 0))], POST).accepted
    assert not compare([found((BOX, 0.9, 0))], [extra], POST).accepted
    assert not compare([found()], [found((BOX, 0.9, 0))], POST).accepted


def test_one_detection_cannot_stand_for_two() -> None:
    twice = found((BOX, 0.9, 0), (BOX, 0.89, 0))
    assert not compare([found((BOX, 0.9, 0))], [twice], POST).accepted


def test_a_score_at_the_threshold_may_be_absent() -> None:
    weak = ((200.0, 10.0, 210.0, 20.0), 0.058, 0)
    agreement = compare([found((BOX, 0.9, 0), weak)], [found((BOX, 0.9, 0))], POST)
    assert agreement.accepted
    assert agreement.count("margin") == 1
    assert agreement.worst_iou == 1.0


def test_the_last_of_a_full_list_may_be_absent() -> None:
    post = PostProcessing(limit=2)
    a, b, c = (BOX, 0.9, 0), ((200.0, 0, 240, 40), 0.300, 0), ((300.0, 0, 340, 40), 0.299, 0)
    assert compare([found(a, b)], [found(a, c)], post).accepted
    assert not compare([found(a, b)], [found(a, c)], POST).accepted


def test_ties_in_suppression_are_excused_but_moved_boxes_are_not() -> None:
    # 100 wide, moved by 20: IoU 80 / 120 = 0.667, above the threshold, so either may suppress the other.
    moved = (30.0, 10.0, 130.0, 110.0)
    tied = compare([found((BOX, 0.6, 0))], [found((moved, 0.6, 0))], POST)
    assert tied.accepted is False
    assert tied.count("tie") == 2
    many = [((1000.0 + 20 * i, 0, 1010.0 + 20 * i, 10), 0.9, 0) for i in range(50)]
    assert compare([found((BOX, 0.6, 0), *many)], [found((moved, 0.6, 0), *many)], POST).accepted
    assert not compare([found((BOX, 0.6, 0), *many)], [found((moved, 0.605, 0), *many)], POST).accepted


def test_overlap_at_the_border_of_suppression_is_excused() -> None:
    # 100 wide, moved by 33.2: IoU 66.8 / 133.2 = 0.5015; by 40: 60 / 140 = 0.429.
    for shift, accepted in ((33.2, True), (40.0, False)):
        weaker = ((10 + shift, 10, 110 + shift, 110), 0.6, 0)
        assert compare([found((BOX, 0.9, 0), weaker)], [found((BOX, 0.9, 0))], POST).accepted is accepted


def test_boxes_cut_to_a_line_meet_by_their_corners() -> None:
    line = ((640.0, 10.0, 640.0, 90.0), 0.4, 0)
    assert compare([found(line)], [found(((640.0, 10.1, 640.0, 90.1), 0.4, 0))], POST).accepted
    assert not compare([found(line)], [found(((640.0, 12.0, 640.0, 90.0), 0.4, 0))], POST).accepted


def test_a_damaged_model_is_refused_with_the_numbers(exported: Any, photographs: list[bytes]) -> None:
    damaged = copy.deepcopy(exported.model)
    with torch.no_grad():
        damaged.box_head.predictor.bias.add_(0.02)
    runs = {"SavedModel": lambda encoded: run_savedmodel(exported.savedmodel, encoded, exported.class_ids)}
    good = eager_predictions(exported.model, photographs, exported.size)
    agreement = check_export(good, photographs, runs, exported.model.post)["SavedModel"]
    assert agreement.pictures == 4
    assert agreement.worst_iou > 0.99
    bad = eager_predictions(damaged, photographs, exported.size)
    with pytest.raises(
        ExportMismatch, match=r"SavedModel model must agree .* 4 pictures, \d+ detections.* worst IoU 0"
    ):
        check_export(bad, photographs, runs, exported.model.post)


def test_reference_boxes_are_cut_to_the_picture(pictures: dict[str, bytes]) -> None:
    encoded = pictures["jpeg"]
    reference = [found(((600.0, 400.0, 700.0, 500.0), 0.9, 0))]
    cut = [found(((600.0, 400.0, 640.0, 480.0), 0.9, 0))]
    assert check_export(reference, [encoded], {"other": lambda _: cut}, POST)["other"].worst_iou == 1.0


def test_a_check_needs_pictures_and_one_answer_for_each() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        check_export([], [], {}, POST)
    with pytest.raises(ValueError, match="shorter"):
        compare([found()], [], POST)


def test_exports_of_an_ssd_find_what_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, photographs: list[bytes]
) -> None:
    # The operations of VGG-16 and SSD, on few channels.
    monkeypatch.setattr(vgg, "BLOCKS", ((8, 1), (8, 1), (12, 2), (16, 2), (16, 1)))
    monkeypatch.setattr(vgg, "FC_CHANNELS", 24)
    torch.manual_seed(3)
    size, ids = (150, 197), (7, 1, 40)
    model = ssd(vgg.vgg16(), 3, size, post=POST).eval()
    with torch.no_grad():
        for predictor in model.class_head.predictors:
            predictor.weight.normal_(std=0.3)
            predictor.bias.view(-1, 4)[:, 0] = 2.0
        for predictor in model.box_head.predictors:
            predictor.weight.normal_(std=0.08)
    export_savedmodel(model, tmp_path, size=size, class_ids=ids)
    export_onnx(model, tmp_path / "model.onnx", size=size, class_ids=ids)
    classes = [ClassName(outer, str(outer)) for outer in ids]
    engine = Engine((tmp_path / "model.onnx").read_bytes(), classes, threads=1)
    runs = {"SavedModel": lambda encoded: run_savedmodel(tmp_path, encoded, ids), "ONNX": engine.predict_batch}
    reference = eager_predictions(model, photographs, size)
    assert all(len(one.labels) > 20 and set(one.labels) == {0, 1, 2} for one in reference)
    for agreement in check_export(reference, photographs, runs, model.post).values():
        assert agreement.accepted
        assert agreement.detections > 160
        assert agreement.worst_score < 1e-3
