"""What was erased because its time was over."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table(
        "purge",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_purge"),
    )
    op.create_index("ix_purge_at", "purge", ["at"])


def downgrade() -> None:
    op.drop_table("purge")
