"""Tests of the loop that keeps jobs going, with a real store and real processes."""

import os
import signal
import time
from typing import Any

import pytest

from boxwright.jobdir import Worker
from boxwright.jobs import Supervisor
from boxwright.runners.local import LocalRunner
from boxwright.spec.machine import Machine
from boxwright.store import StoreUnavailable


def worker_of(desk: Any, name: str) -> Worker:
    found = desk.jobdir(name).read_worker()
    assert found is not None
    return found


def test_a_job_succeeds(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=3")
    (done,) = desk.finish("one")
    assert (done.state, done.error_message, done.progress) == ("SUCCEEDED", "", 3)
    assert done.create_time <= done.start_time <= done.end_time
    assert done.output["isBuiltInAlgorithmJob"] is False
    assert desk.steps("one") == [1, 2, 3]
    assert desk.starts("one") == 1
    assert (done.owner, desk.supervisors[0].watches) == ("", {})
    assert "waited 3 of 3" in desk.jobdir("one").log_file.read_text()


def test_a_mistake_fails_at_once(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=4", "--fail=user")
    (done,) = desk.finish("one")
    assert (done.state, done.faults, desk.starts("one")) == ("FAILED", 0, 1)
    assert done.error_message == "this job was asked to fail with a mistake of the user (--fail=user)"
    assert desk.steps("one") == [1, 2]


@pytest.mark.parametrize(
    ("fail", "said"),
    [
        ("machine", "this job was asked to fail with a fault of the machine (--fail=machine)"),
        ("kill", "the job's process was killed (SIGKILL)"),
    ],
)
def test_a_machine_fault_is_tried_again_and_in_the_end_fails(desk: Any, fail: str, said: str) -> None:
    desk.supervisor(max_faults=3)
    desk.submit("one", "--steps=4", f"--fail={fail}")
    (done,) = desk.finish("one")
    assert done.state == "FAILED"
    assert said in done.error_message
    assert "(3 faults of the machine in a row, without progress between them)" in done.error_message
    # The first attempt made two steps, which starts the count anew: its fault is the first of the three.
    assert (desk.starts("one"), desk.steps("one")) == (3, [1, 2])
    log = desk.jobdir("one").log_file.read_text()
    assert log.count("fault of the machine, tried again in") == 2
    assert said in log


def test_a_fault_waits_before_it_is_tried_again(desk: Any) -> None:
    one = desk.supervisor(backoff=30.0)
    desk.submit("one", "--fail=machine")
    desk.until(lambda: desk.get("one").faults)
    waiting = desk.get("one")
    assert waiting.state == "QUEUED"
    assert "asked to fail with a fault of the machine" in waiting.error_message
    assert 29 < waiting.not_before - time.time() < 30
    assert one.watches == {}


def test_a_killed_worker_continues_and_does_no_step_twice(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=12", "--seconds=0.05")
    for step in (2, 5):
        desk.until(lambda step=step: step in desk.steps("one"))
        os.kill(worker_of(desk, "one").pid, signal.SIGKILL)
    (done,) = desk.finish("one")
    assert (done.state, done.error_message) == ("SUCCEEDED", "")
    assert desk.steps("one") == list(range(1, 13))
    assert desk.starts("one") == 3
    processes = {event.values["process"] for event in desk.jobdir("one").events() if event.kind == "begun"}
    assert len(processes) == 3


def test_progress_is_seen_while_a_job_runs(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=100", "--seconds=0.05")
    desk.until(lambda: desk.get("one").progress > 1)
    assert desk.get("one").state == "RUNNING"
    record, worker = desk.get("one"), worker_of(desk, "one")
    assert (record.host, record.pid, record.pid_started) == (worker.host, worker.pid, worker.started)


def test_the_next_supervisor_takes_over_the_living_worker(desk: Any) -> None:
    first = desk.supervisor(lease=0.5)
    desk.submit("one", "--steps=40", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"), first)
    worker = worker_of(desk, "one")
    # `first` is heard of no more: its lease runs out.
    second = desk.supervisor()
    (done,) = (desk.until(lambda: desk.get("one").state == "SUCCEEDED", second), desk.get("one"))[1:]
    assert desk.starts("one") == 1
    assert worker_of(desk, "one") == worker
    assert desk.steps("one") == list(range(1, 41))
    # `first` comes back, has lost the job, and does nothing to it.
    first.tick()
    assert first.watches == {} and desk.get("one") == done


def test_a_supervisor_that_leaves_hands_over_at_once(desk: Any) -> None:
    first = desk.supervisor(lease=60.0)
    desk.submit("one", "--steps=20", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"), first)
    first.release()
    desk.until(lambda: desk.get("one").state == "SUCCEEDED", desk.supervisor(), seconds=8)
    assert desk.starts("one") == 1


def test_a_worker_that_died_with_its_supervisor_is_replaced(desk: Any) -> None:
    first = desk.supervisor()
    desk.submit("one", "--steps=8", "--seconds=0.05")
    desk.until(lambda: 2 in desk.steps("one"), first)
    os.kill(worker_of(desk, "one").pid, signal.SIGKILL)
    first.release()
    desk.until(lambda: desk.get("one").state == "SUCCEEDED", desk.supervisor())
    assert (desk.starts("one"), desk.steps("one")) == (2, list(range(1, 9)))


def test_a_start_that_was_not_recorded_starts_no_second_worker(desk: Any) -> None:
    first = desk.supervisor()
    record = desk.submit("one", "--steps=20", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"), first)
    # As if the supervisor had died between the start and the note of it.
    desk.store.change(first.watches[record.uid].record, pid=0, pid_started=0.0, lease_until=0.0)
    second = desk.supervisor()
    desk.until(lambda: second.watches, second)
    assert second.watches[record.uid].worker == worker_of(desk, "one")
    desk.until(lambda: desk.get("one").state == "SUCCEEDED", second)
    assert desk.starts("one") == 1


def test_two_supervisors_start_a_job_once(desk: Any) -> None:
    for _ in range(2):
        desk.supervisor(max_jobs=3)
    names = [f"job{index}" for index in range(5)]
    for name in names:
        desk.submit(name, "--steps=2")
    assert {done.state for done in desk.finish(*names)} == {"SUCCEEDED"}
    assert [desk.starts(name) for name in names] == [1] * 5


def test_cancel_of_a_queued_job(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one")
    desk.store.cancel("local", "one")
    desk.supervisors[0].tick()
    assert desk.get("one").state == "CANCELLED"
    assert not desk.jobdir("one").path.exists()


def test_cancel_of_a_running_job_saves_its_place(desk: Any) -> None:
    desk.supervisor(grace=30.0)
    desk.submit("one", "--steps=1000", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"))
    assert desk.store.cancel("local", "one", "no longer wanted").state == "CANCELLING"
    (done,) = desk.finish("one")
    assert (done.state, done.error_message) == ("CANCELLED", "no longer wanted")
    assert list(desk.jobdir("one").events())[-1].kind == "stopped"
    assert not LocalRunner().alive(worker_of(desk, "one"))


def test_a_job_that_does_not_stop_is_killed(desk: Any) -> None:
    desk.supervisor(grace=0.3)
    desk.submit("one", "--steps=2000", "--seconds=0.05", "--fail=deaf")
    desk.until(lambda: desk.steps("one"))
    desk.store.cancel("local", "one")
    (done,) = desk.finish("one")
    assert done.state == "CANCELLED"
    assert "killed: it went on for 0.3 s after it was asked to stop" in desk.jobdir("one").log_file.read_text()
    assert not LocalRunner().alive(worker_of(desk, "one"))


def test_a_finished_job_stays_as_it_is(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one")
    (done,) = desk.finish("one")
    assert desk.store.cancel("local", "one") == done


def test_max_running_time(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=1000", "--seconds=0.05", max_running=0.5)
    (done,) = desk.finish("one")
    assert done.state == "CANCELLED"
    assert done.error_message == "the job ran longer than its maxRunningTime of 0.5 s"
    assert done.end_time - done.start_time >= 0.5


def test_max_wait_time(desk: Any) -> None:
    desk.supervisor()
    desk.submit("first", "--steps=1000", "--seconds=0.05")
    desk.until(lambda: desk.steps("first"))
    desk.submit("late", max_wait=0.2)
    (done,) = desk.finish("late")
    assert (done.state, done.start_time) == ("CANCELLED", None)
    assert done.error_message == "the job waited longer than its maxWaitTime of 0.2 s"
    assert desk.get("first").state == "RUNNING"


def test_priority_then_age(desk: Any) -> None:
    for name, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 9)):
        desk.submit(name, priority=priority)
    desk.supervisor()
    done = desk.finish("a", "b", "c", "d")
    assert [one.job_id for one in sorted(done, key=lambda one: one.start_time)] == ["d", "b", "a", "c"]


def test_no_more_jobs_than_slots(desk: Any) -> None:
    one = desk.supervisor(max_jobs=2)
    for name in "abc":
        desk.submit(name, "--steps=8", "--seconds=0.05")
    most = 0

    def ended() -> bool:
        nonlocal most
        states = [desk.get(name).state for name in "abc"]
        most = max(most, states.count("RUNNING") + states.count("PREPARING"))
        return set(states) == {"SUCCEEDED"}

    desk.until(ended, one)
    assert most == 2


def test_each_gpu_takes_one_job(desk: Any) -> None:
    two = Machine(cores=2, memory=8 * 10**9, gpus=("A", "A"))
    one = desk.supervisor(machine=two)
    for name in ("g1", "g2", "g3"):
        desk.submit(name, "--steps=1000", "--seconds=0.05", scaleTier="BASIC_GPU")
    desk.submit("cpu", "--steps=1000", "--seconds=0.05")
    desk.until(lambda: all(desk.get(name).state == "RUNNING" for name in ("g1", "g2", "cpu")), one)
    desk.until(lambda: desk.get("g3").note, one)
    assert desk.get("g3").state == "QUEUED"
    assert desk.get("g3").note == "waiting: it needs 1 GPU, and 0 of 2 are free"
    desk.until(lambda: all(desk.steps(name) for name in ("g1", "g2", "cpu")), one)
    assert [worker_of(desk, name).devices for name in ("g1", "g2", "cpu")] == ["0", "1", ""]
    desk.store.cancel("local", "g1")
    desk.until(lambda: desk.steps("g3"), one)
    assert worker_of(desk, "g3").devices == "0" and desk.get("g3").note == ""


@pytest.mark.parametrize("short", ["min_free_disk", "min_free_memory"])
def test_jobs_wait_while_the_machine_is_full(desk: Any, short: str) -> None:
    full = desk.supervisor(**{short: 10**18})
    desk.submit("one")
    desk.until(lambda: desk.get("one").note, full)
    waiting = desk.get("one")
    assert waiting.state == "QUEUED" and waiting.note.startswith("waiting: ")
    assert "a start needs 1000000000000" in waiting.note
    for _ in range(20):
        full.tick()
        time.sleep(0.02)
    assert desk.jobdir("one").log_file.read_text().count("waiting: ") == 1
    desk.until(lambda: desk.get("one").state == "SUCCEEDED", desk.supervisor())
    assert desk.get("one").note == ""


def test_a_machine_that_falls_short_leaves_the_job_in_the_queue(desk: Any) -> None:
    one = desk.supervisor()
    desk.submit("one", scaleTier="BASIC_GPU")
    desk.until(lambda: desk.get("one").note, one)
    assert "this machine has 2 cores" in desk.get("one").note
    assert desk.get("one").state == "QUEUED"


def test_another_jobs_folder_is_a_mistake(desk: Any) -> None:
    desk.supervisor()
    desk.submit("one", "--steps=2")
    desk.finish("one")
    (desk.folder / "two").symlink_to(desk.folder / "one")
    desk.submit("two", "--steps=3")
    (done,) = desk.finish("two")
    assert done.state == "FAILED"
    assert "holds another run of wait (steps: 2 there, 3 now)" in done.error_message


class Outage:
    """A store whose database is away between two calls, or only its answers."""

    def __init__(self, store: Any) -> None:
        self._store, self.away, self.deaf = store, False, ""

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if self.away:
                raise StoreUnavailable("the database is away")
            answer = getattr(self._store, name)(*args, **kwargs)
            if self.deaf == name:
                self.deaf = ""
                raise StoreUnavailable("the answer was lost")
            return answer

        return call


def test_jobs_go_on_while_the_database_is_away(desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    store = Outage(desk.store)
    one = desk.supervisor(store=store, lease=0.5)
    desk.submit("one", "--steps=15", "--seconds=0.05")
    desk.submit("next", "--steps=1")
    desk.until(lambda: desk.steps("one"))
    store.away = True
    desk.until(lambda: desk.jobdir("one").read_result() is not None)
    time.sleep(0.6)
    one.tick()
    assert desk.get("one").state == "RUNNING"
    assert caplog.text.count("the database is away; jobs go on meanwhile") == 1
    store.away = False
    assert [done.state for done in desk.finish("one", "next")] == ["SUCCEEDED"] * 2
    assert "the database is back" in caplog.text
    assert (desk.starts("one"), desk.steps("one")) == (1, list(range(1, 16)))


@pytest.mark.parametrize("lost", ["claim", "change", "renew", "adopt", "requeue"])
def test_an_answer_that_is_lost_loses_no_job(desk: Any, lost: str) -> None:
    store = Outage(desk.store)
    desk.supervisor(store=store)
    store.deaf = lost
    desk.submit("one", "--steps=3", "--seconds=0.02")
    (done,) = desk.finish("one")
    assert (done.state, desk.starts("one"), desk.steps("one")) == ("SUCCEEDED", 1, [1, 2, 3])


def test_a_job_that_went_to_another_is_let_go(desk: Any) -> None:
    one = desk.supervisor()
    desk.submit("one", "--steps=1000", "--seconds=0.05")
    desk.until(lambda: desk.steps("one"))
    (taken,) = desk.store.adopt("other", "elsewhere", now=time.time() + 100, lease=100)
    desk.until(lambda: not one.watches)
    assert LocalRunner().alive(worker_of(desk, "one"))
    assert desk.get("one") == taken


def test_run_ends_when_it_is_told_to(desk: Any) -> None:
    one: Supervisor = desk.supervisor()
    desk.submit("one", "--steps=1000", "--seconds=0.05")
    one.run(lambda: bool(desk.jobdir("one").path.exists() and desk.steps("one")))
    left = desk.get("one")
    assert (left.state, left.lease_until, one.watches) == ("RUNNING", 0.0, {})
    assert LocalRunner().alive(worker_of(desk, "one"))
