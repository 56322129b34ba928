"""From a detector's raw outputs to the named outputs of its SavedModel, in TensorFlow operations.

Functions take the imported `tensorflow` as `tf`; `boxwright.export.savedmodel` alone imports it.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from boxwright.export.tf_network import Store
from boxwright.models.detector import Detector
from boxwright.ops.boxes import MAX_LOG_RATIO, centre_size
from boxwright.ops.nms import CANDIDATES


def detections(
    tf: Any,
    model: Detector,
    outputs: tuple[Any, Any],
    store: Store,
    *,
    size: tuple[int, int],
    class_ids: Sequence[int],
) -> dict[str, Any]:
    """`Detector.decode`: the best candidates of all classes, decoded, then suppressed within classes.

    Args:
        outputs: class logits and box deltas; see `HeadOutputs`.

    Returns:
        `boxes`, float32 (N, M, 4) yxyx in pixels of the canvas; `classes`, float32 (N, M), outer ids; `scores`,
        float32 (N, M); `count`, float32 (N,). Empty slots hold 0.
    """
    logits, deltas = outputs
    anchors, post = model.anchors(size).cpu(), model.post
    best, row, label = _candidates(tf, model, logits, len(anchors))
    centre, side = (
        tf.gather(store(name, part.flip(1).numpy()), row)
        for name, part in zip(("anchor_centres", "anchor_sizes"), centre_size(anchors), strict=True)
    )
    deltas = tf.gather(deltas, row, batch_dims=1) * model.delta_scale(torch.device("cpu")).numpy()
    # Each candidate has a score in the column of its own class only, so suppression stays within classes.
    scores = tf.where(tf.one_hot(label, model.num_classes, True, False), best[..., None], -1.0)
    found = tf.image.combined_non_max_suppression(
        decoded(tf, deltas, centre, side, size)[:, :, None],
        scores,
        max_output_size_per_class=post.limit,
        max_total_size=post.limit,
        iou_threshold=post.iou_threshold,
        score_threshold=post.score_threshold,
        clip_boxes=False,
    )
    return _named(tf, found, post.limit, class_ids)


def _candidates(tf: Any, model: Detector, logits: Any, anchors: int) -> tuple[Any, Any, Any]:
    """Scores, rows of anchors and labels, all (N, C), of the best candidates of all classes."""
    scores = tf.nn.softmax(logits)[..., 1:] if model.softmax else logits
    total = anchors * model.num_classes
    best, index = tf.math.top_k(tf.reshape(scores, [-1, total]), min(CANDIDATES, total))
    best = best if model.softmax else tf.sigmoid(best)  # which keeps the order
    return best, index // model.num_classes, index % model.num_classes


def _named(tf: Any, found: Any, limit: int, class_ids: Sequence[int]) -> dict[str, Any]:
    """What suppression left, by name, with outer ids and zeros in empty slots."""
    ids = tf.gather(tf.constant(np.asarray(class_ids, np.float32)), tf.cast(found.nmsed_classes, tf.int32))
    filled = tf.sequence_mask(found.valid_detections, limit)
    return {
        "boxes": tf.where(filled[..., None], found.nmsed_boxes, 0.0),
        "classes": tf.where(filled, ids, 0.0),
        "scores": tf.where(filled, found.nmsed_scores, 0.0),
        "count": tf.cast(found.valid_detections, tf.float32),
    }


def decoded(tf: Any, deltas: Any, centre: Any, side: Any, size: tuple[int, int]) -> Any:
    """Boxes (N, C, 4) yxyx inside the canvas; see `boxwright.ops.boxes.decode`.

    Args:
        deltas: (N, C, 4) as (dx, dy, log w, log h).
        centre, side: (N, C, 2) of the anchors, y first.
    """
    middle = tf.reverse(deltas[..., :2], [-1]) * side + centre
    half = tf.exp(tf.minimum(tf.reverse(deltas[..., 2:], [-1]), MAX_LOG_RATIO)) * side / 2.0
    corners = tf.concat([middle - half, middle + half], -1)
    return tf.clip_by_value(corners, 0.0, np.array([*size, *size], np.float32))
