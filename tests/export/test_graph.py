"""The walk: against the network's own outputs, computed step by step with torch's functions."""

import copy
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from boxwright.export.graph import Network, Step, trace
from boxwright.models.backbones import vgg
from boxwright.models.backbones.efficientnet_lite import efficientnet_lite0
from boxwright.models.backbones.resnet import resnet18


class Detectorless(nn.Module):
    """A backbone whose last map is pooled into rows, as a head's output is."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, images: Tensor) -> Tensor:
        maps: list[Tensor] = self.backbone(images)
        wide = F.interpolate(maps[2], size=maps[1].shape[-2:], mode="nearest")
        rows = torch.cat([maps[1], wide], 1).permute(0, 2, 3, 1)
        return rows.reshape(rows.shape[0], -1, 4).sigmoid()


def run(network: Network, images: Tensor) -> list[Tensor]:
    """Compute a network with torch's functions."""
    values = {name: torch.from_numpy(array) for name, array in network.constants.items()}
    values[network.input] = images
    for step in network.steps:
        values[step.name] = apply(step, [values[name] for name in step.inputs])
    return [values[name] for name in network.outputs]


def padded(x: Tensor, pads: Any, value: float = 0.0) -> Tensor:
    top, left, bottom, right = pads
    return F.pad(x, [left, right, top, bottom], value=value)


def apply(step: Step, inputs: list[Tensor]) -> Tensor:
    given, x = step.attributes, inputs[0]
    match step.kind:
        case "conv":
            window = {"stride": given["strides"], "dilation": given["dilations"], "groups": given["groups"]}
            return F.conv2d(padded(x, given["pads"]), inputs[1], inputs[2], **window)
        case "max_pool":
            return F.max_pool2d(padded(x, given["pads"], -torch.inf), given["kernel"], given["strides"])
        case "nearest":
            return F.interpolate(x, size=given["size"], mode="nearest")
        case "reshape":
            return x.reshape(x.shape[0], *given["shape"])
        case "concat":
            return torch.cat(inputs, given["axis"])
    simple: dict[str, Any] = {
        "clip": lambda: x.clamp(given["low"], given["high"]),
        "relu": lambda: x.relu(),
        "sigmoid": lambda: x.sigmoid(),
        "channels_last": lambda: x.permute(0, 2, 3, 1),
        "global_mean": lambda: F.adaptive_avg_pool2d(x, 1),
        "length": lambda: x.square().sum(1, keepdim=True).sqrt(),
        "divide": lambda: x / inputs[1],
        "global_max": lambda: F.adaptive_max_pool2d(x, 1),
        "multiply": lambda: x * inputs[1],
        "add": lambda: x + inputs[1],
    }
    result: Tensor = simple[step.kind]()
    return result


@pytest.fixture(scope="module", params=[efficientnet_lite0, resnet18])
def traced(request: pytest.FixtureRequest) -> tuple[nn.Module, Network]:
    torch.manual_seed(1)
    model = Detectorless(request.param())
    model.train()(torch.randn(4, 3, 72, 104))
    return model, trace(model, (72, 104))


def test_the_steps_compute_what_the_network_computes_at_any_batch_size(traced: tuple[nn.Module, Network]) -> None:
    model, network = traced
    images = torch.randn(3, 3, 72, 104, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        expected = copy.deepcopy(model).eval()(images)
        torch.testing.assert_close(run(network, images)[0], expected, atol=1e-5, rtol=1e-4)


def test_norms_and_same_padding_are_folded_into_the_convolutions(traced: tuple[nn.Module, Network]) -> None:
    kinds = {step.kind for step in traced[1].steps}
    common = {"conv", "add", "nearest", "concat", "channels_last", "reshape", "sigmoid"}
    assert kinds in (common | {"clip"}, common | {"relu", "max_pool"})


def test_tracing_leaves_the_model_in_training_mode_and_its_weights_alone(traced: tuple[nn.Module, Network]) -> None:
    model, _ = traced
    assert model.training
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    assert all(norm.num_batches_tracked == 1 for norm in norms)


class Reduced(nn.Module):
    """The operations of attention, squeeze-and-excite, swish and pooling that rounds up, on odd sizes."""

    def forward(self, images: Tensor) -> Tensor:
        x = F.max_pool2d(images, 4, ceil_mode=True)
        x = F.max_pool2d(x, 3, 2, padding=(1, 0), ceil_mode=True)
        x = F.silu(x) + x * x.amax((2, 3), keepdim=True).sigmoid()
        x = x * x.mean((-2, -1), keepdim=True)
        return F.interpolate(x, size=(11, 9), mode="nearest")


@pytest.mark.parametrize("size", [(33, 38), (40, 40), (41, 42)])
def test_pooling_that_rounds_up_and_means_and_maxima_of_maps(size: tuple[int, int]) -> None:
    model = Reduced()
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(3)) - 2.0
    network = trace(model, size)
    torch.testing.assert_close(run(network, images)[0], model(images))
    assert {"global_max", "global_mean", "max_pool", "nearest", "sigmoid"} <= {step.kind for step in network.steps}


@pytest.mark.parametrize("size", [(33, 38), (40, 40)])
def test_lengths_holes_and_rounded_pooling_of_vgg(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vgg, "BLOCKS", ((4, 1), (4, 1), (6, 1), (8, 1), (8, 1)))
    torch.manual_seed(4)
    model = vgg.vgg16()
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(3)) * 60
    network = trace(model, size)
    for found, wanted in zip(run(network, images), model(images), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    assert {"length", "divide", "clip"} <= {step.kind for step in network.steps}


class AcrossTheMap(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return torch.linalg.vector_norm(images, dim=2, keepdim=True)


class Rows(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.mean((2,), keepdim=True)


class Dropped(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.amax((2, 3))


class Spread(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return F.max_pool2d(images, 2, dilation=2)


class Cosine(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.cos()


class AcrossTheBatch(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.reshape(-1, 4)


class Transposed(nn.Module):
    def forward(self, images: Tensor) -> Tensor:
        return images.permute(0, 1, 3, 2)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Cosine(), "aten.cos.default"),
        (AcrossTheBatch(), "first axis"),
        (Transposed(), "permute by"),
        (Rows(), r"only reduce height and width, kept as 1, not the axes \(2,\)"),
        (Dropped(), "only reduce height and width"),
        (Spread(), "max pooling with dilation"),
        (AcrossTheMap(), r"only take Euclidean lengths over the channels, kept as 1, not over \[2\]"),
    ],
)
def test_what_has_no_counterpart_is_named(model: nn.Module, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trace(model, (8, 8))
