"""Three choices: keep, rework or drop a wording, by absolute majority."""

from dataclasses import dataclass
from typing import Any

from workshops.words import N_, Word


class Choice(Word):
    """What a person may say of a wording."""

    KEEP = "keep", N_("Garder")
    REWORK = "rework", N_("Retravailler")
    DROP = "drop", N_("Écarter")
    ABSTAIN = "abstain", N_("S'abstenir")


class Outcome(Word):
    """What the votes on the current text say."""

    KEPT = "kept", N_("Retenu")
    REWORKED = "reworked", N_("À retravailler")
    DROPPED = "dropped", N_("Écarté")
    UNDECIDED = "undecided", N_("Sans décision")


@dataclass(frozen=True)
class ThreeChoices:
    """Keep, rework or drop, by absolute majority of the votes that express an opinion.

    With k, r, d votes on the current text and e = k + r + d (abstentions are counted, and decide nothing):
    undecided when e < quorum; kept when 2k > e; dropped when 2d > e; to be reworked otherwise, ties included.
    """

    quorum: int = 1

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

    @property
    def sentence(self) -> str:
        """The rule as announced in the room."""
        return N_(
            "Un indicateur est retenu si plus de la moitié des votes exprimés disent « garder », "
            "écarté si plus de la moitié disent « écarter », à retravailler sinon. "
            "Les abstentions ne comptent pas ; seuls décident les votes sur le texte actuel."
        )

    @property
    def summary(self) -> str:
        """The rule in one line, for a phone."""
        return N_("Retenu si plus de la moitié des votes exprimés sur le texte actuel disent « garder ».")

    def published(self) -> dict[str, Any]:
        """The rule as written in a published version."""
        return {"methode": "trois_choix", "majorite": "absolue_des_exprimes", "quorum": self.quorum}


ANNOUNCED = ThreeChoices()
