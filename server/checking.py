"""Checking: what anyone may recompute from a downloaded file alone, without this site."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server import alterations, signing
from workshops import audit, chains, frameworks, journal, recount, tallies
from workshops.consensus import NAMES, Outcome
from workshops.recount import Difference

Document = Mapping[str, Any]
WHAT = {
    "votes": "le décompte",
    "personnes": "le nombre de personnes",
    "votants": "le nombre de votants",
    "resultat": "le résultat",
    "rang": "le rang",
    "decompte": "le décompte d'un tour précédent",
}


class Unreadable(Exception):
    """This file is not what it should be: there is nothing to check."""


def read(file: Path) -> Document:
    """The JSON object a file holds. A key written twice would mean two things: it is refused."""
    try:
        document = json.loads(file.read_bytes(), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{file} ne se lit pas : {error}") from None
    if not isinstance(document, dict):
        raise Unreadable(f"{file} n'est pas un objet JSON.")
    return document


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("une clé y figure deux fois")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} n'est pas du JSON")


def register(document: Document) -> str | None:
    """What is wrong with the minutes of a workshop, if anything: each gesture must follow from the one before."""
    gestures = document.get("gestes")
    if not isinstance(gestures, list) or not all(isinstance(gesture, dict) for gesture in gestures):
        raise Unreadable("Ce fichier n'est pas un registre : il n'a pas de liste « gestes ».")
    if not gestures:
        return "le registre est vide, alors qu'il commence toujours par l'ouverture de l'atelier"
    workshop = document.get("atelier")
    own = workshop.get("id") if isinstance(workshop, dict) else None
    broken = journal.first_break(gestures, reserves=own == audit.PLATFORM)
    if broken is not None:
        return f"la chaîne est rompue au geste {broken}"
    if document.get("derniere_empreinte") != gestures[-1]["empreinte"]:
        return f"« derniere_empreinte » n'est pas celle du geste {len(gestures)}, le dernier de ce fichier"
    strangers = [gesture["numero"] for gesture in gestures if gesture["atelier"] != own]
    return f"le geste {strangers[0]} vient d'un autre atelier" if strangers else None


def framework(document: Document, keys: Sequence[signing.Key] | None = None) -> str | None:
    """Everything that is wrong with a version: its fingerprint, the parts altered, the chain, and with keys its signature."""
    said = [_fingerprint(document), *alterations.found(document), _chain(document), _signature(document, keys)]
    return " ; ".join(filter(None, said)) or None


def _fingerprint(document: Document) -> str | None:
    if not isinstance(document.get("empreinte"), str):
        raise Unreadable("Ce fichier n'est pas une version du référentiel : il n'a pas d'« empreinte ».")
    if frameworks.verify(document):
        return None
    return f"l'empreinte annoncée est {document['empreinte']}, celle du texte est {frameworks.fingerprint(document)}"


def _chain(document: Document) -> str | None:
    broken = chains.first_break(document) if "chaine" in document else None
    if broken is None:
        return None
    return f"la chaîne des versions est rompue {'au ' if broken.startswith('n°') else 'à la version '}{broken}"


def _signature(document: Document, keys: Sequence[signing.Key] | None) -> str | None:
    if keys is None:
        return None
    if document.get("signature") is None:
        return "elle ne porte pas de signature"
    try:
        signing.verify(document, keys)
    except signing.Doubtful as doubt:
        return str(doubt)
    return None


def unchecked(document: Document, keys: Sequence[signing.Key] | None = None) -> str | None:
    """What a version does not let anybody check: older ones have neither seals nor chain."""
    said = [
        "la suite des versions (elle n'a pas de chaîne)" if "chaine" not in document else None,
        "chaque partie (elle n'a pas de sceaux)" if "sceaux" not in document else None,
        "la signature (donnez sa clé : --cle)" if keys is None and document.get("signature") is not None else None,
    ]
    return ", ".join(filter(None, said)) or None


def votes(document: Document) -> str | None:
    """What is wrong with the decisions of a version, or with the ballots of a workshop, if anything."""
    if "regle" in document:
        return _ballots(document)
    found = []
    for item, is_kept in _items(document):
        try:
            problem = _decision(item["decision"], is_kept)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Unreadable("Ce fichier n'est pas une version du référentiel : une décision ne se lit pas.") from None
        if problem:
            found.append(f"{item.get('code')} : {problem}")
    return " ; ".join(found) or None


def _ballots(document: Document) -> str | None:
    """Each difference between what a file of ballots announces and what its ballots give; then its fingerprint."""
    try:
        found = [_said(difference) for difference in recount.differences(document)]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise Unreadable("Ce fichier n'est pas celui des bulletins d'un vote : une partie ne se lit pas.") from None
    return " ; ".join(found) or _fingerprint(document)


def _said(difference: Difference) -> str:
    announced, recounted = _written(difference.announced), _written(difference.recounted)
    if difference.what == "code":
        return f"{difference.code} y figure deux fois"
    if difference.what == "voix":
        return f"{difference.code} : le pseudonyme {announced} y figure {recounted} fois"
    return f"{difference.code} : {WHAT[difference.what]} : {announced} annoncé, {recounted} recompté"


def _written(value: Any) -> str:
    """A value as a sentence quotes it."""
    if isinstance(value, dict):
        return "« " + (", ".join(f"{ballot} {number}" for ballot, number in sorted(value.items())) or "rien") + " »"
    return f"« {'rien' if value is None else value} »"


def _items(document: Document) -> Iterator[tuple[Document, bool]]:
    """Every indicator of a version, and whether the version keeps it."""
    for key, is_kept in (("indicateurs", True), ("ecartes", False)):
        items = document.get(key)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise Unreadable(f"Ce fichier n'est pas une version du référentiel : il n'a pas de liste « {key} ».")
        yield from ((item, is_kept) for item in items)


def _decision(decision: Document, is_kept: bool) -> str | None:
    method, announced = decision["regle"]["methode"], decision["resultat"]
    if method not in NAMES:
        return f"la règle « {method} » n'est pas connue ici, le résultat ne peut pas être recalculé"
    outcome = tallies.read(decision).outcome.value
    if announced != outcome:
        return f"le résultat annoncé est « {announced} », les votes donnent « {outcome} »"
    exception = decision.get("exception")
    if exception is not None:
        return None if exception["retenu"] is is_kept else "l'exception dit le contraire de ce que fait la version"
    # Left out though kept by the votes: its sheet was not complete, which this file does not tell.
    return "retenu sans que les votes le décident ni qu'une exception le dise" if _needs_why(outcome, is_kept) else None


def _needs_why(outcome: str, is_kept: bool) -> bool:
    return is_kept and outcome != Outcome.KEPT.value


CHECKS: Mapping[str, Callable[[Document], str | None]] = {
    "registre": register,
    "vote": votes,
    "referentiel": framework,
}


# What is said of a file that is in order.
SAID: Mapping[str, str] = {"registre": "conforme", "vote": "égal", "referentiel": "conforme"}


@dataclass(frozen=True)
class Checked:
    """What is wrong with a file, and what could not be checked, in words; None: nothing."""

    problem: str | None
    unchecked: str | None = None


def check(kind: str, file: Path, keys: Sequence[signing.Key] | None = None) -> Checked:
    """A file of one of the kinds, checked; `keys` sign versions. Raises Unreadable."""
    document = read(file)
    try:
        if kind == "referentiel":
            return Checked(framework(document, keys), unchecked(document, keys))
        return Checked(CHECKS[kind](document))
    except (ValueError, RecursionError) as error:  # a number that canonical JSON cannot hold, lists without an end
        raise Unreadable(f"{file} ne se met pas sous forme canonique : {error}") from None


def keys(file: Path) -> list[signing.Key]:
    """The public keys that a file holds, as /.well-known/jwks.json gives them. Raises Unreadable."""
    try:
        return signing.read_public(file.read_text())
    except signing.Unusable as error:
        raise Unreadable(f"{file} {error}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{file} ne se lit pas : {error}") from None
