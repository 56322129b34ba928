"""The app as a whole: its description, its headers, and what it does without a database."""

import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from boxwright.api.errors import CODES
from boxwright.api.headers import SECURITY_HEADERS

JOBS = "/v1/projects/local/jobs"


def test_the_description_is_complete(served: Any) -> None:
    described = served.client().get("/openapi.json").json()
    schemas = described["components"]["schemas"]
    for path, calls in described["paths"].items():
        for method, call in calls.items():
            place = f"{method} {path}"
            assert call["summary"] and call["description"] and call["tags"], place
            for status in ("4XX", "5XX"):
                schema = call["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, place
            assert "422" not in call["responses"], place
            assert ("security" in call) == (path not in ("/healthz", "/") and (method, path) not in OPEN), place
            assert ("requestBody" in call) == ((method, path) in TAKING), place
            assert all(one.get("description") for one in call.get("parameters", [])), place
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert {"jobId", "trainingInput", "trainingOutput", "state"} <= set(schemas["Job"]["properties"])


OPEN = {("post", "/v1/sessions"), ("delete", "/v1/sessions/current")}
"""Signing in and out."""

MODELS = "/v1/projects/{project}/models"
DATASETS = "/v1/projects/{project}/datasets"
UPLOADS = "/v1/projects/{project}/uploads"
TAKING = {("post", JOBS.replace("local", "{project}")), ("post", "/v1/tokens"), ("post", "/v1/sessions")} | {
    ("patch", JOBS.replace("local", "{project}") + "/{job_id}"),
    *(("post", MODELS + path) for path in ("", "/{model}:predict", "/{model}/versions")),
    *(("post", UPLOADS + path) for path in ("", "/{upload}/files", "/{upload}/files/{file}")),
    ("patch", UPLOADS + "/{upload}/files/{file}"),
    *(("post", DATASETS + path) for path in ("", ":recognise")),
    *(("post", JOBS.replace("local", "{project}") + path) for path in (":validate", ":config", ":estimate")),
    ("post", "/v1/projects/{project}/evaluations"),
    *(("patch", MODELS + path) for path in ("/{model}", "/{model}/versions/{version}")),
    ("post", MODELS + "/{model}/versions/{version}:predict"),
    *(("post", f"/endpoints/{{endpoint}}/{rest}") for rest in ("invocations", "{rest}")),
}


PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")


def test_every_route_is_described_in_the_docs(served: Any) -> None:
    paths = served.client().get("/openapi.json").json()["paths"]
    routes = {f"{method.upper()} {path}" for path, calls in paths.items() for method in calls}
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", PAGE, re.MULTILINE)) == routes
    statuses = set(re.findall(r"^\| \d+ \| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    assert statuses == set(CODES)


def test_the_example_in_the_docs_runs(
    served: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    monkeypatch.setenv("BOXWRIGHT_TOKEN", served.context.tokens.create("example", "trainer"))
    names: dict[str, Any] = {}
    exec(example.replace("http://127.0.0.1:8600", served.url), names)
    names["jobs"].close()
    assert capsys.readouterr().out.startswith("QUEUED\n20")
    assert served.jobs.get("local", "waits").state == "CANCELLED"


def test_every_answer_carries_the_headers(served: Any) -> None:
    client = served.client()
    answers = [client.get(path) for path in ("/", "/healthz", JOBS, "/nothing", "/openapi.json")]
    answers.append(client.post(JOBS, content=b" " * 200_000))
    with httpx.Client() as nobody:
        answers.append(nobody.get(served.url + JOBS, headers={"Origin": "https://elsewhere.example"}))
    assert [one.status_code for one in answers] == [200, 200, 200, 404, 200, 413, 401]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
        assert "access-control-allow-origin" not in answer.headers


def test_what_is_not_there_is_told_in_the_one_shape(served: Any) -> None:
    client = served.client()
    for method, path, code, status in (
        ("GET", "/v1/nothing", 404, "NOT_FOUND"),
        ("DELETE", JOBS, 405, "UNIMPLEMENTED"),
        ("GET", f"{JOBS}/", 404, "NOT_FOUND"),
    ):
        error = client.request(method, path).json()["error"]
        assert (error["code"], error["status"]) == (code, status)
        assert "/openapi.json" in error["message"]


def test_a_fault_of_ours_tells_nothing_of_itself(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(served.jobs, "list", fail)
    answer = served.client().get(JOBS)
    assert answer.status_code == 500 and "a secret" not in answer.text
    assert answer.json()["error"]["status"] == "INTERNAL"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_health_and_welcome_need_no_token(served: Any) -> None:
    assert httpx.get(f"{served.url}/healthz").json()["status"] == "ok"
    assert "boxwright jobs list" in httpx.get(served.url).text


def test_without_a_database_requests_fail_clearly_and_then_work_again(served: Any) -> None:
    assert served.submit().status_code == 200
    client = served.client()
    with served.without_database():
        for answer in (client.get(f"{JOBS}/one"), served.submit("two"), httpx.get(f"{served.url}/healthz")):
            error = answer.json()["error"]
            assert (answer.status_code, error["status"]) == (503, "UNAVAILABLE")
            assert "try again" in error["message"] and str(served.folder) not in answer.text
            assert answer.headers["retry-after"] == "2"
    assert client.get(f"{JOBS}/one").json()["state"] == "QUEUED"
    assert served.submit("two").status_code == 200


def test_a_stream_outlives_the_database(served: Any) -> None:
    record, log = served.running()
    log.write_text("one\n")
    client = served.client("viewer")
    with client.stream("GET", f"{JOBS}/one/log?follow=true") as answer:
        lines = answer.iter_lines()
        assert '"one"' in next(lines)
        with served.without_database():
            time.sleep(0.7)
            with open(log, "a") as file:
                file.write("two\n")
            assert '"two"' in next(lines)
        served.jobs.change(record, state="SUCCEEDED")
        assert [line for line in lines if line] == ['{"state": "SUCCEEDED"}']
