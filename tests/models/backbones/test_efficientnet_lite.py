import pytest
import torch

from boxwright.models.backbones.efficientnet_lite import round_channels, same_padding
from boxwright.models.build import BACKBONES


@pytest.mark.parametrize(
    # Published sizes of the classifiers, less the head: conv_head (from 320 or 352 channels), its norm, and fc.
    ("name", "classifier", "last"),
    [
        ("efficientnet_lite0", 4_652_008, 320),
        ("efficientnet_lite1", 5_416_680, 320),
        ("efficientnet_lite2", 6_092_072, 352),
    ],
)
def test_counts_of_parameters(name, classifier, last):
    head = last * 1280 + 2 * 1280 + 1280 * 1000 + 1000
    backbone = BACKBONES[name]()
    assert sum(value.numel() for value in backbone.parameters()) == classifier - head
    assert backbone.channels[-1] == last


def test_maps_have_strides_8_16_and_32():
    with torch.no_grad():
        maps = BACKBONES["efficientnet_lite0"]().eval()(torch.zeros(1, 3, 96, 65))
    assert [tuple(each.shape[1:]) for each in maps] == [(40, 12, 9), (112, 6, 5), (320, 3, 3)]


def test_same_padding_puts_the_odd_pixel_at_the_bottom_right():
    # TensorFlow: out = ceil(6 / 2) = 3, padding (3 - 1) * 2 + 3 - 6 = 1; for 5: (3 - 1) * 2 + 3 - 5 = 2.
    padded = same_padding(torch.ones(1, 1, 6, 5), kernel=3, stride=2)
    assert padded.shape == (1, 1, 7, 7)
    assert padded[0, 0, 0, 1] == 1
    assert padded[0, 0, 6].eq(0).all()
    assert padded[0, 0, :, 0].eq(0).all()
    assert padded[0, 0, :, 6].eq(0).all()


def test_channels_round_to_eight_but_not_down_by_a_tenth():
    # 80 * 1.1 = 88; 24 * 1.1 = 26.4 -> 24 (91 %); 12 -> 16, as 8 would be 67 %.
    assert [round_channels(value) for value in (88.0, 26.4, 12.0, 11.0)] == [88, 24, 16, 16]


def test_stages_hold_every_parameter_once():
    backbone = BACKBONES["efficientnet_lite0"]()
    stages = backbone.stages()
    assert len(stages) == 5
    found = [id(value) for stage in stages for module in stage for value in module.parameters()]
    assert sorted(found) == sorted(id(value) for value in backbone.parameters())
