"""Models, their versions, and the operations on them."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "models",
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("project", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("default_version", NAME, nullable=False),
        sa.Column("traffic", sa.JSON, nullable=False),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.UniqueConstraint("project", "name", name="models_name"),
        sqlite_autoincrement=True,
    )
    unique = sa.UniqueConstraint("model_uid", "name", name="versions_name")
    op.create_table("versions", *_version_columns(), unique, sqlite_autoincrement=True)
    unique = sa.UniqueConstraint("project", "name", name="operations_name")
    op.create_table("operations", *_operation_columns(), unique, sqlite_autoincrement=True)
    op.create_index("operations_of_version", "operations", ["version_uid"])


def downgrade() -> None:
    """Drop them."""
    for table in ("operations", "versions", "models"):
        op.drop_table(table)


def _version_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("model_uid", sa.BigInteger, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("served", sa.JSON, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("last_use_time", sa.Double),
    ]


def _operation_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("project", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("model", NAME, nullable=False),
        sa.Column("version", NAME, nullable=False),
        sa.Column("version_uid", sa.BigInteger, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.Column("error_message", sa.Text, nullable=False),
    ]
