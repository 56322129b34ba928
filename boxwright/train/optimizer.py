"""The published optimizers under their published argument names."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from boxwright.spec.training import OptimizationSpec

Groups = Iterable[dict[str, Any]]


def _momentum(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    momentum = options.get("momentum", 0.9)
    return torch.optim.SGD(groups, lr=0, momentum=momentum, nesterov=bool(options.get("use_nesterov", 0)))


def _nesterov(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=0, momentum=options.get("momentum", 0.9), nesterov=True)


def _adam(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    betas = (options.get("beta1", 0.9), options.get("beta2", 0.999))
    return torch.optim.AdamW(groups, lr=0, betas=betas, eps=options.get("epsilon", 1e-8))


def _adadelta(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    return torch.optim.Adadelta(groups, lr=0, rho=options.get("rho", 0.95), eps=options.get("epsilon", 1e-7))


def _adagrad(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    start = options.get("initial_accumulator_value", 0.1)
    return torch.optim.Adagrad(groups, lr=0, initial_accumulator_value=start, eps=options.get("epsilon", 1e-10))


def _rmsprop(groups: Groups, options: Mapping[str, float]) -> torch.optim.Optimizer:
    make = partial(torch.optim.RMSprop, groups, lr=0, alpha=options.get("decay", 0.9))
    return make(momentum=options.get("momentum", 0.0), eps=options.get("epsilon", 1e-3))


OPTIMIZERS: dict[str, tuple[Callable[[Groups, Mapping[str, float]], torch.optim.Optimizer], frozenset[str]]] = {
    "momentum": (_momentum, frozenset({"momentum", "use_nesterov"})),
    "nesterov": (_nesterov, frozenset({"momentum"})),
    "adam": (_adam, frozenset({"beta1", "beta2", "epsilon"})),
    "adadelta": (_adadelta, frozenset({"rho", "epsilon"})),
    "adagrad": (_adagrad, frozenset({"initial_accumulator_value", "epsilon"})),
    "rmsprop": (_rmsprop, frozenset({"decay", "momentum", "epsilon"})),
}
"""Name to constructor and the option names it knows; weight decay of adam is decoupled (AdamW)."""


FIELDS = {
    "momentum": {"momentum": "momentum"},
    "nesterov": {"momentum": "momentum"},
    "adam": {"beta1": "beta_1", "beta2": "beta_2", "epsilon": "epsilon"},
    "adadelta": {"rho": "rho", "epsilon": "epsilon"},
    "adagrad": {"initial_accumulator_value": "initial_accumulator_value", "epsilon": "epsilon"},
    "rmsprop": {"decay": "rho", "epsilon": "epsilon"},
}
"""Name to the options that a field of the spec gives as well, each with the name of that field."""


def options_of(spec: OptimizationSpec) -> dict[str, float]:
    """Options of the optimizer: `optimizer_arguments`, then the fields that say something; others do not concern it."""
    fields = {option: getattr(spec, name) for option, name in FIELDS[spec.optimizer_type].items()}
    return {**{option: value for option, value in fields.items() if value is not None}, **spec.optimizer_arguments}


def check_options(spec: OptimizationSpec) -> None:
    """Raises: ValueError: an option that the optimizer does not know."""
    _, known = OPTIMIZERS[spec.optimizer_type]
    unknown = sorted(set(spec.optimizer_arguments) - known)
    if unknown:
        raise ValueError(
            f"optimizer_type={spec.optimizer_type} does not know {', '.join(unknown)}; "
            f"it knows {', '.join(sorted(known))}"
        )


def make_optimizer(model: nn.Module, spec: OptimizationSpec) -> torch.optim.Optimizer:
    """Optimizer over what is trainable; the L2 penalty falls on convolution weights only.

    Raises:
        ValueError: an option that the optimizer does not know.
    """
    check_options(spec)
    make, _ = OPTIMIZERS[spec.optimizer_type]
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    kernels: list[Tensor] = [parameter for parameter in trainable if parameter.ndim > 1]
    others: list[Tensor] = [parameter for parameter in trainable if parameter.ndim <= 1]
    groups = [{"params": kernels, "weight_decay": spec.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return make(groups, options_of(spec))
