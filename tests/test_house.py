"""Tests of the house rules, and that the project keeps them."""

import tomllib

import pytest
from house import FOREIGN_SIGNATURES, LATE_IMPORTS, ROOT, faults, modules

STATEMENT = "    x = 1\n"

ABOUT_MANY = (
    "contract.py",
    "house.py",
    "docs.py",
    "dockerfile.py",
    "examples.py",
    "bad_input.py",
    "webapp.py",
    "end_to_end.py",
    "google_client.py",
    "google_models.py",
    "openapi.py",
    "request_limit.py",
    "study_of_training.py",
    "focus.py",
    "languages.py",
)
"""Tests that are not of one module."""


def function(lines: int) -> str:
    return "def f():\n" + STATEMENT * (lines - 1)


def klass(lines: int) -> str:
    return "class C:\n" + STATEMENT * (lines - 1)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("boxwright/ops/boxes.py", function(60)),
        ("boxwright/ops/boxes.py", klass(200)),
        ("boxwright/ops/boxes.py", "x = 1\n" * 500),
        ("boxwright/ops/boxes.py", "def f(a, b, c, d, e, *, f, g): ...\n"),
        ("boxwright/ops/boxes.py", "class C:\n    def f(self, a, b, c, d, e): ...\n"),
        ("boxwright/cli.py", "@app.command()\ndef f(a, b, c, d, e, f): ...\n"),
        ("boxwright/cli.py", "def f():\n    import torch\n"),
        ("tests/ops/test_boxes.py", "def test_f(a, b, c, d, e, f): ...\n"),
        ("boxwright/ops/boxes.py", "try:\n    x = 1\nexcept ValueError:\n    x = 2\n"),
    ],
)
def test_what_the_rules_allow(path: str, source: str) -> None:
    assert list(faults(path, source)) == []


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("boxwright/a.py", function(61), "boxwright/a.py:1: f: 61 lines"),
        ("boxwright/a.py", klass(201), "class C: 201 lines"),
        ("boxwright/a.py", "x = 1\n" * 501, "boxwright/a.py: 501 lines"),
        ("boxwright/a.py", "def f(a, b, c, d, e, f): ...\n", "6 positional parameters"),
        ("boxwright/a.py", "class C:\n    def f(self, a, b, c, d, e, f): ...\n", "6 positional parameters"),
        ("boxwright/a.py", "def f():\n    import torch\n", "boxwright/a.py:2: import inside f"),
        ("boxwright/a.py", "def f():\n    from torch import nn\n", "import inside f"),
        ("boxwright/a.py", "try:\n    x = 1\nexcept:\n    x = 2\n", "boxwright/a.py:3: bare except"),
        ("boxwright/utils.py", "", "'utils' is no name for a module"),
        ("boxwright/common/boxes.py", "", "'common' is no name for a module"),
    ],
)
def test_what_the_rules_forbid(path: str, source: str, said: str) -> None:
    (fault,) = faults(path, source)
    assert said in fault


def test_the_project_keeps_the_rules() -> None:
    found = [one for path in modules() for one in faults(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))]
    assert found == []


def test_exceptions_are_of_functions_that_are_there() -> None:
    for place in FOREIGN_SIGNATURES:
        path, name = place.split()
        assert f"def {name}(" in (ROOT / path).read_text("utf-8"), place
    assert [path for path in LATE_IMPORTS if not (ROOT / path).is_file()] == []


def test_every_test_stands_where_its_module_does() -> None:
    strays = []
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        folder, name = test.parent.relative_to(ROOT / "tests"), test.name.removeprefix("test_")
        module = ROOT / "boxwright" / folder / name
        about_many = name in ABOUT_MANY
        if not (module.is_file() or module.with_suffix("").is_dir() or about_many):
            strays.append(test.relative_to(ROOT).as_posix())
    assert strays == []


def test_the_oldest_python_is_the_same_everywhere() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    major, minor = metadata["project"]["requires-python"].removeprefix(">=").split(".")
    assert metadata["tool"]["ruff"]["target-version"] == f"py{major}{minor}"
    assert f"({major}, {minor}) <= sys.version_info" in (ROOT / "scripts" / "setup").read_text("utf-8")
