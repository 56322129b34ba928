"""Tests of being asked to stop."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from boxwright.termination import FOLLOW_PARENT, following_parent, termination


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_remembered(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with termination() as asked:
        assert not asked()
        signal.raise_signal(number)
        assert asked()
    assert signal.getsignal(number) == before


def test_a_second_interrupt_ends_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), termination() as asked:
        signal.raise_signal(signal.SIGINT)
        assert asked()
        signal.raise_signal(signal.SIGINT)


FOLLOWER = """
import time
from boxwright.termination import following_parent
with following_parent():
    print("ready", flush=True)
    time.sleep(60)
"""


def test_a_process_ends_with_the_parent_that_it_follows() -> None:
    environment = {**os.environ, FOLLOW_PARENT: "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", FOLLOWER], stdin=pipe, stdout=pipe, env=environment) as child:
        assert child.stdin and child.stdout and child.stdout.readline() == b"ready\n"
        child.stdin.close()
        assert child.wait(10) == -signal.SIGTERM


def test_without_being_told_so_a_process_follows_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLLOW_PARENT, raising=False)
    monkeypatch.setattr("boxwright.termination.parent_has_gone", lambda: True)
    with following_parent():
        assert not [one for one in threading.enumerate() if one.name == "parent"]
