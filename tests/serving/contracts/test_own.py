"""Boxwright's own contract."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

JPEG = {"content-type": "image/jpeg"}
DOG = {"class_id": 1, "class": "dog", "score": 0.9, "xmin": 0.0, "ymin": 0.0, "xmax": 20.0, "ymax": 10.0}
CAT = {"class_id": 3, "class": "Cat", "score": 0.25, "xmin": 0.0, "ymin": 10.0, "xmax": 40.0, "ymax": 20.0}


def b64(encoded: bytes) -> str:
    return base64.b64encode(encoded).decode()


def boxes(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    (image,) = answer.json()["images"]
    return image["boxes"]


def test_a_picture_as_the_body_gives_boxes_in_pixels(known: Any, photo: bytes) -> None:
    answer = known.post("/predict", content=photo, headers=JPEG)
    assert answer.json() == {
        "model": "pets",
        "version": "1",
        "images": [{"width": 40, "height": 20, "boxes": [DOG, CAT]}],
    }


@pytest.mark.parametrize("kind", ["", "image/png", "application/octet-stream", "application/x-www-form-urlencoded"])
def test_curl_need_not_know_the_kind_of_picture(known: Any, photo: bytes, kind: str) -> None:
    assert boxes(known.post("/predict", content=photo, headers={"content-type": kind} if kind else {})) == [DOG, CAT]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("threshold=0.5", [DOG]),
        ("threshold=1", []),
        ("limit=1", [DOG]),
        ("limit=0", []),
        ("classes=Cat", [CAT]),
        ("classes=3", [CAT]),
        ("classes=dog,%20Cat", [DOG, CAT]),
        ("classes=Cat&limit=1", [CAT]),
        ("classes=Cat&threshold=0.5", []),
        ("classes=", [DOG, CAT]),
    ],
)
def test_the_query_says_which_boxes_are_wanted(known: Any, photo: bytes, query: str, expected: list[Any]) -> None:
    assert boxes(known.post(f"/predict?{query}", content=photo, headers=JPEG)) == expected


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("threshold=nan", "threshold"),
        ("threshold=inf", "threshold"),
        ("threshold=-0.1", "threshold"),
        ("threshold=1.1", "threshold"),
        ("threshold=high", "threshold"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("classes=bird", "there is no 'bird'; the model knows Cat, dog"),
    ],
)
def test_a_query_at_fault_is_refused(known: Any, photo: bytes, query: str, said: str) -> None:
    answer = known.post(f"/predict?{query}", content=photo, headers=JPEG)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True)


def test_a_form_holds_several_pictures(known: Any, photo: bytes, encode: Callable[..., bytes]) -> None:
    files = [("a", ("one.jpg", photo)), ("a", ("two.png", encode(80, 60, "PNG")))]
    answer = known.post("/predict?limit=1", files=files, data={"note": "not a picture"})
    images = answer.json()["images"]
    assert [(one["image"], one["width"], one["height"]) for one in images] == [("one.jpg", 40, 20), ("two.png", 80, 60)]
    assert images[0]["boxes"] == [DOG]


def test_json_holds_pictures_in_base64_or_as_data_urls(known: Any, photo: bytes) -> None:
    given = {"images": [{"b64": b64(photo)}, {"url": f"data:image/jpeg;base64,{b64(photo)}"}]}
    assert [one["boxes"] for one in known.post("/predict", json=given).json()["images"]] == [[DOG, CAT]] * 2
    assert boxes(known.post("/predict", json={"urls": [f"data:;base64,{b64(photo)}"]})) == [DOG, CAT]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "must hold 'urls' or 'images'"),
        ({"urls": [], "images": []}, "one of them"),
        ({"pictures": []}, "got ['pictures']"),
        ({"urls": []}, "at least one"),
        ({"urls": "http://example.com/a.jpg"}, "urls must be a list"),
        ({"urls": [7]}, "urls[0] must be a URL"),
        ({"images": [{"b64": "?"}]}, "images[0].b64 is not base64"),
        ({"images": [{"b64": 7}]}, "images[0].b64 must be a text"),
        ({"images": [{"b64": "", "url": ""}]}, "images[0] must be"),
        ({"images": ["a"]}, "images[0] must be"),
        ({"images": [{"b64": ""}]}, "not a readable"),
        ({"urls": ["ftp://example.com/a.jpg"]}, "http://, https:// and data:"),
        ({"urls": ["http://127.0.0.1/a.jpg"]}, "not on the public internet"),
    ],
)
def test_json_at_fault_is_refused(known: Any, body: Any, said: str) -> None:
    answer = known.post("/predict", json=body)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (400, True), answer.text


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({"content-type": "application/json"}, b"{", 400),
        ({"content-type": "application/json"}, b'{"urls": [NaN]}', 400),
        ({"content-type": "text/plain"}, b"hello", 415),
        ({"content-type": "multipart/form-data"}, b"hello", 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x--\r\n", 400),
        ({"content-type": "image/jpeg"}, b"", 400),
    ],
)
def test_a_body_at_fault_is_refused(known: Any, headers: dict[str, str], content: bytes, status: int) -> None:
    answer = known.post("/predict", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_more_pictures_than_the_limit_are_refused_before_they_are_fetched(
    known_of: Callable[..., Any], photo: bytes
) -> None:
    client = known_of(max_pictures=2)
    answer = client.post("/predict", json={"urls": ["http://127.0.0.1:9/a.jpg"] * 3})
    assert (answer.status_code, "at most 2 (--max-pictures)" in answer.text) == (413, True)
    files = [("a", ("one.jpg", photo))] * 3
    assert client.post("/predict", files=files).status_code in (400, 413)


def test_one_bad_picture_of_several_is_named(known: Any, photo: bytes) -> None:
    answer = known.post("/predict", json={"images": [{"b64": b64(photo)}, {"b64": b64(b"no picture")}]})
    assert (answer.status_code, "picture 2" in answer.json()["error"]["message"]) == (400, True)


def test_pictures_are_fetched_from_addresses(
    known_of: Callable[..., Any], photo: bytes, pictures_at: Callable[..., str]
) -> None:
    url = pictures_at({"/a.jpg": (200, {}, photo), "/gone.jpg": (404, {}, b"")})
    client = known_of(fetch="all")
    (image,) = client.post("/predict", json={"urls": [f"{url}/a.jpg"]}).json()["images"]
    assert (image["image"], image["boxes"]) == (f"{url}/a.jpg", [DOG, CAT])
    answer = client.post("/predict", json={"urls": [f"{url}/a.jpg", f"{url}/gone.jpg?key=secret"]})
    assert (answer.status_code, "answers 404" in answer.text, "secret" in answer.text) == (400, True, False)


def test_the_welcome_says_what_is_served(known: Any) -> None:
    answer = known.get("/").json()
    assert (answer["status"], answer["model"], answer["classes"]) == ("UP", "pets", ["Cat", "dog"])
    assert answer["models"] == [{"model": "pets", "version": "2"}, {"model": "pets", "version": "1"}]
    assert known.request("HEAD", "/").status_code == 200


def test_the_page_needs_nothing_from_elsewhere(known: Any) -> None:
    answer = known.get("/docs")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in answer.text
    assert (
        f"curl --data-binary @photo.jpg -H &#x27;Content-Type: image/jpeg&#x27; &#x27;{known.url}/predict"
        in answer.text
    )
    for path in known.get("/openapi.json").json()["paths"]:
        assert f"<code>{path}</code>" in answer.text


def test_the_trained_model_finds_what_the_command_finds(
    client: Any, picture: bytes, model_folder: str, tmp_path: Path, command: Callable[..., Any]
) -> None:
    (tmp_path / "one.png").write_bytes(picture)
    line = json.loads(command("predict", model_folder, tmp_path / "one.png").out.splitlines()[0])
    (image,) = client.post("/predict?threshold=0.05", content=picture).json()["images"]
    assert [one["class"] for one in image["boxes"]] == [one["class"] for one in line["boxes"] if one["score"] >= 0.05]
