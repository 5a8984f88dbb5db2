"""Conclusions: every proposal ends with a written reason, or nothing is published."""

import pytest

from server.database import Database
from tests.cast import (
    COMPLETE,
    act,
    ask,
    card,
    member_of,
    move,
    observer,
    publish,
    publisher,
    reread,
    workshop,
)
from workshops import amendments, conclusions, drafts, indicators, journal, lineage, votes
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice
from workshops.indicators import Indicator
from workshops.journal import Kind
from workshops.lines import BY_THE_RULE
from workshops.people import Person
from workshops.refusals import NotNow, NotThus, NotYours


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)


async def proposed(database: Database, room: Workshop, by: Person, title: str) -> Indicator:
    return await act(database, indicators.propose, room.id, {**COMPLETE, "libelle": title}, by=by)


async def cast(database: Database, about: Indicator, by: Person, choice: Choice, reason: str = "") -> None:
    await act(database, votes.cast, about.id, wording=1, choice=choice, reason=reason, by=by)


async def test_who_leads_writes_why_from_the_vote_on_and_the_last_word_holds(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    one = await proposed(database, room, alix, "Un")
    with pytest.raises(NotNow):
        await act(database, conclusions.conclude, one.id, because="Trop tôt.", by=camille)
    room = await move(database, room, Stage.VOTING, by=camille)
    for person in (alix, await observer(database, room)):
        with pytest.raises(NotYours):
            await act(database, conclusions.conclude, one.id, because="À moi.", by=person)
    before = (await reread(database, room)).gestures
    for _ in range(2):
        await act(database, conclusions.conclude, one.id, because=" Trop\r\nvague. ", by=camille)
    await move(database, room, Stage.CLOSED, by=camille)
    await act(database, conclusions.conclude, one.id, because="Trop vague.", answer="On y revient.", by=camille)
    found = await ask(database, conclusions.get, one.id)
    assert (found.because, found.answer) == ("Trop vague.", "On y revient.")
    kinds = [entry.kind for entry in await ask(database, journal.since, room.id, before)]
    assert kinds == [Kind.INDICATOR_CONCLUDED, Kind.STAGE_MOVED, Kind.INDICATOR_CONCLUDED]


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"because": "  "}, "because"),
        ({"because": "x" * 501}, "because"),
        ({"because": "Oui.", "answer": "x" * 501}, "answer"),
    ],
)
async def test_a_conclusion_says_something_and_not_too_much(
    database: Database, camille: Person, said: dict[str, str], field: str
) -> None:
    room = await workshop(database, Stage.VOTING, by=camille)
    text = await card(database, room)
    with pytest.raises(NotThus) as refusal:
        await act(database, conclusions.conclude, text.id, **said, by=camille)
    assert list(refusal.value.fields) == [field]


async def test_nothing_is_published_while_an_outcome_lacks_its_reason(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    kept, dropped, forgotten = [await proposed(database, room, alix, title) for title in ("Gardé", "Écarté", "Oublié")]
    room = await move(database, room, Stage.VOTING, by=camille)
    sacha, lou = await member_of(database, room, "siilab"), await member_of(database, room, "erasme", name="Lou")
    for person in (alix, sacha):
        await cast(database, kept, person, Choice.KEEP)
    await cast(database, kept, lou, Choice.DROP, "Doublon.")
    await cast(database, dropped, alix, Choice.DROP, "Rien à mesurer.")
    room = await move(database, room, Stage.CLOSED, by=camille)
    dominique = await publisher(database)

    draft = await ask(database, drafts.draft, [room])
    assert {line.code: line.because for line in draft.lines} == {
        kept.code: BY_THE_RULE,
        dropped.code: "Rien à mesurer.",
        forgotten.code: "",
    }
    before = (await reread(database, room)).gestures
    with pytest.raises(NotThus) as refusal:
        await publish(database, room, by=dominique, reasons={forgotten.code: "  "})
    assert list(refusal.value.fields) == [f"reason-{forgotten.code}"]
    assert (await reread(database, room)).gestures == before
    assert await ask(database, conclusions.of_workshop, room.id) == {}

    await act(database, conclusions.conclude, kept.id, because="", answer="Ce n'est pas un doublon.", by=camille)
    framework = await publish(database, room, by=dominique, reasons={forgotten.code: "Personne n'en a parlé."})
    (item,) = framework.content["indicateurs"]
    assert item["decision"]["motif"] == BY_THE_RULE
    assert item["reserves"] == [{"genre": "vote", "bulletin": "drop", "labo": "erasme", "texte": "Doublon."}]
    assert item["reponse"] == "Ce n'est pas un doublon."
    left = {each["code"]: each["decision"]["motif"] for each in framework.content["ecartes"]}
    assert left == {dropped.code: "Rien à mesurer.", forgotten.code: "Personne n'en a parlé."}
    assert (await ask(database, conclusions.get, forgotten.id)).because == "Personne n'en a parlé."


async def test_a_version_tells_what_left_the_table_and_who_wrote_with_whom(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    sacha = await member_of(database, room, "siilab")
    kept, double = [await proposed(database, room, alix, title) for title in ("Gardé", "Doublon")]
    await act(database, lineage.merge, double.id, into=kept.id, because="La même chose.", by=camille)
    amended = {**COMPLETE, "libelle": "Gardé", "unite": "jours"}
    amendment = await act(database, amendments.propose, kept.id, amended, base=1, by=sacha)
    await act(database, amendments.accept, amendment.id, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, kept.id, wording=2, choice=Choice.KEEP, by=sacha)
    room = await move(database, room, Stage.CLOSED, by=camille)
    content = (await publish(database, room, by=await publisher(database))).content
    (item,) = content["indicateurs"]
    assert (item["provient_de"], item["coauteurs"]) == ([double.code], ["siilab"])
    assert content["hors_table"] == [
        {
            "code": double.code,
            "libelle": "Doublon",
            "issue": "merged",
            "motif": "La même chose.",
            "devient": [kept.code],
        }
    ]
    assert content["ecartes"] == []
