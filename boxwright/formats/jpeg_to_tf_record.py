"""`python -m boxwright.formats.jpeg_to_tf_record`: CSV lists of labelled pictures to TFRecord files.

Takes the flags of the script of the same name that managed services refer to, and writes
`train-00000-of-00010.tfrecord`, `validation-...` and `labels.txt`. Every picture gets one box that covers it.
"""

import argparse
import logging
from collections.abc import Sequence

from boxwright.formats.recognise import read, write

logger = logging.getLogger(__name__)


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    flags = argparse.ArgumentParser(prog="python -m boxwright.formats.jpeg_to_tf_record", description=__doc__)
    flags.add_argument("--train_csv", required=True, help="lines uri,label of the training pictures")
    flags.add_argument("--validation_csv", required=True, help="lines uri,label of the validation pictures")
    flags.add_argument("--labels_file", required=True, help="text file with one class name a line")
    flags.add_argument("--output_dir", required=True, help="folder for the records; local, gs:// or s3://")
    flags.add_argument("--project_id", default="", help="accepted and not used: no cloud project is needed")
    flags.add_argument("--shards", type=int, default=None, help="files a split; by size when left out")
    return flags


def convert(csv_path: str, labels_file: str, output_dir: str, *, split: str, shards: int | None = None) -> int:
    """Write one CSV list as one split; returns the number of pictures. Raises: as `read` and `write` do."""
    dataset = read(csv_path, labels_file=labels_file, format="csv")
    write(dataset, output_dir, to="tfrecord", split=split, shards=shards)
    return len(dataset)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command. Raises: as `read` and `write` do."""
    chosen = parser().parse_args(arguments)
    for split, path in (("train", chosen.train_csv), ("validation", chosen.validation_csv)):
        count = convert(path, chosen.labels_file, chosen.output_dir, split=split, shards=chosen.shards)
        logger.info("wrote %d pictures of %s to %s", count, path, chosen.output_dir)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
