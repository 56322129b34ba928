"""Tests of `boxwright jobs` against a real control plane."""

import json
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from boxwright.jobdir import JobDir

IMAGE = "gcr.io/cloud-ml-algos/image_object_detection:latest"

NOON = 1795348800.0
"""2026-11-22T12:00:00Z in seconds since 1970."""

TUNED = """\
trainingInput:
  scaleTier: CUSTOM
  masterType: n1-standard-16
  masterConfig:
    imageUri: gcr.io/cloud-ml-algos/image_object_detection:latest
    acceleratorConfig:
      type: NVIDIA_TESLA_P100
      count: 1
  workerType:  cloud_tpu
  workerConfig:
    imageUri: gcr.io/cloud-ml-algos/image_object_detection:latest
    acceleratorConfig:
      type: TPU_V2
      count: 8
  workerCount: 1
  hyperparameters:
   goal: MAXIMIZE
   hyperparameterMetricTag: "AP"
   maxTrials: 6
   maxParallelTrials: 3
   enableTrialEarlyStopping: True
   params:
   - parameterName: initial_learning_rate
     type: DOUBLE
     minValue: 0.001
     maxValue: 0.1
     scaleType: UNIT_LOG_SCALE
"""


@pytest.fixture
def jobs(command: Callable[..., Any], plane: Any) -> Callable[..., Any]:
    """Runs `boxwright jobs` with the given words."""
    assert plane
    return lambda *words: command("jobs", *words)


@pytest.fixture
def wait(jobs: Callable[..., Any]) -> Callable[..., Any]:
    """Submits a job that only waits."""
    return lambda job, *words: jobs("submit", "training", job, "--master-image-uri=wait", *words)


def test_the_published_session(jobs: Any, records: Path) -> None:
    Path("config.yaml").write_text(TUNED)
    (Path.cwd() / "data").symlink_to(records)
    line = (
        "submit training coco_1 --region=us-central1 --config=config.yaml --job-dir=out/coco_1 --allow-substitute -- "
        "--training_data_path=data/train-* --validation_data_path=data/validation-* --train_batch_size=64 "
        '--train_steps_per_eval=2000 --max_steps=22500 --warmup_steps=500 --fpn_type="nasfpn" --aug_scale_min=0.8'
    )
    ran = jobs(*shlex.split(line))
    assert (ran.status, ran.out) == (0, "jobId: coco_1\nstate: QUEUED\n")
    assert ran.err == (
        "Job [coco_1] submitted successfully.\n"
        "Machines: masterType n1-standard-16 (16 cores, 60 GB, 1 x NVIDIA_TESLA_P100) -> 2 cores of the processor; "
        "workerType cloud_tpu (8 x TPU_V2) -> 2 cores of the processor\n"
        "Your job is still active. You may view the status of your job with the command\n\n"
        "  $ boxwright jobs describe coco_1\n\n"
        "or continue streaming the logs with the command\n\n"
        "  $ boxwright jobs stream-logs coco_1\n"
    )
    job = yaml.safe_load(jobs("describe", "coco_1").out)
    assert job["state"] == "QUEUED"
    assert job["trainingInput"]["jobDir"] == str(Path.cwd() / "out" / "coco_1")
    assert job["trainingInput"]["args"][0] == f"--training_data_path={Path.cwd()}/data/train-*"
    assert job["trainingInput"]["hyperparameters"]["maxTrials"] == 6


def test_faults_that_only_the_server_sees_have_their_place(jobs: Any) -> None:
    Path("config.yaml").write_text(TUNED)
    ran = jobs("submit", "training", "one", "--config=config.yaml", "--", "--max_step=1")
    assert ran.status == 1
    assert "did you mean --max_steps?" in ran.err
    assert "config.yaml:1:1: trainingInput" in ran.err
    assert "--allow-substitute" in ran.err
    assert jobs("list").out == "JOB_ID  STATUS  CREATED\n"


def test_nothing_is_sent_that_is_wrong_already(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_SERVER", "http://127.0.0.1:9")
    Path("config.yaml").write_text("trainingInput:\n\tscaleTier: BASIC\n")
    ran = jobs("submit", "training", "one", "--config=config.yaml")
    assert (ran.status, ran.err) == (1, "boxwright: config.yaml:2:1: a tab; YAML wants spaces\n")
    ran = jobs("submit", "training", "one", "--master-image-uri=wait")
    assert "no server answers at http://127.0.0.1:9" in ran.err


def test_submit_in_other_formats_and_places(jobs: Any, wait: Any, plane: Any) -> None:
    ran = wait("one", "--format=json", f"--server={plane.url}/", "--project=cells", "--labels=owner=anna")
    assert json.loads(ran.out) == {"jobId": "one", "state": "QUEUED"}
    assert f"describe one --server={plane.url}/ --project=cells\n" in ran.err
    assert jobs("describe", "one").status == 1
    described = jobs("describe", "one", "--project=cells", "--format=json")
    assert json.loads(described.out)["labels"] == {"owner": "anna"}
    assert wait("two", "--format=table").out.startswith("JOB_ID  STATUS  CREATED\ntwo     QUEUED  20")


def test_a_job_id_is_used_once(wait: Any) -> None:
    assert wait("one").status == 0
    ran = wait("one")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("boxwright: ALREADY_EXISTS: ")


def test_no_token(jobs: Any, wait: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOXWRIGHT_TOKEN", "wrong")
    assert "UNAUTHENTICATED: this token is unknown or revoked" in jobs("list").err
    assert wait("one").status == 1


def test_describe_summarizes(jobs: Any, wait: Any, plane: Any) -> None:
    wait("one", "--region=here")
    ran = jobs("describe", "one", "--summarize")
    assert "| JOB_ID | STATE  | POSITION | CREATED" in ran.out
    assert "Training Input Summary" in ran.out
    assert "Training Output" not in ran.out
    assert "boxwright jobs stream-logs one" in ran.err
    trials = [
        {
            "trialId": str(n),
            "state": "SUCCEEDED",
            "hyperparameters": {"x": str(n)},
            "finalMetric": {"trainingStep": "4"},
        }
        for n in (10, 2)
    ]
    plane.end(plane.start(), output={"trials": trials, "completedTrialCount": "2"})
    rows = [row for row in jobs("describe", "one", "--format=table").out.splitlines() if "SUCCEEDED | 4" in row]
    assert [row.split()[1] for row in rows] == ["2", "10"]


def test_logs_are_followed_to_the_end(jobs: Any, wait: Any, plane: Any) -> None:
    wait("one")
    record = plane.start()
    folder = JobDir(Path(record.job_dir))

    def work() -> None:
        folder.log("step 1\nstep 2", NOON)
        time.sleep(0.3)
        folder.log("done", NOON + 1)
        plane.end(record)

    worker = threading.Thread(target=work)
    worker.start()
    ran = jobs("stream-logs", "one")
    worker.join()
    assert ran.status == 0, ran.err
    assert ran.out.splitlines() == [
        "INFO\t2026-11-22 12:00:00 +0000\tmaster-replica-0\t\tstep 1",
        "INFO\t2026-11-22 12:00:00 +0000\tmaster-replica-0\t\tstep 2",
        "INFO\t2026-11-22 12:00:01 +0000\tmaster-replica-0\t\tdone",
    ]
    assert jobs("stream-logs", "one", "--task-name=worker-1").out == ""
    assert jobs("stream-logs", "one", "--task-name=master-replica-0", "--allow-multiline-logs").out == ran.out


def test_a_job_that_fails_is_status_1(jobs: Any, wait: Any, plane: Any) -> None:
    wait("one")
    plane.end(plane.start(), state="FAILED", error_message="no data")
    ran = jobs("stream-logs", "one", "--polling-interval=1")
    assert (ran.status, ran.out, ran.err) == (1, "", "boxwright: job [one] FAILED: no data\n")


def test_a_job_that_is_cancelled_is_status_1(jobs: Any, wait: Any) -> None:
    wait("one")
    assert (jobs("cancel", "one").status, jobs("cancel", "one").status) == (0, 0)
    ran = jobs("stream-logs", "one")
    assert ran.status == 1
    assert ran.err.startswith("boxwright: job [one] CANCELLED")


@pytest.mark.parametrize(("state", "status"), [("SUCCEEDED", 0), ("FAILED", 1)])
def test_submit_can_follow_at_once(wait: Any, plane: Any, state: str, status: int) -> None:
    def work() -> None:
        while plane.jobs.list("local") == ([], ""):
            time.sleep(0.01)
        record = plane.start()
        JobDir(Path(record.job_dir)).log("step 1", NOON)
        plane.end(record, state=state)

    worker = threading.Thread(target=work)
    worker.start()
    ran = wait("one", "--stream-logs")
    worker.join()
    assert ran.status == status
    log, _, rest = ran.out.partition("\n")
    assert log.endswith("\tstep 1")
    shown = yaml.safe_load(rest)
    assert (shown["jobId"], shown["state"]) == ("one", state)
    assert set(shown) == {"jobId", "state", "createTime", "startTime", "endTime"}
    assert "still active" not in ran.err


def test_interrupting_the_log_leaves_the_job(wait: Any, plane: Any) -> None:
    wait("one")
    JobDir(Path(plane.start().job_dir)).log("step 1", NOON)
    code = (
        "import signal, sys; from boxwright.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # shells have background jobs ignore it\n"
        "sys.argv[1:] = ['jobs', 'stream-logs', 'one']; main()"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("step 1\n")
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert said == "boxwright: the job goes on; `boxwright jobs cancel one` ends it\n"
    assert plane.jobs.get("local", "one").state == "RUNNING"


def test_list(jobs: Any, wait: Any, plane: Any) -> None:
    for name in ("b", "a", "c"):
        wait(name, f"--labels=team={name}")
    jobs("cancel", "a")

    def ids(*words: str) -> str:
        return "".join(line.split()[0] for line in jobs("list", *words).out.splitlines()[1:])

    assert ids() == ids("--page-size=1") == "cab"
    assert ids("--limit=2") == ids("--limit=2", "--page-size=1") == "ca"
    assert ids("--filter=state:QUEUED") == "cb"
    assert ids("--filter=labels.team:a OR jobId:b") == "ab"
    assert ids("--sort-by=job_id", "--limit=2") == "ab"
    assert ids("--sort-by=status,~job_id") == "acb"
    assert jobs("list", "--uri", "--limit=1").out == f"{plane.url}/v1/projects/local/jobs/c\n"
    assert [job["jobId"] for job in json.loads(jobs("list", "--format=json").out)] == ["c", "a", "b"]
    wrong = jobs("list", "--filter=state is FAILED")
    assert wrong.status == 1
    assert wrong.err.startswith("boxwright: INVALID_ARGUMENT: ")


def test_update(jobs: Any, wait: Any, plane: Any) -> None:
    def labels() -> dict[str, str]:
        found: dict[str, str] = plane.jobs.get("local", "one").labels
        return found

    wait("one", "--labels=a=1,b=2")
    assert jobs("update", "one", "--update-labels=b=3,c=4", "--remove-labels=a").err == "Job [one] updated.\n"
    assert labels() == {"b": "3", "c": "4"}
    jobs("update", "one", "--clear-labels", "--update-labels=d=5")
    assert labels() == {"d": "5"}
    assert "a label's key starts with a lowercase letter" in jobs("update", "one", "--update-labels=D=5").err
    assert labels() == {"d": "5"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("update", "one"), "give --update-labels, --clear-labels or --remove-labels"),
        (("update", "one", "--clear-labels", "--remove-labels=a"), "exclude each other"),
        (("update", "one", "--update-labels=a"), "expected key=value"),
        (("list", "--format=xml"), "--format must be yaml, json or table, got 'xml'"),
        (("describe", "none"), "NOT_FOUND: "),
        (("cancel", "none"), "NOT_FOUND: "),
        (("stream-logs", "none"), "NOT_FOUND: "),
        (("stream-logs", "one", "--polling-interval=0"), "--polling-interval must be above 0, got 0"),
        (("list", "--server=localhost"), "the server's address must be a URL"),
        (("submit", "training", "one", "--stream-logs", "--async"), "--stream-logs and --async exclude each other"),
        (("submit", "training", "one", "--config=none.yaml"), "No such file or directory: none.yaml"),
        (
            ("submit", "prediction", "one", "--model=x", "--data-format=csv", "--input-paths=a", "--output-path=b"),
            "--data-format must be one of json, text, tf-record, tf-record-gzip, image, got 'csv'",
        ),
    ],
)
def test_a_mistake_is_one_message(jobs: Any, words: tuple[str, ...], said: str) -> None:
    ran = jobs(*words)
    assert ran.status == 1
    assert ran.err.startswith("boxwright: ")
    assert said in ran.err


def test_help_names_the_commands_and_imports_nothing_heavy(command: Any) -> None:
    said = command("jobs", "--help").out
    assert all(f"  {name} " in said for name in ("describe", "stream-logs", "list", "cancel", "update", "submit"))
    asked = "import sys, boxwright.commands.jobs; print([n for n in ('httpx', 'yaml', 'pydantic') if n in sys.modules])"
    printed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"


def predicted(jobs: Any, model: Path, *words: str) -> Any:
    given = ("--data-format=image", "--input-paths=new/*.png", "--output-path=found", "--region=here")
    return jobs("submit", "prediction", "one", f"--model-dir={model}", *given, *words)


def test_a_prediction_is_submitted_described_and_listed(jobs: Any, plane: Any, quadrant_model: Path, grey: Any) -> None:
    Path("new").mkdir()
    Path("new/a.png").write_bytes(grey(1))
    ran = predicted(jobs, quadrant_model, "--max-worker-count=3", "--labels=a=b")
    assert (ran.status, ran.out) == (0, "jobId: one\nstate: QUEUED\n")
    assert "Machines: 3 workers -> 2 cores of the processor" in ran.err
    here = Path.cwd()
    (job,) = list(yaml.safe_load_all(jobs("describe", "one").out))
    assert (job["labels"], job["predictionInput"]) == (
        {"a": "b"},
        {
            "dataFormat": "IMAGE",
            "inputPaths": [f"{here}/new/*.png"],
            "outputPath": f"{here}/found",
            "region": "here",
            "uri": str(quadrant_model),
            "maxWorkerCount": "3",
        },
    )
    record = plane.start()
    assert record.kind == "prediction"
    output = {"outputPath": "found", "predictionCount": "1", "errorCount": "0", "nodeHours": 0.5}
    plane.end(record, output=output)
    shown = jobs("describe", "one", "--summarize").out
    assert "Prediction Input Summary" in shown and f"{here}/new/*.png" in shown
    assert "| PREDICTIONS | ERRORS | NODE_HOURS | OUTPUT_PATH |" in shown and "0.5" in shown
    assert jobs("list").out.splitlines()[1].split()[:2] == ["one", "SUCCEEDED"]


def test_a_refused_prediction_names_the_flags(jobs: Any, quadrant_model: Path) -> None:
    ran = predicted(jobs, quadrant_model)
    assert ran.status == 1
    assert "--input-paths: predictionInput.inputPaths[0]: no file matches" in ran.err
    ran = predicted(jobs, quadrant_model, "--batch-size=0")
    assert "--batch-size: predictionInput.batchSize: " in ran.err
