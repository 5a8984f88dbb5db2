"""Accounts: what a person may do with what is kept of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import agenda, attachments, audit, invitations, journal, people, roles, world
from workshops.agenda import Member
from workshops.amendments import Amendment, Ending
from workshops.attachments import Attachment
from workshops.audit import AuditEntry, Deed, Register
from workshops.canonical import timestamp
from workshops.comments import Comment, Hiding
from workshops.consents import Stance
from workshops.contests import Judgement
from workshops.indicators import Departure, Indicator, Wording
from workshops.invitations import Invitation
from workshops.journal import Entry, Receipt
from workshops.memberships import Membership
from workshops.notes import Note
from workshops.objections import Lifting, Objection, Reply
from workshops.people import Granting, Identity, Person
from workshops.refusals import NotNow, NotYours
from workshops.schedule import Schedule
from workshops.votes import Vote
from workshops.words import N_

NOBODY = "participant·e"  # who said what stays public, once the account is erased


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


async def remove_identity(session: AsyncSession, identity_id: str, *, by: Person) -> None:
    """One way to sign in less; the last one stays: without it, nobody could come back. Twice is once."""
    register = await audit.take_floor(session, by=by)
    own = await people.identities(session, by)
    found = next((each for each in own if each.id == identity_id), None)
    if found is None:
        audit.yield_floor(session, register)
        return
    if len(own) == 1:
        raise NotNow(N_("C'est votre seule façon de vous connecter : ajoutez-en d'abord une autre."))
    await session.delete(found)
    audit.record(session, register, Deed.IDENTITY_REMOVED, by=by, about=found.id)


async def erase(session: AsyncSession, *, by: Person) -> list[str]:
    """One's name, addresses and powers are forgotten; public texts and votes stay, under « participant·e ».

    Gives the ids of who is nobody any more: the person, and the guests that they were. Journals hold ids only: they stay
    whole, and say which powers ended. Raises NotNow for the last publisher, and for who leads an open workshop alone:
    they hand the key over first.
    """
    register = await audit.take_floor(session, by=by)
    await roles.require_another_publisher(session, by.id)
    guests = await attachments.guests_of(session, by)
    gone = [by.id, *guests]
    await _leave_workshops(session, gone)
    await session.execute(update(Person).where(col(Person.id).in_(gone)).values(name=NOBODY, erased_at=world.now()))
    await session.execute(delete(Receipt).where(col(Receipt.person_id).in_(gone)))
    await session.execute(delete(Note).where(col(Note.person_id).in_(gone)))
    await session.execute(delete(Identity).where(col(Identity.person_id) == by.id))
    await invitations.withdraw_all(session, by=by)
    session.info.pop("sending", None)  # nobody is left to send it again
    await _end_powers(session, register, by)
    audit.record(session, register, Deed.ACCOUNT_ERASED, by=by, about=world.new_id())
    return gone


async def _leave_workshops(session: AsyncSession, gone: list[str]) -> None:
    """Their seats stay, without a name nor a door; whoever would take the floor meanwhile waits."""
    for workshop in await agenda.hold(session, gone):
        leading = {member.person_id for member in await agenda.leading(session, workshop.id)}
        if workshop.is_open and leading and leading <= set(gone):
            raise NotNow(N_("Vous êtes seul·e à animer « {title} » : partagez-en d'abord l'animation."), title=workshop.title)
    await session.execute(update(Member).where(col(Member.person_id).in_(gone)).values(name=NOBODY, door=None))


async def _end_powers(session: AsyncSession, register: Register, by: Person) -> None:
    """Each role and each membership that ends is a line of its own; what was written of the person goes."""
    held = select(Granting).where(col(Granting.person_id) == by.id, col(Granting.ended_at).is_(None))
    of = select(Membership).where(col(Membership.person_id) == by.id, col(Membership.ended_at).is_(None))
    ends: list[tuple[Granting | Membership, Deed]] = [
        (granting, Deed.ROLE_WITHDRAWN) for granting in await session.scalars(held)
    ]
    for membership in await session.scalars(of):
        ends.append((membership, Deed.MEMBERSHIP_ENDED if membership.stands else Deed.MEMBERSHIP_RETRACTED))
    for power, kind in ends:
        power.ended_at, power.ended_by_id = world.now(), by.id
        audit.record(session, register, kind, by=by, about=power.id)
        register.gestures += 1
    await session.execute(update(Membership).where(col(Membership.person_id) == by.id).values(because=""))


async def done_by(session: AsyncSession, person: Person) -> dict[str, int]:
    """How many proposals, comments and votes a person made: what one decides about before attaching or erasing."""
    counts = {
        "proposals": select(func.count()).where(col(Indicator.author_id) == person.id),
        "comments": select(func.count()).where(col(Comment.by_id) == person.id),
        "votes": select(func.count()).where(col(Vote.person_id) == person.id, col(Vote.taken_back_at).is_(None)),
    }
    return {name: (await session.execute(counted)).scalar_one() for name, counted in counts.items()}


async def everything(session: AsyncSession, person: Person) -> dict[str, Any]:
    """All that is kept of a person, in the words of the published data: what they may take away."""
    guests = await attachments.guests_of(session, person)
    ids = [person.id, *guests]

    async def rows(record: Any, condition: ColumnElement[bool]) -> list[Any]:
        return list(await session.scalars(select(record).where(condition)))

    votes = await rows(Vote, col(Vote.person_id).in_(ids))
    entries = await rows(Entry, col(Entry.by_id).in_(ids))
    mine: list[str] = []
    for own, owner in (
        (Granting.id, Granting.person_id),
        (Membership.id, Membership.person_id),
        (Invitation.id, Invitation.accepted_by_id),
        (Attachment.id, Attachment.person_id),
    ):
        mine += await session.scalars(select(own).where(col(owner) == person.id))
    deeds = await rows(AuditEntry, or_(col(AuditEntry.by_id).in_(ids), col(AuditEntry.about).in_(mine)))
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
        "retraits": [
            {"indicateur": d.indicator_id, "comment": d.how.value, "motif": d.because}
            for d in await rows(Departure, col(Departure.by_id).in_(ids))
        ],
        "amendements": [
            {"indicateur": a.indicator_id, "redaction": a.base, "champs": a.changes, "pourquoi": a.why}
            for a in await rows(Amendment, col(Amendment.by_id).in_(ids))
        ],
        "reponses_aux_amendements": [
            {"amendement": e.amendment_id, "suite": e.fate.value, "reponse": e.answer}
            for e in await rows(Ending, col(Ending.by_id).in_(ids))
        ],
        "avis": [
            {"indicateur": c.indicator_id, "champ": c.field, "texte": c.text}
            for c in await rows(Comment, col(Comment.by_id).in_(ids))
        ],
        "masquages": [
            {"avis": h.comment_id, "motif": h.because} for h in await rows(Hiding, col(Hiding.by_id).in_(ids))
        ],
        "positions": [
            {
                "atelier": s.workshop_id,
                "position": s.position.value,
                "tour": s.round,
                "ensemble": s.fingerprint,
                "le": timestamp(s.at),
                "fin_le": _until(s.ended_at),
            }
            for s in await rows(Stance, col(Stance.person_id).in_(ids))
        ],
        "objections": [
            {"atelier": o.workshop_id, "indicateur": o.indicator_id, "redaction": o.wording, "texte": o.text}
            for o in await rows(Objection, col(Objection.by_id).in_(ids))
        ],
        "levees": [
            {"objection": each.objection_id, "motif": each.because}
            for each in await rows(Lifting, col(Lifting.by_id).in_(ids))
        ],
        "reponses": [
            {"objection": r.objection_id, "texte": r.text} for r in await rows(Reply, col(Reply.by_id).in_(ids))
        ],
        "votes": [
            {
                "indicateur": v.indicator_id,
                "redaction": v.wording,
                "tour": v.round,
                "choix": v.choice,
                "motif": v.reason,
                "le": timestamp(v.at),
                "retire_le": _until(v.taken_back_at),
            }
            for v in votes
        ],
        "deroules": [
            {"atelier": s.workshop_id, "points": s.points, "le": timestamp(s.at)}
            for s in await rows(Schedule, col(Schedule.by_id).in_(ids))
        ],
        "notes": [
            {"atelier": n.workshop_id, "texte": n.text, "le": timestamp(n.updated_at)}
            for n in await rows(Note, col(Note.person_id).in_(ids))
        ],
        "jugements": [
            {"departage": j.contest_id, "texte": j.candidate, "mention": j.grade.value, "le": timestamp(j.at)}
            for j in await rows(Judgement, col(Judgement.person_id).in_(ids))
        ],
        "gestes": [journal.told(entry) for entry in entries] + [audit.told(deed) for deed in deeds],
    }


def _until(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None
