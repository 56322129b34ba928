"""Pictures of an evaluation, read from its data."""

from pathlib import Path

import numpy as np
import pytest

from boxwright import formats, imaging
from boxwright.bench.pictures import picture
from boxwright.bench.record import Question, digest_of_data


def question(data: str) -> Question:
    return Question(model="m", folder="/m", model_digest="d", data=data, data_digest=digest_of_data(data))


def test_a_picture_as_it_is_stored(records: Path) -> None:
    data = f"{records}/validation-*"
    dataset = formats.read(data)
    shown = imaging.decode(picture(question(data), 2, dataset[2].source, 6, 1280))
    stored = imaging.decode(dataset[2].encoded)
    assert shown.shape == stored.shape == (64, 96, 3)
    assert np.abs(shown.astype(int) - stored).mean() < 5  # what JPEG costs
    assert np.abs(shown.astype(int) - imaging.decode(dataset[3].encoded)).mean() > 15


def test_a_large_picture_is_made_smaller(records: Path) -> None:
    data = f"{records}/validation-*"
    small = picture(question(data), 0, formats.read(data)[0].source, 6, 48)
    assert imaging.header(small).format == "JPEG" and imaging.decode(small).shape == (32, 48, 3)


def test_pictures_behind_unreadable_ones_are_found(records: Path) -> None:
    data = f"{records}/validation-*"
    dataset = formats.read(data)
    # The evaluation has left out two pictures before it.
    shown = imaging.decode(picture(question(data), 2, dataset[4].source, 4, 1280))
    assert np.abs(shown.astype(int) - imaging.decode(dataset[4].encoded)).mean() < 5


def test_a_picture_that_is_gone(records: Path) -> None:
    data = f"{records}/validation-*"
    with pytest.raises(LookupError, match="is in the data no more; evaluate again"):
        picture(question(data), 2, "another.jpg", 6, 1280)
    with pytest.raises(LookupError):
        picture(question(data), 9, "another.jpg", 6, 1280)
