"""Data sets."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "datasets",
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("project", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("result", sa.JSON, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("end_time", sa.Double),
        sa.UniqueConstraint("project", "name", name="datasets_name"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("datasets")
