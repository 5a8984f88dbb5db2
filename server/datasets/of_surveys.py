"""Surveys and what was answered to them, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, null, or_, select

from server.datasets.declared import KEY, REQUIRED, Dataset, Day, Row, shown, stored, when
from server.tables import Column, Table
from workshops import questionnaires
from workshops.questionnaires import Question
from workshops.surveys import Survey, SurveyAnswer, SurveyChoice, SurveyClosing, SurveyResponse
from workshops.tabulations import FEWEST, Results
from workshops.words import N_

SURVEY = stored(Survey)
CLOSING = stored(SurveyClosing)
RESPONSE = stored(SurveyResponse)
ANSWER = stored(SurveyAnswer)
CHOICE = stored(SurveyChoice)
COUNT = {"minimum": 0}
NUMBER = {"required": True, "minimum": 1}

SURVEYS = Table(
    "enquetes",
    N_("Enquêtes"),
    N_(
        "Les questionnaires que des laboratoires ouvrent à un point de recueil, pour une période. On y répond sans compte, "
        "qui veut : les réponses ne représentent pas toutes les personnes concernées."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'enquête, dans l'adresse /enquetes/{id}."), limits=KEY, source="survey.id"),
        Column("laboratoire", N_("Laboratoire"), N_("Le laboratoire qui pose les questions."), limits=REQUIRED, source="survey.lab_slug", example="ti-lab"),
        Column("point", N_("Point de recueil"), N_("Identifiant du point de recueil où elle est ouverte."), limits=REQUIRED, source="survey.touchpoint_id"),
        Column("projet", N_("Projet"), N_("Identifiant du projet dont il s'agit, le cas échéant."), source="survey.project_id"),
        Column("code", N_("Indicateur"), N_("Code de l'indicateur d'impact qu'elle renseigne, le cas échéant."), source="survey.code", example="IMP-08"),
        Column("titre", N_("Titre"), N_("Titre de l'enquête."), limits=REQUIRED, source="survey.title"),
        Column("objet", N_("Objet"), N_("À quoi servent les réponses, tel que le laboratoire le dit."), limits=REQUIRED, source="survey.purpose"),
        Column("questions", N_("Questions"), N_("Les questions, dans l'ordre, en JSON : genre, intitulé, choix, score nourri."), "object", REQUIRED, "survey.questions"),
        when("survey.opens_at", N_("À partir de quand on peut répondre."), "debut", N_("Début")),
        when("survey.closes_at", N_("Jusqu'à quand on peut répondre."), "fin", N_("Fin")),
        when("surveyclosing.at", N_("Quand elle a été close avant son terme, le cas échéant."), "close_le", N_("Close le")),
        Column("motif", N_("Motif"), N_("Pourquoi elle a été close avant son terme, si on l'a dit."), source="surveyclosing.because"),
        Column("commencees", N_("Réponses commencées"), N_("Combien de personnes ont commencé à répondre ; vide tant qu'elle dure."), "integer", COUNT, example="42"),
        Column("terminees", N_("Réponses terminées"), N_("Combien sont allées jusqu'au bout ; vide tant qu'elle dure."), "integer", COUNT, example="37"),
        when("survey.at", N_("Quand elle a été préparée.")),
    ),
    ("id",),
)


def surveys(day: Day) -> Select[Any]:
    closed = CLOSING.c.at < day.until
    mine = select(func.count(), func.count(RESPONSE.c.ended_at)).where(RESPONSE.c.survey_id == SURVEY.c.id)
    begun, ended = (mine.with_only_columns(column).scalar_subquery() for column in mine.selected_columns)
    return (
        shown(
            SURVEYS, SURVEY,
            commencees=case((is_over(day), begun), else_=null()),
            terminees=case((is_over(day), ended), else_=null()),
        )
        .outerjoin(CLOSING, and_(CLOSING.c.survey_id == SURVEY.c.id, closed))
        .where(SURVEY.c.at < day.until)
        .order_by(SURVEY.c.at, SURVEY.c.id)
    )


def is_over(day: Day) -> ColumnElement[bool]:
    """Whether a survey took no answer any more: what was answered does not change."""
    return or_(SURVEY.c.closes_at < day.until, and_(CLOSING.c.at.is_not(None), CLOSING.c.at < day.until))


def _question(row: Mapping[str, Any]) -> Question:
    questions = questionnaires.read(row["_questions"]["questions"])
    place: int = row["question"]
    return questions[place - 1]


RESULTS = Table(
    "resultats_d_enquetes",
    N_("Résultats d'enquêtes"),
    N_(
        "Combien de personnes ont fait chaque choix, une fois l'enquête finie, pour les questions qui ont au moins cinq réponses : "
        "moins diraient qui a répondu quoi. Un choix que personne n'a fait n'a pas de ligne. Les textes libres ne sont pas publiés."
    ),
    (
        Column("enquete", N_("Enquête"), N_("Identifiant de l'enquête."), limits=REQUIRED, source="surveyresponse.survey_id"),
        Column("question", N_("Question"), N_("Numéro de la question."), "integer", NUMBER, "surveychoice.place", "1"),
        Column("intitule", N_("Intitulé"), N_("La question, telle qu'elle est posée."), source="survey.questions", read=lambda row: _question(row).text),
        Column("choix", N_("Choix"), N_("Numéro du choix, dans l'ordre de la question ; sur une échelle, le degré."), "integer", {"minimum": 1}, "surveychoice.choice", "2"),
        Column("libelle", N_("Libellé"), N_("Ce que dit ce choix."), source="survey.questions", read=lambda row: _label(row), example="Bien"),
        Column("reponses", N_("Réponses"), N_("Combien de personnes ont fait ce choix."), "integer", COUNT, example="12"),
        Column("repondants", N_("Répondants"), N_("Combien de personnes ont répondu à la question (n)."), "integer", COUNT, example="37"),
    ),
)


def _label(row: Mapping[str, Any]) -> str | None:
    return _question(row).labels[row["choix"] - 1] if row["choix"] else None


def results(day: Day) -> Select[Any]:
    people = _grouped(ANSWER)
    choices = _grouped(CHOICE, CHOICE.c.choice)
    return (
        shown(
            RESULTS, SURVEY,
            enquete=SURVEY.c.id,
            question=choices.c.place,
            choix=choices.c.choice,
            reponses=choices.c.number,
            repondants=people.c.number,
            _questions=SURVEY.c.questions,
        )
        .join(choices, choices.c.survey_id == SURVEY.c.id)
        .join(people, and_(people.c.survey_id == SURVEY.c.id, people.c.place == choices.c.place))
        .outerjoin(CLOSING, CLOSING.c.survey_id == SURVEY.c.id)
        .where(SURVEY.c.at < day.until, is_over(day), people.c.number >= FEWEST)
        .order_by(SURVEY.c.at, SURVEY.c.id, choices.c.place, choices.c.choice)
    )


def _grouped(answers: Any, *by: ColumnElement[Any]) -> Any:
    """How many rows there are for each question of each survey."""
    keys = (RESPONSE.c.survey_id, answers.c.place, *by)
    counted = select(*keys, func.count().label("number")).join(RESPONSE, RESPONSE.c.id == answers.c.response_id)
    return counted.group_by(*keys).subquery()


def rows(found: Results) -> Iterator[Row]:
    """The same rows for one survey as it stands, a line for each choice of each question: those that are too few are empty."""
    survey = found.known.survey
    for count in found.counts:
        said = {"enquete": survey.id, "question": count.place, "repondants": count.n, "_questions": survey.questions}
        for number in range(1, len(count.question.labels) + 1) or (None,):
            told = count.choices[number - 1] if number and count.choices is not None else None
            yield {**said, "choix": number, "reponses": told}


DATASETS = (Dataset(SURVEYS, surveys), Dataset(RESULTS, results))
