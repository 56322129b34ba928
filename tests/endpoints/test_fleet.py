"""A server runs what the database says, starts again what dies, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import text

from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.endpoints.retired import Retired


def test_workers_are_started_with_their_names_and_a_share_of_the_cores(deploying: Any) -> None:
    deploying.ready("v1", nodes=2)
    words = [psutil.Process(worker.pid).cmdline() for worker in deploying.workers()]
    assert len(words) == 2 and words[0][-1] != words[1][-1]
    for line in words:
        assert str(deploying.folder / "cells" / "v1") in line
        assert {"--name=cells", "--version=v1", "--threads=2", "--lanes=2"} <= set(line)
    alone = deploying.ready("v2")
    assert alone.served["deploymentUri"] == str(deploying.folder / "cells" / "v2")
    (worker,) = deploying.workers("v2")
    assert not any(word.startswith("--threads") for word in psutil.Process(worker.pid).cmdline())


def test_a_worker_that_is_killed_is_replaced(deploying: Any) -> None:
    deploying.ready(nodes=2)
    before = {worker.pid for worker in deploying.workers()}
    killed = min(before)
    os.kill(killed, signal.SIGKILL)
    deploying.until(lambda: len({worker.pid for worker in deploying.workers()} - {killed}) == 2)
    assert before - {killed} < {worker.pid for worker in deploying.workers()}


def test_a_version_is_scaled_without_touching_the_workers_that_stay(deploying: Any) -> None:
    deploying.ready(nodes=1)
    (first,) = deploying.workers()
    deploying.deployed.versions.update("local", "cells", "v1", {"manualScaling": {"nodes": 3}})
    deploying.wait("v1", "READY")
    more = deploying.workers()
    assert len(more) == 3 and first in more
    deploying.deployed.versions.update("local", "cells", "v1", {"manualScaling": {"nodes": 1}})
    deploying.wait("v1", "READY")
    (left,) = deploying.workers()
    assert left in more
    deploying.until(lambda: [one for one in more if one.ending is None] == [left])


def test_a_version_that_is_deleted_takes_its_workers_with_it(deploying: Any) -> None:
    record = deploying.ready(nodes=2)
    pids = [worker.pid for worker in deploying.workers()]
    deploying.deployed.versions.delete("local", "cells", "v1")
    deploying.until(lambda: deploying.deployed.versions.list("local", "cells") == ([], ""))
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    again = deploying.ready()
    assert again.uid > record.uid


def test_what_a_worker_says_before_it_ends_is_the_reason(deploying: Any) -> None:
    deploying.version(message="the digest of model.onnx is another")
    assert deploying.wait("v1", "FAILED").error_message == "the digest of model.onnx is another"
    log = deploying.folder.parent / "logs" / "local" / "cells" / "v1.log"
    assert "the digest of model.onnx" in log.read_text()


def test_a_worker_that_is_killed_at_every_start_fails(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.group.FIRST_WAIT", 0.01)
    deploying.version(status=int(signal.SIGKILL))
    record = deploying.wait("v1", "FAILED")
    assert record.error_message == "the worker ended with status -9 and said nothing"


def test_a_worker_that_cannot_be_started_fails(engine: Any, tmp_path: Path) -> None:
    deployed = Deployed.over(engine, FleetSettings(tmp_path, command=(str(tmp_path / "nothing"),)))
    deployed.models.create("local", {"name": "cells"})
    deployed.versions.create("local", "cells", {"name": "v1", "deploymentUri": "/models/x"})
    deployed.fleet.step()
    record = deployed.versions.get("local", "cells", "v1")
    assert record.state == "FAILED" and "a worker process cannot be started" in record.error_message


def test_a_worker_that_is_never_ready_fails(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.group.START_LIMIT", 0.3)
    deploying.version(slow=30)
    assert "no worker was ready within" in deploying.wait("v1", "FAILED").error_message


def test_the_end_of_the_fleet_is_the_end_of_all_workers_and_a_new_one_starts_them_again(
    deploying: Any, tmp_path: Path
) -> None:
    deploying.ready(nodes=2)
    before = {worker.pid for worker in deploying.workers()}
    again = Deployed.over(deploying.engine, FleetSettings(tmp_path / "logs", command=deploying.command, grace=5.0))
    with again.fleet:
        assert again.fleet.find("local", "cells") is not None  # known at once
        deploying.until(lambda: len(again.fleet.find("local", "cells").versions["v1"][1].usable()) == 2)
        theirs = {worker.pid for worker in again.fleet.find("local", "cells").versions["v1"][1].usable()}
        assert not theirs & before
    assert not [pid for pid in theirs if psutil.pid_exists(pid)]
    assert all(psutil.pid_exists(pid) for pid in before)


def test_a_worker_whose_server_was_killed_ends(deploying: Any, tmp_path: Path, deployable: Any) -> None:
    script = (
        "import sys, time; from pathlib import Path; from boxwright.endpoints.worker import Worker;"
        "w = Worker(sys.argv[3:], sys.argv[1], Path(sys.argv[2])); print(w.pid, flush=True); time.sleep(60)"
    )
    socket, folder = str(tmp_path / "s"), deployable(tmp_path / "model")
    words = [socket, str(tmp_path / "log"), *deploying.command, folder, f"--uds={socket}"]
    with subprocess.Popen([sys.executable, "-c", script, *words], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        pid = int(server.stdout.readline())
        deploying.until(lambda: Path(socket).exists())
        server.kill()
    deploying.until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_workers_go_on_while_the_database_is_away(deploying: Any) -> None:
    deploying.ready()
    (worker,) = deploying.workers()
    with deploying.engine.begin() as connection:
        connection.execute(text("ALTER TABLE versions RENAME TO gone"))
    deploying.deployed.fleet.look_again()
    assert deploying.workers() == [worker]
    with deploying.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO versions"))
    deploying.ready("v2")
    assert deploying.workers() == [worker]


def test_the_last_use_is_noted(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.fleet.USED_EVERY", 0.05)
    deploying.ready()
    assert deploying.deployed.versions.get("local", "cells", "v1").last_use_time is None
    deploying.deployed.fleet.find("local", "cells").versions["v1"][1].used = 1234.5
    deploying.until(lambda: deploying.deployed.versions.get("local", "cells", "v1").last_use_time == 1234.5)


def test_a_worker_that_does_not_end_when_it_is_told_is_killed(deploying: Any) -> None:
    deploying.ready("v1", deaf=True)
    (worker,) = deploying.workers()
    retired = Retired(grace=0.1)
    retired.add([worker])
    retired.finish()
    assert worker.ending == -signal.SIGKILL and retired.empty


def test_settings_become_options(deploying: Any) -> None:
    deploying.ready()
    changes = {"settings": {"max_batch": "7"}}
    deploying.deployed.versions.update("local", "cells", "v1", changes)
    deploying.wait("v1", "READY")
    (worker,) = deploying.workers()
    assert "--max-batch=7" in psutil.Process(worker.pid).cmdline()
