"""Tests of what is asked before a call of the API."""

import asyncio
from collections.abc import Generator
from typing import Any

import pytest

from boxwright.console import parts


class Dialog:
    """Is answered with something; may be deleted with its page, and only once."""

    def __init__(self, answer: Any, *, is_deleted: bool) -> None:
        self._answer, self.is_deleted = answer, is_deleted

    def __await__(self) -> Generator[Any, None, Any]:
        yield from asyncio.sleep(0).__await__()
        return self._answer

    def delete(self) -> None:
        assert not self.is_deleted
        self.is_deleted = True


@pytest.mark.parametrize(("answer", "is_deleted"), [("name", False), (None, False), (None, True)])
def test_a_dialog_is_gone_when_it_is_answered_or_its_page_left(answer: Any, is_deleted: bool) -> None:
    dialog: Any = Dialog(answer, is_deleted=is_deleted)

    async def ask() -> Any:
        return await parts.answered(dialog)

    assert asyncio.run(ask()) == answer
    assert dialog.is_deleted
