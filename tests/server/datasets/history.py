"""A history in three days: the demonstration's workshop published, then a second version, then a workshop under way."""

from dataclasses import dataclass

from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.cast import act, ask, cards, facilitator, member_of, move, publish, publisher, workshop
from tests.conftest import Clock
from workshops import (
    agenda,
    amendments,
    comments,
    conclusions,
    frameworks,
    indicators,
    lineage,
    objections,
    people,
    rules,
    votes,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice, Method, Rule, Secrecy
from workshops.people import Person
from workshops.sheet import Sheet

HIDDEN = "la collègue qui a rédigé ce texte"  # said in the demonstration, and taken off the page
OBJECTION = "Cet ensemble est trop long, et ne se dit qu'à la clôture."
COMMENT = "=1+1 : un avis qu'un tableur exécuterait."


@dataclass
class History:
    """The workshops. `under_way` decides by consent, and its rule hides what is said until the closing."""

    first: Workshop
    second: Workshop
    under_way: Workshop
    camille: Person

    @property
    def closed(self) -> list[Workshop]:
        return [self.first, self.second]


async def told(database: Database, settings: Settings, clock: Clock) -> History:
    """Two published versions, and all that happened on the way. A day passes before the second workshop, and after."""
    first = await story.tell(database, settings)
    camille, dominique = await facilitator(database, "Camille-d-ici"), await publisher(database, "Dominique-d-ici")
    first = await move(database, first, Stage.CLOSED, by=await _leader(database, first))
    await _publish(database, first, by=dominique)
    clock.advance(days=1)
    second = await _second(database, camille)
    await _publish(database, second, by=dominique)
    clock.advance(days=1)
    return History(first, second, await _under_way(database, camille), camille)


async def _leader(database: Database, room: Workshop) -> Person:
    async with database.reading() as session:
        leader, *_others = await agenda.leading(session, room.id)
        return await people.get(session, leader.person_id)


async def _publish(database: Database, room: Workshop, *, by: Person) -> None:
    exceptions = (await ask(database, frameworks.draft, room)).unfinished("En attendant mieux.")
    draft = await ask(database, frameworks.draft, room, exceptions)
    await publish(database, room, version=draft.version, exceptions=exceptions, note="Une note.", by=by)


async def _second(database: Database, camille: Person) -> Workshop:
    """Texts are commented, amended, split; one is rewritten; all is kept."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.PREVIOUS, title="=Second atelier")
    alix, sacha = await member_of(database, room, name="Alix-d-ici"), await member_of(database, room, "siilab")
    table = list((await cards(database, room)).values())
    await act(database, comments.post, table[0].id, field="definition", text=COMMENT, by=sacha)
    await act(database, indicators.reword, table[0].id, _said(table[0].sheet, "Mieux dit"), base=1, by=alix)
    wanted = {**table[1].sheet, "exclusions": "- rien\n- ou presque"}
    amendment = await act(database, amendments.propose, table[1].id, wanted, base=1, why="Plus clair.", by=alix)
    await act(database, amendments.accept, amendment.id, by=camille)
    parts = [_said(table[2].sheet, "Une moitié"), _said(table[2].sheet, "L'autre moitié")]
    await act(database, lineage.split, table[2].id, sheets=parts, because="Deux choses en une.", by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    for card in (await cards(database, room)).values():
        for person in (alix, sacha) if card.is_open else ():
            number = card.wording.number
            await act(database, votes.cast, card.id, wording=number, choice=Choice.KEEP, by=person)
    room = await move(database, room, Stage.CLOSED, by=camille)
    await act(database, conclusions.conclude, table[0].id, because="C'est prêt.", answer="- Rien à redire.", by=camille)
    return await ask(database, agenda.get, room.id)


def _said(sheet: Sheet, title: str) -> Sheet:
    return {**sheet, "libelle": title}


async def _under_way(database: Database, camille: Person) -> Workshop:
    room = await workshop(database, Stage.PROPOSING, by=camille, title="Troisième atelier")
    rule = Rule(method=Method.CONSENT, secrecy=Secrecy.CLOSED)
    await act(database, rules.announce, room.id, rule, by=camille)
    noor = await member_of(database, room, "erasme", name="Noor-d-ici")
    room = await move(database, room, Stage.VOTING, by=camille)
    await act(database, objections.state, room.id, text=OBJECTION, by=noor)
    return room
