"""The managed service's "image object detection": RetinaNet, under the names of its published arguments."""

from boxwright.algorithms import own
from boxwright.algorithms.argument import Algorithm, Argument

DEPTHS = ("18", "34", "50", "101", "152", "200")


def _resnet(depth: str) -> str:
    if depth.strip() not in DEPTHS:
        raise ValueError(f"--resnet_depth must be one of {', '.join(DEPTHS)}, got {depth!r}")
    return f"resnet{depth.strip()}"


IMAGE_OBJECT_DETECTION = Algorithm(
    name="image_object_detection",
    summary="Finds objects of your classes in pictures and draws a box around each.",
    arguments=(
        Argument("training_data_path", "data.training_data_path"),
        Argument("validation_data_path", "data.validation_data_path"),
        Argument("num_classes", "data.num_classes"),
        Argument("labels_file", "data.labels_file"),
        Argument("max_rejected_share", "data.max_rejected_share"),
        Argument("max_steps", "optimization.max_steps"),
        Argument("train_batch_size", "optimization.train_batch_size"),
        Argument("num_eval_images", "evaluation.num_eval_images"),
        Argument("train_steps_per_eval", "evaluation.train_steps_per_eval"),
        Argument("eval_batch_size", "evaluation.eval_batch_size"),
        *own.STARTING_POINT,
        Argument("image_size", "model.image_size"),
        Argument("backbone", "model.backbone"),
        Argument(
            "resnet_depth",
            "model.backbone",
            _resnet,
            "Depth of a ResNet backbone: 18, 34, 50, 101, 152 or 200; 50 is short for backbone=resnet50.",
        ),
        Argument("fpn_type", "model.fpn_type"),
        Argument("fpn_repeats", "model.fpn_repeats"),
        Argument("fpn_min_level", "model.fpn_min_level"),
        Argument("fpn_max_level", "model.fpn_max_level"),
        Argument("fpn_channels", "model.fpn_channels"),
        Argument("head_convs", "model.head_convs"),
        Argument("separable_convs", "model.separable_convs"),
        Argument("anchor_size", "model.anchor_size"),
        Argument("bbox_aspect_ratios", "model.bbox_aspect_ratios"),
        Argument("num_anchor_scales", "model.num_anchor_scales"),
        Argument("max_num_bboxes_in_training", "loss.max_num_bboxes_in_training"),
        Argument("max_num_bboxes_in_prediction", "model.max_num_bboxes_in_prediction"),
        Argument("nms_iou_threshold", "model.nms_iou_threshold"),
        Argument("nms_score_threshold", "model.nms_score_threshold"),
        Argument("focal_loss_alpha", "loss.focal_loss_alpha"),
        Argument("focal_loss_gamma", "loss.focal_loss_gamma"),
        Argument("detection_loss_weight", "loss.detection_loss_weight"),
        Argument("huber_delta", "loss.huber_delta"),
        Argument("learning_rate_decay_type", "optimization.learning_rate_decay_type"),
        Argument("warmup_learning_rate", "optimization.warmup_learning_rate"),
        Argument("warmup_steps", "optimization.warmup_steps"),
        Argument("initial_learning_rate", "optimization.initial_learning_rate"),
        Argument("stepwise_learning_rate_steps", "optimization.stepwise_learning_rate_steps"),
        Argument("stepwise_learning_rate_levels", "optimization.stepwise_learning_rate_levels"),
        Argument("optimizer_type", "optimization.optimizer_type"),
        Argument("optimizer_arguments", "optimization.optimizer_arguments"),
        Argument("weight_decay", "optimization.weight_decay"),
        Argument("gradient_clip", "optimization.gradient_clip"),
        Argument("ema", "optimization.ema"),
        *own.EPOCHS,
        *own.FREEZING,
        Argument("aug_rand_hflip", "augmentation.aug_rand_hflip"),
        Argument("aug_rand_vflip", "augmentation.aug_rand_vflip"),
        Argument("aug_scale_min", "augmentation.aug_scale_min"),
        Argument("aug_scale_max", "augmentation.aug_scale_max"),
        Argument("aug_color", "augmentation.aug_color"),
        Argument("auto_augmentation", "augmentation.auto_augmentation"),
        Argument("early_stopping_patience", "evaluation.early_stopping_patience"),
        Argument("early_stopping_min_evaluations", "evaluation.early_stopping_min_evaluations"),
        Argument("early_stopping_min_improvement", "evaluation.early_stopping_min_improvement"),
        Argument("early_stopping_tolerance", "evaluation.early_stopping_tolerance"),
        Argument("best_metric", "evaluation.best_metric"),
        Argument("overlap_threshold", "evaluation.overlap_threshold"),
        Argument("seed", "machine.seed"),
        Argument("precision", "machine.precision"),
        Argument("accelerator", "machine.accelerator"),
        Argument("loader_workers", "machine.loader_workers"),
        Argument("keep_checkpoints", "machine.keep_checkpoints"),
    ),
    metrics=own.METRICS,
)
