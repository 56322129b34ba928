"""Tests of the readers of instances: the contract that all keep, and what is special to each."""

import gzip
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from boxwright.batch_prediction import sources
from boxwright.batch_prediction.instance import PARSERS
from boxwright.batch_prediction.item import Item, Position
from boxwright.batch_prediction.sources import DATA_FORMATS, check_inputs
from boxwright.formats import recordfile

FORMATS = tuple(DATA_FORMATS)


def all_items(data_format: str, paths: list[str]) -> list[Item]:
    return [item for path in paths for item in DATA_FORMATS[data_format].read(path, Position())]


@pytest.mark.parametrize("data_format", FORMATS)
def test_the_pictures_come_back_in_order(data_format: str, tmp_path: Path, write_inputs: Any, grey: Any) -> None:
    pictures = [grey(value) for value in range(5)]
    pattern = write_inputs(data_format, tmp_path / "in", pictures)
    form = DATA_FORMATS[data_format]
    for patterns in ([pattern], [str(tmp_path / "in")], [pattern, pattern]):
        items = all_items(data_format, form.find(patterns))
        assert [PARSERS[data_format](item).encoded for item in items] == pictures
    assert len({PARSERS[data_format](item).key for item in items}) == 5


@pytest.mark.parametrize("data_format", FORMATS)
def test_reading_may_begin_at_every_position(data_format: str, tmp_path: Path, write_inputs: Any, grey: Any) -> None:
    pattern = write_inputs(data_format, tmp_path / "in", [grey(value) for value in range(5)])
    form = DATA_FORMATS[data_format]
    for path in form.find([pattern]):
        items = list(form.read(path, Position()))
        assert [item.position for item in items] == list(form.positions(path))
        for number, item in enumerate(items):
            assert list(form.read(path, item.position)) == items[number:]


@pytest.mark.parametrize("data_format", FORMATS)
def test_inputs_may_be_remote(data_format: str, tmp_path: Path, write_inputs: Any, grey: Any, memory: str) -> None:
    pattern = write_inputs(data_format, tmp_path / "in", [grey(1), grey(2)])
    form = DATA_FORMATS[data_format]
    for path in form.find([pattern]):
        sources.files.write_bytes(f"{memory}/in/{Path(path).name}", Path(path).read_bytes())
    paths = form.find([f"{memory}/in/*"])
    assert [PARSERS[data_format](item).encoded for item in all_items(data_format, paths)] == [grey(1), grey(2)]
    assert sum(len(list(form.positions(path))) for path in paths) == 2
    check_inputs(data_format, f"{memory}/in/*")


@pytest.mark.parametrize("data_format", FORMATS)
def test_what_names_nothing_or_is_empty_is_refused(data_format: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no file matches"):
        check_inputs(data_format, f"{tmp_path}/*")
    with pytest.raises(FileNotFoundError, match=r"no (file|picture .*) in the folder"):
        check_inputs(data_format, str(tmp_path))
    (tmp_path / "a.png").touch()
    with pytest.raises(ValueError, match="names 1 files, and all are empty"):
        check_inputs(data_format, str(tmp_path))


@pytest.mark.parametrize(
    ("data_format", "written", "said"),
    [
        ("JSON", "TF_RECORD", "does not begin with a JSON object"),
        ("TF_RECORD", "JSON", "is no TFRecord file"),
        ("TF_RECORD", "TF_RECORD_GZIP", "its format is TF_RECORD_GZIP"),
        ("TF_RECORD_GZIP", "TF_RECORD", "its format is TF_RECORD "),
    ],
)
def test_another_format_is_refused(
    data_format: str, written: str, said: str, tmp_path: Path, write_inputs: Any, grey: Any
) -> None:
    pattern = write_inputs(written, tmp_path / "in", [grey(1)])
    check_inputs(written, pattern)
    with pytest.raises(ValueError, match=said):
        check_inputs(data_format, pattern)


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b"\n\n", b"  "])
def test_json_may_begin_with_a_byte_order_mark_or_space(start: bytes, tmp_path: Path, json_line: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(start + json_line(b"a"))
    check_inputs("JSON", str(path))
    (item,) = all_items("JSON", [str(path)])
    assert PARSERS["JSON"](item).encoded == b"a"


def test_blank_lines_are_counted_but_are_no_instances(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\n{"a": 1}\r\n \n\n{"b": 2}')
    items = all_items("JSON", [str(path)])
    assert [(item.where, item.position.byte, item.data.strip()) for item in items] == [
        ("line 2", 1, b'{"a": 1}'),
        ("line 5", 14, b'{"b": 2}'),
    ]


def test_a_line_that_is_too_long_is_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with mock.patch.object(sources, "LONGEST_LINE", 10), mock.patch.object(sources, "CHUNK", 4):
        for long in (b"x" * 11, b"x" * 30):
            path.write_bytes(b"{}\n" + long + b"\n{}\n" + long)
            items = all_items("JSON", [str(path)])
            assert ["longer than 10 bytes" in item.fault for item in items] == [False, True, False, True]
            assert [item.position.number for item in items] == [1, 2, 3, 4]
            assert list(DATA_FORMATS["JSON"].read(str(path), items[2].position)) == items[2:]
        path.write_bytes(b"x" * 9 + b"\n{}\n")
        assert [item.fault for item in all_items("JSON", [str(path)])] == ["", ""]


def records(*pictures: bytes) -> bytes:
    return b"".join(map(recordfile.frame, pictures))


@pytest.mark.parametrize("data_format", ["TF_RECORD", "TF_RECORD_GZIP"])
def test_a_file_that_is_cut_off_is_read_up_to_there(data_format: str, tmp_path: Path) -> None:
    form, path = DATA_FORMATS[data_format], tmp_path / "a"
    whole = records(b"one", b"two", b"three")
    for cut in (1, 5, 15, len(records(b"three")) - 1):
        data = whole[:-cut]
        path.write_bytes(gzip.compress(data) if data_format == "TF_RECORD_GZIP" else data)
        items = all_items(data_format, [str(path)])
        assert [item.data for item in items] == [b"one", b"two", b""]
        assert "truncated within this record" in items[2].fault
        assert items[2].where == f"record 2 at byte {len(records(b'one', b'two'))}"
        assert [item.position for item in items] == list(form.positions(str(path)))


def test_compressed_data_that_end_early_or_are_damaged(tmp_path: Path) -> None:
    noise = bytes(range(256)) * 40
    squeezed = gzip.compress(records(b"one", noise, b"two"))
    path = tmp_path / "a.gz"
    for broken, said in (
        (squeezed[: len(squeezed) // 2], "truncated within"),
        (squeezed[:-9], "the compressed data are cut off here"),  # its checksum is missing
        (squeezed[:40] + b"\xff" * 40 + squeezed[80:], "the compressed data are damaged here"),
        (squeezed + squeezed[:-9], "the compressed data are cut off here"),
    ):
        path.write_bytes(broken)
        items = all_items("TF_RECORD_GZIP", [str(path)])
        assert said in items[-1].fault and sum(bool(item.fault) for item in items) == 1
        assert [item.position for item in items] == list(DATA_FORMATS["TF_RECORD_GZIP"].positions(str(path)))
        assert list(DATA_FORMATS["TF_RECORD_GZIP"].read(str(path), items[-1].position)) == items[-1:]


def test_compressed_files_may_be_joined(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(records(b"one")) + bytes(7) + gzip.compress(records(b"two")) + bytes(100_000))
    assert [item.data for item in all_items("TF_RECORD_GZIP", [str(path)])] == [b"one", b"two"]


def test_a_damaged_record_does_not_lose_the_next(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(records(b"one", b"two", b"three").replace(b"two", b"tow"))
    items = all_items("TF_RECORD", [str(path)])
    assert [item.data for item in items] == [b"one", b"", b"three"]
    assert "CRC32C of the data is wrong" in items[1].fault
    assert [item.position for item in items] == list(DATA_FORMATS["TF_RECORD"].positions(str(path)))
