"""config.yaml: a job as YAML, with the line and column of every value, so that faults can be found."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from boxwright import files
from boxwright.spec.resource import Fault

Path = tuple[str | int, ...]

SETTINGS = ("trainingInput", "labels", "jobId")


@dataclass(frozen=True)
class ConfigFile:
    """What a config.yaml says.

    Attributes:
        name: of the file.
        values: a job's JSON; empty where there is no file.
        places: line and column (from 1) of the key, or list item, of each value.
    """

    name: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    places: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def located(self, fault: Fault) -> str:
        """A fault in words, with the line and column of the value at fault, or of the nearest part around it."""
        path = _steps(fault.path)
        while path and path not in self.places:
            path = path[:-1]
        if not path:
            return str(fault)
        line, column = self.places[path]
        return f"{self.name}:{line}:{column}: {fault}"


def read_config(path: str) -> ConfigFile:
    """Read a config.yaml, local or remote.

    Raises:
        ValueError: no YAML, a tab, a key that stands twice, or no settings of a job; says the line and column.
        OSError: the file cannot be read.
    """
    text = files.read_text(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        places = dict(_places(node, path, ())) if node else {}
        values = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as error:
        raise ValueError(_problem(error, path, text)) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ValueError(str(error) if str(error).startswith(path) else f"{path}: no YAML: {error}") from error
    if not isinstance(values, dict):
        raise ValueError(f"{path}:1:1: expected 'trainingInput:' with settings below it, got {values!r}")
    unknown = [key for key in values if key not in SETTINGS]
    if unknown:
        line, column = places.get((str(unknown[0]),), (1, 1))
        hint = "; settings of the job stand below 'trainingInput:'" if "trainingInput" not in values else ""
        raise ValueError(f"{path}:{line}:{column}: unknown key {unknown[0]!r}; there is {', '.join(SETTINGS)}{hint}")
    return ConfigFile(path, values, places)


def _places(node: yaml.Node, file: str, path: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """Path and place of each value below a node."""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield (*path, index), _place(item)
            yield from _places(item, file, (*path, index))
    elif isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # refused when the values are made
            line, column = _place(key)
            if key.value in seen:
                raise ValueError(f"{file}:{line}:{column}: {key.value!r} stands twice; leave one of them out")
            seen.add(key.value)
            yield (*path, key.value), (line, column)
            yield from _places(value, file, (*path, key.value))


def _place(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _problem(error: yaml.MarkedYAMLError, file: str, text: str) -> str:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return f"{file}: no YAML: {error}"
    at = f"{file}:{mark.line + 1}:{mark.column + 1}:"
    if text[mark.index : mark.index + 1] == "\t" or "'\\t'" in (error.problem or ""):
        return f"{at} a tab; YAML wants spaces"
    tab = text.find("\t", 0, mark.index + 1)
    hint = f"; line {text.count(chr(10), 0, tab) + 1} has a tab, where YAML wants spaces" if tab >= 0 else ""
    context = f" {error.context}" if error.context else ""
    return f"{at} no YAML: {error.problem}{context}{hint}"


def _steps(path: str) -> Path:
    """The parts of "a.b[0].c"."""
    return tuple(int(part[1:-1]) if part.startswith("[") else part for part in re.findall(r"\[\d+\]|[^.\[\]]+", path))
