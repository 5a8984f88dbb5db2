"""The demonstration's story: true to its journal, plainly invented, told once."""

import pytest
from sqlmodel import func, select

from server import exports
from server.database import Database
from server.demo import citizens, story
from server.demo.signin import CAST, issuer
from server.settings import Settings
from tests.cast import BY_CONSENT, ask, counted, publish, reread
from workshops import (
    agenda,
    attachments,
    comments,
    evidence,
    handling,
    indicators,
    journal,
    labs,
    people,
    published,
    sheet,
    surveys,
    tallies,
)
from workshops.agenda import Stage, Workshop
from workshops.consensus import Outcome
from workshops.people import Person, Role
from workshops.testimonials import Capacity


@pytest.fixture
async def told(database: Database, settings: Settings) -> Workshop:
    return await story.tell(database, settings)


async def test_a_workshop_is_under_way(database: Database, told: Workshop) -> None:
    assert (told.title, told.stage) == ("Atelier de co-construction du référentiel (démonstration)", Stage.VOTING)
    assert await ask(database, indicators.count, told.id) == 20
    found = await ask(database, tallies.tallies, told)
    cards = await ask(database, indicators.cards, told.id)
    assert {card.indicator.code: found[card.id] for card in cards if card.id in found} == {
        "ACT-01": counted(keep=4, abstain=1, earlier=6),
        "ACT-04": counted(keep=10, rework=1),
        "ACT-05": counted(keep=8, rework=2, abstain=1),
        "ACT-07": counted(keep=2, rework=2, drop=6, abstain=1),
        "RES-01": counted(keep=4, rework=5, abstain=1),
        "RES-04": counted(keep=10, rework=1, abstain=1),
        "IMP-01": counted(keep=4, rework=3, drop=1, abstain=1),
        "IMP-08": counted(keep=8, rework=1, abstain=1),
    }
    assert {tally.outcome for tally in found.values()} == {Outcome.KEPT, Outcome.REWORKED, Outcome.DROPPED}


async def test_its_journal_is_true(database: Database, told: Workshop) -> None:
    written = exports.minutes(told, await ask(database, journal.since, told.id, 0))
    assert journal.first_break(written["gestes"]) is None
    assert [gesture["numero"] for gesture in written["gestes"]] == list(range(1, told.gestures + 1))
    assert {gesture["genre"] for gesture in written["gestes"]} == {kind.value for kind in journal.Kind} - {
        "member_changed",
        "lead_shared",
        "indicator_withdrawn",
        "indicator_merged",
        "indicator_split",
        "amendment_accepted",
        "amendment_withdrawn",
        "contest_closed",
        "contest_abandoned",
        "evidence_removed",
        "vote_taken_back",
        "rule_announced",
        "round_opened",
        "indicator_concluded",
        "framework_prepared",
        "framework_published",
        "timer_started",  # whoever looks at the demonstration comes at any hour
        "timer_extended",
        "timer_stopped",
        "vote_entered",
        "paper_withdrawn",
        *(kind.value for kind in BY_CONSENT),  # the demonstration votes
    }


async def test_people_are_invented_and_say_so_and_labs_are_real(database: Database, told: Workshop) -> None:
    members = (await ask(database, attachments.members, told.id)).values()
    cast = {persona.name for persona in CAST}
    assert {m.name for m in members if m.name not in cast and not m.name.endswith(" (démonstration)")} == set()
    assert sorted(m.role for m in members) == [Role.FACILITATOR, *[Role.MEMBER] * 12, Role.OBSERVER]
    real = {lab["slug"] for lab in labs.found()}
    assert {m.lab_slug for m in members if m.lab_slug} <= real
    assert [lab.slug for lab in await ask(database, labs.directory) if lab.slug not in real] == []


async def test_one_comment_is_answered_and_one_hidden_with_its_reason(database: Database, told: Workshop) -> None:
    threads = [t for found in (await ask(database, comments.all_threads, told)).values() for t in found]
    assert len(threads) == 8
    assert [len(thread.answers) for thread in threads if thread.answers] == [1]
    assert [thread.hiding.because for thread in threads if thread.hiding] == [story.HIDDEN_BECAUSE]


async def test_what_was_written_with_care_is_complete(database: Database, told: Workshop) -> None:
    cards = await ask(database, indicators.cards, told.id)
    assert [card.indicator.code for card in cards if not sheet.missing(card.sheet)] == ["ACT-01", "RES-04"]
    assert {c.indicator.code: c.wording.number for c in cards if c.wording.number > 1} == {"ACT-01": 2, "ACT-05": 2}


async def test_the_story_can_go_on_to_a_first_version(database: Database, settings: Settings, told: Workshop) -> None:
    async with database.transaction() as session:
        cast = await story.cast(session, settings)
        await agenda.move(session, told.id, Stage.CLOSED, by=cast[story.CAMILLE])
    framework = await publish(database, await reread(database, told), by=cast[story.DOMINIQUE])
    assert list(framework.sheets) == ["ACT-01", "RES-04"]


async def test_the_five_personas_have_their_parts(database: Database, settings: Settings, told: Workshop) -> None:
    async with database.transaction() as session:
        cast = await story.cast(session, settings)
        assert {persona.given_name: await people.roles(session, person) for persona, person in cast.items()} == {
            "Camille": {Role.FACILITATOR},
            "Dominique": {Role.PUBLISHER},
            "Alix": set(),
            "Sacha": set(),
            "Maxime": {Role.PUBLISHER},
        }
        for persona, person in cast.items():
            iss = issuer(settings)
            same = await people.recognise(session, iss=iss, sub=persona.sub, name="Autre", email=persona.email)
            assert (same.id, await people.lab_of(session, same)) == (person.id, persona.lab_slug)


@pytest.mark.parametrize("address", ["http://testserver", "http://localhost:9123"])
async def test_told_again_even_at_another_address_it_changes_nothing(
    database: Database, settings: Settings, told: Workshop, address: str
) -> None:
    async def everyone() -> int:
        return await ask(database, lambda session: session.scalar(select(func.count()).select_from(Person))) or 0

    before = await everyone()
    again = await story.tell(database, settings.model_copy(update={"public_url": address}))
    assert (again, await everyone()) == (told, before)


async def test_citizens_speak_and_what_became_of_it_is_counted(database: Database, told: Workshop) -> None:
    found = await ask(database, handling.of, lab_slug="ti-lab")
    places = (found.begun, found.kept, found.waiting, found.published, found.refused, found.withdrawn)
    assert (found.received, places) == (14, (4, 0, 1, 7, 1, 1))
    voices = await ask(database, published.some)
    assert {voice.name for voice in voices} == {citizens.NAME}
    assert [voice.lab for voice in voices if voice.answer] == ["Ti Lab"]
    cited = await ask(database, evidence.of_workshop, told.id)
    assert [[each.quoted.voice.capacity for each in each_cited] for each_cited in cited.values()] == [[Capacity.AGENT]]
    (survey,) = await ask(database, surveys.of_lab, "ti-lab")
    assert "démonstration" in survey.survey.title
