"""How `update` commands change labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

Set = Annotated[str, typer.Option(help="key=value,... to set.")]
Clear = Annotated[bool, typer.Option("--clear-labels", help="Remove all others.")]
Remove = Annotated[str, typer.Option(help="key,... to remove.")]


@dataclass(frozen=True)
class LabelChange:
    """What is to become of labels.

    Attributes:
        new: set, whatever was there.
        clear: whether all others are removed.
        gone: removed by name.
    """

    new: Mapping[str, str]
    clear: bool
    gone: frozenset[str]

    @classmethod
    def read(cls, new: str, clear: bool, gone: str) -> "LabelChange":
        """From the texts of options. Raises: ValueError: labels at fault, or options that exclude each other."""
        from boxwright.job_flags import read_labels

        if clear and gone:
            raise ValueError("--clear-labels and --remove-labels exclude each other")
        names = frozenset(name.strip() for name in gone.split(",") if name.strip())
        return cls(read_labels(new), clear, names)

    def __bool__(self) -> bool:
        return bool(self.new or self.clear or self.gone)

    def __call__(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels afterwards."""
        kept = {name: text for name, text in labels.items() if not self.clear and name not in self.gone}
        return kept | dict(self.new)
