"""Backup: the whole database in one file, and that file made a database again."""

from pathlib import Path

from server import migrating
from server.backup import postgresql, sqlite
from server.backup.files import Impossible, kind_of, whole_file

__all__ = ["Impossible", "restore", "save"]

KINDS = {"sqlite": sqlite, "postgresql": postgresql}


def save(url: str, file: Path, *, over: bool = False) -> None:
    """One moment of the database, in a file that appears once it is whole and checked. The server may be writing."""
    if not over and file.exists():
        raise Impossible(f"{file} existe déjà. Choisissez un autre nom, ou ajoutez --force pour le remplacer.")
    ours = KINDS[migrating.backend(url)]
    with whole_file(file) as draft:
        ours.save(url, draft)
        ours.check(draft)


def restore(url: str, file: Path) -> None:
    """The database as it was when it was saved, at the schema it had then: `migrating.upgrade` comes next.

    Only into an empty place: a base where somebody has come, or a version was published, is never replaced.
    """
    kind = kind_of(file)
    if kind != migrating.backend(url):
        raise Impossible(f"{file} est une sauvegarde {NAMES[kind]} ; la base des réglages est {NAMES[other(kind)]}.")
    ours = KINDS[kind]
    ours.check(file)
    _require_known(file, ours.schema(file))
    with migrating.alone(url):
        if not ours.is_empty(url):
            raise Impossible(
                "Cette base n'est pas vide : rien n'y est restauré. Créez-en une neuve, donnez-la dans DATABASE_URL, "
                "puis recommencez."
            )
        ours.load(file, url)


NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def other(kind: str) -> str:
    """The other kind of database."""
    return next(name for name in KINDS if name != kind)


def _require_known(file: Path, schema: str | None) -> None:
    if schema is None:
        raise Impossible(f"{file} ne contient pas une base de Grille commune.")
    if not migrating.is_known(schema):
        raise Impossible(
            f"{file} vient d'une version plus récente de Grille commune (schéma {schema}, inconnu ici) : "
            "mettez d'abord le programme à jour."
        )
