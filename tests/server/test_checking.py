"""Checking a vote: from the downloaded file alone, equal or where not."""

import contextlib
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from server import checking, cli
from server.checking import CHECKS
from server.checking import SAID as IN_ORDER
from server.database import Database
from tests.cast import act, ask, publish, publisher
from tests.election import RULES, SAID, Election, begin, hold
from workshops import consents, frameworks, journal, objections, returns
from workshops.canonical import digest
from workshops.consensus import Method, Rule
from workshops.lines import Exceptional

Document = dict[str, Any]
Verify = Callable[[Document], tuple[int, str, str]]

# Another ballot than the first one of ACT-01, for each method.
ANOTHER = {"three_choices": "rework", "two_axes": "1/1", "majority_judgment": "rejected", "missing": "rejected"}
ANOTHER |= {"labs": "abstain", "axes_by_lab": "1/1", "hidden": "1/1"}
# A threshold that changes what ACT-01 is.
QUORUM = 7  # more than anybody is


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Verify:
    def verified(document: Document) -> tuple[int, str, str]:
        file = tmp_path / "bulletins.json"
        file.write_text(json.dumps(document))
        code = cli.main(["verify", "vote", str(file)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return verified


async def document(election: Election) -> Document:
    return await ask(election.database, returns.document, election.room.id)


def signed(document: Document) -> Document:
    """Somebody who alters a file may well give it the fingerprint of what they made of it."""
    told = {key: value for key, value in document.items() if key != "empreinte"}
    return {**told, "empreinte": f"sha256:{digest(told)}"}


def first(document: Document) -> Document:
    found: Document = next(item for item in document["indicateurs"] if item["code"] == "ACT-01")
    return found


def test_each_kind_of_file_has_its_word() -> None:
    assert IN_ORDER.keys() == CHECKS.keys()


@pytest.mark.parametrize("name", RULES)
async def test_whatever_is_altered_in_a_file_of_ballots_is_found_out(
    database: Database, verify: Verify, name: str
) -> None:
    told = await document(await hold(database, RULES[name], SAID[name]))
    assert verify(told) == (0, "égal\n", "")

    another = copy.deepcopy(told)
    paper = next(p for p in first(another)["bulletins"] if p["bulletin"] != ANOTHER[name])
    for each in first(another)["bulletins"]:  # a lab's voice is not changed by each of its members
        if each.get("groupe") == paper.get("groupe"):
            each["bulletin"] = ANOTHER[name]
    removed = copy.deepcopy(told)
    first(removed)["bulletins"].pop()
    repeated = copy.deepcopy(told)
    first(repeated)["bulletins"][1]["voix"] = first(repeated)["bulletins"][0]["voix"]
    result = copy.deepcopy(told)
    first(result)["resultat"] = "undecided"
    for altered, said in (
        (another, "ACT-01 : le décompte : "),
        (removed, "ACT-01 : le "),
        (repeated, "ACT-01 : le pseudonyme « "),
        (result, "ACT-01 : le résultat : « undecided » annoncé, « "),
    ):
        code, out, why = verify(signed(altered))
        assert (code, out) == (1, "")
        assert why.startswith(f"À revoir : {said}")


@pytest.mark.parametrize("name", RULES)
async def test_another_rule_gives_other_results(database: Database, verify: Verify, name: str) -> None:
    told = await document(await hold(database, RULES[name], SAID[name]))
    rule = told["regle"]
    for place in rule["axes"].values() if "axes" in rule else [rule]:
        place["quorum"] = QUORUM
    result = first(told)["resultat"]
    code, out, why = verify(signed(told))
    assert (code, out) == (1, "")
    assert f"ACT-01 : le résultat : « {result} » annoncé, « undecided » recompté" in why


@pytest.mark.parametrize("name", ["majority_judgment", "missing"])
async def test_another_rank_is_found_out(database: Database, verify: Verify, name: str) -> None:
    told = await document(await hold(database, RULES[name], SAID[name]))
    rank = first(told)["rang"]
    first(told)["rang"] = 9
    assert verify(signed(told)) == (1, "", f"À revoir : ACT-01 : le rang : « 9 » annoncé, « {rank} » recompté.\n")


async def test_a_rule_altered_without_any_effect_is_told_by_the_fingerprint(
    database: Database, verify: Verify
) -> None:
    told = await document(await hold(database, Rule(), {"ACT-01": ["keep"] * 6}))
    before = told["empreinte"]
    told["regle"]["tours"] = 2
    assert verify(told) == (
        1,
        "",
        f"À revoir : l'empreinte annoncée est {before}, celle du texte est {frameworks.fingerprint(told)}.\n",
    )


async def test_every_difference_is_told(database: Database, verify: Verify) -> None:
    told = await document(await hold(database, Rule(), {"ACT-01": ["keep"] * 6, "ACT-02": ["drop"] * 6}))
    for item in told["indicateurs"][:2]:
        item["resultat"] = "reworked"
    assert verify(told)[2] == (
        "À revoir : ACT-01 : le résultat : « reworked » annoncé, « kept » recompté ; "
        "ACT-02 : le résultat : « reworked » annoncé, « dropped » recompté.\n"
    )


async def test_a_round_before_may_not_be_altered_either(database: Database, verify: Verify) -> None:
    election = await begin(database, Rule(rounds=2))
    await election.say({"ACT-01": ["drop"] * 6})
    await election.next_round()
    await election.say({"ACT-01": ["keep"] * 6})
    await election.close()
    told = await document(election)
    assert verify(told) == (0, "égal\n", "")
    first(told)["tours_precedents"][0]["bulletins"][0]["bulletin"] = "keep"
    assert verify(signed(told))[2] == (
        "À revoir : ACT-01 : le décompte d'un tour précédent : « drop 6 » annoncé, « drop 5, keep 1 » recompté.\n"
    )


async def test_what_is_not_a_file_of_ballots_is_said_not_to_be(database: Database, verify: Verify) -> None:
    told = await document(await hold(database, Rule(), {"ACT-01": ["keep"] * 6}))
    for altered in ({**told, "indicateurs": None}, {**told, "regle": None}, {**told, "indicateurs": [1]}):
        code, out, why = verify(altered)
        assert (code, out) == (2, "")
        assert why.startswith("Ce fichier n'est pas celui des bulletins d'un vote")
    unsigned = {key: value for key, value in told.items() if key != "empreinte"}
    assert verify(unsigned)[0] == 2


@pytest.mark.parametrize("name", RULES)
async def test_a_version_is_recounted_whatever_its_method(database: Database, verify: Verify, name: str) -> None:
    election = await hold(database, RULES[name], SAID[name])
    dominique = await publisher(database)
    exceptions = {
        code: Exceptional(True, "Décidé en séance.") for code in election.table
    }
    version = (await publish(database, election.room, by=dominique, exceptions=exceptions)).content
    assert verify(version) == (0, "égal\n", "")
    decision = next(item for item in version["indicateurs"] if item["code"] == "ACT-01")["decision"]
    result, decision["resultat"] = decision["resultat"], "undecided"
    assert verify(version) == (
        1,
        "",
        f"À revoir : ACT-01 : le résultat annoncé est « undecided », les votes donnent « {result} ».\n",
    )


@pytest.mark.parametrize(("objects", "result", "altered"), [(False, "kept", 1), (True, "reworked", 0)])
async def test_a_version_decided_by_consent_is_recounted_too(
    database: Database, verify: Verify, objects: bool, result: str, altered: int
) -> None:
    election = await begin(database, Rule(method=Method.CONSENT), 3)
    for person in election.voters:
        await act(database, consents.give, election.room.id, "consent", by=person)
    if objects:
        await act(database, objections.state, election.room.id, text="Trop coûteux.", by=election.voters[0])
    await election.close()
    exceptions = {code: Exceptional(True, "Décidé en séance.") for code in election.table}
    version = (await publish(database, election.room, by=await publisher(database), exceptions=exceptions)).content
    assert verify(version) == (0, "égal\n", "")
    decision = version["indicateurs"][0]["decision"]
    assert (decision["resultat"], decision["votes"]["objections"]) == (result, int(objects))
    decision["votes"]["objections"] = altered
    assert verify(version)[:2] == (1, "")
    del decision["votes"]["objections"]
    assert verify(version)[0] == 2


def test_a_reserved_gesture_says_nothing_besides() -> None:
    """Whoever marks a public gesture as reserved could make it say anything: no hash would hold it."""
    said = {"atelier": "plateforme", "numero": 1, "genre": "role_granted", "par": "alix", "objet": "un-role"}
    said |= {"le": "2026-11-23T09:00:00.000Z", "precedent": journal.GENESIS}
    entry = {**said, "empreinte": digest(said)}
    place = {"atelier": "plateforme", "numero": 1, "precedent": journal.GENESIS, "empreinte": entry["empreinte"]}
    document = {"atelier": {"id": "plateforme"}, "derniere_empreinte": entry["empreinte"]}
    assert checking.register({**document, "gestes": [entry]}) is None
    assert checking.register({**document, "gestes": [{**place, "reserve": True}]}) is None
    forged = {**entry, "par": "sacha", "reserve": True}
    assert checking.register({**document, "gestes": [forged]}) == "la chaîne est rompue au geste 1"


@pytest.mark.parametrize("depth", range(940, 1000, 5))
def test_lists_without_an_end_are_not_read(depth: int, tmp_path: Path) -> None:
    """Whichever gives up first, what reads or what hashes, it is said in a sentence."""
    file = tmp_path / "referentiel.json"
    file.write_text(f'{{"empreinte": "sha256:0", "note": {"[" * depth}{"]" * depth}}}')
    with contextlib.suppress(checking.Unreadable):
        assert checking.check("referentiel", file).problem
