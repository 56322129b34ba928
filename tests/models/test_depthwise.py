import pytest
import torch
import torch.nn.functional as F

from boxwright.models.depthwise import depthwise_conv


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 1), (5, 1, 2), (3, 2, 0), (5, 2, 0)])
def test_bfloat16_gradients_are_near_those_of_float32(kernel, stride, padding):
    torch.manual_seed(0)
    x = torch.randn(2, 16, 15, 13).bfloat16()
    weight, bias = torch.randn(16, 1, kernel, kernel).bfloat16().float(), torch.randn(16)
    out_shape = F.conv2d(x.float(), weight, bias, stride, padding, groups=16).shape
    upstream = torch.randn(out_shape).bfloat16()

    wanted = [each.float().clone().requires_grad_() for each in (x, weight, bias)]
    F.conv2d(wanted[0], wanted[1], wanted[2], stride, padding, groups=16).backward(upstream.float())
    found = [each.clone().requires_grad_() for each in (x, weight, bias)]
    with torch.autocast("cpu", torch.bfloat16):
        out = depthwise_conv(found[0], found[1], found[2], stride=stride, padding=padding)
    out.backward(upstream)

    assert out.dtype == found[0].grad.dtype == torch.bfloat16
    torch.testing.assert_close(found[0].grad.float(), wanted[0].grad, rtol=2**-7, atol=0.02)
    # Parameters keep float32 gradients; their only rounding is that of the inputs, which are exact here.
    torch.testing.assert_close(found[1].grad, wanted[1].grad, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(found[2].grad, wanted[2].grad, rtol=1e-4, atol=1e-3)


def test_forward_equals_the_grouped_convolution():
    torch.manual_seed(0)
    x, weight, bias = torch.randn(1, 8, 9, 9), torch.randn(8, 1, 3, 3), torch.randn(8)
    expected = F.conv2d(x, weight, bias, 1, 1, groups=8)
    assert torch.equal(depthwise_conv(x, weight, bias, stride=1, padding=1), expected)
    low = depthwise_conv(x.bfloat16(), weight.requires_grad_(), bias, stride=1, padding=1)
    torch.testing.assert_close(low.float(), expected, rtol=0.02, atol=0.05)


def test_frozen_weights_get_no_gradient():
    x = torch.randn(1, 4, 5, 5).bfloat16().requires_grad_()
    weight, bias = torch.randn(4, 1, 3, 3), torch.randn(4, requires_grad=True)
    depthwise_conv(x, weight, bias, stride=1, padding=1).float().sum().backward()
    assert weight.grad is None
    assert bias.grad is not None
    assert bias.grad.tolist() == [25.0] * 4
    assert x.grad is not None
