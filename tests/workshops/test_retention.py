"""Retention: what citizens wrote is erased once its time is over, and only then; what was done is told."""

from collections import Counter
from typing import Any

import pytest
from sqlmodel import select

from server.database import Database
from tests.cast import act, ask, colleague, give, moderator, respond, survey, witness
from tests.conftest import Clock
from workshops import answers, audit, contacts, moderation, responses, retention, testimonials, withdrawals, world
from workshops.audit import AuditEntry, Deed
from workshops.moderation import Decision, State
from workshops.people import Person
from workshops.retention import Delays, Matter, Purge
from workshops.testimonials import End, Telling

DELAYS = Delays()


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


async def apply(database: Database) -> dict[Matter, int]:
    return (await act(database, retention.apply, DELAYS, now=world.now())).counts


async def refuse(database: Database, testimonial_id: str, base: int, by: Person) -> None:
    given = {"verdict": "refuse", "reason": "hors_sujet", "note": "Un mot.", "base": base}
    await act(database, moderation.decide, testimonial_id, **given, by=by)


async def state(database: Database, testimonial_id: str) -> tuple[State, End | None, bool]:
    """Where it stands, how its words ended, whether any are there."""
    judged = await ask(database, moderation.get, testimonial_id)
    return judged.state, judged.tombstone.how if judged.tombstone else None, judged.telling is not None


async def kept(database: Database, record: Any) -> list[Any]:
    async with database.reading() as session:
        return list(await session.scalars(select(record)))


async def deeds(database: Database) -> list[AuditEntry]:
    return [entry for entry in await ask(database, audit.entries) if entry.kind is Deed.RETENTION_APPLIED]


def test_each_matter_has_its_delay() -> None:
    assert set(Delays.__dataclass_fields__) == {f"{matter.name.lower()}_days" for matter in Matter}
    assert [DELAYS.of(matter) for matter in Matter] == [180, 365, 1825, 30, 365, 730]


async def test_a_refused_one_is_erased_half_a_year_after_the_decision(
    database: Database, clock: Clock, alix: Person
) -> None:
    _key, given = await give(database, happened="Rien à voir.")
    clock.advance(days=20)
    await refuse(database, given.id, given.revision, alix)
    clock.advance(days=180)
    assert await apply(database) == {}
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.REFUSED: 1}
    assert await state(database, given.id) == (State.REFUSED, End.EXPIRED, False)
    assert [decision.note for decision in await kept(database, Decision)] == [""]


async def test_a_refused_one_stays_while_a_second_look_waits(database: Database, clock: Clock, alix: Person) -> None:
    key, given = await give(database, happened="Rien à voir.")
    await refuse(database, given.id, given.revision, alix)
    await act(database, moderation.appeal, key, text="Relisez.")
    clock.advance(days=400)
    assert await apply(database) == {}
    await refuse(database, given.id, given.revision, await moderator(database))
    clock.advance(days=180, seconds=1)
    assert await apply(database) == {Matter.REFUSED: 1}


async def test_one_for_the_lab_alone_is_erased_a_year_after_it_was_told(database: Database, clock: Clock) -> None:
    key, given = await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    _key, face = await give(database)
    clock.advance(days=365)
    assert await apply(database) == {}
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.KEPT: 1}
    assert await state(database, given.id) == (State.KEPT, End.EXPIRED, False)
    assert await state(database, face.id) == (State.BEGUN, None, False)
    # Its author may still say that it is theirs to withdraw.
    await act(database, withdrawals.withdraw, key)
    assert await state(database, given.id) == (State.WITHDRAWN, End.WITHDRAWN, False)
    assert await apply(database) == {}


async def test_a_published_one_is_erased_five_years_later_with_its_answer(
    database: Database, clock: Clock, alix: Person
) -> None:
    _key, given = await witness(database, by=alix)
    await act(database, answers.answer, given.id, text="Merci.", by=alix)
    clock.advance(days=1825)
    assert await apply(database) == {}
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.PUBLISHED: 1}
    assert await state(database, given.id) == (State.PUBLISHED, End.EXPIRED, False)
    assert await kept(database, answers.LabAnswer) == []


async def test_letting_one_wait_hides_nothing(database: Database, clock: Clock) -> None:
    """What nobody decides about stays, and is shown to wait, as long as if it were published."""
    _key, given = await give(database, face="mal", happened="Personne ne m'a répondu.")
    clock.advance(days=1825)
    assert await apply(database) == {}
    assert (await state(database, given.id))[0] is State.WAITING
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.PUBLISHED: 1}


async def test_an_address_is_erased_after_the_answer_and_in_any_case(
    database: Database, clock: Clock, alix: Person
) -> None:
    contact = {"wants_contact": True, "may_publish": True}
    _key, answered = await give(database, contact="scellée 1", **contact)
    _key, waiting = await give(database, contact="scellée 2", **contact)
    clock.advance(days=10)
    await act(database, answers.write_to, answered.id, by=alix)
    clock.advance(days=30)
    assert await apply(database) == {}
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.CONTACT_ANSWERED: 1}
    assert [contact.testimonial_id for contact in await kept(database, contacts.Contact)] == [waiting.id]
    clock.advance(days=325)
    assert await apply(database) == {Matter.CONTACT: 1}
    assert await kept(database, contacts.Contact) == []
    assert len(await kept(database, Telling)) == 2, "what was told is another matter"


async def test_the_texts_of_surveys_are_erased_after_their_time(database: Database, clock: Clock, alix: Person) -> None:
    asked = await survey(database, by=alix)
    await respond(database, asked, [1], None, None, None, None, "Un mot.")
    clock.advance(days=730)
    assert await apply(database) == {}
    clock.advance(seconds=1)
    assert await apply(database) == {Matter.SURVEY_TEXT: 1}
    assert await apply(database) == {}
    assert await ask(database, responses.texts, asked.id, by=alix) == {}


async def test_what_was_done_is_told_once_and_nothing_when_nothing_was(
    database: Database, clock: Clock, alix: Person
) -> None:
    assert await ask(database, retention.latest) is None
    before = await ask(database, audit.head)
    assert await apply(database) == {}
    assert await ask(database, audit.head) == before
    for _ in range(3):
        await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    _key, refused = await give(database)
    _key, refused = await give(database, happened="Rien à voir.")
    await refuse(database, refused.id, refused.revision, alix)
    clock.advance(days=366)
    assert await apply(database) == {Matter.REFUSED: 1, Matter.KEPT: 3}
    assert await apply(database) == {}
    (purge,), (deed,) = await kept(database, Purge), await deeds(database)
    assert (purge.at, purge.counts) == (clock.at, {"refuses": 1, "non_publies": 3})
    assert (deed.about, deed.by_id, deed.kind.is_public) == (purge.id, None, True)
    assert await ask(database, retention.latest) == (clock.at, retention.Applied({Matter.REFUSED: 1, Matter.KEPT: 3}))
    assert await ask(database, retention.told, [purge.id]) == {
        purge.id: retention.Applied({Matter.REFUSED: 1, Matter.KEPT: 3})
    }


async def test_what_is_much_goes_by_parts(database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    clock.advance(days=366)
    done = [await apply(database) for _ in range(4)]
    assert done == [{Matter.KEPT: 2}, {Matter.KEPT: 2}, {Matter.KEPT: 1}, {}]
    last = await ask(database, retention.latest)
    assert last == (clock.at, retention.Applied({Matter.KEPT: 5})), "the day's, all together"
    assert Counter(End.EXPIRED for _ in await kept(database, testimonials.Tombstone))[End.EXPIRED] == 5
