"""Rooms: read once for all who ask at the same time, and never less than what they know was done."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from server import scenes
from server.database import Database
from server.rooms import Rooms
from server.scenes import Room
from server.templating import part
from tests.cast import (
    BY_CONSENT,
    SHEET,
    act,
    ask,
    card,
    colleague,
    facilitator,
    member_of,
    move,
    publish,
    publisher,
    reread,
    stranger,
    witness,
    workshop,
)
from workshops import (
    agenda,
    amendments,
    comments,
    conclusions,
    consents,
    contests,
    drafts,
    evidence,
    frameworks,
    handwritten,
    indicators,
    journal,
    lineage,
    objections,
    rules,
    schedule,
    votes,
    withdrawals,
)
from workshops.agenda import Stage
from workshops.consensus import Choice, Method, Outcome, Rule, Secrecy
from workshops.evidence import Gone
from workshops.handwritten import Ballot
from workshops.journal import Kind
from workshops.refusals import NotFound


async def test_after_a_reading_that_failed_those_who_waited_for_the_next_get_it(database: Database) -> None:
    """The database goes away for one reading, and is back for the one that others asked for meanwhile."""
    room = await workshop(database, by=await facilitator(database))
    rooms, begun, is_away = Rooms(database), asyncio.Event(), asyncio.Event()
    reading = database.reading

    @asynccontextmanager
    async def away() -> AsyncIterator[AsyncSession]:
        database.reading = reading  # type: ignore[method-assign]
        begun.set()
        await is_away.wait()
        raise OperationalError("SELECT", {}, Exception("the database went away"))
        yield

    database.reading = away  # type: ignore[method-assign,assignment]
    first = asyncio.create_task(rooms.now(room.id))
    await begun.wait()
    second = asyncio.create_task(rooms.now(room.id))
    await asyncio.sleep(0)
    is_away.set()
    with pytest.raises(OperationalError):
        await first
    assert (await second).workshop.id == room.id


@pytest.mark.parametrize("secrecy", [Secrecy.OPEN, Secrecy.CLOSED])
async def test_what_is_read_again_equals_a_fresh_reading_after_each_gesture_of_a_day(
    database: Database, secrecy: Secrecy
) -> None:
    rooms, seen = Rooms(database), set()
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)

    async def same() -> Room:
        now = await rooms.now(room.id)
        assert now == await ask(database, scenes.room, room.id)
        seen.update(entry.kind for entry in await ask(database, journal.since, room.id, 0))
        return now

    await same()
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    await same()
    ours = await act(database, indicators.propose, room.id, SHEET, by=alix)
    theirs = await act(database, indicators.propose, room.id, {**SHEET, "famille": "impact"}, by=sacha)
    await same()
    said = await act(database, comments.post, ours.id, field="libelle", text="Lequel ?", by=sacha)
    await same()
    await act(database, comments.hide, said.id, because="Hors sujet.", by=camille)
    await same()
    yann = await colleague(database, name="Yann")
    for _ in range(2):
        _key, testimonial = await witness(database, by=yann)
        citation = await act(database, evidence.cite, ours.id, testimonial.id, because="Une preuve.", by=alix)
        await same()
    await act(database, evidence.remove, citation.id, by=alix)
    await same()
    await act(database, lineage.withdraw, theirs.id, because="Un doublon.", by=sacha)
    await same()
    table = {item.card.indicator.code: item.id for item in (await same()).items}
    await act(database, lineage.merge, table["ACT-02"], into=table["ACT-01"], because="Un doublon.", by=camille)
    await same()
    parts = [{**SHEET, "libelle": "Une moitié"}, {**SHEET, "libelle": "L'autre"}]
    await act(database, lineage.split, table["ACT-01"], sheets=parts, because="Deux choses.", by=camille)
    await same()
    await act(database, agenda.join, room.id, name="Alix", lab="erasme", by=alix)
    await act(database, agenda.appoint, room.id, await stranger(database), by=camille)
    await same()
    two_rounds = Rule(rounds=2, secrecy=secrecy)
    await act(database, rules.announce, room.id, two_rounds, by=camille)
    await same()
    await act(database, schedule.write, room.id, "10 Accueil\n20 Vote", base=0, by=camille)
    assert (await same()).day.minutes == 30
    await act(database, schedule.start, room.id, 1, by=camille)
    running = (await same()).day.running
    assert running
    await act(database, schedule.extend, room.id, 5, base=running.set_by, by=camille)
    await same()
    await act(database, schedule.stop, room.id, running.timer_id, by=camille)
    await same()
    await move(database, room, Stage.VOTING, by=camille)
    await same()
    for person in (alix, sacha):
        await act(database, votes.cast, ours.id, wording=1, choice=Choice.KEEP, by=person)
        await same()
    await act(database, indicators.reword, ours.id, {**SHEET, "libelle": "Autrement"}, base=1, by=alix)
    await same()
    await act(database, votes.cast, ours.id, wording=2, choice=Choice.KEEP, by=alix)
    await same()
    await act(database, votes.take_back, ours.id, by=sacha)
    await same()
    whole = table["IMP-05"]
    await act(database, votes.cast, whole, wording=1, choice=Choice.KEEP, by=alix)
    (half, _) = await act(database, lineage.split, whole, sheets=parts, because="Deux choses.", by=camille)
    await same()
    await act(database, votes.take_back, half.id, by=alix)
    paper = {"lab": "ti-lab", "initials": "ab", "ballots": [Ballot(ours.id, 2, "keep")]}
    copied = await act(database, handwritten.enter, room.id, **paper, by=camille)
    assert {item.id: item for item in (await same()).items}[ours.id].tally.on_paper == 1
    await act(database, handwritten.withdraw, room.id, copied.id, by=camille)
    await same()

    async def amend(limites: str) -> str:
        card = await ask(database, indicators.card, ours.id)
        how = {"base": card.wording.number, "by": sacha}
        made = await act(database, amendments.propose, ours.id, {**card.sheet, "limites": limites}, **how)
        await same()
        return made.id

    await act(database, amendments.accept, await amend("Une."), by=alix)
    await same()
    await act(database, amendments.decline, await amend("Deux."), answer="Non.", by=alix)
    await same()
    await act(database, amendments.withdraw, await amend("Trois."), by=sacha)
    await same()
    await amend("Quatre.")
    given_up = await act(database, contests.start, ours.id, by=camille)
    await same()
    await act(database, contests.abandon, given_up.id, because="Trop tôt.", by=camille)
    await same()
    contest = await act(database, contests.start, ours.id, by=camille)
    await act(database, contests.grade, contest.id, {1: "fair", 2: "good"}, by=sacha)
    await same()
    await act(database, contests.close, contest.id, by=camille)
    await same()
    await act(database, rules.open_round, room.id, 2, by=camille)
    await same()
    await act(database, votes.cast, ours.id, wording=4, choice=Choice.KEEP, by=alix)
    await same()
    await move(database, room, Stage.CLOSED, by=camille)
    await same()
    await act(database, conclusions.conclude, ours.id, because="Assez clair.", by=camille)
    await same()
    unfinished = (await ask(database, drafts.draft, [await reread(database, room)])).unfinished("Il faut commencer.")
    await publish(database, await reread(database, room), by=await publisher(database), exceptions=unfinished)
    assert (await same()).latest == frameworks.FIRST
    untold = {Kind.VOTE_CONFIRMED} if two_rounds.hides else set()
    assert seen == set(Kind) - BY_CONSENT - untold


async def test_what_an_author_withdraws_is_read_again_without_a_gesture_and_all_else_is_kept(
    database: Database,
) -> None:
    rooms, camille = Rooms(database), await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    alix, text = await member_of(database, room), await card(database, room)
    before = await rooms.now(room.id)
    assert await rooms.now(room.id) is before
    key, testimonial = await witness(database, by=await colleague(database, name="Yann"))
    await act(database, evidence.cite, text.id, testimonial.id, because="Une preuve.", by=alix)
    for stage in (Stage.PROPOSING, Stage.CLOSED):
        await move(database, room, stage, by=camille)
        cited = await rooms.now(room.id)
        assert await rooms.now(room.id) is cited
        (item,) = [item for item in cited.items if item.id == text.id]
        assert [each.quoted.gone for each in item.evidence] == [None]
    drawn = part("text", item)
    assert part("evidence", item) != ""
    await act(database, withdrawals.withdraw, key)
    now = await rooms.now(room.id)
    assert now == await ask(database, scenes.room, room.id)
    assert now.workshop.gestures == cited.workshop.gestures
    (again,) = [item for item in now.items if item.id == text.id]
    assert [each.quoted.gone for each in again.evidence] == [Gone.WITHDRAWN]
    assert part("text", again) is drawn
    assert "Retiré par son auteur" in part("evidence", again)
    assert [item for item in now.items if item.id != text.id] == [item for item in cited.items if item.id != text.id]


async def test_so_does_what_is_read_again_of_a_room_that_decides_by_consent(database: Database) -> None:
    rooms, seen = Rooms(database), set()
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)

    async def same() -> Room:
        now = await rooms.now(room.id)
        assert now == await ask(database, scenes.room, room.id)
        seen.update(entry.kind for entry in await ask(database, journal.since, room.id, 0))
        return now

    assert (await same()).hearing is None
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT), by=camille)
    hearing = (await same()).hearing
    assert hearing is not None
    assert hearing.silent == ()
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    ours = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await same()
    await move(database, room, Stage.VOTING, by=camille)
    await same()
    for position in ("consent", "abstain"):
        await act(database, consents.give, room.id, position, by=alix)
        await same()
    await act(database, consents.take_back, room.id, by=alix)
    await same()
    held = await act(database, objections.state, room.id, text="Trop vague.", indicator_id=ours.id, by=sacha)
    await same()
    await act(database, objections.answer, held.id, text="Précisé.", by=alix)
    await same()
    await act(database, indicators.reword, ours.id, {**SHEET, "libelle": "Autrement"}, base=1, by=alix)
    await same()
    await act(database, objections.lift, held.id, because="C'est dit.", by=sacha)
    await same()
    paper = {"lab": "ti-lab", "initials": "ab", "position": "consent"}
    copied = await act(database, handwritten.enter_position, room.id, **paper, by=camille)
    await same()
    await act(database, handwritten.withdraw, room.id, copied.id, by=camille)
    await same()
    await move(database, room, Stage.CLOSED, by=camille)
    assert {item.tally.outcome for item in (await same()).items} == {Outcome.KEPT}
    assert seen >= BY_CONSENT


async def test_a_vote_leaves_the_other_indicators_as_they_were_drawn(database: Database) -> None:
    rooms = Rooms(database)
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    before = {item.id: item for item in (await rooms.now(room.id)).items}
    one = next(iter(before.values()))
    for name in ("card", "text", "tally"):
        part(name, one)
    await act(database, votes.cast, one.id, wording=1, choice=Choice.KEEP, by=alix)
    after = {item.id: item for item in (await rooms.now(room.id)).items}
    assert [id for id in before if after[id] is not before[id]] == [one.id]
    assert {name for name, _ in one.drawn} >= {"card", "text", "tally", "ballot", "said"}
    assert {name for name, _ in after[one.id].drawn} == {"text", "evidence", "ballot", "said"}
    assert "1 vote sur ce texte" in part("tally", after[one.id])


async def test_those_who_ask_during_a_reading_share_the_next_one(database: Database) -> None:
    room = await workshop(database, by=await facilitator(database))
    rooms, readings, begun = Rooms(database), 0, asyncio.Event()
    reading = database.reading

    @asynccontextmanager
    async def counted() -> AsyncIterator[AsyncSession]:
        nonlocal readings
        readings += 1
        begun.set()
        async with reading() as session:
            yield session

    database.reading = counted  # type: ignore[method-assign]
    first = asyncio.create_task(rooms.now(room.id))
    await begun.wait()
    others = [asyncio.create_task(rooms.now(room.id)) for _ in range(50)]
    shown = await asyncio.gather(first, *others)
    assert readings == 2
    assert len({id(each) for each in shown}) == 1  # nothing happened: it is the same room


async def test_a_room_that_is_not_there_is_asked_for_in_vain(database: Database) -> None:
    rooms = Rooms(database)
    for _ in range(2):
        with pytest.raises(NotFound):
            await rooms.now("nothing")
    assert rooms._shelves == {}


async def test_so_many_rooms_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.rooms.KEPT", 3)
    camille, rooms = await facilitator(database), Rooms(database)
    made = [(await workshop(database, by=camille)).id for _ in range(5)]
    for id in (*made, made[2]):
        await rooms.now(id)
    assert list(rooms._shelves) == [made[3], made[4], made[2]]
