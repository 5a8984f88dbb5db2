"""The cast of the tests.

Camille facilitates: she convenes workshops and moves them on. Dominique publishes for the DITP. Alix is a member from
the Ti Lab, Sacha a member from the SIILAB; others may come from any lab of the directory. Noor observes: she has a seat
and no lab. The stranger is signed in, and has a seat nowhere.

    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    alix = await member_of(database, room, "ti-lab")
    await act(database, votes.cast, card.id, wording=1, choice=Choice.KEEP, by=alix)
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import httpx2
from starlette.applications import Starlette

from server import sessions
from server.database import Database
from workshops import (
    agenda,
    drafts,
    frameworks,
    indicators,
    moderation,
    people,
    projects,
    publications,
    questionnaires,
    releases,
    responses,
    roles,
    surveys,
    testimonials,
    touchpoints,
    votes,
    world,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice
from workshops.drafts import Choices
from workshops.frameworks import Framework
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.memberships import Membership
from workshops.people import Identity, Person, Role
from workshops.releases import Release
from workshops.sheet import Sheet
from workshops.surveys import Survey
from workshops.tallies import Tally
from workshops.testimonials import Testimonial, Told
from workshops.touchpoints import Touchpoint

Found = TypeVar("Found")

NAMES = {"ti-lab": "Alix", "siilab": "Sacha"}

# What is only done where a set is decided by consent.
BY_CONSENT = {
    Kind.CONSENT_GIVEN,
    Kind.CONSENT_TAKEN_BACK,
    Kind.OBJECTION_RAISED,
    Kind.OBJECTION_LIFTED,
    Kind.OBJECTION_ANSWERED,
}

# The least a proposal holds, and all that adoption asks for.
SHEET: Sheet = {
    "libelle": "Nombre de projets abandonnés à temps",
    "famille": "activite",
    "definition": "Projets arrêtés avant leur terme parce que le besoin n'était pas confirmé.",
}
COMPLETE: Sheet = {
    **SHEET,
    "nature": "quantitatif",
    "question_evaluative": "Le labo sait-il s'arrêter ?",
    "unite": "projets",
    "sens": "neutre",
    "source_donnee": ["suivi des projets"],
    "methode_collecte": ["comptage"],
    "frequence": "Annuelle",
    "agregation": "somme",
    "limites": "Un arrêt tardif compte autant qu'un arrêt précoce.",
    "cout_collecte": "faible",
    "responsable": "Ti Lab",
}


# ── Who


async def facilitator(database: Database, name: str = "Camille") -> Person:
    """Somebody who may convene workshops."""
    return await somebody(database, name, Role.FACILITATOR)


async def publisher(database: Database, name: str = "Dominique") -> Person:
    """Somebody who may publish versions."""
    return await somebody(database, name, Role.PUBLISHER)


async def stranger(database: Database, name: str = "Inconnu") -> Person:
    """Somebody signed in, whom no provider knows, with no role and no seat."""
    return await somebody(database, name)


async def somebody(database: Database, name: str, *held: Role) -> Person:
    async with database.transaction() as session:
        person = await people.welcome(session, name)
        for role in held:
            await roles.grant(session, person, role, by=None)
    return person


async def account(database: Database, name: str, *held: Role) -> Person:
    """Somebody whom a provider knows."""
    person = await somebody(database, name, *held)
    async with database.transaction() as session:
        session.add(Identity(iss="https://fournisseur.example", sub=person.id, person_id=person.id))
    return person


async def member_of(database: Database, workshop: Workshop, lab: str = "ti-lab", name: str | None = None) -> Person:
    """Somebody from a lab, seated in a workshop."""
    person = await stranger(database, name or NAMES.get(lab, f"Quelqu'un de {lab}"))
    await act(database, agenda.join, workshop.id, name=person.name, lab=lab, by=person)
    return person


async def observer(database: Database, workshop: Workshop, name: str = "Noor") -> Person:
    """Somebody without a lab, seated in a workshop."""
    person = await stranger(database, name)
    await act(database, agenda.join, workshop.id, name=person.name, lab=None, by=person)
    return person


# ── Where


async def workshop(
    database: Database,
    stage: Stage = Stage.PREPARING,
    *,
    by: Person,
    start: Start = Start.COMMITMENT,
    title: str = "Atelier de novembre",
) -> Workshop:
    """A workshop that its facilitator convened, table laid, and moved to a stage."""
    async with database.transaction() as session:
        convened = await agenda.convene(
            session,
            title=title,
            purpose="Écrire la version 2.",
            held_on=world.now().date(),
            prepares=frameworks.FIRST,
            start=start,
            by=by,
        )
        await frameworks.lay_table(session, convened, by=by)
    return await move(database, convened, stage, by=by)


async def move(database: Database, workshop: Workshop, stage: Stage, *, by: Person) -> Workshop:
    """The workshop at another stage."""
    await act(database, agenda.move, workshop.id, stage, by=by)
    return await reread(database, workshop)


async def reread(database: Database, workshop: Workshop) -> Workshop:
    """The workshop as it stands now."""
    async with database.reading() as session:
        return await agenda.get(session, workshop.id)


async def cards(database: Database, workshop: Workshop) -> dict[str, Card]:
    """What is on the table, by code."""
    async with database.reading() as session:
        return {card.indicator.code: card for card in await indicators.cards(session, workshop.id)}


async def card(database: Database, workshop: Workshop, code: str = "ACT-01") -> Card:
    """One indicator on the table."""
    return (await cards(database, workshop))[code]


# ── What they do


async def act(database: Database, verb: Callable[..., Awaitable[Found]], *given: Any, **named: Any) -> Found:
    """One gesture, in its own transaction."""
    async with database.transaction() as session:
        return await verb(session, *given, **named)


async def ask(database: Database, question: Callable[..., Awaitable[Found]], *given: Any, **named: Any) -> Found:
    """One question, in its own session."""
    async with database.reading() as session:
        return await question(session, *given, **named)


def counted(earlier: int = 0, **choices: int) -> Tally:
    """The tally of so many people who said each choice."""
    counts = {choice: number for choice, number in choices.items() if number}
    return Tally(counts=counts, people=sum(counts.values()), earlier=earlier)


async def all_vote(database: Database, workshop: Workshop, choice: Choice = Choice.KEEP, *, by: Person) -> None:
    """One person says the same of every indicator."""
    for card in (await cards(database, workshop)).values():
        reason = "Une raison." if choice in (Choice.REWORK, Choice.DROP) else ""
        await act(database, votes.cast, card.id, wording=card.wording.number, choice=choice, reason=reason, by=by)


async def published(database: Database, **changes: Any) -> Framework:
    """A first version, of one indicator (`changes` to its sheet), decided by one vote."""
    camille, dominique = await facilitator(database), await publisher(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix = await member_of(database, room)
    await act(database, indicators.propose, room.id, {**COMPLETE, **changes}, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    await move(database, room, Stage.CLOSED, by=camille)
    return await publish(database, room, by=dominique)


async def publish(database: Database, *workshops: Workshop, by: Person, **given: Any) -> Framework:
    """What closed workshops decided, prepared by one person and confirmed at once by another."""
    release = await prepare(database, *workshops, by=by, **given)
    return await confirm(database, release)


async def prepare(database: Database, *workshops: Workshop, by: Person, **given: Any) -> Release:
    """The next version as one person prepares it; a reason is written for what nobody explained."""
    until, reasons = given.pop("review_until", None), given.pop("reasons", None)
    given.setdefault("raised", "Une raison." if given.get("version") else "")
    choices = Choices(**given)
    if reasons is None:
        found = await ask(database, drafts.draft, workshops, choices)
        reasons = {line.code: "Une raison." for line in found.unexplained}
    ids = [workshop.id for workshop in workshops]
    return await act(database, releases.prepare, ids, choices, reasons=reasons, review_until=until, by=by)


async def confirm(database: Database, release: Release) -> Framework:
    """A version that another publisher confirms."""
    return await act(database, publications.confirm, release.id, by=await publisher(database, "Maxime"))


# ── What citizens tell

HAPPENED = "On m'a expliqué la démarche, et j'ai pu la finir chez moi."


async def colleague(database: Database, lab: str = "ti-lab", name: str | None = None) -> Person:
    """Somebody of a lab, as one of its referents confirmed."""
    person = await account(database, name or NAMES.get(lab, f"Quelqu'un de {lab}"))
    async with database.transaction() as session:
        session.add(Membership(person_id=person.id, lab_slug=lab, approved_at=world.now(), approved_by_id=person.id))
    return person


async def moderator(database: Database, name: str = "Morgane") -> Person:
    """Somebody who moderates for DITP."""
    return await account(database, name, Role.MODERATOR)


async def touchpoint(
    database: Database, lab: str = "ti-lab", *, project: str = "", name: str = "Accueil de la préfecture", by: Person
) -> Touchpoint:
    """Where citizens meet a lab; on a project of that name, if it is given."""
    async with database.transaction() as session:
        entered = await projects.enter(session, lab, title=project, by=by) if project else None
        given = {"sort": "projet" if entered else "guichet", "project_id": entered.id if entered else None}
        return await touchpoints.make(session, lab, name=name, by=by, **given)


async def give(
    database: Database,
    point: Touchpoint | None = None,
    *,
    face: str = "bien",
    lab: str = "ti-lab",
    key: str | None = None,
    **told: Any,
) -> tuple[str, Testimonial]:
    """A citizen says how it went, then tells (unless `told` is empty): the key that opens it, and what is kept.

    What is told may be published and cited, unless it says otherwise.
    """
    key = key or world.new_key()
    where = {"token": point.token} if point else {"lab_slug": lab}
    given, _is_new = await act(database, testimonials.give, key=key, face=face, **where)
    if told:
        told = {"happened": HAPPENED, "may_publish": True, "may_cite": True, **told}
        given = await act(database, testimonials.tell, key, Told(**told))
    return key, given


async def witness(
    database: Database, point: Touchpoint | None = None, *, by: Person, **given: Any
) -> tuple[str, Testimonial]:
    """A testimonial that somebody of the lab, or a moderator, published."""
    key, testimonial = await give(database, point, **{"happened": HAPPENED, **given})
    base = testimonial.revision
    await act(database, moderation.decide, testimonial.id, verdict="publie", base=base, by=by)
    return key, testimonial


# ── What surveys ask

JDMA = "je-donne-mon-avis"


async def survey(
    database: Database, point: Touchpoint | None = None, *, template: str = JDMA, by: Person, **given: Any
) -> Survey:
    """A survey of a lab, open for a month, with the questions of a template."""
    point = point or await touchpoint(database, by=by)
    asked = {
        "point_id": point.id,
        "title": "La préfecture, vue du guichet",
        "purpose": "Savoir ce qui change pour les usagers.",
        "code": "IMP-08",
        "opens_at": world.now(),
        "closes_at": world.now() + timedelta(days=30),
        "questions": questionnaires.template(template).questions,
    }
    return await act(database, surveys.open, point.lab_slug, by=by, **{**asked, **given})


async def respond(database: Database, asked: Survey, *given: Sequence[int] | str | None, key: str | None = None) -> str:
    """Somebody answers the questions of a survey in order, by the numbers of their choices or a text; None skips one.

    Gives the key that opens what they answered. Those they are not asked are passed over.
    """
    key = key or world.new_key()
    await act(database, responses.begin, asked.id, key=key)
    for place, each in enumerate(given, 1):
        if place in (await ask(database, responses.own, key)).asked:
            said = {"text": each} if isinstance(each, str) else {"chosen": [str(number) for number in each or ()]}
            await act(database, responses.answer, key, place, **said)
    return key


# ── Their browsers


class Browsers:
    """Opens browsers on an application, and closes them all at the end."""

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self.opened: list[httpx2.AsyncClient] = []

    def __call__(self, *, raise_app_exceptions: bool = True, **given: Any) -> httpx2.AsyncClient:
        """A browser with no cookie. It follows no redirection: a test says where it goes."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=raise_app_exceptions)
        browser = httpx2.AsyncClient(transport=transport, base_url="http://testserver", **given)
        self.opened.append(browser)
        return browser

    async def close(self) -> None:
        for browser in self.opened:
            await browser.aclose()


async def signed_in(client: Browsers, person: Person, **given: Any) -> httpx2.AsyncClient:
    """A browser that carries a person's session."""
    browser = client(**given)
    # The domain that a cookie jar gives to a host without a dot: what the site sets later replaces this.
    browser.cookies.set("session", await session_of(client.app.state.database, person), domain="testserver.local")
    return browser


async def session_of(database: Database, person: Person) -> str:
    """A session's cookie."""
    async with database.transaction() as session:
        return sessions.open_session(session, person.id)
