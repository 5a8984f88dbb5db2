"""Questionnaires: the questions of a survey, as they are written, kept and answered."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Any

from workshops import scores
from workshops.personal import unmarked
from workshops.refusals import NotFound, NotThus
from workshops.texts import clean, one_line
from workshops.words import N_, Word

FEWEST, MOST = 3, 10  # questions
TEXT_LENGTH, HELP_LENGTH, CHOICE_LENGTH, ANSWER_LENGTH = 200, 300, 120, 1000
FEWEST_CHOICES, MOST_CHOICES = 2, 12
DEGREES = range(1, 6)  # of a scale
NUMBERED = re.compile(r"kind-([1-9][0-9]?)")


class Kind(Word):
    """How a question is answered."""

    SCALE = "echelle", N_("Échelle de 1 à 5")
    SINGLE = "unique", N_("Un seul choix")
    MULTIPLE = "multiple", N_("Plusieurs choix")
    TEXT = "texte", N_("Texte libre")


class Feed(Word):
    """The score of « Je donne mon avis » that the answers to a question feed."""

    SATISFACTION = "satisfaction", N_("Satisfaction")
    CLARITY = "clarte", N_("Clarté")
    HELP = "autonomie", N_("Autonomie")
    REACHED = "joignabilite", N_("Joignabilité de l'administration")
    CONTACT = "contact", N_("Aide de l'administration")


# What each choice is worth, from the first one, in the words of `scores`.
GRADES: Mapping[Feed, tuple[str, ...]] = {
    Feed.SATISFACTION: scores.FACES,
    Feed.CLARITY: scores.DEGREES,
    Feed.REACHED: ("Oui", "Non"),
    Feed.CONTACT: scores.DEGREES,
}
YES = 1  # « Oui » to REACHED
OFFICIAL = frozenset((1, 2, 3, 4))  # of the choices of HELP, those where one seeks the administration; the last is nobody


@dataclass(frozen=True)
class Question:
    """One question. `choices`: what one chooses from, or what the two ends of a scale mean.

    A question that feeds a score is always asked in the same words: `known` gives it.
    """

    kind: Kind
    text: str
    help: str = ""
    choices: tuple[str, ...] = ()
    required: bool = False
    feeds: Feed | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """What each choice says, from the first one; none for a text."""
        if self.kind is not Kind.SCALE:
            return self.choices
        low, high = self.choices or ("", "")
        ends = {DEGREES[0]: low, DEGREES[-1]: high}
        return tuple(f"{degree} ({ends[degree]})" if ends.get(degree) else str(degree) for degree in DEGREES)

    @property
    def alone(self) -> int | None:
        """The choice that goes with no other, if there is one."""
        return len(self.choices) if self.feeds is Feed.HELP else None


@dataclass(frozen=True)
class Answer:
    """What somebody answered to a question: the numbers of their choices, from one, or a text. Nothing: they skipped it."""

    chosen: tuple[int, ...] = ()
    text: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.chosen or self.text)


@dataclass(frozen=True)
class Template:
    """A questionnaire to start from; `source`: where its questions come from."""

    name: str
    title: str
    says: str
    source: str
    questions: tuple[Question, ...]


# ── To start from


@cache
def templates() -> dict[str, Template]:
    """Those that come with this project, by name, in the order of the page."""
    text = resources.files("workshops.content").joinpath("questionnaires.json").read_text("utf-8")
    found = [Template(**{**each, "questions": read(each["questions"])}) for each in json.loads(text)["modeles"]]
    return {template.name: template for template in found}


def template(name: str) -> Template:
    """One of them, or NotFound."""
    if name not in templates():
        raise NotFound(N_("Ce modèle de questionnaire n'existe pas."))
    return templates()[name]


@cache
def known() -> dict[Feed, Question]:
    """The questions that feed a score."""
    return {each.feeds: each for one in templates().values() for each in one.questions if each.feeds}


# ── As they are kept, and published


def told(questions: Sequence[Question]) -> list[dict[str, Any]]:
    """The questions as JSON."""
    return [
        {
            "genre": each.kind.value,
            "intitule": each.text,
            "aide": each.help,
            "choix": list(each.choices),
            "obligatoire": each.required,
            "score": each.feeds.value if each.feeds else None,
        }
        for each in questions
    ]


def read(kept: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """The questions that JSON tells."""
    return tuple(
        Question(
            Kind(each["genre"]),
            each["intitule"],
            each.get("aide", ""),
            tuple(each.get("choix", ())),
            each.get("obligatoire", False),
            Feed(each["score"]) if each.get("score") else None,
        )
        for each in kept
    )


# ── As they are written


def typed(form: Mapping[str, str]) -> list[Question]:
    """The questions of a form (`kind-1`, `text-1`, `help-1`, `choices-1`, `required-1`, `feeds-1`…), as typed, by number.

    One of a kind that does not exist is left out, and so is what exceeds the most there may be by more than one.
    """
    numbers = sorted(int(found[1]) for found in map(NUMBERED.fullmatch, form) if found)
    questions = (_typed(form, number) for number in numbers)
    return [question for question in questions if question][: MOST + 1]


def _typed(form: Mapping[str, str], number: int) -> Question | None:
    def field(name: str) -> str:
        return form.get(f"{name}-{number}", "")

    if field("feeds") in set(Feed):
        return replace(known()[Feed(field("feeds"))], required=bool(field("required")))
    if field("kind") not in set(Kind):
        return None
    lines = (one_line(each) for each in field("choices").splitlines())
    return Question(
        Kind(field("kind")),
        one_line(field("text")),
        one_line(field("help")),
        tuple(each for each in lines if each),
        bool(field("required")),
    )


def arranged(questions: Sequence[Question], gesture: str) -> list[Question]:
    """The questions after one gesture of whoever writes them: `add-<kind>`, `add-<score>`, `remove-2`, `up-2`, `down-2`.

    A gesture that means nothing here changes nothing.
    """
    changed = list(questions)
    what, _, which = gesture.partition("-")
    place = int(which) - 1 if which.isascii() and which.isdecimal() and len(which) < 3 else -1
    if what == "add" and len(changed) < MOST:
        if which in set(Feed):
            changed.append(known()[Feed(which)])
        elif which in set(Kind):
            changed.append(Question(Kind(which), ""))
    elif 0 <= place < len(changed):
        question = changed.pop(place)
        if what != "remove":
            changed.insert(max(0, place + {"up": -1, "down": 1}.get(what, 0)), question)
    return changed


def checked(questions: Sequence[Question]) -> tuple[Question, ...]:
    """The questions, when they hold. Raises NotThus with a sentence for each field that does not: `text-2`, `choices-3`."""
    wrong: dict[str, str] = {}
    if len(questions) < FEWEST:
        wrong["questions"] = N_("Trois questions au moins.")
    elif len(questions) > MOST:
        wrong["questions"] = N_("Dix questions au plus : au-delà, on abandonne en route.")
    feeds = [each.feeds for each in questions if each.feeds]
    for number, question in enumerate(questions, 1):
        wrong |= {f"{field}-{number}": sentence for field, sentence in _wrong(question).items()}
        if question.feeds and feeds.count(question.feeds) > 1:
            wrong[f"text-{number}"] = N_("Cette question y est deux fois : son score ne se calcule qu'une fois.")
    if wrong:
        raise NotThus(wrong)
    return tuple(questions)


def _wrong(question: Question) -> dict[str, str]:
    wrong = {}
    if not question.text:
        wrong["text"] = N_("Écrivez la question.")
    elif len(question.text) > TEXT_LENGTH:
        wrong["text"] = N_("Deux cents caractères au plus.")
    if len(question.help) > HELP_LENGTH:
        wrong["help"] = N_("Trois cents caractères au plus.")
    sentence = _wrong_choices(question.kind, question.choices)
    if sentence:
        wrong["choices"] = sentence
    return wrong


def _wrong_choices(kind: Kind, choices: Sequence[str]) -> str | None:
    if any(len(each) > CHOICE_LENGTH for each in choices):
        return N_("Cent vingt caractères au plus par ligne.")
    if kind is Kind.SCALE and len(choices) not in (0, 2):
        return N_("Deux lignes : ce que veut dire 1, puis ce que veut dire 5.")
    if kind in (Kind.SINGLE, Kind.MULTIPLE):
        if not FEWEST_CHOICES <= len(choices) <= MOST_CHOICES:
            return N_("De deux à douze choix, un par ligne.")
        if len({each.casefold() for each in choices}) < len(choices):
            return N_("Deux choix sont identiques.")
    return None


# ── As they are answered


def answered(question: Question, chosen: Sequence[str], text: str) -> Answer:
    """What somebody answers, as sent: numbers of choices, or a text. Nothing skips a question that may be skipped.

    Raises NotThus for no answer where there must be one, too many, one that does not exist, or a text that is too long.
    """
    if question.kind is Kind.TEXT:
        answer = Answer(text=unmarked(clean(text)))
        wrong = N_("C'est trop long : mille caractères au plus.") if len(answer.text) > ANSWER_LENGTH else None
    else:
        numbers = {str(number) for number in range(1, len(question.labels) + 1)}
        answer = Answer(tuple(sorted({int(each) for each in chosen if each in numbers})))
        wrong = _wrong_answer(question, answer, unknown=bool(set(chosen) - numbers - {""}))
    if question.required and answer.is_empty:
        wrong = wrong or N_("Cette question attend une réponse.")
    if wrong:
        raise NotThus({"answer": wrong})
    return answer


def _wrong_answer(question: Question, answer: Answer, *, unknown: bool) -> str | None:
    if unknown:
        return N_("Choisissez parmi les réponses proposées.")
    if question.kind is not Kind.MULTIPLE and len(answer.chosen) > 1:
        return N_("Choisissez une seule réponse.")
    if question.alone in answer.chosen and len(answer.chosen) > 1:
        return N_("Vous dites n'avoir pas eu besoin d'aide, et en avoir cherché : gardez l'un ou l'autre.")
    return None


def asked(questions: Sequence[Question], answers: Mapping[int, Answer]) -> list[int]:
    """The places, from one, of the questions that somebody is asked, given what they answered before.

    As in « Je donne mon avis », who did not look for the administration is not asked whether they reached it, nor who
    reached nobody what help they got.
    """
    places, before = [], dict[Feed, frozenset[int]]()
    for place, question in enumerate(questions, 1):
        sought, reached = before.get(Feed.HELP), before.get(Feed.REACHED)
        unsought = sought is not None and not sought & OFFICIAL
        unreached = reached is not None and YES not in reached
        if question.feeds is Feed.REACHED and unsought:
            continue
        if question.feeds is Feed.CONTACT and (unsought or unreached):
            continue
        places.append(place)
        answer = answers.get(place)
        if question.feeds and answer and not answer.is_empty:
            before[question.feeds] = frozenset(answer.chosen)
    return places
