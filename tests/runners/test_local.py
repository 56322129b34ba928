"""The contract of runners, for local processes; and what is particular to them."""

import contextlib
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxwright.jobdir import JobDir
from boxwright.runners.host import process_started
from boxwright.runners.local import LocalRunner

_SPEC = importlib.util.spec_from_file_location("runner_contract", Path(__file__).parent / "contract.py")
assert _SPEC is not None and _SPEC.loader is not None
_CONTRACT = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_CONTRACT)
globals().update({name: value for name, value in vars(_CONTRACT).items() if name.startswith("test_") or name == "job"})

FORK = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1] + "/child", "w").write(str(child.pid))
time.sleep(float(sys.argv[1].rpartition("_")[2]))
"""


class Remembering(LocalRunner):
    """Knows what it has started, so that nothing is left behind."""

    def end_all(self) -> None:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self._children.clear()


@pytest.fixture
def runner() -> Iterator[LocalRunner]:
    made = Remembering()
    yield made
    made.end_all()


@pytest.fixture
def again() -> LocalRunner:
    return LocalRunner()


@pytest.mark.parametrize("seconds", [60, 0])
def test_children_do_not_outlive_a_kill(tmp_path: Path, seconds: int) -> None:
    folder = tmp_path / f"job_{seconds}"
    folder.mkdir()
    runner = Remembering((sys.executable, "-c", FORK))
    worker = runner.start(str(folder), folder, {})
    noted = folder / "child"
    end = time.monotonic() + 10
    while not (noted.exists() and noted.read_text()) or (seconds == 0 and runner.alive(worker)):
        assert time.monotonic() < end
        time.sleep(0.02)
    child = int(noted.read_text())
    assert process_started(child) is not None
    runner.kill(worker)
    while process_started(child) is not None or runner.alive(worker):
        assert time.monotonic() < end
        time.sleep(0.02)
    runner.end_all()


def test_what_cannot_be_started(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LocalRunner(("/nowhere/boxwright",)).start(str(tmp_path), tmp_path, {})
    with pytest.raises(FileNotFoundError):
        LocalRunner().start("x", JobDir(tmp_path / "absent").path, {})
