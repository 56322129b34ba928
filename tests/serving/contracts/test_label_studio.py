"""Label Studio's contract, with requests as its connector for ML backends writes them."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from boxwright.serving.contracts import label_studio
from boxwright.serving.contracts.label_studio import Studios

CONFIG = """<View><Image name="img" value="$image"/><RectangleLabels name="boxes" toName="img">
<Label value="DOG"/><Label value="horse"/></RectangleLabels></View>"""
BOTH = CONFIG.replace("<RectangleLabels", '<RectangleLabels model_score_threshold="0.2"').replace("horse", "Cat")


def data_url(encoded: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(encoded).decode()}"


def request(*images: object, config: str = CONFIG, **changes: Any) -> dict[str, Any]:
    """What `make_predictions` sends."""
    return {
        "tasks": [{"id": number, "data": {"image": one}} for number, one in enumerate(images, 7)],
        "model_version": "pets:1",
        "project": "3.1700000000",
        "label_config": config,
        "params": {"login": None, "password": None, "context": None},
        **changes,
    }


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (label_studio.URL, label_studio.TOKEN):
        monkeypatch.delenv(name, raising=False)


def test_its_health_check_is_answered(known: Any) -> None:
    assert known.get("/health").json() == {"status": "UP", "model_class": "pets", "model_version": "pets:1"}
    assert known.get("/").json()["status"] == "UP"
    assert known.request("HEAD", "/health").status_code == 200


def test_a_project_is_connected(known: Any) -> None:
    given = {"project": "3.17", "schema": CONFIG, "hostname": "http://localhost:8080", "access_token": "x"}
    assert known.post("/setup", json=given).json() == {"model_version": "pets:1", "left_out": ["Cat"]}
    assert known.post("/setup", json={"project": "3.17", "extra_params": {}}).json()["model_version"] == "pets:1"


def test_an_interface_is_checked(known: Any) -> None:
    assert known.post("/validate", json={"config": CONFIG}).json() == {"status": "ok", "left_out": ["Cat"]}
    answer = known.post("/validate", json={"config": "<View/>"})
    assert (answer.status_code, "RectangleLabels" in answer.json()["error"]["message"]) == (400, True)
    assert known.post("/validate", json={"config": 7}).status_code == 400


def test_the_versions_are_listed(known: Any) -> None:
    assert known.post("/versions", json={"project": "3.17"}).json() == {"versions": ["pets:2", "pets:1"]}


@pytest.mark.parametrize(
    ("action", "status", "said"),
    [("ANNOTATION_CREATED", 201, "ok"), ("START_TRAINING", 201, "ok"), ("TASKS_DELETED", 200, "Unknown event")],
)
def test_events_are_taken_note_of(known: Any, action: str, status: int, said: str) -> None:
    answer = known.post("/webhook", json={"action": action, "project": {"id": 3, "label_config": CONFIG}})
    assert (answer.status_code, answer.json()["status"]) == (status, said)


def test_boxes_are_in_percent_and_have_the_label_of_the_interface(known: Any, photo: bytes) -> None:
    # The known model's dog at 0.9 covers the left upper quarter; its cat at 0.25 is below the default threshold.
    assert known.post("/predict", json=request(data_url(photo))).json() == {
        "results": [
            {
                "result": [
                    {
                        "from_name": "boxes",
                        "to_name": "img",
                        "type": "rectanglelabels",
                        "original_width": 40,
                        "original_height": 20,
                        "image_rotation": 0,
                        "value": {
                            **{"x": 0.0, "y": 0.0, "width": 50.0, "height": 50.0, "rotation": 0},
                            "rectanglelabels": ["DOG"],
                        },
                        "score": 0.9,
                    }
                ],
                "score": 0.9,
                "model_version": "pets:1",
            }
        ],
        "left_out": ["Cat"],
    }


def test_the_interface_may_ask_for_weaker_boxes(known: Any, photo: bytes) -> None:
    answer = known.post("/predict", json=request(data_url(photo), config=BOTH)).json()
    (result,) = answer["results"]
    assert [one["value"]["rectanglelabels"] for one in result["result"]] == [["DOG"], ["Cat"]]
    assert (result["score"], answer["left_out"]) == (0.575, [])  # the mean of 0.9 and 0.25


def test_classes_without_a_label_are_left_out(known: Any, photo: bytes) -> None:
    config = BOTH.replace("DOG", "fish")
    (result,) = known.post("/predict", json=request(data_url(photo), config=config)).json()["results"]
    assert [one["value"]["rectanglelabels"] for one in result["result"]] == [["Cat"]]
    nothing = known.post("/predict", json=request(data_url(photo), config=config.replace("Cat", "bird"))).json()
    assert nothing["results"][0]["result"] == []
    assert (nothing["results"][0]["score"], nothing["left_out"]) == (0.0, ["Cat", "dog"])


def test_one_bad_task_does_not_lose_the_rest(known: Any, photo: bytes) -> None:
    bad = ["s3://bucket/a.jpg", None, "/data/upload/a.jpg"]
    results = known.post("/predict", json=request(bad[0], data_url(photo), *bad[1:])).json()["results"]
    assert [len(one["result"]) for one in results] == [0, 1, 0, 0]
    said = [one.get("error", "") for one in results]
    assert "http://, https:// and data:" in said[0]
    assert "task 9: data has no picture's address under 'image'" in said[2]
    assert "set LABEL_STUDIO_URL and LABEL_STUDIO_API_KEY" in said[3]


def test_a_request_without_any_picture_is_refused(known: Any) -> None:
    answer = known.post("/predict", json=request("http://127.0.0.1/a.jpg"))
    assert (answer.status_code, "public internet" in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"tasks": 7}, 400), ({"tasks": [7]}, 400), ({"label_config": None}, 400), ({"tasks": [{}] * 65}, 413)],
)
def test_a_request_at_fault_is_refused(known: Any, changes: dict[str, Any], status: int) -> None:
    assert known.post("/predict", json=request("http://example.com/a.jpg", **changes)).status_code == status


def test_no_tasks_have_no_results(known: Any) -> None:
    assert known.post("/predict", json=request()).json()["results"] == []


def test_uploads_are_fetched_from_the_label_studio_of_the_environment(
    known: Any, photo: bytes, pictures_at: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    url = pictures_at({"/data/upload/3/a.jpg": (200, {}, photo)}, asked)
    monkeypatch.setenv(label_studio.URL, url)
    monkeypatch.setenv(label_studio.TOKEN, "legacy")
    (result,) = known.post("/predict", json=request("/data/upload/3/a.jpg")).json()["results"]
    assert len(result["result"]) == 1
    assert asked[0][1]["authorization"] == "Token legacy"


def test_uploads_are_fetched_from_where_setup_came_from_if_that_is_allowed(
    known: Any, known_of: Callable[..., Any], photo: bytes, pictures_at: Callable[..., str]
) -> None:
    asked: list[Any] = []
    url = pictures_at({"/data/upload/3/a.jpg": (200, {}, photo)}, asked)
    given = {"project": "3.1700000000", "schema": CONFIG, "hostname": url, "access_token": "mine"}
    free = known_of(fetch="all")
    for client, status in ((known, 400), (free, 200)):
        client.post("/setup", json=given)
        assert client.post("/predict", json=request("/data/upload/3/a.jpg")).status_code == status
    assert [headers["authorization"] for _, headers in asked] == ["Token mine"]


def test_the_oldest_project_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_studio, "MOST_PROJECTS", 2)
    studios = Studios()
    for project in ("a", "b", "a", "c"):
        studios.remember(project, f"http://{project}", "")
    assert [studios.find(one)[0] for one in "abc"] == ["http://a", "", "http://c"]
