"""The engine, with ONNX files written by hand whose answers are known."""

import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from boxwright import modeldir
from boxwright.engine import Engine
from boxwright.formats.sample import ClassName
from boxwright.spec.training import DataSpec, TrainSpec

CLASSES = (ClassName(3, "cat"), ClassName(1, "dog"))


def constant_model(first_input: str = "image", size: tuple[int, int] = (100, 200)) -> bytes:
    """A model that finds, in every picture, a dog at 0.9 and a cat at 0.5, whatever it shows.

    On a canvas of 100 x 200 the dog covers y 10..50 and x 20..100, the cat y 0..100 and x 100..200.
    """
    answers = {
        "detection_boxes": np.array([[[0.1, 0.1, 0.5, 0.5], [0, 0.5, 1, 1], [0, 0, 0, 0]]], np.float32),
        "detection_classes": np.array([[1, 3, 0]], np.float32),
        "detection_scores": np.array([[0.9, 0.5, 0]], np.float32),
        "num_detections": np.array([2], np.float32),
    }
    nodes = [
        helper.make_node("Shape", [first_input], ["batch"], end=1),
        helper.make_node("Concat", ["batch", "rest2"], ["shape2"], axis=0),
        helper.make_node("Concat", ["batch", "rest1"], ["shape1"], axis=0),
    ]
    shapes = {"detection_boxes": "shape2", "num_detections": "batch"}
    stored = [numpy_helper.from_array(array, f"{name}_one") for name, array in answers.items()]
    for name in answers:
        nodes.append(helper.make_node("Expand", [f"{name}_one", shapes.get(name, "shape1")], [name]))
    stored += [numpy_helper.from_array(np.ones(count, np.int64), f"rest{count}") for count in (1, 2)]
    image = helper.make_tensor_value_info(first_input, TensorProto.UINT8, ["n", *size, 3])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *array.shape[1:]])
        for name, array in answers.items()
    ]
    graph = helper.make_graph(nodes, "constant", [image], outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def encoded(width: int, height: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 10, 30)).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(constant_model(), CLASSES, threads=1)


def test_boxes_come_back_in_pixels_of_the_stored_picture(engine: Engine) -> None:
    # 400 x 200 fits the canvas of 200 x 100 at half size: every coordinate doubles.
    found = engine.predict(encoded(400, 200))
    np.testing.assert_allclose(found.boxes, [[40, 20, 200, 100], [200, 0, 400, 200]], rtol=1e-6)
    np.testing.assert_allclose(found.scores, [0.9, 0.5])
    assert found.boxes.dtype == found.scores.dtype == np.float32


def test_labels_are_inner_and_classes_outer(engine: Engine) -> None:
    found = engine.predict(encoded(400, 200))
    assert found.labels.tolist() == [1, 0]
    assert found.classes == (ClassName(1, "dog"), ClassName(3, "cat"))


def test_boxes_end_at_the_picture_where_it_does_not_fill_the_canvas(engine: Engine) -> None:
    # 50 x 50 is enlarged to 100 x 100, so the cat, from x = 100 on, lies in the padding.
    found = engine.predict(encoded(50, 50))
    np.testing.assert_allclose(found.boxes, [[10, 5, 50, 25], [50, 0, 50, 50]], rtol=1e-6)


def test_a_batch_of_mixed_pictures_is_one_call(engine: Engine) -> None:
    found = engine.predict_batch([encoded(400, 200, "JPEG"), encoded(200, 100, "BMP"), encoded(800, 400, "GIF")])
    assert [one.boxes[0].tolist() for one in found] == [[40, 20, 200, 100], [20, 10, 100, 50], [80, 40, 400, 200]]
    assert engine.predict_batch([]) == []


def test_the_canvas_is_what_the_model_states(engine: Engine) -> None:
    assert engine.size == (100, 200)


def test_what_is_no_picture_is_refused(engine: Engine) -> None:
    with pytest.raises(ValueError, match="not a readable"):
        engine.predict(b"no picture")


def test_what_is_no_detector_is_refused() -> None:
    with pytest.raises(ValueError, match="not an ONNX model"):
        Engine(b"no model", CLASSES)
    with pytest.raises(ValueError, match="first input is 'pixels'"):
        Engine(constant_model("pixels"), CLASSES)


def test_a_folder_gives_its_model_and_its_classes(tmp_path: Path) -> None:
    spec = TrainSpec(data=DataSpec(training_data_path="a", validation_data_path="b", num_classes=2))
    unit = {"mean": (0, 0, 0), "std": (1, 1, 1), "pad_colour": (124, 116, 104)}
    card = {
        "algorithm": "image_object_detection",
        "spec": spec,
        "classes": CLASSES,
        "input_size": (100, 200),
        "step": 1,
    }
    modeldir.write_card(str(tmp_path), modeldir.ModelCard.model_validate({**card, **unit}))
    (tmp_path / "model.onnx").write_bytes(constant_model())
    found = Engine.load(str(tmp_path), threads=1).predict(encoded(400, 200))
    assert [one.name for one in found.classes] == ["dog", "cat"]


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.json is missing"):
        Engine.load(str(tmp_path))
