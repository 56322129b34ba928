"""The pictures of an evaluation, read from its data when somebody looks at them."""

from functools import lru_cache

import cv2
import numpy as np

from boxwright import formats, imaging
from boxwright.bench.record import Question
from boxwright.formats.sample import Dataset, Sample

KEPT = 4
"""Data sets whose lists of pictures are kept in memory."""

JPEG_QUALITY = 88


def picture(question: Question, number: int, source: str, total: int, longest: int) -> bytes:
    """A picture as JPEG, as it is stored: boxes refer to it so.

    Args:
        question: says which data.
        number: its place among the pictures of the evaluation, from 0.
        source: its name in the data set.
        total: pictures of the evaluation.
        longest: pixels of the longer side; smaller pictures stay as large as they are.

    Raises:
        LookupError: the data holds it no more.
        OSError, ValueError: the data or the picture cannot be read.
    """
    dataset = _opened(question.data, question.split, question.labels_file, question.data_digest)
    decoded = imaging.decode(_sample(dataset, number, source, total).encoded)
    height, width = decoded.shape[:2]
    scale = min(1.0, longest / max(height, width))
    if scale < 1.0:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        decoded = np.asarray(cv2.resize(decoded, size, interpolation=cv2.INTER_AREA), np.uint8)
    done, data = cv2.imencode(".jpg", decoded[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    assert done, "JPEG holds any uint8 RGB picture of such a size"
    return data.tobytes()


def _sample(dataset: Dataset, number: int, source: str, total: int) -> Sample:
    """The sample of a picture: at its own place, or behind it by as many as could not be read before it."""
    for place in range(number, min(len(dataset), number + 1 + max(0, len(dataset) - total))):
        sample = dataset[place]
        if sample.source == source:
            return sample
    raise LookupError(f"picture {source!r} is in the data no more; evaluate again")


@lru_cache(maxsize=KEPT)
def _opened(data: str, split: str, labels_file: str, digest: str) -> Dataset:
    del digest  # another one after the data has changed
    return formats.read(data, split=split or None, labels_file=labels_file)
