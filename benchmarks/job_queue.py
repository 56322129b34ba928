"""The queue under load: jobs that do nothing, several runners, and each job run exactly once.

    python benchmarks/job_queue.py [--jobs=1000] [--runners=8]

Submits over HTTP while the runners work. Runs on SQLite, and on PostgreSQL when BOXWRIGHT_TEST_POSTGRES holds the
SQLAlchemy URL of an empty database. Prints a Markdown table; ends with status 1 when a job was not run exactly once.
"""

import argparse
import os
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from served import COMMAND, Served

from boxwright.jobdir import JobDir

HEADER = "| database | jobs | runners | run exactly once | submit p50 (ms) | submit p99 (ms) | jobs a second |"
QUICK = ["--min-free-disk=0", "--min-free-memory=0"]


def started_and_finished(folder: Path) -> Counter[str]:
    """How often a job's workers began and finished, by their own account."""
    return Counter(event.kind for event in JobDir(folder).events())


def wait_for_runners(log: Path, count: int) -> None:
    """Wait until runners say that they take jobs; starting them is no part of the queue."""
    until = time.monotonic() + 60
    while log.read_text().count(" takes jobs: ") < count:
        if time.monotonic() > until:
            raise RuntimeError(f"the runners did not start:\n{log.read_text()}")
        time.sleep(0.1)


def measure(name: str, database: str, jobs: int, runners: int) -> tuple[str, bool]:
    """A line of the table, and whether each job was run exactly once."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        place = [f"--database={database}"] if database else []
        served = Served(folder, [*place, "--no-runner"])
        served.start()
        words = [*COMMAND, "runner", f"--data-dir={folder}", *place, *QUICK]
        with open(folder / "runners.log", "ab") as log:
            started = [subprocess.Popen(words, stdout=log, stderr=log) for _ in range(runners)]
        try:
            wait_for_runners(folder / "runners.log", runners)
            begin = time.perf_counter()
            seconds = [served.submit(f"job_{index}", "wait", ["--steps=0"]) for index in range(jobs)]
            while served.count_unfinished():
                time.sleep(0.5)
            elapsed = time.perf_counter() - begin
            states = Counter(served.job(f"job_{index}")["state"] for index in range(jobs))
        finally:
            for one in started:
                one.terminate()
            for one in started:
                one.wait(60)
            served.stop()
        counts = [started_and_finished(folder / f"job_{index}") for index in range(jobs)]
        once = sum(count["begun"] == count["finished"] == 1 for count in counts)
    p50, p99 = np.percentile(np.array(seconds) * 1000, [50, 99])
    line = f"| {name} | {jobs} | {runners} | {once} | {p50:.1f} | {p99:.1f} | {jobs / elapsed:.1f} |"
    return line, once == jobs == states["SUCCEEDED"]


def main() -> None:
    """Measure on each database that there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--runners", type=int, default=8)
    given = parser.parse_args()
    databases = {"SQLite": ""}
    if os.environ.get("BOXWRIGHT_TEST_POSTGRES"):
        databases["PostgreSQL"] = os.environ["BOXWRIGHT_TEST_POSTGRES"]
    print(HEADER)
    print("|---" * HEADER.count(" | ") + "|---|")
    good = True
    for name, database in databases.items():
        line, once = measure(name, database, given.jobs, given.runners)
        print(line, flush=True)
        good = good and once
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
