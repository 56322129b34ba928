"""JSON objects from strangers."""

import pytest

from boxwright import json_object


def nested(levels: int, opening: str, closing: str) -> bytes:
    """An object that holds lists or objects, so many levels in all."""
    inner = opening * (levels - 1) + "1" + closing * (levels - 1)
    return f'{{"a": {inner}}}'.encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}")])
def test_fifty_levels_are_enough(opening: str, closing: str) -> None:
    assert json_object.parse(nested(50, opening, closing))
    for levels in (51, 3000, 100_000):
        with pytest.raises(ValueError, match="the body's JSON is nested too deeply; at most 50 levels"):
            json_object.parse(nested(levels, opening, closing), "the body")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "the request must be JSON in UTF-8"),
        (b'{"a": "\xff"}', "the request must be JSON in UTF-8"),
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "-Infinity is no JSON number"),
        (b"[1]", r"must be a JSON object \{\.\.\.\}, got b'\[1\]'"),
        (b"1" * 5000, "the request must be JSON in UTF-8"),
    ],
)
def test_what_is_no_object_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        json_object.parse(text)


def test_nothing_is_an_empty_object() -> None:
    assert json_object.parse(b" \n") == {}
    assert json_object.parse(b'{"a": [{}, "\xc3\xa9", 1.5, null]}') == {"a": [{}, "é", 1.5, None]}
