"""Length, learning rate, optimizer and average of a run where the user left them out, each with its reason."""

from typing import Any

from boxwright.spec.training import OptimizationSpec, TrainSpec
from boxwright.train.facts import Facts
from boxwright.train.optimizer import OPTIMIZERS

LARGEST_ADAM_RATE = 0.01
"""Adam moves every weight by about the rate at each step, whatever the gradient; ten times its 0.001 is much."""


def max_steps(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    """Steps of the epochs that are asked for, or of enough views of the pictures."""
    epochs, each = spec.optimization.epochs, facts.steps_an_epoch(spec)
    if epochs:
        return epochs * each, f"{epochs} epoch{'s' if epochs > 1 else ''} of {each:,} steps"
    pictures, batch = facts.data.pictures, spec.optimization.train_batch_size
    seen = max(10_000, min(15_000 + 10 * pictures, 35 * pictures))
    return max(1, round(seen / batch)), f"{seen:,} views of {pictures:,} {'tiles' if spec.data.tile else 'pictures'}"


def _drops(rates: OptimizationSpec) -> bool:
    """Whether the stepwise schedule is that of `drop_epochs`, if only of none."""
    return bool(rates.drop_epochs) or (rates.epochs > 0 and rates.learning_rate_decay_type == "stepwise")


def drop_steps(spec: TrainSpec, facts: Facts) -> tuple[Any, str] | None:
    """Steps of the epochs after which the rate drops."""
    if not _drops(spec.optimization):
        return None
    each = facts.steps_an_epoch(spec)
    steps = tuple(epoch * each for epoch in spec.optimization.drop_epochs)
    return steps, f"after epochs of {each:,} steps" if steps else "no drops are asked for"


def drop_levels(spec: TrainSpec, _: Facts) -> tuple[Any, str] | None:
    """The rates that it drops to."""
    rates = spec.optimization
    if not _drops(rates):
        return None
    drops = range(1, len(rates.drop_epochs) + 1)
    levels = tuple(float(f"{rates.initial_learning_rate * rates.drop_factor**drop:.12g}") for drop in drops)
    return levels, f"each {rates.drop_factor:g} times the one before" if levels else "no drops are asked for"


def warmup(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    """Steps of the warm-up."""
    steps = max(1, min(500, spec.optimization.max_steps // 12))
    return steps, "a twelfth of the run, at most the published 500"


def decay(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    """The schedule after the warm-up."""
    rates, published = spec.optimization, OptimizationSpec()
    if rates.drop_epochs:
        return "stepwise", "drops at epochs are given"
    for name in ("stepwise_learning_rate_steps", "stepwise_learning_rate_levels"):
        if getattr(rates, name) != getattr(published, name):
            return "stepwise", f"{name} is given"
    return "cosine", "needs no steps to be chosen"


def optimizer(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    """The optimizer that fits what is given of its options and its rate."""
    options = set(spec.optimization.optimizer_arguments)
    for name, (_make, known) in OPTIMIZERS.items():
        if options and options <= known:
            return name, "knows the given optimizer_arguments"
    rate = spec.optimization.initial_learning_rate
    if "optimization.initial_learning_rate" in facts.given and rate > LARGEST_ADAM_RATE:
        return "momentum", f"a learning rate of {rate:g} is one for momentum; adam's are {LARGEST_ADAM_RATE:g} at most"
    return "adam", "reaches the accuracy of momentum in fewer steps on small data sets"


def rate(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    """The rate after the warm-up, for the size of a batch."""
    batch = spec.optimization.train_batch_size
    if spec.optimization.optimizer_type == "adam":
        return round(1e-3 * (batch / 16) ** 0.5, 6), f"0.001 for 16 pictures a step, by the root of {batch}/16"
    return round(0.08 * batch / 64, 6), f"the published 0.08 for 64 pictures a step, by {batch}/64"


def warmup_rate(spec: TrainSpec, _: Facts) -> tuple[Any, str] | None:
    """The rate at step 0."""
    if not spec.optimization.warmup_steps:
        return None
    return round(spec.optimization.initial_learning_rate / 12, 8), "a twelfth of initial_learning_rate, as published"


def ema(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    """Decay of the moving average, for the length of the run."""
    decay = round(1 - 1 / max(10.0, min(1000.0, spec.optimization.max_steps / 20)), 4)
    return decay, "averages over about a twentieth of the run"
