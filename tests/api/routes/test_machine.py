"""The routes that tell of the machine and its disks."""

from typing import Any

import pytest

import boxwright
from boxwright.runners.host import GpuLoad, Load, host_name


def test_the_machine_and_what_runs_are_told(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    load = Load(12.5, 0.75, 5 * 10**9, (GpuLoad("NVIDIA T4", 40.0, 16 * 2**30, 2**30),))
    monkeypatch.setattr("boxwright.api.routes.machine.load_now", lambda: load)
    record, _ = served.running("runs")
    found = served.client("viewer").get("/v1/machine").json()
    start = found["jobs"][0].pop("startTime")
    assert start.startswith("20") and start.endswith("Z")
    assert found == {
        "host": host_name(),
        "version": boxwright.__version__,
        "cores": 2,
        "memoryBytes": str(24 * 10**9),
        "freeMemoryBytes": str(5 * 10**9),
        "busyPercent": 12.5,
        "loadAverage": 0.75,
        "gpus": [
            {
                "name": "NVIDIA T4",
                "busyPercent": 40.0,
                "memoryBytes": str(16 * 2**30),
                "usedMemoryBytes": str(2**30),
            }
        ],
        "jobs": [{"project": "local", "jobId": "runs", "state": "RUNNING", "host": "host"}],
    }
    served.jobs.change(record, state="SUCCEEDED")
    assert "jobs" not in served.client("viewer").get("/v1/machine").json()


def test_a_machine_says_how_busy_it_is(served: Any) -> None:
    found = served.client("viewer").get("/v1/machine").json()
    assert 0 <= found["busyPercent"] <= 100 and int(found["freeMemoryBytes"]) > 0


def test_storage_is_told_by_project(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.storage.FRESH", 0.0)
    _, log = served.running("stored")
    log.write_bytes(b"x" * 100)
    (log.parent / "model").mkdir()
    (log.parent / "model" / "model.onnx").write_bytes(b"x" * 50)
    found = served.client("trainer").get("/v1/storage").json()
    assert found["complete"] is True and found["measureTime"].endswith("Z")
    (local,) = [one for one in found["projects"] if one["project"] == "local"]
    assert (local["jobsBytes"], local["modelsBytes"], local["datasetsBytes"]) == ("100", "50", "0")
    disk = next(one for one in found["disks"] if one["path"] == str(served.folder / "jobs"))
    assert 0 < int(disk["freeBytes"]) < int(disk["totalBytes"])
    assert served.client("viewer").get("/v1/storage").status_code == 403
