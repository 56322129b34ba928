"""Which parts of a detector are trained, and which keep their weights and batch-norm statistics."""

import re
from collections.abc import Collection

from torch import nn

from boxwright.models.detector import Detector
from boxwright.spec.training import OptimizationSpec

HEADS = ("class_head.", "box_head.")
"""How the names of the weights begin that predict classes and boxes, in every family of detectors."""

EXAMPLES = 3
"""Names that an error shows."""


def training_mode(model: Detector, spec: OptimizationSpec) -> None:
    """Put a model in training mode but for what the spec freezes.

    A frozen batch norm keeps its statistics; other frozen parts get no gradient either, and a batch norm of which all
    weights are frozen keeps its statistics too.

    Raises:
        ValueError: `freeze_layer_pattern` fits no name, or nothing would be left to train.
    """
    model.train()
    if spec.freeze_batch_norm:
        _fix_statistics(model.backbone)
    for stage in model.backbone.stages()[: spec.frozen_stages]:  # type: ignore[operator]  # nn.Module hides the type
        for module in stage:
            module.eval()
            module.requires_grad_(False)
    _freeze(model, _frozen_names(model, spec))
    if not any(parameter.requires_grad for parameter in model.parameters()):
        raise ValueError(
            f"freeze_layer_pattern={spec.freeze_layer_pattern!r} freezes every one of the "
            f"{len(list(model.parameters()))} weights; leave something to train, such as the heads"
        )


def frozen_among(model: Detector, names: Collection[str]) -> list[str]:
    """Those of the named weights that are not trained. Of random ones it is mostly a mistake to freeze them."""
    return [name for name, weight in model.named_parameters() if name in names and not weight.requires_grad]


def _fix_statistics(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.eval()


def layer_names(model: Detector) -> dict[str, tuple[str, ...]]:
    """The names by which a pattern may mean each weight: its own, and for a backbone's that of its stage.

    The stages are `conv1` (the stem, or VGG's first block), `conv2` and so on, as the papers and MXNet's networks call
    them: `backbone.layer1.0.conv1.weight` of a ResNet is `conv2_layer1_0_conv1_weight` as well.
    """
    names: dict[str, tuple[str, ...]] = {name: (name,) for name, _ in model.named_parameters()}
    own = {parameter: name for name, parameter in model.named_parameters()}
    stages = model.backbone.stages()  # type: ignore[operator]  # as above
    for number, stage in enumerate(stages, 1):
        for module in stage:
            for parameter in module.parameters():
                name = own[parameter]
                rest = name.removeprefix("backbone.").replace(".", "_")
                names[name] = (name, f"conv{number}_{rest}")
    return names


def _frozen_names(model: Detector, spec: OptimizationSpec) -> set[str]:
    names = layer_names(model)
    frozen = {name for name in names if spec.train_only_on_top_layer and not name.startswith(HEADS)}
    if not spec.freeze_layer_pattern:
        return frozen
    pattern = re.compile(spec.freeze_layer_pattern)
    fitting = {name for name, known in names.items() if any(pattern.match(one) for one in known)}
    if not fitting:
        shown = ", ".join(known[-1] for known in list(names.values())[:EXAMPLES])
        raise ValueError(
            f"freeze_layer_pattern must fit the beginning of a name, got {spec.freeze_layer_pattern!r}, which fits "
            f"none of {len(names)}, such as {shown} or {list(names)[-1]}"
        )
    return frozen | fitting


def _freeze(model: Detector, frozen: set[str]) -> None:
    for prefix, module in model.named_modules():
        weights = [f"{prefix}.{name}".lstrip(".") for name, _ in module.named_parameters(recurse=False)]
        for name, parameter in zip(weights, module.parameters(recurse=False), strict=True):
            if name in frozen:
                parameter.requires_grad_(False)
        if isinstance(module, nn.BatchNorm2d) and weights and frozen.issuperset(weights):
            module.eval()
