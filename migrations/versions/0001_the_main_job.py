"""The main job: people and labs, workshops and their journal, indicators, comments, votes, frameworks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

CODED = sa.String(32)
MOMENT = sa.DateTime(timezone=True)

# The commitment's nineteen codes are reserved: what a workshop proposes comes after them.
RESERVED = {"ACT": 7, "RES": 3, "IMP": 9}

# Tables in which what is written stays: what their refusal says, and the sets of columns that are unique (SQLite's
# INSERT OR REPLACE deletes without asking the DELETE triggers).
# A batch rebuild of one of them loses its triggers on SQLite: end the migration with `seal(table)`.
SEALED = {
    "framework": (
        "Une version publiée du référentiel ne se modifie pas et ne se supprime pas.",
        (("version",), ("workshop_id",), ("previous_version",)),
    ),
    "entry": (
        "Le registre d''un atelier ne se réécrit pas : on ne peut qu''y ajouter un geste.",
        (("workshop_id", "number"),),
    ),
    "wording": (
        "Une rédaction ne se modifie pas et ne se supprime pas : on en écrit une nouvelle.",
        (("indicator_id", "number"),),
    ),
}


def upgrade() -> None:
    create_tables()
    counters = sa.table("codecounter", sa.column("prefix", sa.String), sa.column("last", sa.Integer))
    op.bulk_insert(counters, [{"prefix": prefix, "last": last} for prefix, last in RESERVED.items()])
    for table in SEALED:
        seal(table)


def seal(table: str) -> None:
    """From now on the database itself refuses to change or remove what this table holds."""
    if op.get_bind().dialect.name == "sqlite":
        _seal_sqlite(table, *SEALED[table])
    else:
        _seal_postgresql(table, SEALED[table][0])


def _seal_sqlite(table: str, refusal: str, uniques: tuple[tuple[str, ...], ...]) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
    op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    taken = " OR ".join("(" + " AND ".join(f"{c} = NEW.{c}" for c in columns) + ")" for columns in uniques)
    exists = f"EXISTS (SELECT 1 FROM {table} WHERE {taken})"  # noqa: S608  names from above
    op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {refuse}")


def _seal_postgresql(table: str, refusal: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_is_sealed() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_is_sealed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_sealed()"
    )


def create_tables() -> None:
    # op.f: the name is whole, the naming convention adds nothing to it.
    op.create_table(
        "codecounter",
        sa.Column("prefix", sa.String(3), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name="pk_codecounter"),
    )
    op.create_table(
        "framework",
        sa.Column("version", sa.String(20), nullable=False),
        sa.Column("previous_version", sa.String(20), nullable=True),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("published_by", sa.String(12), nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("fingerprint", sa.String(71), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_framework"),
        sa.UniqueConstraint("previous_version", name="uq_framework_previous_version"),
        sa.UniqueConstraint("workshop_id", name="uq_framework_workshop_id"),
    )
    op.create_table(
        "lab",
        sa.Column("slug", sa.String(60), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("region", sa.String(120), nullable=True),
        sa.Column("city", sa.String(120), nullable=True),
        sa.Column("carriers", sa.JSON(), nullable=False),
        sa.Column("founded", sa.Integer(), nullable=True),
        sa.Column("theme", sa.String(), nullable=True),
        sa.Column("site", sa.String(255), nullable=True),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name="pk_lab"),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_table(
        "signinattempt",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("nonce", sa.String(43), nullable=False),
        sa.Column("next_path", sa.String(2000), nullable=False),
        sa.Column("verifier", sa.String(43), nullable=True),
        sa.Column("browser_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_signinattempt"),
    )
    op.create_index("ix_signinattempt_created_at", "signinattempt", ["created_at"])
    op.create_table(
        "workshop",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("prepares", sa.String(20), nullable=False),
        sa.Column("start", CODED, nullable=False),
        sa.Column("stage", CODED, nullable=False),
        sa.Column("gestures", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.CheckConstraint(
            "stage IN ('preparing', 'proposing', 'discussing', 'voting', 'closed')", name=op.f("ck_workshop_stage")
        ),
        sa.CheckConstraint("start IN ('commitment', 'previous', 'empty')", name=op.f("ck_workshop_start")),
        sa.PrimaryKeyConstraint("id", name="pk_workshop"),
        sa.UniqueConstraint("code", name="uq_workshop_code"),
    )
    op.create_table(
        "entry",
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", CODED, nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_entry_by_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_entry_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("workshop_id", "number", name="pk_entry"),
    )
    op.create_table(
        "granting",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("role", CODED, nullable=False),
        sa.Column("by_id", sa.String(12), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "role IN ('facilitator', 'member', 'observer', 'publisher', 'moderator')", name=op.f("ck_granting_role")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_granting_by_id_person"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_granting_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_granting"),
        sa.UniqueConstraint("person_id", "role", name="uq_granting_person_id"),
    )
    op.create_index("ix_granting_person_id", "granting", ["person_id"])
    op.create_table(
        "identity",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("iss", sa.String(255), nullable=False),
        sa.Column("sub", sa.String(255), nullable=False),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("lab_slug", sa.String(60), nullable=True),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_identity_lab_slug_lab"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_identity_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_identity"),
        sa.UniqueConstraint("iss", "sub", name="uq_identity_iss"),
    )
    op.create_index("ix_identity_person_id", "identity", ["person_id"])
    op.create_table(
        "indicator",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("code", sa.String(10), nullable=False),
        sa.Column("origin", CODED, nullable=False),
        sa.Column("author_id", sa.String(12), nullable=True),
        sa.Column("wording", sa.Integer(), nullable=False),
        sa.CheckConstraint("origin IN ('engagement_46', 'atelier', 'reference')", name=op.f("ck_indicator_origin")),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name="fk_indicator_author_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_indicator_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("id", name="pk_indicator"),
        sa.UniqueConstraint("workshop_id", "code", name="uq_indicator_workshop_id"),
    )
    op.create_table(
        "member",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", CODED, nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=True),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("door", sa.String(64), nullable=True),
        sa.CheckConstraint(
            "role IN ('facilitator', 'member', 'observer', 'publisher', 'moderator')", name=op.f("ck_member_role")
        ),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_member_lab_slug_lab"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_member_person_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_member_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("id", name="pk_member"),
        sa.UniqueConstraint("workshop_id", "door", name="uq_member_door"),
        sa.UniqueConstraint("workshop_id", "person_id", name="uq_member_workshop_id"),
    )
    op.create_index("ix_member_person_id", "member", ["person_id"])
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("sent", sa.String(64), nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_receipt_person_id_person"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_receipt_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        sa.UniqueConstraint("person_id", "key", name="uq_receipt_person_id"),
    )
    op.create_table(
        "session",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("account", sa.Boolean(), nullable=False),
        sa.Column("id_token", sa.String(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_session_person_id_person"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_session"),
    )
    op.create_index("ix_session_person_id", "session", ["person_id"])
    op.create_table(
        "signinlink",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_signinlink_person_id_person"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_signinlink"),
    )
    op.create_index("ix_signinlink_person_id", "signinlink", ["person_id"])
    op.create_table(
        "comment",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("wording", sa.Integer(), nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("text", sa.String(2000), nullable=False),
        sa.Column("parent_id", sa.String(12), nullable=True),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_comment_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_comment_indicator_id_indicator"),
        sa.ForeignKeyConstraint(["parent_id"], ["comment.id"], name="fk_comment_parent_id_comment"),
        sa.PrimaryKeyConstraint("id", name="pk_comment"),
    )
    op.create_index("ix_comment_indicator_id", "comment", ["indicator_id"])
    op.create_table(
        "vote",
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("wording", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("choice", CODED, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        sa.CheckConstraint("choice IN ('keep', 'rework', 'drop', 'abstain')", name=op.f("ck_vote_choice")),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_vote_indicator_id_indicator"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_vote_person_id_person"),
        sa.PrimaryKeyConstraint("indicator_id", "wording", "person_id", name="pk_vote"),
    )
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
    op.create_table(
        "wording",
        sa.Column("indicator_id", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sheet", sa.JSON(), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_wording_by_id_person"),
        sa.ForeignKeyConstraint(["indicator_id"], ["indicator.id"], name="fk_wording_indicator_id_indicator"),
        sa.PrimaryKeyConstraint("indicator_id", "number", name="pk_wording"),
    )
    op.create_table(
        "hiding",
        sa.Column("comment_id", sa.String(12), nullable=False),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("because", sa.String(300), nullable=False),
        sa.Column("gesture", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_hiding_by_id_person"),
        sa.ForeignKeyConstraint(["comment_id"], ["comment.id"], name="fk_hiding_comment_id_comment"),
        sa.PrimaryKeyConstraint("comment_id", name="pk_hiding"),
    )


def downgrade() -> None:
    for table in (
        "hiding", "wording", "withdrawal", "vote", "comment", "signinlink", "session", "receipt", "member",
        "indicator", "identity", "granting", "entry", "workshop", "signinattempt", "person", "lab", "framework",
        "codecounter",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in SEALED:
            op.execute(f"DROP FUNCTION {table}_is_sealed()")
