import base64
import io
import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright import page

VOID = {"meta", "img", "br", "path", "rect", "circle", "polyline"}


class Balance(HTMLParser):
    """Checks that every element is closed in order, and collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.seen if name == tag]


def test_text_is_escaped_once() -> None:
    assert page.escaped("a < b & 'c'") == "a &lt; b &amp; &#x27;c&#x27;"
    assert page.escaped(page.escaped("<")) == "&lt;"


@pytest.mark.parametrize(
    ("value", "text"), [(1234567, "1,234,567"), (0.12345, "0.123"), (float("nan"), "–"), (-1, "-1")]
)
def test_numbers_are_written_for_reading(value: float, text: str) -> None:
    assert page.escaped(value) == text


def test_page_is_balanced_and_needs_nothing_from_outside() -> None:
    image = np.full((40, 60, 3), 200, np.uint8)
    body = page.section(
        "One <section>",
        page.tiles([("boxes", 1234)]),
        page.table(["name", "value"], [["a", 1], ["b", 2]]),
        page.grid(
            [page.line_chart("Loss", [page.Line("a", [0, 1], [2, 1]), page.Line("b", [0, 1], [3, 2], "#059669")])]
        ),
        page.bar_chart("Sizes", [("small & round", 3), ("large", 7)]),
        page.gallery([page.picture_figure(image, [page.DrawnBox((5, 5, 30, 30))], "x.jpg")]),
        note="a note",
    )
    text = page.page("Title <1>", "told & done", body)
    found = Balance(text)
    assert "Title <1>" in found.text and "1,234" in found.text and "small & round" in found.text
    assert not found.attributes("script") and not found.attributes("link")
    assert not re.search(r"(?:src|href)=\"(?!data:)|url\(|@import|http", text)


def test_a_page_may_have_a_style_of_its_own_after_that_of_all() -> None:
    assert page.page("Title", "", style="p { margin: 0; }").count(f"{page.CSS}p {{ margin: 0; }}</style>") == 1


def test_only_columns_of_numbers_are_set_right() -> None:
    found = Balance(page.table(["name", "count", "mixed"], [["a", 1, 2], ["b", 20, "none"]]))
    assert [one.get("class") for one in found.attributes("th")] == [None, "number", None]
    assert [one.get("class") for one in found.attributes("td")] == [None, "number", None] * 2


def test_a_row_must_have_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match=r"must have 2 cells, one a column; got \[1\]"):
        page.table(["a", "b"], [["only one"]])


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0, 1200, [0, 200, 400, 600, 800, 1000, 1200]),
        (0.03, 0.08, [0.03, 0.04, 0.05, 0.06, 0.07, 0.08]),
        (-5, 5, [-4, -2, 0, 2, 4]),
        (3, 3, [3]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: list[float]) -> None:
    assert page.ticks(low, high) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1500, "1.5k"), (2_000_000, "2M"), (0.25, "0.25"), (0.00001, "1e-05"), (-1e-17, "0"), (7e9, "7G")],
)
def test_short_numbers(value: float, text: str) -> None:
    assert page.short(value) == text


def _points(text: str) -> list[list[float]]:
    points = Balance(text).attributes("polyline")[0]["points"]
    return [[float(part) for part in point.split(",")] for point in (points or "").split()]


def test_line_lies_in_the_frame() -> None:
    """The frame spans x 46..408 and y 8..200 from the top; halves of both ranges lie in its middle."""
    line = page.Line("line", [0, 5, 10], [0, 1, 2])
    assert _points(page.line_chart("t", [line], y_range=(0, 2))) == [[46, 200], [227, 104], [408, 8]]


def test_points_that_are_not_finite_are_left_out() -> None:
    line = page.Line("line", [0, 1, 2], [0, float("nan"), 2])
    assert len(_points(page.line_chart("t", [line]))) == 2


@pytest.mark.parametrize("values", [[], [3.0], [0.0, 0.0], [-2.0, -1.0]])
def test_charts_without_spread_are_drawn(values: list[float]) -> None:
    text = page.line_chart("t", [page.Line("line", list(range(len(values))), values)])
    assert "nan" not in text
    assert all(0 <= x <= 420 and 0 <= y <= 240 for x, y in _points(text))


def test_bars_are_as_long_as_their_values() -> None:
    bars = Balance(page.bar_chart("t", [("a", 5), ("b", 10), ("c", 0)])).attributes("rect")
    assert [one["width"] for one in bars] == ["115.0", "230.0", "0.0"]
    assert Balance(page.bar_chart("t", [])).attributes("rect") == []
    assert [one["width"] for one in Balance(page.share_bar(-1)).attributes("rect")] == ["120", "0.0"]


def _decoded(text: str) -> Image.Image:
    data = re.findall(r'src="data:image/jpeg;base64,([^"]+)"', text)[0]
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_box_is_drawn_where_it_is_after_shrinking() -> None:
    """A red box on 800 x 400, shown at 400 x 200: its left edge at 200 is then at 100."""
    box = page.DrawnBox((200, 100, 600, 300), "#ff0000")
    image = _decoded(page.picture_figure(np.zeros((400, 800, 3), np.uint8), [box], "", max_side=400))
    assert image.size == (400, 200)
    red = np.asarray(image)[..., 0] > 100
    columns, rows = np.flatnonzero(red.sum(axis=0) > 60), np.flatnonzero(red.sum(axis=1) > 100)
    assert abs(columns.min() - 100) <= 2 and abs(columns.max() - 300) <= 2
    assert abs(rows.min() - 50) <= 2 and abs(rows.max() - 150) <= 2


def test_drawing_leaves_the_picture_as_it_was() -> None:
    picture = np.zeros((50, 50, 3), np.uint8)
    drawn = page.draw_boxes(
        picture, [page.DrawnBox((5, 20, 45, 45), "#00ff00", "cell 0.9"), page.DrawnBox((0, 0, 0, 0))]
    )
    assert picture.max() == 0
    assert drawn.shape == picture.shape and drawn.dtype == np.uint8 and drawn.max() > 0


def test_a_dashed_box_has_gaps() -> None:
    def green(dashed: bool) -> int:
        box = page.DrawnBox((10, 10, 90, 90), "#00ff00", dashed=dashed)
        return int(np.count_nonzero(page.draw_boxes(np.zeros((100, 100, 3), np.uint8), [box])[..., 1]))

    assert 0.4 < green(True) / green(False) < 0.75


def test_an_empty_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="without pixels"):
        page.data_uri(np.zeros((0, 0, 3), np.uint8))
