"""The journal: every gesture of a workshop, in order, chained.

An entry is (workshop, number, kind, by, about, at, previous hash, hash): no text, no copies. It is the
minutes, the audit trail, the feed of the live page and an open data set.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn, Protocol

from sqlalchemy import Connection, UniqueConstraint, bindparam, func, tuple_
from sqlalchemy import select as columns
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import world
from workshops.canonical import digest, timestamp
from workshops.people import Person
from workshops.records import Coded, Moment, Record, Row
from workshops.refusals import NotThus
from workshops.words import N_, Word

GENESIS = "0" * 64
RESERVED = {"atelier", "numero", "precedent", "reserve", "empreinte"}  # all that a gesture says which is not public


class Kind(Word):
    """What a gesture was; the label completes "Camille (Ti Lab) …"."""

    WORKSHOP_CONVENED = "workshop_convened", N_("a ouvert l'atelier")
    MEMBER_JOINED = "member_joined", N_("a rejoint l'atelier")
    MEMBER_CHANGED = "member_changed", N_("a changé de nom ou de laboratoire")
    LEAD_SHARED = "lead_shared", N_("a partagé l'animation avec")
    RULE_ANNOUNCED = "rule_announced", N_("a annoncé la règle de décision")
    STAGE_MOVED = "stage_moved", N_("a changé d'étape")
    ROUND_OPENED = "round_opened", N_("a ouvert un tour de vote")
    INDICATOR_PROPOSED = "indicator_proposed", N_("a proposé un indicateur")
    INDICATOR_REWORDED = "indicator_reworded", N_("a réécrit un indicateur")
    INDICATOR_WITHDRAWN = "indicator_withdrawn", N_("a retiré sa proposition")
    INDICATOR_MERGED = "indicator_merged", N_("a fusionné un indicateur")
    INDICATOR_SPLIT = "indicator_split", N_("a scindé un indicateur")
    AMENDMENT_PROPOSED = "amendment_proposed", N_("a proposé un amendement")
    AMENDMENT_ACCEPTED = "amendment_accepted", N_("a accepté un amendement")
    AMENDMENT_DECLINED = "amendment_declined", N_("n'a pas retenu un amendement")
    AMENDMENT_WITHDRAWN = "amendment_withdrawn", N_("a retiré son amendement")
    CONTEST_OPENED = "contest_opened", N_("a ouvert un départage")
    CONTEST_GRADED = "contest_graded", N_("a jugé les textes d'un départage")
    CONTEST_CLOSED = "contest_closed", N_("a clos un départage")
    CONTEST_ABANDONED = "contest_abandoned", N_("a abandonné un départage")
    COMMENT_POSTED = "comment_posted", N_("a donné un avis")
    COMMENT_HIDDEN = "comment_hidden", N_("a masqué un avis")
    EVIDENCE_CITED = "evidence_cited", N_("a cité un témoignage")
    EVIDENCE_REMOVED = "evidence_removed", N_("a retiré la citation d'un témoignage")
    VOTE_CAST = "vote_cast", N_("a voté")
    VOTE_CONFIRMED = "vote_confirmed", N_("a confirmé son vote sur la nouvelle rédaction")
    VOTE_TAKEN_BACK = "vote_taken_back", N_("a retiré son vote")
    INDICATOR_CONCLUDED = "indicator_concluded", N_("a écrit pourquoi finit ainsi l'indicateur")
    VOTE_ENTERED = "vote_entered", N_("a saisi un vote sur papier")
    PAPER_WITHDRAWN = "paper_withdrawn", N_("a retiré un vote sur papier")
    CONSENT_GIVEN = "consent_given", N_("a dit sa position sur l'ensemble")
    CONSENT_TAKEN_BACK = "consent_taken_back", N_("a retiré sa position sur l'ensemble")
    OBJECTION_RAISED = "objection_raised", N_("a fait une objection")
    OBJECTION_LIFTED = "objection_lifted", N_("a levé une objection")
    OBJECTION_ANSWERED = "objection_answered", N_("a répondu à une objection")
    FRAMEWORK_PREPARED = "framework_prepared", N_("a préparé une version du référentiel")
    FRAMEWORK_PUBLISHED = "framework_published", N_("a publié une version du référentiel")
    SCHEDULE_WRITTEN = "schedule_written", N_("a écrit le déroulé")
    TIMER_STARTED = "timer_started", N_("a lancé le minuteur")
    TIMER_EXTENDED = "timer_extended", N_("a prolongé le minuteur")
    TIMER_STOPPED = "timer_stopped", N_("a arrêté le minuteur")


class Entry(Record, table=True):
    """One gesture. `about` names what it touched: an indicator, a stage, a member, a version."""

    workshop_id: str = Field(primary_key=True, foreign_key="workshop.id", max_length=12)
    number: int = Field(primary_key=True)
    kind: Kind = Field(sa_type=Coded(Kind))
    by_id: str = Field(foreign_key="person.id", max_length=12)
    about: str = Field(max_length=64)
    at: datetime = Field(sa_type=Moment)
    previous_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


@dataclass(frozen=True)
class Touch:
    """That a kind of gesture touched something, and the number of the last one that did."""

    kind: Kind
    about: str
    number: int


@dataclass(frozen=True)
class Sending:
    """What a device sends once, however often it must try: its idempotency key, the SHA-256 of what it carries."""

    key: str
    digest: str


class Receipt(Record, table=True):
    """An idempotency key already answered: the same person, the same key, one gesture."""

    __table_args__ = (UniqueConstraint("person_id", "key"),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    person_id: str = Field(foreign_key="person.id", max_length=12)
    key: str = Field(max_length=100)
    sent: str = Field(max_length=64)
    workshop_id: str = Field(max_length=12)  # a workshop's id, or the platform's name
    number: int
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class AlreadyDone(Exception):
    """This very sending was already answered: gesture `number` of `workshop_id`. Not a refusal."""

    def __init__(self, workshop_id: str, number: int) -> None:
        super().__init__(workshop_id, number)
        self.workshop_id = workshop_id
        self.number = number


@dataclass(frozen=True)
class Given:
    """What a receipt says: the digest of what was sent, and the gesture it became."""

    digest: str
    workshop_id: str
    number: int


class Journaled(Protocol):
    """What has a journal: its floor is taken, `gestures` is the number of the gesture under way."""

    id: str
    gestures: int
    head: str


def told(entry: Entry) -> dict[str, Any]:
    """What an entry's hash is made of, previous hash included, as the minutes publish it."""
    return tell(entry.workshop_id, entry.number, entry.kind, entry.by_id, entry.about, entry.at, entry.previous_hash)


def tell(
    workshop_id: str, number: int, kind: Word, by_id: str | None, about: str, at: datetime, previous: str
) -> dict[str, Any]:
    """A gesture in the keys that the minutes publish."""
    return {
        "atelier": workshop_id,
        "numero": number,
        "genre": kind.value,
        "par": by_id,
        "objet": about,
        "le": timestamp(at),
        "precedent": previous,
    }


def sign(entry: Entry) -> str:
    """SHA-256 of the canonical JSON of what an entry tells: what chains the minutes."""
    return digest(told(entry))


def record(session: AsyncSession, workshop: Journaled, kind: Kind, *, by: Person, about: str) -> None:
    """Write the gesture under way. Called once by each verb, after the act, on a workshop whose floor is taken.

    The session's sending, put in `session.info` by whoever opened it, gets a receipt.
    """
    session.add(Entry(**row(session.info, workshop, kind, by=by, about=about)))
    acknowledge(session, workshop, by=by)


def acknowledge(session: AsyncSession, workshop: Journaled, *, by: Person | None) -> None:
    """Give the session's sending, if any, its receipt."""
    sending: Sending | None = session.info.get("sending")
    if sending and by:
        session.add(Receipt(**receipt(by, sending, workshop)))


@contextmanager
def as_part(session: AsyncSession) -> Iterator[None]:
    """What is recorded inside is part of a gesture whose sending has its receipt already: it gets none of its own."""
    sending = session.info.pop("sending", None)
    try:
        yield
    finally:
        if sending:
            session.info["sending"] = sending


def row(said: dict[Any, Any], workshop: Journaled, kind: Kind, *, by: Person, about: str) -> Row:
    """The entry of the gesture under way, at the end of the chain, to be written; `said` is the session's `info`."""
    return link(said, workshop, kind, by_id=by.id, about=about)


def link(said: dict[Any, Any], workshop: Journaled, kind: Word, *, by_id: str | None, about: str) -> Row:
    """The next link of a chain, whatever it chains: `by_id` is None when nobody in particular acts."""
    at = world.now()
    signed = digest(tell(workshop.id, workshop.gestures, kind, by_id, about, at, workshop.head))
    written = {
        "workshop_id": workshop.id,
        "number": workshop.gestures,
        "kind": kind,
        "by_id": by_id,
        "about": about,
        "at": at,
        "previous_hash": workshop.head,
        "hash": signed,
    }
    workshop.head = signed
    said.setdefault("gestures", {})[workshop.id] = workshop.gestures
    said.setdefault("kinds", Counter())[kind.value] += 1
    return written


def receipt(by: Person, sending: Sending, workshop: Journaled) -> Row:
    """What is kept of a sending that became the gesture under way."""
    return {
        "id": world.new_id(),
        "person_id": by.id,
        "key": sending.key,
        "sent": sending.digest,
        "workshop_id": workshop.id,
        "number": workshop.gestures,
        "at": world.now(),
    }


async def answered(session: AsyncSession, person_id: str) -> None:
    """Raise AlreadyDone if what this person sends was answered; NotThus if its key came with something else."""
    sending: Sending | None = session.info.get("sending")
    if sending is None:
        return
    given = await session.run_sync(lambda own: receipts(own.connection(), [(person_id, sending)]))
    for found in given.values():
        refuse_again(found, sending)


_RECEIPTS = columns(
    col(Receipt.person_id), col(Receipt.key), col(Receipt.sent), col(Receipt.workshop_id), col(Receipt.number)
).where(tuple_(col(Receipt.person_id), col(Receipt.key)).in_(bindparam("keys", expanding=True)))


def receipts(connection: Connection, sent: Collection[tuple[str, Sending]]) -> dict[tuple[str, str], Given]:
    """What was answered of these (person, sending), by person and key. One query, none for nothing."""
    keys = [(person_id, sending.key) for person_id, sending in sent]
    found = connection.execute(_RECEIPTS, {"keys": keys}).all() if keys else []
    return {(row.person_id, row.key): Given(row.sent, row.workshop_id, row.number) for row in found}


def refuse_again(given: Given, sending: Sending) -> NoReturn:
    """The same sending was answered (AlreadyDone), or its key served for something else (NotThus)."""
    if given.digest != sending.digest:
        raise NotThus({"key": N_("Cette clé d'envoi a déjà servi pour autre chose. Envoyez de nouveau.")})
    raise AlreadyDone(given.workshop_id, given.number)


async def get(session: AsyncSession, workshop_id: str, number: int) -> Entry:
    """One gesture."""
    return await session.get_one(Entry, (workshop_id, number))


async def since(session: AsyncSession, workshop_id: str, number: int) -> list[Entry]:
    """The gestures after `number`, in order."""
    return list(
        await session.scalars(
            select(Entry)
            .where(col(Entry.workshop_id) == workshop_id, col(Entry.number) > number)
            .order_by(col(Entry.number))
        )
    )


_LAST = func.max(col(Entry.number))
_TOUCHED = (
    select(Entry.kind, Entry.about, _LAST)
    .where(
        col(Entry.workshop_id) == bindparam("workshop"),
        col(Entry.number) > bindparam("after"),
        col(Entry.number) <= bindparam("upto"),
    )
    .group_by(col(Entry.kind), col(Entry.about))
    .order_by(_LAST)
)


async def touched(session: AsyncSession, workshop_id: str, after: int, upto: int) -> list[Touch]:
    """What the gestures after one and up to another touched, in the order it was last touched.

    A day of votes is tens of thousands of gestures, on a few dozen indicators: who catches up needs no more.
    """
    found = await session.execute(_TOUCHED, {"workshop": workshop_id, "after": after, "upto": upto})
    return [Touch(Kind(kind), about, number) for kind, about, number in found]


def first_break(entries: Iterable[Mapping[str, Any]], *, reserves: bool = False) -> int | None:
    """The number of the first gesture whose hash or chaining is wrong, or None when the chain holds.

    Entries are those of `registre.json`: keys atelier, numero, genre, par, objet, le, precedent, empreinte. Where the
    journal `reserves` some, those say `reserve` and nothing that their hash is made of: only their place is checked.
    """
    previous, expected = GENESIS, 1
    for entry in entries:
        signed = {key: entry.get(key) for key in ("atelier", "numero", "genre", "par", "objet", "le", "precedent")}
        if (
            entry.get("numero") != expected
            or entry.get("precedent") != previous
            or not (entry.get("empreinte") == digest(signed) or (reserves and _is_reserved(entry)))
        ):
            return expected
        previous, expected = str(entry["empreinte"]), expected + 1
    return None


def _is_reserved(entry: Mapping[str, Any]) -> bool:
    """A gesture that is not public says where it is and no more: what it would say besides, no hash would hold."""
    return entry.get("reserve") is True and entry.keys() == RESERVED
