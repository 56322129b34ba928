"""Accuracy of a default run on BCCD: trained on trainval (292 pictures), measured on test (72), for several seeds.

Only the data paths and num_classes are given. Each run is the command that a user types, timed as a whole; its model
is then measured again by `boxwright evaluate` on the exported ONNX file.

    python benchmarks/bccd_accuracy.py DATA FOLDER [--seeds 0,1,2]

DATA is the data set in Pascal VOC layout; FOLDER gets the records, the runs and `table.md`.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

COLUMNS = ("AP", "AP50", "AP75", "APs", "APm", "APl", "VOC07")


def boxwright(*words: str) -> str:
    """Run a command of the installed program and return what it printed."""
    return subprocess.run(["boxwright", *words], check=True, text=True, stdout=subprocess.PIPE).stdout


def records(data: str, folder: Path) -> None:
    """Put the data set's records into the folder, where they are not there already."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "records").exists():
        boxwright("data", "convert", data, str(folder / "records"), "--to=tfrecord")


def measured(folder: Path, job: Path, words: Sequence[str]) -> dict[str, float]:
    """Train with these words; returns seconds, peak memory in GB and the numbers of the exported model.

    Peak memory is that of the largest run of this process so far.
    """
    start = time.perf_counter()
    sys.stdout.write(boxwright("train", *words, f"--job-dir={job}"))
    seconds = time.perf_counter() - start
    trained = json.loads((job / "result.json").read_text())["metrics"]
    exported = json.loads(boxwright("evaluate", str(job / "model"), f"{folder}/records/test-*", "--json"))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return {"seconds": seconds, "peak GB": peak, "trained AP": trained["AP"]} | {
        name: exported[name] for name in COLUMNS
    }


def run(folder: Path, seed: int) -> dict[str, float]:
    """Train with one seed."""
    data = [f"--training_data_path={folder}/records/trainval-*", f"--validation_data_path={folder}/records/test-*"]
    words = ["image_object_detection", *data, "--num_classes=3", f"--seed={seed}"]
    return measured(folder, folder / f"seed_{seed}", words)


def main() -> None:
    """Run all seeds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", default="0,1,2")
    given = parser.parse_args()
    records(given.data, given.folder)
    rows = {seed: run(given.folder, seed) for seed in given.seeds.split(",")}
    names = list(next(iter(rows.values())))
    lines = [f"| seed | {' | '.join(names)} |", f"|{'---|' * (len(names) + 1)}"]
    lines += [f"| {seed} | {' | '.join(f'{row[name]:.4g}' for name in names)} |" for seed, row in rows.items()]
    for label, of in (("mean", statistics.mean), ("spread (max - min)", lambda values: max(values) - min(values))):
        lines.append(f"| {label} | {' | '.join(f'{of([row[name] for row in rows.values()]):.4g}' for name in names)} |")
    (given.folder / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
