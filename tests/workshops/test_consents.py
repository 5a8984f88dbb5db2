"""Consent: a set is adopted when no argued objection is left, and nobody consented to the texts that came after."""

import pytest
from sqlalchemy.exc import IntegrityError

from server.database import Database
from tests.cast import (
    SHEET,
    account,
    act,
    ask,
    card,
    member_of,
    move,
    observer,
    publish,
    publisher,
    reread,
    stranger,
    workshop,
)
from workshops import (
    agenda,
    attachments,
    belongings,
    consents,
    drafts,
    indicators,
    journal,
    lineage,
    objections,
    rolls,
    rules,
    tallies,
    turnout,
    votes,
)
from workshops.agenda import Stage, Start, Workshop
from workshops.consensus import Choice, Method, Outcome, Rule, Voices
from workshops.consents import Moved, Position, Stance
from workshops.journal import Kind
from workshops.lines import WITH_THE_SET, Exceptional
from workshops.objections import Objection
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours
from workshops.rolls import Roll

CONSENT, ABSTAIN, OBJECT = Position.CONSENT, Position.ABSTAIN, Position.OBJECT


async def convened(database: Database, camille: Person, **figures: object) -> Workshop:
    """A workshop that decides by consent, its table empty, open to proposals."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    await act(database, rules.announce, room.id, Rule(method=Method.CONSENT, **figures), by=camille)
    return room


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await convened(database, camille)


@pytest.fixture
async def ours(database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person) -> str:
    """The id of the one indicator on the table, once the vote is open."""
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    return proposed.id


async def give(database: Database, room: Workshop, by: Person, position: str = CONSENT, **given: object) -> Stance:
    return await act(database, consents.give, room.id, position, by=by, **given)


async def state(database: Database, room: Workshop, by: Person, about: str | None = None) -> Objection:
    return await act(database, objections.state, room.id, text="On ne saura pas le compter.", indicator_id=about, by=by)


async def lift(database: Database, objection: Objection, by: Person) -> None:
    await act(database, objections.lift, objection.id, because="C'est réécrit.", by=by)


async def roll(database: Database, room: Workshop) -> Roll:
    found = await ask(database, rolls.roll, await reread(database, room))
    assert found is not None
    return found


async def silent(database: Database, room: Workshop) -> list[str]:
    """Who is still waited for."""
    return [each.name for each in await ask(database, turnout.missing, await reread(database, room))]


async def reword(database: Database, ours: str, by: Person, base: int = 1) -> None:
    sheet = {**SHEET, "libelle": f"Rédaction {base + 1}"}
    await act(database, indicators.reword, ours, sheet, base=base, by=by)


async def kinds(database: Database, room: Workshop, since: int) -> list[Kind]:
    return [entry.kind for entry in await ask(database, journal.since, room.id, since)]


# ── One person, one position on the whole set


async def test_a_set_is_adopted_when_somebody_consents_and_nobody_objects(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    assert await silent(database, room) == ["Sacha", "Alix"]
    assert (await roll(database, room)).outcome is Outcome.UNDECIDED
    await give(database, room, alix)
    await give(database, room, sacha, ABSTAIN)
    now = await roll(database, room)
    assert (now.consents, now.abstains, now.people, now.outcome) == (1, 1, 2, Outcome.KEPT)
    assert await silent(database, room) == []


async def test_the_same_position_twice_is_once_and_another_one_takes_its_place(
    database: Database, room: Workshop, alix: Person, ours: str
) -> None:
    since = (await reread(database, room)).gestures
    for position in (CONSENT, CONSENT, ABSTAIN):
        await give(database, room, alix, position)
    assert await kinds(database, room, since) == [Kind.CONSENT_GIVEN, Kind.CONSENT_GIVEN]
    now = await roll(database, room)
    assert (now.consents, now.abstains) == (0, 1)


async def test_a_position_may_be_taken_back_until_the_stage_ends(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    await give(database, room, alix)
    since = (await reread(database, room)).gestures
    for _ in range(2):
        await act(database, consents.take_back, room.id, by=alix)
    assert await kinds(database, room, since) == [Kind.CONSENT_TAKEN_BACK]
    assert await silent(database, room) == ["Sacha", "Alix"]
    await give(database, room, alix)
    await move(database, room, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await act(database, consents.take_back, room.id, by=alix)
    with pytest.raises(NotNow):
        await give(database, room, alix)


async def test_only_members_have_a_position(database: Database, room: Workshop, camille: Person, ours: str) -> None:
    for person in (camille, await observer(database, room), await stranger(database)):
        for verb, given in ((consents.give, (CONSENT,)), (consents.take_back, ())):
            with pytest.raises(NotYours):
                await act(database, verb, room.id, *given, by=person)
        with pytest.raises(NotYours):
            await state(database, room, person)


async def test_what_is_no_position_is_refused(database: Database, room: Workshop, alix: Person, ours: str) -> None:
    for wrong in ("", "keep", OBJECT):
        with pytest.raises(NotThus) as refusal:
            await give(database, room, alix, wrong)
        assert list(refusal.value.fields) == ["choice"]


async def test_where_one_votes_indicator_by_indicator_there_is_no_consent_to_give(
    database: Database, camille: Person
) -> None:
    room = await workshop(database, Stage.VOTING, by=camille)
    alix = await member_of(database, room)
    with pytest.raises(NotNow):
        await give(database, room, alix)
    with pytest.raises(NotNow):
        await state(database, room, alix)
    assert await ask(database, rolls.roll, room) is None


async def test_under_consent_nobody_votes_indicator_by_indicator(
    database: Database, room: Workshop, alix: Person, ours: str
) -> None:
    with pytest.raises(NotThus):
        await act(database, votes.cast, ours, wording=1, choice=Choice.KEEP, by=alix)


async def test_one_consents_once_the_vote_is_open(database: Database, room: Workshop, alix: Person) -> None:
    with pytest.raises(NotNow):
        await give(database, room, alix)
    with pytest.raises(NotNow):
        await state(database, room, alix)


# ── A consent belongs to the texts that were read


@pytest.mark.parametrize("change", ["reworded", "added", "withdrawn"])
async def test_when_a_text_changes_former_consents_are_on_an_earlier_set(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str, change: str
) -> None:
    stance = await give(database, room, sacha)
    if change == "reworded":
        await reword(database, ours, alix)
    elif change == "added":
        await move(database, room, Stage.PROPOSING, by=camille)
        await act(database, indicators.propose, room.id, SHEET, by=alix)
    else:
        await move(database, room, Stage.DISCUSSING, by=camille)
        await act(database, lineage.withdraw, ours, because="Doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    now = await roll(database, room)
    assert (now.consents, now.earlier, now.outcome) == (0, 1, Outcome.UNDECIDED)
    waited = await ask(database, turnout.missing, await reread(database, room))
    assert [(each.name, each.has_voted) for each in waited] == [("Alix", False), ("Sacha", True)]
    table = await ask(database, indicators.cards, room.id)
    assert len(consents.changed_since(table, stance.gesture)) == 1
    await give(database, room, sacha)
    now = await roll(database, room)
    assert (now.consents, now.earlier) == (1, 0)


async def test_what_was_read_before_a_change_is_asked_again(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    read = (await roll(database, room)).fingerprint
    await reword(database, ours, alix)
    with pytest.raises(Moved) as refusal:
        await give(database, room, sacha, read=read)
    now = (await roll(database, room)).fingerprint
    assert refusal.value.told == {"ensemble": now}
    await give(database, room, sacha, read=now)


async def test_another_round_asks_everybody_again(database: Database, camille: Person) -> None:
    room = await convened(database, camille, rounds=2)
    alix = await member_of(database, room)
    await move(database, room, Stage.VOTING, by=camille)
    await give(database, room, alix)
    await act(database, rules.open_round, room.id, 2, by=camille)
    now = await roll(database, room)
    assert (now.consents, now.earlier) == (0, 1)


# ── Objections


async def test_an_objection_stands_whoever_else_consents_and_takes_the_place_of_ones_consent(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    await give(database, room, alix)
    await give(database, room, sacha)
    held = await state(database, room, sacha, ours)
    assert (held.indicator_id, held.wording) == (ours, 1)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.people, now.outcome) == (1, 1, 2, Outcome.REWORKED)


async def test_the_same_objection_twice_is_once(database: Database, room: Workshop, sacha: Person, ours: str) -> None:
    since = (await reread(database, room)).gestures
    assert (await state(database, room, sacha, ours)).id == (await state(database, room, sacha, ours)).id
    await state(database, room, sacha)
    assert await kinds(database, room, since) == [Kind.OBJECTION_RAISED] * 2


async def test_an_objection_is_argued(database: Database, room: Workshop, alix: Person, ours: str) -> None:
    for text in ("", "  \u200b ", "x" * (objections.LONGEST + 1)):
        with pytest.raises(NotThus) as refusal:
            await act(database, objections.state, room.id, text=text, by=alix)
        assert list(refusal.value.fields) == ["text"]


async def test_an_objection_is_about_a_text_of_this_table(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    elsewhere = await card(database, await workshop(database, by=camille))
    for about in (elsewhere.id, "0nexistepas0"):
        with pytest.raises(NotFound):
            await state(database, room, alix, about)
    await move(database, room, Stage.DISCUSSING, by=camille)
    await act(database, lineage.withdraw, ours, because="Doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    with pytest.raises(NotNow):
        await state(database, room, sacha, ours)


async def test_who_objects_lifts_it_before_consenting(
    database: Database, room: Workshop, sacha: Person, ours: str
) -> None:
    await state(database, room, sacha)
    with pytest.raises(NotNow):
        await give(database, room, sacha)
    with pytest.raises(NotNow):
        await act(database, consents.take_back, room.id, by=sacha)


async def test_its_author_alone_lifts_an_objection_with_a_word(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha, ours)
    for person in (alix, camille, await stranger(database)):
        with pytest.raises(NotYours):
            await lift(database, held, person)
    for word in ("", " ", "x" * 301):
        with pytest.raises(NotThus) as refusal:
            await act(database, objections.lift, held.id, because=word, by=sacha)
        assert list(refusal.value.fields) == ["because"]
    since = (await reread(database, room)).gestures
    for _ in range(2):
        await lift(database, held, sacha)
    assert await kinds(database, room, since) == [Kind.OBJECTION_LIFTED]


async def test_lifting_ones_last_objection_is_consenting_to_the_set_as_it_stands(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    first, second = await state(database, room, sacha, ours), await state(database, room, sacha)
    await reword(database, ours, alix)
    await lift(database, first, sacha)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.outcome) == (0, 1, Outcome.REWORKED)
    await lift(database, second, sacha)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.earlier, now.outcome) == (1, 0, 0, Outcome.KEPT)


async def test_an_objection_stands_whatever_becomes_of_the_text(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    await give(database, room, alix)
    await state(database, room, sacha, ours)
    await reword(database, ours, alix)
    now = await roll(database, room)
    assert (now.objections, now.earlier, now.outcome) == (1, 1, Outcome.REWORKED)


async def test_who_leads_by_now_may_lift_what_they_objected_and_has_no_position_then(
    database: Database, room: Workshop, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha)
    await act(database, agenda.appoint, room.id, sacha, by=camille)
    await lift(database, held, sacha)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.people) == (0, 0, 0)


async def test_after_the_vote_an_objection_is_neither_made_nor_lifted_nor_answered(
    database: Database, room: Workshop, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha)
    await move(database, room, Stage.CLOSED, by=camille)
    with pytest.raises(NotNow):
        await state(database, room, sacha)
    with pytest.raises(NotNow):
        await lift(database, held, sacha)
    with pytest.raises(NotNow):
        await act(database, objections.answer, held.id, text="Trop tard.", by=camille)


# ── Answers


async def test_whoever_leads_or_proposed_the_text_answers_and_another_answer_takes_the_place(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha, ours)
    whole = await state(database, room, sacha)
    since = (await reread(database, room)).gestures
    for person, text in ((alix, "Oui."), (camille, "Non."), (camille, "Non.")):
        await act(database, objections.answer, held.id, text=text, by=person)
    assert await kinds(database, room, since) == [Kind.OBJECTION_ANSWERED] * 2
    answered, unanswered = await ask(database, objections.stated, room)
    assert answered.reply is not None
    assert (answered.reply.text, answered.reply.by_id, answered.stands) == ("Non.", camille.id, True)
    assert unanswered.reply is None
    with pytest.raises(NotYours):
        await act(database, objections.answer, whole.id, text="Oui.", by=alix)
    for person in (sacha, await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await act(database, objections.answer, held.id, text="Oui.", by=person)


async def test_an_answer_says_something_and_comes_before_the_lifting(
    database: Database, room: Workshop, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha)
    with pytest.raises(NotThus):
        await act(database, objections.answer, held.id, text=" ", by=camille)
    await lift(database, held, sacha)
    with pytest.raises(NotNow):
        await act(database, objections.answer, held.id, text="Merci.", by=camille)


# ── What it decides


async def test_every_indicator_of_the_set_has_its_outcome(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    async def outcomes() -> set[Outcome]:
        draft = await ask(database, drafts.draft, [await reread(database, room)])
        assert len(draft.lines) == 1
        return {line.outcome for line in draft.lines}

    assert await outcomes() == {Outcome.UNDECIDED}
    held = await state(database, room, sacha)
    assert await outcomes() == {Outcome.REWORKED}
    await lift(database, held, sacha)
    assert await outcomes() == {Outcome.KEPT}
    found = await ask(database, tallies.tally, ours)
    assert found.published() == {
        "texte_actuel": {"consent": 1, "abstain": 0},
        "texte_anterieur": 0,
        "objections": 0,
    }


async def test_what_still_stands_is_the_reason_of_a_set_that_is_not_adopted_and_the_dissent_of_one_that_is(
    database: Database, room: Workshop, alix: Person, sacha: Person, camille: Person, ours: str
) -> None:
    """An exception adopts in spite of an objection: it is published, with its answer and the lab it came from."""
    await move(database, room, Stage.PROPOSING, by=camille)
    other = await act(database, indicators.propose, room.id, {**SHEET, "libelle": "Un autre"}, by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    held, lifted = await state(database, room, sacha, ours), await state(database, room, sacha)
    await act(database, objections.answer, held.id, text="On essaiera.", by=camille)
    await lift(database, lifted, sacha)
    room = await move(database, room, Stage.CLOSED, by=camille)
    draft = await ask(database, drafts.draft, [room])
    assert {line.card.id: line.because for line in draft.lines} == {
        ours: "On ne saura pas le compter.",
        other.id: WITH_THE_SET,
    }
    code = next(line.code for line in draft.lines if line.card.id == ours)
    exceptions = {code: Exceptional(True, "À l'essai.")}
    published = await publish(database, room, exceptions=exceptions, by=await publisher(database))
    (item,) = published.content["indicateurs"]
    assert item["reserves"] == [
        {"genre": "objection", "labo": "siilab", "texte": "On ne saura pas le compter.", "reponse": "On essaiera."}
    ]
    assert item["decision"]["votes"]["objections"] == 1
    assert tallies.read(item["decision"]).outcome is Outcome.REWORKED


async def test_below_the_quorum_nothing_is_decided(database: Database, camille: Person) -> None:
    room = await convened(database, camille, quorum=2)
    people = [await member_of(database, room, lab) for lab in ("ti-lab", "siilab")]
    await move(database, room, Stage.VOTING, by=camille)
    for person, outcome in zip(people, (Outcome.UNDECIDED, Outcome.KEPT), strict=True):
        await give(database, room, person)
        assert (await roll(database, room)).outcome is outcome


def test_the_rule_says_how_a_lab_consents() -> None:
    said = [each.sentence for each in Rule(method=Method.CONSENT, voices=Voices.LABS).said]
    assert said[-1].endswith("il consent dès qu'un de ses membres consent, si aucun n'objecte.")


async def test_a_lab_consents_when_one_of_its_members_does_and_none_objects(
    database: Database, camille: Person
) -> None:
    room = await convened(database, camille, voices=Voices.LABS)
    alix, robin, sacha = [
        await member_of(database, room, lab, name)
        for lab, name in (("ti-lab", "Alix"), ("ti-lab", "Robin"), ("siilab", "Sacha"))
    ]
    await move(database, room, Stage.VOTING, by=camille)
    await give(database, room, alix)
    await give(database, room, robin, ABSTAIN)
    await give(database, room, sacha, ABSTAIN)
    now = await roll(database, room)
    assert (now.consents, now.abstains, now.people) == (1, 1, 3)
    held = await state(database, room, robin)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.outcome) == (0, 1, Outcome.REWORKED)
    await lift(database, held, robin)
    assert (await roll(database, room)).consents == 1


# ── Who one was, who one is


async def test_a_guest_with_an_account_keeps_their_position_and_their_objection(
    database: Database, room: Workshop, sacha: Person, ours: str
) -> None:
    held = await state(database, room, sacha)
    known = await account(database, "Sacha")
    await act(database, attachments.attach, sacha, by=known)
    await lift(database, held, known)
    assert (await roll(database, room)).consents == 1


async def test_a_guest_who_was_somebody_with_a_seat_is_one_voice_and_their_objection_is_theirs_to_lift(
    database: Database, room: Workshop, alix: Person, sacha: Person, ours: str
) -> None:
    known = await account(database, "Sacha")
    await act(database, agenda.join, room.id, name="Sacha", lab="siilab", by=known)
    await give(database, room, known)
    await give(database, room, alix)
    held = await state(database, room, sacha)
    await act(database, attachments.attach, sacha, by=known)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.people) == (1, 1, 2)
    await act(database, attachments.attach, alix, by=known)
    now = await roll(database, room)
    assert (now.consents, now.objections, now.people) == (0, 1, 1)
    await lift(database, held, known)
    assert (await roll(database, room)).consents == 1


async def test_all_that_one_said_of_a_set_is_theirs_to_take_away(
    database: Database, room: Workshop, sacha: Person, camille: Person, ours: str
) -> None:
    held = await state(database, room, sacha, ours)
    await act(database, objections.answer, held.id, text="Nous le compterons.", by=camille)
    await lift(database, held, sacha)
    kept = await ask(database, belongings.of, sacha)
    assert [each["position"] for each in kept["positions"]] == ["object", "consent"]
    assert kept["objections"] == [
        {"atelier": room.id, "indicateur": ours, "redaction": 1, "texte": "On ne saura pas le compter."}
    ]
    assert kept["levees"] == [{"objection": held.id, "motif": "C'est réécrit."}]
    answered = await ask(database, belongings.of, camille)
    assert answered["reponses"] == [{"objection": held.id, "texte": "Nous le compterons."}]


async def test_the_database_itself_knows_one_position_a_person(
    database: Database, room: Workshop, sacha: Person, ours: str
) -> None:
    stance = await give(database, room, sacha)
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            session.add(Stance(**{**stance.model_dump(), "gesture": stance.gesture + 1}))
