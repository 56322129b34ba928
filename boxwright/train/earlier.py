"""Training again from an earlier model's folder: its settings, its class map, and what becomes of its weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from boxwright import files
from boxwright.algorithms import Algorithm, Request
from boxwright.algorithms.argument import MODEL_ID
from boxwright.dataset.relabel import extended, relabelled
from boxwright.formats.sample import ClassName, Dataset
from boxwright.jobdir import Derived
from boxwright.modeldir import CARD, WEIGHTS, ModelCard, read_card
from boxwright.models.detector import Detector
from boxwright.models.weights import load_pretrained
from boxwright.spec.training import ModelSpec, TrainSpec

INHERITED = (
    *("backbone", "image_size", "fpn_type", "fpn_repeats", "fpn_min_level", "fpn_max_level", "fpn_channels"),
    *("head_convs", "separable_convs", "anchor_size", "bbox_aspect_ratios", "num_anchor_scales"),
)
"""Fields of the model that an earlier model decides where the user does not."""

INHERITED_OF_DATA = ("tile", "overlap")
"""Likewise of the data, where the earlier model was trained on tiles: its anchors are made for objects on those."""


def earlier_model(model: ModelSpec) -> ModelCard | None:
    """The card of the model that `pretrained_checkpoint_path` names by its folder or weights, None where it has none.

    Raises:
        ValueError: the card is not one of this version.
    """
    path = model.pretrained_checkpoint_path
    folder = path.removesuffix(WEIGHTS) if path.endswith(f"/{WEIGHTS}") else path
    named = path in ("imagenet", "coco", "none")
    return None if named or not files.is_file(files.join(folder, CARD)) else read_card(folder)


def inherit(request: Request, algorithm: Algorithm, card: ModelCard) -> tuple[TrainSpec, list[Derived]]:
    """A request with the earlier model's parts where the user named no others.

    Raises:
        ValueError: the user named another family or backbone; says both.
    """
    chosen, known = request.given, algorithm.names()
    if MODEL_ID in request.given:
        chosen |= frozenset(algorithm.catalogue[request.spec.model.model_id])
    derived = [
        Derived(name=f"model.{name}", value=getattr(card.spec.model, name), reason="as the model that is trained on")
        for name in INHERITED
        if f"model.{name}" not in chosen and f"model.{name}" in known
    ]
    model = request.spec.model.model_copy(update=_values(derived))
    _require_family(model, card)
    tiling = _inherited_tiling(request, card)
    data = request.spec.data.model_copy(update=_values(tiling))
    return request.spec.model_copy(update={"model": model, "data": data}), derived + tiling


def _inherited_tiling(request: Request, card: ModelCard) -> list[Derived]:
    if not card.spec.data.tile or "data.tile" in request.given:
        return []
    return [
        Derived(name=f"data.{name}", value=getattr(card.spec.data, name), reason="as the model that is trained on")
        for name in INHERITED_OF_DATA
        if f"data.{name}" not in request.given
    ]


def _values(derived: Sequence[Derived]) -> dict[str, Any]:
    return {one.name.partition(".")[2]: one.value for one in derived}


def _require_family(model: ModelSpec, card: ModelCard) -> None:
    earlier = card.spec.model
    if (model.architecture, model.backbone) == (earlier.architecture, earlier.backbone):
        return
    same = model.architecture == earlier.architecture
    way_out = f"name backbone={earlier.backbone} or none" if same else f"use its algorithm, {card.algorithm}"
    raise ValueError(
        f"pretrained_checkpoint_path must hold a model of the same family and backbone, got {earlier.architecture} on "
        f"{earlier.backbone} in {model.pretrained_checkpoint_path!r} for {model.architecture} on {model.backbone}; "
        f"{way_out}, or start from other weights"
    )


@dataclass(frozen=True)
class ClassMap:
    """The classes of a run beside those of an earlier model.

    Attributes:
        classes: of the run; empty where nothing states any.
        before: of the earlier model; empty where there is none.
        merged: whether the run's classes are the earlier model's and those that the data adds.
    """

    classes: tuple[ClassName, ...]
    before: tuple[ClassName, ...] = ()
    merged: bool = False

    def apply(self, dataset: Dataset, stated: tuple[ClassName, ...]) -> Dataset:
        """A data set under the classes of the run.

        Args:
            stated: classes that the data set has where it states none itself.
        """
        if not self.merged:
            return dataset
        return relabelled(replace(dataset, classes=dataset.classes or stated), self.classes)


def class_map(model: ModelSpec, card: ModelCard | None, data: Sequence[ClassName], num_classes: int) -> ClassMap:
    """The classes of a run on data of the given classes.

    Where the data shares a class name with the earlier model, or states no names, the model's classes are kept with
    their ids, and other names are added. Where it shares none, or the top layer starts afresh, the data's stand alone.

    Args:
        num_classes: that the user gave, or 0.

    Raises:
        ValueError: `num_classes` is not the number of the classes that come out.
    """
    names = {one.name for one in data}
    if card is None:
        return ClassMap(tuple(data))
    shared = names & {one.name for one in card.classes}
    if model.reinitialize_top_layer == "True" or (data and not shared):
        return ClassMap(tuple(data), card.classes)
    classes = extended(card.classes, data)
    if num_classes and (num_classes < len(classes) or (data and num_classes > len(classes))):
        raise ValueError(
            f"num_classes must be {len(classes)}, got {num_classes}: the earlier model's classes "
            f"({_names(card.classes)}) are kept, and the data's ({_names(data) or 'unnamed'}) added by name; give "
            f"num_classes={len(classes)}, or reinitialize_top_layer=True to learn the data's classes alone"
        )
    return ClassMap(classes, card.classes, merged=True)


def _names(classes: Sequence[ClassName]) -> str:
    return ", ".join(one.name for one in classes)


def load_weights(model: Detector, spec: ModelSpec, found: ClassMap, classes: Sequence[ClassName]) -> dict[str, Any]:
    """Set the starting weights of a run.

    Args:
        classes: of the run, one for each of the model's labels.

    Returns:
        what the event `weights` tells: the source, which tensors are reused, fresh and skipped, and, after an earlier
        model, which of its classes are kept and which are new.

    Raises:
        ValueError, OSError: see `boxwright.models.weights.load_pretrained`.
    """
    before, now = [one.name for one in found.before], [one.name for one in classes]
    loaded = load_pretrained(model, spec, (before, now) if before else None)
    values = {
        "source": loaded.source,
        "reused": list(loaded.loaded),
        "fresh": list(loaded.initialised),
        "skipped": list(loaded.skipped),
    }
    if not before:
        return values
    kept = [name for name in now if name in before and spec.reinitialize_top_layer != "True"]
    return {**values, "kept_classes": kept, "new_classes": [name for name in now if name not in kept]}
