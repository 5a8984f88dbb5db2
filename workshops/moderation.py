"""Moderation: who reads a testimonial before everybody does, and what they decide."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, exists, or_, select

from workshops import audit, memberships, people, personal, testimonials, world
from workshops.audit import Deed, Register
from workshops.memberships import Membership
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of, standing
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.testimonials import Opening, Telling, Testimonial, Tombstone
from workshops.texts import clean
from workshops.words import N_, Word

NOTE_LENGTH, APPEAL_LENGTH = 500, 1000
SITE = (Role.MODERATOR, Role.PUBLISHER)  # who moderates for every lab

GONE = N_("Ce témoignage n'est plus là : son auteur l'a retiré, ou sa durée de conservation est passée.")


class Verdict(Word):
    """What is decided of a testimonial."""

    PUBLISHED = "publie", N_("Publié")
    REFUSED = "refuse", N_("Refusé")


class Reason(Word):
    """Why a testimonial may be refused: there is no other reason, and an unfavourable one is none."""

    OFF_TOPIC = "hors_sujet", N_("Il ne parle pas de ce laboratoire ni de ce projet")
    INSULTING = "injurieux", N_("Il injurie, menace ou discrimine")
    NAMING = "personne_visee", N_("Il met en cause une personne que l'on reconnaît")
    ADVERTISING = "publicite", N_("C'est de la publicité")
    FALSE = "faux", N_("Il est faux : envoi automatique, ou auteur qui n'était pas là")


class Decision(Record, table=True):
    """What somebody decided of a testimonial, and why. One that stands for each; the next one ends it.

    `revision`: what was read. `of_lab`: whether who decided is of the lab, and not of DITP.
    """

    __table_args__ = (
        one_of("verdict", Verdict),
        one_of("reason", Reason),
        Index("uq_decision_standing", "testimonial_id", unique=True, **standing("ended_at")),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    testimonial_id: str = Field(foreign_key="testimonial.id", index=True, max_length=12)
    revision: int
    verdict: Verdict = Field(sa_type=Coded(Verdict))
    reason: Reason | None = Field(default=None, sa_type=Coded(Reason))
    note: str = Field(default="", max_length=NOTE_LENGTH)
    of_lab: bool
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    ended_at: datetime | None = Field(default=None, sa_type=Moment)


class Appeal(Record, table=True):
    """That the author of a refused testimonial asked somebody else to judge it. Once."""

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    text: str = Field(default="", max_length=APPEAL_LENGTH)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    answered_at: datetime | None = Field(default=None, sa_type=Moment)


class State(Word):
    """Where a testimonial stands, for its author and for who moderates."""

    BEGUN = "commence", N_("Impression enregistrée")
    KEPT = "garde", N_("Remis au laboratoire, sans publication")
    WAITING = "en_attente", N_("En attente de relecture")
    PUBLISHED = "publie", N_("Publié")
    REFUSED = "refuse", N_("Refusé")
    APPEALED = "second_examen", N_("Second examen demandé")
    WITHDRAWN = "retire", N_("Retiré par son auteur")


@dataclass(frozen=True)
class Judged:
    """A testimonial with all that was decided of it."""

    testimonial: Testimonial
    telling: Telling | None
    tombstone: Tombstone | None
    decision: Decision | None
    appeal: Appeal | None

    @property
    def state(self) -> State:
        return state(self.testimonial, self.tombstone, self.decision, self.appeal)

    @property
    def waits_since(self) -> datetime | None:
        """When it was last told, or its appeal made."""
        return self.appeal.at if self.appeal else self.testimonial.told_at


def state(
    testimonial: Testimonial, tombstone: Tombstone | None, decision: Decision | None, appeal: Appeal | None
) -> State:
    """Where a testimonial stands; one that was withdrawn is only that."""
    if tombstone and tombstone.how is testimonials.End.WITHDRAWN:
        return State.WITHDRAWN
    if appeal and appeal.answered_at is None and tombstone is None:
        return State.APPEALED
    if decision:
        return State.PUBLISHED if decision.verdict is Verdict.PUBLISHED else State.REFUSED
    if testimonial.may_publish and tombstone is None:
        return State.WAITING
    return State.KEPT if testimonial.told_at else State.BEGUN


async def decide(
    session: AsyncSession,
    testimonial_id: str,
    *,
    verdict: str,
    reason: str = "",
    note: str = "",
    base: int,
    by: Person,
) -> Decision:
    """A member of the lab, or a moderator, publishes or refuses what they read (`base`: its revision), once.

    To come back on a decision, on appeal or not, is for a moderator who is not of the lab, nor was when it was given or
    since, and never refused it before. The reason is one of the published list; the note is for the author. Deciding
    the same twice is once. Raises NotYours for others, NotNow when there is nothing to decide, or when the text changed
    meanwhile; NotThus without a reason.
    """
    register, judged = await to_judge(session, testimonial_id, by=by)
    decision = _decision(judged, verdict, reason, note, by)
    before = judged.decision
    if before and judged.state is not State.APPEALED and _is_same(before, decision):
        audit.yield_floor(session, register)
        return before
    refusal = await hindrance(session, judged, decision.verdict, by=by)
    if refusal:
        raise refusal
    if judged.testimonial.revision != base:
        raise NotNow(N_("Le texte a changé pendant votre lecture : relisez-le avant de décider."))
    decision.of_lab = not await is_apart(session, judged.testimonial, by)
    if before:
        before.ended_at = decision.at
        session.add(before)
        await session.flush()
    if judged.appeal:
        judged.appeal.answered_at = judged.appeal.answered_at or decision.at
    session.add(decision)
    await begin(session, testimonial_id)
    kind = Deed.TESTIMONIAL_PUBLISHED if decision.verdict is Verdict.PUBLISHED else Deed.TESTIMONIAL_REFUSED
    audit.record(session, register, kind, by=by, about=testimonial_id)
    return decision


def _decision(judged: Judged, verdict: str, reason: str, note: str, by: Person) -> Decision:
    wrong = {}
    if verdict not in {word.value for word in Verdict}:
        wrong["verdict"] = N_("Choisissez dans la liste.")
    refuses = verdict == Verdict.REFUSED.value
    if refuses and reason not in {word.value for word in Reason}:
        wrong["reason"] = N_("Dites pourquoi : son auteur le lira.")
    if len(note := clean(note)) > NOTE_LENGTH:
        wrong["note"] = N_("Cinq cents caractères au plus.")
    if wrong:
        raise NotThus(wrong)
    return Decision(
        testimonial_id=judged.testimonial.id,
        revision=judged.testimonial.revision,
        verdict=Verdict(verdict),
        reason=Reason(reason) if refuses else None,
        note=note,
        of_lab=False,
        by_id=by.id,
    )


def _is_same(one: Decision, other: Decision) -> bool:
    said = {"by_id", "verdict", "reason", "note"}
    return one.model_dump(include=said) == other.model_dump(include=said)


async def hindrance(session: AsyncSession, judged: Judged, verdict: Verdict, *, by: Person) -> Refusal | None:
    """Why somebody who may judge a testimonial may not decide so of it now; None when they may."""
    if judged.tombstone:
        return NotNow(GONE)
    if judged.decision is None:
        nobody_asked = N_("Son auteur n'a pas demandé à le publier : il n'y a rien à décider.")
        return None if judged.state is State.WAITING else NotNow(nobody_asked)
    if judged.state is not State.APPEALED and judged.decision.verdict is verdict:
        return NotNow(N_("Quelqu'un a déjà décidé : relisez la page."))
    if not await is_apart(session, judged.testimonial, by):
        return NotYours(N_("C'est décidé : y revenir appartient à la modération de la DITP, pas au laboratoire."))
    if judged.testimonial.id in await session.scalars(refused_by(by)):
        return NotYours(N_("Vous avez refusé ce témoignage : seul quelqu'un d'autre peut l'examiner à nouveau."))
    return None


def refused_by(person: Person) -> Any:
    """What somebody refused, even if it was decided otherwise since."""
    own = (col(Decision.by_id) == person.id) & (col(Decision.verdict) == Verdict.REFUSED)
    return select(Decision.testimonial_id).where(own).correlate(None)


async def is_apart(session: AsyncSession, testimonial: Testimonial, person: Person) -> bool:
    """Whether somebody moderates for DITP, and has not been of the lab since it was spoken of."""
    if not await people.roles(session, person) & set(SITE):
        return False
    own = select(Testimonial.id).where(col(Testimonial.id) == testimonial.id, told_to(person))
    return await session.scalar(own) is None


def told_to(person: Person) -> Any:
    """What was told to a lab that somebody is of, or was of then: leaving it makes nobody a stranger to it."""
    return (
        exists()
        .where(
            col(Membership.person_id) == person.id,
            col(Membership.lab_slug) == col(Testimonial.lab_slug),
            col(Membership.approved_at).is_not(None),
            or_(col(Membership.ended_at).is_(None), col(Membership.ended_at) >= col(Testimonial.at)),
        )
        .correlate(Testimonial)
    )


async def appeal(session: AsyncSession, key: str, *, text: str = "") -> Appeal:
    """The author of a refused testimonial asks for a second look, by somebody of DITP who did not judge it. Once.

    Raises NotNow unless it stands refused, NotThus when what they add is too long.
    """
    register, own = await testimonials.held(session, key)
    judged = await get(session, own.testimonial.id)
    if judged.appeal:
        audit.yield_floor(session, register)
        return judged.appeal
    if judged.state is not State.REFUSED or judged.tombstone:
        raise NotNow(N_("Seul un témoignage refusé peut être examiné une seconde fois."))
    text = personal.unmarked(clean(text))
    if len(text) > APPEAL_LENGTH:
        raise NotThus({"appeal": N_("Mille caractères au plus.")})
    asked = Appeal(testimonial_id=own.testimonial.id, text=text)
    session.add(asked)
    audit.record(session, register, Deed.TESTIMONIAL_APPEALED, by=None, about=own.testimonial.key_hash)
    return asked


async def to_judge(session: AsyncSession, testimonial_id: str, *, by: Person) -> tuple[Register, Judged]:
    """The floor, then a testimonial that stands, that this person may judge."""
    register = await audit.take_floor(session, by=by)
    judged = await seen(session, testimonial_id, by=by)
    if judged.tombstone:
        raise NotNow(GONE)
    return register, judged


async def seen(session: AsyncSession, testimonial_id: str, *, by: Person) -> Judged:
    """A testimonial, for somebody who may judge it. Raises NotFound, or NotYours for others."""
    judged = await get(session, testimonial_id)
    if not await may_judge(session, judged.testimonial.lab_slug, by):
        raise NotYours(N_("La relecture revient aux membres du laboratoire et à la modération de la DITP."))
    return judged


async def begin(session: AsyncSession, testimonial_id: str) -> None:
    """Somebody judges it from now on: its author corrects it no more. No gesture: part of one."""
    if await session.get(Opening, testimonial_id) is None:
        session.add(Opening(testimonial_id=testimonial_id))


async def may_judge(session: AsyncSession, lab_slug: str, person: Person | None) -> bool:
    """Whether somebody is of the lab, or moderates for all of them."""
    reach = await reaches(session, person) if person else frozenset()
    return reach is None or lab_slug in reach


async def reaches(session: AsyncSession, person: Person) -> frozenset[str] | None:
    """The labs whose testimonials a person reads before they are published; None for all of them."""
    if await people.roles(session, person) & set(SITE):
        return None
    return await labs_of(session, person)


async def labs_of(session: AsyncSession, person: Person) -> frozenset[str]:
    """The labs that somebody is of."""
    return frozenset(each.lab_slug for each in await memberships.of(session, person) if each.stands)


# The decision that stands for a testimonial, joined to it.
STANDING = (col(Decision.testimonial_id) == col(Testimonial.id)) & col(Decision.ended_at).is_(None)
JUDGED = (
    columns(Testimonial, Telling, Tombstone, Decision, Appeal)
    .outerjoin(Telling, col(Telling.testimonial_id) == col(Testimonial.id))
    .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
    .outerjoin(Decision, STANDING)
    .outerjoin(Appeal, col(Appeal.testimonial_id) == col(Testimonial.id))
)


async def get(session: AsyncSession, testimonial_id: str) -> Judged:
    """A testimonial with what was decided of it, or NotFound. One query."""
    row = (await session.execute(JUDGED.where(col(Testimonial.id) == testimonial_id))).one_or_none()
    if row is None:
        raise NotFound(testimonials.UNKNOWN)
    return Judged(*row)


async def decisions(session: AsyncSession, testimonial_id: str) -> list[Decision]:
    """All that was decided of a testimonial, in order."""
    own = select(Decision).where(col(Decision.testimonial_id) == testimonial_id)
    return list(await session.scalars(own.order_by(col(Decision.at), col(Decision.id))))


