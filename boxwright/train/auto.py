"""Deriving what the user left out from the data and the machine, each value with its reason."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from boxwright.jobdir import Derived
from boxwright.spec.training import EvaluationSpec, ModelSpec, TrainSpec
from boxwright.train import pyramid, rates
from boxwright.train.facts import Facts
from boxwright.train.optimizer import check_options

STRIDE = 32
"""Sides of the network's input are multiples of this."""

LARGEST_SIDE = 640
"""Of the network's input, as published; larger inputs are for the user to ask for."""

Rule = Callable[[TrainSpec, Facts], tuple[Any, str] | None]
"""Gives a value and its reason, or None where it has nothing to say: then the published default holds."""


def derive(spec: TrainSpec, given: frozenset[str], facts: Facts) -> tuple[TrainSpec, tuple[Derived, ...]]:
    """Replace each value that the user did not give by a derived one.

    Args:
        spec: with the user's values, and published defaults elsewhere.
        given: paths, such as "optimization.max_steps", of the user's values.

    Returns:
        the complete spec, and the derived values with their reasons in the order of derivation.

    Raises:
        ValueError: given values that do not fit the data.
    """
    derived = []
    facts = replace(facts, given=given)
    for path, rule in RULES.items():
        if path in given:
            continue
        found = rule(spec, facts)
        if found is None:
            continue
        value, reason = found
        group, _, name = path.partition(".")
        changed = getattr(spec, group).model_copy(update={name: value})
        spec = spec.model_copy(update={group: changed})
        derived.append(Derived(name=path, value=value, reason=reason))
    spec = TrainSpec.model_validate(spec.model_dump())
    _check(spec)
    return spec, tuple(derived)


def _check(spec: TrainSpec) -> None:
    warmup, steps = spec.optimization.warmup_steps, spec.optimization.max_steps
    if warmup > steps:
        raise ValueError(f"warmup_steps must not exceed max_steps, got {warmup} > {steps}")
    check_options(spec.optimization)


def _num_classes(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    return facts.data.num_classes, "classes of the training data"


def _accelerator(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    return facts.machine.accelerator, facts.machine.name


def _precision(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    if facts.machine.bfloat16:
        return "bfloat16", "the processor computes bfloat16 in hardware"
    return "float32", "the processor has no fast bfloat16"


def _start(spec: TrainSpec, _: Facts) -> tuple[Any, str] | None:
    return None if spec.model.use_pretrained_model else ("none", "use_pretrained_model is off")


def _backbone(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    if facts.machine.accelerator == "cpu":
        return "efficientnet_lite0", "made for processors without an accelerator"
    return "efficientnet_lite0", "its weights come with the installation; name backbone=resnet50 for a larger one"


def _image_size(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    height, width = facts.data.median_size
    if spec.data.tile:
        # Shrinking tiles would undo what they are for; ever larger ones belong to accelerators with much memory.
        scale = min(LARGEST_SIDE / max(height, width), 1.0)
        size = tuple(max(2, math.ceil(length * scale / STRIDE - 1e-6)) * STRIDE for length in (height, width))
        return size, f"the median tile, {height} x {width}, not shrunk below {LARGEST_SIDE} pixels"
    side = 320 if facts.machine.accelerator == "cpu" else LARGEST_SIDE
    # No larger than twice the pictures: enlarging further adds work and no detail.
    scale = min((side * side / (height * width)) ** 0.5, 2.0)
    size = tuple(max(2, round(length * scale / STRIDE)) * STRIDE for length in (height, width))
    return size, f"about {side} x {side} pixels in the shape of the median picture, {height} x {width}"


def _scale(spec: TrainSpec, facts: Facts) -> float:
    (height, width), size = facts.data.median_size, spec.model.image_size
    return min(size[0] / height, size[1] / width)


def _anchor_size(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    sides = np.sqrt(facts.data.sides.prod(1)) * _scale(spec, facts)
    smallest = min(
        float(np.percentile(sides[facts.data.labels == label], 10)) for label in np.unique(facts.data.labels)
    )
    base = round(min(4.0, max(1.5, smallest / 2**spec.model.fpn_min_level)), 2)
    return base, f"the class of the smallest objects begins at {smallest:.0f} px on the input"


def _ratios(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    logs = np.abs(np.log2(facts.data.sides[:, 0] / facts.data.sides[:, 1]))
    spread = float(np.percentile(logs, 95))
    reason = f"95 % of the boxes are within 1:{2**spread:.1f}"
    if spread <= 1.0:
        return (1.0,), reason
    return ((1.0, 2.0, 0.5), reason) if spread <= 2.0 else ((1.0, 2.0, 0.5, 4.0, 0.25), reason)


def _frozen_stages(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    if spec.model.pretrained_checkpoint_path == "none":
        return 0, "nothing is pretrained"
    if spec.model.backbone.startswith("resnet"):
        return 2, "stem and first stage, as the managed service froze them"
    return 1, "the first filters are the same for all pictures"


def _freeze_batch_norm(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    if spec.model.pretrained_checkpoint_path == "none":
        return False, "nothing is pretrained"
    return True, "statistics of few pictures are worse than the pretrained ones"


def _batch(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    fits = facts.fits(spec)
    wanted = 16 if facts.machine.accelerator == "cpu" else 32
    wanted = min(wanted, max(2, facts.data.pictures // 4))
    if fits >= wanted:
        return wanted, f"{fits} would fit into memory, evaluation included"
    return max(1, fits), "what fits into memory, evaluation included"


def _steps_per_eval(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    if spec.optimization.epochs:
        return facts.steps_an_epoch(spec), "one epoch"
    return max(1, -(-spec.optimization.max_steps // 10)), "ten evaluations in the run"


def _eval_batch(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    batch = min(EvaluationSpec().eval_batch_size, spec.optimization.train_batch_size)
    return batch, "no more than a training step, which keeps more in memory"


def _workers(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    return max(1, min(8, facts.machine.cores // 2)), f"of {facts.machine.cores} cores"


def _of_model(rule: Callable[[ModelSpec], tuple[Any, str]]) -> Rule:
    return _of_pyramid(lambda spec, _facts: rule(spec.model))


def _of_pyramid(rule: Rule) -> Rule:
    """A rule that has nothing to say of detectors without a pyramid."""
    return lambda spec, facts: rule(spec, facts) if spec.model.architecture == "retinanet" else None


def fixed(value: Any, reason: str) -> Rule:
    """A rule that gives the same value for all data."""
    return lambda _spec, _facts: (value, reason)


RULES: dict[str, Rule] = {
    "data.num_classes": _num_classes,
    "machine.accelerator": _accelerator,
    "machine.precision": _precision,
    "machine.loader_workers": _workers,
    "model.pretrained_checkpoint_path": _start,
    "model.backbone": _backbone,
    "model.image_size": _image_size,
    "model.fpn_channels": _of_model(pyramid.channels),
    "model.fpn_repeats": _of_model(pyramid.repeats),
    "model.head_convs": _of_model(pyramid.head_convs),
    "model.separable_convs": _of_model(pyramid.separable_convs),
    "model.anchor_size": _of_pyramid(_anchor_size),
    "model.bbox_aspect_ratios": _of_pyramid(_ratios),
    "optimization.freeze_batch_norm": _freeze_batch_norm,
    "optimization.frozen_stages": _frozen_stages,
    "optimization.train_batch_size": _batch,
    "optimization.max_steps": rates.max_steps,
    "optimization.warmup_steps": rates.warmup,
    "optimization.optimizer_type": rates.optimizer,
    "optimization.initial_learning_rate": rates.rate,
    "optimization.warmup_learning_rate": rates.warmup_rate,
    "optimization.learning_rate_decay_type": rates.decay,
    "optimization.stepwise_learning_rate_steps": rates.drop_steps,
    "optimization.stepwise_learning_rate_levels": rates.drop_levels,
    "optimization.ema": rates.ema,
    "augmentation.aug_scale_min": fixed(0.8, "objects of a fifth less"),
    "augmentation.aug_scale_max": fixed(1.2, "objects of a fifth more"),
    "augmentation.aug_color": fixed(0.2, "light varies"),
    "evaluation.train_steps_per_eval": _steps_per_eval,
    "evaluation.eval_batch_size": _eval_batch,
}
"""Path in the spec to the rule that derives it, in order: a rule sees what the rules before it derived."""
