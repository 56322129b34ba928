"""Which jobs of a project are shown."""

from dataclasses import dataclass
from typing import Any

PAGE = 25
"""Jobs shown at once."""

STATES = ("QUEUED", "PREPARING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLING", "CANCELLED")

ORDERS = {"job": "jobId", "state": "state", "algorithm": "algorithm", "best": "bestValue", "created": "createTime"}
"""Column to the API's order."""


@dataclass
class Wanted:
    """Which jobs are shown, as the page's address has it."""

    q: str = ""
    state: str = ""
    algorithm: str = ""
    label: str = ""
    sort: str = ""
    page: str = ""

    @property
    def filter(self) -> str:
        """In the API's language."""
        terms = [f"state:{self.state}"] if self.state else []
        terms += [f"algorithm:{_quoted(self.algorithm)}"] if self.algorithm else []
        key, _, value = self.label.partition("=")
        terms += [f"labels.{key.strip()}:{_quoted(value.strip() or '*')}"] if key.strip() else []
        return " AND ".join(terms)

    @property
    def order(self) -> str:
        """In the API's language; the newest first where nothing is said."""
        column = self.sort.lstrip("-")
        if column not in ORDERS:
            return ""
        return ORDERS[column] + (" desc" if self.sort.startswith("-") else "")

    @property
    def narrowed(self) -> bool:
        """Whether some jobs may be left out."""
        return bool(self.q or self.filter)

    def query(self) -> dict[str, Any]:
        """Of the request."""
        asked = {"filter": self.filter, "query": self.q, "orderBy": self.order, "pageToken": self.page}
        return {**asked, "view": "BASIC", "pageSize": PAGE}


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
