"""SageMaker's "Object Detection - MXNet": SSD under its published hyper-parameters, with their defaults and ranges."""

from boxwright.algorithms import own
from boxwright.algorithms.argument import Algorithm, Argument

SMALLEST = 300
"""Pixels of the smallest published image_shape."""

SHARE = {"gt": 0, "le": 1}
INSIDE = {"gt": 0, "lt": 1}
COUNT = {"ge": 1}

NETWORKS = {"vgg-16": "vgg16", "resnet-50": "resnet50"}
OPTIMIZERS = {"sgd": "momentum", "adam": "adam", "rmsprop": "rmsprop", "adadelta": "adadelta"}


def _square(side: str) -> str:
    text = side.strip()
    if not text.isdecimal() or int(text) < SMALLEST:
        raise ValueError(f"--image_shape must be a whole number of pixels >= {SMALLEST}, got {side!r}")
    return f"{text},{text}"


SAGEMAKER_OBJECT_DETECTION = Algorithm(
    name="sagemaker_object_detection",
    summary="SSD: finds objects of your classes in square pictures, with SageMaker's hyper-parameters.",
    arguments=(
        *own.DATA,
        Argument("num_classes", "data.num_classes", limits=COUNT),
        Argument("num_training_samples", "data.num_training_samples", limits=COUNT),
        Argument("label_width", "data.label_width", limits=COUNT),
        Argument("base_network", "model.backbone", choices=NETWORKS),
        Argument("backbone", "model.backbone"),
        Argument(
            "image_shape",
            "model.image_size",
            _square,
            "Side of the square input in pixels, 300 or more.",
            from_field=lambda size: str(size[0]),
            kind="INTEGER",
        ),
        Argument(
            "use_pretrained_model",
            "model.use_pretrained_model",
            help="1 starts from the base network's ImageNet weights, 0 from random ones.",
            choices={"1": "1", "0": "0"},
            from_field=lambda value: str(int(value)),
        ),
        *own.STARTING_POINT,
        Argument("epochs", "optimization.epochs", limits=COUNT),
        Argument("mini_batch_size", "optimization.train_batch_size", tuning=(8, 64)),
        Argument("learning_rate", "optimization.initial_learning_rate", limits=SHARE, tuning=(1e-6, 0.5)),
        Argument("lr_scheduler_step", "optimization.drop_epochs"),
        Argument("lr_scheduler_factor", "optimization.drop_factor"),
        Argument("optimizer", "optimization.optimizer_type", choices=OPTIMIZERS, tuning=tuple(OPTIMIZERS)),
        Argument("momentum", "optimization.momentum", tuning=(0, 0.999)),
        Argument("weight_decay", "optimization.weight_decay", limits={"lt": 1}, tuning=(0, 0.999)),
        *own.SCHEDULE,
        *own.FREEZING,
        Argument("early_stopping", "evaluation.early_stopping"),
        Argument(
            "early_stopping_min_epochs",
            "evaluation.early_stopping_min_evaluations",
            help="Epochs before early stopping may act, each with one evaluation.",
            limits=COUNT,
        ),
        Argument(
            "early_stopping_patience",
            "evaluation.early_stopping_patience",
            help="Stop after so many epochs without improvement.",
            limits=COUNT,
        ),
        Argument("early_stopping_tolerance", "evaluation.early_stopping_tolerance"),
        Argument("overlap_threshold", "evaluation.overlap_threshold"),
        *own.EVALUATION,
        Argument("nms_threshold", "model.nms_iou_threshold"),
        *own.POST_PROCESSING,
        Argument("hard_negative_ratio", "loss.hard_negative_ratio"),
        Argument("min_hard_negatives", "loss.min_hard_negatives"),
        Argument("multibox_loss_weight", "loss.multibox_loss_weight"),
        *own.AUGMENTATION,
        *own.SSD_AUGMENTATION,
        Argument("kv_store", "machine.kv_store"),
        *own.MACHINE,
    ),
    metrics=("mAP", *(name for name in own.METRICS if name != "mAP")),
    required=("training_data_path", "num_classes", "num_training_samples"),
    defaults={
        "model.architecture": "ssd",
        "model.backbone": "vgg16",
        "model.image_size": (300, 300),
        "model.nms_iou_threshold": 0.45,
        "model.nms_score_threshold": 0.01,
        "data.label_width": 350,
        "augmentation.aug_scale_min": 1.0,
        "augmentation.aug_scale_max": 1.0,
        "augmentation.aug_color": 0.0,
        "augmentation.aug_photometric": True,
        "augmentation.aug_expand_max": 4.0,
        "augmentation.aug_iou_crop": True,
        "optimization.epochs": 30,
        "optimization.train_batch_size": 32,
        "optimization.initial_learning_rate": 0.001,
        "optimization.learning_rate_decay_type": "stepwise",
        "optimization.warmup_steps": 0,
        "optimization.optimizer_type": "momentum",
        "optimization.momentum": 0.9,
        "optimization.weight_decay": 0.0005,
        "optimization.frozen_stages": 0,
        "evaluation.best_metric": "mAP",
        "evaluation.early_stopping": False,
        "evaluation.early_stopping_min_evaluations": 10,
        "evaluation.early_stopping_patience": 5,
        "evaluation.early_stopping_min_improvement": 0.0,
    },
    metric_lines={
        "train": (
            "#quality_metric: host=algo-1, epoch={epoch}, batch={step} train cross_entropy <loss>={class_loss:.6f}",
            "#quality_metric: host=algo-1, epoch={epoch}, batch={step} train smooth_l1 <loss>={box_loss:.6f}",
            "#throughput_metric: host=algo-1, train throughput={images_per_second:.3f} records/second",
        ),
        "evaluation": ("#quality_metric: host=algo-1, epoch={epoch}, validation mAP <score>=({mAP:.6f})",),
    },
    basic=(
        *("num_classes", "num_training_samples", "base_network", "image_shape", "epochs", "mini_batch_size"),
        *("learning_rate", "optimizer"),
    ),
)
"""Source of names, defaults, ranges and metric lines: Amazon SageMaker Developer Guide, "Object Detection
Hyperparameters" and "Tune an Object Detection Model", and the metric definitions of its training jobs."""
