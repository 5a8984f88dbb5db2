"""Evidence: cite a testimonial, read it where it is cited, and no more once its author withdraws it."""

import asyncio
import io
import zipfile
from datetime import timedelta
from html import unescape
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from server.database import Database
from server.datafiles.catalogue import EVERY
from server.live.hub import Seat
from tests.cast import (
    COMPLETE,
    HAPPENED,
    Browsers,
    act,
    all_vote,
    ask,
    colleague,
    prepare,
    publisher,
    witness,
)
from tests.room import Line, parse
from tests.server.pages.day import (
    JSON,
    Day,
    begin,
    gesture,
    given_back,
    in_both_places,
    once,
    refused,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import Element, errors, plain, read, value
from tests.server.pages.versions import Evidenced, with_evidence
from workshops import evidence, frameworks, indicators, moderation, testimonials, withdrawals, world
from workshops.agenda import Stage, Start
from workshops.evidence import Cited
from workshops.journal import Kind

BECAUSE = "Quelqu'un a fini\nsa démarche seul."
SHORT = "Quelqu'un a fini sa démarche seul."
GONE = "Retiré par son auteur"
MAY_NOT = "Choisissez un témoignage publié, que son auteur permet de citer."
NO_REASON = "Dites en une phrase ce que ce témoignage montre."
PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."
NOT_YOURS = "Seules la personne qui a cité ce témoignage et l'animation peuvent en retirer la citation."


def path(day: Day) -> str:
    return f"/indicateurs/{day.card.id}/temoignages"


def anchor(day: Day) -> str:
    return f"/indicateurs/{day.card.id}#evidence-{day.card.id}"


async def give(day: Day, **told: Any) -> tuple[str, str]:
    """A published testimonial: the key that opens it, its id."""
    key, testimonial = await witness(day.database, by=await colleague(day.database, name="Yann"), **told)
    return key, testimonial.id


def said(answer: httpx2.Response | str) -> str:
    """All that an answer says, its tags too."""
    return plain(unescape(answer if isinstance(answer, str) else answer.text))


async def cited(day: Day) -> tuple[Cited, ...]:
    return (await ask(day.database, evidence.of_workshop, day.room.id)).get(day.card.id, ())


async def cite(day: Day, id: str, because: str = SHORT) -> str:
    return (await act(day.database, evidence.cite, day.card.id, id, because=because, by=day.alix)).id


async def shown(day: Day) -> Element:
    """What the indicator's page says of evidence, to anyone."""
    return read(await day.client().get(f"/indicateurs/{day.card.id}")).one(id=f"evidence-{day.card.id}")


# ── Cite, in a workshop


@pytest.mark.parametrize("stage", evidence.STAGES)
async def test_a_member_cites_a_testimonial(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    _key, id = await give(day)
    await gesture(
        day, await day.browser(day.alix), path(day), {"testimonial": id, "because": BECAUSE}, to=anchor(day)
    )
    (found,) = await cited(day)
    assert (found.quoted.id, found.because, found.by_id) == (id, BECAUSE, day.alix.id)
    assert (await day.kinds())[-1] is Kind.EVIDENCE_CITED


async def test_it_is_read_on_the_indicator_and_on_its_card_whoever_looks(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day, happened="Très <b>clair</b>.", changed="J'y retourne.", name="Ana", capacity="usager")
    assert (await shown(day)).text == ""
    await cite(day, id)
    for page in ((await shown(day)), read(await client().get(f"/ateliers/{day.room.id}")).one(id=f"card-{day.card.id}")):
        voice = page.one(class_="gc-cited")
        assert voice.one("blockquote").text == "Très <b>clair</b>. Ce que cela a changé J'y retourne."
        assert voice.one("figcaption").text == "Bien · Ana, usager · Ti Lab · novembre 2026 : ce témoignage"
        assert voice.one("figcaption").one("a")["href"] == f"/temoignages/{id}"
        assert voice.one(class_="gc-cited__because").text == f"Cité pour ce qu'il montre : {SHORT}"


async def test_one_chooses_among_those_that_may_be_cited(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    _key, other = await give(day, happened="Rien à voir, au guichet.")
    _key, hidden = await give(day, may_cite=False)
    alix = await day.browser(day.alix)

    async def offered(query: str = "") -> list[str]:
        page = read(await alix.get(f"{path(day)}{query}"))
        return sorted(each["value"] for each in page.all("input", name="testimonial"))

    assert hidden not in await offered()
    assert await offered() == sorted([id, other])
    assert await offered("?mots=GUICHET&labo=ti-lab") == [other]
    assert await offered("?mots=guichet&labo=siilab") == []
    page = read(await alix.get(f"{path(day)}?mots=guichet&labo=ti-lab"))
    assert (value(page, "mots"), value(page, "labo")) == ("guichet", "ti-lab")
    await cite(day, id)
    assert await offered() == [other]
    assert await offered("?page=2") == [other]
    assert await offered("?page=abc") == [other]


async def test_there_may_be_several_pages_of_them(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    yann = await colleague(database, name="Yann")
    ids = {(await witness(database, by=yann))[1].id for _ in range(21)}
    alix = await day.browser(day.alix)
    first = read(await alix.get(f"{path(day)}?mots=d%C3%A9marche"))
    following = first.one("a", rel="next")["href"]
    assert following == f"{path(day)}?mots=d%C3%A9marche&page=2#choose"
    second = read(await alix.get(following))
    assert second.one("a", rel="prev")["href"] == f"{path(day)}?mots=d%C3%A9marche&page=1#choose"
    pages = [[each["value"] for each in page.all("input", name="testimonial")] for page in (first, second)]
    assert ([len(page) for page in pages], {*pages[0], *pages[1]}) == ([20, 1], ids)
    # What was chosen on the second page is still chosen when the reason was forgotten.
    action = f"{path(day)}?mots=d%C3%A9marche&page=2"
    assert value(second.one("form", action=action, method="post"), "testimonial") == ""
    again = read(await alix.post(action, data={"testimonial": pages[1][0], "because": ""}))
    assert value(again.one("form", action=action, method="post"), "testimonial") == pages[1][0]


async def test_what_does_not_hold_comes_back_as_typed(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    alix = await day.browser(day.alix)
    before = await day.records()
    for form, wrong in (
        ({"testimonial": id, "because": " "}, {"because": NO_REASON}),
        ({"testimonial": "", "because": SHORT}, {"testimonial": MAY_NOT}),
        ({"testimonial": id, "because": "x" * 301}, {"because": "C'est trop long."}),
    ):
        answer = await alix.post(f"{path(day)}?mots=chez", data=form)
        page = read(answer)
        assert (answer.status_code, errors(page)) == (422, wrong)
        sent = page.one("form", action=f"{path(day)}?mots=chez", method="post")
        assert (value(sent, "testimonial"), value(sent, "because")) == (form["testimonial"], form["because"])
        program = await alix.post(path(day), data=form, headers=JSON)
        assert {name: plain(text) for name, text in program.json()["champs"].items()} == wrong
    assert await day.records() == before


async def test_who_has_no_say_in_the_room_cites_nothing(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    form = {"testimonial": id, "because": SHORT}
    await refused_outside_the_room(day, path(day), form, how=given_back)
    for person in (day.stranger, day.noor):
        assert (await (await day.browser(person)).get(path(day))).status_code == 403


async def test_before_and_after_one_cites_nothing(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    alix = await day.browser(day.alix)
    for stage in (Stage.PREPARING, Stage.CLOSED):
        await day.move(stage)
        why = f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible."
        await given_back(day, alix, path(day), {"testimonial": id, "because": SHORT}, 409, why)
        assert (await alix.get(path(day))).status_code == 409


@in_both_places
async def test_the_same_sending_twice_is_once(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    form = {"testimonial": id, "because": SHORT}
    await once(day, await day.browser(day.alix), place, path(day), form, {**form, "because": "Autre chose."})
    assert len(await cited(day)) == 1


# ── Remove


async def test_who_cited_removes_it_from_the_page_where_one_cites(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day)
    citation = await cite(day, id)
    there = f"/citations/{citation}/retrait"
    pages = {
        name: read(await (await day.browser(person)).get(path(day)))
        for name, person in (("alix", day.alix), ("camille", day.camille), ("sacha", day.sacha))
    }
    assert {name for name, page in pages.items() if page.all("form", action=there)} == {"alix", "camille"}
    assert {name for name, page in pages.items() if HAPPENED in page.text} == set(pages)
    await refused(day, await day.browser(day.sacha), there, {}, 403, NOT_YOURS)
    alix = await day.browser(day.alix)
    await gesture(day, alix, there, {}, to=anchor(day))
    assert ((await day.kinds())[-1], await cited(day)) == (Kind.EVIDENCE_REMOVED, ())
    assert await told(day, alix, there, {}) == {"geste": await day.last()}


# ── Withdrawn


async def test_what_its_author_withdraws_is_nowhere_in_the_room_any_more(
    database: Database, client: Browsers
) -> None:
    day = await begin(database, client, Stage.VOTING)
    key, id = await give(day)
    await cite(day, id, "Il dit « chez moi ».")
    alix, camille = await day.browser(day.alix), await day.browser(day.camille)
    pages = [
        (alix, f"/ateliers/{day.room.id}"),
        (alix, f"/indicateurs/{day.card.id}"),
        (alix, path(day)),
        (camille, f"/ateliers/{day.room.id}/ecran"),
        (client(), f"/ateliers/{day.room.id}"),
        (client(), f"/ateliers/{day.room.id}.json"),
    ]
    before = [said(await browser.get(at)) for browser, at in pages]
    assert [("chez moi" in text, GONE in text) for text in before] == [(True, False)] * len(pages)
    await act(database, withdrawals.withdraw, key)
    after = [said(await browser.get(at)) for browser, at in pages]
    assert [("chez moi" in text, GONE in text) for text in after[:-1]] == [(False, True)] * (len(pages) - 1)
    assert "chez moi" not in after[-1]
    await day.move(Stage.CLOSED)
    page = said(await client().get(f"/ateliers/{day.room.id}"))
    assert ("chez moi" in page, GONE in page) == (False, True)


async def test_the_room_as_data_says_what_is_cited_and_what_is_gone(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    _key, id = await give(day, capacity="elu", changed="Oui.")
    gone_key, gone = await give(day)
    back_key, back = await give(day)
    for each in (id, gone, back):
        await cite(day, each)
    await act(database, withdrawals.withdraw, gone_key)
    await act(database, testimonials.take_back, back_key, evidence=True)
    state = (await client().get(f"/ateliers/{day.room.id}.json")).json()
    assert {each["code"]: each["temoignages"] for each in state["indicateurs"] if each["temoignages"]} == {
        day.card.indicator.code: [
            {
                "id": id,
                "motif": SHORT,
                "impression": "bien",
                "qualite": "elu",
                "mois": "2026-11",
                "labo": "Ti Lab",
                "projet": None,
                "texte": HAPPENED,
                "changement": "Oui.",
                "prenom": None,
            },
            {"id": gone, "retire": True, "pourquoi": "retire"},
            {"id": back, "retire": True, "pourquoi": "accord_repris"},
        ]
    }


async def test_a_screen_hears_of_it_by_itself(database: Database, client: Browsers, app: Starlette) -> None:
    """Nobody rings, in this process or another: the room looks for itself."""
    day = await begin(database, client)
    key, id = await give(day)
    await cite(day, id)
    line = Line()
    seat = Seat(day.room.id, day.alix.id, "Ti Lab", await day.last(), line=line)
    app.state.hub.sit(seat)

    async def frame() -> str:
        async with asyncio.timeout(10):
            while True:
                text = await line.frames.get()
                if any(each.attributes.get("hx-target") == f"#evidence-{day.card.id}" for each in parse(text).walk()):
                    return text

    assert HAPPENED in said(await frame())
    await act(database, withdrawals.withdraw, key)
    text = said(await frame())
    assert (HAPPENED in text, GONE in text) == (False, True)
    app.state.hub.leave(seat)


# ── On a published version


async def version(database: Database, client: Browsers) -> tuple[Evidenced, str, str]:
    """A version, the page where one cites on its indicator, the indicator's own page."""
    found = await with_evidence(database, client, HAPPENED)
    return found, f"/referentiel/temoignages/{found.code}", f"/referentiel/2.0.0/{found.code}"


async def test_a_version_shows_what_it_cites_as_it_may_be_read_now(database: Database, client: Browsers) -> None:
    found, _where, own = await version(database, client)
    pages = ("/referentiel/2.0.0", own)
    for at in pages:
        (voice,) = read(await client().get(at)).all(class_="gc-cited")
        assert voice.one("blockquote").text == HAPPENED
    await act(database, testimonials.take_back, found.key, evidence=True)
    taken_back = "N'est plus cité : son auteur a repris son accord"
    for at in pages:
        assert read(await client().get(f"{at}?sans")).one(class_="gc-cited").text == taken_back
    await act(database, withdrawals.withdraw, found.key)
    for at in pages:
        assert read(await client().get(f"{at}?sans")).one(class_="gc-cited").text == GONE


async def test_no_file_of_a_version_says_a_word_of_it(database: Database, client: Browsers) -> None:
    await version(database, client)
    document = (await client().get("/referentiel/2.0.0.json")).json()
    assert [len(item["temoignages"]) for item in document["indicateurs"]] == [1]
    for file in EVERY:
        answer = await client().get(file.path("2.0.0"))
        assert (file.ending, answer.status_code) == (file.ending, 200)
        assert "chez moi" not in said(unpacked(answer.content))
    assert "chez moi" in said(await client().get("/referentiel/2.0.0"))


def unpacked(content: bytes) -> str:
    """What a file says; a workbook is a zip."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


async def test_a_candidate_shows_it_too(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.PROPOSING, Start.EMPTY)
    born = await act(database, indicators.propose, day.room.id, {**COMPLETE, "famille": "impact"}, by=day.alix)
    key, id = await give(day)
    await act(database, evidence.cite, born.id, id, because=SHORT, by=day.alix)
    await day.move(Stage.VOTING)
    await all_vote(database, day.room, by=day.alix)
    await day.move(Stage.CLOSED)
    until = world.now() + timedelta(days=9)
    release = await prepare(database, day.room, by=day.dominique, review_until=until)
    pages = [f"/referentiel/{release.name}", f"/referentiel/{release.name}/{born.code}"]
    assert [read(await client().get(at)).one("blockquote").text for at in pages] == [HAPPENED] * 2
    await act(database, withdrawals.withdraw, key)
    assert [read(await client().get(at)).one(class_="gc-cited").text for at in pages] == [GONE] * 2
    assert "chez moi" not in said(await client().get(f"/referentiel/{release.name}.json"))


async def test_a_publisher_cites_one_beside_the_latest_version(database: Database, client: Browsers) -> None:
    found, where, own = await version(database, client)
    day = found.day
    _key, id = await give(day, happened="Autrement dit.")
    dominique = await day.browser(day.dominique)
    assert [each["value"] for each in read(await dominique.get(where)).all("input", name="testimonial")] != []
    answer = await dominique.post(where, data={"testimonial": id, "because": SHORT})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{own}#evidence")
    for at in (own, "/referentiel/2.0.0"):
        page = read(await client().get(f"{at}?sans"))
        assert page.one(class_="gc-evidence__since").text == "Cités depuis la publication, à côté de cette version"
        assert [each.one("blockquote").text for each in page.all(class_="gc-cited")] == [HAPPENED, "Autrement dit."]
    assert (await ask(database, frameworks.fetch, "2.0.0")).fingerprint == found.framework.fingerprint
    ((citation,),) = (await ask(database, evidence.since)).values()
    there = f"/citations/{citation.id}/retrait"
    assert read(await dominique.get(where)).all("form", action=there) != []
    answer = await dominique.post(there)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{own}#evidence")
    assert await ask(database, evidence.since) == {}


async def test_what_does_not_hold_there_comes_back_as_typed(database: Database, client: Browsers) -> None:
    found, where, _own = await version(database, client)
    day = found.day
    dominique = await day.browser(day.dominique)
    before = await day.records()
    answer = await dominique.post(where, data={"testimonial": "0nexistepas0", "because": SHORT})
    page = read(answer)
    assert (answer.status_code, errors(page), value(page, "because")) == (422, {"testimonial": MAY_NOT}, SHORT)
    await refused(day, await day.browser(day.alix), where, {"because": SHORT}, 403, PUBLISHER_ONLY)
    assert (await (await day.browser(day.alix)).get(where)).status_code == 403
    assert (await dominique.get("/referentiel/temoignages/ACT-01")).status_code == 404
    assert await day.records() == before


async def test_only_publishers_are_offered_to_cite_there(database: Database, client: Browsers) -> None:
    found, where, own = await version(database, client)
    day = found.day
    offered = {
        name: bool(read(await browser.get(own)).all("a", href=where))
        for name, browser in (
            ("dominique", await day.browser(day.dominique)),
            ("alix", await day.browser(day.alix)),
            ("nobody", client()),
        )
    }
    assert offered == {"dominique": True, "alix": False, "nobody": False}


async def test_the_registers_say_who_cited_and_no_word_of_it(database: Database, client: Browsers) -> None:
    found, where, _own = await version(database, client)
    day = found.day
    _key, id = await give(day)
    await (await day.browser(day.dominique)).post(where, data={"testimonial": id, "because": SHORT})
    minutes = read(await client().get(f"/ateliers/{day.room.id}/registre")).text
    platform = read(await client().get("/registre")).text
    assert "a cité un témoignage" in minutes
    assert "Dominique a cité un témoignage sur un indicateur publié" in platform
    for text in (minutes, platform):
        assert (HAPPENED in text, SHORT in text) == (False, False)


async def test_what_moderation_takes_back_is_gone_where_it_is_cited(database: Database, client: Browsers) -> None:
    found, _where, own = await version(database, client)
    again = {"verdict": "refuse", "reason": "personne_visee", "base": 1}
    await act(database, moderation.decide, found.id, **again, by=await publisher(database, "Maxime"))
    voice = read(await client().get(own)).one(class_="gc-cited").text
    assert voice == "N'est plus publié : la modération est revenue sur sa décision"
