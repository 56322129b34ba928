import gzip
import io
import struct
from pathlib import Path

import fsspec
import numpy as np
import pytest

from boxwright import files
from boxwright.formats.crc32c import masked
from boxwright.formats.recordfile import LONGEST, RecordFiles, StreamedRecord, begins_with_record, frame, index, stream

RECORDS = [b"first", b"", b"third" * 100]


def write(path: Path, records: list[bytes]) -> str:
    path.write_bytes(b"".join(map(frame, records)))
    return str(path)


def test_records_lie_where_the_format_says(tmp_path: Path) -> None:
    found = index(write(tmp_path / "a", RECORDS))
    # 12 bytes before the data and 4 after it: 12 + 5 + 4 = 21, then 12 + 0 + 4 = 16.
    np.testing.assert_array_equal(found.offsets, [0, 21, 37])
    np.testing.assert_array_equal(found.lengths, [5, 0, 500])


def test_many_files_are_one_sequence(tmp_path: Path) -> None:
    paths = [
        write(tmp_path / "a", RECORDS),
        write(tmp_path / "empty", []),
        write(tmp_path / "b", [b"fourth"]),
    ]
    records = RecordFiles(paths)
    assert len(records) == 4
    assert list(records) == [*RECORDS, b"fourth"]
    assert records[-1] == b"fourth"
    assert records.place(3) == f"{paths[2]}: record 0 at byte 0"
    with pytest.raises(IndexError):
        records[4]
    with pytest.raises(IndexError):
        records[-5]


def test_records_are_read_from_a_url(tmp_path: Path, memory: str) -> None:
    content = Path(write(tmp_path / "a", RECORDS)).read_bytes()
    fsspec.filesystem("memory").pipe_file("/bucket/a", content)
    assert list(RecordFiles([f"{memory}/a"])) == RECORDS


def test_tensorflow_reads_our_frames(tmp_path: Path, tensorflow: object) -> None:
    path = write(tmp_path / "a", RECORDS)
    read = tensorflow.data.TFRecordDataset(path)  # type: ignore[attr-defined]  # a module
    assert [record.numpy() for record in read] == RECORDS


def test_we_read_the_frames_of_tensorflow(tmp_path: Path, tensorflow: object) -> None:
    path = str(tmp_path / "a")
    with tensorflow.io.TFRecordWriter(path) as writer:  # type: ignore[attr-defined]  # a module
        for record in RECORDS:
            writer.write(record)
    assert list(RecordFiles([path])) == RECORDS
    assert Path(path).read_bytes() == b"".join(map(frame, RECORDS))


def damaged(tmp_path: Path, at: int) -> str:
    path = write(tmp_path / "a.tfrecord", RECORDS)
    content = bytearray(Path(path).read_bytes())
    content[at] ^= 1
    Path(path).write_bytes(content)
    return path


@pytest.mark.parametrize("at", [21, 21 + 8])
def test_a_wrong_length_is_found_when_opening(tmp_path: Path, at: int) -> None:
    message = r"a\.tfrecord: record 1 at byte 21: the CRC32C of the length is wrong, .*copy or write it again"
    with pytest.raises(ValueError, match=message):
        RecordFiles([damaged(tmp_path, at)])


@pytest.mark.parametrize("at", [37 + 12, 37 + 12 + 500])
def test_wrong_data_is_found_when_reading(tmp_path: Path, at: int) -> None:
    records = RecordFiles([damaged(tmp_path, at)])
    assert records[0] == b"first"
    message = r"a\.tfrecord: record 2 at byte 37: the CRC32C of the data is wrong, .*copy or write it again"
    with pytest.raises(ValueError, match=message):
        records[2]


@pytest.mark.parametrize("keep", [37 + 5, 37 + 12, 37 + 200, 37 + 515])
def test_a_truncated_file_is_found_when_opening(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "a.tfrecord"
    write(path, RECORDS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(
        ValueError, match=r"a\.tfrecord: record 2 at byte 37: the file is truncated, .* needs \d+ bytes"
    ):
        RecordFiles([str(path)])


def test_a_file_cut_off_after_opening_is_found_when_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    records = RecordFiles([write(path, RECORDS)])
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"record 2 at byte 37: the file is truncated"):
        records[2]


def test_a_huge_length_with_a_right_checksum_is_truncation(tmp_path: Path) -> None:
    length = struct.pack("<Q", 2**40)
    path = tmp_path / "a"
    path.write_bytes(length + struct.pack("<I", masked(length)) + b"data")
    with pytest.raises(ValueError, match="truncated, the record needs 1099511627792 bytes and 16 are left"):
        index(str(path))


def test_compressed_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tfrecord"
    path.write_bytes(gzip.compress(b"".join(map(frame, RECORDS))))
    with pytest.raises(ValueError, match="compressed TFRecord files are not read; decompress"):
        index(str(path))


def test_records_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    assert begins_with_record(write(tmp_path / "a", RECORDS))
    (tmp_path / "b").write_bytes(b"uri,label\nx.jpg,cat\n")
    assert not begins_with_record(str(tmp_path / "b"))
    (tmp_path / "c").write_bytes(b"short")
    assert not begins_with_record(str(tmp_path / "c"))


def test_a_stream_gives_its_records_in_a_row() -> None:
    data = b"".join(map(frame, RECORDS))
    whole = [StreamedRecord(byte, record) for byte, record in zip([0, 21, 37], RECORDS, strict=True)]
    assert list(stream(io.BytesIO(data))) == whole
    assert list(stream(io.BytesIO(data[21:]), 21)) == whole[1:]
    assert [(one.byte, one.data) for one in stream(io.BytesIO(data), skip=True)] == [(0, b""), (21, b""), (37, b"")]


@pytest.mark.parametrize("skip", [False, True])
def test_a_stream_ends_with_a_record_whose_end_is_not_known(skip: bool) -> None:
    data = b"".join(map(frame, RECORDS))
    for cut in (1, 4, 5, 504, 509):  # within the checksum, the data and the header of the last record
        found = list(stream(io.BytesIO(data[:-cut]), skip=skip))
        assert [one.last for one in found] == [False, False, True] and "truncated within" in found[2].fault
    wrong = list(stream(io.BytesIO(data[:21] + b"\x01" + data[22:]), skip=skip))
    assert [one.last for one in wrong] == [False, True] and "CRC32C of the length is wrong" in wrong[1].fault
    length = struct.pack("<Q", LONGEST + 1)
    (huge,) = stream(io.BytesIO(length + struct.pack("<I", masked(length)) + b"data"), skip=skip)
    assert huge.last and "the record states 1,073,741,825 bytes" in huge.fault


def test_a_stream_goes_on_after_damaged_data() -> None:
    data = b"".join(map(frame, RECORDS)).replace(b"first", b"frist")
    found = list(stream(io.BytesIO(data)))
    assert [one.data for one in found] == [b"", *RECORDS[1:]]
    assert "CRC32C of the data is wrong" in found[0].fault and not found[0].last


def test_files_that_are_far_away_are_best_read_together(memory: str, tmp_path: Path) -> None:
    near, far = str(tmp_path / "a.tfrecord"), f"{memory}/a.tfrecord"
    for path in (near, far):
        files.write_bytes(path, frame(b"x"))
    assert RecordFiles([near]).at_once == 1
    assert RecordFiles([near, far]).at_once > 8
