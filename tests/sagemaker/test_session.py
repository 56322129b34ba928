"""Tests of local buckets."""

from pathlib import Path

import pytest

from boxwright import files, sagemaker
from boxwright.sagemaker.session import Session, get_execution_role, place


def test_the_package_offers_what_examples_ask_for() -> None:
    assert sagemaker.Session is Session
    assert get_execution_role() == "boxwright"
    assert Session().boto_region_name == "local"


def test_a_local_bucket_is_a_folder(buckets: Path) -> None:
    session = Session()
    assert place(f"s3://{session.default_bucket()}/a/b/") == str(buckets / "boxwright" / "a" / "b")
    assert place("s3://data/a") == "s3://data/a"
    assert session.create_bucket("data") == session.create_bucket("data") == str(buckets / "data")
    assert place("s3://data/a") == str(buckets / "data" / "a")
    assert place("s3://data") == str(buckets / "data")


@pytest.mark.parametrize("path", ["data/a", "/data/a", "gs://boxwright/a", "s3://", "s3://../a", "s3://.jobs/a"])
def test_everything_else_is_where_it_is(buckets: Path, path: str) -> None:
    (buckets / ".jobs").mkdir(parents=True)
    assert place(path) == path


def test_a_key_stays_in_its_bucket(buckets: Path) -> None:
    assert place("s3://boxwright/a/../b") == str(buckets / "boxwright" / "b")
    with pytest.raises(ValueError, match="must not lead out of its bucket, got 's3://boxwright/../b'"):
        place("s3://boxwright/../b")


@pytest.mark.parametrize("name", ["..", "a", "Data", "a/b", ".jobs"])
def test_a_bucket_has_a_buckets_name(buckets: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a bucket's name is 3 to 63"):
        Session().create_bucket(name)
    assert not buckets.exists()


def test_without_a_variable_buckets_are_in_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOXWRIGHT_BUCKETS", raising=False)
    monkeypatch.setenv("HOME", "/home/anna")
    assert place("s3://boxwright/a") == "/home/anna/.boxwright/buckets/boxwright/a"


def test_uploads_are_copies(buckets: Path, tmp_path: Path, memory: str) -> None:
    folder = tmp_path / "pictures"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "a.jpg").write_bytes(b"a")
    (folder / "list.txt").write_bytes(b"b")
    session = Session()
    assert session.upload_data(str(folder), key_prefix="p/q") == "s3://boxwright/p/q"
    assert (buckets / "boxwright" / "p" / "q" / "images" / "a.jpg").read_bytes() == b"a"
    assert session.upload_data(str(folder / "list.txt")) == "s3://boxwright/data/list.txt"
    assert (buckets / "boxwright" / "data" / "list.txt").read_bytes() == b"b"
    with pytest.raises(FileNotFoundError, match="no file or folder '/nowhere' to upload"):
        session.upload_data("/nowhere")
    files.write_bytes(f"{memory}/far/c.txt", b"c")
    assert session.upload_data(f"{memory}/far", "boxwright", "from") == "s3://boxwright/from"
    assert (buckets / "boxwright" / "from" / "c.txt").read_bytes() == b"c"
