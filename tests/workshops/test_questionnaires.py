"""Questionnaires: what one writes, what one answers, and who is asked what."""

import json
from dataclasses import replace
from typing import Any

import pytest

from workshops import questionnaires
from workshops.questionnaires import GRADES, Answer, Feed, Kind, Question
from workshops.refusals import NotFound, NotThus

SCALE = Question(Kind.SCALE, "Est-ce plus simple ?", choices=("non", "oui"))
SINGLE = Question(Kind.SINGLE, "Comment êtes-vous venu ?", choices=("À pied", "En train"), required=True)
MULTIPLE = Question(Kind.MULTIPLE, "Avec qui ?", choices=("Un proche", "Un agent", "Un élu"))
TEXT = Question(Kind.TEXT, "Qu'est-ce qui a changé ?", help="En quelques mots.")
ALL = (SCALE, SINGLE, MULTIPLE, TEXT)
HELP = questionnaires.known()[Feed.HELP]


def written(*questions: Question) -> dict[str, str]:
    """A form that holds these questions."""
    form: dict[str, str] = {"title": "Autre chose"}
    for number, each in enumerate(questions, 1):
        form |= {f"kind-{number}": each.kind.value, f"text-{number}": each.text, f"help-{number}": each.help}
        form |= {f"choices-{number}": "\r\n".join(each.choices), f"feeds-{number}": each.feeds or ""}
        form |= {f"required-{number}": "oui"} if each.required else {}
    return form


def wrong(*questions: Question) -> dict[str, str]:
    with pytest.raises(NotThus) as refused:
        questionnaires.checked(questions)
    return refused.value.fields


# ── Templates


@pytest.mark.parametrize("template", questionnaires.templates().values(), ids=lambda template: template.name)
def test_a_template_is_a_questionnaire_that_holds_and_says_where_it_comes_from(template: Any) -> None:
    assert questionnaires.checked(template.questions) == template.questions
    assert template.source
    assert template.title
    assert template.says


def test_the_questions_of_je_donne_mon_avis_feed_every_score() -> None:
    template = questionnaires.template("je-donne-mon-avis")
    assert [each.feeds for each in template.questions] == [*Feed, None]
    assert "MIT" in template.source
    assert "0ee9c3e" in template.source
    assert {feed: len(grades) for feed, grades in GRADES.items()} == {
        feed: len(questionnaires.known()[feed].labels) for feed in GRADES
    }
    assert HELP.labels[HELP.alone - 1 if HELP.alone else 0] == "Je n’ai pas eu besoin d’aide"
    assert all("administration" in HELP.labels[n - 1] for n in questionnaires.OFFICIAL)


def test_another_template_is_not_found() -> None:
    with pytest.raises(NotFound):
        questionnaires.template("inconnu")


# ── As they are kept


def test_what_is_kept_reads_as_it_was() -> None:
    questions = (*ALL, HELP)
    assert questionnaires.read(json.loads(json.dumps(questionnaires.told(questions)))) == questions


def test_a_scale_says_what_its_ends_mean() -> None:
    assert SCALE.labels == ("1 (non)", "2", "3", "4", "5 (oui)")
    assert replace(SCALE, choices=()).labels == ("1", "2", "3", "4", "5")


# ── As they are written


def test_a_form_reads_as_its_questions() -> None:
    assert questionnaires.typed(written(*ALL, HELP)) == [*ALL, HELP]


def test_a_question_that_feeds_a_score_keeps_its_words() -> None:
    form = written(*ALL) | {"feeds-2": "satisfaction", "text-2": "Une autre question", "choices-2": "Oui\nNon"}
    assert questionnaires.typed(form)[1] == questionnaires.known()[Feed.SATISFACTION]


def test_kinds_that_do_not_exist_are_left_out_and_so_is_what_exceeds() -> None:
    form = written(*ALL) | {"kind-2": "rumeur", "kind-0": "texte", "kind-999": "texte", "kind-1x": "texte"}
    assert questionnaires.typed(form) == [SCALE, MULTIPLE, TEXT]
    assert len(questionnaires.typed(written(*[TEXT] * 40))) == questionnaires.MOST + 1


@pytest.mark.parametrize(
    ("gesture", "expected"),
    [
        ("up-2", [SINGLE, SCALE, MULTIPLE, TEXT]),
        ("down-2", [SCALE, MULTIPLE, SINGLE, TEXT]),
        ("up-1", list(ALL)),
        ("down-4", list(ALL)),
        ("remove-3", [SCALE, SINGLE, TEXT]),
        ("add-texte", [*ALL, Question(Kind.TEXT, "")]),
        ("add-autonomie", [*ALL, HELP]),
        *[(nothing, list(ALL)) for nothing in ("", "up-9", "remove-0", "remove--1", "up-²", "add-rumeur", "relire")],
    ],
)
def test_questions_move(gesture: str, expected: list[Question]) -> None:
    assert questionnaires.arranged(ALL, gesture) == expected


def test_nothing_is_added_to_ten_questions() -> None:
    assert questionnaires.arranged([TEXT] * 10, "add-texte") == [TEXT] * 10


def test_three_to_ten_questions() -> None:
    assert questionnaires.checked([TEXT] * 10) == (TEXT,) * 10
    assert wrong(TEXT, TEXT) == {"questions": "Trois questions au moins."}
    assert set(wrong(*[TEXT] * 11)) == {"questions"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "x" * 201}, "text"),
        ({"help": "x" * 301}, "help"),
        ({"choices": ("Seul",)}, "choices"),
        ({"choices": tuple(map(str, range(13)))}, "choices"),
        ({"choices": ("Oui", "OUI")}, "choices"),
        ({"choices": ("x" * 121, "y")}, "choices"),
        ({"kind": Kind.SCALE, "choices": ("non", "peut-être", "oui")}, "choices"),
    ],
)
def test_each_line_that_does_not_hold_has_its_sentence(changes: dict[str, Any], field: str) -> None:
    assert set(wrong(TEXT, replace(SINGLE, **changes), SCALE)) == {f"{field}-2"}


def test_what_holds_at_the_edge() -> None:
    edge = replace(SINGLE, text="x" * 200, help="x" * 300, choices=("x" * 120, *map(str, range(11))))
    assert questionnaires.checked([edge] * 3)


def test_a_score_is_fed_once() -> None:
    assert set(wrong(HELP, HELP, TEXT)) == {"text-1", "text-2"}


# ── As they are answered


@pytest.mark.parametrize(
    ("question", "chosen", "text", "expected"),
    [
        (SCALE, ["3"], "", Answer((3,))),
        (SCALE, [""], "", Answer()),
        (SINGLE, ["2"], "", Answer((2,))),
        (MULTIPLE, ["3", "1", "3"], "", Answer((1, 3))),
        (MULTIPLE, [], "", Answer()),
        (HELP, ["9"], "", Answer((9,))),
        (TEXT, ["1"], "  Rien.\r\n", Answer(text="Rien.")),
        (TEXT, [], "x" * 1000, Answer(text="x" * 1000)),
        (TEXT, [], "⟦masqué⟧", Answer(text="[masqué]")),
    ],
)
def test_an_answer_reads(question: Question, chosen: list[str], text: str, expected: Answer) -> None:
    assert questionnaires.answered(question, chosen, text) == expected


@pytest.mark.parametrize(
    ("question", "chosen", "text", "sentence"),
    [
        (SINGLE, [], "", "Cette question attend une réponse."),
        (SINGLE, ["3"], "", "Choisissez parmi les réponses proposées."),
        (SINGLE, ["1", "2"], "", "Choisissez une seule réponse."),
        (SCALE, ["6"], "", "Choisissez parmi les réponses proposées."),
        (SCALE, ["0"], "", "Choisissez parmi les réponses proposées."),
        (MULTIPLE, ["1", "<script>"], "", "Choisissez parmi les réponses proposées."),
        (HELP, ["1", "9"], "", "Vous dites n'avoir pas eu besoin d'aide, et en avoir cherché : gardez l'un ou l'autre."),
        (TEXT, [], "x" * 1001, "C'est trop long : mille caractères au plus."),
        (replace(TEXT, required=True), [], " ", "Cette question attend une réponse."),
    ],
)
def test_an_answer_that_does_not_hold(question: Question, chosen: list[str], text: str, sentence: str) -> None:
    with pytest.raises(NotThus) as refused:
        questionnaires.answered(question, chosen, text)
    assert refused.value.fields == {"answer": sentence}


# ── Who is asked what


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({3: (9,)}, [1, 2, 3, 6]),  # no help was needed
        ({3: (5, 6)}, [1, 2, 3, 6]),  # not from the administration
        ({3: (5, 1)}, [1, 2, 3, 4, 5, 6]),
        ({3: (1,), 4: (2,)}, [1, 2, 3, 4, 6]),  # nobody was reached
        ({3: (1,), 4: (1,)}, [1, 2, 3, 4, 5, 6]),
        ({3: (), 4: ()}, [1, 2, 3, 4, 5, 6]),  # skipped, or erased
    ],
)
def test_who_sought_nobody_is_not_asked_how_it_went(answers: dict[int, tuple[int, ...]], expected: list[int]) -> None:
    questions = questionnaires.template("je-donne-mon-avis").questions
    assert questionnaires.asked(questions, {n: Answer(chosen) for n, chosen in answers.items()}) == expected


def test_a_question_depends_on_those_before_it_alone() -> None:
    by_feed = questionnaires.known()
    questions = [by_feed[Feed.CONTACT], by_feed[Feed.REACHED], by_feed[Feed.HELP]]
    answers = {1: Answer((5,)), 2: Answer((2,)), 3: Answer((9,))}
    assert questionnaires.asked(questions, answers) == [1, 2, 3]
