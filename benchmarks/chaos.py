"""Kill -9 of server, runner and workers at random while jobs run; every result must be that of an undisturbed run.

    python benchmarks/chaos.py [--kills=100] [--waits=24] [--trainings=6] [--seed=0] [--database=URL]

The disturbed run takes SQLite, or the empty database of --database.

The killed server is started again, as a service manager would do; everything else must come back by itself. What is
compared: state of each job; steps of the wait jobs, none twice; weights and losses of the trainings. Prints a Markdown
table; ends with status 1 when anything differs.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import psutil
from served import COMMAND, FINAL, Served

from boxwright.jobdir import JobDir
from boxwright.runners.host import is_running

OPTIONS = ["--max-jobs=3", "--lease=3", "--backoff=0.2", "--max-faults=20", "--min-free-disk=0", "--min-free-memory=0"]
"""More faults in a row are allowed than by default: a kill a second is no ordinary day."""

TRAINING = {
    "max_steps": 12,
    "train_batch_size": 2,
    "train_steps_per_eval": 4,
    "image_size": "64,96",
    "backbone": "efficientnet_lite0",
    "pretrained_checkpoint_path": "none",
    "fpn_channels": 16,
    "fpn_max_level": 5,
    "head_convs": 1,
    "precision": "float32",
    "accelerator": "cpu",
}
COMPARED = ("train", "evaluation")
TIMES = ("images_per_second", "waiting_share", "seconds")
"""Values of events that say how long something took."""


def submit_all(served: Served, records: Path, waits: int, trainings: int) -> list[str]:
    """Queue the jobs; gives their ids."""
    for index in range(trainings):
        paths = {"training_data_path": f"{records}/train-*", "validation_data_path": f"{records}/validation-*"}
        args = [f"--{name}={value}" for name, value in {**TRAINING, **paths, "seed": index}.items()]
        served.submit(f"training_{index}", "image_object_detection", args)
    for index in range(waits):
        served.submit(f"wait_{index}", "wait", ["--steps=30", "--seconds=0.2"])
    return [*(f"training_{index}" for index in range(trainings)), *(f"wait_{index}" for index in range(waits))]


def states(served: Served, names: list[str]) -> dict[str, str]:
    """State of each job; empty while the server is away."""
    try:
        return {name: served.job(name)["state"] for name in names}
    except httpx.HTTPError:
        return {}


def outcome(folder: Path, name: str) -> dict[str, Any]:
    """What a job has left, less how long it took."""
    jobdir = JobDir(folder / name)
    result = jobdir.read_result() or {}
    if name.startswith("wait"):
        steps = [event.step for event in jobdir.events() if event.kind == "waited"]
        return {"status": result.get("status"), "steps": steps}
    curve = [
        (event.kind, event.step, {key: value for key, value in event.values.items() if key not in TIMES})
        for event in jobdir.events()
        if event.kind in COMPARED
    ]
    weights = sorted(jobdir.checkpoints.glob("*.safetensors"))[-2:]
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in weights}
    return {"status": result.get("status"), "metrics": result.get("metrics"), "curve": curve, "weights": hashes}


def runners(folder: Path) -> list[int]:
    """Processes of `boxwright runner` for this folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        words = process.info["cmdline"] or []
        if "runner" in words and f"--data-dir={folder}" in words:
            found.append(process.pid)
    return found


def workers(folder: Path, names: list[str]) -> list[int]:
    """Processes that work on jobs."""
    known = [JobDir(folder / name).read_worker() for name in names]
    return [worker.pid for worker in known if worker and is_running(worker)]


def kill_one(served: Served, names: list[str], chance: random.Random) -> str:
    """Kill a process of a random kind; says of which, empty where there is none."""
    assert served.process is not None, "it was started"
    kind = chance.choice(("server", "runner", "worker"))
    there = {
        "server": lambda: [served.process.pid] if served.process else [],
        "runner": lambda: runners(served.folder),
        "worker": lambda: workers(served.folder, names),
    }[kind]()
    if not there:
        return ""
    try:
        os.kill(chance.choice(there), signal.SIGKILL)
    except ProcessLookupError:
        return ""
    if kind == "server":
        served.process.wait()
        served.start()
    return kind


def run(folder: Path, records: Path, given: argparse.Namespace, kills: int) -> tuple[dict[str, Any], Counter[str]]:
    """Run all jobs with so many kills; gives what each has left, its state included, and the kills of each kind."""
    folder.mkdir()
    database = [f"--database={given.database}"] if given.database and kills else []
    served, chance, killed = Served(folder, [*OPTIONS, *database]), random.Random(given.seed), Counter[str]()
    served.start()
    try:
        found = disturb(
            served, submit_all(served, records, given.waits, given.trainings), given, (kills, chance, killed)
        )
    finally:
        served.stop()
    return {name: {"state": state, **outcome(folder, name)} for name, state in found.items()}, killed


def disturb(
    served: Served, names: list[str], given: argparse.Namespace, disturbance: tuple[int, random.Random, Counter[str]]
) -> dict[str, str]:
    """Kill now and then until all jobs have ended; gives their states."""
    kills, chance, killed = disturbance
    end = time.monotonic() + given.limit
    found: dict[str, str] = {}
    while not (found and all(state in FINAL for state in found.values())):
        if time.monotonic() > end:
            raise RuntimeError(f"not done after {given.limit} s: {found}")
        if killed.total() < kills and (kind := kill_one(served, names, chance)):
            killed[kind] += 1
        time.sleep(chance.uniform(0.3, 1.7) if kills else 0.5)
        found = states(served, names)
    return found


def main() -> None:
    """Run undisturbed, then disturbed, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("kills", 100), ("waits", 24), ("trainings", 6), ("seed", 0), ("limit", 1800)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as path:
        records = Path(path) / "records"
        drawn = [*COMMAND, "data", "draw", str(records), "--train=12", "--validation=6", "--size=64,96"]
        subprocess.run(drawn, check=True, stdout=subprocess.DEVNULL)
        calm, _ = run(Path(path) / "calm", records, given, 0)
        wild, killed = run(Path(path) / "wild", records, given, given.kills)
    succeeded = sum(one["state"] == "SUCCEEDED" for one in wild.values())
    twice = sum(len(one.get("steps", [])) != len(set(one.get("steps", []))) for one in wild.values())
    differing = [name for name in calm if calm[name] != wild[name]]
    print("| jobs | killed: server | runner | worker | succeeded | with a step done twice | unlike undisturbed |")
    print("|---|---|---|---|---|---|---|")
    kinds = " | ".join(str(killed[kind]) for kind in ("server", "runner", "worker"))
    print(f"| {len(calm)} | {kinds} | {succeeded} | {twice} | {len(differing)} |")
    for name in differing:
        print(f"{name}: {calm[name]} undisturbed, {wild[name]} disturbed")
    raise SystemExit(0 if succeeded == len(calm) and not twice and not differing else 1)


if __name__ == "__main__":
    main()
