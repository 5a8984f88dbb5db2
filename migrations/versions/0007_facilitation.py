"""Facilitation: the schedule and its timer, private notes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "schedule",
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("gesture", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_schedule_by_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_schedule_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("workshop_id", "gesture", name="pk_schedule"),
    )
    op.create_table(
        "timer",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_timer_by_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_timer_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("id", name="pk_timer"),
    )
    op.create_index("ix_timer_workshop_id", "timer", ["workshop_id"])
    op.create_table(
        "extension",
        sa.Column("timer_id", sa.String(12), nullable=False),
        sa.Column("gesture", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_extension_by_id_person"),
        sa.ForeignKeyConstraint(["timer_id"], ["timer.id"], name="fk_extension_timer_id_timer"),
        sa.PrimaryKeyConstraint("timer_id", "gesture", name="pk_extension"),
    )
    op.create_table(
        "stop",
        sa.Column("timer_id", sa.String(12), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_stop_by_id_person"),
        sa.ForeignKeyConstraint(["timer_id"], ["timer.id"], name="fk_stop_timer_id_timer"),
        sa.PrimaryKeyConstraint("timer_id", name="pk_stop"),
    )
    op.create_table(
        "note",
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("text", sa.String(10_000), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_note_person_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_note_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("workshop_id", "person_id", name="pk_note"),
    )
    op.create_index("ix_note_person_id", "note", ["person_id"])


def downgrade() -> None:
    """What was planned, timed and noted is lost; the journal keeps its lines."""
    for table in ("note", "stop", "extension", "timer", "schedule"):
        op.drop_table(table)
