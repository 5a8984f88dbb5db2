"""Belongings: all that is kept of a person, for them to take away."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from workshops import attachments, audit, journal
from workshops.agenda import Member
from workshops.amendments import Amendment, Ending
from workshops.answers import LabAnswer
from workshops.attachments import Attachment
from workshops.audit import AuditEntry
from workshops.canonical import timestamp
from workshops.comments import Comment, Hiding
from workshops.conclusions import Conclusion
from workshops.consents import Stance
from workshops.contacts import Contact
from workshops.contests import Contest, Judgement
from workshops.corrections import Correction
from workshops.credits import Credit
from workshops.evidence import Citation
from workshops.indicators import Departure, Indicator, Wording
from workshops.invitations import Invitation
from workshops.journal import Entry
from workshops.maskings import Masking
from workshops.memberships import Membership
from workshops.moderation import Decision
from workshops.notes import Note
from workshops.objections import Lifting, Objection, Reply
from workshops.people import Granting, Identity, Person
from workshops.projects import Project
from workshops.records import Record
from workshops.releases import Abandonment, Release
from workshops.reviews import Review, ReviewHiding, ReviewReply
from workshops.schedule import Extension, Schedule, Stop, Timer
from workshops.surveys import Survey, SurveyClosing
from workshops.touchpoints import Retirement, Touchpoint
from workshops.votes import Vote


@dataclass(frozen=True)
class Kept:
    """The rows of one table that are a person's, by the columns that name them, and how each is told to that person."""

    record: type[Record]
    owners: tuple[str, ...]
    told: Callable[[Any, str], dict[str, Any]]


def _until(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


# By the word of the published data. `me`: the person whose belongings they are.
KEPT: dict[str, Kept] = {
    "identites": Kept(
        Identity,
        ("person_id",),
        lambda i, me: {"fournisseur": i.iss, "sujet": i.sub, "courriel": i.email, "labo": i.lab_slug, "siret": i.siret},
    ),
    "roles": Kept(
        Granting,
        ("person_id",),
        lambda g, me: {"role": g.role.value, "depuis": timestamp(g.at), "jusqu_a": _until(g.ended_at)},
    ),
    "laboratoires": Kept(
        Membership,
        ("person_id",),
        lambda m, me: {
            "labo": m.lab_slug,
            "role": m.role.value,
            "demande_le": timestamp(m.asked_at),
            "accepte_le": _until(m.approved_at),
            "fin_le": _until(m.ended_at),
            "motif": m.because,
        },
    ),
    "accords_pour_etre_cite": Kept(
        Credit,
        ("person_id",),
        lambda c, me: {"donne_le": timestamp(c.given_at), "retire_le": _until(c.withdrawn_at)},
    ),
    "invitations": Kept(
        Invitation,
        ("by_id", "accepted_by_id"),
        lambda i, me: {
            "role": i.role.value,
            "atelier": i.workshop_id,
            "labo": i.lab_slug,
            "preparee_par_moi": i.by_id == me,
            "le": timestamp(i.created_at),
            "acceptee_le": _until(i.accepted_at),
        },
    ),
    "ateliers": Kept(
        Member,
        ("person_id",),
        lambda m, me: {"atelier": m.workshop_id, "nom": m.name, "role": m.role.value, "labo": m.lab_slug},
    ),
    "propositions": Kept(Indicator, ("author_id",), lambda i, me: {"indicateur": i.id, "code": i.code}),
    "redactions": Kept(
        Wording, ("by_id",), lambda w, me: {"indicateur": w.indicator_id, "numero": w.number, "fiche": w.sheet}
    ),
    "retraits": Kept(
        Departure,
        ("by_id",),
        lambda d, me: {"indicateur": d.indicator_id, "comment": d.how.value, "motif": d.because},
    ),
    "amendements": Kept(
        Amendment,
        ("by_id",),
        lambda a, me: {"indicateur": a.indicator_id, "redaction": a.base, "champs": a.changes, "pourquoi": a.why},
    ),
    "reponses_aux_amendements": Kept(
        Ending,
        ("by_id",),
        lambda e, me: {"amendement": e.amendment_id, "suite": e.fate.value, "reponse": e.answer},
    ),
    "avis": Kept(
        Comment, ("by_id",), lambda c, me: {"indicateur": c.indicator_id, "champ": c.field, "texte": c.text}
    ),
    "masquages": Kept(Hiding, ("by_id",), lambda h, me: {"avis": h.comment_id, "motif": h.because}),
    "positions": Kept(
        Stance,
        ("person_id",),
        lambda s, me: {
            "atelier": s.workshop_id,
            "position": s.position.value,
            "tour": s.round,
            "ensemble": s.fingerprint,
            "le": timestamp(s.at),
            "fin_le": _until(s.ended_at),
        },
    ),
    "objections": Kept(
        Objection,
        ("by_id",),
        lambda o, me: {
            "atelier": o.workshop_id,
            "indicateur": o.indicator_id,
            "redaction": o.wording,
            "texte": o.text,
        },
    ),
    "levees": Kept(Lifting, ("by_id",), lambda each, me: {"objection": each.objection_id, "motif": each.because}),
    "reponses": Kept(Reply, ("by_id",), lambda r, me: {"objection": r.objection_id, "texte": r.text}),
    "votes": Kept(
        Vote,
        ("person_id",),
        lambda v, me: {
            "indicateur": v.indicator_id,
            "redaction": v.wording,
            "tour": v.round,
            "choix": v.choice,
            "motif": v.reason,
            "le": timestamp(v.at),
            "retire_le": _until(v.taken_back_at),
        },
    ),
    "conclusions": Kept(
        Conclusion,
        ("by_id",),
        lambda c, me: {
            "indicateur": c.indicator_id,
            "motif": c.because,
            "reponse": c.answer,
            "le": timestamp(c.at),
        },
    ),
    "preparations": Kept(Release, ("by_id",), lambda r, me: {"version": r.name, "le": timestamp(r.at)}),
    "abandons": Kept(
        Abandonment, ("by_id",), lambda a, me: {"preparation": a.release_id, "motif": a.because, "le": timestamp(a.at)}
    ),
    "corrections": Kept(
        Correction,
        ("by_id", "withdrawn_by_id"),
        lambda c, me: {
            "code": c.code,
            "motif": c.because,
            "ecrite_par_moi": c.by_id == me,
            "le": timestamp(c.at),
            "retiree_le": _until(c.withdrawn_at),
        },
    ),
    "remarques": Kept(
        Review,
        ("by_id",),
        lambda r, me: {"code": r.code, "champ": r.field, "texte": r.text, "le": timestamp(r.at)},
    ),
    "reponses_aux_remarques": Kept(
        ReviewReply, ("by_id",), lambda r, me: {"remarque": r.review_id, "suite": r.verdict.value, "texte": r.text}
    ),
    "remarques_masquees": Kept(
        ReviewHiding, ("by_id",), lambda h, me: {"remarque": h.review_id, "motif": h.because}
    ),
    "projets": Kept(Project, ("by_id",), lambda p, me: {"labo": p.lab_slug, "projet": p.title, "le": timestamp(p.at)}),
    "points_de_recueil": Kept(
        Touchpoint, ("by_id",), lambda t, me: {"labo": t.lab_slug, "point": t.name, "le": timestamp(t.at)}
    ),
    "points_de_recueil_fermes": Kept(
        Retirement,
        ("by_id",),
        lambda r, me: {"point": r.touchpoint_id, "motif": r.because, "le": timestamp(r.at)},
    ),
    "decisions_sur_des_temoignages": Kept(
        Decision,
        ("by_id",),
        lambda d, me: {
            "temoignage": d.testimonial_id,
            "decision": d.verdict.value,
            "motif": d.reason.value if d.reason else None,
            "explication": d.note,
            "le": timestamp(d.at),
        },
    ),
    "temoignages_masques": Kept(
        Masking,
        ("by_id",),
        lambda m, me: {"temoignage": m.testimonial_id, "passages": m.passages, "le": timestamp(m.at)},
    ),
    "reponses_a_des_temoignages": Kept(
        LabAnswer,
        ("by_id",),
        lambda a, me: {"temoignage": a.testimonial_id, "texte": a.text, "le": timestamp(a.at)},
    ),
    "temoignages_cites": Kept(
        Citation,
        ("by_id", "ended_by_id"),
        lambda c, me: {
            "temoignage": c.testimonial_id,
            "indicateur": c.indicator_id or c.code,
            "motif": c.because,
            "cite_par_moi": c.by_id == me,
            "le": timestamp(c.at),
            "retire_le": _until(c.ended_at),
        },
    ),
    "courriels_a_des_auteurs": Kept(
        Contact,
        ("answered_by_id",),
        lambda c, me: {"temoignage": c.testimonial_id, "le": _until(c.answered_at)},
    ),
    "enquetes": Kept(
        Survey,
        ("by_id",),
        lambda s, me: {"labo": s.lab_slug, "enquete": s.id, "titre": s.title, "le": timestamp(s.at)},
    ),
    "enquetes_closes": Kept(
        SurveyClosing,
        ("by_id",),
        lambda c, me: {"enquete": c.survey_id, "motif": c.because, "le": timestamp(c.at)},
    ),
    "departages": Kept(
        Contest,
        ("by_id", "ended_by_id"),
        lambda c, me: {
            "indicateur": c.indicator_id,
            "redaction": c.wording,
            "le": timestamp(c.at),
            "fin_le": _until(c.ended_at),
            "motif": c.because,
        },
    ),
    "jugements": Kept(
        Judgement,
        ("person_id",),
        lambda j, me: {
            "departage": j.contest_id,
            "texte": j.candidate,
            "mention": j.grade.value,
            "le": timestamp(j.at),
        },
    ),
    "deroules": Kept(
        Schedule,
        ("by_id",),
        lambda s, me: {"atelier": s.workshop_id, "points": s.points, "le": timestamp(s.at)},
    ),
    "minuteurs": Kept(
        Timer,
        ("by_id",),
        lambda t, me: {"atelier": t.workshop_id, "point": t.title, "minutes": t.minutes, "le": timestamp(t.at)},
    ),
    "prolongations": Kept(
        Extension,
        ("by_id",),
        lambda e, me: {"minuteur": e.timer_id, "minutes": e.minutes, "le": timestamp(e.at)},
    ),
    "arrets": Kept(Stop, ("by_id",), lambda s, me: {"minuteur": s.timer_id, "le": timestamp(s.at)}),
    "notes": Kept(
        Note,
        ("person_id",),
        lambda n, me: {"atelier": n.workshop_id, "texte": n.text, "le": timestamp(n.updated_at)},
    ),
}


async def of(session: AsyncSession, person: Person) -> dict[str, Any]:
    """All that is kept of a person, as themselves or as the guests that they were, in the words of the published data."""
    guests = await attachments.guests_of(session, person)
    ids = [person.id, *guests]
    return {
        "personne": {
            "id": person.id,
            "nom": person.name,
            "cree_le": timestamp(person.created_at),
            "conditions_acceptees": person.terms,
            "participations_d_invite": guests,
        },
        **{name: await _told(session, kept, ids) for name, kept in KEPT.items()},
        "gestes": await _gestures(session, person, ids),
    }


async def _told(session: AsyncSession, kept: Kept, ids: list[str]) -> list[dict[str, Any]]:
    owned = or_(*(getattr(kept.record, owner).in_(ids) for owner in kept.owners))
    return [kept.told(row, ids[0]) for row in await session.scalars(select(kept.record).where(owned))]


async def _gestures(session: AsyncSession, person: Person, ids: list[str]) -> list[dict[str, Any]]:
    """The lines of the journals that a person wrote, and those of the platform's that are about them."""
    about_me: list[str] = []
    for own, owner in (
        (Granting.id, Granting.person_id),
        (Membership.id, Membership.person_id),
        (Invitation.id, Invitation.accepted_by_id),
        (Attachment.id, Attachment.person_id),
    ):
        about_me += await session.scalars(select(own).where(col(owner) == person.id))
    entries = await session.scalars(select(Entry).where(col(Entry.by_id).in_(ids)))
    deeds = await session.scalars(
        select(AuditEntry).where(or_(col(AuditEntry.by_id).in_(ids), col(AuditEntry.about).in_(about_me)))
    )
    return [journal.told(entry) for entry in entries] + [audit.told(deed) for deed in deeds]
