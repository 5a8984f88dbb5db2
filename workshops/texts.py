"""Texts: what a person typed, made clean."""

import unicodedata

from workshops.refusals import NotThus
from workshops.words import N_

# Control characters, halves of surrogate pairs, and what turns a line around: none of them is a text of anyone.
# Nor is what XML has no way to say: a workbook of a version would never be drawn.
UNWANTED = ("Cc", "Cs")
UNSAYABLE = frozenset("\ufffe\uffff")
INVISIBLE = frozenset("\u061c\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
LEFT_OUT = INVISIBLE | UNSAYABLE


def clean(text: str) -> str:
    """NFC, one kind of line end, nothing invisible that deceives, no blanks around. Cleaning twice changes nothing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in text if c in "\n\t" or (c not in LEFT_OUT and unicodedata.category(c) not in UNWANTED))
    return unicodedata.normalize("NFC", "".join(kept)).strip()


def one_line(text: str) -> str:
    """The same, on one line, with single spaces."""
    return " ".join(clean(text).split())


def said(text: str, field: str, longest: int, empty: str) -> str:
    """What somebody had to say in a field, clean. Raises NotThus when it is empty, or longer than that."""
    text = clean(text)
    if not text:
        raise NotThus({field: empty})
    if len(text) > longest:
        raise NotThus({field: N_("C'est trop long.")})
    return text


def line(text: str, field: str, longest: int, empty: str = "") -> str:
    """What somebody said on one line of a field, clean. Raises NotThus when it is too long, or empty where `empty` says
    that it may not be."""
    text = one_line(text)
    if empty and not text:
        raise NotThus({field: empty})
    if len(text) > longest:
        raise NotThus({field: N_("C'est trop long : {longest} caractères au plus.")}, longest=longest)
    return text
