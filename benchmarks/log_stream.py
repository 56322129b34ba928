"""What following a job's log costs its training, and how soon a line is on the client's screen.

    python benchmarks/log_stream.py [--followers=20] [--steps=600] [--window=6]

Trains on drawn shapes under a server. Followers come and go in windows of some seconds; speeds that training reports
belong to a window with or without them. Times of lines are those of the training process, written beside them in
events.jsonl, and of the arrival of the line. Prints a Markdown table.
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import httpx
import psutil
from served import COMMAND, FINAL, Served

from boxwright.client import Address, Client
from boxwright.jobdir import JobDir

ARGUMENTS = {
    "image_size": "192,256",
    "train_batch_size": 8,
    "train_steps_per_eval": 10_000,
    "backbone": "efficientnet_lite0",
}
JOB = "training"


class Followers:
    """Clients that read a job's log in threads, and when each line reached the first of them."""

    def __init__(self, address: Address, count: int) -> None:
        self.arrived: dict[str, float] = {}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._read, args=(address,), daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _read(self, address: Address) -> None:
        for line in Client(address).follow(JOB):
            self.arrived.setdefault(line.text, time.time())
            if self._stop.is_set():
                return

    def leave(self) -> None:
        """Let each go at its next line."""
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("followers", 20), ("steps", 600), ("window", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        data = folder / "data"
        drawn = [*COMMAND, "data", "draw", str(data), "--train=160", "--validation=16", "--size=192,256"]
        subprocess.run(drawn, check=True, stdout=subprocess.DEVNULL)
        served = Served(folder, [])
        served.start()
        try:
            paths = {"training_data_path": f"{data}/train-*", "validation_data_path": f"{data}/validation-*"}
            values = {**ARGUMENTS, **paths, "max_steps": given.steps}
            served.submit(JOB, "image_object_detection", [f"--{name}={value}" for name, value in values.items()])
            report(served, given)
        finally:
            served.stop()


def report(served: Served, given: argparse.Namespace) -> None:
    """Alternate windows with and without followers until the training ends."""
    assert served.process is not None, "it was started"
    address = Address(served.address, "local", served.token())
    server = psutil.Process(served.process.pid)
    windows: list[tuple[float, float, bool, float]] = []
    arrived: dict[str, float] = {}
    jobdir = JobDir(served.folder / JOB)
    while not any(event.kind == "train" for event in jobdir.events()):
        time.sleep(0.5)
    followed = False
    while served.job(JOB)["state"] not in FINAL and not any(event.kind == "exporting" for event in jobdir.events()):
        followers = Followers(address, given.followers) if followed else None
        time.sleep(1)
        start, before = time.time(), sum(server.cpu_times()[:2])
        time.sleep(given.window)
        windows.append((start, time.time(), followed, (sum(server.cpu_times()[:2]) - before) / given.window))
        if followers:
            followers.leave()
            arrived |= {text: when for text, when in followers.arrived.items() if text not in arrived and when > start}
        followed = not followed
    print_table(jobdir, windows, arrived)


def print_table(jobdir: JobDir, windows: list[tuple[float, float, bool, float]], arrived: dict[str, float]) -> None:
    """Medians with and without followers, and how long lines took."""
    events = [event for event in jobdir.events() if event.kind == "train"]
    print("| followers | windows | training, images a second (median) | server's share of a core |")
    print("|---|---|---|---|")
    medians = {}
    for followed in (False, True):
        chosen = [one for one in windows if one[2] is followed]
        speeds = [
            float(event.values["images_per_second"])
            for event in events
            if any(start + 1 < event.time < end for start, end, _, _ in chosen)
        ]
        medians[followed] = statistics.median(speeds)
        share = statistics.mean(one[3] for one in chosen)
        print(f"| {'yes' if followed else 'no'} | {len(chosen)} | {medians[followed]:.2f} | {share:.2%} |")
    late = sorted(
        arrived[text] - event.time
        for event in events
        for text in arrived
        if text.startswith(f"step {event.step}: loss")
    )
    print(f"\ncost: {1 - medians[True] / medians[False]:.2%} of the training's speed")
    print(
        f"lines: {len(late)}, median {statistics.median(late):.3f} s after they were written, slowest {late[-1]:.3f} s"
    )


if __name__ == "__main__":
    try:
        main()
    except httpx.HTTPError as error:
        raise SystemExit(str(error)) from error
