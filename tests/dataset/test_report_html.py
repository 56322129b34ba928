import math
from html.parser import HTMLParser

from boxwright.dataset.draw import draw_shapes
from boxwright.dataset.health import inspect
from boxwright.dataset.report_html import MOST_BOXES, MOST_PICTURES, html_report

VOID = {"meta", "img"}


class _Page(HTMLParser):
    """Checks that elements are closed in order, and collects tags, text and addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def _faulty(sample, dataset, encode):
    boxes = [(10, 10, 50, 60), (120, 30, 118, 60), (math.nan, 5, 9, 9), (900, 5, 910, 9), (-90, 5, 50, 9)]
    return dataset(
        sample(boxes, source="<b>.jpg"),
        sample([(10, 10, 50, 60)], source="copy.jpg"),
        sample([(10, 10, 50, 60)], encoded=b"?", source="broken.jpg"),
        sample([(10, 10, 50, 60)], encoded=encode(kind="PNG"), source="named.jpg"),
        classes=["cat & co"],
    )


def test_the_page_is_whole_and_stands_alone(sample, dataset, encode):
    data = _faulty(sample, dataset, encode)
    page = _Page(html_report(inspect(data), data, "pets"))
    assert page.open == []
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)


def test_the_page_tells_every_fault_and_escapes_names(sample, dataset, encode):
    data = _faulty(sample, dataset, encode)
    page = _Page(html_report(inspect(data), data, "<pets>"))
    assert "b" not in page.tags[page.tags.index("section") :]
    for text in ("<pets>", "<b>.jpg", "cat & co", "box 1: xmin 120.0 >= xmax 118.0 (degenerate)", "PNG named .jpg"):
        assert text in page.text
    assert "broken.jpg" in page.text
    assert "The same picture more than once" in page.text


def test_pictures_are_limited(sample, dataset):
    data = draw_shapes(30, (48, 64))
    assert _Page(html_report(inspect(data), data, "x")).tags.count("img") == MOST_PICTURES
    many = dataset(sample([(index, 5, index, 9) for index in range(100)]))
    page = _Page(html_report(inspect(many), many, "x"))
    assert page.tags.count("img") == 1 + MOST_BOXES
    assert "and 40 more" in page.text


def test_an_empty_data_set_has_a_page(dataset):
    page = _Page(html_report(inspect(dataset()), dataset(), "nothing"))
    assert "img" not in page.tags
    assert "0 pictures" in page.text
