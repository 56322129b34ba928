"""Workers are started again after they have died, ever later when they die again and again."""

from pathlib import Path
from typing import Any

from boxwright.endpoints.group import Group, Recipe

RECIPE = Recipe("local", "cells", "v1", 1, "/models/cells")


class Stub:
    """A worker that a test lets live and die."""

    def __init__(self, started: float) -> None:
        self.started, self.pid = started, 1
        self.ready = self.was_ready = False
        self.ending: int | None = None
        self.cleared = self.killed = False
        self.words = "it is broken"

    @property
    def usable(self) -> bool:
        return self.ready and self.ending is None

    def look(self) -> None:
        self.was_ready |= self.ready

    def trim_log(self) -> None:
        pass

    def clear(self) -> None:
        self.cleared = True

    def kill(self) -> None:
        self.killed = True

    def last_words(self) -> str:
        return self.words


class Starting:
    """Starts stubs at a time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.made: list[Stub] = []
        self.group = Group(RECIPE, self.start)

    def start(self, recipe: Recipe, count: int) -> Any:
        assert recipe is RECIPE and count >= 1
        self.made.append(Stub(self.now))
        return self.made[-1]

    def step(self, count: int = 1, later: float = 0.0) -> list[Any]:
        self.now += later
        return self.group.step(count, self.now)


def test_a_worker_that_dies_is_started_again_ever_later() -> None:
    at = Starting()
    at.step()
    at.made[0].ready = True
    at.step()
    starts = []
    for _ in range(8):
        at.made[-1].ending = -9
        died = at.now
        before = len(at.made)
        while len(at.made) == before:
            at.step(later=0.5)
        starts.append(at.now - died)
        at.made[-1].ready = True
    # Seen in steps of half a second: at the first one, then 1 s after it, 2 s, 4 s and so on up to 30 s.
    assert starts == [0.5, 1.5, 2.5, 4.5, 8.5, 16.5, 30.5, 30.5]
    assert at.group.problem == ""


def test_a_worker_that_lived_long_is_started_again_at_once() -> None:
    at = Starting()
    at.step()
    for _ in range(4):
        at.made[-1].ready = True
        at.step(later=61)
        at.made[-1].ending = 1
        before = len(at.made)
        at.step()
        assert len(at.made) == before + 1


def test_a_worker_that_ends_by_itself_before_any_was_ready_says_why() -> None:
    at = Starting()
    at.step()
    at.made[0].ending = 1
    at.step()
    assert at.group.problem == "it is broken" and at.made[0].cleared
    at.made[-1].ready = True
    at.step()
    assert at.group.problem == ""


def test_killed_workers_are_tried_three_times() -> None:
    at = Starting()
    at.step()
    for died in range(1, 4):
        assert at.group.problem == ""
        at.made[-1].ending, at.made[-1].words = -9, ""
        before = len(at.made)
        at.step()
        while died < 3 and len(at.made) == before:
            at.step(later=1)
    assert at.group.problem == "the worker ended with status -9 and said nothing"


def test_a_worker_that_is_never_ready_is_killed() -> None:
    at = Starting()
    at.step()
    at.step(later=119)
    assert not at.made[0].killed
    at.step(later=2)
    assert at.made[0].killed and at.group.problem == "no worker was ready within 120 s: it is broken"


def test_those_that_are_not_ready_are_let_go_first() -> None:
    at = Starting()
    at.step(3)
    at.made[1].ready = True
    assert at.group.usable() == [at.made[1]] and not at.group.complete(2)
    assert set(at.step(1)) == {at.made[0], at.made[2]}
    assert at.group.workers == (at.made[1],)


def test_a_recipe_says_what_it_is() -> None:
    assert str(RECIPE) == "local/cells/v1" and Path(RECIPE.folder).name == "cells"
