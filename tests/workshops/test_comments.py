"""Comments: what people say of a field of a wording, and what the facilitator hides."""

import pytest

from server.database import Database
from tests.cast import SHEET, act, ask, card, cards, facilitator, move, observer, reread, stranger, workshop
from workshops import comments, indicators, journal, lineage
from workshops.agenda import Stage, Workshop
from workshops.comments import Comment, Thread
from workshops.indicators import Card
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotThus, NotYours


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    return await workshop(database, Stage.DISCUSSING, by=camille)


async def say(
    database: Database, text: Card, by: Person, words: str = "Qui compte ?", *, to: Comment | None = None
) -> Comment:
    return await act(
        database, comments.post, text.id, field="definition", text=words, answers=to.id if to else None, by=by
    )


def told(threads: list[Thread]) -> list[tuple[str, list[str]]]:
    """What was said, with its answers."""
    return [(t.comment.text, [answer.comment.text for answer in t.answers]) for t in threads]


# ── Say


async def test_a_comment_is_about_a_field_of_the_current_wording(
    database: Database, room: Workshop, alix: Person, text: Card
) -> None:
    await act(database, indicators.reword, text.id, SHEET, base=1, by=alix)
    said = await say(database, text, alix, "  Qui\r\ncompte ? \n")
    (thread,) = await ask(database, comments.threads, text.id)
    assert thread == Thread(said, None, ())
    assert (said.field, said.text, said.wording, said.by_id, said.gesture) == (
        "definition",
        "Qui\ncompte ?",
        2,
        alix.id,
        5,
    )
    entry = (await ask(database, journal.since, room.id, 4))[0]
    assert (entry.kind, entry.about) == (Kind.COMMENT_POSTED, text.id)


async def test_threads_are_one_level_deep_and_in_the_order_things_were_said(
    database: Database, alix: Person, sacha: Person, text: Card
) -> None:
    first = await say(database, text, alix, "Un.")
    await say(database, text, alix, "Deux.")
    answer = await say(database, text, sacha, "À un.", to=first)
    deeper = await act(
        database, comments.post, text.id, field="libelle", text="À la réponse.", answers=answer.id, by=alix
    )
    assert told(await ask(database, comments.threads, text.id)) == [("Un.", ["À un.", "À la réponse."]), ("Deux.", [])]
    assert (deeper.parent_id, deeper.field) == (first.id, "definition")


async def test_every_thread_of_a_workshop_is_found_at_once(
    database: Database, room: Workshop, alix: Person, text: Card
) -> None:
    other = await card(database, room, "IMP-09")
    await say(database, text, alix, "Ici.")
    await say(database, other, alix, "Là.")
    found = await ask(database, comments.all_threads, room)
    assert {indicator: told(threads) for indicator, threads in found.items()} == {
        text.id: [("Ici.", [])],
        other.id: [("Là.", [])],
    }
    assert await ask(database, comments.counts, room.id) == {text.id: 1, other.id: 1}


async def test_one_answers_a_comment_of_the_same_indicator(
    database: Database, room: Workshop, alix: Person, text: Card
) -> None:
    said = await say(database, text, alix)
    other = await card(database, room, "IMP-09")
    for indicator, answered in ((other.id, said.id), (text.id, "nothing")):
        with pytest.raises(NotFound):
            await act(database, comments.post, indicator, field="", text="Oui.", answers=answered, by=alix)


@pytest.mark.parametrize(
    ("field", "words", "fields"),
    [
        ("definition", "  \n", {"text": "Écrivez votre avis."}),
        ("definition", "x" * 2001, {"text": "C'est trop long."}),
        ("inconnu", "Bien.", {"field": "Choisissez le champ dont vous parlez."}),
    ],
)
async def test_a_comment_says_something_of_something(
    database: Database, alix: Person, text: Card, field: str, words: str, fields: dict[str, str]
) -> None:
    with pytest.raises(NotThus) as refusal:
        await act(database, comments.post, text.id, field=field, text=words, by=alix)
    assert refusal.value.fields == fields
    assert await ask(database, comments.count, text.id) == 0


@pytest.mark.parametrize("stage", list(Stage))
async def test_commenting_has_its_stages(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card, stage: Stage
) -> None:
    await move(database, room, stage, by=camille)
    if stage in (Stage.PREPARING, Stage.CLOSED):
        with pytest.raises(NotNow):
            await say(database, text, alix)
    else:
        await say(database, text, alix)
        await say(database, text, camille)
        assert await ask(database, comments.count, text.id) == 2


async def test_only_members_speak(database: Database, room: Workshop, text: Card) -> None:
    for person in (await observer(database, room), await stranger(database)):
        with pytest.raises(NotYours):
            await say(database, text, person)


async def test_nobody_comments_on_what_was_withdrawn(
    database: Database, room: Workshop, camille: Person, alix: Person
) -> None:
    await move(database, room, Stage.PROPOSING, by=camille)
    proposed = await act(database, indicators.propose, room.id, SHEET, by=alix)
    await act(database, lineage.withdraw, proposed.id, because="Un doublon.", by=alix)
    with pytest.raises(NotNow):
        await say(database, (await cards(database, room))["ACT-08"], alix)


# ── Hide


async def test_a_hidden_comment_leaves_a_trace_and_stays(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card
) -> None:
    said = await say(database, text, alix)
    await say(database, text, alix, "Une réponse.", to=said)
    await act(database, comments.hide, said.id, because=" Hors sujet. ", by=camille)
    (thread,) = await ask(database, comments.threads, text.id)
    assert thread.hiding is not None
    assert thread.comment.text == "Qui compte ?"
    assert (thread.hiding.by_id, thread.hiding.because, thread.hiding.gesture) == (camille.id, "Hors sujet.", 6)
    assert await ask(database, comments.count, text.id) == 1
    assert [e.kind for e in await ask(database, journal.since, room.id, 5)] == [Kind.COMMENT_HIDDEN]


async def test_hiding_twice_is_one_gesture_and_keeps_the_first_reason(
    database: Database, room: Workshop, camille: Person, alix: Person, text: Card
) -> None:
    said = await say(database, text, alix)
    for reason in ("Hors sujet.", "Une autre raison."):
        await act(database, comments.hide, said.id, because=reason, by=camille)
    (thread,) = await ask(database, comments.threads, text.id)
    assert thread.hiding is not None
    assert (thread.hiding.because, (await reread(database, room)).gestures) == ("Hors sujet.", 5)


@pytest.mark.parametrize(
    ("because", "problem"), [(" ", "Dites pourquoi cet avis est masqué."), ("x" * 301, "C'est trop long.")]
)
async def test_hiding_has_a_reason(
    database: Database, camille: Person, alix: Person, text: Card, because: str, problem: str
) -> None:
    said = await say(database, text, alix)
    with pytest.raises(NotThus) as refusal:
        await act(database, comments.hide, said.id, because=because, by=camille)
    assert refusal.value.fields == {"because": problem}


async def test_only_the_facilitator_hides(database: Database, room: Workshop, alix: Person, text: Card) -> None:
    said = await say(database, text, alix)
    others = (alix, await observer(database, room), await stranger(database), await facilitator(database, "Ailleurs"))
    for person in others:
        with pytest.raises(NotYours):
            await act(database, comments.hide, said.id, because="Hors sujet.", by=person)
    with pytest.raises(NotFound):
        await act(database, comments.hide, "nothing", because="Hors sujet.", by=alix)
    assert await ask(database, comments.count, text.id) == 1
