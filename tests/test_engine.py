"""The engine, with ONNX files written by hand whose answers are known."""

import io
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from boxwright import modeldir
from boxwright.engine import Engine, Prediction
from boxwright.formats.sample import ClassName
from boxwright.spec.training import DataSpec, TrainSpec
from boxwright.tiling import Tiling, Window

Pixels = NDArray[np.uint8]
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


def red_finder(side: int) -> bytes:
    """A model that finds, on each canvas, the smallest box around all pure red pixels, as class 3 at 0.9."""
    steps: list[tuple[str, list[str], str, dict[str, object]]] = [
        ("Equal", ["image", "red"], "same", {}),
        ("Cast", ["same"], "shares", {"to": TensorProto.FLOAT}),
        ("ReduceMin", ["shares", "axis3"], "is_red", {"keepdims": 0}),  # (n, side, side)
        ("ReduceMax", ["is_red", "axis1"], "columns", {"keepdims": 0}),
        ("ReduceMax", ["is_red", "axis2"], "rows", {"keepdims": 0}),
        ("ReduceMax", ["rows", "axis1"], "found", {"keepdims": 1}),  # (n, 1)
    ]
    for name, axis in (("x", "columns"), ("y", "rows")):
        steps += [
            ("Mul", [axis, "from_end"], f"{name}_from_end", {}),
            ("ReduceMax", [f"{name}_from_end", "axis1"], f"{name}_room", {"keepdims": 1}),
            ("Sub", ["one", f"{name}_room"], f"{name}_low", {}),
            ("Mul", [axis, "from_start"], f"{name}_from_start", {}),
            ("ReduceMax", [f"{name}_from_start", "axis1"], f"{name}_high", {"keepdims": 1}),
        ]
    steps += [
        ("Concat", ["y_low", "x_low", "y_high", "x_high"], "corners", {"axis": 1}),
        ("Unsqueeze", ["corners", "axis1"], "detection_boxes", {}),
        ("Mul", ["found", "three"], "detection_classes", {}),
        ("Mul", ["found", "score"], "detection_scores", {}),
        ("Squeeze", ["found", "axis1"], "num_detections", {}),
    ]
    constants = {
        "red": np.array([255, 0, 0], np.uint8),
        **{f"axis{number}": np.array([number], np.int64) for number in (1, 2, 3)},
        "from_end": np.arange(side, 0, -1, dtype=np.float32) / side,
        "from_start": np.arange(1, side + 1, dtype=np.float32) / side,
        **{name: np.array([value], np.float32) for name, value in (("one", 1), ("three", 3), ("score", 0.9))},
    }
    stored = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    nodes = [helper.make_node(kind, inputs, [output], **given) for kind, inputs, output, given in steps]
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", side, side, 3])
    shapes = {"detection_boxes": (1, 4), "detection_classes": (1,), "detection_scores": (1,), "num_detections": ()}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *rest]) for name, rest in shapes.items()]
    graph = helper.make_graph(nodes, "red", [image], outputs, stored)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def drawn(*objects: tuple[int, int, int, int]) -> Pixels:
    """A grey picture of 1000 x 800 pixels with red boxes."""
    picture = np.full((800, 1000, 3), 90, np.uint8)
    for left, top, right, bottom in objects:
        picture[top:bottom, left:right] = (255, 0, 0)
    return picture


def rounded(found: Prediction) -> list[list[float]]:
    """Sorted boxes without the rounding of normalised coordinates."""
    return sorted(found.boxes.round(3).tolist())


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


def written(folder: Path, model: bytes, size: tuple[int, int], **data: object) -> str:
    """A model's folder."""
    given = {"training_data_path": "a", "validation_data_path": "b", "num_classes": 2, **data}
    spec = TrainSpec(data=DataSpec.model_validate(given))
    unit = {"mean": (0, 0, 0), "std": (1, 1, 1), "pad_colour": (124, 116, 104)}
    card = {
        "algorithm": "image_object_detection",
        "spec": spec,
        "classes": CLASSES,
        "input_size": size,
        "step": 1,
    }
    modeldir.write_card(str(folder), modeldir.ModelCard.model_validate({**card, **unit}))
    (folder / "model.onnx").write_bytes(model)
    return str(folder)


def test_a_folder_gives_its_model_and_its_classes(tmp_path: Path) -> None:
    folder = written(tmp_path, constant_model(), (100, 200))
    found = Engine.load(folder, threads=1).predict(encoded(400, 200))
    assert [one.name for one in found.classes] == ["dog", "cat"]


def test_a_model_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, constant_model(), (100, 200))
    card = modeldir.read_card(folder)
    modeldir.write_card(folder, card.model_copy(update={"digests": modeldir.digests(folder)}))
    assert Engine.load(folder, threads=1).size == (100, 200)
    (tmp_path / modeldir.ONNX).write_bytes(constant_model(size=(100, 201)))
    with pytest.raises(ValueError, match=r"model\.onnx is altered or incomplete"):
        Engine.load(folder)
    with pytest.raises(FileNotFoundError, match=r"has no model_int8\.onnx"):
        Engine.load(folder, variant="int8")


def test_a_folder_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"model\.json is missing"):
        Engine.load(str(tmp_path))


SMALL = ((20, 30, 23, 33), (500, 400, 503, 404), (990, 790, 1000, 800))
"""Too small to be seen on a canvas of a tenth of the picture's side."""


def test_tiles_find_what_a_shrunk_picture_loses(tmp_path: Path) -> None:
    folder = written(tmp_path, red_finder(100), (100, 100), tile=100, overlap=0.2)
    whole = Engine.load(folder, threads=1, tile=0).predict_pictures([drawn(*SMALL[:2])])[0]
    assert len(whole.boxes) == 0
    found = Engine.load(folder, threads=1).predict_pictures([drawn(*SMALL)])[0]
    assert rounded(found) == [list(one) for one in SMALL]
    assert {one.name for one in found.classes} == {"cat"} and found.scores.tolist() == [pytest.approx(0.9)] * 3


def test_an_object_on_the_border_of_two_tiles_is_found_once(tmp_path: Path) -> None:
    folder = written(tmp_path, red_finder(100), (100, 100), tile=100, overlap=0.2)
    # Tiles end at column 100 and begin at 80: the first object is in both, of the second the left one shows 10 columns.
    for one in ((84, 20, 96, 30), (90, 20, 120, 30)):
        assert rounded(Engine.load(folder, threads=1).predict_pictures([drawn(one)])[0]) == [list(one)]


def test_a_load_may_ask_for_other_tiles(tmp_path: Path) -> None:
    folder = written(tmp_path, red_finder(100), (100, 100), tile=100, overlap=0.2)
    picture = drawn(SMALL[0])
    assert len(Engine.load(folder, threads=1).prepare(picture).canvases) == 13 * 10
    other = Engine.load(folder, threads=1, tile=500, overlap=0.0).prepare(picture)
    assert other.windows == tuple(Window(left, top, left + 500, top + 500) for top in (0, 300) for left in (0, 500))
    with pytest.raises(ValueError, match="overlap: "):
        Engine.load(folder, overlap=1.5)


def test_pictures_of_many_tiles_and_of_one_share_calls() -> None:
    engine = Engine(red_finder(100), CLASSES, threads=1, tiling=Tiling(400, 0.0))
    calls: list[int] = []
    detect = engine.detect

    def counted(canvases: Pixels) -> dict[str, NDArray[np.float32]]:
        calls.append(len(canvases))
        return detect(canvases)

    engine.detect = counted  # type: ignore[method-assign]  # to count
    large, small = drawn((0, 0, 400, 400), (400, 400, 800, 800)), drawn((0, 0, 40, 40))[:100, :100]
    found = engine.predict_pictures([small, large, small, large])
    # 1000 x 800 pixels are 3 x 2 tiles: the calls hold 1 + 6 + 1, then 6.
    assert calls == [8, 6]
    # The tile from column 600 on shows the right half of the second object, all of which another tile shows.
    expected = [[[0, 0, 40, 40]], [[0, 0, 400, 400], [400, 400, 800, 800]]]
    assert [rounded(one) for one in found] == expected * 2


def test_a_server_may_prepare_and_finish_on_its_own() -> None:
    engine = Engine(red_finder(100), CLASSES, threads=1, tiling=Tiling(100, 0.2))
    pictures = [drawn(SMALL[0])[:100, :180], drawn(SMALL[0])[:100, :100]]
    prepared = [engine.prepare(picture) for picture in pictures]
    assert [one.canvases.shape for one in prepared] == [(2, 100, 100, 3), (1, 100, 100, 3)]
    outputs = engine.detect(np.concatenate([one.canvases for one in prepared[::-1]]))
    rows = {"first": slice(1, 3), "second": slice(0, 1)}
    for one, place in zip(prepared, rows.values(), strict=True):
        found = engine.finish(one, {name: value[place] for name, value in outputs.items()})
        assert rounded(found) == [list(SMALL[0])]
