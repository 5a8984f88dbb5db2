"""The data contract: every column of the database is published and documented, or private for a written reason."""

from importlib import import_module
from pkgutil import iter_modules

import pytest

import workshops
from server import app
from server.datasets.catalogue import DATASETS, sources
from server.private import PRIVATE
from server.tables import Column, Table
from workshops.records import Record

for module in iter_modules(workshops.__path__):
    import_module(f"workshops.{module.name}")
assert app  # knows everyone: the tables of the server are declared too

TABLES = [dataset.table for dataset in DATASETS]
COLUMNS = [pytest.param(table, column, id=f"{table.name}.{column.name}") for table in TABLES for column in table.columns]


def stored() -> set[str]:
    """Every column of every table."""
    return {f"{table.name}.{column.name}" for table in Record.metadata.tables.values() for column in table.columns}


def kept_private() -> set[str]:
    """Those that the list of private columns names, one by one or by their table."""
    return {name for name in stored() if name in PRIVATE or name.partition(".")[0] + ".*" in PRIVATE}


def test_every_column_is_published_or_private() -> None:
    """Add a Column whose source it is to a dataset (server/datasets), or a line to server/private.py, with the reason."""
    assert sorted(stored() - sources() - kept_private()) == []


def test_no_column_is_both() -> None:
    assert sorted(sources() & kept_private()) == []


def test_no_name_is_stale() -> None:
    tables = {f"{name}.*" for name in Record.metadata.tables}
    assert sorted(sources() - stored()) == []
    assert sorted(set(PRIVATE) - stored() - tables) == []
    assert [name for name in PRIVATE if name not in tables and name.partition(".")[0] + ".*" in PRIVATE] == []


def test_every_private_column_has_a_reason() -> None:
    assert [name for name, reason in PRIVATE.items() if not reason.strip()] == []


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_every_published_column_is_documented(table: Table, column: Column) -> None:
    assert column.title.strip()
    assert column.says.strip()[-1] in ".?…"
    assert column.source or column.read or column.name in COMPUTED[table.name]


# What is counted, or drawn from a key that nobody sees, rather than read.
COMPUTED = {
    "participations": {"personnes"},
    "registre_plateforme": {"reserve"},
    "bulletins": {"voix", "groupe"},
    "traitement_des_temoignages": {"labo", "projet"},
    "enquetes": {"commencees", "terminees"},
    "resultats_d_enquetes": {"reponses", "repondants"},
}


def test_tables_have_names_that_files_may_have() -> None:
    assert [table.name for table in TABLES] == list(dict.fromkeys(table.name for table in TABLES))
    for table in TABLES:
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
        assert set(table.key) <= set(names)
        assert all(name.isidentifier() and name.islower() and name.isascii() for name in (table.name, *names))


def test_nothing_that_says_who_somebody_is_is_published() -> None:
    """Names, addresses and secrets, by the columns that hold them: the list of private ones may not lose these."""
    secret = {"person", "identity", "session", "signinlink", "signinattempt", "maillink", "invitation", "attachment", "contact", "appeal"}
    assert {source for source in sources() if source.partition(".")[0] in secret} == set()
    assert sources() & {"member.name", "member.person_id", "vote.person_id", "workshop.salt", "workshop.code"} == set()
    witness = {"testimonial.key_hash", "testimonial.at", "testimonial.told_at", "telling.name", "decision.note"}
    assert sources() & witness == set()
