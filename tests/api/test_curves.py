"""Series of numbers from files of events that people and other programs may have written, cut and replaced."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxwright.api import curves
from boxwright.api.curves import Curves, CurveShelf
from boxwright.event_file import EventFile


def line(step: int, kind: str = "train", **values: Any) -> str:
    return json.dumps({"time": 1000.0 + step, "kind": kind, "step": step, "values": values}) + "\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


@pytest.fixture
def read(events: Path) -> Callable[..., Any]:
    """Asks the same curves again and again."""
    made = Curves(EventFile(str(events)))
    return lambda *names, since=-1, most=1000: made.answer(names, since, most)


def test_numbers_with_steps_times_and_units(events: Path, read: Any) -> None:
    events.write_text(
        line(0, "data", pictures=5)
        + line(10, loss=2.5, images_per_second=12.0, epoch=0)
        + line(20, loss=1.5, images_per_second=13.0, epoch=1)
        + line(20, "evaluation", AP=0.25, epoch=1, best_step=20)
    )
    found = read("loss", "AP", "images_per_second", "nothing")
    assert [one["name"] for one in found["series"]] == ["loss", "AP", "images_per_second"]
    loss, precision, speed = found["series"]
    assert (loss["steps"], loss["times"], loss["values"]) == ([10, 20], [1010.0, 1020.0], [2.5, 1.5])
    assert (loss["unit"], loss["kind"], loss["points"]) == ("", "train", 2)
    assert (precision["steps"], precision["values"], precision["kind"]) == ([20], [0.25], "evaluation")
    assert speed["unit"] == "img/s"
    there = {one["name"]: (one["kind"], one["points"]) for one in found["available"]}
    assert there["epoch"] == ("train", 2) and there["best_step"] == ("evaluation", 1) and "pictures" not in there


def test_only_what_comes_after_a_step(events: Path, read: Any) -> None:
    events.write_text("".join(line(step, loss=step / 2) for step in range(10, 60, 10)))
    (series,) = read("loss", since=30)["series"]
    assert series["steps"] == [40, 50] and series["points"] == 2


def test_grows_and_begins_anew_when_the_run_is_resumed(events: Path, read: Any) -> None:
    assert read("loss") == {"available": [], "series": [], "generation": 0}
    events.write_text(line(10, loss=3.0) + line(20, loss=2.0))
    assert read("loss")["series"][0]["steps"] == [10, 20]
    with events.open("a") as file:
        file.write(line(30, loss=1.0)[:-9])
    assert read("loss")["series"][0]["steps"] == [10, 20]
    events.unlink()
    events.write_text(line(10, loss=3.0) + line(20, loss=2.5) + line(30, loss=2.25) + line(40, loss=2.0))
    found = read("loss")
    assert found["generation"] == 1
    assert found["series"][0]["values"] == [3.0, 2.5, 2.25, 2.0]
    events.unlink()
    assert read("loss") == {"available": [], "series": [], "generation": 2}


def test_lines_that_are_no_events_are_passed_over(events: Path, read: Any) -> None:
    bad = [
        "",
        "nonsense",
        "[]",
        "{}",
        "[" * 5000,
        '{"time": 1, "kind": "train", "step": "x", "values": {"loss": 7}}',
        '{"time": 1, "kind": "train", "step": true, "values": {"loss": 7}}',
        '{"time": 1, "kind": "train", "step": -1, "values": {"loss": 7}}',
        '{"time": 1, "kind": "train", "step": 99999999999999999999999, "values": {"loss": 7}}',
        '{"time": null, "kind": "train", "step": 1, "values": {"loss": 7}}',
        '{"time": 1, "kind": ["train"], "step": 1, "values": {"loss": 7}}',
        '{"time": 1, "kind": "train", "step": 1, "values": [7]}',
        '{"time": 1, "kind": "train", "step": 1, "values": {"loss": NaN, "a": Infinity, "b": "7", "c": true}}',
        '{"time": 1, "kind": "train", "step": 1, "values": {"huge": 1' + "0" * 400 + "}}",
        "\udc80".encode("utf-8", "surrogateescape").decode("latin1"),
    ]
    events.write_text("\n".join(bad) + "\n" + line(5, loss=1.0), "latin1")
    found = read("loss")
    assert found["series"][0]["values"] == [1.0]
    assert [one["name"] for one in found["available"]] == ["loss"]
    json.dumps(found, allow_nan=False)


def test_events_of_different_forms_keep_their_order(events: Path, read: Any) -> None:
    forms: list[dict[str, Any]] = [
        {"loss": 1},
        {"loss": 2, "extra": 0},
        {"loss": "none"},
        {"loss": 3.5},
        {"loss": True},
    ]
    events.write_text("".join(line(step, **values) for step, values in enumerate([*forms, {"loss": 4}])))
    (series,) = read("loss")["series"]
    assert (series["steps"], series["values"]) == ([0, 1, 3, 5], [1.0, 2.0, 3.5, 4.0])


def test_names_are_texts_like_others_and_not_too_many(events: Path, read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "MAX_NAMES", 3)
    events.write_text(line(1, **{"<b>loss</b>": 1.0, "a": 1, "b": 2, "c": 3}))
    found = read("<b>loss</b>", "c")
    assert [one["name"] for one in found["available"]] == ["<b>loss</b>", "a", "b"]
    assert [one["name"] for one in found["series"]] == ["<b>loss</b>"]


def test_a_hundred_thousand_points_are_thinned_out_and_asked_again_at_once(events: Path, read: Any) -> None:
    with events.open("w") as file:
        for step in range(100_000):
            file.write(
                f'{{"kind":"train","step":{step},"values":{{"loss":{1e6 if step == 77_777 else step % 7}}},"time":1}}\n'
            )
    first = read("loss")["series"][0]
    assert first["points"] == 100_000
    assert len(first["values"]) == len(first["steps"]) == len(first["times"]) <= 1000
    assert first["values"][first["steps"].index(77_777)] == 1e6
    took = []
    for _ in range(5):
        started = time.perf_counter()
        assert read("loss")["series"][0] == first
        took.append(time.perf_counter() - started)
    assert min(took) < 0.2  # to read the file takes longer


def test_little_used_curves_are_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "KEPT_VALUES", 10)
    shelf = CurveShelf()

    def curves_of(name: str) -> Curves:
        path = tmp_path / name
        path.write_text(line(1, loss=1.0) + line(2, loss=1.0))
        found = shelf.of(name, lambda: EventFile(str(path)))
        found.answer(["loss"], -1, 10)
        return found

    first = curves_of("a")
    assert curves_of("a") is first
    curves_of("b")
    curves_of("c")  # 6 numbers each: only the latest ones are kept
    assert curves_of("c") is not first and curves_of("a") is not first
