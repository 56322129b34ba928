"""Pictures from readers of all kinds, and small copies within their bounds."""

import io
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright import formats
from boxwright.catalogue.catalogue import Catalogue
from boxwright.catalogue.importing import import_dataset
from boxwright.catalogue.pictures import MAX_OPEN, NoPicture, PictureShelf
from boxwright.catalogue.place import Order, Place
from boxwright.dataset.draw import draw_shapes
from boxwright.store.dataset_records import DatasetRecord


def imported(catalogue: Catalogue, name: str, path: Path) -> DatasetRecord:
    record = catalogue.store.create("local", {"name": name, "path": str(path)}, str(catalogue.folder))
    place = Place(record.folder)
    place.begin(Order(request=record.spec, roots=catalogue.roots))
    import_dataset(place.folder)
    outcome = place.outcome()
    assert outcome and not outcome.error_message, outcome
    catalogue.store.settle(record, outcome.model_dump(mode="json"))
    return catalogue.store.get("local", name)


@pytest.fixture
def records(catalogue: Catalogue, roots: Path) -> DatasetRecord:
    """Five pictures of 64 x 48 in one record file."""
    formats.write(draw_shapes(5, (48, 64), 0, ["ring"]), str(roots / "records"), to="tfrecord", split="train", shards=1)
    return imported(catalogue, "records", roots / "records")


def test_pictures_of_records_are_those_of_the_reader(catalogue: Catalogue, records: DatasetRecord) -> None:
    expected = [one.encoded for one in formats.read(records.result["path"])]
    assert [catalogue.shelf.show(records, number).encoded for number in range(5)] == expected
    with pytest.raises(LookupError):
        catalogue.shelf.show(records, 5)


def test_many_threads_get_what_each_asks_for(catalogue: Catalogue, records: DatasetRecord) -> None:
    expected = [one.encoded for one in formats.read(records.result["path"])]
    found: dict[int, bytes] = {}

    def ask(number: int) -> None:
        found[number] = catalogue.shelf.show(records, number % 5).encoded

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number] == expected[number % 5] for number in range(40))


def test_few_data_sets_are_held_open(catalogue: Catalogue, roots: Path) -> None:
    path = roots / "data"
    formats.write(draw_shapes(1, (48, 64), 0, ["ring"]), str(path), to="tfrecord", split="train")
    made = [imported(catalogue, f"n{number}", path) for number in range(MAX_OPEN + 2)]
    for record in made:
        catalogue.shelf.show(record, 0)
    assert len(catalogue.shelf._open) == MAX_OPEN
    catalogue.shelf.forget(made[-1])
    assert len(catalogue.shelf._open) == MAX_OPEN - 1


def test_small_copies_stay_within_their_bound(catalogue: Catalogue, records: DatasetRecord) -> None:
    one = len(catalogue.shelf.show(records, 0, 64).encoded)
    shelf = PictureShelf(catalogue.roots, max_bytes=int(3.5 * one))
    os.utime(next(Place(records.folder).pictures.rglob("0.jpg")), (1, 1))  # not used for longest
    for number in range(1, 5):
        shelf.show(records, number, 64)
    kept = sorted(path.name for path in Place(records.folder).pictures.rglob("*.jpg"))
    assert "0.jpg" not in kept
    assert "4.jpg" in kept
    assert sum(path.stat().st_size for path in Place(records.folder).pictures.rglob("*.jpg")) <= 3.5 * one


def test_a_copy_that_is_used_stays(catalogue: Catalogue, records: DatasetRecord) -> None:
    sizes = [len(catalogue.shelf.show(records, number, 64).encoded) for number in range(3)]
    shelf = PictureShelf(catalogue.roots, max_bytes=sum(sizes) + 10)
    for number in (0, 1, 2, 0, 3):  # 1 is the one not used for longest
        shelf.show(records, number, 64)
    kept = {path.name for path in Place(records.folder).pictures.rglob("*.jpg")}
    assert {"0.jpg", "3.jpg"} <= kept
    assert "1.jpg" not in kept


def test_a_large_jpeg_is_made_small_with_the_same_colours(catalogue: Catalogue, roots: Path) -> None:
    pixels = np.zeros((1200, 2000, 3), np.uint8)
    pixels[:, :1000] = (200, 40, 30)
    pixels[:, 1000:] = (20, 60, 210)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95)
    write_one(roots / "large", buffer.getvalue(), (2000, 1200))
    record = imported(catalogue, "large", roots / "large")
    small = Image.open(io.BytesIO(catalogue.shelf.show(record, 0, 300).encoded))
    assert small.size == (320, 192)
    found = np.asarray(small)
    assert np.abs(found[96, 40].astype(int) - (200, 40, 30)).max() < 8
    assert np.abs(found[96, 280].astype(int) - (20, 60, 210)).max() < 8


def write_one(folder: Path, encoded: bytes, size: tuple[int, int]) -> None:
    sample: Any = draw_shapes(1, (48, 64), 0, ["ring"])[0]
    boxes = (np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.bool_))
    made = type(sample)("one.jpg", encoded, *size, *boxes)
    formats.write(formats.Dataset([made], draw_shapes(0).classes), str(folder), to="coco", split="train")


def test_what_is_no_picture(catalogue: Catalogue, roots: Path) -> None:
    write_one(roots / "broken", b"<svg onload=alert(1)>", (0, 0))
    record = imported(catalogue, "broken", roots / "broken")
    for width in (0, 64):
        with pytest.raises(NoPicture, match="not a readable JPEG"):
            catalogue.shelf.show(record, 0, width)


def test_a_link_that_leads_out_is_not_followed(catalogue: Catalogue, tmp_path: Path, shapes: Path) -> None:
    record = imported(catalogue, "shapes", shapes)
    picture = next((shapes / "images" / "train").iterdir())
    Image.new("RGB", (64, 48)).save(tmp_path / "secret.png")
    picture.unlink()
    picture.symlink_to(tmp_path / "secret.png")
    with pytest.raises(PermissionError, match="must lie below"):
        catalogue.shelf.show(record, 0)


def test_copies_of_what_was_forgotten_do_not_count(catalogue: Catalogue, records: DatasetRecord) -> None:
    size = len(catalogue.shelf.show(records, 0, 64).encoded)
    shelf = PictureShelf(catalogue.roots, max_bytes=size + 10)
    shelf.show(records, 0, 64)
    shelf.show(records, 1, 64)
    shelf.forget(records)
    assert shelf._copies == {}
    assert catalogue.shelf.show(records, 2).media_type == "image/jpeg"
