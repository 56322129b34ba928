"""The routes of models and versions, where Google's client does not come."""

from typing import Any

import pytest

MODELS = "/v1/projects/local/models"


@pytest.fixture
def two(served: Any, deployable: Any) -> Any:
    """A model with two versions that are READY."""
    folder = deployable(served.folder / "runs" / "cells")
    served.deploy(folder)
    served.deploy(folder, version="v2")
    return served


def fault(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    (one,) = answer.json()["error"]["details"][0]["fieldViolations"]
    return one["field"], one["description"]


def test_traffic_is_split_and_ends_with_another_default(two: Any) -> None:
    client = two.client("trainer")
    split = client.patch(f"{MODELS}/cells?updateMask=traffic", json={"traffic": {"v1": 0, "v2": 100}})
    assert split.json()["response"]["traffic"] == {"v1": 0, "v2": 100}
    asked = [client.post(f"{MODELS}/cells:predict", json={}).headers["x-boxwright-version"] for _ in range(5)]
    assert asked == ["v2"] * 5
    refused = client.patch(f"{MODELS}/cells?updateMask=traffic", json={"traffic": {"v1": 50}})
    assert refused.json()["error"]["status"] == "FAILED_PRECONDITION"
    assert "must add up to 100 percent, got 50" in refused.json()["error"]["message"]
    body = {"defaultVersion": {"name": "projects/local/models/cells/versions/v1"}}
    changed = client.patch(f"{MODELS}/cells?updateMask=default_version.name", json=body).json()["response"]
    assert "traffic" not in changed
    assert client.post(f"{MODELS}/cells:predict", json={}).headers["x-boxwright-version"] == "v1"


def test_an_etag_keeps_changes_apart(two: Any) -> None:
    client = two.client("trainer")
    before = client.get(f"{MODELS}/cells").json()
    path = f"{MODELS}/cells?updateMask=labels,etag"
    assert client.patch(path, json={"labels": {"a": "b"}, "etag": before["etag"]}).status_code == 200
    again = client.patch(path, json={"labels": {}, "etag": before["etag"]})
    assert (again.status_code, again.json()["error"]["status"]) == (409, "ABORTED")


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("", {"description": "x"}, "updateMask"),
        ("updateMask=name", {"name": "x"}, "updateMask"),
        ("updateMask=traffic", {"traffic": [1]}, "traffic"),
        ("updateMask=traffic", {"traffic": {"v1": "100"}}, "traffic"),
        ("updateMask=defaultVersion.name", {}, "defaultVersion.name"),
        ("updateMask=labels", {"labels": {"A": "x"}}, "labels"),
    ],
)
def test_changes_that_cannot_be(two: Any, query: str, body: Any, field: str) -> None:
    assert fault(two.client("trainer").patch(f"{MODELS}/cells?{query}", json=body))[0] == field


@pytest.mark.parametrize("query", ["filter=x", "pageSize=-1", "pageToken=x"])
@pytest.mark.parametrize("path", [MODELS, f"{MODELS}/cells/versions", "/v1/projects/local/operations"])
def test_lists_that_cannot_be(served: Any, query: str, path: str) -> None:
    served.client().post(MODELS, json={"name": "cells"})
    assert fault(served.client().get(f"{path}?{query}"))[0] == query.partition("=")[0]


@pytest.mark.parametrize(
    "path",
    [f"{MODELS}/a%20b", f"{MODELS}/a--b", f"{MODELS}/cells/versions/a%2Fb", "/v1/projects/local/operations/%00"],
)
def test_names_that_nothing_can_have(served: Any, path: str) -> None:
    answer = served.client().get(path)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_what_updates_name_and_leave_out_is_emptied(two: Any) -> None:
    client = two.client("trainer")
    path = f"{MODELS}/cells/versions/v1"
    mask = "?updateMask=description,labels,settings"
    body = {"description": "x", "labels": {"a": "b"}, "settings": {"threads": 1, "max_wait": 0.01}}
    two.wait(client.patch(path + mask, json=body).json())
    changed = client.get(path).json()
    assert changed["settings"] == {"threads": "1", "max_wait": "0.01"} and changed["labels"] == {"a": "b"}
    two.wait(client.patch(path + mask, json={}).json())
    assert not {"description", "labels", "settings"} & client.get(path).json().keys()


def test_automatic_scaling_means_its_least_number(served: Any, deployable: Any) -> None:
    served.deploy(deployable(served.folder / "runs" / "cells"), autoScaling={"minNodes": 2})
    _, deployment = served.context.deployed.fleet.find("local", "cells").versions["v1"]
    assert len(deployment.usable()) == 2
