"""Reviews: what anyone says of a release candidate, field by field, and what is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, people, releases, sheet, world
from workshops.audit import Deed
from workshops.people import Person, Role
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.releases import Release
from workshops.texts import clean
from workshops.words import N_, Word

LONGEST, NAME_LENGTH, BECAUSE_LENGTH = 2000, 80, 300
WHOLE = ""  # the code, or the field, of a review about the whole


class Verdict(Word):
    """What is done with a review."""

    TAKEN = "retenue", N_("Retenue")
    WORKSHOP = "atelier", N_("Portée devant un atelier")
    DECLINED = "non_retenue", N_("Non retenue")


class Review(Record, table=True):
    """Something said of a field of a candidate. Its author signs as they wish, or not; an account is not needed.

    `sending` is the idempotency key of a device: the same one twice is one review.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    release_id: str = Field(foreign_key="release.id", index=True, max_length=12)
    code: str = Field(default=WHOLE, max_length=10)
    field: str = Field(default=WHOLE, max_length=32)
    text: str = Field(max_length=LONGEST)
    name: str = Field(default="", max_length=NAME_LENGTH)
    by_id: str | None = Field(default=None, foreign_key="person.id", index=True, max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)
    sending: str | None = Field(default=None, unique=True, max_length=100)


class ReviewReply(Record, table=True):
    """What DITP answers to a review, once; written again, it takes the place of the former."""

    __table_args__ = (one_of("verdict", Verdict),)

    review_id: str = Field(primary_key=True, foreign_key="review.id", max_length=12)
    verdict: Verdict = Field(sa_type=Coded(Verdict))
    text: str = Field(max_length=LONGEST)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class ReviewHiding(Record, table=True):
    """That a review was hidden, and why: the reason is shown in its place."""

    review_id: str = Field(primary_key=True, foreign_key="review.id", max_length=12)
    because: str = Field(max_length=BECAUSE_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


@dataclass(frozen=True)
class Reviewed:
    """A review with what became of it, and the candidate it was about."""

    review: Review
    release: Release
    reply: ReviewReply | None
    hiding: ReviewHiding | None

    @property
    def waits(self) -> bool:
        """Whether nobody answered it yet."""
        return self.reply is None and self.hiding is None


async def leave(
    session: AsyncSession,
    release_id: str,
    *,
    code: str = WHOLE,
    field: str = WHOLE,
    text: str,
    name: str = "",
    sending: str | None = None,
    by: Person | None,
) -> Review:
    """Anyone says something of a candidate, of one of its indicators or of a field of it, while the review is open.

    Raises NotNow outside the dates, or once it is abandoned or published; NotThus without a text, or about nothing that
    the candidate holds.
    """
    register = await audit.take_floor(session, by=by)
    if sending:
        before = await session.scalar(select(Review).where(col(Review.sending) == sending))
        if before and (before.release_id, before.code, before.field, before.text) != (release_id, code, field, clean(text)):
            raise NotThus({"key": N_("Cette clé d'envoi a déjà servi pour autre chose. Envoyez de nouveau.")})
        if before:
            audit.yield_floor(session, register)
            return before
    release = await releases.get(session, release_id)
    if not release.is_in_review or release.id not in await releases.standing_ids(session):
        raise NotNow(N_("La relecture de cette version n'est pas ouverte."))
    text, name = clean(text), clean(name)
    _check(release, code, field, text, name)
    review = Review(
        release_id=release_id,
        code=code,
        field=field,
        text=text,
        name="" if by else name,
        by_id=by.id if by else None,
        sending=sending,
    )
    session.add(review)
    audit.record(session, register, Deed.REVIEW_LEFT, by=by, about=review.id)
    return review


def _check(release: Release, code: str, field: str, text: str, name: str) -> None:
    wrong = {}
    if not text:
        wrong["text"] = N_("Écrivez votre remarque.")
    elif len(text) > LONGEST:
        wrong["text"] = N_("Deux mille caractères au plus.")
    if len(name) > NAME_LENGTH or "\n" in name:
        wrong["name"] = N_("Une seule ligne, de quatre-vingts caractères au plus.")
    if code != WHOLE and code not in release.contents.sheets:
        wrong["code"] = N_("Cet indicateur n'est pas dans cette version.")
    if field != WHOLE and (code == WHOLE or field not in sheet.BY_NAME):
        wrong["field"] = N_("Ce champ n'est pas dans cette version.")
    if wrong:
        raise NotThus(wrong)


async def reply(session: AsyncSession, review_id: str, *, verdict: str, text: str, by: Person) -> ReviewReply:
    """A publisher answers a review: what is done with it, and why. Raises NotThus without both, NotNow once published."""
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER)
    review = await get(session, review_id)
    await _require_unpublished(session, review)
    text = clean(text)
    wrong = {}
    if verdict not in {word.value for word in Verdict}:
        wrong["verdict"] = N_("Choisissez dans la liste.")
    if not text or len(text) > LONGEST:
        wrong["text"] = N_("Dites pourquoi, en deux mille caractères au plus.")
    if wrong:
        raise NotThus(wrong)
    written = ReviewReply(review_id=review_id, verdict=Verdict(verdict), text=text, by_id=by.id)
    before = await session.get(ReviewReply, review_id)
    if before and (before.verdict, before.text) == (written.verdict, written.text):
        audit.yield_floor(session, register)
        return before
    answered = before.sqlmodel_update(written) if before else written
    session.add(answered)
    audit.record(session, register, Deed.REVIEW_ANSWERED, by=by, about=review_id)
    return answered


async def hide(session: AsyncSession, review_id: str, *, because: str, by: Person) -> ReviewHiding:
    """A publisher or a moderator hides a review that insults, or names somebody; the reason stays. Twice is once."""
    register = await audit.take_floor(session, by=by)
    await people.require(session, by, Role.PUBLISHER, Role.MODERATOR)
    await get(session, review_id)
    before = await session.get(ReviewHiding, review_id)
    if before:
        audit.yield_floor(session, register)
        return before
    because = clean(because)
    if not because or len(because) > BECAUSE_LENGTH:
        raise NotThus({"because": N_("Dites pourquoi, en trois cents caractères au plus.")})
    hiding = ReviewHiding(review_id=review_id, because=because, by_id=by.id)
    session.add(hiding)
    audit.record(session, register, Deed.REVIEW_HIDDEN, by=by, about=review_id)
    return hiding


async def _require_unpublished(session: AsyncSession, review: Review) -> None:
    if not await releases.is_pending(session, review.release_id):
        raise NotNow(N_("Cette version n'est plus en relecture : ses réponses ne changent plus."))


async def get(session: AsyncSession, review_id: str) -> Review:
    """A review, or NotFound."""
    review = await session.get(Review, review_id)
    if review is None:
        raise NotFound(N_("Cette remarque n'existe pas."))
    return review


async def of(session: AsyncSession, about: Sequence[Release]) -> list[Reviewed]:
    """Every review of these candidates, the first one first. One query."""
    by_id = {release.id: release for release in about}
    rows = await session.execute(
        select(Review, ReviewReply, ReviewHiding)
        .outerjoin(ReviewReply, col(ReviewReply.review_id) == col(Review.id))
        .outerjoin(ReviewHiding, col(ReviewHiding.review_id) == col(Review.id))
        .where(col(Review.release_id).in_(list(by_id)))
        .order_by(col(Review.at), col(Review.id))
    )
    return [Reviewed(review, by_id[review.release_id], answer, hiding) for review, answer, hiding in rows]
