import threading
import time
from pathlib import Path

import pytest

from boxwright import files
from boxwright.ahead import ahead


def test_results_come_in_order_from_several_threads() -> None:
    together = threading.Barrier(4, timeout=20)

    def work(item: int) -> int:
        if item < 4:
            together.wait()  # which no thread passes alone
        time.sleep(0.001 * (7 - item % 7))
        return item * item

    assert list(ahead(work, range(20), at_once=4)) == [item * item for item in range(20)]


def test_one_at_a_time_needs_no_thread() -> None:
    assert set(ahead(lambda _: threading.get_ident(), range(3), at_once=1)) == {threading.get_ident()}


def test_no_more_is_begun_than_is_allowed() -> None:
    begun: list[int] = []
    found = ahead(lambda item: begun.append(item) or item, range(100), at_once=3)
    assert [next(found), next(found)] == [0, 1]
    found.close()  # type: ignore[attr-defined]  # it is a generator
    assert len(begun) <= 4


def test_an_error_comes_when_it_is_its_turn() -> None:
    def work(item: int) -> int:
        if item == 2:
            raise ValueError("two")
        return item

    found = ahead(work, range(9), at_once=4)
    assert [next(found), next(found)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(found)


def test_what_is_forbidden_stays_so_in_the_threads(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"a")
    (tmp_path / "b").write_bytes(b"b")
    paths = [str(tmp_path / "in" / "a"), str(tmp_path / "b")]
    with files.confined([str(tmp_path / "in")]):
        found = ahead(files.read_bytes, paths, at_once=4)
        assert next(found) == b"a"
        with pytest.raises(PermissionError, match="data must lie below"):
            next(found)
