"""What lists of jobs show and are sorted by: the algorithm, how far each job is, and how good its model."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

jobs = sa.table(
    "jobs", sa.column("uid", sa.BigInteger), sa.column("request", sa.JSON), sa.column("algorithm", sa.String)
)


def upgrade() -> None:
    """Add the columns, and fill in the algorithms of the jobs that there are."""
    op.add_column("jobs", sa.Column("algorithm", sa.String, nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("standing", sa.JSON, nullable=False, server_default=sa.text("'{}'")))
    op.add_column("jobs", sa.Column("best_value", sa.Double))
    connection = op.get_bind()
    for row in connection.execute(sa.select(jobs.c.uid, jobs.c.request)).all():
        change = sa.update(jobs).where(jobs.c.uid == row.uid)
        connection.execute(change.values(algorithm=_algorithm(row.request)))
    op.create_index("jobs_by_algorithm", "jobs", ["project", "algorithm", "uid"])
    op.create_index("jobs_by_value", "jobs", ["project", "best_value", "uid"])


def downgrade() -> None:
    """Drop them."""
    op.drop_index("jobs_by_value", "jobs")
    op.drop_index("jobs_by_algorithm", "jobs")
    for name in ("best_value", "standing", "algorithm"):
        op.drop_column("jobs", name)


def _algorithm(request: object) -> str:
    """The last part of `imageUri`, without its tag."""
    given = json.loads(request) if isinstance(request, str) else request
    if not isinstance(given, dict) or "trainingInput" not in given:
        return "batch_prediction"
    uri = str((given["trainingInput"].get("masterConfig") or {}).get("imageUri", ""))
    return uri.rpartition("/")[2].partition("@")[0].partition(":")[0]
