import struct
from pathlib import Path

import fsspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxwright.formats.recordio_file import RecordIOFiles, begins_with_record, frame, index, writing

MAGIC = b"\x0a\x23\xd7\xce"  # 0xced7230a, little-endian


def framed_by_words(data: bytes) -> bytes:
    """An independent writer, straight from the layout: it looks at the data word by word."""
    words = [data[at : at + 4] for at in range(0, len(data), 4)]
    parts: list[list[bytes]] = [[]]
    for word in words:
        if word == MAGIC:
            parts.append([])
        else:
            parts[-1].append(word)
    file = b""
    for number, part in enumerate(parts):
        if len(parts) == 1:
            flag = 0
        elif number == 0:
            flag = 1
        else:
            flag = 3 if number == len(parts) - 1 else 2
        text = b"".join(part)
        file += struct.pack("<I", 0xCED7230A) + struct.pack("<I", flag * 2**29 + len(text)) + text
        while len(file) % 4:
            file += b"\0"
    return file


def write(path: Path, records: list[bytes], idx: str | None = None) -> str:
    path.write_bytes(b"".join(map(framed_by_words, records)))
    if idx is not None:
        path.with_suffix(".idx").write_text(idx)
    return str(path)


def test_a_record_is_magic_length_data_and_padding() -> None:
    assert frame(b"hello") == bytes.fromhex("0a23d7ce 05000000") + b"hello\0\0\0"
    assert frame(b"four") == bytes.fromhex("0a23d7ce 04000000") + b"four"
    assert frame(b"") == bytes.fromhex("0a23d7ce 00000000")


def test_a_magic_number_in_the_data_cuts_them() -> None:
    # flag 1 << 29 = 0x20000000, 2 << 29 = 0x40000000, 3 << 29 = 0x60000000; the number itself is left out.
    assert frame(b"head" + MAGIC + b"mid." + MAGIC + b"tail!") == (
        bytes.fromhex("0a23d7ce 04000020")
        + b"head"
        + bytes.fromhex("0a23d7ce 04000040")
        + b"mid."
        + bytes.fromhex("0a23d7ce 05000060")
        + b"tail!\0\0\0"
    )
    assert frame(MAGIC) == bytes.fromhex("0a23d7ce 00000020 0a23d7ce 00000060")


def test_a_magic_number_between_words_does_not_cut() -> None:
    data = b"x" + MAGIC + b"yzw"
    assert frame(data) == bytes.fromhex("0a23d7ce 08000000") + data


@settings(deadline=None, derandomize=True, database=None)
@given(
    st.lists(
        st.lists(st.one_of(st.just(MAGIC), st.binary(max_size=9), st.just(b"\0\0\0\0")), max_size=12).map(b"".join),
        max_size=5,
    )
)
def test_any_records_are_written_as_the_layout_says_and_read_back(records: list[bytes]) -> None:
    framed = list(map(frame, records))
    assert framed == list(map(framed_by_words, records))
    system = fsspec.filesystem("memory")
    system.pipe_file("/any.rec", b"".join(framed))
    assert list(RecordIOFiles(["memory://any.rec"])) == records
    system.rm_file("/any.rec")


def test_a_record_too_large_for_its_length_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.formats.recordio_file.LARGEST", 7)
    with pytest.raises(ValueError, match="holds at most 7 bytes, got 8; shrink the picture"):
        frame(b"12345678")


def test_records_lie_where_the_format_says(tmp_path: Path) -> None:
    path = write(tmp_path / "a.rec", [b"first", MAGIC, b"", b"last"])
    found = index(path)
    # 8 + 5 and 3 of padding; two parts of 8; 8; 8 + 4.
    np.testing.assert_array_equal(found.offsets, [0, 16, 32, 40])
    np.testing.assert_array_equal(found.lengths, [16, 16, 8, 12])
    assert list(RecordIOFiles([path, path])) == [b"first", MAGIC, b"", b"last"] * 2
    assert begins_with_record(path)
    (tmp_path / "b").write_bytes(b"no")
    assert not begins_with_record(str(tmp_path / "b"))


def test_an_empty_file_has_no_records(tmp_path: Path) -> None:
    assert len(RecordIOFiles([write(tmp_path / "a.rec", [])])) == 0
    assert len(RecordIOFiles([write(tmp_path / "b.rec", [], idx="")])) == 0


def test_a_file_and_its_index_are_written(tmp_path: Path) -> None:
    path = str(tmp_path / "set" / "a.rec")
    with writing(path) as add:
        add(7, b"first")
        add(3, MAGIC + b"x")
    assert Path(path).read_bytes() == framed_by_words(b"first") + framed_by_words(MAGIC + b"x")
    assert (tmp_path / "set" / "a.idx").read_bytes() == b"7\t0\n3\t16\n"
    assert list(RecordIOFiles([path])) == [b"first", MAGIC + b"x"]


def test_a_file_that_is_not_finished_gets_no_name(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), writing(str(tmp_path / "a.rec")) as add:
        add(0, b"first")
        raise RuntimeError("stop")
    assert list(tmp_path.iterdir()) == []


def test_with_an_index_only_the_last_head_is_read_when_opening(tmp_path: Path) -> None:
    path = write(tmp_path / "a.rec", [b"aaaa", b"bbbb", b"cccc"], idx="0\t0\n1\t12\n2\t24\n")
    damaged = bytearray(Path(path).read_bytes())
    damaged[12] ^= 1
    Path(path).write_bytes(damaged)
    records = RecordIOFiles([path])
    assert (len(records), records[0], records[2]) == (3, b"aaaa", b"cccc")
    with pytest.raises(
        ValueError, match=r"a\.rec: record 1 at byte 12: a part must begin with the magic number 0a23d7ce"
    ):
        records[1]


def test_an_index_in_another_order_gives_the_order_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.rec", [b"aaaa", b"bbbb"], idx="9\t12\n\n4\t0\n")
    assert list(RecordIOFiles([path])) == [b"aaaa", b"bbbb"]


THREE = [b"aaaa", MAGIC + b"bbbb", b"cccc"]  # at bytes 0, 12 and 32; 44 in all


@pytest.mark.parametrize(
    ("idx", "message"),
    [
        ("", r"no record: the first record begins at byte 0, and the \.idx file has none"),
        ("0\t12\n1\t32\n", r"the first record begins at byte 0, and the \.idx file has 12"),
        ("0\t0\n1\t12\n2\t32\n3\t44\n", "record 3 at byte 44: the file ends at byte 44"),
        ("0\t0\n1\t12\n1\t12\n2\t32\n", r"the \.idx file has 4 records at 3 places"),
        ("0\t0\n1\t12\n", "record 1 at byte 12: it ends at byte 32, and what follows begins at byte 44"),
        (
            "0\t0\n1\t12\n2\t36\n",
            "record 2 at byte 36: a part must begin with the magic number 0a23d7ce and begins with 04",
        ),
        ("0\t0\n1\t12\n2\t20\n", "record 2 at byte 20: a part's flag must be 0 or 1 where a record begins, got 3"),
    ],
)
def test_an_index_that_does_not_fit_is_found_when_opening(tmp_path: Path, idx: str, message: str) -> None:
    path = write(tmp_path / "a.rec", THREE, idx)
    way_out = (
        r"; either the \.rec file is cut off, then copy .* another's, then write the \.idx file again or delete it"
    )
    with pytest.raises(ValueError, match=rf"a\.rec: by its \.idx file, the last is .*{message}.*{way_out}"):
        RecordIOFiles([path])


@pytest.mark.parametrize(
    ("idx", "number", "message"),
    [
        ("0\t0\n2\t32\n", 0, "record 0 at byte 0: it ends at byte 12, and what follows begins at byte 32"),
        ("0\t0\n1\t16\n2\t32\n", 1, "record 1 at byte 16: a part must begin with the magic number"),
        ("0\t0\n1\t12\n8\t20\n2\t32\n", 1, "record 1 at byte 12: it is cut off at byte 20, within the head of a part"),
        ("0\t0\n8\t8\n1\t12\n2\t32\n", 0, "record 0 at byte 0: it is cut off at byte 8, 4 bytes of a part are missing"),
    ],
)
def test_an_index_that_does_not_fit_inside_is_found_when_reading(
    tmp_path: Path, idx: str, number: int, message: str
) -> None:
    records = RecordIOFiles([write(tmp_path / "a.rec", THREE, idx)])
    way_out = r"if the \.idx file is another's, write the \.idx file again or delete it"
    with pytest.raises(ValueError, match=rf"a\.rec: {message}.*; {way_out}"):
        records[number]


@pytest.mark.parametrize("line", ["0 0", "0\tx", "0"])
def test_a_malformed_index_is_named_with_its_line(tmp_path: Path, line: str) -> None:
    path = write(tmp_path / "a.rec", THREE, f"0\t0\n{line}\n")
    with pytest.raises(ValueError, match=r"a\.idx:2: expected a key, a tab and a byte offset, got '0.*or delete it"):
        RecordIOFiles([path])


@pytest.mark.parametrize(
    ("keep", "message"),
    [
        (40, "record 2 at byte 32: it is cut off at byte 40, 4 bytes of a part are missing"),
        (36, "record 2 at byte 32: it is cut off at byte 36, within the head of a part"),
        (20, "record 1 at byte 12: it is cut off at byte 20, within the head of a part"),
    ],
)
def test_a_file_cut_in_the_middle_is_found_when_opening(tmp_path: Path, keep: int, message: str) -> None:
    path = tmp_path / "a.rec"
    write(path, THREE)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=rf"a\.rec: {message}; copy or write the file again"):
        RecordIOFiles([str(path)])


def test_a_file_cut_in_the_middle_is_found_with_its_index(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    write(path, THREE, "0\t0\n1\t12\n2\t32\n")
    path.write_bytes(path.read_bytes()[:41])
    with pytest.raises(
        ValueError, match=r"record 2 at byte 32: it is cut off at byte 41, 3 bytes .*\.rec file is cut off"
    ):
        RecordIOFiles([str(path)])


def test_a_file_cut_off_after_opening_is_found_when_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.rec"
    records = RecordIOFiles([write(path, THREE)])
    path.write_bytes(path.read_bytes()[:41])
    assert records[1] == MAGIC + b"bbbb"
    with pytest.raises(
        ValueError, match="record 2 at byte 32: it is cut off at byte 41, .*; copy or write the file again"
    ):
        records[2]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"uri,label\nx.jpg,cat\n", "must begin with the magic number 0a23d7ce and begins with 7572692c"),
        (MAGIC + struct.pack("<I", 3 << 29), "flag must be 0 or 1 where a record begins, got 3"),
        (
            MAGIC + struct.pack("<I", 1 << 29) + MAGIC + struct.pack("<I", 0),
            "flag must be 2 or 3 within a record, got 0",
        ),
        (MAGIC + struct.pack("<I", 7 << 29), "flag must be 0 or 1 where a record begins, got 7"),
    ],
)
def test_what_is_no_record_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "a.rec").write_bytes(content)
    with pytest.raises(ValueError, match=rf"a\.rec: record 0 at byte 0: .*{message}"):
        RecordIOFiles([str(tmp_path / "a.rec")])
