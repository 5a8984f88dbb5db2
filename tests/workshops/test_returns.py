"""Ballots: everybody may count them again, and nobody may tell whose they are."""

from typing import Any

import pytest

from server.database import Database
from tests.cast import act, ask, reread, stranger
from tests.conftest import Clock
from tests.election import RULES, SAID, Election, begin, hold
from workshops import attachments, comments, indicators, recount, returns, votes
from workshops.canonical import digest
from workshops.consensus import Method, Rule
from workshops.refusals import NotFound, NotNow


async def document(election: Election) -> dict[str, Any]:
    return await ask(election.database, returns.document, election.room.id)


def items(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {item["code"]: item for item in document["indicateurs"]}


def voices(papers: list[dict[str, Any]]) -> set[str]:
    return {paper["voix"] for paper in papers}


async def test_the_file_says_the_rule_each_ballot_and_what_they_were_counted_to_be(database: Database) -> None:
    election = await hold(database, RULES["three_choices"], SAID["three_choices"])
    told = await document(election)
    assert {key: told[key] for key in ("titre", "licence", "regle")} == {
        "titre": "Bulletins d'un vote, sous pseudonymes",
        "licence": "Licence Ouverte 2.0",
        "regle": RULES["three_choices"].published(),
    }
    assert told["atelier"] == {
        "id": election.room.id,
        "titre": election.room.title,
        "date": election.room.held_on.isoformat(),
        "geste": election.room.gestures,
        "registre": election.room.head,
    }
    assert [item["code"] for item in told["indicateurs"]] == list(election.table)
    item = items(told)["ACT-01"]
    assert sorted(paper.pop("bulletin") for paper in item["bulletins"]) == ["abstain", "drop"] + ["keep"] * 4
    assert [set(paper) for paper in item["bulletins"]] == [{"voix"}] * 6
    assert {key: value for key, value in item.items() if key != "bulletins"} == {
        "code": "ACT-01",
        "libelle": election.table["ACT-01"].sheet["libelle"],
        "redaction": 1,
        "tour": 1,
        "resultat": "kept",
        "votes": {"texte_actuel": {"keep": 4, "rework": 0, "drop": 1, "abstain": 1}, "texte_anterieur": 0},
        "tours_precedents": [],
    }


@pytest.mark.parametrize("name", RULES)
async def test_what_is_published_is_what_its_ballots_give(database: Database, name: str) -> None:
    told = await document(await hold(database, RULES[name], SAID[name]))
    assert list(recount.differences(told)) == []
    assert told["empreinte"] == "sha256:" + digest({key: value for key, value in told.items() if key != "empreinte"})


async def test_a_person_has_another_name_on_each_indicator_and_in_each_round(database: Database) -> None:
    election = await begin(database, Rule(rounds=2))
    said = {"ACT-01": ["keep"] * 6, "ACT-02": ["keep"] * 6}
    await election.say(said)
    await election.next_round()
    await election.say(said)
    await election.close()
    told = items(await document(election))
    papers = [
        round["bulletins"] for code in said for round in (told[code], *told[code]["tours_precedents"])
    ]
    assert [len(each) for each in papers] == [6] * 4
    assert len(set().union(*map(voices, papers))) == 24


async def test_their_order_is_that_of_their_names_which_says_nothing(database: Database) -> None:
    told = await document(await hold(database, RULES["three_choices"], SAID["three_choices"]))
    for item in told["indicateurs"]:
        names = [paper["voix"] for paper in item["bulletins"]]
        assert names == sorted(names)
    everything = str(told)
    assert "Une raison" not in everything
    for secret in ("Voix", "ti-lab", "Ti Lab"):
        assert secret not in everything


async def test_nobody_makes_the_names_without_the_salt(database: Database) -> None:
    """The register says who voted, in which gesture: another workshop's salt gives other names."""
    election = await hold(database, Rule(), {"ACT-01": ["keep"] * 6})
    before = await document(election)
    async with database.transaction() as session:
        (await session.get_one(type(election.room), election.room.id)).salt = "0" * 32
    after = await document(election)
    one, other = items(before)["ACT-01"]["bulletins"], items(after)["ACT-01"]["bulletins"]
    assert voices(one).isdisjoint(voices(other))


async def test_where_labs_count_a_lab_has_another_name_on_each_indicator(database: Database) -> None:
    told = items(await document(await hold(database, RULES["labs"], SAID["labs"])))
    groups = [{paper["groupe"] for paper in told[code]["bulletins"]} for code in ("ACT-01", "ACT-02")]
    assert [len(each) for each in groups] == [3, 3]
    assert groups[0].isdisjoint(groups[1])
    assert told["ACT-01"]["votes"] == {
        "texte_actuel": {"keep": 1, "rework": 0, "drop": 2, "abstain": 0},
        "texte_anterieur": 0,
        "personnes": 6,
    }


async def test_where_labs_count_few_votes_are_told_by_their_labs_voices(database: Database) -> None:
    election = await begin(database, RULES["labs"], 4)  # two of one lab, one of each other
    await election.say({"ACT-01": ["keep", "drop", "keep", "drop"]})
    await election.close()
    item = items(await document(election))["ACT-01"]
    assert [set(paper) for paper in item["bulletins"]] == [{"groupe", "bulletin"}] * 3
    assert sorted(paper["bulletin"] for paper in item["bulletins"]) == ["drop", "drop", "keep"]
    assert item["votes"]["personnes"] == 4
    (own,) = await ask(database, returns.own, election.room, election.voters[0])
    assert (own.code, own.ballot, own.pseudonym) == ("ACT-01", "keep", None)


async def test_only_ballots_on_the_current_text_are_listed_and_the_others_counted(database: Database) -> None:
    election = await begin(database, Rule())
    await election.say({"ACT-01": ["keep"] * 6})
    await act(
        database, indicators.reword, election.table["ACT-01"].id, {**election.table["ACT-01"].sheet, "definition": "Autre."},
        base=1, by=election.voters[0],
    )  # fmt: skip
    await election.cast("ACT-01", election.voters[0], "drop")
    await election.cast("ACT-01", election.voters[1], "keep")
    await act(database, votes.take_back, election.table["ACT-01"].id, by=election.voters[1])
    await election.close()
    item = items(await document(election))["ACT-01"]
    assert (item["redaction"], item["votes"]["texte_anterieur"]) == (2, 4)
    assert [paper["bulletin"] for paper in item["bulletins"]] == ["drop"]


async def test_the_round_before_is_told_as_it_was(database: Database) -> None:
    election = await begin(database, Rule(method=Method.TWO_AXES, rounds=3))
    await election.say({"ACT-01": ["2/2"] * 6})
    await election.next_round()
    await election.next_round()
    await election.say({"ACT-01": ["8/8"] * 5 + [None]})
    await election.close()
    item = items(await document(election))["ACT-01"]
    assert (item["tour"], item["resultat"], item["votes"]) == (
        3,
        "kept",
        {"texte_actuel": {"8/8": 5}, "texte_anterieur": 1},
    )
    first, second = item["tours_precedents"]
    assert (first["tour"], first["redaction"], first["decompte"], len(first["bulletins"])) == (1, 1, {"2/2": 6}, 6)
    assert second == {"tour": 2, "redaction": None, "decompte": {}, "bulletins": []}


async def test_a_person_finds_their_own_ballots(database: Database) -> None:
    election = await begin(database, Rule(rounds=2))
    await election.say({"ACT-01": ["keep"] * 6, "ACT-02": ["drop"] * 6})
    await election.next_round()
    await election.say({"ACT-01": ["abstain"] * 6})
    assert await ask(database, returns.own, election.room, election.voters[2]) == []
    await election.close()
    told = items(await document(election))
    own = await ask(database, returns.own, election.room, election.voters[2])
    assert [(each.code, each.round, each.ballot) for each in own] == [
        ("ACT-01", 2, "abstain"),
        ("ACT-01", 1, "keep"),
        ("ACT-02", 1, "drop"),
    ]
    assert own[0].pseudonym in voices(told["ACT-01"]["bulletins"])
    assert own[1].pseudonym in voices(told["ACT-01"]["tours_precedents"][0]["bulletins"])
    assert own[2].pseudonym in voices(told["ACT-02"]["tours_precedents"][0]["bulletins"])
    assert await ask(database, returns.own, election.room, election.camille) == []


async def test_what_happens_after_the_closing_changes_nothing_in_the_file(database: Database, clock: Clock) -> None:
    """A comment is hidden, and somebody attaches to their account what they did as a guest."""
    election = await begin(database, Rule())
    await election.say({"ACT-01": ["keep"] * 6})
    said = await act(
        database, comments.post, election.table["ACT-01"].id, field="definition", text="Des mots durs.", answers=None,
        by=election.voters[0],
    )  # fmt: skip
    await election.close()
    before = await document(election)
    clock.advance(hours=1)
    await act(database, comments.hide, said.id, because="Hors sujet.", by=election.camille)
    await act(database, attachments.attach, election.voters[3], by=await stranger(database, "Anne"))
    assert (await reread(database, election.room)).gestures > election.room.gestures
    assert await document(election) == before


async def test_ballots_are_published_at_the_closing(database: Database) -> None:
    election = await begin(database, RULES["hidden"])
    with pytest.raises(NotNow):
        await document(election)


async def test_a_set_under_consent_has_no_ballots(database: Database) -> None:
    election = await hold(database, Rule(method=Method.CONSENT), {"ACT-01": [None]})
    with pytest.raises(NotFound):
        await document(election)
    assert await ask(database, returns.own, election.room, election.voters[0]) == []
