"""Deriving what the user left out from the data and the machine, each value with its reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.dataset.rules import Checked
from boxwright.jobdir import Derived
from boxwright.spec.training import EvaluationSpec, ModelSpec, OptimizationSpec, TrainSpec
from boxwright.train import pyramid
from boxwright.train.machine import Machine
from boxwright.train.optimizer import OPTIMIZERS, check_options

STRIDE = 32
"""Sides of the network's input are multiples of this."""

LARGEST_ADAM_RATE = 0.01
"""Adam moves every weight by about the rate at each step, whatever the gradient; ten times its 0.001 is much."""


@dataclass(frozen=True)
class DataFacts:
    """What the settings depend on of the training and validation data.

    Attributes:
        pictures, validation_pictures: how many can be used.
        num_classes: that the data set states, or its largest label + 1.
        median_size: (height, width) of the training pictures in pixels.
        sides: float32 (N, 2), width and height of each training box in pixels of the stored picture.
        labels: int64 (N,), its class.
    """

    pictures: int
    validation_pictures: int
    num_classes: int
    median_size: tuple[int, int]
    sides: NDArray[np.float32]
    labels: NDArray[np.int64]


def data_facts(checked: Sequence[Checked], validation: Sequence[Checked], num_classes: int) -> DataFacts:
    """Collect the facts from checked samples."""
    usable = [sample for sample in checked if sample.usable]
    boxes = np.concatenate([sample.boxes for sample in usable])
    sizes = np.array([(sample.height, sample.width) for sample in usable])
    height, width = np.median(sizes, axis=0).astype(int).tolist()
    return DataFacts(
        pictures=len(usable),
        validation_pictures=sum(sample.usable for sample in validation),
        num_classes=num_classes,
        median_size=(height, width),
        sides=boxes[:, 2:] - boxes[:, :2],
        labels=np.concatenate([sample.labels for sample in usable]),
    )


@dataclass(frozen=True)
class Facts:
    """All that a rule may look at.

    Attributes:
        fits: pictures of a training step, evaluation included, that fit into memory with the settings so far.
        given: paths of the values that are not derived.
    """

    data: DataFacts
    machine: Machine
    fits: Callable[[TrainSpec], int]
    given: frozenset[str] = frozenset()

    def steps_an_epoch(self, spec: TrainSpec) -> int:
        """Steps of a pass over the training pictures."""
        return -(-self.data.pictures // spec.optimization.train_batch_size)


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


def _image_size(_: TrainSpec, facts: Facts) -> tuple[Any, str]:
    side = 320 if facts.machine.accelerator == "cpu" else 640
    height, width = facts.data.median_size
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


def _max_steps(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    epochs, each = spec.optimization.epochs, facts.steps_an_epoch(spec)
    if epochs:
        return epochs * each, f"{epochs} epoch{'s' if epochs > 1 else ''} of {each:,} steps"
    pictures, batch = facts.data.pictures, spec.optimization.train_batch_size
    seen = max(10_000, min(15_000 + 10 * pictures, 35 * pictures))
    return max(1, round(seen / batch)), f"{seen:,} views of {pictures:,} pictures"


def _drops(rates: OptimizationSpec) -> bool:
    """Whether the stepwise schedule is that of `drop_epochs`, if only of none."""
    return bool(rates.drop_epochs) or (rates.epochs > 0 and rates.learning_rate_decay_type == "stepwise")


def _drop_steps(spec: TrainSpec, facts: Facts) -> tuple[Any, str] | None:
    if not _drops(spec.optimization):
        return None
    each = facts.steps_an_epoch(spec)
    steps = tuple(epoch * each for epoch in spec.optimization.drop_epochs)
    return steps, f"after epochs of {each:,} steps" if steps else "no drops are asked for"


def _drop_levels(spec: TrainSpec, _: Facts) -> tuple[Any, str] | None:
    rates = spec.optimization
    if not _drops(rates):
        return None
    drops = range(1, len(rates.drop_epochs) + 1)
    levels = tuple(float(f"{rates.initial_learning_rate * rates.drop_factor**drop:.12g}") for drop in drops)
    return levels, f"each {rates.drop_factor:g} times the one before" if levels else "no drops are asked for"


def _warmup(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    steps = max(1, min(500, spec.optimization.max_steps // 12))
    return steps, "a twelfth of the run, at most the published 500"


def _decay(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    rates, published = spec.optimization, OptimizationSpec()
    if rates.drop_epochs:
        return "stepwise", "drops at epochs are given"
    for name in ("stepwise_learning_rate_steps", "stepwise_learning_rate_levels"):
        if getattr(rates, name) != getattr(published, name):
            return "stepwise", f"{name} is given"
    return "cosine", "needs no steps to be chosen"


def _optimizer(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    options = set(spec.optimization.optimizer_arguments)
    for name, (_make, known) in OPTIMIZERS.items():
        if options and options <= known:
            return name, "knows the given optimizer_arguments"
    rate = spec.optimization.initial_learning_rate
    if "optimization.initial_learning_rate" in facts.given and rate > LARGEST_ADAM_RATE:
        return "momentum", f"a learning rate of {rate:g} is one for momentum; adam's are {LARGEST_ADAM_RATE:g} at most"
    return "adam", "reaches the accuracy of momentum in fewer steps on small data sets"


def _rate(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    batch = spec.optimization.train_batch_size
    if spec.optimization.optimizer_type == "adam":
        return round(1e-3 * (batch / 16) ** 0.5, 6), f"0.001 for 16 pictures a step, by the root of {batch}/16"
    return round(0.08 * batch / 64, 6), f"the published 0.08 for 64 pictures a step, by {batch}/64"


def _warmup_rate(spec: TrainSpec, _: Facts) -> tuple[Any, str] | None:
    if not spec.optimization.warmup_steps:
        return None
    return round(spec.optimization.initial_learning_rate / 12, 8), "a twelfth of initial_learning_rate, as published"


def _steps_per_eval(spec: TrainSpec, facts: Facts) -> tuple[Any, str]:
    if spec.optimization.epochs:
        return facts.steps_an_epoch(spec), "one epoch"
    return max(1, -(-spec.optimization.max_steps // 10)), "ten evaluations in the run"


def _eval_batch(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    batch = min(EvaluationSpec().eval_batch_size, spec.optimization.train_batch_size)
    return batch, "no more than a training step, which keeps more in memory"


def _ema(spec: TrainSpec, _: Facts) -> tuple[Any, str]:
    decay = round(1 - 1 / max(10.0, min(1000.0, spec.optimization.max_steps / 20)), 4)
    return decay, "averages over about a twentieth of the run"


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
    "optimization.max_steps": _max_steps,
    "optimization.warmup_steps": _warmup,
    "optimization.optimizer_type": _optimizer,
    "optimization.initial_learning_rate": _rate,
    "optimization.warmup_learning_rate": _warmup_rate,
    "optimization.learning_rate_decay_type": _decay,
    "optimization.stepwise_learning_rate_steps": _drop_steps,
    "optimization.stepwise_learning_rate_levels": _drop_levels,
    "optimization.ema": _ema,
    "augmentation.aug_scale_min": fixed(0.8, "objects of a fifth less"),
    "augmentation.aug_scale_max": fixed(1.2, "objects of a fifth more"),
    "augmentation.aug_color": fixed(0.2, "light varies"),
    "evaluation.train_steps_per_eval": _steps_per_eval,
    "evaluation.eval_batch_size": _eval_batch,
}
"""Path in the spec to the rule that derives it, in order: a rule sees what the rules before it derived."""
