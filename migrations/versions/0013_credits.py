"""Who agreed to be named beside their texts in published versions."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.String(12)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "credit",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, sa.ForeignKey("person.id", name="fk_credit_person_id_person"), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_credit"),
    )
    op.create_index("ix_credit_person_id", "credit", ["person_id"])
    op.create_index(
        "uq_credit_standing",
        "credit",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("credit")
