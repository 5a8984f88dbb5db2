"""The command line: what an administrator does, and what anyone may check."""

import asyncio
import copy
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zipfile import ZipFile

import httpx2
import pytest
from alembic import command
from sqlmodel import col, func, select

from server import checking, cli, exports, i18n, identity, migrating
from server import settings as settings_module
from server.database import Database
from server.datafiles.catalogue import FILES
from server.datasets.catalogue import BY_NAME
from server.identity import SignInLink
from server.sessions import Session
from server.settings import ROOT, Settings
from tests.cast import (
    Browsers,
    act,
    all_vote,
    ask,
    card,
    facilitator,
    give,
    member_of,
    move,
    published,
    session_of,
    workshop,
)
from tests.conftest import Clock
from tests.documents import history
from tests.server.pages.reading import plain
from workshops import frameworks, guests, imports, journal, labs, people, releases, roles, rules, votes, world
from workshops.agenda import Stage, Workshop
from workshops.consensus import Choice, Method, Rule
from workshops.journal import Receipt, Sending
from workshops.people import Person, Role


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


# Well formed, but no canonical JSON holds such a number.
TOO_BIG = (
    f'{{"gestes": [{{"numero": 1, "precedent": "{journal.GENESIS}", "par": 1e400}}],'
    ' "empreinte": "", "indicateurs": [{"decision": {}}], "note": 1e400}'
)
Grille = Callable[..., Awaitable[Said]]


@pytest.fixture
def grille(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Grille:
    """The command line, on this test's settings."""
    monkeypatch.setattr(settings_module, "from_environment", lambda: settings)

    async def type_(*words: str) -> Said:
        capsys.readouterr()
        try:
            code = await asyncio.to_thread(cli.main, words)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        return Said(code, *capsys.readouterr())

    return type_


# ── Import: by line, whole or not at all

SAID = ("--titre", "Grille de 2019", "--source", "DITP, avril 2019.")


async def test_a_framework_of_others_is_tried_then_imported(database: Database, grille: Grille, tmp_path: Path) -> None:
    file = tmp_path / "grille.csv"
    file.write_bytes("code;libellé;Pilote\nA1;Agents formés;DITP\n".encode("cp1252"))
    said = await grille("import", str(file), *SAID, "--garder", "Pilote", "--essai")
    assert (said.code, said.lines) == (0, ["Essai : 1 indicateur se lit, rien n'est enregistré."])
    assert await ask(database, imports.imported) == []
    said = await grille("import", str(file), *SAID, "--garder", "Pilote", "--date", "2019")
    (imported,) = await ask(database, imports.imported)
    address = "http://testserver/referentiel/imports/grille-de-2019"
    assert (said.code, said.lines) == (0, [f"Référentiel importé : {address}", imported.received])
    assert (imported.imported_by, imported.file_name, imported.dated) == (None, "grille.csv", "2019")
    for trial in ((), ("--essai",)):
        again = await grille("import", str(file), *SAID, "--garder", "Pilote", *trial)
        assert (again.code, again.out, "éjà importé" in again.err) == (1, "", True)


@pytest.mark.parametrize("trial", [(), ("--essai",)])
async def test_every_error_of_a_file_is_told_by_line(
    database: Database, grille: Grille, tmp_path: Path, trial: tuple[str, ...]
) -> None:
    file = tmp_path / "grille.yaml"
    file.write_text("- code: A1\n  libele: Agents\n- code: A1\n  libelle: x\n  nature: bof\n")
    said = await grille("import", str(file), "--titre", "Version 1", "--source", " ", *trial)
    assert (said.code, said.out) == (1, "")
    assert [plain(line) for line in said.err.splitlines()] == [
        "ligne 1 : Il manque « libelle ».",
        "ligne 2, libele : Colonne inconnue. Est-ce « libelle » ?",
        "ligne 3, code : Le code « A1 » est déjà à la ligne 1.",
        "ligne 5, nature : « bof » n'est pas dans la liste : quantitatif, qualitatif, mixte.",
        "--source : Ce champ est nécessaire.",
        "--titre : Ce n'est pas une de nos versions : donnez son titre sans numéro de version.",
        "Rien n'est importé.",
    ]
    assert await ask(database, imports.imported) == []


async def test_a_file_that_is_not_there_is_not_imported(grille: Grille, tmp_path: Path) -> None:
    said = await grille("import", str(tmp_path / "rien.csv"), *SAID)
    assert (said.code, said.err) == (2, f"{tmp_path / 'rien.csv'} : No such file or directory\n")


# ── Verify: needs nothing but the file


@pytest.fixture
async def room(database: Database) -> Workshop:
    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    await all_vote(database, room, by=await member_of(database, room))
    return await move(database, room, Stage.CLOSED, by=camille)


@pytest.fixture
async def minutes(database: Database, room: Workshop) -> dict[str, Any]:
    return exports.minutes(room, await ask(database, journal.since, room.id, 0))


@pytest.fixture
async def version(database: Database) -> dict[str, Any]:
    return (await published(database)).content


def saved(folder: Path, content: Any) -> str:
    file = folder / "file.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(file)


async def test_what_is_in_order_is_said_to_be(
    grille: Grille, tmp_path: Path, minutes: dict[str, Any], version: dict[str, Any]
) -> None:
    for kind, document in (("registre", minutes), ("referentiel", history()[1]), ("vote", version)):
        word = "égal" if kind == "vote" else "conforme"
        assert await grille("verify", kind, saved(tmp_path, document)) == Said(0, f"{word}\n", "")


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("gestes", 4, "par"), "quelquun", "À revoir : la chaîne est rompue au geste 5."),
        (("gestes", 0, "numero"), 0, "À revoir : la chaîne est rompue au geste 1."),
        (("derniere_empreinte",), "0" * 64, "À revoir : « derniere_empreinte » n'est pas celle du geste 23, le dernier de ce fichier."),
        (("atelier", "id"), "ailleurs", "À revoir : le geste 1 vient d'un autre atelier."),
        (("gestes",), [], "À revoir : le registre est vide, alors qu'il commence toujours par l'ouverture de l'atelier."),
    ],
)  # fmt: skip
async def test_minutes_that_were_altered_are_found_out(
    grille: Grille, tmp_path: Path, minutes: dict[str, Any], path: tuple[Any, ...], value: Any, problem: str
) -> None:
    assert await grille("verify", "registre", saved(tmp_path, altered(minutes, path, value))) == Said(
        1, "", problem + "\n"
    )


async def test_minutes_that_were_cut_short_are_found_out(
    grille: Grille, tmp_path: Path, minutes: dict[str, Any]
) -> None:
    for part in (minutes["gestes"][:-1], minutes["gestes"][1:], minutes["gestes"][:3] + minutes["gestes"][4:]):
        answer = await grille("verify", "registre", saved(tmp_path, {**minutes, "gestes": part}))
        assert (answer.code, answer.out) == (1, "")


async def test_a_version_with_one_letter_changed_is_found_out(grille: Grille, tmp_path: Path) -> None:
    version = history()[1]
    changed = altered(version, ("indicateurs", 0, "fiche", "libelle"), "Nombre de projets abandonnés à tempS")
    assert await grille("verify", "referentiel", saved(tmp_path, changed)) == Said(
        1,
        "",
        f"À revoir : l'empreinte annoncée est {version['empreinte']}, "
        f"celle du texte est {frameworks.fingerprint(changed)} ; "
        "ACT-01, intitulé : le texte n'est pas celui qui a été scellé.\n",
    )


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("votes", "texte_actuel", "drop"), 1, "le résultat annoncé est « kept », les votes donnent « reworked »"),
        (("resultat",), "dropped", "le résultat annoncé est « dropped », les votes donnent « kept »"),
        (("regle", "quorum"), 2, "le résultat annoncé est « kept », les votes donnent « undecided »"),
        (("regle", "methode"), "tirage", "la règle « tirage » n'est pas connue ici, le résultat ne peut pas être recalculé"),
        (("exception",), {"retenu": False, "motif": "?"}, "l'exception dit le contraire de ce que fait la version"),
    ],
)  # fmt: skip
async def test_a_decision_that_does_not_follow_from_its_votes_is_found_out(
    grille: Grille, tmp_path: Path, version: dict[str, Any], path: tuple[Any, ...], value: Any, problem: str
) -> None:
    changed = altered(version, ("indicateurs", 0, "decision", *path), value)
    assert await grille("verify", "vote", saved(tmp_path, changed)) == Said(1, "", f"À revoir : ACT-08 : {problem}.\n")


async def test_what_is_kept_without_votes_needs_an_exception(
    grille: Grille, tmp_path: Path, version: dict[str, Any]
) -> None:
    decision = version["indicateurs"][0]["decision"]
    decision["votes"]["texte_actuel"]["keep"], decision["resultat"] = 0, "undecided"
    answer = await grille("verify", "vote", saved(tmp_path, version))
    assert answer.err == "À revoir : ACT-08 : retenu sans que les votes le décident ni qu'une exception le dise.\n"
    decision["exception"] = {"retenu": True, "motif": "Décidé en séance."}
    assert (await grille("verify", "vote", saved(tmp_path, version))).out == "égal\n"


@pytest.mark.parametrize("kind", list(checking.CHECKS))
@pytest.mark.parametrize(
    "content",
    [
        "",
        "pas du JSON",
        "[]",
        "{}",
        '{"gestes": [1], "indicateurs": [1], "empreinte": 1}',
        '{"gestes": [], "gestes": []}',
        '{"gestes": NaN}',
        TOO_BIG,
        "[" * 100_000,
    ],
)
async def test_an_unreadable_file_is_said_to_be(grille: Grille, tmp_path: Path, kind: str, content: str) -> None:
    answer = await grille("verify", kind, saved(tmp_path, content))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err != ""


async def test_verifying_needs_no_settings_and_no_database(tmp_path: Path, minutes: dict[str, Any]) -> None:
    file = saved(tmp_path, minutes)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATABASE_URL": "nowhere://", "PORT": "?"}
    for words, code, out in (
        (("registre", file), 0, b"conforme\n"),
        (("registre", str(tmp_path / "absent.json")), 2, b""),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "server", "verify", *words, cwd=tmp_path, env=environment, stdout=-1, stderr=-1
        )
        assert ((await process.communicate())[0], process.returncode) == (out, code)


def altered(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


# ── Getting ready


async def test_migrate_makes_the_schema_and_enters_the_labs(grille: Grille, database: Database) -> None:
    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "base")
    for _ in range(2):
        assert await grille("migrate") == Said(0, "La base de données est à jour.\n", "")
    assert len(await ask(database, labs.directory)) == len(labs.found())


async def test_without_its_tables_the_database_is_said_not_to_be_ready(grille: Grille, database: Database) -> None:
    await asyncio.to_thread(command.downgrade, migrating.config(database.url), "base")
    answer = await grille("link", "Camille")
    assert (answer.code, answer.out, answer.err.splitlines()[-1]) == (1, "", "Faut-il un « migrate » d'abord ?")


async def test_demo_gives_a_workshop_and_three_ways_in_that_open_once(grille: Grille, client: Browsers) -> None:
    first, second = [json.loads((await grille("demo", "--json")).out) for _ in range(2)]
    assert first["atelier"] == second["atelier"]
    assert list(first["liens"]) == ["animation", "edition", "confirmation", "membre"]
    for link in first["liens"].values():
        address = urlsplit(link)
        assert (address.netloc, address.query) == ("testserver", f"suite=/ateliers/{first['atelier']['id']}")
        opened = await client().get(link)
        assert (opened.status_code, opened.headers["location"]) == (303, f"/ateliers/{first['atelier']['id']}")
        assert (await client().get(link)).status_code == 400


async def test_demo_in_words_says_the_same(grille: Grille) -> None:
    answer = await grille("demo")
    assert (answer.code, answer.lines[0]) == (0, "Atelier de co-construction du référentiel (démonstration)")
    assert [line.split()[0] for line in answer.lines[3:]] == ["animation", "edition", "confirmation", "membre"]


async def test_demo_is_refused_outside_the_demonstration(
    grille: Grille, settings: Settings, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    real = settings.model_copy(update={"demo": False, "secret_key": "s" * 32})
    monkeypatch.setattr(settings_module, "from_environment", lambda: real)
    refusal = "La démonstration demande DEMO=on : elle laisse entrer tout le monde.\n"
    assert await grille("demo", "--json") == Said(1, "", refusal)
    assert await ask(database, lambda s: s.scalar(select(func.count()).select_from(Person))) == 0


# ── People


async def agent(database: Database, name: str, *held: Role, email: str | None = None) -> Person:
    """Somebody whose provider gave a name."""
    async with database.transaction() as session:
        sub = world.new_id()
        person = await people.recognise(session, iss="https://idp", sub=sub, name=name, email=email)
        for role in held:
            await roles.grant(session, person, role, by=None)
    return person


async def test_a_link_opens_once_for_whoever_is_named(grille: Grille, database: Database, client: Browsers) -> None:
    camille = await agent(database, "Camille Arnaud", email="Camille@exemple.fr")
    for named in (camille.id, "Camille Arnaud", "camille@EXEMPLE.fr"):
        answer = await grille("link", named)
        (link,) = answer.lines
        assert link.startswith("http://testserver/connexion/lien/")
        assert [(await client().get(link)).status_code for _ in range(2)] == [303, 400]


async def test_a_link_is_for_exactly_one_person(grille: Grille, database: Database) -> None:
    one, other = await agent(database, "Camille"), await agent(database, "Camille")
    nobody = await grille("link", "camille")
    several = await grille("link", "Camille")
    assert (nobody.code, nobody.out, several.code, several.out) == (1, "", 1, "")
    assert [person.id in several.err for person in (one, other)] == [True, True]
    assert (await grille("link", other.id)).code == 0
    assert await ask(database, lambda s: s.scalar(select(func.count()).select_from(SignInLink))) == 1


@pytest.mark.parametrize("name", ["Camille Arnaud", "camille@exemple.fr"])
async def test_a_name_that_a_guest_chose_opens_no_door(grille: Grille, database: Database, name: str) -> None:
    room = await workshop(database, by=await facilitator(database))
    guest = await act(database, guests.enter, room.id, name=name, lab="ti-lab")
    nobody = i18n.typeset(f"Personne ne répond à « {name} ».\n")
    for words in (("link", name), ("grant", name, "edition"), ("publish", room.id, "--par", name, "--confirme", name)):
        assert await grille(*words) == Said(1, "", nobody)
    # The agent who bears that name is found, alone; and an id is anyone's.
    camille = await agent(database, "Camille Arnaud", email="camille@exemple.fr")
    assert (await grille("grant", name, "edition")).code == 0
    assert (await grille("link", guest.id)).code == 0
    assert (await grille("grant", guest.id, "moderation")).code == 0
    assert await ask(database, people.roles, camille) == {Role.PUBLISHER}
    assert await ask(database, people.roles, guest) == {Role.MODERATOR}


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("animation", Role.FACILITATOR),
        ("edition", Role.PUBLISHER),
        ("moderation", Role.MODERATOR),
        ("publisher", Role.PUBLISHER),
    ],
)
async def test_granting_a_role_twice_gives_it_once(grille: Grille, database: Database, word: str, role: Role) -> None:
    person = await agent(database, "Dominique")
    for _ in range(2):
        assert await grille("grant", "Dominique", word) == Said(0, f"Dominique a le rôle « {role.label} ».\n", "")
    assert await ask(database, people.roles, person) == {role}


# ── Workshops and versions


async def test_publishing_does_as_the_page_does(grille: Grille, database: Database, room: Workshop) -> None:
    dominique = await agent(database, "Dominique", Role.PUBLISHER)
    await agent(database, "Maxime", Role.PUBLISHER)
    two = ("--par", "Dominique", "--confirme", "Maxime")
    refused = await grille("publish", room.code, "--par", dominique.id, "--confirme", "Maxime")
    assert (refused.code, refused.err) == (
        1,
        i18n.typeset("Aucun indicateur n'est retenu : il n'y a rien à publier.\n"),
    )
    because = "Fiches à compléter avant la version 2.1."
    alone = await grille("publish", room.id, "--par", "Dominique", "--confirme", "Dominique", "--incompletes", because)
    assert (alone.code, "une autre personne" in alone.err) == (1, True)
    assert await ask(database, releases.standing) == []
    answer = await grille("publish", room.id, *two, "--note", "Un essai.", "--incompletes", because)
    framework = await ask(database, frameworks.fetch, "2.0.0")
    assert answer == Said(
        0, f"Version 2.0.0 publiée : http://testserver/referentiel/2.0.0\n{framework.fingerprint}\n", ""
    )
    assert framework.content["note"] == "Un essai."
    assert [item["decision"]["exception"] for item in framework.content["indicateurs"]] == [
        {"retenu": True, "motif": because}
    ] * 19
    assert (await grille("publish", room.id, *two)).code == 1


async def test_publishing_asks_for_the_role_and_a_possible_number(
    grille: Grille, database: Database, room: Workshop
) -> None:
    await agent(database, "Camille", Role.FACILITATOR)
    await agent(database, "Dominique", Role.PUBLISHER)
    await agent(database, "Maxime", Role.PUBLISHER)
    for who, version, reason in (
        ("Camille", "2.0.0", "Il faut pour cela le rôle « Édition (DITP) »."),
        (
            "Dominique",
            "3.0.0",
            "Ce numéro n'est pas possible : les différences demandent au moins 2.0.0.",
        ),
        ("Personne", "2.0.0", "Personne ne répond à « Personne »."),
    ):
        words = ("publish", room.id, "--par", who, "--confirme", "Maxime", "--version", version, "--incompletes", "En attendant.")
        assert await grille(*words) == Said(1, "", i18n.typeset(reason) + "\n")
    nowhere = i18n.typeset("Aucun atelier ne porte ce code.\n")
    assert await grille("publish", "nowhere", "--par", "Dominique", "--confirme", "Maxime") == Said(1, "", nowhere)
    assert await ask(database, frameworks.versions) == []


async def test_what_is_exported_is_what_the_site_gives(
    grille: Grille, database: Database, client: Browsers, tmp_path: Path
) -> None:
    await published(database)
    another = await facilitator(database, "Une autre")
    await workshop(database, by=another)  # under way: it stays out
    by_consent = await workshop(database, Stage.PROPOSING, by=another)
    await act(database, rules.announce, by_consent.id, Rule(method=Method.CONSENT), by=another)
    for stage in (Stage.VOTING, Stage.CLOSED):
        await move(database, by_consent, stage, by=another)
    (closed,) = [w for w in await ask(database, _workshops) if w.stage is Stage.CLOSED and w.id != by_consent.id]
    folder = tmp_path / "export"
    answer = await grille("export", str(folder))
    addresses = {
        **{file.name("2.0.0"): file.path("2.0.0") for file in FILES},
        f"registre-{closed.id}.json": f"/ateliers/{closed.id}/registre.json",
        f"bulletins-{closed.id}.json": f"/ateliers/{closed.id}/bulletins.json",
        f"bulletins-{closed.id}.csv": f"/ateliers/{closed.id}/bulletins.csv",
        f"registre-{by_consent.id}.json": f"/ateliers/{by_consent.id}/registre.json",
        "registre-plateforme.json": "/registre.json",
        **{f"{name}.csv": f"/donnees/{name}.csv" for name in BY_NAME},
        **{f"{name}.json": f"/donnees/{name}.json" for name, dataset in BY_NAME.items() if dataset.as_json},
    }
    browser = client()
    with ZipFile(BytesIO((await browser.get("/donnees/grille-commune.zip")).content)) as opened:
        same = {name: opened.read(name) for name in opened.namelist()}
    assert sorted(answer.lines) == sorted(str(folder / name) for name in same)
    assert {name: (folder / name).read_bytes() for name in same} == same
    for name, address in addresses.items():
        assert (folder / name).read_bytes() == (await browser.get(address)).content
    own = {"README.md", "datapackage.json", "empreintes.sha256", *(f"{name}.tableschema.json" for name in BY_NAME)}
    assert set(same) - set(addresses) == own
    for kind, name in (("registre", f"registre-{closed.id}"), ("referentiel", "referentiel-2.0.0")):
        assert (await grille("verify", kind, str(folder / f"{name}.json"))).out == "conforme\n"
    assert (await grille("verify", "vote", str(folder / f"bulletins-{closed.id}.json"))).out == "égal\n"
    assert (await grille("export", str(folder / "referentiel-2.0.0.csv" / "dessous"))).code == 1


async def _workshops(session: Any) -> list[Workshop]:
    return list(await session.scalars(select(Workshop)))


async def test_purging_forgets_what_time_has_closed(
    grille: Grille, database: Database, clock: Clock, client: Browsers
) -> None:
    async def left() -> tuple[int, ...]:
        async with database.reading() as session:
            return tuple(
                [await session.scalar(select(func.count()).select_from(t)) or 0 for t in (Session, SignInLink, Receipt)]
            )

    async def leave_traces(key: str, choice: Choice) -> None:
        await session_of(database, alix)
        await act(database, identity.link, alix)
        async with database.transaction(Sending(key, "a" * 64)) as session:
            await votes.cast(session, text.id, wording=1, choice=choice, by=alix)

    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix = await member_of(database, room)
    text = await card(database, room)
    await leave_traces("old", Choice.KEEP)
    clock.advance(hours=24, seconds=1)
    await leave_traces("new", Choice.ABSTAIN)
    assert await left() == (2, 2, 2)
    assert (await grille("purge")).code == 0
    assert await left() == (1, 1, 1)
    async with database.reading() as session:
        assert await session.scalar(select(Receipt.key)) == "new"


async def test_purging_says_what_it_erased_of_what_citizens_wrote(
    grille: Grille, database: Database, clock: Clock
) -> None:
    for _ in range(2):
        await give(database, happened="Pour vous.", may_publish=False, may_cite=False)
    clock.advance(days=366)
    lines = [
        "Sessions, tentatives, liens et reçus périmés sont effacés.",
        "Témoignages refusés, au-delà de 180 jours : 0.",
        "Témoignages remis au laboratoire, sans publication, au-delà de 365 jours : 2.",
        "Témoignages publiés, ou en attente d'une décision, au-delà de 1825 jours : 0.",
        "Adresses auxquelles le laboratoire a écrit, au-delà de 30 jours : 0.",
        "Adresses restées sans réponse, au-delà de 365 jours : 0.",
        "Réponses écrites aux enquêtes, au-delà de 730 jours : 0.",
    ]
    assert list(map(plain, (await grille("purge")).lines)) == lines
    assert list(map(plain, (await grille("purge")).lines)) == [line.replace(" 2.", " 0.") for line in lines]


# ── How one is answered


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "il manque : COMMANDE"),
        (("link",), "il manque : PERSONNE"),
        (("link", "a", "b"), "en trop : b"),
        (("publish", "a", "--par"), "--par: il faut une valeur"),
        (("watch", "a", "--depuis", "x"), "--depuis: ce n'est pas un nombre entier : 'x'"),
    ],
)
async def test_what_is_not_understood_is_answered_in_french(
    grille: Grille, words: tuple[str, ...], problem: str
) -> None:
    answer = await grille(*words)
    assert (answer.code, answer.out, answer.err.splitlines()[-1]) == (2, "", problem)
    assert answer.err.startswith("usage : python -m server")


async def test_help_names_every_command(grille: Grille) -> None:
    answer = await grille("--help")
    named = {line.split()[0] for line in answer.lines if line.startswith("    ") and not line.startswith("     ")}
    assert named == {
        "run",
        "migrate",
        "demo",
        "link",
        "publish",
        "export",
        "verify",
        "watch",
        "purge",
        "import",
        "grant",
        "backup",
        "restore",
        "key",
    }


# ── Run and watch: a real server, a seat in a terminal


@asynccontextmanager
async def running(*words: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command in a process of its own, ended at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", *words),
        cwd=ROOT,
        env={**os.environ, "DEMO": "on", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # A suite that runs in the background is deaf to Ctrl-C, and what it starts would be too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def until(process: asyncio.subprocess.Process, words: str) -> list[str]:
    """What a process says until it has said these words."""
    assert process.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(60):
        while not (said and words in said[-1]):
            line = await process.stdout.readline()
            assert line, f"ended before « {words} »: {said}"
            said.append(line.decode().rstrip("\n"))
    return said


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


async def test_a_server_runs_and_a_terminal_watches_even_through_a_restart(database: Database) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.VOTING, by=camille)
    alix = await member_of(database, room)
    text = await card(database, room)
    here = {"PORT": free_port(), "DATABASE_URL": database.url, "PUBLIC_URL": ""}
    async with running("watch", room.code, "--depuis", "1", **here) as watching:
        await until(watching, "on réessaie")
        async with running("run", **here) as server:
            welcome = await until(server, "Uvicorn running")
            assert welcome[0] == f"Grille commune, démonstration : http://localhost:{here['PORT']}"
            async with httpx2.AsyncClient() as browser:
                health = await browser.get(f"http://127.0.0.1:{here['PORT']}/sante")
            assert health.json() == {"etat": "ok", "base": "ok"}
            caught_up = await until(watching, "Alix")
            assert [line[:5] + line[15:] for line in caught_up[-2:]] == [
                "    2  Camille a changé d’étape · Vote",
                "    3  Alix (Ti Lab) a rejoint l’atelier",
            ]
            await act(database, votes.cast, text.id, wording=1, choice=Choice.KEEP, by=alix)
            assert "── geste 4" in await until(watching, "    4")
        await act(database, votes.take_back, text.id, by=alix)
        async with running("run", **here) as server:
            (*_, last) = await until(watching, "    5")
            assert last[15:] == "  Alix (Ti Lab) a retiré son vote · ACT-01"
            assert await _sessions(database, camille) == 1
            watching.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(watching.wait(), 60) == 0  # a busy machine
    assert await _sessions(database, camille) == 0


async def test_several_processes_serve_one_postgresql(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has one process")
    here = {"PORT": free_port(), "DATABASE_URL": database.url, "PUBLIC_URL": "", "LOG_FORMAT": "json"}
    async with running("run", WEB_CONCURRENCY="2", **here) as server:
        said = [
            *await until(server, "Application startup complete"),
            *await until(server, "Application startup complete"),
        ]
        told = [json.loads(line) for line in said if line.startswith("{")]
        async with httpx2.AsyncClient() as browser:
            ready = await browser.get(f"http://127.0.0.1:{here['PORT']}/sante/pret")
        assert ready.json() == {"etat": "ok", "base": "ok", "schema": "ok"}
    assert len({each["message"] for each in told if each["message"].startswith("Started server process")}) == 2


async def _sessions(database: Database, person: Person) -> int:
    async with database.reading() as session:
        count = select(func.count()).select_from(Session).where(col(Session.person_id) == person.id)
        return await session.scalar(count) or 0


def test_a_fresh_key_seals_addresses_and_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["key", "contact"]) == 0
    said, setting = capsys.readouterr().out.splitlines()
    assert said == "Pour le serveur seul, dans son environnement ou son fichier .env, devant celles qui y sont déjà :"
    key = setting.removeprefix("CONTACT_KEYS='").removesuffix("'")
    chosen = Settings(_env_file=None, demo=True, contact_keys=key)
    assert chosen.seal.open(chosen.seal.seal("claude@exemple.fr")) == "claude@exemple.fr"


def test_a_key_for_something_else_is_not_understood(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["key", "autre"])
    assert left.value.code == 2
    assert "autre" in capsys.readouterr().err
