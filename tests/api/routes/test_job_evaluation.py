"""Evaluations of jobs over HTTP."""

from typing import Any

import pytest

from boxwright.api.routes import job_evaluation

EVALUATION = "/v1/projects/local/jobs/one/evaluation"


@pytest.fixture
def evaluated(served: Any, scene: Any, train_kind: Any) -> Any:
    """A job whose training is over."""
    _, log = served.running()
    train_kind("one")
    scene.write(log.parent / "evaluation")
    return served


def test_figures(evaluated: Any) -> None:
    found = evaluated.client("viewer").get(EVALUATION).json()
    assert (found["boxes"], found["threshold"], found["keptPictures"]) == (9, 0.4, 4)
    assert {one["kind"]: one["count"] for one in found["errors"]}["BACKGROUND"] == 2
    assert [1, 2, 1] in found["confusion"] and found["classes"][0]["bestThreshold"] == 0.9
    assert "ap" not in found["classes"][2]


def test_the_data_set_that_is_known_by_its_path(evaluated: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = evaluated.client("viewer")
    found = client.get(EVALUATION).json()
    assert (found["data"], found["dataset"]) == ("validation-*", "")
    monkeypatch.setattr(job_evaluation, "dataset_of", lambda _, project, path: f"{project}: {path}")
    assert client.get(EVALUATION).json()["dataset"] == "local: validation-*"


def test_errors_by_pages(evaluated: Any) -> None:
    client = evaluated.client("viewer")
    first = client.get(f"{EVALUATION}/errors", params={"pageSize": 3}).json()
    assert (first["totalSize"], len(first["findings"]), first["nextPageToken"]) == (7, 3, "3")
    kinds = [one["kind"] for one in first["findings"]]
    while "nextPageToken" in first:
        given = {"pageSize": 3, "pageToken": first["nextPageToken"]}
        first = client.get(f"{EVALUATION}/errors", params=given).json()
        kinds += [one["kind"] for one in first["findings"]]
    assert kinds == ["DUPLICATE", "BACKGROUND", "WRONG_CLASS", "BADLY_PLACED", "BOTH", "BACKGROUND", "MISSED"]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"kind": "MISSED"}, ["MISSED"]),
        ({"kind": "DUPLICATE", "class": 1}, []),
        ({"class": 2}, ["WRONG_CLASS"]),
        ({"trueClass": -1, "predictedClass": 1}, ["BACKGROUND"]),
        ({"trueClass": 0, "predictedClass": 0}, ["CORRECT", "CORRECT"]),
    ],
)
def test_errors_that_are_asked_for(evaluated: Any, asked: dict[str, Any], wanted: list[str]) -> None:
    found = evaluated.client().get(f"{EVALUATION}/errors", params=asked).json()
    assert [one["kind"] for one in found.get("findings", [])] == wanted
    assert found.get("totalSize", 0) == len(wanted)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "missed"}, "kind"),
        ({"class": -1}, "class"),
        ({"trueClass": -2}, "trueClass"),
        ({"pageToken": "x"}, "pageToken"),
        ({"pageToken": "99"}, "pageToken"),
        ({"pageSize": -1}, "pageSize"),
        ({"trial": "0"}, "trial"),
    ],
)
def test_what_cannot_be_asked_for(evaluated: Any, asked: dict[str, Any], field: str) -> None:
    answer = evaluated.client().get(f"{EVALUATION}/errors", params=asked)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["error"]["details"][0]["fieldViolations"]] == [field]


def test_pictures(evaluated: Any) -> None:
    client = evaluated.client("viewer")
    found = client.get(f"{EVALUATION}/pictures", params={"pageSize": 2}).json()
    worst = {"number": 1, "source": "errors.png", "width": 560, "height": 60, "errors": 6}
    assert found["pictures"][0] == worst and found["totalSize"] == 4 and found["nextPageToken"] == "2"
    picture = client.get(f"{EVALUATION}/pictures/1").json()
    assert picture["truth"][3]["crowd"] is True and picture["predictions"][2]["kind"] == "WRONG_CLASS"
    image = client.get(f"{EVALUATION}/pictures/1/image")
    assert image.headers["content-type"] == "image/jpeg" and image.content[:2] == b"\xff\xd8"
    for path in ("pictures/0", "pictures/5", "pictures/5/image", "pictures/0/image"):
        assert client.get(f"{EVALUATION}/{path}").status_code == 404


def test_a_new_evaluation_is_seen(evaluated: Any) -> None:
    """What is kept of the last list is not shown after another was written."""
    client = evaluated.client()
    assert client.get(f"{EVALUATION}/pictures").json()["totalSize"] == 4
    folder = evaluated.folder / "jobs" / "local" / "one" / "evaluation"
    text = (folder / "pictures.json").read_text()
    (folder / "pictures.json").write_text(text.replace("right.png", "another.png"))
    assert client.get(f"{EVALUATION}/pictures").json()["pictures"][3]["source"] == "another.png"


def test_while_there_is_none(served: Any, train_kind: Any) -> None:
    served.running()
    train_kind("one")
    for path in ("", "/errors", "/pictures", "/pictures/1", "/pictures/1/image"):
        answer = served.client().get(f"{EVALUATION}{path}")
        assert answer.status_code == 404
        assert answer.json()["error"]["message"] == "job one has no evaluation (yet): it is RUNNING"


def test_a_job_that_trains_nothing(served: Any) -> None:
    served.running()
    assert "trains nothing" in served.client().get(EVALUATION).json()["error"]["message"]


def test_the_best_trial_and_the_others(served: Any, scene: Any, train_kind: Any) -> None:
    _, log = served.running()
    train_kind("one", "tune")
    scene.write(log.parent / "trials" / "3" / "evaluation")
    assert served.client().get(EVALUATION).status_code == 404
    assert served.client().get(EVALUATION, params={"trial": 3}).json()["boxes"] == 9
    scene.write(log.parent / "evaluation")
    assert served.client().get(EVALUATION).json()["boxes"] == 9


def test_a_remote_folder(served: Any, scene: Any, train_kind: Any, memory: str) -> None:
    served.running()
    train_kind("one", folder=f"{memory}/one")
    scene.write(f"{memory}/one/evaluation")
    assert served.client().get(EVALUATION).json()["boxes"] == 9
    assert served.client().get(f"{EVALUATION}/errors").json()["totalSize"] == 7
    assert served.client().get(f"{EVALUATION}/pictures/2/image").content[:2] == b"\xff\xd8"


def test_a_token_is_needed(evaluated: Any) -> None:
    for path in ("", "/errors", "/pictures", "/pictures/1", "/pictures/1/image"):
        assert evaluated.client().get(f"{EVALUATION}{path}", headers={"Authorization": ""}).status_code == 401
