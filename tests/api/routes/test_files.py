"""The routes that look around in the server's folders."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from boxwright.dataset.draw import draw_shapes
from boxwright.formats import write

FILES = "/v1/files"


@pytest.fixture(autouse=True)
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine, the process that counts may take long to start."""
    monkeypatch.setattr("boxwright.browsing.matching.SECONDS", 60.0)


@pytest.fixture
def root(served: Any) -> Iterator[Path]:
    """A root with data in it, and a link out of it."""
    folder = served.folder / "runs"
    write(draw_shapes(5, size=(32, 32)), str(folder / "cells"), to="tfrecord", split="train", shards=2)
    (folder / "out").symlink_to("/etc")
    (folder / "<img onerror=alert('1')>\"").mkdir()
    yield folder


def error_of(answer: Any) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["status"], error["message"]


def test_without_a_path_the_roots_are_listed(served: Any, root: Path) -> None:
    found = served.client("trainer").get(FILES).json()
    assert [one["path"] for one in found["entries"]] == [str(root)]  # no job has made the other one yet
    (served.folder / "jobs").mkdir()
    found = served.client("trainer").get(FILES).json()
    assert [(one["path"], one["kind"]) for one in found["entries"]] == [
        (str(served.folder / "jobs"), "FOLDER"),
        (str(root), "FOLDER"),
    ]


def test_a_folder_is_listed(served: Any, root: Path) -> None:
    found = served.client("trainer").get(FILES, params={"path": str(root)}).json()
    assert (found["path"], found["root"], "parent" in found) == (str(root), str(root), False)
    assert [one["name"] for one in found["entries"]] == ["<img onerror=alert('1')>\"", "cells"]
    inside = served.client("trainer").get(FILES, params={"path": f"{root}/cells"}).json()
    assert (inside["parent"], inside["format"]) == (str(root), "tfrecord")
    labels = inside["entries"][0]
    assert (labels["name"], labels["kind"], int(labels["sizeBytes"])) == (
        "labels.txt",
        "FILE",
        (root / "cells" / "labels.txt").stat().st_size,
    )
    assert labels["updateTime"].endswith("Z")
    assert inside["entries"][1]["format"] == "tfrecord"


def test_thousands_of_entries_come_in_pages(served: Any, root: Path) -> None:
    (root / "many").mkdir()
    for number in range(2050):
        (root / "many" / f"{number:04}.txt").touch()
    client, names, token = served.client("trainer"), list[str](), ""
    while True:
        params = {"path": f"{root}/many", "pageSize": 100, "pageToken": token}
        found = client.get(FILES, params=params).json()
        names += [one["name"] for one in found["entries"]]
        token = found.get("nextPageToken", "")
        if not token:
            break
    assert names == [f"{number:04}.txt" for number in range(2050)]
    found = client.get(FILES, params={"path": f"{root}/many", "filter": "204"}).json()
    assert [one["name"] for one in found["entries"]] == [
        "0204.txt",
        "1204.txt",
        *(f"204{digit}.txt" for digit in range(10)),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/etc",
        "/",
        "{root}/..",
        "{root}/../../..",
        "{root}/out",
        "{root}/out/passwd",
        "{root}/cells/../../uploads",
        "{folder}/boxwright.db",
        "{folder}",
        "{root}x",
        "http://127.0.0.1/x",
        "file://localhost/../etc",
    ],
)
def test_what_lies_outside_the_roots_is_refused(served: Any, root: Path, path: str) -> None:
    path = path.format(root=root, folder=served.folder)
    client = served.client("trainer")
    for answer in (client.get(FILES, params={"path": path}), client.get(f"{FILES}:match", params={"pattern": path})):
        code, status, message = error_of(answer)
        assert (code, status) in ((403, "PERMISSION_DENIED"), (400, "INVALID_ARGUMENT"))
        assert str(root) in message or "'..'" in message


@pytest.mark.parametrize("path", ["~", "~root", "../etc", "%2e%2e%2fetc", "%2Fetc", "a\0b", "//etc\0", ".."])
def test_paths_that_are_not_complete_are_refused(served: Any, root: Path, path: str) -> None:
    """Also when they are encoded once more than they should be."""
    client = served.client("trainer")
    assert root.exists()
    for route in (f"{FILES}?path={quote(path, safe='')}", f"{FILES}:match?pattern={quote(path, safe='')}"):
        code, status, _ = error_of(client.get(route))
        assert (code, status) == (400, "INVALID_ARGUMENT")


def test_what_is_not_there_or_no_folder_is_told(served: Any, root: Path) -> None:
    client = served.client("trainer")
    assert error_of(client.get(FILES, params={"path": f"{root}/none"}))[:2] == (404, "NOT_FOUND")
    code, status, message = error_of(client.get(FILES, params={"path": f"{root}/cells/labels.txt"}))
    assert (code, status) == (400, "INVALID_ARGUMENT") and "Not a directory" in message
    assert error_of(client.get(FILES, params={"path": str(root), "pageToken": "x"}))[:2] == (400, "INVALID_ARGUMENT")


def test_a_folder_that_may_not_be_read_is_told(served: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(root))

    monkeypatch.setattr("boxwright.api.routes.files.listed", refuse)
    answer = served.client("trainer").get(FILES, params={"path": str(root)})
    assert error_of(answer) == (403, "PERMISSION_DENIED", f"Permission denied: {root}")


def test_a_wildcard_is_counted(served: Any, root: Path) -> None:
    pattern = f"{root}/cells/train-*"
    found = served.client("trainer").get(f"{FILES}:match", params={"pattern": pattern}).json()
    assert (found["pattern"], found["fileCount"], found["recordCount"], found["complete"]) == (pattern, 2, 5, True)
    assert (found["format"], found["splits"], len(found["examples"])) == ("tfrecord", ["train"], 2)
    assert "note" not in found
    nothing = served.client("trainer").get(f"{FILES}:match", params={"pattern": f"{root}/x*"}).json()
    assert (nothing["fileCount"], nothing["recordCount"], nothing["complete"]) == (0, 0, True)


def test_who_may_not_train_may_not_look_around(served: Any) -> None:
    viewer = served.client("viewer")
    for route in (FILES, f"{FILES}:match?pattern=x"):
        assert viewer.get(route).status_code == 403


def test_a_pattern_is_needed(served: Any) -> None:
    answer = served.client("trainer").get(f"{FILES}:match")
    assert error_of(answer)[0] == 400 and "pattern" in json.dumps(answer.json())


def test_a_store_that_is_away_is_told_with_a_time_to_try_again(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> tuple[Any, str]:
        raise ConnectionRefusedError("refused")

    monkeypatch.setattr("boxwright.object_store._system", away)
    answer = served.client("trainer").get(FILES, params={"path": "s3://away/cells"})
    status, name, message = error_of(answer)
    assert (status, name, answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "2")
    assert "does not answer, asked for s3://away (refused)" in message
    assert "another address is given by AWS_ENDPOINT_URL" in message
