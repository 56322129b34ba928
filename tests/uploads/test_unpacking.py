"""Zip files, good ones and hostile ones."""

import io
import re
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from boxwright.uploads import unpacking
from boxwright.uploads.unpacking import Limits, Unpacked, Unsafe, is_zip

ROOM = Limits(total=10**9, free=10**9)

Change = Callable[[zipfile.ZipInfo], None]


def nothing(_: int, __: int) -> None:
    pass


def entry(name: str, change: Change | None = None) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    if change:
        change(info)
    return info


def zipped(path: Path, *files: tuple[str | zipfile.ZipInfo, bytes], packed: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return path


def unpack(source: Path, limits: Limits = ROOM) -> Unpacked:
    return unpacking.unpack(source, source.parent / "out", limits, nothing)


def files_in(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refusal(source: Path, limits: Limits = ROOM) -> str:
    """Why the zip is refused; nothing is outside of its folder then."""
    before = {path for path in source.parent.rglob("*") if "out" not in path.parts}
    with pytest.raises(Unsafe) as caught:
        unpack(source, limits)
    assert {path for path in source.parent.rglob("*") if "out" not in path.relative_to(source.parent).parts} == before
    return str(caught.value)


def test_a_zip_becomes_a_folder_without_the_one_around_it(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as nested:
        nested.writestr("x", b"y")
    source = zipped(
        tmp_path / "a.zip",
        ("cells/", b""),
        ("cells/images/1.jpg", b"one"),
        ("cells\\labels\\1.txt", b"two"),
        ("cells/inner.zip", inner.getvalue()),
        ("cells/.DS_Store", b"no"),
        ("__MACOSX/cells/._1.jpg", b"no"),
        packed=zipfile.ZIP_DEFLATED,
    )
    found = unpack(source)
    assert found == Unpacked(files=3, size=6 + len(inner.getvalue()), left_out=2)
    expected = {"images/1.jpg": b"one", "labels/1.txt": b"two", "inner.zip": inner.getvalue()}
    assert files_in(tmp_path / "out") == expected


def test_without_a_folder_around_everything_nothing_is_taken_off(tmp_path: Path) -> None:
    unpack(zipped(tmp_path / "a.zip", ("images/1.jpg", b"1"), ("annotations/1.xml", b"2")))
    assert list(files_in(tmp_path / "out")) == ["annotations/1.xml", "images/1.jpg"]


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    source = zipped(tmp_path / "a.zip", ("a", bytes(3 << 20)), ("b", b"1"))
    unpacking.unpack(source, tmp_path / "out", ROOM, lambda done, total: told.append((done, total)))
    assert told[0] == (1 << 20, (3 << 20) + 1) and told[-1] == ((3 << 20) + 1, (3 << 20) + 1)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../evil", "lead out of the upload's folder"),
        ("a/../../evil", "lead out of the upload's folder"),
        ("..\\evil", "lead out of the upload's folder"),
        ("/tmp/evil", "absolute"),
        ("C:\\evil", "absolute"),
        ("a\nb", "control characters"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str, words: str) -> None:
    assert words in refusal(zipped(tmp_path / "a.zip", ("good", b"1"), (name, b"2")))


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    def as_link(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFLNK | 0o777) << 16

    def as_device(info: zipfile.ZipInfo) -> None:
        info.external_attr = (stat.S_IFCHR | 0o666) << 16

    assert "is a link" in refusal(zipped(tmp_path / "a.zip", (entry("a", as_link), b"/etc/passwd")))
    assert "a device" in refusal(zipped(tmp_path / "b.zip", (entry("a", as_device), b"")))


def test_names_that_differ_in_capitals_only_are_refused(tmp_path: Path) -> None:
    assert "capitals" in refusal(zipped(tmp_path / "a.zip", ("x/A.jpg", b"1"), ("x/a.JPG", b"2")))


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip", ("a", b"secret"))
    data = bytearray(source.read_bytes())
    data[6] |= 1  # flags of the file's header
    data[data.index(b"PK\1\2") + 8] |= 1  # and in the list of contents
    source.write_bytes(data)
    assert "encrypted; make the zip again without a password" in refusal(source)


def test_other_methods_are_refused(tmp_path: Path) -> None:
    assert "packed by method 14" in refusal(zipped(tmp_path / "a.zip", ("a", b"1"), packed=zipfile.ZIP_LZMA))


def test_what_the_reader_cannot_do_is_refused(tmp_path: Path) -> None:
    """A file that needs a later version of the format."""
    source = zipped(tmp_path / "a.zip", ("a", b"1"))
    data = bytearray(source.read_bytes())
    data[data.index(b"PK\1\2") + 6] = 99  # version needed to extract
    source.write_bytes(data)
    assert "the zip cannot be read" in refusal(source)


def test_a_bomb_is_refused_by_how_much_it_grows(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip", ("a", bytes(120_000_000)), packed=zipfile.ZIP_DEFLATED)
    assert source.stat().st_size < 200_000
    assert "a zip may grow to 200 times its size" in refusal(source)


def test_a_small_zip_may_shrink_well(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip", ("a", bytes(5_000_000)), packed=zipfile.ZIP_DEFLATED)
    assert source.stat().st_size * 200 < 5_000_000
    assert unpack(source).size == 5_000_000


def test_too_many_files_too_many_bytes_and_a_full_disk_are_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip", ("a", b"123"), ("b", b"456"), ("c", b"789"))
    assert "may hold 2 files, and this one holds 3" in refusal(source, Limits(10**9, 10**9, files=2))
    assert "may have 8 bytes, and this zip has 9" in refusal(source, Limits(8, 10**9))
    assert "the disk has 8 bytes left" in refusal(source, Limits(10**9, 8))


def test_a_header_that_states_too_little_does_not_help(tmp_path: Path) -> None:
    """The list of contents says 10 bytes of each file, and 120 MB come out of one."""
    source = zipped(tmp_path / "a.zip", ("a", bytes(120_000_000)), packed=zipfile.ZIP_DEFLATED)
    data = bytearray(source.read_bytes())
    at = data.index(b"PK\1\2") + 24  # uncompressed size
    data[at : at + 4] = struct.pack("<I", 10)
    source.write_bytes(data)
    assert "the zip is damaged" in refusal(source)
    assert sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file()) <= 10


def test_what_is_written_is_counted_whatever_the_list_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers may be fooled into giving more than the list states; the count of bytes is not."""
    source = zipped(tmp_path / "a.zip", ("a", bytes(5000)))
    monkeypatch.setattr(unpacking.zipfile.ZipFile, "open", lambda *_: io.BytesIO(bytes(5000)))
    with zipfile.ZipFile(source) as opened:
        planned = {"a": opened.infolist()[0]}
        (tmp_path / "out").mkdir()
        budget = unpacking._Budget(5000, Limits(total=4000, free=10**9), 10, nothing)
        with pytest.raises(Unsafe, match="may have 4,000 bytes"):
            unpacking._write_all(opened, planned, tmp_path / "out", budget)
    assert (tmp_path / "out" / "a").stat().st_size == 0


def test_overlapping_entries_are_counted_each(tmp_path: Path) -> None:
    """Many entries of the list share the bytes of one file, so that a few megabytes would fill a disk."""
    source = zipped(tmp_path / "a.zip", ("a", bytes(1_000_000)), packed=zipfile.ZIP_DEFLATED)
    data = source.read_bytes()
    first = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    listed = data[first:end]
    many = b"".join(
        listed[:28] + struct.pack("<H", 2) + listed[30:46] + bytes([number // 26 + 97, number % 26 + 97]) + listed[47:]
        for number in range(300)
    )
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 300, 300, len(many), first, 0)
    source.write_bytes(data[:first] + many + tail)
    assert "a zip may grow" in refusal(source)


@pytest.mark.parametrize("cut", [10, 60, 2000])
def test_a_zip_that_is_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    source = zipped(tmp_path / "a.zip", ("a", bytes(1000)), ("b", bytes(1000)))
    source.write_bytes(source.read_bytes()[:-cut])
    assert re.search("upload it again|damaged", refusal(source))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    source = zipped(tmp_path / "a.zip", ("a", b"x" * 1000))
    data = bytearray(source.read_bytes())
    data[500] ^= 1
    source.write_bytes(data)
    assert "the zip is damaged" in refusal(source)


def test_an_empty_zip_is_refused(tmp_path: Path) -> None:
    assert "holds no files that could be data" in refusal(zipped(tmp_path / "a.zip"))
    assert "holds no files that could be data" in refusal(zipped(tmp_path / "b.zip", (".hidden", b"1")))


def test_a_list_that_would_fill_memory_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = zipped(tmp_path / "a.zip", *((f"{number:04}", b"") for number in range(100)))
    monkeypatch.setattr(unpacking, "MAX_LIST_BYTES", 1000)
    monkeypatch.setattr(unpacking.zipfile, "ZipFile", None)
    assert "list of contents may have 1,000 bytes, and has 5,000" in refusal(source)


def test_the_list_of_a_large_zip_is_looked_at_in_both_places(tmp_path: Path) -> None:
    """Of zip64, the length stands in a record that is found through its locator, or right before it."""
    lengths = {"here": 10**12, "there": 7}
    record = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, lengths["there"], 0)
    near = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, lengths["here"], 0)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 4, 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    source = tmp_path / "a.zip"
    source.write_bytes(b"PK\3\4" + record + near + locator + end)
    assert "has 1,000,000,000,000" in refusal(source)
    source.write_bytes(b"PK\3\4" + near + record + locator + end)
    assert "has 1,000,000,000,000" in refusal(source)


@pytest.mark.parametrize(
    ("raw", "flag", "name"),
    [
        ("写真.jpg".encode(), 0x800, "写真.jpg"),
        ("写真.jpg".encode(), 0, "写真.jpg"),
        ("写真.jpg".encode("cp932"), 0, "写真.jpg"),
        ("café.jpg".encode("cp437"), 0, "café.jpg"),
        ("école.jpg".encode("cp437"), 0, "école.jpg"),
    ],
)
def test_names_in_other_encodings_are_read(tmp_path: Path, raw: bytes, flag: int, name: str) -> None:
    source = zipped(tmp_path / "a.zip", ("x" * len(raw), b"1"))
    data = bytearray(source.read_bytes().replace(b"x" * len(raw), raw))
    at = data.index(b"PK\1\2")
    data[6:8] = data[at + 8 : at + 10] = struct.pack("<H", flag)
    source.write_bytes(data)
    unpack(source)
    assert list(files_in(tmp_path / "out")) == [name]


def test_a_name_that_is_not_what_it_says_is_refused(tmp_path: Path) -> None:
    """Marked as UTF-8 and not; and other in the list than before the file."""
    source = zipped(tmp_path / "a.zip", ("xx", b"1"))
    good = source.read_bytes()
    marked = bytearray(good.replace(b"xx", b"\xff\xfe"))
    at = marked.index(b"PK\1\2")
    marked[7] = marked[at + 9] = 8
    source.write_bytes(marked)
    assert "the zip is damaged" in refusal(source)
    source.write_bytes(good.replace(b"xx", b"yy", 1))
    assert "the zip is damaged" in refusal(source)


def test_zips_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    assert is_zip(zipped(tmp_path / "a.zip", ("a", b"")))
    assert is_zip(zipped(tmp_path / "b.zip"))
    (tmp_path / "c.zip").write_bytes(b"GIF89a")
    assert not is_zip(tmp_path / "c.zip")
