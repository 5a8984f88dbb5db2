"""Documents: two published versions, as files, for what is made of a document alone."""

from datetime import datetime
from typing import Any

from tests.cast import COMPLETE
from workshops import chains, frameworks, seals
from workshops.canonical import canonical
from workshops.consensus import ANNOUNCED
from workshops.frameworks import Framework

Document = dict[str, Any]

VOTES = {"texte_actuel": {"keep": 9, "rework": 2, "drop": 1, "abstain": 1}, "texte_anterieur": 2}
WORKSHOP = {
    "id": "atelier00001",
    "titre": "Atelier de novembre",
    "date": "2026-11-23",
    "geste": 412,
    "registre": "a" * 64,
    "regle": ANNOUNCED.published(),
    "tour": 1,
}


def item(code: str, **said: Any) -> Document:
    """An indicator of a version; `fiche` completes a whole sheet, the rest completes the item."""
    sheet = {**COMPLETE, **said.pop("fiche", {})}
    return {
        "code": code,
        "statut": "en_vigueur",
        "fiche": sheet,
        "origine": "atelier",
        "provient_de": [],
        "coauteurs": ["siilab"],
        "decision": {
            "regle": ANNOUNCED.published(),
            "resultat": "kept",
            "votes": VOTES,
            "motif": "Retenu par la règle annoncée.",
            "redaction": 2,
            "atelier": WORKSHOP["id"],
        },
        "reserves": [{"genre": "vote", "bulletin": "rework", "labo": "siilab", "texte": "=Trop lourd à compter"}],
        "reponse": "Le comptage se fait déjà.",
        "provenance": {
            name: {
                "atelier": WORKSHOP["id"],
                "indicateur": "indicateur01",
                "redaction": 1,
                "geste": 12,
                "labo": "ti-lab",
                "version": "2.0.0",
            }
            for name in sheet
        },
        "depreciation": None,
        "correction": None,
        **said,
    }


def document(version: str, items: list[Document], **said: Any) -> Document:
    """A published document with these indicators, its seals and its fingerprint computed."""
    told: Document = {
        "titre": "Référentiel d'évaluation des laboratoires d'innovation publique",
        "version": version,
        "publie_le": "2026-11-23T09:00:00.000Z",
        "note": "Première version écrite en atelier.",
        "licence": "Licence Ouverte 2.0",
        "precedente": None,
        "chaine": [],
        "niveau": None,
        "prepare_par": "dominique001",
        "confirme_par": "maxime000001",
        "relecture": None,
        "ateliers": [WORKSHOP],
        "atelier": WORKSHOP,
        "indicateurs": items,
        "ecartes": [
            {
                "code": "ACT-07",
                "libelle": "Nombre de publications",
                "decision": {
                    "regle": ANNOUNCED.published(),
                    "resultat": "dropped",
                    "votes": {"texte_actuel": {"keep": 1, "rework": 0, "drop": 9, "abstain": 0}, "texte_anterieur": 0},
                    "motif": "Redondant.",
                    "atelier": WORKSHOP["id"],
                },
            }
        ],
        "hors_table": [],
        "passage": [{"sort": "nouveau", "de": [], "vers": [each["code"]]} for each in items],
        **said,
    }
    return sealed(told)


def sealed(told: Document) -> Document:
    """A document with its seals and its fingerprint made again."""
    bare = {key: value for key, value in told.items() if key not in seals.UNSEALED}
    whole = {**bare, "sceaux": seals.seals(bare)}
    return {**whole, "empreinte": frameworks.fingerprint(whole)}


def history() -> tuple[Document, Document]:
    """2.0.0, then 2.1.0: one sheet reworded, one widened, one deprecated in favour of another, one added."""
    impact = {"famille": "impact", "nature": "qualitatif", "preuves_admises": ["temoignage", "enquete"]}
    first = document(
        "2.0.0",
        [
            item("ACT-01", fiche={"libelle": "Nombre de projets abandonnés à temps, « sans regret »"}),
            item("ACT-02", fiche={"libelle": "+ Nombre d'agents formés", "unite": "agents", "temps_collecte": 2.5}),
            item("RES-01", fiche={"famille": "resultats", "libelle": "Solutions encore utilisées", "facteur": "100"}),
            item("IMP-01", fiche=impact),
        ],
    )
    old = {each["code"]: each for each in first["indicateurs"]}
    deprecation = {
        "depuis": "2.1.0",
        "motif": "Réuni avec ACT-02.",
        "remplace_par": ["ACT-02"],
        "atelier": "atelier00002",
    }
    second = document(
        "2.1.0",
        [
            {**old["ACT-01"], "statut": "deprecie", "depreciation": deprecation},
            item("ACT-02", fiche={**old["ACT-02"]["fiche"], "ventilations": ["par territoire", "par versant"]}),
            {**old["RES-01"], "fiche": {**old["RES-01"]["fiche"], "libelle": "Solutions toujours utilisées"}},
            old["IMP-01"],
            item("IMP-10", fiche={**impact, "libelle": "Confiance des usagers"}),
        ],
        publie_le="2027-03-01T10:00:00.000Z",
        note="",
        precedente={"version": "2.0.0", "empreinte": first["empreinte"]},
        chaine=chains.chain([first]),
        niveau={"calcule": "mineur", "retenu": "mineur", "motif": ""},
        passage=[
            {"sort": "fusionne", "de": ["ACT-01"], "vers": ["ACT-02"]},
            {"sort": "plus_large", "de": ["ACT-02"], "vers": ["ACT-02"]},
            {"sort": "reformule", "de": ["RES-01"], "vers": ["RES-01"]},
            {"sort": "identique", "de": ["IMP-01"], "vers": ["IMP-01"]},
            {"sort": "nouveau", "de": [], "vers": ["IMP-10"]},
        ],
    )
    return first, second


def frozen(told: Document) -> Framework:
    """A published version that says this document, to be put in the database."""
    return Framework(
        version=told["version"],
        previous_version=told["precedente"]["version"] if told["precedente"] else None,
        prepared_by=told["prepare_par"],
        published_by="dominique001",
        published_at=datetime.fromisoformat(told["publie_le"]),
        fingerprint=told["empreinte"],
        document=canonical({name: said for name, said in told.items() if name != "empreinte"}).decode(),
    )
