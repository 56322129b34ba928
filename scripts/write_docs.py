"""Writes the parts of docs/ that are derived from declarations.

`python scripts/write_docs.py` writes them, `--check` only says with status 1 which are stale. Such a part stands
between `<!-- NAME: written by scripts/write_docs.py -->` and `<!-- end of NAME -->`.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin

import numpy as np
from pydantic.fields import FieldInfo

from boxwright.algorithms import ALGORITHMS, Algorithm, Argument, parse
from boxwright.arguments import as_text
from boxwright.spec.knob import Frozen
from boxwright.spec.server import RunnerSettings, ServerSettings
from boxwright.spec.serving import ServeSettings
from boxwright.spec.training import ModelSpec, TrainSpec
from boxwright.train.auto import derive
from boxwright.train.facts import DataFacts, Facts
from boxwright.train.machine import Machine

DOCS = Path(__file__).resolve().parents[1] / "docs"

LIMITS = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
KINDS = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "True, False",
    Path: "path",
    tuple: "list",
    dict: "name=value list",
}

PATHS = {"training_data_path": "train-*", "validation_data_path": "validation-*"}
STATED = {"num_classes": "3", "num_training_samples": "300"}
"""What some algorithms require to be stated of the example data."""

MANY_WORDS = 9
"""Words that a table lists."""

MANY = 64
"""Pictures of a step that fit into the memory of the example machines."""


def argument_tables(algorithm: Algorithm) -> str:
    """A table for each group of arguments, with what each takes, its published default and its meaning."""
    parts = []
    for group, field in TrainSpec.model_fields.items():
        arguments = [one for one in algorithm.arguments if one.path.startswith(f"{group}.")]
        if not arguments:
            continue
        heading = str(field.annotation.__doc__)
        rows = [argument_row(one, algorithm) for one in arguments]
        parts.append(
            f"### {group.capitalize()}\n\n{heading}\n\n"
            + table(("argument", "values", "published default", "left out", "meaning"), rows)
        )
    return "\n".join(parts)


def argument_row(argument: Argument, algorithm: Algorithm) -> tuple[str, ...]:
    """The row of one argument."""
    field = argument.field
    extra: Any = field.json_schema_extra
    unit = f" {extra['unit']}" if extra["unit"] else ""
    required = argument.name in algorithm.required
    default = as_text(algorithm.default(argument))
    shown = "required" if required else (f"`{default}`{unit}" if default else "none")
    derived = algorithm.derives(argument)
    left_out = "" if required else ("derived" if derived else "default")
    return f"`{argument.name}`", taken(argument), shown, left_out, argument.help or str(field.description)


def taken(argument: Argument) -> str:
    """What an argument takes; empty where its help says so, as it has values of its own."""
    if argument.to_field:
        return ""
    if argument.choices:
        words = list(argument.choices)
        return ", ".join(f"`{one}`" for one in words) if len(words) <= MANY_WORDS else f"{len(words)} words, see above"
    return values(argument.field, argument.limits)


def values(field: FieldInfo, narrower: Mapping[str, float] = MappingProxyType({})) -> str:
    """What a field takes: its choices, or its kind and range.

    Args:
        narrower: limits that hold in the place of the field's own of the same side.
    """
    kinds: Any = [one for one in get_args(field.annotation) if one is not type(None)]
    kind: Any = kinds[0] if type(None) in get_args(field.annotation) else field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in get_args(kind) if one != "")
    found = {name: getattr(one, name) for one in field.metadata for name in LIMITS if hasattr(one, name)}
    for name, limit in narrower.items():
        found = {other: value for other, value in found.items() if other[0] != name[0]} | {name: limit}
    limits = [f"{LIMITS[name]} {found[name]}" for name in LIMITS if name in found]
    origin = get_origin(kind) or kind
    return " ".join([KINDS[origin], ", ".join(limits)]).strip()


def tuning_table(algorithm: Algorithm) -> str:
    """The ranges that the publisher advises to search."""
    rows = []
    for one in algorithm.arguments:
        if one.tuning:
            words = all(isinstance(value, str) for value in one.tuning)
            extra: Any = one.field.json_schema_extra
            shown = (
                ", ".join(f"`{value}`" for value in one.tuning) if words else " to ".join(f"{v:g}" for v in one.tuning)
            )
            rows.append((f"`{one.name}`", shown, "" if words else (extra["scale"] or "linear").replace("_", " ")))
    return table(("argument", "range", "scale"), rows)


def catalogue_table(algorithm: Algorithm) -> str:
    """The entries of an algorithm's catalogue, with what each is here."""
    names = ("backbone", "image_size", "fpn_type", "pretrained_checkpoint_path")
    rows = [
        (
            f"`{model_id}`",
            *(as_text(values.get(f"model.{name}", ModelSpec.model_fields[name].default)) for name in names),
            str(values["optimization.epochs"]),
        )
        for model_id, values in algorithm.catalogue.items()
    ]
    return table(("`model_id`", "backbone", "input", "pyramid", "starts from", "epochs"), rows)


def settings_table(kinds: Sequence[type[Frozen]]) -> str:
    """The options of a command that are fields of settings."""
    fields = {name: field for kind in kinds for name, field in kind.model_fields.items()}
    return table(("option", "values", "default", "meaning"), (setting_row(*one) for one in fields.items()))


def setting_row(name: str, field: FieldInfo) -> tuple[str, ...]:
    """The row of one setting."""
    extra: Any = field.json_schema_extra
    default = as_text(field.default)
    shown = f"`{default}` {extra['unit']}".strip() if default else "none"
    return f"`--{name.replace('_', '-')}`", values(field), shown, str(field.description)


def derived_table(algorithm: Algorithm) -> str:
    """What all arguments that can be derived become for two examples, and the reason given with the first."""
    spec = parse(algorithm, PATHS | {name: text for name, text in STATED.items() if name in algorithm.required})
    facts = (small_set_on_a_cpu(), large_set_on_a_gpu())
    small, large = (derive(spec.spec, spec.kept, one)[1] for one in facts)
    names = algorithm.names()
    rows = [
        (f"`{names[one.name]}`", code(one.value), one.reason, code(other.value))
        for one, other in zip(small, large, strict=True)
    ]
    heads = tuple(f"{one.data.pictures:,} pictures, {one.machine.name}" for one in facts)
    return table(("argument", heads[0], "reason", heads[1]), rows)


def code(value: Any) -> str:
    """A value as it is given to an argument, or "none"."""
    return f"`{as_text(value)}`" if as_text(value) else "none"


def small_set_on_a_cpu() -> Facts:
    """300 photographs of 480 x 640 with objects of 40 to 200 pixels, and a processor of two cores."""
    machine = Machine("cpu", "2-core processor", cores=2, memory=4 << 30, bfloat16=True)
    return Facts(example_data(300, (480, 640), (40, 200)), machine, lambda _: MANY)


def large_set_on_a_gpu() -> Facts:
    """20,000 photographs of 1080 x 1920 with objects of 20 to 500 pixels, and a card."""
    machine = Machine("cuda", "graphics card", cores=16, memory=80 << 30, bfloat16=True)
    return Facts(example_data(20_000, (1080, 1920), (20, 500)), machine, lambda _: MANY)


def example_data(pictures: int, size: tuple[int, int], sides: tuple[int, int]) -> DataFacts:
    """Facts of a data set of three classes whose boxes have sides spread evenly between two numbers of pixels."""
    spread = np.linspace(*sides, 300, dtype=np.float32)
    boxes = np.stack([spread, np.roll(spread, 60)], 1)
    return DataFacts(pictures, pictures // 4, 3, size, boxes, np.arange(300) * 3 // 300)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def pages() -> Iterator[tuple[Path, str]]:
    """Every page with derived parts, as it should be."""
    for algorithm in ALGORITHMS.values():
        path = DOCS / f"{algorithm.name}.md"
        text = replaced(path.read_text("utf-8"), "arguments", argument_tables(algorithm))
        text = replaced(text, "derived values", derived_table(algorithm))
        if any(one.tuning for one in algorithm.arguments):
            text = replaced(text, "tuning ranges", tuning_table(algorithm))
        yield path, replaced(text, "catalogue", catalogue_table(algorithm)) if algorithm.catalogue else text
    path = DOCS / "server.md"
    text = replaced(path.read_text("utf-8"), "server settings", settings_table([ServerSettings]))
    yield path, replaced(text, "runner settings", settings_table([RunnerSettings]))
    path = DOCS / "serving.md"
    yield path, replaced(path.read_text("utf-8"), "serve settings", settings_table([ServeSettings]))


def replaced(text: str, name: str, part: str) -> str:
    """A page with one derived part renewed.

    Raises:
        ValueError: the page has no place for it.
    """
    start, end = f"<!-- {name}: written by scripts/write_docs.py -->", f"<!-- end of {name} -->"
    place = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
    if not place.search(text):
        raise ValueError(f"no place for {name}: write {start} and {end}")
    return place.sub(lambda _: f"{start}\n\n{part}\n{end}", text)


def stale() -> list[Path]:
    """Pages whose derived parts are not what they should be."""
    return [path for path, text in pages() if path.read_text("utf-8") != text]


def main(words: Sequence[str]) -> int:
    """Write the pages, or check them."""
    if "--check" in words:
        found = stale()
        sys.stdout.writelines(f"{path} is stale; run make docs\n" for path in found)
        return 1 if found else 0
    for path, text in list(pages()):
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
