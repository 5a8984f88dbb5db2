"""Consensus: from what people said to an outcome, by a rule announced beforehand.

Pure functions on integers: no database, no float until a figure is shown, the same result on any machine.
"""

from workshops.consensus.announced import ANNOUNCED, AXES, FEW_RATERS, MOST_ROUNDS, NAMES, Decision, Rule
from workshops.consensus.axes import SCORES, UNSAID, Axis, TwoAxes, histogram, score, written
from workshops.consensus.choices import Choice, ThreeChoices
from workshops.consensus.consent import Consent
from workshops.consensus.grades import Grade, Missing, Rank, majority_judgment
from workshops.consensus.grading import Grading, by_grade
from workshops.consensus.ratings import Agreement, Rating, RatingRule, rating
from workshops.consensus.readings import Consistency, Flow, Panel, consistency, flow, panel
from workshops.consensus.terms import MOST, Method, Outcome, Said, Secrecy, Voices, whole

__all__ = [
    "ANNOUNCED",
    "AXES",
    "FEW_RATERS",
    "MOST",
    "MOST_ROUNDS",
    "NAMES",
    "SCORES",
    "UNSAID",
    "Agreement",
    "Axis",
    "Choice",
    "Consent",
    "Consistency",
    "Decision",
    "Flow",
    "Grade",
    "Grading",
    "Method",
    "Missing",
    "Outcome",
    "Panel",
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
    "consistency",
    "flow",
    "histogram",
    "majority_judgment",
    "panel",
    "rating",
    "score",
    "whole",
    "written",
]
