"""Keras' own networks with our weights, as another implementation to compare with."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from boxwright.export.savedmodel import _tensorflow

EPSILON = 1e-3
"""Of Keras' batch norms."""


def outputs_of_keras(make: str, layers: Sequence[str], backbone: nn.Module, images: Tensor, factor: float) -> list[Any]:
    """Maps (N, C, H, W) of the named layers of a network of `keras.applications` that has a backbone's weights.

    Both networks hold their layers in the order of computation.
    """
    keras = _tensorflow().keras
    height, width = images.shape[2:]
    network = getattr(keras.applications, make)(weights=None, include_top=False, input_shape=(height, width, 3))
    ours = [module for module in backbone.modules() if isinstance(module, nn.Conv2d | nn.BatchNorm2d)]
    kinds = ("Conv2D", "DepthwiseConv2D", "BatchNormalization")
    theirs = [layer for layer in network.layers if type(layer).__name__ in kinds]
    for module, layer in zip(ours, theirs, strict=False):  # Keras has one more convolution at the end
        layer.set_weights(_weights(module))
    wanted = keras.Model(network.input, [network.get_layer(name).output for name in layers])
    found = wanted(np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy() * factor))
    return [np.asarray(one).transpose(0, 3, 1, 2) for one in found]


def _weights(module: nn.Module) -> list[Any]:
    if isinstance(module, nn.BatchNorm2d):
        values = (module.weight, module.bias, module.running_mean, module.running_var)
        return [value.detach().numpy() for value in values if value is not None]
    assert isinstance(module, nn.Conv2d)
    weight = module.weight.detach().numpy().transpose((2, 3, 0, 1) if module.groups > 1 else (2, 3, 1, 0))
    return [weight] if module.bias is None else [weight, module.bias.detach().numpy()]


def settle(backbone: nn.Module) -> nn.Module:
    """Statistics of random pictures, and Keras' epsilon; in evaluation mode."""
    torch.manual_seed(4)
    for module in backbone.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum, module.eps = 1.0, EPSILON
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, std=0.1)
    with torch.no_grad():
        backbone.train()(torch.randn(2, 3, 97, 97))
    return backbone.eval()


@pytest.fixture(scope="session")
def keras_maps() -> Callable[..., list[Any]]:
    """The function `outputs_of_keras`."""
    return outputs_of_keras


@pytest.fixture(scope="session")
def settled() -> Callable[[nn.Module], nn.Module]:
    """The function `settle`."""
    return settle
