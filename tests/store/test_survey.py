"""What is asked of all jobs together."""

from collections.abc import Callable
from dataclasses import replace

from boxwright.store import JobStore, NewJob

Make = Callable[..., NewJob]


def test_jobs_that_are_worked_on_are_those_of_all_projects(store: JobStore, new_job: Make) -> None:
    names = [("p", "one"), ("q", "two"), ("q", "three")]
    for project, job_id in names:
        store.submit(replace(new_job(job_id), project=project))
    claimed = [store.claim("a", "host", now=100.0, lease=20.0) for _ in range(2)]
    assert [(one.project, one.job_id) for one in store.active()] == [("p", "one"), ("q", "two")]
    assert claimed[0]
    store.change(claimed[0], state="SUCCEEDED")
    assert [one.job_id for one in store.active()] == ["two"]
    assert sorted(project for project, _ in store.folders()) == ["p", "q", "q"]
    assert {folder for _, folder in store.folders()} == {store.get(*of).job_dir for of in names}
    assert store.projects() == ["p", "q"]
    assert store.counts() == {("p", "SUCCEEDED"): 1, ("q", "PREPARING"): 1, ("q", "QUEUED"): 1}
