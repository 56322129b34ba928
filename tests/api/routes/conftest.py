"""Data sets of a server, and waiting for them."""

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from boxwright import formats
from boxwright.formats.sample import Dataset, Sample, named_classes
from boxwright.store import schema
from boxwright.store.database import writing

DATASETS = "/v1/projects/local/datasets"


@pytest.fixture
def hostile() -> str:
    """A name that would do harm where it is not taken for text."""
    return "<img src=x onerror=alert(1)>\"'"


@pytest.fixture
def settled(served: Any) -> Callable[..., Any]:
    """Waits for a data set's import to end, as is expected, and gives it."""

    def wait(name: str, state: str = "READY") -> Any:
        end = time.monotonic() + 30
        while (found := served.client().get(f"{DATASETS}/{name}").json())["state"] == "IMPORTING":
            assert time.monotonic() < end, found
            time.sleep(0.05)
        assert found["state"] == state, found
        return found

    return wait


@pytest.fixture
def cells(served: Any, hostile: str) -> Path:
    """A COCO folder below the server's roots: two parts of hostile class names, one faulty box, one empty picture."""
    folder: Path = served.folder / "runs" / "cells"
    classes = named_classes([hostile, "plain"])

    def picture(shade: int, boxes: list[list[float]], labels: list[int], name: str) -> Sample:
        buffer = io.BytesIO()
        Image.fromarray(np.full((120, 200, 3), shade, np.uint8)).save(buffer, "PNG")
        crowd = np.zeros(len(labels), np.bool_)
        corners = np.array(boxes, np.float32).reshape(-1, 4)
        return Sample(name, buffer.getvalue(), 200, 120, corners, np.array(labels, np.int64), crowd)

    one = picture(10, [[0, 0, 20, 10], [50, 10, 150, 110]], [0, 1], "one.png")
    two = picture(20, [[30, 30, 30, 60]], [0], "two.png")
    parts = {
        "train": [one, two, picture(30, [], [], "three.png")],
        "val": [picture(40, [[5, 5, 65, 65]], [1], "x.png")],
    }
    for name, samples in parts.items():
        formats.write(Dataset(samples, classes), str(folder), to="coco", split=name)
    return folder


@pytest.fixture(scope="session")
def seen() -> dict[str, Any]:
    """What the first import of that folder has found, and a copy of what it has left."""
    return {}


@pytest.fixture
def known(
    served: Any, cells: Path, settled: Any, seen: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """The server with that folder imported as cells; after the first time what was found then is put in its place."""
    catalogue, request = served.context.catalogue, {"name": "cells", "path": str(cells)}
    if not seen:
        served.client("trainer").post(DATASETS, json=request)
        settled("cells")
        record = catalogue.store.get("local", "cells")
        seen |= {"result": record.result, "kept": tmp_path_factory.mktemp("seen") / "kept"}
        shutil.copytree(record.folder, seen["kept"])
        return served
    record = catalogue.store.create("local", request, str(catalogue.folder))
    shutil.copytree(seen["kept"], record.folder, dirs_exist_ok=True)
    catalogue.store.settle(record, seen["result"])
    return served


@pytest.fixture
def train_kind(served: Any) -> Callable[..., None]:
    """Makes a job of the store, such as one that only waits, one of training or another kind."""

    def change(job_id: str, kind: str = "train", folder: str = "") -> None:
        """`folder` is where it works from now on; where it worked before if it is empty."""
        values = {"kind": kind} | ({"job_dir": folder} if folder else {})
        with writing(served.engine) as connection:
            connection.execute(update(schema.jobs).where(schema.jobs.c.job_id == job_id).values(**values))

    return change
