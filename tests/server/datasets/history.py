"""A history in three days: the demonstration's workshop published, then a second version, then a workshop under way."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from server import gridfiles
from server.database import Database
from server.demo import story
from server.settings import Settings
from tests.cast import (
    act,
    ask,
    cards,
    colleague,
    confirm,
    facilitator,
    member_of,
    move,
    prepare,
    publisher,
    respond,
    survey,
    touchpoint,
    workshop,
)
from tests.conftest import Clock
from tests.testimony import tell_everything
from workshops import (
    agenda,
    amendments,
    comments,
    conclusions,
    drafts,
    imports,
    indicators,
    lineage,
    objections,
    people,
    reviews,
    rules,
    votes,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice, Method, Rule, Secrecy
from workshops.crosswalks import Fate
from workshops.drafts import Choices
from workshops.imports import Notice
from workshops.people import Person
from workshops.releases import Release
from workshops.sheet import Sheet

HIDDEN = "la collègue qui a rédigé ce texte"  # said in the demonstration, and taken off the page
OBJECTION = "Cet ensemble est trop long, et ne se dit qu'à la clôture."
ANSWER = "Ce que quelqu'un a écrit en réponse à une enquête."
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
    """Two published versions, and all that happened on the way. A day passes before the second workshop, and while its version is reviewed."""
    first = await story.tell(database, settings)
    await tell_everything(database)
    await _surveys(database, clock)
    camille, dominique = await facilitator(database, "Camille-d-ici"), await publisher(database, "Dominique-d-ici")
    first = await move(database, first, Stage.CLOSED, by=await _leader(database, first))
    await confirm(database, await _prepare(database, first, by=dominique))
    clock.advance(days=1)
    second = await _second(database, camille)
    until = clock.at + timedelta(days=1)
    candidate = await _prepare(database, second, review_until=until, by=dominique)
    await _review(database, candidate, by=dominique)
    clock.advance(days=1)
    await confirm(database, candidate)
    deposit = gridfiles.deposit("grille.csv", b"code,libelle\nA1,=Agents")
    await act(database, imports.keep, deposit, Notice("Une autre grille", "Un rapport, 2019."), by=dominique)
    return History(first, second, await _under_way(database, camille), camille)


async def _surveys(database: Database, clock: Clock) -> None:
    """One is over on the first day, with five answers to its first question and four to the next; another is not."""
    colette = await colleague(database, name="Colette-d-ici")
    point = await touchpoint(database, by=colette)
    over = await survey(database, point, title="=Une enquête", closes_at=clock.at + timedelta(hours=1), by=colette)
    going_on = await survey(database, point, title="Une autre", by=colette)
    for n in range(5):
        await respond(database, over, [1 if n else 3], [4] if n else None, None, None, None, ANSWER)
        await respond(database, going_on, [2])


async def _leader(database: Database, room: Workshop) -> Person:
    async with database.reading() as session:
        leader, *_others = await agenda.leading(session, room.id)
        return await people.get(session, leader.person_id)


async def _prepare(database: Database, room: Workshop, *, by: Person, **given: Any) -> Release:
    exceptions = (await ask(database, drafts.draft, [room])).unfinished("En attendant mieux.")
    draft = await ask(database, drafts.draft, [room], Choices(exceptions=exceptions))
    fates = {each.code: Fate.NARROWER for each in draft.passages if each.fate is None}
    return await prepare(database, room, exceptions=exceptions, fates=fates, note="Une note.", by=by, **given)


async def _review(database: Database, release: Release, *, by: Person) -> None:
    """One remark is answered, another is hidden; both were signed."""
    for text in ("Bien dit.", HIDDEN):
        about = {"code": next(iter(release.contents.sheets)), "field": "libelle"}
        said = await act(database, reviews.leave, release.id, **about, text=text, name="Signé-d-ici", by=None)
    await act(database, reviews.hide, said.id, because="Vise une personne.", by=by)
    (kept,) = [each for each in await ask(database, reviews.of, [release]) if each.hiding is None]
    await act(database, reviews.reply, kept.review.id, verdict="retenue", text="=Merci.", by=by)


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
