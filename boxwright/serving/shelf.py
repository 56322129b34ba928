"""The models of a process, found by the names that clients use."""

from collections.abc import Iterable, Sequence

from boxwright.serving.model import ServedModel
from boxwright.serving.rejection import Rejection


class Shelf:
    """Models by name and version.

    Args:
        models: at least one; the last of a name answers requests that name no version.
    """

    def __init__(self, models: Sequence[ServedModel]) -> None:
        self.models = tuple(models)

    @property
    def first(self) -> ServedModel:
        """The model of contracts that name none."""
        return self.find(self.models[0].name)

    def find(self, name: str, version: str | None = None) -> ServedModel:
        """A model by name, of a version where one is named.

        Raises:
            Rejection: 404; says which there are.
        """
        named = self.versions(name)
        for one in reversed(named):
            if version in (None, one.version):
                return one
        versions = _listed(one.version for one in named)
        raise Rejection(404, f"model {name!r} has no version {version!r} here; there is {versions}")

    def versions(self, name: str) -> list[ServedModel]:
        """All versions of a model. Raises: Rejection: 404; says which models there are."""
        named = [one for one in self.models if one.name == name]
        if not named:
            there = _listed(one.name for one in self.models)
            raise Rejection(404, f"no model {name!r} is served here; there is {there}")
        return named

    def close(self) -> None:
        """Finish what is under way."""
        for one in self.models:
            one.close()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
