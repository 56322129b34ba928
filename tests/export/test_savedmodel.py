"""The SavedModel: its published signature, and the evaluated model's detections."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright.export.parity import compare, eager_predictions
from boxwright.export.savedmodel import _tensorflow, export_savedmodel, run_savedmodel
from boxwright.models.detector import Detector

METHOD = "tensorflow/serving/predict"
NAMED = re.compile(r"(inputs|outputs)\['(\w+)'\] tensor_info:\s+dtype: (\w+)\s+shape: (\S.*)\s+name: (\S+)")


@pytest.fixture(scope="module")
def tensorflow() -> Any:
    return _tensorflow()


def test_the_signature_is_the_published_one_name_for_name(exported: Any, tensorflow: Any, listing: str) -> None:
    v1 = tensorflow.compat.v1
    with tensorflow.Graph().as_default(), v1.Session() as session:
        signatures = v1.saved_model.load(session, ["serve"], str(exported.savedmodel)).signature_def
        signature = signatures["serving_default"]
        found = {
            (
                side,
                name,
                tensorflow.dtypes.as_dtype(info.dtype).name,
                tuple(d.size for d in info.tensor_shape.dim),
                info.name,
            )
            for side in ("inputs", "outputs")
            for name, info in getattr(signature, side).items()
        }
    kinds = {"DT_STRING": "string", "DT_FLOAT": "float32"}
    published = {
        (side, name, kinds[kind], tuple(int(number) for number in re.findall(r"-?\d+", shape)), tensor)
        for side, name, kind, shape, tensor in NAMED.findall(listing)
    }
    assert len(published) == 7
    assert found == published
    assert signature.method_name == METHOD
    assert METHOD in listing


def test_variables_and_labels_lie_beside_the_graph(exported: Any) -> None:
    names = {path.name for path in exported.savedmodel.iterdir()}
    assert {"saved_model.pb", "variables", "assets"} <= names
    assert not any(name.startswith(".") for name in names)
    weights = sum(parameter.numel() * 4 for parameter in exported.model.parameters())
    assert (exported.savedmodel / "variables" / "variables.data-00000-of-00001").stat().st_size > 0.9 * weights
    assert (exported.savedmodel / "assets" / "labels.txt").read_text() == "7 seven\n1 one\n40 forty\n"


def test_it_finds_what_the_evaluated_model_finds_in_every_format(exported: Any, pictures: dict[str, bytes]) -> None:
    encoded = list(pictures.values())
    reference = eager_predictions(exported.model, encoded, exported.size)
    found = run_savedmodel(exported.savedmodel, encoded, exported.class_ids)
    agreement = compare(reference, found, exported.model.post)
    assert agreement.accepted, str(agreement)
    assert agreement.detections > 20 * len(encoded)
    assert {int(label) for one in found for label in one.labels} == {0, 1, 2}


def test_one_call_takes_mixed_pictures_and_passes_their_keys(
    exported: Any, tensorflow: Any, pictures: dict[str, bytes]
) -> None:
    serve = tensorflow.saved_model.load(str(exported.savedmodel)).signatures["serving_default"]
    encoded = [pictures[name] for name in ("jpeg", "flat grey png", "gif", "bmp")]
    answer = serve(encoded_image=tensorflow.constant(encoded), key=tensorflow.constant([b"a", b"b", b"", b"d"]))
    assert answer["key"].numpy().tolist() == [b"a", b"b", b"", b"d"]
    boxes, classes = answer["detection_boxes"].numpy(), answer["detection_classes"].numpy()
    scores, counts = answer["detection_scores"].numpy(), answer["num_detections"].numpy()
    assert boxes.shape == (4, 100, 4)
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    assert (boxes[..., 2:] >= boxes[..., :2]).all()
    assert (np.diff(scores) <= 0).all()
    assert set(np.unique(classes)) <= {0.0, 1.0, 7.0, 40.0}
    np.testing.assert_array_equal((scores > 0).sum(1), counts)
    np.testing.assert_array_equal((classes > 0).sum(1), counts)


def test_no_place_of_the_making_machine_is_in_the_files(exported: Any) -> None:
    graph = (exported.savedmodel / "saved_model.pb").read_bytes()
    assert str(Path(__file__).resolve().parents[2]).encode() not in graph
    assert str(exported.savedmodel).encode() not in graph
    assert str(exported.savedmodel).encode() not in exported.onnx.read_bytes()


def test_ids_and_names_must_fit_the_classes(exported: Any, tmp_path: Path) -> None:
    model: Detector = exported.model
    with pytest.raises(ValueError, match="class_ids must name each of the model's 3 classes, got 2"):
        export_savedmodel(model, tmp_path, size=exported.size, class_ids=(1, 2))
    with pytest.raises(ValueError, match="class_names must name"):
        export_savedmodel(model, tmp_path, size=exported.size, class_ids=(1, 2, 3), class_names=("a",))
    assert not list(tmp_path.iterdir())
