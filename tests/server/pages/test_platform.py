"""The platform: roles taken back, the journal read by everyone and by auditors."""

import json
from pathlib import Path

import pytest

from server import checking
from server.database import Database
from server.pages import platform
from tests.cast import Browsers, account, act, ask, facilitator, give, publisher, signed_in
from tests.server.pages.reading import read
from workshops import memberships, people, roles
from workshops.people import Role


async def test_ditp_sees_who_holds_what_and_takes_it_back(database: Database, client: Browsers) -> None:
    ditp = await signed_in(client, await publisher(database))
    aude = await account(database, "Aude", Role.AUDITOR)
    await act(database, memberships.ask, "ti-lab", by=await account(database, "Maël"))
    page = read(await ditp.get("/administration")).one("main")
    lines = [line for line in page.all("li", class_="gc-entries__item") if line.all("form")]
    assert [line.one("b").text for line in lines] == ["Dominique", "Aude"]
    assert "Maël" in page.text
    answer = await ditp.post(lines[1].one("form")["action"])
    assert answer.headers["location"] == "/administration"
    assert await ask(database, people.roles, aude) == frozenset()
    last = await ditp.post(lines[0].one("form")["action"])
    assert (last.status_code, "dernière personne" in read(last).one(class_="gc-refusal").text) == (409, True)


async def test_administration_is_for_ditp(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    assert (await camille.get("/administration")).status_code == 403
    assert (await client().get("/administration")).status_code == 303


async def test_everyone_reads_powers_and_auditors_read_all(database: Database, client: Browsers) -> None:
    dominique = await publisher(database)
    aude = await account(database, "Aude", Role.AUDITOR)
    asked = await act(database, memberships.ask, "ti-lab", by=await account(database, "Maël"))
    await act(database, memberships.decline, asked.id, because="Pas encore.", by=dominique)
    public, auditor = client(), await signed_in(client, aude)
    lines = {
        name: [line.one(class_="gc-minutes__text").text for line in read(await browser.get("/registre")).all("li", class_="gc-minutes__line")]
        for name, browser in {"public": public, "auditor": auditor}.items()
    }
    assert lines["public"] == [
        "La ligne de commande a donné un rôle Dominique, Édition (DITP)",
        "La ligne de commande a donné un rôle Aude, Audit",
        "Ligne réservée",
        "Ligne réservée",
    ]
    assert lines["auditor"][2:] == [
        "Maël a demandé à faire partie d'un laboratoire Maël, Ti Lab",
        "Dominique a refusé une demande d'adhésion Maël, Ti Lab",
    ]
    assert "Pas encore." not in (await public.get("/registre")).text


async def test_its_file_is_checked_by_itself(database: Database, client: Browsers, tmp_path: Path) -> None:
    dominique = await publisher(database)
    await act(database, memberships.ask, "ti-lab", by=await account(database, "Maël"))
    await act(database, roles.grant, await account(database, "Aude"), Role.AUDITOR, by=dominique)
    written = (await client().get("/registre.json")).json()
    assert [line.get("genre") for line in written["gestes"]] == ["role_granted", None, "role_granted"]
    file = tmp_path / "registre.json"
    file.write_text(json.dumps(written))
    assert checking.register(checking.read(file)) is None
    written["gestes"][2]["par"] = "x"
    assert checking.register(written) == "la chaîne est rompue au geste 3"
    as_a_workshop = {**written, "atelier": {"id": "x"}}
    assert checking.register(as_a_workshop) == "la chaîne est rompue au geste 2"


async def test_an_empty_journal_says_so(client: Browsers) -> None:
    assert "Rien encore" in read(await client().get("/registre")).one("main").text


async def test_a_long_journal_has_pages_and_the_last_one_comes_first(
    database: Database, client: Browsers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "ON_A_PAGE", 2)
    for _ in range(5):
        await give(database)

    async def shown(query: str) -> tuple[list[int], list[str]]:
        main = read(await client().get(f"/registre{query}")).one("main")
        numbers = [int(line.text) for line in main.all(class_="gc-minutes__number")]
        return numbers, [link["href"] for link in main.all("nav")[-1].all("a")]

    pages = [f"/registre?page={number}" for number in (1, 2, 3)]
    assert await shown("") == ([5], pages)
    assert await shown("?page=1") == ([1, 2], pages)
    assert await shown("?page=2") == ([3, 4], pages)
    assert [(await shown(query))[0] for query in ("?page=0", "?page=deux", "?page=99")] == [[1, 2], [5], [5]]
