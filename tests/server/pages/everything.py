"""Everything at once: an address for every route, on a world where each has something to show."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.routing import Route

from server import cookies, gridfiles, sessions
from server.database import Database
from server.provider import new_token
from server.routes import ROUTES
from tests.cast import (
    COMPLETE,
    HAPPENED,
    Browsers,
    account,
    act,
    all_vote,
    ask,
    card,
    colleague,
    give,
    member_of,
    moderator,
    move,
    prepare,
    publish,
    published,
    publisher,
    respond,
    session_of,
    survey,
    touchpoint,
    witness,
    workshop,
)
from tests.server.pages.day import Day, begin
from workshops import (
    agenda,
    comments,
    contests,
    corrections,
    evidence,
    frameworks,
    handwritten,
    imports,
    indicators,
    invitations,
    memberships,
    objections,
    people,
    reviews,
    roles,
    rules,
    schedule,
    votes,
    world,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice, Method, Rule
from workshops.handwritten import Ballot
from workshops.imports import Notice
from workshops.people import TERMS, Role

PAGES = [route for route in ROUTES if isinstance(route, Route) and "GET" in (route.methods or ())]
GESTURES = [route for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())]

# For citizens, who have no account: what they send, and what a key alone opens.
CITIZENS = {
    *("testimonials.arrive", "testimonials.give", "testimonials.enter"),
    *("followups.own", "followups.tell", "followups.take_back", "followups.withdraw", "followups.appeal"),
    *("surveys.begin", "responses.own", "responses.answer"),
}

# A form that holds, for each gesture that asks for one: what comes back is then about rights, not about forms.
FORMS: dict[str, dict[str, Any]] = {
    "workshops.convene": {
        "title": "T",
        "purpose": "P",
        "held_on": "2026-11-23",
        "prepares": "2.0.0",
        "start": "empty",
    },
    "mailbox.ask": {"address": "alix@exemple.fr"},
    "mailbox.enter": {"name": "Alix"},
    "workshops.join": {"name": "Alix", "lab": "ti-lab"},
    "workshops.move": {"stage": "closed"},
    "rules.announce": {"method": "two_axes"},
    "rules.open_round": {"round": "2"},
    "schedule.write": {"schedule": "10 Accueil", "base": "0"},
    "schedule.start": {"place": "1"},
    "schedule.extend": {"minutes": "5", "base": "0"},
    "schedule.stop": {"timer": "0nexistepas0"},
    "notes.write": {"text": "Penser à la pause.", "base": "0"},
    "indicators.propose": {"libelle": "L", "famille": "impact", "definition": "D"},
    "indicators.reword": {"libelle": "L", "famille": "impact", "definition": "D", "base": "1"},
    "indicators.withdraw": {"because": "Un doublon."},
    "lineage.merge": {"into": "0nexistepas0", "because": "Un doublon."},
    "lineage.split": {
        "libelle-1": "L",
        "famille-1": "impact",
        "definition-1": "D",
        "libelle-2": "M",
        "famille-2": "impact",
        "definition-2": "D",
        "because": "Deux choses.",
    },
    "amendments.propose": {"libelle": "L", "famille": "impact", "definition": "D", "base": "2"},
    "amendments.decline": {"answer": "Déjà dit ailleurs."},
    "contests.grade": {"grade-1": "fair", "grade-2": "good"},
    "contests.abandon": {"because": "Trop tôt."},
    "comments.post": {"field": "libelle", "text": "Bien."},
    "conclusions.conclude": {"because": "Trop vague."},
    "comments.hide": {"because": "Hors sujet."},
    "evidence.cite": {"testimonial": "0nexistepas0", "because": "Une preuve."},
    "evidence.cite_published": {"testimonial": "0nexistepas0", "because": "Une preuve."},
    "consents.give": {"choice": "consent"},
    "objections.state": {"text": "Trop vague."},
    "objections.lift": {"because": "C'est dit."},
    "objections.answer": {"text": "Le labo."},
    "handwritten.enter": {"lab": "ti-lab", "initials": "AB"},
    "votes.cast": {"wording": "2", "choice": "keep"},
    "releases.prepare": {"version": "2.0.0"},
    "releases.prepare_patch": {"version": "2.0.2"},
    "releases.abandon": {"because": "Trop tôt."},
    "reviews.leave": {"text": "Trop vague."},
    "reviews.reply": {"verdict": "retenue", "text": "Oui."},
    "reviews.hide": {"because": "Hors sujet."},
    "corrections.write": {"libelle": "L", "famille": "activite", "definition": "D", "because": "Un point."},
    "imports.rehearse": {"title": "Grille", "source": "DITP", "text": "code,libelle\nA1,Agents"},
    "imports.keep": {"title": "Grille", "source": "DITP", "text": "code,libelle\nA1,Agents"},
    "answers.answer": {"text": "Merci de l'avoir dit."},
    "answers.write": {"text": "Écrivez-nous à l'adresse du labo."},
    "moderation.decide": {"verdict": "publie", "base": "1"},
    "moderation.mask": {"passages": "démarche", "base": "1"},
    "invitations.make": {"role": "auditor"},
    "touchpoints.make": {"name": "Accueil", "sort": "guichet"},
    "touchpoints.replace": {"name": "Nouvel accueil"},
    "memberships.decline": {"because": "Pas encore arrivée."},
    "memberships.end": {"because": "Partie ailleurs."},
    "legal.accept_terms": {"version": TERMS, "then": "/"},
    "testimonials.give": {"face": "bien", "lab": "ti-lab", "key": "k" * 24},
    "testimonials.enter": {"code": "0000 0000 0000 0000"},
    "followups.tell": {"happened": "On m'a écouté."},
    "surveys.begin": {"key": "une-cle-de-formulaire"},
    "surveys.close": {"because": "Assez de réponses."},
    "responses.answer": {"answer": "1"},
}
UNKNOWN = {
    "number": "999",
    "item": "ZZZ-99",
    "workshop": "0nexistepas0",
    "indicator": "0nexistepas0",
    "comment": "0nexistepas0",
    "citation": "0nexistepas0",
    "amendment": "0nexistepas0",
    "contest": "0nexistepas0",
    "objection": "0nexistepas0",
    "member": "0nexistepas0",
    "session": "0nexistepas0",
    "identity": "0nexistepas0",
    "invitation": "0nexistepas0",
    "offer": "x" * 43,
    "granting": "0nexistepas0",
    "membership": "0nexistepas0",
    "slug": "lab-imaginaire",
    "touchpoint": "0nexistepas0",
    "project": "0nexistepas0",
    "imported": "grille-imaginaire",
    "code": "ZZZZZZ",
    "token": "x" * 43,
    "version": "9.9.9",
    "release": "0nexistepas0",
    "candidate": "9.9.9-rc.1",
    "review": "0nexistepas0",
    "correction": "0nexistepas0",
    "before": "9.9.8",
    "after": "9.9.9",
    "day": "1999-12-31",
    "table": "inconnue",
    "link": "ABCDEFGH",
    "key": "0" * 16,
    "testimonial": "0nexistepas0",
    "survey": "0nexistepas0",
    "respondent": "0nexistepas0abcd",
    "place": "999",
}


def address(route: Route, ids: dict[str, str]) -> str:
    """A route's address; an id it needs and nobody gave fails here."""
    return str(route.url_path_for(route.name, **{name: ids[name] for name in route.param_convertors}))


@dataclass
class World:
    """A day in the voting stage, two published versions, and the ids that routes ask for.

    `by_consent`: another workshop of the same people, where Alix objects.
    """

    day: Day
    ids: dict[str, str]
    by_consent: Workshop

    def at(self, route: Route) -> str:
        return address(route, self.ids)


async def everything(database: Database, client: Browsers) -> World:
    await published(database)
    await _published_again(database)
    day = await begin(database, client, Stage.VOTING)
    for person in (day.alix, day.sacha):
        await act(database, votes.cast, day.card.id, wording=1, choice=Choice.KEEP, by=person)
    said = await day.say("Un **avis**.")
    await day.say("Une réponse.", answers=said.id, by=day.sacha)
    hidden = await day.say("Des mots durs.")
    await act(database, comments.hide, hidden.id, because="Hors sujet.", by=day.camille)
    await day.reword(by=day.sacha)
    drop = {"wording": 2, "choice": Choice.DROP, "reason": "Rien à mesurer."}
    await act(database, votes.cast, day.card.id, **drop, by=day.sacha)
    await act(database, schedule.write, day.room.id, "10 Accueil", base=0, by=day.camille)
    await act(database, schedule.start, day.room.id, 1, by=day.camille)
    _key, told = await witness(database, by=await colleague(database, name="Yann"))
    because = {"because": "Une preuve.", "by": day.alix}
    citation = await act(database, evidence.cite, day.card.id, told.id, **because)
    ids = {"workshop": day.room.id, "indicator": day.card.id, "comment": said.id, "citation": citation.id, "code": day.room.code}
    ids |= await competing(day)
    ids |= {"number": "1", "item": "ACT-08", "slug": "ti-lab", "token": "x" * 43, "version": "2.0.0", "before": "2.0.0", "after": "2.0.1"}
    ids |= {"day": "1999-12-31", "table": "temoignages"}
    by_consent, objection = await _by_consent(database, day)
    ids |= {"imported": await _imported(database)}
    ids |= await _met(database)
    ids |= {"objection": objection, "member": await _on_paper(database, day)}
    ids |= await _prepared(database, day)
    ids |= await _testified(database)
    ids |= {"testimonial": await _witnessed(database, client)}
    ids |= await _asked(database)
    return World(day, ids | await _around(database, day), by_consent)


async def _prepared(database: Database, day: Day) -> dict[str, str]:
    """A candidate that somebody reviewed, prepared by another publisher than the day's, and a correction."""
    maxime = await publisher(database, "Maxime")
    room = await workshop(database, Stage.PROPOSING, by=day.camille, start=Start.EMPTY, title="Une suite")
    alix = await member_of(database, room)
    await act(database, indicators.propose, room.id, {**COMPLETE, "libelle": "Tout neuf"}, by=alix)
    room = await move(database, room, Stage.VOTING, by=day.camille)
    await all_vote(database, room, by=alix)
    room = await move(database, room, Stage.CLOSED, by=day.camille)
    release = await prepare(database, room, by=maxime, review_until=world.now() + timedelta(days=9))
    review = await act(database, reviews.leave, release.id, text="Trop vague.", by=None)
    before = (await ask(database, frameworks.fetch, "2.0.1")).sheets["ACT-08"]
    after = {**before, "libelle": "Mieux dit."}
    correction = await act(
        database, corrections.correct, "ACT-08", before, after, because="Un point.", by=day.dominique
    )
    return {
        "release": release.id,
        "candidate": release.name,
        "review": review.id,
        "correction": correction.id,
    }


async def _testified(database: Database) -> dict[str, str]:
    """Where citizens meet a lab, and what one of them told there."""
    point = await touchpoint(database, by=await colleague(database, name="Lou"))
    key, _testimonial = await give(database, point, happened=HAPPENED)
    return {"link": point.token, "key": key}


async def _witnessed(database: Database, client: Browsers) -> str:
    """A published testimonial, whose author may be written to."""
    sealed = client.app.state.settings.seal.seal("claude@exemple.fr")
    morgane = await moderator(database)
    _key, told = await witness(database, by=morgane, wants_contact=True, contact=sealed)
    return told.id


async def _by_consent(database: Database, day: Day) -> tuple[Workshop, str]:
    """A workshop that decides by consent, and the id of what Alix holds against its set."""
    room = await workshop(database, by=day.camille)
    for person, lab in ((day.alix, "ti-lab"), (day.sacha, "siilab"), (day.noor, None)):
        await act(database, agenda.join, room.id, name=person.name, lab=lab, by=person)
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT), by=day.camille)
    room = await move(database, room, Stage.VOTING, by=day.camille)
    held = await act(database, objections.state, room.id, text="Trop vague.", by=day.alix)
    return room, held.id


async def _met(database: Database) -> dict[str, str]:
    """Where citizens meet a lab, on a project that one of them told of."""
    anaïg = await colleague(database, name="Anaïg")
    point = await touchpoint(database, project="Un guichet pour tous", by=anaïg)
    await witness(database, point, by=anaïg)
    assert point.project_id
    return {"touchpoint": point.id, "project": point.project_id}


async def _asked(database: Database) -> dict[str, str]:
    """A survey of a lab, and the key of somebody who began to answer."""
    asked = await survey(database, code="", by=await colleague(database, name="Colette"))
    return {"survey": asked.id, "respondent": await respond(database, asked, [2]), "place": "2"}


async def _on_paper(database: Database, day: Day) -> str:
    """The seat of somebody whose paper Camille copied."""
    ballots = [Ballot(day.card.id, 2, "keep")]
    member = await act(
        database, handwritten.enter, day.room.id, lab="siilab", initials="cd", ballots=ballots, by=day.camille
    )
    return member.id


async def _imported(database: Database) -> str:
    """A framework of others."""
    deposit = gridfiles.deposit("grille.csv", b"code;libelle;famille\nA1;Agents;Moyens")
    return (await act(database, imports.keep, deposit, Notice("Grille de 2019", "DITP"), by=None)).slug


async def competing(day: Day) -> dict[str, str]:
    """An amendment that waits, and another one put to a contest, which has a ballot."""
    database = day.database
    amendment = await day.amend(by=day.alix)
    other = await card(database, day.room, "ACT-02")
    await day.amend(by=day.sacha, on=other)
    contest = await act(database, contests.start, other.id, by=day.camille)
    await act(database, contests.grade, contest.id, {1: "good", 2: "fair"}, by=day.sacha)
    return {"amendment": amendment.id, "contest": contest.id}


async def _around(database: Database, day: Day) -> dict[str, str]:
    """Around the workshop: a request of a lab, a role that was given, an invitation, somebody's device."""
    maël, leïla = await account(database, "Maël"), await account(database, "Leïla", Role.AUDITOR)
    membership = await act(database, memberships.ask, "ti-lab", by=maël)
    ((granting, _who),) = await ask(database, roles.standing, Role.AUDITOR)
    offer = new_token()
    invitation = await act(
        database,
        invitations.invite,
        Role.COFACILITATOR,
        token_hash=cookies.digest(offer),
        workshop_id=day.room.id,
        by=day.camille,
    )
    await session_of(database, leïla)
    async with database.reading() as session:
        (device,) = await sessions.of(session, leïla)
    ids = {"membership": membership, "granting": granting, "invitation": invitation, "session": device}
    return {"offer": offer, "identity": "0nexistepas0", **{name: record.id for name, record in ids.items()}}


async def _published_again(database: Database) -> None:
    camille = await act(database, people.welcome, "Camille")
    await act(database, roles.grant, camille, Role.FACILITATOR, by=None)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.PREVIOUS)
    alix = await member_of(database, room)
    async with database.reading() as session:
        (card,) = await indicators.cards(session, room.id)
    await act(database, indicators.reword, card.id, {**COMPLETE, "libelle": "Mieux dit"}, base=1, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    room = await move(database, room, Stage.CLOSED, by=camille)
    await publish(database, room, version="2.0.1", by=await publisher(database))
