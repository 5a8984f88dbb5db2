"""Files: what their columns mean, in those tables of a version or of a workshop that have a file of their own."""

from collections.abc import Mapping, Sequence

from server.datasets.of_decisions import BALLOTS
from server.datasets.of_indicators import WORDINGS
from server.tables import Column, Table
from workshops.words import N_

OWN = (
    Column("version", N_("Version"), N_("Numéro de la version."), example="2.0.0"),
    Column("resultat", N_("Résultat"), N_("Ce que la règle fait des votes."), example="kept"),
    Column("methode", N_("Méthode"), N_("Méthode de la règle annoncée."), example="trois_choix"),
    Column("votes_keep", N_("Garder"), N_("Voix pour garder."), "integer", {"minimum": 0}),
    Column("votes_rework", N_("Retravailler"), N_("Voix pour retravailler."), "integer", {"minimum": 0}),
    Column("votes_drop", N_("Écarter"), N_("Voix pour écarter."), "integer", {"minimum": 0}),
    Column("votes_abstain", N_("S'abstenir"), N_("Abstentions."), "integer", {"minimum": 0}),
    Column("votes", N_("Décompte"), N_("Voix par bulletin, séparées par des points-virgules."), example="keep:9;drop:1"),
    Column("exception", N_("Exception"), N_("Pourquoi on s'écarte de la règle, le cas échéant.")),
    Column("motif", N_("Motif"), N_("Pourquoi l'indicateur finit ainsi.")),
    Column("reserves", N_("Réserves"), N_("Ce qui a été dit contre, une ligne chacune.")),
    Column("reponse", N_("Réponse"), N_("Ce qui est répondu aux réserves.")),
    Column("pertinence", N_("Pertinence"), N_("Note de 1 à 9 ; vide pour qui ne se prononce pas."), "integer"),
    Column("mesurabilite", N_("Mesurabilité"), N_("Note de 1 à 9 ; vide pour qui ne se prononce pas."), "integer"),
    Column("regle", N_("Règle"), N_("La règle annoncée, en JSON."), "object"),
)
KNOWN: Mapping[str, Column] = {column.name: column for column in (*WORDINGS.columns, *BALLOTS.columns, *OWN)}


def table_of(name: str, header: Sequence[str]) -> Table:
    """The table that a file holds, by its header."""
    columns = tuple(KNOWN.get(each) or Column(each, each, "") for each in header)
    return Table(name, name, "", columns)
