"""What a server's gateway adds to a request: a deployed model against `boxwright serve` with the same model, in turns.

python benchmarks/gateway_speed.py MODEL PICTURE [--seconds 6] [--rounds 3]
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from served import COMMAND, Served
from serving_process import Serving
from serving_speed import load, quantile


def main() -> None:
    """Print rates and medians of 1 and of 16 clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    encoded, folder = given.picture.read_bytes(), given.model.resolve()
    with tempfile.TemporaryDirectory() as place, Serving(folder, ["--access-log="]) as direct:
        server = Served(Path(place), ["--no-runner", f"--roots={folder.parent}"])
        server.start()
        try:
            known = {"BOXWRIGHT_SERVER": server.address, "BOXWRIGHT_TOKEN": server.token()}
            subprocess.run([*COMMAND, "deploy", str(folder), "cells"], check=True, env={**os.environ, **known})
            gateway = server.address.removeprefix("http://")
            headers = {"Authorization": f"Bearer {server.token()}"}
            ways: dict[str, Callable[[int], list[float]]] = {
                "boxwright serve": lambda clients: load(direct.address, encoded, clients, given.seconds),
                "gateway": lambda clients: load(
                    gateway, encoded, clients, given.seconds, "/endpoints/cells/invocations", headers=headers
                ),
            }
            for clients in (1, 16):
                times: dict[str, list[float]] = {name: [] for name in ways}
                for _ in range(given.rounds):
                    for name, way in ways.items():
                        times[name] += way(clients)
                for name, all_times in times.items():
                    rate = len(all_times) / (given.rounds * given.seconds)
                    p50, p99 = quantile(all_times, 0.5), quantile(all_times, 0.99)
                    print(f"{clients:2} clients, {name:16} {rate:6.1f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
