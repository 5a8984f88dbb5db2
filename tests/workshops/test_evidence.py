"""Evidence: testimonials cited on indicators, and what is left of them once their authors withdraw them."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text as sql

from server.database import Database
from tests import documents
from tests.cast import (
    COMPLETE,
    HAPPENED,
    act,
    all_vote,
    ask,
    card,
    cards,
    colleague,
    facilitator,
    give,
    member_of,
    moderator,
    move,
    observer,
    prepare,
    publish,
    publisher,
    reread,
    stranger,
    touchpoint,
    witness,
    workshop,
)
from tests.documents import history
from workshops import (
    agenda,
    audit,
    belongings,
    drafts,
    evidence,
    frameworks,
    indicators,
    journal,
    lineage,
    maskings,
    moderation,
    people,
    published,
    testimonials,
    withdrawals,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.audit import Deed
from workshops.canonical import timestamp
from workshops.evidence import Citation, Cited, Gone, Quoted
from workshops.frameworks import Framework
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.sheet import Sheet
from workshops.testimonials import End, Testimonial

BECAUSE = "Quelqu'un a fini sa démarche seul."
MAY_NOT = {"testimonial": "Choisissez un témoignage publié, que son auteur permet de citer."}


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.DISCUSSING, by=camille)


@pytest.fixture
async def yann(database: Database) -> Person:
    """Somebody of the lab, who moderates what it receives."""
    return await colleague(database, name="Yann")


@pytest.fixture
async def told(database: Database, yann: Person) -> tuple[str, Testimonial]:
    """A published testimonial, with the key that opens it."""
    return await witness(database, by=yann, capacity="usager", name="Ana")


@pytest.fixture
def key(told: tuple[str, Testimonial]) -> str:
    return told[0]


@pytest.fixture
def voice(told: tuple[str, Testimonial]) -> str:
    """The id of the testimonial."""
    return told[1].id


async def cite(database: Database, on: Card, testimonial: str, by: Person, because: str = BECAUSE) -> Citation:
    return await act(database, evidence.cite, on.id, testimonial, because=because, by=by)


async def cited(database: Database, room: Workshop, on: Card) -> tuple[Cited, ...]:
    return (await ask(database, evidence.of_workshop, room.id)).get(on.id, ())


async def refused(database: Database, on: Card, testimonial: str, by: Person) -> dict[str, str]:
    with pytest.raises(NotThus) as refusal:
        await cite(database, on, testimonial, by)
    return dict(refusal.value.fields)


# ── Cite


async def test_who_takes_part_cites_a_published_testimonial(
    database: Database, room: Workshop, alix: Person, text: Card, voice: str
) -> None:
    before = (await reread(database, room)).gestures
    citation = await cite(database, text, voice, alix, f"  {BECAUSE}\r\n")
    assert await cited(database, room, text) == (
        Cited(
            citation.id,
            BECAUSE,
            alix.id,
            Quoted(voice, voice=await ask(database, published.get, voice)),
        ),
    )
    (entry,) = await ask(database, journal.since, room.id, before)
    assert (entry.kind, entry.about, entry.by_id) == (Kind.EVIDENCE_CITED, text.id, alix.id)


async def test_the_place_is_the_project_it_is_about(
    database: Database, room: Workshop, alix: Person, yann: Person, text: Card
) -> None:
    point = await touchpoint(database, project="Papiers en ligne", by=yann)
    _key, testimonial = await witness(database, point, by=yann)
    await cite(database, text, testimonial.id, alix)
    (found,) = await cited(database, room, text)
    assert (found.quoted.voice.lab, found.quoted.voice.project) == ("Ti Lab", "Papiers en ligne")


async def test_citing_twice_is_once_whoever_does(
    database: Database, room: Workshop, alix: Person, sacha: Person, text: Card, voice: str
) -> None:
    first = await cite(database, text, voice, alix)
    before = (await reread(database, room)).gestures
    assert await cite(database, text, voice, sacha, "Autre chose.") == first
    assert (await reread(database, room)).gestures == before
    assert [each.because for each in await cited(database, room, text)] == [BECAUSE]


async def test_one_cites_as_long_as_a_workshop_discusses(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, voice: str
) -> None:
    for stage in (Stage.PREPARING, Stage.CLOSED):
        await move(database, room, stage, by=camille)
        with pytest.raises(NotNow):
            await cite(database, text, voice, alix)


async def test_one_does_not_cite_on_what_left_the_table(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, voice: str
) -> None:
    other = await card(database, room, "ACT-02")
    await act(database, lineage.merge, text.id, into=other.id, because="Un doublon.", by=camille)
    with pytest.raises(NotNow):
        await cite(database, text, voice, alix)


async def test_who_only_observes_or_has_no_seat_cites_nothing(
    database: Database, room: Workshop, text: Card, voice: str
) -> None:
    for person in (await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await cite(database, text, voice, person)
    assert await cited(database, room, text) == ()


async def test_a_reason_is_asked_for_and_is_short(database: Database, alix: Person, text: Card, voice: str) -> None:
    for because in (" \n", "x" * 301):
        with pytest.raises(NotThus) as refusal:
            await cite(database, text, voice, alix, because)
        assert set(refusal.value.fields) == {"because"}


async def test_only_what_is_published_and_may_be_cited_is_cited(
    database: Database, room: Workshop, alix: Person, yann: Person, text: Card
) -> None:
    _key, waiting = await give(database, happened=HAPPENED)
    _key, for_reading = await witness(database, by=yann, may_cite=False)
    _key, refusable = await give(database, happened=HAPPENED)
    await act(
        database, moderation.decide, refusable.id, verdict="refuse", reason="hors_sujet", base=1, by=yann
    )
    key, withdrawn = await witness(database, by=yann)
    await act(database, withdrawals.withdraw, key)
    _key, face = await give(database)
    for testimonial in (waiting.id, for_reading.id, refusable.id, withdrawn.id, face.id, "0nexistepas0"):
        assert await refused(database, text, testimonial, alix) == MAY_NOT
    assert await cited(database, room, text) == ()


async def test_there_is_no_indicator_to_cite_on(database: Database, alix: Person, voice: str) -> None:
    with pytest.raises(NotFound):
        await act(database, evidence.cite, "0nexistepas0", voice, because=BECAUSE, by=alix)


# ── Remove


async def test_who_cited_removes_it_and_so_does_who_leads(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, voice: str
) -> None:
    for person in (alix, camille):
        citation = await cite(database, text, voice, alix)
        before = (await reread(database, room)).gestures
        for _ in range(2):
            ended = await act(database, evidence.remove, citation.id, by=person)
            assert ended.ended_by_id == person.id
        entries = await ask(database, journal.since, room.id, before)
        assert [(entry.kind, entry.about) for entry in entries] == [(Kind.EVIDENCE_REMOVED, text.id)]
        assert await cited(database, room, text) == ()


async def test_nobody_else_removes_it(
    database: Database, room: Workshop, sacha: Person, alix: Person, text: Card, voice: str
) -> None:
    citation = await cite(database, text, voice, alix)
    for person in (sacha, await observer(database, room), await stranger(database), await publisher(database)):
        with pytest.raises(NotYours):
            await act(database, evidence.remove, citation.id, by=person)
    assert len(await cited(database, room, text)) == 1


async def test_once_closed_nothing_is_removed(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, voice: str
) -> None:
    citation = await cite(database, text, voice, alix)
    await move(database, room, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await act(database, evidence.remove, citation.id, by=alix)
    with pytest.raises(NotFound):
        await act(database, evidence.remove, "0nexistepas0", by=alix)


# ── What is left


async def test_a_withdrawn_testimonial_says_so_and_nothing_more(
    database: Database, room: Workshop, alix: Person, text: Card, key: str, voice: str
) -> None:
    citation = await cite(database, text, voice, alix, "Il dit « chez moi ».")
    await act(database, withdrawals.withdraw, key)
    gone = Quoted(voice, gone=Gone.WITHDRAWN)
    assert await cited(database, room, text) == (Cited(citation.id, "", alix.id, gone),)
    assert await ask(database, evidence.shown, [voice]) == {voice: gone}


async def test_what_was_written_of_it_is_erased_with_it(
    database: Database, alix: Person, text: Card, key: str, voice: str
) -> None:
    await cite(database, text, voice, alix, "Il dit « chez moi ».")

    async def kept() -> list[str]:
        async with database.reading() as session:
            return list(await session.scalars(sql("SELECT because FROM citation")))

    assert await kept() == ["Il dit « chez moi »."]
    await act(database, withdrawals.withdraw, key)
    assert await kept() == [""]


async def test_what_is_being_written_of_it_meanwhile_is_erased_too(
    database: Database, alix: Person, text: Card, key: str, voice: str
) -> None:
    async with database.transaction() as session:
        citation = await evidence.cite(session, text.id, voice, because="Il dit « chez moi ».", by=alix)
        withdrawing = asyncio.create_task(act(database, withdrawals.withdraw, key))
        await database.is_alive()  # time enough for the other to begin, and to wait for this one
    await withdrawing
    assert (await ask(database, evidence.get, citation.id)).because == ""


async def test_what_is_being_withdrawn_is_cited_no_more(
    database: Database, alix: Person, text: Card, key: str, voice: str
) -> None:
    async with database.transaction() as session:
        await withdrawals.withdraw(session, key)
        citing = asyncio.create_task(cite(database, text, voice, alix))
        await database.is_alive()
    with pytest.raises(NotThus):
        await citing


async def test_each_way_of_not_being_there_any_more_has_its_words(
    database: Database, room: Workshop, alix: Person, yann: Person, text: Card, key: str, voice: str
) -> None:
    await cite(database, text, voice, alix)
    _key, expiring = await witness(database, by=yann)
    await cite(database, text, expiring.id, alix)
    _key, unpublished = await witness(database, by=yann)
    await cite(database, text, unpublished.id, alix)
    await act(database, testimonials.take_back, key, evidence=True)
    async with database.transaction() as session:
        await withdrawals.bury(session, await testimonials.get(session, expiring.id), End.EXPIRED)
    again = {"verdict": "refuse", "reason": "personne_visee", "base": unpublished.revision}
    await act(database, moderation.decide, unpublished.id, **again, by=await moderator(database))
    assert [(each.quoted, each.because) for each in await cited(database, room, text)] == [
        (Quoted(voice, gone=Gone.TAKEN_BACK), ""),
        (Quoted(expiring.id, gone=Gone.EXPIRED), ""),
        (Quoted(unpublished.id, gone=Gone.UNPUBLISHED), ""),
    ]


async def test_what_is_masked_is_masked_where_it_is_cited(
    database: Database, room: Workshop, alix: Person, yann: Person, text: Card, voice: str
) -> None:
    await cite(database, text, voice, alix)
    await act(database, maskings.mask, voice, ["chez moi"], base=1, by=yann)
    (found,) = await cited(database, room, text)
    assert "⟦masqué⟧" in found.quoted.voice.happened
    assert "chez moi" not in found.quoted.voice.happened


# ── On the published framework


IMPACT: Sheet = {**COMPLETE, "famille": "impact", "libelle": "Confiance des usagers"}


async def decided(database: Database, start: Start, **changes: Any) -> Workshop:
    """A closed workshop that kept all that was on its table."""
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille, start=start)
    alix = await member_of(database, room)
    if start is Start.EMPTY:
        for sheet in (COMPLETE, IMPACT):
            await act(database, indicators.propose, room.id, sheet, by=alix)
    for each in (await cards(database, room)).values() if changes else ():
        await act(database, indicators.reword, each.id, {**each.sheet, **changes}, base=1, by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    return room


async def close(database: Database, room: Workshop) -> Workshop:
    (camille, *_others) = await ask(database, agenda.leading, room.id)
    async with database.reading() as session:
        leader = await people.get(session, camille.person_id)
    return await move(database, room, Stage.CLOSED, by=leader)


@pytest.fixture
async def first(database: Database) -> Framework:
    """Version 2.0.0: ACT-08, and IMP-10; nothing is cited in it."""
    room = await close(database, await decided(database, Start.EMPTY))
    return await publish(database, room, by=await publisher(database))


@pytest.fixture
async def dominique(database: Database) -> Person:
    return await publisher(database)


async def add(database: Database, voice: str, by: Person, code: str = "IMP-10", because: str = BECAUSE) -> Citation:
    return await act(database, evidence.cite_in_framework, code, voice, because=because, by=by)


def frozen(framework: Framework) -> dict[str, Any]:
    """What each indicator of a version cites."""
    return {item["code"]: item["temoignages"] for item in framework.content["indicateurs"]}


async def test_a_publisher_cites_one_on_an_impact_indicator_of_the_latest_version(
    database: Database, first: Framework, dominique: Person, voice: str
) -> None:
    citation = await add(database, voice, dominique)
    assert await add(database, voice, dominique, because="Autre chose.") == citation
    (found,) = (await ask(database, evidence.since))["IMP-10"]
    assert (found.id, found.because, found.quoted.voice.happened) == (citation.id, BECAUSE, HAPPENED)
    deeds = [entry for entry in await ask(database, audit.entries) if entry.kind is Deed.EVIDENCE_CITED]
    assert [(deed.by_id, deed.about, deed.kind.is_public) for deed in deeds] == [(dominique.id, citation.id, True)]
    assert (await ask(database, frameworks.fetch, "2.0.0")).fingerprint == first.fingerprint


async def test_nobody_else_cites_there_nor_elsewhere(
    database: Database, first: Framework, alix: Person, dominique: Person, voice: str
) -> None:
    with pytest.raises(NotYours):
        await add(database, voice, alix)
    for code in ("ACT-08", "IMP-99"):
        with pytest.raises(NotFound):
            await add(database, voice, dominique, code)
    for testimonial, because, field in ((voice, " ", "because"), ("0nexistepas0", BECAUSE, "testimonial")):
        with pytest.raises(NotThus) as refusal:
            await add(database, testimonial, dominique, because=because)
        assert set(refusal.value.fields) == {field}
    assert await ask(database, evidence.since) == {}


async def test_before_a_first_version_there_is_nowhere_to_cite(
    database: Database, dominique: Person, voice: str
) -> None:
    with pytest.raises(NotFound):
        await add(database, voice, dominique)


async def test_a_publisher_removes_it_and_nobody_else(
    database: Database, first: Framework, alix: Person, dominique: Person, voice: str
) -> None:
    citation = await add(database, voice, dominique)
    with pytest.raises(NotYours):
        await act(database, evidence.remove, citation.id, by=alix)
    for _ in range(2):
        await act(database, evidence.remove, citation.id, by=await publisher(database, "Maxime"))
    assert await ask(database, evidence.since) == {}
    kinds = [entry.kind for entry in await ask(database, audit.entries)]
    assert kinds.count(Deed.EVIDENCE_REMOVED) == 1


# ── In a version


async def test_a_version_holds_the_identifier_of_what_was_cited_and_no_word_of_it(
    database: Database, alix: Person, yann: Person, voice: str
) -> None:
    room = await decided(database, Start.EMPTY)
    on = (await cards(database, room))["IMP-10"]
    member = await member_of(database, room, "siilab")
    await cite(database, on, voice, member, "Il dit « chez moi ».")
    removed = await cite(database, on, (await witness(database, by=yann))[1].id, member)
    await act(database, evidence.remove, removed.id, by=member)
    room = await close(database, room)
    framework = await publish(database, room, by=await publisher(database))
    assert frozen(framework) == {"ACT-08": [], "IMP-10": [{"id": voice}]}
    for words in (HAPPENED, "chez moi", "Ana"):
        assert words not in framework.document
    assert frameworks.verify(framework.content)


async def test_what_is_gone_when_a_version_is_prepared_is_not_in_it(
    database: Database, key: str, voice: str
) -> None:
    room = await decided(database, Start.EMPTY)
    await cite(database, (await cards(database, room))["IMP-10"], voice, await member_of(database, room, "siilab"))
    room = await close(database, room)
    assert (await ask(database, drafts.draft, [room])).evidence["IMP-10"] == (voice,)
    await act(database, withdrawals.withdraw, key)
    framework = await publish(database, room, by=await publisher(database))
    assert frozen(framework) == {"ACT-08": [], "IMP-10": []}


async def test_what_goes_after_is_an_identifier_that_leads_nowhere(
    database: Database, first: Framework, dominique: Person, key: str, voice: str
) -> None:
    await add(database, voice, dominique)
    room = await close(database, await decided(database, Start.PREVIOUS, limites="Peu de cas."))
    framework = await publish(database, room, by=dominique)
    before = framework.document
    await act(database, withdrawals.withdraw, key)
    framework = await ask(database, frameworks.fetch, framework.version)
    assert (framework.document, frameworks.verify(framework.content)) == (before, True)
    assert frozen(framework)["IMP-10"] == [{"id": voice}]
    assert await ask(database, evidence.shown, [voice]) == {voice: Quoted(voice, gone=Gone.WITHDRAWN)}


async def test_the_next_version_keeps_what_the_one_before_cites_and_adds_what_was_cited_since(
    database: Database, first: Framework, dominique: Person, yann: Person, key: str, voice: str
) -> None:
    await add(database, voice, dominique)
    room = await close(database, await decided(database, Start.PREVIOUS, limites="Peu de cas."))
    second = await publish(database, room, by=dominique)
    assert frozen(second)["IMP-10"] == [{"id": voice}]
    _key, later = await witness(database, by=yann)
    await add(database, later.id, dominique)
    room = await close(database, await decided(database, Start.PREVIOUS, limites="Très peu de cas."))
    third = await publish(database, room, by=dominique)
    assert frozen(third)["IMP-10"] == [{"id": voice}, {"id": later.id}]
    # A workshop that is about something else: the indicator is carried, with what it cites, less what is gone.
    await act(database, withdrawals.withdraw, key)
    fourth = await publish(database, await close(database, await decided(database, Start.EMPTY)), by=dominique)
    assert frozen(fourth)["IMP-10"] == [{"id": later.id}]
    assert frozen(fourth)["IMP-11"] == []


async def test_what_a_publisher_removes_the_next_version_cites_no_more(
    database: Database, first: Framework, dominique: Person, voice: str
) -> None:
    citation = await add(database, voice, dominique)
    second = await publish(
        database, await close(database, await decided(database, Start.PREVIOUS, limites="Peu de cas.")), by=dominique
    )
    await act(database, evidence.remove, citation.id, by=dominique)
    assert frozen(await ask(database, frameworks.fetch, second.version))["IMP-10"] == [{"id": voice}]
    room = await close(database, await decided(database, Start.PREVIOUS, limites="Très peu de cas."))
    assert (await ask(database, drafts.draft, [room])).evidence["IMP-10"] == ()
    await add(database, voice, dominique)
    assert (await ask(database, drafts.draft, [room])).evidence["IMP-10"] == (voice,)


async def test_evidence_alone_is_no_change_of_a_version(
    database: Database, first: Framework, dominique: Person, voice: str
) -> None:
    room = await decided(database, Start.PREVIOUS)
    await cite(database, (await cards(database, room))["IMP-10"], voice, await member_of(database, room, "siilab"))
    room = await close(database, room)
    prepared = await ask(database, drafts.draft, [room])
    assert prepared.evidence["IMP-10"] == (voice,)
    assert prepared.comparison.level is None
    with pytest.raises(NotThus) as refusal:
        await prepare(database, room, by=dominique)
    assert refusal.value.fields == {"version": "Rien ne change par rapport à la dernière version publiée."}


async def test_a_version_of_before_this_was_said_is_carried_on(database: Database, voice: str) -> None:
    old, _second = history()
    assert all("temoignages" not in item for item in old["indicateurs"])
    async with database.transaction() as session:
        session.add(documents.frozen(old))
    assert [evidence.frozen_in(item) for item in old["indicateurs"]] == [[]] * 4
    dominique = await publisher(database)
    await add(database, voice, dominique, "IMP-01")
    room = await close(database, await decided(database, Start.EMPTY))
    framework = await publish(database, room, by=dominique)
    assert frozen(framework)["IMP-01"] == [{"id": voice}]
    assert frozen(framework)["ACT-01"] == []


# ── News of it, and what is kept of who cited


async def test_whatever_changes_how_a_cited_one_reads_is_news(
    database: Database, room: Workshop, alix: Person, yann: Person, text: Card
) -> None:
    known = [await ask(database, evidence.news)]

    async def new() -> bool:
        known.append(await ask(database, evidence.news))
        return known[-1] not in known[:-1]

    one_key, one = await witness(database, by=yann)
    other_key, other = await witness(database, by=yann)
    third_key, third = await witness(database, by=yann)
    assert not await new()
    for each in (one, other, third):
        await cite(database, text, each.id, alix)
        assert await new()
    await act(database, testimonials.take_back, one_key, evidence=True)
    assert await new()
    await act(database, maskings.mask, other.id, ["chez moi"], base=1, by=yann)
    assert await new()
    again = {"verdict": "refuse", "reason": "personne_visee", "base": 1}
    await act(database, moderation.decide, third.id, **again, by=await moderator(database))
    assert await new()
    async with database.transaction() as session:
        await withdrawals.bury(session, await testimonials.get(session, third.id), End.EXPIRED)
    assert await new()
    for key in (third_key, other_key):
        await act(database, withdrawals.withdraw, key)
        assert await new()
    (*_before, last) = await cited(database, room, text)
    await act(database, evidence.remove, last.id, by=alix)
    assert await new()
    assert not await new()


async def test_who_cited_finds_it_among_their_belongings(
    database: Database, alix: Person, text: Card, voice: str
) -> None:
    citation = await cite(database, text, voice, alix)
    assert (await ask(database, belongings.of, alix))["temoignages_cites"] == [
        {
            "temoignage": voice,
            "indicateur": text.id,
            "motif": BECAUSE,
            "cite_par_moi": True,
            "le": timestamp(citation.at),
            "retire_le": None,
        }
    ]
