"""Models with fewer bits: measured beside float32, entered in the card, refused where they lose too much."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright import modeldir
from boxwright.dataset.draw import draw_shapes
from boxwright.engine import Engine
from boxwright.export import variants
from boxwright.export.again import export_again
from boxwright.export.variants import AccuracyLoss, Export, Yardstick
from boxwright.formats.sample import Dataset
from boxwright.measure import measure, usable_pictures

CLASSES = ("circle", "square")


@pytest.fixture
def folder(finished: Any, tmp_path: Path) -> Path:
    """A copy of a trained model's folder."""
    return Path(shutil.copytree(finished.model, tmp_path / "model"))


def test_variants_are_written_measured_and_vouched_for(
    folder: Path, finished: Any, records: Path, command: Callable[..., Any]
) -> None:
    ran = command("export", folder, "--to=onnx-int8,onnx-fp16", "--max-ap-drop=0.2", f"--data={records}/train-*")
    assert ran.status == 0, ran.err
    card = modeldir.read_card(str(folder))
    assert sorted(card.variants) == ["fp16", "int8"]
    whole = measure(str(finished.model), f"{records}/train-*").metrics.AP
    assert whole > 0.05
    for name, variant in card.variants.items():
        assert f"onnx-{name}: {variant}" in ran.out.splitlines()
        data = f"{records}/train-*"
        found = measure(str(folder), data, variant=name).metrics.AP
        assert found == pytest.approx(variant.AP)
        assert whole - variant.AP == pytest.approx(variant.AP_drop, abs=1e-6)
        assert variant.pictures == 12
    assert (folder / "model_int8.onnx").stat().st_size < 0.5 * (folder / "model.onnx").stat().st_size
    assert (folder / "model_fp16.onnx").stat().st_size < 0.7 * (folder / "model.onnx").stat().st_size
    earlier = modeldir.read_card(str(finished.model)).digests
    assert {name: card.digests[name] for name in earlier} == earlier
    assert set(card.digests) - set(earlier) == set(modeldir.VARIANTS.values())
    modeldir.verify(str(folder), card)


def test_a_variant_that_loses_too_much_is_refused(folder: Path, records: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(export: Export, _exact: Path, path: Path, _yardstick: Yardstick) -> None:
        network = export.keywords["network"]
        nothing = {name: np.zeros_like(array) for name, array in network.constants.items()}
        export(path, network=replace(network, constants=nothing))

    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    monkeypatch.setitem(variants.WRITERS, "int8", spoilt)
    with pytest.raises(AccuracyLoss, match=r"int8 model has AP .*: a drop of 0\.\d+ on 12 pictures; at most 0\.01 is"):
        export_again(str(folder), ["onnx-int8"], data=f"{records}/train-*")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_another_folder_gets_a_card_of_what_it_holds(folder: Path, records: Path, tmp_path: Path) -> None:
    paths, _ = export_again(str(folder), ["onnx-fp16", "onnx"], tmp_path / "new", f"{records}/train-*", 0.2)
    assert [path.name for path in paths] == ["model.onnx", "model_fp16.onnx"]
    card = modeldir.read_card(str(tmp_path / "new"))
    assert sorted(card.digests) == ["model.onnx", "model_fp16.onnx"]
    assert list(card.variants) == ["fp16"]
    assert Engine.load(str(tmp_path / "new"), variant="fp16").size == card.input_size
    with pytest.raises(FileNotFoundError, match=r"has no model_int8\.onnx; .* --to=onnx-int8'"):
        Engine.load(str(tmp_path / "new"), variant="int8")
    assert not modeldir.read_card(str(folder)).variants


def yardstick(card: modeldir.ModelCard, data: str) -> Yardstick:
    return Yardstick.of(card, data, 0.01)


def test_what_nothing_can_be_measured_on_is_refused(folder: Path) -> None:
    card = modeldir.read_card(str(folder))
    with pytest.raises(ValueError, match=r"in 0\.\.1, got 1\.5"):
        Yardstick.of(card, None, 1.5)
    with pytest.raises(FileNotFoundError, match="no file matches '/gone'"):
        yardstick(card, "/gone")
    spec = card.spec.model_copy(update={"data": card.spec.data.model_copy(update={"validation_data_path": "/gone"})})
    with pytest.raises(FileNotFoundError, match=r"validation pictures .* cannot be read .* --data=PATH"):
        Yardstick.of(card.model_copy(update={"spec": spec}), None, 0.01)
    sample = next(iter(draw_shapes(1, (64, 96), 1, CLASSES)))
    bare = replace(sample, boxes=sample.boxes[:0], labels=sample.labels[:0], crowd=sample.crowd[:0])
    pictures, _ = usable_pictures(Dataset([bare, bare], card.classes), card)
    with pytest.raises(ValueError, match="the 2 that can be used show no box"):
        Yardstick(card, pictures).ap(folder / "model.onnx")


def test_an_int8_model_is_calibrated_on_pictures_from_the_whole_of_the_data(
    folder: Path, records: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = yardstick(modeldir.read_card(str(folder)), f"{records}/train-*")
    every = list(held.canvases(folder / "model.onnx"))
    assert len(every) == 12 and every[0].shape == (64, 96, 3)
    monkeypatch.setattr(variants, "CALIBRATION", 3)
    some = list(held.canvases(folder / "model.onnx"))
    # Of 0..11: the first, the one at 5.5, which rounds to the even 6, and the last.
    assert [(one == other).all() for one, other in zip(some, (every[0], every[6], every[11]), strict=True)] == [
        True
    ] * 3
