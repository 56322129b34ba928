"""The rules of CONTRIBUTING.md that no linter knows: sizes, names, and imports inside functions.

`python scripts/house.py` lists every fault and ends with status 1 if there is one.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("boxwright", "tests", "scripts", "benchmarks", "examples")

MODULE_LINES = 500
CLASS_LINES = 200
FUNCTION_LINES = 60
POSITIONAL = 5
"""Parameters that can be given by position, self and cls not counted."""

FORBIDDEN_NAMES = ("utils", "util", "helpers", "helper", "common", "misc", "tools", "manager")
"""Of modules and packages: they say nothing of what is inside."""

COMMANDS = (
    *("data", "deploy", "jobs", "labels", "models", "runner"),
    *("sagemaker", "serve", "server", "tokens", "versions"),
)

LATE_IMPORTS = (
    "boxwright/cli.py",
    *(
        f"boxwright/commands/{name}.py"
        for name in (
            "data",
            "deploy",
            "jobs",
            "labels",
            "models",
            "runner",
            "sagemaker",
            "serve",
            "server",
            "tokens",
            "versions",
        )
    ),
    "boxwright/native.py",
    "boxwright/work.py",
    "boxwright/export/savedmodel.py",
    "boxwright/object_store.py",
)
"""Modules that may import inside functions: the command line, and the one door of a heavy package."""

FOREIGN_SIGNATURES = {
    "boxwright/export/lowering.py _convolution": "ATen's operator",
    "boxwright/export/lowering.py _max_pool": "ATen's operator",
    "boxwright/export/lowering.py _batch_norm": "ATen's operator",
    "boxwright/models/depthwise.py forward": "torch.autograd.Function",
}
"""Functions whose parameters somebody else has laid down, and who."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def faults(path: str, source: str) -> Iterator[str]:
    """One line for each rule that a module breaks.

    Args:
        path: relative to the project's folder, with forward slashes.
        source: its text.
    """
    names = [part.removesuffix(".py") for part in path.split("/")]
    yield from (f"{path}: {name!r} is no name for a module" for name in names if name in FORBIDDEN_NAMES)
    lines = len(source.splitlines())
    if lines > MODULE_LINES:
        yield f"{path}: {lines} lines; a module has at most {MODULE_LINES}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            yield from _function_faults(path, node)
        elif isinstance(node, ast.ClassDef) and _length(node) > CLASS_LINES:
            yield f"{_place(path, node)} class {node.name}: {_length(node)} lines; at most {CLASS_LINES}"
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{_place(path, node)} bare except; name what is caught"


def _function_faults(path: str, function: Function) -> Iterator[str]:
    here = f"{_place(path, function)} {function.name}"
    if _length(function) > FUNCTION_LINES:
        yield f"{here}: {_length(function)} lines; a function has at most {FUNCTION_LINES}"
    free = _is_test(path) or _is_command(function) or f"{path} {function.name}" in FOREIGN_SIGNATURES
    if _positional(function) > POSITIONAL and not free:
        yield f"{here}: {_positional(function)} positional parameters; at most {POSITIONAL}, the rest by keyword"
    late = [node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)]
    if late and path not in LATE_IMPORTS:
        yield f"{_place(path, late[0])} import inside {function.name}; imports stand at the top"


def _positional(function: Function) -> int:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def _is_command(function: Function) -> bool:
    """Whether its parameters are options of a command, which are never given by position."""
    return any(
        isinstance(one, ast.Call) and ast.unparse(one.func).endswith(".command") for one in function.decorator_list
    )


def _is_test(path: str) -> bool:
    """Tests take their fixtures as parameters, as many as they need."""
    return path.startswith("tests/")


def _length(node: Function | ast.ClassDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _place(path: str, node: ast.stmt | ast.ExceptHandler) -> str:
    return f"{path}:{node.lineno}:"


def modules(root: Path = ROOT) -> Iterator[Path]:
    """Every module of the project."""
    for folder in FOLDERS:
        yield from sorted((root / folder).rglob("*.py"))


def main() -> int:
    """List the faults of the whole project."""
    found = [
        fault for path in modules() for fault in faults(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    ]
    sys.stdout.write("".join(f"{fault}\n" for fault in found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
