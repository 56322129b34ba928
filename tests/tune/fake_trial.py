"""Stands in for `boxwright work`: evaluates a formula instead of a network, with the same files and signals.

Its objective is -(x - 1)^2 - (y - 2)^2. Arguments: x, y, steps, seconds before and rest after each, wait (a file
that must be there before it goes on at half), and fail: user, kill (once, at half), always (killed at every start),
negative (a user's mistake where x < 0) or metric (AP is not written).
"""

import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

folder = Path(sys.argv[-1])
lock = open(folder / ".lock", "a")  # noqa: SIM115  # held until the process ends
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(69)
asked: list[int] = []
signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
given = json.loads((folder / "job.json").read_text())["arguments"]
x, y, steps = float(given["x"]), float(given.get("y", 2)), int(given.get("steps", 4))
place, fail = folder / "checkpoints" / "place", given.get("fail", "")
step = int(place.read_text()) if place.exists() else 0


def event(kind: str, **values: Any) -> None:
    with open(folder / "events.jsonl", "ab", buffering=0) as file:
        line = json.dumps({"time": time.time(), "kind": kind, "step": step, "values": values}) + "\n"
        file.write(line.encode())


def finish(result: dict[str, Any]) -> None:
    staged = folder / "result.unfinished"
    staged.write_text(json.dumps(result))
    staged.rename(folder / "result.json")


event("begun", process=os.getpid(), threads=os.environ["OMP_NUM_THREADS"])
if fail == "user" or (fail == "negative" and x < 0):
    finish({"status": "failed", "fault": "user", "error": "the pictures are of cats"})
    sys.exit(1)
if fail == "always":
    sys.stdout.write("out of memory\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)
while step < steps and not (folder / "stop.json").exists():
    time.sleep(float(given.get("seconds", 0)))
    if asked:
        sys.exit(75)
    step += 1
    value = -((x - 1) ** 2) - (y - 2) ** 2
    event("evaluation", AP50=value * steps / step, **({} if fail == "metric" else {"AP": value * steps / step}))
    place.write_text(str(step))
    if fail == "kill" and step == steps // 2 and not (folder / "killed").exists():
        (folder / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    while step == steps // 2 and "wait" in given and not Path(given["wait"]).exists():
        time.sleep(0.01)
    time.sleep(float(given.get("rest", 0)))
(folder / "model").mkdir(exist_ok=True)
(folder / "model" / "weights").write_text(f"{x} {y}")
finish({"status": "finished", "best_step": step, "metrics": {"AP": value}})
event("finished", cores=sorted(os.sched_getaffinity(0)))  # a process is given its cores after its start
