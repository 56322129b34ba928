"""Lists, a page at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from fastapi.responses import JSONResponse

from boxwright.api.errors import Refusal

R = TypeVar("R")


@dataclass(frozen=True)
class Page:
    """Which page is asked for.

    Attributes:
        size: most entries; 0 leaves it to the store.
        token: what the page before said, empty for the first.
    """

    size: int
    token: str

    def answer(
        self, name: str, listed: Callable[[int, str], tuple[Sequence[R], str]], shown: Callable[[R], Any], **about: Any
    ) -> JSONResponse:
        """The page as JSON; fields that hold nothing are left out.

        Args:
            name: of the field with the entries.
            listed: gives the entries of a page and the token of the next. Raises: ValueError: no such token.
            shown: an entry as JSON.
            about: other fields, of the list as a whole.

        Raises:
            Refusal: no such token.
        """
        try:
            records, token = listed(self.size, self.token)
        except ValueError as error:
            raise Refusal.of_field("pageToken", str(error)) from error
        found = {**about, name: [shown(one) for one in records], "nextPageToken": token}
        return JSONResponse({name: value for name, value in found.items() if value})


async def _page(
    page_size: Annotated[int, Query(alias="pageSize", description="Up to 100; 20 where 0.", le=2**31)] = 0,
    page_token: Annotated[str, Query(alias="pageToken", description="The page before says it.")] = "",
) -> Page:
    if page_size < 0:
        raise Refusal.of_field("pageSize", f"must be 0 or more, got {page_size}")
    return Page(page_size, page_token)


AskedPage = Annotated[Page, Depends(_page)]


async def _whole_list(
    page: AskedPage, filter: Annotated[str, Query(description="Not offered here; leave it out.")] = ""
) -> Page:
    if filter.strip():
        raise Refusal.of_field("filter", f"this list is not filtered here; leave it out, got {filter!r}")
    return page


UnfilteredPage = Annotated[Page, Depends(_whole_list)]
"""Of lists that take no filter."""
