import numpy as np
import pytest
import torch

from boxwright.models.backbones.efficientnet import SqueezeExcite
from boxwright.models.build import BACKBONES


@pytest.mark.parametrize(
    ("name", "classifier", "last"),
    # Published sizes of the classifiers, less fc and the last convolution, which is four times as wide as its input.
    [
        ("efficientnet_b0", 5_288_548, 320),
        ("efficientnet_b1", 7_794_184, 320),
        ("efficientnet_b2", 9_109_994, 352),
        ("efficientnet_b3", 12_233_232, 384),
    ],
)
def test_counts_of_parameters(name, classifier, last):
    backbone = BACKBONES[name]()
    head = last * 4 * last + 2 * 4 * last + 4 * last * 1000 + 1000
    assert sum(value.numel() for value in backbone.parameters()) == classifier - head
    assert backbone.channels[-1] == last


def test_maps_have_strides_8_16_and_32():
    with torch.no_grad():
        maps = BACKBONES["efficientnet_b0"]().eval()(torch.zeros(1, 3, 96, 65))
    assert [tuple(x.shape[1:]) for x in maps] == [(40, 12, 9), (112, 6, 5), (320, 3, 3)]


def test_b0_equals_keras(settled, keras_maps):
    # At 97 pixels every layer of stride 2 has an odd input, which Keras pads as torch does; it divides by 255.
    backbone = settled(BACKBONES["efficientnet_b0"]())
    images = torch.randn(1, 3, 97, 97)
    layers = ("block3b_add", "block5c_add", "block7a_project_bn")
    with torch.no_grad():
        maps = backbone(images)
    for found, wanted in zip(maps, keras_maps("EfficientNetB0", layers, backbone, images, 255.0), strict=True):
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_squeeze_and_excite_by_hand():
    excite = SqueezeExcite(2, 1)
    with torch.no_grad():
        excite.fc1.weight.copy_(torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1))
        excite.fc1.bias.fill_(-1.0)
        excite.fc2.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        excite.fc2.bias.copy_(torch.tensor([0.0, 0.5]))
        x = torch.tensor([[[[0.0, 4.0]], [[1.0, 2.0]]]])
        found = excite(x)
    # Means 2 and 1.5; 2 + 3 - 1 = 4; swish(4) = 4 * 0.982014 = 3.928055; sigmoid(3.928055) = 0.980698 and
    # sigmoid(0.5 - 3.928055) = 0.031429.
    wanted = torch.tensor([[0, 3.922791], [0.031429, 0.062858]])
    torch.testing.assert_close(found[0, :, 0], wanted, rtol=1e-4, atol=1e-5)


def test_stages_hold_every_parameter_once():
    backbone = BACKBONES["efficientnet_b0"]()
    stages = backbone.stages()
    assert len(stages) == 5
    found = [id(value) for stage in stages for module in stage for value in module.parameters()]
    assert sorted(found) == sorted(id(value) for value in backbone.parameters())


def test_names_are_torchvisions():
    names = set(BACKBONES["efficientnet_b0"]().state_dict())
    published = ("0.0.weight", "1.0.block.0.0.weight", "1.0.block.1.fc1.bias", "1.0.block.2.1.running_mean")
    deeper = ("2.1.block.3.0.weight", "7.0.block.2.fc2.weight")
    assert {f"features.{name}" for name in (*published, *deeper)} <= names
    assert not any(name.startswith("features.8") for name in names)
