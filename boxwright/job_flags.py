"""Options of `boxwright jobs submit training`: where each stands in a job, how it is read, and how it is written."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TIERS = ("basic", "basic-gpu", "basic-tpu", "custom", "premium-1", "standard-1")

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_labels(text: str) -> dict[str, str]:
    """Labels from "key=value,key=value". Raises: ValueError: something else."""
    return _pairs(text, "key=value,key=value")


def read_accelerator(text: str) -> dict[str, Any]:
    """An accelerator from "count=1,type=nvidia-tesla-p100". Raises: ValueError: something else."""
    example = "count=1,type=nvidia-tesla-p100"
    pairs = _pairs(text, example)
    if not {"type"} <= set(pairs) <= {"count", "type"} or not pairs.get("count", "1").isdigit():
        raise ValueError(f"expected {example}, got {text!r}")
    return {"count": int(pairs.get("count", "1")), "type": pairs["type"].upper().replace("-", "_")}


def _pairs(text: str, example: str) -> dict[str, str]:
    parts = [part.partition("=") for part in text.split(",") if part.strip()]
    names = [name.strip() for name, _, _ in parts]
    if any(not equals for _, equals, _ in parts) or len(set(names)) < len(names):
        raise ValueError(f"expected {example}, each name once, got {text!r}")
    return {name.strip(): value.strip() for name, _, value in parts}


def read_duration(text: str) -> str:
    """Seconds, as "5400s", from "5400", "5400s", "90m" or "1h30m". Raises: ValueError: something else."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", text)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return f"{text}s"
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"expected a duration such as 3600s, 90m or 1h30m, got {text!r}")
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def read_tier(text: str) -> str:
    """The API's name of a scale tier. Raises: ValueError: no such tier."""
    tier = text.lower().replace("_", "-")
    if tier not in TIERS:
        raise ValueError(f"expected one of {', '.join(TIERS)}, got {text!r}")
    return tier.upper().replace("-", "_")


def read_truth(text: str) -> bool:
    """True or false. Raises: ValueError: something else."""
    if text.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, got {text!r}")
    return text.lower() == "true"


def write_pairs(values: Mapping[str, Any]) -> str:
    """The opposite of `read_labels`."""
    return ",".join(f"{name}={value}" for name, value in values.items())


def write_accelerator(values: Mapping[str, Any]) -> str:
    """The opposite of `read_accelerator`; empty where the option cannot say it."""
    kind = str(values.get("type", ""))
    text = write_pairs({"count": values.get("count", 0), "type": kind.lower().replace("_", "-")})
    try:
        return text if values == read_accelerator(text) else ""
    except ValueError:
        return ""


def write_tier(tier: str) -> str:
    """The opposite of `read_tier`."""
    return tier.lower().replace("_", "-")


def write_truth(truth: bool) -> str:
    """The opposite of `read_truth`."""
    return str(truth).lower()


@dataclass(frozen=True)
class Flag:
    """An option.

    Attributes:
        path: where it stands in a job.
        read: turns its text into the job's JSON, where they differ.
        write: the opposite; empty where the option cannot say the value.
        plain: whether it has no value: its being there means true.
    """

    path: str
    read: Callable[[str], Any] | None = None
    write: Callable[[Any], str] = str
    plain: bool = False


FLAGS = {
    "region": Flag("trainingInput.region"),
    "job_dir": Flag("trainingInput.jobDir"),
    "scale_tier": Flag("trainingInput.scaleTier", read_tier, write_tier),
    "master_machine_type": Flag("trainingInput.masterType"),
    "master_image_uri": Flag("trainingInput.masterConfig.imageUri"),
    "master_accelerator": Flag("trainingInput.masterConfig.acceleratorConfig", read_accelerator, write_accelerator),
    "worker_machine_type": Flag("trainingInput.workerType"),
    "worker_count": Flag("trainingInput.workerCount"),
    "worker_image_uri": Flag("trainingInput.workerConfig.imageUri"),
    "worker_accelerator": Flag("trainingInput.workerConfig.acceleratorConfig", read_accelerator, write_accelerator),
    "parameter_server_machine_type": Flag("trainingInput.parameterServerType"),
    "parameter_server_count": Flag("trainingInput.parameterServerCount"),
    "parameter_server_image_uri": Flag("trainingInput.parameterServerConfig.imageUri"),
    "runtime_version": Flag("trainingInput.runtimeVersion"),
    "python_version": Flag("trainingInput.pythonVersion"),
    "labels": Flag("labels", read_labels, write_pairs),
    "service_account": Flag("trainingInput.serviceAccount"),
    "network": Flag("trainingInput.network"),
    "kms_key": Flag("trainingInput.encryptionConfig.kmsKeyName"),
    "max_running_time": Flag("trainingInput.scheduling.maxRunningTime", read_duration),
    "max_wait_time": Flag("trainingInput.scheduling.maxWaitTime", read_duration),
    "priority": Flag("trainingInput.scheduling.priority"),
    "use_chief_in_tf_config": Flag("trainingInput.useChiefInTfConfig", read_truth, write_truth),
    "enable_web_access": Flag("trainingInput.enableWebAccess", plain=True),
    "allow_substitute": Flag("trainingInput.allowSubstitute", plain=True),
}
"""By parameter of the command. What is None or False was not given."""
