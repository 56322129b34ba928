"""What holds for every contract: limits, errors, measures, the access log, and the end of a process."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

JPEG = {"content-type": "image/jpeg"}


def values(client: Any, name: str) -> dict[tuple[str, ...], float]:
    """A measure's values by the values of its labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [one for family in families for one in family.samples if one.name == f"boxwright_serving_{name}"]
    return {tuple(one.labels.values()): one.value for one in samples}


def wait_for_a_line(client: Any) -> None:
    """The line of a request is written when its answer has been sent."""
    end = time.monotonic() + 10
    while not client.lines and time.monotonic() < end:
        time.sleep(0.01)


def test_a_request_larger_than_the_limit_is_refused(client_of: Callable[..., Any]) -> None:
    client = client_of(max_request_bytes=1000)
    answer = client.post("/invocations", content=b"x" * 1001, headers=JPEG)
    assert answer.status_code == 413
    assert "1,000 bytes (--max-request-bytes)" in answer.json()["error"]["message"]


def test_a_request_larger_than_the_limit_is_refused_in_the_form_of_its_contract(client_of: Callable[..., Any]) -> None:
    answer = client_of(max_request_bytes=1000).post("/v1/models/shapes:predict", content=b"x" * 1001)
    assert answer.status_code == 413
    assert "1,000 bytes" in answer.json()["error"]


def test_a_picture_of_more_pixels_than_the_limit_is_refused(client_of: Callable[..., Any], picture: bytes) -> None:
    answer = client_of(max_pixels=64 * 96 - 1).post("/invocations", content=picture, headers=JPEG)
    assert answer.status_code == 413
    assert "96 x 64 pixels; at most 6,143 (--max-pixels)" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/ping", 405)])
def test_an_address_that_is_not_there_is_said_so(client: Any, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == answer.json()["error"]["code"] == status


def test_requests_pictures_and_batches_are_counted(client_of: Callable[..., Any], picture: bytes) -> None:
    client = client_of()
    for _ in range(3):
        assert client.post("/invocations", content=picture, headers=JPEG).status_code == 200
    assert client.post("/invocations", content=b"no picture", headers=JPEG).status_code == 400
    assert values(client, "requests_total")[("/invocations", "200")] == 3
    assert values(client, "requests_total")[("/invocations", "400")] == 1
    assert values(client, "pictures_total") == {("shapes", "1"): 3}
    assert values(client, "batch_size_count") == {(): 3}
    assert values(client, "waiting_pictures") == {(): 0}
    assert values(client, "request_seconds_count")[("/invocations",)] == 4


def test_each_request_leaves_a_line_of_json(client_of: Callable[..., Any], picture: bytes) -> None:
    client = client_of()
    client.post("/invocations?token=secret", content=picture, headers=JPEG)
    wait_for_a_line(client)
    line = json.loads(client.lines[-1])
    assert (line["method"], line["path"], line["status"]) == ("POST", "/invocations", 200)
    assert line["bytes_in"] == len(picture)
    assert line["bytes_out"] > 10
    assert line["milliseconds"] > 0
    assert "secret" not in client.lines[-1]


def test_an_error_of_the_server_itself_tells_nothing_of_it(
    client_of: Callable[..., Any], picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of()

    def broken(*_: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(client.app.state.shelf.first._batcher, "_run", broken)
    answer = client.post("/invocations", content=picture, headers=JPEG)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert client.get("/ping").status_code == 200


def test_a_client_that_leaves_is_no_error_of_the_server(client_of: Callable[..., Any], caplog: Any) -> None:
    client = client_of()
    host, port = client.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(b"POST /invocations HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\nhalf")
    wait_for_a_line(client)
    assert json.loads(client.lines[0])["status"] == 499
    assert values(client, "requests_total") == {("/invocations", "499"): 1}
    assert "Traceback" not in caplog.text


async def collect(url: str, bodies: list[bytes]) -> list[int]:
    """Status of requests that are sent at the same moment."""
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        asked = [client.post("/invocations", content=body, headers=JPEG) for body in bodies]
        return [answer.status_code for answer in await asyncio.gather(*asked)]


def test_what_the_queue_cannot_hold_is_sent_away_at_once(client_of: Callable[..., Any], picture: bytes) -> None:
    client = client_of(queue=4)
    statuses = asyncio.run(collect(client.url, [picture] * 20))
    assert set(statuses) == {200, 429}
    assert statuses.count(200) >= 4
    assert values(client, "refused_total") == {(): statuses.count(429)}


def test_a_request_that_takes_too_long_is_given_up(
    client_of: Callable[..., Any], picture: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(timeout=0.05)

    async def never(_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(client.app.state.shelf.first._batcher, "outputs", never)
    answer = client.post("/invocations", content=picture, headers=JPEG)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert values(client, "waiting_pictures") == {(): 0}
