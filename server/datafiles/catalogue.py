"""Catalogue: every file of a version, and its permanent address."""

from dataclasses import dataclass

from workshops.words import N_

JSON, LINKED, TABULAR = "application/json", "application/ld+json", "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ODS = "application/vnd.oasis.opendocument.spreadsheet"


@dataclass(frozen=True)
class File:
    """A file of every version.

    `ending` follows the version in its address; `schema` is the ending of what describes it. An `attached` file is
    saved under its name rather than shown.
    """

    ending: str
    media: str
    title: str
    schema: str = ""
    attached: bool = False

    def path(self, version: str) -> str:
        """Where it is on the site, for ever."""
        return f"/referentiel/{version}{self.ending}"

    def name(self, version: str) -> str:
        """What it is called once downloaded."""
        noun, _, extension = self.ending.removeprefix("/").partition(".")
        return f"{noun or 'referentiel'}-{version}.{extension}"


FILES = (
    File(".json", JSON, N_("Le document canonique, celui de l'empreinte"), ".schema.json"),
    File(".schema.json", "application/schema+json", N_("Le schéma du document (JSON Schema)")),
    File(".csv", TABULAR, N_("Les indicateurs en tableau"), ".tableschema.json", attached=True),
    File(".tableschema.json", JSON, N_("Le schéma de ce tableau (Table Schema)")),
    File(".xlsx", XLSX, N_("Le classeur, pour Excel"), attached=True),
    File(".ods", ODS, N_("Le classeur, au format OpenDocument"), attached=True),
    File(".jsonld", LINKED, N_("Les indicateurs en données liées (SKOS et DCAT)")),
    File(
        "/passage.csv",
        TABULAR,
        N_("Le passage depuis la version précédente, en tableau"),
        "/passage.tableschema.json",
        attached=True,
    ),
    File("/passage.tableschema.json", JSON, N_("Le schéma du tableau de passage (Table Schema)")),
    File("/passage.jsonld", LINKED, N_("Le passage depuis la version précédente, en données liées (SKOS)")),
)
# Those that other pages draw: a program of its own prints the annex, a citation is a text.
ELSEWHERE = (
    File(".pdf", "application/pdf", N_("L'annexe de convention, accessible, une fiche par page (PDF)")),
    File(".bib", "application/x-bibtex", N_("La citation (BibTeX)")),
)
EVERY = (*ELSEWHERE, *FILES)
# The few that most people look for, by the names they know them under.
NAMED = {"PDF": ".pdf", "Excel": ".xlsx", "OpenDocument": ".ods", "CSV": ".csv", "JSON": ".json", "JSON-LD": ".jsonld"}
BY_ENDING = {file.ending: file for file in FILES}
