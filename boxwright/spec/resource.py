"""Values that travel as JSON: camelCase there, as Google's APIs write them, and every fault named by its path."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydantic import ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from boxwright.spec.knob import Frozen


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field; `path` is written as "trainingInput.hyperparameters.params[0].minValue"."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidResource(ValueError):
    """A resource that cannot be accepted, with all its faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


class Faults:
    """Collects what is wrong while as much as possible is looked at."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def try_(self, path: str, look: Callable[[], object]) -> None:
        """Note the fault, if `look` finds one; several lines are several faults."""
        try:
            look()
        except InvalidResource as error:
            self.found += error.faults
        except (OSError, ValueError, LookupError) as error:
            self.found += [Fault(path, line) for line in describe(error).splitlines()]


def describe(error: Exception) -> str:
    """An error in words, of a file with its name."""
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    return str(error.args[0]) if error.args and not isinstance(error, OSError) else str(error)


class Resource(Frozen):
    """A part of a resource. Fields are snake_case in Python and camelCase in JSON; both are read."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    @classmethod
    def read(cls, values: Mapping[str, Any], path: str = "") -> Self:
        """Validate JSON.

        Args:
            path: of this part in the whole, for its faults.

        Raises:
            InvalidResource: with every fault.
        """
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            faults = tuple(fault for one in error.errors() for fault in _faults(path, dict(one)))
            raise InvalidResource(faults) from error

    def written(self) -> dict[str, Any]:
        """As JSON, without what was not given."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _faults(root: str, error: Mapping[str, Any]) -> tuple[Fault, ...]:
    path = root
    for part in error["loc"]:  # in the words of whoever wrote it, so that it is found again
        path += f"[{part}]" if isinstance(part, int) else f"{'.' if path else ''}{part}"
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, InvalidResource):  # a part that was read by itself
        return tuple(Fault(".".join(filter(None, (path, one.path))), one.message) for one in cause.faults)
    if error["type"] == "extra_forbidden":
        return (Fault(path, "unknown key"),)
    if error["type"] == "missing":
        return (Fault(path, "is required"),)
    if error["type"] == "value_error":  # our own words, which say what was got
        return (Fault(path, str(cause)),)
    return (Fault(path, f"{error['msg']}, got {error['input']!r}"),)
