"""Alterations: of a version that somebody changed, the file alone says where; of one that nobody did, nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import alterations, checking, cli, signing
from tests.documents import Document, document, history, item, sealed
from tests.workshops.test_seals import LEAVES, another
from workshops import chains, frameworks

FIRST, SECOND = history()
TEXT = "le texte n'est pas celui qui a été scellé"
ELSE = "ce n'est pas ce qui a été scellé"
ADDED, GONE = "rien de tel n'a été scellé", "ce qui a été scellé n'est plus là"
KEY, OTHER = signing.new_key(), signing.new_key()


def candidate() -> Document:
    links = chains.chain([FIRST])
    return document("2.1.0-rc.1", SECOND["indicateurs"], chaine=links, precedente=SECOND["precedente"])


def older(told: Document) -> Document:
    """As versions were published before seals and chains."""
    bare = {key: value for key, value in told.items() if key not in ("sceaux", "chaine", "empreinte")}
    return {**bare, "empreinte": frameworks.fingerprint(bare)}


def altered(change: Callable[[Document], Any], told: Document = SECOND) -> Document:
    changed: Document = json.loads(json.dumps(told))
    change(changed)
    return changed


def fingerprints(told: Document) -> str:
    return f"l'empreinte annoncée est {told['empreinte']}, celle du texte est {frameworks.fingerprint(told)}"


def swapped(told: Document) -> None:
    told["indicateurs"][0], told["indicateurs"][1] = told["indicateurs"][1], told["indicateurs"][0]


@pytest.mark.parametrize("told", [FIRST, SECOND, candidate()], ids=lambda told: told["version"])
def test_what_nobody_altered_is_in_order(told: Document) -> None:
    assert (checking.framework(told), checking.unchecked(told)) == (None, None)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["indicateurs"][0]["fiche"].update(definition="X"), [f"ACT-01, définition : {TEXT}"]),
        (lambda d: d["indicateurs"][0].update(temoignages=[]), [f"ACT-01, témoignages cités : {ADDED}"]),
        (lambda d: d["indicateurs"][0]["fiche"].pop("definition"), [f"ACT-01, définition : {GONE}"]),
        (lambda d: d["indicateurs"][0]["fiche"].update(inclusions="X"), [f"ACT-01, ce qui compte : {ADDED}"]),
        (
            lambda d: d["indicateurs"][0]["fiche"].update(titre=d["indicateurs"][0]["fiche"].pop("libelle")),
            [f"ACT-01, titre : {ADDED}", f"ACT-01, intitulé : {GONE}"],
        ),
        (lambda d: d["indicateurs"][1]["fiche"].update(temps_collecte=3),
         [f"ACT-02, temps de collecte par an et par labo : {ELSE}"]),
        (lambda d: d["indicateurs"][1].update(inconnu=3), [f"ACT-02, « inconnu » : {ADDED}"]),
        (lambda d: d["indicateurs"][2]["decision"]["votes"]["texte_actuel"].update(keep=8), [f"RES-01, décision : {ELSE}"]),
        (lambda d: d["indicateurs"][2].update(code="RES-02"), [f"RES-02, code : {TEXT}"]),
        (lambda d: d["indicateurs"][2].update(code="ACT-01"), [f"ACT-01, code : {TEXT}"]),
        (lambda d: d["indicateurs"][2].pop("code"), [f"indicateurs, n° 3, code : {GONE}"]),
        (lambda d: d["indicateurs"].__setitem__(2, None),
         [f"indicateurs, n° 3 : {ELSE}"]),
        (lambda d: d["indicateurs"].__setitem__(2, {}), [f"indicateurs, n° 3 : {ELSE}"]),
        (lambda d: d["indicateurs"][2].pop("fiche"), [f"RES-01, fiche : {GONE}"]),
        (lambda d: d["indicateurs"][2].update(fiche=None), [f"RES-01, fiche : {ELSE}"]),
        (lambda d: d.update(indicateurs=None), [f"indicateurs : {ELSE}"]),
        (lambda d: d.pop("indicateurs"), [f"indicateurs : {GONE}"]),
        (lambda d: d["indicateurs"].clear(), [f"{code} : {GONE}" for code in ("ACT-01", "ACT-02", "RES-01", "IMP-01", "IMP-10")]),
        (lambda d: d.pop("passage"), [f"table de passage : {GONE}"]),
        (lambda d: d.update(ateliers=[]), [f"ateliers, n° 1 : {GONE}"]),
        (lambda d: d.update(hors_table=None), [f"indicateurs sortis de la table : {ELSE}"]),
        (lambda d: d["indicateurs"].pop(0), [f"ACT-01 : {GONE}"]),
        (lambda d: d["indicateurs"].append(item("ACT-99")), [f"ACT-99 : {ADDED}"]),
        (lambda d: d["indicateurs"].insert(0, item("ACT-99")), [f"ACT-99 : {ADDED}"]),
        (swapped, ["indicateurs : l'ordre n'est pas celui qui a été scellé"]),
        (lambda d: d["ecartes"][0].update(libelle="X"), [f"ACT-07 (écarté), intitulé : {TEXT}"]),
        (lambda d: d.update(ecartes=[]), [f"indicateurs écartés, n° 1 : {GONE}"]),
        (lambda d: d["hors_table"].append({"code": "ACT-09"}),
         [f"ACT-09 (hors table) : {ADDED}"]),
        (lambda d: d.update(note="X"), [f"note de version : {TEXT}"]),
        (lambda d: d.pop("note"), [f"note de version : {GONE}"]),
        (lambda d: d.update({"a/b": 1}), [f"« a/b » : {ADDED}"]),
        (lambda d: d["ateliers"][0].update(geste=1), [f"ateliers, n° 1 : {ELSE}"]),
        (lambda d: d["passage"].pop(), [f"table de passage, n° 5 : {GONE}"]),
        (lambda d: d["passage"][3].update(sort="reformule"), [f"table de passage, n° 4 : {ELSE}"]),
    ],
)  # fmt: skip
def test_each_part_that_was_altered_is_named(change: Callable[[Document], Any], said: list[str]) -> None:
    changed = altered(change)
    assert alterations.found(changed) == said
    assert checking.framework(changed) == " ; ".join([fingerprints(changed), *said])


def test_all_of_them_are_named() -> None:
    def change(told: Document) -> None:
        told["note"] = "X"
        swapped(told)
        told["indicateurs"][0]["fiche"]["definition"] = "X"
        told["indicateurs"][4]["fiche"]["libelle"] = "X"

    assert alterations.found(altered(change)) == [
        f"note de version : {TEXT}",
        f"ACT-02, définition : {TEXT}",
        f"IMP-10, intitulé : {TEXT}",
        "indicateurs : l'ordre n'est pas celui qui a été scellé",
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["sceaux"].update({"/note": "0" * 64}),
        lambda d: d["sceaux"].update({"pas un pointeur": 1, "/rien/~": None}),
        lambda d: d["sceaux"].pop("/note"),
        lambda d: d["sceaux"].clear(),
        lambda d: d.pop("sceaux"),
        lambda d: d.update(sceaux=[]),
    ],
)
def test_seals_altered_alone_are_told_from_a_text_altered(change: Callable[[Document], Any]) -> None:
    assert alterations.found(altered(change)) == ["ses sceaux ont été changés, le reste est intact"]


def test_seals_and_text_altered_together_are_found_out_by_the_fingerprint_alone() -> None:
    together = "tous ses sceaux tiennent : l'empreinte a été changée, ou le texte l'a été avec ses sceaux"
    changed = {**sealed({**SECOND, "note": "X"}), "empreinte": SECOND["empreinte"]}
    assert checking.framework(changed) == f"{fingerprints(changed)} ; {together}"
    changed = {**SECOND, "empreinte": FIRST["empreinte"]}
    assert checking.framework(changed) == f"{fingerprints(changed)} ; {together}"


def test_a_fingerprint_made_again_does_not_hide_what_was_altered() -> None:
    changed = {**SECOND, "note": "X"}
    changed["empreinte"] = frameworks.fingerprint(changed)
    assert checking.framework(changed) == f"note de version : {TEXT}"


@pytest.mark.parametrize(
    "pointers", [{"pas un pointeur": 1}, {"/indicateurs/9999999/code": 1}, {"/indicateurs/0/a": None}]
)
def test_seals_of_nothing_are_found_out_whatever_they_say(pointers: dict[str, Any]) -> None:
    changed = {**SECOND, "sceaux": {**SECOND["sceaux"], **pointers}}
    changed["empreinte"] = frameworks.fingerprint(changed)
    assert len(alterations.found(changed)) == 1


# ── The chain


def test_a_chain_that_is_altered_is_named_and_so_is_the_version_where_it_breaks() -> None:
    changed = altered(lambda d: d["chaine"][0].update(empreinte="sha256:" + "0" * 64))
    assert checking.framework(changed) == " ; ".join(
        [
            fingerprints(changed),
            f"chaîne des versions, 2.0.0 : {ELSE}",
            "la chaîne des versions est rompue à la version 2.0.0",
        ]
    )


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"precedente": None}, "à la version 2.1.0"),
        ({"chaine": []}, "à la version 2.1.0"),
        ({"chaine": None}, "à la version 2.1.0"),
        ({"chaine": [1]}, "au n° 1"),
        ({"version": "2.0.0-rc.1"}, "à la version 2.0.0-rc.1"),
    ],
)
def test_a_document_sealed_with_a_false_chain_does_not_pass(said: Document, where: str) -> None:
    assert checking.framework(sealed({**SECOND, **said})) == f"la chaîne des versions est rompue {where}"


# ── Older versions


def test_a_version_older_than_seals_and_chains_is_checked_by_its_fingerprint() -> None:
    told = older(FIRST)
    missing = "la suite des versions (elle n'a pas de chaîne), chaque partie (elle n'a pas de sceaux)"
    assert (checking.framework(told), checking.unchecked(told)) == (None, missing)
    changed = {**told, "note": "X"}
    assert (checking.framework(changed), checking.unchecked(changed)) == (fingerprints(changed), missing)


# ── Any one thing altered


@given(st.sampled_from(LEAVES), st.data())
def test_any_letter_altered_anywhere_is_named_where_it_is(where: tuple[Any, ...], data: st.DataObject) -> None:
    def change(told: Document) -> None:
        holder: Any = told
        for step in where[:-1]:
            holder = holder[step]
        holder[where[-1]] = another(holder[where[-1]], data)

    changed = altered(change)
    assert fingerprints(changed) in (checking.framework(changed) or "")
    (named,) = alterations.found(changed)
    assert named.startswith(expected(changed, where))


def expected(told: Document, where: tuple[Any, ...]) -> str:
    """How a place begins to be named, said again in another way."""
    key, *inside = where
    if key not in ("indicateurs", "ecartes"):
        return alterations._name(key)
    if not inside:
        return alterations._name(key)
    code = told[key][inside[0]]["code"]
    who = (
        f"{code}{' (écarté)' if key == 'ecartes' else ''}" if code and isinstance(code, str) else alterations._name(key)
    )
    name = inside[2] if inside[1] == "fiche" else inside[1]
    return who if who == alterations._name(key) else f"{who}, {alterations._field(name)} : "


@given(st.data())
def test_any_key_added_or_taken_away_anywhere_is_found_out(data: st.DataObject) -> None:
    changed = altered(lambda told: None)
    holders = [part for part in walk(changed) if isinstance(part, dict) and part is not changed["sceaux"]]
    holder = data.draw(st.sampled_from(holders))
    removable = [key for key in holder if key not in ("sceaux", "empreinte")]
    if removable and data.draw(st.booleans()):
        del holder[data.draw(st.sampled_from(removable))]
    else:
        key = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
        holder[key] = data.draw(st.sampled_from([None, 0, "", {}, []]))
    found = alterations.found(changed)
    assert len(found) == 1
    assert checking.framework(changed) == " ; ".join(
        [fingerprints(changed), *found, *filter(None, [checking._chain(changed)])]
    )


def walk(part: Any) -> list[Any]:
    inside = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return [part, *(each for found in inside for each in walk(found))]


# ── From the command line


class Said(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def verify(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    def typed(told: Document, key: Any = None, kind: str = "referentiel") -> Said:
        file, keys = tmp_path / "version.json", tmp_path / "cle.json"
        file.write_text(json.dumps(told))
        keys.write_text(key if isinstance(key, str) else json.dumps(key))
        given = ["--cle", str(keys)] if key is not None else []
        return Said(cli.main(["verify", kind, str(file), *given]), *capsys.readouterr())

    return typed


def signed(key: signing.Key = KEY) -> Document:
    return {**SECOND, "signature": signing.sign(SECOND, key)}


@pytest.mark.parametrize("key", [signing.public_set([OTHER, KEY]), signing.public_set([KEY])["keys"][0]])
def test_a_signature_is_checked_with_its_key(verify: Callable[..., Said], key: Any) -> None:
    assert verify(signed(), key) == Said(0, "conforme\n", "")


def test_a_signature_without_its_key_is_said_not_to_be_checked(verify: Callable[..., Said]) -> None:
    assert verify(signed()) == Said(0, "conforme\n", "Non vérifié : la signature (donnez sa clé : --cle).\n")


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (signed(OTHER), f"la signature est d'une autre clé, « {signing.name(OTHER)} »"),
        (SECOND, "elle ne porte pas de signature"),
        ({**signed(), "signature": None}, "elle ne porte pas de signature"),
        ({**FIRST, "signature": signed()["signature"]}, "la signature n'est pas celle de ce texte"),
        ({**SECOND, "signature": 1}, "la signature ne se lit pas"),
    ],
)
def test_another_signature_or_none_is_a_failure_when_a_key_is_given(
    verify: Callable[..., Said], told: Document, problem: str
) -> None:
    assert verify(told, signing.public_set([KEY])) == Said(1, "", f"À revoir : {problem}.\n")


def test_what_is_wrong_and_what_was_not_checked_are_both_said(verify: Callable[..., Said]) -> None:
    changed = {**older(FIRST), "note": "X"}
    code, out, err = verify(changed)
    assert (code, out, err.splitlines()) == (
        1,
        "",
        [
            f"À revoir : {fingerprints(changed)}.",
            "Non vérifié : la suite des versions (elle n'a pas de chaîne), chaque partie (elle n'a pas de sceaux).",
        ],
    )


@pytest.mark.parametrize("key", ["", "[]", "pas du JSON", '{"keys": 1}', "[" * 100_000])
def test_an_unreadable_key_is_said_to_be(verify: Callable[..., Said], key: str) -> None:
    answer = verify(signed(), key)
    assert (answer.code, answer.out) == (2, "")
    assert "cle.json" in answer.err


@pytest.mark.parametrize("kind", ["registre", "vote"])
def test_a_key_is_for_versions_alone(verify: Callable[..., Said], kind: str) -> None:
    assert verify(signed(), signing.public_set([KEY]), kind) == Said(
        2, "", "--cle ne sert qu'à « verify referentiel » : une version est seule à être signée.\n"
    )


def test_a_fresh_key_signs_what_its_public_part_checks(
    verify: Callable[..., Said], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["key"]) == 0
    _, private, _, public = capsys.readouterr().out.splitlines()
    setting = private.removeprefix("SIGNING_KEY='").removesuffix("'")
    sign = signing.signer(setting)
    assert sign
    assert verify({**SECOND, "signature": sign(SECOND)}, json.loads(public)) == Said(0, "conforme\n", "")
    assert json.loads(setting).keys() - json.loads(public).keys() == {"d"}


# ── Hostile files

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from(["code", "fiche", "version", "/", "a"]), inside)
    ),
    max_leaves=6,
)
POINTERS = st.lists(st.sampled_from(["indicateurs", "chaine", "note", "0", "7", "fiche", "x", "~"]), max_size=4).map(
    lambda steps: "/".join(["", *steps])
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "sceaux": ANYTHING | st.dictionaries(POINTERS, ANYTHING),
        **dict.fromkeys(
            ("chaine", "indicateurs", "ecartes", "passage", "signature", "precedente", "version"), ANYTHING
        ),
    },
)


@given(PARTS, st.booleans())
def test_whatever_a_file_holds_there_is_an_answer(parts: Document, makes_it_again: bool) -> None:
    told = {**SECOND, **parts}
    if makes_it_again:
        told["empreinte"] = frameworks.fingerprint(told)
    said = checking.framework(told, [KEY])
    assert said is not None  # no signature of this text
    if not makes_it_again and any(told[key] != SECOND.get(key) for key in parts if key != "signature"):
        assert said.startswith("l'empreinte annoncée est ")
