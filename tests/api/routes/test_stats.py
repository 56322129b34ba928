"""Live figures of endpoints."""

from typing import Any

MODELS = "/v1/projects/local/models"


def test_figures_of_a_model_and_its_versions(served: Any, deployable: Any) -> None:
    served.deploy(deployable(served.folder / "runs" / "busy"), model="busy")
    served.deploy(deployable(served.folder / "runs" / "other"), model="busy", version="v2")
    client = served.client("viewer")
    for status in ("200", "200", "404", "500"):
        client.post("/endpoints/busy/invocations", content=b"x", headers={"X-Status": status})
    found = client.get(f"{MODELS}/busy:stats").json()
    assert (found["model"], found["state"], found["windowSeconds"]) == ("busy", "READY", 60)
    first, second = found["versions"]
    assert (first["name"], first["state"], first["trafficPercent"]) == ("v1", "READY", 100)
    assert first["requestsPerSecond"] > 0 and 0 < first["latencyP50"] <= first["latencyP95"] < 5
    assert first["errorsPerSecond"] > 0 and first["refusedPerSecond"] > 0
    assert (first["workersWanted"], first["workersReady"], first["workers"][0]["ready"]) == (1, 1, True)
    assert first["workers"][0]["inFlight"] == 0 and first["workers"][0]["pid"] > 0
    assert (second["name"], second["trafficPercent"], second["requestsPerSecond"]) == ("v2", 0, 0)
    assert "latencyP50" not in second
    assert found["requestsPerSecond"] == first["requestsPerSecond"]


def test_the_list_is_of_one_project_and_without_history(served: Any, deployable: Any) -> None:
    served.deploy(deployable(served.folder / "runs" / "one"), model="listed")
    served.deploy(deployable(served.folder / "runs" / "two"), model="elsewhere", project="farm")
    served.client().post("/endpoints/listed/invocations", content=b"x")
    found = served.client("viewer").get(f"{MODELS}:stats").json()["models"]
    assert [one["model"] for one in found] == ["listed"]
    assert "history" not in found[0]["versions"][0]
    assert served.client("viewer").get("/v1/projects/empty/models:stats").json() == {}


def test_a_failed_version_says_why(served: Any, deployable: Any) -> None:
    client = served.client()
    client.post(MODELS, json={"name": "broken"})
    folder = deployable(served.folder / "runs" / "broken", message="no network in the file")
    answer = client.post(f"{MODELS}/broken/versions", json={"name": "v1", "deploymentUri": folder})
    served.wait(answer.json())
    found = client.get(f"{MODELS}/broken:stats").json()["versions"][0]
    assert (found["state"], found["errorMessage"]) == ("FAILED", "no network in the file")
    assert found["workersReady"] == 0


def test_a_model_that_is_not_there(served: Any) -> None:
    answer = served.client("viewer").get(f"{MODELS}/nothing:stats")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")
    assert served.client().get(f"{MODELS}:stats", headers={"Authorization": ""}).status_code == 401
