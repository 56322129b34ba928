"""Tests of the published optimizers."""

import math

import pytest
import torch
from torch import nn

from boxwright.spec.training import OptimizationSpec
from boxwright.train.optimizer import OPTIMIZERS, make_optimizer, options_of


def model() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 1, 1, bias=True), nn.BatchNorm2d(1))


def after_steps(spec: OptimizationSpec, gradients: list[float], rate: float = 0.5) -> float:
    """The kernel, 1 at first, after steps with the given gradients."""
    net = model()
    nn.init.ones_(net[0].weight)  # type: ignore[arg-type]  # nn.Sequential hides the type
    optimizer = make_optimizer(net, spec)
    for gradient in gradients:
        for group in optimizer.param_groups:
            group["lr"] = rate
        net[0].weight.grad = torch.full((1, 1, 1, 1), gradient)
        optimizer.step()
    return float(net[0].weight.detach())


def spec(name: str, weight_decay: float = 0.0, **options: float) -> OptimizationSpec:
    return OptimizationSpec.model_validate(
        {"optimizer_type": name, "optimizer_arguments": options, "weight_decay": weight_decay}
    )


def test_momentum_by_hand() -> None:
    # v = 0.9 v + g; w -= 0.5 v: 1 - 0.5 * 2 - 0.5 * (1.8 + 4)
    assert after_steps(spec("momentum"), [2.0, 4.0]) == pytest.approx(1 - 1.0 - 2.9)
    assert after_steps(spec("momentum", momentum=0.0), [2.0, 4.0]) == pytest.approx(1 - 1.0 - 2.0)
    # Nesterov: w -= 0.5 (g + 0.9 v)
    nesterov = after_steps(spec("momentum", use_nesterov=1.0), [2.0])
    assert nesterov == pytest.approx(1 - 0.5 * (2 + 0.9 * 2))


def test_nesterov_by_hand() -> None:
    # v = 2, w -= 0.5 (2 + 0.9 * 2); then v = 1.8 + 4, w -= 0.5 (4 + 0.9 * 5.8)
    assert after_steps(spec("nesterov"), [2.0, 4.0]) == pytest.approx(1 - 0.5 * 3.8 - 0.5 * (4 + 0.9 * 5.8))


def test_fields_of_the_spec_are_options_of_those_that_know_them() -> None:
    fields = {"momentum": 0.5, "epsilon": 0.25, "rho": 0.75, "beta_1": 0.1, "beta_2": 0.2, "optimizer_arguments": {}}
    known = {
        name: options_of(OptimizationSpec.model_validate({**fields, "optimizer_type": name})) for name in OPTIMIZERS
    }
    assert known == {
        "momentum": {"momentum": 0.5},
        "nesterov": {"momentum": 0.5},
        "adam": {"beta1": 0.1, "beta2": 0.2, "epsilon": 0.25},
        "adadelta": {"rho": 0.75, "epsilon": 0.25},
        "adagrad": {"epsilon": 0.25},
        "rmsprop": {"decay": 0.75, "epsilon": 0.25},
    }
    given = OptimizationSpec(optimizer_type="momentum", momentum=0.5, optimizer_arguments={"momentum": 0.25})
    assert options_of(given) == {"momentum": 0.25}
    assert after_steps(OptimizationSpec(momentum=0.0, weight_decay=0.0), [2.0, 4.0]) == pytest.approx(1 - 1.0 - 2.0)


def test_adam_by_hand() -> None:
    # The first step of Adam has the length of the rate, whatever the gradient.
    assert after_steps(spec("adam"), [7.0], rate=0.01) == pytest.approx(0.99, abs=1e-6)
    # Decoupled decay: w (1 - rate * decay) before the step.
    assert after_steps(spec("adam", weight_decay=0.1), [7.0], rate=0.01) == pytest.approx(
        1 * (1 - 0.001) - 0.01, abs=1e-6
    )


def test_adagrad_by_hand() -> None:
    # Accumulator 0.1 at first: w -= 0.5 g / sqrt(0.1 + g^2)
    assert after_steps(spec("adagrad"), [2.0]) == pytest.approx(1 - 0.5 * 2 / math.sqrt(4.1), rel=1e-6)


def test_rmsprop_by_hand() -> None:
    # s = 0.1 g^2; w -= 0.5 g / (sqrt(s) + epsilon)
    assert after_steps(spec("rmsprop"), [2.0]) == pytest.approx(1 - 0.5 * 2 / (math.sqrt(0.4) + 1e-3), rel=1e-6)


def test_adadelta_by_hand() -> None:
    # s = 0.05 g^2; w -= 0.5 g sqrt(epsilon) / sqrt(s + epsilon)
    expected = 1 - 0.5 * 2 * math.sqrt(1e-7) / math.sqrt(0.2 + 1e-7)
    assert after_steps(spec("adadelta"), [2.0]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_decay_falls_on_kernels_only(name: str) -> None:
    net = model()
    nn.init.constant_(net[0].bias, 3.0)  # type: ignore[arg-type]  # as above
    optimizer = make_optimizer(net, spec(name, weight_decay=0.1))
    for group in optimizer.param_groups:
        group["lr"] = 0.1
    kernel = net[0].weight.detach().clone()
    for parameter in net.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert not torch.equal(net[0].weight, kernel)
    assert [float(value.detach()) for value in (net[0].bias, net[1].weight, net[1].bias)] == [3.0, 1.0, 0.0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_frozen_weights_are_left_out_and_known_options_accepted(name: str) -> None:
    net = model()
    net[1].requires_grad_(False)
    options = dict.fromkeys(OPTIMIZERS[name][1], 0.5)
    optimizer = make_optimizer(net, spec(name, **options))
    assert sum(len(group["params"]) for group in optimizer.param_groups) == 2


@pytest.mark.parametrize(
    ("name", "option"), [("adam", "momentum"), ("momentum", "beta1"), ("adadelta", "decay"), ("rmsprop", "rho")]
)
def test_a_wrong_option_is_named_with_the_right_ones(name: str, option: str) -> None:
    with pytest.raises(ValueError, match=f"optimizer_type={name} does not know {option}; it knows ") as refused:
        make_optimizer(model(), spec(name, **{option: 0.5}))
    assert all(known in str(refused.value) for known in OPTIMIZERS[name][1])
