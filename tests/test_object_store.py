"""The clients of S3 and Google Cloud Storage against servers that speak as these do, on this machine."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import gcsfs
import httpx
import pytest
import s3fs
from gcp_storage_emulator.server import create_server
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from boxwright import files, formats, object_store, store_faults
from boxwright.browsing.listing import described, listed
from boxwright.browsing.matching import counted
from boxwright.browsing.roots import Roots
from boxwright.catalogue.importing import import_dataset
from boxwright.catalogue.pages import Wanted, opened
from boxwright.catalogue.place import Order, Outcome, Place, Progress
from boxwright.dataset.draw import draw_shapes
from boxwright.jobdir import Job, JobDir
from boxwright.mirror import mirror
from boxwright.spec.dataset import DatasetRequest
from boxwright.work import fault

SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
DENIAL = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>'


@dataclass
class S3:
    """A server of S3, which counts its requests, may be slow, and denies the bucket `denied` to everybody."""

    url: str = ""
    delay: float = 0.0
    requests: list[str] = field(default_factory=list)
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        with self._lock:
            self.requests.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            time.sleep(self.delay)
            if environ["PATH_INFO"].startswith("/denied"):
                start("403 Forbidden", [("Content-Type", "application/xml")])
                return [b"" if environ["REQUEST_METHOD"] == "HEAD" else DENIAL]
            if environ["PATH_INFO"].startswith("/broken/"):
                start("500 Internal Server Error", [("Content-Type", "application/xml")])
                return [
                    b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>We are sorry</Message></Error>"
                ]
            return self._app(environ, start)
        finally:
            with self._lock:
                self._now -= 1

    def forget(self) -> None:
        """Count from here on."""
        self.requests.clear()
        self.most_at_once = 0


@pytest.fixture(scope="module")
def s3_server() -> Iterator[S3]:
    server = S3()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    http = make_server("127.0.0.1", 0, server, threaded=True)
    server.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield server
    http.shutdown()
    thread.join()
    http.server_close()


@pytest.fixture(scope="module")
def gs_url() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = create_server("127.0.0.1", port, in_memory=True, default_bucket="cells")
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is known of any store, and nobody is patient."""
    monkeypatch.setattr(object_store, "_patient", False)
    monkeypatch.setattr(object_store, "_contacts", {})
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in SECRETS:
        monkeypatch.setenv(name, "test")
    s3fs.S3FileSystem.clear_instance_cache()
    gcsfs.GCSFileSystem.clear_instance_cache()
    yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def s3(s3_server: S3, monkeypatch: pytest.MonkeyPatch) -> S3:
    """The server, with an empty bucket `cells`."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    httpx.post(f"{s3_server.url}/moto-api/reset").raise_for_status()
    fsspec.filesystem("s3").mkdir("cells")
    monkeypatch.setattr(s3_server, "delay", 0.0)
    s3_server.forget()
    return s3_server


@pytest.fixture(params=["s3", "gs"])
def bucket(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of either store."""
    if request.param == "s3":
        request.getfixturevalue("s3")
    else:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", request.getfixturevalue("gs_url"))
    return f"{request.param}://cells"


def test_files_are_written_found_and_read(bucket: str) -> None:
    for name in ("d/r-0.rec", "d/r-1.rec", "d/notes.txt", "d/.hidden", "d/sub/r-2.rec", "d/empty"):
        files.write_bytes(f"{bucket}/{name}", b"" if name == "d/empty" else name.encode())
    folder = f"{bucket}/d"
    assert files.entries(folder) == ["empty", "notes.txt", "r-0.rec", "r-1.rec", "sub"]
    assert files.entries(f"{folder}/") == files.entries(folder)
    assert files.folders(folder) == ["sub"]
    assert files.plain_files(folder) == ["empty", "notes.txt", "r-0.rec", "r-1.rec"]
    assert files.walk(folder) == ["empty", "notes.txt", "r-0.rec", "r-1.rec", "sub/r-2.rec"]
    assert files.expand(f"{folder}/r-*") == [f"{folder}/r-0.rec", f"{folder}/r-1.rec"]
    assert files.named([folder], (".rec",)) == [f"{folder}/r-0.rec", f"{folder}/r-1.rec"]
    assert (files.is_folder(folder), files.is_file(folder), files.is_folder(bucket)) == (True, False, True)
    assert files.read_text(f"{folder}/notes.txt") == "d/notes.txt"
    assert files.read_range(f"{folder}/notes.txt", 2, 3) == b"not"
    assert files.read_range(f"{folder}/notes.txt", 9, 99) == b"xt"
    assert files.read_range(f"{folder}/notes.txt", 11, 5) == b""
    assert files.read_bytes(f"{folder}/empty") == b""
    assert files.size(f"{folder}/notes.txt") == 11
    files.remove(f"{folder}/notes.txt")
    with pytest.raises(FileNotFoundError, match=r"No such object.*notes\.txt"):
        files.read_bytes(f"{folder}/notes.txt")
    with pytest.raises(FileNotFoundError, match=r"nearest folder, '\w+://cells/d', holds 4 entries"):
        files.expand(f"{folder}/x-*")


def test_a_picture_is_one_request(s3: S3) -> None:
    files.write_bytes("s3://cells/a.jpg", b"picture")
    s3.forget()
    assert files.read_bytes("s3://cells/a.jpg") == b"picture"
    assert s3.requests == ["GET /cells/a.jpg"]


def test_what_others_write_is_seen_at_once(s3: S3) -> None:
    files.write_bytes("s3://cells/d/a", b"1")
    assert files.entries("s3://cells/d") == ["a"]
    other = s3fs.S3FileSystem(skip_instance_cache=True, endpoint_url=s3.url)
    other.pipe_file("cells/d/a", b"12")
    other.pipe_file("cells/d/b", b"1")
    assert (files.entries("s3://cells/d"), files.size("s3://cells/d/a")) == (["a", "b"], 2)


def test_a_bucket_that_is_not_there_is_told_and_never_made(bucket: str) -> None:
    scheme = bucket.partition(":")[0]
    for work in (lambda: files.expand(f"{scheme}://cels/x"), lambda: files.write_bytes(f"{scheme}://cels/x", b"1")):
        with pytest.raises(store_faults.BucketMissing, match=rf"no bucket {scheme}://cels at http.*how its name"):
            work()
    assert not files.is_file(f"{scheme}://cels/x")
    with pytest.raises(store_faults.BucketMissing, match=rf"'{scheme}://' names no bucket; write {scheme}://BUCKET"):
        formats.recognise(f"{scheme}://")


def test_what_is_denied_is_told_with_a_way_out(s3: S3) -> None:
    for path in ("s3://denied/x", "s3://denied/x-*"):
        with pytest.raises(store_faults.StoreDenied, match=r"access to s3://denied/x.* is denied \(Access Denied\)"):
            formats.recognise(path)
    with pytest.raises(PermissionError, match="must allow to list the bucket.*AWS_ACCESS_KEY_ID"):
        files.read_bytes("s3://denied/x")
    assert not files.is_file("s3://denied/x")
    assert s3.requests


def test_what_else_a_store_says_is_told_with_the_place_and_may_pass(s3: S3) -> None:
    fsspec.filesystem("s3").mkdir("broken")
    with pytest.raises(OSError, match=r"We are sorry: 's3://broken/x'") as told:
        files.read_bytes("s3://broken/x")
    assert told.value.errno
    assert fault(told.value) == "machine"
    assert fault(store_faults.StoreAway("does not answer")) == "machine"
    assert fault(store_faults.StoreDenied("no credentials")) == "user"
    assert s3.requests


def test_without_credentials(s3: S3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in SECRETS:
        monkeypatch.delenv(name)
    with pytest.raises(store_faults.StoreDenied, match="no credentials.*AWS_PROFILE.*FSSPEC_S3_ANON=true"):
        formats.recognise("s3://cells/d")
    assert not s3.requests


def test_a_store_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")
        started = time.monotonic()
        with pytest.raises(store_faults.StoreAway, match=r"does not answer.*see that AWS_ENDPOINT_URL is") as told:
            files.is_file("s3://cells/x")
    assert told.value.errno  # that work takes for another try
    assert time.monotonic() - started < object_store.LIMIT


@contextmanager
def stalled() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(50)
        yield f"http://127.0.0.1:{silent.getsockname()[1]}"


def test_a_store_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "LIMIT", 3.0)
    with stalled() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(store_faults.StoreAway, match="no answer within 3 s"):
            files.entries("s3://cells/x")
        started = time.monotonic()
        with pytest.raises(store_faults.StoreAway):  # which others are told at once
            files.entries("s3://cells/y")
        assert time.monotonic() - started < 2


def test_a_bucket_is_asked_for_again_after_a_while(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write_bytes("s3://cells/a", b"1")
    asked = s3.requests.count("HEAD /cells")
    files.read_bytes("s3://cells/a")
    assert s3.requests.count("HEAD /cells") == asked == 1
    monkeypatch.setattr(object_store, "BELIEVED", 0.0)
    files.read_bytes("s3://cells/a")
    assert s3.requests.count("HEAD /cells") == 2
    object_store.be_patient()
    files.read_bytes("s3://cells/a")
    assert s3.requests.count("HEAD /cells") == 2


def draw(folder: str, form: str, **counts: int) -> None:
    for split, count in counts.items():
        formats.write(draw_shapes(count, (32, 48), len(split), ("circle", "square")), folder, to=form, split=split)


def imported(folder: Path, path: str) -> Outcome:
    place = Place(folder)
    place.begin(Order(request=DatasetRequest.read({"name": "x", "path": path}), roots=(str(folder),)))
    import_dataset(folder)
    outcome = place.outcome()
    assert outcome is not None
    return outcome


@pytest.mark.parametrize("form", ["coco", "voc"])
def test_an_import_reads_each_picture_once_and_many_at_a_time(s3: S3, form: str, tmp_path: Path) -> None:
    draw(f"s3://cells/{form}", form, train=30, validation=10)
    s3.forget()
    s3.delay = 0.03
    outcome = imported(tmp_path, f"s3://cells/{form}/")
    assert outcome.error_message == ""
    assert outcome.counts and (outcome.counts.pictures, outcome.counts.unreadable) == (40, 0)
    pictures = [one for one in s3.requests if one.endswith(".jpg")]
    assert len(pictures) < 40 + 20  # some for the report
    assert s3.most_at_once >= 12
    others = [one for one in s3.requests if not one.endswith((".jpg", ".xml"))]
    assert len(others) < 60
    with opened(Place(tmp_path).index) as index:
        assert index.count(Wanted()) == 40
        assert files.read_bytes(index.place(39)[2]).startswith(b"\xff\xd8")


def test_while_annotations_are_read_answers_are_counted(
    s3: S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw("s3://cells/voc", "voc", train=40)
    s3.delay = 0.05
    notes: list[Progress] = []
    keep = Place.write

    def write(place: Place, value: Any) -> None:
        keep(place, value)
        if isinstance(value, Progress):
            notes.append(value)

    monkeypatch.setattr(Place, "write", write)
    monkeypatch.setattr("boxwright.catalogue.importing.PAUSE", 0.02)
    assert imported(tmp_path, "s3://cells/voc").error_message == ""
    reading = [one.done for one in notes if one.stage == "reading"]
    assert reading[0] == 0
    assert reading[-1] > 5
    assert reading == sorted(reading)
    assert {one.total for one in notes if one.stage == "reading"} == {0}
    assert {one.total for one in notes if one.stage == "examining"} == {40}


def test_an_import_tells_why_it_cannot_read(s3: S3, tmp_path: Path) -> None:
    assert "holds 0 entries" in imported(tmp_path, "s3://cells/none").error_message
    assert "no bucket s3://cels" in imported(tmp_path, "s3://cels/voc").error_message
    assert "is denied" in imported(tmp_path, "s3://denied/voc").error_message
    assert s3.requests


def test_browsing_and_counting(s3: S3, tmp_path: Path) -> None:
    draw("s3://cells/tf", "tfrecord", train=5)
    roots = Roots(("s3://cells",), tmp_path)
    found = described(listed(roots, "s3://cells/tf"))
    assert [one.name for one in found] == ["labels.txt", "train-00000-of-00001.tfrecord"]
    assert all(one.size and one.changed for one in found)
    match = counted("s3://cells/tf/train-*", roots, lambda _: None)
    assert (match.files, match.records, match.complete, match.format) == (1, 5, True, "tfrecord")
    assert "is denied" in counted("s3://denied/train-*", roots, lambda _: None).note
    s3.forget()
    counted("s3://cells/tf", roots, lambda _: None)
    assert len(s3.requests) < 30


def test_a_job_folder_is_worked_on_in_a_copy(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "here"))
    here = mirror(f"{bucket}/jobs/one")
    JobDir(here.local).create()
    JobDir(here.local).write_job(Job(kind="wait", algorithm="wait", arguments={"steps": "1"}))
    (here.local / "model").mkdir()
    for number in range(10):
        (here.local / "model" / f"{number}.bin").write_bytes(bytes([number]) * 1000)
    here.send()
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path / "elsewhere"))
    there = mirror(f"{bucket}/jobs/one")
    there.fetch()
    assert there.local != here.local
    assert sorted(path.name for path in (there.local / "model").iterdir()) == [f"{number}.bin" for number in range(10)]
    assert (there.local / "model" / "7.bin").read_bytes() == b"\x07" * 1000
    (there.local / "model" / "7.bin").unlink()
    there.send()
    assert "7.bin" not in files.entries(f"{bucket}/jobs/one/model")


def test_training_from_a_bucket_into_it(
    s3: S3, command: Callable[..., Any], tiny: Callable[..., dict[str, str]], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("BOXWRIGHT_CACHE", str(tmp_path))
    monkeypatch.setattr("boxwright.export.result.write_model", lambda *_: {})  # which takes long, and reads no data
    draw("s3://cells/tf", "tfrecord", train=6, validation=2)
    data = {"training_data_path": "s3://cells/tf/train-*", "validation_data_path": "s3://cells/tf/validation-*"}
    given = tiny(**data, max_steps=2, image_size="32,48")
    ran = command(
        "train", "image_object_detection", "--job-dir=s3://cells/job", *[f"--{k}={v}" for k, v in given.items()]
    )
    assert (ran.status, ran.err) == (0, "")
    there = files.walk("s3://cells/job")
    assert {"job.json", "events.jsonl", "result.json", "evaluation/evaluation.json"} <= set(there)
    assert "samples/samples.json" in there
    assert files.read_text("s3://cells/job/result.json").count('"finished"') == 1
    assert s3.requests.count("GET /cells/tf/train-00000-of-00001.tfrecord") > 6
