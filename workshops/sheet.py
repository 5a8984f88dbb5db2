"""The indicator sheet (fiche indicateur): every field, declared once.

Forms, pages, exports, differences and the level of a change all derive from `FIELDS`.
Sources of the fields: SDG metadata (SDMX MSD), World Bank, DHIS2, WHO SMART ProgramIndicator, Common Impact Data
Standard, schema.org StatisticalVariable, SCDL Catalogue (frequencies).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from workshops.refusals import NotThus
from workshops.texts import clean
from workshops.vocabulary import Aggregation, Cost, Direction, Evidence, Factor, Family, Frequency, Method, Nature
from workshops.words import N_, Word

Sheet = dict[str, Any]
Raw = Mapping[str, str | Sequence[str]]


class Level(IntEnum):
    """What a change does to the version (semantic versioning)."""

    PATCH = 0
    MINOR = 1
    MAJOR = 2


class Need(IntEnum):
    """When a field must be filled in."""

    NEVER = 0
    ADOPTION = 1
    DRAFT = 2


@dataclass(frozen=True)
class Field:
    """One line of the sheet.

    `kind` is line, text, markdown, choice, choices, lines or number. `level` is that of any change; for lists,
    `added` is that of a pure addition. `arguable` is the level of a change once somebody wrote why it leaves the
    meaning as it was. `when` narrows the need for adoption to some natures.
    """

    name: str
    label: str
    help: str
    kind: str
    level: Level
    need: Need = Need.NEVER
    longest: int = 2000
    words: type[Word] | None = None
    added: Level | None = None
    arguable: Level | None = None
    when: tuple[Nature, ...] = ()
    pattern: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def is_list(self) -> bool:
        return self.kind in ("choices", "lines")

    def change_level(self, before: Any, after: Any) -> Level:
        """The level of going from one value to another (None: empty). The order of a list says nothing."""
        if self.is_list and set(before or ()) == set(after or ()):
            return Level.PATCH
        if self.is_list and self.added is not None and set(before or ()) <= set(after or ()):
            return self.added
        return self.level


FIELDS: tuple[Field, ...] = (
    Field(
        "libelle",
        N_("Intitulé"),
        N_("Ce que l'on mesure, en une ligne."),
        "line",
        Level.PATCH,
        Need.DRAFT,
        longest=140,
    ),
    Field(
        "famille",
        N_("Famille"),
        N_("Activité : ce que fait le labo. Résultats : ce que produisent ses projets. Impact : ce qui change."),
        "choice",
        Level.MAJOR,
        Need.DRAFT,
        words=Family,
    ),
    Field(
        "definition",
        N_("Définition"),
        N_("Assez précise pour que deux labos comptent la même chose."),
        "markdown",
        Level.MAJOR,
        Need.DRAFT,
        arguable=Level.PATCH,
    ),
    Field(
        "libelle_court", N_("Intitulé court"), N_("Pour un tableau ou un graphique."), "line", Level.PATCH, longest=40
    ),
    Field(
        "nature",
        N_("Nature"),
        N_("Un nombre, des éléments qui établissent un fait, ou les deux."),
        "choice",
        Level.MAJOR,
        Need.ADOPTION,
        words=Nature,
    ),
    Field(
        "question_evaluative",
        N_("À quelle question répond-il ?"),
        N_("La question que se pose celui ou celle qui lira le chiffre."),
        "text",
        Level.PATCH,
        Need.ADOPTION,
        longest=500,
    ),
    Field("inclusions", N_("Ce qui compte"), N_("Les cas limites que l'on retient."), "markdown", Level.MAJOR),
    Field("exclusions", N_("Ce qui ne compte pas"), N_("Les cas limites que l'on écarte."), "markdown", Level.MAJOR),
    Field(
        "unite",
        N_("Unité"),
        N_("Ce que l'on compte : agents, projets, jours…"),
        "line",
        Level.MAJOR,
        Need.ADOPTION,
        longest=80,
        when=(Nature.QUANTITATIVE, Nature.MIXED),
        suggestions=(
            "agents",
            "usagers",
            "citoyens",
            "projets",
            "interventions",
            "formations",
            "publications",
            "jours",
            "heures",
            "euros",
            "%",
        ),
    ),
    Field("numerateur", N_("Numérateur"), N_("Pour un ratio : ce que l'on divise."), "line", Level.MAJOR, longest=300),
    Field(
        "denominateur",
        N_("Dénominateur"),
        N_("Pour un ratio : ce par quoi l'on divise."),
        "line",
        Level.MAJOR,
        longest=300,
    ),
    Field("facteur", N_("Facteur"), N_("Ce par quoi l'on multiplie le ratio."), "choice", Level.MAJOR, words=Factor),
    Field(
        "sens",
        N_("Lecture"),
        N_("Aucune couleur n'est montrée sans ce choix."),
        "choice",
        Level.PATCH,
        Need.ADOPTION,
        words=Direction,
    ),
    Field("population", N_("Population concernée"), N_("De qui parle-t-on ?"), "line", Level.MAJOR, longest=300),
    Field(
        "ventilations",
        N_("Ventilations"),
        N_("Une dimension par ligne : par territoire, par public…"),
        "lines",
        Level.MAJOR,
        added=Level.MINOR,
    ),
    Field("source_donnee", N_("Source de la donnée"), N_("Une source par ligne."), "lines", Level.PATCH, Need.ADOPTION),
    Field(
        "methode_collecte",
        N_("Méthode de collecte"),
        N_("Une ou plusieurs."),
        "choices",
        Level.MAJOR,
        Need.ADOPTION,
        words=Method,
        added=Level.MINOR,
    ),
    Field(
        "frequence",
        N_("Fréquence"),
        N_("Valeurs du schéma SCDL « Catalogue »."),
        "choice",
        Level.MINOR,
        Need.ADOPTION,
        words=Frequency,
    ),
    Field(
        "agregation",
        N_("Agrégation nationale"),
        N_("Comment passe-t-on des labos au pays ?"),
        "choice",
        Level.MAJOR,
        Need.ADOPTION,
        words=Aggregation,
    ),
    Field(
        "preuves_admises",
        N_("Preuves admises"),
        N_("Ce qui peut établir un fait qualitatif."),
        "choices",
        Level.MAJOR,
        Need.ADOPTION,
        words=Evidence,
        added=Level.MINOR,
        when=(Nature.QUALITATIVE, Nature.MIXED),
    ),
    Field(
        "limites",
        N_("Limites et effets pervers"),
        N_("Ce que le chiffre ne dit pas, et ce qu'il pourrait pousser à faire."),
        "markdown",
        Level.PATCH,
        Need.ADOPTION,
    ),
    Field(
        "cout_collecte",
        N_("Coût de collecte"),
        N_("Pour le labo qui remplit."),
        "choice",
        Level.PATCH,
        Need.ADOPTION,
        words=Cost,
    ),
    Field(
        "temps_collecte",
        N_("Temps de collecte par an et par labo"),
        N_("En heures."),
        "number",
        Level.PATCH,
        longest=10,
    ),
    Field(
        "responsable",
        N_("Responsable de la définition"),
        N_("Un service ou un labo, pas une personne."),
        "line",
        Level.PATCH,
        Need.ADOPTION,
        longest=200,
    ),
    Field(
        "indicateurs_lies",
        N_("Indicateurs liés"),
        N_("Un code par ligne, comme ACT-01."),
        "lines",
        Level.PATCH,
        pattern=r"[A-Z]{3}-\d{2,}",
    ),
    Field(
        "equivalents",
        N_("Équivalents"),
        N_("Une adresse par ligne, vers la même notion ailleurs."),
        "lines",
        Level.PATCH,
        pattern=r"https?://\S+",
    ),
)

BY_NAME: Mapping[str, Field] = {field.name: field for field in FIELDS}


def read(raw: Raw) -> Sheet:
    """A sheet from what a form sent: clean, in the declared order, empty fields left out.

    Raises NotThus naming each field that does not hold. Fields it does not know are ignored.
    """
    wrong: dict[str, str] = {}
    sheet: Sheet = {}
    for field in FIELDS:
        value, problem = filled(field, raw.get(field.name, ""))
        if value is None and problem is None and field.need is Need.DRAFT:
            problem = N_("Ce champ est nécessaire.")
        if problem:
            wrong[field.name] = problem
        elif value is not None:
            sheet[field.name] = value
    if wrong:
        raise NotThus(wrong)
    return sheet


def filled(field: Field, sent: str | Sequence[str]) -> tuple[Any, str | None]:
    """What a field holds, clean (None: nothing), or what is wrong with it."""
    texts = [clean(text) for text in ([sent] if isinstance(sent, str) else sent)]
    texts = [text for text in texts if text]
    problem = _problem(field, texts) if texts else None
    return (READERS[field.kind](texts) if texts and not problem else None), problem


def _problem(field: Field, texts: list[str]) -> str | None:
    if sum(map(len, texts)) > field.longest:
        return N_("C'est trop long.")
    if field.kind == "line" and "\n" in texts[0]:
        return N_("Une seule ligne.")
    if field.words and any(text not in {word.value for word in field.words} for text in texts):
        return N_("Choisissez dans la liste.")
    if field.kind == "number" and not re.fullmatch(r"\d{1,6}([.,]\d{1,2})?", texts[0]):
        return N_("Un nombre d'heures, positif ou nul.")
    if field.pattern and not all(re.fullmatch(field.pattern, line) for line in _lines(texts)):
        return N_("Une ligne au moins n'a pas la bonne forme.")
    return None


def _lines(texts: list[str]) -> list[str]:
    """The lines of a list field, without blanks or repeats, in order."""
    return list(dict.fromkeys(line.strip() for text in texts for line in text.split("\n") if line.strip()))


def _number(texts: list[str]) -> int | float:
    value = float(texts[0].replace(",", "."))
    return int(value) if value.is_integer() else value


READERS: Mapping[str, Callable[[list[str]], Any]] = {
    "line": lambda texts: " ".join(texts[0].split()),
    "text": lambda texts: texts[0],
    "markdown": lambda texts: texts[0],
    "choice": lambda texts: texts[0],
    "choices": lambda texts: list(dict.fromkeys(texts)),
    "lines": _lines,
    "number": _number,
}


def write(sheet: Sheet) -> dict[str, str | list[str]]:
    """What a form shows for a sheet: the inverse of `read`."""
    raw: dict[str, str | list[str]] = {}
    for name, value in sheet.items():
        if BY_NAME[name].kind == "lines":
            raw[name] = "\n".join(value)
        elif isinstance(value, list):
            raw[name] = value
        else:
            raw[name] = str(value)
    return raw


def missing(sheet: Sheet) -> list[Field]:
    """The fields that adoption requires and this sheet leaves empty."""
    return [
        field
        for field in FIELDS
        if field.need >= Need.ADOPTION
        and not sheet.get(field.name)
        and (not field.when or sheet.get("nature") in {nature.value for nature in field.when})
    ]
