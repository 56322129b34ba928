"""The learning rate of each step."""

import math

from boxwright.spec.training import OptimizationSpec


def learning_rate(step: int, spec: OptimizationSpec) -> float:
    """Linear warm-up, then cosine, stepwise or constant; the first two as the managed service's implementation.

    Args:
        step: 0-based.
    """
    if step < spec.warmup_steps:
        share = step / spec.warmup_steps
        return spec.warmup_learning_rate + share * (spec.initial_learning_rate - spec.warmup_learning_rate)
    if spec.learning_rate_decay_type == "cosine":
        share = (step - spec.warmup_steps) / max(1, spec.max_steps - spec.warmup_steps)
        return spec.initial_learning_rate * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
    rate = spec.initial_learning_rate
    if spec.learning_rate_decay_type == "constant":
        return rate
    for start, level in zip(spec.stepwise_learning_rate_steps, spec.stepwise_learning_rate_levels, strict=True):
        if step >= start:
            rate = level
    return rate
