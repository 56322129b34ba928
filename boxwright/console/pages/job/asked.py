"""What a page's address asks for beyond its path, kept true while the page is used."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from boxwright.console.view import View

Asked = MutableMapping[str, str]


def asked_of(view: View) -> Asked:
    """The query of the page that is shown."""
    return dict(parse_qsl(urlsplit(view.client.sub_pages_router.current_path).query))


def note(view: View, asked: Asked, **values: Any) -> None:
    """Put values into the address, and remember them for when a part of the page is built again."""
    asked.update({name: "" if value is None else str(value) for name, value in values.items()})
    view.remember(**values)
