"""Projects: what a lab works on, that citizens meet."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, labs, memberships, world
from workshops.audit import Deed
from workshops.people import Person
from workshops.records import Moment, Record
from workshops.refusals import NotFound
from workshops.texts import line
from workshops.words import N_

TITLE_LENGTH = 120


class Project(Record, table=True):
    """A project of a lab. Of the rest of its card, nothing is kept yet."""

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    lab_slug: str = Field(foreign_key="lab.slug", index=True, max_length=60)
    title: str = Field(max_length=TITLE_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


async def enter(session: AsyncSession, lab_slug: str, *, title: str, by: Person) -> Project:
    """Somebody of a lab enters one of its projects; a title that it already has is that project.

    Raises NotFound without such a lab, NotYours for whoever is not of it, NotThus without a title.
    """
    register = await audit.take_floor(session, by=by)
    await labs.get(session, lab_slug)
    await memberships.require_of(session, lab_slug, by)
    title = line(title, "project", TITLE_LENGTH, N_("Donnez un nom à ce projet."))
    known = next((each for each in await of(session, lab_slug) if each.title.casefold() == title.casefold()), None)
    if known:
        audit.yield_floor(session, register)
        return known
    project = Project(lab_slug=lab_slug, title=title, by_id=by.id)
    session.add(project)
    audit.record(session, register, Deed.PROJECT_ENTERED, by=by, about=project.id)
    await session.flush()
    return project


async def get(session: AsyncSession, project_id: str) -> Project:
    """A project, or NotFound."""
    project = await session.get(Project, project_id)
    if project is None:
        raise NotFound(N_("Ce projet n'existe pas."))
    return project


async def of(session: AsyncSession, lab_slug: str) -> list[Project]:
    """The projects of a lab, as they were entered."""
    own = select(Project).where(col(Project.lab_slug) == lab_slug)
    return list(await session.scalars(own.order_by(col(Project.at), col(Project.id))))


async def titles(session: AsyncSession, ids: Collection[str] | None = None) -> dict[str, str]:
    """What some projects are called, by id; all of them, unless told which."""
    asked = select(Project.id, Project.title)
    if ids is not None:
        asked = asked.where(col(Project.id).in_(ids))
    return dict((await session.execute(asked)).all())
