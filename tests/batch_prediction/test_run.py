"""Tests of whole batch predictions: interrupted, repeated, with faulty inputs, by several processes."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from boxwright.batch_prediction import run
from boxwright.batch_prediction.sources import DATA_FORMATS
from boxwright.formats import recordfile, tfexample
from boxwright.jobdir import JobDir
from boxwright.progress import describe

OUTPUTS = {"detection_boxes", "detection_classes", "detection_scores", "num_detections", "key"}


def found(lines: list[dict[str, Any]]) -> list[int]:
    """The greys of the pictures that results are of."""
    return [round(one["detection_scores"][0] * 255) for one in lines]


@pytest.mark.parametrize("data_format", DATA_FORMATS)
def test_every_format_is_predicted(
    data_format: str, tmp_path: Path, write_inputs: Any, grey: Any, predict: Any
) -> None:
    pattern = write_inputs(data_format, tmp_path / "in", [grey(value) for value in range(7)])
    job = predict(pattern, data_format)
    job.cut(3)
    result = job.run()
    assert {"status": "finished", "best_step": 7, "predictions": 7, "errors": 0}.items() <= result.items()
    assert [path.name for path in job.files()] == [f"prediction.results-0000{number}-of-00003" for number in range(3)]
    assert [path.name for path in job.files("errors_stats")] == [
        f"prediction.errors_stats-0000{number}-of-00003" for number in range(3)
    ]
    assert found(job.lines()) == list(range(7)) and job.lines("errors_stats") == []
    assert {frozenset(one) for one in job.lines()} == {frozenset(OUTPUTS)}
    assert not list((tmp_path / "out").glob(".writing-*"))


def test_events_tell_how_far_it_is(
    tmp_path: Path, write_inputs: Any, grey: Any, predict: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TOLD_EVERY", 0.0)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    job = predict(write_inputs("IMAGE", tmp_path / "in", [grey(1)] * 3 + [b"none"]), "IMAGE")
    job.cut(2)
    job.run()
    told = [(one.kind, one.step, one.values.get("predictions"), one.values.get("errors")) for one in job.heard]
    assert told == [
        ("planned", 0, None, None),
        ("predicted", 0, 1, 0),  # the step is what is safe, the counts are what is done
        ("predicted", 0, 2, 0),
        ("predicted", 2, 2, 0),
        ("predicted", 2, 3, 0),
        ("predicted", 2, 3, 1),
        ("predicted", 4, 3, 1),
        ("finished", 4, 3, 1),
    ]
    assert list(job.jobdir.events()) == job.heard
    log = [line.split(" ", 1)[1] for line in job.jobdir.log_file.read_text().splitlines()]
    assert log[0] == f"4 pictures in 4 files for {job.given.uri}, with 2 threads: 2 shards"
    assert log[-1].startswith("4 of 4 pictures, 1 of them errors, ")


def test_a_second_run_does_nothing_and_says_so(tmp_path: Path, write_inputs: Any, grey: Any, predict: Any) -> None:
    job = predict(write_inputs("IMAGE", tmp_path / "in", [grey(1), b"none"]), "IMAGE")
    result = job.run()
    times = [path.stat().st_mtime_ns for path in job.files()]
    assert job.run() == result
    assert describe(job.heard[-1]) == f"this prediction is finished: 1 predictions and 1 errors in {tmp_path}/out"
    # Another job of the same prediction finds everything done, too.
    other = predict(f"{tmp_path}/in/*", "IMAGE")
    other.jobdir = JobDir(tmp_path / "other")
    assert {"predictions": 1, "errors": 1}.items() <= other.run().items()
    assert "1 of them finished earlier" in describe(other.heard[0])
    assert [path.stat().st_mtime_ns for path in job.files()] == times


def test_bad_inputs_are_errors_and_lose_nothing(tmp_path: Path, json_line: Any, grey: Any, predict: Any) -> None:
    good = grey(9)
    lines = [json_line(good, key=1), b"{torn\n", json_line(good[:50], key=[2]), b'{"key": 3, "b64": "*"}\n']
    (tmp_path / "a.jsonl").write_bytes(b"".join([*lines, json_line(good, key=1)]))
    job = predict(f"{tmp_path}/*.jsonl")
    assert {"predictions": 2, "errors": 3}.items() <= job.run().items()
    assert [one["key"] for one in job.lines()] == [1, 1]  # keys need not differ
    errors = job.lines("errors_stats")
    path = tmp_path / "a.jsonl"
    assert [(one["input"], one["key"]) for one in errors] == [
        (f"{path}: line 2", "a.jsonl:2"),
        (f"{path}: line 3", [2]),
        (f"{path}: line 4", 3),
    ]
    assert all(set(one) == {"input", "key", "reason"} and one["reason"] for one in errors)


def test_a_truncated_file_of_examples(tmp_path: Path, grey: Any, predict: Any) -> None:
    examples = [
        tfexample.encode({"image/encoded": [grey(value)], "key": [f"k{value}".encode()], "n": np.array([1])})
        for value in range(3)
    ]
    data = b"".join(map(recordfile.frame, examples))
    (tmp_path / "a.tfrecord").write_bytes(data[:-20])
    (tmp_path / "b.tfrecord").write_bytes(recordfile.frame(examples[2]))
    job = predict(f"{tmp_path}/*.tfrecord", "TF_RECORD")
    job.cut(2)
    assert {"predictions": 3, "errors": 1}.items() <= job.run().items()
    assert [one["key"] for one in job.lines()] == ["k0", "k1", "k2"]
    (error,) = job.lines("errors_stats")
    assert error["input"].startswith(f"{tmp_path}/a.tfrecord: record 2 at byte ") and "truncated" in error["reason"]


def test_a_stop_is_heard_between_pictures_and_the_rest_is_done_later(
    tmp_path: Path, write_inputs: Any, grey: Any, predict: Any
) -> None:
    job = predict(write_inputs("IMAGE", tmp_path / "in", [grey(value) for value in range(9)]), "IMAGE")
    job.cut(3)
    job.write_job()

    def stop(event: Any) -> None:
        if event.kind == "predicted" and event.step == 3:
            os.kill(os.getpid(), signal.SIGTERM)

    assert run.prediction_job(job.jobdir, stop) == {"status": "stopped", "step": 3}
    assert len(job.files()) == 1
    kept = job.files()[0].stat().st_mtime_ns
    assert job.run()["predictions"] == 9
    assert job.files()[0].stat().st_mtime_ns == kept and found(job.lines()) == list(range(9))
    assert job.heard[0].values["left"] == 2
    steps = [event.step for event in job.jobdir.events()]
    assert steps == sorted(steps)


def test_it_goes_on_after_its_process_was_killed(tmp_path: Path, write_inputs: Any, grey: Any, predict: Any) -> None:
    large = io.BytesIO()
    Image.new("L", (9000, 9000)).save(large, "PNG")  # takes so long that the process is killed within it
    pictures = [*map(grey, range(5)), b"none", large.getvalue(), *map(grey, range(5))]
    job = predict(write_inputs("IMAGE", tmp_path / "in", pictures), "IMAGE")
    job.cut(1)
    job.write_job()
    worker = subprocess.Popen([sys.executable, "-m", "boxwright.cli", "work", str(job.jobdir.path)])
    while len(job.files()) < 5:
        assert worker.poll() is None
        time.sleep(0.002)
    worker.kill()
    worker.wait()
    kept = {path: path.stat().st_mtime_ns for path in job.files()}
    assert 5 <= len(kept) < 7
    assert {"predictions": 11, "errors": 1, "best_step": 12}.items() <= job.run().items()
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    # Every input is in the results or in the errors, once.
    keys = [one["key"] for one in job.lines() + job.lines("errors_stats")]
    assert sorted(keys) == [f"{tmp_path}/in/{number:04}.png" for number in range(12)]
    assert not list((tmp_path / "out").glob(".writing-*"))


def test_two_processes_do_not_write_to_one_folder(tmp_path: Path, write_inputs: Any, grey: Any, predict: Any) -> None:
    job = predict(write_inputs("IMAGE", tmp_path / "in", [grey(1)]), "IMAGE")
    (tmp_path / "out").mkdir()
    with JobDir(tmp_path / "out").held(), pytest.raises(BlockingIOError):
        job.run()
    assert job.run()["predictions"] == 1


def test_results_may_be_remote(tmp_path: Path, write_inputs: Any, grey: Any, predict: Any, memory: str) -> None:
    pattern = write_inputs("IMAGE", tmp_path / "in", [grey(4)])
    job = predict(pattern, "IMAGE", outputPath=f"{memory}/out")
    assert job.run()["predictions"] == 1
    text = run.files.read_text(f"{memory}/out/prediction.results-00000-of-00001")
    assert found([json.loads(text)]) == [4]


def test_threads_are_those_of_the_machine_the_runner_and_the_job(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [run._workers(predict("a", maxWorkerCount=count).given) for count in (3, 10)] == [3, 8]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert run._workers(predict("a", maxWorkerCount=10).given) == 2
