import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from boxwright import imaging
from boxwright.data.batches import Batch, TrainingBatches, collate, evaluation_batches, prefetch
from boxwright.data.labelled import Labelled
from boxwright.spec.training import AugmentationSpec

SIZE = (16, 24)
STRONG = AugmentationSpec(
    aug_rand_vflip=True, aug_scale_min=0.5, aug_scale_max=1.5, aug_color=0.3, auto_augmentation=True
)
PLAIN = AugmentationSpec(aug_rand_hflip=False)
SHADES = (20, 60, 100, 140, 180)


def batches_of(pictures: Any, *, batch: int = 2, spec: AugmentationSpec = STRONG, **other: Any) -> TrainingBatches:
    return TrainingBatches(pictures, SIZE, batch, spec, **{"seed": 7, "most_boxes": 100, **other})


def content(batch: Batch) -> tuple[bytes, ...]:
    return tuple(tensor.numpy().tobytes() for tensor in (batch.images, batch.boxes, batch.labels))


def test_padding_by_hand() -> None:
    picture = np.zeros((*SIZE, 3), np.uint8)
    none = Labelled(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    two = Labelled(picture + 1, np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.float32), np.array([3, 0]))
    batch = collate([none, two])
    assert batch.images.shape == (2, *SIZE, 3) and batch.images.dtype == torch.uint8
    assert batch.images[1].min() == 1
    assert batch.boxes.dtype == torch.float32 and batch.boxes.tolist() == [[[0] * 4] * 2, [[1, 2, 3, 4], [5, 6, 7, 8]]]
    assert batch.labels.dtype == torch.int64 and batch.labels.tolist() == [[-1, -1], [3, 0]]
    assert batch.placements == () and batch.sizes == ()


def test_pictures_without_boxes_make_a_batch_without_columns(store: Any) -> None:
    batch = batches_of(store(SHADES, [0] * 5))[0]
    assert batch.boxes.shape == (2, 0, 4) and batch.labels.shape == (2, 0)


def test_a_batch_depends_on_its_seed_and_step_only(store: Any) -> None:
    pictures = store(SHADES, [1, 3, 0, 2, 4])
    forward = [content(batches_of(pictures)[step]) for step in range(9)]
    other = batches_of(pictures)
    backward = [content(other[step]) for step in reversed(range(9))]
    assert forward == backward[::-1]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda step: content(other[step]), range(9))) == forward
    assert len(set(forward)) == 9
    assert content(batches_of(pictures, seed=8)[0]) != forward[0]


def test_every_picture_comes_once_in_each_epoch_in_an_order_of_its_own(store: Any) -> None:
    batches = batches_of(store(SHADES), spec=PLAIN)
    shades = torch.cat([batches[step].images[:, 0, 0, 0] for step in range(10)]).tolist()
    epochs = [tuple(shades[first : first + 5]) for first in range(0, 20, 5)]
    assert all(sorted(epoch) == list(SHADES) for epoch in epochs)
    assert len(set(epochs)) > 1


def test_a_picture_looks_different_in_each_epoch(store: Any) -> None:
    batches = batches_of(store([90]), batch=1)
    assert len({content(batches[step]) for step in range(6)}) == 6


def test_a_batch_may_be_larger_than_the_data(store: Any) -> None:
    batch = batches_of(store(SHADES[:2]), batch=5, spec=PLAIN)[0]
    assert sorted(batch.images[:4, 0, 0, 0].tolist()) == [20, 20, 60, 60]


def test_surplus_boxes_are_left_out_at_random(store: Any) -> None:
    pictures = store([90], [9])
    assert batches_of(pictures, batch=1, spec=PLAIN)[0].boxes.shape == (1, 9, 4)
    batches = batches_of(pictures, batch=1, spec=PLAIN, most_boxes=4)
    seen = [batches[step] for step in range(20)]
    assert all(batch.boxes.shape == (1, 4, 4) for batch in seen)
    for batch in seen:
        # Box `i` starts at column `i` and has label `i`.
        assert batch.boxes[0, :, 0].tolist() == batch.labels[0].tolist()
    assert set(torch.cat([batch.labels[0] for batch in seen]).tolist()) == set(range(9))


def test_evaluation_takes_the_first_pictures_in_order_and_letterboxes_them(store: Any) -> None:
    pictures = store(SHADES, [1, 0, 2, 1, 1])
    made = [make() for make in evaluation_batches(pictures, 3, (32, 32), 2)]
    assert [len(batch.images) for batch in made] == [2, 1]
    # 24 x 16 pixels fit 32 x 32 at 4 / 3: 21.33 rows are rounded to 21.
    assert made[0].sizes == ((16, 24), (16, 24))
    assert made[0].placements[0] == imaging.Placement(32 / 24, 21 / 16)
    assert made[0].images[:, 0, 0, 0].tolist() == [20, 60] and made[1].images[0, 0, 0, 0] == 100
    assert (made[0].images[0, 21:] == torch.tensor(imaging.PAD_COLOUR)).all()
    np.testing.assert_allclose(made[0].boxes[0], [[0, 0, 9 * 32 / 24, 8 * 21 / 16]])
    assert made[0].labels.tolist() == [[0], [-1]]


def test_nothing_is_evaluated_of_no_pictures(store: Any) -> None:
    assert list(evaluation_batches(store(SHADES), 0, SIZE, 2)) == []


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("batches")]


def numbered(number: int, delay: float = 0) -> Callable[[], Batch]:
    def make() -> Batch:
        time.sleep(delay)
        return Batch(torch.tensor([number]), torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.int64))

    return make


def failing() -> Batch:
    raise ValueError("cannot decode the JPEG picture: broken")


def test_order_is_kept_though_later_batches_are_ready_sooner() -> None:
    makers = [numbered(number, 0.02 if number % 3 == 0 else 0) for number in range(12)]
    assert [int(batch.images) for batch in prefetch(iter(makers), workers=3)] == list(range(12))
    assert threads() == []


def test_nothing_to_make() -> None:
    assert list(prefetch(iter([]), workers=1)) == []


def test_no_more_than_depth_batches_are_made_ahead() -> None:
    made: list[int] = []

    def makers() -> Iterator[Callable[[], Batch]]:
        for number in range(100):
            made.append(number)
            yield numbered(number)

    batches = prefetch(makers(), workers=1, depth=3)
    assert int(next(batches).images) == 0
    assert len(made) == 4  # one handed out, three waiting
    batches.close()  # type: ignore[attr-defined]  # a generator, told as an iterator


def test_an_error_of_a_maker_arrives_in_its_place_and_stops_the_threads() -> None:
    makers = [numbered(0), failing, *(numbered(number) for number in range(2, 50))]
    batches = prefetch(iter(makers), workers=2)
    assert int(next(batches).images) == 0
    with pytest.raises(ValueError, match="cannot decode"):
        next(batches)
    assert threads() == []


def test_an_error_does_not_wait_for_batches_that_were_not_begun() -> None:
    makers = [failing, *(numbered(number, 1.0) for number in range(20))]
    start = time.monotonic()
    with pytest.raises(ValueError, match="cannot decode"):
        next(prefetch(iter(makers), workers=1))
    # One may have been begun; all would take 20 s.
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("how", ["close", "forget"])
def test_threads_end_when_the_consumer_stops_early(how: str) -> None:
    batches: Any = prefetch((numbered(number) for number in range(10**9)), workers=2)
    assert int(next(batches).images) == 0
    assert threads() != []
    if how == "close":
        batches.close()
    else:
        del batches
    assert threads() == []


def test_prefetched_training_batches_are_those_of_one_thread(store: Any) -> None:
    batches = batches_of(store(SHADES, [1, 3, 0, 2, 4]))
    ahead = prefetch(((lambda step=step: batches[step]) for step in range(8)), workers=3)
    assert [content(batch) for batch in ahead] == [content(batches[step]) for step in range(8)]


def test_pictures_that_are_far_away_are_read_together_and_make_the_same_batches(store: Any) -> None:
    class Far:
        at_once = 3

        def __init__(self, near: Any) -> None:
            self.near, self.together = near, threading.Barrier(3, timeout=20)

        def __len__(self) -> int:
            return len(self.near)

        def __getitem__(self, index: int) -> Any:
            self.together.wait()  # which one alone never passes
            return self.near[index]

    near = store(SHADES, [1, 3, 0, 2, 4])
    assert content(batches_of(Far(near), batch=3)[1]) == content(batches_of(near, batch=3)[1])
    far, close = (next(evaluation_batches(one, 3, SIZE, 3))() for one in (Far(near), near))
    assert content(far) == content(close)
