"""Editions: what is in the zip, what is not, and what it was at the end of a day."""

import asyncio
import csv
import io
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from frictionless import Package, Resource, Schema, system
from sqlmodel import select

from server import checking
from server.database import Database
from server.datasets import editions
from server.datasets.catalogue import BY_NAME, DATASETS
from server.datasets.editions import Edition
from server.settings import Settings
from tests.cast import (
    Browsers,
    act,
    ask,
    colleague,
    facilitator,
    give,
    moderator,
    move,
    published,
    witness,
    workshop,
)
from tests.conftest import NINE, Clock
from tests.server.datasets.history import ANSWER, COMMENT, HIDDEN, OBJECTION, History, told
from tests.server.pages.day import begin
from tests.server.pages.test_queries import counting, crowded
from tests.testimony import FIRST_NAME, UNREAD, tell_everything
from workshops import answers, comments, moderation, withdrawals, world
from workshops.agenda import Member, Stage, Workshop
from workshops.comments import Comment
from workshops.people import Identity, Person
from workshops.reviews import Review

SITE = "http://testserver"
DAY = NINE.date()


@dataclass
class Told:
    """A history, its editions at the end of each of its three days, and what no file may say."""

    history: History
    editions: list[Edition]
    unsaid: set[str]

    @property
    def last(self) -> Edition:
        return self.editions[-1]


@pytest.fixture(scope="module")
def all_told(databases: Callable[[], str]) -> Told:
    """Told once: what is packed does not change."""
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as thread:
        clock = Clock()
        patch.setattr(world, "datetime", clock)
        return thread.submit(asyncio.run, _tell(databases(), clock)).result()


async def _tell(url: str, clock: Clock) -> Told:
    database = Database(url)
    settings = Settings(_env_file=None, demo=True, public_url=SITE, database_url=url)
    history = await told(database, settings, clock)
    async with database.reading() as session:
        unsaid = set(await session.scalars(select(Person.name))) | set(await session.scalars(select(Member.name)))
        unsaid |= {name for name in await session.scalars(select(Review.name)) if name}
        unsaid |= {email for email in await session.scalars(select(Identity.email)) if email}
        unsaid |= set(await session.scalars(select(Workshop.code))) | set(await session.scalars(select(Workshop.salt)))
        said = "".join(await session.scalars(select(Comment.text)))
    assert HIDDEN in said  # what could leak is there
    assert {"Noor-d-ici", "Signé-d-ici"} <= unsaid
    packed = [await ask(database, editions.pack, DAY + timedelta(days=n), SITE) for n in range(3)]
    await database.close()
    return Told(history, packed, unsaid | {ANSWER, HIDDEN, OBJECTION, FIRST_NAME, *UNREAD})


@pytest.fixture(scope="module")
def unpacked(all_told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip, opened by another program than the one that made it: the standard library's."""
    folder = tmp_path_factory.mktemp("zip")
    with opened(all_told.last) as file:
        assert file.testzip() is None
        file.extractall(folder)
    return folder


def opened(edition: Edition) -> ZipFile:
    return ZipFile(io.BytesIO(b"".join(edition.parcel.pieces())))


def rows(edition: Edition, name: str) -> list[dict[str, str]]:
    text = b"".join(edition.parcel.part(f"{name}.csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# ── What others say of it


def test_the_package_and_every_table_are_valid(unpacked: Path) -> None:
    package = Package(str(unpacked / "datapackage.json"))
    report = package.validate()
    assert report.flatten(["title", "type", "message"]) == []
    assert {task.name for task in report.tasks} == {resource.name for resource in package.resources}
    tables = {resource.path: resource for resource in package.resources if resource.format == "csv"}
    assert set(tables) == {file.name for file in unpacked.glob("*.csv")}
    assert all(resource.schema and resource.schema.fields for resource in tables.values())


def test_every_table_follows_its_own_schema(all_told: Told, unpacked: Path) -> None:
    """And there is something to follow in nearly all of them."""
    for name in BY_NAME:
        schema = Schema.from_descriptor(str(unpacked / f"{name}.tableschema.json"))
        with system.use_context(trusted=True):
            report = Resource(path=str(unpacked / f"{name}.csv"), schema=schema).validate()
        assert (name, report.flatten(["title", "message"])) == (name, [])
    empty = {name for name in BY_NAME if not rows(all_told.last, name)}
    assert empty == {"objections", "reponses_objections"}


def test_schemas_say_what_schema_data_gouv_fr_asks(unpacked: Path) -> None:
    for dataset in DATASETS:
        schema = json.loads((unpacked / f"{dataset.name}.tableschema.json").read_text())
        asked = ("$schema", "name", "title", "description", "homepage", "path", "version", "contributors", "fields")
        assert [key for key in (*asked, "created", "lastModified") if not schema[key]] == []
        assert schema["path"] == f"{SITE}/donnees/{dataset.name}.tableschema.json"
        assert [field["name"] for field in schema["fields"]] == [column.name for column in dataset.table.columns]
        assert all(field["title"] and field["description"] and field["type"] for field in schema["fields"])


def test_what_it_holds_is_verified_alone(all_told: Told, unpacked: Path) -> None:
    for room in all_told.history.closed:
        assert checking.check("registre", unpacked / f"registre-{room.id}.json").problem is None
        assert checking.check("vote", unpacked / f"bulletins-{room.id}.json").problem is None
    assert checking.check("registre", unpacked / "registre-plateforme.json").problem is None
    documents = [unpacked / f"referentiel-{version}.json" for version in ("2.0.0", "3.0.0")]
    assert [checking.check("referentiel", each).problem for each in documents] == [None, None]


def test_its_sums_are_those_of_its_files(all_told: Told) -> None:
    edition = all_told.last
    with opened(edition) as file:
        listed = dict(reversed(line.split("  ")) for line in file.read("empreintes.sha256").decode().splitlines())
        assert set(listed) == set(file.namelist()) - {"empreintes.sha256"}
        assert listed == {name: edition.parcel.parts[name].sha256 for name in listed}
        readme = file.read("README.md").decode()
    assert "Licence Ouverte 2.0" in readme
    assert all(f"`{dataset.name}.csv`" in readme for dataset in DATASETS)
    assert f"{SITE}/donnees/2026-11-25.zip" in readme


def test_names_are_safe(all_told: Told) -> None:
    with opened(all_told.last) as file:
        names = file.namelist()
    assert len(set(names)) == len(names)
    assert all(name == Path(name).name and not name.startswith(".") for name in names)


# ── What is not in it


def everywhere(edition: Edition) -> Iterator[tuple[str, str]]:
    for name in edition.parcel.parts:
        if not name.endswith((".xlsx", ".ods")):  # drawn from the document, which is here too
            yield name, b"".join(edition.parcel.part(name)).decode()


def test_no_name_nothing_hidden_no_secret(all_told: Told) -> None:
    assert len(all_told.unsaid) > 20
    for edition in all_told.editions:
        for name, text in everywhere(edition):
            assert {said for said in all_told.unsaid if said in text} == set(), name
    assert any(COMMENT in text for _name, text in everywhere(all_told.last))


def test_ballots_are_those_of_closed_workshops_alone(all_told: Told) -> None:
    found = rows(all_told.last, "bulletins")
    assert {row["atelier"] for row in found} == {room.id for room in all_told.history.closed}
    assert set(found[0]) == {"atelier", "code", "redaction", "tour", "voix", "groupe", "bulletin"}


def test_spreadsheets_run_nothing(all_told: Told) -> None:
    for dataset in DATASETS:
        for row in rows(all_told.last, dataset.name):
            assert [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=Second atelier" in {row["titre"] for row in rows(all_told.last, "ateliers")}


# ── As it was


def test_each_day_has_what_was_there_then(all_told: Told) -> None:
    first, second, third = all_told.editions
    history = all_told.history
    assert [[row["version"] for row in rows(day, "versions")] for day in all_told.editions] == [
        ["2.0.0"],
        ["2.0.0"],
        ["2.0.0", "3.0.0"],
    ]
    assert [len(rows(day, "candidates")) for day in all_told.editions] == [0, 1, 1]
    assert [row["texte"] for row in rows(third, "remarques")] == ["Bien dit."]
    stages = {row["id"]: row["etape"] for row in rows(third, "ateliers")}
    assert stages == {history.first.id: "closed", history.second.id: "closed", history.under_way.id: "voting"}
    assert [row["id"] for row in rows(first, "ateliers")] == [history.first.id]
    (then,) = rows(first, "ateliers")
    minutes = rows(first, "gestes")
    assert (then["gestes"], then["empreinte"]) == (minutes[-1]["numero"], minutes[-1]["empreinte"])
    for name in BY_NAME:  # nothing is taken away afterwards, but what the next gestures say of it
        assert len(rows(first, name)) <= len(rows(second, name)) <= len(rows(third, name))


# ── Testimonials


def objects(edition: Edition, name: str) -> list[dict[str, Any]]:
    document = json.loads(b"".join(edition.parcel.part(f"{name}.json")))
    assert document["schema"] == f"{SITE}/donnees/{name}.tableschema.json"
    found: list[dict[str, Any]] = document[name]
    return found


async def test_a_testimonial_is_a_row_and_an_object(database: Database, clock: Clock) -> None:
    told = await tell_everything(database)
    clock.advance(days=40)
    edition = await ask(database, editions.pack, clock.at.date(), SITE)
    (row,) = objects(edition, "temoignages")
    assert row == {
        "id": told.said.id,
        "labo": "ti-lab",
        "projet": told.point.project_id,
        "impression": "bien",
        "qualite": "usager",
        "clarte": 4,
        "ecoute": 5,
        "mois": "2026-11",
        "texte": "=Bien. ⟦masqué⟧ m'a reçue.",
        "ce_qui_a_change": "J'ose demander.",
        "passages_masques": 1,
        "reponse_du_labo": "-Merci.",
        "reponse_mois": "2026-11",
        "citable": True,
    }
    (cells,) = rows(edition, "temoignages")
    harmless = {"texte": f"'{row['texte']}", "reponse_du_labo": "'-Merci."}
    assert cells == {name: str(value) for name, value in row.items()} | harmless | {"citable": "true"}
    assert objects(edition, "temoignages_retires") == [{"id": told.gone.id, "fin": "retire", "mois": "2026-11"}]
    taken, refused, appealed = (each.id for each in told.unread[:3])
    decided = [[row[name] for name in ("temoignage", "verdict", "motif", "par_le_labo", "remplacee")] for row in objects(edition, "decisions_de_moderation")]
    assert sorted(decided) == sorted(
        [
            [told.said.id, "publie", None, False, False],
            [told.gone.id, "publie", None, False, False],
            [taken, "publie", None, False, True],
            [taken, "refuse", "faux", False, False],
            [refused, "refuse", "personne_visee", True, False],
            [appealed, "refuse", "personne_visee", True, False],
        ]
    )
    points = [[row["nom"], row["genre"], row["mois"], row["fermeture_mois"]] for row in objects(edition, "points_de_recueil")]
    assert sorted(points) == [["=Guichet", "projet", "2026-11", None], ["Accueil de la préfecture", "projet", "2026-11", "2026-11"]]
    assert [row["titre"] for row in objects(edition, "projets")] == ["Démarches simples"]


async def test_what_became_of_testimonials_is_told_by_lab_and_by_project(database: Database, clock: Clock) -> None:
    told = await tell_everything(database)
    edition = await ask(database, editions.pack, DAY, SITE)
    found = objects(edition, "traitement_des_temoignages")
    assert [(row["labo"], row["projet"]) for row in found] == [
        ("siilab", None),
        ("ti-lab", None),
        ("ti-lab", told.point.project_id),
    ]
    siilab, lab, project = ({name: value for name, value in row.items() if value} for row in found)
    assert siilab == {
        "labo": "siilab",
        "recus": 2,
        "impressions_seules": 1,
        "gardes": 1,
        "impression_bien": 2,
        "satisfaction": 10.0,
        "satisfaction_n": 2,
    }
    assert lab == {
        "labo": "ti-lab",
        "recus": 6,
        "en_attente": 2,
        "publies": 1,
        "refuses": 2,
        "retires": 1,
        "refuses_faux": 1,
        "refuses_personne_visee": 1,
        "impression_bien": 3,  # what DITP found false apart; the withdrawn one, since five weigh together
        "impression_mal": 2,
        "satisfaction": 6.0,
        "satisfaction_n": 5,
        "clarte": 7.5,
        "clarte_n": 1,
        "ecoute": 10.0,
        "ecoute_n": 1,
    }
    assert project == {**lab, "projet": told.point.project_id}


async def test_a_past_day_has_what_was_handled_then(database: Database, clock: Clock) -> None:
    morgane = await moderator(database)
    key, given = await give(database, face="mal", happened="Un.", capacity="usager")
    clock.advance(days=1)
    await act(database, moderation.decide, given.id, verdict="publie", base=1, by=morgane)
    clock.advance(days=1)
    await act(database, moderation.decide, given.id, verdict="refuse", reason="injurieux", base=1, by=morgane)
    clock.advance(days=1)
    await act(database, moderation.appeal, key)
    clock.advance(days=1)
    await act(database, withdrawals.withdraw, key)
    days = [await ask(database, editions.pack, DAY + timedelta(days=n), SITE) for n in range(-1, 5)]
    assert rows(days[0], "traitement_des_temoignages") == []
    stood = [
        {name for name in ("en_attente", "publies", "refuses", "retires") if row[name] != "0"}
        for day in days[1:]
        for row in rows(day, "traitement_des_temoignages")
    ]
    assert stood == [{"en_attente"}, {"publies"}, {"refuses"}, {"en_attente"}, {"retires"}]
    delays = [rows(day, "traitement_des_temoignages")[0]["delai_median_jours"] for day in days[1:]]
    assert delays == [""] * 5  # one decision alone would say when somebody spoke
    assert [len(rows(day, "decisions_de_moderation")) for day in days] == [0, 0, 1, 2, 2, 2]
    assert [rows(day, "temoignages") for day in days] == [[]] * 6


async def test_what_was_published_is_in_every_day_since(database: Database, clock: Clock) -> None:
    morgane, alix = await moderator(database), await colleague(database)
    _key, told = await witness(database, happened="Un.", by=morgane)
    clock.advance(days=1)
    await act(database, answers.answer, told.id, text="Merci.", by=alix)
    days = [await ask(database, editions.pack, DAY + timedelta(days=n), SITE) for n in range(-1, 2)]
    found = [[(row["texte"], row["reponse_du_labo"], row["reponse_mois"]) for row in rows(day, "temoignages")] for day in days]
    assert found == [[], [("Un.", "", "")], [("Un.", "Merci.", "2026-11")]]
    assert await ask(database, editions.first_day) == DAY


async def test_objects_too_are_asked_so_many_at_a_time(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    morgane = await moderator(database)
    for n in range(5):
        clock.advance(minutes=1)
        await witness(database, happened=f"Le numéro {n}.", by=morgane)
    monkeypatch.setattr(editions, "AT_ONCE", 2)
    edition = await ask(database, editions.pack, DAY, SITE)
    assert [row["texte"] for row in objects(edition, "temoignages")] == [f"Le numéro {n}." for n in range(5)]


# ── The same bytes for the same content. A smaller world: it is packed many times.


async def pack(database: Database) -> bytes:
    edition = await ask(database, editions.pack, DAY, SITE)
    return b"".join(edition.parcel.pieces())


def test_answers_are_counted_once_their_survey_is_over_and_from_five_on(all_told: Told) -> None:
    for edition in all_told.editions:
        (over,) = [row for row in rows(edition, "enquetes") if row["titre"].endswith("Une enquête")]
        going_on = [row for row in rows(edition, "enquetes") if row["id"] != over["id"]]
        assert (over["commencees"], over["terminees"]) == ("5", "5")
        assert {(row["commencees"], row["terminees"]) for row in going_on} == {("", "")}
        told = ("enquete", "question", "libelle", "reponses", "repondants")
        assert [tuple(row[name] for name in told) for row in rows(edition, "resultats_d_enquetes")] == [
            (over["id"], "1", "Bien", "4", "5"),
            (over["id"], "1", "Mal", "1", "5"),
        ]


async def test_the_same_content_is_the_same_file(database: Database, clock: Clock) -> None:
    await published(database)
    first = await pack(database)
    clock.advance(hours=3)
    editions._drawn.cache_clear()
    assert await pack(database) == first


async def test_rows_are_asked_so_many_at_a_time(
    database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await published(database)
    whole = await pack(database)
    monkeypatch.setattr(editions, "AT_ONCE", 7)
    assert await pack(database) == whole


async def test_queries_do_not_grow_with_rows(database: Database, client: Browsers, clock: Clock) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    await day.say("Un avis.")
    with counting(database) as before:
        await pack(database)
    await crowded(database, day.room, day.alix, 40)
    with counting(database) as after:
        await pack(database)
    assert len(after) == len(before)


# ── What was said, then hidden


async def test_what_is_hidden_is_in_no_day(database: Database, client: Browsers, clock: Clock) -> None:
    day = await begin(database, client, Stage.DISCUSSING)
    said, _kept = await day.say("Des mots durs."), await day.say("Des mots doux.")
    assert [row["texte"] for row in await _comments(database)] == ["Des mots durs.", "Des mots doux."]
    clock.advance(days=1)
    await act(database, comments.hide, said.id, because="Hors sujet.", by=day.camille)
    assert [row["texte"] for row in await _comments(database)] == ["Des mots doux."]
    tomorrow = await ask(database, editions.pack, DAY + timedelta(days=1), SITE)
    assert [(row["avis"], row["motif"]) for row in rows(tomorrow, "masquages")] == [(said.id, "Hors sujet.")]


async def _comments(database: Database) -> list[dict[str, str]]:
    return rows(await ask(database, editions.pack, DAY, SITE), "avis")


async def test_a_day_ends_at_midnight_in_paris(database: Database, clock: Clock) -> None:
    clock.at = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    camille = await facilitator(database)
    await workshop(database, by=camille, title="Le soir")
    clock.advance(minutes=2)
    await workshop(database, by=camille, title="Après minuit")
    evening, next_day = [await ask(database, editions.pack, DAY - timedelta(days=n), SITE) for n in (1, 0)]
    assert [row["titre"] for row in rows(evening, "ateliers")] == ["Le soir"]
    assert {row["titre"] for row in rows(next_day, "ateliers")} == {"Le soir", "Après minuit"}


async def test_a_workshop_is_at_the_stage_where_it_was(database: Database, clock: Clock) -> None:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    clock.advance(days=1)
    await move(database, room, Stage.VOTING, by=camille)
    days = [await ask(database, editions.pack, DAY + timedelta(days=n), SITE) for n in (0, 1)]
    ((before,), (after,)) = [rows(day, "ateliers") for day in days]
    assert (before["etape"], before["regle"], before["regle_fixee_le"]) == ("proposing", "", "")
    assert (after["etape"], json.loads(after["regle"])["methode"]) == ("voting", "trois_choix")


async def test_an_empty_site_is_packed_too(database: Database) -> None:
    edition = await ask(database, editions.pack, DAY, SITE)
    assert await ask(database, editions.first_day) is None
    assert {name for name in BY_NAME if rows(edition, name)} == {"laboratoires"}
