import pytest
import torch
from torch import nn

from boxwright.models.convolution import ConvNorm, convolve, fold
from boxwright.models.depthwise import SeparableConv


def trained(norm):
    """Statistics, scales and shifts as after training."""
    torch.manual_seed(3)
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    nn.init.normal_(norm.bias)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2.0)
    return norm.eval()


def gradients(out, *parameters):
    weights = torch.linspace(-1, 1, out.numel()).reshape(out.shape)
    return torch.autograd.grad((out * weights).sum(), parameters)


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=True),
        nn.Conv2d(6, 8, 3, padding=2, dilation=2, bias=False),
        nn.Conv2d(6, 6, 5, padding=2, groups=6, bias=False),
        nn.Conv2d(6, 6, 3, stride=2, groups=6, bias=True),
        nn.Conv2d(6, 6, 3, padding=2, dilation=2, groups=6),
        nn.Conv2d(6, 8, 1, groups=2),
        SeparableConv(6, 8, stride=2, bias=False),
    ],
    ids=["stride", "dilation", "depthwise", "depthwise-stride", "depthwise-dilation", "groups", "separable"],
)
def test_fixed_statistics_in_one_pass_equal_two(conv):
    norm = trained(nn.BatchNorm2d(conv.out_channels, eps=1e-3))
    x = torch.randn(2, 6, 11, 9)
    expected = norm(conv(x))
    out = convolve(x, conv, norm)
    torch.testing.assert_close(out, expected, rtol=1e-5, atol=1e-5)
    learned = (conv.weight, norm.weight, norm.bias)
    for found, wanted in zip(gradients(out, *learned), gradients(expected, *learned), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-3)


def test_training_statistics_are_those_of_the_batch():
    conv, norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
    out = convolve(torch.randn(5, 3, 8, 8) * 3 + 1, conv, norm)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(4), rtol=0, atol=1e-5)
    torch.testing.assert_close(out.var((0, 2, 3), correction=0), torch.ones(4), rtol=0, atol=1e-3)
    assert norm.num_batches_tracked == 1


def test_other_norms_are_called():
    conv, norm = nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4)
    x = torch.randn(1, 3, 4, 4)
    assert torch.equal(convolve(x, conv, norm), norm(conv(x)))
    assert torch.equal(convolve(x, conv, nn.Identity()), conv(x))


def test_norm_without_statistics_is_refused():
    with pytest.raises(ValueError, match="without stored statistics"):
        fold(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False))


@pytest.mark.parametrize("training", [False, True])
def test_a_layer_keeps_the_size_and_computes_its_members(training):
    layer = ConvNorm(6, 6, 5, groups=6, norm=lambda width: nn.BatchNorm2d(width, eps=0.5))
    trained(layer[1])
    layer.train(training)
    x = torch.randn(2, 6, 7, 9)
    conv, norm = layer
    expected = norm(nn.functional.conv2d(x, conv.weight, None, 1, 2, groups=6))
    torch.testing.assert_close(layer(x), expected, rtol=1e-5, atol=1e-5)
    assert norm.eps == 0.5
