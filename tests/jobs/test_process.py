"""Tests of the runner as a process: killed, ended, and left alone by its parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright.store import JobStore, open_database

QUICK = (
    "--poll=0.02",
    "--lease=1",
    "--backoff=0.02",
    "--min-free-disk=0",
    "--min-free-memory=0",
)


@pytest.fixture
def start(desk: Any, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts `boxwright runner` over the desk's jobs; its standard input is a pipe."""
    begun: list[subprocess.Popen[bytes]] = []
    desk.folder.mkdir(exist_ok=True)

    def begin(*words: str, **environment: str) -> subprocess.Popen[bytes]:
        database = f"sqlite:///{tmp_path}/store.db"
        with open(tmp_path / "runner.log", "ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "boxwright.cli", "runner", *QUICK, *words],
                stdin=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "BOXWRIGHT_DATABASE": database, **environment},
            )
        begun.append(child)
        return child

    yield begin
    for child in begun:
        child.kill()
        child.communicate()


def test_a_killed_runner_is_replaced_and_its_worker_found(desk: Any, start: Any) -> None:
    first = start()
    desk.submit("one", "--steps=60", "--seconds=0.05")
    desk.until(lambda: desk.get("one").state == "RUNNING" and desk.steps("one"))
    first.kill()
    start()
    desk.until(lambda: desk.get("one").state == "SUCCEEDED", seconds=30)
    assert (desk.starts("one"), desk.steps("one")) == (1, list(range(1, 61)))


@pytest.mark.parametrize("how", ["SIGTERM", "parent"])
def test_a_runner_that_ends_leaves_its_workers(desk: Any, start: Any, how: str, tmp_path: Path) -> None:
    child = start()
    desk.submit("one", "--steps=1000", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"))
    if how == "SIGTERM":
        child.send_signal(signal.SIGTERM)
    else:
        child.stdin.close()
    assert child.wait(20) == 0
    left = desk.get("one")
    assert (left.state, left.lease_until) == ("RUNNING", 0.0)
    before = len(desk.steps("one"))
    desk.until(lambda: len(desk.steps("one")) > before)
    assert "its workers go on" in (tmp_path / "runner.log").read_text()


def test_a_runner_waits_for_its_database(desk: Any, start: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "later"
    blocked.write_text("not a folder")
    child = start(BOXWRIGHT_DATABASE=f"sqlite:///{blocked}/store.db")
    end = time.monotonic() + 20
    while "waiting for it" not in (tmp_path / "runner.log").read_text():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    blocked.unlink()
    blocked.mkdir()
    desk.store = JobStore(open_database(f"sqlite:///{blocked}/store.db"))
    desk.submit("one", "--steps=1")
    desk.until(lambda: desk.get("one").state == "SUCCEEDED")


def test_a_faulty_option(start: Any, tmp_path: Path) -> None:
    assert start("--max-jobs=none").wait(20) == 1
    assert "boxwright: --max-jobs: Input should be a valid integer" in (tmp_path / "runner.log").read_text()
