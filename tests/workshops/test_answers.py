"""Answers: a lab answers in public, once, and writes to whoever asked for it."""

import asyncio
from typing import Any

import pytest

from server.database import Database
from tests.cast import HAPPENED, act, ask, colleague, give, moderator, publisher, witness
from tests.conftest import Clock
from workshops import answers, audit, contacts, moderation, testimonials, withdrawals
from workshops.answers import LabAnswer
from workshops.audit import Deed
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.testimonials import Testimonial


@pytest.fixture
async def alix(database: Database) -> Person:
    """Of the Ti Lab."""
    return await colleague(database)


async def answer(database: Database, told: Testimonial, by: Person, text: str = "Merci.") -> LabAnswer:
    return await act(database, answers.answer, told.id, text=text, by=by)


async def deeds(database: Database, kind: Deed) -> list[str | None]:
    return [each.by_id for each in await ask(database, audit.entries) if each.kind is kind]


# ── In public


async def test_the_lab_answers_once_and_the_same_twice_is_once(database: Database, alix: Person) -> None:
    _key, told = await witness(database, by=alix)
    written = await answer(database, told, alix, " Merci de\r\nl'avoir dit. ")
    assert (written.text, written.by_id) == ("Merci de\nl'avoir dit.", alix.id)
    assert (await answer(database, told, alix, "Merci de\nl'avoir dit.")).at == written.at
    sacha = await colleague(database, name="Sacha")
    for by in (alix, sacha):
        with pytest.raises(NotNow, match="ne répond qu'une fois"):
            await answer(database, told, by, "Autre chose.")
    assert await ask(database, answers.of, [told.id]) == {told.id: written}
    assert await deeds(database, Deed.TESTIMONIAL_ANSWERED) == [alix.id]


async def test_of_two_who_answer_at_once_one_is_told_so(database: Database, alix: Person) -> None:
    _key, told = await witness(database, by=alix)
    sacha = await colleague(database, name="Sacha")
    found = await asyncio.gather(
        answer(database, told, alix, "Un."), answer(database, told, sacha, "Deux."), return_exceptions=True
    )
    (written,) = [each for each in found if isinstance(each, LabAnswer)]
    (late,) = [each for each in found if isinstance(each, Refusal)]
    assert isinstance(late, NotNow)
    assert (await ask(database, answers.of, [told.id]))[told.id].text == written.text


@pytest.mark.parametrize("text", ["", "  \u200b ", "x" * 2001])
async def test_an_answer_says_something_and_not_too_much(database: Database, alix: Person, text: str) -> None:
    _key, told = await witness(database, by=alix)
    with pytest.raises(NotThus) as refusal:
        await answer(database, told, alix, text)
    assert list(refusal.value.fields) == ["text"]
    with pytest.raises(NotThus) as refusal:
        answers.letter(text)
    assert list(refusal.value.fields) == ["text"]
    assert answers.letter(" Bonjour. ") == "Bonjour."


async def test_only_the_lab_answers(database: Database, alix: Person) -> None:
    _key, told = await witness(database, by=alix)
    others = [await colleague(database, "siilab"), await moderator(database), await publisher(database)]
    for other in others:
        with pytest.raises(NotYours):
            await answer(database, told, other)
        with pytest.raises(NotYours):
            await act(database, answers.write_to, told.id, by=other)
    assert await ask(database, answers.of, [told.id]) == {}
    for verb, given in ((answers.answer, {"text": "Merci."}), (answers.write_to, {})):
        with pytest.raises(NotFound):
            await act(database, verb, "0nexistepas0", by=alix, **given)


@pytest.mark.parametrize("what", ["waiting", "kept", "begun", "refused", "appealed", "unpublished", "withdrawn"])
async def test_only_a_published_one_is_answered(database: Database, alix: Person, what: str) -> None:
    told: dict[str, Any] = {"happened": HAPPENED, "may_publish": what != "kept", "may_cite": False}
    key, given = await give(database, **({} if what == "begun" else told))
    refuses = {"verdict": "refuse", "reason": "faux", "base": 1}
    if what in ("refused", "appealed"):
        await act(database, moderation.decide, given.id, by=alix, **refuses)
    if what == "appealed":
        await act(database, moderation.appeal, key)
    if what in ("unpublished", "withdrawn"):
        await act(database, moderation.decide, given.id, verdict="publie", base=1, by=alix)
    if what == "unpublished":
        await act(database, moderation.decide, given.id, by=await moderator(database), **refuses)
    if what == "withdrawn":
        await act(database, withdrawals.withdraw, key)
    with pytest.raises(NotNow, match="On ne répond qu'à un témoignage publié"):
        await answer(database, given, alix)
    assert await deeds(database, Deed.TESTIMONIAL_ANSWERED) == []


# ── To the author

WITH_CONTACT = {"happened": HAPPENED, "wants_contact": True, "contact": "scellé"}


@pytest.mark.parametrize("may_publish", [True, False])
async def test_the_lab_writes_to_who_asked_for_it(
    database: Database, alix: Person, clock: Clock, may_publish: bool
) -> None:
    _key, told = await give(database, **WITH_CONTACT, may_publish=may_publish, may_cite=False)
    assert await ask(database, contacts.among, [told.id]) == {told.id: None}
    first = clock.at
    assert (await act(database, answers.write_to, told.id, by=alix)).sealed == "scellé"
    clock.advance(days=3)
    again = await act(database, answers.write_to, told.id, by=await colleague(database, name="Sacha"))
    # Its address is kept no longer for that.
    assert (again.answered_at, again.answered_by_id) == (first, alix.id)
    assert await ask(database, contacts.among, [told.id]) == {told.id: first}
    assert len(await deeds(database, Deed.CONTACT_ANSWERED)) == 2
    assert not Deed.CONTACT_ANSWERED.is_public


@pytest.mark.parametrize("how", ["never", "taken back", "withdrawn"])
async def test_nobody_is_written_to_who_does_not_wish_it(database: Database, alix: Person, how: str) -> None:
    key, told = await give(database, **({"happened": HAPPENED} if how == "never" else WITH_CONTACT))
    if how == "taken back":
        await act(database, testimonials.take_back, key, contact=True)
    if how == "withdrawn":
        await act(database, withdrawals.withdraw, key)
    with pytest.raises(NotNow, match="n'a pas laissé d'adresse, ou elle est effacée"):
        await act(database, answers.write_to, told.id, by=alix)
    assert await ask(database, contacts.among, [told.id]) == {}
    assert await deeds(database, Deed.CONTACT_ANSWERED) == []
