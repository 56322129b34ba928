"""Batch predictions by the command, and as jobs of a queue with workers of their own."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from boxwright.admission import Limits, admit
from boxwright.api.resources import job_json
from boxwright.api.routes.jobs import new_job
from boxwright.jobs import Supervisor
from boxwright.runners.local import LocalRunner
from boxwright.spec.job import FINAL_STATES, JobRequest
from boxwright.spec.machine import Machine
from boxwright.spec.server import RunnerSettings
from boxwright.store import JobStore, open_database

MACHINE = Machine(cores=2, memory=8 * 10**9)
QUICK = {"poll": 0.02, "backoff": 0.02, "lease": 5.0, "min_free_disk": 0, "min_free_memory": 0}


@pytest.fixture
def inputs(tmp_path: Path, write_inputs: Any, grey: Any) -> str:
    made: str = write_inputs("IMAGE", tmp_path / "in", [grey(1), b"none", grey(2)])
    return made


def test_the_command_predicts_and_goes_on(command: Any, tmp_path: Path, quadrant_model: Path, inputs: str) -> None:
    words = ("--data-format=image", f"--input-paths={inputs}", f"--output-path={tmp_path}/out")
    ran = command("batch-predict", quadrant_model, *words)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.splitlines()[-1] == f"2 predictions, 1 errors: {tmp_path}/out"
    lines = (tmp_path / "out" / "prediction.results-00000-of-00001").read_text().splitlines()
    assert [json.loads(line)["key"] for line in lines] == [f"{tmp_path}/in/0000.png", f"{tmp_path}/in/0002.png"]
    again = command("batch-predict", quadrant_model, *words)
    assert again.status == 0 and "this prediction is finished: 2 predictions and 1 errors" in again.out
    (tmp_path / "in" / "0003.png").touch()
    refused = command("batch-predict", quadrant_model, *words)
    assert refused.status == 1 and "holds results of another prediction (its inputs is another)" in refused.err


def test_a_mistake_of_the_command_is_one_message(command: Any, tmp_path: Path, quadrant_model: Path) -> None:
    words = ("--data-format=image", f"--input-paths={tmp_path}/*", f"--output-path={tmp_path}/out")
    ran = command("batch-predict", quadrant_model, *words)
    assert ran.status == 1 and "boxwright: --input-paths: predictionInput.inputPaths[0]: no file matches" in ran.err
    ran = command("batch-predict", tmp_path, *words)
    assert "MODEL: predictionInput.uri: no model in" in ran.err
    assert not (tmp_path / "out").exists()


def test_a_queued_job_is_predicted_and_counted(tmp_path: Path, quadrant_model: Path, inputs: str) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/store.db")
    store = JobStore(engine)
    given = {
        "uri": str(quadrant_model),
        "dataFormat": "IMAGE",
        "inputPaths": [inputs],
        "outputPath": str(tmp_path / "out"),
    }
    limits = Limits(MACHINE, (str(tmp_path),), str(tmp_path / "jobs"), False, previous=str)
    admitted = admit(JobRequest.read({"jobId": "one", "predictionInput": given}), limits)
    store.submit(new_job("local", admitted))
    supervisor = Supervisor(store, LocalRunner(), RunnerSettings(**QUICK), machine=MACHINE)
    end = time.monotonic() + 60
    while store.get("local", "one").state not in FINAL_STATES:
        assert time.monotonic() < end
        supervisor.tick()
        time.sleep(0.02)
    record = store.get("local", "one")
    assert (record.state, record.error_message, record.progress) == ("SUCCEEDED", "", 3)
    output = job_json(record)["predictionOutput"]
    assert 0 < output.pop("nodeHours") < 1
    assert output == {"outputPath": f"{tmp_path}/out", "predictionCount": "2", "errorCount": "1"}
    engine.dispose()
