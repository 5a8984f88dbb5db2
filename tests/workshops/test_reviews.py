"""Reviews: anyone says something of a candidate, while its dates last, and is answered."""

from datetime import timedelta
from typing import Any

import pytest

from server.database import Database
from tests.cast import COMPLETE, act, ask, member_of, move, prepare, somebody, workshop
from tests.conftest import Clock
from workshops import audit, indicators, releases, reviews, votes, world
from workshops.agenda import Stage, Start
from workshops.audit import Deed
from workshops.consensus import Choice
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.releases import Release
from workshops.reviews import Verdict


@pytest.fixture
async def candidate(database: Database, camille: Person, dominique: Person, clock: Clock) -> Release:
    """2.0.0-rc.1, of one indicator, ACT-08, open to review for ten days."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix = await member_of(database, room)
    text = await act(database, indicators.propose, room.id, COMPLETE, by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    await act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=alix)
    room = await move(database, room, Stage.CLOSED, by=camille)
    return await prepare(database, room, by=dominique, review_until=world.now() + timedelta(days=10))


async def told(database: Database, *about: Release) -> list[tuple[Any, ...]]:
    return [
        (each.review.code, each.review.field, each.review.text, each.review.name, each.review.by_id, each.waits)
        for each in await ask(database, reviews.of, about)
    ]


async def test_anyone_leaves_a_review_signed_as_they_wish(
    database: Database, candidate: Release, clock: Clock
) -> None:
    lou = await somebody(database, "Lou")
    await act(database, reviews.leave, candidate.id, text=" Bravo. ", name=" Un usager ", by=None)
    clock.advance(minutes=1)
    await act(database, reviews.leave, candidate.id, code="ACT-08", text="Trop vague.", by=None)
    clock.advance(minutes=1)
    await act(database, reviews.leave, candidate.id, code="ACT-08", field="unite", text="?", name="Moi", by=lou)
    assert await told(database, candidate) == [
        ("", "", "Bravo.", "Un usager", None, True),
        ("ACT-08", "", "Trop vague.", "", None, True),
        ("ACT-08", "unite", "?", "", lou.id, True),
    ]
    deeds = [entry for entry in await ask(database, audit.entries) if entry.kind is Deed.REVIEW_LEFT]
    assert [entry.by_id for entry in deeds] == [None, None, lou.id]
    assert not Deed.REVIEW_LEFT.is_public


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"name": "x" * 81}, "name"),
        ({"name": "deux\nlignes"}, "name"),
        ({"code": "ACT-99"}, "code"),
        ({"code": "ACT-08", "field": "humeur"}, "field"),
        ({"field": "definition"}, "field"),
    ],
)
async def test_what_does_not_hold_is_refused(
    database: Database, candidate: Release, given: dict[str, str], field: str
) -> None:
    with pytest.raises(NotThus) as refusal:
        await act(database, reviews.leave, candidate.id, **{"text": "Bien.", **given}, by=None)
    assert list(refusal.value.fields) == [field]
    assert await told(database, candidate) == []


async def test_the_same_sending_twice_is_one_review(database: Database, candidate: Release) -> None:
    for _ in range(2):
        await act(database, reviews.leave, candidate.id, text="Bravo.", sending="a-key", by=None)
    assert len(await told(database, candidate)) == 1
    with pytest.raises(NotThus):
        await act(database, reviews.leave, candidate.id, text="Autre chose.", sending="a-key", by=None)


async def test_outside_its_dates_nobody_leaves_a_review(
    database: Database, candidate: Release, dominique: Person, clock: Clock
) -> None:
    clock.advance(days=9, hours=23)
    await act(database, reviews.leave, candidate.id, text="À temps.", by=None)
    clock.advance(hours=1)
    with pytest.raises(NotNow):
        await act(database, reviews.leave, candidate.id, text="Trop tard.", by=None)


async def test_nobody_reviews_what_was_abandoned_or_never_open(
    database: Database, candidate: Release, dominique: Person
) -> None:
    await act(database, releases.abandon, candidate.id, because="Trop tôt.", by=dominique)
    with pytest.raises(NotNow):
        await act(database, reviews.leave, candidate.id, text="Tiens ?", by=None)
    with pytest.raises(NotFound):
        await act(database, reviews.leave, "0nexistepas0", text="Tiens ?", by=None)


async def test_a_publisher_answers_and_may_answer_better(
    database: Database, candidate: Release, dominique: Person, camille: Person
) -> None:
    said = await act(database, reviews.leave, candidate.id, text="Trop vague.", by=None)
    with pytest.raises(NotYours):
        await act(database, reviews.reply, said.id, verdict="retenue", text="Oui.", by=camille)
    for verdict, text, field in (("peut-être", "Oui.", "verdict"), ("retenue", " ", "text")):
        with pytest.raises(NotThus) as refusal:
            await act(database, reviews.reply, said.id, verdict=verdict, text=text, by=dominique)
        assert list(refusal.value.fields) == [field]
    for text in ("Oui.", "Oui.", "Oui, dans la prochaine."):
        await act(database, reviews.reply, said.id, verdict="retenue", text=text, by=dominique)
    (each,) = await ask(database, reviews.of, [candidate])
    assert each.reply is not None
    assert (each.reply.verdict, each.reply.text, each.waits) == (Verdict.TAKEN, "Oui, dans la prochaine.", False)
    kinds = [entry.kind for entry in await ask(database, audit.entries)]
    assert kinds.count(Deed.REVIEW_ANSWERED) == 2


async def test_what_is_hidden_keeps_its_place_and_a_reason(
    database: Database, candidate: Release, camille: Person
) -> None:
    said = await act(database, reviews.leave, candidate.id, text="Une insulte.", by=None)
    moderator = await somebody(database, "Noé", Role.MODERATOR)
    with pytest.raises(NotYours):
        await act(database, reviews.hide, said.id, because="Non.", by=camille)
    with pytest.raises(NotThus):
        await act(database, reviews.hide, said.id, because="", by=moderator)
    for because in ("Une insulte.", "Encore."):
        await act(database, reviews.hide, said.id, because=because, by=moderator)
    (each,) = await ask(database, reviews.of, [candidate])
    assert each.hiding is not None
    assert (each.hiding.because, each.waits) == ("Une insulte.", False)


async def test_answers_do_not_change_once_the_line_has_ended(
    database: Database, candidate: Release, dominique: Person
) -> None:
    said = await act(database, reviews.leave, candidate.id, text="Trop vague.", by=None)
    await act(database, releases.abandon, candidate.id, because="Trop tôt.", by=dominique)
    with pytest.raises(NotNow):
        await act(database, reviews.reply, said.id, verdict="retenue", text="Oui.", by=dominique)


async def test_a_key_served_for_one_field_is_not_the_answer_for_another(
    database: Database, candidate: Release
) -> None:
    """Refused, not lost: who sent it may send it again."""
    await act(database, reviews.leave, candidate.id, text="Trop vague.", sending="une-cle", by=None)
    with pytest.raises(NotThus):
        await act(
            database, reviews.leave, candidate.id, code="ACT-08", text="Trop vague.", sending="une-cle", by=None
        )
    assert await told(database, candidate) == [("", "", "Trop vague.", "", None, True)]
