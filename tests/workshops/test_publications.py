"""Publications: a second person confirms, and only what holds is published."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from server.database import Database
from tests.cast import COMPLETE, act, ask, confirm, member_of, move, prepare, published, publisher, somebody, workshop
from tests.conftest import Clock
from tests.documents import document, item
from workshops import audit, frameworks, indicators, publications, releases, reviews, seals, votes, world
from workshops.agenda import Stage, Start, Workshop
from workshops.audit import Deed
from workshops.canonical import canonical
from workshops.consensus import Choice
from workshops.frameworks import Framework
from workshops.people import Person, Role
from workshops.publications import Point
from workshops.refusals import NotFound, NotNow, NotYours, Refusal
from workshops.releases import Release
from workshops.reviews import Verdict


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    """Closed, with one indicator kept."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix = await member_of(database, room)
    text = await act(database, indicators.propose, room.id, COMPLETE, by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=alix)
    return await move(database, room, Stage.CLOSED, by=camille)


async def lacking(database: Database, release: Release) -> dict[Point, tuple[str, ...]]:
    found = await ask(database, publications.checklist, release)
    return {each.point: each.lacks for each in found if not each.holds}


async def test_who_prepared_does_not_confirm(database: Database, room: Workshop, dominique: Person) -> None:
    release = await prepare(database, room, by=dominique)
    with pytest.raises(NotYours):
        await act(database, publications.confirm, release.id, by=dominique)
    for person in (await somebody(database, "Camille", Role.FACILITATOR), await somebody(database, "Inconnu")):
        with pytest.raises(NotYours):
            await act(database, publications.confirm, release.id, by=person)
    assert await ask(database, frameworks.versions) == []
    with pytest.raises(NotFound):
        await act(database, publications.confirm, "0nexistepas0", by=dominique)


async def test_what_is_published_is_what_was_prepared(
    database: Database, room: Workshop, dominique: Person, clock: Clock
) -> None:
    release = await prepare(database, room, by=dominique)
    clock.advance(days=2)
    framework = await confirm(database, release)
    before, after = release.content, framework.content
    moved = {key for key in after if after[key] != before.get(key)}
    assert moved == {"publie_le", "confirme_par", "atelier", "ateliers", "sceaux", "empreinte"}
    assert after["publie_le"] == "2026-11-25T09:00:00.000Z"
    assert (framework.prepared_by, framework.published_by) == (dominique.id, after["confirme_par"])
    assert framework.release_id == release.id
    assert seals.broken(after) == []
    deed = (await ask(database, audit.entries))[-1]
    assert (deed.kind, deed.about, deed.by_id) == (Deed.VERSION_PUBLISHED, "2.0.0", framework.published_by)


async def test_confirming_twice_is_once(database: Database, room: Workshop, dominique: Person) -> None:
    release = await prepare(database, room, by=dominique)
    second = await publisher(database, "Maxime")
    answers = await asyncio.gather(*(act(database, publications.confirm, release.id, by=second) for _ in range(3)))
    assert {answer.fingerprint for answer in answers} == {answers[0].fingerprint}
    deeds = [entry.kind for entry in await ask(database, audit.entries)]
    assert deeds.count(Deed.VERSION_PUBLISHED) == 1


async def test_a_version_prepared_before_another_was_published_is_prepared_again(
    database: Database, room: Workshop, dominique: Person
) -> None:
    release = await prepare(database, room, by=dominique)
    await published(database)
    assert await lacking(database, release) == {Point.LATEST: ("2.0.0",)}
    with pytest.raises(NotNow):
        await confirm(database, release)


async def test_a_candidate_waits_for_its_dates_and_for_an_answer_to_each_review(
    database: Database, room: Workshop, dominique: Person, clock: Clock
) -> None:
    release = await prepare(database, room, by=dominique, review_until=world.now() + timedelta(days=10))
    said = [
        await act(database, reviews.leave, release.id, code="ACT-08", field="definition", text=text, by=None)
        for text in ("Trop vague.", "Une insulte.")
    ]
    assert await lacking(database, release) == {
        Point.WINDOW: ("2.0.0-rc.1",),
        Point.REPLIES: ("ACT-08", "ACT-08"),
    }
    clock.advance(days=10)
    await act(database, reviews.hide, said[1].id, because="Une insulte.", by=dominique)
    assert await lacking(database, release) == {Point.REPLIES: ("ACT-08",)}
    with pytest.raises(NotNow) as refusal:
        await confirm(database, release)
    assert refusal.value.values["lacks"] == "ACT-08"
    await act(database, reviews.reply, said[0].id, verdict=Verdict.WORKSHOP.value, text="Au prochain.", by=dominique)
    assert await lacking(database, release) == {}
    framework = await confirm(database, release)
    assert (framework.version, framework.content["version"]) == ("2.0.0", "2.0.0")
    assert framework.content["relecture"] == {
        "du": "2026-11-23T09:00:00.000Z",
        "au": "2026-12-03T09:00:00.000Z",
        "remarques": 1,
        "candidates": [{"version": "2.0.0-rc.1", "empreinte": release.fingerprint}],
    }


async def test_what_was_said_of_a_former_candidate_is_answered_too(
    database: Database, room: Workshop, dominique: Person, clock: Clock
) -> None:
    until = world.now() + timedelta(days=2)
    first = await prepare(database, room, by=dominique, review_until=until)
    said = await act(database, reviews.leave, first.id, text="Trop vague.", by=None)
    clock.advance(days=2)
    second = await prepare(database, room, by=dominique)
    assert await lacking(database, second) == {Point.REPLIES: ("ensemble",)}
    await act(database, reviews.reply, said.id, verdict="non_retenue", text="C'est voulu.", by=dominique)
    assert [each["version"] for each in (await confirm(database, second)).content["relecture"]["candidates"]] == [
        "2.0.0-rc.1"
    ]


async def test_a_signature_is_kept_and_signs_what_is_published(
    database: Database, room: Workshop, dominique: Person
) -> None:
    signed: list[Any] = []

    def sign(told: Any) -> str:
        signed.append(told)
        return "tête..signature"

    release = await prepare(database, room, by=dominique)
    framework = await act(
        database, publications.confirm, release.id, sign=sign, by=await publisher(database, "Maxime")
    )
    assert framework.content["signature"] == "tête..signature"
    assert [frameworks.fingerprint(told) for told in signed] == [framework.fingerprint]
    assert "signature" not in framework.document
    assert frameworks.verify(framework.content)


async def test_two_confirmations_of_two_versions_at_once(
    database: Database, room: Workshop, camille: Person, dominique: Person
) -> None:
    other = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY, title="Un autre")
    sacha = await member_of(database, other, "siilab")
    text = await act(database, indicators.propose, other.id, COMPLETE, by=sacha)
    await move(database, other, Stage.VOTING, by=camille)
    await act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=sacha)
    await move(database, other, Stage.CLOSED, by=camille)
    waiting = [await prepare(database, each, by=dominique) for each in (room, other)]
    answers = await asyncio.gather(*(confirm(database, each) for each in waiting), return_exceptions=True)
    assert sorted(isinstance(answer, Framework) for answer in answers) == [False, True]
    assert sorted(isinstance(answer, Refusal) for answer in answers) == [False, True]


# ── The list, on documents that no page would prepare


def release_of(told: dict[str, Any], version: str = "2.0.0", base: str | None = None) -> Release:
    text = canonical(frameworks.unsigned(told)).decode()
    return Release(version=version, base=base, by_id="dominique001", fingerprint=told["empreinte"], document=text)


@pytest.mark.parametrize(
    ("told", "lacks"),
    [
        (document("2.0.0", [item("ACT-01")]), {}),
        (document("2.0.0", [item("ACT-01", decision={"resultat": "kept", "motif": ""})]), {Point.OUTCOMES: ("ACT-01",)}),
        (document("2.0.0", [item("ACT-01", fiche={"sens": ""})]), {Point.SHEETS: ("ACT-01",)}),
        (document("2.0.0", [item("ACT-01", fiche={"sens": ""}, statut="deprecie")]), {}),
        (document("2.0.0", [item("ACT-01")], passage=[]), {Point.CROSSWALK: ("ACT-01",)}),
        (
            document("2.0.0", [item("ACT-01")], passage=[{"sort": None, "de": [], "vers": ["ACT-01"]}]),
            {Point.CROSSWALK: ("ACT-01",)},
        ),
    ],
)
async def test_each_point_of_the_list_can_be_lacking(
    database: Database, told: dict[str, Any], lacks: dict[Point, tuple[str, ...]]
) -> None:
    assert await lacking(database, release_of(told)) == lacks


@pytest.mark.parametrize(
    ("version", "level", "is_right"),
    [
        ("2.0.1", ("correctif", "correctif", ""), True),
        ("2.1.0", ("correctif", "mineur", "Une étape."), True),
        ("2.1.0", ("correctif", "mineur", ""), False),
        ("2.0.1", ("majeur", "correctif", "Personne n'y verra rien."), False),
        ("2.2.0", ("mineur", "mineur", ""), False),
    ],
)
async def test_a_number_that_is_too_low_or_unexplained_is_lacking(
    database: Database, version: str, level: tuple[str, str, str], is_right: bool
) -> None:
    first = await published(database)
    passage = [{"sort": "identique", "de": ["ACT-08"], "vers": ["ACT-08"]}]
    kept = dict(zip(("calcule", "retenu", "motif"), level, strict=True))
    told = document(version, first.content["indicateurs"], passage=passage, niveau=kept, ecartes=[])
    found = await lacking(database, release_of(told, version, "2.0.0"))
    assert found == ({} if is_right else {Point.LEVEL: (version,)})


async def test_nothing_is_confirmed_once_abandoned(database: Database, room: Workshop, dominique: Person) -> None:
    release = await prepare(database, room, by=dominique)
    await act(database, releases.abandon, release.id, because="Trop tôt.", by=dominique)
    with pytest.raises(NotNow):
        await confirm(database, release)
    assert await ask(database, frameworks.latest) is None


async def test_giving_up_a_candidate_does_not_leave_its_reviews_without_an_answer(
    database: Database, room: Workshop, dominique: Person, clock: Clock
) -> None:
    first = await prepare(database, room, by=dominique, review_until=world.now() + timedelta(days=300))
    said = await act(database, reviews.leave, first.id, text="Trop vague.", by=None)
    await act(database, releases.abandon, first.id, because="À reprendre.", by=dominique)
    second = await prepare(database, room, by=dominique)
    assert await lacking(database, second) == {Point.REPLIES: ("ensemble",)}  # the announced date is given up with it
    await act(database, reviews.reply, said.id, verdict="retenue", text="C'est repris.", by=dominique)
    assert (await confirm(database, second)).content["relecture"]["remarques"] == 1
