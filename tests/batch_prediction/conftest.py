"""Files of instances in every data format, and runs of jobs over them."""

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from boxwright.batch_prediction.plan import Output, find_inputs, identify, make_plan
from boxwright.formats import recordfile
from boxwright.jobdir import Event, Job, JobDir
from boxwright.spec.prediction import PredictionInput
from boxwright.work import work


@pytest.fixture(scope="session")
def json_line() -> Callable[..., bytes]:
    """An instance as a line."""

    def line(encoded: bytes, **more: Any) -> bytes:
        return json.dumps({"encoded_image": {"b64": base64.b64encode(encoded).decode()}, **more}).encode() + b"\n"

    return line


@pytest.fixture(scope="session")
def write_inputs(json_line: Any) -> Callable[..., str]:
    """Writes pictures as inputs of a data format below a folder; gives the pattern that names them."""

    def write(data_format: str, folder: Path, pictures: Sequence[bytes]) -> str:
        folder.mkdir(parents=True, exist_ok=True)
        framed = b"".join(map(recordfile.frame, pictures))
        match data_format:
            case "JSON" | "TEXT":
                (folder / "a.jsonl").write_bytes(b"".join(map(json_line, pictures)))
            case "TF_RECORD":
                (folder / "a.tfrecord").write_bytes(framed)
            case "TF_RECORD_GZIP":
                (folder / "a.tfrecord.gz").write_bytes(gzip.compress(framed))
            case "IMAGE":
                for number, picture in enumerate(pictures):
                    (folder / f"{number:04}.png").write_bytes(picture)
        return f"{folder}/*"

    return write


class Prediction:
    """A batch prediction below a folder."""

    def __init__(self, folder: Path, given: PredictionInput) -> None:
        self.jobdir, self.given, self.output = JobDir(folder / "run"), given, Output(given.output_path)
        self.heard: list[Event] = []

    def cut(self, shard: int) -> None:
        """Begin with shards of so many instances."""
        paths = find_inputs(self.given)
        self.output.write_plan(make_plan(identify(self.given, paths), paths, shard))

    def write_job(self) -> None:
        job = Job(kind="prediction", algorithm="batch_prediction", arguments={}, prediction=self.given)
        self.jobdir.write_job(job)

    def run(self) -> dict[str, Any]:
        """Run, or run again; what result.json holds."""
        self.write_job()
        return work(self.jobdir.path, self.heard.append)

    def files(self, kind: str = "results") -> list[Path]:
        return sorted(Path(self.output.folder).glob(f"prediction.{kind}-*"))

    def lines(self, kind: str = "results") -> list[dict[str, Any]]:
        """All results, or all "errors_stats", in the order of the shards."""
        return [json.loads(line) for path in self.files(kind) for line in path.read_text().splitlines()]


@pytest.fixture
def predict(tmp_path: Path, quadrant_model: Path) -> Callable[..., Prediction]:
    """Makes a batch prediction; keywords replace parts of its predictionInput."""

    def make(paths: Sequence[str] | str, data_format: str = "JSON", **changes: Any) -> Prediction:
        given = {
            "uri": str(quadrant_model),
            "dataFormat": data_format,
            "inputPaths": [paths] if isinstance(paths, str) else list(paths),
            "outputPath": str(tmp_path / "out"),
            "maxWorkerCount": 2,
        }
        return Prediction(tmp_path, PredictionInput.read(given | changes))

    return make
