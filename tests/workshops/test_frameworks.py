"""Frameworks: what a closed workshop decided becomes a numbered version that nothing changes."""

import asyncio
import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from unittest.mock import ANY

import pytest
import rfc8785
from sqlalchemy.exc import IntegrityError

from server.database import Database
from tests.cast import (
    COMPLETE,
    SHEET,
    act,
    all_vote,
    ask,
    card,
    cards,
    confirm,
    member_of,
    move,
    prepare,
    publish,
    published,
    reread,
    somebody,
    workshop,
)
from tests.conftest import Clock
from workshops import comparisons, drafts, frameworks, indicators, journal, lineage, seals, votes
from workshops.agenda import Stage, Start, Workshop
from workshops.comparisons import Comparison, Contents
from workshops.consensus import ANNOUNCED, Choice, Outcome
from workshops.crosswalks import Fate
from workshops.drafts import Choices, Draft
from workshops.frameworks import Framework
from workshops.indicators import Origin
from workshops.journal import Kind
from workshops.lines import BY_THE_RULE, Exceptional
from workshops.people import Person, Role
from workshops.refusals import NotFound, NotNow, NotThus, NotYours, Refusal
from workshops.sheet import Level, Sheet

RULE = ANNOUNCED.published()
KEPT_VOTES = {"texte_actuel": {"keep": 1, "rework": 0, "drop": 0, "abstain": 0}, "texte_anterieur": 0}
DROPPED_VOTES = {"texte_actuel": {"keep": 0, "rework": 0, "drop": 1, "abstain": 0}, "texte_anterieur": 0}
UNFINISHED = (
    "Fiche incomplète : il manque nature, à quelle question répond-il ?, lecture, source de la donnée, méthode de collecte, "
    "fréquence, agrégation nationale, limites et effets pervers, coût de collecte, responsable de la définition."
)
NO_VOTES = {"texte_actuel": {"keep": 0, "rework": 0, "drop": 0, "abstain": 0}, "texte_anterieur": 0}
WHY = "Décidé en séance."
NOT_HERE = "Cet indicateur n'est pas sur la table de l'atelier."


@pytest.fixture
async def room(database: Database, camille: Person) -> Workshop:
    """Closed: ACT-08 is kept and complete, ACT-09 kept but unfinished, ACT-10 dropped, ACT-11 undecided, ACT-12 gone."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY)
    alix = await member_of(database, room)
    sheets = [{**COMPLETE, "libelle": "Complet"}, SHEET, {**COMPLETE, "libelle": "Écarté"}, SHEET, SHEET]
    proposed = [await act(database, indicators.propose, room.id, sheet, by=alix) for sheet in sheets]
    await act(database, lineage.withdraw, proposed[4].id, because="Un doublon.", by=alix)
    await move(database, room, Stage.VOTING, by=camille)
    for indicator, choice in zip(proposed[:3], [Choice.KEEP, Choice.KEEP, Choice.DROP], strict=True):
        await act(database, votes.cast, indicator.id, wording=1, choice=choice, reason="Une raison.", by=alix)
    return await move(database, room, Stage.CLOSED, by=camille)


def standing(draft: Draft) -> list[tuple[str, Outcome, bool]]:
    return [(line.code, line.outcome, line.kept) for line in draft.lines]


# ── The draft


async def test_the_draft_keeps_what_the_votes_kept_and_is_complete(database: Database, room: Workshop) -> None:
    draft = await ask(database, drafts.draft, [room])
    assert standing(draft) == [
        ("ACT-08", Outcome.KEPT, True),
        ("ACT-09", Outcome.KEPT, False),
        ("ACT-10", Outcome.DROPPED, False),
        ("ACT-11", Outcome.UNDECIDED, False),
    ]
    assert [line.code for line in draft.lines if line.is_unfinished] == ["ACT-09"]
    assert (draft.version, draft.allowed, draft.latest) == ("2.0.0", ["2.0.0"], None)
    assert draft.comparison == Comparison(added=["ACT-08"])


async def test_an_exception_departs_from_the_rule_or_is_none(database: Database, room: Workshop) -> None:
    asked = {
        "ACT-08": Exceptional(True, "Il est déjà gardé."),
        "ACT-09": Exceptional(True, WHY),
        "ACT-10": Exceptional(False, "Il est déjà écarté."),
        "ACT-11": Exceptional(True, WHY),
    }
    draft = await ask(database, drafts.draft, [room], Choices(exceptions=asked))
    assert [line.code for line in draft.kept] == ["ACT-08", "ACT-09", "ACT-11"]
    assert [line.code for line in draft.left_out] == ["ACT-10"]
    assert draft.exceptions == {"ACT-09": asked["ACT-09"], "ACT-11": asked["ACT-11"]}
    left = await ask(database, drafts.draft, [room], Choices(exceptions={"ACT-08": Exceptional(False, WHY)}))
    assert [line.code for line in left.kept] == []


# ── Publishing


async def test_a_published_version_says_everything(
    database: Database, room: Workshop, dominique: Person, clock: Clock
) -> None:
    exceptions = {"ACT-11": Exceptional(True, f" {WHY} "), "ACT-09": Exceptional(False, "")}
    framework = await publish(database, room, by=dominique, note=" Première version. ", exceptions=exceptions)
    after = await reread(database, room)
    found = await ask(database, frameworks.fetch, "2.0.0")
    fed = {
        "id": room.id,
        "titre": "Atelier de novembre",
        "date": room.held_on.isoformat(),
        "geste": after.gestures,
        "registre": after.head,
        "regle": RULE,
        "tour": 1,
    }
    assert found.content == {
        "titre": "Référentiel d'évaluation des laboratoires d'innovation publique",
        "version": "2.0.0",
        "publie_le": "2026-11-23T09:00:00.000Z",
        "note": "Première version.",
        "licence": "Licence Ouverte 2.0",
        "precedente": None,
        "chaine": [],
        "niveau": None,
        "prepare_par": dominique.id,
        "confirme_par": framework.published_by,
        "relecture": None,
        "ateliers": [fed],
        "atelier": fed,
        "indicateurs": [
            {
                "code": "ACT-08",
                "fiche": {**COMPLETE, "libelle": "Complet"},
                "statut": "en_vigueur",
                "origine": "atelier",
                "provient_de": [],
                "coauteurs": [],
                "decision": {
                    "regle": RULE,
                    "resultat": "kept",
                    "votes": KEPT_VOTES,
                    "motif": BY_THE_RULE,
                    "redaction": 1,
                    "atelier": room.id,
                },
                "reserves": [],
                "reponse": "",
                "provenance": ANY,
                "depreciation": None,
                "correction": None,
                "temoignages": [],
            },
            {
                "code": "ACT-11",
                "fiche": SHEET,
                "statut": "en_vigueur",
                "origine": "atelier",
                "provient_de": [],
                "coauteurs": [],
                "decision": {
                    "regle": RULE,
                    "resultat": "undecided",
                    "votes": NO_VOTES,
                    "motif": WHY,
                    "exception": {"retenu": True, "motif": WHY},
                    "redaction": 1,
                    "atelier": room.id,
                },
                "reserves": [],
                "reponse": "",
                "provenance": ANY,
                "depreciation": None,
                "correction": None,
                "temoignages": [],
            },
        ],
        "ecartes": [
            {
                "code": "ACT-09",
                "libelle": SHEET["libelle"],
                "decision": {"regle": RULE, "resultat": "kept", "votes": KEPT_VOTES, "motif": UNFINISHED, "atelier": room.id},
            },
            {
                "code": "ACT-10",
                "libelle": "Écarté",
                "decision": {"regle": RULE, "resultat": "dropped", "votes": DROPPED_VOTES, "motif": "Une raison.", "atelier": room.id},
            },
        ],
        "hors_table": [
            {
                "code": "ACT-12",
                "libelle": SHEET["libelle"],
                "issue": "withdrawn",
                "motif": "Un doublon.",
                "devient": [],
            },
        ],
        "passage": [
            {"sort": "nouveau", "de": [], "vers": ["ACT-08"]},
            {"sort": "nouveau", "de": [], "vers": ["ACT-11"]},
        ],
        "arguments": {},
        "sceaux": seals.seals(found.content),
        "empreinte": framework.fingerprint,
    }
    (_prepared, entry) = await ask(database, journal.since, room.id, room.gestures)
    assert (entry.kind, entry.about, entry.by_id) == (Kind.FRAMEWORK_PUBLISHED, "2.0.0", framework.published_by)
    assert (entry.number, entry.hash) == (after.gestures, after.head)
    assert framework.prepared_by == dominique.id != framework.published_by
    assert await ask(database, frameworks.from_workshop, room.id) == framework


async def test_only_a_publisher_publishes(database: Database, room: Workshop, camille: Person) -> None:
    for person in (camille, await somebody(database, "Modératrice", Role.MODERATOR)):
        with pytest.raises(NotYours):
            await publish(database, room, by=person)
    assert await ask(database, frameworks.latest) is None


async def test_an_open_workshop_is_not_published(database: Database, camille: Person, dominique: Person) -> None:
    for stage in list(Stage)[:-1]:
        room = await workshop(database, stage, by=camille)
        with pytest.raises(NotNow):
            await publish(database, room, by=dominique)


async def test_publishing_twice_is_refused(database: Database, room: Workshop, dominique: Person) -> None:
    framework = await publish(database, room, by=dominique)
    before = await reread(database, room)
    for version in ("2.0.0", "2.0.1", "2.1.0"):
        for exceptions in ({}, {"ACT-11": Exceptional(True, WHY)}):
            with pytest.raises(NotNow):
                await publish(database, room, by=dominique, version=version, exceptions=exceptions)
    assert await ask(database, frameworks.versions) == [framework]
    assert await reread(database, room) == before


@pytest.mark.parametrize(
    ("given", "field", "reason"),
    [
        (
            {"version": "2.0.1"},
            "version",
            "Ce numéro n'est pas possible : les différences demandent au moins {version}.",
        ),
        (
            {"version": "1.0.0"},
            "version",
            "Ce numéro n'est pas possible : les différences demandent au moins {version}.",
        ),
        ({"note": "x" * 2001}, "note", "C'est trop long."),
        (
            {"exceptions": {"ACT-08": Exceptional(False, WHY)}},
            "version",
            "Aucun indicateur n'est retenu : il n'y a rien à publier.",
        ),
        ({"exceptions": {"ACT-10": Exceptional(True, " ")}}, "because-ACT-10", "Une exception s'explique par écrit."),
        (
            {"exceptions": {"ACT-10": Exceptional(True, "x" * 501)}},
            "because-ACT-10",
            "Une exception s'explique par écrit.",
        ),
        *(
            ({"exceptions": {code: Exceptional(kept, because)}}, f"because-{code}", NOT_HERE)
            for code in ("ACT-99", "ACT-12", "")  # unknown, withdrawn, no code at all
            for kept in (True, False)
            for because in (WHY, "")
        ),
    ],
)
async def test_what_cannot_be_published_says_why(
    database: Database, room: Workshop, dominique: Person, given: dict[str, Any], field: str, reason: str
) -> None:
    with pytest.raises(NotThus) as refusal:
        await publish(database, room, by=dominique, **given)
    assert (refusal.value.fields, refusal.value.values) == ({field: reason}, {"version": "2.0.0"})
    assert await ask(database, frameworks.versions) == []


async def test_two_workshops_published_at_once_do_not_share_a_number(
    database: Database, room: Workshop, camille: Person, dominique: Person
) -> None:
    other = await workshop(database, Stage.PROPOSING, by=camille, start=Start.EMPTY, title="Un autre")
    sacha = await member_of(database, other, "siilab")
    await act(database, indicators.propose, other.id, COMPLETE, by=sacha)
    await move(database, other, Stage.VOTING, by=camille)
    await all_vote(database, other, by=sacha)
    await move(database, other, Stage.CLOSED, by=camille)
    prepared = [await prepare(database, closed, by=dominique) for closed in (room, other)]
    answers = await asyncio.gather(*(confirm(database, each) for each in prepared), return_exceptions=True)
    assert sorted(isinstance(answer, Framework) for answer in answers) == [False, True]
    assert [isinstance(answer, Refusal) for answer in answers if not isinstance(answer, Framework)] == [True]
    assert [found.version for found in await ask(database, frameworks.versions)] == ["2.0.0"]


# ── Immutable


async def test_nothing_changes_a_published_version(database: Database) -> None:
    framework = await published(database)
    with pytest.raises(IntegrityError, match="ne se modifie pas"):
        async with database.transaction() as session:
            (await session.get_one(Framework, "2.0.0")).document = "{}"
    with pytest.raises(IntegrityError, match="ne se supprime pas"):
        async with database.transaction() as session:
            await session.delete(await session.get_one(Framework, "2.0.0"))
    assert await ask(database, frameworks.fetch, "2.0.0") == framework


async def test_a_version_that_was_not_published_is_not_found(database: Database) -> None:
    await published(database)
    for version in ("2.0.1", "2.0", "02.0.0", "2.0.0 ", ""):
        with pytest.raises(NotFound):
            await ask(database, frameworks.fetch, version)


# ── The fingerprint


async def test_anyone_recomputes_the_fingerprint_from_the_json(database: Database) -> None:
    framework = await published(database, libelle="Été, œuvre, « guillemets » et 𝔘nicode", temps_collecte=1.5)
    document = json.loads(json.dumps(framework.content))
    claimed = document.pop("empreinte")
    assert claimed == "sha256:" + hashlib.sha256(rfc8785.dumps(document)).hexdigest()
    assert framework.document == rfc8785.dumps(document).decode()
    assert frameworks.verify({**document, "empreinte": claimed})
    assert frameworks.verify({**document, "empreinte": claimed, "signature": "ajoutée ensuite"})


def leaves(node: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """Every place of a document where something is written."""
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(value, *path, key)
    else:
        yield path


def altered(document: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The document with one letter more, or one number off, at one place."""
    changed: Any = copy.deepcopy(dict(document))
    *way, last = path
    place = changed
    for key in way:
        place = place[key]
    place[last] = place[last] + "x" if isinstance(place[last], str) else 7
    return dict(changed)


async def test_one_letter_changed_anywhere_is_detected(database: Database) -> None:
    content = (await published(database)).content
    places = list(leaves(content))
    assert len(places) > 30
    assert [path for path in places if frameworks.verify(altered(content, path))] == []
    assert not frameworks.verify({key: value for key, value in content.items() if key != "note"})
    assert not frameworks.verify({key: value for key, value in content.items() if key != "empreinte"})


# ── The versions after


async def next_workshop(
    database: Database, camille: Person, *, sheet: Sheet | None = None, propose: bool = False, drop: bool = False
) -> Workshop:
    """A workshop that starts from the last version, changes something, votes on everything and closes."""
    room = await workshop(database, Stage.PROPOSING, by=camille, start=Start.PREVIOUS)
    alix = await member_of(database, room)
    if sheet:
        text = await card(database, room, "ACT-08")
        await act(database, indicators.reword, text.id, {**text.sheet, **sheet}, base=1, by=alix)
    if propose:
        await act(database, indicators.propose, room.id, {**COMPLETE, "libelle": "Nouveau"}, by=alix)
    room = await move(database, room, Stage.VOTING, by=camille)
    await all_vote(database, room, by=alix)
    if drop:
        text = await card(database, room, "ACT-08")
        await act(database, votes.cast, text.id, wording=1, choice=Choice.DROP, reason="Inutile.", by=alix)
    return await move(database, room, Stage.CLOSED, by=camille)


@pytest.mark.parametrize(
    ("change", "possible"),
    [
        ({"sheet": {"libelle": "Un meilleur nom"}}, ["2.0.1", "2.1.0", "3.0.0"]),
        ({"sheet": {"ventilations": ["par territoire"]}}, ["2.1.0", "3.0.0"]),
        ({"propose": True}, ["2.1.0", "3.0.0"]),
        ({"sheet": {"libelle": "Un meilleur nom"}, "propose": True}, ["2.1.0", "3.0.0"]),
        ({"sheet": {"definition": "Autre chose."}}, ["3.0.0"]),
        ({"propose": True, "drop": True}, ["2.1.0", "3.0.0"]),
    ],
)
async def test_the_next_number_is_what_the_differences_call_for(
    database: Database, camille: Person, dominique: Person, change: dict[str, Any], possible: list[str]
) -> None:
    first = await published(database)
    room = await next_workshop(database, camille, **change)
    fates = {"ACT-08": Fate.NARROWER}
    draft = await ask(database, drafts.draft, [room])
    assert (draft.version, draft.allowed) == (possible[0], possible)
    for version in {"2.0.0", "2.0.1", "2.1.0", "2.2.0", "3.1.0", "4.0.0"} - set(possible):
        with pytest.raises(NotThus):
            await publish(database, room, by=dominique, version=version, fates=fates)
    second = await publish(database, room, by=dominique, version=possible[-1], fates=fates)
    assert second.content["precedente"] == {"version": "2.0.0", "empreinte": first.fingerprint}
    assert [found.version for found in await ask(database, frameworks.versions)] == [possible[-1], "2.0.0"]
    assert await ask(database, frameworks.latest) == second
    assert await ask(database, frameworks.latest_version) == possible[-1]


async def test_a_version_that_changes_nothing_is_not_published(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    room = await next_workshop(database, camille)
    with pytest.raises(NotThus) as refusal:
        await publish(database, room, by=dominique, version="2.0.1")
    assert refusal.value.fields == {"version": "Rien ne change par rapport à la dernière version publiée."}


async def test_versions_are_ordered_by_number_not_by_letter(
    database: Database, camille: Person, dominique: Person
) -> None:
    await published(database)
    for name in range(10):
        room = await next_workshop(database, camille, sheet={"libelle": f"Nom {name}"})
        await publish(database, room, by=dominique, version=f"2.0.{name + 1}")
    numbers = [found.version for found in await ask(database, frameworks.versions)]
    assert numbers == [f"2.0.{patch}" for patch in range(10, -1, -1)]


async def test_the_next_workshop_may_start_from_the_last_version(database: Database, camille: Person) -> None:
    with pytest.raises(NotThus):
        await workshop(database, by=camille, start=Start.PREVIOUS)
    framework = await published(database)
    room = await workshop(database, by=camille, start=Start.PREVIOUS)
    table = await cards(database, room)
    assert {code: found.sheet for code, found in table.items()} == framework.sheets
    assert {(found.indicator.origin, found.indicator.author_id) for found in table.values()} == {
        (Origin.REFERENCE, None)
    }


# ── Compare


def test_comparing_says_what_was_added_removed_and_changed() -> None:
    before = {"ACT-01": COMPLETE, "ACT-02": SHEET, "ACT-03": SHEET}
    after = {"ACT-03": SHEET, "ACT-01": {**COMPLETE, "definition": "Autre."}, "RES-04": SHEET}
    found = comparisons.compare(Contents(before), Contents(after))
    assert (found.added, found.removed, list(found.changed)) == (["RES-04"], ["ACT-02"], ["ACT-01"])
    assert [(change.field.name, change.level) for change in found.changed["ACT-01"]] == [("definition", Level.MAJOR)]


@pytest.mark.parametrize(
    ("before", "after", "level"),
    [
        ({"A": SHEET}, {"A": SHEET}, None),
        ({"A": SHEET, "B": SHEET}, {"B": SHEET, "A": SHEET}, None),
        ({"A": SHEET}, {"A": {**SHEET, "libelle": "Autre"}}, Level.PATCH),
        ({"A": SHEET}, {"A": SHEET, "B": SHEET}, Level.MINOR),
        ({"A": SHEET, "B": SHEET}, {"A": SHEET}, Level.MAJOR),
        ({"A": SHEET}, {"A": {**SHEET, "famille": "impact"}}, Level.MAJOR),
    ],
)
def test_the_level_of_the_whole_is_the_highest(
    before: dict[str, Sheet], after: dict[str, Sheet], level: Level | None
) -> None:
    assert comparisons.compare(Contents(before), Contents(after)).level is level


@pytest.mark.parametrize(
    ("level", "number"), [(Level.PATCH, "2.9.10"), (Level.MINOR, "2.10.0"), (Level.MAJOR, "3.0.0")]
)
def test_numbers_follow_semantic_versioning(level: Level, number: str) -> None:
    assert comparisons.bump("2.9.9", level) == number
