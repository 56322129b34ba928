"""Who may do what, and what a request's JSON must be."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from boxwright.api.deps import limits_of
from boxwright.store import schema

JOBS = "/v1/projects/local/jobs"
A_JOB = {"jobId": "two", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}

MODELS = "/v1/projects/local/models"

CALLS: list[tuple[str, str, Any, str]] = [
    ("GET", JOBS, None, "viewer"),
    ("GET", f"{JOBS}/one", None, "viewer"),
    ("GET", f"{JOBS}/one/log", None, "viewer"),
    ("GET", "/v1/projects/local:getConfig", None, "viewer"),
    ("POST", JOBS, A_JOB, "trainer"),
    ("PATCH", f"{JOBS}/one?updateMask=labels", {"labels": {}}, "trainer"),
    ("POST", f"{JOBS}/one:cancel", {}, "trainer"),
    ("GET", MODELS, None, "viewer"),
    ("POST", MODELS, {"name": "trees"}, "trainer"),
    ("GET", f"{MODELS}/cells", None, "viewer"),
    ("PATCH", f"{MODELS}/cells?updateMask=description", {"description": "x"}, "trainer"),
    ("POST", f"{MODELS}/cells:predict", {}, "viewer"),
    ("GET", f"{MODELS}/cells/versions", None, "viewer"),
    ("POST", f"{MODELS}/cells/versions", {"name": "second", "deploymentUri": "FOLDER"}, "trainer"),
    ("GET", f"{MODELS}/cells/versions/first", None, "viewer"),
    ("POST", f"{MODELS}/cells/versions/first:predict", {}, "viewer"),
    ("POST", f"{MODELS}/cells/versions/first:setDefault", {}, "trainer"),
    ("POST", "/endpoints/cells/invocations", {}, "viewer"),
    ("GET", "/endpoints/cells/rest", None, "viewer"),
    ("POST", "/endpoints/cells/rest", {}, "viewer"),
    ("PATCH", f"{MODELS}/cells/versions/first?updateMask=description", {"description": "x"}, "trainer"),
    ("DELETE", f"{MODELS}/cells/versions/second", None, "trainer"),
    ("DELETE", f"{MODELS}/trees", None, "trainer"),
    ("GET", "/v1/projects/local/operations", None, "viewer"),
    ("GET", "/v1/projects/local/operations/deployed", None, "viewer"),
    ("GET", "/metrics", None, "viewer"),
    ("GET", "/v1/files", None, "trainer"),
    ("GET", "/v1/files:match?pattern=memory://nothing/x", None, "trainer"),
    ("GET", "/v1/machine", None, "viewer"),
    ("GET", "/v1/storage", None, "trainer"),
    ("GET", "/v1/tokens", None, "admin"),
    ("POST", "/v1/tokens", {"name": "new", "role": "viewer"}, "admin"),
    ("DELETE", "/v1/tokens/new", None, "admin"),
]
"""Every call that needs a token, in an order in which all succeed, and the least role that may make it."""


def test_each_role_may_do_what_it_may_and_no_more(served: Any, deployable: Any) -> None:
    folder = deployable(served.folder / "runs" / "cells")
    served.deploy(folder, version="first")
    with served.engine.begin() as connection:
        connection.execute(update(schema.operations).values(name="deployed"))
    roles = ("viewer", "annotator", "trainer", "admin")
    assert served.submit().status_code == 200
    for method, path, given, least in CALLS:
        body = {**given, "deploymentUri": folder} if given and "deploymentUri" in given else given
        for role in roles[: roles.index(least)]:
            answer = served.client(role).request(method, path, json=body)
            assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED"), (path, role)
            assert f"needs a token of role {least} or higher" in answer.json()["error"]["message"]
        assert served.client(least).request(method, path, json=body).status_code == 200, path


FREE = {"/healthz", "/", "/v1/sessions", "/v1/sessions/current"}
"""Paths that need no token, or tell who has which."""

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"


def documented() -> dict[tuple[str, str], str]:
    """Method and path to the least role, by the table of the documentation."""
    rows = re.findall(r"^\| `([A-Z]+) (/[^`]*)` \| (\w+) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    return {(method, path): role for method, path, role in rows}


def test_the_role_that_the_documentation_names_is_the_one_that_is_needed(served: Any) -> None:
    """For every route, whatever it would answer else."""
    paths = served.client().get("/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, calls in paths.items() for method in calls if path not in FREE}
    told = documented()
    assert routes - told.keys() == set()
    roles = ("viewer", "annotator", "trainer", "admin")
    for method, path in sorted(routes):
        least, filled = told[method, path], re.sub(r"\{[a-z_]+\}", "1", path.replace("{project}", "local"))
        for role in roles:
            status = served.client(role).request(method, filled, headers={"Tus-Resumable": "1.0.0"}).status_code
            allowed = roles.index(role) >= roles.index(least)
            assert (status != 403) == allowed, (method, path, role, status)


@pytest.mark.parametrize("header", [None, "Bearer bw_wrong", "Basic YTpi", "Bearer", "nonsense"])
def test_without_a_good_token_nothing_is_told(served: Any, header: str | None) -> None:
    assert served.submit().status_code == 200
    headers = {"Authorization": header} if header else {}
    with httpx.Client(base_url=served.url, headers=headers) as client:
        answers = [client.get(f"{JOBS}/{job_id}") for job_id in ("one", "nothing", "no:name")]
        answers += [client.post(f"{JOBS}/{job_id}:cancel", content=b"{") for job_id in ("one", "nothing")]
    assert {one.status_code for one in answers} == {401}
    assert {one.headers["www-authenticate"] for one in answers} == {"Bearer"}
    assert len({one.text for one in answers}) == 1
    assert answers[0].json()["error"]["status"] == "UNAUTHENTICATED"


def test_a_revoked_token_is_good_for_nothing(served: Any) -> None:
    client = served.client("viewer")
    assert client.get(JOBS).status_code == 200
    served.context.tokens.revoke("a-viewer")
    answer = client.get(JOBS)
    assert answer.status_code == 401 and "unknown or revoked" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "must be JSON"),
        (b"[]", "must be a JSON object"),
        (b'"text"', "must be a JSON object"),
        (b'{"jobId": NaN}', "NaN is no JSON number"),
        (b"\xff\xfe{}", "must be JSON in UTF-8"),
        (b'{"a":' * 15_000, "nested too deeply"),
        (b'{"labels": {"a": "\\u0000"}}', "NUL"),
        (b'{"labels": {"a": "\\ud800"}}', "surrogate"),
        (b"", "jobId: is required"),
    ],
)
def test_requests_that_are_no_json_object(served: Any, body: bytes, said: str) -> None:
    answer = served.client("trainer").post(JOBS, content=body)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["status"] == "INVALID_ARGUMENT" and said in error["message"]


def test_a_pair_of_surrogates_is_a_character(served: Any) -> None:
    body = b'{"jobId": "one", "trainingInput": {"region": "\\ud83d\\ude00", "masterConfig": {"imageUri": "wait"}}}'
    answer = served.client("trainer").post(JOBS, content=body)
    assert answer.json()["trainingInput"]["region"] == "\U0001f600"


@pytest.mark.parametrize("project", ["..", "%2e%2e", "-x", "a%20b", "x" * 64, "a%00"])
def test_names_of_projects(served: Any, project: str) -> None:
    answer = served.client().get(f"/v1/projects/{project}/jobs")
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["code"] == answer.status_code


def test_an_earlier_job_is_found_in_its_project_when_it_has_ended(served: Any) -> None:
    served.submit()
    record = served.jobs.get("local", "one")
    with pytest.raises(LookupError, match="has not ended: it is QUEUED"):
        limits_of("local", served.context).previous("one")
    served.jobs.cancel("local", "one")
    assert limits_of("local", served.context).previous("one") == record.job_dir
    with pytest.raises(LookupError, match="project other has no job 'one'"):
        limits_of("other", served.context).previous("one")
