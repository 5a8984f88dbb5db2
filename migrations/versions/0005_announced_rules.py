"""Announced rules: how each workshop decides, in how many rounds; ballots as the rule writes them, and for which lab."""

import json
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CODED = sa.String(32)
CHOICES = "'keep', 'rework', 'drop', 'abstain'"
KEY = ["indicator_id", "wording", "round", "person_id"]
# The rule by which every workshop decided so far.
BEFORE = {
    "methode": "trois_choix",
    "majorite": "absolue_des_exprimes",
    "quorum": 1,
    "voix": "personnes",
    "tours": 1,
    "resultats": "ouverts",
    "animation_aveugle": False,
}


def upgrade() -> None:
    with op.batch_alter_table("workshop") as table:
        table.add_column(sa.Column("rule", sa.JSON(), nullable=True))
        table.add_column(sa.Column("rule_locked_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("salt", sa.String(32), nullable=True))
    _say_what_was()
    with op.batch_alter_table("workshop") as table:
        table.alter_column("rule", existing_type=sa.JSON(), nullable=False)
        table.alter_column("salt", existing_type=sa.String(32), nullable=False)
        table.alter_column("round", existing_type=sa.Integer(), server_default=None)
    op.drop_index("ix_vote_count", "vote")
    with op.batch_alter_table("vote") as table:
        table.drop_constraint(op.f("ck_vote_choice"), type_="check")
        table.alter_column("choice", existing_type=CODED, type_=sa.String(16), existing_nullable=False)
        table.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="1"))
        table.add_column(sa.Column("lab_slug", sa.String(60), nullable=True))
        table.create_foreign_key("fk_vote_lab_slug_lab", "lab", ["lab_slug"], ["slug"])
        table.drop_constraint("pk_vote", type_="primary")
        table.create_primary_key("pk_vote", KEY)
    with op.batch_alter_table("vote") as table:
        table.alter_column("round", existing_type=sa.Integer(), server_default=None)
    op.create_index("ix_vote_count", "vote", ["indicator_id", "round", "wording", "choice", "taken_back_at"])
    op.execute(
        "UPDATE vote SET lab_slug = (SELECT member.lab_slug FROM member JOIN indicator "
        "ON indicator.workshop_id = member.workshop_id "
        "WHERE indicator.id = vote.indicator_id AND member.person_id = vote.person_id)"
    )


def _say_what_was() -> None:
    """The workshops of before announced the one rule there was; those that have begun to vote are held to it."""
    connection = op.get_bind()
    workshop = sa.table(
        "workshop", sa.column("id"), sa.column("rule", sa.JSON()), sa.column("salt"), sa.column("rule_locked_at")
    )
    for (id,) in connection.execute(sa.text("SELECT id FROM workshop")).all():
        salted = workshop.update().where(workshop.c.id == id).values(rule=BEFORE, salt=secrets.token_hex(16))
        connection.execute(salted)
    op.execute(
        "UPDATE workshop SET rule_locked_at = (SELECT MIN(entry.at) FROM entry WHERE entry.workshop_id = workshop.id "
        "AND entry.kind = 'stage_moved' AND entry.about = 'voting')"
    )


def downgrade() -> None:
    """Votes of a second round, and ballots of other methods, have no place in the former tables."""
    known = op.get_bind().execute(sa.text("SELECT rule FROM workshop")).all()
    rules = [json.loads(rule) if isinstance(rule, str) else rule for (rule,) in known]
    if any(rule != BEFORE for rule in rules):
        raise RuntimeError("un atelier décide par une autre règle que celle d'avant : cette migration ne se défait pas")
    op.drop_index("ix_vote_count", "vote")
    with op.batch_alter_table("vote") as table:
        table.drop_constraint("pk_vote", type_="primary")
        table.create_primary_key("pk_vote", ["indicator_id", "wording", "person_id"])
        table.drop_constraint("fk_vote_lab_slug_lab", type_="foreignkey")
        table.drop_column("lab_slug")
        table.drop_column("round")
        table.alter_column("choice", existing_type=sa.String(16), type_=CODED, existing_nullable=False)
        table.create_check_constraint(op.f("ck_vote_choice"), f"choice IN ({CHOICES})")
    op.create_index("ix_vote_count", "vote", ["indicator_id", "wording", "choice", "taken_back_at"])
    with op.batch_alter_table("workshop") as table:
        for column in ("rule", "rule_locked_at", "round", "salt"):
            table.drop_column(column)
