"""A catalogue over a database of its own, and small data sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from boxwright import formats
from boxwright.catalogue.catalogue import Catalogue
from boxwright.dataset.draw import draw_shapes
from boxwright.store.database import open_database


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path}/store.db")
    yield engine
    engine.dispose()


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    """The folder that data may be read from."""
    folder = tmp_path / "roots"
    folder.mkdir()
    return folder


@pytest.fixture
def catalogue(engine: Engine, tmp_path: Path, roots: Path) -> Catalogue:
    """Its imports do not run yet."""
    return Catalogue.over(engine, tmp_path / "kept", (str(roots),))


@pytest.fixture
def shapes(roots: Path) -> Path:
    """A YOLO folder of six pictures in two parts."""
    for split, seed in (("train", 0), ("val", 1)):
        formats.write(draw_shapes(3, (48, 64), seed, ["ring", "star"]), str(roots / "shapes"), to="yolo", split=split)
    return roots / "shapes"
