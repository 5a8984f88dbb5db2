"""Columns: the tables of a version, declared once; CSV, Table Schema, workbooks and the dictionary derive from them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from server import tables
from server.tables import Column, Row, Table
from workshops import sheet, versions
from workshops.consensus import NAMES, Choice, Outcome
from workshops.crosswalks import Fate
from workshops.items import DEPRECATED, IN_FORCE
from workshops.sheet import FIELDS, Field, Need
from workshops.words import N_

Content = Mapping[str, Any]

SOURCE = "framework.document"
CODE = sheet.BY_NAME["indicateurs_lies"].pattern
VERSION = f"{versions.PLAIN}({versions.CANDIDATE})?"
# What a text may look like, where the field suggests nothing and takes no word of a list.
EXAMPLES = {
    "libelle": "Nombre d'usagers engagés et impliqués dans les démarches et projets du lab",
    "definition": "Compte des usagers de services publics ayant pris part aux démarches ou projets du lab.",
    "libelle_court": "Usagers engagés",
    "question_evaluative": "Les projets sont-ils conduits avec celles et ceux qu'ils concernent ?",
    "inclusions": "Les personnes venues plusieurs fois, comptées une fois.",
    "exclusions": "Les personnes seulement informées du projet.",
    "numerateur": "Usagers ayant pris part au projet",
    "denominateur": "Usagers invités",
    "population": "Usagers des services publics concernés",
    "ventilations": "par territoire;par public",
    "source_donnee": "feuilles de présence",
    "limites": "Compter les présents ne dit rien de leur influence.",
    "temps_collecte": "2.5",
    "responsable": "Le laboratoire",
    "indicateurs_lies": "ACT-01;ACT-03",
    "equivalents": "https://indicateurs.example/participation",
}


# ── The indicators of a version


def indicators(content: Content) -> list[Row]:
    """The rows of the table of indicators: the items of the document, each with its version."""
    return [{**item, "version": content["version"]} for item in content["indicateurs"]]


def _of_the_sheet(field: Field) -> Column:
    return Column(
        field.name,
        field.label,
        field.help,
        "number" if field.kind == "number" else "string",
        {**({"required": True} if field.need is Need.DRAFT else {}), **_limits(field)},
        SOURCE,
        _example(field),
        lambda row: row["fiche"].get(field.name),
    )


def _limits(field: Field) -> dict[str, Any]:
    """What a cell of a field may hold. Its length is not limited: a text made harmless is longer by a letter."""
    if field.kind == "number":
        return {"minimum": 0}
    if field.kind == "choice" and field.words:
        return {"enum": [word.value for word in field.words]}
    if field.kind == "choices" and field.words:
        return {"pattern": _several("|".join(word.value for word in field.words))}
    return {"pattern": _several(field.pattern)} if field.pattern else {}


def _several(pattern: str) -> str:
    """One of these or more, as a list is written in a cell."""
    return f"({pattern})({tables.SEPARATOR}({pattern}))*"


def _example(field: Field) -> str:
    said = [word.value for word in field.words] if field.words else list(field.suggestions)
    return EXAMPLES.get(field.name) or tables.SEPARATOR.join(said[: 2 if field.is_list else 1])


def _decided(name: str) -> Callable[[Row], Any]:
    return lambda row: row.get("decision", {}).get(name)


def _method(row: Row) -> Any:
    return row.get("decision", {}).get("regle", {}).get("methode")


def _votes(row: Row) -> dict[str, int]:
    """The votes on the text that was kept. Some ways of deciding count otherwise than by ballot."""
    votes: dict[str, int] = row.get("decision", {}).get("votes", {}).get("texte_actuel", {})
    return votes


def _said(choice: Choice) -> Column:
    return Column(
        f"votes_{choice.value}",
        choice.label,
        N_("Nombre de votes de ce choix sur le texte retenu, quand la règle est celle des trois choix."),
        "integer",
        {"minimum": 0},
        SOURCE,
        "4",
        lambda row: _votes(row).get(choice.value),
    )


def _deprecated(name: str) -> Callable[[Row], Any]:
    return lambda row: (row.get("depreciation") or {}).get(name)


INDICATORS = Table(
    "indicateurs",
    N_("Indicateurs"),
    N_("Un indicateur par ligne : sa fiche, champ par champ, puis ce qui a été décidé de lui."),
    (
        Column(
            "version",
            N_("Version"),
            N_("Numéro de la version du référentiel."),
            limits={"required": True, "pattern": VERSION},
            source="framework.version",
            example="2.1.0",
        ),
        Column(
            "code",
            N_("Code"),
            N_("Code de l'indicateur, donné une fois pour toutes."),
            limits={"required": True, "unique": True, "pattern": CODE},
            source=SOURCE,
            example="ACT-02",
        ),
        *map(_of_the_sheet, FIELDS),
        Column(
            "resultat",
            N_("Résultat"),
            N_("Ce que les votes disent selon la règle annoncée ; il reste à lire avec l'exception, s'il y en a une."),
            limits={"enum": [outcome.value for outcome in Outcome]},
            source=SOURCE,
            example="kept",
            read=_decided("resultat"),
        ),
        Column(
            "methode",
            N_("Méthode"),
            N_("La méthode de vote annoncée par l'atelier."),
            limits={"enum": list(NAMES)},
            source=SOURCE,
            example="trois_choix",
            read=_method,
        ),
        *map(_said, Choice),
        Column(
            "votes",
            N_("Votes"),
            N_("Chaque bulletin suivi de son nombre, quelle que soit la méthode."),
            source=SOURCE,
            example="keep:4;rework:1;drop:0;abstain:1",
            read=lambda row: [f"{ballot}:{number}" for ballot, number in _votes(row).items()],
        ),
        Column(
            "exception",
            N_("Exception"),
            N_("Pourquoi l'édition s'écarte du vote ou garde une fiche incomplète ; vide le plus souvent."),
            source=SOURCE,
            example="Fiche à compléter dans la prochaine version.",
            read=lambda row: (row.get("decision", {}).get("exception") or {}).get("motif"),
        ),
        Column(
            "motif",
            N_("Motif"),
            N_("Pourquoi l'indicateur est retenu."),
            source=SOURCE,
            example="Retenu par la règle annoncée.",
            read=_decided("motif"),
        ),
        Column(
            "reserves",
            N_("Réserves"),
            N_("Ce qui a été dit contre ce texte et tient encore, une réserve par ligne de la cellule."),
            source=SOURCE,
            example="Trop lourd à compter pour un petit labo.",
            read=lambda row: "\n".join(each["texte"] for each in row.get("reserves") or []),
        ),
        Column(
            "reponse",
            N_("Réponse"),
            N_("Ce que l'animation a répondu aux réserves."),
            source=SOURCE,
            example="Le comptage se fait déjà.",
        ),
        Column(
            "statut",
            N_("Statut"),
            N_("En vigueur, ou déprécié : encore publié, mais une prochaine version pourra le retirer."),
            limits={"required": True, "enum": [IN_FORCE, DEPRECATED]},
            source=SOURCE,
            example=IN_FORCE,
            read=lambda row: row.get("statut", IN_FORCE),
        ),
        Column(
            "deprecie_depuis",
            N_("Déprécié depuis"),
            N_("La version qui l'a déprécié."),
            limits={"pattern": VERSION},
            source=SOURCE,
            example="2.1.0",
            read=_deprecated("depuis"),
        ),
        Column(
            "remplace_par",
            N_("Remplacé par"),
            N_("Les codes de ce qui prend sa place."),
            limits={"pattern": _several(CODE)},
            source=SOURCE,
            example="ACT-02",
            read=_deprecated("remplace_par"),
        ),
        Column(
            "atelier",
            N_("Atelier"),
            N_("L'atelier qui a retenu ce texte, à l'adresse /ateliers/{atelier}."),
            source=SOURCE,
            example="k3v9x1c0q7ab",
            read=_decided("atelier"),
        ),
        Column(
            "redaction",
            N_("Rédaction"),
            N_("Le numéro du texte retenu, parmi ceux que cet atelier a écrits."),
            "integer",
            {"minimum": 1},
            SOURCE,
            "3",
            _decided("redaction"),
        ),
    ),
    ("version", "code"),
)


# ── What became of those of the version before


def passage(content: Content) -> Iterator[Row]:
    """The rows of the crosswalk: one a pair of indicators, one for each that has no pair."""
    previous = (content.get("precedente") or {}).get("version")
    titles = {item["code"]: item["fiche"].get("libelle") for item in content["indicateurs"]}
    for line in content.get("passage") or []:
        for source in line["de"] or [None]:
            for target in line["vers"] or [None]:
                yield {
                    "version_precedente": previous,
                    "code_precedent": source,
                    "sort": line["sort"],
                    "version": content["version"],
                    "code": target,
                    "libelle": titles.get(target),
                }


PASSAGE = Table(
    "passage",
    N_("Passage"),
    N_("Ce que chaque indicateur de la version précédente est devenu : une ligne pour chaque correspondance."),
    (
        Column(
            "version_precedente",
            N_("Version précédente"),
            N_("La version d'où l'on vient ; vide pour la première."),
            limits={"pattern": VERSION},
            source="framework.previous_version",
            example="2.0.0",
        ),
        Column(
            "code_precedent",
            N_("Code précédent"),
            N_("Code de l'indicateur dans la version précédente ; vide s'il est nouveau."),
            limits={"pattern": CODE},
            source=SOURCE,
            example="ACT-01",
        ),
        Column(
            "sort",
            N_("Sort"),
            N_(
                "Ce qu'il est devenu : le même, reformulé, plus étroit, plus large, scindé, fusionné, nouveau ou retiré."
            ),
            limits={"enum": [fate.value for fate in Fate]},
            source=SOURCE,
            example="fusionne",
        ),
        Column(
            "version",
            N_("Version"),
            N_("La version où l'on arrive."),
            limits={"required": True, "pattern": VERSION},
            source="framework.version",
            example="2.1.0",
        ),
        Column(
            "code",
            N_("Code"),
            N_("Code de l'indicateur dans cette version ; vide s'il en est retiré."),
            limits={"pattern": CODE},
            source=SOURCE,
            example="ACT-02",
        ),
        Column(
            "libelle",
            N_("Intitulé"),
            N_("Intitulé de l'indicateur dans cette version."),
            source=SOURCE,
            example="Nombre d'usagers engagés",
        ),
    ),
    ("code_precedent", "code"),
)
