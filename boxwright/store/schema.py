"""Tables of the store. A change here needs a migration in `store/migrations/versions`; a test compares the two."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

BIG = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite counts up by itself in columns of type INTEGER only."""

NAME = String().with_variant(String(collation="C"), "postgresql")
"""Text in the order of its characters' codes on both databases, so that a prefix is a range of an index."""

UNFINISHED = text("state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND job_dir <> ''")
QUEUED = text("state = 'QUEUED'")
LIMITED_WAIT = text("state = 'QUEUED' AND start_time IS NULL AND max_wait IS NOT NULL")
ACTIVE = text("state IN ('PREPARING', 'RUNNING', 'CANCELLING')")
"""Conditions of indexes that hold few of the rows; a query must use the very same words to find them in SQLite."""

jobs = Table(
    "jobs",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("job_id", NAME, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("request", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("etag", String, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("start_time", Double),
    Column("end_time", Double),
    Column("job_dir", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("output", JSON, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("progress", BigInteger, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("owner", String, nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("pid_started", Double, nullable=False),
    Column("cancel_requested", Boolean, nullable=False),
    Column("max_wait", Double),
    Column("max_running", Double, nullable=False),
    Column("algorithm", String, nullable=False),
    Column("standing", JSON, nullable=False),
    Column("best_value", Double),
    UniqueConstraint("project", "job_id", name="jobs_name"),
    Index("jobs_listed", "project", "uid"),
    Index("jobs_by_state", "project", "state", "uid"),
    Index("jobs_by_algorithm", "project", "algorithm", "uid"),
    Index("jobs_by_value", "project", "best_value", "uid"),
    # No two jobs that may still run share a folder.
    Index("jobs_folder", "job_dir", unique=True, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED),
    Index("jobs_leases", "lease_until", sqlite_where=ACTIVE, postgresql_where=ACTIVE),
    Index("jobs_waiting", "create_time", sqlite_where=LIMITED_WAIT, postgresql_where=LIMITED_WAIT),
)

Index("jobs_queue", jobs.c.priority.desc(), jobs.c.uid, sqlite_where=QUEUED, postgresql_where=QUEUED)

tokens = Table(
    "tokens",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("name", NAME, nullable=False),
    Column("role", String, nullable=False),
    # SHA-256 of the secret, in hexadecimal; the secret itself is kept nowhere.
    Column("digest", String, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("revoke_time", Double),
    UniqueConstraint("digest", name="tokens_digest"),
    Index(
        "tokens_name",
        "name",
        unique=True,
        sqlite_where=text("revoke_time IS NULL"),
        postgresql_where=text("revoke_time IS NULL"),
    ),
)

sessions = Table(
    "sessions",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("token_uid", BigInteger, nullable=False),
    # SHA-256 of the secret in the browser's cookie, in hexadecimal.
    Column("digest", String, nullable=False),
    Column("browser", Text, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("expire_time", Double, nullable=False),
    UniqueConstraint("digest", name="sessions_digest"),
    Index("sessions_of_token", "token_uid"),
    sqlite_autoincrement=True,
)

models = Table(  # sqlite_autoincrement: the uid of a version that was deleted is never given to another
    "models",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("request", JSON, nullable=False),
    Column("default_version", NAME, nullable=False),
    Column("traffic", JSON, nullable=False),
    Column("etag", String, nullable=False),
    Column("create_time", Double, nullable=False),
    UniqueConstraint("project", "name", name="models_name"),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("model_uid", BigInteger, nullable=False),
    Column("name", NAME, nullable=False),
    Column("state", String, nullable=False),
    Column("request", JSON, nullable=False),
    Column("served", JSON, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("etag", String, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("last_use_time", Double),
    UniqueConstraint("model_uid", "name", name="versions_name"),
    sqlite_autoincrement=True,
)

operations = Table(
    "operations",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("kind", String, nullable=False),
    Column("model", NAME, nullable=False),
    Column("version", NAME, nullable=False),
    Column("version_uid", BigInteger, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("end_time", Double),
    Column("error_message", Text, nullable=False),
    UniqueConstraint("project", "name", name="operations_name"),
    Index("operations_of_version", "version_uid"),
    sqlite_autoincrement=True,
)

datasets = Table(
    "datasets",
    metadata,
    Column("uid", BIG, primary_key=True),
    Column("project", NAME, nullable=False),
    Column("name", NAME, nullable=False),
    Column("state", String, nullable=False),
    Column("request", JSON, nullable=False),
    # The folder of the server that keeps it, and the name of its own folder there.
    Column("place", Text, nullable=False),
    Column("key", String, nullable=False),
    Column("result", JSON, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("etag", String, nullable=False),
    Column("create_time", Double, nullable=False),
    Column("end_time", Double),
    UniqueConstraint("project", "name", name="datasets_name"),
    sqlite_autoincrement=True,
)
