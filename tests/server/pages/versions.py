"""Versions: workshops that lead to one, as the tests of several pages need them."""

from dataclasses import dataclass
from typing import Any

from server.database import Database
from tests.cast import (
    COMPLETE,
    SHEET,
    Browsers,
    act,
    all_vote,
    ask,
    card,
    cards,
    colleague,
    facilitator,
    member_of,
    move,
    publish,
    published,
    publisher,
    witness,
    workshop,
)
from tests.server.pages.day import Day, begin
from workshops import evidence, frameworks, indicators, votes
from workshops.agenda import Stage, Start
from workshops.consensus import Choice
from workshops.crosswalks import Fate
from workshops.frameworks import Framework


async def decided(database: Database, client: Browsers, stage: Stage = Stage.CLOSED) -> Day:
    """ACT-08 is kept and complete, ACT-09 kept and unfinished, RES-04 dropped; the codes after these, the next time."""
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    for sheet in (COMPLETE, {**SHEET, "libelle": "Inachevé"}, {**COMPLETE, "famille": "resultats"}):
        await act(database, indicators.propose, day.room.id, sheet, by=day.alix)
    await day.move(Stage.VOTING)
    for person in (day.alix, day.sacha):
        await all_vote(database, day.room, by=person)
        (dropped,) = [each for code, each in (await cards(database, day.room)).items() if code.startswith("RES")]
        drop = {"wording": 1, "choice": Choice.DROP, "reason": "Non."}
        await act(database, votes.cast, dropped.id, **drop, by=person)
    await day.move(stage)
    return day


async def second(database: Database, client: Browsers, **changes: Any) -> Day:
    """A workshop that reworded the one indicator of 2.0.0, and closed."""
    await published(database)
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.PREVIOUS)
    alix = await member_of(database, room)
    former = await card(database, room, "ACT-08")
    sheet = {**former.sheet, **changes}
    await act(database, indicators.reword, former.id, sheet, base=1, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    room = await move(database, room, Stage.CLOSED, by=camille)
    return Day(database, client, room, former, camille, alix, alix, alix, await publisher(database), alix)


async def two_versions(database: Database, client: Browsers, **changes: Any) -> tuple[Framework, Framework]:
    day = await second(database, client, **changes)
    fates = {"ACT-08": Fate.NARROWER}
    after = await publish(database, day.room, note="La suite.", fates=fates, by=day.dominique)
    return await ask(database, frameworks.fetch, "2.0.0"), after


@dataclass
class Evidenced:
    """Version 2.0.0, whose impact indicator `code` cites a testimonial: its id, and the key that opens it."""

    day: Day
    framework: Framework
    code: str
    key: str
    id: str


async def with_evidence(database: Database, client: Browsers, happened: str) -> Evidenced:
    """IMP-10 is published, with what a citizen told of it."""
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    born = await act(database, indicators.propose, day.room.id, {**COMPLETE, "famille": "impact"}, by=day.alix)
    key, told = await witness(database, by=await colleague(database, name="Yann"), happened=happened)
    await act(database, evidence.cite, born.id, told.id, because="Une preuve.", by=day.alix)
    await day.move(Stage.VOTING)
    await all_vote(database, day.room, by=day.alix)
    await day.move(Stage.CLOSED)
    framework = await publish(database, day.room, by=day.dominique)
    return Evidenced(day, framework, born.code, key, told.id)
