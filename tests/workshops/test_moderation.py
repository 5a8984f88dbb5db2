"""Moderation: who reads a testimonial first, what they decide, what they mask, and who looks again."""

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from server.database import Database
from tests.cast import HAPPENED, account, act, ask, colleague, give, moderator, publisher, somebody, witness
from tests.conftest import Clock
from workshops import (
    answers,
    audit,
    handling,
    maskings,
    memberships,
    moderation,
    personal,
    queues,
    testimonials,
    withdrawals,
    world,
)
from workshops.audit import Deed
from workshops.memberships import Membership
from workshops.moderation import Decision, Judged, Reason, State, Verdict
from workshops.people import Person, Role
from workshops.personal import MASK
from workshops.records import Record
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.testimonials import Testimonial, Told

REFUSED = {"verdict": "refuse", "reason": "injurieux"}
GONE = "Ce témoignage n'est plus là : son auteur l'a retiré, ou sa durée de conservation est passée."


@pytest.fixture
async def alix(database: Database) -> Person:
    """Of the Ti Lab."""
    return await colleague(database)


@pytest.fixture
async def morgane(database: Database) -> Person:
    """She moderates for DITP."""
    return await moderator(database)


async def decide(database: Database, told: Testimonial, by: Person, **given: Any) -> Decision:
    given = {"verdict": "publie", "base": told.revision, **given}
    return await act(database, moderation.decide, told.id, by=by, **given)


async def judged(database: Database, told: Testimonial) -> Judged:
    return await ask(database, moderation.get, told.id)


async def refused(database: Database, told: Testimonial, by: Person, kind: type[Refusal], **given: Any) -> Refusal:
    """It is refused, and nothing is written."""
    before = await rows(database)
    with pytest.raises(kind) as said:
        await decide(database, told, by, **given)
    assert await rows(database) == before
    return said.value


async def rows(database: Database) -> list[str]:
    """Everything that the database holds, each row as a text."""
    async with database.reading() as session:
        return [
            f"{table.name} {row}"
            for table in Record.metadata.sorted_tables
            for row in sorted(map(str, await session.execute(select(table))))
        ]


async def deeds(database: Database) -> list[tuple[Deed, str | None]]:
    kinds = {Deed.TESTIMONIAL_PUBLISHED, Deed.TESTIMONIAL_REFUSED, Deed.TESTIMONIAL_MASKED, Deed.TESTIMONIAL_APPEALED}
    return [(each.kind, each.by_id) for each in await ask(database, audit.entries) if each.kind in kinds]


async def appealed(database: Database, alix: Person, **given: Any) -> tuple[str, Testimonial]:
    """Refused by Alix, and its author asked for a second look."""
    key, told = await give(database, **{"happened": HAPPENED, **given})
    await decide(database, told, alix, **REFUSED)
    await act(database, moderation.appeal, key, text="Relisez.")
    return key, told


# ── The first decision


@pytest.mark.parametrize("who", ["colleague", "moderator", "publisher"])
async def test_the_lab_or_ditp_publishes(database: Database, who: str) -> None:
    by = await {"colleague": colleague, "moderator": moderator, "publisher": publisher}[who](database)
    _key, told = await give(database, happened=HAPPENED)
    assert (await judged(database, told)).state is State.WAITING
    decision = await decide(database, told, by)
    assert (decision.verdict, decision.reason, decision.revision) == (Verdict.PUBLISHED, None, told.revision)
    assert decision.of_lab is (who == "colleague")
    assert (await judged(database, told)).state is State.PUBLISHED
    assert await deeds(database) == [(Deed.TESTIMONIAL_PUBLISHED, by.id)]


@pytest.mark.parametrize("reason", list(Reason))
async def test_it_is_refused_for_a_reason_of_the_list_with_a_note(
    database: Database, alix: Person, reason: Reason
) -> None:
    _key, told = await give(database, happened=HAPPENED)
    decision = await decide(database, told, alix, verdict="refuse", reason=reason.value, note=" Sans insulte. ")
    assert (decision.verdict, decision.reason, decision.note) == (Verdict.REFUSED, reason, "Sans insulte.")
    assert (await judged(database, told)).state is State.REFUSED
    assert await deeds(database) == [(Deed.TESTIMONIAL_REFUSED, alix.id)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"verdict": ""}, "verdict"),
        ({"verdict": "cache"}, "verdict"),
        ({"verdict": "refuse"}, "reason"),
        ({"verdict": "refuse", "reason": "defavorable"}, "reason"),
        ({"verdict": "refuse", "reason": "faux", "note": "x" * 501}, "note"),
    ],
)
async def test_a_decision_that_does_not_hold(
    database: Database, alix: Person, given: dict[str, str], field: str
) -> None:
    _key, told = await give(database, happened=HAPPENED)
    said = await refused(database, told, alix, NotThus, **given)
    assert isinstance(said, NotThus)
    assert list(said.fields) == [field]


async def test_others_decide_nothing(database: Database, alix: Person) -> None:
    _key, told = await give(database, happened=HAPPENED)
    asking, left = await account(database, "Maël"), await account(database, "Lise")
    over = {"approved_at": world.now(), "approved_by_id": alix.id, "ended_at": world.now(), "ended_by_id": alix.id}
    async with database.transaction() as session:
        session.add(Membership(person_id=asking.id, lab_slug="ti-lab"))
        session.add(Membership(person_id=left.id, lab_slug="ti-lab", **over))
    others = [
        await somebody(database, "Inconnu"),
        await colleague(database, "siilab"),
        await somebody(database, "Camille", Role.FACILITATOR, Role.AUDITOR),
        asking,
        left,
    ]
    for other in others:
        for verb in (maskings.mask, withdrawals.mask):
            with pytest.raises(NotYours):
                await act(database, verb, told.id, ["démarche"], base=told.revision, by=other)
        await refused(database, told, other, NotYours)
        with pytest.raises(NotYours):
            await ask(database, moderation.seen, told.id, by=other)


@pytest.mark.parametrize("told", [{}, {"may_publish": False, "may_cite": False}])
async def test_what_nobody_asked_to_publish_is_neither_decided_nor_masked(
    database: Database, alix: Person, told: dict[str, Any]
) -> None:
    _key, given = await give(database, **told)
    said = await refused(database, given, alix, NotNow)
    assert said.sentence == "Son auteur n'a pas demandé à le publier : il n'y a rien à décider."
    with pytest.raises(NotNow, match="rien à masquer"):
        await act(database, maskings.mask, given.id, ["démarche"], base=given.revision, by=alix)
    assert (await judged(database, given)).state is (State.KEPT if told else State.BEGUN)


async def test_what_is_not_there_or_no_more(database: Database, alix: Person) -> None:
    with pytest.raises(NotFound):
        await act(database, moderation.decide, "0nexistepas0", verdict="publie", base=1, by=alix)
    key, told = await give(database, happened=HAPPENED)
    await act(database, withdrawals.withdraw, key)
    said = await refused(database, told, alix, NotNow)
    assert said.sentence == GONE
    withdrawn = await judged(database, told)
    assert withdrawn.state is State.WITHDRAWN
    hindrance = await ask(database, moderation.hindrance, withdrawn, Verdict.PUBLISHED, by=alix)
    assert hindrance is not None
    assert hindrance.sentence == GONE


async def test_a_decision_is_about_what_was_read(database: Database, alix: Person) -> None:
    key, told = await give(database, happened=HAPPENED)
    await act(database, testimonials.tell, key, Told(happened="Autre chose.", may_publish=True))
    said = await refused(database, told, alix, NotNow)
    assert said.sentence == "Le texte a changé pendant votre lecture : relisez-le avant de décider."
    assert (await decide(database, told, alix, base=2)).revision == 2
    with pytest.raises(NotNow):
        await act(database, testimonials.tell, key, Told(happened="Encore.", may_publish=True))


# ── Twice, and at once


@pytest.mark.parametrize("given", [{}, {**REFUSED, "note": "Sans insulte."}, {"reason": "faux"}])
async def test_the_same_decision_twice_is_one(database: Database, alix: Person, given: dict[str, str]) -> None:
    _key, told = await give(database, happened=HAPPENED)
    first = await decide(database, told, alix, **given)
    assert (await decide(database, told, alix, **given)).id == first.id
    assert len(await deeds(database)) == 1


async def test_another_note_is_another_decision_and_comes_too_late(database: Database, alix: Person) -> None:
    _key, told = await give(database, happened=HAPPENED)
    await decide(database, told, alix, **REFUSED)
    await refused(database, told, alix, NotNow, **REFUSED, note="Un mot de plus.")


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize(
    ("theirs", "late"), [({}, NotNow), (REFUSED, NotYours)], ids=["the same", "the contrary"]
)
async def test_of_two_who_decide_at_once_one_is_told_so(
    database: Database, alix: Person, processes: int, theirs: dict[str, str], late: type[Refusal]
) -> None:
    sacha = await colleague(database, name="Sacha")
    _key, told = await give(database, happened=HAPPENED)
    other = Database(database.url) if processes == 2 else database
    found = await asyncio.gather(
        decide(database, told, alix), decide(other, told, sacha, **theirs), return_exceptions=True
    )
    if other is not database:
        await other.close()
    (decision,) = [each for each in found if isinstance(each, Decision)]
    (refusal,) = [each for each in found if isinstance(each, Refusal)]
    assert type(refusal) is late
    assert [each.id for each in await ask(database, moderation.decisions, told.id)] == [decision.id]
    assert len(await deeds(database)) == 1


# ── The second look


async def test_the_author_of_a_refused_one_appeals_once(database: Database, alix: Person) -> None:
    key, told = await give(database, happened=HAPPENED)
    with pytest.raises(NotNow):
        await act(database, moderation.appeal, key)
    await decide(database, told, alix, **REFUSED)
    with pytest.raises(NotThus):
        await act(database, moderation.appeal, key, text="x" * 1001)
    first = await act(database, moderation.appeal, key, text=f" Relisez {MASK}. ")
    assert first.text == "Relisez [masqué]."
    assert (await act(database, moderation.appeal, key, text="Encore.")).text == "Relisez [masqué]."
    assert (await judged(database, told)).state is State.APPEALED
    assert await deeds(database) == [(Deed.TESTIMONIAL_REFUSED, alix.id), (Deed.TESTIMONIAL_APPEALED, None)]
    with pytest.raises(NotFound):
        await act(database, moderation.appeal, world.new_key())


@pytest.mark.parametrize(("given", "state"), [({}, State.PUBLISHED), (REFUSED, State.REFUSED)])
async def test_ditp_looks_again_and_that_ends_it(
    database: Database, alix: Person, morgane: Person, given: dict[str, str], state: State
) -> None:
    key, told = await appealed(database, alix)
    decision = await decide(database, told, morgane, **given)
    assert decision.of_lab is False
    after = await judged(database, told)
    assert (after.state, after.appeal and after.appeal.answered_at) == (state, decision.at)
    history = await ask(database, moderation.decisions, told.id)
    assert [(each.by_id, each.ended_at) for each in history] == [(alix.id, decision.at), (morgane.id, None)]
    await act(database, moderation.appeal, key)
    assert (await judged(database, told)).state is state


async def test_the_second_look_is_for_somebody_else_of_ditp(
    database: Database, alix: Person, morgane: Person
) -> None:
    _key, told = await appealed(database, alix)
    said = await refused(database, told, await colleague(database, name="Sacha"), NotYours)
    assert said.sentence == "C'est décidé : y revenir appartient à la modération de la DITP, pas au laboratoire."
    for given in ({}, REFUSED):
        await refused(database, told, alix, NotYours, **given)
    key, other = await give(database, happened=HAPPENED)
    await decide(database, other, morgane, **REFUSED)
    await act(database, moderation.appeal, key)
    for given in ({}, REFUSED):  # the same refusal again answers no appeal
        said = await refused(database, other, morgane, NotYours, **given)
        assert said.sentence == "Vous avez refusé ce témoignage : seul quelqu'un d'autre peut l'examiner à nouveau."
    await decide(database, other, await publisher(database))


async def test_who_moderates_and_is_of_the_lab_judges_for_the_lab(database: Database, alix: Person) -> None:
    both = await moderator(database, "Robin")
    async with database.transaction() as session:
        session.add(Membership(person_id=both.id, lab_slug="ti-lab", approved_at=world.now(), approved_by_id=alix.id))
    _key, told = await appealed(database, alix)
    await refused(database, told, both, NotYours)
    assert await ask(database, queues.of, by=both) == []
    _key, own = await give(database, happened="Autre chose.")
    _key, theirs = await give(database, happened="Ailleurs.", lab="siilab")
    assert (await decide(database, own, both)).of_lab is True
    assert (await decide(database, theirs, both)).of_lab is False


async def test_only_ditp_comes_back_on_what_is_decided_for_a_reason(
    database: Database, alix: Person, morgane: Person
) -> None:
    key, told = await witness(database, by=alix)
    await refused(database, told, alix, NotYours, **REFUSED)
    await refused(database, told, morgane, NotThus, verdict="refuse")
    await refused(database, told, morgane, NotNow)
    await decide(database, told, morgane, **REFUSED)
    assert (await judged(database, told)).state is State.REFUSED
    await refused(database, told, morgane, NotYours)  # somebody else undoes it
    await act(database, moderation.appeal, key)
    dominique = await publisher(database)
    await decide(database, told, dominique)
    said = await refused(database, told, morgane, NotYours, **REFUSED)  # nor does she refuse it once more
    assert said.sentence == "Vous avez refusé ce témoignage : seul quelqu'un d'autre peut l'examiner à nouveau."
    await decide(database, told, dominique, **REFUSED)  # who published may see their mistake


async def test_what_one_may_not_decide_is_known_beforehand(database: Database, alix: Person, morgane: Person) -> None:
    _key, told = await give(database, happened=HAPPENED)

    async def open_to(by: Person) -> list[Verdict]:
        now = await judged(database, told)
        return [each for each in Verdict if not await ask(database, moderation.hindrance, now, each, by=by)]

    assert (await open_to(alix), await open_to(morgane)) == (list(Verdict), list(Verdict))
    await decide(database, told, alix)
    assert (await open_to(alix), await open_to(morgane)) == ([], [Verdict.REFUSED])


# ── Masks

LONG = "Appelez Jo au 06 12 34 56 78, ou Joséphine Le  Goff au 06 12 34 56 78. Bravo."


@pytest.mark.parametrize(
    ("passage", "left"),
    [
        ("06 12 34 56 78", f"Appelez Jo au {MASK}, ou Joséphine Le  Goff au {MASK}. Bravo."),
        ("Jo", f"Appelez {MASK} au 06 12 34 56 78, ou Joséphine Le  Goff au 06 12 34 56 78. Bravo."),
        (" Joséphine Le Goff ", f"Appelez Jo au 06 12 34 56 78, ou {MASK} au 06 12 34 56 78. Bravo."),
        ("Le Goff au 06", f"Appelez Jo au 06 12 34 56 78, ou Joséphine {MASK} 12 34 56 78. Bravo."),
    ],
)
async def test_a_passage_is_masked_wherever_it_stands_whole(
    database: Database, alix: Person, passage: str, left: str
) -> None:
    _key, told = await give(database, happened=LONG, changed="Rien.", name="Claude")
    masking = await act(database, maskings.mask, told.id, [passage], base=1, by=alix)
    after = await judged(database, told)
    assert after.telling is not None
    assert (after.telling.happened, after.telling.changed, after.telling.name) == (left, "Rien.", "Claude")
    assert (masking.passages, masking.by_id, after.testimonial.revision) == (1, alix.id, 2)
    assert await ask(database, maskings.of, told.id) == [masking]
    assert await deeds(database) == [(Deed.TESTIMONIAL_MASKED, alix.id)]


async def test_several_are_masked_the_longest_first_and_a_name_goes(database: Database, alix: Person) -> None:
    _key, told = await give(database, happened="Jo Dupont, ou Jo, m'a reçu.", changed="Merci Jo.", name="Jo D.")
    masking = await act(database, maskings.mask, told.id, ["Jo", "", "Jo Dupont", "Jo", MASK], base=1, by=alix)
    telling = (await judged(database, told)).telling
    assert telling is not None
    assert (telling.happened, telling.changed, telling.name) == (f"{MASK}, ou {MASK}, m'a reçu.", f"Merci {MASK}.", "")
    assert masking.passages == 2


@pytest.mark.parametrize(
    ("passages", "said"),
    [
        ([], "Choisissez au moins un passage à masquer."),
        (["", "  ", MASK], "Choisissez au moins un passage à masquer."),
        (["J"], "« J » n'est pas dans"),
        (["Jos"], "« Jos » n'est pas dans"),
        (["06 12 34 56 7"], "« 06 12 34 56 7 » n'est pas dans"),
        (["joséphine"], "« joséphine » n'est pas dans"),
        (["Jo", "absent"], "« absent » n'est pas dans"),
        (["masqué"], "« masqué » n'est pas dans"),
        (["⟧ un"], "« ⟧ un » n'est pas dans"),
        (["x" * 101], "Cent caractères au plus"),
        ([LONG.removesuffix(" Bravo."), "Bravo"], "Il n'en resterait rien à lire"),
    ],
)
async def test_what_is_not_masked(database: Database, alix: Person, passages: list[str], said: str) -> None:
    _key, told = await give(database, happened=f"{LONG} Un masqué ?")
    await act(database, maskings.mask, told.id, ["Un masqué"], base=1, by=alix)
    before = await rows(database)
    with pytest.raises(NotThus) as refusal:
        await act(database, maskings.mask, told.id, passages, base=2, by=alix)
    assert refusal.value.fields["passages"].format(**refusal.value.values).startswith(said)
    assert await rows(database) == before


async def test_masks_do_not_make_a_text_too_long(database: Database, alix: Person) -> None:
    _key, told = await give(database, happened="ab " * 600 + "fin")
    with pytest.raises(NotThus) as refusal:
        await act(database, maskings.mask, told.id, ["ab"], base=1, by=alix)
    assert refusal.value.fields["passages"].startswith("Tant de masques ne tiennent pas")


async def test_one_masks_what_one_read_while_it_is_there(database: Database, alix: Person) -> None:
    key, told = await give(database, happened=LONG)
    await act(database, maskings.mask, told.id, ["Jo"], base=1, by=alix)
    with pytest.raises(NotNow, match="a changé pendant votre lecture"):
        await act(database, maskings.mask, told.id, ["Bravo"], base=1, by=alix)
    await refused(database, told, alix, NotNow)  # nor decides on what one did not read
    with pytest.raises(NotNow):
        await act(database, testimonials.tell, key, Told(happened=LONG, may_publish=True))
    await act(database, withdrawals.withdraw, key)
    with pytest.raises(NotNow) as gone:
        await act(database, maskings.mask, told.id, ["Bravo"], base=2, by=alix)
    assert gone.value.sentence == GONE


async def test_nothing_of_a_masked_passage_is_left_in_the_database(
    database: Database, alix: Person, morgane: Person
) -> None:
    """Not in the words, nor in what others wrote of them."""
    number = "06 12 34 56 78"
    key, told = await give(database, happened=f"Mon numéro : {number}.", changed=f"Appelez le {number} !")
    await decide(database, told, alix, **REFUSED, note=f"Pourquoi donner le {number} ?")
    await act(database, moderation.appeal, key, text=f"{number} est le mien.")
    await decide(database, told, morgane)
    await act(database, answers.answer, told.id, text=f"Nous appelons le {number}.", by=alix)
    assert len([row for row in await rows(database) if number in row]) == 4
    await act(database, withdrawals.mask, told.id, [number], base=1, by=alix)
    left = await rows(database)
    assert [row for row in left if number in row] == []
    assert len([row for row in left if MASK in row]) == 4
    assert (await ask(database, answers.of, [told.id]))[told.id].text == f"Nous appelons le {MASK}."


@pytest.mark.parametrize(
    "text", ["jean@exemple.fr", "06.12.34.56.78", "+33 6 12 34 56 78", "FR76 3000 6000 0112 3456 7890 189", "2 69 05 49 588 157 80"]
)
@pytest.mark.parametrize("around", ["{}", "Mon {}.", "({})", "{}et", "a,{},b"])
def test_whatever_is_found_can_be_masked(text: str, around: str) -> None:
    said = around.format(text)
    found = [said[each.start : each.end] for each in personal.traces(said)]
    assert found or around == "{}et"
    assert personal.traces(personal.masked(said, found)) == []
    assert all(each not in personal.masked(said, found) for each in found)


# ── What waits


async def test_the_queue_is_ones_own_and_begins_with_what_waited_longest(
    database: Database, alix: Person, morgane: Person, clock: Clock
) -> None:
    _key, first = await give(database, happened="Un.")
    clock.advance(days=1)
    key, second = await give(database, happened="Deux.")
    _key, elsewhere = await give(database, happened="Trois.", lab="siilab")
    await give(database)
    await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    withdrawn, _told = await give(database, happened="Quatre.")
    await act(database, withdrawals.withdraw, withdrawn)
    clock.advance(days=1)

    async def waits(by: Person, **given: int) -> list[str]:
        return [each.testimonial.id for each in await ask(database, queues.of, by=by, **given)]

    both = sorted([second.id, elsewhere.id])
    assert await waits(alix) == [first.id, second.id]
    assert await waits(morgane) == [first.id, *both]
    assert [await ask(database, queues.waiting, by=by) for by in (alix, morgane)] == [2, 3]
    assert await waits(morgane, offset=1, limit=1) == both[:1]
    await decide(database, first, alix)
    await decide(database, second, alix, **REFUSED)
    await act(database, moderation.appeal, key)
    assert await waits(alix) == []
    assert await waits(morgane) == [elsewhere.id, second.id]  # an appeal waits since it was made
    assert [each.waits_since for each in await ask(database, queues.of, by=morgane)] == [
        elsewhere.told_at,
        clock.now(),
    ]


async def test_a_second_look_waits_for_those_who_may_give_it(database: Database, morgane: Person) -> None:
    key, told = await give(database, happened=HAPPENED)
    await decide(database, told, morgane, **REFUSED)
    await act(database, moderation.appeal, key)
    dominique = await publisher(database)
    assert [await ask(database, queues.waiting, by=by) for by in (morgane, dominique)] == [0, 1]


async def test_who_moderates_nothing_has_no_queue(database: Database) -> None:
    stranger = await somebody(database, "Inconnu")
    assert await ask(database, queues.waiting, by=stranger) is None
    with pytest.raises(NotYours):
        await ask(database, queues.of, by=stranger)


async def test_a_lab_finds_all_that_it_was_told(database: Database, alix: Person, clock: Clock) -> None:
    states = []
    for told in ({"happened": "Un."}, {"happened": "Deux.", "may_publish": False, "may_cite": False}):
        states.append((await give(database, **told))[1].id)
        clock.advance(minutes=1)
    await give(database)
    await give(database, happened="Ailleurs.", lab="siilab")
    gone, _told = await give(database, happened="Trois.")
    await act(database, withdrawals.withdraw, gone)
    found = await ask(database, queues.received, "ti-lab")
    assert [(each.testimonial.id, each.state) for each in found] == [(states[1], State.KEPT), (states[0], State.WAITING)]
    assert await ask(database, queues.count_received, "ti-lab") == 2
    assert [each.testimonial.id for each in await ask(database, queues.received, "ti-lab", offset=1)] == [states[0]]


@pytest.mark.parametrize(("left_first", "may"), [(True, True), (False, False)])
async def test_whoever_leaves_a_lab_is_not_of_ditp_for_what_it_was_told_before(
    database: Database, alix: Person, clock: Clock, *, left_first: bool, may: bool
) -> None:
    """Else, one would leave for the time to have a bad one refused as false, which takes it out of the score."""
    morgane = await moderator(database)
    mine = Membership(person_id=morgane.id, lab_slug="ti-lab", approved_at=world.now(), approved_by_id=alix.id)
    async with database.transaction() as session:
        session.add(mine)
    clock.advance(minutes=1)
    if left_first:
        await act(database, memberships.end, mine.id, by=morgane)
        clock.advance(minutes=1)
    key, bad = await give(database, face="mal", happened=HAPPENED)
    _key, other = await give(database, face="mal", happened=HAPPENED)
    if not left_first:
        await act(database, memberships.end, mine.id, by=morgane)
    found = await decide(database, other, morgane, verdict="refuse", reason="faux")
    assert (found.of_lab, (await ask(database, handling.of)).false) == (not may, int(may))
    await decide(database, bad, alix, **REFUSED)
    await act(database, moderation.appeal, key)
    assert [each.testimonial.id for each in await ask(database, queues.of, by=morgane)] == ([bad.id] if may else [])
    if may:
        await decide(database, bad, morgane)
    else:
        await refused(database, bad, morgane, NotYours)


async def test_a_lab_masks_data_and_no_opinion(database: Database, alix: Person) -> None:
    """A quarter of a text in all, whatever the number of masks; telephones and the like are no part of it; DITP may."""
    words = [f"mot{number:02d}" for number in range(1, 41)]
    _key, told = await give(database, happened=" ".join(words) + " 06 39 98 12 34")
    await act(database, withdrawals.mask, told.id, ["06 39 98 12 34"], base=1, by=alix)
    await act(database, withdrawals.mask, told.id, words[:6], base=2, by=alix)
    await act(database, withdrawals.mask, told.id, words[6:11], base=3, by=alix)
    with pytest.raises(NotThus):
        await act(database, withdrawals.mask, told.id, words[11:14], base=4, by=alix)
    assert [each.letters for each in await ask(database, maskings.of, told.id)] == [0, 30, 25]
    await act(database, withdrawals.mask, told.id, words[11:14], base=4, by=await moderator(database))


async def test_a_name_may_be_masked_in_a_short_text(database: Database, alix: Person) -> None:
    _key, told = await give(database, happened="Merci à Mme Marie-Christine Dupont.")
    await act(database, withdrawals.mask, told.id, ["Mme Marie-Christine Dupont"], base=1, by=alix)
    _key, other = await give(database, happened="Un accueil odieux et trois heures d'attente pour rien du tout.")
    with pytest.raises(NotThus):
        await act(database, withdrawals.mask, other.id, ["accueil odieux et trois heures d'attente pour rien"], base=1, by=alix)


async def test_a_lab_masks_nothing_while_somebody_else_looks_again(database: Database, alix: Person) -> None:
    key, told = await give(database, happened="Merci à Mme Dupont, du guichet, pour sa patience.")
    await act(database, moderation.decide, told.id, verdict="refuse", reason="hors_sujet", base=1, by=alix)
    await act(database, moderation.appeal, key)
    with pytest.raises(NotNow):
        await act(database, withdrawals.mask, told.id, ["Mme Dupont"], base=1, by=alix)
    await act(database, withdrawals.mask, told.id, ["Mme Dupont"], base=1, by=await moderator(database))
