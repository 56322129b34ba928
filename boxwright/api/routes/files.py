"""The files that data can be chosen from, below the server's roots and nowhere else.

Names of files say much about other people's work, and only who may train can use them: the role is trainer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from boxwright import files
from boxwright.api.deps import Context, Given, Trainer
from boxwright.api.errors import Refusal
from boxwright.api.paging import AskedPage
from boxwright.api.resources import time_text
from boxwright.browsing.listing import Entry, described, format_of, listed
from boxwright.browsing.matching import match
from boxwright.browsing.roots import Roots
from boxwright.spec.resource import Resource, describe
from boxwright.store.pages import slice_of
from boxwright.store_faults import StoreAway

router = APIRouter(prefix="/v1/files", tags=["files"])


class FileEntry(Resource):
    """A file or folder."""

    name: str
    path: str = Field(description="complete")
    kind: Literal["FOLDER", "FILE"]
    size_bytes: str = Field("", description="int64 as text; of files")
    update_time: str = Field("", description="RFC 3339 in UTC")
    format: str = Field("", description="of the data, where it is known and cheap to tell")


class FileList(Resource):
    """A page of a folder, folders first; without a path, the roots."""

    path: str = ""
    parent: str = Field("", description="the folder above; left out where it is no longer below a root")
    root: str = Field("", description="that the folder lies in")
    format: str = Field("", description="of the data in the folder as a whole")
    entries: tuple[FileEntry, ...] = ()
    next_page_token: str = Field("", description="for the next page; left out on the last")


class FileMatch(Resource):
    """What a path or wildcard names."""

    pattern: str
    file_count: int = Field(description="files; of a folder, all below it")
    record_count: int = Field(description="labelled pictures in them")
    complete: bool = Field(description="false where the time was over: there are at least so many")
    format: str = Field("", description="of the data")
    splits: tuple[str, ...] = Field((), description="sets that the data is split into")
    examples: tuple[str, ...] = Field((), description="the first files")
    note: str = Field("", description="why there are no records, in words")


@router.get("", summary="List a folder", response_model=FileList)
def list_files(
    _: Trainer,
    page: AskedPage,
    context: Given,
    path: Annotated[str, Query(description="a folder below a root, or of an object store; empty for the roots")] = "",
    filter: Annotated[str, Query(description="only names that hold this text", max_length=200)] = "",
) -> Any:
    """Hidden files are left out, and so are links that lead out of the roots."""
    roots = roots_of(context)
    if not path:
        # The folder of jobs that name none is made with the first of them: until then there is nothing to look at.
        there = [root for root in roots.outermost() if not files.is_local(root) or files.is_folder(root)]
        found = [Entry(root, is_folder=True) for root in there if filter.casefold() in root.casefold()]
        return page.answer("entries", lambda size, token: slice_of(found, size, token), _root_json)
    with told("path"):
        folder = roots.within(path)
        root = roots.root_of(folder)
        parent = files.parent(folder) if folder != root else ""
        found = listed(roots, folder, filter)
        known = format_of(folder) if files.is_local(folder) and not page.token else ""
    about = {"path": folder, "parent": parent, "root": root, "format": known}

    def paged(size: int, token: str) -> Any:
        entries, after = slice_of(found, size, token)
        return described(entries), after

    return page.answer("entries", paged, _json, **about)


@router.get(":match", summary="Count what a path or wildcard names", response_model=FileMatch)
def match_files(
    _: Trainer, context: Given, pattern: Annotated[str, Query(description="file, folder, or wildcard such as train-*")]
) -> Any:
    """Files, and the labelled pictures in them. It takes at most 5 seconds; what is not counted by then is left."""
    roots = roots_of(context)
    with told("pattern"):
        roots.check_pattern(pattern)
        found = match(pattern, roots)
    shown = {
        "pattern": pattern,
        "fileCount": found.files,
        "recordCount": found.records,
        "complete": found.complete,
        "format": found.format,
        "splits": list(found.splits),
        "examples": list(found.examples),
        "note": found.note,
    }
    return JSONResponse({name: value for name, value in shown.items() if value not in ("", [])})


def roots_of(context: Context) -> Roots:
    """The folders that may be looked at: those that jobs may write below."""
    return Roots((*context.limits.roots, context.limits.default_root), context.data_dir)


@contextmanager
def told(field: str) -> Iterator[None]:
    """What is wrong with a path, as a refusal. Raises: StoreAway."""
    try:
        yield
    except StoreAway:
        raise  # nothing is wrong with the path
    except PermissionError as error:
        raise Refusal("PERMISSION_DENIED", _words(error)) from error
    except FileNotFoundError as error:
        raise Refusal("NOT_FOUND", describe(error)) from error
    except (OSError, ValueError, ImportError) as error:
        raise Refusal.of_field(field, describe(error)) from error


def _words(error: PermissionError) -> str:
    return describe(error) if error.filename else str(error.args[0])


def _root_json(entry: Entry) -> dict[str, str]:
    return {"name": entry.path, "path": entry.path, "kind": "FOLDER"}


def _json(entry: Entry) -> dict[str, str]:
    given = {
        "name": entry.name,
        "path": entry.path,
        "kind": "FOLDER" if entry.is_folder else "FILE",
        "sizeBytes": "" if entry.size is None else str(entry.size),
        "updateTime": time_text(entry.changed),
        "format": entry.format,
    }
    return {name: value for name, value in given.items() if value}
