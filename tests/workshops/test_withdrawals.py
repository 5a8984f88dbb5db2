"""Withdrawals: what its author takes back is nowhere any more, and a tombstone says so."""

import pytest
from sqlalchemy import inspect, text

from server.database import Database
from tests.cast import act, ask, colleague, give, moderator, witness
from workshops import answers, audit, contacts, maskings, moderation, testimonials, withdrawals, world
from workshops.audit import Deed
from workshops.moderation import State
from workshops.people import Person
from workshops.refusals import NotFound, NotNow
from workshops.testimonials import End, Told


@pytest.fixture
async def alix(database: Database) -> Person:
    return await colleague(database)


async def everything(database: Database) -> str:
    """All that every table holds, as one text."""
    async with database.reading() as session:
        connection = await session.connection()
        tables = await connection.run_sync(lambda own: inspect(own).get_table_names())
        rows = [repr((await session.execute(text(f'SELECT * FROM "{table}"'))).all()) for table in tables]
    return "\n".join(rows)


async def test_its_words_and_what_quotes_them_are_in_no_table(database: Database, alix: Person) -> None:
    key, given = await give(
        database, happened="Zébulon a tout dit", changed="Zébulon", name="Zébulon", capacity="elu", clarity="4",
        wants_contact=True, contact="Zébulon scellé",
    )  # fmt: skip
    morgane = await moderator(database)
    refusal = {"verdict": "refuse", "reason": "hors_sujet", "note": "Vous dites « Zébulon »."}
    await act(database, moderation.decide, given.id, **refusal, base=1, by=alix)
    await act(database, moderation.appeal, key, text="Zébulon insiste")
    await act(database, moderation.decide, given.id, verdict="publie", base=1, by=morgane)
    await act(database, answers.answer, given.id, text="Merci Zébulon", by=alix)
    assert (await everything(database)).count("Zébulon") == 7
    for _ in range(2):
        await act(database, withdrawals.withdraw, key)
    assert (await everything(database)).count("Zébulon") == 0
    judged = await ask(database, moderation.get, given.id)
    assert (judged.state, judged.telling, judged.testimonial.capacity, judged.testimonial.clarity) == (
        State.WITHDRAWN,
        None,
        None,
        4,
    )
    assert judged.tombstone
    assert judged.tombstone.how is End.WITHDRAWN
    assert await ask(database, contacts.of, given.id) is None
    deeds = [entry.kind for entry in await ask(database, audit.entries)]
    assert deeds.count(Deed.TESTIMONIAL_WITHDRAWN) == 1


async def test_what_is_withdrawn_is_neither_told_judged_nor_answered_again(database: Database, alix: Person) -> None:
    key, given = await witness(database, by=alix)
    await act(database, withdrawals.withdraw, key)
    with pytest.raises(NotNow):
        await act(database, testimonials.tell, key, Told(happened="Encore", may_publish=True))
    with pytest.raises(NotNow):
        await act(database, moderation.decide, given.id, verdict="refuse", reason="faux", base=1, by=alix)
    with pytest.raises(NotNow):
        await act(database, maskings.mask, given.id, ["dit"], base=1, by=alix)
    with pytest.raises(NotNow):
        await act(database, moderation.appeal, key, text="Encore")
    with pytest.raises(NotNow):
        await act(database, answers.answer, given.id, text="Merci", by=alix)


async def test_a_face_alone_is_withdrawn_too(database: Database) -> None:
    key, given = await give(database)
    await act(database, withdrawals.withdraw, key)
    assert (await ask(database, moderation.get, given.id)).state is State.WITHDRAWN
    with pytest.raises(NotFound):
        await act(database, withdrawals.withdraw, world.new_key())


async def test_what_time_erased_says_so_until_its_author_withdraws_it(database: Database, alix: Person) -> None:
    key, given = await witness(database, by=alix)
    async with database.transaction() as session:
        await withdrawals.bury(session, await testimonials.get(session, given.id), End.EXPIRED)
    own = await ask(database, testimonials.own, key)
    assert (own.telling, own.tombstone and own.tombstone.how) == (None, End.EXPIRED)
    assert (await ask(database, moderation.get, given.id)).state is State.PUBLISHED
    await act(database, withdrawals.withdraw, key)
    assert (await ask(database, moderation.get, given.id)).state is State.WITHDRAWN
