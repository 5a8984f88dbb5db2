"""Rules: the one that a workshop announces before it votes, and the rounds of that vote."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from workshops import agenda, journal
from workshops.agenda import Stage, Workshop
from workshops.consensus import ANNOUNCED, MOST_ROUNDS, Grade, Method, Rule, Secrecy, Voices
from workshops.journal import Kind
from workshops.people import Person
from workshops.refusals import NotNow, NotThus
from workshops.words import N_, Word


class Absent(Word):
    """What counts, under majority judgment, for those who judged other indicators and not this one."""

    IGNORED = "ignored", N_("Rien : seules comptent les mentions données")
    WORST = "worst", N_("La pire mention")
    MEDIAN = "median", N_("La mention majoritaire de l'indicateur")


WORDS: Mapping[str, type[Word]] = {
    "method": Method,
    "voices": Voices,
    "secrecy": Secrecy,
    "least": Grade,
    "lowest": Grade,
    "missing": Absent,
}
FIGURES: Mapping[str, tuple[int, int, str]] = {
    "quorum": (1, 10_000, N_("Un nombre entier de voix, une au moins.")),
    "rounds": (1, MOST_ROUNDS, N_("De un à cinq tours.")),
    "most": (1, 100, N_("Un pourcentage entier, de 1 à 100.")),
    "few": (0, 100, N_("Un pourcentage entier, de 0 à 100.")),
}


def read(raw: Mapping[str, str]) -> Rule:
    """A rule from what a form sent; what it does not say is as it is announced by default.

    Raises NotThus naming each field that does not hold.
    """
    wrong: dict[str, str] = {}
    said: dict[str, Any] = {"is_blind": raw.get("blind", "") not in ("", "no")}
    for name, words in WORDS.items():
        if name in raw:
            if raw[name] not in list(words):
                wrong[name] = N_("Choisissez dans la liste.")
            else:
                said[name] = words(raw[name])
    for name, (least, most, sentence) in FIGURES.items():
        if name in raw:
            typed = raw[name].strip()
            if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and least <= int(typed) <= most):
                wrong[name] = sentence
            else:
                said[name] = int(typed)
    if not wrong and said.get("method") is Method.MAJORITY_JUDGMENT:
        grades = list(Grade)
        lowest, least = said.get("lowest", ANNOUNCED.lowest), said.get("least", ANNOUNCED.least)
        if grades.index(lowest) >= grades.index(least):
            wrong["lowest"] = N_("On écarte en dessous de ce que l'on retient.")
    if wrong:
        raise NotThus(wrong)
    return Rule(**said | ({"missing": said["missing"].value} if "missing" in said else {}))


def write(rule: Rule) -> dict[str, str]:
    """A rule as its form shows it."""
    words = {name: str(getattr(rule, name)) for name in WORDS}
    return words | {name: str(getattr(rule, name)) for name in FIGURES} | {"blind": "yes" if rule.is_blind else "no"}


async def announce(session: AsyncSession, workshop_id: str, rule: Rule, *, by: Person) -> Workshop:
    """Whoever leads says how the workshop will decide. The same rule again is nothing.

    Raises NotYours for anyone else, NotNow once the vote has opened: the rule was what people voted by.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await require_announcing(session, workshop, by)
    if rule == workshop.announced:
        agenda.yield_floor(session, workshop)
        return workshop
    workshop.rule = rule.published()
    journal.record(session, workshop, Kind.RULE_ANNOUNCED, by=by, about=rule.method.value)
    return workshop


async def require_announcing(session: AsyncSession, workshop: Workshop, person: Person) -> None:
    """Whether a person may say the rule now, or the refusal that says why not."""
    await agenda.require_member(session, workshop, person, *agenda.LEADING)
    if workshop.rule_locked_at:
        raise NotNow(N_("Le vote a été ouvert : la règle annoncée ne change plus."))
    if not workshop.is_open:
        raise NotNow(N_("L'atelier est clos : sa règle ne change plus."))


async def open_round(session: AsyncSession, workshop_id: str, number: int, *, by: Person) -> Workshop:
    """Whoever leads opens the next round of the vote; the votes of the one before stay where they were cast.

    `number`: the round that opens, so that a second click opens no third one. Raises NotYours for anyone else, NotNow
    outside the voting stage or beyond what the rule announced.
    """
    workshop = await agenda.take_floor(session, workshop_id, by=by)
    await agenda.require_member(session, workshop, by, *agenda.LEADING)
    workshop.require(Stage.VOTING)
    if number == workshop.round:
        agenda.yield_floor(session, workshop)
        return workshop
    if number != workshop.round + 1 or number > workshop.announced.rounds:
        raise NotNow(N_("La règle annoncée ne prévoit pas ce tour."))
    workshop.round = number
    journal.record(session, workshop, Kind.ROUND_OPENED, by=by, about=str(number))
    return workshop
