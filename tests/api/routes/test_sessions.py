"""Tests of signing in and out, and of what a browser's cookie may do."""

from typing import Any

import httpx
import pytest

SAME = {"Sec-Fetch-Site": "same-origin"}
OTHER = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
def browser(served: Any) -> Any:
    """A client that keeps cookies, signed in as a trainer."""
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        answer = client.post("/v1/sessions", json={"token": token(served, "trainer")}, headers=SAME)
        assert answer.json() == {"name": "a-trainer", "role": "trainer"}
        yield client


def token(served: Any, role: str) -> str:
    return served.client(role).headers["authorization"].removeprefix("Bearer ")


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(served: Any) -> None:
    answer = httpx.post(f"{served.url}/v1/sessions", json={"token": token(served, "viewer")}, trust_env=False)
    port = served.url.rpartition(":")[2]
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"boxwright_{port}=bs_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_the_cookie_counts_as_the_token(browser: httpx.Client) -> None:
    assert browser.get("/v1/sessions/current").json() == {"name": "a-trainer", "role": "trainer"}
    assert browser.get("/v1/projects/local/jobs").status_code == 200
    assert browser.get("/v1/tokens").status_code == 403
    job = {"jobId": "one", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    assert browser.post("/v1/projects/local/jobs", json=job, headers=SAME).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        OTHER,
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {},
    ],
)
def test_another_site_changes_nothing_by_it(served: Any, browser: httpx.Client, headers: dict[str, str]) -> None:
    job = {"jobId": "two", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    answer = browser.post("/v1/projects/local/jobs", json=job, headers=headers)
    assert answer.status_code == 403
    assert "own pages" in answer.json()["error"]["message"]
    assert served.client().get("/v1/projects/local/jobs/two").status_code == 404


def test_a_browser_that_tells_its_origin_only(served: Any, browser: httpx.Client) -> None:
    job = {"jobId": "three", "trainingInput": {"masterConfig": {"imageUri": "wait"}}}
    assert browser.post("/v1/projects/local/jobs", json=job, headers={"Origin": served.url}).status_code == 200


def test_after_signing_out_the_cookie_is_good_for_nothing(served: Any, browser: httpx.Client) -> None:
    stolen = dict(browser.cookies)
    assert browser.delete("/v1/sessions/current", headers=SAME).status_code == 200
    assert not browser.cookies
    for path in ("/v1/sessions/current", "/v1/projects/local/jobs"):
        answer = httpx.get(served.url + path, cookies=stolen, trust_env=False)
        assert answer.status_code == 401
        assert "sign in again" in answer.json()["error"]["message"]


def test_another_site_cannot_sign_in_or_out(served: Any, browser: httpx.Client) -> None:
    for headers in (OTHER, {"Origin": "https://elsewhere.example"}):
        answer = httpx.post(
            f"{served.url}/v1/sessions", json={"token": token(served, "viewer")}, headers=headers, trust_env=False
        )
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers
        assert browser.delete("/v1/sessions/current", headers=headers).status_code == 403
    assert browser.get("/v1/sessions/current").status_code == 200


@pytest.mark.parametrize("body", [{"token": "bw_wrong"}, {"token": ""}])
def test_a_wrong_token_signs_nobody_in(served: Any, body: dict[str, str]) -> None:
    answer = httpx.post(f"{served.url}/v1/sessions", json=body, trust_env=False)
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_everybody_ends_their_own_sessions_and_an_admin_all(served: Any, browser: httpx.Client) -> None:
    (mine,) = browser.get("/v1/sessions").json()["sessions"]
    assert mine["current"] is True
    assert "current" not in served.client().get("/v1/sessions").json()["sessions"][0]  # asked with a token
    assert mine["token"] == "a-trainer"
    assert served.client("viewer").get("/v1/sessions").json() == {}
    assert served.client("viewer").delete(f"/v1/sessions/{mine['id']}").status_code == 404
    assert [one["id"] for one in served.client().get("/v1/sessions").json()["sessions"]] == [mine["id"]]
    assert served.client().delete(f"/v1/sessions/{mine['id']}").status_code == 200
    assert browser.get("/v1/sessions/current").status_code == 401


def test_a_log_is_followed_with_the_cookie(served: Any, browser: httpx.Client) -> None:
    record, log = served.running()
    log.write_text("2026-11-22T00:00:00Z hello\n")
    served.jobs.change(record, state="SUCCEEDED")
    lines = browser.get("/v1/projects/local/jobs/one/log", params={"follow": "true"}).text.splitlines()
    assert '"text": "hello"' in lines[0]
    assert '"state": "SUCCEEDED"' in lines[-1]
