"""A detector as a TensorFlow SavedModel: encoded pictures in, finished detections out.

The graph holds native TensorFlow operations only, on images (N, H, W, C), and is built as TensorFlow 1 built graphs,
because the names of its tensors are part of the signature that clients of the managed service know.
"""

import contextlib
import functools
import os
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from boxwright.export.graph import Network, trace
from boxwright.export.tf_detections import detections
from boxwright.export.tf_network import network_outputs
from boxwright.export.tf_picture import letterboxed
from boxwright.imaging import header
from boxwright.metrics.boxes import Predictions
from boxwright.models.detector import Detector

SIGNATURE = "serving_default"
RUN_BATCH = 8
"""Pictures of one call in `run_savedmodel`."""


@functools.cache
def _tensorflow() -> Any:
    """TensorFlow, imported without its start-up messages."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        with _silent_start(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import tensorflow
    except ImportError as error:
        raise ImportError(f"a SavedModel needs TensorFlow: pip install tensorflow-cpu ({error})") from error
    tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


@contextlib.contextmanager
def _silent_start() -> Iterator[None]:
    """Drop what native code writes to standard error: TensorFlow logs there before it can be told not to."""
    kept = os.dup(2)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def export_savedmodel(
    model: Detector,
    folder: str | os.PathLike[str],
    *,
    size: tuple[int, int],
    class_ids: Sequence[int],
    class_names: Sequence[str] = (),
    network: Network | None = None,
) -> None:
    """Write `saved_model.pb`, `variables/` and `assets/` into a folder, replacing those that are there.

    The signature `serving_default` takes `encoded_image`, strings (N,), JPEG, PNG, GIF or BMP of any sizes, and
    `key`, strings (N,), which is passed through. It gives, M being `model.post.limit`: `detection_boxes`, float32
    (N, M, 4), [ymin, xmin, ymax, xmax] in 0..1 of the stored picture; `detection_classes`, float32 (N, M), outer ids;
    `detection_scores`, float32 (N, M), best first; `num_detections`, float32 (N,). Empty slots hold 0.

    Args:
        model: any device and mode; left as it is.
        folder: on this machine; made where missing.
        size: (height, width) of the network's input.
        class_ids: outer id of each label.
        class_names: when given, `assets/labels.txt` holds a line "id name" for each label.
        network: the model's, traced at this size; traced here when left out.

    Raises:
        ValueError: an operation without counterpart, or ids or names that do not fit the model's classes.
        ImportError: TensorFlow is missing.
        OSError: the folder cannot be written.
    """
    for what, given in (("class_ids", class_ids), ("class_names", class_names or class_ids)):
        if len(given) != model.num_classes:
            raise ValueError(f"{what} must name each of the model's {model.num_classes} classes, got {len(given)}")
    network = network or trace(model, size)
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".savedmodel-") as staging:
        built = os.path.join(staging, "built")
        _build(model, network, built, size=size, class_ids=class_ids)
        os.makedirs(os.path.join(built, "assets"), exist_ok=True)
        if class_names:
            lines = [f"{number} {name}\n" for number, name in zip(class_ids, class_names, strict=True)]
            with open(os.path.join(built, "assets", "labels.txt"), "w", encoding="utf-8") as file:
                file.writelines(lines)
        for name in ("variables", "assets", "saved_model.pb"):
            target = os.path.join(folder, name)
            if os.path.isdir(target):
                os.rename(target, os.path.join(staging, name))
            os.replace(os.path.join(built, name), target)


def runtime_version() -> str:
    """Version of the TensorFlow that writes SavedModels here."""
    return str(_tensorflow().__version__)


def _build(model: Detector, network: Network, folder: str, *, size: tuple[int, int], class_ids: Sequence[int]) -> None:
    tf = _tensorflow()
    v1 = tf.compat.v1
    weights: list[tuple[Any, NDArray[np.float32]]] = []

    def store(name: str, array: NDArray[np.float32]) -> Any:
        variable = v1.get_variable(name, array.shape, tf.float32, v1.zeros_initializer(), use_resource=True)
        weights.append((variable, array))
        return variable

    with tf.Graph().as_default(), v1.Session() as session:
        encoded = v1.placeholder(tf.string, [None], "encoded_image_string_tensor")
        key = v1.placeholder(tf.string, [None], "key")
        passed = tf.identity(key, "Identity")
        with tf.name_scope("picture"):
            kinds = (tf.TensorSpec((*size, 3), tf.uint8), tf.TensorSpec((2,), tf.float32))
            canvases, extents = tf.map_fn(lambda one: letterboxed(tf, one, size), encoded, fn_output_signature=kinds)
        with v1.variable_scope("detector"):
            logits, deltas = network_outputs(tf, network, tf.cast(canvases, tf.float32), store)
            found = detections(tf, model, (logits, deltas), store, size=size, class_ids=class_ids)
            boxes = tf.clip_by_value(found["boxes"] / tf.tile(extents, [1, 2])[:, None], 0.0, 1.0)
        named = {
            "detection_boxes": tf.identity(boxes, "detection_boxes"),
            "detection_classes": tf.identity(found["classes"], "detection_classes"),
            "detection_scores": tf.identity(found["scores"], "detection_scores"),
            "num_detections": tf.identity(found["count"], "num_detections"),
        }
        # All in one call: every call prepares the graph anew.
        values = {variable.initializer.inputs[1]: array for variable, array in weights}
        session.run([variable.initializer for variable, _ in weights], values)
        _save(v1, session, folder, {"encoded_image": encoded, "key": key}, {**named, "key": passed})


def _save(v1: Any, session: Any, folder: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
    signature = v1.saved_model.signature_def_utils.predict_signature_def(inputs, outputs)
    builder = v1.saved_model.Builder(folder)
    builder.add_meta_graph_and_variables(session, [v1.saved_model.tag_constants.SERVING], {SIGNATURE: signature})
    builder.save()


def run_savedmodel(
    folder: str | os.PathLike[str], encoded: Sequence[bytes], class_ids: Sequence[int]
) -> list[Predictions]:
    """Detections of a SavedModel on encoded pictures, in the frame and numbering that the project uses inside.

    Args:
        class_ids: outer id of each label.

    Returns:
        One for each picture: xyxy pixels of the stored picture, best first, 0-based labels.

    Raises:
        ImportError: TensorFlow is missing.
        OSError: no SavedModel there.
    """
    tf = _tensorflow()
    v1 = tf.compat.v1
    found: list[Predictions] = []
    with tf.Graph().as_default(), v1.Session() as session:
        loaded = v1.saved_model.load(session, [v1.saved_model.tag_constants.SERVING], os.fspath(folder))
        signature = loaded.signature_def[SIGNATURE]
        fetched = {name: info.name for name, info in signature.outputs.items()}
        for start in range(0, len(encoded), RUN_BATCH):
            part = list(encoded[start : start + RUN_BATCH])
            feeds = {"encoded_image": part, "key": [b""] * len(part)}
            results = session.run(fetched, {signature.inputs[name].name: value for name, value in feeds.items()})
            found += [_predictions(results, row, picture, class_ids) for row, picture in enumerate(part)]
    return found


def _predictions(results: dict[str, Any], row: int, encoded: bytes, class_ids: Sequence[int]) -> Predictions:
    count = int(results["num_detections"][row])
    size = header(encoded)
    shares = results["detection_boxes"][row, :count][:, [1, 0, 3, 2]]
    boxes = shares * np.array([size.width, size.height] * 2, np.float32)
    labels = [list(class_ids).index(int(outer)) for outer in results["detection_classes"][row, :count]]
    return Predictions(boxes, results["detection_scores"][row, :count], np.array(labels, np.int64))
