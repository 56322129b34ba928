"""Tests of carrying class predictors over by class name."""

import torch

from boxwright.models.build import build_model
from boxwright.models.class_rows import carry_classes
from boxwright.models.detector import Detector
from boxwright.spec.training import LossSpec, ModelSpec

RETINANET = ModelSpec(backbone="resnet18", fpn_channels=16, head_convs=1, fpn_max_level=5)
SSD = ModelSpec(architecture="ssd", backbone="resnet18", image_size=(128, 128))


def detector(spec: ModelSpec, num_classes: int, seed: int) -> Detector:
    torch.manual_seed(seed)
    return build_model(spec, LossSpec(), num_classes)


def test_scores_of_a_class_follow_its_name() -> None:
    """A detector that is given the rows scores each class as the earlier one did, wherever it stands."""
    for spec, width in ((RETINANET, 0), (SSD, 1)):
        old, new = detector(spec, 3, 0), detector(spec, 3, 1)
        carried = carry_classes(old.state_dict(), new, ("cat", "dog", "cow"), ("cow", "fox", "cat"))
        new.load_state_dict(carried)
        images = torch.rand(1, 3, 128, 128) * 255
        with torch.no_grad():
            before, after = old.eval()(images).class_logits, new.eval()(images).class_logits
        torch.testing.assert_close(after[..., width + 0], before[..., width + 2])
        torch.testing.assert_close(after[..., width + 2], before[..., width + 0])
        assert not torch.equal(after[..., width + 1], before[..., width + 1])
        if width:
            torch.testing.assert_close(after[..., 0], before[..., 0])


def test_more_classes_are_added_and_new_rows_are_those_of_the_detector() -> None:
    old, new = detector(RETINANET, 2, 0), detector(RETINANET, 5, 1)
    carried = carry_classes(old.state_dict(), new, ("a", "b"), ("a", "b", "c", "d", "e"))["class_head.predictor.weight"]
    rows = carried.reshape(9, 5, 16, 3, 3)
    torch.testing.assert_close(rows[:, :2], old.state_dict()["class_head.predictor.weight"].reshape(9, 2, 16, 3, 3))
    own = new.state_dict()["class_head.predictor.weight"].reshape(9, 5, 16, 3, 3)
    torch.testing.assert_close(rows[:, 2:], own[:, 2:])


def test_another_head_is_left_as_it_was() -> None:
    old, new = detector(RETINANET, 2, 0), detector(RETINANET.model_copy(update={"num_anchor_scales": 1}), 2, 1)
    carried = carry_classes(old.state_dict(), new, ("a", "b"), ("b", "a"))
    assert carried.keys() == old.state_dict().keys()
    for name in ("class_head.predictor.weight", "class_head.predictor.bias", "box_head.predictor.weight"):
        assert torch.equal(carried[name], old.state_dict()[name])


def test_the_depthwise_half_of_a_separable_head_has_no_classes() -> None:
    # Its 16 rows, one for each channel, could be taken for 8 anchors of 2 classes.
    spec = RETINANET.model_copy(update={"separable_convs": True})
    old, new = detector(spec, 2, 0), detector(spec, 2, 1)
    new.load_state_dict(carry_classes(old.state_dict(), new, ("a", "b"), ("b", "a")))
    images = torch.rand(1, 3, 128, 128) * 255
    with torch.no_grad():
        before, after = old.eval()(images).class_logits, new.eval()(images).class_logits
    torch.testing.assert_close(after, before.flip(-1))
