"""Notes: what somebody who leads writes for themselves alone.

Nobody else reads them, and nothing of them is public: a note is no gesture. It takes no floor, has no line in the
minutes and goes in no export but the file of the person's own data; it is forgotten with their name.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import agenda, world
from workshops.agenda import Member
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotNow, NotThus
from workshops.texts import clean
from workshops.words import N_

LONGEST = 10_000


class Note(Record, table=True):
    """One person's text about one workshop. `number` counts how often it changed."""

    workshop_id: str = Field(primary_key=True, foreign_key="workshop.id", max_length=12)
    person_id: str = Field(primary_key=True, foreign_key="person.id", index=True, max_length=12)
    text: str = Field(max_length=LONGEST)
    number: int
    updated_at: datetime = Field(sa_type=Moment)


class Stale(NotNow):
    """The same person wrote elsewhere meanwhile: `theirs` is what is kept, `yours` is what was sent."""

    def __init__(self, theirs: Note, yours: str) -> None:
        super().__init__(N_("Ces notes ont changé sur un autre de vos écrans. Les deux textes sont ci-dessous."))
        self.theirs = theirs
        self.told = {"base": theirs.number, "texte_actuel": theirs.text, "votre_texte": yours}


async def write(session: AsyncSession, workshop_id: str, text: str, *, base: int, by: Person) -> None:
    """Whoever leads keeps a text for themselves, at any stage. `base` is the number of the text they started from.

    The last one to write wins, but never without knowing: another text meanwhile raises Stale. The same text changes
    nothing.
    """
    workshop = await agenda.get(session, workshop_id)
    await agenda.require_member(session, workshop, by, *agenda.LEADING)
    text = clean(text)
    if len(text) > LONGEST:
        raise NotThus({"text": N_("Dix mille caractères au plus.")})
    # Two screens of one person: the second one waits for the first, even when there is no note yet.
    here = (col(Member.workshop_id) == workshop_id, col(Member.person_id) == by.id)
    await session.scalar(select(Member.id).where(*here).with_for_update())
    note = await own(session, workshop_id, by)
    if text == note.text:
        return
    if base != note.number:
        if note in session:
            session.expunge(note)  # it leaves whole: what stays in the session is emptied by the rollback
        raise Stale(note, text)
    note.text, note.number, note.updated_at = text, note.number + 1, world.now()
    session.add(note)
    await session.flush()


async def own(session: AsyncSession, workshop_id: str, person: Person) -> Note:
    """A person's own notes; number 0 and no text before the first one."""
    found = await session.get(Note, (workshop_id, person.id), populate_existing=True)
    return found or Note(workshop_id=workshop_id, person_id=person.id, text="", number=0, updated_at=world.now())
