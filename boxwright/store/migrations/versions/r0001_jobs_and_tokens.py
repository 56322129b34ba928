"""Jobs and tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the first tables."""
    op.create_table("jobs", *_job_columns(), sa.UniqueConstraint("project", "job_id", name="jobs_name"))
    op.create_index("jobs_listed", "jobs", ["project", "uid"])
    op.create_index("jobs_by_state", "jobs", ["project", "state", "uid"])
    unfinished = "state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED') AND job_dir <> ''"
    _index("jobs_folder", "jobs", ["job_dir"], where=unfinished, unique=True)
    _index("jobs_queue", "jobs", [sa.text("priority DESC"), "uid"], where="state = 'QUEUED'")
    _index("jobs_leases", "jobs", ["lease_until"], where="state IN ('PREPARING', 'RUNNING', 'CANCELLING')")
    waiting = "state = 'QUEUED' AND start_time IS NULL AND max_wait IS NOT NULL"
    _index("jobs_waiting", "jobs", ["create_time"], where=waiting)
    op.create_table(
        "tokens",
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("name", NAME, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("revoke_time", sa.Double),
        sa.UniqueConstraint("digest", name="tokens_digest"),
    )
    _index("tokens_name", "tokens", ["name"], where="revoke_time IS NULL", unique=True)


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("tokens")
    op.drop_table("jobs")


def _index(name: str, table: str, columns: list[str | sa.TextClause], *, where: str, unique: bool = False) -> None:
    clause = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=clause, postgresql_where=clause)


def _job_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("project", NAME, nullable=False),
        sa.Column("job_id", NAME, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("start_time", sa.Double),
        sa.Column("end_time", sa.Double),
        sa.Column("job_dir", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("output", sa.JSON, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("progress", sa.BigInteger, nullable=False),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("lease_until", sa.Double, nullable=False),
        sa.Column("host", sa.String, nullable=False),
        sa.Column("pid", sa.BigInteger, nullable=False),
        sa.Column("pid_started", sa.Double, nullable=False),
        sa.Column("cancel_requested", sa.Boolean, nullable=False),
        sa.Column("max_wait", sa.Double),
        sa.Column("max_running", sa.Double, nullable=False),
    ]
