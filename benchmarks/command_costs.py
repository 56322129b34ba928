"""What the commands cost: `--help`, the time to the first training step, peak memory, and the export.

    python benchmarks/command_costs.py DATA FOLDER

DATA is BCCD in Pascal VOC layout; FOLDER gets the records and a run of a few steps at 320 x 320 with
EfficientNet-Lite0. Memory is the resident memory of the process and its children together, sampled every 50 ms.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import psutil


def help_seconds(count: int = 7) -> float:
    """Median seconds of `boxwright --help` as a whole process."""
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        subprocess.run(["boxwright", "--help"], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def resident(process: psutil.Process) -> int:
    """Bytes of a process and its children."""
    try:
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family)
    except psutil.NoSuchProcess:
        return 0


def train(folder: Path, steps: int) -> dict[str, float]:
    """Run a short training and read its cost from its events."""
    job = folder / "job"
    shutil.rmtree(job, ignore_errors=True)
    words = [
        f"--training_data_path={folder}/records/trainval-*",
        f"--validation_data_path={folder}/records/test-*",
        "--num_classes=3",
        "--image_size=320,320",
        f"--max_steps={steps}",
        f"--job-dir={job}",
    ]
    start, peaks = time.time(), [0]
    with subprocess.Popen(
        ["boxwright", "train", "image_object_detection", *words], stdout=subprocess.DEVNULL
    ) as process:
        watched = psutil.Process(process.pid)
        while process.poll() is None:
            peaks.append(resident(watched))
            time.sleep(0.05)
    events = [json.loads(line) for line in (job / "events.jsonl").read_text().splitlines()]
    at = {event["kind"]: event["time"] for event in events}
    exporting = next(index for index, event in enumerate(events) if event["kind"] == "exporting")
    waits = [event["values"]["waiting_share"] for event in events if event["kind"] == "train"]
    return {
        "seconds from the command to the first training step": at["weights"] - start,
        "seconds of the export, its check and the report": at["finished"] - events[exporting]["time"],
        "peak memory in GB": max(peaks) / 1e9,
        "share of time that training waits for pictures (largest)": max(waits[1:] or waits),
    }


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=30)
    given = parser.parse_args()
    if not (given.folder / "records").exists():
        subprocess.run(
            ["boxwright", "data", "convert", given.data, str(given.folder / "records"), "--to=tfrecord"], check=True
        )
    rows = {"seconds of boxwright --help": help_seconds(), **train(given.folder, given.steps)}
    print("| what | measured |\n|---|---|")
    for name, value in rows.items():
        print(f"| {name} | {value:.4g} |")


if __name__ == "__main__":
    main()
