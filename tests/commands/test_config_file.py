"""Tests of reading config.yaml: places of values, and what is no config."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.commands.config_file import ConfigFile, read_config
from boxwright.spec.resource import Fault

CONFIG = """\
# machines
trainingInput:
  scaleTier: BASIC
  args: ["--a=1", --b=2]
  hyperparameters:
   params:
   - parameterName: initial_learning_rate
     type: DOUBLE
labels:
  owner: anna
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def test_values_and_their_places(file: Path) -> None:
    file.write_text(CONFIG)
    config = read_config(str(file))
    assert config.values["trainingInput"]["args"] == ["--a=1", "--b=2"]
    assert config.values["labels"] == {"owner": "anna"}
    places: dict[str, tuple[int, int]] = {
        "trainingInput": (2, 1),
        "trainingInput.args[1]": (4, 19),
        "trainingInput.hyperparameters.params[0]": (7, 6),
        "trainingInput.hyperparameters.params[0].type": (8, 6),
        "trainingInput.hyperparameters.params[0].minValue": (7, 6),  # what is missing: the part around it
        "labels.owner": (10, 3),
    }
    for path, (line, column) in places.items():
        assert config.located(Fault(path, "is wrong")) == f"{file}:{line}:{column}: {path}: is wrong"
    assert config.located(Fault("jobId", "is wrong")) == "jobId: is wrong"


def test_an_empty_file_and_no_file(file: Path) -> None:
    file.write_text("# nothing\n")
    assert read_config(str(file)).values == {}
    assert ConfigFile().located(Fault("a.b", "is wrong")) == "a.b: is wrong"


def test_anchors_and_merges(file: Path) -> None:
    file.write_text(
        "trainingInput:\n  masterConfig: &it {imageUri: a}\n  workerConfig:\n    <<: *it\n    tpuTfVersion: '2'\n"
    )
    values: dict[str, Any] = read_config(str(file)).values
    assert values["trainingInput"]["workerConfig"] == {"imageUri": "a", "tpuTfVersion": "2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trainingInput:\n\tscaleTier: BASIC\n", ":2:1: a tab; YAML wants spaces"),
        ("trainingInput:\n  scaleTier:\tBASIC\n", ":2:13: a tab; YAML wants spaces"),
        ("trainingInput:\n  a: 1\n\tb: 2\n", ":3:1: a tab; YAML wants spaces"),
        ("trainingInput:\n  a: 1\n b: 2\n", ":3:2: no YAML: "),
        ("trainingInput: {a: 1\n", ":2:1: no YAML: "),
        ("a: *b\n", ":1:4: no YAML: found undefined alias 'b'"),
        ("trainingInput:\n  args: !!python/object:os.system {}\n", ":2:9: no YAML: could not determine a constructor"),
        ("? [a]\n: 1\n", ":1:3: no YAML: found unhashable key"),
        ("a: 1\n---\nb: 1\n", ":2:1: no YAML: "),
        ("labels: {a: 1}\nlabels: {b: 1}\n", ":2:1: 'labels' stands twice; leave one of them out"),
        ("trainingInput:\n  region: a\n  region: b\n", ":3:3: 'region' stands twice"),
        ("just words\n", ":1:1: expected 'trainingInput:' with settings below it, got 'just words'"),
        ("- a\n", ":1:1: expected 'trainingInput:'"),
        ("\nscaleTier: BASIC\n", ":2:1: unknown key 'scaleTier'; there is trainingInput, labels, jobId; settings of"),
        ("trainingInput: {}\n5: 6\n", ":2:1: unknown key 5"),
        ("labels: \x01\n", ": no YAML: "),
        ("trainingInput: 2026-99-99\n", ": no YAML: month must be in 1..12"),
    ],
)
def test_what_is_no_config(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(ValueError) as refused:
        read_config(str(file))
    assert str(refused.value).startswith(str(file))
    assert said in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_config(str(tmp_path / "none.yaml"))
