"""Imports: a publisher tries a file line by line, imports it whole or not at all, everyone reads it with its source."""

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from server import gridfiles
from server.database import Database
from server.settings import MAX_BODY
from tests.cast import Browsers, act, ask, facilitator, publisher, signed_in, stranger
from tests.server.pages.day import JSON, Day, begin
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import audit, frameworks, imports
from workshops.agenda import Stage
from workshops.audit import Deed
from workshops.imports import Notice
from workshops.people import Person

TRY, KEEP, NEW = "/referentiel/imports/nouveau", "/referentiel/imports", "/referentiel/imports/nouveau"
GRID = "code;libelle;famille;definition\nA1;Agents formés;Moyens;=SOMME(A1:A9)\nA2;Projets;résultats;\n"
SAID = {"title": "Bilan et référentiel d'évaluation", "source": "DITP, 2019, 37 pages.", "dated": "2019"}
WRONG = 'code;libelle;nature;motdepasse\nA1;"Sur deux\nlignes";bof;x\nA1;;quantitatif;y\nB;<script>zz</script>;mixte\n'
PUBLISHER_ONLY = "Il faut pour cela le rôle « Édition (DITP) »."


def digest(content: bytes) -> str:
    return "sha256:" + sha256(content).hexdigest()


@pytest.fixture
async def ditp(client: Browsers, dominique: Person) -> httpx2.AsyncClient:
    return await signed_in(client, dominique)


async def sent(browser: httpx2.AsyncClient, path: str, content: bytes, **said: Any) -> httpx2.Response:
    """A file, chosen on one's machine."""
    headers = said.pop("headers", {})
    name = said.pop("name", "grille.csv")
    return await browser.post(path, data={**SAID, **said}, files={"file": (name, content)}, headers=headers)


async def kept(database: Database) -> list[str]:
    return [each.slug for each in await ask(database, imports.imported)]


def told(page: Element) -> list[tuple[str, str]]:
    """The lines that do not hold, each with the sentences under it."""
    return [
        (line.one(class_="gc-wrong__where").text, " | ".join(why.text for why in line.one(class_="gc-wrong__why").all("li")))
        for line in page.all("li", class_="gc-wrong__line")
    ]


def filled(form: Element) -> dict[str, Any]:
    """What a browser would send of a form as it is, file fields apart."""
    names = {control["name"] for control in form if control.get("name") and control.get("type") != "file"}
    return {name: value(form, name) for name in names}


# ── Try, then import


async def test_a_file_is_tried_then_imported_byte_for_byte(database: Database, ditp: httpx2.AsyncClient) -> None:
    content = GRID.encode("cp1252").replace(b"\n", b"\r\n")
    answer = await sent(ditp, TRY, content)
    page = read(answer).one("main")
    assert answer.status_code == 200
    rows = [[cell.text for cell in row if cell.tag in ("td", "th")] for row in page.one("tbody").all("tr")]
    assert rows == [
        ["2", "A1", "Agents formés", "famille de la source : Moyens", "Définition"],
        ["3", "A2", "Projets", "Résultats", ""],
    ]
    assert "Fichier lu en CSV, WINDOWS-1252" in page.text
    assert await kept(database) == []
    answer = await ditp.post(KEEP, data=filled(page.one("form", action=KEEP)))
    assert (answer.status_code, answer.headers["location"]) == (303, "/referentiel/imports/bilan-et-referentiel-d-evaluation-2019")
    (imported,) = await ask(database, imports.imported)
    assert (imported.received, imported.file_name) == (digest(content), "grille.csv")
    assert [item["fiche"] for item in imported.content["indicateurs"]] == [
        {"libelle": "Agents formés", "definition": "=SOMME(A1:A9)"},
        {"libelle": "Projets", "famille": "resultats"},
    ]
    last = (await ask(database, audit.entries))[-1]
    assert (last.kind, last.about, answer.headers["x-geste"]) == (Deed.FRAMEWORK_IMPORTED, imported.slug, str(last.number))


async def test_a_pasted_text_is_tried_and_imported_too(database: Database, ditp: httpx2.AsyncClient) -> None:
    text = "# la grille\r\nindicateurs:\r\n- code: A1\r\n  libelle: Agents\r\n  ventilations: [par grade]"
    page = read(await ditp.post(TRY, data={**SAID, "text": text})).one("main")
    answer = await ditp.post(KEEP, data=filled(page.one("form", action=KEEP)))
    assert answer.status_code == 303
    (imported,) = await ask(database, imports.imported)
    assert (imported.format, imported.file_name) == ("yaml", "")
    assert imported.received == digest(text.replace("\r\n", "\n").encode())


async def test_a_program_imports_in_one_sending(database: Database, ditp: httpx2.AsyncClient) -> None:
    answer = await sent(ditp, TRY, GRID.encode(), headers=JSON)
    assert [item["code"] for item in answer.json()["indicateurs"]] == ["A1", "A2"]
    answer = await sent(ditp, KEEP, GRID.encode(), headers=JSON)
    last = (await ask(database, audit.entries))[-1].number
    path = "/referentiel/imports/bilan-et-referentiel-d-evaluation-2019"
    assert answer.json() == {"geste": last, "adresse": path}


async def test_every_error_is_told_by_line_with_its_text_and_nothing_is_imported(
    database: Database, ditp: httpx2.AsyncClient
) -> None:
    for path in (TRY, KEEP):
        answer = await sent(ditp, path, WRONG.encode(), title="", address="ditp")
        page = read(answer).one("main")
        assert answer.status_code == 422
        assert told(page) == [
            ("Ligne 1", "motdepasse Colonne inconnue : corrigez son nom, ou demandez à la garder telle quelle."),
            ("Ligne 2", "libelle Une seule ligne."),
            ("Ligne 3", "nature « bof » n'est pas dans la liste : quantitatif, qualitatif, mixte."),
            ("Ligne 4", "libelle Ce champ est nécessaire. | code Le code « A1 » est déjà à la ligne 2."),
            ("Ligne 5", "Cette ligne n'a pas autant de cellules que la première : 3 au lieu de 4."),
        ]
        assert "<script>zz" not in answer.text
        assert errors(page) == {
            "title": "Ce champ est nécessaire.",
            "address": "Une adresse commence par https:// ou http://.",
            "file": "Le fichier a des erreurs : rien n'est importé.",
        }
        # A browser does not choose a file again: its text is in the form, and its bytes.
        form = page.one("form", action=TRY)
        assert (value(form, "text"), value(form, "source"), value(form, "file_name")) == (
            WRONG,
            SAID["source"],
            "grille.csv",
        )
        assert page.all("form", action=KEEP) == []
    program = await sent(ditp, KEEP, WRONG.encode(), headers=JSON)
    assert (program.status_code, program.json()["refus"]) == (422, "a_corriger")
    assert [(each["ligne"], each["colonne"]) for each in program.json()["lignes"]] == [
        (1, "motdepasse"),
        (2, "libelle"),
        (3, "nature"),
        (4, "libelle"),
        (4, "code"),
        (5, None),
    ]
    assert await kept(database) == []
    assert Deed.FRAMEWORK_IMPORTED not in [entry.kind for entry in await ask(database, audit.entries)]


async def test_a_column_kept_as_it_is_changes_nothing_to_the_file(database: Database, ditp: httpx2.AsyncClient) -> None:
    content = b"\xef\xbb\xbfcode,libelle,Pilote\r\nA1,Agents,DITP\r\n"
    page = read(await sent(ditp, TRY, content)).one("main")
    assert told(page)[0][0] == "Ligne 1"
    form = {**filled(page.one("form", action=TRY)), "keeping": " Pilote ; "}
    form["text"] = form["text"].replace("\n", "\r\n")  # as browsers send it
    page = read(await ditp.post(TRY, data=form)).one("main")
    assert (await ditp.post(KEEP, data=filled(page.one("form", action=KEEP)))).status_code == 303
    (imported,) = await ask(database, imports.imported)
    assert (imported.received, imported.content["indicateurs"][0]["autres"]) == (digest(content), {"Pilote": "DITP"})


async def test_a_text_corrected_in_the_page_is_another_text(database: Database, ditp: httpx2.AsyncClient) -> None:
    page = read(await sent(ditp, TRY, b"code,libele\nA1,Agents")).one("main")
    assert told(page)[0][1] == "libele Colonne inconnue. Est-ce « libelle » ? | Il manque la colonne « libelle »."
    form = {**filled(page.one("form", action=TRY)), "text": "code,libelle\r\nA1,Agents"}
    assert (await ditp.post(KEEP, data=form)).status_code == 303
    (imported,) = await ask(database, imports.imported)
    assert (imported.received, imported.file_name) == (digest(b"code,libelle\nA1,Agents"), "")


async def test_the_same_file_twice_names_the_former(database: Database, ditp: httpx2.AsyncClient) -> None:
    assert (await sent(ditp, KEEP, GRID.encode())).status_code == 303
    (slug,) = await kept(database)
    for path in (TRY, KEEP):
        answer = await sent(ditp, path, GRID.encode(), title="Autre", name="autre.csv")
        alert = read(answer).one("main").one(class_="fr-alert--error")
        assert (answer.status_code, alert.one("a")["href"]) == (409, f"/referentiel/imports/{slug}")
        assert alert.text == f"Ce fichier est déjà importé : « {SAID['title']} ». Le lire"
        program = await sent(ditp, path, GRID.encode(), headers=JSON)
        assert (program.status_code, program.json()["import"]) == (409, f"/referentiel/imports/{slug}")
    assert await kept(database) == [slug]


async def test_the_same_key_twice_imports_once_and_another_file_under_it_is_refused(
    database: Database, ditp: httpx2.AsyncClient
) -> None:
    first, again = [await sent(ditp, KEEP, GRID.encode(), key="k-1", headers=JSON) for _ in range(2)]
    assert (first.status_code, again.json()) == (200, first.json())
    other = await sent(ditp, KEEP, GRID.replace("A1", "A9").encode(), key="k-1", headers=JSON)
    assert (other.status_code, list(other.json()["champs"])) == (422, ["key"])
    assert len(await kept(database)) == 1


async def test_what_came_broken_is_refused_in_words(ditp: httpx2.AsyncClient) -> None:
    answer = await ditp.post(TRY, data={**SAID, "received": "pas de la base 64", "file_name": "x.csv"})
    assert (answer.status_code, "choisissez-le de nouveau" in read(answer).text) == (422, True)
    answer = await sent(ditp, TRY, b"code,libelle\n" + b"x" * gridfiles.MOST_BYTES)
    assert (answer.status_code, told(read(answer))) == (422, [("Tout le fichier", "Ce fichier est trop gros : 96 Kio au plus.")])
    answer = await sent(ditp, TRY, b"x" * MAX_BODY)
    assert (answer.status_code, "256 Kio" in plain(answer.text)) == (413, True)
    answer = await ditp.post(TRY, data=SAID)
    assert told(read(answer)) == [("Tout le fichier", "Il n'y a rien à lire : le fichier est vide.")]


HOSTILE = {
    "x.csv": [b"\xff\xfe\0", b"code,libelle\nA,\0", b'code,libelle\nA,"', b",,,", b"\xef\xbb\xbf", "code,libelle\nA,\u2028".encode()],
    "x.yml": [b"[" * 5000, b"&a [*a]", b"%", b"- !!python/name:os.system x", b"- code: \xed\xa0\x80", b"- {? [a]: b}", b"- <<: {}"],
    "\u202egpj.\n.exe": [b"{{ 7*7 }}", b"MZ\x90\0", b"<script>zz</script>"],
}


async def test_hostile_files_are_refused_in_words_and_nothing_is_half_imported(
    database: Database, ditp: httpx2.AsyncClient
) -> None:
    before = (await ask(database, audit.head)).gestures
    for name, contents in HOSTILE.items():
        for content in contents:
            for path in (TRY, KEEP):
                answer = await sent(ditp, path, content, name=name)
                assert (content, answer.status_code) == (content, 422)
                assert told(read(answer).one("main")) != []
                assert "<script>zz" not in answer.text
    assert await kept(database) == []
    assert (await ask(database, audit.head)).gestures == before


# ── Whose it is


async def test_only_publishers_import(database: Database, client: Browsers) -> None:
    day: Day = await begin(database, client, Stage.DISCUSSING)
    for person in (day.stranger, day.alix, day.camille, day.noor):
        browser = await day.browser(person)
        before = await day.records()
        for answer in (await browser.get(NEW), await sent(browser, TRY, b"\xff"), await sent(browser, KEEP, b"\xff")):
            assert (answer.status_code, read(answer).one(class_="gc-refusal").text) == (403, PUBLISHER_ONLY)
        assert await day.records() == before
    answer = await client().get(NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/connexion?suite={NEW}")


async def test_other_forms_take_no_file(database: Database, client: Browsers) -> None:
    camille = await signed_in(client, await facilitator(database))
    answer = await camille.post("/ateliers", data={"title": "T"}, files={"file": ("x.csv", b"x")})
    assert answer.status_code == 400


# ── Read


async def test_everyone_reads_it_with_its_source(database: Database, client: Browsers) -> None:
    said = Notice("Grille 2019", "DITP, avril 2019.", "https://www.modernisation.gouv.fr/grille", "2019", ("Pilote",))
    content = b"code;libelle;famille;Pilote;unite\nA 1;Agents;Moyens;<b>X</b>;agents"
    deposit = gridfiles.deposit("grille.csv", content)
    imported = await act(database, imports.keep, deposit, said, by=None)
    assert imported.slug == "grille-2019"
    answer = await client().get("/referentiel/imports/grille-2019")
    page = read(answer).one("main")
    assert page.one("h1").text == "Grille 2019"
    assert page.one(class_="fr-alert").text.startswith("Ce n'est pas une version du référentiel des labos")
    proof = page.one("section", class_="gc-proof")
    assert proof.one("a", rel="noopener external")["href"] == said.address
    assert [code.text for code in proof.all("code")] == [digest(content), imported.fingerprint]
    assert "Importé de : DITP, avril 2019." in proof.text
    (card,) = page.all("article")
    assert [(row.one("dt").text, row.one("dd").text) for row in card.all(class_="gc-sheet__row")] == [
        ("Unité", "agents"),
        ("Pilote", "<b>X</b>"),
    ]
    assert "famille de la source : Moyens" in card.text
    assert "version 1" not in page.text.lower()


async def test_its_file_is_the_one_that_its_fingerprint_names(database: Database, client: Browsers) -> None:
    imported = await act(database, imports.keep, gridfiles.deposit("g.csv", GRID.encode()), Notice("Grille", "DITP"), by=None)
    answer = await client().get("/referentiel/imports/grille.json", headers={"accept-encoding": "identity"})
    document = answer.json()
    assert frameworks.verify(document)
    assert json.loads(imported.document) == {key: said for key, said in document.items() if key != "empreinte"}
    assert answer.headers["etag"] == f'"{imported.fingerprint}"'
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    for browser in (client(), client()):
        again = await browser.get("/referentiel/imports/grille.json", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("path", ["/referentiel/imports/rien", "/referentiel/imports/rien.json", "/referentiel/imports/%00"])
async def test_what_was_not_imported_is_not_found(database: Database, client: Browsers, path: str) -> None:
    answer = await client().get(path)
    assert answer.status_code in ((404,) if "rien" in path else (400, 404))


async def test_it_is_no_version_of_ours(database: Database, client: Browsers) -> None:
    await act(database, imports.keep, gridfiles.deposit("g.csv", GRID.encode()), Notice("Grille", "DITP"), by=None)
    assert await ask(database, frameworks.versions) == []
    assert (await client().get("/referentiel/grille")).status_code == 404


async def test_the_register_says_it_in_words(database: Database, client: Browsers, ditp: httpx2.AsyncClient) -> None:
    await sent(ditp, KEEP, GRID.encode())
    page = read(await client().get("/registre"))
    assert page.all(class_="gc-minutes__text")[-1].text == f"Dominique a importé un référentiel {SAID['title']}"


async def test_the_form_lists_what_is_there_and_works_without_htmx(database: Database, ditp: httpx2.AsyncClient) -> None:
    await sent(ditp, KEEP, GRID.encode())
    page = read(await ditp.get(NEW)).one("main")
    assert [link["href"] for link in page.one(class_="gc-list").all("a")] == [f"/referentiel/imports/{(await kept(database))[0]}"]
    form = page.one("form", action=TRY)
    assert (form["method"], form["enctype"]) == ("post", "multipart/form-data")
    assert form.one("input", type="file")["name"] == "file"


def encoded(content: bytes) -> str:
    return b64encode(content, b"-_").decode()


async def test_a_file_that_was_sent_before_wins_over_its_own_text_alone(ditp: httpx2.AsyncClient) -> None:
    before = {"received": encoded(b"code,libelle\nA1,Agents"), "file_name": "g.csv"}
    for text, code in (("", "A1"), ("code,libelle\r\nA1,Agents", "A1"), ("code,libelle\r\nB2,Agents", "B2")):
        answer = await ditp.post(TRY, data={**SAID, **before, "text": text}, headers=JSON)
        assert [item["code"] for item in answer.json()["indicateurs"]] == [code]


async def test_a_stranger_sees_no_door(database: Database, client: Browsers) -> None:
    assert NEW not in (await client().get("/referentiel")).text
    assert (await (await signed_in(client, await stranger(database))).get(NEW)).status_code == 403
    ditp = await signed_in(client, await publisher(database))
    assert NEW in (await ditp.get("/administration")).text


async def test_the_page_of_the_framework_lists_it_in_place_of_the_reference(database: Database, client: Browsers) -> None:
    page = read(await client().get("/referentiel")).one("main")
    assert "la grille de 2019 n'a pas pu être lue" in page.text
    await act(database, imports.keep, gridfiles.deposit("g.csv", GRID.encode()), Notice("Grille", "DITP"), by=None)
    page = read(await client().get("/referentiel?relue")).one("main")
    assert "la grille de 2019 n'a pas pu être lue" not in page.text
    (link,) = [link for link in page.all("a") if link["href"].startswith("/referentiel/imports/")]
    assert (link["href"], link.text) == ("/referentiel/imports/grille", "Grille")
