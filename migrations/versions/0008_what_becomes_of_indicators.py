"""How an indicator left the table, with its reason; from what others an indicator comes."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

CODED = sa.String(32)
MOMENT = sa.DateTime(timezone=True)
# What is true of a proposal taken back when nobody asked why.
UNASKED = "Retiré avant que le motif ne soit demandé."


def upgrade() -> None:
    op.create_table(
        "departure",
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("how", CODED, nullable=False),
        sa.Column("because", sa.String(300), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.CheckConstraint("how IN ('withdrawn', 'merged', 'split')", name=op.f("ck_departure_how")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_departure_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_departure_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("indicator_id", name="pk_departure"),
    )
    op.execute(
        sa.text(
            "INSERT INTO departure (indicator_id, how, because, by_id, at, gesture) "
            "SELECT indicator_id, 'withdrawn', :unasked, by_id, at, gesture FROM withdrawal"
        ).bindparams(unasked=UNASKED)
    )
    op.drop_table("withdrawal")
    op.create_table(
        "lineage",
        sa.Column("child_id", sa.String(12), nullable=False),
        sa.Column("parent_id", sa.String(12), nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["child_id"], ["indicator.id"], name="fk_lineage_child_id_indicator"),
        sa.ForeignKeyConstraint(["parent_id"], ["indicator.id"], name="fk_lineage_parent_id_indicator"),
        sa.PrimaryKeyConstraint("child_id", "parent_id", name="pk_lineage"),
    )
    op.create_index("ix_lineage_parent_id", "lineage", ["parent_id"])


def downgrade() -> None:
    """Back to proposals that are only withdrawn: reasons and lineages are lost, what was merged or split is withdrawn."""
    op.drop_table("lineage")
    op.create_table(
        "withdrawal",
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_withdrawal_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_withdrawal_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("indicator_id", name="pk_withdrawal"),
    )
    op.execute(
        "INSERT INTO withdrawal (indicator_id, by_id, at, gesture) "
        "SELECT indicator_id, by_id, at, gesture FROM departure"
    )
    op.drop_table("departure")
