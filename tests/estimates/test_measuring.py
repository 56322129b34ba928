"""Tests of estimates: one at a time, remembered, ended when nobody wants them; the measuring process is a fake."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boxwright.estimates.estimate import Estimate
from boxwright.estimates.measuring import Estimates
from boxwright.estimates.question import digest
from boxwright.jobdir import Job
from boxwright.spec.study import Study

FAKE = """
import json, os, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
how = json.loads((folder / "job.json").read_text())["arguments"]
with open(folder / "events.jsonl", "w") as events:
    for step in (0, 3):
        events.write(json.dumps({"kind": "estimate", "step": step, "values": {"phase": "steps"}, "time": 0}) + "\\n")
if "started" in how:
    Path(how["started"]).write_text(f"{os.getpid()} {os.environ['CUDA_VISIBLE_DEVICES']}")
time.sleep(float(how.get("seconds", 0)))
if "dies" in how:
    os.kill(os.getpid(), 9)
failed = {"status": "failed", "error": "no such data"}
done = {"status": "finished", "total_seconds": 60.0, "pid": os.getpid()}
(folder / "result.json").write_text(json.dumps(failed if "fails" in how else done))
"""


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Estimates]]:
    """Makes estimates with a fake process."""
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    made: list[Estimates] = []

    def estimates(**settings: float) -> Estimates:
        made.append(Estimates((sys.executable, "-S", str(script)), **settings))
        return made[-1]

    yield estimates
    for one in made:
        one.close()


def job(**arguments: str) -> Job:
    return Job(algorithm="image_object_detection", arguments=arguments)


def idle() -> bool:
    return False


def finished(estimates: Estimates, one: Estimate, *, asking: bool = True) -> Estimate:
    end = time.monotonic() + 20
    while not one.done:
        assert time.monotonic() < end, one
        time.sleep(0.02)
        if asking:
            estimates.get(one.project, one.id)
    return one


def until(path: Path) -> str:
    end = time.monotonic() + 20
    while not path.exists() or not path.read_text():
        assert time.monotonic() < end
        time.sleep(0.01)
    return path.read_text()


def test_an_estimate_is_measured_and_found_again(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make()
    started = tmp_path / "started"
    one = estimates.begin("local", job(started=str(started)), ["1", "3"], idle)
    assert finished(estimates, one).state == "SUCCEEDED"
    assert (one.values["total_seconds"], one.phase, one.busy, one.error) == (60.0, "steps", False, "")
    assert until(started).split()[1] == "1,3"
    assert estimates.begin("local", job(started=str(started)), ["1", "3"], idle) is one
    assert estimates.begin("other", job(started=str(started)), ["1", "3"], idle) is not one
    assert estimates.begin("local", job(started=str(started)), [], idle) is not one


def test_changed_data_is_measured_again(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("1")
    for path in (str(tmp_path / "data"), f"{tmp_path}/data/*", str(tmp_path / "data" / "a")):
        one = job(training_data_path=path)
        before = digest(one, "")
        assert digest(one, "") == before
        (tmp_path / "data" / "a").write_text((tmp_path / "data" / "a").read_text() + "2")
        assert digest(one, "") != before
    assert digest(job(training_data_path="gs://x/y"), "") != digest(job(training_data_path="/none"), "")
    assert finished(estimates, estimates.begin("local", one, [], idle)).state == "SUCCEEDED"


def test_what_was_measured_beside_jobs_says_so_and_is_not_kept(make: Callable[..., Estimates]) -> None:
    estimates = make()
    one = finished(estimates, estimates.begin("local", job(), [], lambda: True))
    assert one.busy and one.state == "SUCCEEDED"
    assert estimates.begin("local", job(), [], idle) is not one


def test_one_at_a_time(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make()
    first = estimates.begin("local", job(seconds="1", started=str(tmp_path / "1")), [], idle)
    until(tmp_path / "1")
    second = estimates.begin("local", job(started=str(tmp_path / "2")), [], idle)
    assert estimates.begin("local", job(started=str(tmp_path / "2")), [], idle) is second
    time.sleep(0.3)
    assert (first.state, second.state) == ("RUNNING", "WAITING")
    assert first.measured_steps == 3
    assert not (tmp_path / "2").exists()
    assert finished(estimates, first).state == "SUCCEEDED"
    assert finished(estimates, second).state == "SUCCEEDED"


def test_what_nobody_asks_after_is_ended(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make(abandoned=0.4)
    first = estimates.begin("local", job(seconds="60", started=str(tmp_path / "pid")), [], idle)
    second = estimates.begin("local", job(), [], idle)
    pid = int(until(tmp_path / "pid").split()[0])
    assert finished(estimates, second, asking=False).state == "CANCELLED"
    assert finished(estimates, first, asking=False).error == "nobody asked after it for 0 s; ask for it again"
    with pytest.raises(ProcessLookupError):
        for _ in range(200):
            time.sleep(0.02)
            os.kill(pid, 0)
    assert estimates.begin("local", job(seconds="60", started=str(tmp_path / "pid")), [], idle) is not first


def test_cancelling_ends_the_process(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make()
    one = estimates.begin("local", job(seconds="60", started=str(tmp_path / "pid")), [], idle)
    until(tmp_path / "pid")
    estimates.cancel(one)
    assert (one.state, one.error) == ("CANCELLED", "cancelled")
    after = estimates.begin("local", job(), [], idle)
    assert finished(estimates, after).state == "SUCCEEDED"
    estimates.cancel(after)
    assert after.state == "SUCCEEDED"


def test_a_measurement_that_takes_too_long_is_ended_in_words(make: Callable[..., Estimates]) -> None:
    estimates = make(time_limit=0.5)
    one = finished(estimates, estimates.begin("local", job(seconds="60"), [], idle))
    assert one.state == "FAILED"
    assert one.error == (
        "the measurement took more than 0 s and was ended after 3 steps, which take long: choose a smaller batch or "
        "smaller pictures"
    )


def test_failures_say_why(make: Callable[..., Estimates]) -> None:
    estimates = make()
    assert finished(estimates, estimates.begin("local", job(fails="1"), [], idle)).error == "no such data"
    killed = finished(estimates, estimates.begin("local", job(dies="1"), [], idle)).error
    assert "(status -9), most likely for lack of memory; choose a smaller batch" in killed
    broken = Estimates(("/no/such/command",))
    one = finished(broken, broken.begin("local", job(), [], idle))
    assert one.state == "FAILED" and "/no/such/command" in one.error
    with pytest.raises(LookupError, match="project local has no estimate 'x'"):
        estimates.get("local", "x")


def test_a_closed_server_ends_them(make: Callable[..., Estimates], tmp_path: Path) -> None:
    estimates = make()
    one = estimates.begin("local", job(seconds="60", started=str(tmp_path / "pid")), [], idle)
    until(tmp_path / "pid")
    estimates.close()
    assert finished(estimates, one).error == "the server was stopped"


def test_only_the_last_ones_are_remembered(make: Callable[..., Estimates], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.estimates.measuring.KEPT", 2)
    estimates = make()
    made = [finished(estimates, estimates.begin("local", job(a=str(number)), [], idle)) for number in range(3)]
    with pytest.raises(LookupError):
        estimates.get("local", made[0].id)
    assert estimates.get("local", made[2].id) is made[2]


def test_a_study_takes_as_long_as_its_trials(make: Callable[..., Estimates]) -> None:
    params = [{"parameterName": "max_steps", "type": "INTEGER", "minValue": 2, "maxValue": 4}]
    study = Study.read({"maxTrials": 6, "maxParallelTrials": 3, "params": params})
    whole = Job(kind="tune", algorithm="image_object_detection", arguments={"a": "b"}, study=study)
    estimates = make()
    one = finished(estimates, estimates.begin("local", whole, [], idle))
    assert (one.trials, one.rounds) == (6, 6)
    larger = whole.model_copy(update={"study": study.model_copy(update={"max_trials": 9})})
    other = estimates.begin("local", larger, [], idle)  # the same trial: known at once
    assert (other.state, other.trials, other.values) == ("SUCCEEDED", 9, one.values)
    assert estimates.begin("local", whole, [], idle).trials == 6
