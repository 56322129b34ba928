"""The routes of jobs, where Google's client does not come."""

from typing import Any

import pytest

JOBS = "/v1/projects/local/jobs"


def violations(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT"
    return {one["field"]: one["description"] for one in error["details"][0]["fieldViolations"]}


def test_a_job_that_was_described_can_be_submitted_again(served: Any) -> None:
    described = served.submit().json()
    answer = served.client().post("/v1/projects/other/jobs", json=described)
    assert answer.status_code == 200
    assert answer.json()["trainingInput"] == described["trainingInput"]


def test_all_faults_are_told(served: Any) -> None:
    given = {"masterConfig": {"imageUrl": "wait"}, "scheduling": {"maxWaitTime": "10s"}, "speed": 3}
    answer = served.client().post(JOBS, json={"jobId": "1/2", "trainingInput": given, "priority": 1})
    found = violations(answer)
    assert set(found) == {
        "jobId",
        "priority",
        "trainingInput.speed",
        "trainingInput.masterConfig.imageUrl",
        "trainingInput.scheduling.maxWaitTime",
    }
    assert "letters, digits and underscores" in found["jobId"] and found["priority"] == "unknown key"
    assert all(f"{field}: " in answer.json()["error"]["message"] for field in found)


def test_admission_is_asked(served: Any) -> None:
    answer = served.submit(args=["--steps=x"], jobDir="/elsewhere/x")
    found = violations(answer)
    assert "must lie below" in found["trainingInput.jobDir"]
    assert any(field.startswith("trainingInput.args") for field in found)


def test_the_folder_of_another_job_that_has_not_ended(served: Any) -> None:
    folder = str(served.folder / "runs" / "one")
    assert served.submit(jobDir=folder).status_code == 200
    answer = served.submit("two", jobDir=folder)
    assert answer.status_code == 409 and "is in use by job one" in answer.json()["error"]["message"]


def test_scheduling_reaches_the_queue(served: Any) -> None:
    served.submit()
    scheduling = {"priority": 7, "maxRunningTime": "3600s", "maxWaitTime": "1800.5s"}
    answer = served.submit("two", scheduling=scheduling)
    assert answer.json()["jobPosition"] == "1"
    assert served.client().get(f"{JOBS}/one").json()["jobPosition"] == "2"
    record = served.jobs.get("local", "two")
    assert (record.priority, record.max_running, record.max_wait) == (7, 3600.0, 1800.5)
    assert answer.json()["trainingInput"]["scheduling"] == scheduling


@pytest.mark.parametrize("path", ["one/two", "one%2Ftwo", "one%2Ftwo:cancel", "1", "one%00", "%C3%A9"])
def test_ids_that_no_job_can_have(served: Any, path: str) -> None:
    method = "POST" if path.endswith(":cancel") else "GET"
    answer = served.client().request(method, f"{JOBS}/{path}")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


def test_the_colon_may_be_percent_encoded(served: Any) -> None:
    served.submit()
    assert served.client().post(f"{JOBS}/one%3Acancel").json() == {}
    assert served.jobs.get("local", "one").state == "CANCELLED"
    assert served.client().get("/v1/projects/local%3AgetConfig").status_code == 200


def test_a_running_job_is_asked_to_end(served: Any) -> None:
    served.running()
    assert served.client().post(f"{JOBS}/one:cancel").json() == {}
    assert served.client().get(f"{JOBS}/one").json()["state"] == "CANCELLING"


def test_cancelling_takes_nothing(served: Any) -> None:
    served.submit()
    assert violations(served.client().post(f"{JOBS}/one:cancel", json={"force": True})) == {"force": "unknown key"}
    assert served.client().post(f"{JOBS}/two:cancel").status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": "state=="}, "filter"),
        ({"filter": "speed:3"}, "filter"),
        ({"filter": "state:FAILED AND"}, "filter"),
        ({"filter": "jobId:\0"}, "filter"),
        ({"pageToken": "nonsense"}, "pageToken"),
        ({"pageSize": "-1"}, "pageSize"),
        ({"pageSize": "many"}, "pageSize"),
        ({"pageSize": "99999999999"}, "pageSize"),
    ],
)
def test_lists_that_cannot_be(served: Any, query: dict[str, str], field: str) -> None:
    assert list(violations(served.client().get(JOBS, params=query))) == [field]


@pytest.mark.parametrize(
    ("mask", "body", "field"),
    [
        ("", {}, "updateMask"),
        ("etag", {"etag": "x"}, "updateMask"),
        ("labels,state", {}, "updateMask"),
        ("trainingInput.args", {}, "updateMask"),
        ("labels", {"labels": {"Key": "x"}}, "labels"),
        ("labels", {"labels": {"key": 3}}, "labels"),
        ("labels", {"labels": [1]}, "labels"),
        ("labels", {"lables": {}}, "lables"),
        ("labels,etag", {"labels": {}}, "etag"),
    ],
)
def test_changes_that_cannot_be(served: Any, mask: str, body: Any, field: str) -> None:
    served.submit()
    answer = served.client().patch(f"{JOBS}/one", params={"updateMask": mask}, json=body)
    assert list(violations(answer)) == [field]


def test_a_finished_job_has_its_output(served: Any) -> None:
    record, _ = served.running()
    trial = {"trialId": "1", "state": "SUCCEEDED", "finalMetric": {"trainingStep": 1200, "objectiveValue": 0.5}}
    output = {"completedTrialCount": 1, "isHyperparameterTuningJob": True, "trials": [trial]}
    served.jobs.change(record, state="FAILED", error_message="no data", output=output, end_time=1795329737.25)
    job = served.client().get(f"{JOBS}/one").json()
    assert (job["state"], job["errorMessage"]) == ("FAILED", "no data")
    assert job["endTime"] == "2026-11-22T06:42:17.250Z"
    assert job["trainingOutput"]["completedTrialCount"] == "1"
    assert job["trainingOutput"]["trials"][0]["finalMetric"] == {"trainingStep": "1200", "objectiveValue": 0.5}


@pytest.mark.parametrize(("depth", "code"), [(40, 200), (60, 400), (400, 400)])
def test_json_may_be_nested_so_deeply(served: Any, depth: int, code: int) -> None:
    deep: Any = {}
    for number in range(depth):
        deep = {"a": deep} if number % 2 else [deep]
    answer = served.submit(encryptionConfig={"a": deep})
    assert answer.status_code == code
    assert code == 200 or "nested too deeply" in answer.json()["error"]["message"]


def test_a_list_is_sorted_searched_and_short(served: Any) -> None:
    client = served.client()
    for name, label in (("b", "x"), ("a", "farm"), ("c", "farm")):
        body = {"jobId": name, "trainingInput": {"masterConfig": {"imageUri": "wait"}}, "labels": {"team": label}}
        assert client.post(JOBS, json=body).status_code == 200

    def names(**given: Any) -> list[str]:
        return [one["jobId"] for one in client.get(JOBS, params=given).json().get("jobs", [])]

    assert names(orderBy="jobId") == ["a", "b", "c"]
    assert names(orderBy="createTime") == ["b", "a", "c"]
    assert names(query="FARM", filter="algorithm:wait") == ["c", "a"]
    assert names(query="<script>") == []
    first = client.get(JOBS, params={"orderBy": "jobId desc", "pageSize": 2}).json()
    assert [one["jobId"] for one in first["jobs"]] == ["c", "b"]
    assert names(orderBy="jobId desc", pageToken=first["nextPageToken"]) == ["a"]
    assert "pageToken" in violations(client.get(JOBS, params={"orderBy": "jobId", "pageToken": first["nextPageToken"]}))
    assert "orderBy" in violations(client.get(JOBS, params={"orderBy": "size"}))
    assert "query" in violations(client.get(JOBS, params={"query": "x" * 201}))


def test_progress_machine_and_the_short_view(served: Any) -> None:
    record, _ = served.running()
    progress = {"step": 5, "maxSteps": 10, "etaSeconds": 12.5, "bestMetric": "AP", "bestValue": 0.5, "updateTime": 0.0}
    standing = {"progress": progress, "machine": "host: 2 cores"}
    record = served.jobs.change(
        record, standing=standing, output={"trials": [{"trialId": "1"}], "consumedMLUnits": 1.0}
    )
    found = served.client("viewer").get(f"{JOBS}/one").json()
    assert found["progress"] == {**progress, "updateTime": "1970-01-01T00:00:00.000Z"}
    assert (found["machine"], found["algorithm"]) == ("host: 2 cores", "wait")
    assert found["trainingOutput"]["trials"] == [{"trialId": "1"}]
    (row,) = served.client("viewer").get(JOBS, params={"view": "BASIC"}).json()["jobs"]
    assert row["trainingOutput"] == {"consumedMLUnits": 1.0} and row["progress"] == found["progress"]
    served.jobs.change(record, state="FAILED")
    assert "etaSeconds" not in served.client().get(f"{JOBS}/one").json()["progress"]
    assert served.client().post("/v1/projects/other/jobs", json=found).status_code == 200
