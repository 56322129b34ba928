"""Tests of what jobs and log lines look like."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from boxwright.client import LogLine
from boxwright.commands.tables import check_format, in_order, listed, log_rows, summary, written

JOB: dict[str, Any] = {
    "jobId": "cells",
    "state": "SUCCEEDED",
    "createTime": "2026-11-22T06:28:57Z",
    "trainingInput": {
        "scaleTier": "BASIC",
        "masterConfig": {"imageUri": "image_object_detection"},
        "args": ["--max_steps=2"],
        "useChiefInTfConfig": False,
    },
    "trainingOutput": {
        "completedTrialCount": "2",
        "trials": [
            {
                "trialId": "10",
                "state": "SUCCEEDED",
                "hyperparameters": {"initial_learning_rate": "0.05"},
                "finalMetric": {"trainingStep": "40", "objectiveValue": 0.512345678},
            },
            {
                "trialId": "2",
                "state": "SUCCEEDED",
                "hyperparameters": {"initial_learning_rate": "0.002"},
                "finalMetric": {"trainingStep": "20", "objectiveValue": 0.25},
                "isTrialStoppedEarly": True,
            },
        ],
    },
}

SUMMARY = """\
+-------------------------------------------+
|                Job Overview               |
+--------+-----------+----------------------+
| JOB_ID | STATE     | CREATED              |
+--------+-----------+----------------------+
| cells  | SUCCEEDED | 2026-11-22T06:28:57Z |
+--------+-----------+----------------------+
+-------------------------------------+
|        Training Input Summary       |
+------------+------------------------+
| SCALE_TIER | IMAGE                  |
+------------+------------------------+
| BASIC      | image_object_detection |
+------------+------------------------+
+-----------------------+
|Training Output Summary|
+-----------------------+
| TRIALS                |
+-----------------------+
| 2                     |
+-----------------------+
+------------------------------------------------------------------------------------+
|                               Training Output Trials                               |
+-------+-----------+-----------------+------+---------------+-----------------------+
| TRIAL | STATE     | OBJECTIVE_VALUE | STEP | STOPPED_EARLY | initial_learning_rate |
+-------+-----------+-----------------+------+---------------+-----------------------+
| 2     | SUCCEEDED | 0.25            | 20   | yes           | 0.002                 |
| 10    | SUCCEEDED | 0.512346        | 40   |               | 0.05                  |
+-------+-----------+-----------------+------+---------------+-----------------------+
"""
"""Laid out by hand; trial 2 comes before trial 10, though its text does not."""


@pytest.fixture
def east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two hours east of Greenwich."""
    monkeypatch.setenv("TZ", "XXX-2")
    time.tzset()
    yield
    monkeypatch.delenv("TZ")
    time.tzset()


def test_yaml_and_json_hold_the_whole_job() -> None:
    assert yaml.safe_load(written(JOB, "yaml")) == JOB
    assert json.loads(written(JOB, "json")) == JOB
    assert written({"jobId": "a", "state": "QUEUED"}, "yaml") == "jobId: a\nstate: QUEUED\n"


def test_several_jobs() -> None:
    assert written([{"jobId": "a"}, {"jobId": "b"}], "yaml") == "jobId: a\n---\njobId: b\n"
    assert json.loads(written([], "json")) == []


@pytest.mark.usefixtures("east")
def test_a_list_has_three_columns_in_local_time() -> None:
    jobs = [JOB, {"jobId": "a_longer_name", "state": "QUEUED", "createTime": "2026-11-22T23:00:00.5Z"}]
    assert listed(jobs) == written(jobs, "table")
    assert listed(jobs) == (
        "JOB_ID         STATUS     CREATED\n"
        "cells          SUCCEEDED  2026-11-22T08:28:57\n"
        "a_longer_name  QUEUED     2026-11-23T01:00:00\n"
    )
    assert listed([]) == "JOB_ID  STATUS  CREATED\n"


def test_a_summary_has_tables_with_trials_by_number() -> None:
    assert summary(JOB) == SUMMARY
    assert summary({**JOB, "note": "waits"}) == f"{SUMMARY}Note: waits\n"


def test_a_summary_of_a_job_that_waits_is_short() -> None:
    text = summary(
        {"jobId": "a", "state": "QUEUED", "jobPosition": "3", "errorMessage": "two\nlines", "trainingInput": {}}
    )
    assert text.splitlines()[3:6] == [
        "| JOB_ID | STATE  | POSITION | ERROR     |",
        "+--------+--------+----------+-----------+",
        "| a      | QUEUED | 3        | two lines |",
    ]
    assert "Training" not in text


def test_formats() -> None:
    refused = []
    for format in ("yaml", "xml", "json", "YAML", "table", ""):
        try:
            check_format(format)
        except ValueError as error:
            refused.append(str(error))
    rule = "--format must be yaml, json or table, got"
    assert refused == [f"{rule} 'xml'", f"{rule} 'YAML'", f"{rule} ''"]


@pytest.mark.parametrize(
    ("by", "ids"),
    [
        ("JOB_ID", "abc"),
        ("~job_id", "cba"),
        ("status,~jobId", "cab"),
        ("trainingInput.scheduling.priority", "cab"),  # 9 before 10: numbers, not texts
        ("~trainingInput.scheduling.priority, jobId", "bac"),
        ("none", "bca"),
    ],
)
def test_order(by: str, ids: str) -> None:
    priorities = {"b": ("SUCCEEDED", 10), "c": ("FAILED", 9), "a": ("FAILED", 9.5)}
    jobs = [
        {"jobId": name, "state": state, "trainingInput": {"scheduling": {"priority": priority}}}
        for name, (state, priority) in priorities.items()
    ]
    assert "".join(str(job["jobId"]) for job in in_order(jobs, by)) == ids


@pytest.mark.usefixtures("east")
def test_a_log_line_is_severity_time_task_trial_and_text() -> None:
    for line in (
        LogLine(5, "2026-11-22T06:28:57Z", "loss 0.5", trial="3"),
        LogLine(5, "2026-11-22T06:28:57Z", "trial 3: loss 0.5"),
    ):
        assert log_rows(line, multiline=False) == ["INFO\t2026-11-22 08:28:57 +0200\tmaster-replica-0\t3\tloss 0.5"]


def test_a_text_of_several_lines() -> None:
    line = LogLine(5, "", "a\nb", severity="ERROR")
    head = "ERROR\t\tmaster-replica-0\t\t"
    assert log_rows(line, multiline=False) == [f"{head}a", f"{head}b"]
    assert log_rows(line, multiline=True) == [f"{head}a\nb"]
    assert log_rows(LogLine(5, "", ""), multiline=False) == ["INFO\t\tmaster-replica-0\t\t"]
