"""Forty people vote at once: the journal's order is the commits', and nothing is lost."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlmodel import col, select

from server import exports
from server.database import Database
from tests.cast import SHEET, act, ask, cards, counted, facilitator, member_of, reread, workshop
from workshops import indicators, journal, tallies, votes
from workshops.agenda import Stage
from workshops.consensus import Choice
from workshops.votes import Vote

CHOICES = list(Choice)
CODES = ["ACT-01", "ACT-02", "IMP-09"]


@pytest.mark.parametrize("processes", [1, 2])
async def test_forty_people_vote_at_once(database: Database, processes: int) -> None:
    """Two databases on the same address stand for two processes: they share nothing but the rows."""
    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    everyone = [await member_of(database, room, name=f"Membre {number}") for number in range(40)]
    table = await cards(database, room)
    before = (await reread(database, room)).gestures
    other = Database(database.url) if processes == 2 else database
    chance = random.Random(46)

    async def vote_on_everything(number: int) -> None:
        for code in chance.sample(CODES, k=3):
            await act(
                (database, other)[number % 2],
                votes.cast,
                table[code].id,
                wording=1,
                choice=chance.choice(CHOICES),
                reason="Une raison.",
                waited=timedelta(minutes=1),  # said before the text changed, whoever comes first
                by=everyone[number],
            )

    async def reword_meanwhile() -> None:
        await asyncio.sleep(0.05)
        await act(database, indicators.reword, table["ACT-01"].id, SHEET, base=1, by=camille)

    await asyncio.gather(reword_meanwhile(), *map(vote_on_everything, range(40)))
    if other is not database:
        await other.close()

    room = await reread(database, room)
    entries = await ask(database, journal.since, room.id, 0)
    assert room.gestures == before + 40 * len(CODES) + 1
    assert [entry.number for entry in entries] == list(range(1, room.gestures + 1))
    written = exports.minutes(room, entries)
    assert journal.first_break(written["gestes"]) is None
    assert written["derniere_empreinte"] == entries[-1].hash

    async with database.reading() as session:
        cast = list(await session.scalars(select(Vote).order_by(col(Vote.gesture))))
    assert len(cast) == 40 * len(CODES)
    assert len({vote.gesture for vote in cast}) == len(cast)
    by_hand = Counter((vote.indicator_id, vote.choice) for vote in cast)
    expected = {
        table[code].id: counted(**{choice.value: by_hand[table[code].id, choice.value] for choice in CHOICES})
        for code in CODES[1:]
    }
    expected[table["ACT-01"].id] = counted(earlier=40)
    assert await ask(database, tallies.tallies, room) == expected


async def test_one_person_who_taps_ten_times_has_one_vote(database: Database) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    text = (await cards(database, room))["ACT-01"]
    await asyncio.gather(
        *(act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=alix) for _ in range(10))
    )
    assert await ask(database, tallies.tally, text.id) == counted(keep=1)
