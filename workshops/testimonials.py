"""Testimonials: how it went, said by whoever met a lab, without an account."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, exists, select

from workshops import audit, contacts, labs, projects, touchpoints, world
from workshops.audit import Deed, Register
from workshops.personal import unmarked
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import clean, line
from workshops.words import N_, Word

HAPPENED_LENGTH, CHANGED_LENGTH, NAME_LENGTH = 2000, 1000, 40
LEAST, MOST = 1, 5  # of a degree

UNKNOWN = N_("Ce témoignage n'existe pas.")


class Face(Word):
    """How it went, on the whole."""

    GOOD = "bien", N_("Bien")
    MEDIUM = "moyen", N_("Moyen")
    BAD = "mal", N_("Mal")


class Capacity(Word):
    """As what somebody speaks."""

    USER = "usager", N_("Usager")
    AGENT = "agent", N_("Agent public")
    ELECTED = "elu", N_("Élu")
    COMPANY = "entreprise", N_("Entreprise")
    ASSOCIATION = "association", N_("Association")


class End(Word):
    """How the words of a testimonial came to be no more."""

    WITHDRAWN = "retire", N_("Retiré par son auteur")
    EXPIRED = "expire", N_("Effacé au terme de sa durée de conservation")


class Testimonial(Record, table=True):
    """How it went for somebody, whom nothing names; what they wrote is a `Telling`.

    `key_hash`: the SHA-256 of the key that alone opens it; lines of the journal name it by that, which is not published:
    from its id, which is, one could try every moment until the line's hash fits, and know when somebody spoke.
    `revision` counts what was told: a decision is about one.
    `clarity` and `heard`: from 1 to 5. `told_at`: when it was last told, or None while there is only a face.
    """

    __table_args__ = (
        one_of("face", Face),
        one_of("capacity", Capacity),
        CheckConstraint("clarity BETWEEN 1 AND 5", name="clarity"),
        CheckConstraint("heard BETWEEN 1 AND 5", name="heard"),
    )

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    key_hash: str = Field(unique=True, max_length=64)
    lab_slug: str = Field(foreign_key="lab.slug", index=True, max_length=60)
    project_id: str | None = Field(default=None, foreign_key="project.id", index=True, max_length=12)
    touchpoint_id: str | None = Field(default=None, foreign_key="touchpoint.id", index=True, max_length=12)
    face: Face = Field(sa_type=Coded(Face))
    capacity: Capacity | None = Field(default=None, sa_type=Coded(Capacity))
    clarity: int | None = None
    heard: int | None = None
    may_publish: bool = False
    may_cite: bool = False
    revision: int = 0
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    told_at: datetime | None = Field(default=None, sa_type=Moment)


class Telling(Record, table=True):
    """What somebody wrote. Erased, not hidden, when they withdraw it or when its time is over."""

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    happened: str = Field(default="", max_length=HAPPENED_LENGTH)
    changed: str = Field(default="", max_length=CHANGED_LENGTH)
    name: str = Field(default="", max_length=NAME_LENGTH)


class Tombstone(Record, table=True):
    """That the words of a testimonial are no more."""

    __table_args__ = (one_of("how", End),)

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    how: End = Field(sa_type=Coded(End))
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class Opening(Record, table=True):
    """That somebody began to judge a testimonial: its author corrects it no more."""

    testimonial_id: str = Field(primary_key=True, foreign_key="testimonial.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


@dataclass(frozen=True)
class Told:
    """What somebody tells, all of it optional. `face`: how it went after all; empty, as it was said first. `contact`: an
    address sealed by whoever calls; None keeps the one there is while `wants_contact`."""

    face: str = ""
    happened: str = ""
    changed: str = ""
    name: str = ""
    capacity: str = ""
    clarity: str = ""
    heard: str = ""
    may_publish: bool = False
    may_cite: bool = False
    wants_contact: bool = False
    contact: str | None = None


@dataclass(frozen=True)
class Own:
    """A testimonial as its author finds it again."""

    testimonial: Testimonial
    telling: Telling | None
    tombstone: Tombstone | None
    is_opened: bool
    has_contact: bool

    @property
    def may_correct(self) -> bool:
        """Until somebody begins to judge it."""
        return self.tombstone is None and not self.is_opened


def hashed(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def require_long(key: str) -> None:
    """Raises NotThus for a key that somebody else might try."""
    if len(key) < world.KEY_LENGTH:
        raise NotThus({"key": N_("Cette clé est trop courte : elle seule ouvre ce que vous écrivez.")})


async def give(
    session: AsyncSession, *, key: str, face: str, token: str = "", lab_slug: str = ""
) -> tuple[Testimonial, bool]:
    """Anyone says how it went, by a touch-point or of a lab; the rest comes later, if at all.

    The same key twice is one testimonial, and the boolean says whether this was the first time. Raises NotThus without a
    face or a lab, or when the key says something else already; NotFound for no such link; NotNow once it is closed.
    """
    register = await audit.take_floor(session, by=None)
    before: Testimonial | None = await session.scalar(
        select(Testimonial).where(col(Testimonial.key_hash) == hashed(key))
    )
    if before:
        if before.face.value != face:
            raise NotThus({"key": N_("Cet envoi a déjà servi pour autre chose. Envoyez de nouveau.")})
        audit.yield_floor(session, register)
        return before, False
    require_long(key)
    if face not in {word.value for word in Face}:
        raise NotThus({"face": N_("Dites d'abord comment ça s'est passé.")})
    met = await touchpoints.met(session, token) if token else None
    if met and not met.is_open:
        raise NotNow(N_("Ce point de recueil est fermé. Vous pouvez témoigner en choisissant le laboratoire."))
    if not met and not lab_slug:
        raise NotThus({"lab": N_("Choisissez le laboratoire que vous avez rencontré.")})
    testimonial = Testimonial(
        key_hash=hashed(key),
        lab_slug=met.lab.slug if met else (await labs.get(session, lab_slug)).slug,
        project_id=met.point.project_id if met else None,
        touchpoint_id=met.point.id if met else None,
        face=Face(face),
    )
    session.add(testimonial)
    audit.record(session, register, Deed.TESTIMONIAL_GIVEN, by=None, about=testimonial.key_hash)
    await session.flush()
    return testimonial, True


async def tell(session: AsyncSession, key: str, told: Told) -> Testimonial:
    """The author writes what happened, and what may be done with it; again, until somebody begins to judge it.

    The same words twice are one gesture, and nothing at all is none. Raises NotFound without that key, NotNow once it
    is opened or withdrawn, NotThus for whatever does not hold.
    """
    register, own = await held(session, key)
    before = own.telling or Telling(testimonial_id=own.testimonial.id)
    telling, values = _judged(own, told)
    same = telling.model_dump() == before.model_dump() and own.testimonial.model_dump(include=set(values)) == values
    if same and not told.contact and told.wants_contact == own.has_contact:
        audit.yield_floor(session, register)
        return own.testimonial
    require_correctable(own)
    session.add(before.sqlmodel_update(telling))
    own.testimonial.sqlmodel_update({**values, "revision": own.testimonial.revision + 1, "told_at": world.now()})
    if told.wants_contact and told.contact:
        await contacts.keep(session, own.testimonial.id, told.contact)
    elif not told.wants_contact:
        await contacts.forget(session, own.testimonial.id)
    audit.record(session, register, Deed.TESTIMONIAL_TOLD, by=None, about=own.testimonial.key_hash)
    await session.flush()
    return own.testimonial


def require_correctable(own: Own) -> None:
    """Raises NotNow once somebody began to judge it, or its words are no more."""
    if own.tombstone:
        raise NotNow(N_("Ce témoignage est retiré ou effacé : il ne se corrige plus."))
    if own.is_opened:
        raise NotNow(N_("Votre témoignage est déjà en cours d'examen, ou jugé : il ne se corrige plus."))


def _judged(own: Own, told: Told) -> tuple[Telling, dict[str, object]]:
    wrong = {}
    happened, changed = unmarked(clean(told.happened)), unmarked(clean(told.changed))
    for field, text, longest in (("happened", happened, HAPPENED_LENGTH), ("changed", changed, CHANGED_LENGTH)):
        if len(text) > longest:
            wrong[field] = N_("C'est trop long : raccourcissez un peu. Rien n'est perdu.")
    if told.face and told.face not in {word.value for word in Face}:
        wrong["face"] = N_("Choisissez dans la liste.")
    if told.capacity and told.capacity not in {word.value for word in Capacity}:
        wrong["capacity"] = N_("Choisissez dans la liste.")
    for field, degree in (("clarity", told.clarity), ("heard", told.heard)):
        if degree and degree not in {str(each) for each in range(LEAST, MOST + 1)}:
            wrong[field] = N_("Choisissez de 1 à 5.")
    if told.may_publish and not (happened or changed):
        wrong["happened"] = N_("Écrivez quelques mots, ou décochez la publication : il n'y a rien à publier.")
    if told.may_cite and not told.may_publish:
        wrong["may_cite"] = N_("Seul un témoignage publié peut servir de preuve : cochez aussi la publication.")
    if told.wants_contact and not (told.contact or own.has_contact):
        wrong["email"] = N_("Donnez l'adresse où vous répondre, ou décochez la case.")
    if wrong:
        raise NotThus(wrong)
    name = unmarked(line(told.name, "name", NAME_LENGTH))
    telling = Telling(testimonial_id=own.testimonial.id, happened=happened, changed=changed, name=name)
    return telling, {
        "face": Face(told.face) if told.face else own.testimonial.face,
        "capacity": Capacity(told.capacity) if told.capacity else None,
        "clarity": int(told.clarity) if told.clarity else None,
        "heard": int(told.heard) if told.heard else None,
        "may_publish": told.may_publish,
        "may_cite": told.may_cite,
    }


async def take_back(session: AsyncSession, key: str, *, evidence: bool = False, contact: bool = False) -> Testimonial:
    """The author takes back leave to cite it as evidence, or to write to them, at any time. Once is enough."""
    register, own = await held(session, key)
    ends_evidence, ends_contact = evidence and own.testimonial.may_cite, contact and own.has_contact
    if not (ends_evidence or ends_contact):
        audit.yield_floor(session, register)
        return own.testimonial
    if ends_evidence:
        own.testimonial.may_cite = False
    if ends_contact:
        await contacts.forget(session, own.testimonial.id)
    audit.record(session, register, Deed.TESTIMONIAL_TOLD, by=None, about=own.testimonial.key_hash)
    return own.testimonial


async def held(session: AsyncSession, key: str) -> tuple[Register, Own]:
    """The floor, then the testimonial that a key opens. Raises NotFound without one."""
    register = await audit.take_floor(session, by=None)
    return register, await own(session, key)


async def own(session: AsyncSession, key: str) -> Own:
    """The testimonial that a key opens, or NotFound. Two queries."""
    found = await session.execute(
        select(
            Testimonial,
            Telling,
            Tombstone,
            exists().where(col(Opening.testimonial_id) == col(Testimonial.id)),
        )
        .outerjoin(Telling, col(Telling.testimonial_id) == col(Testimonial.id))
        .outerjoin(Tombstone, col(Tombstone.testimonial_id) == col(Testimonial.id))
        .where(col(Testimonial.key_hash) == hashed(key))
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound(N_("Ce lien n'ouvre aucun témoignage : vérifiez qu'il est entier."))
    testimonial, telling, tombstone, is_opened = row
    return Own(testimonial, telling, tombstone, is_opened, await contacts.of(session, testimonial.id) is not None)


async def is_given(session: AsyncSession, key: str) -> bool:
    """Whether a key opens something already: what comes under it is sent again. One query."""
    given = await session.scalar(select(exists().where(col(Testimonial.key_hash) == hashed(key))))
    return bool(given)


async def get(session: AsyncSession, testimonial_id: str) -> Testimonial:
    """A testimonial, or NotFound."""
    testimonial = await session.get(Testimonial, testimonial_id)
    if testimonial is None:
        raise NotFound(UNKNOWN)
    return testimonial


async def place(session: AsyncSession, testimonial: Testimonial) -> tuple[str, str | None]:
    """What its lab is called, and its project if it is of one."""
    lab = await labs.get(session, testimonial.lab_slug)
    titles = await projects.titles(session, [testimonial.project_id]) if testimonial.project_id else {}
    return lab.name, titles.get(testimonial.project_id or "")
