"""The page to sign in on: plain HTML, there at once, and the link that the server prints at its first start."""

import html
from pathlib import Path
from string import Template
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from boxwright.api.cookie import set_session
from boxwright.api.deps import Given
from boxwright.console import texts
from boxwright.console.guard import LINK, SIGN_IN
from boxwright.console.view import MOUNT

router = APIRouter(include_in_schema=False)

PAGE = Template((Path(__file__).parent / "static" / "sign_in.html").read_text("utf-8"))
KEYS = ("title", "intro", "token", "hint", "submit", "where", "failed", "lost")


@router.get(LINK)
def follow_link(request: Request, context: Given, token: Annotated[str, Query()] = "") -> RedirectResponse:
    """The first link signs in, and takes its token out of the browser's address."""
    secret = context.sessions.open(token, request.headers.get("user-agent", "")) if token else None
    response = RedirectResponse(f"{SIGN_IN}?failed=1" if token and not secret else f"{MOUNT}/", 303)
    if secret:
        set_session(response, request, secret)
    return response


@router.get(SIGN_IN)
def sign_in(request: Request, failed: Annotated[str, Query()] = "") -> HTMLResponse:
    """In the browser's language."""
    language = language_of(request)
    words = {key: html.escape(texts.text(language, f"sign_in.{key}")) for key in KEYS}
    refused = {"hidden": "", "invalid": 'aria-invalid="true"'} if failed else {"hidden": "hidden", "invalid": ""}
    return HTMLResponse(PAGE.substitute(words, language=language, **refused))


def language_of(request: Request) -> str:
    """The language that was chosen, or that the browser prefers."""
    chosen = request.cookies.get("boxwright_language", "")
    return chosen if chosen in texts.languages() else texts.preferred(request.headers.get("accept-language", ""))
