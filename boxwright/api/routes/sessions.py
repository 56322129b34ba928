"""Sessions: a browser signs in with a token, and out again."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from boxwright.api.cookie import READING, is_same_origin, session_of, set_session
from boxwright.api.deps import Body, Credentials, Given, Viewer
from boxwright.api.errors import Refusal
from boxwright.api.resources import Empty, time_text
from boxwright.spec.resource import Resource
from boxwright.store.sessions import SessionRecord
from boxwright.store.tokens import Role

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])


class SignIn(Resource):
    """What a browser signs in with."""

    token: str = Field(description="made by `boxwright tokens create`, or at the first start of the server")


class Identity(Resource):
    """Who asks."""

    name: str = Field(description="of the token")
    role: Role


class Session(Resource):
    """A browser that is signed in. Times are RFC 3339 in UTC."""

    id: str = Field(description="int64 as text")
    token: str = Field(description="name of the token that it stands for")
    browser: str = Field("", description="what it said of itself")
    create_time: str
    expire_time: str
    current: bool = Field(False, description="it is the one that asks; left out of the others")


class SessionList(Resource):
    """Sessions that are not over, the newest first."""

    sessions: tuple[Session, ...] = ()


A_SIGN_IN = {"requestBody": {"content": {"application/json": {"schema": SignIn.model_json_schema()}}}}


@router.post("", summary="Sign in", response_model=Identity, openapi_extra=A_SIGN_IN)
def sign_in(request: Request, body: Body, context: Given) -> Any:
    """The answer sets a cookie that scripts cannot read, and that counts as the token until it is signed out."""
    _own_pages_only(request)
    given = SignIn.read(body)
    secret = context.sessions.open(given.token.strip(), request.headers.get("user-agent", ""))
    token = context.tokens.check(secret) if secret else None
    if not secret or not token:
        raise Refusal("UNAUTHENTICATED", "this token is unknown or revoked; `boxwright tokens create` makes another")
    response = JSONResponse({"name": token.name, "role": token.role})
    set_session(response, request, secret)
    return response


@router.get("/current", summary="Tell who asks", response_model=Identity)
def get_identity(token: Viewer) -> Any:
    """By session or token."""
    return JSONResponse({"name": token.name, "role": token.role})


@router.delete("/current", summary="Sign out", response_model=Empty)
def sign_out(request: Request, context: Given) -> Any:
    """The cookie is good for nothing from now on, wherever it has been copied to."""
    context.sessions.close(session_of(request))
    response = JSONResponse({})
    set_session(response, request, "")
    return response


@router.get("", summary="List sessions", response_model=SessionList)
def list_sessions(token: Viewer, credentials: Credentials, context: Given) -> Any:
    """One's own; an admin sees all."""
    found = context.sessions.list("" if token.may("admin") else token.name)
    own = context.sessions.number_of(credentials.credentials) if credentials else None
    return JSONResponse({"sessions": [_json(one, own) for one in found]} if found else {})


@router.delete("/{id}", summary="End a session", response_model=Empty)
def end_session(
    token: Viewer, id: Annotated[int, Path(ge=1, le=2**62, description="of the session")], context: Given
) -> Any:
    """One's own; an admin ends any."""
    if not context.sessions.end(id, "" if token.may("admin") else token.name):
        raise Refusal("NOT_FOUND", f"there is no session {id}, or it is not yours, or it is over")
    return JSONResponse({})


def _own_pages_only(request: Request) -> None:
    """Another site must not sign a browser in, for what its user then writes would be that site's."""
    from_a_page = "sec-fetch-site" in request.headers or "origin" in request.headers
    assert request.method not in READING
    if from_a_page and not is_same_origin(request):
        raise Refusal("PERMISSION_DENIED", "sign in on this server's own page")


def _json(session: SessionRecord, own: int | None) -> dict[str, Any]:
    current = {"current": True} if session.uid == own else {}
    return {
        "id": str(session.uid),
        "token": session.token,
        "browser": session.browser,
        "createTime": time_text(session.create_time),
        "expireTime": time_text(session.expire_time),
        **current,
    }
