import dataclasses
import io
import json

import numpy as np
from PIL import Image

from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.health import COCO_EDGES, Health, examine, examine_parts, histogram, inspect
from boxwright.dataset.split import gather, join
from boxwright.formats.sample import Dataset


def test_histogram_edges_belong_to_the_upper_bin():
    counted = histogram(np.array([0.0, 31.9, 32.0, 95.9, 96.0, 500.0]), COCO_EDGES)
    assert counted.counts == (2, 2, 2)
    assert histogram(np.zeros(0), COCO_EDGES).counts == (0, 0, 0)


def test_box_numbers_by_hand(sample, dataset, encode):
    """On 200 x 200: 20 x 20 (small, 1/10 of the side), 80 x 20 (side 40), 100 x 100 (large, half the side)."""
    boxes = [(0, 0, 20, 20), (100, 100, 180, 120), (50, 50, 150, 150)]
    data = dataset(sample(boxes, encoded=encode(200, 200), size=(200, 200)), sample())
    seen = inspect(data).observations
    assert seen.coco_sizes.counts == (1, 1, 1)
    assert dict(zip(seen.box_sides.edges, seen.box_sides.counts[1:], strict=True)) == {
        8.0: 0,
        16.0: 1,
        32.0: 1,
        64.0: 1,
        128.0: 0,
        256.0: 0,
        512.0: 0,
    }
    assert seen.box_shares.counts == (0, 0, 0, 1, 1, 0, 1)
    assert seen.aspects.counts == (0, 0, 0, 0, 2, 0, 0, 0, 1)
    assert seen.boxes_a_picture.counts == (1, 0, 0, 1, 0, 0, 0, 0, 0)
    assert [(one.width, one.height, one.pictures) for one in seen.picture_sizes] == [(200, 200, 1), (200, 100, 1)]


def test_odd_pictures_are_named(sample, dataset, encode):
    data = dataset(
        sample(encoded=encode(shade=1)),
        sample(encoded=encode(shade=2, kind="PNG"), source="b.jpg"),
        sample(encoded=encode(shade=3, kind="PNG"), source="c.PNG"),
        sample(encoded=encode(shade=4), source="record 5"),
        sample(encoded=encode(shade=5, orientation=6), source="d.jpeg", size=(100, 200)),
        sample(encoded=encode(shade=6), source="e.gif"),
    )
    seen = inspect(data).observations
    assert [(one.sample, one.note) for one in seen.misnamed] == [(1, "PNG named .jpg"), (5, "JPEG named .gif")]
    assert [(one.sample, one.note) for one in seen.rotated] == [(4, "EXIF orientation 6")]
    assert [(one.sample, one.note) for one in seen.resized] == [(4, "stated as 100 x 200, is 200 x 100")]
    assert seen.formats == {"JPEG": 4, "PNG": 2}


def test_pictures_that_are_not_rgb_are_named(sample, dataset, encode):
    encoded = {}
    for mode in ("L", "LA", "RGBA", "P"):
        buffer = io.BytesIO()
        Image.open(io.BytesIO(encode())).convert(mode).save(buffer, "PNG")
        encoded[mode] = buffer.getvalue()
    health = inspect(dataset(sample(encoded=encode()), *(sample(encoded=one) for one in encoded.values())))
    told = [(one.sample, one.note) for one in health.observations.not_rgb]
    assert told == [(1, "grey"), (2, "grey with alpha"), (3, "4 channels")]
    (found,) = [one for one in health.findings if one.rule == "channels"]
    assert (found.severity, found.count) == ("note", 3)


def test_repeated_pictures_are_grouped_once(sample, dataset):
    """A copy byte for byte is no near duplicate; a copy of other quality is."""
    drawn = [one.encoded for one in draw_shapes(4)]
    shorter = drawn[2][:-2] + b"\0" * 2 + drawn[2][-2:]
    data = dataset(*(sample(encoded=one, size=(320, 240)) for one in [*drawn, drawn[1], shorter]))
    seen = inspect(data).observations
    assert seen.duplicates == ((1, 4),)
    assert seen.near_duplicates == ((2, 5),)
    assert inspect(data, near_duplicates=False).observations.near_duplicates == ()


def test_empty_files_are_broken_and_no_repetitions(sample, dataset):
    examined = examine(dataset(sample(encoded=b""), sample(encoded=b""), sample(), sample()))
    assert examined.health.observations.duplicates == ((2, 3),)
    assert [one.sample for one in examined.health.summary.faulty_pictures] == [0, 1]


def test_truncation_inside_a_complete_looking_file_is_found_by_decoding(sample, dataset, encode):
    """A GIF says nothing at its end; a PNG may have lost rows of pixels between its head and its end."""
    whole = encode(kind="PNG")
    start, stop = whole.index(b"IDAT") - 4, whole.index(b"IEND") - 4
    data = dataset(sample([(1, 1, 9, 9)], encoded=whole[:start] + whole[stop:]))
    health = inspect(data)
    assert [one.sample for one in health.summary.faulty_pictures] == [0]
    assert health.summary.rules == {"picture": 1}


def test_classes_come_from_the_data_or_the_caller(sample, dataset):
    data = dataset(sample([(1, 1, 9, 9), (1, 1, 8, 8)], [0, 2]))
    assert [one.name for one in inspect(data).summary.classes] == ["1", "2", "3"]
    assert inspect(data, 2).summary.rules == {"label": 1}
    named = dataset(data[0], classes=["cat", "dog", "owl", "ant"])
    assert [one.name for one in inspect(named).summary.classes] == ["cat", "dog", "owl", "ant"]


def test_health_is_a_value_that_survives_json(sample, dataset):
    good = draw_shapes(3)[0]
    nan = dataclasses.replace(good, boxes=np.array([[np.nan, 0, 9, 9]], np.float32), labels=np.array([0]))
    nan = dataclasses.replace(nan, crowd=np.array([False]))
    health = inspect(dataset(good, nan, sample(encoded=b"?")), 6)
    assert health.summary.rules["not-finite"] == 1
    assert Health.model_validate_json(health.model_dump_json()) == health
    assert json.loads(health.model_dump_json())["summary"]["num_pictures"] == 3


def test_progress_is_told_for_every_sample():
    told: list[int] = []
    inspect(draw_shapes(70, (32, 32)), on_progress=told.append)
    assert told == list(range(1, 71))


def test_an_empty_data_set_has_a_finding(dataset):
    health = inspect(dataset())
    assert [(one.severity, one.rule) for one in health.findings] == [("error", "no-boxes")]


def test_blood_cells(bccd: Dataset):
    """The test counts areas itself, against COCO's 32 and 96 squared."""
    health = inspect(bccd)
    areas = np.concatenate([np.prod(one.boxes[:, 2:] - one.boxes[:, :2], 1) for one in bccd])
    areas = areas[areas > 0]
    by_hand = ((areas < 1024).sum(), ((areas >= 1024) & (areas < 9216)).sum(), (areas >= 9216).sum())
    assert health.observations.coco_sizes.counts == by_hand
    assert health.observations.formats == {"JPEG": 364}
    assert health.observations.duplicates == ()
    assert [(one.rule, one.count) for one in health.findings] == [("degenerate", 2)]


def test_samples_are_given_as_they_were_seen_and_as_they_were_stated(sample, dataset):
    data = dataset(sample([(0, 0, 20, 20), (30, 30, 30, 40)]), sample([(1, 1, 9, 9)], source="b.jpg"))
    seen = examine(data)
    assert seen.health == inspect(data)
    assert [one.checked.source for one in seen.samples] == ["a.jpg", "b.jpg"]
    first = seen.samples[0]
    assert first.boxes.tolist() == [[0, 0, 20, 20], [30, 30, 30, 40]]
    assert first.checked.boxes.tolist() == [[0, 0, 20, 20]]


def test_parts_are_read_once_and_examined_as_when_they_are_joined():
    class Counting:
        def __init__(self, samples, places):
            self.samples, self.places, self.read = samples, places, []

        def __len__(self):
            return len(self.places)

        def __getitem__(self, index):
            self.read.append(index)
            return self.samples[self.places[index]]

    drawn = draw_shapes(6, (32, 48), 1, ("circle", "square"))
    readers = [Counting(drawn.samples, places) for places in ((0, 1, 2, 3), (2, 3, 4), (5, 5))]
    parts = [Dataset(one, drawn.classes) for one in readers]
    told = []
    seen, gathering = examine_parts(parts, told.append)
    assert [one.read for one in readers] == [[0, 1, 2, 3], [0, 1, 2], [0, 1]]
    assert told == list(range(1, 10))
    assert gathering == gather(parts)
    expected = examine(join(parts))
    assert seen.health == expected.health
    assert [one.key for one in seen.samples] == [one.key for one in expected.samples]
    alone, of_one = examine_parts(parts[:1])
    assert alone.health == examine(parts[0]).health
    assert of_one.places == ((0, 0), (0, 1), (0, 2), (0, 3))
