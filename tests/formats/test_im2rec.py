import io
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from boxwright.formats import read
from boxwright.formats.im2rec import Packing, pack_lists
from boxwright.formats.recordio_file import RecordIOFiles
from boxwright.formats.recordio_label import ImageRecord, unpack

Encode = Callable[..., bytes]

BOXES = "4\t5\t40\t30\t1\t0.25\t0.5\t0.75\t1"


@pytest.fixture
def root(tmp_path: Path, picture: Encode) -> str:
    """Three pictures of 40 x 30, of which b is higher than wide."""
    (tmp_path / "root").mkdir()
    for seed, name in enumerate(("a.jpg", "b.jpg", "c.png")):
        sides = (30, 40) if name == "b.jpg" else (40, 30)
        encoded = picture(*sides, seed=seed, kind="PNG" if name == "c.png" else "JPEG")
        (tmp_path / "root" / name).write_bytes(encoded)
    return str(tmp_path / "root")


@pytest.fixture
def prefix(root: str) -> str:
    lines = "".join(f"{number}\t{BOXES}\t{name}\n" for number, name in ((4, "c.png"), (0, "a.jpg"), (9, "b.jpg")))
    Path(root).with_name("cells.lst").write_text(lines)
    return str(Path(root).with_name("cells"))


def contents(path: str) -> list[ImageRecord]:
    return [unpack(record) for record in RecordIOFiles([path])]


def pixels(content: ImageRecord) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content.encoded)))


def test_pictures_and_boxes_are_packed_byte_for_byte(prefix: str, root: str) -> None:
    (done,) = pack_lists(prefix, root, Packing(pack_label=True, pass_through=True))
    assert (done.path, done.records, done.left_out, done.note) == (f"{prefix}.rec", 3, (), "")
    labels = struct.pack("<9f", 4, 5, 40, 30, 1, 0.25, 0.5, 0.75, 1)
    expected, offsets = b"", []
    for number, name in ((4, "c.png"), (0, "a.jpg"), (9, "b.jpg")):
        data = struct.pack("<IfQQ", 9, 0.0, number, 0) + labels + Path(root, name).read_bytes()
        offsets.append(f"{number}\t{len(expected)}\n")
        expected += struct.pack("<II", 0xCED7230A, len(data)) + data + b"\0" * (-len(data) % 4)
    assert Path(f"{prefix}.rec").read_bytes() == expected
    assert Path(f"{prefix}.idx").read_text() == "".join(offsets)
    dataset = read(f"{prefix}.rec")
    assert [one.source for one in dataset] == ["c.png", "a.jpg", "b.jpg"]
    np.testing.assert_array_equal(dataset[1].boxes, [[10, 15, 30, 30]])


def test_only_the_first_label_is_kept_unless_asked_for(prefix: str, root: str) -> None:
    (done,) = pack_lists(prefix, root, Packing(pass_through=True))
    assert "cells.lst has several labels a line; only the first was kept, detection needs --pack-label" in done.note
    assert [(one.id, one.label, len(one.labels)) for one in contents(done.path)] == [
        (4, 4.0, 0),
        (0, 4.0, 0),
        (9, 4.0, 0),
    ]


def test_a_single_label_stands_in_the_header_all_the_same(tmp_path: Path, root: str) -> None:
    (tmp_path / "one.lst").write_text("3\t7\ta.jpg\n")
    (done,) = pack_lists(f"{tmp_path}/one", root, Packing(pack_label=True, pass_through=True))
    assert done.note == ""
    assert [(one.id, one.label, len(one.labels)) for one in contents(done.path)] == [(3, 7.0, 0)]


def test_pictures_are_encoded_again(prefix: str, root: str) -> None:
    (done,) = pack_lists(prefix, root, Packing(quality=80))
    found = contents(done.path)
    original = cv2.imread(f"{root}/a.jpg", cv2.IMREAD_COLOR)
    assert found[1].encoded == cv2.imencode(".jpg", original, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    assert found[0].encoded[:2] == b"\xff\xd8"
    assert pixels(found[2]).shape == (40, 30, 3)


def test_pictures_become_png_grey_and_smaller(prefix: str, root: str) -> None:
    (done,) = pack_lists(prefix, root, Packing(encoding=".png", color=0, resize=15))
    # The shorter side becomes 15, the longer 40 * 15 // 30 = 20.
    assert [pixels(one).shape for one in contents(done.path)] == [(15, 20), (15, 20), (20, 15)]
    assert all(one.encoded[1:4] == b"PNG" for one in contents(done.path))


def test_the_middle_is_cut_out(prefix: str, root: str) -> None:
    (done,) = pack_lists(prefix, root, Packing(encoding=".png", quality=3, center_crop=True))
    found = [pixels(one) for one in contents(done.path)]
    np.testing.assert_array_equal(found[0], np.asarray(Image.open(f"{root}/c.png"))[:, 5:35])
    assert found[2].shape == (30, 30, 3)


def test_pictures_as_stored_keep_their_depth(tmp_path: Path) -> None:
    deep = np.arange(12, dtype=np.uint16).reshape(3, 4) * 5000
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    (tmp_path / "a.lst").write_text("0\t0\tdeep.png\n")
    (done,) = pack_lists(f"{tmp_path}/a", str(tmp_path), Packing(encoding=".png", color=-1))
    np.testing.assert_array_equal(pixels(contents(done.path)[0]), deep)


def test_threads_keep_the_order(tmp_path: Path, root: str) -> None:
    lines = [f"{number}\t0\t{'abc'[number % 3]}.{'png' if number % 3 == 2 else 'jpg'}\n" for number in range(50)]
    (tmp_path / "many.lst").write_text("".join(lines))
    (one,) = pack_lists(f"{tmp_path}/many", root, Packing())
    alone = Path(one.path).read_bytes()
    (many,) = pack_lists(f"{tmp_path}/many", root, Packing(threads=3))
    assert Path(many.path).read_bytes() == alone
    assert [found.id for found in contents(many.path)] == list(range(50))


def test_every_list_with_the_prefix_is_packed(tmp_path: Path, root: str) -> None:
    for name in ("x_0", "x_1", "y"):
        (tmp_path / "lists").mkdir(exist_ok=True)
        (tmp_path / "lists" / f"{name}.lst").write_text("0\t0\ta.jpg\n")
    packed = pack_lists(f"{tmp_path}/lists/x", root, Packing())
    assert [Path(one.path).name for one in packed] == ["x_0.rec", "x_1.rec"]
    packed = pack_lists(f"{tmp_path}/lists", root, Packing())
    assert [Path(one.path).name for one in packed] == ["x_0.rec", "x_1.rec", "y.rec"]


@pytest.mark.parametrize("pass_through", [False, True])
def test_pictures_that_cannot_be_read_are_left_out(tmp_path: Path, root: str, pass_through: bool) -> None:
    (tmp_path / "root" / "bad.jpg").write_bytes(b"no picture")
    (tmp_path / "root" / "empty.jpg").touch()
    (tmp_path / "a.lst").write_text("0\t0\tgone.jpg\n1\t0\tbad.jpg\n2\t0\tempty.jpg\n3\t0\ta.jpg\n")
    (done,) = pack_lists(f"{tmp_path}/a", root, Packing(pass_through=pass_through))
    assert done.left_out[0] == "gone.jpg: No such file or directory"
    unreadable = () if pass_through else ("bad.jpg: cannot be decoded", "empty.jpg: cannot be decoded")
    assert done.left_out[1:] == unreadable
    assert [one.id for one in contents(done.path)] == ([1, 2, 3] if pass_through else [3])


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Packing(quality=0), r"quality must lie in 1\.\.100, .*, got 0, 0 and 1"),
        (Packing(resize=-1), "resize be at least 0 .*, got 95, -1 and 1"),
        (Packing(threads=0), "num-thread at least 1, got 95, 0 and 0"),
        (Packing(encoding=".gif"), r"encoding must be \.jpg or \.png and color 1, 0 or -1, got '\.gif' and 1"),
        (Packing(color=2), "color 1, 0 or -1, got '.jpg' and 2"),
        (
            Packing(pack_label=True, center_crop=True),
            "boxes kept by --pack-label would stay where they were; leave out one",
        ),
    ],
)
def test_flags_out_of_range_are_refused(prefix: str, root: str, how: Packing, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pack_lists(prefix, root, how)
    assert not Path(f"{prefix}.rec").exists()


def test_an_index_twice_is_refused(tmp_path: Path, root: str) -> None:
    (tmp_path / "a.lst").write_text("0\t0\ta.jpg\n0\t0\tb.jpg\n")
    with pytest.raises(ValueError, match=r"a\.lst: an index stands in two lines; number the lines anew"):
        pack_lists(f"{tmp_path}/a", root, Packing())


def test_a_prefix_without_lists_is_refused(tmp_path: Path, root: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"no list .*x\*\.lst; make one with --list, or give the prefix of one"):
        pack_lists(f"{tmp_path}/x", root, Packing())
