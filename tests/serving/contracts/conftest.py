"""A picture in which the trained model finds much."""

from pathlib import Path

import pytest

from boxwright import formats
from boxwright.engine import Engine, Prediction


@pytest.fixture(scope="session")
def engine(model_folder: str) -> Engine:
    """The trained model, called directly."""
    return Engine.load(model_folder, threads=1)


@pytest.fixture(scope="session")
def crowded(records: Path, engine: Engine) -> bytes:
    """The picture of those that it was trained on in which it finds most."""
    pictures = [one.encoded for one in formats.read(f"{records}/train-*")]
    return max(pictures, key=lambda one: len(engine.predict(one).scores))


@pytest.fixture(scope="session")
def expected(crowded: bytes, engine: Engine) -> Prediction:
    """What is found there; boxes in pixels of 96 x 64."""
    found = engine.predict(crowded)
    assert len(found.scores) > 20
    return found
