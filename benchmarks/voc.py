"""The published table of SageMaker's SSD, done again: VOC07+12 trainval to learn from, VOC07 test, VOC07's mAP.

    python benchmarks/voc.py FOLDER --voc=VOCdevkit
    python benchmarks/voc.py FOLDER --tiny

`VOCdevkit` holds `VOC2007/` (trainval and test) and `VOC2012/`, which may be missing. FOLDER gets the records, one job
a row, and `table.md`; the same command goes on where it was interrupted (hours are then those since). `--tiny` draws a
data set of that shape and runs everything in a minute; its numbers mean nothing. What follows a bare `--` goes to
`boxwright train`.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

EPOCHS, DROPS = 240, (80, 160)
"""Published: 240 epochs at 512 pixels, the rate times 0.1 after 80 and 160; momentum and weight decay by default."""

TINY_EPOCHS, TINY_SHAPE, TINY_BATCH = 2, 300, 2


@dataclass(frozen=True)
class Row:
    """One published row: base network, pictures in a batch, learning rate, mAP."""

    network: str
    batch: int
    rate: float
    published: float

    @property
    def name(self) -> str:
        return f"{self.network}_{self.batch}"


ROWS = (
    Row("vgg-16", 16, 0.0005, 0.780),
    Row("vgg-16", 64, 0.004, 0.780),
    Row("resnet-50", 16, 0.0005, 0.796),
    Row("resnet-50", 64, 0.002, 0.791),
)
"""On one graphics card in batches of 16, on four in batches of 64."""


@dataclass(frozen=True)
class Data:
    """Paths of the records, and the numbers of classes and of pictures to learn from."""

    training: str
    test: str
    num_classes: int
    num_training: int


def boxwright(*words: str, shown: bool = True) -> str:
    """Run a command of the program that is installed beside this Python; its output is shown, or returned."""
    command = [str(Path(sys.executable).with_name("boxwright")), *words]
    return subprocess.run(command, check=True, text=True, stdout=None if shown else subprocess.PIPE).stdout or ""


def draw_devkit(folder: Path) -> Path:
    """A drawn VOCdevkit: 6 + 6 pictures to learn from and 3 for the test."""
    for seed, year in enumerate(("VOC2007", "VOC2012")):
        lists = folder / year / "ImageSets/Main"
        if not (lists / "trainval.txt").exists():
            root = str(folder / year)
            boxwright("data", "draw", root, "--to=voc", "--train=6", "--validation=3", f"--seed={seed}")
            (lists / "train.txt").rename(lists / "trainval.txt")
            (lists / "validation.txt").rename(lists / "test.txt")
    return folder


def class_names(years: Sequence[Path]) -> list[str]:
    """Names of all objects in all annotations, in alphabetical order, as Pascal VOC counts its classes."""
    found = set()
    for year in years:
        for path in (year / "Annotations").glob("*.xml"):
            found |= {(one.findtext("name") or "").strip() for one in ElementTree.parse(path).iter("object")}
    return sorted(found)


def pictures_in(year: Path, split: str) -> int:
    """Number of pictures on a list."""
    return len((year / f"ImageSets/Main/{split}.txt").read_text().split())


def convert(devkit: Path, folder: Path) -> Data:
    """Write TFRecord files of both years with one class map. Records, unlike RecordIO, keep what is difficult."""
    years = [devkit / year for year in ("VOC2007", "VOC2012") if (devkit / year).is_dir()]
    if not years or years[0].name != "VOC2007":
        raise SystemExit(f"{devkit} must hold VOC2007/ with its lists trainval and test, and may hold VOC2012/")
    names = class_names(years)
    folder.mkdir(parents=True, exist_ok=True)
    labels = folder / "labels.txt"
    labels.write_text("".join(f"{name}\n" for name in names))
    for year in years:
        for split in ("trainval", "test") if year.name == "VOC2007" else ("trainval",):
            target = folder / "records" / year.name
            if not list(target.glob(f"{split}-*")):
                words = "--to=tfrecord", f"--split={split}", f"--labels-file={labels}"
                boxwright("data", "convert", str(year), str(target), *words)
    return Data(
        ",".join(f"{folder}/records/{year.name}/trainval-*" for year in years),
        f"{folder}/records/VOC2007/test-*",
        len(names),
        sum(pictures_in(year, "trainval") for year in years),
    )


def train(row: Row, data: Data, given: argparse.Namespace) -> Path:
    """Train one row, as a person would type it, unless that is done; returns the job's folder."""
    job = Path(given.folder) / row.name
    if (job / "seconds.txt").exists():
        return job
    drops = [max(1, given.epochs * drop // EPOCHS) for drop in DROPS]
    steps = [str(drop) for number, drop in enumerate(drops) if drop < given.epochs and drop not in drops[:number]]
    arguments = {
        "training_data_path": data.training,
        "validation_data_path": data.test,
        "num_classes": data.num_classes,
        "num_training_samples": data.num_training,
        "base_network": row.network,
        "use_pretrained_model": int(not given.from_scratch),
        "image_shape": given.image_shape,
        "mini_batch_size": given.batch_size or row.batch,
        "learning_rate": row.rate,
        "epochs": given.epochs,
        "lr_scheduler_step": ",".join(steps),
        "lr_scheduler_factor": 0.1,
        "optimizer": "sgd",
        "job-dir": job,
    }
    words = [f"--{name}={value}" for name, value in arguments.items()]
    started = time.perf_counter()
    boxwright("train", "sagemaker_object_detection", *words, *given.more)
    (job / "seconds.txt").write_text(f"{time.perf_counter() - started:.0f}\n")
    return job


def measure(row: Row, data: Data, job: Path, given: argparse.Namespace) -> str:
    """Measure the exported model on VOC07 test; one line of the table."""
    numbers = json.loads(boxwright("evaluate", str(job / "model"), data.test, "--json", shown=False))
    hours = float((job / "seconds.txt").read_text()) / 3600
    cells = [row.network, given.batch_size or row.batch, f"{row.rate:g}", given.epochs, f"{hours:.2f}"]
    cells += [f"{numbers[name]:.3f}" for name in ("VOC07", "AP50", "AP")]
    return "".join(f"| {cell} " for cell in (*cells, f"{row.published:.3f}")) + "|"


HEAD = (
    "| base network | batch | learning rate | epochs | hours | VOC07 mAP | AP50 | AP | published mAP |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Read the flags; `more` are the words after a bare `--`."""
    own, more = list(words), list[str]()
    if "--" in own:
        own, more = own[: own.index("--")], own[own.index("--") + 1 :]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--voc", type=Path, help="VOCdevkit with VOC2007/ and VOC2012/")
    parser.add_argument("--tiny", action="store_true", help="drawn data, 2 epochs, 300 pixels, from scratch")
    parser.add_argument("--rows", default="vgg-16_16,resnet-50_16", help=", ".join(row.name for row in ROWS))
    parser.add_argument("--epochs", type=int, help=f"{EPOCHS}; the rate drops after a third and two thirds")
    parser.add_argument("--image_shape", type=int, help="512")
    parser.add_argument("--batch_size", type=int, help="the row's own")
    parser.add_argument("--from_scratch", action="store_true", help="without ImageNet weights")
    given = parser.parse_args(own)
    if given.tiny == bool(given.voc):
        parser.error("give --voc=VOCdevkit, or --tiny")
    given.more, given.from_scratch = more, given.from_scratch or given.tiny
    given.epochs = given.epochs or (TINY_EPOCHS if given.tiny else EPOCHS)
    given.image_shape = given.image_shape or (TINY_SHAPE if given.tiny else 512)
    given.batch_size = given.batch_size or (TINY_BATCH if given.tiny else None)
    return given


def main(words: Sequence[str] | None = None) -> None:
    """Convert, train and measure all rows, and write the table."""
    given = parse(sys.argv[1:] if words is None else words)
    data = convert(draw_devkit(given.folder / "VOCdevkit") if given.tiny else given.voc, given.folder)
    chosen = [row for row in ROWS if row.name in given.rows.split(",")]
    table = [HEAD]
    for row in chosen:
        table.append(measure(row, data, train(row, data, given), given))
        (given.folder / "table.md").write_text("\n".join(table) + "\n")
        print(table[-1], flush=True)
    print("\n".join(table))


if __name__ == "__main__":
    main()
