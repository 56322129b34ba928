"""Tests of `boxwright sagemaker`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.sagemaker import container


def test_a_failure_is_the_commands_exit_status(command: Callable[..., Any], tmp_path: Path) -> None:
    ran = command("sagemaker", "train", f"--root={tmp_path}")
    assert ran.status == 1
    assert "there must be a channel 'training'" in ran.out
    assert (tmp_path / "output" / "failure").read_text() in ran.out


def test_a_container_trains_below_opt_ml(command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def train(root: Path, say: Callable[[str], None]) -> int:
        asked.append(root)
        say("step 2\n")
        return 0

    monkeypatch.setattr(container, "train", train)
    ran = command("sagemaker", "train")
    assert (ran.status, ran.out, asked) == (0, "step 2\n", [Path("/opt/ml")])
