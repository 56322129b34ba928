"""Accuracy of the detectors on BCCD: trained on trainval (292 pictures), measured on test (72), one run each.

Each run is the command that a user types, timed as a whole; its model is then measured again by `boxwright evaluate`
on the exported ONNX file.

    python benchmarks/bccd_detectors.py DATA FOLDER [--detectors nasfpn_lite0,ssd300_lite0]

DATA is the data set in Pascal VOC layout; FOLDER gets the records, the runs and `detectors.md`.
"""

import argparse
from pathlib import Path

from bccd_accuracy import measured, records

OWN = ("image_object_detection", "--num_classes=3")
SSD = ("sagemaker_object_detection", "--num_classes=3", "--num_training_samples=292", "--mini_batch_size=8")
ADAM = ("--optimizer=adam", "--learning_rate=0.001")
DETECTORS: dict[str, tuple[str, ...]] = {
    "nasfpn_lite0": (*OWN, "--fpn_type=nasfpn"),
    "ssd300_lite0": (*SSD, *ADAM, "--backbone=efficientnet_lite0", "--use_pretrained_model=1", "--epochs=25"),
    "mobilenet_v2_fpnlite": (
        *OWN,
        "--backbone=mobilenet_v2",
        "--separable_convs=true",
        "--image_size=320,320",
        "--train_batch_size=8",
        "--max_steps=500",
        "--pretrained_checkpoint_path=none",
    ),
    "efficientdet_d0": (
        *OWN,
        "--backbone=efficientnet_b0",
        "--fpn_type=bifpn",
        "--fpn_channels=64",
        "--fpn_repeats=3",
        "--head_convs=3",
        "--separable_convs=true",
        "--image_size=512,512",
        "--train_batch_size=4",
        "--max_steps=300",
        "--pretrained_checkpoint_path=none",
    ),
    "ssd300_resnet50": (*SSD, *ADAM, "--base_network=resnet-50", "--use_pretrained_model=0", "--epochs=8"),
}
"""What is given beside the data and the job's folder."""

COLUMNS = ("seconds", "AP", "AP50", "AP75", "VOC07")


def run(folder: Path, detector: str) -> dict[str, float]:
    """Train one detector; returns seconds, peak memory and the numbers of the exported model."""
    algorithm, *arguments = DETECTORS[detector]
    data = [f"--training_data_path={folder}/records/trainval-*", f"--validation_data_path={folder}/records/test-*"]
    return measured(folder, folder / detector, [algorithm, *arguments, *data])


def main() -> None:
    """Run the detectors and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--detectors", default=",".join(DETECTORS))
    given = parser.parse_args()
    records(given.data, given.folder)
    lines = [f"| detector | {' | '.join(COLUMNS)} |", f"|{'---|' * (len(COLUMNS) + 1)}"]
    for detector in given.detectors.split(","):
        row = run(given.folder, detector)
        lines.append(f"| {detector} | {' | '.join(f'{row[name]:.4g}' for name in COLUMNS)} |")
        (given.folder / "detectors.md").write_text("\n".join(lines) + "\n")
        print(lines[-1], flush=True)


if __name__ == "__main__":
    main()
