"""Tests of predicting with and measuring a model in training."""

import numpy as np
import pytest
import torch
from torch import nn

from boxwright.data.batches import Batch
from boxwright.data.pictures import CheckedPictures
from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.summary import summarise
from boxwright.imaging import Placement
from boxwright.metrics.boxes import Predictions
from boxwright.models.build import build_model
from boxwright.models.detector import Detector
from boxwright.ops.nms import Detections
from boxwright.spec.training import LossSpec, ModelSpec, OptimizationSpec
from boxwright.train.evaluate import (
    count_of,
    evaluate,
    ground_truth,
    predict,
    to_boxes,
)
from boxwright.train.freezing import training_mode


@pytest.fixture(scope="module")
def pictures() -> CheckedPictures:
    dataset = draw_shapes(5, (48, 64), 2, ("circle", "ring"))
    checked, _ = summarise(dataset, 2)
    return CheckedPictures.of(dataset, checked)


@pytest.fixture
def model() -> Detector:
    torch.manual_seed(0)
    settings = ModelSpec(
        backbone="efficientnet_lite0", fpn_channels=16, head_convs=1, fpn_max_level=5, nms_score_threshold=0.001
    )
    return build_model(settings, LossSpec(), 2)


def test_detections_return_to_the_stored_picture() -> None:
    found = Detections(
        torch.tensor([[[10.0, 20.0, 30.0, 40.0], [-5.0, 0.0, 64.0, 90.0], [0.0, 0.0, 0.0, 0.0]]]),
        torch.tensor([[0.9, 0.5, -1.0]]),
        torch.tensor([[1, 0, -1]]),
    )
    batch = Batch(torch.empty(0), torch.empty(0), torch.empty(0), (Placement(0.5, 0.25),), ((160, 100),))
    (one,) = to_boxes(found, batch)
    # Twice as wide and four times as high, cut to 100 x 160 pixels; the empty slot is gone.
    assert one.boxes.tolist() == [[20, 80, 60, 160], [0, 0, 100, 160]]
    assert one.scores.tolist() == pytest.approx([0.9, 0.5])
    assert one.labels.tolist() == [1, 0]


def test_predict_leaves_the_modes_and_weights_as_they_were(model: Detector, pictures: CheckedPictures) -> None:
    training_mode(model, OptimizationSpec(freeze_batch_norm=True, frozen_stages=1))
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = predict(model, pictures, count=3, size=(64, 96), batch_size=2)
    assert len(found) == 3
    assert [module.training for module in model.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_predictions_do_not_depend_on_the_batch(model: Detector, pictures: CheckedPictures) -> None:
    one, all_at_once = (predict(model, pictures, count=5, size=(64, 96), batch_size=size) for size in (1, 5))
    for first, second in zip(one, all_at_once, strict=True):
        assert len(first.scores) == len(second.scores) > 0
        np.testing.assert_allclose(first.scores, second.scores, atol=1e-5)


def test_perfect_predictions_are_perfect(pictures: CheckedPictures) -> None:
    truths = ground_truth(pictures, len(pictures))
    exact = [Predictions(one.boxes, np.ones(len(one.labels), np.float32), one.labels) for one in truths]
    metrics, found = evaluate(lambda count: exact[:count], pictures, count=4, num_classes=2)
    assert (metrics.AP, metrics.AP50, metrics.pictures) == (1.0, 1.0, 4)
    assert len(found) == 4


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("stages", [0, 1, 3])
def test_what_is_frozen(model: Detector, freeze: bool, stages: int) -> None:
    training_mode(model, OptimizationSpec(freeze_batch_norm=freeze, frozen_stages=stages))
    frozen = [module for stage in model.backbone.stages()[:stages] for part in stage for module in part.modules()]  # type: ignore[operator]  # nn.Module hides the type
    assert all(not parameter.requires_grad for module in frozen for parameter in module.parameters())
    norms = [module for module in model.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    still = {id(module) for module in frozen}
    assert [norm.training for norm in norms] == [not freeze and id(norm) not in still for norm in norms]
    heads = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d) and module not in norms]
    assert heads and all(norm.training for norm in heads)
    trained = sum(parameter.requires_grad for parameter in model.parameters())
    assert trained > 0 and (trained == len(list(model.parameters()))) == (stages == 0)


def test_count_of_pictures(pictures: CheckedPictures) -> None:
    assert [count_of(wanted, pictures) for wanted in (0, 1, 5)] == [5, 1, 5]
    with pytest.raises(ValueError, match="num_eval_images must not exceed the 5 validation pictures, got 6"):
        count_of(6, pictures)
