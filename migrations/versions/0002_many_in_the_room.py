"""Many in the room: tallies are counted on an index, processes tell who is present, wrong codes are counted by all."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_index("ix_vote_count", "vote", ["indicator_id", "wording", "choice", "taken_back_at"])
    op.create_table(
        "attendance",
        sa.Column("process_id", sa.String(12), nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("people", sa.JSON(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("process_id", "workshop_id", name="pk_attendance"),
    )
    op.create_table(
        "wrongcode",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrongcode"),
    )
    op.create_index("ix_wrongcode_who", "wrongcode", ["who"])


def downgrade() -> None:
    op.drop_table("wrongcode")
    op.drop_table("attendance")
    op.drop_index("ix_vote_count", "vote")
