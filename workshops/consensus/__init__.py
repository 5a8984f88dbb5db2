"""Consensus: from what people said to an outcome, by a rule announced beforehand.

Pure functions on integers: no database, no float until a figure is shown, the same result on any machine.
"""

from workshops.consensus.announced import ANNOUNCED, AXES, FEW_RATERS, MOST_ROUNDS, Decision, Rule
from workshops.consensus.axes import SCORES, UNSAID, Axis, TwoAxes, histogram, score, written
from workshops.consensus.choices import Choice, ThreeChoices
from workshops.consensus.consent import Consent
from workshops.consensus.grades import Grade, Missing, Rank, majority_judgment
from workshops.consensus.grading import Grading, by_grade
from workshops.consensus.ratings import Agreement, Rating, RatingRule, rating
from workshops.consensus.terms import Method, Outcome, Said, Secrecy, Voices

__all__ = [
    "ANNOUNCED",
    "AXES",
    "FEW_RATERS",
    "MOST_ROUNDS",
    "SCORES",
    "UNSAID",
    "Agreement",
    "Axis",
    "Choice",
    "Consent",
    "Decision",
    "Grade",
    "Grading",
    "Method",
    "Missing",
    "Outcome",
    "Rank",
    "Rating",
    "RatingRule",
    "Rule",
    "Said",
    "Secrecy",
    "ThreeChoices",
    "TwoAxes",
    "Voices",
    "by_grade",
    "histogram",
    "majority_judgment",
    "rating",
    "score",
    "written",
]
