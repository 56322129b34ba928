"""Sends a server spoilt pictures and bodies by the ten thousand: it must neither crash nor answer 5xx.

    python benchmarks/serving_fuzz.py MODEL PICTURE [--requests 100000] [--seed 0]

MODEL is a trained model's folder; a small one makes it quicker. Each request is a valid one of some contract whose
bytes are flipped, cut, repeated, moved or joined with those of another, or whose JSON has values of other kinds. A
request that is answered 5xx is written to the file of --keep.
"""

import argparse
import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from serving_process import Serving
from serving_requests import Asked, pictures, requests

STRANGE: tuple[Any, ...] = (None, True, -1, 10**30, 1e308, "", "\u0000", "é" * 100, [], {}, [[[[]]]], {"b64": 1}, "NaN")
"""Values that JSON may hold where others are expected."""


def flip(random: random.Random, body: bytes) -> bytes:
    """Change some bytes, more often near the start, where headers are."""
    spoilt = bytearray(body)
    for _ in range(random.choice((1, 1, 2, 8, 64))):
        reach = random.choice((len(spoilt), min(len(spoilt), 200)))
        spoilt[random.randrange(reach)] = random.randrange(256)
    return bytes(spoilt)


def cut(random: random.Random, body: bytes) -> bytes:
    """End early."""
    return body[: random.randrange(len(body))]


def drop(random: random.Random, body: bytes) -> bytes:
    """Leave out a part."""
    start = random.randrange(len(body))
    return body[:start] + body[start + random.randrange(1, 2000) :]


def repeat(random: random.Random, body: bytes) -> bytes:
    """Say a part several times."""
    start = random.randrange(len(body))
    part = body[start : start + random.randrange(1, 200)]
    return body[:start] + part * random.randrange(2, 20) + body[start:]


def number(random: random.Random, body: bytes) -> bytes:
    """Put an extreme number where one of two or four bytes may stand."""
    value = random.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\x7f\xff\xff\xff", b"\xff\xff", b"\x00\x01"))
    start = random.randrange(min(len(body), 400))
    return body[:start] + value + body[start + len(value) :]


SPOILERS: Sequence[Callable[[random.Random, bytes], bytes]] = (flip, cut, drop, repeat, number)


def spoil_json(random: random.Random, value: Any) -> Any:
    """Replace one value, somewhere, by one of another kind."""
    if random.random() < 0.25 or not isinstance(value, dict | list) or not value:
        return random.choice(STRANGE)
    if isinstance(value, list):
        place = random.randrange(len(value))
        return [spoil_json(random, one) if at == place else one for at, one in enumerate(value)]
    name = random.choice(sorted(value))
    if random.random() < 0.1:
        return {key: one for key, one in value.items() if key != name}
    return {key: spoil_json(random, one) if key == name else one for key, one in value.items()}


def spoilt(random: random.Random, asked: Asked, others: Sequence[bytes]) -> bytes:
    """The body of a request, changed."""
    if asked.content_type == "application/json" and random.random() < 0.5:
        return json.dumps(spoil_json(random, json.loads(asked.body))).encode()
    if random.random() < 0.1:
        other = random.choice(others)
        return asked.body[: random.randrange(len(asked.body))] + other[random.randrange(len(other)) :]
    return random.choice(SPOILERS)(random, asked.body)


class Sender(threading.Thread):
    """Sends its share of the requests over one connection."""

    def __init__(self, address: str, valid: Sequence[Asked], count: int, seed: int) -> None:
        super().__init__()
        self.address, self.valid, self.count = address, valid, count
        self.random = random.Random(seed)
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.faults: list[tuple[int, Asked, bytes]] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        bodies = [one.body for one in self.valid]
        for _ in range(self.count):
            asked = self.random.choice(self.valid)
            body = spoilt(self.random, asked, bodies)
            connection.request("POST", asked.path, body, {"Content-Type": asked.content_type, **asked.headers})
            answer = connection.getresponse()
            answer.read()
            self.statuses[asked.path, answer.status] += 1
            if answer.status >= 500:
                self.faults.append((answer.status, asked, body))
        connection.close()


def main() -> None:
    """Print how often each address answered what; end with status 1 where there was a 5xx."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path("serving_fuzz_faults"))
    given = parser.parse_args()
    valid = [one for picture in pictures(given.picture.read_bytes()).values() for one in requests(picture)]
    options = ["--name=model", "--access-log=", "--fetch=none"]
    with Serving(given.model, options) as serving:
        share = given.requests // given.senders
        senders = [Sender(serving.address, valid, share, given.seed + n) for n in range(given.senders)]
        before = serving.memory()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        alive, after = serving.process.poll() is None, serving.memory()
    statuses = sum((sender.statuses for sender in senders), Counter[tuple[str, int]]())
    for (path, status), count in sorted(statuses.items()):
        print(f"{path:40} {status} {count:7,}")
    faults = [fault for sender in senders for fault in sender.faults]
    print(f"{sum(statuses.values()):,} requests, {len(faults)} answered 5xx, the server {'lives' if alive else 'DIED'}")
    print(f"memory {before / 1e6:.0f} MB before, {after / 1e6:.0f} MB after")
    for index, (status, asked, body) in enumerate(faults[:20]):
        given.keep.mkdir(exist_ok=True)
        (given.keep / f"{index}_{status}_{asked.path.replace('/', '_')}").write_bytes(body)
    raise SystemExit(bool(faults) or not alive)


if __name__ == "__main__":
    main()
