from pathlib import Path

import pytest

from boxwright.formats.im2rec_list import Listing, make_lists

# What Python's random.seed(100) and random.shuffle make of 0..7.
SHUFFLED = [0, 4, 7, 5, 1, 6, 3, 2]


@pytest.fixture
def root(tmp_path: Path) -> str:
    """Eight pictures in the root, and some in folders; nothing looks into them."""
    names = [f"{number}.jpg" for number in range(8)]
    names += [
        "b/z.JPEG",
        "b/a/y.png",
        "b/a.b/w.jpg",
        "a/x.jpg",
        "notes.txt",
        "b/mask.gif",
        ".hidden.jpg",
        "c/notes.txt",
    ]
    for name in names:
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return str(tmp_path / "root")


def indexes(path: str) -> list[int]:
    return [int(line.split("\t")[0]) for line in Path(path).read_text().splitlines()]


def test_the_root_is_one_class_in_the_order_of_names(tmp_path: Path, root: str) -> None:
    lists = make_lists(f"{tmp_path}/flat", root, Listing(shuffle=False))
    assert (lists.lengths, lists.labels) == ({f"{tmp_path}/flat.lst": 8}, {".": 0})
    expected = "".join(f"{number}\t0.000000\t{number}.jpg\n" for number in range(8))
    assert (tmp_path / "flat.lst").read_text() == expected


def test_folders_are_classes_in_the_order_of_their_finding(tmp_path: Path, root: str) -> None:
    lists = make_lists(f"{tmp_path}/deep", root, Listing(recursive=True, shuffle=False))
    # A folder's own pictures come before those of its folders.
    assert lists.labels == {".": 0, "a": 1, "b": 2, "b/a": 3, "b/a.b": 4}
    assert (tmp_path / "deep.lst").read_text().splitlines()[8:] == [
        "8\t1.000000\ta/x.jpg",
        "9\t2.000000\tb/z.JPEG",
        "10\t3.000000\tb/a/y.png",
        "11\t4.000000\tb/a.b/w.jpg",
    ]


def test_lists_are_shuffled_with_seed_100(tmp_path: Path, root: str) -> None:
    make_lists(f"{tmp_path}/a", root, Listing())
    assert indexes(f"{tmp_path}/a.lst") == SHUFFLED


def test_ratios_divide_a_list(tmp_path: Path, root: str) -> None:
    lists = make_lists(f"{tmp_path}/a", root, Listing(train_ratio=0.5, test_ratio=0.25))
    assert lists.lengths == {
        f"{tmp_path}/a_{name}.lst": count for name, count in (("test", 2), ("val", 2), ("train", 4))
    }
    # First the test, then the training, then the validation pictures.
    assert indexes(f"{tmp_path}/a_test.lst") == SHUFFLED[:2]
    assert indexes(f"{tmp_path}/a_train.lst") == SHUFFLED[2:6]
    assert indexes(f"{tmp_path}/a_val.lst") == SHUFFLED[6:]


def test_a_part_without_a_share_has_no_list(tmp_path: Path, root: str) -> None:
    assert list(make_lists(f"{tmp_path}/a", root, Listing(train_ratio=0.75)).lengths.values()) == [2, 6]
    lists = make_lists(f"{tmp_path}/b", root, Listing(train_ratio=0.75, test_ratio=0.25))
    assert lists.lengths == {f"{tmp_path}/b_test.lst": 2, f"{tmp_path}/b_train.lst": 6}


def test_chunks_are_numbered_and_divided_alike(tmp_path: Path, root: str) -> None:
    # Chunks of ceil(8 / 3) = 3, 3 and 2 pictures; of a full one int(3 * 0.7) = 2 are for training.
    lists = make_lists(f"{tmp_path}/a", root, Listing(chunks=3, train_ratio=0.7, shuffle=False))
    assert {Path(path).name: indexes(path) for path in lists.lengths} == {
        "a_0_train.lst": [0, 1],
        "a_0_val.lst": [2],
        "a_1_train.lst": [3, 4],
        "a_1_val.lst": [5],
        "a_2_train.lst": [6, 7],
        "a_2_val.lst": [],
    }
    assert list(make_lists(f"{tmp_path}/b", root, Listing(chunks=2)).lengths.values()) == [4, 4]
    assert indexes(f"{tmp_path}/b_1.lst") == SHUFFLED[4:]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (Listing(train_ratio=0.8, test_ratio=0.3), "add up to at most 1, got 0.8 and 0.3"),
        (Listing(train_ratio=-0.1), r"must lie in 0\.\.1 and .*, got -0.1 and 0"),
        (Listing(chunks=0), r"chunks must lie in 1\.\.8, the number of pictures, got 0"),
        (Listing(chunks=9), r"chunks must lie in 1\.\.8, the number of pictures, got 9"),
    ],
)
def test_flags_out_of_range_are_refused(tmp_path: Path, root: str, how: Listing, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_lists(f"{tmp_path}/a", root, how)


def test_a_folder_without_pictures_is_refused(tmp_path: Path, root: str) -> None:
    with pytest.raises(
        ValueError, match=r"c' holds no pictures \(.jpeg, .jpg, .png\); check the path, or go into its folders"
    ):
        make_lists(f"{tmp_path}/a", f"{root}/c", Listing())
