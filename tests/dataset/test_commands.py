import json

import pytest

from boxwright import formats
from boxwright.dataset.commands import convert_data, draw_data, inspect_data, parse_shares, split_data


def test_draw_then_inspect(tmp_path):
    said = draw_data(str(tmp_path / "shapes"), {"train": 6, "test": 2}, size=(48, 64), seed=4, classes=("star", "ring"))
    assert said.splitlines()[1:] == ["  train: 6 pictures", "  test: 2 pictures"]
    report = json.loads(inspect_data(str(tmp_path / "shapes"), "json", num_classes=2))
    assert report["summary"]["num_pictures"] == 8
    assert report["summary"]["faulty_boxes"] == []
    assert inspect_data(str(tmp_path / "shapes"), part="test").startswith(f"{tmp_path / 'shapes'} (test): 2 pictures")
    assert inspect_data(str(tmp_path / "shapes"), "html").startswith("<!DOCTYPE html>")


def test_no_drawn_picture_is_in_two_splits(tmp_path):
    draw_data(str(tmp_path), {"train": 4, "test": 4}, "voc", size=(32, 32))
    pictures = [one.encoded for name in ("train", "test") for one in formats.read(str(tmp_path), split=name)]
    assert len(set(pictures)) == 8


def test_convert_keeps_splits_and_samples(tmp_path):
    draw_data(str(tmp_path / "voc"), {"train": 3, "test": 2}, "voc", size=(48, 64))
    convert_data(str(tmp_path / "voc"), str(tmp_path / "records"), "tfrecord")
    for name in ("train", "test"):
        before = formats.read(str(tmp_path / "voc"), split=name)
        after = formats.read(str(tmp_path / "records"), split=name)
        assert [one.encoded for one in after] == [one.encoded for one in before]


def test_split_takes_the_formats_of_its_source(tmp_path):
    draw_data(str(tmp_path / "all"), {"all": 20}, "coco", size=(32, 32))
    said = split_data(str(tmp_path / "all"), str(tmp_path / "parts"), {"train": 0.75, "test": 0.25}, seed=1)
    assert "(coco)" in said
    sizes = [len(formats.read(str(tmp_path / "parts"), split=name)) for name in ("train", "test")]
    assert sum(sizes) == 20
    assert 4 <= sizes[1] <= 6


@pytest.mark.parametrize("text", ["train", "train=a", "=1", "a=0.5,a=0.5", "a=0.5,,b=0.5"])
def test_badly_written_shares_are_refused(text):
    with pytest.raises(ValueError, match="train=0.8,test=0.2"):
        parse_shares(text)


def test_shares_are_read():
    assert parse_shares("train=0.8, test=0.2") == {"train": 0.8, "test": 0.2}


def test_a_format_of_one_split_takes_one(tmp_path):
    with pytest.raises(ValueError, match=r"in the format jumpstart is one split, got train, validation; write each"):
        draw_data(str(tmp_path / "both"), {"train": 4, "validation": 2}, "jumpstart", size=(32, 32))
    assert not (tmp_path / "both").exists()
    said = draw_data(str(tmp_path / "one"), {"train": 4, "validation": 0}, "jumpstart", size=(32, 32))
    assert said.splitlines()[1:] == ["  train: 4 pictures"]
    with pytest.raises(ValueError, match="at least one picture must be drawn, got 0"):
        draw_data(str(tmp_path / "none"), {"train": 0, "validation": 0})
