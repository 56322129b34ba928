"""What is sent to endpoints."""

from pathlib import Path

import pytest

from boxwright.sagemaker.serializers import DataSerializer, IdentitySerializer, JSONSerializer


def test_bytes_stay_as_they_are() -> None:
    assert IdentitySerializer().serialize(bytearray(b"abc")) == b"abc"
    assert IdentitySerializer("image/png").CONTENT_TYPE == "image/png"
    with pytest.raises(TypeError, match="got dict"):
        IdentitySerializer().serialize({})


def test_a_path_stands_for_its_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert [DataSerializer().serialize(one) for one in (tmp_path / "a", str(tmp_path / "a"), b"abc")] == [b"abc"] * 3


def test_values_become_json() -> None:
    assert JSONSerializer().serialize([1, "a"]) == b'[1, "a"]'
