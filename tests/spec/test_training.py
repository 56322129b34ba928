"""Tests of the spec of a training run."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from boxwright.spec.training import DataSpec, EvaluationSpec, ModelSpec, OptimizationSpec, TrainSpec

DATA = DataSpec(training_data_path="a", validation_data_path="b")


def knobs() -> Iterator[tuple[str, FieldInfo]]:
    for group, field in TrainSpec.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for name, inner in field.annotation.model_fields.items():
                yield f"{group}.{name}", inner


def test_json_round_trip() -> None:
    spec = TrainSpec(
        data=DATA,
        model=ModelSpec(image_size=(320, 448), bbox_aspect_ratios=(1.0, 3.0)),
        optimization=OptimizationSpec(optimizer_arguments={"momentum": 0.8}, stepwise_learning_rate_steps=(5, 9)),
        evaluation=EvaluationSpec(num_eval_images=7),
    )
    assert TrainSpec.model_validate_json(spec.model_dump_json()) == spec
    assert TrainSpec.model_validate(spec.model_dump()) == spec


def test_every_knob_has_help_and_says_whether_it_is_tuned() -> None:
    found = dict(knobs())
    assert len(found) > 50
    for path, field in found.items():
        assert field.description and field.description.endswith("."), path
        extra: Any = field.json_schema_extra
        assert set(extra) == {"unit", "scale", "derived"}, path


def test_no_name_stands_in_two_groups() -> None:
    names = [path.partition(".")[2] for path, _ in knobs()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("key", ["optimisation", "max_steps"])
def test_unknown_keys_are_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        TrainSpec.model_validate({"data": DATA, key: 1})


def test_frozen_all_the_way() -> None:
    spec = TrainSpec(data=DATA)
    for holder, name in ((spec, "algorithm"), (spec.model, "anchor_size"), (spec.optimization, "max_steps")):
        with pytest.raises(ValidationError, match="frozen"):
            setattr(holder, name, getattr(holder, name))


@pytest.mark.parametrize(
    ("group", "values", "said"),
    [
        ("model", {"fpn_min_level": 5, "fpn_max_level": 5}, "fpn_min_level must be below fpn_max_level, got 5"),
        ("model", {"fpn_type": "nasfpn", "fpn_min_level": 4}, "must be 3 and fpn_max_level 7, got 4 and 7"),
        ("model", {"backbone": "vgg19"}, "resnet18"),
        ("model", {"backbone": "vgg16"}, "backbone=vgg16 fits architecture=ssd only"),
        ("augmentation", {"aug_expand_max": 0.5}, "greater than or equal to 1"),
        ("loss", {"hard_negative_ratio": 0}, "greater than 0"),
        ("model", {"bbox_aspect_ratios": ()}, "at least 1 item"),
        ("optimization", {"stepwise_learning_rate_steps": (9, 5)}, "must increase, got (9, 5)"),
        ("optimization", {"stepwise_learning_rate_steps": (9,)}, "must have the same length, got 1 and 2"),
        ("optimization", {"max_steps": 0}, "greater than or equal to 1"),
        ("machine", {"seed": 2**32}, "less than or equal to 4294967295"),
        ("augmentation", {"aug_scale_min": 1.1}, "less than or equal to 1"),
    ],
)
def test_impossible_values_are_refused(group: str, values: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TrainSpec.model_validate({"data": DATA, group: values})
    assert said in str(refused.value)
