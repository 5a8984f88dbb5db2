"""Two people publish: what one prepared and another confirms, the reviews in between, corrections, several workshops."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

CODED = sa.String(32)
ID = sa.String(12)
MOMENT = sa.DateTime(timezone=True)

# Tables in which what is written stays: what their refusal says, and the sets of columns that are unique (SQLite's
# INSERT OR REPLACE deletes without asking the DELETE triggers). A rebuild of `framework` loses its own on SQLite.
FRAMEWORK = "Une version publiée du référentiel ne se modifie pas et ne se supprime pas."
RELEASE = "Une version préparée ne se modifie pas et ne se supprime pas : on en prépare une nouvelle."


def upgrade() -> None:
    op.create_table(
        "frameworkworkshop",
        sa.Column("workshop_id", ID, nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("workshop_id", name="pk_frameworkworkshop"),
    )
    op.create_index("ix_frameworkworkshop_version", "frameworkworkshop", ["version"])
    op.execute("INSERT INTO frameworkworkshop (workshop_id, version) SELECT workshop_id, version FROM framework")
    with op.batch_alter_table("framework") as table:
        table.drop_constraint("uq_framework_workshop_id", type_="unique")
        table.drop_column("workshop_id")
        table.add_column(sa.Column("release_id", ID, nullable=True))
        table.add_column(sa.Column("prepared_by", ID, nullable=True))
        table.add_column(sa.Column("signature", sa.String(1000), nullable=True))
        table.create_unique_constraint("uq_framework_release_id", ["release_id"])
    create_releases()
    create_reviews()
    op.create_table(
        "correction",
        sa.Column("id", ID, nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("base", sa.String(64), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("because", sa.String(500), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("withdrawn_by_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_correction_by_id_person"),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name="fk_correction_withdrawn_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    op.create_index("ix_correction_base", "correction", ["base"])
    if op.get_bind().dialect.name == "sqlite":
        seal_sqlite("framework", FRAMEWORK, "version", "previous_version", "release_id")
        seal_sqlite("release", RELEASE, "id")
    else:
        seal_postgresql("release", RELEASE)


def create_releases() -> None:
    op.create_table(
        "release",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("candidate", sa.Integer(), nullable=True),
        sa.Column("base", sa.String(20), nullable=True),
        sa.Column("review_until", MOMENT, nullable=True),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("fingerprint", sa.String(71), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_release_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_release"),
        sa.UniqueConstraint("version", "candidate", name="uq_release_version"),
    )
    op.create_table(
        "releaseworkshop",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("workshop_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="fk_releaseworkshop_release_id_release"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_releaseworkshop_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("release_id", "workshop_id", name="pk_releaseworkshop"),
    )
    op.create_index("ix_releaseworkshop_workshop_id", "releaseworkshop", ["workshop_id"])
    op.create_table(
        "abandonment",
        sa.Column("release_id", ID, nullable=False),
        sa.Column("because", sa.String(500), nullable=False),
        sa.Column("replaced_by", ID, nullable=True),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="fk_abandonment_release_id_release"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_abandonment_by_id_person"),
        sa.PrimaryKeyConstraint("release_id", name="pk_abandonment"),
    )


def create_reviews() -> None:
    op.create_table(
        "review",
        sa.Column("id", ID, nullable=False),
        sa.Column("release_id", ID, nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("sending", sa.String(100), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name="fk_review_release_id_release"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_review_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_review"),
        sa.UniqueConstraint("sending", name="uq_review_sending"),
    )
    op.create_index("ix_review_release_id", "review", ["release_id"])
    op.create_index("ix_review_by_id", "review", ["by_id"])
    op.create_table(
        "reviewreply",
        sa.Column("review_id", ID, nullable=False),
        sa.Column("verdict", CODED, nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("verdict IN ('retenue', 'atelier', 'non_retenue')", name=op.f("ck_reviewreply_verdict")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="fk_reviewreply_review_id_review"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_reviewreply_by_id_person"),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviewreply"),
    )
    op.create_table(
        "reviewhiding",
        sa.Column("review_id", ID, nullable=False),
        sa.Column("because", sa.String(300), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name="fk_reviewhiding_review_id_review"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_reviewhiding_by_id_person"),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviewhiding"),
    )


def seal_sqlite(table: str, refusal: str, *uniques: str) -> None:
    """From now on the database itself refuses to change or remove what this table holds."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    taken = " OR ".join(f"{column} = NEW.{column}" for column in uniques)
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608  names from above
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {refuse}")


def seal_postgresql(table: str, refusal: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_is_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_sealed()"
    )


def downgrade() -> None:
    """A version that no workshop fed alone, or a version prepared, has no place in the former tables."""
    connection = op.get_bind()
    alone = "SELECT COUNT(*) FROM framework WHERE (SELECT COUNT(*) FROM frameworkworkshop AS fed"
    homeless = connection.scalar(sa.text(f"{alone} WHERE fed.version = framework.version) <> 1"))
    if homeless or connection.scalar(sa.text("SELECT COUNT(*) FROM release")):
        raise RuntimeError("une version a été préparée à deux : cette migration ne se défait pas")
    for table in ("reviewreply", "reviewhiding", "review", "abandonment", "releaseworkshop", "correction", "release"):
        op.drop_table(table)
    if connection.dialect.name == "postgresql":
        op.execute("DROP FUNCTION release_is_sealed()")
    with op.batch_alter_table("framework") as table:
        table.add_column(sa.Column("workshop_id", ID, nullable=True))
    unseal(connection)
    op.execute(
        "UPDATE framework SET workshop_id = (SELECT fed.workshop_id FROM frameworkworkshop AS fed "
        "WHERE fed.version = framework.version)"
    )
    with op.batch_alter_table("framework") as table:
        table.alter_column("workshop_id", existing_type=ID, nullable=False)
        table.create_unique_constraint("uq_framework_workshop_id", ["workshop_id"])
        table.drop_constraint("uq_framework_release_id", type_="unique")
        for column in ("release_id", "prepared_by", "signature"):
            table.drop_column(column)
    op.drop_table("frameworkworkshop")
    if connection.dialect.name == "sqlite":
        seal_sqlite("framework", FRAMEWORK, "version", "workshop_id", "previous_version")
    else:
        op.execute("ALTER TABLE framework ENABLE TRIGGER framework_is_sealed")


def unseal(connection: sa.Connection) -> None:
    """SQLite lost its triggers when the table was rebuilt."""
    if connection.dialect.name == "postgresql":
        op.execute("ALTER TABLE framework DISABLE TRIGGER framework_is_sealed")
