"""From the command to the first answered request, and the memory of a process that has answered.

python benchmarks/serving_start.py MODEL PICTURE [--runs 10]
"""

import argparse
import http.client
import statistics
import time
from pathlib import Path

from serving_process import Serving


def main() -> None:
    """Print medians and extremes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    given = parser.parse_args()
    encoded = given.picture.read_bytes()
    answered, memory, first, hundredth = [], [], [], []
    for _ in range(given.runs):
        begin = time.perf_counter()
        with Serving(given.model, ["--access-log="]) as serving:
            connection = http.client.HTTPConnection(serving.address)
            times = []
            for _ in range(100):
                start = time.perf_counter()
                connection.request("POST", "/invocations", encoded, {"Content-Type": "image/jpeg"})
                assert connection.getresponse().read()
                times.append(1000 * (time.perf_counter() - start))
                if len(times) == 1:
                    answered.append(time.perf_counter() - begin)
            memory.append(serving.memory() / 1e6)
            first.append(times[0])
            hundredth.append(times[-1])
    for name, values in (
        ("first answer after the command, s", answered),
        ("memory after 100 answers, MB", memory),
        ("first request, ms", first),
        ("hundredth request, ms", hundredth),
    ):
        print(f"{name:36} median {statistics.median(values):8.2f}, {min(values):.2f} to {max(values):.2f}")


if __name__ == "__main__":
    main()
