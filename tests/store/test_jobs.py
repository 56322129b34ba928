"""The queue keeps its promises: each job is claimed once, only its owner changes it, and cancelling is never lost."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest
from sqlalchemy import Engine

from boxwright.store import EtagMismatch, JobExists, JobMissing, JobRecord, JobStore, LeaseLost, NewJob, parse_filter
from boxwright.store.schema import jobs

Make = Callable[..., NewJob]


def _claimed(store: JobStore, owner: str = "a", now: float = 100.0, lease: float = 20.0) -> JobRecord:
    record = store.claim(owner, "host", now=now, lease=lease)
    assert record is not None
    return record


def _names(records: list[JobRecord]) -> list[str]:
    return [record.job_id for record in records]


def test_columns_are_the_fields_of_a_record() -> None:
    assert [column.name for column in jobs.columns] == [field.name for field in fields(JobRecord)]


def test_a_submitted_job_is_queued_as_it_was_given(store: JobStore, new_job: Make) -> None:
    request = {"jobId": "job", "trainingInput": {"args": ["--a=ä", "\0"], "n": 0.1}}
    new = new_job(request=request, labels={"team": "x"}, priority=7, note="waits", max_wait=1800.0, max_running=60.0)
    before = time.time()
    record = store.submit(new)
    assert before - 1 < record.create_time < time.time() + 1
    assert {name: getattr(record, name) for name in vars(new)} == vars(new)
    assert (record.state, record.owner, record.pid, record.output) == ("QUEUED", "", 0, {})
    assert store.get("local", "job") == record


def test_names_are_used_once_in_a_project(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    with pytest.raises(JobExists, match="project local has a job job already; job ids are used once: choose another"):
        store.submit(new_job(job_dir="/jobs/elsewhere"))
    store.submit(new_job(job_dir="/jobs/elsewhere", project="other"))
    store.submit(new_job("Job"))


def test_a_folder_belongs_to_one_unfinished_job(store: JobStore, new_job: Make) -> None:
    store.submit(new_job("first", job_dir="/jobs/x"))
    with pytest.raises(JobExists, match="the job folder /jobs/x is in use by job first, which has not ended"):
        store.submit(new_job("second", job_dir="/jobs/x", project="other"))
    store.cancel("local", "first")
    store.submit(new_job("second", job_dir="/jobs/x"))


def test_missing_jobs(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    for project, name in (("local", "other"), ("other", "job")):
        for use in (store.get, store.cancel):
            with pytest.raises(JobMissing, match=f"project {project} has no job {name}"):
                use(project, name)
        with pytest.raises(JobMissing):
            store.relabel(project, name, {})


def test_the_queue_is_ordered_by_priority_then_age(store: JobStore, new_job: Make) -> None:
    for name, priority in (("low", 0), ("first", 5), ("second", 5), ("top", 9)):
        store.submit(new_job(name, priority=priority))
    order = ["top", "first", "second", "low"]
    assert [store.position(store.get("local", name)) for name in order] == [1, 2, 3, 4]
    assert [_claimed(store).job_id for _ in order] == order
    assert store.claim("a", "host", now=100.0, lease=20.0) is None
    assert store.position(store.get("local", "low")) == 0


def test_a_claimed_job_is_prepared_by_its_owner(store: JobStore, new_job: Make) -> None:
    queued = store.submit(new_job())
    record = _claimed(store, now=100.0, lease=20.0)
    assert (record.state, record.owner, record.host, record.lease_until) == ("PREPARING", "a", "host", 120.0)
    assert record.etag != queued.etag
    assert store.get("local", "job") == record


def test_each_job_is_claimed_once(engine: Engine, store: JobStore, new_job: Make) -> None:
    script = """
import sys, time
from boxwright.store import JobStore, open_database
store = JobStore(open_database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
while (record := store.claim(sys.argv[2], "host", now=time.time(), lease=60.0)) is not None:
    print(record.job_id, flush=True)
"""
    names = {f"job_{n}" for n in range(200)}
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", script, url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    runners = [subprocess.Popen([*command, f"runner_{n}"], **pipes) for n in range(4)]  # type: ignore[call-overload]
    for name in names:
        store.submit(new_job(name))
    for runner in runners:
        assert runner.stdout.readline() == "ready\n"
    for runner in runners:
        runner.stdin.write("go\n")
        runner.stdin.flush()
    claimed = [runner.communicate(timeout=60)[0].split() for runner in runners]
    assert [runner.returncode for runner in runners] == [0] * 4
    assert sorted(sum(claimed, [])) == sorted(names)
    for n, mine in enumerate(claimed):
        held = store.renew(f"runner_{n}", now=time.time(), lease=60.0)
        assert sorted(_names(held)) == sorted(mine)


def test_cancelling_and_claiming_at_once_lose_nothing(store: JobStore, new_job: Make) -> None:
    names = [f"job_{n}" for n in range(30)]
    for name in names:
        store.submit(new_job(name))
    start = threading.Barrier(2)

    def claim_all() -> set[str]:
        start.wait()
        claimed = set()
        while (record := store.claim("a", "host", now=100.0, lease=20.0)) is not None:
            claimed.add(record.job_id)
        return claimed

    def cancel_all() -> None:
        start.wait()
        for name in reversed(names):
            store.cancel("local", name)

    with ThreadPoolExecutor(2) as pool:
        claiming, cancelling = pool.submit(claim_all), pool.submit(cancel_all)
        cancelling.result()
        claimed = claiming.result()
    states = {name: store.get("local", name).state for name in names}
    assert states == {name: "CANCELLING" if name in claimed else "CANCELLED" for name in names}


def test_cancelling_and_finishing_at_once_give_one_end(store: JobStore, new_job: Make) -> None:
    for n in range(20):
        store.submit(new_job(f"job_{n}"))
    with ThreadPoolExecutor(2) as pool:
        for n in range(20):
            record = _claimed(store)
            cancelled = pool.submit(store.cancel, "local", f"job_{n}")
            ended = pool.submit(store.change, record, state="SUCCEEDED")
            assert cancelled.result().state in ("CANCELLING", "SUCCEEDED")
            assert ended.result().state == "SUCCEEDED"
            assert store.get("local", f"job_{n}").state == "SUCCEEDED"


def test_backoff_holds_a_job_back(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    store.requeue(_claimed(store), not_before=150.0, faults=2, progress=40)
    assert store.claim("b", "host", now=149.0, lease=20.0) is None
    record = _claimed(store, "b", now=150.0)
    assert (record.faults, record.progress, record.owner, record.state) == (2, 40, "b", "PREPARING")


def test_renewing_prolongs_ones_own_leases_and_tells_of_cancelling(store: JobStore, new_job: Make) -> None:
    store.submit(new_job("mine"))
    store.submit(new_job("theirs"))
    mine, theirs = _claimed(store, "a"), _claimed(store, "b")
    store.cancel("local", "mine", "no longer wanted")
    (renewed,) = store.renew("a", now=110.0, lease=20.0)
    assert (renewed.job_id, renewed.state, renewed.cancel_requested) == ("mine", "CANCELLING", True)
    assert (renewed.lease_until, renewed.error_message) == (130.0, "no longer wanted")
    assert store.get("local", "theirs") == theirs
    store.change(mine, state="CANCELLED")
    assert store.renew("a", now=111.0, lease=20.0) == []


def test_a_lease_that_has_run_out_is_adopted_once(store: JobStore, new_job: Make) -> None:
    store.submit(new_job("started"))
    store.submit(new_job("fresh"))
    store.change(_claimed(store, "a", now=100.0), state="RUNNING", pid=7, pid_started=99.5)
    _claimed(store, "a", now=100.0)
    assert store.adopt("b", "elsewhere", now=119.0, lease=20.0) == []
    adopted = store.adopt("b", "elsewhere", now=121.0, lease=20.0)
    assert [(one.job_id, one.owner, one.lease_until) for one in adopted] == [
        ("started", "b", 141.0),
        ("fresh", "b", 141.0),
    ]
    # The worker is looked for where it was started.
    assert [(one.host, one.pid, one.pid_started) for one in adopted] == [("host", 7, 99.5), ("elsewhere", 0, 0.0)]
    assert store.adopt("c", "elsewhere", now=121.0, lease=20.0) == []
    assert store.renew("a", now=122.0, lease=20.0) == []


def test_adopting_at_once_gives_each_job_to_one(store: JobStore, new_job: Make) -> None:
    for n in range(10):
        store.submit(new_job(f"job_{n}"))
        _claimed(store, "dead")
    with ThreadPoolExecutor(4) as pool:
        owners = [f"runner_{n}" for n in range(4)]
        taken = list(pool.map(lambda owner: store.adopt(owner, "host", now=200.0, lease=20.0), owners))
    assert sorted(sum((_names(part) for part in taken), [])) == [f"job_{n}" for n in range(10)]


def test_who_lost_the_lease_changes_nothing(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    old = _claimed(store, "a")
    (new,) = store.adopt("b", "host", now=200.0, lease=20.0)
    with pytest.raises(LeaseLost, match="job job belongs to b, no longer to 'a'"):
        store.change(old, state="SUCCEEDED")
    with pytest.raises(LeaseLost):
        store.requeue(old, not_before=0.0, faults=1, progress=0)
    assert store.get("local", "job") == new


def test_a_queued_job_is_changed_until_it_is_claimed(store: JobStore, new_job: Make) -> None:
    queued = store.submit(new_job())
    assert store.change(queued, note="waits for memory").note == "waits for memory"
    _claimed(store)
    with pytest.raises(LeaseLost, match="belongs to a"):
        store.change(queued, state="FAILED")


def test_an_ended_job_stays_as_it_is(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    record = store.change(_claimed(store), state="FAILED", error_message="bad \0 data \udcff", end_time=123.0)
    assert (record.end_time, record.owner, record.lease_until) == (123.0, "", 0.0)
    assert record.error_message == "bad \ufffd data ?"
    for owner in ("", "a"):
        with pytest.raises(LeaseLost, match=r"job job has ended \(FAILED\)"):
            store.change(replace(record, owner=owner), state="RUNNING")
    assert store.cancel("local", "job") == record


def test_an_end_without_a_time_is_now(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    record = store.change(_claimed(store), state="SUCCEEDED", output={"trials": [{"trialId": "1"}]})
    assert record.end_time == pytest.approx(time.time(), abs=5)
    assert record.output == {"trials": [{"trialId": "1"}]}


def test_output_holds_numbers_only(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    with pytest.raises(Exception, match="not JSON compliant"):
        store.change(_claimed(store), output={"objectiveValue": float("nan")})


def test_cancelling_a_queued_job_ends_it(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    record = store.cancel("local", "job", "not needed")
    assert (record.state, record.error_message) == ("CANCELLED", "not needed")
    assert record.end_time == pytest.approx(time.time(), abs=5)
    assert store.claim("a", "host", now=1e12, lease=20.0) is None


def test_cancelling_is_not_overwritten(store: JobStore, new_job: Make) -> None:
    store.submit(new_job())
    record = _claimed(store)
    assert store.cancel("local", "job").state == "CANCELLING"
    running = store.change(record, state="RUNNING", pid=7)
    assert (running.state, running.pid, running.cancel_requested) == ("CANCELLING", 7, True)
    again = store.cancel("local", "job", "again")
    assert again == running
    store.requeue(running, not_before=0.0, faults=1, progress=0)
    ended = store.get("local", "job")
    assert (ended.state, ended.owner, ended.end_time is None) == ("CANCELLED", "", False)


def test_overdue_are_those_that_never_started(store: JobStore, new_job: Make) -> None:
    now = store.submit(new_job("patient")).create_time
    for name in ("late", "started", "running"):
        store.submit(new_job(name, max_wait=1800.0, priority=int(name != "late")))
    started, running = _claimed(store), _claimed(store)
    assert (started.job_id, running.job_id) == ("started", "running")
    store.requeue(store.change(started, state="RUNNING", start_time=now), not_before=0.0, faults=1, progress=0)
    assert store.overdue(now=now + 1799.0) == []
    assert _names(store.overdue(now=now + 1810.0)) == ["late"]


def test_the_etag_tells_of_every_visible_change(store: JobStore, new_job: Make) -> None:
    etags = [store.submit(new_job()).etag]
    etags.append(store.relabel("local", "job", {"a": "b"}).etag)
    record = _claimed(store)
    etags.append(record.etag)
    etags.append(store.change(record, state="RUNNING").etag)
    etags.append(store.change(record, note="mapped").etag)
    etags.append(store.change(record, output={"trials": []}).etag)
    same = store.change(record, progress=5, pid=7, note="mapped")
    (renewed,) = store.renew("a", now=200.0, lease=20.0)
    assert same.etag == renewed.etag == etags[-1]
    assert store.change(record) == renewed
    etags.append(store.cancel("local", "job").etag)
    etags.append(store.change(record, state="CANCELLED").etag)
    assert len(set(etags)) == len(etags)


def test_relabelling_replaces_and_asks_for_the_etag(store: JobStore, new_job: Make) -> None:
    first = store.submit(new_job(labels={"a": "1", "b": "2"}))
    second = store.relabel("local", "job", {"b": "3"}, first.etag)
    assert second.labels == {"b": "3"}
    with pytest.raises(EtagMismatch, match="job job has changed since"):
        store.relabel("local", "job", {"c": "4"}, first.etag)
    assert store.get("local", "job") == second
    assert store.relabel("local", "job", {"b": "3"}).etag == second.etag


def test_pages_are_stable_while_jobs_come_in(store: JobStore, new_job: Make) -> None:
    for n in range(7):
        store.submit(new_job(f"job_{n}"))
    store.submit(new_job("other", project="other"))
    seen, token = store.list("local", page_size=3)
    pages = [_names(seen)]
    while token:
        store.submit(new_job(f"late_{len(pages)}"))
        seen, token = store.list("local", page_size=3, page_token=token)
        pages.append(_names(seen))
    assert pages == [["job_6", "job_5", "job_4"], ["job_3", "job_2", "job_1"], ["job_0"]]


def test_pages_of_a_filter_are_full(store: JobStore, new_job: Make) -> None:
    for n in range(8):
        store.submit(new_job(f"{'a' if n % 2 else 'b'}_{n}"))
    where = parse_filter("jobId:a*")
    seen, token = store.list("local", where=where, page_size=2)
    assert (_names(seen), bool(token)) == (["a_7", "a_5"], True)
    seen, token = store.list("local", where=where, page_size=2, page_token=token)
    assert (_names(seen), token) == (["a_3", "a_1"], "")


def test_page_sizes(store: JobStore, new_job: Make) -> None:
    for n in range(21):
        store.submit(new_job(f"job_{n}"))
    assert len(store.list("local", page_size=0)[0]) == 20
    assert len(store.list("local", page_size=10_000)[0]) == 21
    with pytest.raises(ValueError, match="pageSize must be 0 or more, got -1"):
        store.list("local", page_size=-1)


@pytest.mark.parametrize("token", ["x", "%%%", "YWJj", "YmVmb3JlOg==", "ä"])
def test_bad_page_tokens(store: JobStore, token: str) -> None:
    with pytest.raises(ValueError, match="pageToken must be the nextPageToken of the page before, got"):
        store.list("local", page_token=token)
