"""SageMaker's "Object Detection - TensorFlow": its hyper-parameters, and its catalogue of 13 published detectors."""

from collections.abc import Mapping
from typing import Any

from boxwright.algorithms import own
from boxwright.algorithms.argument import MODEL_ID, Algorithm, Argument, Values

SHARE = {"ge": 0, "le": 1}
COUNT = {"ge": 1}

PREFIX = "tensorflow-od1-ssd-"
DEFAULT_MODEL = f"{PREFIX}resnet50-v1-fpn-640x640-coco17-tpu-8"

FEW_EPOCHS, MORE_EPOCHS = 1, 5
"""Published defaults for large and small models; which are large is not published, see `_entry`."""

LARGE_SIDE = 768
"""Pixels from which a model counts as large here, as does any on ResNet-101 or ResNet-152."""

EFFICIENTDETS: Mapping[str, tuple[int, str, int, int, int]] = {
    "d0": (512, "8", 64, 3, 3),
    "d1": (640, "8", 88, 4, 3),
    "d2": (768, "8", 112, 5, 3),
    "d3": (896, "32", 160, 6, 4),
}
"""Side in pixels, last part of the id, channels and repeats of the pyramid, and convolutions of a head (Tan, Pang and
Le 2020, table 1)."""

OPTIMIZERS = {
    "adam": "adam",
    "sgd": "momentum",
    "nesterov": "nesterov",
    "rmsprop": "rmsprop",
    "adagrad": "adagrad",
    "adadelta": "adadelta",
}


def _entry(backbone: str, side: int, start: str, **model: Any) -> Values:
    """Values of one detector of the catalogue.

    Args:
        side: of the square input in pixels.
        start: the starting weights that are published for it.
        model: further fields of the model's spec.
    """
    large = side >= LARGE_SIDE or backbone in ("resnet101", "resnet152")
    fields = {"backbone": backbone, "image_size": (side, side), "pretrained_checkpoint_path": start, **model}
    named = {f"model.{name}": value for name, value in fields.items()}
    return {**named, "optimization.epochs": FEW_EPOCHS if large else MORE_EPOCHS}


def _catalogue() -> dict[str, Values]:
    entries: dict[str, Values] = {}
    for depth in (50, 101, 152):
        for side in (640, 1024):
            start = "coco" if depth == 50 else "imagenet"
            entries[f"resnet{depth}-v1-fpn-{side}x{side}-coco17-tpu-8"] = _entry(f"resnet{depth}", side, start)
    entries["mobilenet-v1-fpn-640x640-coco17-tpu-8"] = _entry("mobilenet_v1", 640, "none")
    for side in (320, 640):
        entries[f"mobilenet-v2-fpnlite-{side}x{side}-coco17-tpu-8"] = _entry(
            "mobilenet_v2", side, "imagenet", fpn_channels=128, separable_convs=True
        )
    for number, (kind, (side, last, channels, repeats, convs)) in enumerate(EFFICIENTDETS.items()):
        entries[f"efficientdet-{kind}-{side}x{side}-coco17-tpu-{last}"] = _entry(
            f"efficientnet_b{number}",
            side,
            "imagenet",
            fpn_type="bifpn",
            fpn_channels=channels,
            fpn_repeats=repeats,
            head_convs=convs,
            separable_convs=True,
        )
    return {PREFIX + name: values for name, values in entries.items()}


CATALOGUE = _catalogue()
"""The 13 detectors that can be fine-tuned, by `model_id`."""

SAGEMAKER_OBJECT_DETECTION_TENSORFLOW = Algorithm(
    name="sagemaker_object_detection_tensorflow",
    summary="Fine-tunes one of 13 published detectors for your classes, with SageMaker's hyper-parameters.",
    arguments=(
        *own.DATA,
        Argument("num_classes", "data.num_classes"),
        Argument("model_id", MODEL_ID, help="Detector to start from.", choices={name: name for name in CATALOGUE}),
        *own.STARTING_POINT,
        Argument("image_size", "model.image_size"),
        Argument("backbone", "model.backbone"),
        Argument("fpn_type", "model.fpn_type"),
        Argument("fpn_min_level", "model.fpn_min_level"),
        Argument("fpn_max_level", "model.fpn_max_level"),
        Argument("fpn_channels", "model.fpn_channels"),
        Argument("fpn_repeats", "model.fpn_repeats"),
        Argument("head_convs", "model.head_convs"),
        Argument("separable_convs", "model.separable_convs"),
        Argument("anchor_size", "model.anchor_size"),
        Argument("bbox_aspect_ratios", "model.bbox_aspect_ratios"),
        Argument("num_anchor_scales", "model.num_anchor_scales"),
        Argument("nms_iou_threshold", "model.nms_iou_threshold"),
        *own.POST_PROCESSING,
        Argument("focal_loss_alpha", "loss.focal_loss_alpha"),
        Argument("focal_loss_gamma", "loss.focal_loss_gamma"),
        Argument("detection_loss_weight", "loss.detection_loss_weight"),
        Argument("batch_size", "optimization.train_batch_size", tuning=(8, 512)),
        Argument("epochs", "optimization.epochs", limits=COUNT),
        Argument("optimizer", "optimization.optimizer_type", choices=OPTIMIZERS, tuning=tuple(OPTIMIZERS)),
        Argument("learning_rate", "optimization.initial_learning_rate", limits={"le": 1}, tuning=(1e-6, 0.5)),
        Argument("beta_1", "optimization.beta_1", tuning=(1e-6, 0.999)),
        Argument("beta_2", "optimization.beta_2", tuning=(1e-6, 0.999)),
        Argument("momentum", "optimization.momentum", tuning=(0, 0.999)),
        Argument("epsilon", "optimization.epsilon"),
        Argument("eps", "optimization.epsilon", help="Another name of epsilon.", tuning=(1e-8, 1)),
        Argument("rho", "optimization.rho"),
        Argument(
            "initial_accumulator_value", "optimization.initial_accumulator_value", limits=SHARE, tuning=(0, 0.999)
        ),
        Argument("regularizers_l2", "optimization.weight_decay", tuning=(0, 0.999)),
        *own.EPOCHS[1:],
        *own.SCHEDULE,
        *own.FREEZING[:-1],
        Argument("train_only_on_top_layer", "optimization.train_only_on_top_layer", tuning=("True", "False")),
        Argument(
            "train_only_top_layer",
            "optimization.train_only_on_top_layer",
            help="Another name of train_only_on_top_layer.",
        ),
        Argument("early_stopping", "evaluation.early_stopping"),
        Argument(
            "early_stopping_patience",
            "evaluation.early_stopping_patience",
            help="Stop after so many epochs without improvement.",
            limits=COUNT,
        ),
        Argument("early_stopping_min_delta", "evaluation.early_stopping_min_improvement"),
        Argument("early_stopping_min_evaluations", "evaluation.early_stopping_min_evaluations"),
        Argument("overlap_threshold", "evaluation.overlap_threshold"),
        *own.EVALUATION,
        *own.AUGMENTATION,
        *own.MACHINE,
    ),
    metrics=("localization_loss", *(name for name in own.METRICS if name != "localization_loss")),
    defaults={
        MODEL_ID: DEFAULT_MODEL,
        "model.fpn_channels": 256,
        "optimization.train_batch_size": 3,
        "optimization.initial_learning_rate": 0.001,
        "optimization.learning_rate_decay_type": "constant",
        "optimization.warmup_steps": 0,
        "optimization.optimizer_type": "adam",
        "optimization.beta_1": 0.9,
        "optimization.beta_2": 0.999,
        "optimization.momentum": 0.9,
        "optimization.epsilon": 1e-7,
        "optimization.rho": 0.95,
        "optimization.initial_accumulator_value": 0.1,
        "optimization.frozen_stages": 0,
        "evaluation.early_stopping": False,
        "evaluation.early_stopping_patience": 5,
        "evaluation.early_stopping_min_evaluations": 0,
        "evaluation.early_stopping_min_improvement": 0.0,
    },
    catalogue=CATALOGUE,
    metric_lines={
        "train": ("loss={loss:.6f}",),
        "evaluation": ("Val_localization={localization_loss:.6f}, Val_classification={classification_loss:.6f}",),
    },
    basic=("model_id", "epochs", "batch_size", "learning_rate", "optimizer", "train_only_on_top_layer"),
)
"""Source of names, defaults, ranges and metric lines: Amazon SageMaker Developer Guide, "Object Detection - TensorFlow
Hyperparameters", "Tune an Object Detection - TensorFlow model" and "TensorFlow Models"."""
