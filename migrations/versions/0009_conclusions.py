"""Conclusions: why each indicator ends as it does, and what is answered to the reservations that remain."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "conclusion",
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("because", sa.String(500), nullable=False),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_conclusion_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_conclusion_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("indicator_id", name="pk_conclusion"),
    )


def downgrade() -> None:
    op.drop_table("conclusion")
