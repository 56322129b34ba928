"""Pages of lists that are in the order of names."""

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Engine, Select

from boxwright.store.database import fetch

Record = TypeVar("Record")

MAX_PAGE = 100
"""Entries in one answer, as the service has it."""


def page(
    engine: Engine,
    query: Select[Any],
    name: Column[Any],
    asked: tuple[int, str],
    read: Callable[[Any], Record],
) -> tuple[list[Record], str]:
    """One page of a query, and the token of the next; "" after the last.

    Args:
        name: column by which it is ordered; unique within the query.
        asked: page size, 0 for 20 and larger than 100 for 100, and the token of the page before; "" for the first.
        read: row to record.

    Raises:
        ValueError: a page size below 0, or a token that is none.
    """
    page_size, token = asked
    size = size_of(page_size)
    query = query.order_by(name).limit(size + 1)
    if token:
        query = query.where(name > _read(token))
    rows = fetch(engine, query)
    return [read(row) for row in rows[:size]], _written(rows[size - 1][name]) if len(rows) > size else ""


def size_of(page_size: int) -> int:
    """Entries of a page: 0 asks for 20, and no page has more than 100. Raises: ValueError: below 0."""
    if page_size < 0:
        raise ValueError(f"pageSize must be 0 or more, got {page_size}")
    return min(page_size or 20, MAX_PAGE)


def slice_of(records: Sequence[Record], page_size: int, token: str) -> tuple[Sequence[Record], str]:
    """One page of a list that is held as a whole, and the token of the next; "" after the last.

    Raises:
        ValueError: a page size below 0, or a token that is none.
    """
    size = size_of(page_size)
    start = _read(token) if token else "0"
    if not start.isdecimal():
        raise ValueError(f"pageToken must be the nextPageToken of the page before, got {token!r}")
    end = int(start) + size
    return records[int(start) : end], _written(str(end)) if end < len(records) else ""


def _written(name: str) -> str:
    return base64.urlsafe_b64encode(f"after:{name}".encode()).decode()


def _read(token: str) -> str:
    try:
        word, _, name = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word != "after" or "\0" in name:
            raise ValueError(word)
    except ValueError as error:
        raise ValueError(f"pageToken must be the nextPageToken of the page before, got {token!r}") from error
    return name
