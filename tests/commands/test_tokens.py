"""`boxwright tokens` against a real server."""

import json
import re
from typing import Any

import pytest
import yaml


def test_a_token_is_made_listed_and_revoked(command: Any, plane: Any) -> None:
    made = command("tokens", "create", "--name=lab", "--role=trainer")
    secret = made.out.strip()
    assert (made.status, plane.tokens.check(secret).role) == (0, "trainer")
    listed = command("tokens", "list").out.splitlines()
    assert re.fullmatch(r"NAME +ROLE +CREATED +REVOKED", listed[0])
    assert re.fullmatch(r"lab +trainer +\S+", listed[1]) and listed[2].startswith("test  admin")
    assert secret not in "".join(listed)
    revoked = command("tokens", "revoke", "lab")
    assert (revoked.status, revoked.err) == (0, "Token [lab] revoked.\n")
    assert plane.tokens.check(secret) is None
    found = json.loads(command("tokens", "list", "--format=json").out)
    assert [("revokeTime" in one) for one in found] == [True, False]
    assert next(yaml.safe_load_all(command("tokens", "list", "--format=yaml").out))["name"] == "lab"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "--name=test", "--role=viewer"], "there is a token named test already"),
        (["create", "--name=x", "--role=king"], "role"),
        (["create", "--name=a/b", "--role=viewer"], "a token's name is"),
        (["revoke", "nobody"], "there is no token named nobody"),
        (["revoke", "test"], "'test' is the last admin token"),
        (["list", "--format=xml"], "--format must be"),
    ],
)
def test_mistakes(command: Any, plane: Any, words: list[str], said: str) -> None:
    assert plane.tokens.list()
    failed = command("tokens", *words)
    assert failed.status == 1 and said in failed.err


def test_only_admins_make_tokens(command: Any, plane: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_TOKEN", plane.tokens.create("farm", "trainer"))
    failed = command("tokens", "create", "--name=eve", "--role=admin")
    assert failed.status == 1 and "this needs a token of role admin" in failed.err
