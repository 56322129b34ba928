import numpy as np
import pytest
import torch
import torch.nn.functional as F

from boxwright.models.build import BACKBONES

NAMES = ("mobilenet_v1", "mobilenet_v2")


@pytest.mark.parametrize(
    ("name", "parameters"),
    # Published classifiers less their heads: 4,231,976 - 1,025,000, and 3,504,872 less fc (1,281,000) and the last
    # convolution (320 * 1280 + 2 * 1280).
    [("mobilenet_v1", 4_231_976 - 1_025_000), ("mobilenet_v2", 3_504_872 - 1_281_000 - 412_160)],
)
def test_counts_of_parameters(name, parameters):
    assert sum(value.numel() for value in BACKBONES[name]().parameters()) == parameters


@pytest.mark.parametrize(("name", "channels"), [("mobilenet_v1", (256, 512, 1024)), ("mobilenet_v2", (32, 96, 320))])
def test_maps_have_strides_8_16_and_32(name, channels):
    backbone = BACKBONES[name]().eval()
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 96, 65))
    assert backbone.channels == channels
    sizes = [(12, 9), (6, 5), (3, 3)]
    assert [tuple(x.shape[1:]) for x in maps] == [(c, *size) for c, size in zip(channels, sizes, strict=True)]


def test_v2_equals_keras(settled, keras_maps):
    # At 97 pixels every layer of stride 2 has an odd input, which Keras pads as torch does.
    backbone = settled(BACKBONES["mobilenet_v2"]())
    images = torch.randn(1, 3, 97, 97)
    layers = ("block_5_add", "block_12_add", "block_16_project_BN")
    with torch.no_grad():
        maps = backbone(images)
    for found, wanted in zip(maps, keras_maps("MobileNetV2", layers, backbone, images, 1.0), strict=True):
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-3, atol=1e-3 * np.abs(wanted).max())


def test_v1_layer_by_layer(settled):
    backbone = settled(BACKBONES["mobilenet_v1"]())
    x = images = torch.randn(1, 3, 64, 80)
    values = list(backbone.state_dict().values())
    strides = [2, *(s for stride in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1) for s in (stride, 1))]
    wanted = []
    with torch.no_grad():
        for index, stride in enumerate(strides):
            weight, scale, shift, mean, variance, _ = values[6 * index : 6 * index + 6]
            groups = x.shape[1] if weight.shape[1] == 1 else 1
            x = F.conv2d(x, weight, None, stride, weight.shape[2] // 2, groups=groups)
            x = F.batch_norm(x, mean, variance, scale, shift, eps=1e-3).clamp(0, 6)
            if index in (10, 22, 26):
                wanted.append(x)
        for found, expected in zip(backbone(images), wanted, strict=True):
            torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_stages_hold_every_parameter_once(name):
    backbone = BACKBONES[name]()
    stages = backbone.stages()
    assert len(stages) == 5
    found = [id(value) for stage in stages for module in stage for value in module.parameters()]
    assert sorted(found) == sorted(id(value) for value in backbone.parameters())


def test_names_of_v2_are_torchvisions():
    names = set(BACKBONES["mobilenet_v2"]().state_dict())
    published = ("0.0.weight", "0.1.running_var", "1.conv.0.0.weight", "1.conv.1.weight", "1.conv.2.bias")
    deeper = ("2.conv.0.0.weight", "2.conv.1.1.bias", "17.conv.2.weight", "17.conv.3.running_mean")
    assert {f"features.{name}" for name in (*published, *deeper)} <= names
    assert not any(name.startswith("features.18") for name in names)
