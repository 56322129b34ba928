"""Tests of shards and of the folder of the results."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.batch_prediction.instance import PARSERS
from boxwright.batch_prediction.plan import PLAN, Output, find_inputs, identify, instances, make_plan
from boxwright.batch_prediction.sources import DATA_FORMATS


@pytest.mark.parametrize("data_format", DATA_FORMATS)
def test_shards_cover_every_instance_once(
    data_format: str, tmp_path: Path, write_inputs: Any, grey: Any, predict: Any
) -> None:
    pictures = [grey(value) for value in range(7)]
    patterns = [write_inputs(data_format, tmp_path / name, pictures[part]) for name, part in PARTS.items()]
    given = predict(patterns, data_format).given
    paths = find_inputs(given)
    plan = make_plan(identify(given, paths), paths, shard=3)
    assert (plan.instances, [plan.length(number) for number in range(3)]) == (7, [3, 3, 1])
    found = [list(instances(plan, paths, number)) for number in range(3)]
    parse = PARSERS[data_format]
    assert [[parse(item).encoded for item in shard] for shard in found] == [pictures[:3], pictures[3:6], pictures[6:]]


PARTS = {"a": slice(0, 2), "b": slice(2, 3), "c": slice(3, 7)}


def test_where_shards_begin(tmp_path: Path, predict: Any) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{}\n\n{"b":1}\n')
    (tmp_path / "b.jsonl").write_bytes(b"{}\n{}\n{}\n")
    given = predict(f"{tmp_path}/*.jsonl").given
    paths = find_inputs(given)
    plan = make_plan(identify(given, paths), paths, shard=2)
    # The file's number, the line and its first byte.
    assert plan.starts == ((0, 1, 0), (1, 1, 0), (1, 3, 6))


def test_inputs_without_instances(tmp_path: Path, predict: Any) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n \n")
    given = predict(f"{tmp_path}/*.jsonl").given
    paths = find_inputs(given)
    with pytest.raises(ValueError, match="the 1 input files hold no instance"):
        make_plan(identify(given, paths), paths)


def test_inputs_that_got_shorter(tmp_path: Path, predict: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" * 4)
    given = predict(str(path)).given
    plan = make_plan(identify(given, [str(path)]), [str(path)])
    path.write_bytes(b"{}\n" * 3)
    with pytest.raises(ValueError, match="the inputs have changed"):
        list(instances(plan, [str(path)], 0))


def test_what_makes_another_prediction(tmp_path: Path, predict: Any, quadrant_model: Path) -> None:
    path, copy = tmp_path / "a.jsonl", tmp_path / "model"
    path.write_bytes(b"{}\n")
    copy.mkdir()
    (copy / "model.onnx").write_bytes((quadrant_model / "model.onnx").read_bytes())
    first = identify(predict(str(path)).given, [str(path)])
    same = predict(str(path), uri=str(copy), batchSize=1, maxWorkerCount=1, region="here")
    assert identify(same.given, [str(path)]) == first
    output = Output(str(tmp_path / "out"))
    output.write_plan(make_plan(first, [str(path)]))
    assert output.check(first) == output.read_plan() is not None
    for what, other in (
        ("data_format", identify(predict(str(path), "TEXT").given, [str(path)])),
        ("inputs", identify(same.given, [str(path), str(path)])),
    ):
        with pytest.raises(FileExistsError, match=rf"of another prediction \(its {what} is another\)"):
            output.check(other)
    (copy / "model.onnx").write_bytes(b"another")
    path.write_bytes(b"{}\n\n")
    with pytest.raises(FileExistsError, match=r"its model and inputs is another"):
        output.check(identify(same.given, [str(path)]))


def test_results_of_unknown_origin_and_a_damaged_plan(tmp_path: Path, predict: Any, records: Path) -> None:
    given = predict(f"{records}/train-*", "TF_RECORD").given
    identity, output = identify(given, find_inputs(given)), Output(str(tmp_path))
    assert output.check(identity) is None
    (tmp_path / "prediction.results-00000-of-00001").touch()
    with pytest.raises(FileExistsError, match="holds results of others"):
        output.check(identity)
    (tmp_path / PLAN).write_text("{}")
    with pytest.raises(ValueError, match="is not a plan of this version"):
        output.check(identity)


def test_a_shard_is_finished_when_its_results_are_there(tmp_path: Path, predict: Any) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"{}\n" * 4)
    given = predict(str(path)).given
    plan, output = make_plan(identify(given, [str(path)]), [str(path)], shard=1), Output(str(tmp_path / "out"))
    output.write_plan(plan)
    (tmp_path / "out" / "prediction.errors_stats-00001-of-00004").write_text("{}\n")
    assert output.finished(plan) == {}
    for number, errors in ((1, "{}\n{}\n"), (3, "")):
        (tmp_path / "good").write_text("{}\n")
        (tmp_path / "bad").write_text(errors)
        output.publish(tmp_path / "good", tmp_path / "bad", number, 4)
    assert output.finished(plan) == {1: 2, 3: 0}
