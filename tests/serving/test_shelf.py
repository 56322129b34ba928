"""Models by name and version."""

from types import SimpleNamespace
from typing import Any

import pytest

from boxwright.serving.rejection import Rejection
from boxwright.serving.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    models: Any = [
        SimpleNamespace(name=name, version=version) for name, version in (("a", "1"), ("a", "2"), ("b", "1"))
    ]
    return Shelf(models)


@pytest.mark.parametrize(
    ("name", "version", "index"), [("a", None, 1), ("a", "1", 0), ("a", "2", 1), ("b", None, 2), ("b", "1", 2)]
)
def test_a_model_is_found(shelf: Shelf, name: str, version: str | None, index: int) -> None:
    assert shelf.find(name, version) is shelf.models[index]
    assert shelf.first is shelf.models[1]  # the last version of the first name


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [("c", None, "no model 'c' is served here; there is a, b"), ("a", "3", "has no version '3' here; there is 1, 2")],
)
def test_what_is_not_there_is_said_with_what_is(shelf: Shelf, name: str, version: str | None, message: str) -> None:
    with pytest.raises(Rejection, match=message) as refused:
        shelf.find(name, version)
    assert refused.value.status == 404
