"""Tests that every published argument is there with its published default."""

import pytest

from boxwright.algorithms import ALGORITHMS, parse
from boxwright.spec.training import TrainSpec

DETECTION = ALGORITHMS["image_object_detection"]
BY_NAME = {argument.name: argument for argument in DETECTION.arguments}

REQUIRED = object()
PUBLISHED: dict[str, object] = {
    "training_data_path": REQUIRED,
    "validation_data_path": "",
    "pretrained_checkpoint_path": "imagenet",
    "num_classes": 0,
    "max_steps": 22500,
    "train_batch_size": 32,
    "num_eval_images": 0,
    "train_steps_per_eval": 1000,
    "eval_batch_size": 8,
    "image_size": (640, 640),
    "resnet_depth": "resnet50",
    "fpn_type": "fpn",
    "fpn_min_level": 3,
    "fpn_max_level": 7,
    "anchor_size": 4.0,
    "bbox_aspect_ratios": (1.0, 2.0, 0.5),
    "max_num_bboxes_in_training": 100,
    "max_num_bboxes_in_prediction": 100,
    "nms_iou_threshold": 0.5,
    "nms_score_threshold": 0.05,
    "focal_loss_alpha": 0.25,
    "focal_loss_gamma": 1.5,
    "detection_loss_weight": 50.0,
    "learning_rate_decay_type": "stepwise",
    "warmup_learning_rate": 0.0067,
    "warmup_steps": 500,
    "initial_learning_rate": 0.08,
    "stepwise_learning_rate_steps": (15000, 20000),
    "stepwise_learning_rate_levels": (0.008, 0.0008),
    "optimizer_type": "momentum",
    "optimizer_arguments": {},
    "aug_rand_hflip": True,
    "aug_scale_min": 1.0,
    "aug_scale_max": 1.0,
    "auto_augmentation": False,
}
"""The managed service's arguments: its documented default (train_batch_size), else that of its open implementation.

`num_classes`, `max_steps` and weights had to be named there; here they are derived where they are left out.
"""

OURS = {"backbone", "precision", "seed", "ema", "accelerator"} | {
    f"early_stopping_{name}" for name in ("patience", "min_evaluations", "min_improvement")
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_argument_with_its_default(name: str) -> None:
    field = BY_NAME[name].field
    assert field.is_required() if PUBLISHED[name] is REQUIRED else field.default == PUBLISHED[name]


def test_our_own_arguments() -> None:
    assert BY_NAME.keys() >= OURS


def test_names_are_used_once_and_every_knob_can_be_named() -> None:
    assert len(BY_NAME) == len(DETECTION.arguments)
    paths = {argument.path for algorithm in ALGORITHMS.values() for argument in algorithm.arguments}
    spec = TrainSpec.model_validate({"data": {"training_data_path": "a", "validation_data_path": "b"}})
    knobs = {f"{group}.{name}" for group, values in spec if group != "algorithm" for name in type(values).model_fields}
    assert knobs - paths == {"model.architecture"}


def test_full_scale_published_example() -> None:
    """The service's own example for COCO, word for word."""
    spec = parse(
        DETECTION,
        {
            "training_data_path": "gs://bucket/coco/train*",
            "validation_data_path": "gs://bucket/coco/val*",
            "num_classes": "91",
            "max_steps": "90000",
            "train_batch_size": "64",
            "num_eval_images": "5000",
            "initial_learning_rate": "0.08",
            "learning_rate_decay_type": "stepwise",
            "stepwise_learning_rate_levels": "0.008,0.0008",
            "stepwise_learning_rate_steps": "60000,80000",
            "warmup_steps": "1733",
            "warmup_learning_rate": "0.0067",
            "aug_scale_min": "0.8",
            "aug_scale_max": "1.2",
            "fpn_type": "fpn",
            "resnet_depth": "50",
            "image_size": "640,640",
            "optimizer_type": "momentum",
            "optimizer_arguments": "momentum=0.9",
            "aug_rand_hflip": "True",
        },
    ).spec
    assert spec.optimization.stepwise_learning_rate_steps == (60000, 80000)
    assert spec.optimization.optimizer_arguments == {"momentum": 0.9}
    assert spec.model.backbone == "resnet50"
    assert spec.data.num_classes == 91
