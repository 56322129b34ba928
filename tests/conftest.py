"""Drawn records, the arguments of a tiny run, one finished job, and a control plane without a runner."""

import contextlib
import io
import json
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import fsspec
import numpy as np
import onnx
import pytest
import torch
import uvicorn
from filelock import FileLock
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from boxwright import cli, formats, modeldir
from boxwright.admission import Limits
from boxwright.api.app import create_app
from boxwright.api.deps import Context
from boxwright.dataset.draw import draw_shapes
from boxwright.endpoints.deployed import Deployed
from boxwright.endpoints.fleet import FleetSettings
from boxwright.evaluation.picture import EvaluatedPicture
from boxwright.evaluation.results import Evaluation
from boxwright.evaluation.write import write_evaluation
from boxwright.formats.sample import ClassName
from boxwright.metrics.boxes import GroundTruth, Predictions
from boxwright.metrics.detection import DetectionMetrics, evaluate_detections
from boxwright.spec.machine import Machine
from boxwright.spec.training import DataSpec, TrainSpec
from boxwright.store.database import open_database
from boxwright.store.jobs import JobStore
from boxwright.store.records import JobRecord
from boxwright.store.sessions import SessionStore
from boxwright.store.tokens import TokenStore

SIZE = (64, 96)
CLASSES = ("circle", "square")


@dataclass(frozen=True)
class Ran:
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str


def _command(*words: object) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    argv = ["boxwright", *map(str, words)]
    with (
        mock.patch.object(sys, "argv", argv),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        cli.main()
    return Ran(left.value.code if isinstance(left.value.code, int) else 0, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def one_thread() -> Iterator[None]:
    """Keeps PyTorch to one thread: on a busy machine, tiny tensors on many threads take many times longer."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with mock.patch.object(torch, "set_num_threads"):
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def command(request: pytest.FixtureRequest) -> Iterator[Callable[..., Ran]]:
    """Runs `boxwright` with the given words in this process."""
    request.getfixturevalue("one_thread")
    with mock.patch("boxwright.train.loop.STATISTICS_IMAGES", 8):
        yield _command


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], Any]], tuple[Path, Any]]:
    """Fills a folder once for all processes of a run: `once(name, fill)` gives it and what `fill(folder)` gave.

    Nobody may change such a folder.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name: str, fill: Callable[[Path], Any]) -> tuple[Path, Any]:
        folder, given = shared / name, shared / f"{name}.pickle"
        with FileLock(f"{given}.lock"):
            if not given.exists():
                folder.mkdir()
                given.write_bytes(pickle.dumps(fill(folder)))
            return folder, pickle.loads(given.read_bytes())

    return folder_of


@pytest.fixture(scope="session")
def records(once: Callable[..., tuple[Path, Any]]) -> Path:
    """Folder with TFRecords of 12 training and 6 validation pictures of 64 x 96 pixels, and labels.txt."""

    def draw(folder: Path) -> None:
        for split, count, seed in (("train", 12, 3), ("validation", 6, 4)):
            formats.write(draw_shapes(count, SIZE, seed, CLASSES), str(folder), to="tfrecord", split=split)

    return once("records", draw)[0]


@pytest.fixture(scope="session")
def tiny(records: Path) -> Callable[..., dict[str, str]]:
    """Makes the arguments of a run of a few seconds; a keyword replaces one, None leaves it out."""

    def arguments(**changes: object) -> dict[str, str]:
        values: dict[str, object] = {
            "training_data_path": f"{records}/train-*",
            "validation_data_path": f"{records}/validation-*",
            "max_steps": 4,
            "train_batch_size": 2,
            "train_steps_per_eval": 2,
            "image_size": "64,96",
            "backbone": "efficientnet_lite0",
            "pretrained_checkpoint_path": "none",
            "fpn_channels": 16,
            "fpn_max_level": 5,
            "head_convs": 1,
            "precision": "float32",
            "accelerator": "cpu",
        }
        return {name: str(value) for name, value in {**values, **changes}.items() if value is not None}

    return arguments


@pytest.fixture(scope="session")
def words() -> Callable[..., list[str]]:
    """Writes arguments as the words of a training command for a job's folder."""
    return lambda folder, arguments: [
        "train",
        "image_object_detection",
        f"--job-dir={folder}",
        *(f"--{name}={value}" for name, value in arguments.items()),
    ]


@dataclass(frozen=True)
class Finished:
    """A finished job: its folder, and what the command printed."""

    folder: Path
    ran: Ran

    @property
    def model(self) -> Path:
        """The trained model's folder."""
        return self.folder / "model"


@pytest.fixture(scope="session")
def finished(
    once: Callable[..., tuple[Path, Any]],
    command: Callable[..., Ran],
    tiny: Callable[..., dict[str, str]],
    words: Callable[..., list[str]],
) -> Finished:
    """A job that ran to its end and found something: 24 steps from ImageNet weights, validated on what it learnt."""
    arguments = tiny(
        max_steps=24,
        train_batch_size=4,
        train_steps_per_eval=12,
        fpn_channels=32,
        pretrained_checkpoint_path="imagenet",
        initial_learning_rate=0.003,
        freeze_batch_norm=False,
        aug_rand_hflip=False,
        aug_scale_min=1,
        aug_scale_max=1,
        aug_color=0,
    )
    arguments["validation_data_path"] = arguments["training_data_path"]
    folder, ran = once("finished", lambda folder: command(*words(folder / "run", arguments)))
    return Finished(folder / "run", ran)


@pytest.fixture(scope="session")
def quadrant_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that finds one cat (class 3) in the top left quarter of every picture of 60 x 40 pixels.

    Its score is the mean of that quarter's pixels, divided by 255. There are two slots.
    """
    constants = {
        "from": np.array([0, 0]),
        "to": np.array([20, 30]),
        "axes12": np.array([1, 2]),
        "axes123": np.array([1, 2, 3]),
        "axis1": np.array([1]),
        "white": np.array(255, np.float32),
        "nothing": np.array(0, np.float32),
        "box": np.array([[[0, 0, 0.5, 0.5], [0, 0, 0, 0]]], np.float32),
        "classes": np.array([[3, 0]], np.float32),
        "one": np.array([1], np.float32),
    }
    steps: list[tuple[str, list[str], str, dict[str, int]]] = [
        ("Slice", ["image", "from", "to", "axes12"], "quarter", {}),
        ("Cast", ["quarter"], "pixels", {"to": TensorProto.FLOAT}),
        ("ReduceMean", ["pixels", "axes123"], "mean", {"keepdims": 0}),
        ("Div", ["mean", "white"], "score", {}),
        ("Unsqueeze", ["score", "axis1"], "first", {}),
        ("Mul", ["first", "nothing"], "second", {}),
        ("Concat", ["first", "second"], "detection_scores", {"axis": 1}),
        ("Mul", ["score", "nothing"], "zero", {}),
        ("Add", ["zero", "one"], "num_detections", {}),
        ("Unsqueeze", ["zero", "axis1"], "zeros", {}),
        ("Add", ["zeros", "classes"], "detection_classes", {}),
        ("Unsqueeze", ["zeros", "axis1"], "more_zeros", {}),
        ("Add", ["more_zeros", "box"], "detection_boxes", {}),
    ]
    outputs = {"detection_boxes": (2, 4), "detection_classes": (2,), "detection_scores": (2,), "num_detections": ()}
    graph = helper.make_graph(
        [helper.make_node(kind, given, [made], **more) for kind, given, made, more in steps],
        "quadrant",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 40, 60, 3])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", *rest]) for name, rest in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    network = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(network)
    spec = TrainSpec(data=DataSpec(training_data_path="a", validation_data_path="b", num_classes=1))
    card = modeldir.ModelCard(
        algorithm="image_object_detection",
        spec=spec,
        classes=(ClassName(3, "cat"),),
        input_size=(40, 60),
        mean=(0, 0, 0),
        std=(1, 1, 1),
        pad_colour=(124, 116, 104),
        step=1,
    )
    folder = tmp_path_factory.mktemp("quadrant") / "model"
    modeldir.write_card(str(folder), card)
    (folder / modeldir.ONNX).write_bytes(network.SerializeToString())
    return folder


@dataclass(frozen=True)
class Scene:
    """Evaluated pictures in which each kind of error is found once.

    Attributes:
        pictures: "errors.png", 560 x 60 pixels, in which each kind stands once; "right.png", in which a cat is found;
            "large.png", 1280 x 640 pixels, without objects, in which a cat is found; and "late.png", in which four dogs
            are found with a score of 0.4, the evaluation's threshold.
        classes: cat, dog and never (of which there is only a crowd).
    """

    pictures: tuple[EvaluatedPicture, ...]
    classes: tuple[ClassName, ...]

    @property
    def metrics(self) -> DetectionMetrics:
        """Of all pictures."""
        truth, found = [one.truth for one in self.pictures], [one.predictions for one in self.pictures]
        return evaluate_detections(truth, found, len(self.classes))

    def write(self, folder: Path | str, *, all_predictions: bool = False) -> Evaluation:
        """Write the folder of the evaluation."""
        given = {"step": 40, "data": "validation-*"}
        return write_evaluation(
            str(folder), self.pictures, self.classes, self.metrics, **given, all_predictions=all_predictions
        )


@pytest.fixture(scope="session")
def scene() -> Scene:
    """What `tests/metrics/test_errors.py` counts by hand, and three pictures more."""

    def at(left: float) -> list[float]:
        return [left, 0.0, left + 30, 30.0]

    def picture(name: str, size: tuple[int, int], truth: list[Any], found: list[Any]) -> EvaluatedPicture:
        boxes, labels, crowd = (np.array([one[n] for one in truth]) for n in range(3))
        labelled = GroundTruth(boxes.reshape(-1, 4), labels.astype(np.int64), crowd.astype(np.bool_))
        boxes, labels, scores = (np.array([one[n] for one in found]) for n in range(3))
        predicted = Predictions(boxes.reshape(-1, 4), scores.astype(np.float64), labels.astype(np.int64))
        return EvaluatedPicture(name, *size, lambda: png(size), labelled, predicted)

    def png(size: tuple[int, int]) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", size, (90, 120, 150)).save(buffer, "PNG")
        return buffer.getvalue()

    truth = [(at(0), 0, 0), (at(100), 1, 0), (at(200), 0, 0), (at(300), 2, 1), (at(400), 1, 0)]
    errors = [(at(0), 0, 0.9), (at(5), 0, 0.8), (at(100), 2, 0.7), (at(215), 0, 0.6), (at(305), 2, 0.55)]
    errors += [(at(415), 0, 0.5), (at(500), 1, 0.45)]
    dogs = [(at(40 * number), 1, 0) for number in range(4)]
    pictures = (
        picture("errors.png", (560, 60), truth, errors),
        picture("right.png", (60, 40), [(at(10), 0, 0)], [(at(10), 0, 0.95)]),
        picture("large.png", (1280, 640), [], [([600, 300, 900, 600], 0, 0.42)]),
        picture("late.png", (200, 40), dogs, [(*dog[:2], 0.4) for dog in dogs] + [(at(29), 0, 0.03)]),
    )
    return Scene(pictures, (ClassName(1, "cat"), ClassName(5, "dog"), ClassName(7, "never")))


@pytest.fixture(scope="session")
def grey() -> Callable[[int], bytes]:
    """Encodes a PNG of 60 x 40 pixels of one grey."""

    def encoded(value: int) -> bytes:
        buffer = io.BytesIO()
        Image.new("L", (60, 40), value).save(buffer, "PNG")
        return buffer.getvalue()

    return encoded


@pytest.fixture(scope="session")
def serving_url(finished: Finished) -> Iterator[str]:
    """Address of a process of `boxwright serve` with the finished job's model, by the name `shapes`."""
    options = ["--name=shapes", "--port=0", "--threads=1", "--lanes=2", "--access-log="]
    words = [sys.executable, "-m", "boxwright.cli", "serve", str(finished.model), *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.fullmatch(r"Boxwright serves shapes on (\S+)\n", process.stdout.readline())
        assert found
        yield found.group(1)
        process.terminate()
        process.communicate()


@pytest.fixture
def memory() -> Iterator[str]:
    """An empty folder of fsspec's memory file system."""
    system = fsspec.filesystem("memory")
    yield "memory://bucket"
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@dataclass
class Plane:
    """A running control plane and its queue; jobs stay where a test puts them."""

    url: str
    jobs: JobStore
    tokens: TokenStore
    deployed: Deployed

    def start(self) -> JobRecord:
        """Let the next job run; its folder is made."""
        record = self.jobs.claim("runner", "host", now=time.time(), lease=60.0)
        assert record is not None
        Path(record.job_dir).mkdir(parents=True)
        return self.jobs.change(record, state="RUNNING", start_time=time.time())

    def end(self, record: JobRecord, **changes: Any) -> None:
        """Let a job end."""
        self.jobs.change(record, **{"state": "SUCCEEDED", "end_time": time.time(), **changes})


@pytest.fixture(scope="session")
def deployable() -> Callable[..., str]:
    """Makes folders that look like models'; `fault` is what is wrong with the worker process that serves them."""

    def make(folder: Path, **fault: Any) -> str:
        spec = TrainSpec(data=DataSpec(training_data_path="t", validation_data_path="v", num_classes=1))
        card = modeldir.ModelCard(
            algorithm="image_object_detection",
            spec=spec,
            classes=(ClassName(1, "cell"),),
            input_size=(64, 96),
            mean=(0.5, 0.5, 0.5),
            std=(0.2, 0.2, 0.2),
            pad_colour=(1, 2, 3),
            step=1,
        )
        modeldir.write_card(str(folder), card)
        (folder / modeldir.ONNX).write_bytes(b"onnx")
        (folder / "fault.json").write_text(json.dumps(fault))
        return str(folder)

    return make


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plane]:
    """The commands of this test find it, and may do everything; jobs may write below the current folder."""
    engine = open_database(f"sqlite:///{tmp_path / 'boxwright.db'}")
    work = tmp_path / "work"
    work.mkdir()
    limits = Limits(
        Machine(cores=2, memory=24 * 10**9), (str(work),), str(tmp_path / "jobs"), False, previous=lambda name: name
    )
    fake = (sys.executable, "-S", str(Path(__file__).parent / "endpoints" / "fake_worker.py"))
    deployed = Deployed.over(engine, FleetSettings(tmp_path / "logs", command=fake, grace=5.0))
    context = Context(JobStore(engine), TokenStore(engine), SessionStore(engine), deployed, limits)
    app = create_app(context)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    monkeypatch.setenv("BOXWRIGHT_SERVER", url)
    monkeypatch.setenv("BOXWRIGHT_TOKEN", context.tokens.create("test", "admin"))
    monkeypatch.delenv("BOXWRIGHT_PROJECT", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.chdir(work)
    yield Plane(url, context.jobs, context.tokens, deployed)
    app.state.followers.close()
    server.should_exit = True
    thread.join()
    engine.dispose()
    monkeypatch.delenv("TZ")
    time.tzset()


@pytest.fixture
def serving_plane(plane: Plane) -> Iterator[Plane]:
    """A control plane with worker processes, which are those of tests/endpoints/fake_worker.py."""
    with plane.deployed.fleet:
        yield plane
