"""Surveys: what labs ask at their touch-points, and what people answer."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.String(12)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "survey",
        sa.Column("id", ID, nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=False),
        sa.Column("touchpoint_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("code", sa.String(10), nullable=True),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(500), nullable=False),
        sa.Column("questions", sa.JSON(), nullable=False),
        sa.Column("opens_at", MOMENT, nullable=False),
        sa.Column("closes_at", MOMENT, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_survey_lab_slug_lab"),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name="fk_survey_touchpoint_id_touchpoint"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_survey_project_id_project"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_survey_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_survey"),
    )
    for column in ("lab_slug", "touchpoint_id"):
        op.create_index(f"ix_survey_{column}", "survey", [column])
    op.create_table(
        "surveyclosing",
        sa.Column("survey_id", ID, nullable=False),
        sa.Column("because", sa.String(200), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name="fk_surveyclosing_survey_id_survey"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_surveyclosing_by_id_person"),
        sa.PrimaryKeyConstraint("survey_id", name="pk_surveyclosing"),
    )
    op.create_table(
        "surveyresponse",
        sa.Column("id", ID, nullable=False),
        sa.Column("survey_id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name="fk_surveyresponse_survey_id_survey"),
        sa.PrimaryKeyConstraint("id", name="pk_surveyresponse"),
        sa.UniqueConstraint("key_hash", name="uq_surveyresponse_key_hash"),
    )
    op.create_index("ix_surveyresponse_survey_id", "surveyresponse", ["survey_id"])
    of_response(
        "surveyanswer",
        sa.Column("text", sa.String(1000), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        key=("response_id", "place"),
    )
    of_response(
        "surveychoice", sa.Column("choice", sa.Integer(), nullable=False), key=("response_id", "place", "choice")
    )


def of_response(table: str, *more: sa.schema.SchemaItem, key: tuple[str, ...]) -> None:
    """A table of what a response holds, question by question."""
    op.create_table(
        table,
        sa.Column("response_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["response_id"], ["surveyresponse.id"], name=f"fk_{table}_response_id_surveyresponse"),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{table}"),
    )


def downgrade() -> None:
    for table in ("surveychoice", "surveyanswer", "surveyresponse", "surveyclosing", "survey"):
        op.drop_table(table)
