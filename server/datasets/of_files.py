"""Files: what the columns mean of those tables that a version, or a workshop, has for itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.datafiles.columns import INDICATORS, PASSAGE
from server.datasets.of_decisions import BALLOTS
from server.tables import Column, Table
from workshops.words import N_

# A file of ballots has these beside those of the table of all ballots: an axis each, and the rule on each line.
OWN = (
    Column("pertinence", N_("Pertinence"), N_("Note de 1 à 9 ; vide pour qui ne se prononce pas."), "integer"),
    Column("mesurabilite", N_("Mesurabilité"), N_("Note de 1 à 9 ; vide pour qui ne se prononce pas."), "integer"),
    Column("regle", N_("Règle"), N_("La règle annoncée, en JSON."), "object"),
)
KNOWN: Mapping[str, Column] = {column.name: column for column in (*BALLOTS.columns, *OWN)}


def table_of(name: str, header: Sequence[str]) -> Table:
    """The table that a file holds."""
    whose, _dash, _rest = name.partition("-")
    of_version = {"referentiel": INDICATORS, "passage": PASSAGE}
    return of_version.get(whose) or replace(BALLOTS, name=name, columns=tuple(KNOWN[each] for each in header))
