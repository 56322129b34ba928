"""What open pages of the console cost a training job on the same machine: `python benchmarks/console_pages.py`.

Starts a server in an empty folder, trains a detector on drawn pictures, and opens pages of the running job as browsers
do: the page, then its live connection over a websocket (without a browser's own work, which is the viewer's machine's).
Windows without and with open pages take turns; each window counts the pictures a second that the job reports, and the
processor's time that the server's process takes.
"""

import argparse
import asyncio
import contextlib
import os
import re
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import socketio
from served import Served

JOB = "cells"
FORGET = 35.0
"""Seconds after which the server has forgotten pages that were closed; it keeps them a while in case they come back."""

SETTLE = 5.0
"""Seconds at the start of a window that do not count."""


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--pages", type=int, default=50)
    given.add_argument("--windows", type=int, default=6, help="of each kind")
    given.add_argument("--seconds", type=float, default=30.0, help="of a window")
    given.add_argument("--hidden", action="store_true", help="the pages are in tabs that nobody sees")
    given.add_argument("--tab", default="curves", help="of the job's page")
    asyncio.run(measure(given.parse_args()))


async def measure(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder), ())
        served.start()
        assert served.process
        headers = {"Authorization": f"Bearer {served.token()}"}
        try:
            async with httpx.AsyncClient(base_url=served.address, headers=headers, timeout=60) as http:
                await train(http)
                await alternate(http, served, given)
                await end(http)
        finally:
            served.stop()


async def alternate(http: httpx.AsyncClient, served: Served, given: argparse.Namespace) -> None:
    """Windows without pages and with them, by turns."""
    assert served.process
    rows: dict[int, list[tuple[float, float]]] = {0: [], given.pages: []}
    for number in range(2 * given.windows):
        pages = given.pages * (number % 2)
        async with opened(http, served.token(), pages, given):
            rows[pages].append(await window(http, served.process.pid, given.seconds))
        print(
            f"{pages:3} pages: {rows[pages][-1][0]:6.2f} img/s, server {rows[pages][-1][1]:.2%} of a core", flush=True
        )
        await asyncio.sleep(FORGET if pages else 0)
    report(rows, given.pages)


async def end(http: httpx.AsyncClient) -> None:
    """Cancel the job, and wait until it has ended."""
    await http.post(f"/v1/projects/local/jobs/{JOB}:cancel", json={})
    while (await http.get(f"/v1/projects/local/jobs/{JOB}")).json()["state"] != "CANCELLED":
        await asyncio.sleep(0.5)


def report(rows: dict[int, list[tuple[float, float]]], pages: int) -> None:
    rates = {count: statistics.median(rate for rate, _ in found) for count, found in rows.items()}
    shares = {count: statistics.median(share for _, share in found) for count, found in rows.items()}
    print(
        f"training: {rates[0]:.2f} img/s alone, {rates[pages]:.2f} with {pages} pages ({rates[pages] / rates[0]:.3f})"
    )
    cost = (shares[pages] - shares[0]) / (os.cpu_count() or 1)
    print(f"server: {shares[0]:.2%} of a core alone, {shares[pages]:.2%} with them: {cost:.2%} of this machine more")


async def train(http: httpx.AsyncClient) -> None:
    """Begin to train on drawn pictures, and wait until it is at it."""
    drawn = {"pictures": 60, "validation": 20, "classes": ["circle", "square"], "height": 96, "width": 128}
    (await http.post("/v1/projects/local/datasets", json={"name": "shapes", "draw": drawn})).raise_for_status()
    while (found := (await http.get("/v1/projects/local/datasets/shapes")).json())["state"] != "READY":
        await asyncio.sleep(0.5)
    words = [f"--training_data_path={found['trainingDataPath']}", "--max_steps=100000", "--train_batch_size=8"]
    if "validationDataPath" in found:
        words.append(f"--validation_data_path={found['validationDataPath']}")
    words += ["--train_steps_per_eval=100000"]
    image = {"imageUri": "image_object_detection"}
    job = {"jobId": JOB, "trainingInput": {"masterConfig": image, "args": words}}
    (await http.post("/v1/projects/local/jobs", json=job)).raise_for_status()
    while not await rates(http, 0.0):
        await asyncio.sleep(1)


async def rates(http: httpx.AsyncClient, since: float) -> list[float]:
    """Pictures a second that the job has told since a time, in seconds since 1970."""
    answer = await http.get(f"/v1/projects/local/jobs/{JOB}/events")
    lines = answer.text.splitlines() if answer.is_success else []
    told = [(float(time_), float(rate)) for line in lines for time_, rate in [_rate(line)] if rate]
    return [rate for when, rate in told if when > since]


def _rate(line: str) -> tuple[str, str]:
    rate = re.search(r'"images_per_second":([0-9.]+)', line)
    when = re.search(r'"time":([0-9.]+)', line)
    return (when[1], rate[1]) if rate and when else ("0", "0")


async def window(http: httpx.AsyncClient, pid: int, seconds: float) -> tuple[float, float]:
    """Pictures a second of the job, and the share of one core that the server's process takes."""
    await asyncio.sleep(SETTLE)
    begin, used, since = time.perf_counter(), processor(pid), time.time()
    await asyncio.sleep(seconds)
    share = (processor(pid) - used) / (time.perf_counter() - begin)
    return statistics.mean(await rates(http, since)), share


def processor(pid: int) -> float:
    """Seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.asynccontextmanager
async def opened(http: httpx.AsyncClient, token: str, count: int, given: argparse.Namespace) -> AsyncIterator[None]:
    """So many pages of the job are open within."""
    cookies = (await http.post("/v1/sessions", json={"token": token})).cookies
    address = str(http.base_url).rstrip("/")
    path = f"/console/local/jobs/{JOB}?tab={given.tab}"
    clients = [await open_page(address, dict(cookies), path, given.hidden) for _ in range(count)]
    yield
    for one in clients:
        await one.disconnect()


async def open_page(address: str, cookies: dict[str, str], path: str, hidden: bool) -> Any:
    """A page and its live connection; a hidden one tells the server that nobody sees it."""
    async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=60) as http:
        page = (await http.get(path)).text
    found = re.search(r"""['"]client_id['"]: ?['"]([0-9a-f-]+)""", page)
    assert found, page[:500]
    query = {
        "client_id": found[1],
        "next_message_id": 0,
        "implicit_handshake": "true",
        "document_id": str(uuid.uuid4()),
        "tab_id": str(uuid.uuid4()),
    }
    client = socketio.AsyncClient(reconnection=False)
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    await client.connect(
        f"{address}?{urlencode(query)}",
        headers={"Cookie": cookie, "Origin": address},
        transports=["websocket"],
        socketio_path="/console/_nicegui_ws/socket.io",
    )
    if hidden:
        listener = re.search(r'"listener_id":"([0-9a-f-]+)","type":"visibility"', page)
        assert listener, "the page does not tell whether it is seen"
        await client.emit("event", {"id": 0, "client_id": found[1], "listener_id": listener[1], "args": ["false"]})
    return client


if __name__ == "__main__":
    main()
