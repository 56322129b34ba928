"""The pages' style sheet, which is all files of one folder after another: one request, kept by the browser."""

from functools import cache
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from boxwright.console.view import MOUNT

router = APIRouter(include_in_schema=False)

FOLDER = Path(__file__).parent / "static"
FIRST = "console.css"
ELSEWHERE = ("sign_in.css",)


@router.get(f"{MOUNT}/static/console.css")
def style_sheet() -> Response:
    """For all pages."""
    return Response(_joined(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@cache
def _joined() -> str:
    names = sorted(path.name for path in FOLDER.glob("*.css") if path.name not in (FIRST, *ELSEWHERE))
    return "\n".join((FOLDER / name).read_text("utf-8") for name in (FIRST, *names))
