"""Alterations: where a downloaded version is not what was sealed, in words."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workshops import frameworks, seals
from workshops.canonical import canonical, digest
from workshops.sheet import BY_NAME

Document = Mapping[str, Any]
Steps = tuple[str, ...]
Parts = Mapping[Steps, Any]  # the seals of what is inside an item

ADDED, GONE = "rien de tel n'a été scellé", "ce qui a été scellé n'est plus là"
NOT_THE_TEXT, NOT_IT = "le texte n'est pas celui qui a été scellé", "ce n'est pas ce qui a été scellé"
SEALS_ALONE = "ses sceaux ont été changés, le reste est intact"
ALL_HOLD = "tous ses sceaux tiennent : l'empreinte a été changée, ou le texte l'a été avec ses sceaux"
OTHER_SEALS = "ses sceaux ne sont pas ceux de ce texte"
CODE = re.compile(r"[A-Z]{3}-[0-9]{2,}")

LISTS = (*seals.ITEMS, *seals.LISTED)
KINDS = {"indicateurs": "", "ecartes": " (écarté)", "hors_table": " (hors table)"}
NAMES = {
    "version": "numéro de version",
    "publie_le": "date de publication",
    "note": "note de version",
    "precedente": "version précédente",
    "chaine": "chaîne des versions",
    "prepare_par": "qui a préparé",
    "confirme_par": "qui a confirmé",
    "atelier": "dernier atelier",
    "ecartes": "indicateurs écartés",
    "hors_table": "indicateurs sortis de la table",
    "passage": "table de passage",
    "libelle": "intitulé",
    "provient_de": "indicateurs dont il provient",
    "coauteurs": "laboratoires coauteurs",
    "decision": "décision",
    "reserves": "réserves",
    "reponse": "réponse aux réserves",
    "provenance": "provenance des champs",
    "depreciation": "dépréciation",
    "temoignages": "témoignages cités",
    "devient": "ce qu'il devient",
}
AS_WRITTEN = (
    "titre licence niveau relecture ateliers indicateurs arguments code statut fiche origine correction issue motif"
)
NAMES |= {name: name for name in AS_WRITTEN.split()}


def found(document: Document) -> list[str]:
    """Each part of a version that is not what was sealed. The fingerprint tells a text that changed from its seals."""
    there, is_whole = seals.seals(document), frameworks.verify(document)
    if not is_whole and frameworks.verify({**document, "sceaux": there}):
        return [SEALS_ALONE]
    if not isinstance(document.get("sceaux"), Mapping):
        return []
    broken = seals.broken(document)
    if not broken:
        return [] if is_whole else [ALL_HOLD]
    named = [said for key, under in _by_key(broken).items() for said in _under(document, key, under, there)]
    return named or [OTHER_SEALS]


def _by_key(broken: list[str]) -> dict[str, list[str]]:
    """Broken seals by the part of the document that they are under."""
    keys: dict[str, list[str]] = {}
    for pointer in broken:
        keys.setdefault("".join(seals.path(pointer)[:1]), []).append(pointer)
    return keys


def _under(document: Document, key: str, broken: list[str], there: Mapping[str, str]) -> Iterator[str]:
    """What is broken under one key. An entry says enough of the list that it came to, or left."""
    sealed = document["sceaux"]
    if key in LISTS and not isinstance(document.get(key), list):
        was_there = any(key in seals.path(pointer)[:1] for pointer in sealed)
        yield f"{_name(key)} : {(NOT_IT if was_there else ADDED) if key in document else GONE}"
    elif key in KINDS and broken != [f"/{key}"]:
        yield from _in_list(document, key, _by_place(there, key), _by_place(sealed, key))
    else:
        whole = f"/{key}" if key in LISTS and len(broken) > 1 else None
        for pointer in broken:
            if pointer != whole:
                steps = seals.path(pointer)
                yield f"{_called(document, steps)} : {_how(pointer, there, sealed, _at(document, steps))}"


def _called(document: Document, steps: list[str]) -> str:
    """A part of the document itself, or an entry of one of its lists."""
    key, *inside = steps or [""]
    if not inside:
        return _name(key)
    entry = _at(document, steps)
    if key == "chaine" and isinstance(entry, Mapping) and isinstance(entry.get("version"), str):
        return f"{_name(key)}, {entry['version']}"
    return f"{_name(key)}, n° {int(inside[0]) + 1}" if _is_place(inside[0]) else f"{_name(key)}, « {inside[0]} »"


def _at(part: Any, steps: list[str]) -> Any:
    """What a pointer leads to; None where there is nothing."""
    for step in steps:
        if isinstance(part, list):
            part = part[int(step)] if _is_place(step) and int(step) < len(part) else None
        else:
            part = part.get(step) if isinstance(part, Mapping) else None
    return part


def _is_place(step: str) -> bool:
    return re.fullmatch(r"[0-9]{1,6}", step) is not None


def _how(part: Any, there: Mapping[Any, Any], sealed: Mapping[Any, Any], said: Any) -> str:
    """What became of a part, from its seal and from the one it should have."""
    if part not in sealed:
        return ADDED
    if part not in there:
        return GONE
    return NOT_THE_TEXT if isinstance(said, str) else NOT_IT


# ── Items


def _by_place(all_seals: Mapping[str, Any], key: str) -> dict[int, dict[Steps, Any]]:
    """The seals of each item of a list: by place, then by what they seal in it."""
    places: dict[int, dict[Steps, Any]] = {}
    for pointer, seal in all_seals.items():
        steps = seals.path(pointer)
        if len(steps) > 1 and steps[0] == key and _is_place(steps[1]):
            places.setdefault(int(steps[1]), {})[tuple(steps[2:])] = seal
    return dict(sorted(places.items()))


def _in_list(document: Document, key: str, there: Mapping[int, Parts], sealed: Mapping[int, Parts]) -> Iterator[str]:
    pairs = _paired(there, sealed)
    for place, parts in there.items():
        item = document[key][place]
        who = _who(item, key, place)
        if place in pairs:
            yield from _in_item(who, item, parts, _folded(sealed[pairs[place]], parts))
        else:
            yield f"{who} : {ADDED}"
    for place in sorted(set(sealed) - set(pairs.values())):
        yield f"{_who_was(document, sealed[place], key, place)} : {GONE}"
    if list(pairs.values()) != sorted(pairs.values()):
        yield f"{_name(key)} : l'ordre n'est pas celui qui a été scellé"


def _in_item(who: str, item: Any, parts: Parts, before: Parts) -> Iterator[str]:
    if () in parts and () not in before:  # no object any more
        yield f"{who} : {NOT_IT}"
        return
    for steps in {**parts, **before}:
        if steps not in parts or steps not in before or parts[steps] != before[steps]:
            yield f"{', '.join([who, *map(_field, steps[-1:])])} : {_how(steps, parts, before, _at(item, list(steps)))}"


def _folded(before: Parts, parts: Parts) -> Parts:
    """A sheet that is gone altogether is one part, not each of its fields."""
    if any(len(steps) > 1 for steps in parts):
        return before
    return {steps[:1]: seal for steps, seal in before.items()}


def _paired(there: Mapping[int, Parts], sealed: Mapping[int, Parts]) -> dict[int, int]:
    """Which sealed item each one is: the same code at the same place, else the same code, else the same place."""
    alike = [(place, other) for place in there for other in sealed if _has_same_code(there[place], sealed[other])]
    in_place = [(place, place) for place in there if place in sealed]
    pairs: dict[int, int] = {}
    for place, other in (*(pair for pair in alike if pair[0] == pair[1]), *alike, *in_place):
        if place not in pairs and other not in pairs.values():
            pairs[place] = other
    return dict(sorted(pairs.items()))


def _has_same_code(one: Parts, other: Parts) -> bool:
    return ("code",) in one and one[("code",)] == other.get(("code",))


def _who(item: Any, key: str, place: int) -> str:
    code = item.get("code") if isinstance(item, Mapping) else None
    return f"{code}{KINDS[key]}" if isinstance(code, str) and code else f"{_name(key)}, n° {place + 1}"


def _who_was(document: Document, parts: Parts, key: str, place: int) -> str:
    """An item that is gone: its seal knows its code, if the code is said anywhere else."""
    codes = {digest(code): code for code in CODE.findall(canonical(document).decode())}
    return _who({"code": codes.get(str(parts.get(("code",))))}, key, place)


# ── Words


def _field(name: str) -> str:
    field = BY_NAME.get(name)
    return field.label[:1].lower() + field.label[1:] if field else _name(name)


def _name(key: str) -> str:
    return NAMES.get(key, f"« {key} »")
