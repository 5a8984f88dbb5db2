"""Witnesses: what citizens told in confidence, wrote and took back, or were refused, is read nowhere in public."""

import io
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from zipfile import ZipFile

from httpx2 import AsyncClient
from sqlalchemy.engine import make_url

from server.access import Who
from server.database import Database
from server.datafiles.catalogue import EVERY
from server.datasets.catalogue import BY_NAME
from server.routes import ACCESS
from tests.cast import Browsers, act, signed_in, stranger, witness
from tests.conftest import Clock
from tests.server.pages.everything import PAGES, World, everything
from tests.server.pages.versions import with_evidence
from tests.testimony import FIRST_NAME, UNREAD, WITHDRAWN, Testimony, tell_everything
from workshops import contacts, testimonials, withdrawals

AGAIN = "Encore des mots"
ADDRESS = "quelqu-un@exemple.fr"
PUBLIC = [route for route in PAGES if ACCESS[route.name] is Who.ANYONE]


async def test_no_page_no_feed_no_file_says_what_is_private(
    database: Database, client: Browsers, clock: Clock
) -> None:
    world = await everything(database, client)
    clock.advance(minutes=1)  # the home page has the latest ones
    told = await tell_everything(database)
    sealed = client.app.state.settings.seal.seal(ADDRESS)
    async with database.transaction() as session:
        await contacts.keep(session, told.said.id, sealed)
    private = told.private | {ADDRESS, sealed}
    clock.advance(days=1)
    # What could leak is there: in the database, word for word, but for what is erased for good.
    kept = await _kept(database)
    assert {word for word in UNREAD if word in kept} == UNREAD - {
        WITHDRAWN,
        "Reponse-a-des-mots-retires",
        "Mots-masques-par-la-moderation",
    }
    read = {address: text async for address, text in _read(client, world, told)}
    assert len(read) > 90
    leaks = {(address, word) for address, text in read.items() for word in private if word in text}
    assert leaks == set()
    # And these were the right places: what is published is in each.
    for address in ("/temoignages", f"/temoignages/{told.said.id}", "/temoignages.atom", "/", "temoignages.csv", "temoignages.json"):
        assert "m'a reçue." in _plain(read[address]), address
    named = {address for address, text in read.items() if FIRST_NAME in text}
    assert {address for address in named if "donnees" in address or address.endswith((".csv", ".json"))} == set()
    assert "/temoignages" in named


def _plain(text: str) -> str:
    return text.replace("&#39;", "'")


async def _kept(database: Database) -> str:
    """All that the database holds of testimonials, as one text."""
    said = []
    async with database.reading() as session:
        for name in ("telling", "contact", "appeal", "decision", "labanswer"):
            said += [str(row) for row in await session.execute(testimonials.Testimonial.metadata.tables[name].select())]
    return "\n".join(said)


async def _read(client: Browsers, world: World, told: Testimony) -> AsyncIterator[tuple[str, str]]:
    """Every page and file, as nobody and as somebody with an account reads them, by address."""
    browsers = (client(), await signed_in(client, await stranger(client.app.state.database)))
    looked = [f"/temoignages?mots={word}" for word in UNREAD | {FIRST_NAME}]
    ids = [told.said.id, told.gone.id, *(each.id for each in told.unread)]
    own = [
        "/temoignages.atom?labo=ti-lab",
        f"/temoignages.atom?projet={told.point.project_id}",
        f"/temoignages?labo=ti-lab&projet={told.point.project_id}",
        "/laboratoires/siilab",
        *(f"/temoignages/{id}" for id in ids),
        *(f"/donnees/{name}.csv" for name in BY_NAME),
        *(f"/donnees/{name}.json" for name, dataset in BY_NAME.items() if dataset.as_json),
    ]
    for address in dict.fromkeys([*(world.at(route) for route in PUBLIC), *own, *looked]):
        for browser in browsers:
            answer = await browser.get(address)
            assert answer.status_code < 500, address
            # A page says again what was looked for: by whoever looks.
            yield address, answer.text.replace(address.partition("?mots=")[2] or "\0", "")
    yesterday = date(2026, 11, 23)
    for address in ("/donnees/grille-commune.zip", f"/donnees/{yesterday}.zip"):
        with ZipFile(io.BytesIO((await browsers[0].get(address)).content)) as opened:
            for name in opened.namelist():
                yield name, opened.read(name).decode("utf-8", "replace")


async def test_a_file_of_a_past_day_does_not_bring_back_what_was_withdrawn(
    database: Database, client: Browsers, clock: Clock
) -> None:
    """As it was said, then as it is: the address of a day is for ever, a text is its author's."""
    told = await tell_everything(database)
    key, _again = await witness(database, happened=AGAIN, by=told.morgane)
    clock.advance(days=2)
    browser = client()
    assert await _files(browser, AGAIN) == [["temoignages.csv", "temoignages.json"]] * 2
    await act(database, withdrawals.withdraw, key)
    assert await _files(browser, AGAIN) == [[], []]


async def _files(browser: AsyncClient, words: str) -> list[list[str]]:
    """Which files say these words, of the zip of a past day, then of today's."""
    found = []
    for address in ("/donnees/2026-11-23.zip", "/donnees/grille-commune.zip"):
        with ZipFile(io.BytesIO((await browser.get(address)).content)) as opened:
            found.append([name for name in opened.namelist() if words.encode() in opened.read(name)])
    return found


async def test_withdrawn_by_its_author_it_is_nowhere_at_all(
    database: Database, client: Browsers, clock: Clock
) -> None:
    """Published, cited in a workshop, frozen in a version: then its author taps once, and no byte of it is left."""
    found = await with_evidence(database, client, AGAIN)
    room, version = f"/ateliers/{found.day.room.id}", "/referentiel/2.0.0"
    pages = ["/", "/temoignages", f"/temoignages/{found.id}", "/temoignages.atom", room, f"{room}.json", version]
    pages += [f"{version}/{found.code}", "/donnees/temoignages.csv", "/donnees/temoignages.json"]
    files = [file.path("2.0.0") for file in EVERY]

    async def holding(addresses: list[str]) -> list[str]:
        answers = {address: (await client().get(address)).content for address in addresses}
        return [address for address, content in answers.items() if AGAIN.encode() in content]

    clock.advance(days=1)
    assert await holding(pages) == pages
    assert await holding(files) == []
    answer = await client().post(f"/temoignages/suivi/{found.key}/retrait")
    assert answer.status_code == 303
    clock.advance(seconds=2)  # a version is read again once a second
    assert await holding([*pages, *files, f"/temoignages/suivi/{found.key}"]) == []
    assert "Retiré par son auteur" in (await client().get(version)).text
    assert (await client().get(f"/temoignages/{found.id}")).status_code == 410
    if database.is_sqlite:
        file = Path(make_url(database.url).database or "")
        for end in ("", "-wal"):
            beside = file.with_name(file.name + end)
            assert not beside.exists() or AGAIN.encode() not in beside.read_bytes()
