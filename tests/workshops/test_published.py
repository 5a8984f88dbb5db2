"""Published: what anyone may read, what they never read, and what one finds by its words."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, colleague, give, moderator, touchpoint, witness
from tests.conftest import Clock
from tests.server.pages.test_queries import counting
from workshops import answers, maskings, moderation, published, testimonials, withdrawals
from workshops.people import Person
from workshops.published import Filters, Voice, folded, words_of
from workshops.refusals import NotFound
from workshops.testimonials import Capacity, End, Face

NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
async def morgane(database: Database, clock: Clock) -> Person:
    return await moderator(database)


async def texts(database: Database, **filters: Any) -> list[str]:
    return [voice.happened for voice in await ask(database, published.some, Filters(**filters))]


# ── What is read


async def test_a_published_testimonial_is_read_with_where_and_as_what(database: Database, morgane: Person) -> None:
    alix = await colleague(database)
    point = await touchpoint(database, project="Démarches simples", by=alix)
    told = {"happened": "Bien reçu.", "changed": "J'ose demander.", "name": "Lou", "capacity": "usager", "clarity": "4", "heard": "5"}
    _key, given = await witness(database, point, by=morgane, **told)
    await act(database, answers.answer, given.id, text="Merci Lou.", by=alix)
    assert await ask(database, published.get, given.id) == Voice(
        id=given.id,
        face=Face.GOOD,
        capacity=Capacity.USER,
        clarity=4,
        heard=5,
        may_cite=True,
        lab_slug="ti-lab",
        lab="Ti Lab",
        project_id=point.project_id,
        project="Démarches simples",
        day=date(2026, 11, 23),
        happened="Bien reçu.",
        changed="J'ose demander.",
        name="Lou",
        masked=False,
        answer="Merci Lou.",
        end=None,
    )
    assert (await ask(database, published.get, given.id)).month == NOVEMBER


async def test_what_is_not_published_is_nowhere(database: Database, morgane: Person, clock: Clock) -> None:
    """A face alone, one kept for the lab, one that waits, one refused, one taken back, one expired: none is a list's."""
    _key, face = await give(database)
    _key, kept = await give(database, happened="Gardé.", may_publish=False, may_cite=False)
    _key, waits = await give(database, happened="Attend.")
    _key, refused = await give(database, happened="Refusé.")
    await act(database, moderation.decide, refused.id, verdict="refuse", reason="publicite", base=1, by=morgane)
    _key, taken = await witness(database, happened="Repris.", by=morgane)
    await act(database, moderation.decide, taken.id, verdict="refuse", reason="faux", base=1, by=morgane)
    assert await ask(database, published.some) == []
    assert await ask(database, published.count) == 0
    assert (await ask(database, published.scope)).labs == []
    unread = [face, kept, waits, refused, taken]
    assert await ask(database, published.named, [each.id for each in unread]) == {}
    said = set()
    for id in (*(each.id for each in unread), "0nexistepas0"):
        with pytest.raises(NotFound) as not_found:
            await ask(database, published.get, id)
        said.add(not_found.value.sentence)
    assert len(said) == 1
    await witness(database, happened="Publié.", by=morgane)
    assert await texts(database) == ["Publié."]


@pytest.mark.parametrize("how", [End.WITHDRAWN, End.EXPIRED])
async def test_what_is_no_more_has_no_words_and_is_in_no_list(database: Database, morgane: Person, how: End) -> None:
    told = {"happened": "À retirer.", "changed": "Rien.", "name": "Lou", "capacity": "usager", "clarity": "2", "heard": "1"}
    _key, given = await witness(database, by=morgane, **told)
    await act(database, answers.answer, given.id, text="Merci.", by=await colleague(database))
    await _bury(database, given.id, how)
    assert await texts(database) == await texts(database, words="retirer") == []
    voice = (await ask(database, published.named, [given.id]))[given.id]
    assert voice == await ask(database, published.get, given.id)
    assert (voice.withdrawn, voice.end) == (True, how)
    assert (voice.happened, voice.changed, voice.name, voice.answer, voice.masked) == ("", "", "", "", False)
    assert (voice.capacity, voice.clarity, voice.heard, voice.may_cite) == (None, None, None, False)


async def _bury(database: Database, id: str, how: End) -> None:
    async with database.transaction() as session:
        await withdrawals.bury(session, await testimonials.get(session, id), how)


async def test_one_withdrawn_before_anybody_published_it_was_never_there(database: Database, morgane: Person) -> None:
    key, given = await give(database, happened="Jamais lu.")
    await act(database, withdrawals.withdraw, key)
    with pytest.raises(NotFound):
        await ask(database, published.get, given.id)


async def test_what_a_moderator_masked_is_said_to_be(database: Database, morgane: Person) -> None:
    _key, given = await give(database, happened="Madame Untel a été parfaite.")
    await act(database, maskings.mask, given.id, ["Madame Untel"], base=1, by=morgane)
    await act(database, moderation.decide, given.id, verdict="publie", base=2, by=morgane)
    voice = await ask(database, published.get, given.id)
    assert (voice.happened, voice.masked) == ("⟦masqué⟧ a été parfaite.", True)
    assert await texts(database, words="untel") == await texts(database, words="masqué") == []
    assert await texts(database, words="parfaite") == [voice.happened]


# ── In what order, and what one chooses


async def test_the_latest_published_comes_first(database: Database, morgane: Person, clock: Clock) -> None:
    waiting = [await give(database, happened=f"Le {n}.") for n in (1, 2, 3)]
    for _key, given in (waiting[1], waiting[2], waiting[0]):
        clock.advance(minutes=1)
        await act(database, moderation.decide, given.id, verdict="publie", base=1, by=morgane)
    assert await texts(database) == ["Le 1.", "Le 3.", "Le 2."]


async def test_filters_say_where_as_what_how_and_when(database: Database, morgane: Person, clock: Clock) -> None:
    point = await touchpoint(database, project="Démarches simples", by=await colleague(database))
    await witness(database, point, happened="Un.", capacity="agent", by=morgane)
    clock.at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # December, in Paris
    await witness(database, lab="siilab", face="mal", happened="Deux.", by=morgane)
    clock.at = datetime(2027, 1, 15, tzinfo=UTC)
    await witness(database, face="moyen", happened="Trois.", by=morgane)
    assert await texts(database, lab="siilab") == ["Deux."]
    assert await texts(database, lab="ti-lab") == ["Trois.", "Un."]
    assert await texts(database, project=point.project_id) == ["Un."]
    assert await texts(database, project=point.project_id, lab="siilab") == []
    assert await texts(database, capacity=Capacity.AGENT) == ["Un."]
    assert await texts(database, face=Face.BAD) == ["Deux."]
    assert await texts(database, since=DECEMBER) == ["Trois.", "Deux."]
    assert await texts(database, until=DECEMBER) == ["Deux.", "Un."]
    assert await texts(database, since=DECEMBER, until=DECEMBER) == ["Deux."]
    assert await texts(database, since=JANUARY, until=NOVEMBER) == []
    assert await texts(database, until=date(2027, 1, 1), words="un") == ["Un."]
    found = await ask(database, published.scope)
    assert found.labs == [("siilab", "SIILAB"), ("ti-lab", "Ti Lab")]
    assert found.projects == [(point.project_id, "Démarches simples", "Ti Lab")]
    assert found.months == [JANUARY, DECEMBER, NOVEMBER]


async def test_one_may_look_only_for_what_serves_as_evidence(database: Database, morgane: Person) -> None:
    for told, may_cite in (("À 100 % en ligne.", True), ("Tout_va.", True), ("Pas pour cela.", False)):
        _key, given = await witness(database, happened=told, may_cite=may_cite, by=morgane)
        assert await texts(database, citable=True, words="pas") == []
        assert (told in await texts(database, citable=True)) is may_cite
        assert told not in await texts(database, without={given.id})
    assert await texts(database, citable=True, words="tout_va") == ["Tout_va."]
    assert await texts(database, words="100") == ["À 100 % en ligne."]
    assert await texts(database, words="toutXva") == []


async def test_a_page_after_the_other(database: Database, morgane: Person, clock: Clock) -> None:
    assert (await ask(database, published.found)).pages == 1
    for n in range(published.ON_A_PAGE + 1):
        clock.advance(minutes=1)
        await witness(database, happened=f"Le numéro {n}.", by=morgane)
    for filters in (Filters(), Filters(words="numero")):
        first, second = [await ask(database, published.found, filters, number=n) for n in (1, 2)]
        assert (first.count, first.pages, first.number) == (21, 2, 1)
        assert [voice.happened for voice in first.voices + second.voices] == [f"Le numéro {n}." for n in range(20, -1, -1)]
        assert len(second.voices) == 1
        for asked, given in ((0, 1), (-5, 1), (3, 2), (10**9, 2)):
            assert (await ask(database, published.found, filters, number=asked)).number == given
    assert len(await ask(database, published.some, offset=19, limit=5)) == 2


# ── By words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("L'ACCUEIL À LA PRÉFECTURE", "prefecture accueil"),
        ("l’accueil de la préfecture", "L'Accueil PRÉFECTURE"),
        ("Ma sœur était au guichet", "soeur etait"),
        ("Ma soeur", "sœur"),
        ("Ex æquo, à Noël", "aequo noel"),
        ("Garçon, señor, où, Straße", "garcon senor ou straße"),
        ("Dossier n° 2026-11, 50 %", "2026 50"),
        ("Café d'été", "CAFÉ ete"),
    ],
)
async def test_words_are_found_whatever_their_case_and_accents(
    database: Database, morgane: Person, text: str, words: str
) -> None:
    await witness(database, happened=text, by=morgane)
    await witness(database, happened="Autre chose.", by=morgane)
    assert await texts(database, words=words) == [text]


async def test_every_word_must_be_there_wherever_it_is(database: Database, morgane: Person) -> None:
    _key, given = await witness(database, happened="Un guichet.", changed="Une démarche.", name="Lou", by=morgane)
    await act(database, answers.answer, given.id, text="Notre réponse.", by=await colleague(database))
    assert await texts(database, words="guichet demarche réponse") == ["Un guichet."]
    assert await texts(database, words="guichet absent") == []
    assert await texts(database, words="guichot") == []
    assert await texts(database, words="lou") == []  # nobody is looked for by their first name
    assert await texts(database, words=" % _ ' \" ; -- ") == ["Un guichet."]  # no word at all


def test_so_many_words_are_read() -> None:
    assert words_of("Un, deux. UN trois-quatre l'œuf") == ["un", "deux", "trois", "quatre", "l", "oeuf"]
    assert len(words_of(" ".join(f"mot{n}" for n in range(50)))) == published.MOST_WORDS
    assert folded("Çà et LÀ, Œuvre") == "ca et la, oeuvre"


async def test_a_search_reads_so_many_and_says_so(
    database: Database, morgane: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "SEARCHED", 2)
    for n in range(3):
        clock.advance(minutes=1)
        await witness(database, happened=f"Le numéro {n}.", by=morgane)
    found = await ask(database, published.found, Filters(words="numéro"))
    assert ([voice.happened for voice in found.voices], found.is_partial) == (["Le numéro 2.", "Le numéro 1."], True)
    found = await ask(database, published.found, Filters(words="0"))
    assert ([voice.happened for voice in found.voices], found.is_partial) == (["Le numéro 0."], False)
    assert await ask(database, published.count, Filters(words="numéro")) == 2


async def test_questions_cost_the_same_whatever_is_published(database: Database, morgane: Person) -> None:
    asked = []
    for _ in range(2):
        for _ in range(3):
            await witness(database, happened="Un accueil.", by=morgane)
        async with database.reading() as session:
            with counting(database) as sent:
                await published.found(session)
                await published.found(session, Filters(words="accueil"))
                await published.scope(session)
        asked.append(len([each for each in sent if each.startswith("SELECT")]))
    assert asked == [5, 5]
