"""Similar: the proposals on the table whose titles resemble one, so that nobody writes the same thing twice."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rapidfuzz import fuzz, process

from workshops.indicators import Card

MOST = 5
ENOUGH = 65  # out of a hundred: more than one word in common out of two, give or take a slip of the keyboard

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
# Words that say nothing of what is measured; those of one letter, elisions among them, never count.
HOLLOW_WORDS = """
au aux avec ce ces cet cette chez dans de des du elle elles en entre est et eux ici il ils jusqu la le les leur leurs
lui mais ne nos notre nous on ont ou par pas plus pour qu que quel quelle quelles quels qui sa sans ses se si soit son
sont sous sur te tes ton un une vers vos votre vous
indice moyen moyenne nb nombre nombres part parts pourcentage pourcentages proportion ratio taux total
"""
HOLLOW = frozenset(HOLLOW_WORDS.split())


@lru_cache(maxsize=8192)
def fold(title: str) -> str:
    """The words of a title that matter, in order: no case, accent, ligature, elision, mark of the plural."""
    plain = unicodedata.normalize("NFD", title.casefold().translate(LIGATURES))
    letters = "".join(character for character in plain if not unicodedata.combining(character))
    words = (word for word in re.findall(r"[a-z0-9]+", letters) if len(word) > 1 and word not in HOLLOW)
    return " ".join(word[:-1] if len(word) > 3 and word[-1] in "sx" else word for word in words)


def to(title: str, cards: Iterable[Card]) -> list[Card]:
    """At most five of these indicators still on the table, the most similar first; equals by code."""
    return [card for _, card in _scored(title, [card for card in cards if card.is_open])[:MOST]]


def _scored(title: str, cards: Sequence[Card]) -> list[tuple[float, Card]]:
    """Words may come in any order and be left out; what is left out counts between two that are enough."""
    typed = fold(title)
    if not typed:
        return []
    folded = [fold(card.sheet["libelle"]) for card in cards]
    found = process.extract(typed, folded, scorer=fuzz.token_set_ratio, score_cutoff=ENOUGH, limit=None)
    whole = [(score + fuzz.token_sort_ratio(typed, alike), cards[index]) for alike, score, index in found]
    return sorted(whole, key=lambda scored: (-scored[0], scored[1].place))
