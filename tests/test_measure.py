"""Tests of measuring an exported model."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from safetensors.torch import load

from boxwright import formats, modeldir
from boxwright.dataset.draw import draw_shapes
from boxwright.evaluation.read import read_evaluation
from boxwright.formats.sample import Dataset
from boxwright.jobdir import JobDir
from boxwright.measure import Measured, measure
from boxwright.models.build import build_model
from boxwright.tiling import Tiling
from boxwright.train.evaluate import evaluate, predict


@pytest.fixture(scope="module")
def measured(finished: Any, records: Path) -> Measured:
    return measure(str(finished.model), f"{records}/train-*")


def test_the_numbers_are_those_of_training(finished: Any, measured: Measured) -> None:
    reported = JobDir(finished.folder).read_result()
    assert reported is not None
    for name, value in measured.metrics.values().items():
        assert value == pytest.approx(reported["metrics"][name], abs=0.002), name
    assert measured.metrics.AP > 0.05
    assert measured.card == modeldir.read_card(str(finished.model))


def test_tiles_are_merged_as_in_training(finished: Any, records: Path) -> None:
    """On pictures of 64 x 96 pixels tiles of 64 overlap by half, and objects keep the size that the model knows."""
    measured = measure(str(finished.model), f"{records}/train-*", tile=64, overlap=0.5)
    card = modeldir.read_card(str(finished.model))
    model = build_model(card.spec.model, card.spec.loss, 2)
    model.load_state_dict(load((finished.model / modeldir.WEIGHTS).read_bytes()))
    size, tiling = card.input_size, Tiling.of(card.spec, 64, 0.5)
    trained, _ = evaluate(
        lambda count: predict(model, measured.pictures, count=count, size=size, batch_size=7, tiling=tiling),
        measured.pictures,
        count=12,
        num_classes=2,
    )
    assert measured.metrics.values() == pytest.approx(trained.values(), abs=0.002)
    assert measured.metrics.pictures == 12 and measured.metrics.AP > 0.02


def test_commands_take_a_tile(finished: Any, records: Path, tmp_path: Path, command: Any) -> None:
    data = f"{records}/train-*"
    ways: tuple[tuple[str, ...], ...] = ((), ("--tile=0",), ("--tile=64", "--overlap=0.5"))
    first, whole, tiled = (
        json.loads(command("evaluate", finished.model, data, "--json", *words).out)["AP"] for words in ways
    )
    assert first == whole != tiled
    assert tiled == measure(str(finished.model), data, tile=64, overlap=0.5).metrics.AP
    (tmp_path / "a.jpg").write_bytes(formats.read(data)[0].encoded)
    found = [command("predict", finished.model, tmp_path / "a.jpg", *words).out for words in ways]
    assert found[0] == found[1] != found[2]
    refused = command("predict", finished.model, tmp_path / "a.jpg", "--tile=7")
    said = "tile: must be 0, for whole pictures, or at least 32 px, got 7"
    assert (refused.status, refused.err) == (1, f"boxwright: {said}\n")


def test_json_holds_every_class_and_its_curve(measured: Measured) -> None:
    found = json.loads(measured.as_json())
    assert {name: found[name] for name in measured.metrics.values()} == measured.metrics.values()
    assert [one["name"] for one in found["classes"]] == ["circle", "square"]
    assert all(len(one["precision"]) == 101 for one in found["classes"])


def test_table_names_the_classes(measured: Measured) -> None:
    table = measured.table()
    assert f"{measured.metrics.AP:7.4f}" in table.splitlines()[0]
    assert [line.split()[0] for line in table.splitlines()[-2:]] == ["circle", "square"]


def test_report_has_the_pictures(measured: Measured, tmp_path: Path) -> None:
    measured.write_report(str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert "<html" in page and "shapes_000001.jpg" in page


def test_an_evaluation_of_any_data(
    finished: Any, records: Path, tmp_path: Path, command: Any, measured: Measured
) -> None:
    """The command writes the folder; of the same pictures it says what the run's own says."""
    data = f"{records}/train-*"
    ran = command("evaluate", finished.model, data, f"--output={tmp_path / 'e'}")
    assert ran.status == 0 and ran.out.startswith("AP ")
    found = read_evaluation(str(tmp_path / "e"))
    assert found.metrics == pytest.approx(measured.metrics.values(), abs=1e-6)
    assert (found.data, found.step, found.pictures) == (data, measured.card.step, 12)
    lines = [json.loads(line) for line in (tmp_path / "e" / "predictions.jsonl").read_text().splitlines()]
    assert [one["source"] for one in lines] == [measured.pictures.truth(index).source for index in range(12)]
    assert (lines[0]["width"], lines[0]["height"]) == (96, 64)
    assert json.loads((tmp_path / "e" / "progress.json").read_text()) == {"done": 12, "total": 12}
    of_run = read_evaluation(str(finished.folder / "evaluation"))
    assert of_run.metrics == pytest.approx(found.metrics, abs=0.002) and of_run.data == data
    assert not (finished.folder / "evaluation" / "predictions.jsonl").exists()
    assert sum(one.boxes for one in of_run.classes) == of_run.boxes == found.boxes


def test_classes_in_another_order_are_found_by_name(finished: Any, measured: Measured, records: Path) -> None:
    data = formats.read(f"{records}/train-*")
    turned = Dataset([replace(one, labels=1 - one.labels) for one in data], data.classes[::-1])
    with mock.patch.object(formats, "read", lambda *_, **__: turned):
        again = measure(str(finished.model), "turned")
    assert again.metrics.values() == measured.metrics.values()


def test_data_of_other_classes_is_refused(finished: Any, tmp_path: Path) -> None:
    formats.write(draw_shapes(3, (64, 96), 1, ("square", "star")), str(tmp_path), to="tfrecord", split="test")
    with pytest.raises(ValueError, match="has the classes 1 square, 2 star, but the model 1 circle, 2 square"):
        measure(str(finished.model), str(tmp_path))
    more = draw_shapes(3, (64, 96), 1, ("circle", "square", "star"))
    formats.write(more, str(tmp_path / "more"), to="tfrecord", split="test")
    with pytest.raises(ValueError, match="3 star, but the model"):
        measure(str(finished.model), str(tmp_path / "more"))


def test_data_that_names_no_or_fewer_classes_is_measured(finished: Any, records: Path, tmp_path: Path) -> None:
    drawn = formats.read(str(records), split="train")
    formats.write(Dataset([drawn[1], drawn[2]], ()), str(tmp_path), to="tfrecord", split="test")
    assert measure(str(finished.model), str(tmp_path)).metrics.pictures == 2
    card = modeldir.read_card(str(finished.model))
    assert not (tmp_path / "labels.txt").exists()
    assert len(card.classes) == 2


def test_a_folder_without_a_model(tmp_path: Path, finished: Any) -> None:
    with pytest.raises(FileNotFoundError, match="no model in"):
        measure(str(tmp_path), "anything")
    with pytest.raises(FileNotFoundError, match="is a job's folder, not a model's"):
        measure(str(finished.folder), "anything")


def test_what_is_left_out_is_told(finished: Any, tmp_path: Path) -> None:
    drawn = draw_shapes(3, (64, 96), 1, ("circle", "square"))
    first = replace(drawn[0], boxes=np.array([[5, 5, 5, 9], [1, 2, 30, 40]], np.float32), labels=np.array([0, 1]))
    first = replace(first, crowd=np.zeros(2, bool))
    formats.write(Dataset([first], drawn.classes), str(tmp_path), to="tfrecord", split="test")
    measured = measure(str(finished.model), str(tmp_path))
    (line,) = measured.left_out()
    assert line.startswith(first.source) and "box 0" in line
