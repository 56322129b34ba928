"""Tests of what is trained and what is not."""

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn

from boxwright.models.build import build_model
from boxwright.models.detector import Detector, Targets
from boxwright.spec.training import LossSpec, ModelSpec, OptimizationSpec
from boxwright.train.freezing import layer_names, training_mode
from boxwright.train.optimizer import make_optimizer

SIZE = (64, 64)


def detector(**settings: object) -> Detector:
    torch.manual_seed(0)
    small = {"fpn_channels": 16, "head_convs": 1, "fpn_max_level": 5, "image_size": SIZE}
    return build_model(ModelSpec.model_validate({**small, **settings}), LossSpec(), 2)


@pytest.fixture(scope="module")
def resnet() -> Callable[[], Detector]:
    return lambda: detector(backbone="resnet18")


def moved(model: Detector, spec: OptimizationSpec) -> set[str]:
    """Names of everything, statistics included, that a training step changes."""
    training_mode(model, spec)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = make_optimizer(model, spec)
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    targets = Targets(torch.tensor([[[8.0, 8.0, 40.0, 40.0]]] * 2), torch.tensor([[0]] * 2))
    model.loss(model(torch.rand(2, 3, *SIZE) * 255), targets, SIZE)["loss"].backward()
    optimizer.step()
    return {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}


def test_only_the_top_layer_is_trained(resnet: Callable[[], Detector]) -> None:
    model = resnet()
    changed = moved(model, OptimizationSpec(train_only_on_top_layer=True, weight_decay=0.1))
    assert changed and all(name.startswith(("class_head.", "box_head.")) for name in changed)
    assert {"class_head.predictor.weight", "box_head.predictor.weight"} <= changed
    others = [parameter for name, parameter in model.named_parameters() if not name.startswith(("class_", "box_"))]
    assert others and all(parameter.grad is None and not parameter.requires_grad for parameter in others)
    norms = [m for name, m in model.named_modules() if isinstance(m, nn.BatchNorm2d) and "head" not in name]
    assert norms and not any(norm.training for norm in norms)


def test_only_the_heads_of_ssd_are_trained() -> None:
    model = detector(architecture="ssd", backbone="efficientnet_lite0", image_size=(128, 128))
    training_mode(model, OptimizationSpec(train_only_on_top_layer=True))
    trained = {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == {"class_head", "box_head"}


def test_the_published_pattern_freezes_the_first_two_stages_of_a_resnet(resnet: Callable[[], Detector]) -> None:
    model = resnet()
    changed = moved(model, OptimizationSpec(freeze_layer_pattern="^(conv1_|conv2_).*", weight_decay=0.1))
    frozen = ("backbone.conv1", "backbone.bn1", "backbone.layer1")
    assert not [name for name in changed if name.startswith(frozen)]
    assert {"backbone.layer2.0.conv1.weight", "backbone.layer2.0.bn1.running_mean"} <= changed


def test_the_published_pattern_freezes_the_first_two_blocks_of_vgg() -> None:
    model = detector(architecture="ssd", backbone="vgg16", image_size=(300, 300))
    training_mode(model, OptimizationSpec(freeze_layer_pattern="^(conv1_|conv2_).*"))
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert frozen == {f"backbone.conv{b}.{i}.{kind}" for b in (1, 2) for i in (0, 1) for kind in ("weight", "bias")}


def test_own_names_can_be_meant(resnet: Callable[[], Detector]) -> None:
    model = resnet()
    training_mode(model, OptimizationSpec(freeze_layer_pattern=r"neck\.|.*_head\.predictor\.bias$"))
    frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}
    assert {name for name, _ in model.named_parameters() if name.startswith("neck.")} <= frozen
    assert {name for name in frozen if not name.startswith("neck.")} == {
        "class_head.predictor.bias",
        "box_head.predictor.bias",
    }
    assert not [norm for norm in model.neck.modules() if isinstance(norm, nn.BatchNorm2d) and norm.training]  # type: ignore[union-attr]  # nn.Module hides the type


def test_a_norm_of_which_a_part_is_trained_keeps_learning(resnet: Callable[[], Detector]) -> None:
    model = resnet()
    training_mode(model, OptimizationSpec(freeze_layer_pattern=r"backbone\.bn1\.weight"))
    norm = model.backbone.bn1
    assert isinstance(norm, nn.BatchNorm2d) and norm.training and norm.bias.requires_grad


def test_every_weight_has_its_own_name_and_one_by_its_stage(resnet: Callable[[], Detector]) -> None:
    names = layer_names(resnet())
    assert names["backbone.layer1.0.conv1.weight"][1] == "conv2_layer1_0_conv1_weight"
    assert names["backbone.layer4.1.bn2.bias"][1] == "conv5_layer4_1_bn2_bias"
    assert names["class_head.predictor.bias"] == ("class_head.predictor.bias",)
    assert list(names) == [name for name, _ in resnet().named_parameters()]


@pytest.mark.parametrize(
    "settings", [{"freeze_layer_pattern": ".*"}, {"freeze_layer_pattern": "neck|class_|box_", "frozen_stages": 5}]
)
def test_freezing_everything_is_refused(resnet: Callable[[], Detector], settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="freezes every one of the .* weights; leave something to train"):
        training_mode(resnet(), OptimizationSpec.model_validate(settings))


def test_a_pattern_that_fits_nothing_is_refused_with_names(resnet: Callable[[], Detector]) -> None:
    said = "got 'conv0_', which fits none of .*, such as conv1_conv1_weight, .* or box_head.predictor.bias"
    with pytest.raises(ValueError, match=said):
        training_mode(resnet(), OptimizationSpec(freeze_layer_pattern="conv0_"))


def test_what_is_no_pattern_is_refused() -> None:
    with pytest.raises(
        ValueError, match=re.escape("must be a regular expression such as '^(conv1_|conv2_).*', got '['")
    ):
        OptimizationSpec(freeze_layer_pattern="[")
