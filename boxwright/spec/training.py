"""What one training run is: a frozen value, written beside its results, from which the run can be repeated.

Defaults are the published ones of the managed service, or where it published none those of its open implementation.
A field that the user leaves out may be derived from the data and the machine (`boxwright.train.auto`); the spec that
is written beside the results holds the derived values.
"""

import re
from typing import Literal, Self

from pydantic import field_validator, model_validator

from boxwright.spec.knob import Floats, Frozen, Ints, Options, Size, knob

Backbone = Literal[
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnet200",
    "vgg16",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "mobilenet_v1",
    "mobilenet_v2",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "efficientnet_b3",
]

SMALLEST_TILE = 32
"""Pixels; the coarsest map that detectors look at has one cell for so many."""


def _joined(values: tuple[int, ...]) -> str:
    return ", ".join(map(str, values))


class DataSpec(Frozen):
    """Where the labelled pictures are."""

    training_data_path: str = knob(..., "Training data: TFRecord file, wildcard, or any other labelled data set.")
    validation_data_path: str = knob(
        "",
        "Validation data, in any of the same formats; where left out, the training data's own validation split, or a "
        "fifth of its pictures.",
    )
    num_classes: int = knob(
        0, "Number of classes, background not counted; labels lie in 1..num_classes.", ge=0, derived=True
    )
    labels_file: str = knob("", "Text file with one class name a line, for formats that state no names.")
    max_rejected_share: float = knob(0.1, "Stop when more than this share of boxes is rejected.", ge=0, le=1)
    num_training_samples: int = knob(
        0, "Number of training pictures, which must be that of the data; 0 leaves it open.", unit="images", ge=0
    )
    label_width: int = knob(
        0, "Numbers that the longest label may have, 5 an object and 2 more; 0 is without limit.", ge=0
    )
    tile: int = knob(
        0,
        "Side of the square tiles that pictures are cut into in training, evaluation and prediction, for objects that "
        "are small in large pictures; 0 leaves them whole.",
        unit="px",
        ge=0,
    )
    overlap: float = knob(
        0.2, "Share of a tile's side that it has in common with the next one.", scale="linear", ge=0, le=0.9
    )

    @field_validator("tile")
    @classmethod
    def _tile_has_room(cls, value: int) -> int:
        if 0 < value < SMALLEST_TILE:
            raise ValueError(f"must be 0, for whole pictures, or at least {SMALLEST_TILE} px, got {value}")
        return value


class ModelSpec(Frozen):
    """The detector."""

    architecture: Literal["retinanet", "ssd"] = knob("retinanet", "Detector family.")
    backbone: Backbone = knob("resnet50", "Feature extractor.", derived=True)
    pretrained_checkpoint_path: str = knob(
        "imagenet",
        "Starting weights: 'imagenet' for the backbone's published ones, 'coco' for the detector's, 'none', or a file "
        "or model folder.",
    )
    use_pretrained_model: bool = knob(
        True, "Whether published weights are started from; 0 is short for pretrained_checkpoint_path=none."
    )
    model_id: str = knob("", "Entry of the algorithm's catalogue that the model's other values come from.")
    reinitialize_top_layer: Literal["Auto", "True", "False"] = knob(
        "Auto",
        "Whether the layers that predict classes and boxes start afresh; Auto keeps what fits, class by class name.",
    )
    image_size: Size = knob((640, 640), "Network input as height,width.", unit="px", derived=True)
    fpn_type: Literal["fpn", "nasfpn", "bifpn"] = knob("fpn", "Feature pyramid.")
    fpn_repeats: int = knob(
        5, "Cells of a nasfpn or bifpn, one after the other; a fpn has none.", ge=1, le=12, derived=True
    )
    fpn_min_level: int = knob(3, "Finest pyramid level; its stride is 2^level.", ge=2, le=5)
    fpn_max_level: int = knob(7, "Coarsest pyramid level.", ge=4, le=8)
    fpn_channels: int = knob(256, "Channels of the pyramid and of the heads.", ge=16, le=512, derived=True)
    head_convs: int = knob(4, "Convolutions in each head's tower.", ge=1, le=8, derived=True)
    separable_convs: bool = knob(
        False, "Depthwise-separable convolutions in pyramid and heads, as FPNLite and EfficientDet have.", derived=True
    )
    anchor_size: float = knob(4.0, "Side of the base anchor as a multiple of its level's stride.", gt=0, derived=True)
    bbox_aspect_ratios: Floats = knob((1.0, 2.0, 0.5), "Anchor width / height ratios.", min_length=1, derived=True)
    num_anchor_scales: int = knob(3, "Anchor sizes a level, spaced evenly within an octave.", ge=1, le=8)
    max_num_bboxes_in_prediction: int = knob(100, "Most boxes returned for a picture.", ge=1, le=1000)
    nms_iou_threshold: float = knob(0.5, "Boxes of a class that overlap a better one by more are dropped.", gt=0, lt=1)
    nms_score_threshold: float = knob(0.05, "Weaker boxes are dropped.", ge=0, lt=1)


class LossSpec(Frozen):
    """What training minimises."""

    focal_loss_alpha: float = knob(0.25, "Weight of objects against background.", scale="linear", gt=0, lt=1)
    focal_loss_gamma: float = knob(1.5, "How strongly easy examples are discounted.", scale="linear", ge=0)
    detection_loss_weight: float = knob(50.0, "Weight of the box loss.", scale="log", ge=0)
    huber_delta: float = knob(0.1, "Box error at which the Huber loss turns linear.", gt=0)
    hard_negative_ratio: float = knob(
        3.0, "Background boxes that count in SSD's loss for each box of an object, those of the largest loss.", gt=0
    )
    min_hard_negatives: int = knob(
        0, "Background boxes that count in SSD's loss in any picture, also one without objects.", ge=0
    )
    multibox_loss_weight: float = knob(1.0, "Weight of SSD's box loss.", scale="log", ge=0)
    max_num_bboxes_in_training: int = knob(100, "Most labelled boxes used of one picture.", ge=1)


class AugmentationSpec(Frozen):
    """Random changes of the training pictures."""

    aug_rand_hflip: bool = knob(True, "Flip half of the pictures left to right.")
    aug_rand_vflip: bool = knob(False, "Flip half of the pictures upside down.")
    aug_scale_min: float = knob(1.0, "Smallest random scale.", scale="linear", gt=0, le=1, derived=True)
    aug_scale_max: float = knob(1.0, "Largest random scale.", scale="linear", ge=1, derived=True)
    aug_color: float = knob(0.0, "Strength of random brightness, contrast and saturation.", ge=0, le=1, derived=True)
    auto_augmentation: bool = knob(False, "Apply the published AutoAugment detection policy v0.")
    aug_photometric: bool = knob(False, "Distort brightness, contrast, saturation and hue as SSD does.")
    aug_expand_max: float = knob(1.0, "Put half of the pictures on a canvas up to so many times as wide.", ge=1, le=8)
    aug_iou_crop: bool = knob(False, "Cut out a part that overlaps some object by a random IoU, as SSD does.")


class OptimizationSpec(Frozen):
    """How the weights move."""

    train_batch_size: int = knob(32, "Pictures a step.", unit="images", scale="log", ge=1, derived=True)
    epochs: int = knob(0, "Passes over the training pictures, which give max_steps; 0 counts in steps.", ge=0)
    max_steps: int = knob(22500, "Training steps.", unit="steps", ge=1, derived=True)
    warmup_steps: int = knob(500, "Steps of the linear warm-up.", unit="steps", ge=0, derived=True)
    warmup_learning_rate: float = knob(0.0067, "Learning rate at step 0.", scale="log", ge=0, derived=True)
    initial_learning_rate: float = knob(0.08, "Learning rate after the warm-up.", scale="log", gt=0, derived=True)
    learning_rate_decay_type: Literal["cosine", "stepwise", "constant"] = knob(
        "stepwise", "Schedule after the warm-up.", derived=True
    )
    stepwise_learning_rate_steps: Ints = knob((15000, 20000), "Steps at which a stepwise rate changes.", unit="steps")
    stepwise_learning_rate_levels: Floats = knob((0.008, 0.0008), "The rates it changes to.")
    drop_epochs: Ints = knob((), "Epochs after which the learning rate drops, such as '10, 20'.", unit="epochs")
    drop_factor: float = knob(0.1, "By which the rate is multiplied at each drop.", scale="linear", gt=0, lt=1)
    optimizer_type: Literal["momentum", "nesterov", "adam", "adadelta", "adagrad", "rmsprop"] = knob(
        "momentum", "Optimizer.", derived=True
    )
    optimizer_arguments: Options = knob({}, "Its options, such as 'beta1=0.9,beta2=0.999'.")
    momentum: float | None = knob(None, "Momentum, for momentum and nesterov.", scale="linear", ge=0, le=1)
    beta_1: float | None = knob(None, "Decay of adam's mean gradient.", scale="reverse_log", ge=0, lt=1)
    beta_2: float | None = knob(None, "Decay of adam's mean squared gradient.", scale="reverse_log", ge=0, lt=1)
    epsilon: float | None = knob(
        None, "Keeps adam, adadelta, adagrad and rmsprop from dividing by 0.", scale="log", gt=0, le=1
    )
    rho: float | None = knob(None, "Decay of the mean square of adadelta and rmsprop.", scale="linear", ge=0, lt=1)
    initial_accumulator_value: float | None = knob(None, "Where the sums of adagrad start.", scale="linear", ge=0, le=1)
    weight_decay: float = knob(1e-4, "L2 penalty on convolution weights.", scale="log", ge=0)
    gradient_clip: float = knob(0.0, "Largest gradient norm; 0 is off.", ge=0)
    ema: float = knob(
        0.0, "Decay of the moving average of weights that is evaluated; 0 is off.", ge=0, lt=1, derived=True
    )
    freeze_batch_norm: bool = knob(False, "Keep the backbone's batch-norm statistics as pretrained.", derived=True)
    frozen_stages: int = knob(0, "Backbone stages, from the stem on, that are not trained.", ge=0, le=5, derived=True)
    freeze_layer_pattern: str = knob(
        "", "Regular expression; layers are not trained whose names begin as it says, such as '^(conv1_|conv2_).*'."
    )
    train_only_on_top_layer: bool = knob(False, "Train only the heads, which predict classes and boxes.")

    @field_validator("drop_epochs")
    @classmethod
    def _drops_increase(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)) or any(epoch < 1 for epoch in value):
            raise ValueError(f"must be epochs from 1 on that increase, such as '10, 20', got {_joined(value)}")
        return value

    @field_validator("freeze_layer_pattern")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(
                f"must be a regular expression such as '^(conv1_|conv2_).*', got {value!r}: {error}"
            ) from error
        return value

    @model_validator(mode="after")
    def _levels_fit_steps(self) -> Self:
        steps, levels = self.stepwise_learning_rate_steps, self.stepwise_learning_rate_levels
        if self.learning_rate_decay_type == "stepwise" and len(steps) != len(levels):
            raise ValueError(
                f"stepwise_learning_rate_steps and stepwise_learning_rate_levels must have the same length, "
                f"got {len(steps)} and {len(levels)}"
            )
        if list(steps) != sorted(steps):
            raise ValueError(f"stepwise_learning_rate_steps must increase, got {steps}")
        return self


class EvaluationSpec(Frozen):
    """When and on what the model is measured, and when to give up."""

    num_eval_images: int = knob(0, "Validation pictures an evaluation; 0 is all.", unit="images", ge=0)
    train_steps_per_eval: int = knob(1000, "Training steps between evaluations.", unit="steps", ge=1, derived=True)
    eval_batch_size: int = knob(8, "Pictures a step of evaluation.", unit="images", ge=1, derived=True)
    early_stopping_patience: int = knob(0, "Stop after so many evaluations without improvement; 0 is off.", ge=0)
    early_stopping_min_evaluations: int = knob(5, "Evaluations before early stopping may act.", ge=0)
    early_stopping_min_improvement: float = knob(
        0.001, "Gain in best_metric, as a difference, that counts as improvement.", ge=0, le=1
    )
    early_stopping: bool = knob(True, "Whether early stopping may act at all.")
    early_stopping_tolerance: float = knob(
        0.0, "Gain that counts as improvement, as a share of the best value so far.", ge=0, le=1
    )
    best_metric: Literal["AP", "mAP", "localization_loss", "validation_loss"] = knob(
        "AP", "Number by which the best model and early stopping are judged; a loss is to fall."
    )
    overlap_threshold: float = knob(0.5, "IoU from which a box counts as found in mAP.", gt=0, le=1)


class MachineSpec(Frozen):
    """Where and how exactly the numbers are computed."""

    seed: int = knob(0, "Seed of every random choice.", ge=0, le=2**32 - 1)
    precision: Literal["float32", "bfloat16"] = knob(
        "float32", "Arithmetic of the forward and backward pass.", derived=True
    )
    accelerator: Literal["cpu", "cuda", "mps", "tpu"] = knob("cpu", "Processor.", derived=True)
    loader_workers: int = knob(1, "Threads that decode and augment.", ge=1, derived=True)
    keep_checkpoints: int = knob(2, "Checkpoints kept.", ge=1)
    kv_store: Literal["", "dist_sync", "dist_async"] = knob(
        "", "How several machines would share updates; without effect, since a run is on one machine."
    )


class TrainSpec(Frozen):
    """One training run."""

    algorithm: str = knob("image_object_detection", "Name of the built-in algorithm.")
    data: DataSpec
    model: ModelSpec = ModelSpec()
    loss: LossSpec = LossSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    optimization: OptimizationSpec = OptimizationSpec()
    evaluation: EvaluationSpec = EvaluationSpec()
    machine: MachineSpec = MachineSpec()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.model.architecture == "retinanet" and self.model.backbone == "vgg16":
            raise ValueError(
                "backbone=vgg16 fits architecture=ssd only, as it has no map of stride 32; for retinanet use "
                "resnet50 or another backbone"
            )
        if self.model.fpn_min_level >= self.model.fpn_max_level:
            raise ValueError(f"fpn_min_level must be below fpn_max_level, got {self.model.fpn_min_level}")
        levels = (self.model.fpn_min_level, self.model.fpn_max_level)
        if self.model.fpn_type == "nasfpn" and levels != (3, 7):
            raise ValueError(
                "fpn_type=nasfpn has the levels 3 to 7: fpn_min_level must be 3 and fpn_max_level 7, got "
                f"{levels[0]} and {levels[1]}; fpn and bifpn take other levels"
            )
        return self
