"""Maskings: what is taken out of a testimonial for good, in sight, because somebody would be reached or recognised."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, moderation, personal, testimonials, world
from workshops.audit import Deed
from workshops.moderation import Judged, State
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotNow, NotThus
from workshops.testimonials import Telling
from workshops.texts import clean
from workshops.words import N_

SHORTEST_PASSAGE, LONGEST_PASSAGE = 2, 100  # characters: personal data is a few words, an opinion is more
FEW_LETTERS = 40  # that a lab may mask anyway: a name or two


class Masking(Record, table=True):
    """That passages of a testimonial were taken out for good, each with a visible mask in its place.

    `letters`: how long was what was taken out and did not look like a way to reach somebody.
    """

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    testimonial_id: str = Field(foreign_key="testimonial.id", index=True, max_length=12)
    passages: int
    letters: int = 0
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def mask(
    session: AsyncSession, testimonial_id: str, passages: Sequence[str], *, base: int, by: Person
) -> Masking:
    """Take passages out of a testimonial for good, wherever they stand, and show that something was.

    They go from what was written of it too: an appeal, a note. (`withdrawals.mask` takes them out of the lab's answer
    besides.) Raises NotNow when nobody asked to publish it, when the text changed meanwhile, or for a lab while a second
    look is asked; NotThus when a passage is too short or too long, nowhere in it, when nothing would be left to read, or
    when a lab would take out more than a quarter of what was written, or than a name or two where that is short: one
    masks data, not an opinion.
    """
    register, judged = await moderation.to_judge(session, testimonial_id, by=by)
    telling = judged.telling
    if telling is None or not judged.testimonial.may_publish:
        raise NotNow(N_("Son auteur n'a pas demandé à le publier : il n'y a rien à masquer."))
    if judged.state is State.APPEALED and not await moderation.is_apart(session, judged.testimonial, by):
        raise NotNow(N_("Un second examen est demandé : la modération de la DITP masque, s'il le faut."))
    wanted = each_once(passages)
    if not wanted:
        raise NotThus({"passages": N_("Choisissez au moins un passage à masquer.")})
    if judged.testimonial.revision != base:
        raise NotNow(N_("Le texte a changé pendant votre lecture : relisez-le avant de masquer."))
    for passage in wanted:
        _check_passage(passage, (telling.happened, telling.changed, telling.name))
    happened, changed = personal.masked(telling.happened, wanted), personal.masked(telling.changed, wanted)
    if not personal.says_something(happened + changed):
        raise NotThus({"passages": N_("Il n'en resterait rien à lire : s'il ne peut pas paraître, refusez-le.")})
    if len(happened) > testimonials.HAPPENED_LENGTH or len(changed) > testimonials.CHANGED_LENGTH:
        raise NotThus({"passages": N_("Tant de masques ne tiennent pas dans ce texte : masquez des passages plus longs.")})
    letters = _letters(telling) - _letters(telling, _opinions(telling, wanted))
    await _check_share(session, judged, letters, by=by)
    telling.happened, telling.changed = happened, changed
    telling.name = "" if personal.masked(telling.name, wanted) != telling.name else telling.name
    for decision in await moderation.decisions(session, testimonial_id):
        decision.note = personal.masked(decision.note, wanted)[:moderation.NOTE_LENGTH]
    if judged.appeal:
        judged.appeal.text = personal.masked(judged.appeal.text, wanted)[:moderation.APPEAL_LENGTH]
    judged.testimonial.revision += 1
    masking = Masking(testimonial_id=testimonial_id, passages=len(wanted), letters=letters, by_id=by.id)
    session.add(masking)
    await moderation.begin(session, testimonial_id)
    audit.record(session, register, Deed.TESTIMONIAL_MASKED, by=by, about=testimonial_id)
    return masking


def each_once(passages: Sequence[str]) -> list[str]:
    """Each passage once, clean, the longest first: one may be part of another."""
    return sorted({clean(passage) for passage in passages} - {"", personal.MASK}, key=lambda each: (-len(each), each))


def _check_passage(passage: str, texts: Sequence[str]) -> None:
    if len(passage) > LONGEST_PASSAGE:
        raise NotThus({"passages": N_("Cent caractères au plus par passage : on masque une donnée, pas un avis.")})
    is_there = len(passage) >= SHORTEST_PASSAGE and any(personal.masked(text, [passage]) != text for text in texts)
    if not is_there or personal.touches_a_mask(passage):
        nowhere = N_("« {passage} » n'est pas dans ce témoignage, en un mot entier : recopiez-le à la lettre.")
        raise NotThus({"passages": nowhere}, passage=passage)


def _opinions(telling: Telling, passages: Sequence[str]) -> list[str]:
    """The passages that are no number nor address of somebody's."""
    texts = (telling.happened, telling.changed)
    found = {text[trace.start : trace.end] for text in texts for trace in personal.traces(text)}
    return [passage for passage in passages if passage not in found]


def _letters(telling: Telling, without: Sequence[str] = ()) -> int:
    """How much there is to read, once some passages are taken out."""
    texts = (telling.happened, telling.changed)
    return sum(len(personal.masked(text, without).replace(personal.MASK, "")) for text in texts)


async def _check_share(session: AsyncSession, judged: Judged, letters: int, *, by: Person) -> None:
    """A lab does not mask away what displeases it; DITP may."""
    assert judged.telling is not None
    already = sum(each.letters for each in await of(session, judged.testimonial.id))
    most = max(FEW_LETTERS, (_letters(judged.telling) + already) // 4)
    if already + letters > most and not await moderation.is_apart(session, judged.testimonial, by):
        too_much = N_("Un laboratoire ne masque pas plus d'un quart d'un témoignage : demandez à la modération de la DITP.")
        raise NotThus({"passages": too_much})


async def of(session: AsyncSession, testimonial_id: str) -> list[Masking]:
    """Each time that passages were taken out, in order."""
    own = select(Masking).where(col(Masking.testimonial_id) == testimonial_id)
    return list(await session.scalars(own.order_by(col(Masking.at), col(Masking.id))))
