"""How near the estimates of a job's time and memory come: `python benchmarks/estimates.py [--only WORD]`.

Starts a server in an empty folder, asks it what each job will cost, runs the job, and prints both. The machine should
have nothing else to do. Memory is the largest resident size of the job's process while it trained, which is what the
estimate says, and in all: the export at the end needs TensorFlow.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import psutil
from served import FINAL, Served

DRAWN = {"pictures": 200, "validation": 50, "classes": ["circle", "square", "triangle"], "height": 320, "width": 320}

JOBS: Mapping[str, tuple[str, dict[str, str]]] = {
    "RetinaNet-Lite0, 320": (
        "image_object_detection",
        {"max_steps": "150", "train_batch_size": "8", "image_size": "320,320", "train_steps_per_eval": "50"},
    ),
    "RetinaNet-Lite0, 512": (
        "image_object_detection",
        {"max_steps": "60", "train_batch_size": "4", "image_size": "512,512", "train_steps_per_eval": "20"},
    ),
    "NAS-FPN-Lite0, 256": (
        "image_object_detection",
        {
            "fpn_type": "nasfpn",
            "max_steps": "60",
            "train_batch_size": "4",
            "image_size": "256,256",
            "train_steps_per_eval": "30",
        },
    ),
    "SSD300-VGG16": (
        "sagemaker_object_detection",
        {
            "num_classes": "3",
            "num_training_samples": "200",
            "use_pretrained_model": "0",
            "epochs": "1",
            "mini_batch_size": "8",
        },
    ),
    "SSD-MobileNetV2-FPNLite, 320": (
        "sagemaker_object_detection_tensorflow",
        {
            "model_id": "tensorflow-od1-ssd-mobilenet-v2-fpnlite-320x320-coco17-tpu-8",
            "pretrained_checkpoint_path": "none",
            "epochs": "3",
            "batch_size": "8",
        },
    ),
    "RetinaNet-Lite0, 320, long": (
        "image_object_detection",
        {"max_steps": "600", "train_batch_size": "8", "image_size": "320,320", "train_steps_per_eval": "100"},
    ),
}


def main() -> None:
    given = argparse.ArgumentParser()
    given.add_argument("--only", default="", help="jobs whose names hold this word")
    only = given.parse_args().only
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder), ())
        served.start()
        headers = {"Authorization": f"Bearer {served.token()}"}
        try:
            with httpx.Client(base_url=f"{served.address}/v1/projects/local", headers=headers, timeout=60) as http:
                compare(http, served, only)
        finally:
            served.stop()


def compare(http: httpx.Client, served: Served, only: str) -> None:
    """Estimate and run each job, and print a row of both."""
    data = drawn(http)
    print("| job | estimated | range | run | estimated memory | in training | in all |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for number, (title, (algorithm, arguments)) in enumerate(JOBS.items()):
        if only not in title:
            continue
        words = [f"--{name}={value}" for name, value in {**data, **arguments}.items()]
        told = estimated(http, algorithm, words)
        given = {"masterConfig": {"imageUri": algorithm}, "args": words}
        seconds, training, memory = run(http, served, f"job{number}", given)
        low, high = told["lowSeconds"], told["highSeconds"]
        print(
            f"| {title} | {told['totalSeconds']:.0f} s | {low:.0f} to {high:.0f} s | {seconds:.0f} s "
            f"| {told['memoryBytes'] / 1e9:.2f} GB | {training / 1e9:.2f} GB | {memory / 1e9:.2f} GB |",
            flush=True,
        )


def drawn(http: httpx.Client) -> dict[str, str]:
    """Arguments that name a data set that the server has drawn."""
    http.post("/datasets", json={"name": "shapes", "draw": DRAWN}).raise_for_status()
    while (found := http.get("/datasets/shapes").json())["state"] == "IMPORTING":
        time.sleep(0.5)
    return {"training_data_path": str(found["trainingDataPath"])}  # a folder with a validation split of its own


def estimated(http: httpx.Client, algorithm: str, words: list[str]) -> Mapping[str, Any]:
    """What the server says a job will cost. Raises: RuntimeError: it cannot say."""
    training = {"masterConfig": {"imageUri": algorithm}, "args": words}
    answer = http.post("/jobs:estimate", json={"jobId": "measured", "trainingInput": training})
    if answer.is_error:
        raise RuntimeError(answer.text)
    found = answer.json()
    while not found["done"]:
        time.sleep(0.5)
        found = http.get(found["name"].partition("/local")[2]).json()
    if "error" in found:
        raise RuntimeError(found["error"])
    return dict(found["response"])


def run(http: httpx.Client, served: Served, job_id: str, training: Mapping[str, Any]) -> tuple[float, int, int]:
    """Seconds from start to end of a job, and the most bytes that it held in training and in all.

    Raises:
        RuntimeError: it failed.
    """
    http.post("/jobs", json={"jobId": job_id, "trainingInput": training}).raise_for_status()
    memory = 0
    while (job := http.get(f"/jobs/{job_id}").json())["state"] not in FINAL:
        memory = max(memory, worker_memory(served))
        time.sleep(0.2)
    if job["state"] != "SUCCEEDED":
        raise RuntimeError(job.get("errorMessage", job["state"]))
    start, end = (datetime.fromisoformat(job[name]) for name in ("startTime", "endTime"))
    (told,) = http.get(f"/jobs/{job_id}/metrics", params={"names": "memory"}).json()["series"]
    return (end - start).total_seconds(), int(max(told["values"])), memory


def worker_memory(served: Served) -> int:
    """Resident bytes of the process that works on a job."""
    assert served.process
    most = 0
    for one in psutil.Process(served.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "work" in one.cmdline():
                most = max(most, one.memory_info().rss)
    return most


if __name__ == "__main__":
    main()
