import pytest
import torch
import torch.nn.functional as F

from boxwright.models.depthwise import SeparableConv, conv3x3, depthwise_conv


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


def test_without_a_bias():
    x = torch.randn(1, 4, 5, 5).bfloat16()
    weight = torch.randn(4, 1, 3, 3).bfloat16().float().requires_grad_()
    out = depthwise_conv(x, weight, None, stride=2, padding=1)
    expected = F.conv2d(x.float(), weight, None, 2, 1, groups=4)
    torch.testing.assert_close(out.float(), expected, rtol=0.02, atol=0.02)
    found, wanted = (torch.autograd.grad(each.float().sum(), weight)[0] for each in (out, expected))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_a_separable_convolution_is_a_product_of_kernels():
    torch.manual_seed(0)
    conv = SeparableConv(4, 6, stride=2)
    # Output channel o takes input channel i with the kernel weight[o, i] * depthwise[i].
    kernels = conv.weight * conv.depthwise.weight.squeeze(1)
    x = torch.randn(2, 4, 7, 8)
    torch.testing.assert_close(conv(x), F.conv2d(x, kernels, conv.bias, 2, 1), rtol=1e-4, atol=1e-5)
    assert {name for name, _ in conv.named_parameters()} == {"weight", "bias", "depthwise.weight"}


def test_conv3x3_makes_either_kind():
    assert type(conv3x3(4, 6, separable=True, bias=False)) is SeparableConv
    plain = conv3x3(4, 6, separable=False, stride=2)
    assert (type(plain), plain.kernel_size, plain.stride, plain.padding) == (torch.nn.Conv2d, (3, 3), (2, 2), (1, 1))
