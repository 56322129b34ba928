"""Tests that what the Dockerfile copies and calls is there: it cannot be built without a registry."""

import json
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
LINES = [
    line.split(maxsplit=1)
    for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def of(instruction: str) -> list[str]:
    return [rest for name, rest in LINES if name == instruction]


def test_its_python_is_one_that_the_project_takes() -> None:
    (image,) = of("FROM")
    found = re.fullmatch(r"python:(\d\.\d+)-slim", image)
    assert found and f"{found.group(1)}.0" in SpecifierSet(PROJECT["requires-python"])


def test_all_that_it_copies_is_there_and_enough_to_build() -> None:
    copied = {name for line in of("COPY") for name in shlex.split(line)[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    assert {"pyproject.toml", PROJECT["readme"], "boxwright"} <= copied


def test_the_installed_command_runs_the_subcommand_that_is_appended(
    command: Callable[..., Any], tmp_path: Path
) -> None:
    (line,) = of("ENTRYPOINT")
    program, *words = json.loads(line)
    assert program in PROJECT["scripts"]
    assert any(".[" not in one and "pip install" in one and " . " in one for one in of("RUN"))
    ran = command(*words, "train", f"--root={tmp_path}")
    assert ran.status == 1 and (tmp_path / "output" / "failure").is_file()
    ran = command(*words, "serve", f"--root={tmp_path}")
    assert ran.status == 1 and f"no model in '{tmp_path}/model'" in ran.err
