"""Databases of earlier versions, with jobs in them."""

from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from boxwright.store import JobStore, database, open_database

SCRIPTS = Path(database.__file__).parent / "migrations"

OLD = """INSERT INTO jobs (project, job_id, kind, state, request, labels, etag, priority, create_time, job_dir,
error_message, note, output, faults, progress, not_before, owner, lease_until, host, pid, pid_started, cancel_requested,
max_running) VALUES ('local', :name, 'train', 'QUEUED', :request, '{}', 'x', 0, 1.0, :name, '', '', '{}', 0, 0, 0.0, '',
0.0, '', 0, 0.0, 0, 1.0)"""


def migrate(engine: Any, to: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if to != "0004" or not _later(connection) else command.downgrade)(config, to)


def _later(connection: Any) -> bool:
    names = {row[1] for row in connection.execute(text("PRAGMA table_info(jobs)"))}
    return "standing" in names


@pytest.mark.parametrize(
    ("request_", "algorithm"),
    [
        (
            '{"trainingInput": {"masterConfig": {"imageUri": "gcr.io/algos/image_object_detection:latest"}}}',
            "image_object_detection",
        ),
        ('{"trainingInput": {"masterConfig": {"imageUri": "wait"}}}', "wait"),
        ('{"trainingInput": {"masterConfig": null}}', ""),
        ('{"predictionInput": {}}', "batch_prediction"),
    ],
)
def test_jobs_of_before_get_their_algorithm(tmp_path: Path, request_: str, algorithm: str) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/store.db")
    migrate(engine, "0004")
    with engine.begin() as connection:
        connection.execute(text(OLD), {"name": "one", "request": request_})
    engine.dispose()
    opened = open_database(f"sqlite:///{tmp_path}/store.db")
    record = JobStore(opened).get("local", "one")
    assert (record.algorithm, record.standing, record.best_value) == (algorithm, {}, None)
    migrate(opened, "0004")
    with opened.begin() as connection:
        assert not _later(connection)
    opened.dispose()
