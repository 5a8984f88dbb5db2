"""Audit: the journal of the platform, for gestures that belong to no workshop."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import journal
from workshops.journal import GENESIS
from workshops.people import Person
from workshops.records import Coded, Moment, Record
from workshops.words import N_, Word

PLATFORM = "plateforme"  # where a workshop's journal has the workshop's id


class Deed(Word):
    """What a gesture on the platform was; the label completes "Dominique …"."""

    ROLE_GRANTED = "role_granted", N_("a donné un rôle")
    ROLE_WITHDRAWN = "role_withdrawn", N_("a retiré un rôle")
    MEMBERSHIP_ASKED = "membership_asked", N_("a demandé à faire partie d'un laboratoire")
    MEMBERSHIP_APPROVED = "membership_approved", N_("a accepté une personne dans un laboratoire")
    MEMBERSHIP_DECLINED = "membership_declined", N_("a refusé une demande d'adhésion")
    MEMBERSHIP_ENDED = "membership_ended", N_("a mis fin à une adhésion")
    REFERENT_NAMED = "referent_named", N_("a désigné une personne référente")
    INVITATION_MADE = "invitation_made", N_("a préparé une invitation")
    INVITATION_ACCEPTED = "invitation_accepted", N_("a accepté une invitation")
    INVITATION_WITHDRAWN = "invitation_withdrawn", N_("a retiré une invitation")
    GUEST_ATTACHED = "guest_attached", N_("a rattaché une participation d'invité à son compte")
    IDENTITY_ADDED = "identity_added", N_("a ajouté une façon de se connecter")
    IDENTITY_REMOVED = "identity_removed", N_("a retiré une façon de se connecter")
    MEMBERSHIP_RETRACTED = "membership_retracted", N_("a retiré une demande d'adhésion")
    ACCOUNT_ERASED = "account_erased", N_("a effacé son compte")
    VERSION_PREPARED = "version_prepared", N_("a préparé une version du référentiel")
    VERSION_ABANDONED = "version_abandoned", N_("a abandonné la préparation d'une version")
    VERSION_PUBLISHED = "version_published", N_("a confirmé et publié une version du référentiel")
    CORRECTION_WRITTEN = "correction_written", N_("a corrigé un texte publié")
    CORRECTION_WITHDRAWN = "correction_withdrawn", N_("a retiré une correction")
    REVIEW_LEFT = "review_left", N_("a laissé une remarque sur une version en relecture")
    REVIEW_ANSWERED = "review_answered", N_("a répondu à une remarque")
    REVIEW_HIDDEN = "review_hidden", N_("a masqué une remarque")
    CREDIT_GIVEN = "credit_given", N_("a accepté d'être cité·e auprès de ses textes")
    CREDIT_WITHDRAWN = "credit_withdrawn", N_("ne veut plus être cité·e auprès de ses textes")
    FRAMEWORK_IMPORTED = "framework_imported", N_("a importé un référentiel")
    PROJECT_ENTERED = "project_entered", N_("a inscrit un projet")
    TOUCHPOINT_MADE = "touchpoint_made", N_("a ouvert un point de recueil")
    TOUCHPOINT_RETIRED = "touchpoint_retired", N_("a fermé un point de recueil")
    TESTIMONIAL_GIVEN = "testimonial_given", N_("a dit comment ça s'est passé")
    TESTIMONIAL_TOLD = "testimonial_told", N_("a écrit ou corrigé un témoignage")
    TESTIMONIAL_WITHDRAWN = "testimonial_withdrawn", N_("a retiré un témoignage")
    TESTIMONIAL_APPEALED = "testimonial_appealed", N_("a demandé un second examen")
    TESTIMONIAL_PUBLISHED = "testimonial_published", N_("a publié un témoignage")
    TESTIMONIAL_REFUSED = "testimonial_refused", N_("a refusé un témoignage")
    TESTIMONIAL_MASKED = "testimonial_masked", N_("a masqué une donnée personnelle dans un témoignage")
    TESTIMONIAL_ANSWERED = "testimonial_answered", N_("a répondu, pour son laboratoire, à un témoignage")
    EVIDENCE_CITED = "evidence_cited", N_("a cité un témoignage sur un indicateur publié")
    EVIDENCE_REMOVED = "evidence_removed", N_("a retiré la citation d'un témoignage sur un indicateur publié")
    CONTACT_ANSWERED = "contact_answered", N_("a écrit à l'auteur d'un témoignage")
    SURVEY_OPENED = "survey_opened", N_("a ouvert une enquête")
    SURVEY_CLOSED = "survey_closed", N_("a clos une enquête avant son terme")
    RETENTION_APPLIED = "retention_applied", N_("a effacé ce dont la durée de conservation était passée")

    @property
    def is_public(self) -> bool:
        """Who holds which power is everybody's business, and so is what DITP enters and what is done with testimonials;
        what people ask, are refused or carry is theirs, and so is what citizens give."""
        return self in PUBLIC


PUBLIC = frozenset(
    (
        Deed.ROLE_GRANTED,
        Deed.ROLE_WITHDRAWN,
        Deed.MEMBERSHIP_APPROVED,
        Deed.MEMBERSHIP_ENDED,
        Deed.REFERENT_NAMED,
        Deed.VERSION_PREPARED,
        Deed.VERSION_ABANDONED,
        Deed.VERSION_PUBLISHED,
        Deed.CORRECTION_WRITTEN,
        Deed.CORRECTION_WITHDRAWN,
        Deed.REVIEW_ANSWERED,
        Deed.REVIEW_HIDDEN,
        Deed.FRAMEWORK_IMPORTED,
        Deed.PROJECT_ENTERED,
        Deed.TOUCHPOINT_MADE,
        Deed.TOUCHPOINT_RETIRED,
        Deed.TESTIMONIAL_PUBLISHED,
        Deed.TESTIMONIAL_REFUSED,
        Deed.TESTIMONIAL_MASKED,
        Deed.TESTIMONIAL_ANSWERED,
        Deed.SURVEY_OPENED,
        Deed.SURVEY_CLOSED,
        Deed.EVIDENCE_CITED,
        Deed.EVIDENCE_REMOVED,
        Deed.RETENTION_APPLIED,
    )
)


class Register(Record, table=True):
    """The head of the chain: one row, there from the start, locked by whoever writes."""

    id: str = Field(default=PLATFORM, primary_key=True, max_length=12)
    gestures: int = 0
    head: str = Field(default=GENESIS, max_length=64)


class AuditEntry(Record, table=True):
    """One gesture; `about` names the record that says the rest. `by_id` is None for the command line."""

    number: int = Field(primary_key=True)
    kind: Deed = Field(sa_type=Coded(Deed))
    by_id: str | None = Field(default=None, foreign_key="person.id", index=True, max_length=12)
    about: str = Field(max_length=64)
    at: datetime = Field(sa_type=Moment)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


_TAKE_FLOOR = (
    update(Register)
    .where(col(Register.id) == bindparam("register"))
    .values(gestures=Register.gestures + 1)
    .returning(Register)
    .execution_options(populate_existing=True)
)


async def take_floor(session: AsyncSession, *, by: Person | None) -> Register:
    """Number the gesture and lock the register until the commit: the first write of every verb here.

    A sending already answered stops here (AlreadyDone).
    """
    register: Register | None = await session.scalar(_TAKE_FLOOR, {"register": PLATFORM})
    if register is None:  # the migrations make it: only a database made without them begins here
        register = Register(gestures=1)
        session.add(register)
    if by is not None:
        await journal.answered(session, by.id)
    return register


def yield_floor(session: AsyncSession, register: Register) -> None:
    """Nothing to do after all: the number taken is given back."""
    register.gestures -= 1
    session.info.setdefault("gestures", {})[PLATFORM] = register.gestures


def record(session: AsyncSession, register: Register, kind: Deed, *, by: Person | None, about: str) -> None:
    """Write the gesture under way, once, after the act; a sending gets its receipt."""
    written = journal.link(session.info, register, kind, by_id=by.id if by else None, about=about)
    del written["workshop_id"]
    session.add(AuditEntry(**written))
    journal.acknowledge(session, register, by=by)


async def head(session: AsyncSession) -> Register:
    """How many gestures there were, and the last hash."""
    return await session.get_one(Register, PLATFORM)


async def get(session: AsyncSession, number: int) -> AuditEntry:
    """One gesture."""
    return await session.get_one(AuditEntry, number)


async def entries(session: AsyncSession) -> list[AuditEntry]:
    """Every gesture, in order."""
    return list(await session.scalars(select(AuditEntry).order_by(col(AuditEntry.number))))


async def between(session: AsyncSession, first: int, last: int) -> list[AuditEntry]:
    """The gestures from one number to another, in order."""
    asked = select(AuditEntry).where(col(AuditEntry.number).between(first, last))
    return list(await session.scalars(asked.order_by(col(AuditEntry.number))))


def told(entry: AuditEntry) -> dict[str, Any]:
    """What an entry's hash is made of, as a workshop's journal tells it."""
    return journal.tell(PLATFORM, entry.number, entry.kind, entry.by_id, entry.about, entry.at, entry.previous_hash)
