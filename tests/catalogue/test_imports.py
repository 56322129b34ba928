"""The processes that import: two at once, ended with the server, begun again by the next one."""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from boxwright.catalogue.catalogue import Catalogue
from boxwright.catalogue.imports import Imports
from boxwright.catalogue.place import Outcome, Place
from boxwright.store.dataset_records import DatasetMissing, DatasetRecord
from boxwright.store.records import StoreUnavailable

SLEEPS = (sys.executable, "-c", "import time; time.sleep(60)")
DIES = (sys.executable, "-c", "import sys; print('no memory'); sys.exit(3)")


def nothing(upload_id: str, _: Path) -> None:
    raise AssertionError(upload_id)


@pytest.fixture
def known(catalogue: Catalogue, shapes: Path) -> Callable[..., DatasetRecord]:
    """Makes a data set known."""

    def make(name: str = "one", **given: Any) -> DatasetRecord:
        return catalogue.store.create("local", {"name": name, "path": str(shapes), **given}, str(catalogue.folder))

    return make


def with_command(catalogue: Catalogue, command: tuple[str, ...]) -> Imports:
    return Imports(catalogue.store, catalogue.folder, catalogue.roots, command)


def waited(check: Callable[[], Any], seconds: float = 15.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def children(word: str) -> list[psutil.Process]:
    """Processes of this one that import below a folder."""
    found = psutil.Process().children()
    return [one for one in found if one.status() != psutil.STATUS_ZOMBIE and word in " ".join(one.cmdline())]


def test_a_data_set_becomes_ready(catalogue: Catalogue, known: Callable[..., DatasetRecord]) -> None:
    known()
    with catalogue.imports:
        record = waited(lambda: (found := catalogue.store.get("local", "one")).state != "IMPORTING" and found)
    assert (record.state, record.error_message) == ("READY", "")
    assert Outcome.model_validate(record.result).format == "yolo"


def test_one_that_is_settled_is_not_begun_again(
    catalogue: Catalogue, known: Callable[..., DatasetRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by the look that has settled it: what was imported would be written over."""
    begun, begin = list[str](), Place.begin
    monkeypatch.setattr(Place, "begin", lambda place, order: (begun.append(order.request.name), begin(place, order)))
    known()
    for _ in range(200):
        catalogue.imports.step()
        if catalogue.store.get("local", "one").state == "READY":
            break
        time.sleep(0.1)
    catalogue.imports.step()
    assert begun == ["one"]


def test_two_are_imported_at_once_and_end_with_the_server(
    catalogue: Catalogue, known: Callable[..., DatasetRecord]
) -> None:
    for number in range(4):
        known(f"n{number}")
    with with_command(catalogue, SLEEPS):
        running = waited(lambda: len(found := children("time.sleep")) == 2 and found)
        time.sleep(0.5)
        assert len(children("time.sleep")) == 2
    assert not any(one.is_running() for one in running)
    assert [catalogue.store.get("local", f"n{number}").state for number in range(4)] == ["IMPORTING"] * 4
    with catalogue.imports:  # the next start of the server
        waited(lambda: all(catalogue.store.get("local", f"n{number}").state == "READY" for number in range(4)))


def test_a_child_that_dies_is_begun_again_and_then_told_of(
    catalogue: Catalogue, known: Callable[..., DatasetRecord]
) -> None:
    record = known()
    with with_command(catalogue, DIES):
        failed = waited(lambda: (found := catalogue.store.get("local", "one")).state == "FAILED" and found)
    assert "ended with status 3 and no result: no memory" in failed.error_message
    assert Place(record.folder).log.read_text().count("no memory") == 2


def test_a_command_that_cannot_be_started(catalogue: Catalogue, known: Callable[..., DatasetRecord]) -> None:
    known()
    imports = with_command(catalogue, ("/no/such/program",))
    imports.step()
    assert "cannot be started" in catalogue.store.get("local", "one").error_message


def test_a_parent_that_has_gone(catalogue: Catalogue) -> None:
    request = {"name": "one", "convert": {"dataset": "gone", "format": "coco"}}
    catalogue.store.create("local", request, str(catalogue.folder))
    catalogue.imports.step()
    assert "no data set gone" in catalogue.store.get("local", "one").error_message


def test_one_that_is_deleted_meanwhile_is_ended_and_leaves_nothing(
    catalogue: Catalogue, known: Callable[..., DatasetRecord]
) -> None:
    record = known()
    with with_command(catalogue, SLEEPS) as imports:
        running = waited(lambda: children("time.sleep"))
        catalogue.store.delete("local", "one")
        imports.look_again()
        assert not running[0].is_running()
        assert not record.folder.exists()
        with pytest.raises(DatasetMissing):
            catalogue.store.get("local", "one")


def test_those_of_other_servers_are_left_alone(catalogue: Catalogue, shapes: Path, tmp_path: Path) -> None:
    catalogue.store.create("local", {"name": "one", "path": str(shapes)}, str(tmp_path / "elsewhere"))
    catalogue.imports.step()
    assert catalogue.store.get("local", "one").state == "IMPORTING"
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_that_is_away_is_told_of_once_and_waited_for(
    catalogue: Catalogue,
    known: Callable[..., DatasetRecord],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    known()
    wanted, looks = catalogue.store.wanted, list[int]()

    def away(place: str) -> Any:
        looks.append(1)
        if len(looks) < 3:
            raise StoreUnavailable("gone")
        if len(looks) == 3:
            raise ZeroDivisionError
        return wanted(place)

    monkeypatch.setattr(catalogue.store, "wanted", away)
    monkeypatch.setattr("boxwright.catalogue.imports.REST", 0.01)
    with catalogue.imports:
        waited(lambda: catalogue.store.get("local", "one").state == "READY")
    assert [record.message for record in caplog.records] == [
        "gone; imports wait",
        "the imports could not be looked at",
    ]
