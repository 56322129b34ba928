"""Half an hour of what a server meets: valid, invalid and huge requests, slow clients, and clients that leave.

    python benchmarks/serving_load.py MODEL PICTURE [--minutes 30]

Asked are: no 5xx, every valid request answered 200 (after 429, where the queue was full, it is sent again),
and memory that is flat within 5 % from the second tenth of the time to the last.
"""

import argparse
import http.client
import random
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from serving_process import Serving
from serving_requests import Asked, pictures, requests

TRIES = 60
"""Times that a request is sent again after 429."""


@dataclass
class Seen:
    """What all clients saw."""

    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    unanswered: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: int) -> None:
        with self.lock:
            self.statuses[kind, status] += 1


Act = Callable[[str, random.Random, Seen], None]


def head(asked: Asked, length: int) -> bytes:
    """The first lines of a request."""
    more = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
    return (
        f"POST {asked.path} HTTP/1.1\r\nHost: test\r\nContent-Type: {asked.content_type}\r\n{more}"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    ).encode()


def connect(address: str) -> socket.socket:
    """A connection to the server."""
    host, port = address.split(":")
    return socket.create_connection((host, int(port)), timeout=60)


def status_of(connection: socket.socket) -> int:
    """Read an answer."""
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.read()
    return answer.status


def valid(asked: Sequence[Asked]) -> Act:
    """Send a good request until it is taken on."""

    def act(address: str, random: random.Random, seen: Seen) -> None:
        one = random.choice(asked)
        for _ in range(TRIES):
            with connect(address) as connection:
                connection.sendall(head(one, len(one.body)) + one.body)
                status = status_of(connection)
            seen.note("valid", status)
            if status != 429:
                break
            time.sleep(1)
        if status not in (200, 201):
            seen.unanswered.append(f"{one.path}: {status}")

    return act


def invalid(asked: Sequence[Asked]) -> Act:
    """Send half of a good request's body as if it were all."""

    def act(address: str, random: random.Random, seen: Seen) -> None:
        one = random.choice(asked)
        body = one.body[: len(one.body) // 2]
        with connect(address) as connection:
            connection.sendall(head(one, len(body)) + body)
            seen.note("invalid", status_of(connection))

    return act


def huge(asked: Sequence[Asked]) -> Act:
    """Announce a gigabyte."""

    def act(address: str, random: random.Random, seen: Seen) -> None:
        with connect(address) as connection:
            connection.sendall(head(random.choice(asked), 10**9) + b"x" * 100_000)
            seen.note("huge", status_of(connection))

    return act


def slow(asked: Sequence[Asked]) -> Act:
    """Send a good request in small pieces, over seconds."""

    def act(address: str, random: random.Random, seen: Seen) -> None:
        one = random.choice(asked)
        with connect(address) as connection:
            connection.sendall(head(one, len(one.body)))
            pieces = 20
            size = len(one.body) // pieces + 1
            for start in range(0, len(one.body), size):
                connection.sendall(one.body[start : start + size])
                time.sleep(0.2)
            seen.note("slow", status_of(connection))

    return act


def leave(asked: Sequence[Asked]) -> Act:
    """Go away before the answer, or in the middle of the request."""

    def act(address: str, random: random.Random, seen: Seen) -> None:
        one = random.choice(asked)
        sent = len(one.body) if random.random() < 0.5 else len(one.body) // 2
        with connect(address) as connection:
            connection.sendall(head(one, len(one.body)) + one.body[:sent])
        seen.note("left", 0)

    return act


def client(address: str, acts: Sequence[Act], end: float, seed: int, seen: Seen) -> None:
    """Do one thing after another until the end."""
    choose = random.Random(seed)
    while time.monotonic() < end:
        try:
            choose.choice(acts)(address, choose, seen)
        except (OSError, http.client.HTTPException) as error:
            seen.unanswered.append(repr(error))
        time.sleep(choose.random() * 0.05)


def main() -> None:
    """Print what was seen; end with status 1 where something asked did not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--clients", type=int, default=8)
    given = parser.parse_args()
    asked = [one for picture in pictures(given.picture.read_bytes()).values() for one in requests(picture)]
    acts = [valid(asked)] * 6 + [invalid(asked), huge(asked), slow(asked), leave(asked)]
    with Serving(given.model, ["--name=model", "--access-log=", "--fetch=none", "--queue=6"]) as serving:
        end, seen, memory = time.monotonic() + 60 * given.minutes, Seen(), []
        threads = [
            threading.Thread(target=client, args=(serving.address, acts, end, seed, seen))
            for seed in range(given.clients)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(given.minutes * 60 / 100)
            memory.append(serving.memory() / 1e6)
        alive = serving.process.poll() is None
    raise SystemExit(report(seen, memory, alive=alive))


def report(seen: Seen, memory: list[float], *, alive: bool) -> bool:
    """Print all; True where something asked did not hold."""
    for (kind, status), count in sorted(seen.statuses.items()):
        print(f"{kind:10} {status or 'no answer awaited'} {count:8,}")
    tenth = max(1, len(memory) // 10)
    early, late = statistics.mean(memory[tenth : 2 * tenth]), statistics.mean(memory[-tenth:])
    growth = late / early - 1
    print(
        f"memory {early:.0f} MB in the second tenth, {late:.0f} MB in the last: {growth:+.1%}; most {max(memory):.0f}"
    )
    faults = sum(count for (_, status), count in seen.statuses.items() if status >= 500)
    print(f"{faults} answers 5xx, {len(seen.unanswered)} valid requests without an answer, alive: {alive}")
    for line in seen.unanswered[:10]:
        print(f"  {line}")
    return bool(faults or seen.unanswered or growth > 0.05 or not alive)


if __name__ == "__main__":
    main()
