"""Consent on the whole set, objections; votes copied from paper."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.String(12)
CODED = sa.String(32)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("member") as table:
        table.add_column(sa.Column("on_paper", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("member") as table:
        table.alter_column("on_paper", existing_type=sa.Boolean(), server_default=None)
    with op.batch_alter_table("vote") as table:
        table.add_column(sa.Column("entered_by_id", ID, nullable=True))
        table.create_foreign_key("fk_vote_entered_by_id_person", "person", ["entered_by_id"], ["id"])
    op.create_table(
        "stance",
        sa.Column("workshop_id", ID, sa.ForeignKey("workshop.id", name="fk_stance_workshop_id_workshop"), nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, sa.ForeignKey("person.id", name="fk_stance_person_id_person"), nullable=False),
        sa.Column("lab_slug", sa.String(60), sa.ForeignKey("lab.slug", name="fk_stance_lab_slug_lab"), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("position", CODED, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column(
            "entered_by_id", ID, sa.ForeignKey("person.id", name="fk_stance_entered_by_id_person"), nullable=True
        ),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("workshop_id", "gesture", name="pk_stance"),
        sa.CheckConstraint("position IN ('consent', 'abstain', 'object')", name=op.f("ck_stance_position")),
    )
    op.create_index("ix_stance_person_id", "stance", ["person_id"])
    op.create_index(
        "uq_stance_standing",
        "stance",
        ["workshop_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "objection",
        sa.Column("id", ID, nullable=False),
        sa.Column(
            "workshop_id", ID, sa.ForeignKey("workshop.id", name="fk_objection_workshop_id_workshop"), nullable=False
        ),
        sa.Column(
            "indicator_id", ID, sa.ForeignKey("indicator.id", name="fk_objection_indicator_id_indicator"), nullable=True
        ),
        sa.Column("wording", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("by_id", ID, sa.ForeignKey("person.id", name="fk_objection_by_id_person"), nullable=False),
        sa.Column("lab_slug", sa.String(60), sa.ForeignKey("lab.slug", name="fk_objection_lab_slug_lab"), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_objection"),
    )
    op.create_index("ix_objection_workshop_id", "objection", ["workshop_id"])
    op.create_table(
        "lifting",
        sa.Column(
            "objection_id", ID, sa.ForeignKey("objection.id", name="fk_lifting_objection_id_objection"), nullable=False
        ),
        sa.Column("by_id", ID, sa.ForeignKey("person.id", name="fk_lifting_by_id_person"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("because", sa.String(300), nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("objection_id", name="pk_lifting"),
    )
    op.create_table(
        "reply",
        sa.Column(
            "objection_id", ID, sa.ForeignKey("objection.id", name="fk_reply_objection_id_objection"), nullable=False
        ),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("by_id", ID, sa.ForeignKey("person.id", name="fk_reply_by_id_person"), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("objection_id", "gesture", name="pk_reply"),
    )


def downgrade() -> None:
    for table in ("reply", "lifting", "objection", "stance"):
        op.drop_table(table)
    with op.batch_alter_table("vote") as table:
        table.drop_constraint("fk_vote_entered_by_id_person", type_="foreignkey")
        table.drop_column("entered_by_id")
    with op.batch_alter_table("member") as table:
        table.drop_column("on_paper")
