"""Imported frameworks: what others wrote, kept as it came."""

import sqlalchemy as sa
from alembic import context, op

revision = "0012"
down_revision = "0011"

REFUSAL = "Un référentiel importé ne se modifie pas et ne se supprime pas."


def upgrade() -> None:
    op.create_table(
        "importedframework",
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("source", sa.String(1000), nullable=False),
        sa.Column("source_address", sa.String(500), nullable=False),
        sa.Column("dated", sa.String(40), nullable=False),
        sa.Column("file_name", sa.String(120), nullable=False),
        sa.Column("format", sa.String(32), nullable=False),
        sa.Column("received", sa.String(71), nullable=False),
        sa.Column("fingerprint", sa.String(71), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("imported_by", sa.String(12), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_importedframework"),
        sa.UniqueConstraint("received", name="uq_importedframework_received"),
        sa.CheckConstraint("format IN ('csv', 'yaml')", name=op.f("ck_importedframework_format")),
    )
    _seal()


def _seal() -> None:
    """As published versions are sealed, by the first migration."""
    first = context.script.get_revision("0001").module
    if op.get_bind().dialect.name == "sqlite":
        first._seal_sqlite("importedframework", REFUSAL, (("slug",), ("received",)))
    else:
        first._seal_postgresql("importedframework", REFUSAL)


def downgrade() -> None:
    op.drop_table("importedframework")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION importedframework_is_sealed()")
