"""The queue of evaluations, with a program that stands in for `boxwright evaluate`."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxwright import files
from boxwright.bench.bench import Bench, words
from boxwright.bench.record import Evaluation, Question, digest_of_data, digest_of_model
from boxwright.bench.shelf import EvaluationMissing, Shelf
from boxwright.modeldir import read_card

PROGRAM = """
import os, pathlib, sys, time
data = sys.argv[2]
output = pathlib.Path(sys.argv[3].partition("=")[2])
output.mkdir(parents=True)
(output.parents[2] / "begun").open("a").write(f"{data} {os.getpid()} {os.nice(0)}\\n")
if data == "slow":
    (output / "progress.json").write_text('{"done": 8, "total": 20}')
    time.sleep(60)
if data == "bad":
    sys.exit("boxwright: the data set has the classes 1 cat, but the model 1 dog")
if data == "mute":
    os._exit(3)
(output / "evaluation.json").write_text(" ".join(one for one in sys.argv[4:] if not one.startswith("--root")))
"""


@pytest.fixture
def program(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "evaluate.py"
    path.write_text(PROGRAM)
    return (sys.executable, "-S", str(path))


@pytest.fixture
def bench(tmp_path: Path, program: tuple[str, ...]) -> Iterator[Bench]:
    with Bench(tmp_path / "evaluations", command=program) as bench:
        yield bench


def question(data: str = "good", **more: Any) -> Question:
    given = {"model": "cells", "folder": "/m", "model_digest": "d", "data": data, "data_digest": "e", **more}
    return Question.model_validate(given)


def until(condition: Callable[[], Any]) -> Any:
    end = time.monotonic() + 10
    while not (found := condition()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def ended(bench: Bench, one: Evaluation, state: str) -> Evaluation:
    def found() -> Evaluation | None:
        now = bench.shelf.get(one.project, one.id)
        return now if now.state == state else None

    result: Evaluation = until(found)
    return result


def begun(tmp_path: Path) -> list[list[str]]:
    path = tmp_path / "evaluations" / "begun"
    return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def test_one_after_another_in_the_order_of_asking(bench: Bench, tmp_path: Path) -> None:
    first = bench.ask("local", question("first", split="test", labels_file="names", variant="int8"))
    second = bench.ask("local", question("second"))
    done = ended(bench, second, "SUCCEEDED")
    assert [line[0] for line in begun(tmp_path)] == ["first", "second"]
    assert all(int(line[2]) >= 0 for line in begun(tmp_path))
    result = bench.shelf.result(bench.shelf.get("local", first.id))
    assert (result / "evaluation.json").read_text() == "--split=test --labels-file=names --variant=int8"
    assert done.start_time is not None and done.end_time is not None and done.start_time <= done.end_time
    assert [one.id for one in bench.shelf.list("local")] == [second.id, first.id]
    assert bench.shelf.list("other") == []


def test_the_same_question_is_answered_once(bench: Bench, tmp_path: Path) -> None:
    one = bench.ask("local", question())
    ended(bench, one, "SUCCEEDED")
    assert bench.ask("local", question(model="another-name", dataset="shapes")).id == one.id
    assert len(begun(tmp_path)) == 1
    assert (
        len({question(**{name: "x"}).id for name in ("data", "split", "variant", "model_digest", "data_digest")}) == 5
    )


def test_a_failure_says_why_and_may_be_tried_again(bench: Bench, tmp_path: Path) -> None:
    one = bench.ask("local", question("bad"))
    assert ended(bench, one, "FAILED").error_message == "the data set has the classes 1 cat, but the model 1 dog"
    assert not bench.shelf.result(one).exists()
    assert bench.ask("local", question("bad")).state == "QUEUED"
    mute = bench.ask("local", question("mute"))
    assert ended(bench, mute, "FAILED").error_message == "the process ended with status 3"
    assert [line[0] for line in begun(tmp_path)] == ["bad", "bad", "mute"]


def test_cancelling_what_runs_and_what_waits(bench: Bench, tmp_path: Path) -> None:
    slow, waits = bench.ask("local", question("slow")), bench.ask("local", question("waits"))
    until(lambda: begun(tmp_path))
    assert (bench.position(slow), bench.position(waits)) == (0, 1)
    running = bench.shelf.get("local", slow.id)
    assert until(lambda: bench.progress(running)) == {"done": 8, "total": 20}
    assert bench.progress(waits) == {}
    assert bench.cancel(waits).state == "CANCELLED"
    assert bench.cancel(slow).state == "CANCELLED"
    later = bench.ask("local", question("later"))
    ended(bench, later, "SUCCEEDED")
    assert [line[0] for line in begun(tmp_path)] == ["slow", "later"]
    assert bench.shelf.get("local", slow.id).state == "CANCELLED"
    assert bench.cancel(later).state == "SUCCEEDED"


def test_removing_what_runs(bench: Bench, tmp_path: Path) -> None:
    slow = bench.ask("local", question("slow"))
    pid = int(until(lambda: begun(tmp_path))[0][1])
    bench.remove(slow)
    with pytest.raises(EvaluationMissing, match="project 'local' has no evaluation"):
        bench.shelf.get("local", slow.id)

    def gone() -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(gone)
    ended(bench, bench.ask("local", question("next")), "SUCCEEDED")
    assert not bench.shelf.result(slow).exists()


def test_a_server_that_starts_again_goes_on(tmp_path: Path, program: tuple[str, ...]) -> None:
    root = tmp_path / "evaluations"
    with Bench(root, command=program) as bench:
        slow, waits = bench.ask("local", question("slow")), bench.ask("local", question("waits"))
        until(lambda: begun(tmp_path))
    assert [one.state for one in Shelf(root).list()] == ["QUEUED", "RUNNING"]
    (root / "local" / waits.id / "record.json").write_text('{"project": "lo')  # cut short by a full disk
    (tmp_path / "evaluate.py").write_text(PROGRAM.replace('data == "slow"', "False"))
    with Bench(root, command=program) as bench:
        ended(bench, slow, "SUCCEEDED")
        assert [one.id for one in bench.shelf.list()] == [slow.id]


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with Bench(tmp_path / "evaluations", command=("/nothing/there",)) as bench:
        one = bench.ask("local", question())
        assert "No such file" in ended(bench, one, "FAILED").error_message


def test_the_program_is_boxwright_evaluate() -> None:
    given = words(question(split="val"), Path("/a/out"), ["/data"])
    allowed = ["--root=/data", "--root=/m", "--root=/a"]
    assert given == ["/m", "good", "--output=/a/out", "--split=val", *allowed]


def test_a_deaf_process_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.bench.bench.GRACE", 0.1)
    path = tmp_path / "evaluate.py"
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    path.write_text(deaf + PROGRAM)
    with Bench(tmp_path / "evaluations", command=(sys.executable, "-S", str(path))) as bench:
        bench.ask("local", question("slow"))
        pid = int(until(lambda: begun(tmp_path))[0][1])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def test_digests_of_data(tmp_path: Path) -> None:
    (tmp_path / "a.rec").write_bytes(b"1")
    (tmp_path / "b.rec").write_bytes(b"2")
    whole, one = digest_of_data(str(tmp_path)), digest_of_data(str(tmp_path / "a.rec"))
    wildcard = digest_of_data(f"{tmp_path}/*.rec")
    assert digest_of_data(str(tmp_path)) == whole != one
    os.utime(tmp_path / "b.rec", (1, 1))
    assert digest_of_data(str(tmp_path)) != whole and digest_of_data(f"{tmp_path}/*.rec") != wildcard
    assert digest_of_data(str(tmp_path / "a.rec")) == one
    with pytest.raises(FileNotFoundError):
        digest_of_data(str(tmp_path / "none-*"))


def test_digests_of_remote_data(memory: str) -> None:
    files.write_bytes(f"{memory}/data/a.rec", b"1")
    before = digest_of_data(f"{memory}/data")
    files.write_bytes(f"{memory}/data/a.rec", b"12")
    assert digest_of_data(f"{memory}/data") != before


def test_digest_of_a_model(deployable: Callable[..., str], tmp_path: Path) -> None:
    folder = deployable(tmp_path / "model")
    card = read_card(folder)
    of_echo_n_onnx = "87e93f89f2be0db364e8be052f79f389e6c2da239831922e24513288af522a43"  # by sha256sum
    assert digest_of_model(folder, card, "") == of_echo_n_onnx
    assert digest_of_model(folder, card.model_copy(update={"digests": {"model.onnx": "known"}}), "") == "known"
    with pytest.raises(ValueError, match="unknown variant"):
        digest_of_model(folder, card, "int4")
