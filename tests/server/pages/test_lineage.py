"""Lineage: merge two indicators, split one; each page says where an indicator comes from and what it became."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import Browsers, act, cards, signed_in
from tests.server.pages.day import (
    JSON,
    Day,
    begin,
    gesture,
    given_back,
    in_both_places,
    once,
    refused_outside_the_room,
    told,
)
from tests.server.pages.reading import Element, errors, plain, read, value
from workshops import agenda, indicators, lineage
from workshops.agenda import Stage
from workshops.indicators import Leaving
from workshops.journal import Kind

WHY = "Les deux comptent la même chose."
HALVES = {
    "libelle-1": "Usagers engagés",
    "famille-1": "activite",
    "definition-1": "Présents une demi-journée.",
    "libelle-2": "Effets de leur engagement",
    "famille-2": "resultats",
    "definition-2": "Ce qui a changé dans le projet.",
    "because": "Un volume et un effet.",
}
LEADING = "Ce geste revient au rôle « Animation »."
LEFT = "Cet indicateur a quitté la table : sa page dit pourquoi, et ce qu'il est devenu."


async def ids(day: Day) -> dict[str, str]:
    return {code: found.id for code, found in (await cards(day.database, day.room)).items()}


async def page_of(day: Day, id: str) -> Element:
    return read(await day.client().get(f"/indicateurs/{id}"))


async def state(day: Day) -> dict[str, dict[str, Any]]:
    """What a program reads of each indicator, by code."""
    found = (await day.client().get(f"/ateliers/{day.room.id}.json")).json()
    return {item["code"]: item for item in found["indicateurs"]}


# ── Merge


async def test_who_leads_chooses_what_stays_the_similar_ones_first(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    camille, table = await day.browser(day.camille), await ids(day)
    page = read(await camille.get(f"/indicateurs/{table['ACT-02']}/fusion"))
    form = page.one("form", action=f"/indicateurs/{table['ACT-02']}/fusion")
    offered = [option.text.split(" ")[0] for option in form.one("select").all("option")]
    assert offered[:4] == ["Choisir…", "ACT-01", "ACT-03", "ACT-04"]
    assert (len(offered), "ACT-02" in offered, value(form, "into")) == (19, False, "")
    similar = page.one("section", **{"aria-labelledby": "alike"}).all("a")
    assert [link["href"] for link in similar] == [
        f"/indicateurs/{table['ACT-02']}/fusion?avec={table[code]}" for code in ("ACT-01", "ACT-03")
    ]
    chosen = read(await camille.get(similar[0]["href"]))
    assert value(chosen.one("form", action=f"/indicateurs/{table['ACT-02']}/fusion"), "into") == table["ACT-01"]
    assert [row.text for row in chosen.one("section", **{"aria-labelledby": "differences"}).all("dt")] == [
        "Intitulé",
        "Définition",
        "Unité",
    ]


@pytest.mark.parametrize("stage", lineage.STAGES)
async def test_two_become_one_and_each_page_says_so(database: Database, client: Browsers, stage: Stage) -> None:
    day = await begin(database, client, stage)
    table = await ids(day)
    kept, left = table["ACT-01"], table["ACT-02"]
    form = {"into": kept, "because": WHY}
    await gesture(
        day, await day.browser(day.camille), f"/indicateurs/{left}/fusion", form, to=f"/indicateurs/{kept}"
    )
    assert (await day.kinds())[-1] is Kind.INDICATOR_MERGED
    gone = (await page_of(day, left)).one(id=f"head-{left}")
    assert [badge.text for badge in gone.all(class_="fr-badge")][-1] == "Fusionné"
    assert gone.one(class_="fr-alert").text.startswith(f"Fusionné dans ACT-01 {WHY} ")
    assert gone.one(class_="fr-alert").one("a")["href"] == f"/indicateurs/{kept}"
    assert (await page_of(day, kept)).one(id=f"head-{kept}").one(class_="gc-lineage").text == "Réunit aussi ACT-02"
    room = read(await client().get(f"/ateliers/{day.room.id}"))
    assert (room.all(id=f"card-{left}"), room.one(id=f"text-{kept}").one(class_="gc-lineage").one("a")["href"]) == (
        [],
        f"/indicateurs/{left}",
    )
    told_of = await state(day)
    assert (told_of["ACT-02"]["statut"], told_of["ACT-02"]["motif"]) == ("merged", WHY)
    assert told_of["ACT-02"]["devient"] == [{"id": kept, "code": "ACT-01"}]
    assert told_of["ACT-01"]["provient_de"] == [{"id": left, "code": "ACT-02"}]


async def test_a_program_merges(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    table, path = await ids(day), f"/indicateurs/{(await ids(day))['ACT-02']}/fusion"
    form = {"into": table["ACT-01"], "because": WHY}
    camille = await day.browser(day.camille)
    assert await told(day, camille, path, form) == {"geste": await day.last(), "indicateur": table["ACT-01"]}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        (
            {"into": "", "because": " "},
            {
                "into": "Choisissez l'indicateur qui reste sur la table.",
                "because": "Dites pourquoi : le registre le gardera.",
            },
        ),
        ({"because": "x" * 301}, {"because": "Trois cents caractères au plus."}),
    ],
)
async def test_a_merge_that_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, sent: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await begin(database, client)
    table, camille, before = await ids(day), await day.browser(day.camille), await day.records()
    path = f"/indicateurs/{table['ACT-02']}/fusion"
    form = {"into": table["ACT-03"], **sent}
    answer = await camille.post(path, data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    assert {name: value(page.one("form", action=path), name) for name in form} == form
    program = await camille.post(path, data=form, headers=JSON)
    assert (program.status_code, {n: plain(s) for n, s in program.json()["champs"].items()}) == (422, wrong)
    assert await day.records() == before


# ── Split


async def test_two_texts_begin_as_the_one_to_be_split(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    page = read(await (await day.browser(day.camille)).get(f"/indicateurs/{day.card.id}/scission"))
    form = page.one("form", action=f"/indicateurs/{day.card.id}/scission")
    whole = day.card.sheet
    for part in (1, 2):
        for name in ("libelle", "famille", "definition"):
            assert value(form, f"{name}-{part}") == whole[name]
    assert [value(form, f"libelle-{part}") for part in (3, 4)] == ["", ""]
    assert [more.get("open", "no") for more in form.all("details", class_="gc-more")] == ["no", "no"]


async def test_one_becomes_two_and_each_page_says_so(database: Database, client: Browsers) -> None:
    day = await begin(database, client, Stage.VOTING)
    path, to = f"/indicateurs/{day.card.id}/scission", f"/indicateurs/{day.card.id}"
    await act(database, indicators.reword, day.card.id, {**day.card.sheet, "population": "agents"}, base=1, by=day.camille)
    await gesture(day, await day.browser(day.camille), path, HALVES, to=to)
    assert (await day.kinds())[-1] is Kind.INDICATOR_SPLIT
    table = await cards(database, day.room)
    one, other = table["ACT-08"], table["RES-04"]
    written = {"libelle": "Usagers engagés", "definition": "Présents une demi-journée."}
    assert one.sheet == {**day.card.sheet, "population": "agents", **written}
    assert (other.sheet["libelle"], other.sheet["population"]) == ("Effets de leur engagement", "agents")
    gone = (await page_of(day, day.card.id)).one(id=f"head-{day.card.id}")
    assert gone.one(class_="fr-alert").text.startswith("Scindé en ACT-08 et RES-04 Un volume et un effet. ")
    assert (await page_of(day, one.id)).one(id=f"head-{one.id}").one(class_="gc-lineage").text == "Issu d'une scission : ACT-01"
    told_of = await state(day)
    assert told_of["ACT-01"]["statut"] == Leaving.SPLIT
    assert [each["code"] for each in told_of["ACT-01"]["devient"]] == ["ACT-08", "RES-04"]
    assert told_of["RES-04"]["provient_de"] == [{"id": day.card.id, "code": "ACT-01"}]


async def test_a_program_splits_in_four(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    more = {f"{name}-{part}": f"{name} {part}" for part in (3, 4) for name in ("libelle", "definition")}
    form = {**HALVES, **more, "famille-3": "impact", "famille-4": "impact"}
    answer = await told(day, await day.browser(day.camille), f"/indicateurs/{day.card.id}/scission", form)
    table = await ids(day)
    assert answer["indicateurs"] == [table[code] for code in ("ACT-08", "RES-04", "IMP-10", "IMP-11")]


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"libelle-1": "", "definition-2": " "}, dict.fromkeys(("libelle-1", "definition-2"), "Ce champ est nécessaire.")),
        ({"libelle-2": "USAGERS engagés"}, {"libelle-2": "Donnez à chacun un intitulé différent."}),
        ({"libelle-3": "Un troisième"}, {"definition-3": "Ce champ est nécessaire."}),
        ({"because": ""}, {"because": "Dites pourquoi : le registre le gardera."}),
    ],
)
async def test_a_split_that_does_not_hold_comes_back_as_typed(
    database: Database, client: Browsers, changed: dict[str, str], wrong: dict[str, str]
) -> None:
    day = await begin(database, client)
    camille, before, path = await day.browser(day.camille), await day.records(), f"/indicateurs/{day.card.id}/scission"
    form = {**HALVES, "famille-3": "impact", **changed}
    answer = await camille.post(path, data=form)
    page = read(answer)
    assert (answer.status_code, errors(page)) == (422, wrong)
    assert {name: value(page.one("form", action=path), name) for name in form} == form
    assert await day.records() == before


# ── Both


@pytest.mark.parametrize("what", ["fusion", "scission"])
async def test_only_who_leads_reshapes_the_table(database: Database, client: Browsers, what: str) -> None:
    day = await begin(database, client)
    table = await ids(day)
    path, form = f"/indicateurs/{table['ACT-02']}/{what}", {"into": table["ACT-01"], "because": WHY}
    form = form if what == "fusion" else HALVES
    await refused_outside_the_room(day, path, form, observing=LEADING, how=given_back)
    await given_back(day, await day.browser(day.alix), path, form, 403, LEADING)
    for person, reason in ((day.alix, LEADING), (day.noor, LEADING)):
        page = await (await day.browser(person)).get(path)
        assert (page.status_code, read(page).one(class_="gc-refusal").text) == (403, reason)
    await act(database, agenda.appoint, day.room.id, day.stranger, by=day.camille)
    robin = await signed_in(client, day.stranger)
    assert (await robin.get(path)).status_code == 200
    await told(day, robin, path, form)


@pytest.mark.parametrize("what", ["fusion", "scission"])
async def test_what_left_the_table_is_reshaped_no_more(database: Database, client: Browsers, what: str) -> None:
    day = await begin(database, client)
    table, camille = await ids(day), await day.browser(day.camille)
    path, form = f"/indicateurs/{table['ACT-02']}/{what}", {"into": table["ACT-01"], "because": WHY}
    await act(database, lineage.merge, table["ACT-02"], into=table["ACT-03"], because=WHY, by=day.camille)
    await given_back(day, camille, path, form if what == "fusion" else HALVES, 409, LEFT)
    page = await camille.get(path)
    assert (page.status_code, read(page).one(class_="gc-refusal").text) == (409, LEFT)


@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.CLOSED])
@pytest.mark.parametrize("what", ["fusion", "scission"])
async def test_the_table_is_reshaped_from_the_proposals_to_the_vote(
    database: Database, client: Browsers, stage: Stage, what: str
) -> None:
    day = await begin(database, client, stage)
    table = await ids(day)
    path, form = f"/indicateurs/{table['ACT-02']}/{what}", {"into": table["ACT-01"], "because": WHY}
    reason = plain(f"L'atelier en est à l'étape « {stage.label} » : ce geste n'y est pas possible.")
    camille = await day.browser(day.camille)
    await given_back(day, camille, path, form if what == "fusion" else HALVES, 409, reason)
    assert (await camille.get(path)).status_code == 409


@in_both_places
async def test_the_same_key_twice_is_one_gesture(database: Database, client: Browsers, place: str) -> None:
    day = await begin(database, client)
    table, camille = await ids(day), await day.browser(day.camille)
    form = {"into": table["ACT-01"], "because": WHY}
    await once(day, camille, place, f"/indicateurs/{table['ACT-02']}/fusion", form, {**form, "because": "Autre."})
    other = {**HALVES, "because": "Autre."}
    keyed = await begin(database, client)
    await once(keyed, await keyed.browser(keyed.camille), place, f"/indicateurs/{keyed.card.id}/scission", HALVES, other)


async def test_who_leads_is_offered_both_and_nobody_else(database: Database, client: Browsers) -> None:
    day = await begin(database, client)
    offered = {}
    for person in (day.camille, day.alix, day.noor):
        page = read(await (await day.browser(person)).get(f"/indicateurs/{day.card.id}"))
        offered[person.name] = [
            link["href"].rpartition("/")[2] for link in page.all("a") if link["href"].endswith(("/fusion", "/scission"))
        ]
    assert offered == {"Camille": ["fusion", "scission"], "Alix": [], "Noor": []}
