"""Recount: what the ballots of a vote give when anyone counts them again, from their file alone."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workshops.consensus import FEW_RATERS, Consent, Grading, Rule, Voices, whole
from workshops.tallies import Ballots, counted, counts

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Difference:
    """Where a file does not say what its ballots give: `what` of which indicator."""

    code: str
    what: str
    announced: Any
    recounted: Any


@dataclass(frozen=True)
class Count:
    """What some ballots give: voices by ballot, and how many people they are, when all of them are listed."""

    voices: dict[str, int]
    people: int | None


def differences(document: Document) -> Iterator[Difference]:
    """Every place where a file of ballots announces something else than what it contains.

    Who voted for an earlier text and who judged other indicators are counted in the file and not listed: the first
    cannot be recounted, the second must be told alike everywhere. Raises KeyError, TypeError or ValueError for what no
    file of ballots would say.
    """
    rule = Rule.read(document["regle"])
    if isinstance(rule.decision, Consent):
        raise ValueError("a set under consent has no ballots")
    items = document["indicateurs"]
    found = {}
    for item in items:
        code = _text(item["code"])
        if code in found:
            yield Difference(code, "code", 1, 2)
        count = found[code] = count_of(rule, item["bulletins"])
        yield from _repeated(code, item["bulletins"])
        yield from _item(rule, item, code, count)
        yield from _former(rule, item, code)
    yield from _raters(rule, items, found)
    yield from _ranked(rule, items, found)


def count_of(rule: Rule, papers: Sequence[Document]) -> Count:
    """What ballots as published give. One without a pseudonym is the voice of a lab, told instead of its members'."""
    by_lab: Ballots = {}
    for paper in papers:
        rule.check(paper["bulletin"])
        lab = paper["groupe"] if rule.voices is Voices.LABS else None
        by_lab.setdefault(lab, Counter())[paper["bulletin"]] += 1
    if all("voix" in paper for paper in papers):
        return Count(counted(rule, by_lab), len(papers))
    if rule.voices is not Voices.LABS or any("voix" in paper for paper in papers) or len(by_lab) < len(papers):
        raise ValueError("a ballot has no pseudonym")
    return Count(counted(rule, by_lab), None)


def _item(rule: Rule, item: Document, code: str, count: Count) -> Iterator[Difference]:
    votes = item["votes"]
    whole(votes["texte_anterieur"])
    announced = counts(rule, votes["texte_actuel"])
    if announced != count.voices:
        yield Difference(code, "votes", announced, count.voices)
    if rule.voices is Voices.LABS:
        people = whole(votes["personnes"])
        # Few people: only the voices of their labs are listed.
        if count.people is None and not sum(count.voices.values()) <= people < FEW_RATERS:
            raise ValueError("the voices of labs are told instead of ballots where few people voted")
        if count.people is not None and people != count.people:
            yield Difference(code, "personnes", people, count.people)
    raters = None if votes.get("votants") is None else max(whole(votes["votants"]), sum(count.voices.values()))
    result = rule.outcome(count.voices, raters).value
    if item["resultat"] != result:
        yield Difference(code, "resultat", item["resultat"], result)


def _former(rule: Rule, item: Document, code: str) -> Iterator[Difference]:
    """The rounds before the last one: they decided nothing, and each is told as it was."""
    if len(item["tours_precedents"]) != whole(item["tour"]) - 1 or whole(item["tour"]) > rule.rounds:
        raise ValueError("every round before the last is told")
    for number, former in enumerate(item["tours_precedents"], start=1):
        yield from _repeated(code, former["bulletins"])
        announced, count = counts(rule, former["decompte"]), count_of(rule, former["bulletins"])
        if announced != count.voices:
            yield Difference(code, "decompte", announced, count.voices)
        if whole(former["tour"]) != number:
            raise ValueError("rounds are told in their order")


def _repeated(code: str, papers: Sequence[Document]) -> Iterator[Difference]:
    names = Counter(_text(paper["voix"]) for paper in papers if "voix" in paper)
    for name, number in names.items():
        if number > 1:
            yield Difference(code, "voix", name, number)


def _raters(rule: Rule, items: Sequence[Document], found: Mapping[str, Count]) -> Iterator[Difference]:
    """How many judged anything, where the rule counts who is missing: one number, not less than who judged one thing."""
    if not (isinstance(rule.decision, Grading) and rule.decision.missing != "ignored"):
        return
    told = {item["code"]: item["votes"].get("votants") for item in items}
    most = max((sum(count.voices.values()) for count in found.values()), default=0)
    for common, _times in Counter(map(_or_nobody, told.values())).most_common(1):
        expected = max(common, most)
        yield from (Difference(code, "votants", n, expected) for code, n in told.items() if _or_nobody(n) != expected)


def _or_nobody(raters: Any) -> int:
    """How many judged anything; a vote that nobody took part in does not tell it."""
    return 0 if raters is None else whole(raters)


def _ranked(rule: Rule, items: Sequence[Document], found: Mapping[str, Count]) -> Iterator[Difference]:
    if not isinstance(rule.decision, Grading):
        return
    voices = {code: count.voices for code, count in found.items()}
    told = [item["votes"].get("votants") for item in items]
    most = max((sum(each.values()) for each in voices.values()), default=0)
    raters = max(most, max(whole(number) for number in told)) if told and None not in told else None
    ranks = rule.decision.ranks(voices, raters)
    for item in items:
        if item["rang"] != ranks.get(item["code"]):
            yield Difference(item["code"], "rang", item["rang"], ranks.get(item["code"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value
