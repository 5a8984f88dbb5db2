"""Personal data in a text: where somebody may be reached, or recognised, by a number."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from workshops.words import N_, Word

MASK = "⟦masqué⟧"  # what stands where something was taken out; nobody types it: `unmarked`
TAKEN_OUT = "[retiré]"  # what its author, told of it, took out before sending
BRACKETS = {ord("⟦"): "[", ord("⟧"): "]"}


class Sort(Word):
    """What was found."""

    EMAIL = "courriel", N_("une adresse électronique")
    PHONE = "telephone", N_("un numéro de téléphone")
    NIR = "nir", N_("un numéro de sécurité sociale")
    IBAN = "iban", N_("un numéro de compte bancaire")


@dataclass(frozen=True)
class Trace:
    """A stretch of a text, `text[start:end]`, that looks like personal data."""

    sort: Sort
    start: int
    end: int


GAP = r"[\s.\-/\u2011]{0,3}"  # what people put between digits
EMAIL = re.compile(
    r"[^\s@<>()\[\],;:\"'«»]{1,64}\s?(?:@|\(at\)|\[at\]|\(arobase\)|\[arobase\])\s?[^\s@<>()\[\],;:\"'«»]{1,200}\.[^\W\d_]{2,}",
    re.IGNORECASE,
)
# France and its territories: ten digits from 01 to 09, or +33, +262, +508, +590, +594, +596, +681, +687, +689, 00….
PHONE = re.compile(
    rf"(?<![\w+])(?:(?:\+|00){GAP}(?:33|262|508|590|594|596|681|687|689){GAP}(?:\(0\){GAP})?(?:\d{GAP}){{5,8}}\d|0{GAP}[1-9](?:{GAP}\d){{8}})(?!\d)"
)
# Sex, year, month, department (2A and 2B in Corsica), commune, order; the key often follows.
NIR = re.compile(
    rf"(?<!\d)[1-478]{GAP}\d\d{GAP}(?:0[1-9]|1[0-2]|[2-9]\d){GAP}(?:\d\d|2[AB]){GAP}\d{{3}}{GAP}\d{{3}}(?:{GAP}(?P<key>\d\d))?(?!\d)",
    re.IGNORECASE,
)
IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ \u00a0\u202f.-]?[A-Z0-9]){11,30}(?![^\W_])", re.IGNORECASE)


def traces(text: str) -> list[Trace]:
    """What looks like personal data, in the order of the text; none overlaps another.

    A NIR with its key must have the right one (97 − number mod 97, INSEE), an IBAN too (ISO 13616, mod 97 = 1):
    a number that fails is a file reference, or another number. Names are not found: only people recognise those.
    """
    found: list[Trace] = []
    for trace in sorted(_all(text), key=lambda trace: (trace.start, trace.start - trace.end)):
        if not found or trace.start >= found[-1].end:
            found.append(trace)
    return found


def _all(text: str) -> Iterator[Trace]:
    for match in EMAIL.finditer(text):
        yield Trace(Sort.EMAIL, match.start(), match.end())
    for match in IBAN.finditer(text):
        end = _iban_end(match)
        if end:
            yield Trace(Sort.IBAN, match.start(), end)
    for match in NIR.finditer(text):
        if _is_nir(match):
            yield Trace(Sort.NIR, match.start(), match.end())
    for match in PHONE.finditer(text):
        yield Trace(Sort.PHONE, match.start(), match.end())


def _iban_end(match: re.Match[str]) -> int | None:
    """Where an IBAN ends: a word that follows may look like more of it."""
    ends = [end for end in range(match.end(), match.start() + 14, -1) if match.string[end - 1].isalnum()]
    return next((end for end in ends if _is_iban(match.string[match.start() : end])), None)


def _is_iban(text: str) -> bool:
    plain = "".join(filter(str.isalnum, text)).upper()
    if not (15 <= len(plain) <= 34 and plain.isascii()):
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _is_nir(match: re.Match[str]) -> bool:
    plain = "".join(filter(str.isalnum, match.group())).upper()
    if match["key"] is None:
        return True
    # Corsica's departments count as 19 and 18 (2A, 2B).
    number = int(plain[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(match["key"])


def without(text: str) -> str:
    """The text as its author prefers it: without what looks like personal data."""
    for trace in reversed(traces(text)):
        text = text[: trace.start] + TAKEN_OUT + text[trace.end :]
    return text


def masked(text: str, passages: Iterable[str]) -> str:
    """The text with the mask wherever one of these passages stands whole: not inside a longer word or number.

    Passages are taken in their order; any blanks in one are any blanks in the text.
    """
    for passage in passages:
        text = _whole(passage).sub(MASK, text) if passage.strip() else text
    return text


def _whole(passage: str) -> re.Pattern[str]:
    words = passage.split()
    first, last = _kin(words[0][0]), _kin(words[-1][-1])
    before, after = f"(?<!{first})" if first else "", f"(?!{last})" if last else ""
    return re.compile(before + r"\s+".join(map(re.escape, words)) + after)


def _kin(character: str) -> str:
    """What would make a passage that begins or ends so go on: letters a word, digits a number."""
    return r"[^\W\d_]" if character.isalpha() else r"\d" if character.isdigit() else ""


def touches_a_mask(passage: str) -> bool:
    """Whether a passage is part of a mask, or holds part of one."""
    return passage in MASK or any(chr(bracket) in passage.replace(MASK, "") for bracket in BRACKETS)


def says_something(text: str) -> bool:
    """Whether there are words besides the masks."""
    return any(map(str.isalpha, text.replace(MASK, "")))


def unmarked(text: str) -> str:
    """A text as its author typed it: a mask is only put there by somebody who masks."""
    return text.translate(BRACKETS)
