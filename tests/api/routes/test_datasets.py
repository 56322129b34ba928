"""The routes of data sets: made known from every source, imported, shown, forgotten, and refused."""

import io
import json
import os
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from boxwright import formats
from boxwright.dataset.draw import draw_shapes

DATASETS = "/v1/projects/local/datasets"


def fault(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    (one,) = answer.json()["error"]["details"][0]["fieldViolations"]
    return one["field"], one["description"]


def test_a_folder_is_imported_and_described(settled: Any, served: Any, cells: Path, hostile: str) -> None:
    made = served.client("trainer").post(DATASETS, json={"name": "cells", "path": str(cells)})
    assert made.status_code == 200, made.text
    assert {"name": "cells", "state": "IMPORTING", "kind": "path", "path": str(cells)}.items() <= made.json().items()
    assert "progress" in made.json()
    found = settled("cells")
    assert found["format"] == "coco"
    assert found["classes"] == [hostile, "plain"]
    numbers = {"pictures": 4, "boxes": 4, "rejected": 1, "empty": 1, "unreadable": 0}
    assert numbers.items() <= found["counts"].items()
    lists = [f"{cells}/annotations/instances_{part}.json" for part in ("train", "val")]
    assert [(part["name"], part["pictures"], part["path"]) for part in found["parts"]] == [
        ("train", 3, lists[0]),
        ("val", 1, lists[1]),
    ]
    assert (found["trainingDataPath"], found["evaluationDataPath"]) == (str(cells), lists[1])
    assert "validationDataPath" not in found
    assert served.client("viewer").get(DATASETS).json() == {"datasets": [found]}


def test_a_path_is_recognised_before_it_is_imported(served: Any, cells: Path) -> None:
    asked = served.client("trainer").post(f"{DATASETS}:recognise", json={"path": str(cells)})
    assert asked.json() == {"path": str(cells), "format": "coco", "parts": ["train", "val"]}
    missing = served.client("trainer").post(f"{DATASETS}:recognise", json={"path": f"{cells}/nothing"})
    assert fault(missing)[0] == "path"
    assert "no file matches" in fault(missing)[1]


def test_drawn_shapes_are_made_split_and_converted(settled: Any, served: Any) -> None:
    client = served.client("trainer")
    draw = {"pictures": 12, "validation": 4, "classes": ["circle", "square"], "height": 64, "width": 96}
    assert client.post(DATASETS, json={"name": "shapes", "draw": draw}).status_code == 200
    shapes = settled("shapes")
    assert (shapes["format"], shapes["counts"]["pictures"], shapes["classes"]) == ("tfrecord", 16, ["circle", "square"])
    assert Path(shapes["path"]).is_relative_to(served.folder / "datasets")
    split = {"dataset": "shapes", "shares": {"train": 0.75, "test": 0.25}, "format": "yolo"}
    client.post(DATASETS, json={"name": "parts", "split": split})
    parts = settled("parts")
    numbers = {part["name"]: part["pictures"] for part in parts["parts"]}
    assert (set(numbers), sum(numbers.values())) == ({"train", "test"}, 16)
    assert 2 <= numbers["test"] <= 5, "a quarter, as far as the classes allow"
    assert (parts["parent"], parts["kind"], parts["format"]) == ("shapes", "split", "yolo")
    assert (parts["trainingDataPath"], parts["validationDataPath"]) == tuple(
        f"{parts['path']}/images/{part}" for part in ("train", "test")
    )
    client.post(DATASETS, json={"name": "again", "convert": {"dataset": "parts", "format": "voc"}})
    assert settled("again")["format"] == "voc"
    assert formats.recognise(settled("again")["path"]) == "voc"


def test_drawn_data_is_the_same_as_the_command_draws(settled: Any, served: Any) -> None:
    draw = {"pictures": 3, "validation": 0, "height": 64, "width": 96, "seed": 7, "classes": ["ring"]}
    served.client("trainer").post(DATASETS, json={"name": "rings", "draw": draw})
    found = formats.read(settled("rings")["path"])
    expected = draw_shapes(3, (64, 96), 7, ["ring"])
    assert [one.encoded for one in found] == [one.encoded for one in expected]


def test_an_upload_becomes_a_data_set(settled: Any, served: Any, cells: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(cells.rglob("*")):
            archive.write(path, f"cells/{path.relative_to(cells)}")
    client = served.client("trainer")
    uploads = "/v1/projects/local/uploads"
    upload = client.post(uploads, json={"displayName": "cells.zip"}).json()["uploadId"]
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(packed.getvalue()))}
    headers |= {"Upload-Metadata": "filename Y2VsbHMuemlw", "Content-Type": "application/offset+octet-stream"}
    sent = client.post(f"{uploads}/{upload}/files", headers=headers, content=packed.getvalue())
    assert sent.status_code == 201, sent.text
    client.post(f"{uploads}/{upload}:finish")
    end = time.monotonic() + 20
    while client.get(f"{uploads}/{upload}").json()["state"] != "READY":
        assert time.monotonic() < end
        time.sleep(0.05)
    made = client.post(DATASETS, json={"name": "sent", "uploadId": upload})
    assert made.status_code == 200, made.text
    found = settled("sent")
    assert (found["format"], found["counts"]["pictures"]) == ("coco", 4)
    assert client.get(f"{uploads}/{upload}").status_code == 404, "it has been taken"
    again = client.post(DATASETS, json={"name": "sent2", "uploadId": upload})
    assert again.status_code == 404
    assert client.get(f"{DATASETS}/sent2").status_code == 404
    folder = Path(found["path"])
    assert client.delete(f"{DATASETS}/sent").json() == {}
    assert not folder.exists()


def test_a_data_set_in_an_object_store(served: Any, cells: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    fsspec.filesystem("memory").store.clear()
    fsspec.filesystem("memory").put(str(cells), "/bucket/cells", recursive=True)
    asked = served.client("trainer").post(f"{DATASETS}:recognise", json={"path": "memory://bucket/cells"})
    assert asked.json()["format"] == "coco", asked.text


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, ""),
        ({"name": "x", "path": "/a", "uploadId": "b"}, ""),
        ({"name": "<b>", "path": "/a"}, "name"),
        ({"name": "../x", "path": "/a"}, "name"),
        ({"name": "x", "path": "/etc"}, "path"),
        ({"name": "x", "path": "~root"}, "path"),
        ({"name": "x", "path": "file:///etc"}, "path"),
        ({"name": "x", "path": "local:///etc"}, "path"),
        ({"name": "x", "path": "simplecache::file:///etc"}, "path"),
        ({"name": "x", "draw": {"classes": ["hexagon"]}}, "draw.classes"),
        ({"name": "x", "draw": {"classes": ["ring", "ring"]}}, "draw.classes"),
        ({"name": "x", "draw": {"height": 4}}, "draw.height"),
        ({"name": "x", "draw": {"pictures": 0}}, "draw.pictures"),
        ({"name": "x", "draw": {"format": "csv"}}, "draw.format"),
        ({"name": "x", "draw": {"format": "jumpstart"}}, "draw.format"),
        ({"name": "x", "split": {"dataset": "y", "shares": {"a": 0.5}}}, "split.shares"),
        ({"name": "x", "split": {"dataset": "y", "shares": {"../a": 1}}}, "split.shares"),
        ({"name": "x", "convert": {"dataset": "y", "format": "nothing"}}, "convert.format"),
        ({"name": "x", "draw": {}, "labelsFile": "/a"}, ""),
        ({"name": "x", "draw": {}, "nonsense": 1}, "nonsense"),
    ],
)
def test_what_cannot_be_a_data_set(served: Any, body: Any, field: str) -> None:
    answer = served.client("trainer").post(DATASETS, json=body)
    assert answer.status_code == 400, answer.text
    details = answer.json()["error"].get("details", [{"fieldViolations": [{"field": ""}]}])
    assert details[0]["fieldViolations"][0]["field"] == field, answer.text
    assert served.client().get(DATASETS).json() == {}


def test_paths_may_not_leave_the_roots(served: Any, cells: Path, tmp_path: Path) -> None:
    client, runs = served.client("trainer"), served.folder / "runs"
    os.symlink("/", cells / "away")
    (tmp_path / "names.txt").write_text("a\n")
    outside = f"{cells}/../../../{tmp_path.name}"
    for path in (outside, f"{cells}/away/etc", f"{runs}/cells/annotations/*.json,/etc/*", str(tmp_path)):
        field, said = fault(client.post(DATASETS, json={"name": "x", "path": path}))
        assert field == "path"
        assert str(runs) in said or "no file matches" in said
    labels = client.post(DATASETS, json={"name": "x", "path": str(cells), "labelsFile": str(tmp_path / "names.txt")})
    assert fault(labels)[0] == "labelsFile"


def test_lists_of_a_data_set_may_not_name_pictures_outside(
    settled: Any, served: Any, cells: Path, tmp_path: Path
) -> None:
    Image.new("RGB", (32, 32)).save(tmp_path / "secret.png")
    annotations = cells / "annotations" / "instances_train.json"
    content = json.loads(annotations.read_text())
    content["images"][0]["file_name"] = str(tmp_path / "secret.png")
    annotations.write_text(json.dumps(content))
    served.client("trainer").post(DATASETS, json={"name": "cells", "path": str(cells)})
    found = settled("cells", "FAILED")
    assert "secret.png' is in none of the folders" in found["errorMessage"], "which is all that is said of it"


def test_a_failed_import_says_why_and_can_be_tried_again(settled: Any, served: Any, cells: Path) -> None:
    annotations = cells / "annotations" / "instances_train.json"
    good = annotations.read_text()
    annotations.write_text('{"categories"')
    client = served.client("trainer")
    client.post(DATASETS, json={"name": "cells", "path": str(cells)})
    failed = settled("cells", "FAILED")
    assert "no JSON" in failed["errorMessage"]
    assert client.get(f"{DATASETS}/cells/pictures").json()["error"]["status"] == "FAILED_PRECONDITION"
    assert client.post(DATASETS, json={"name": "y", "split": {"dataset": "cells"}}).status_code == 400
    annotations.write_text(good)
    assert client.post(f"{DATASETS}/cells:retry").json()["state"] == "IMPORTING"
    assert "errorMessage" not in settled("cells")


def test_names_are_taken_once_in_a_project(known: Any, cells: Path) -> None:
    client = known.client("trainer")
    taken = client.post(DATASETS, json={"name": "cells", "path": str(cells)})
    assert (taken.status_code, taken.json()["error"]["status"]) == (409, "ALREADY_EXISTS")
    elsewhere = client.post("/v1/projects/other/datasets", json={"name": "cells", "path": str(cells)})
    assert elsewhere.status_code == 200


def test_what_the_server_did_not_make_stays(known: Any, cells: Path) -> None:
    assert known.client("trainer").delete(f"{DATASETS}/cells").json() == {}
    assert known.client().get(f"{DATASETS}/cells").status_code == 404
    assert (cells / "annotations" / "instances_train.json").exists()
    assert list((known.folder / "datasets").iterdir()) == []


def test_roles(known: Any, cells: Path) -> None:
    viewer = known.client("viewer")
    for path in ("", "/cells", "/cells/report", "/cells/report.html", "/cells/statistics", "/cells/pictures"):
        assert viewer.get(f"{DATASETS}{path}").status_code == 200, path
    refused = [
        viewer.post(DATASETS, json={"name": "x", "path": str(cells)}),
        viewer.post(f"{DATASETS}:recognise", json={"path": str(cells)}),
        viewer.post(f"{DATASETS}/cells:retry"),
        viewer.delete(f"{DATASETS}/cells"),
    ]
    assert [one.status_code for one in refused] == [403] * 4


def test_nobody_without_a_token(known: Any) -> None:
    for path in ("", "/cells", "/cells/report", "/cells/pictures", "/cells/pictures/0", "/cells/pictures/0/image"):
        assert httpx.get(f"{known.url}{DATASETS}{path}", trust_env=False).status_code == 401, path


@pytest.mark.parametrize("path", ["/missing", "/a%20b", "/missing/pictures", "/missing/report", "/%2e%2e"])
def test_data_sets_that_are_not_there(served: Any, path: str) -> None:
    assert served.client().get(f"{DATASETS}{path}").status_code == 404


def test_what_can_be_written_and_drawn(served: Any) -> None:
    found = served.client("viewer").get(f"{DATASETS}:getOptions").json()
    known = {one["name"]: (one["writable"], one["onePart"]) for one in found["formats"]}
    assert (known["coco"], known["csv"], known["jumpstart"]) == ((True, False), (False, False), (True, True))
    assert "circle" in found["shapes"]
