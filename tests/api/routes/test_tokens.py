"""The routes of tokens."""

from typing import Any

import httpx
import pytest


def test_a_token_is_made_used_listed_and_revoked(served: Any) -> None:
    admin = served.client()
    made = admin.post("/v1/tokens", json={"name": "lab@example.org", "role": "viewer"}).json()
    secret = made.pop("token")
    assert made == {"name": "lab@example.org", "role": "viewer"}
    headers = {"Authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=served.url, headers=headers) as lab:
        assert lab.get("/v1/projects/local/jobs").status_code == 200
        listed = admin.get("/v1/tokens").json()["tokens"]
        assert [(one["name"], one["role"]) for one in listed] == [("a-admin", "admin"), ("lab@example.org", "viewer")]
        assert secret not in str(listed) and "revokeTime" not in listed[1]
        assert admin.delete("/v1/tokens/lab@example.org").json() == {}
        assert lab.get("/v1/projects/local/jobs").status_code == 401
    assert admin.get("/v1/tokens").json()["tokens"][1]["revokeTime"].endswith("Z")
    answer = admin.delete("/v1/tokens/lab@example.org")
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x"}, "role"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "", "role": "viewer"}, "name"),
        ({"name": "a/b", "role": "viewer"}, "name"),
        ({"name": "x", "role": "viewer", "secret": "y"}, "secret"),
    ],
)
def test_tokens_that_cannot_be(served: Any, body: Any, field: str) -> None:
    answer = served.client().post("/v1/tokens", json=body)
    assert answer.status_code == 400
    assert [one["field"] for one in answer.json()["error"]["details"][0]["fieldViolations"]] == [field]


def test_a_name_is_given_once(served: Any) -> None:
    answer = served.client().post("/v1/tokens", json={"name": "a-admin", "role": "viewer"})
    assert (answer.status_code, answer.json()["error"]["status"]) == (409, "ALREADY_EXISTS")


def test_the_last_admin_token_stays(served: Any) -> None:
    answer = served.client().delete("/v1/tokens/a-admin")
    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "FAILED_PRECONDITION")
    served.context.tokens.create("second", "admin")
    assert served.client().delete("/v1/tokens/a-admin").status_code == 200
