"""Other wordings that people propose, and the contests between them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

CODED = sa.String(32)
MOMENT = sa.DateTime(timezone=True)
FATES = "'accepted', 'declined', 'withdrawn'"
GRADES = "'rejected', 'insufficient', 'passable', 'fair', 'good', 'very_good', 'excellent'"
OPEN = {"sqlite_where": sa.text("ended_at IS NULL"), "postgresql_where": sa.text("ended_at IS NULL")}


def upgrade() -> None:
    _contest()
    _amendment()
    _votes()


def _contest() -> None:
    op.create_table(
        "contest",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("wording", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.Column("ended_by_id", sa.String(12), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_in", sa.Integer(), nullable=True),
        sa.Column("winner", sa.Integer(), nullable=True),
        sa.Column("because", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_contest_by_id_person"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name="fk_contest_ended_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_contest_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("id", name="pk_contest"),
    )
    op.create_index("ix_contest_indicator_id", "contest", ["indicator_id"])
    op.create_index("uq_contest_standing", "contest", ["indicator_id"], unique=True, **OPEN)


def _amendment() -> None:
    op.create_table(
        "amendment",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(500), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.Column("contest_id", sa.String(12), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_amendment_by_id_person"),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name="fk_amendment_contest_id_contest"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_amendment_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("id", name="pk_amendment"),
    )
    op.create_index("ix_amendment_indicator_id", "amendment", ["indicator_id"])
    op.create_table(
        "ending",
        sa.Column("amendment_id", sa.String(12), nullable=False),
        sa.Column("fate", CODED, nullable=False),
        sa.Column("answer", sa.String(1000), nullable=False),
        sa.Column("wording", sa.Integer(), nullable=True),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"fate IN ({FATES})", name=op.f("ck_ending_fate")),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_ending_amendment_id_amendment"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_ending_by_id_person"),
        sa.PrimaryKeyConstraint("amendment_id", name="pk_ending"),
    )


def _votes() -> None:
    op.create_table(
        "candidate",
        sa.Column("contest_id", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amendment_id", sa.String(12), nullable=True),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["amendment_id"], ["amendment.id"], name="fk_candidate_amendment_id_amendment"),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name="fk_candidate_contest_id_contest"),
        sa.PrimaryKeyConstraint("contest_id", "number", name="pk_candidate"),
    )
    op.create_table(
        "judgement",
        sa.Column("contest_id", sa.String(12), nullable=False),
        sa.Column("candidate", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("grade", CODED, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(f"grade IN ({GRADES})", name=op.f("ck_judgement_grade")),
        sa.ForeignKeyConstraint(["contest_id"], ["contest.id"], name="fk_judgement_contest_id_contest"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_judgement_person_id_person"),
        sa.PrimaryKeyConstraint("contest_id", "candidate", "person_id", name="pk_judgement"),
    )


def downgrade() -> None:
    """Amendments and contests are lost; the wordings that they made stay."""
    for table in ("judgement", "candidate", "ending", "amendment", "contest"):
        op.drop_table(table)
