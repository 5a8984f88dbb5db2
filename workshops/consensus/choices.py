"""Three choices: keep, rework or drop a wording, by absolute majority."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workshops.consensus.terms import BY_LAB, Method, Outcome, Said
from workshops.refusals import NotThus
from workshops.words import N_, Word


class Choice(Word):
    """What a person may say of a wording."""

    KEEP = "keep", N_("Garder")
    REWORK = "rework", N_("Retravailler")
    DROP = "drop", N_("Écarter")
    ABSTAIN = "abstain", N_("S'abstenir")


ORDER = (Choice.DROP, Choice.REWORK, Choice.KEEP)
NEEDS_REASON = (Choice.REWORK, Choice.DROP)


@dataclass(frozen=True)
class ThreeChoices:
    """Keep, rework or drop, by absolute majority of the votes that express an opinion.

    With k, r, d votes on the current text and e = k + r + d (abstentions are counted, and decide nothing):
    undecided when e < quorum; kept when 2k > e; dropped when 2d > e; to be reworked otherwise, ties included.
    """

    quorum: int = 1

    method = Method.THREE_CHOICES
    by_lab = BY_LAB

    def decide(self, *, keep: int, rework: int, drop: int, abstain: int = 0) -> Outcome:
        """The outcome of a tally. Negative counts raise ValueError."""
        if min(keep, rework, drop, abstain) < 0:
            raise ValueError("a count cannot be negative")
        expressed = keep + rework + drop
        if expressed < max(self.quorum, 1):
            return Outcome.UNDECIDED
        if 2 * keep > expressed:
            return Outcome.KEPT
        if 2 * drop > expressed:
            return Outcome.DROPPED
        return Outcome.REWORKED

    def check(self, ballot: str) -> None:
        """NotThus when it is not one of the choices."""
        if ballot not in list(Choice):
            raise NotThus({"choice": N_("Choisissez dans la liste.")})

    def needs_reason(self, ballot: str) -> bool:
        """Who asks for another text, or for none, says why."""
        return ballot in NEEDS_REASON

    def is_reserved(self, ballot: str) -> bool:
        """Whether it would not keep this text."""
        return ballot in NEEDS_REASON

    def outcome(self, counts: Mapping[str, int]) -> Outcome:
        """The outcome of how many said each choice."""
        return self.decide(**{choice.value: counts.get(choice, 0) for choice in Choice})

    def voice(self, ballots: Iterable[str]) -> str:
        """What several people say as one: the lower median of drop, rework, keep; an abstention when all abstain."""
        expressed = sorted(ORDER.index(Choice(ballot)) for ballot in ballots if ballot != Choice.ABSTAIN)
        return ORDER[expressed[(len(expressed) - 1) // 2]].value if expressed else Choice.ABSTAIN.value

    @property
    def said(self) -> Said:
        """The rule as announced in the room."""
        return Said(
            N_(
                "Un indicateur est retenu si plus de la moitié des votes exprimés disent « garder », "
                "écarté si plus de la moitié disent « écarter », à retravailler sinon. "
                "Les abstentions ne comptent pas ; seuls décident les votes sur le texte actuel."
            ),
            {},
        )

    @property
    def summary(self) -> Said:
        """The rule in one line, for a phone."""
        return Said(N_("Retenu si plus de la moitié des votes exprimés sur le texte actuel disent « garder »."), {})

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        return {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": self.quorum}
