"""Evaluations: trained models measured by `boxwright evaluate`, and compared."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from boxwright import formats, imaging, modeldir
from boxwright.formats.sample import ClassName, Dataset, Sample
from boxwright.store.records import NewJob

PATH = "/v1/projects/local/evaluations"


@pytest.fixture
def data(served: Any, grey: Callable[[int], bytes]) -> str:
    """Three labelled pictures: a bright cat, a dark one, and none."""
    top_left = np.array([[0, 0, 30, 20]], np.float32)
    samples = [
        Sample(
            source=f"{name}.png",
            encoded=grey(value),
            width=60,
            height=40,
            boxes=top_left[:boxes],
            labels=np.zeros(boxes, np.int64),
            crowd=np.zeros(boxes, np.bool_),
        )
        for name, value, boxes in (("bright", 230, 1), ("dark", 60, 1), ("none", 200, 0))
    ]
    folder = served.folder / "runs" / "data"
    shutil.rmtree(folder, ignore_errors=True)
    formats.write(Dataset(samples, (ClassName(3, "cat"),)), str(folder), to="coco", split="val")
    return str(folder)


@pytest.fixture
def models(served: Any, quadrant_model: Path) -> None:
    """Two finished jobs with the model that finds a cat everywhere; the second knows dogs as well."""
    for name in ("first", "second"):
        folder = served.folder / "runs" / name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(quadrant_model, folder / "model")
        job = NewJob("local", name, "train", {"jobId": name, "trainingInput": {}}, str(folder))
        served.jobs.submit(job)
        record = served.jobs.claim("runner", "host", now=time.time(), lease=60.0)
        served.jobs.change(record, state="SUCCEEDED")
    card = modeldir.read_card(str(folder / "model"))
    spec = card.spec.model_copy(update={"data": card.spec.data.model_copy(update={"num_classes": 2})})
    changes = {"classes": (ClassName(7, "dog"), ClassName(3, "cat")), "spec": spec}
    modeldir.write_card(str(folder / "model"), card.model_copy(update=changes))


@pytest.fixture
def fresh(served: Any) -> Any:
    """A server whose bench is empty before and after."""

    def clear() -> None:
        for one in served.context.bench.shelf.list():
            served.context.bench.remove(one)

    clear()
    yield served
    clear()


def viewable(one: dict[str, Any]) -> dict[str, Any]:
    """An evaluation as lists have it."""
    return {name: value for name, value in one.items() if name != "figures"}


def ended(served: Any, one: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + 60
    while one["state"] in ("QUEUED", "RUNNING"):
        assert time.monotonic() < end
        time.sleep(0.05)
        one = served.client("viewer").get(f"{PATH}/{one['id']}").json()
    return one


@pytest.mark.usefixtures("models")
def test_two_models_side_by_side(fresh: Any, data: str) -> None:
    client = fresh.client("trainer")
    first, second = (
        client.post(PATH, json={"model": model, "data": data, "split": "val"}).json() for model in ("first", "second")
    )
    assert first["name"] == f"projects/local/evaluations/{first['id']}"
    assert (first["state"] in ("QUEUED", "RUNNING"), second["state"]) == (True, "QUEUED")
    other, done = ended(fresh, second), ended(fresh, first)
    assert (done["state"], other["state"]) == ("SUCCEEDED", "SUCCEEDED"), (done, other)
    assert client.post(PATH, json={"model": "first", "data": data, "split": "val"}).json() == viewable(done)
    figures = done["figures"]
    assert (done["pictureCount"], figures["boxes"], figures["predictions"]) == (3, 2, 3)
    assert figures["classes"][0]["name"] == "cat"
    viewer = fresh.client("viewer")
    listed = viewer.get(PATH, params={"model": "first"}).json()["evaluations"]
    assert listed == [viewable(done)]
    assert viewer.get(PATH, params={"model": "other"}).json() == {}

    pair = f"{done['id']},{other['id']}"
    found = viewer.get(f"{PATH}:compare", params={"evaluations": pair, "threshold": 0.5}).json()
    assert found["classes"] == ["cat", "dog"] and found["threshold"] == 0.5
    assert found["counts"] == {
        **{"ALL": 3, "DIFFERENT": 0, "FIRST_BETTER": 0, "SECOND_BETTER": 0},
        **{"BOTH_WRONG": 2, "BOTH_RIGHT": 1},
    }
    bright, dark, none = found["pictures"]
    assert (bright["width"], bright["height"], bright["truth"]) == (60, 40, [{"box": [0, 0, 30, 20], "label": 0}])
    side = bright["sides"][0]
    told = {"box": [0, 0, 30, 20], "label": 0, "kind": "CORRECT", "score": round(230 / 255, 4)}
    assert side == {"predictions": [told], "truthKinds": ["CORRECT"], "correct": 1, "wrong": 0, "missed": 0}
    assert "kind" not in dark["sides"][1]["predictions"][0] and dark["sides"][1]["truthKinds"] == ["MISSED"]
    assert none["sides"][0]["predictions"][0]["kind"] == "BACKGROUND" and none["truth"] == []

    page = {"evaluations": pair, "show": "BOTH_WRONG", "pageSize": 1}
    one = viewer.get(f"{PATH}:compare", params=page).json()
    two = viewer.get(f"{PATH}:compare", params={**page, "pageToken": one["nextPageToken"]}).json()
    assert [each["pictures"][0]["number"] for each in (one, two)] == [1, 2] and "nextPageToken" not in two

    image = viewer.get(bright["image"], params={"width": 30})
    assert image.headers["content-type"] == "image/jpeg" and image.headers["x-content-type-options"] == "nosniff"
    assert imaging.decode(image.content).shape == (20, 30, 3)
    assert viewer.get(f"{PATH}/{done['id']}/pictures/3/image").status_code == 404


@pytest.mark.usefixtures("models")
def test_a_data_set_that_does_not_fit_is_told(fresh: Any, grey: Callable[[int], bytes]) -> None:
    folder = fresh.folder / "runs" / "birds"
    shutil.rmtree(folder, ignore_errors=True)
    boxes, crowd = np.array([[0, 0, 30, 20]], np.float32), np.zeros(1, np.bool_)
    bird = Sample("bird.png", grey(9), 60, 40, boxes, np.zeros(1, np.int64), crowd)
    classes = (ClassName(8, "bird"), ClassName(9, "nest"))
    formats.write(Dataset([bird], classes), str(folder), to="coco", split="val")
    one = fresh.client("trainer").post(PATH, json={"model": "first", "data": str(folder)}).json()
    done = ended(fresh, one)
    assert done["state"] == "FAILED" and "bird" in done["errorMessage"] and "cat" in done["errorMessage"]
    compared = {"evaluations": f"{one['id']},{one['id']}"}
    answer = fresh.client("viewer").get(f"{PATH}:compare", params=compared)
    assert answer.status_code == 400 and "only those that have SUCCEEDED" in answer.json()["error"]["message"]


@pytest.mark.usefixtures("models")
def test_what_is_refused(fresh: Any, data: str, tmp_path: Path) -> None:
    client = fresh.client("trainer")

    def message(**body: Any) -> str:
        answer = client.post(PATH, json={"model": "first", "data": data, **body})
        assert answer.status_code in (400, 404), answer.text
        return str(answer.json()["error"]["message"])

    assert "no trained model 'nothing'" in message(model="nothing")
    assert "must lie below" in message(data="/etc")
    assert "must lie below" in message(data=f"{data}/../../../../etc")
    assert "no file matches '/etc/passwd'" in message(data=f"{data}/annotations/*,/etc/passwd")
    assert "must lie below" in message(labelsFile=str(tmp_path / "names"))
    (Path(data) / "way-out").symlink_to("/etc")
    assert "must lie below" in message(data=f"{data}/way-out")
    assert "must lie below" in message(data=f"{data}/way-out/pass*")
    (Path(data) / "way-out").unlink()
    assert "one of them" in message(dataset="shapes")
    assert "one of them" in message(data="")
    assert "no data set" in message(data="", dataset="nothing")
    assert "unknown variant 'int4'" in message(variant="int4")
    assert "model_int8.onnx" in message(variant="int8")
    assert "nothing-" in message(data=f"{data}/nothing-*")
    assert "unknown key" in message(more=1)
    viewer = fresh.client("viewer")
    assert viewer.post(PATH, json={"model": "first", "data": data}).status_code == 403
    assert viewer.get(f"{PATH}/nothing").status_code == 404
    assert viewer.get(f"{PATH}:compare", params={"evaluations": "one"}).status_code == 400
    assert viewer.get(f"{PATH}:compare", params={"evaluations": "one,two"}).status_code == 404
    assert viewer.get(PATH, params={"pageToken": "x"}).status_code == 400


@pytest.mark.usefixtures("models")
def test_cancel_and_delete(fresh: Any, data: str) -> None:
    client = fresh.client("trainer")
    one = client.post(PATH, json={"model": "first", "data": data}).json()
    assert fresh.client("viewer").post(f"{PATH}/{one['id']}:cancel").status_code == 403
    assert client.post(f"{PATH}/{one['id']}:cancel").json()["state"] == "CANCELLED"
    again = client.post(PATH, json={"model": "first", "data": data}).json()
    assert (again["id"], again["state"] in ("QUEUED", "RUNNING")) == (one["id"], True)
    assert fresh.client("viewer").delete(f"{PATH}/{one['id']}").status_code == 403
    assert client.delete(f"{PATH}/{one['id']}").json() == {}
    assert client.get(f"{PATH}/{one['id']}").status_code == 404
    assert client.get(PATH).json() == {}


@pytest.mark.usefixtures("models")
def test_pages_of_the_list(fresh: Any, data: str) -> None:
    client = fresh.client("trainer")
    for split in ("a", "b", "c"):
        client.post(PATH, json={"model": "first", "data": data, "split": split})
    first = client.get(PATH, params={"pageSize": 2}).json()
    rest = client.get(PATH, params={"pageSize": 2, "pageToken": first["nextPageToken"]}).json()
    assert [one["split"] for one in (*first["evaluations"], *rest["evaluations"])] == ["c", "b", "a"]
    assert "nextPageToken" not in rest


@pytest.mark.usefixtures("models")
def test_a_data_set_by_its_name(fresh: Any, data: str) -> None:
    store, client = fresh.context.catalogue.store, fresh.client("trainer")
    record = store.create("local", {"name": "cats", "path": data}, str(fresh.folder))
    answer = client.post(PATH, json={"model": "first", "dataset": "cats"})
    assert answer.status_code == 400 and "has no part to measure on" in answer.json()["error"]["message"]
    store.settle(record, {"path": data, "evaluation_data_path": data})
    one = client.post(PATH, json={"model": "first", "dataset": "cats"}).json()
    assert (one["dataset"], one["data"]) == ("cats", data)
    store.delete("local", "cats")
    store.remove(store.get("local", "cats"))
