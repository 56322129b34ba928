import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from boxwright.formats import read
from boxwright.formats.jpeg_to_tf_record import main


@pytest.fixture
def flags(tmp_path: Path, picture: Callable[..., bytes]) -> list[str]:
    for seed, name in enumerate(("a", "b", "c")):
        (tmp_path / f"{name}.jpg").write_bytes(picture(seed=seed))
    (tmp_path / "train.csv").write_text("a.jpg,daisy\nb.jpg,roses\n")
    (tmp_path / "eval.csv").write_text("c.jpg,roses\n")
    (tmp_path / "names").write_text("daisy\nroses\n")
    files = {"train_csv": "train.csv", "validation_csv": "eval.csv", "labels_file": "names", "output_dir": "out"}
    return [part for flag, name in files.items() for part in (f"--{flag}", str(tmp_path / name))]


def test_csv_lists_become_records(tmp_path: Path, flags: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    main([*flags, "--project_id", "ignored"])
    assert "wrote 2 pictures" in caplog.text
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "labels.txt",
        "train-00000-of-00001.tfrecord",
        "validation-00000-of-00001.tfrecord",
    ]
    train = read(f"{tmp_path}/out/train-*")
    assert [found.labels.tolist() for found in train] == [[0], [1]]
    np.testing.assert_allclose(train[0].boxes, [[0, 0, 40, 30]])
    assert train[1].encoded == (tmp_path / "b.jpg").read_bytes()
    assert [found.name for found in read(f"{tmp_path}/out/validation-*").classes] == ["daisy", "roses"]


def test_it_runs_as_a_module(flags: list[str]) -> None:
    command = [sys.executable, "-W", "error", "-m", "boxwright.formats.jpeg_to_tf_record", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "wrote 1 pictures" in done.stderr


def test_flags_are_required(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--train_csv", "a.csv"])
    assert "--validation_csv, --labels_file, --output_dir" in capsys.readouterr().err
