"""An instance as it lies in its file: one input of a batch prediction, and its place."""

from dataclasses import dataclass
from typing import NamedTuple

from boxwright import files


class Position(NamedTuple):
    """Where an instance lies in its file.

    Attributes:
        number: of the line, from 1, or of the record, from 0.
        byte: its first byte; of the uncompressed file, where it is compressed.
    """

    number: int = 0
    byte: int = 0


@dataclass(frozen=True)
class Item:
    """An instance as it lies in its file.

    Attributes:
        path: of the file.
        where: its place there; "line 3", "record 2 at byte 80", empty for a file that is the instance.
        position: its place there.
        data: its bytes; none for a picture's file, which is read when it is needed.
        fault: why it cannot be read; empty where it can.
    """

    path: str
    position: Position
    where: str = ""
    data: bytes = b""
    fault: str = ""

    @property
    def place(self) -> str:
        """File and place, for people."""
        return f"{self.path}: {self.where}" if self.where else self.path

    @property
    def name(self) -> str:
        """The key of an instance that has none of its own."""
        return f"{files.name(self.path)}:{self.position.number}" if self.where else self.path
