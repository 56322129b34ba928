from pathlib import Path

import pytest

from boxwright.formats.labels import find_labels, read_labels, write_labels
from boxwright.formats.sample import ClassName, named_classes


def test_line_i_names_label_i(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("daisy\n roses \r\nvélo\n\n", encoding="utf-8")
    wanted = (ClassName(1, "daisy"), ClassName(2, "roses"), ClassName(3, "vélo"))
    assert read_labels(str(tmp_path / "labels.txt")) == wanted
    assert find_labels(str(tmp_path)) == wanted
    assert find_labels(str(tmp_path / "elsewhere")) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "one class name a line, and this one is empty"),
        ("a\n\nb\n", r"labels\.txt:2: empty line"),
        ("a\nb\na\n", r"labels\.txt:3: class 'a' stands in line 1 too"),
    ],
)
def test_faulty_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "labels.txt").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_labels(str(tmp_path / "labels.txt"))


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_labels(str(tmp_path), str(tmp_path / "none.txt"))


@pytest.mark.parametrize(
    ("earlier", "names", "left"), [("", "ab", "a\nb\n"), ("a\n", "ab", "a\nb\n"), ("a\nb\n", "a", "a\nb\n")]
)
def test_a_longer_list_of_the_same_names_wins(tmp_path: Path, earlier: str, names: str, left: str) -> None:
    if earlier:
        (tmp_path / "labels.txt").write_text(earlier)
    write_labels(str(tmp_path), named_classes(list(names)))
    assert (tmp_path / "labels.txt").read_text() == left


def test_other_names_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("a\nb\n")
    with pytest.raises(ValueError, match=r"holds the classes \['a', 'b'\], and the data set has \['b'\]"):
        write_labels(str(tmp_path), named_classes(["b"]))
