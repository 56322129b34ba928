"""Lists of the pictures in a folder, as MXNet's `im2rec.py --list` makes them.

The label of a picture is the number of its folder. Orders, names, numbers and defaults are those of MXNet's
`tools/im2rec.py`; lists that are there are replaced, as it does.
"""

import posixpath
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from boxwright import files
from boxwright.formats.recordio_list import Listed, six_places, write_list

EXTENSIONS = (".jpeg", ".jpg", ".png")
"""Endings of the pictures that are listed."""

SHUFFLE_SEED = 100


@dataclass(frozen=True)
class Listing:
    """How lists are made.

    Attributes:
        recursive: go into folders, each of which is a class; else only the root, class 0.
        train_ratio, test_ratio: shares of the training and test list; the rest is the validation list.
        chunks: number of lists, each of which is divided by the ratios.
        shuffle: shuffle, with seed 100.
    """

    recursive: bool = False
    train_ratio: float = 1.0
    test_ratio: float = 0.0
    chunks: int = 1
    shuffle: bool = True


@dataclass(frozen=True)
class Lists:
    """The lists that were written: the length of each by its path, and the label of each folder that has pictures."""

    lengths: dict[str, int]
    labels: dict[str, int]


def make_lists(prefix: str, root: str, how: Listing) -> Lists:
    """Write the `.lst` files of the pictures below `root`, named from `prefix`.

    Hidden files are left out.

    Raises:
        ValueError: a share or the number of chunks is out of range, or there are no pictures.
        OSError: the lists cannot be written.
    """
    pictures = [Listed(number, (float(label),), path) for number, (path, label) in enumerate(_labelled(root, how))]
    _require(how, len(pictures), root)
    labels = {posixpath.dirname(one.path) or ".": int(one.labels[0]) for one in pictures}
    if how.shuffle:
        random.Random(SHUFFLE_SEED).shuffle(pictures)
    size = -(-len(pictures) // how.chunks)
    written = {}
    for number in range(how.chunks):
        stem = f"{prefix}_{number}" if how.chunks > 1 else prefix
        for name, part in _divided(pictures[number * size : (number + 1) * size], size, how):
            path = f"{stem}{name}.lst"
            write_list(path, part, six_places)
            written[path] = len(part)
    return Lists(written, labels)


def _labelled(root: str, how: Listing) -> Iterator[tuple[str, int]]:
    """Paths below the root, with the numbers of their folders in the order of their finding."""
    numbers: dict[str, int] = {}
    for path in _pictures(root, "", how.recursive):
        yield path, numbers.setdefault(posixpath.dirname(path), len(numbers))


def _pictures(root: str, below: str, recursive: bool) -> Iterator[str]:
    """Relative paths: the pictures of a folder before those of the folders in it, each in the order of names."""
    folder = files.join(root, below) if below else root
    names = files.entries(folder)
    pictures = [name for name in names if posixpath.splitext(name)[1].lower() in EXTENSIONS]
    yield from (posixpath.join(below, name) for name in pictures)
    for name in names if recursive else ():
        if name not in pictures and files.is_folder(files.join(folder, name)):
            yield from _pictures(root, posixpath.join(below, name), recursive)


def _require(how: Listing, count: int, root: str) -> None:
    shares = (how.train_ratio, how.test_ratio)
    if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
        raise ValueError(
            "train ratio and test ratio must lie in 0..1 and add up to at most 1, "
            f"got {how.train_ratio:g} and {how.test_ratio:g}"
        )
    if not count:
        endings = ", ".join(EXTENSIONS)
        raise ValueError(f"{root!r} holds no pictures ({endings}); check the path, or go into its folders, --recursive")
    if not 1 <= how.chunks <= count:
        raise ValueError(f"chunks must lie in 1..{count}, the number of pictures, got {how.chunks}")


def _divided(chunk: Sequence[Listed], size: int, how: Listing) -> list[tuple[str, Sequence[Listed]]]:
    """The lists of one chunk by what their names have after its own; shares are of a full chunk's `size`."""
    if how.train_ratio == 1:
        return [("", chunk)]
    test, train = int(size * how.test_ratio), int(size * how.train_ratio)
    parts = [("_test", chunk[:test])] if how.test_ratio else []
    if how.train_ratio + how.test_ratio < 1:
        parts.append(("_val", chunk[test + train :]))
    return [*parts, ("_train", chunk[test : test + train])]
