"""Checks: what must hold after any fault, whatever the fault. Each gives the sentences of what does not."""

import asyncio
import difflib
import json
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from server import checking
from tests.room import Screen

VOTES = ("vote_cast", "vote_confirmed")
COMMENTS = ("comment_posted",)
SETTLED = 30.0  # seconds for every screen to be at rest
LOOK = 0.25  # seconds between two looks
SHOWN = 12  # lines of a difference

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A gesture that the server acknowledged: who sent it, what it was, and the number it was given."""

    who: str
    kinds: tuple[str, ...]
    about: str
    said: str  # the choice, or the text
    number: int = 0  # before it is acknowledged


def chain(register: Document) -> list[str]:
    """The minutes follow from one another."""
    problem = checking.register(register)
    return [f"registre : {problem}"] if problem else []


def chain_of_file(server: Any, register: Document, folder: Path) -> list[str]:
    """The same, as anyone would: the file and the command line."""
    file = folder / "registre.json"
    file.write_text(json.dumps(register))
    try:
        server.command("verify", "registre", str(file))
    except RuntimeError as error:
        return [str(error)]
    return []


def exactly_once(register: Document, kept: Sequence[Kept]) -> list[str]:
    """Each acknowledged gesture is in the minutes once, as it was sent, and nothing else is.

    For senders that ask again until they are acknowledged: an entry that nobody was told of is a gesture doubled.
    """
    kinds = {kind for each in kept for kind in each.kinds}
    entries = {entry["numero"]: entry for entry in register["gestes"] if entry["genre"] in kinds}
    told = Counter(each.number for each in kept)
    problems = [f"geste {number} : accusé {times} fois" for number, times in told.items() if times > 1]
    authors: dict[str, set[str]] = {}
    for each in kept:
        entry = entries.get(each.number)
        if entry is None:
            problems.append(f"geste {each.number} : accusé à {each.who}, absent du registre")
        elif entry["genre"] not in each.kinds or entry["objet"] != each.about:
            problems.append(f"geste {each.number} : accusé à {each.who} pour autre chose")
        else:
            authors.setdefault(each.who, set()).add(entry["par"])
    problems += [f"{who} : inscrit sous {len(found)} personnes" for who, found in authors.items() if len(found) > 1]
    if len(set().union(*authors.values())) < len(authors):
        problems.append("deux personnes sont inscrites sous un seul nom")
    problems += [f"geste {number} : au registre, accusé à personne" for number in sorted(set(entries) - set(told))]
    return problems


def tallies(state: Document, kept: Iterable[Kept]) -> list[str]:
    """The tallies are those of the last vote that each person was told of (on the first text of each indicator)."""
    last: dict[tuple[str, str], Kept] = {}
    for each in sorted(kept, key=lambda each: each.number):
        if each.kinds == VOTES:
            last[each.who, each.about] = each
    return _compared(state, ((each.about, each.said) for each in last.values()), "les personnes")


def recounted(state: Document, database: str) -> list[str]:
    """The tallies are those of the votes kept, read one by one from the database in the order they came."""
    standing: dict[tuple[str, str], str | None] = {}
    wordings = {item["id"]: item["redaction"] for item in state["indicateurs"]}
    engine = create_engine(database.replace("+aiosqlite", ""))
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT indicator_id, wording, person_id, choice, taken_back_at FROM vote ORDER BY gesture")
        )
        for indicator, wording, person, choice, taken_back in rows:
            if wordings.get(indicator) == wording:
                standing[person, indicator] = None if taken_back else choice
    engine.dispose()
    counted = ((indicator, choice) for (_, indicator), choice in standing.items() if choice)
    return _compared(state, counted, "un recomptage")


def _compared(state: Document, counted: Iterable[tuple[str, str]], by: str) -> list[str]:
    found = Counter(counted)
    return [
        f"{item['code']}, {choice} : {shown} affichés, {found[item['id'], choice]} d'après {by}"
        for item in state["indicateurs"]
        for choice, shown in item["votes"]["texte_actuel"].items()
        if shown != found[item["id"], choice]
    ]


def said_once(state: Document, kept: Iterable[Kept]) -> list[str]:
    """Each acknowledged comment is shown once, under its indicator, and nobody else's."""
    shown = Counter((item["id"], said["texte"]) for item in state["indicateurs"] for said in item["avis"])
    told = Counter((each.about, each.said) for each in kept if each.kinds == COMMENTS)
    return [
        f"avis « {words} » : montré {shown[about, words]} fois, accusé {told[about, words]} fois"
        for about, words in shown.keys() | told.keys()
        if shown[about, words] != told[about, words]
    ]


async def same_as_reload(screens: Sequence[Screen], patience: float = SETTLED) -> list[str]:
    """Every live screen ends as a fresh load of its page; those who come and go leave it time to settle."""
    end = time.monotonic() + patience
    while True:
        differences = [difference for screen in screens for difference in await _difference(screen)]
        if not differences or time.monotonic() > end:
            return differences
        await asyncio.sleep(LOOK)


async def _difference(screen: Screen) -> list[str]:
    fresh = await Screen(screen.browser, screen.path).load()
    lines = list(difflib.unified_diff(fresh.shown(), screen.shown(), "rechargé", "en direct", n=1, lineterm=""))
    return ["\n".join(lines[:SHOWN])] if lines else []
