from pathlib import Path

import pytest

from boxwright.formats.recordio_list import Listed, read_list, six_places, write_list


def test_lines_are_index_labels_and_path(tmp_path: Path) -> None:
    (tmp_path / "a.lst").write_text("5\t4\t5\t640\t480\t1\t0.25\t.5\t1e-1\t1.0\ta b/x.jpg\n\n0\t3\t y.png \r\n")
    assert read_list(str(tmp_path / "a.lst")) == [
        Listed(5, (4, 5, 640, 480, 1, 0.25, 0.5, 0.1, 1), "a b/x.jpg"),
        Listed(0, (3,), "y.png"),
    ]


def test_labels_are_written_with_the_fewest_digits_or_six_places(tmp_path: Path) -> None:
    lines = [Listed(7, (4.0, 0.1, 1 / 3, float("nan")), "a\tb\nc.jpg")]
    path = str(tmp_path / "a.lst")
    write_list(path, lines)
    # 0.33333334 is the shortest text of the float32 next to a third.
    assert Path(path).read_text() == "7\t4\t0.1\t0.33333334\tnan\ta b c.jpg\n"
    write_list(path, lines, six_places)
    assert Path(path).read_text() == "7\t4.000000\t0.100000\t0.333333\tnan\ta b c.jpg\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("5\tx.jpg", "expected index, at least one label, and path, with tabs between them, got '5"),
        ("5 0 x.jpg", "expected index, at least one label, and path"),
        ("a\t0\tx.jpg", "index and labels before the path must be numbers, got 'a"),
        ("5\tcat\tx.jpg", "index and labels before the path must be numbers"),
        ("-1\t0\tx.jpg", "an index must be at least 0, got -1; number the lines from 0"),
    ],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "a.lst").write_text(f"0\t0\ty.jpg\n{line}\n")
    with pytest.raises(ValueError, match=rf"a\.lst:2: {message}"):
        read_list(str(tmp_path / "a.lst"))
