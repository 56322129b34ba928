"""The index and its pages: what is asked for, against looking at every picture, and in time that does not grow."""

import itertools
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright.catalogue import facets
from boxwright.catalogue.index import Box, Contents, IndexedPicture, write_index
from boxwright.catalogue.pages import Index, Wanted, opened

CLASSES = ((1, "cat"), (2, "dog"), (3, "rare"))
PARTS = (("train", 0), ("val", 0))


def box(place: int, label: int, size: str, problem: str = "") -> Box:
    return (place, label, 0.0, 0.0, 10.0, 10.0, size, 0, problem, problem)


def drawn(count: int, seed: int = 0) -> Iterator[IndexedPicture]:
    """Pictures of a few boxes; the third class is on one in a thousand, a problem on one in fifty."""
    rng = random.Random(seed)
    for number in range(count):
        labels = [rng.randrange(2) for _ in range(rng.randrange(4))] + ([2] if rng.random() < 0.001 else [])
        problem = "thin" if rng.random() < 0.02 else ""
        boxes = tuple(box(place, label, rng.choice(facets.SIZES), problem) for place, label in enumerate(labels))
        notes = {"misnamed": "PNG named .jpg"} if rng.random() < 0.01 else {}
        part = int(rng.random() < 0.2)
        yield IndexedPicture(
            f"picture_{number:06d}.jpg", (part, number), (part,), f"/data/{number}", (640, 480), boxes, "", notes
        )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of 2,000 pictures."""
    path = tmp_path_factory.mktemp("index") / "index.db"
    write_index(path, Contents(CLASSES, PARTS), drawn(2000))
    return path


def has(picture: IndexedPicture, wanted: Wanted) -> bool:
    """What `Wanted` says, looked at picture by picture."""
    fit = [
        one
        for one in picture.boxes
        if (wanted.label is None or one[1] == wanted.label) and (not wanted.size or one[6] == wanted.size)
    ]
    problems = {*picture.notes, *(one[8] for one in picture.boxes if one[8])}
    return (
        (bool(fit) or (wanted.label is None and not wanted.size))
        and (not wanted.problem or (bool(problems) if wanted.problem == "any" else wanted.problem in problems))
        and (wanted.part is None or wanted.part in picture.parts)
        and wanted.text.lower() in picture.source
        and not (wanted.empty and picture.boxes)
    )


def test_every_combination_is_what_looking_at_each_picture_gives(small: Path) -> None:
    pictures = list(drawn(2000))
    given: dict[str, tuple[Any, ...]] = {
        "label": (None, 0, 2),
        "size": ("", "small"),
        "problem": ("", "any", "thin"),
        "part": (None, 1),
        "text": ("", "_0001"),
        "empty": (False, True),
    }
    with opened(small) as index:
        for values in itertools.product(*given.values()):
            wanted = Wanted(**dict(zip(given, values, strict=True)))
            expected = [number for number, one in enumerate(pictures) if has(one, wanted)]
            page = index.page(wanted, 200)
            assert [one["number"] for one in page.pictures] == expected[:200], wanted
            assert page.total == len(expected), wanted


def test_pages_join_to_the_whole_in_both_directions(small: Path) -> None:
    wanted = Wanted(label=0, part=1)
    with opened(small) as index:
        pages, token = [], ""
        while not pages or token:
            pages.append(index.page(wanted, 33, token))
            token = pages[-1].next
        numbers = [one["number"] for page in pages for one in page.pictures]
        assert numbers == sorted(set(numbers))
        assert len(numbers) == pages[0].total == index.count(wanted)
        for before, page in itertools.pairwise(pages):
            back = index.page(wanted, 33, page.previous)
            assert [one["number"] for one in back.pictures] == [one["number"] for one in before.pictures]
        assert pages[0].previous == ""
        first, last = numbers[0], numbers[-1]
        assert index.neighbours(wanted, first) == (None, numbers[1])
        assert index.neighbours(wanted, last) == (numbers[-2], None)
        assert [index.position(wanted, one) for one in numbers] == list(range(1, len(numbers) + 1))
        assert index.position(Wanted(), last) == last + 1


def test_signs_of_patterns_are_text(tmp_path: Path) -> None:
    names = ["a_b.jpg", "aXb.jpg", "100%.jpg", "100x.jpg", "back\\slash.jpg"]
    pictures = [IndexedPicture(name, (0, at), (0,), "", (1, 1), (), "", {}) for at, name in enumerate(names)]
    write_index(tmp_path / "index.db", Contents((), (("all", 5),)), pictures)
    with opened(tmp_path / "index.db") as index:
        for text, expected in (("a_b", [0]), ("100%", [2]), ("k\\s", [4]), (".JPG", [0, 1, 2, 3, 4]), ("'; --", [])):
            assert [one["number"] for one in index.page(Wanted(text=text), 10).pictures] == expected, text


def test_tokens_that_are_none(small: Path) -> None:
    with opened(small) as index:
        for token in ("x", "YWZ0ZXI6", "YmVmb3JlOjE=", "é"):
            with pytest.raises(ValueError, match="pageToken"):
                index.page(Wanted(), 10, token)
        with pytest.raises(LookupError):
            index.picture(2000)
        with pytest.raises(LookupError):
            index.place(-1)


def test_an_index_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), opened(tmp_path / "index.db"):
        pass


def test_an_index_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "index.db"
    write_index(path, Contents(CLASSES, PARTS), drawn(10))

    def broken() -> Iterator[IndexedPicture]:
        yield from drawn(5)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_index(path, Contents(CLASSES, PARTS), broken())
    with opened(path) as index:
        assert index.count(Wanted()) == 10
        assert index.classes() == [*CLASSES]
        assert index.parts() == ["train", "val"]


ASKED = (
    Wanted(),
    Wanted(label=0),
    Wanted(label=2),
    Wanted(label=1, size="small"),
    Wanted(problem="thin"),
    Wanted(problem="any", part=1),
    Wanted(empty=True),
)


def seconds(index: Index, wanted: Wanted, token: str) -> float:
    """Of the quickest of several looks at a page of 50."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        index.page(wanted, 50, token)
        taken.append(time.perf_counter() - start)
    return min(taken)


def test_a_page_of_100_000_pictures_takes_no_longer_than_one_of_1_000(tmp_path: Path) -> None:
    """At most ten times as long, and a tenth of a second, at the beginning, in the middle and near the end."""
    for count in (1_000, 100_000):
        write_index(tmp_path / f"{count}.db", Contents(CLASSES, PARTS), drawn(count))
    with opened(tmp_path / "1000.db") as few, opened(tmp_path / "100000.db") as many:
        for wanted in ASKED:
            short = seconds(few, wanted, "")
            far = many.page(wanted, 1).total
            for token in ("", "YWZ0ZXI6NTAwMDA=", "YWZ0ZXI6OTkwMDA="):  # the beginning, after:50000, after:99000
                long = seconds(many, wanted, token)
                assert long < max(10 * short, 0.01), (wanted, far, short, long)
                assert long < 0.1, (wanted, long)
        text = [seconds(many, Wanted(text="no such name"), "") for _ in range(3)]
        assert statistics.median(text) < 0.3, "every name is looked at"
