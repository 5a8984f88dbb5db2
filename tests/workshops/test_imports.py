"""Imports: what a grid of others may say, what does not hold and at which line, kept whole or not at all."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from server import gridfiles
from server.database import Database
from tests.cast import act, ask, facilitator
from tests.conftest import Clock
from workshops import audit, grids, imports
from workshops.audit import Deed
from workshops.grids import Cell, Format, Grid, Problem, Row
from workshops.imports import Deposit, ImportedFramework, Malformed, Notice
from workshops.people import Person
from workshops.refusals import NotFound, NotNow, NotYours
from workshops.sheet import FIELDS

NOTICE = Notice("Bilan et référentiel", "DITP, avril 2019.", "https://exemple.fr/bilan.pdf", "2019")


def grid(*rows: dict[str, Any]) -> Grid:
    """Rows as a YAML says them, one line a cell."""
    line, found = 1, []
    for row in rows:
        cells = tuple(Cell(column, line + n, said) for n, (column, said) in enumerate(row.items()))
        found.append(Row(line, cells))
        line += len(row)
    return Grid(Format.YAML, rows=tuple(found))


def csv(text: str) -> Deposit:
    return gridfiles.deposit("grille.csv", text.encode())


def told(problems: tuple[Problem, ...]) -> list[tuple[int, str, str]]:
    return [(each.line, each.column, each.sentence.format(**each.values)) for each in problems]


# ── What a grid may say


def test_a_grid_of_another_time_is_kept_as_it_is() -> None:
    judged = grids.judge(
        grid(
            {
                "Code": "  I.1 bis ",
                "Intitulé": "Un titre " + "très " * 40 + "long",
                "FAMILLE": "Moyens",
                "Définition": "=1+1",
                "unite": "a" * 200,
                "Indicateurs liés": "I.2;I.3",
                "Méthode de collecte": ("Enquête", "comptage"),
                "Fréquence": "annuelle",
                "Pilote": "DITP",
            }
        ),
        keeping=["pilote"],
    )
    assert judged.problems == ()
    assert judged.items == (
        {
            "code": "I.1 bis",
            "fiche": {
                "libelle": ("Un titre " + "très " * 40 + "long"),
                "definition": "=1+1",
                "unite": "a" * 200,
                "methode_collecte": ["enquete", "comptage"],
                "frequence": "Annuelle",
                "indicateurs_lies": ["I.2", "I.3"],
            },
            "famille_source": "Moyens",
            "autres": {"Pilote": "DITP"},
            "ligne": 1,
        },
    )


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_has_its_column_by_name_and_by_label(field: Any) -> None:
    assert grids.KNOWN[grids.simple(field.name)] == grids.KNOWN[grids.simple(field.label)] == field.name


@pytest.mark.parametrize(
    ("cells", "sentence"),
    [
        ({"code": ""}, "Ce champ est nécessaire."),
        ({"code": "x" * 41}, "C'est trop long : 40 caractères au plus."),
        ({"code": "a\nb"}, "Une seule ligne."),
        ({"libelle": " "}, "Ce champ est nécessaire."),
        ({"libelle": "x" * 2001}, "C'est trop long : 2000 caractères au plus."),
        ({"libelle": "a\nb"}, "Une seule ligne."),
        ({"libelle": ("a", "b")}, "Une seule valeur ici, pas une liste."),
        ({"nature": "bof"}, "« bof » n'est pas dans la liste : quantitatif, qualitatif, mixte."),
        ({"cout_collecte": "{0}"}, "« {0} » n'est pas dans la liste : faible, moyen, eleve."),
        ({"methode_collecte": "calcul;magie"}, "« magie » n'est pas dans la liste : comptage, declaratif, enquete, temoignage, calcul, document."),
        ({"temps_collecte": "deux jours"}, "Un nombre d'heures, positif ou nul."),
        ({"equivalents": "exemple.fr"}, "Une ligne au moins n'a pas la bonne forme."),
        ({"libele": "x"}, "Colonne inconnue. Est-ce « libelle » ?"),
        ({"zzz": "x"}, "Colonne inconnue : corrigez son nom, ou demandez à la garder telle quelle."),
        ({"?!": "x"}, "Une colonne n'a pas de nom."),
        ({"Libellé": "x"}, "Cette colonne est déjà à la ligne 2."),
    ],
)
def test_what_does_not_hold_is_told(cells: dict[str, Any], sentence: str) -> None:
    row = {"code": "A", "libelle": "Agents", **cells}
    (problem,) = grids.judge(grid(row)).problems
    (column,) = cells
    assert problem.sentence.format(**problem.values) == sentence
    assert (problem.line, problem.column) == (list(row).index(column) + 1, "" if column == "?!" else column)


def test_all_errors_are_told_at_once_by_line() -> None:
    rows = ({"code": "A", "libelle": "a"}, {"libelle": "b", "sens": "?"}, {"code": "A", "libelle": ""}, {"code": "B"})
    assert told(grids.judge(grid(*rows)).problems) == [
        (3, "", "Il manque « code »."),
        (4, "sens", "« ? » n'est pas dans la liste : plus_haut_mieux, plus_bas_mieux, neutre."),
        (5, "code", "Le code « A » est déjà à la ligne 1."),
        (6, "libelle", "Ce champ est nécessaire."),
        (7, "", "Il manque « libelle »."),
    ]


def test_a_grid_of_nothing_is_no_grid() -> None:
    assert told(grids.judge(grid()).problems) == [(0, "", "Ce fichier ne contient aucun indicateur.")]


# ── Kept


async def test_a_publisher_imports(database: Database, dominique: Person, clock: Clock) -> None:
    deposit = csv("code,libelle\nA1,Agents\nA2,Projets")
    imported = await act(database, imports.keep, deposit, NOTICE, by=dominique)
    assert imported.slug == "bilan-et-referentiel-2019"
    found = await ask(database, imports.fetch, imported.slug)
    assert found.content == {
        "titre": "Bilan et référentiel",
        "nature": "référentiel importé",
        "source": {"citation": "DITP, avril 2019.", "adresse": "https://exemple.fr/bilan.pdf", "date": "2019"},
        "importe_le": "2026-11-23T09:00:00.000Z",
        "importe_par": dominique.id,
        "fichier": {
            "nom": "grille.csv",
            "format": "csv",
            "encodage": "utf-8",
            "octets": deposit.weight,
            "empreinte": deposit.received,
        },
        "indicateurs": [
            {"code": "A1", "fiche": {"libelle": "Agents"}, "ligne": 2},
            {"code": "A2", "fiche": {"libelle": "Projets"}, "ligne": 3},
        ],
        "empreinte": found.fingerprint,
    }
    last = (await ask(database, audit.entries))[-1]
    assert (last.kind, last.about, last.by_id, last.kind.is_public) == (
        Deed.FRAMEWORK_IMPORTED,
        imported.slug,
        dominique.id,
        True,
    )


async def test_nobody_else_imports(database: Database) -> None:
    camille = await facilitator(database)
    with pytest.raises(NotYours):
        await act(database, imports.keep, csv("code,libelle\nA1,Agents"), NOTICE, by=camille)
    assert await ask(database, imports.imported) == []


async def test_one_wrong_line_and_nothing_is_imported(database: Database, dominique: Person) -> None:
    gestures = (await ask(database, audit.head)).gestures
    with pytest.raises(Malformed) as refused:
        await act(database, imports.keep, csv("code,libelle\nA1,Agents\nA1,Encore"), NOTICE, by=dominique)
    assert told(refused.value.rehearsal.judged.problems) == [(3, "code", "Le code « A1 » est déjà à la ligne 2.")]
    assert await ask(database, imports.imported) == []
    assert (await ask(database, audit.head)).gestures == gestures


@pytest.mark.parametrize(
    ("notice", "wrong"),
    [
        (Notice(), {"title": "Ce champ est nécessaire.", "source": "Ce champ est nécessaire."}),
        (Notice("x" * 201, "y" * 1001, "z", "d" * 41), {
            "title": "C'est trop long.",
            "source": "C'est trop long.",
            "address": "Une adresse commence par https:// ou http://.",
            "dated": "C'est trop long.",
        }),
        (Notice("Grille", "DITP", "javascript:alert(1)"), {"address": "Une adresse commence par https:// ou http://."}),
        *(
            (Notice(title, "DITP"), {"title": "Ce n'est pas une de nos versions : donnez son titre sans numéro de version."})
            for title in ("Référentiel, version 1", "Grille v1", "Version 2", "Référentiel 2.0.0", "V. 1 de la grille")
        ),
    ],
)
async def test_what_is_said_of_it_holds(
    database: Database, dominique: Person, notice: Notice, wrong: dict[str, str]
) -> None:
    deposit = csv("code,libelle\nA1,Agents")
    assert dict((await ask(database, imports.rehearse, deposit, notice)).wrong) == wrong
    with pytest.raises(Malformed) as refused:
        await act(database, imports.keep, deposit, notice, by=dominique)
    assert refused.value.fields == wrong


async def test_a_title_of_its_time_is_no_version(database: Database) -> None:
    for title in ("Les labos : bilan 2018", "Référentiel d'avril 2019", "PV 3 du comité"):
        assert (await ask(database, imports.rehearse, csv("code,libelle\nA,B"), Notice(title, "DITP"))).holds


async def test_the_same_file_twice_names_the_former(database: Database, dominique: Person) -> None:
    deposit = csv("code,libelle\nA1,Agents")
    await act(database, imports.keep, deposit, NOTICE, by=dominique)
    with pytest.raises(NotNow) as refused:
        await act(database, imports.keep, deposit, Notice("Autre", "Ailleurs"), by=dominique)
    assert refused.value.values == {"title": "Bilan et référentiel"}
    assert len(await ask(database, imports.imported)) == 1


async def test_two_at_once_import_one_file_once(database: Database, dominique: Person) -> None:
    deposit = csv("code,libelle\nA1,Agents")
    tries = (act(database, imports.keep, deposit, Notice(f"Grille {n}", "DITP"), by=dominique) for n in "ab")
    ended = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(each).__name__ for each in ended) == ["ImportedFramework", "NotNow"]


async def test_two_of_the_same_title_have_each_their_address(database: Database, dominique: Person) -> None:
    for code in ("A1", "A2", "A3"):
        await act(database, imports.keep, csv(f"code,libelle\n{code},Agents"), NOTICE, by=dominique)
    for title in ("標準", "Nouveau"):
        await act(database, imports.keep, csv(f"code,libelle\nB,{title}"), Notice(title, "DITP"), by=dominique)
    long = Notice("Les laboratoires d'innovation publique : bilan et référentiel d'évaluation", "DITP", dated="2018-2019")
    await act(database, imports.keep, csv("code,libelle\nC,c"), long, by=dominique)
    assert {each.slug for each in await ask(database, imports.imported)} == {
        "bilan-et-referentiel-2019",
        "bilan-et-referentiel-2019-2",
        "bilan-et-referentiel-2019-3",
        "referentiel",
        "nouveau-2",
        "les-laboratoires-d-innovation-publique-2018-2019",
    }


async def test_what_was_imported_does_not_change(database: Database) -> None:
    imported = await act(database, imports.keep, csv("code,libelle\nA1,Agents"), NOTICE, by=None)
    async with database.transaction() as session:
        kept = await session.get_one(ImportedFramework, imported.slug)
        kept.title = "Version 1"
        with pytest.raises(IntegrityError, match="ne se modifie pas"):
            await session.flush()
        await session.rollback()
    assert (await ask(database, imports.fetch, imported.slug)).title == "Bilan et référentiel"
    with pytest.raises(NotFound):
        await ask(database, imports.fetch, "autre")
