"""What the site promises: terms one accepts, delays that are those of the programs."""

from server import sessions, sweeping
from server.app import create_app
from server.database import Database
from server.settings import Settings
from tests.cast import Browsers, account, act, ask, give, signed_in
from tests.conftest import Clock
from tests.server.pages.reading import plain, read
from workshops import people
from workshops.people import TERMS
from workshops.retention import Delays, Matter


async def test_an_account_reads_and_accepts_the_terms(database: Database, client: Browsers) -> None:
    person = await act(database, people.recognise, iss="https://f.example", sub="1", name="Alix", email=None)
    browser = await signed_in(client, person)
    banner = read(await browser.get("/ateliers")).one(class_="gc-terms")
    assert banner.one("a")["href"] == "/conditions?suite=%2Fateliers"
    form = read(await browser.get("/conditions?suite=/ateliers")).one("main").one("form")
    sent = {field["name"]: field["value"] for field in form.all("input")}
    assert (await browser.post("/conditions", data=sent)).headers["location"] == "/ateliers"
    assert (await ask(database, people.get, person.id)).terms == TERMS
    assert read(await browser.get("/ateliers")).all(class_="gc-terms") == []


async def test_terms_that_changed_meanwhile_are_to_be_read_again(database: Database, client: Browsers) -> None:
    browser = await signed_in(client, await account(database, "Alix"))
    answer = await browser.post("/conditions", data={"version": "1999-01"})
    assert answer.status_code == 409
    elsewhere = await browser.post("/conditions", data={"version": TERMS, "then": "https://ailleurs.example"})
    assert elsewhere.headers["location"] == "/"


async def test_a_guest_accepts_them_by_coming_in(database: Database, client: Browsers) -> None:
    assert "Version" in read(await client().get("/conditions")).one("main").text
    assert read(await client().get("/conditions")).one("main").all("form") == []


async def test_the_delays_are_those_that_apply(client: Browsers) -> None:
    page = plain((await client().get("/vie-privee")).text)
    assert f"reconnaît {sessions.GUEST_LIFE.days} jours" in page
    assert f"s'arrête après {int(sessions.ACCOUNT_IDLE.total_seconds() // 3600)} heures" in page


async def told(browsers: Browsers) -> str:
    """What the page says of testimonials."""
    page = read(await browsers().get("/vie-privee"))
    return plain(page.one("section", id="temoignages").text)


async def test_each_delay_is_on_the_page_as_it_is_set(client: Browsers, settings: Settings, database: Database) -> None:
    page = await told(client)
    assert [days for matter in Matter if f"{(days := Delays().of(matter))} jours" not in page] == []
    changed = {matter: 4001 + number for number, matter in enumerate(Matter)}
    update = {f"retention_{matter.name.lower()}_days": days for matter, days in changed.items()}
    other = Browsers(create_app(settings.model_copy(update=update), database))
    page = await told(other)
    assert [matter for matter, days in changed.items() if page.count(f"{days} jours") != 1] == []
    assert [matter for matter in Matter if f" {Delays().of(matter)} jours" in page] == []
    await other.close()


async def test_it_says_what_was_erased_last(database: Database, client: Browsers, clock: Clock) -> None:
    assert "Rien n'a encore dû être effacé." in await told(client)
    for _ in range(2):
        await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    clock.advance(days=366)
    await sweeping.retain(database, Delays())
    page = await told(client)
    assert "Dernière application de ces durées : 24 novembre à 10:00." in page
    assert "Témoignages remis au laboratoire, sans publication : 2" in page
    minutes = plain(read(await client().get("/registre")).one("main").text)
    assert "Le site a effacé ce dont la durée de conservation était passée" in minutes
    assert "Témoignages remis au laboratoire, sans publication : 2" in minutes
