"""Uploads of two people and an administrator."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxwright.store.tokens import TokenRecord
from boxwright.uploads import arriving
from boxwright.uploads.arriving import Arriving
from boxwright.uploads.shelf import Uploads

ANNA = TokenRecord("anna", "trainer", 1.0)

Fill = Callable[..., str]


@pytest.fixture
def uploads(tmp_path: Path) -> Iterator[Uploads]:
    found = Uploads(tmp_path / "uploads", 1_000_000)
    yield found
    found.close()


@pytest.fixture
def fill(uploads: Uploads) -> Fill:
    """Begins an upload of anna's with files, all of which have come; gives its id."""

    def begun(**contents: bytes) -> str:
        upload_id = uploads.begin("p", ANNA, "cells").upload_id
        place = uploads.open_place("p", upload_id, ANNA)
        for name, content in contents.items():
            record = arriving.announce(place, name=name, size=len(content), max_bytes=1_000_000)
            with Arriving(place, record, 0) as file:
                file.write(content)
        return upload_id

    return begun
