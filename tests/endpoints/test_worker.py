"""What a worker process has printed."""

import sys
from pathlib import Path

import pytest

from boxwright.endpoints import worker
from boxwright.endpoints.worker import Worker

SPEAKS = (
    sys.executable,
    "-S",
    "-c",
    "import sys; print('{\"path\": \"/ping\"}'); print('loading', flush=True);"
    "sys.exit('boxwright: there is no model.json\\nmake one')",
)


def ended(log: Path, tmp_path: Path) -> Worker:
    one = Worker(SPEAKS, str(tmp_path / "socket"), log)
    one.clear()
    return one


def test_its_last_words_are_those_of_this_one_without_its_access_log(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "v1.log"
    log.parent.mkdir()
    log.write_text("from before\n")
    one = ended(log, tmp_path)
    assert one.last_words() == "loading\nboxwright: there is no model.json\nmake one"
    assert one.ending == 1 and not one.usable
    log.unlink()
    assert one.last_words() == ""


def test_a_long_log_is_moved_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_LOG", 10)
    log = tmp_path / "v1.log"
    one = ended(log, tmp_path)
    written = log.read_text()
    one.trim_log()
    assert (tmp_path / "v1.log.1").read_text() == written and log.read_text() == ""
    one.stop()  # it has ended: nothing happens
    one.look()
    assert not one.ready


def test_a_socket_that_nobody_listens_on_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "socket").touch()
    assert worker.ping(str(tmp_path / "socket")) is False
