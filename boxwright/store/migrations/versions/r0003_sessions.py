"""Sessions of browsers."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "sessions",
        sa.Column("uid", BIG, primary_key=True),
        sa.Column("token_uid", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("browser", sa.Text, nullable=False),
        sa.Column("create_time", sa.Double, nullable=False),
        sa.Column("expire_time", sa.Double, nullable=False),
        sa.UniqueConstraint("digest", name="sessions_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("sessions_of_token", "sessions", ["token_uid"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sessions")
