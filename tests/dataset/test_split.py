from collections import Counter

import numpy as np
import pytest

from boxwright.dataset.split import Subset, gather, join, split
from boxwright.formats.sample import Dataset

BOX = (10, 10, 50, 60)


def _pictures(sample, dataset, label_sets):
    """One picture for each set of labels; each has other bytes, which need not be a picture to be split."""
    return dataset(
        *(
            sample([BOX] * len(labels), labels, encoded=str(index).encode(), source=str(index))
            for index, labels in enumerate(label_sets)
        ),
        classes=["cat", "dog", "owl"],
    )


def _sources(part: Dataset) -> list[int]:
    return [int(one.source) for one in part]


def _shown(part: Dataset) -> Counter[int]:
    return Counter(label for one in part for label in set(one.labels.tolist()))


def test_single_labels_are_split_exactly(sample, dataset):
    data = _pictures(sample, dataset, [[0]] * 50 + [[1]] * 10 + [[]] * 20)
    parts = split(data, {"train": 0.8, "test": 0.2})
    assert {name: len(part) for name, part in parts.items()} == {"train": 64, "test": 16}
    assert _shown(parts["train"]) == {0: 40, 1: 8}
    assert _shown(parts["test"]) == {0: 10, 1: 2}


def test_every_picture_is_in_one_part_in_order(sample, dataset):
    data = _pictures(sample, dataset, [[0], [1], [0, 1], []] * 10)
    parts = split(data, {"train": 0.6, "validation": 0.2, "test": 0.2}, seed=5)
    for part in parts.values():
        assert _sources(part) == sorted(_sources(part))
        assert part.classes == data.classes
    assert sorted(index for part in parts.values() for index in _sources(part)) == list(range(40))


def test_several_labels_a_picture_stay_in_proportion(sample, dataset):
    random = np.random.default_rng(3)
    chances = np.array([0.7, 0.2, 0.04])
    data = _pictures(sample, dataset, [np.flatnonzero(random.random(3) < chances).tolist() for _ in range(500)])
    whole = _shown(data)
    for seed in range(3):
        parts = split(data, {"train": 0.75, "test": 0.25}, seed)
        for label in range(3):
            assert abs(_shown(parts["test"])[label] - whole[label] / 4) <= 2
        assert abs(len(parts["test"]) - 125) <= 4


def test_the_seed_decides(sample, dataset):
    data = _pictures(sample, dataset, [[0], [1], [0, 1]] * 20)
    shares = {"train": 0.5, "test": 0.5}
    first, again, other = (split(data, shares, seed)["train"] for seed in (1, 1, 2))
    assert _sources(first) == _sources(again)
    assert _sources(first) != _sources(other)


def test_equal_pictures_stay_together(sample, dataset):
    """Ten pictures, each four times with a label of its own for each copy."""
    samples = [sample([BOX], [index % 3], encoded=str(index // 4).encode(), source=str(index)) for index in range(40)]
    for seed in range(5):
        parts = split(dataset(*samples), {"train": 0.7, "test": 0.3}, seed)
        groups = [{index // 4 for index in _sources(part)} for part in parts.values()]
        assert not groups[0] & groups[1]
        assert len(parts["train"]) == 28


def test_a_rare_class_reaches_every_part(sample, dataset):
    data = _pictures(sample, dataset, [[0]] * 58 + [[0, 1]] * 2)
    for seed in range(5):
        parts = split(data, {"train": 0.5, "test": 0.5}, seed)
        assert _shown(parts["train"])[1] == _shown(parts["test"])[1] == 1


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"train": 0.8, "test": 0.3}, r"shares must add up to 1, got train=0.8, test=0.3 = 1.1"),
        ({"train": 1.2, "test": -0.2}, r"every share must be > 0, got train=1.2, test=-0.2"),
        ({}, r"shares must add up to 1, got none"),
    ],
)
def test_wrong_shares_are_refused(sample, dataset, shares, message):
    with pytest.raises(ValueError, match=message):
        split(_pictures(sample, dataset, [[0]] * 10), shares)


def test_a_part_without_pictures_is_refused(sample, dataset):
    data = _pictures(sample, dataset, [[0]] * 2)
    with pytest.raises(ValueError, match="2 pictures .* too few .* nothing is left for b"):
        split(data, {"a": 0.9, "b": 0.1})


def test_a_subset_reads_lazily(sample):
    class Reader:
        asked: list[int] = []

        def __len__(self) -> int:
            return 10

        def __getitem__(self, index: int):
            self.asked.append(index)
            return sample(source=str(index))

    reader = Reader()
    subset = Subset(reader, (7, 2))
    assert len(subset) == 2
    assert subset[1].source == "2"
    assert reader.asked == [2]


def test_join_undoes_split(sample, dataset):
    data = _pictures(sample, dataset, [[0], [1], [0, 1], []] * 5)
    joined = join(list(split(data, {"train": 0.6, "test": 0.4}).values()))
    assert sorted(_sources(joined)) == list(range(20))
    assert joined.classes == data.classes


def test_join_takes_what_parts_share_once_and_keeps_own_repeats(sample, dataset):
    one, other, third = (sample([BOX], [0], encoded=name.encode(), source=name) for name in ("1", "2", "3"))
    relabelled = sample([BOX], [1], encoded=b"1", source="4")
    joined = join([dataset(one, other, other), dataset(third, one, relabelled)])
    assert _sources(joined) == [1, 2, 2, 3, 4]


def test_parts_of_other_classes_cannot_be_joined(sample, dataset):
    with pytest.raises(ValueError, match="same classes"):
        join([dataset(sample(), classes=["cat"]), dataset(sample(), classes=["dog"])])


def test_blood_cells_keep_their_proportions(bccd: Dataset):
    """Platelets are in 201 pictures and WBC in 358: a fifth is 40.2 and 71.6."""
    test = split(bccd, {"train": 0.8, "test": 0.2}, seed=0)["test"]
    shown = _shown(test)
    assert abs(len(test) - 72.8) <= 2
    assert abs(shown[2] - 40.2) <= 1
    assert abs(shown[1] - 71.6) <= 4


def test_what_is_in_several_parts_is_told_with_each_of_them(sample, dataset, encode):
    """One, its repeat and two in the first part; two, three and three again in the second; one in the third."""
    one, two, three = (sample(encoded=encode(shade=shade)) for shade in (1, 2, 3))
    found = gather([dataset(one, one, two), dataset(two, three, three), dataset(one)])
    assert found.places == ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2))
    assert found.parts == ((0, 2), (0, 2), (0, 1), (1,), (1,))
    alone = gather([dataset(one, two)])
    assert (alone.places, alone.parts) == (((0, 0), (0, 1)), ((0,), (0,)))
