"""Amendments, contests, objections and ballots, as tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, null

from server.datasets.declared import (
    KEY,
    REQUIRED,
    Dataset,
    Day,
    Row,
    gesture,
    indicator,
    lab,
    lab_of,
    shown,
    stored,
    when,
)
from server.tables import Column, Table
from workshops.amendments import Amendment, Ending, Fate
from workshops.contests import Candidate, Contest
from workshops.indicators import Indicator
from workshops.objections import Lifting, Objection, Reply
from workshops.votes import Vote
from workshops.words import N_

AMENDMENT = stored(Amendment)
ENDING = stored(Ending)
INDICATOR = stored(Indicator)
CONTEST = stored(Contest)
CANDIDATE = stored(Candidate)
OBJECTION = stored(Objection)
REPLY = stored(Reply)
LIFTING = stored(Lifting)
NUMBER = {"minimum": 1}


# ── Amendments, and the contests where they compete

AMENDMENTS = Table(
    "amendements",
    N_("Amendements"),
    N_(
        "Ce que des membres auraient écrit autrement, champ par champ, et ce qu'il en est advenu."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'amendement."), limits=KEY, source="amendment.id"),
        indicator("amendment.indicator_id"),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte dont il part."), "integer", NUMBER, "amendment.base", "1"),
        Column("changements", N_("Changements"), N_("Les champs changés, en JSON : la valeur voulue, null pour un champ vidé."), "object", source="amendment.changes"),
        Column("pourquoi", N_("Pourquoi"), N_("Ce que l'on en dit."), source="amendment.why"),
        lab(N_("Laboratoire de qui l'a proposé.")),
        when("amendment.at", N_("Quand il a été proposé.")),
        gesture("amendment.gesture"),
        Column("departage", N_("Départage"), N_("Départage auquel il a été soumis."), source="amendment.contest_id"),
        Column("suite", N_("Suite"), N_("Ce qu'il en est advenu ; vide s'il attend."), limits={"enum": [word.value for word in Fate]}, source="ending.fate"),
        Column("reponse", N_("Réponse"), N_("Ce qui a été répondu."), source="ending.answer"),
        Column("redaction_faite", N_("Rédaction faite"), N_("Numéro du texte qu'il est devenu."), "integer", NUMBER, "ending.wording"),
        when("ending.at", N_("Quand il a reçu sa suite."), "suite_le", N_("Suite donnée le")),
        Column("suite_geste", N_("Geste de la suite"), N_("Numéro du geste qui la lui a donnée."), "integer", NUMBER, "ending.gesture"),
    ),
    ("id",),
)


def amendments(day: Day) -> Select[Any]:
    ended = and_(ENDING.c.amendment_id == AMENDMENT.c.id, ENDING.c.at < day.until)
    put = and_(CONTEST.c.id == AMENDMENT.c.contest_id, CONTEST.c.at < day.until)
    return (
        shown(
            AMENDMENTS, AMENDMENT, labo=lab_of(AMENDMENT.c.by_id, INDICATOR.c.workshop_id), departage=CONTEST.c.id
        )
        .join(INDICATOR, INDICATOR.c.id == AMENDMENT.c.indicator_id)
        .outerjoin(ENDING, ended)
        .outerjoin(CONTEST, put)
        .where(AMENDMENT.c.at < day.until)
        .order_by(AMENDMENT.c.at, AMENDMENT.c.id)
    )


CONTESTS = Table(
    "departages",
    N_("Départages"),
    N_(
        "Les votes entre plusieurs textes d'un indicateur, et celui qui a été préféré."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant du départage, dans l'adresse /departages/{id}."), limits=KEY, source="contest.id"),
        indicator("contest.indicator_id"),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte en vigueur à l'ouverture."), "integer", NUMBER, "contest.wording", "1"),
        when("contest.at", N_("Quand il a été ouvert.")),
        gesture("contest.gesture"),
        when("contest.ended_at", N_("Quand il a été clos ou abandonné."), "fin_le", N_("Fin")),
        Column("fin_geste", N_("Geste de fin"), N_("Numéro du geste qui l'a clos ou abandonné."), "integer", NUMBER, "contest.ended_in"),
        Column("prefere", N_("Texte préféré"), N_("Numéro du texte préféré ; vide s'il est ouvert, ou abandonné."), "integer", NUMBER, "contest.winner"),
        Column("motif", N_("Motif"), N_("Pourquoi il a été abandonné, ou ce que l'on en dit."), source="contest.because"),
    ),
    ("id",),
)


def contests(day: Day) -> Select[Any]:
    has_ended = CONTEST.c.ended_at < day.until

    def then(column: str) -> ColumnElement[Any]:
        return case((has_ended, CONTEST.c[column]), else_=null())

    return (
        shown(
            CONTESTS, CONTEST, fin_le=then("ended_at"), fin_geste=then("ended_in"), prefere=then("winner"), motif=then("because")
        )
        .where(CONTEST.c.at < day.until)
        .order_by(CONTEST.c.at, CONTEST.c.id)
    )


CANDIDATES = Table(
    "textes_departages",
    N_("Textes des départages"),
    N_(
        "Les textes entre lesquels on a choisi, entiers et figés."
    ),
    (
        Column("departage", N_("Départage"), N_("Identifiant du départage."), limits=REQUIRED, source="candidate.contest_id"),
        Column("numero", N_("Numéro"), N_("Numéro du texte ; 1 est le texte en vigueur."), "integer", NUMBER, "candidate.number"),
        Column("amendement", N_("Amendement"), N_("L'amendement dont il vient ; vide pour le texte en vigueur."), source="candidate.amendment_id"),
        Column("fiche", N_("Fiche"), N_("La fiche entière, en JSON."), "object", source="candidate.sheet"),
    ),
    ("departage", "numero"),
)


def candidates(day: Day) -> Select[Any]:
    return (
        shown(CANDIDATES, CANDIDATE)
        .join(CONTEST, CONTEST.c.id == CANDIDATE.c.contest_id)
        .where(CONTEST.c.at < day.until)
        .order_by(CANDIDATE.c.contest_id, CANDIDATE.c.number)
    )


# ── Objections. Where the rule hides what is said until the closing, they wait for it.

OBJECTIONS = Table(
    "objections",
    N_("Objections"),
    N_(
        "Ce que l'on oppose à un texte ou à l'ensemble, sous consentement. Rien tant que la règle cache les résultats."
    ),
    (
        Column("id", N_("Identifiant"), N_("Identifiant de l'objection, dans l'adresse /objections/{id}."), limits=KEY, source="objection.id"),
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=REQUIRED, source="objection.workshop_id"),
        Column("indicateur", N_("Indicateur"), N_("L'indicateur visé ; vide pour l'ensemble."), source="objection.indicator_id"),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte visé."), "integer", NUMBER, "objection.wording"),
        Column("texte", N_("Texte"), N_("L'argument."), limits=REQUIRED, source="objection.text"),
        Column("labo", N_("Laboratoire"), N_("Laboratoire pour lequel on parle."), source="objection.lab_slug", example="ti-lab"),
        when("objection.at", N_("Quand elle a été faite.")),
        gesture("objection.gesture"),
        Column("levee", N_("Levée"), N_("Le mot par lequel son auteur l'a levée ; vide si elle tient."), source="lifting.because"),
        when("lifting.at", N_("Quand elle a été levée."), "levee_le", N_("Levée le")),
        Column("levee_geste", N_("Geste de la levée"), N_("Numéro du geste qui l'a levée."), "integer", NUMBER, "lifting.gesture"),
    ),
    ("id",),
)


def objections(day: Day) -> Select[Any]:
    lifted = and_(LIFTING.c.objection_id == OBJECTION.c.id, LIFTING.c.at < day.until)
    return (
        shown(OBJECTIONS, OBJECTION)
        .outerjoin(LIFTING, lifted)
        .where(OBJECTION.c.at < day.until, OBJECTION.c.workshop_id.not_in(sorted(day.hiding)))
        .order_by(OBJECTION.c.at, OBJECTION.c.id)
    )


REPLIES = Table(
    "reponses_objections",
    N_("Réponses aux objections"),
    N_(
        "Ce qui a été répondu ; la dernière est la réponse, les autres restent comme traces."
    ),
    (
        Column("objection", N_("Objection"), N_("Identifiant de l'objection."), limits=REQUIRED, source="reply.objection_id"),
        gesture("reply.gesture"),
        Column("texte", N_("Texte"), N_("La réponse."), limits=REQUIRED, source="reply.text"),
        when("reply.at", N_("Quand elle a été donnée.")),
    ),
    ("objection", "geste"),
)


def replies(day: Day) -> Select[Any]:
    return (
        shown(REPLIES, REPLY)
        .join(OBJECTION, OBJECTION.c.id == REPLY.c.objection_id)
        .where(REPLY.c.at < day.until, OBJECTION.c.workshop_id.not_in(sorted(day.hiding)))
        .order_by(REPLY.c.objection_id, REPLY.c.gesture)
    )


# ── Ballots, once a workshop is closed: those of its file, nothing that could link them to anybody

VOTE = stored(Vote).name
BALLOTS = Table(
    "bulletins",
    N_("Bulletins"),
    N_(
        "Les bulletins des ateliers clos, tous les tours, sous des pseudonymes qui changent à chaque indicateur et à chaque "
        "tour. Le fichier JSON de chaque atelier se recompte."
    ),
    (
        Column("atelier", N_("Atelier"), N_("Identifiant de l'atelier."), limits=REQUIRED, source="indicator.workshop_id"),
        Column("code", N_("Code"), N_("Code de l'indicateur."), limits=REQUIRED, source="indicator.code", example="ACT-01"),
        Column("redaction", N_("Rédaction"), N_("Numéro du texte jugé."), "integer", NUMBER, f"{VOTE}.wording", "2"),
        Column("tour", N_("Tour"), N_("Numéro du tour."), "integer", NUMBER, f"{VOTE}.round", "1"),
        Column("voix", N_("Pseudonyme"), N_("Un pseudonyme, vide là où seule la voix du laboratoire est dite."), limits={"pattern": "[0-9a-f]{32}"}),
        Column("groupe", N_("Groupe"), N_("Pseudonyme du laboratoire, là où les laboratoires comptent."), limits={"pattern": "[0-9a-f]{32}"}),
        Column("bulletin", N_("Bulletin"), N_("Le choix, la mention, ou deux notes séparées par une barre oblique (pertinence puis mesurabilité)."), limits=REQUIRED, source=f"{VOTE}.choice", example="keep"),
    ),
)


def ballots(document: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of one workshop's ballots, in the order of its file."""
    for item in document["indicateurs"]:
        for round in (*item["tours_precedents"], item):
            for paper in round["bulletins"]:
                yield {
                    "atelier": document["atelier"]["id"],
                    "code": item["code"],
                    "redaction": round["redaction"],
                    "tour": round["tour"],
                    "voix": paper.get("voix"),
                    "groupe": paper.get("groupe"),
                    "bulletin": paper["bulletin"],
                }


DATASETS = (
    Dataset(AMENDMENTS, amendments),
    Dataset(CONTESTS, contests),
    Dataset(CANDIDATES, candidates),
    Dataset(OBJECTIONS, objections),
    Dataset(REPLIES, replies),
    Dataset(BALLOTS, None),
)
