"""Tests of what stands before the console's pages."""

from typing import Any

import httpx
import pytest

HTML = {"Accept": "text/html"}


def get(console: Any, path: str, **given: Any) -> httpx.Response:
    return httpx.get(console.url + path, trust_env=False, **given)


def signed_in(console: Any, role: str = "viewer") -> dict[str, str]:
    """The cookie of a browser that has signed in."""
    answer = httpx.post(f"{console.url}/v1/sessions", json={"token": console.token(role)}, trust_env=False)
    return dict(answer.cookies)


@pytest.mark.parametrize("path", ["/console", "/console/", "/console/local/jobs?state=FAILED", "/console/%2e%2e/v1"])
def test_who_is_not_signed_in_is_led_to_where_to(console: Any, path: str) -> None:
    answer = get(console, path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in?next=/console")


def test_the_way_back_is_kept(console: Any) -> None:
    answer = get(console, "/console/local/jobs?state=FAILED&text=a%26b")
    assert answer.headers["location"] == "/console/sign-in?next=/console/local/jobs%3Fstate%3DFAILED%26text%3Da%2526b"


def test_a_cookie_that_is_none_opens_nothing(console: Any) -> None:
    (name,) = signed_in(console)
    for secret in ("", "bs_wrong", "x" * 9000):
        assert get(console, "/console/", cookies={name: secret}).status_code == 303
    # A token is not a session: only a sign-in makes it one.
    assert get(console, "/console/", headers={"Authorization": f"Bearer {console.token()}"}).status_code == 303


def test_pages_may_load_nothing_from_elsewhere_and_be_framed_by_nobody(console: Any) -> None:
    answer = get(console, "/console/", cookies=signed_in(console))
    assert answer.status_code == 200
    (policy,) = answer.headers.get_list("content-security-policy")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http:" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_api_keeps_its_stricter_policy_and_its_words(console: Any) -> None:
    answer = get(console, "/v1/nothing")
    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "NOT_FOUND"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {}])
def test_another_site_cannot_open_a_pages_live_connection(console: Any, headers: dict[str, str]) -> None:
    path = "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    answer = get(console, path, headers=headers, cookies=signed_in(console))
    assert answer.status_code == 303


def test_a_live_connection_needs_a_session(console: Any) -> None:
    path = "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling"
    same = {"Sec-Fetch-Site": "same-origin"}
    assert get(console, path, headers=same).status_code == 303
    assert get(console, path, headers=same, cookies=signed_in(console)).status_code == 200


def test_the_files_of_pages_are_for_everybody(console: Any) -> None:
    for path in ("/console/static/console.css", "/console/static/console.js", "/console/static/icon.svg"):
        assert get(console, path).status_code == 200
    for path in ("/console/static/../shell.py", "/console/static/%2e%2e/shell.py", "/console/static/..%2fshell.py"):
        assert get(console, path).status_code in (303, 404)


def test_a_browser_at_the_servers_address_is_led_to_the_console_and_others_are_told(console: Any) -> None:
    assert get(console, "/", headers=HTML).headers["location"] == "/console/"
    assert "/openapi.json describes its API" in get(console, "/").text
