"""How long long lists of jobs and long curves take the server: `python benchmarks/job_numbers.py`.

Lists 10,000 jobs in every order, at the first page and far behind it, and searches them; reads the numbers of a job
with 100,000 events of nine numbers each, for the first time and again. Times are the processor's, which others on the
machine change less than those of a clock.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from boxwright.api.curves import Curves
from boxwright.event_file import EventFile
from boxwright.store import JobStore, open_database, parse_filter
from boxwright.store.database import writing
from boxwright.store.listing import ORDERS, Words
from boxwright.store.rows import FRESH
from boxwright.store.schema import jobs

JOBS, EVENTS, PAGE, FAR = 10_000, 100_000, 50, 60
NAMES = (
    "class_loss",
    "box_loss",
    "l2",
    "loss",
    "learning_rate",
    "images_per_second",
    "waiting_share",
    "memory",
    "epoch",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lists(Path(folder))
        curves(Path(folder))


def taken(name: str, work: Callable[[], Any], times: int = 20) -> Any:
    """Print the processor's time for one call, the mean of some; gives what the last call gave."""
    began = time.process_time()
    for _ in range(times):
        found = work()
    print(f"{name:40} {1000 * (time.process_time() - began) / times:8.1f} ms")
    return found


def lists(folder: Path) -> None:
    store = JobStore(engine := open_database(f"sqlite:///{folder / 'jobs.db'}"))
    rng = random.Random(0)
    with writing(engine) as connection:
        connection.execute(insert(jobs), [row(number, rng) for number in range(JOBS)])
    for order in (f"{name}{way}" for name in ORDERS for way in ("", " desc")):
        taken(f"{order}, first page", lambda order=order: store.list("local", order=order, page_size=PAGE))
        token = ""
        for _ in range(FAR):
            token = store.list("local", order=order, page_size=100, page_token=token)[1]
        far = {"order": order, "page_size": PAGE, "page_token": token}
        taken(f"{order}, after {100 * FAR:,} jobs", lambda far=far: store.list("local", **far))
    taken("search, nothing found", lambda: store.list("local", where=Words.read("nothing")))
    taken("state and algorithm, best first", lambda: store.list("local", where=FILTER, order="bestValue desc"))
    engine.dispose()


FILTER = parse_filter("state:FAILED AND algorithm:wait")


def row(number: int, rng: random.Random) -> dict[str, Any]:
    trials = [{"trialId": "1", "hyperparameters": {"x": "1"}}] * 100 if number % 20 == 0 else []
    given = {"trainingInput": {"args": ["--name=value"] * 30}}
    return {
        **FRESH,
        **{
            "project": "local",
            "job_id": f"job_{number:05}",
            "kind": "train",
            "request": given,
            "labels": {"team": "lab"},
        },
        **{"etag": str(number), "priority": 0, "create_time": float(number), "job_dir": f"/jobs/{number}", "note": ""},
        **{"max_wait": None, "max_running": 1.0, "state": rng.choice(["SUCCEEDED", "FAILED", "CANCELLED"])},
        **{"algorithm": rng.choice(["image_object_detection", "wait"]), "output": {"trials": trials}},
        "best_value": rng.random() if number % 3 else None,
    }


def curves(folder: Path) -> None:
    path, rng = folder / "events.jsonl", random.Random(0)
    with path.open("w") as file:
        for step in range(EVENTS):
            values = {name: rng.random() for name in NAMES}
            file.write(json.dumps({"kind": "train", "step": 10 * step, "values": values, "time": 1e9 + step}) + "\n")
    print(f"{path.stat().st_size / 1e6:.0f} MB of events")
    read = Curves(EventFile(str(path)))
    taken("three numbers, first reading", lambda: read.answer(NAMES[:3], -1, 1000), 1)
    taken("three numbers, again", lambda: read.answer(NAMES[:3], -1, 1000))


if __name__ == "__main__":
    main()
