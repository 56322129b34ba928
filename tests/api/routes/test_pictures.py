"""What is in a data set: pages of pictures, the pictures themselves, report and statistics."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CELLS = "/v1/projects/local/datasets/cells"


def numbers(served: Any, query: str = "") -> list[int]:
    answer = served.client("viewer").get(f"{CELLS}/pictures?{query}")
    assert answer.status_code == 200, answer.text
    return [one["number"] for one in answer.json()["pictures"]]


def image(served: Any, number: int, query: str = "") -> Any:
    return served.client("viewer").get(f"{CELLS}/pictures/{number}/image?{query}")


def test_pictures_come_with_their_boxes(known: Any, hostile: str) -> None:
    found = known.client("viewer").get(f"{CELLS}/pictures").json()
    assert (found["totalSize"], "nextPageToken" in found) == (4, False)
    one, two, three, other = found["pictures"]
    assert [one["source"], three["source"], other["part"]] == ["one.png", "three.png", "val"]
    small = {"box": 0, "label": 0, "className": hostile, "corners": [0.0, 0.0, 20.0, 10.0], "size": "small"}
    large = {"box": 1, "label": 1, "className": "plain", "corners": [50.0, 10.0, 150.0, 110.0], "size": "large"}
    assert one["boxes"] == [small, large]
    assert (one["width"], one["height"], one["readable"]) == (200, 120, True)
    (faulty,) = two["boxes"]
    assert (faulty["problem"], faulty["size"]) == ("degenerate", "")
    assert "xmin 30.0 >= xmax 30.0" in faulty["reason"]
    assert three["boxes"] == []


FILTERS = {
    "class=plain": [0, 3],
    "size=large": [0],
    "size=medium": [3],
    "class=plain&size=small": [],
    "problem=degenerate": [1],
    "problem=any&part=train": [1],
    "part=val": [3],
    "part=train&class=plain": [0],
    "empty=true": [2],
    "text=ONE": [0],
    "text=%25": [],
    "text=e.png&part=train": [0, 2],
    "problem=thin": [],
}


def test_pictures_are_filtered(known: Any) -> None:
    assert {query: numbers(known, query) for query in FILTERS} == FILTERS
    for query, expected in FILTERS.items():
        asked = known.client("viewer").get(f"{CELLS}/pictures?{query}&pageSize=1").json()
        assert asked["totalSize"] == len(expected), query


def test_a_class_is_asked_for_by_its_very_name(known: Any, hostile: str) -> None:
    answer = known.client("viewer").get(f"{CELLS}/pictures", params={"class": hostile})
    assert [one["number"] for one in answer.json()["pictures"]] == [0, 1]


def test_filters_that_cannot_be(known: Any) -> None:
    for query in ("class=nothing", "size=huge", "part=test", "pageToken=x", "pageSize=-1"):
        answer = known.client("viewer").get(f"{CELLS}/pictures?{query}")
        assert answer.status_code == 400, query
        assert answer.json()["error"]["details"][0]["fieldViolations"][0]["field"] == query.partition("=")[0]


def test_pages_lead_on_and_back(known: Any) -> None:
    client = known.client("viewer")
    first = client.get(f"{CELLS}/pictures?pageSize=3").json()
    second = client.get(f"{CELLS}/pictures?pageSize=3&pageToken={first['nextPageToken']}").json()
    assert [one["number"] for one in second["pictures"]] == [3]
    assert "previousPageToken" not in first
    assert "nextPageToken" not in second
    back = client.get(f"{CELLS}/pictures?pageSize=3&pageToken={second['previousPageToken']}").json()
    assert back == first


def test_a_picture_names_its_neighbours(known: Any) -> None:
    client = known.client("viewer")
    beside = client.get(f"{CELLS}/pictures/1?part=train").json()
    assert (beside["source"], beside["previousNumber"], beside["nextNumber"]) == ("two.png", 0, 2)
    assert (beside["position"], beside["totalSize"]) == (2, 3)
    assert "nextNumber" not in client.get(f"{CELLS}/pictures/2?part=train").json()
    assert client.get(f"{CELLS}/pictures/0?class=plain").json()["nextNumber"] == 3
    assert client.get(f"{CELLS}/pictures/4").status_code == 404


def test_a_picture_is_shown_as_it_is_or_smaller(known: Any, cells: Path) -> None:
    whole = image(known, 0)
    assert (whole.status_code, whole.headers["content-type"]) == (200, "image/png")
    assert whole.content == next(cells.rglob("one.png")).read_bytes()
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["content-security-policy"].startswith("default-src 'none'")
    for wide, expected in ((50, (64, 38)), (160, (160, 96)), (1000, (200, 120))):
        smaller = image(known, 0, f"width={wide}")
        assert smaller.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(smaller.content)).size == expected
    again = image(known, 0, "width=160")
    assert Image.open(io.BytesIO(again.content)).size == (160, 96)


def test_pictures_may_be_kept_by_those_who_know_the_version(known: Any) -> None:
    etag = known.client().get(CELLS).json()["etag"]
    kept = known.client().get(f"{CELLS}/pictures/0/image", params={"width": 160, "v": etag})
    assert kept.headers["cache-control"] == "private, max-age=3600"
    assert image(known, 0, "width=160&v=other").headers["cache-control"] == "no-store"


def test_a_picture_is_shown_as_stored_where_viewers_would_turn_it(known: Any, cells: Path) -> None:
    """The boxes refer to the stored pixels: a JPEG with EXIF orientation 6 is sent without it."""
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((120, 200, 3), np.uint8)
    pixels[:, :100, 0] = 250
    Image.fromarray(pixels).save(turned, "JPEG", exif=exif)
    next(cells.rglob("one.png")).write_bytes(turned.getvalue())
    shown = Image.open(io.BytesIO(image(known, 0).content))
    assert shown.size == (200, 120)
    assert shown.getexif().get(0x0112) is None
    assert shown.getpixel((20, 60))[0] > 200 > 50 > shown.getpixel((180, 60))[0]  # type: ignore[index]  # a pixel of RGB


def test_a_picture_that_is_html_is_not_shown(known: Any, cells: Path) -> None:
    page = b"<html><script>alert(document.cookie)</script></html>"
    next(cells.rglob("one.png")).write_bytes(page)
    for refused in (image(known, 0), image(known, 0, "width=160")):
        assert refused.status_code == 400
        assert refused.headers["content-type"] == "application/json"
        assert "not a readable JPEG, PNG, GIF or BMP picture" in refused.json()["error"]["message"]
        assert b"<script>" not in refused.content


def test_a_picture_cut_short_is_not_shown(known: Any, cells: Path) -> None:
    path = next(cells.rglob("one.png"))
    path.write_bytes(path.read_bytes()[:-40])
    for refused in (image(known, 0), image(known, 0, "width=160")):
        assert (refused.status_code, refused.headers["content-type"]) == (400, "application/json")


def test_a_data_set_that_has_gone_from_the_disk_says_so(known: Any, cells: Path, settled: Any) -> None:
    cells.rename(cells.with_name("moved"))
    refused = image(known, 0)
    assert refused.status_code == 400
    assert "cannot be read (any more)" in refused.json()["error"]["message"]
    assert numbers(known) == [0, 1, 2, 3], "the index tells of them still"
    known.client("trainer").post(f"{CELLS}:retry")
    assert "no file matches" in settled("cells", "FAILED")["errorMessage"]


def test_an_index_that_has_gone_says_so(known: Any) -> None:
    (index,) = (known.folder / "datasets").glob("*/index.db")
    index.rename(index.with_name("elsewhere"))
    for path in ("/pictures", "/pictures/0", "/statistics"):
        refused = known.client("viewer").get(f"{CELLS}{path}")
        assert refused.status_code == 400
        assert "import it again" in refused.json()["error"]["message"]


def test_pictures_in_records_are_shown(served: Any, settled: Any) -> None:
    draw = {"pictures": 3, "validation": 2, "height": 64, "width": 96, "classes": ["ring"]}
    served.client("trainer").post("/v1/projects/local/datasets", json={"name": "cells", "draw": draw})
    settled("cells")
    for number in (0, 4):
        shown = image(served, number)
        assert shown.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(shown.content)).size == (96, 64)


def test_the_report_is_the_data_doctors(known: Any, hostile: str) -> None:
    client = known.client("viewer")
    report = client.get(f"{CELLS}/report").json()
    assert report["summary"]["num_boxes"] == 4
    assert {"degenerate", "unlabelled"} <= {one["rule"] for one in report["findings"]}
    page = client.get(f"{CELLS}/report.html")
    assert page.headers["content-type"].startswith("text/html")
    assert "sandbox" in page.headers["content-security-policy"]
    assert hostile not in page.text
    assert "&lt;img src=x" in page.text


def test_statistics_by_hand(known: Any, hostile: str) -> None:
    """Boxes kept: 20 x 10 (small), 100 x 100 (large), 60 x 60 (medium)."""
    found = known.client("viewer").get(f"{CELLS}/statistics").json()
    assert found["boxAreas"] == {"edges": [32.0, 96.0], "counts": [1, 1, 1], "unit": "px"}
    bars = [(one["name"], one["boxes"], one["rejected"], one["pictures"]) for one in found["classes"]]
    assert bars == [(hostile, 1, 1, 1), ("plain", 2, 0, 2)]
    assert found["pictureSizes"] == [{"width": 200, "height": 120, "pictures": 4}]
    assert found["boxesPerPicture"]["counts"][:3] == [2, 1, 1]
    assert found["problems"]["degenerate"] == 1
    assert json.dumps(found)


def test_what_another_server_has_found_is_not_here(known: Any) -> None:
    (place,) = (known.folder / "datasets").iterdir()
    place.rename(known.folder / "elsewhere")
    for path in ("/report", "/report.html", "/statistics", "/pictures"):
        refused = known.client("viewer").get(f"{CELLS}{path}")
        assert refused.status_code == 400
        assert "is not on this server, but in" in refused.json()["error"]["message"]
    (known.folder / "elsewhere").rename(place)
    (place / "health.json").unlink()
    (place / "report.html").unlink()
    for path in ("/report", "/report.html", "/statistics"):
        refused = known.client("viewer").get(f"{CELLS}{path}")
        assert "is gone from" in refused.json()["error"]["message"]
