"""Who may do what: roles that end, memberships of labs, invitations, the platform's journal, sessions one can close."""

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"

CODED = sa.String(32)
MOMENT = sa.DateTime(timezone=True)
BEFORE = "'facilitator', 'member', 'observer', 'publisher', 'moderator'"
ROLES = f"{BEFORE}, 'auditor', 'cofacilitator', 'referent'"
REFUSAL = "Le registre de la plateforme ne se réécrit pas : on ne peut qu''y ajouter un geste."
PARTIAL = {"sqlite_where": sa.text("ended_at IS NULL"), "postgresql_where": sa.text("ended_at IS NULL")}


def upgrade() -> None:
    _roles(ROLES)
    with op.batch_alter_table("granting") as table:
        table.drop_constraint("uq_granting_person_id", type_="unique")
        table.add_column(sa.Column("ended_by_id", sa.String(12), nullable=True))
        table.add_column(sa.Column("ended_at", MOMENT, nullable=True))
        table.create_foreign_key("fk_granting_ended_by_id_person", "person", ["ended_by_id"], ["id"])
    op.create_index("uq_granting_standing", "granting", ["person_id", "role"], unique=True, **PARTIAL)
    with op.batch_alter_table("person") as table:
        table.add_column(sa.Column("terms", sa.String(10), nullable=True))
        table.add_column(sa.Column("erased_at", MOMENT, nullable=True))
    with op.batch_alter_table("identity") as table:
        table.add_column(sa.Column("siret", sa.String(14), nullable=True))
    _receipts()
    _sessions()
    _tables()
    _seal()


def _roles(roles: str) -> None:
    for name in ("granting", "member"):
        with op.batch_alter_table(name) as table:
            table.drop_constraint(op.f(f"ck_{name}_role"), type_="check")
            table.create_check_constraint(op.f(f"ck_{name}_role"), f"role IN ({roles})")


def _receipts() -> None:
    """A receipt may be for a gesture of the platform. Those of before are forgotten: they live a day."""
    op.execute("DELETE FROM receipt")
    with op.batch_alter_table("receipt") as table:
        table.drop_constraint("fk_receipt_workshop_id_workshop", type_="foreignkey")
        table.add_column(sa.Column("at", MOMENT, nullable=False))


def _sessions() -> None:
    """Sessions have a name by which their owner closes them. Those of before end: everybody signs in again."""
    op.execute("DELETE FROM session")
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("id", sa.String(12), nullable=False))
        table.add_column(sa.Column("seen_at", MOMENT, nullable=False))
        table.add_column(sa.Column("browser", sa.String(60), nullable=False))
        table.add_column(sa.Column("guest_id", sa.String(12), nullable=True))
        table.create_unique_constraint("uq_session_id", ["id"])
        table.create_foreign_key("fk_session_guest_id_person", "person", ["guest_id"], ["id"])
    with op.batch_alter_table("signinattempt") as table:
        table.add_column(sa.Column("person_id", sa.String(12), nullable=True))
        table.create_foreign_key("fk_signinattempt_person_id_person", "person", ["person_id"], ["id"])


def _tables() -> None:
    register = op.create_table(
        "register",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("gestures", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_register"),
    )
    op.bulk_insert(register, [{"id": "plateforme", "gestures": 0, "head": "0" * 64}])
    op.create_table(
        "auditentry",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", CODED, nullable=False),
        sa.Column("by_id", sa.String(12), nullable=True),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_auditentry_by_id_person"),
        sa.PrimaryKeyConstraint("number", name="pk_auditentry"),
    )
    op.create_index("ix_auditentry_by_id", "auditentry", ["by_id"])
    op.create_table(
        "membership",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("lab_slug", sa.String(60), nullable=False),
        sa.Column("role", CODED, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("approved_by_id", sa.String(12), nullable=True),
        sa.Column("approved_at", MOMENT, nullable=True),
        sa.Column("ended_by_id", sa.String(12), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("because", sa.String(300), nullable=False),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_membership_role")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name="fk_membership_approved_by_id_person"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name="fk_membership_ended_by_id_person"),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_membership_lab_slug_lab"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_membership_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
    )
    op.create_index("ix_membership_lab_slug", "membership", ["lab_slug"])
    op.create_index("uq_membership_standing", "membership", ["person_id", "lab_slug"], unique=True, **PARTIAL)
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("role", CODED, nullable=False),
        sa.Column("workshop_id", sa.String(12), nullable=True),
        sa.Column("lab_slug", sa.String(60), nullable=True),
        sa.Column("by_id", sa.String(12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("accepted_by_id", sa.String(12), nullable=True),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint(f"role IN ({ROLES})", name=op.f("ck_invitation_role")),
        sa.ForeignKeyConstraint(["accepted_by_id"], ["person.id"], name="fk_invitation_accepted_by_id_person"),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_invitation_by_id_person"),
        sa.ForeignKeyConstraint(["lab_slug"], ["lab.slug"], name="fk_invitation_lab_slug_lab"),
        sa.ForeignKeyConstraint(["workshop_id"], ["workshop.id"], name="fk_invitation_workshop_id_workshop"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("token_hash", name="uq_invitation_token_hash"),
    )
    for column in ("by_id", "lab_slug", "workshop_id"):
        op.create_index(f"ix_invitation_{column}", "invitation", [column])
    op.create_table(
        "attachment",
        sa.Column("id", sa.String(12), nullable=False),
        sa.Column("guest_id", sa.String(12), nullable=False),
        sa.Column("person_id", sa.String(12), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["guest_id"], ["person.id"], name="fk_attachment_guest_id_person"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_attachment_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_attachment"),
        sa.UniqueConstraint("guest_id", name="uq_attachment_guest_id"),
    )
    op.create_index("ix_attachment_person_id", "attachment", ["person_id"])


def _seal() -> None:
    """As the workshops' journals are sealed, by the first migration."""
    first = context.script.get_revision("0001").module
    if op.get_bind().dialect.name == "sqlite":
        first._seal_sqlite("auditentry", REFUSAL, (("number",),))
    else:
        first._seal_postgresql("auditentry", REFUSAL)


def downgrade() -> None:
    """Back to one role a person: what ended, or did not exist then, is lost."""
    for table in ("attachment", "invitation", "membership", "auditentry", "register"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION auditentry_is_sealed()")
    op.execute("DELETE FROM session")
    with op.batch_alter_table("session") as table:
        table.drop_constraint("fk_session_guest_id_person", type_="foreignkey")
        table.drop_constraint("uq_session_id", type_="unique")
        for column in ("guest_id", "browser", "seen_at", "id"):
            table.drop_column(column)
    with op.batch_alter_table("signinattempt") as table:
        table.drop_constraint("fk_signinattempt_person_id_person", type_="foreignkey")
        table.drop_column("person_id")
    op.execute("DELETE FROM receipt")
    with op.batch_alter_table("receipt") as table:
        table.drop_column("at")
        table.create_foreign_key("fk_receipt_workshop_id_workshop", "workshop", ["workshop_id"], ["id"])
    with op.batch_alter_table("identity") as table:
        table.drop_column("siret")
    with op.batch_alter_table("person") as table:
        table.drop_column("erased_at")
        table.drop_column("terms")
    op.drop_index("uq_granting_standing", "granting")
    op.execute("DELETE FROM granting WHERE ended_at IS NOT NULL OR role = 'auditor'")
    op.execute("UPDATE member SET role = 'member' WHERE role = 'cofacilitator'")
    with op.batch_alter_table("granting") as table:
        table.drop_constraint("fk_granting_ended_by_id_person", type_="foreignkey")
        table.drop_column("ended_at")
        table.drop_column("ended_by_id")
        table.create_unique_constraint("uq_granting_person_id", ["person_id", "role"])
    _roles(BEFORE)
