from boxwright.catalogue import facets


def test_sizes_are_cocos() -> None:
    """By area: below 32 x 32 small, from 96 x 96 on large."""
    assert facets.size_of(31.9, 32) == "small"
    assert facets.size_of(32, 32) == "medium"
    assert facets.size_of(16, 64) == "medium"
    assert facets.size_of(96, 95.9) == "medium"
    assert facets.size_of(96, 96) == "large"


def test_what_is_no_box_has_no_size() -> None:
    assert [facets.size_of(*sides) for sides in ((0, 5), (-3, -3), (float("nan"), 4), (float("inf"), 4))] == [""] * 4


def test_facets_are_told_apart() -> None:
    names = [facets.of_boxes(1, ""), facets.of_boxes(None, "small"), facets.of_boxes(1, "small"), facets.of_part(1)]
    assert len({*names, facets.of_problem("thin"), facets.ANY_PROBLEM, facets.EMPTY}) == 7
