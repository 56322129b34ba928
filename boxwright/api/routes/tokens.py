"""Tokens: who may do what."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import Field

from boxwright.api.deps import Admin, Body, Given
from boxwright.api.errors import Refusal
from boxwright.api.resources import Empty, time_text
from boxwright.spec.resource import Resource
from boxwright.store.tokens import Role, TokenExists, TokenMissing, TokenRecord

router = APIRouter(prefix="/v1/tokens", tags=["tokens"])


class NewToken(Resource):
    """A token to be made."""

    name: str = Field(description="whose it is: 1 to 63 letters, digits and _.@-")
    role: Role = Field(description="each may do what those before it may")


A_TOKEN = {"requestBody": {"content": {"application/json": {"schema": NewToken.model_json_schema()}}}}


class Token(NewToken):
    """A token without its secret."""

    create_time: str
    revoke_time: str = Field("", description="since when it is good for nothing; left out while it is good")


class TokenList(Resource):
    """All tokens, revoked ones too."""

    tokens: tuple[Token, ...] = ()


class CreatedToken(NewToken):
    """A new token. It is shown this once: only its hash is kept."""

    token: str


@router.get("", summary="List all tokens, revoked ones too", response_model=TokenList)
def list_tokens(_: Admin, context: Given) -> Any:
    """Secrets are not among it: they are not kept."""
    found = [_json(one) for one in context.tokens.list()]
    return JSONResponse({"tokens": found} if found else {})


@router.post("", summary="Make a token", response_model=CreatedToken, openapi_extra=A_TOKEN)
def create_token(_: Admin, body: Body, context: Given) -> Any:
    """The answer holds the secret, which cannot be had again."""
    new = NewToken.read(body)
    try:
        secret = context.tokens.create(new.name, new.role)
    except TokenExists as error:
        raise Refusal("ALREADY_EXISTS", str(error)) from error
    except ValueError as error:
        raise Refusal.of_field("name", str(error)) from error
    return JSONResponse({"name": new.name, "role": new.role, "token": secret})


@router.delete("/{name}", summary="Revoke a token", response_model=Empty)
def revoke_token(_: Admin, name: Annotated[str, Path(description="of the token")], context: Given) -> Any:
    """From now on it is good for nothing, open log streams included. The last admin token cannot be revoked."""
    good = [one for one in context.tokens.list() if one.revoke_time is None]
    if [one.name for one in good if one.role == "admin"] == [name]:
        raise Refusal("FAILED_PRECONDITION", f"{name!r} is the last admin token; make another one first")
    try:
        context.tokens.revoke(name)
    except TokenMissing as error:
        raise Refusal("NOT_FOUND", str(error.args[0])) from error
    return JSONResponse({})


def _json(token: TokenRecord) -> dict[str, str]:
    given = {
        "name": token.name,
        "role": token.role,
        "createTime": time_text(token.create_time),
        "revokeTime": time_text(token.revoke_time),
    }
    return {name: value for name, value in given.items() if value}
