import math
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats import Sample
from boxwright.formats.recordio_file import RecordIOFiles, frame
from boxwright.formats.recordio_label import ImageRecord, from_sample, pack, to_annotation, unpack
from boxwright.formats.sample import no_boxes


def content(*labels: float) -> ImageRecord:
    return ImageRecord(0, 0.0, np.array(labels, np.float32), b"picture")


def test_a_record_of_one_label_is_packed_by_hand() -> None:
    # "IfQQ": flag 0, label 3.0 (0x40400000), id 258 (0x0102), id2 0.
    expected = bytes.fromhex("00000000 00004040 0201000000000000 0000000000000000") + b"jpeg"
    record = ImageRecord(258, 3.0, np.zeros(0, np.float32), b"jpeg")
    assert pack(record) == expected
    back = unpack(expected)
    assert (back.id, back.label, len(back.labels), back.encoded) == (258, 3.0, 0, b"jpeg")


def test_a_record_of_several_labels_is_packed_by_hand() -> None:
    # flag 2, label 0, id 5, then 1.0 (0x3f800000) and -0.5 (0xbf000000).
    expected = bytes.fromhex("02000000 00000000 0500000000000000 0000000000000000 0000803f 000000bf") + b"png"
    assert pack(ImageRecord(5, 9.0, np.array([1.0, -0.5], np.float32), b"png")) == expected
    back = unpack(expected)
    assert (back.id, back.labels.tolist(), back.encoded) == (5, [1.0, -0.5], b"png")
    assert back.labels.dtype == np.float32


def test_records_of_mxnet_are_read_and_written_byte_for_byte(tmp_path: Path) -> None:
    # Written by MXNet 1.9.1: labels and a picture with a magic number between words (kept) and at a word (cut out),
    # then one label and a picture that ends in a magic number between words.
    by_mxnet = bytes.fromhex(
        "0a23d7ce3c000020070000000000000007000000000000000000000000000000"
        "000000400000a0400000803f0000803e0000003f0000403f0000803f"
        "61620a23d7ce0a230a23d7ce05000060656e642121000000"
        "0a23d7ce1e00000000000000000000400300000000000000000000000000000078790a23d7ce0000"
    )
    (tmp_path / "a.rec").write_bytes(by_mxnet)
    (tmp_path / "a.idx").write_text("7\t0\n3\t84\n")
    first, second = map(unpack, RecordIOFiles([str(tmp_path / "a.rec")]))
    assert (first.id, first.labels.tolist()) == (7, [2, 5, 1, 0.25, 0.5, 0.75, 1])
    assert first.encoded == bytes.fromhex("6162 0a23d7ce 0a23 0a23d7ce 656e642121")
    assert (second.id, second.label, second.encoded) == (3, 2.0, bytes.fromhex("7879 0a23d7ce"))
    assert frame(pack(first)) + frame(pack(second)) == by_mxnet


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (b"\0" * 23, "begins with 24 bytes of header, got 23; pack it again"),
        (
            struct.pack("<IfQQ2f", 3, 0, 0, 0, 1, 2),
            "states 3 labels, 36 bytes with it, and the record has 32; .*pack it again",
        ),
        (struct.pack("<IfQQ", 2**32 - 1, 0, 0, 0), "states 4,294,967,295 labels"),
    ],
)
def test_a_record_shorter_than_its_header_says_is_named(record: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        unpack(record)


def test_boxes_stand_behind_the_header() -> None:
    said = to_annotation(content(4, 5, 640, 480, 1, 0.25, 0.5, 0.75, 1.0, 0, 0.125, 0, 0.5, 0.25))
    np.testing.assert_array_equal(said.boxes, [[0.25, 0.5, 0.75, 1.0], [0.125, 0, 0.5, 0.25]])
    np.testing.assert_array_equal(said.labels, [1, 0])
    assert said.labels.dtype == np.int64
    assert (said.size, said.normalised, said.crowd.tolist()) == ((640, 480), True, [False, False])


def test_wider_headers_and_objects_are_skipped_over() -> None:
    said = to_annotation(content(3, 7, 99, 2, 0.1, 0.2, 0.3, 0.4, 1, 55))
    np.testing.assert_allclose(said.boxes, [[0.1, 0.2, 0.3, 0.4]])
    assert (said.labels.tolist(), said.size) == ([2], None)


@pytest.mark.parametrize("extra", [(), (0, 480), (640.5, 480), (math.nan, 480), (math.inf, 480), (640, 480, 3)])
def test_only_the_usual_header_states_a_size(extra: tuple[float, ...]) -> None:
    assert to_annotation(content(2 + len(extra), 5, *extra, 0, 0, 0, 1, 1)).size is None


def test_faulty_boxes_and_classes_are_passed_on() -> None:
    said = to_annotation(content(2, 5, 0, 0.5, 0.5, 0.5, 0.1, 1.5, 0, 0, 1, 1, math.nan, 0, 0, 1, 1, -1, 0, 0, 1, 1))
    assert said.labels.tolist() == [0, -1, -1, -1]
    np.testing.assert_allclose(said.boxes[0], [0.5, 0.5, 0.5, 0.1])
    huge = to_annotation(content(2, 5, 1e30, math.nan, 0, 1, 1))
    assert huge.labels.tolist() == [-1]
    assert math.isnan(huge.boxes[0, 0])


def test_fillers_are_no_objects() -> None:
    said = to_annotation(content(2, 6, 1, 0, 0, 1, 1, 0, -1, -1, -1, -1, -1, -1))
    assert said.labels.tolist() == [1]
    assert len(to_annotation(content(4, 5, 40, 30)).labels) == 0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ((), "has one label, 0, and no boxes; pack labels of detection, with the flag --pack-label"),
        (
            (1, 5, 0, 0, 0, 1, 1),
            "the header width must be a whole number of at least 2, got 1; .*such as 4, 5, width, height",
        ),
        ((2, 4, 0, 0, 0, 1), "the object width must be a whole number of at least 5, got 4"),
        ((2,), "the object width must be a whole number of at least 5, got 0"),
        ((2.5, 5, 0, 0, 0, 1, 1), "header width must be a whole number of at least 2, got 2.5"),
        ((math.nan, 5, 0, 0, 0, 1, 1), "header width must be a whole number of at least 2, got nan"),
        ((2, math.inf, 0, 0, 0, 1, 1), "object width must be a whole number of at least 5, got inf"),
        ((2, 5, 0, 0, 0, 1), "6 numbers are not a header of 2 and objects of 5 each; correct the widths"),
        ((9, 5, 0, 0, 0, 1), "6 numbers are not a header of 9"),
    ],
)
def test_labels_that_are_not_of_detection_are_named(labels: tuple[float, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_annotation(content(*labels))


def test_a_sample_gets_the_header_of_gluoncv(sample: Callable[..., Sample]) -> None:
    # 40 x 30 pixels: 10/40, 15/30, 20/40, 30/30.
    labels = from_sample(sample("a.jpg", [[10, 15, 20, 30], [0, 0, 40, 3]], [2, 0]))
    np.testing.assert_allclose(labels, [4, 5, 40, 30, 2, 0.25, 0.5, 0.5, 1, 0, 0, 0, 1, 0.1])
    assert labels.dtype == np.float32


def test_a_sample_without_objects_gets_a_filler() -> None:
    np.testing.assert_array_equal(from_sample(Sample("a", b"", 40, 30, *no_boxes())), [4, 5, 40, 30, *[-1] * 5])
