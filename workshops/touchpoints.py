"""Touch-points: where citizens meet a lab, and say how it went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, col, select

from workshops import audit, labs, memberships, projects, world
from workshops.audit import Deed, Register
from workshops.labs import Lab
from workshops.people import Person
from workshops.projects import Project
from workshops.records import Coded, Moment, Record, one_of
from workshops.refusals import NotFound, NotNow, NotThus
from workshops.texts import line
from workshops.words import N_, Word

NAME_LENGTH, BECAUSE_LENGTH = 80, 200


class Sort(Word):
    """What a touch-point stands at."""

    PROJECT = "projet", N_("Projet")
    COUNTER = "guichet", N_("Guichet")
    EVENT = "evenement", N_("Événement")


class Touchpoint(Record, table=True):
    """A short link of a lab, printed or shown: what comes through it is about that lab, and its project if it has one.

    `token` is what the link ends with. It is no secret, and nobody types a letter of it for another.
    """

    __table_args__ = (one_of("sort", Sort),)

    id: str = Field(default_factory=world.new_id, primary_key=True, max_length=12)
    token: str = Field(default_factory=world.new_token, unique=True, max_length=8)
    lab_slug: str = Field(foreign_key="lab.slug", index=True, max_length=60)
    project_id: str | None = Field(default=None, foreign_key="project.id", max_length=12)
    sort: Sort = Field(sa_type=Coded(Sort))
    name: str = Field(max_length=NAME_LENGTH)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


class Retirement(Record, table=True):
    """That a touch-point takes nothing more in. `replaced_by`: where its link leads since."""

    touchpoint_id: str = Field(primary_key=True, foreign_key="touchpoint.id", max_length=12)
    because: str = Field(default="", max_length=BECAUSE_LENGTH)
    replaced_by: str | None = Field(default=None, foreign_key="touchpoint.id", max_length=12)
    by_id: str = Field(foreign_key="person.id", max_length=12)
    at: datetime = Field(default_factory=world.now, sa_type=Moment)


@dataclass(frozen=True)
class Met:
    """A touch-point with what one sees on arriving: its lab, its project, and whether it still takes anything in."""

    point: Touchpoint
    lab: Lab
    project: Project | None
    retirement: Retirement | None

    @property
    def is_open(self) -> bool:
        return self.retirement is None


async def make(
    session: AsyncSession, lab_slug: str, *, sort: str, name: str, project_id: str | None = None, by: Person
) -> Touchpoint:
    """Somebody of a lab makes a touch-point: a short link for a project, a counter or an event.

    Raises NotYours for whoever is not of the lab; NotThus without a name, without a sort, or for another lab's project.
    """
    register = await audit.take_floor(session, by=by)
    await labs.get(session, lab_slug)
    await memberships.require_of(session, lab_slug, by)
    point = await _made(session, lab_slug, sort=sort, name=name, project_id=project_id, by=by)
    audit.record(session, register, Deed.TOUCHPOINT_MADE, by=by, about=point.id)
    return point


async def retire(session: AsyncSession, touchpoint_id: str, *, because: str = "", by: Person) -> Retirement:
    """Somebody of the lab closes a touch-point; what came through it stays. Twice is once."""
    register, point, before = await _held(session, touchpoint_id, by=by)
    if before:
        audit.yield_floor(session, register)
        return before
    retirement = Retirement(touchpoint_id=point.id, because=_reason(because), by_id=by.id)
    session.add(retirement)
    audit.record(session, register, Deed.TOUCHPOINT_RETIRED, by=by, about=point.id)
    return retirement


async def replace(session: AsyncSession, touchpoint_id: str, *, name: str, because: str = "", by: Person) -> Touchpoint:
    """Another touch-point takes the place of one: posters already printed lead to it, what came before stays.

    Raises NotNow once it is retired.
    """
    register, point, before = await _held(session, touchpoint_id, by=by)
    if before:
        raise NotNow(N_("Ce point de recueil est déjà fermé."))
    because = _reason(because)
    new = await _made(session, point.lab_slug, sort=point.sort, name=name, project_id=point.project_id, by=by)
    session.add(Retirement(touchpoint_id=point.id, because=because, replaced_by=new.id, by_id=by.id))
    audit.record(session, register, Deed.TOUCHPOINT_RETIRED, by=by, about=point.id)
    return new


async def _held(
    session: AsyncSession, touchpoint_id: str, *, by: Person
) -> tuple[Register, Touchpoint, Retirement | None]:
    """The floor, the touch-point of a lab that the person is of, and how it ended if it did."""
    register = await audit.take_floor(session, by=by)
    point = await get(session, touchpoint_id)
    await memberships.require_of(session, point.lab_slug, by)
    return register, point, await session.get(Retirement, point.id)


async def _made(
    session: AsyncSession, lab_slug: str, *, sort: str, name: str, project_id: str | None, by: Person
) -> Touchpoint:
    wrong = {}
    if sort not in {word.value for word in Sort}:
        wrong["sort"] = N_("Choisissez dans la liste.")
    if project_id and project_id not in {project.id for project in await projects.of(session, lab_slug)}:
        wrong["project"] = N_("Ce projet n'est pas de ce laboratoire.")
    if wrong:
        raise NotThus(wrong)
    name = line(name, "name", NAME_LENGTH, N_("Dites en quelques mots où l'on se trouve."))
    point = Touchpoint(lab_slug=lab_slug, project_id=project_id or None, sort=Sort(sort), name=name, by_id=by.id)
    session.add(point)
    await session.flush()
    return point


def _reason(because: str) -> str:
    return line(because, "because", BECAUSE_LENGTH)


async def get(session: AsyncSession, touchpoint_id: str) -> Touchpoint:
    """A touch-point, or NotFound."""
    point = await session.get(Touchpoint, touchpoint_id)
    if point is None:
        raise NotFound(N_("Ce point de recueil n'existe pas."))
    return point


async def met(session: AsyncSession, token: str) -> Met:
    """The touch-point that a link names, or the one that took its place, however many times it was replaced.

    Capitals and small letters are the same. Raises NotFound when no link ends so.
    """
    point: Touchpoint | None = await session.scalar(select(Touchpoint).where(col(Touchpoint.token) == token.upper()))
    if point is None:
        raise NotFound(N_("Ce lien ne mène à aucun point de recueil : vérifiez-le, ou choisissez un laboratoire."))
    retirement = await session.get(Retirement, point.id)
    while retirement and retirement.replaced_by:
        point = await session.get_one(Touchpoint, retirement.replaced_by)
        retirement = await session.get(Retirement, point.id)
    return await _met(session, point, retirement)


async def met_by_id(session: AsyncSession, touchpoint_id: str) -> Met:
    """A touch-point as it is, even when another took its place. Raises NotFound."""
    point = await get(session, touchpoint_id)
    return await _met(session, point, await session.get(Retirement, point.id))


async def _met(session: AsyncSession, point: Touchpoint, retirement: Retirement | None) -> Met:
    lab = await labs.get(session, point.lab_slug)
    project = await session.get(Project, point.project_id) if point.project_id else None
    return Met(point, lab, project, retirement)


async def of(session: AsyncSession, lab_slug: str) -> list[tuple[Touchpoint, Retirement | None]]:
    """The touch-points of a lab, the latest first."""
    found = await session.execute(
        select(Touchpoint, Retirement)
        .outerjoin(Retirement, col(Retirement.touchpoint_id) == col(Touchpoint.id))
        .where(col(Touchpoint.lab_slug) == lab_slug)
        .order_by(col(Touchpoint.at).desc(), col(Touchpoint.id))
    )
    return [(point, retirement) for point, retirement in found]


async def names(session: AsyncSession, ids: Collection[str]) -> dict[str, str]:
    """What some touch-points are called, by id."""
    found = await session.execute(select(Touchpoint.id, Touchpoint.name).where(col(Touchpoint.id).in_(ids)))
    return dict(found.all())
