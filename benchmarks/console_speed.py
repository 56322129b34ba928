"""How quickly the console's pages are there, in a browser on the server's own machine.

Fills a server with 10,000 jobs, a data set of 100,000 pictures and a job with 100,000 points in its curves; then opens
each page in Chromium, several times, and prints a Markdown table of seconds from the request until the page shows its
content and takes clicks: for a browser that has never been there, and for one that has.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
from playwright.sync_api import Browser, BrowserContext, sync_playwright
from served import Served

from boxwright.store.database import open_database
from boxwright.store.jobs import JobStore
from boxwright.store.records import NewJob

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
CURVE = "long_run"


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--jobs", type=int, default=10_000)
    given.add_argument("--pictures", type=int, default=100_000)
    given.add_argument("--points", type=int, default=100_000)
    given.add_argument("--rounds", type=int, default=7)
    sizes = given.parse_args()
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        fill_jobs(folder, sizes.jobs, sizes.points)
        coco(folder / "pictures", sizes.pictures)
        served = Served(folder, ["--no-runner"])
        served.start()
        try:
            seconds = import_pictures(served, folder / "pictures")
            print(f"the data set of {sizes.pictures:,} pictures was imported in {seconds:.0f} s\n")
            with (
                sync_playwright() as play,
                play.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS]) as browser,
            ):
                table(browser, served, sizes.rounds)
        finally:
            served.stop()


def table(browser: Browser, served: Served, rounds: int) -> None:
    """Print the table."""
    pages = {
        "start": ("/local", "main .step"),
        "jobs": ("/local/jobs", "main tbody tr"),
        "jobs, the last page of a filter": ("/local/jobs?text=job_99", "main tbody tr"),
        "data set, gallery": ("/local/datasets/many?tab=pictures", "main svg rect"),
        "job, curves": (f"/local/jobs/{CURVE}?tab=curves", "main canvas"),
    }
    print("| page | first visit, median (s) | slowest | later visits, median (s) | slowest |\n|---|---|---|---|---|")
    for name, (path, content) in pages.items():
        first = [visit(signed_in(browser, served), served.address, path, content) for _ in range(rounds)]
        context = signed_in(browser, served)
        later = [visit(context, served.address, path, content) for _ in range(rounds + 1)][1:]
        numbers = [f"{value:.2f}" for found in (first, later) for value in (statistics.median(found), max(found))]
        print(f"| {name} | {' | '.join(numbers)} |", flush=True)


def signed_in(browser: Browser, served: Served) -> BrowserContext:
    """A browser that knows nothing but its session."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.request.post(f"{served.address}/v1/sessions", data={"token": served.token()})
    return context


def visit(context: BrowserContext, url: str, path: str, content: str) -> float:
    """Seconds until a page shows its content and takes clicks."""
    page = context.new_page()
    begin = time.perf_counter()
    page.goto(f"{url}/console{path}", wait_until="commit")
    page.wait_for_selector(content)
    page.wait_for_function("window.did_handshake", polling=10)
    seconds = time.perf_counter() - begin
    page.close()
    return seconds


def fill_jobs(folder: Path, count: int, points: int) -> None:
    """Put jobs straight into the database, all of them ended."""
    engine = open_database(f"sqlite:///{folder / 'boxwright.db'}")
    store = JobStore(engine)
    for index in range(count):
        submit(store, folder, f"job_{index}")
    submit(store, folder, CURVE)
    rng = np.random.default_rng(0)
    curve = folder / CURVE
    curve.mkdir()
    with open(curve / "events.jsonl", "w") as file:
        for step in range(points // 2):  # two numbers each
            values = {"loss": 2 / (1 + step / 500) + float(rng.normal(0, 0.05)), "learning_rate": 0.01}
            file.write(json.dumps({"kind": "train", "step": step, "values": values, "time": 1e9 + step}) + "\n")
    engine.dispose()


def submit(store: JobStore, folder: Path, name: str) -> None:
    """A job that ended long ago."""
    request = {"jobId": name, "trainingInput": {"masterConfig": {"imageUri": "image_object_detection"}}}
    store.submit(NewJob("local", name, "train", request, str(folder / name), "image_object_detection"))
    store.cancel("local", name, "made for a measurement")


def coco(folder: Path, count: int) -> None:
    """A data set of small pictures, one box each."""
    for name in ("images", "annotations"):
        (folder / name).mkdir(parents=True)
    rng, boxes = np.random.default_rng(0), []
    for index in range(count):
        picture = np.full((48, 64, 3), rng.integers(0, 256, 3), np.uint8)
        cv2.imwrite(str(folder / "images" / f"{index}.jpg"), picture)
        size = int(rng.integers(4, 40))
        boxes.append({"id": index, "image_id": index, "category_id": 1 + index % 3, "bbox": [2, 2, size, size]})
    document = {
        "images": [{"id": one, "file_name": f"{one}.jpg", "width": 64, "height": 48} for one in range(count)],
        "annotations": [{**one, "area": one["bbox"][2] ** 2, "iscrowd": 0} for one in boxes],
        "categories": [{"id": number, "name": name} for number, name in enumerate(("one", "two", "three"), 1)],
    }
    (folder / "annotations" / "instances_all.json").write_text(json.dumps(document))


def import_pictures(served: Served, folder: Path) -> float:
    """Seconds until the data set is ready."""
    headers = {"Authorization": f"Bearer {served.token()}"}
    begin = time.perf_counter()
    with httpx.Client(base_url=served.address, headers=headers, timeout=60) as http:
        http.post("/v1/projects/local/datasets", json={"name": "many", "path": str(folder)}).raise_for_status()
        while (found := http.get("/v1/projects/local/datasets/many").json())["state"] == "IMPORTING":
            time.sleep(1)
    if found["state"] != "READY":
        raise RuntimeError(found["errorMessage"])
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
