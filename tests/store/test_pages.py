"""Pages of lists that are held as a whole."""

import pytest

from boxwright.store.pages import slice_of

RECORDS = [str(number) for number in range(250)]


def test_all_pages_together_are_the_list() -> None:
    found, token = list[str](), ""
    while True:
        page, token = slice_of(RECORDS, 60, token)
        found += page
        if not token:
            break
    assert found == RECORDS


@pytest.mark.parametrize(("size", "length"), [(0, 20), (1, 1), (100, 100), (1000, 100)])
def test_sizes_of_pages(size: int, length: int) -> None:
    assert len(slice_of(RECORDS, size, "")[0]) == length


def test_a_list_that_has_become_shorter_ends() -> None:
    _, token = slice_of(RECORDS, 100, "")
    assert slice_of(RECORDS[:50], 100, token) == ([], "")


@pytest.mark.parametrize("token", ["x", "bm8=", "YWZ0ZXI6LTE=", "YWZ0ZXI6YQ=="])
def test_tokens_that_are_none_are_refused(token: str) -> None:
    with pytest.raises(ValueError, match="nextPageToken"):
        slice_of(RECORDS, 10, token)


def test_a_size_below_0_is_refused() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        slice_of(RECORDS, -1, "")
