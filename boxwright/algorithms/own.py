"""What every detector here understands and measures beside what the managed services published."""

from boxwright.algorithms.argument import Argument

METRICS = (
    *("AP", "AP50", "AP75", "APs", "APm", "APl", "ARmax1", "ARmax10", "ARmax100", "ARs", "ARm", "ARl"),
    *("VOC07", "VOC12", "mAP", "localization_loss", "classification_loss", "validation_loss"),
)
"""Names of the numbers that evaluations write."""

DATA = (
    Argument("training_data_path", "data.training_data_path"),
    Argument("validation_data_path", "data.validation_data_path"),
    Argument("labels_file", "data.labels_file"),
    Argument("max_rejected_share", "data.max_rejected_share"),
    Argument("tile", "data.tile"),
    Argument("overlap", "data.overlap"),
)

STARTING_POINT = (
    Argument("pretrained_checkpoint_path", "model.pretrained_checkpoint_path"),
    Argument(
        "reinitialize_top_layer", "model.reinitialize_top_layer", choices={w: w for w in ("Auto", "True", "False")}
    ),
)

FREEZING = (
    Argument("freeze_batch_norm", "optimization.freeze_batch_norm"),
    Argument("frozen_stages", "optimization.frozen_stages"),
    Argument("freeze_layer_pattern", "optimization.freeze_layer_pattern"),
    Argument("train_only_on_top_layer", "optimization.train_only_on_top_layer"),
)

EPOCHS = (
    Argument("epochs", "optimization.epochs"),
    Argument("drop_epochs", "optimization.drop_epochs"),
    Argument("drop_factor", "optimization.drop_factor"),
)

SCHEDULE = (
    Argument("max_steps", "optimization.max_steps"),
    Argument("learning_rate_decay_type", "optimization.learning_rate_decay_type"),
    Argument("warmup_learning_rate", "optimization.warmup_learning_rate"),
    Argument("warmup_steps", "optimization.warmup_steps"),
    Argument("stepwise_learning_rate_steps", "optimization.stepwise_learning_rate_steps"),
    Argument("stepwise_learning_rate_levels", "optimization.stepwise_learning_rate_levels"),
    Argument("optimizer_arguments", "optimization.optimizer_arguments"),
    Argument("gradient_clip", "optimization.gradient_clip"),
    Argument("ema", "optimization.ema"),
)

POST_PROCESSING = (
    Argument("max_num_bboxes_in_training", "loss.max_num_bboxes_in_training"),
    Argument("max_num_bboxes_in_prediction", "model.max_num_bboxes_in_prediction"),
    Argument("nms_score_threshold", "model.nms_score_threshold"),
)

AUGMENTATION = (
    Argument("aug_rand_hflip", "augmentation.aug_rand_hflip"),
    Argument("aug_rand_vflip", "augmentation.aug_rand_vflip"),
    Argument("aug_scale_min", "augmentation.aug_scale_min"),
    Argument("aug_scale_max", "augmentation.aug_scale_max"),
    Argument("aug_color", "augmentation.aug_color"),
    Argument("auto_augmentation", "augmentation.auto_augmentation"),
)

SSD_AUGMENTATION = (
    Argument("aug_photometric", "augmentation.aug_photometric"),
    Argument("aug_expand_max", "augmentation.aug_expand_max"),
    Argument("aug_iou_crop", "augmentation.aug_iou_crop"),
)

EVALUATION = (
    Argument("num_eval_images", "evaluation.num_eval_images"),
    Argument("train_steps_per_eval", "evaluation.train_steps_per_eval"),
    Argument("eval_batch_size", "evaluation.eval_batch_size"),
    Argument("best_metric", "evaluation.best_metric"),
)

MACHINE = (
    Argument("seed", "machine.seed"),
    Argument("precision", "machine.precision"),
    Argument("accelerator", "machine.accelerator"),
    Argument("loader_workers", "machine.loader_workers"),
    Argument("keep_checkpoints", "machine.keep_checkpoints"),
)
