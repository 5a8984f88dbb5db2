"""Citizens' testimonials: projects, touch-points, what is told, who judges it, what labs answer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

CODED = sa.String(32)
ID = sa.String(12)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_places()
    create_testimonials()
    create_judgements()


def create_places() -> None:
    op.create_table(
        "project",
        sa.Column("id", ID, nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_project_lab_slug_lab"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_project_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
    )
    op.create_index("ix_project_lab_slug", "project", ["lab_slug"])
    op.create_table(
        "touchpoint",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.String(8), nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("sort", CODED, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("sort IN ('projet', 'guichet', 'evenement')", name=op.f("ck_touchpoint_sort")),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_touchpoint_lab_slug_lab"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_touchpoint_project_id_project"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_touchpoint_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_touchpoint"),
        sa.UniqueConstraint("token", name="uq_touchpoint_token"),
    )
    op.create_index("ix_touchpoint_lab_slug", "touchpoint", ["lab_slug"])
    op.create_table(
        "retirement",
        sa.Column("touchpoint_id", ID, nullable=False),
        sa.Column("because", sa.String(200), nullable=False),
        sa.Column("replaced_by", ID, nullable=True),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name="fk_retirement_touchpoint_id_touchpoint"),
        sa.ForeignKeyConstraint(["replaced_by"], ["touchpoint.id"], name="fk_retirement_replaced_by_touchpoint"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_retirement_by_id_person"),
        sa.PrimaryKeyConstraint("touchpoint_id", name="pk_retirement"),
    )


def create_testimonials() -> None:
    op.create_table(
        "testimonial",
        sa.Column("id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=False),
        sa.Column("project_id", ID, nullable=True),
        sa.Column("touchpoint_id", ID, nullable=True),
        sa.Column("face", CODED, nullable=False),
        sa.Column("capacity", CODED, nullable=True),
        sa.Column("clarity", sa.Integer(), nullable=True),
        sa.Column("heard", sa.Integer(), nullable=True),
        sa.Column("may_publish", sa.Boolean(), nullable=False),
        sa.Column("may_cite", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.CheckConstraint("face IN ('bien', 'moyen', 'mal')", name=op.f("ck_testimonial_face")),
        sa.CheckConstraint(
            "capacity IN ('usager', 'agent', 'elu', 'entreprise', 'association')", name=op.f("ck_testimonial_capacity")
        ),
        sa.CheckConstraint("clarity BETWEEN 1 AND 5", name=op.f("ck_testimonial_clarity")),
        sa.CheckConstraint("heard BETWEEN 1 AND 5", name=op.f("ck_testimonial_heard")),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_testimonial_lab_slug_lab"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name="fk_testimonial_project_id_project"),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"], name="fk_testimonial_touchpoint_id_touchpoint"),
        sa.PrimaryKeyConstraint("id", name="pk_testimonial"),
        sa.UniqueConstraint("key_hash", name="uq_testimonial_key_hash"),
    )
    for column in ("lab_slug", "project_id", "touchpoint_id"):
        op.create_index(f"ix_testimonial_{column}", "testimonial", [column])
    of_testimonial(
        "telling",
        sa.Column("happened", sa.String(2000), nullable=False),
        sa.Column("changed", sa.String(1000), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
    )
    of_testimonial(
        "tombstone",
        sa.Column("how", CODED, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("how IN ('retire', 'expire')", name=op.f("ck_tombstone_how")),
    )
    of_testimonial("opening", sa.Column("at", MOMENT, nullable=False))
    of_testimonial(
        "contact",
        sa.Column("sealed", sa.String(1000), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["answered_by_id"], ["person.id"], name="fk_contact_answered_by_id_person"),
    )


def create_judgements() -> None:
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("testimonial_id", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("verdict", CODED, nullable=False),
        sa.Column("reason", CODED, nullable=True),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("of_lab", sa.Boolean(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("verdict IN ('publie', 'refuse')", name=op.f("ck_decision_verdict")),
        sa.CheckConstraint(
            "reason IN ('hors_sujet', 'injurieux', 'personne_visee', 'publicite', 'faux')",
            name=op.f("ck_decision_reason"),
        ),
        sa.ForeignKeyConstraint(["testimonial_id"], ["testimonial.id"], name="fk_decision_testimonial_id_testimonial"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_decision_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_decision"),
    )
    op.create_index("ix_decision_testimonial_id", "decision", ["testimonial_id"])
    op.create_index(
        "uq_decision_standing",
        "decision",
        ["testimonial_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    of_testimonial(
        "appeal",
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
    )
    op.create_table(
        "masking",
        sa.Column("id", ID, nullable=False),
        sa.Column("testimonial_id", ID, nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("letters", sa.Integer(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["testimonial_id"], ["testimonial.id"], name="fk_masking_testimonial_id_testimonial"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_masking_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_masking"),
    )
    op.create_index("ix_masking_testimonial_id", "masking", ["testimonial_id"])
    of_testimonial(
        "labanswer",
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_labanswer_by_id_person"),
    )


def of_testimonial(table: str, *more: sa.schema.SchemaItem) -> None:
    """A table with at most one row for each testimonial."""
    op.create_table(
        table,
        sa.Column("testimonial_id", ID, nullable=False),
        *more,
        sa.ForeignKeyConstraint(["testimonial_id"], ["testimonial.id"], name=f"fk_{table}_testimonial_id_testimonial"),
        sa.PrimaryKeyConstraint("testimonial_id", name=f"pk_{table}"),
    )


def downgrade() -> None:
    for table in (
        "labanswer",
        "masking",
        "appeal",
        "decision",
        "contact",
        "opening",
        "tombstone",
        "telling",
        "testimonial",
        "retirement",
        "touchpoint",
        "project",
    ):
        op.drop_table(table)
