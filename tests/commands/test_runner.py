"""Tests of the command `boxwright runner`; what it does is tested with `boxwright.jobs.process`."""

from collections.abc import Callable
from typing import Any

from boxwright.spec.server import RunnerSettings, StorePlace


def test_help_lists_every_setting(command: Callable[..., Any]) -> None:
    said = command("runner", "--help")
    assert said.status == 0
    for name in (*StorePlace.model_fields, *RunnerSettings.model_fields):
        assert f"  --{name.replace('_', '-')}\n" in said.out


def test_a_mistake_is_one_message(command: Callable[..., Any]) -> None:
    said = command("runner", "--max-job=1")
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("boxwright: unknown option --max-job; there is --data-dir, ")
