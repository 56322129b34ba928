import numpy as np
import pytest
import torch
import torch.nn.functional as F

from boxwright.models.backbones.vgg import ScaledLength, vgg16
from boxwright.models.weight_names import from_vgg


def test_trunk_equals_torchvision(parity, stand_ins, reference_input):
    backbone = vgg16().eval()
    weights = from_vgg(stand_ins(parity.shapes["vgg16"]))
    found = {name.removeprefix("backbone."): value for name, value in weights.items()}
    left = backbone.load_state_dict(found, strict=False)
    assert not left.unexpected_keys
    assert all(name.startswith(backbone.unpublished) for name in left.missing_keys)
    with torch.no_grad():
        features = F.max_pool2d(backbone.trunk(reference_input(64, 96))[1], 2).mean((2, 3))
    expected = parity.outputs["vgg16/features"]
    np.testing.assert_allclose(features.numpy(), expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("size", "shapes"),
    [((300, 300), [(38, 38), (19, 19)]), ((512, 512), [(64, 64), (32, 32)]), ((97, 130), [(13, 17), (7, 9)])],
)
def test_maps_are_rounded_up(size, shapes):
    maps = vgg16().to("meta")(torch.zeros(1, 3, *size, device="meta"))
    assert [tuple(each.shape[2:]) for each in maps] == shapes
    assert [each.shape[1] for each in maps] == list(vgg16().channels) == [512, 1024]


def test_scaled_length_by_hand():
    scaled = ScaledLength(2)
    x = torch.tensor([[3.0, 0.0], [4.0, 0.0]]).reshape(1, 2, 1, 2)
    assert scaled(x).flatten().tolist() == pytest.approx([12.0, 0.0, 16.0, 0.0])
    with torch.no_grad():
        scaled.weight.copy_(torch.tensor([5.0, 10.0]))
    assert scaled(x).flatten().tolist() == pytest.approx([3.0, 0.0, 8.0, 0.0])


def test_length_of_zeros_has_a_finite_gradient():
    x = torch.zeros(1, 3, 2, 2, requires_grad=True)
    ScaledLength(3)(x).sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()


def test_stages_hold_every_parameter_once():
    backbone = vgg16()
    stages = backbone.stages()
    assert len(stages) == 5
    names = [id(value) for stage in stages for module in stage for value in module.parameters()]
    assert sorted(names) == sorted(id(value) for value in backbone.parameters())


def test_count_of_parameters():
    # 14,714,688 in the classifier's convolutions, 512 lengths, and the two large layers with their biases.
    expected = 14_714_688 + 512 + (9 * 512 + 1) * 1024 + (1024 + 1) * 1024
    assert sum(value.numel() for value in vgg16().parameters()) == expected


def test_a_vgg_of_other_depth_is_refused():
    weights = {"features.28.weight": torch.zeros(1), "features.3.weight": torch.zeros(1)}
    with pytest.raises(ValueError, match="as VGG-16 without batch norms has, got 28, 3"):
        from_vgg(weights)
