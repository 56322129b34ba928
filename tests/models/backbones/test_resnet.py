import numpy as np
import pytest
import torch

from boxwright.models.build import BACKBONES

DEPTHS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")


def backbone_with(stand_ins, name):
    backbone = BACKBONES[name]().eval()
    shapes = {key: tuple(value.shape) for key, value in backbone.state_dict().items()}
    backbone.load_state_dict(stand_ins(shapes), strict=True)
    return backbone


@pytest.mark.parametrize("name", DEPTHS)
def test_equals_torchvision(name, parity, stand_ins, reference_input):
    names = {key for key in parity.shapes[name] if not key.startswith("fc.")}
    backbone = backbone_with(stand_ins, name)
    assert names == set(backbone.state_dict())
    with torch.no_grad():
        maps = backbone(reference_input(64, 96))
    assert [tuple(each.shape[2:]) for each in maps] == [(8, 12), (4, 6), (2, 3)]
    for layer, features in zip((2, 3, 4), maps, strict=True):
        expected = parity.outputs[f"{name}/layer{layer}"]
        np.testing.assert_allclose(
            features.mean((2, 3)).numpy(), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max()
        )


# torchvision 0.28.0, float32: mean over the picture of the first three channels, and of all channels, by layer.
NUMBERS = {
    "resnet18": {
        2: ([4.34304, 1.4389, 1.71162], 1.744916),
        3: ([0.223213, 0.726619, 0.372868], 1.808868),
        4: ([3.62402, 1.13687, 4.96379], 1.396176),
    },
    "resnet50": {
        2: ([0.0686142, 4.51381, 1.70186], 1.285556),
        3: ([2.25242, 0.350708, 1.07853], 1.688548),
        4: ([3.44171, 1.83202, 0.764054], 1.479533),
    },
}


@pytest.mark.parametrize("name", NUMBERS)
def test_equals_the_numbers_written_here(name, stand_ins, reference_input):
    backbone = backbone_with(stand_ins, name)
    with torch.no_grad():
        maps = backbone(reference_input(64, 96))
    for (channels, mean), features in zip(NUMBERS[name].values(), maps, strict=True):
        np.testing.assert_allclose(features.mean((2, 3))[0, :3].numpy(), channels, rtol=1e-4, atol=1e-4)
        assert features.mean().item() == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "millions"),
    # He et al. 2016 and torchvision's tables, less the classifier (513,000 or 2,049,000 parameters).
    [("resnet18", 11.689512 - 0.513), ("resnet34", 21.797672 - 0.513), ("resnet50", 25.557032 - 2.049)],
)
def test_counts_of_parameters(name, millions):
    assert sum(value.numel() for value in BACKBONES[name]().parameters()) == round(millions * 1e6)


def test_stages_hold_every_parameter_once():
    backbone = BACKBONES["resnet18"]()
    stages = backbone.stages()
    assert len(stages) == 5
    names = [id(value) for stage in stages for module in stage for value in module.parameters()]
    assert sorted(names) == sorted(id(value) for value in backbone.parameters())


def test_resnet200_has_the_published_layers():
    backbone = BACKBONES["resnet200"]()
    convolutions = [name for name, module in backbone.named_modules() if isinstance(module, torch.nn.Conv2d)]
    assert len([name for name in convolutions if "downsample" not in name]) + 1 == 200
