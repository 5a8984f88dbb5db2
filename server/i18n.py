"""Languages: French is the source text; every sentence a person reads passes through `gettext`."""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal

PARIS = ZoneInfo("Europe/Paris")
NARROW, WIDE = "\u202f", "\u00a0"

_SPACES = (
    (re.compile(r" ([;?!])"), rf"{NARROW}\1"),
    (re.compile(r" :"), f"{WIDE}:"),
    (re.compile(r"« "), f"«{WIDE}"),
    (re.compile(r" »"), f"{WIDE}»"),
    (re.compile(r"\bn° "), f"n°{WIDE}"),
)


def typeset(sentence: str) -> str:
    """French spaces where they belong: narrow before ; ? !, no-break before : and inside « »."""
    for pattern, replacement in _SPACES:
        sentence = pattern.sub(replacement, sentence)
    return sentence.replace("'", "’")


@lru_cache(4096)
def gettext(sentence: str) -> str:
    """The sentence to show. There is one catalogue today: the source text itself."""
    return typeset(sentence)


@lru_cache(4096)
def ngettext(one: str, many: str, number: int) -> str:
    """French counts 0 and 1 as one."""
    return typeset(one if number < 2 else many)


def day(moment: date) -> str:
    """« lundi 23 novembre 2026 »"""
    return format_date(moment, "EEEE d MMMM y", locale="fr").replace(" 1 ", " 1er ")


def dated(moment: date) -> str:
    """« 23 novembre 2026 »"""
    return format_date(moment, "d MMMM y" if moment.day > 1 else "'1er' MMMM y", locale="fr")


def month(moment: date) -> str:
    """« novembre 2026 »: all that is shown of when somebody told something."""
    return format_date(moment, "MMMM y", locale="fr")


def moment(at: datetime) -> str:
    """« 23 novembre à 10:42 », Paris time."""
    return format_datetime(at.astimezone(PARIS), "d MMMM 'à' HH:mm", locale="fr")


def clock(at: datetime) -> str:
    """« 10:42:07 », Paris time."""
    return format_datetime(at.astimezone(PARIS), "HH:mm:ss", locale="fr")


def hour(at: datetime) -> str:
    """« 10 h 42 », Paris time, as one says until when."""
    return format_datetime(at.astimezone(PARIS), f"H{WIDE}'h'{WIDE}mm", locale="fr")


def number(value: int | float) -> str:
    """« 1 234,5 »"""
    return format_decimal(value, locale="fr")
