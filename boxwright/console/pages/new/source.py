"""Where the data of a job that is being filled in comes from."""

import re
from dataclasses import dataclass
from typing import Literal

SourceKind = Literal["dataset", "file", "files", "folder", "part"]
"""Where data comes from; "part" is a part of the training data."""


@dataclass
class Source:
    """Where the training or the validation data is.

    Attributes:
        name: of a data set.
        path: of a file or folder, or what the data set says.
        wildcard: name of the files in the folder, for many files.
    """

    kind: SourceKind = "dataset"
    name: str = ""
    path: str = ""
    wildcard: str = "*"

    @property
    def complete(self) -> str:
        """The complete path; empty where none is needed or given."""
        if self.kind == "part":
            return ""
        path = self.path.strip()
        return f"{path.rstrip('/')}/{self.wildcard.strip()}" if self.kind == "files" and path else path

    @property
    def words(self) -> str:
        """The complete path, with the name of the data set that it is of."""
        named = self.kind == "dataset" and self.name and self.path
        return f"{self.name} ({self.path})" if named else self.complete

    @classmethod
    def of_path(cls, path: str) -> "Source":
        """The source of a path that somebody gave."""
        folder, _, last = path.rpartition("/")
        if folder and "," not in path and re.search(r"[*?\[]", last) and not re.search(r"[*?\[]", folder):
            return cls("files", path=folder, wildcard=last)
        return cls("file", path=path)
