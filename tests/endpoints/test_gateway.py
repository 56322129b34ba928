"""Requests reach a worker of the right version, and are answered whatever becomes of the worker."""

import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from boxwright.endpoints.deployment import Deployment, Endpoint
from boxwright.endpoints.fleet import Fleet, FleetSettings
from boxwright.endpoints.gateway import Gateway, Unanswered
from boxwright.endpoints.message import Answer, Call
from boxwright.endpoints.meter import Meter
from boxwright.store.model_records import ModelRecord

PREDICT = Call("POST", b"/v1/projects/local/models/cells:predict", ((b"x-mine", b"yes"),), b"body")


def gateway_test(deploying: Any, use: Callable[[Gateway], Awaitable[Any]]) -> Any:
    """Use the gateway within an event loop of its own."""

    async def run() -> Any:
        gateway = deploying.deployed.gateway
        try:
            return await use(gateway)
        finally:
            await gateway.close()

    return asyncio.run(run())


class Load:
    """Clients that ask without a pause; each answer's version and pid, and what went wrong."""

    def __init__(self, gateway: Gateway, clients: int = 8) -> None:
        self.answers: list[tuple[str, int]] = []
        self.problems: list[str] = []
        self._stop = asyncio.Event()
        self._tasks = [asyncio.create_task(self._ask(gateway)) for _ in range(clients)]

    async def _ask(self, gateway: Gateway) -> None:
        while not self._stop.is_set():
            try:
                answer = await gateway.forward("local", "cells", PREDICT)
                self.answers.append((answer.version, json.loads(answer.body)["pid"]))
            except Unanswered as error:
                self.problems.append(error.message)
            await asyncio.sleep(0.002)

    async def end(self) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def until(self, condition: Callable[[], Any]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            await asyncio.sleep(0.02)

    async def more(self, count: int = 50) -> None:
        """Go on until so many more requests are answered."""
        wanted = len(self.answers) + count
        await self.until(lambda: len(self.answers) >= wanted or self.problems)


def test_a_request_reaches_the_worker_as_it_is(deploying: Any) -> None:
    deploying.ready()
    answer: Answer = gateway_test(deploying, lambda one: one.forward("local", "cells", PREDICT))
    said = json.loads(answer.body)
    assert (answer.status, answer.version) == (200, "v1")
    assert (said["method"], said["path"], said["length"]) == ("POST", PREDICT.target.decode(), 4)
    assert said["headers"]["x-mine"] == "yes"
    assert dict(answer.headers)[b"X-Kept"] == b"yes"


def test_the_default_is_switched_under_load_without_a_failed_request(deploying: Any) -> None:
    deploying.ready("v1")
    deploying.ready("v2")

    async def use(gateway: Gateway) -> Load:
        load = Load(gateway)
        await load.more()
        await asyncio.to_thread(deploying.deployed.models.update, "local", "cells", default="v2")
        await asyncio.to_thread(deploying.deployed.fleet.look_again)
        await load.until(lambda: deploying.deployed.fleet.find("local", "cells").model.default_version == "v2")
        switched = len(load.answers)
        await load.more()
        await asyncio.to_thread(deploying.deployed.versions.delete, "local", "cells", "v1")
        await load.until(lambda: not deploying.workers("v1"))
        await load.more()
        await load.end()
        assert {version for version, _ in load.answers[:switched][:20]} == {"v1"}
        after = Counter(version for version, _ in load.answers[switched:])
        assert after["v1"] <= 8 and after["v2"] >= 80  # each client may have had one under way
        return load

    load = gateway_test(deploying, use)
    assert load.problems == [] and len(load.answers) >= 150


def test_a_version_is_deployed_anew_under_load_without_a_failed_request(deploying: Any) -> None:
    deploying.ready(nodes=2)
    folder = deploying.make(deploying.folder / "better")

    async def use(gateway: Gateway) -> None:
        load = Load(gateway)
        await load.more()
        before = {worker.pid for worker in deploying.workers()}
        changes = {"deploymentUri": folder}
        await asyncio.to_thread(deploying.deployed.versions.update, "local", "cells", "v1", changes)
        await asyncio.to_thread(deploying.wait, "v1", "READY")
        await load.more()
        after = {worker.pid for worker in deploying.workers()}
        await load.end()
        assert not before & after
        assert {pid for _, pid in load.answers} <= before | after
        assert {pid for _, pid in load.answers[-20:]} <= after
        assert load.problems == []

    gateway_test(deploying, use)


def test_workers_that_are_killed_under_load_fail_no_request(deploying: Any) -> None:
    deploying.ready(nodes=2, seconds=0.01)

    async def use(gateway: Gateway) -> None:
        load = Load(gateway)
        for _ in range(3):
            await load.more()
            victim = deploying.workers()[0].pid
            os.kill(victim, signal.SIGKILL)
        await load.more()
        await load.end()
        assert load.problems == []
        assert len({pid for _, pid in load.answers}) >= 3

    gateway_test(deploying, use)
    assert deploying.deployed.meter.registry.get_sample_value("boxwright_endpoint_retries_total") > 0


def test_the_only_worker_is_waited_for_when_it_was_killed(deploying: Any) -> None:
    deploying.ready()
    (worker,) = deploying.workers()
    os.kill(worker.pid, signal.SIGKILL)
    answer = gateway_test(deploying, lambda one: one.forward("local", "cells", PREDICT))
    assert json.loads(answer.body)["pid"] != worker.pid


def test_a_request_that_ends_every_worker_is_given_up(deploying: Any) -> None:
    deploying.ready()

    async def use(gateway: Gateway) -> None:
        with pytest.raises(Unanswered, match="3 worker processes ended while they had this request") as refused:
            await gateway.forward("local", "cells", Call("POST", b"/die", (), b""))
        assert (refused.value.status, refused.value.retry_after) == ("UNAVAILABLE", 5)

    gateway_test(deploying, use)


def test_the_worker_with_the_fewest_requests_is_asked(deploying: Any) -> None:
    deploying.ready(nodes=2, seconds=0.2)

    async def use(gateway: Gateway) -> list[int]:
        answers = await asyncio.gather(*(gateway.forward("local", "cells", PREDICT) for _ in range(6)))
        return [json.loads(one.body)["pid"] for one in answers]

    assert sorted(Counter(gateway_test(deploying, use)).values()) == [3, 3]


def test_requests_in_flight_are_answered_when_their_version_is_deleted(deploying: Any) -> None:
    deploying.ready(seconds=0.5)

    async def use(gateway: Gateway) -> Answer:
        asked = asyncio.create_task(gateway.forward("local", "cells", PREDICT))
        await asyncio.sleep(0.1)
        await asyncio.to_thread(deploying.deployed.versions.delete, "local", "cells", "v1")
        await asyncio.to_thread(deploying.deployed.fleet.look_again)
        with pytest.raises(Unanswered, match="has no version|is DELETING|FAILED_PRECONDITION"):
            await gateway.forward("local", "cells", PREDICT)
        return await asked

    assert gateway_test(deploying, use).status == 200


@pytest.mark.parametrize(
    ("model", "version", "status", "said"),
    [
        ("trees", "", "NOT_FOUND", "project local has no model trees"),
        ("cells", "v7", "NOT_FOUND", "model cells has no version v7; there is v1"),
        ("empty", "", "FAILED_PRECONDITION", "model empty has no version yet"),
        ("cells", "", "UNAVAILABLE", "version v1 is CREATING; try again in a moment"),
    ],
)
def test_what_cannot_be_answered(deploying: Any, model: str, version: str, status: str, said: str) -> None:
    deploying.deployed.models.create("local", {"name": "empty"})
    deploying.version(slow=3)
    deploying.deployed.fleet.look_again()
    with pytest.raises(Unanswered, match=said) as refused:
        gateway_test(deploying, lambda one: one.forward("local", model, PREDICT, version))
    assert refused.value.status == status


def test_when_no_worker_comes_back_the_reason_is_told(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.gateway.PATIENCE", 1.0)
    deploying.ready()
    (deploying.folder / "cells" / "v1" / "fault.json").write_text('{"message": "out of everything"}')
    os.kill(deploying.workers()[0].pid, signal.SIGKILL)
    with pytest.raises(Unanswered, match="no worker of version v1 is ready") as refused:
        gateway_test(deploying, lambda one: one.forward("local", "cells", PREDICT))
    assert (refused.value.status, refused.value.retry_after) == ("UNAVAILABLE", 5)


def test_only_so_many_requests_wait(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.gateway.MAX_PATIENT", 2)
    deploying.ready()
    deploying.workers()[0].ready = False

    async def use(gateway: Gateway) -> list[Any]:
        asked = [gateway.forward("local", "cells", PREDICT) for _ in range(5)]
        return await asyncio.gather(*asked, return_exceptions=True)

    found = gateway_test(deploying, use)
    assert sum(isinstance(one, Answer) for one in found) == 2  # the worker was not gone, only doubted
    assert sum("2 requests wait for a worker already" in str(one) for one in found) == 3


def test_an_answer_that_takes_too_long(deploying: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxwright.endpoints.connection.ANSWER_TIMEOUT", 0.1)
    deploying.ready(seconds=1)
    with pytest.raises(Unanswered, match="gave no answer in time") as refused:
        gateway_test(deploying, lambda one: one.forward("local", "cells", PREDICT))
    assert refused.value.status == "DEADLINE_EXCEEDED"


def drawn(traffic: dict[str, int], draws: int) -> Counter[str]:
    gateway = Gateway(Fleet(None, FleetSettings(None)), Meter(), random.Random(7))  # type: ignore[arg-type]
    model = ModelRecord(1, "local", "cells", {}, "v1", traffic, "", 0.0)
    versions = {name: (None, Deployment(name, None)) for name in ("v1", "v2", "v3")}  # type: ignore[arg-type]
    return Counter(gateway.draw(Endpoint(model, versions)) for _ in range(draws))  # type: ignore[arg-type]


@pytest.mark.parametrize("traffic", [{"v1": 90, "v2": 10}, {"v1": 50, "v2": 30, "v3": 20}, {"v1": 1, "v3": 99}])
def test_traffic_is_split_as_asked(traffic: dict[str, int]) -> None:
    draws = 5000
    found = drawn(traffic, draws)
    assert found.keys() <= traffic.keys()
    for name, percent in traffic.items():
        share = percent / 100
        deviation = (draws * share * (1 - share)) ** 0.5  # of the binomial distribution
        assert abs(found[name] - draws * share) < 4 * deviation


def test_without_a_split_all_goes_to_the_default() -> None:
    assert drawn({}, 100) == {"v1": 100}
    assert drawn({"v2": 100, "v1": 0}, 100) == {"v2": 100}


def test_requests_are_measured(deploying: Any) -> None:
    deploying.ready()

    async def use(gateway: Gateway) -> None:
        await gateway.forward("local", "cells", PREDICT)
        await gateway.forward("local", "cells", Call("POST", b"/x", ((b"x-status", b"429"),), b""))
        with pytest.raises(Unanswered):
            await gateway.forward("local", "cells", Call("POST", b"/die", (), b""))

    gateway_test(deploying, use)
    value = deploying.deployed.meter.registry.get_sample_value
    where = {"project": "local", "model": "cells", "version": "v1"}
    for status in ("200", "429", "none"):
        assert value("boxwright_endpoint_requests_total", {**where, "status": status}) == 1
    assert value("boxwright_endpoint_in_flight", where) == 0
    assert value("boxwright_endpoint_seconds_count", where) == 3
