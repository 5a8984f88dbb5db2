"""Testimonials cited as evidence, on an indicator of a workshop or of the published framework."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.String(12)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "citation",
        sa.Column("id", ID, nullable=False),
        sa.Column("testimonial_id", ID, nullable=False),
        sa.Column("indicator_id", ID, nullable=True),
        sa.Column("code", sa.String(10), nullable=True),
        sa.Column("because", sa.String(300), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by_id", ID, nullable=True),
        sa.CheckConstraint("(indicator_id IS NULL) <> (code IS NULL)", name=op.f("ck_citation_place")),
        sa.ForeignKeyConstraint(["testimonial_id"], ["testimonial.id"], name="fk_citation_testimonial_id_testimonial"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_citation_indicator_id_indicator"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_citation_by_id_person"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name="fk_citation_ended_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_citation"),
    )
    op.create_index("ix_citation_testimonial_id", "citation", ["testimonial_id"])
    for place in ("indicator_id", "code"):
        op.create_index(
            f"uq_citation_{place.removesuffix('_id')}_standing",
            "citation",
            [place, "testimonial_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )


def downgrade() -> None:
    op.drop_table("citation")
