"""Tests of many pictures at the same time."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from boxwright.batch_prediction.instance import Instance
from boxwright.batch_prediction.item import Item, Position
from boxwright.batch_prediction.predictor import AHEAD, Predictor
from boxwright.engine import Engine


@pytest.fixture(scope="module")
def engine(quadrant_model: Path) -> Engine:
    return Engine.load(str(quadrant_model), threads=1, spin=False)


def items(count: int) -> Iterator[Item]:
    return (Item("/a", Position(number, number), f"record {number}") for number in range(count))


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (2, 3), (4, 100)])
def test_answers_are_in_order_and_have_the_five_outputs(
    engine: Engine, grey: Any, workers: int, batch_size: int
) -> None:
    def parse(item: Item) -> Instance:
        time.sleep(0.002 * (item.position.number % 3))
        return Instance(item.position.number, grey(item.position.number))

    with Predictor(engine, workers=workers, batch_size=batch_size) as predictor:
        answers = list(predictor.answers(items(40), parse))
    assert not any(answer.failed for answer in answers)
    found = [json.loads(answer.line) for answer in answers]
    assert [one.pop("key") for one in found] == list(range(40))
    scores = np.array([one.pop("detection_scores") for one in found])
    np.testing.assert_allclose(scores, [[value / 255, 0] for value in range(40)], atol=1e-6)
    rest = {"detection_boxes": [[0, 0, 0.5, 0.5], [0, 0, 0, 0]], "detection_classes": [3, 0], "num_detections": 1}
    assert found == [rest] * 40


def test_boxes_are_shares_of_the_picture_and_not_of_the_canvas(engine: Engine) -> None:
    buffer = io.BytesIO()
    Image.new("L", (40, 40), 255).save(buffer, "PNG")  # 40 x 40 on a canvas of 60 x 40: the box ends at 30 of 40
    with Predictor(engine, workers=1, batch_size=1) as predictor:
        (answer,) = predictor.answers(items(1), lambda _: Instance("a", buffer.getvalue()))
    assert json.loads(answer.line)["detection_boxes"][0] == [0, 0, 0.5, 0.75]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_looked_at_upright(engine: Engine, orientation: int) -> None:
    pixels = np.random.default_rng(orientation).integers(0, 256, (40, 60), np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    shown = np.asarray(ImageOps.exif_transpose(Image.open(buffer)))
    with Predictor(engine, workers=1, batch_size=1) as predictor:
        (answer,) = predictor.answers(items(1), lambda _: Instance("a", buffer.getvalue()))
    if shown.shape == (40, 60):  # fills the canvas as it is
        assert json.loads(answer.line)["detection_scores"][0] == pytest.approx(shown[:20, :30].mean() / 255, rel=1e-5)
    else:  # 40 wide, 60 high, on the canvas 27 wide: the box reaches beyond its right side
        assert json.loads(answer.line)["detection_boxes"][0] == pytest.approx([0, 0, 0.5, 1])


def test_bad_instances_lose_nothing(engine: Engine, grey: Any) -> None:
    def parse(item: Item) -> Instance:
        return {1: Instance("no", fault="no picture here"), 2: Instance("torn", grey(1)[:60])}.get(
            item.position.number, Instance("good", grey(1))
        )

    broken = Item("/a", Position(9, 9), "record 9 at byte 9", fault="truncated")
    with Predictor(engine, workers=2, batch_size=4) as predictor:
        answers = list(predictor.answers([*items(4), broken], parse))
    assert [answer.failed for answer in answers] == [False, True, True, False, True]
    errors = [json.loads(answer.line) for answer in answers if answer.failed]
    assert [(one["input"], one["key"]) for one in errors] == [
        ("/a: record 1", "no"),
        ("/a: record 2", "torn"),
        ("/a: record 9 at byte 9", "a:9"),
    ]
    assert errors[0]["reason"] == "no picture here" and errors[2]["reason"] == "truncated"
    assert "cannot decode the PNG picture" in errors[1]["reason"]


def test_no_more_is_read_than_is_needed(engine: Engine, grey: Any) -> None:
    read: list[int] = []

    def counted() -> Iterator[Item]:
        for item in items(100):
            read.append(item.position.number)
            yield item

    with Predictor(engine, workers=2, batch_size=2) as predictor:
        answers = predictor.answers(counted(), lambda _: Instance(0, grey(0)))
        next(answers)
        assert len(read) <= 2 * 2 * AHEAD + 2
        answers.close()
    assert len(read) < 20


def test_an_error_of_the_inputs_ends_the_work(engine: Engine, grey: Any) -> None:
    def failing() -> Iterator[Item]:
        yield from items(3)
        raise OSError("the disk is gone")

    with Predictor(engine, workers=2, batch_size=1) as predictor, pytest.raises(OSError, match="the disk is gone"):
        list(predictor.answers(failing(), lambda _: Instance(0, grey(0))))
