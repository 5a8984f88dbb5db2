"""Queries: a page asks the database as many questions for two hundred indicators as for one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession

from server.database import Database
from tests.cast import (
    COMPLETE,
    Browsers,
    act,
    card,
    colleague,
    facilitator,
    member_of,
    moderator,
    publisher,
    respond,
    signed_in,
    survey,
    touchpoint,
    witness,
    workshop,
)
from tests.documents import document, frozen, item
from workshops import agenda, indicators, journal, touchpoints, world
from workshops.agenda import Member, Stage, Start, Workshop
from workshops.amendments import Amendment, Ending, Fate
from workshops.canonical import canonical, digest
from workshops.comments import Comment, Hiding
from workshops.consensus import Choice, Grade
from workshops.contests import CURRENT, Candidate, Contest, Judgement
from workshops.corrections import Correction
from workshops.evidence import Citation
from workshops.indicators import Indicator, Origin, Wording
from workshops.journal import Kind
from workshops.moderation import Decision
from workshops.moderation import Verdict as Ruling
from workshops.people import Person, Role
from workshops.releases import Release, ReleaseWorkshop
from workshops.reviews import Review, ReviewReply, Verdict
from workshops.testimonials import Face, Telling, Testimonial
from workshops.votes import Vote


@contextmanager
def counting(database: Database) -> Iterator[list[str]]:
    """Every statement sent to the database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def crowded(database: Database, room: Workshop, alix: Person, number: int) -> tuple[str, str]:
    """So many indicators, and on one of them so many texts, comments, answers, voters and reasons, amendments, ballots."""
    async with database.transaction() as session:
        crowd = [Person(name=f"Personne {n}") for n in range(number)]
        session.add_all(crowd)
        await session.flush()
        session.add_all(
            Member(workshop_id=room.id, person_id=p.id, name=p.name, role=Role.MEMBER, lab_slug="siilab") for p in crowd
        )
        items = [
            Indicator(workshop_id=room.id, code=f"ACT-{n + 100}", origin=Origin.WORKSHOP, author_id=alix.id, wording=2)
            for n in range(number)
        ]
        session.add_all(items)
        await session.flush()
        own = {"by_id": alix.id, "gesture": 1}
        for item in items:
            for n in (1, 2):
                sheet = {**COMPLETE, "libelle": f"{item.code} {n}"}
                session.add(Wording(indicator_id=item.id, number=n, sheet=sheet, **own))
            session.add(Vote(indicator_id=item.id, wording=1, person_id=alix.id, choice=Choice.KEEP, gesture=1))
        one = items[0]
        for person in crowd:
            said = Comment(indicator_id=one.id, wording=2, field="libelle", text="Bien.", by_id=person.id, gesture=2)
            session.add(said)
            await session.flush()
            session.add(
                Comment(**{**said.model_dump(exclude={"id"}), "parent_id": said.id, "text": "Oui.", "by_id": alix.id})
            )
            hidden = Comment(**{**said.model_dump(exclude={"id"}), "text": "Des mots durs."})
            session.add(hidden)
            await session.flush()
            session.add(Hiding(comment_id=hidden.id, by_id=alix.id, because="Hors sujet.", gesture=3))
            other = {"base": 2, "changes": {"libelle": person.name}, "by_id": person.id, "gesture": 5}
            made = Amendment(indicator_id=one.id, **other)
            session.add(made)
            await session.flush()
            session.add(Ending(amendment_id=made.id, fate=Fate.DECLINED, answer="Non.", by_id=alix.id, gesture=6))
            drop = {"choice": Choice.DROP, "reason": "Rien à mesurer.", "gesture": 4}
            session.add(Vote(indicator_id=one.id, wording=2, person_id=person.id, **drop))
        contest = Contest(indicator_id=one.id, wording=2, by_id=alix.id, gesture=7)
        session.add(contest)
        await session.flush()
        session.add(Candidate(contest_id=contest.id, number=CURRENT, sheet=COMPLETE))
        session.add_all(
            Judgement(contest_id=contest.id, candidate=CURRENT, person_id=p.id, grade=Grade.FAIR) for p in crowd
        )
        for id in await witnessed(session, number, alix):
            session.add(Citation(testimonial_id=id, indicator_id=one.id, because="Une preuve.", by_id=alix.id))
        for person in crowd:
            floor = await agenda.take_floor(session, room.id, by=person)
            journal.record(session, floor, Kind.COMMENT_POSTED, by=person, about=one.id)
            await session.flush()
    return one.id, contest.id


async def witnessed(session: AsyncSession, number: int, by: Person) -> list[str]:
    """So many published testimonials that may be cited."""
    consents = {"face": Face.GOOD, "may_publish": True, "may_cite": True, "told_at": world.now()}
    told = [Testimonial(key_hash=world.new_key(), lab_slug="ti-lab", **consents) for _ in range(number)]
    session.add_all(told)
    await session.flush()
    for each in told:
        session.add(Telling(testimonial_id=each.id, happened="Très clair."))
        decided = {"verdict": Ruling.PUBLISHED, "of_lab": True, "by_id": by.id}
        session.add(Decision(testimonial_id=each.id, revision=0, **decided))
    await session.flush()
    return [each.id for each in told]


@pytest.mark.parametrize("who", ["member", "publisher", "nobody"])
async def test_pages_ask_as_many_questions_whatever_the_crowd(database: Database, client: Browsers, who: str) -> None:
    camille, dominique = await facilitator(database), await publisher(database)
    asked: dict[int, dict[str, int]] = {}
    for number in (1, 20, 200):
        room = await workshop(database, Stage.VOTING, by=camille, start=Start.EMPTY)
        alix = await member_of(database, room)
        one, contest = await crowded(database, room, alix, number)
        person = {"member": alix, "publisher": dominique, "nobody": None}[who]
        browser = await signed_in(client, person) if person else client()
        paths = {
            "room": f"/ateliers/{room.id}",
            "state": f"/ateliers/{room.id}.json",
            "minutes": f"/ateliers/{room.id}/registre",
            "results": f"/ateliers/{room.id}/resultats",
            "minutes as data": f"/ateliers/{room.id}/registre.json",
            "indicator": f"/indicateurs/{one}",
            "contest": f"/departages/{contest}",
            "workshops": "/ateliers",
            "labs": "/laboratoires",
            "home": "/",
        }
        if who == "member":
            paths |= {
                "projector": f"/ateliers/{room.id}/ecran",
                "rewording": f"/indicateurs/{one}/redaction",
                "ballot": f"/indicateurs/{one}/bulletin",
                "citing": f"/indicateurs/{one}/temoignages",
                "joining": f"/rejoindre/{room.code}?changer=oui",
            }
        if who == "publisher":
            paths |= {"preparing": f"/ateliers/{room.id}/referentiel"}
        asked[number] = {}
        for name, path in paths.items():
            with counting(database) as sent:
                answer = await browser.get(path)
            assert (name, answer.status_code) == (name, 200)
            asked[number][name] = len([statement for statement in sent if statement.startswith("SELECT")])
    assert asked[20] == asked[1]
    assert asked[200] == asked[1]
    assert max(asked[200].values()) <= 23, asked[200]


async def published(database: Database, number: int) -> dict[str, str]:
    """A version of so many indicators, and as many preparations of the next one, corrections, remarks on a candidate."""
    version, following = f"{number + 1}.0.0", f"{number + 1}.0.1"
    codes = [f"ACT-{n + 10}" for n in range(number)]
    camille = await facilitator(database)
    async with database.transaction() as session:
        ids = await witnessed(session, number, camille)
    cited: dict[str, Any] = {"temoignages": [{"id": id} for id in ids]}
    impact = item("IMP-10", fiche={"famille": "impact"})
    base = document(version, [*(item(code, **cited) for code in codes), impact])
    next_one = document(following, [item(code, fiche={"libelle": "Mieux dit"}, **cited) for code in codes])
    until = world.now() + timedelta(days=9)
    rooms = [await workshop(database, Stage.CLOSED, by=camille, start=Start.EMPTY) for _ in codes]
    async with database.transaction() as session:
        crowd = [Person(name=f"Personne {n}") for n in range(number)]
        session.add_all([frozen(base), *crowd])
        for id in ids:
            session.add(Citation(testimonial_id=id, code="IMP-10", because="Une preuve.", by_id=camille.id))
        await session.flush()
        told = {"base": version, "fingerprint": next_one["empreinte"], "document": canonical(next_one).decode()}
        waiting = [
            Release(version=following, candidate=n, review_until=until, by_id=person.id, **told)
            for n, person in enumerate(crowd, 1)
        ]
        session.add_all(waiting)
        await session.flush()
        for release, room, person, code in zip(waiting, rooms, crowd, codes, strict=True):
            session.add(ReleaseWorkshop(release_id=release.id, workshop_id=room.id))
            text = {"sheet": COMPLETE, "base": digest(base["indicateurs"][0]["fiche"])}
            session.add(Correction(code=code, because="Une coquille.", by_id=person.id, **text))
            said = Review(release_id=waiting[0].id, code=code, text="Trop vague.", by_id=person.id)
            session.add(said)
            await session.flush()
            session.add(ReviewReply(review_id=said.id, verdict=Verdict.TAKEN, text="Oui.", by_id=person.id))
    return {
        "versions": "/referentiel",
        "version": f"/referentiel/{version}",
        "document": f"/referentiel/{version}.json",
        "field by field": f"/referentiel/{version}/ACT-10",
        "cited beside it": f"/referentiel/{version}/IMP-10",
        "citing beside it": "/referentiel/temoignages/IMP-10",
        "feed": "/referentiel.atom",
        "candidate": f"/referentiel/{following}-rc.1",
        "candidate as data": f"/referentiel/{following}-rc.1.json",
        "field by field of a candidate": f"/referentiel/{following}-rc.1/ACT-10",
        "preparations": "/referentiel/preparations",
        "preparation": f"/referentiel/preparations/{waiting[0].id}",
        "patch": "/referentiel/preparations/corrections",
        "correcting": "/referentiel/corrections/ACT-10",
        "importing": "/referentiel/imports/nouveau",
        "platform": "/registre",
    }


async def test_pages_of_versions_ask_as_many_questions_whatever_they_hold(database: Database, client: Browsers) -> None:
    browser = await signed_in(client, await publisher(database))
    await browser.get("/referentiel")  # the session is known from now on
    asked: dict[int, dict[str, int]] = {}
    for number in (1, 2, 20):
        asked[number] = {}
        for name, path in (await published(database, number)).items():
            with counting(database) as sent:
                answer = await browser.get(path)
            assert (name, answer.status_code) == (name, 200)
            asked[number][name] = len([statement for statement in sent if statement.startswith("SELECT")])
    assert asked[2] == asked[1]
    assert asked[20] == asked[1]
    assert max(asked[20].values()) <= 22, asked[20]


async def test_pages_of_surveys_ask_as_many_questions_whatever_the_crowd(database: Database, client: Browsers) -> None:
    alix = await colleague(database)
    browser = await signed_in(client, alix)
    await browser.get("/laboratoires")  # the session is known from now on
    asked: dict[int, dict[str, int]] = {}
    for number in (1, 20):
        for _ in range(number):
            point = await touchpoint(database, project="Guichet unique", by=alix)
            one = await survey(database, point, by=alix)
        keys = [await respond(database, one, [1], [4], [1, 5], [1], [5]) for _ in range(number)]
        paths = {
            "of a lab": "/laboratoires/ti-lab/enquetes",
            "writing": "/laboratoires/ti-lab/enquetes/nouvelle",
            "survey": f"/enquetes/{one.id}",
            "results": f"/enquetes/{one.id}/resultats",
            "results as data": f"/enquetes/{one.id}/resultats.json",
            "texts": f"/enquetes/{one.id}/textes",
            "step": f"/enquetes/reponses/{keys[0]}/6",
        }
        asked[number] = {}
        for name, path in paths.items():
            with counting(database) as sent:
                answer = await browser.get(path)
            assert (name, answer.status_code) == (name, 200)
            asked[number][name] = len([statement for statement in sent if statement.startswith("SELECT")])
    assert asked[20] == asked[1]
    assert max(asked[20].values()) <= 16, asked[20]


async def test_a_vote_asks_as_many_questions_whatever_the_crowd(database: Database, client: Browsers) -> None:
    camille = await facilitator(database)
    asked = []
    for number in (1, 20, 200):
        room = await workshop(database, Stage.VOTING, by=camille, start=Start.EMPTY)
        alix = await member_of(database, room)
        one, _contest = await crowded(database, room, alix, number)
        browser = await signed_in(client, alix)
        with counting(database) as sent:
            form = {"wording": "2", "choice": "keep"}
            answer = await browser.post(f"/indicateurs/{one}/vote", data=form, headers={"hx-request": "true"})
        assert answer.status_code == 200
        asked.append(len(sent))
    assert asked == [asked[0]] * 3


async def test_proposing_asks_as_many_questions_whatever_is_on_the_table(database: Database) -> None:
    camille = await facilitator(database)
    asked = []
    for start in (Start.EMPTY, Start.COMMITMENT):
        room = await workshop(database, Stage.PROPOSING, by=camille, start=start)
        with counting(database) as sent:
            born = await act(database, indicators.propose, room.id, COMPLETE, by=camille)
        assert (await card(database, room, born.code)).id == born.id
        asked.append(len(sent))
    assert asked[0] == asked[1]


async def test_pages_of_testimonials_ask_as_many_questions_whatever_was_said(database: Database, client: Browsers) -> None:
    morgane = await moderator(database)
    point = await touchpoint(database, project="Démarches simples", by=await colleague(database))
    browser = client()
    asked: dict[int, dict[str, int]] = {}
    for number in (1, 30):
        for _ in range(number):
            _key, told = await witness(database, point, by=morgane)
        asked[number] = {}
        for name, path in {
            "all": "/temoignages",
            "some": f"/temoignages?labo=ti-lab&projet={point.project_id}&mots=demarche&page=1",
            "one": f"/temoignages/{told.id}",
            "feed": "/temoignages.atom",
            "feed of a project": f"/temoignages.atom?projet={point.project_id}",
            "home": "/",
        }.items():
            with counting(database) as sent:
                answer = await browser.get(path)
            assert (name, answer.status_code) == (name, 200)
            asked[number][name] = len([statement for statement in sent if statement.startswith("SELECT")])
    assert asked[30] == asked[1]
    assert asked[30] == {"all": 5, "some": 5, "one": 1, "feed": 1, "feed of a project": 2, "home": 3}


async def test_a_lab_asks_as_many_questions_whatever_its_projects(database: Database, client: Browsers) -> None:
    alix = await colleague(database)
    browser = await signed_in(client, alix)
    asked: dict[int, dict[str, int]] = {}
    for number in (1, 20):
        made = [await touchpoint(database, project=f"Projet {number} {n}", by=alix) for n in range(number)]
        for point in made:
            await witness(database, point, by=alix)
        await act(database, touchpoints.replace, made[0].id, name="Un autre", by=alix)
        paths = {
            "lab": "/laboratoires/ti-lab",
            "points": "/laboratoires/ti-lab/points",
            "point": f"/points/{made[0].id}",
            "project": f"/projets/{made[0].project_id}",
        }
        await browser.get("/laboratoires")  # the session is known from now on
        asked[number] = {}
        for name, path in paths.items():
            with counting(database) as sent:
                assert (await browser.get(path)).status_code == 200
            asked[number][name] = len([statement for statement in sent if statement.startswith("SELECT")])
    assert asked[20] == asked[1]
    assert max(asked[20].values()) <= 9, asked[20]
