"""What the site promises: terms one accepts, delays that are those of the programs."""

from server import sessions
from server.database import Database
from tests.cast import Browsers, account, act, ask, signed_in
from tests.server.pages.reading import plain, read
from workshops import people
from workshops.people import TERMS


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
