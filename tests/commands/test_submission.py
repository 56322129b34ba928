"""Tests of the way from options, config.yaml and arguments to the job that is sent."""

from pathlib import Path
from typing import Any

import pytest

from boxwright.client import ServerError
from boxwright.commands.config_file import ConfigFile, read_config
from boxwright.commands.submission import Submission, absolute, read_submission
from boxwright.job_flags import FLAGS, read_accelerator, read_duration, read_labels, read_tier, read_truth
from boxwright.spec.resource import Fault

IMAGE = "gcr.io/cloud-ml-algos/image_object_detection:latest"

PUBLISHED = f"""\
trainingInput:
  # Use a cluster with many workers and a few parameter servers.
  scaleTier: CUSTOM
  masterType: n1-standard-16
  masterConfig:
    imageUri: {IMAGE}
    acceleratorConfig:
      type: NVIDIA_TESLA_P100
      count: 1
  workerType:  cloud_tpu
  workerConfig:
    imageUri: {IMAGE}
    tpuTfVersion: 1.14
    acceleratorConfig:
      type: TPU_V2
      count: 8
  workerCount: 1
  # The following are hyperparameter configs.
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
"""The managed service's example."""


@pytest.fixture
def submit(tmp_path: Path) -> Any:
    """Makes a submission from a config's text, the arguments of the algorithm, and options by name."""

    def make(config: str = "", words: tuple[str, ...] = (), job_id: str = "one", **options: Any) -> Submission:
        file = ConfigFile()
        if config:
            (tmp_path / "config.yaml").write_text(config)
            file = read_config(str(tmp_path / "config.yaml"))
        return read_submission(job_id, options, words, file, tmp_path)

    return make


def refusal(submit: Any, *given: Any, **options: Any) -> str:
    with pytest.raises(ValueError) as refused:
        submit(*given, **options)
    return str(refused.value)


def test_the_published_example(submit: Any) -> None:
    words = ("--training_data_path=gs://b/train-*.tfrecord", "--max_steps=22500", "--fpn_type=nasfpn")
    request = submit(PUBLISHED, words, region="us-central1", job_dir="gs://b/one").request
    given = request["trainingInput"]
    assert request["jobId"] == "one"
    assert (given["region"], given["jobDir"], given["masterType"]) == ("us-central1", "gs://b/one", "n1-standard-16")
    assert given["args"] == list(words)
    assert given["workerConfig"]["tpuTfVersion"] == "1.14"
    assert given["hyperparameters"]["params"][0]["scaleType"] == "UNIT_LOG_SCALE"


def test_every_option_has_its_place(submit: Any) -> None:
    accelerator = "count=2,type=nvidia-tesla-p100"
    options = {
        "region": "here",
        "job_dir": "/jobs/one",
        "scale_tier": "custom",
        "master_machine_type": "n1-standard-4",
        "master_image_uri": IMAGE,
        "master_accelerator": accelerator,
        "worker_machine_type": "standard",
        "worker_count": 0,
        "worker_image_uri": "w",
        "worker_accelerator": accelerator,
        "parameter_server_machine_type": "standard",
        "parameter_server_count": 2,
        "parameter_server_image_uri": "p",
        "python_version": "3.11",
        "labels": "owner=anna,team=a-b",
        "service_account": "me",
        "network": "n",
        "kms_key": "k",
        "max_running_time": "2h",
        "max_wait_time": "30m",
        "priority": 5,
        "use_chief_in_tf_config": "true",
        "enable_web_access": True,
        "allow_substitute": True,
    }
    assert set(options) == set(FLAGS) - {"runtime_version"}
    config = {"type": "NVIDIA_TESLA_P100", "count": 2}
    assert submit(**options).request == {
        "jobId": "one",
        "labels": {"owner": "anna", "team": "a-b"},
        "trainingInput": {
            "region": "here",
            "jobDir": "/jobs/one",
            "scaleTier": "CUSTOM",
            "masterType": "n1-standard-4",
            "masterConfig": {"imageUri": IMAGE, "acceleratorConfig": config},
            "workerType": "standard",
            "workerCount": 0,
            "workerConfig": {"imageUri": "w", "acceleratorConfig": config},
            "parameterServerType": "standard",
            "parameterServerCount": 2,
            "parameterServerConfig": {"imageUri": "p"},
            "pythonVersion": "3.11",
            "serviceAccount": "me",
            "network": "n",
            "encryptionConfig": {"kmsKeyName": "k"},
            "scheduling": {"maxRunningTime": "7200s", "maxWaitTime": "1800s", "priority": 5},
            "useChiefInTfConfig": True,
            "enableWebAccess": True,
            "allowSubstitute": True,
        },
    }


def test_options_beat_the_config(submit: Any) -> None:
    config = (
        f"jobId: other\nlabels: {{a: b}}\ntrainingInput:\n  region: there\n  args: [--max_steps=1]\n"
        f"  masterConfig: {{imageUri: {IMAGE}, tpuTfVersion: '2'}}\n  enableWebAccess: true\n"
    )
    request = submit(
        config, ("--num_classes=3",), region="here", labels="c=d", master_image_uri="wait", enable_web_access=False
    ).request
    assert (request["jobId"], request["labels"]) == ("one", {"c": "d"})
    assert request["trainingInput"] == {
        "region": "here",
        "args": ["--num_classes=3"],
        "masterConfig": {"imageUri": "wait", "tpuTfVersion": "2"},
        "enableWebAccess": True,  # not given is not false
    }
    assert submit(config).request["trainingInput"]["args"] == ["--max_steps=1"]


def test_an_empty_part_of_the_config_is_no_part(submit: Any) -> None:
    request = submit("trainingInput:\n", master_image_uri="wait").request
    assert request["trainingInput"] == {"masterConfig": {"imageUri": "wait"}}


def test_without_an_image_the_algorithms_are_listed(submit: Any) -> None:
    said = refusal(submit, "trainingInput: {region: x}")
    assert "no algorithm is named; give --master-image-uri, or masterConfig.imageUri" in said
    assert f"\n  {IMAGE}  " in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("maxTrials", "maxTrails", ":22:4: trainingInput.hyperparameters.maxTrails: unknown key"),
        ("masterType:", "masterTyp:", ":4:3: trainingInput.masterTyp: unknown key"),
        ("minValue: 0.001", "minValue: 0.2", ":26:6: trainingInput.hyperparameters.params[0]: parameter 'initial"),
        ("minValue: 0.001", "minValue: 0", ":26:6: trainingInput.hyperparameters.params[0]: "),
        ("minValue: 0.001", "minValue: low", ":28:6: trainingInput.hyperparameters.params[0].minValue: Input should"),
        ("maxParallelTrials: 3", "maxParallelTrials: 7", ":19:3: trainingInput.hyperparameters: maxParallelTrials"),
        ("goal: MAXIMIZE", "algorithm: GRID_SEARCH", ":19:3: trainingInput.hyperparameters: GRID_SEARCH needs"),
        ("workerCount: 1", "workerCount: one", ":17:3: trainingInput.workerCount: Input should be a valid integer"),
        ("count: 8", "count: -8", ":16:7: trainingInput.workerConfig.acceleratorConfig.count: Input should be"),
        ("masterType: n1-standard-16", "region: x", ":1:1: trainingInput: scaleTier CUSTOM needs masterType"),
    ],
)
def test_faults_of_the_config_have_their_place(submit: Any, tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in PUBLISHED
    assert f"{tmp_path / 'config.yaml'}{said}" in refusal(submit, PUBLISHED.replace(old, new, 1))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"scale_tier": "huge"}, "--scale-tier: expected one of basic, basic-gpu, "),
        ({"master_accelerator": "1"}, "--master-accelerator: expected count=1,type=nvidia-tesla-p100, "),
        ({"max_running_time": "soon"}, "--max-running-time: expected a duration such as 3600s, 90m or 1h30m, got"),
        ({"max_wait_time": "60s"}, "--max-wait-time: trainingInput.scheduling.maxWaitTime: Input should be greater"),
        ({"use_chief_in_tf_config": "maybe"}, "--use-chief-in-tf-config: expected true or false, got 'maybe'"),
        ({"labels": "owner"}, "--labels: expected key=value,key=value, each name once, got 'owner'"),
        ({"labels": "Owner=anna"}, "--labels: labels: a label's key starts with a lowercase letter"),
        ({"priority": 2000}, "--priority: trainingInput.scheduling.priority: Input should be less than"),
        ({"job_id": "a/b"}, "JOB: jobId: a job's id is 1 to 128 letters"),
        ({"runtime_version": "1.14"}, "leave --runtime-version out"),
        ({"words": ("x",)}, "expected --name=value, got 'x'"),
        ({"words": ("--a=1", "--a=2")}, "--a is given twice"),
    ],
)
def test_faults_of_options_name_them(submit: Any, options: dict[str, Any], said: str) -> None:
    assert said in refusal(submit, **{"master_image_uri": IMAGE, **options})


def test_a_config_whose_part_is_no_mapping(submit: Any) -> None:
    said = refusal(submit, "trainingInput:\n  masterConfig: wait\n", master_image_uri="wait")
    assert said.endswith(":2:3: trainingInput.masterConfig: expected settings, got 'wait'")
    assert "trainingInput: Input should be" in refusal(submit, "trainingInput: 3\n")


def test_refusals_of_the_server_are_explained_likewise(submit: Any, tmp_path: Path) -> None:
    made = submit(f"trainingInput:\n  masterConfig: {{imageUri: {IMAGE}}}\n", job_dir="/x")
    faults = tuple(
        Fault(f"trainingInput.{name}", "is wrong") for name in ("jobDir", "masterConfig.imageUri", "args[0]")
    )
    error = made.explained_error(ServerError(400, "INVALID_ARGUMENT", "the job has faults", faults))
    config = tmp_path / "config.yaml"
    assert str(error).splitlines() == [
        "the job has faults",
        "--job-dir: trainingInput.jobDir: is wrong",
        f"{config}:2:18: trainingInput.masterConfig.imageUri: is wrong",
        f"{config}:1:1: trainingInput.args[0]: is wrong",
    ]
    other = ServerError(409, "ALREADY_EXISTS", "no")
    assert made.explained_error(other) is other


@pytest.mark.parametrize(
    ("name", "given", "sent"),
    [
        ("training_data_path", "data/train-*", "{here}/data/train-*"),
        ("validation_data_path", "a/*,gs://b/c, d", "{here}/a/*,gs://b/c,{here}/d"),
        ("training_data_path", "with,comma", "{here}/with,comma"),
        ("training_data_path", "/abs/train", "/abs/train"),
        ("training_data_path", "~/train", "{home}/train"),
        ("training_data_path", "file://data/x", "{here}/data/x"),
        ("training_data_path", "s3://b/train-*", "s3://b/train-*"),
        ("labels_file", "labels.txt", "{here}/labels.txt"),
        ("labels_file", "", ""),
        ("pretrained_checkpoint_path", "imagenet", "imagenet"),
        ("pretrained_checkpoint_path", "auto", "auto"),
        ("pretrained_checkpoint_path", "weights", "{here}/weights"),
        ("pretrained_checkpoint_path", "runs/model", "{here}/runs/model"),
        ("fpn_type", "data/x", "data/x"),
    ],
)
def test_local_paths_hold_wherever_the_server_runs(
    submit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, given: str, sent: str
) -> None:
    (tmp_path / "with,comma").touch()
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("HOME", "/home/anna")
    made = submit("", (f"--{name}", given) if given else (f"--{name}=",), master_image_uri=IMAGE, job_dir="runs/a")
    expected = sent.format(here=tmp_path, home="/home/anna")
    assert made.request["trainingInput"]["args"] == [f"--{name}={expected}"]
    assert made.request["trainingInput"]["jobDir"] == f"{tmp_path}/runs/a"


def test_paths_of_the_config_start_where_the_command_does(submit: Any, tmp_path: Path) -> None:
    config = f"trainingInput:\n  jobDir: out\n  args: [--labels_file, l.txt]\n  masterConfig: {{imageUri: {IMAGE}}}\n"
    given = submit(config).request["trainingInput"]
    assert (given["jobDir"], given["args"]) == (f"{tmp_path}/out", [f"--labels_file={tmp_path}/l.txt"])
    assert absolute("gs://b/out", tmp_path) == "gs://b/out"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("60", "60s"),
        ("60s", "60s"),
        ("1.5h", "5400s"),
        ("1h30m", "5400s"),
        ("7d", "604800s"),
        ("30d", "2592000s"),
        ("0.5", "0.5s"),
    ],
)
def test_durations(text: str, seconds: str) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "h", "1w", "1h 30m", "-1s", "1h30"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        read_duration(text)


def test_other_texts() -> None:
    assert read_labels("") == {}
    assert read_labels("a=b, c=") == {"a": "b", "c": ""}
    assert read_accelerator("type=tpu-v2") == {"type": "TPU_V2", "count": 1}
    assert read_tier("STANDARD_1") == read_tier("standard-1") == "STANDARD_1"
    assert (read_truth("True"), read_truth("false")) == (True, False)


@pytest.mark.parametrize("text", ["count=1", "type=x,count=one", "type=x,kind=y", "type=x,type=y"])
def test_no_accelerators(text: str) -> None:
    with pytest.raises(ValueError, match="expected count=1,type=nvidia-tesla-p100"):
        read_accelerator(text)
