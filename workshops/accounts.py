"""Accounts: what a person may do with what is kept of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, invitations, journal, people, roles, world
from workshops.agenda import Member, Workshop
from workshops.audit import AuditEntry, Deed
from workshops.canonical import timestamp
from workshops.comments import Comment, Hiding
from workshops.indicators import Indicator, Wording
from workshops.invitations import Invitation
from workshops.journal import Entry, Receipt
from workshops.memberships import Membership
from workshops.people import Granting, Identity, Person
from workshops.records import Moment, Record
from workshops.refusals import NotNow, NotYours
from workshops.votes import Vote
from workshops.words import N_

NOBODY = "participant·e"  # who said what stays public, once the account is erased


class Attachment(Record, table=True):
    """That a guest was this person: sealed records keep the guest's id, and this tells who that is."""

    guest_id: str = Field(primary_key=True, foreign_key="person.id", max_length=12)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def attach(session: AsyncSession, guest: Person, *, by: Person) -> list[Workshop]:
    """What a guest did on this device is an account's from now on; the workshops whose seat changed hands.

    The seats, the votes, the proposals and the comments go to the account, wherever it has no seat of its own: nobody
    votes twice. Journals and wordings are sealed: they keep the guest's id. Attaching twice is once.
    Raises NotYours when the guest is somebody with an account, or was attached to another.
    """
    register = await audit.take_floor(session, by=by)
    if guest.id == by.id or await people.has_account(session, guest):
        raise NotYours(N_("Cette participation est celle d'un autre compte."))
    already = await session.get(Attachment, guest.id)
    if already:
        if already.person_id != by.id:
            raise NotYours(N_("Cette participation est celle d'un autre compte."))
        audit.yield_floor(session, register)
        return []
    own = select(Member.workshop_id).where(col(Member.person_id) == by.id)
    free = list(
        await session.scalars(
            select(Workshop)
            .join(Member, col(Member.workshop_id) == col(Workshop.id))
            .where(col(Member.person_id) == guest.id, col(Workshop.id).not_in(own))
            .order_by(col(Workshop.id))
            .with_for_update(of=Workshop)  # a vote under way is the guest's, whole
        )
    )
    await _hand_over(session, guest, by, [workshop.id for workshop in free])
    session.add(Attachment(guest_id=guest.id, person_id=by.id))
    audit.record(session, register, Deed.GUEST_ATTACHED, by=by, about=guest.id)
    return free


async def _hand_over(session: AsyncSession, guest: Person, to: Person, workshop_ids: list[str]) -> None:
    here = col(Indicator.workshop_id).in_(workshop_ids)
    theirs = select(Indicator.id).where(here)
    for record, column, condition in (
        (Member, "person_id", col(Member.workshop_id).in_(workshop_ids)),
        (Indicator, "author_id", here),
        (Comment, "by_id", col(Comment.indicator_id).in_(theirs)),
        (Vote, "person_id", col(Vote.indicator_id).in_(theirs)),
    ):
        owner: ColumnElement[Any] = getattr(record, column)
        await session.execute(
            update(record)
            .where(owner == guest.id, condition)
            .values({column: to.id})
            .execution_options(synchronize_session=False)
        )


async def add_identity(session: AsyncSession, known: Identity, *, by: Person) -> None:
    """One more way to sign in; twice is once. Raises NotYours for a guest, NotNow when it is another account's."""
    register = await audit.take_floor(session, by=by)
    if not await people.has_account(session, by):
        raise NotYours(N_("Il faut un compte pour y ajouter une façon de se connecter."))
    found: Identity | None = await session.scalar(
        select(Identity).where(col(Identity.iss) == known.iss, col(Identity.sub) == known.sub)
    )
    if found and found.person_id != by.id:
        raise NotNow(N_("Cette identité est déjà celle d'un autre compte : déconnectez-vous pour l'utiliser."))
    if found:
        audit.yield_floor(session, register)
        return
    session.add(known)
    audit.record(session, register, Deed.IDENTITY_ADDED, by=by, about=known.id)
    await session.flush()


async def erase(session: AsyncSession, *, by: Person) -> None:
    """One's name, addresses and powers are forgotten; public texts and votes stay, under « participant·e ».

    Journals hold ids only: they stay whole. Raises NotNow for the last publisher, who hands the key over first.
    """
    register = await audit.take_floor(session, by=by)
    await roles.require_another_publisher(session, by.id)
    now = world.now()
    guests = list(await session.scalars(select(Attachment.guest_id).where(col(Attachment.person_id) == by.id)))
    for person_id in (by.id, *guests):
        await session.execute(update(Person).where(col(Person.id) == person_id).values(name=NOBODY, erased_at=now))
        await session.execute(update(Member).where(col(Member.person_id) == person_id).values(name=NOBODY))
        await session.execute(delete(Receipt).where(col(Receipt.person_id) == person_id))
    await session.execute(delete(Identity).where(col(Identity.person_id) == by.id))
    for record in (Granting, Membership):
        standing = (col(record.person_id) == by.id, col(record.ended_at).is_(None))
        await session.execute(update(record).where(*standing).values(ended_at=now, ended_by_id=by.id))
    await invitations.withdraw_all(session, by=by)
    session.info.pop("sending", None)  # nobody is left to send it again
    audit.record(session, register, Deed.ACCOUNT_ERASED, by=by, about=by.id)


async def seats_of(session: AsyncSession, guest: Person) -> list[tuple[Member, Workshop]]:
    """The seats of a guest: what attaching is about."""
    found = await session.execute(
        select(Member, Workshop)
        .join(Workshop, col(Workshop.id) == col(Member.workshop_id))
        .where(col(Member.person_id) == guest.id)
        .order_by(col(Member.joined_at))
    )
    return [(member, workshop) for member, workshop in found]


async def done_by(session: AsyncSession, person: Person) -> dict[str, int]:
    """How many proposals, comments and votes a person made: what one decides about before attaching or erasing."""
    counts = {
        "proposals": select(func.count()).where(col(Indicator.author_id) == person.id),
        "comments": select(func.count()).where(col(Comment.by_id) == person.id),
        "votes": select(func.count()).where(col(Vote.person_id) == person.id, col(Vote.taken_back_at).is_(None)),
    }
    return {name: (await session.execute(counted)).scalar_one() for name, counted in counts.items()}


async def members(session: AsyncSession, workshop_id: str) -> dict[str, Member]:
    """Everybody of a workshop, by person, and by the guest that some were before. One query."""
    found = await session.execute(
        select(Member, Attachment.guest_id)
        .outerjoin(Attachment, col(Attachment.person_id) == col(Member.person_id))
        .where(col(Member.workshop_id) == workshop_id)
    )
    seated: dict[str, Member] = {}
    for member, guest_id in found:
        seated[member.person_id] = member
        if guest_id:
            seated.setdefault(guest_id, member)
    return seated


async def everything(session: AsyncSession, person: Person) -> dict[str, Any]:
    """All that is kept of a person, in the words of the published data: what they may take away."""
    guests = list(await session.scalars(select(Attachment.guest_id).where(col(Attachment.person_id) == person.id)))
    ids = [person.id, *guests]

    async def rows(record: Any, condition: ColumnElement[bool]) -> list[Any]:
        return list(await session.scalars(select(record).where(condition)))

    votes = await rows(Vote, col(Vote.person_id).in_(ids))
    entries = await rows(Entry, col(Entry.by_id).in_(ids))
    deeds = await rows(AuditEntry, or_(col(AuditEntry.by_id).in_(ids), col(AuditEntry.about).in_(ids)))
    return {
        "personne": {
            "id": person.id,
            "nom": person.name,
            "cree_le": timestamp(person.created_at),
            "conditions_acceptees": person.terms,
            "participations_d_invite": guests,
        },
        "identites": [
            {"fournisseur": i.iss, "sujet": i.sub, "courriel": i.email, "labo": i.lab_slug, "siret": i.siret}
            for i in await rows(Identity, col(Identity.person_id) == person.id)
        ],
        "roles": [
            {"role": g.role.value, "depuis": timestamp(g.at), "jusqu_a": _until(g.ended_at)}
            for g in await rows(Granting, col(Granting.person_id) == person.id)
        ],
        "laboratoires": [
            {
                "labo": m.lab_slug,
                "role": m.role.value,
                "demande_le": timestamp(m.asked_at),
                "accepte_le": _until(m.approved_at),
                "fin_le": _until(m.ended_at),
                "motif": m.because,
            }
            for m in await rows(Membership, col(Membership.person_id) == person.id)
        ],
        "invitations": [
            {
                "role": i.role.value,
                "atelier": i.workshop_id,
                "labo": i.lab_slug,
                "preparee_par_moi": i.by_id == person.id,
                "le": timestamp(i.created_at),
                "acceptee_le": _until(i.accepted_at),
            }
            for i in await rows(
                Invitation, or_(col(Invitation.by_id) == person.id, col(Invitation.accepted_by_id) == person.id)
            )
        ],
        "ateliers": [
            {"atelier": m.workshop_id, "nom": m.name, "role": m.role.value, "labo": m.lab_slug}
            for m in await rows(Member, col(Member.person_id).in_(ids))
        ],
        "propositions": [
            {"indicateur": i.id, "code": i.code} for i in await rows(Indicator, col(Indicator.author_id).in_(ids))
        ],
        "redactions": [
            {"indicateur": w.indicator_id, "numero": w.number, "fiche": w.sheet}
            for w in await rows(Wording, col(Wording.by_id).in_(ids))
        ],
        "avis": [
            {"indicateur": c.indicator_id, "champ": c.field, "texte": c.text}
            for c in await rows(Comment, col(Comment.by_id).in_(ids))
        ],
        "masquages": [
            {"avis": h.comment_id, "motif": h.because} for h in await rows(Hiding, col(Hiding.by_id).in_(ids))
        ],
        "votes": [
            {
                "indicateur": v.indicator_id,
                "redaction": v.wording,
                "choix": v.choice.value,
                "motif": v.reason,
                "le": timestamp(v.at),
                "retire_le": _until(v.taken_back_at),
            }
            for v in votes
        ],
        "gestes": [journal.told(entry) for entry in entries] + [audit.told(deed) for deed in deeds],
    }


def _until(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
