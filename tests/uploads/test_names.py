"""Names that strangers give to files."""

import pytest

from boxwright.uploads.names import Names, common_folder, is_left_out, relative_path, same_name


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a.jpg", "a.jpg"),
        ("./images//a b.jpg", "images/a b.jpg"),
        ("images\\sub\\1.jpg", "images/sub/1.jpg"),
        ("<b>\"'.jpg", "<b>\"'.jpg"),
        ("画像/1.jpg", "画像/1.jpg"),
        ("..a/b..", "..a/b.."),
        ("a/./b", "a/b"),
    ],
)
def test_names_become_relative_paths(name: str, path: str) -> None:
    assert relative_path(name) == path


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("../a", "may not lead out"),
        ("a/../../b", "may not lead out"),
        ("a\\..\\b", "may not lead out"),
        ("/etc/passwd", "relative"),
        ("\\\\host\\share", "relative"),
        ("C:\\Windows\\a", "relative"),
        ("c:a", "relative"),
        ("", "a name is needed"),
        ("./", "a name is needed"),
        ("a\0.jpg", "control characters"),
        ("a\nb", "control characters"),
        ("a\x7f", "control characters"),
        ("\ud800", "control characters"),
        ("a" * 256, "at most"),
        ("é" * 128, "at most"),
        ("/".join("a" * 33), "at most"),
        ("/".join(["a" * 250] * 5), "at most"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        relative_path(name)


def test_what_file_managers_leave_behind_is_no_data() -> None:
    left = ("__MACOSX/a.jpg", ".DS_Store", "a/.hidden/b", "a/Thumbs.db", "DESKTOP.INI")
    assert all(map(is_left_out, left))
    assert not any(map(is_left_out, ("a.jpg", "a/MACOSX", "thumbs.db.jpg")))


def test_two_ways_to_write_one_name_are_one() -> None:
    assert same_name("Cafe\u0301/A.JPG") == same_name("caf\u00e9/a.jpg")
    assert same_name("a") != same_name("b")


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [("a.jpg", "A.JPG"), ("a.jpg", "a.jpg"), ("a/b", "a"), ("a", "a/b"), ("A/b/c", "a/B"), ("é", "É")],
)
def test_one_place_is_taken_once(taken: str, wanted: str) -> None:
    names = Names()
    names.take(taken)
    with pytest.raises(ValueError, match="rename one of them"):
        names.take(wanted)


def test_files_beside_each_other_are_no_clash() -> None:
    names = Names()
    for path in ("a/1.jpg", "a/2.jpg", "A/3.jpg", "b"):
        names.take(path)
    with pytest.raises(ValueError, match="one place on some machines") as found:
        names.take("A/2.JPG")
    assert "a/2.jpg" in str(found.value)


@pytest.mark.parametrize(
    ("paths", "top"),
    [(["a/1", "a/b/2"], "a/"), (["a/1", "b/2"], ""), (["a/1", "a"], ""), (["1"], ""), (["a/1"], "a/")],
)
def test_a_folder_around_everything_is_found(paths: list[str], top: str) -> None:
    assert common_folder(paths) == top
