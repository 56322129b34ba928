"""Jobs and log lines in text: YAML, JSON and tables, laid out as gcloud lays them out."""

import json
import re
import time
from calendar import timegm
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf
from typing import Any

import yaml

from boxwright.client import LogLine

FORMATS = ("yaml", "json", "table")

OVERVIEW = {
    "JOB_ID": "jobId",
    "STATE": "state",
    "POSITION": "jobPosition",
    "CREATED": "createTime",
    "STARTED": "startTime",
    "ENDED": "endTime",
    "ERROR": "errorMessage",
}
INPUT = {
    "REGION": "region",
    "SCALE_TIER": "scaleTier",
    "MASTER_TYPE": "masterType",
    "IMAGE": "masterConfig.imageUri",
    "WORKER_TYPE": "workerType",
    "WORKER_COUNT": "workerCount",
    "PARAMETER_SERVER_TYPE": "parameterServerType",
    "PARAMETER_SERVER_COUNT": "parameterServerCount",
    "JOB_DIR": "jobDir",
}
PREDICTION_INPUT = {
    "REGION": "region",
    "DATA_FORMAT": "dataFormat",
    "MODEL": "modelName",
    "VERSION": "versionName",
    "MODEL_DIR": "uri",
    "BATCH_SIZE": "batchSize",
    "MAX_WORKER_COUNT": "maxWorkerCount",
    "INPUT_PATHS": "inputPaths",
    "OUTPUT_PATH": "outputPath",
}
PREDICTION_OUTPUT = {
    "PREDICTIONS": "predictionCount",
    "ERRORS": "errorCount",
    "NODE_HOURS": "nodeHours",
    "OUTPUT_PATH": "outputPath",
}
OUTPUT = {
    "TRIALS": "completedTrialCount",
    "METRIC": "hyperparameterMetricTag",
    "MODEL": "builtInAlgorithmOutput.modelPath",
}
TRIALS = {
    "TRIAL": "trialId",
    "STATE": "state",
    "OBJECTIVE_VALUE": "finalMetric.objectiveValue",
    "STEP": "finalMetric.trainingStep",
    "STOPPED_EARLY": "isTrialStoppedEarly",
}
"""Columns of the tables of a summary, and the fields that they show."""

LISTED = {"JOB_ID": "jobId", "STATUS": "state", "CREATED": "createTime"}


def check_format(format: str) -> None:
    """Raises: ValueError: no format of `FORMATS`."""
    if format not in FORMATS:
        raise ValueError(f"--format must be {', '.join(FORMATS[:-1])} or {FORMATS[-1]}, got {format!r}")


def written(value: Any, format: str) -> str:
    """A job, or a list of them, as text that ends with a line feed."""
    if format == "json":
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    if format == "yaml":
        many = value if isinstance(value, list) else [value]
        return "---\n".join(yaml.safe_dump(one, allow_unicode=True, width=10_000) for one in many)
    return listed(value if isinstance(value, list) else [value])


def listed(jobs: Iterable[Mapping[str, Any]], columns: Mapping[str, str] = LISTED) -> str:
    """Jobs, or something else with these fields, as columns in the order in which they come."""
    rows = [[_local(_cell(job, field)) for field in columns.values()] for job in jobs]
    widths = [max(len(row[place]) for row in [list(columns), *rows]) for place in range(len(columns))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [columns, *rows]]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def summary(job: Mapping[str, Any]) -> str:
    """A job as tables: overview, input, output, and its trials by number."""
    given, output = job.get("trainingInput", {}), job.get("trainingOutput", {})
    trials = sorted(output.get("trials", ()), key=lambda one: int(one.get("trialId", 0)))
    names = sorted({name for one in trials for name in one.get("hyperparameters", {})})
    parts = [
        _box("Job Overview", OVERVIEW, [job]),
        _box("Training Input Summary", INPUT, [given]),
        _box("Training Output Summary", OUTPUT, [output]),
        _box("Prediction Input Summary", PREDICTION_INPUT, [job.get("predictionInput", {})]),
        _box("Prediction Output Summary", PREDICTION_OUTPUT, [job.get("predictionOutput", {})]),
        _box("Training Output Trials", TRIALS | {name: f"hyperparameters.{name}" for name in names}, trials),
    ]
    note = _cell(job, "note")
    return "".join(parts) + (f"Note: {note}\n" if note else "")


def _box(title: str, columns: Mapping[str, str], values: Sequence[Mapping[str, Any]]) -> str:
    """A table with borders; columns without any value are left out, and a table without any column."""
    shown = {name: [_cell(one, field) for one in values] for name, field in columns.items()}
    shown = {name: cells for name, cells in shown.items() if any(cells)}
    if not shown:
        return ""
    widths = [max(len(name), *map(len, cells)) for name, cells in shown.items()]
    inside = sum(widths) + 3 * len(widths) - 1
    if inside < len(title):
        widths[-1:] = [width + len(title) - inside for width in widths[-1:]]
        inside = len(title)
    rule = "+" + "+".join("-" * (width + 2) for width in widths) + "+"
    rows = [list(shown), *zip(*shown.values(), strict=True)]
    lines = ["|" + "|".join(f" {cell.ljust(w)} " for cell, w in zip(row, widths, strict=True)) + "|" for row in rows]
    top = ["+" + "-" * inside + "+", f"|{title.center(inside)}|"]
    return "\n".join([*top, rule, lines[0], rule, *lines[1:], rule]) + "\n"


def _cell(values: Mapping[str, Any], field: str) -> str:
    found: Any = values
    for part in field.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if found is None or found is False:
        return ""
    if isinstance(found, list):
        return ",".join(map(str, found))
    return "yes" if found is True else f"{found:.6g}" if isinstance(found, float) else " ".join(str(found).split())


def in_order(jobs: Iterable[Mapping[str, Any]], sort_by: str) -> list[Mapping[str, Any]]:
    """Jobs sorted by columns of the list or fields such as trainingInput.region.

    Args:
        sort_by: names, separated by commas, the first one deciding; ~ before a name turns its order.
    """
    found = list(jobs)
    for name in reversed(sort_by.split(",")):  # sorting is stable: what decides comes last
        field = name.strip().removeprefix("~")
        found.sort(key=partial(_rank, field=LISTED.get(field.upper(), field)), reverse=name.strip().startswith("~"))
    return found


def _rank(job: Mapping[str, Any], field: str) -> tuple[float, str]:
    cell = _cell(job, field)
    try:
        return float(cell), ""
    except ValueError:
        return inf, cell


def log_rows(line: LogLine, *, multiline: bool) -> list[str]:
    """A line of a log as gcloud prints it: severity, local time, task, trial and text, separated by tabs.

    Args:
        multiline: a text of several lines stays together; otherwise each has its own severity and time.
    """
    when = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(_seconds(line.time))) if line.time else ""
    of_trial = re.match(r"trial (\d+): ", line.text)  # searches write it so into their logs
    trial, text = (of_trial[1], line.text[of_trial.end() :]) if of_trial else (line.trial, line.text)
    head = [line.severity, when, line.task, trial]
    texts = [text] if multiline else text.splitlines() or [""]
    return ["\t".join([*head, text]) for text in texts]


def _seconds(stamp: str) -> int:
    return timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))


def _local(cell: str) -> str:
    """A time of the API in local time; other text as it is."""
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(_seconds(cell)))
    except ValueError:
        return cell
