"""The command line: what an administrator does, and what anyone may check."""

from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from server import checking, gestures
from server.arguments import Parser
from server.cli import imports, keys, people, serving, upkeep, workshops
from server.cli.desk import OK, Arguments, on_database, refuse
from workshops.refusals import NotThus, Refusal


def main(argv: Sequence[str] | None = None) -> int:
    """0: done; 1: refused, or not in order; 2: not understood."""
    try:
        given = parser().parse_args(argv)
        return int(given.command(given))
    except NotThus as refusal:
        return refuse("\n".join(gestures.errors(refusal).values()))
    except Refusal as refusal:
        return refuse(gestures.sentence(refusal))
    except (DBAPIError, psycopg.Error, CommandError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        return refuse(f"La base de données ne répond pas comme prévu : {reason}\nFaut-il un « migrate » d'abord ?")
    except KeyboardInterrupt:
        return OK


def parser() -> Parser:
    """What one may type."""
    whole = Parser(prog="python -m server", description="Grille commune, en ligne de commande.")
    commands = whole.add_subparsers(title="commandes", metavar="COMMANDE", required=True)

    def add(name: str, command: Callable[[Arguments], int], words: str) -> Parser:
        added = commands.add_parser(name, help=words, description=words[:1].upper() + words[1:] + ".")
        added.set_defaults(command=command)
        return added

    add("run", serving.run, "mettre la base à jour, puis lancer le serveur")
    add("migrate", serving.migrate, "mettre la base de données et l'annuaire des laboratoires à jour")
    demo = add(
        "demo", serving.demo, "créer le monde de démonstration s'il n'existe pas, et donner ses liens de connexion"
    )
    demo.add_argument("--json", action="store_true", help="en JSON, pour un programme")
    link = add("link", on_database(people.link), "donner un lien de connexion à usage unique, valable quinze minutes")
    link.add_argument("person", metavar="PERSONNE", help="identifiant, adresse électronique ou nom exact")
    publish = add("publish", on_database(workshops.publish), "publier ce qu'un atelier clos a décidé")
    publish.add_argument("workshop", metavar="ATELIER", help="identifiant ou code de l'atelier")
    publish.add_argument("--par", required=True, metavar="PERSONNE", help="qui prépare ; il lui faut le rôle d'édition")
    publish.add_argument(
        "--confirme", required=True, metavar="PERSONNE", help="qui confirme : une autre personne, du même rôle"
    )
    publish.add_argument(
        "--avec", nargs="*", default=[], metavar="ATELIER", help="autres ateliers clos qui nourrissent la même version"
    )
    publish.add_argument("--releve", default="", metavar="MOTIF", help="pourquoi un numéro plus haut que le calculé")
    publish.add_argument("--version", default="", help="numéro de version (par défaut, celui que les écarts demandent)")
    publish.add_argument("--note", default="", help="note de version")
    publish.add_argument(
        "--incompletes", default="", metavar="MOTIF", help="garder aussi les fiches incomplètes, pour ce motif"
    )
    publish.add_argument(
        "--motif", default="", metavar="MOTIF", help="pourquoi finissent ainsi les indicateurs dont personne ne l'a écrit"
    )
    bring = add(
        "import", on_database(imports.bring), "importer un référentiel écrit ailleurs, d'un fichier CSV ou YAML, avec sa source"
    )
    bring.add_argument("file", metavar="FICHIER", type=Path)
    bring.add_argument("--titre", required=True, help="titre que porte le document, sans numéro de version")
    bring.add_argument("--source", required=True, help="référence bibliographique : qui l'a publié, quand")
    bring.add_argument("--adresse", default="", help="où le lire en ligne")
    bring.add_argument("--date", default="", help="date du document, comme il la dit")
    bring.add_argument(
        "--garder", action="append", default=[], metavar="COLONNE", help="garder telle quelle une colonne qui n'existe pas ici"
    )
    bring.add_argument("--essai", action="store_true", help="dire toutes les erreurs, ligne par ligne, sans rien importer")
    export = add(
        "export",
        on_database(workshops.export),
        "écrire dans un dossier tout ce qui est public : ce que contient le zip des données ouvertes",
    )
    export.add_argument("folder", metavar="DOSSIER", type=Path)
    verify = add("verify", workshops.verify, "vérifier un fichier téléchargé, sans base de données ni réglages")
    verify.add_argument("kind", metavar="GENRE", choices=list(checking.CHECKS), help="registre, vote ou referentiel")
    verify.add_argument("file", metavar="FICHIER", type=Path)
    verify.add_argument("--cle", metavar="CLE", type=Path, help="clés publiques (JWK, JWKS) qui signent les versions")
    key = add(
        "key", keys.fresh, "tirer une clé qui signera les versions, ou chiffrera des adresses, et la montrer une fois"
    )
    key.add_argument(
        "kind", metavar="USAGE", nargs="?", choices=[keys.CONTACT], help="contact : pour CONTACT_KEYS ; sinon, pour SIGNING_KEY"
    )
    watch = add("watch", on_database(workshops.watch), "suivre un atelier dans ce terminal, jusqu'à Ctrl-C")
    watch.add_argument("workshop", metavar="ATELIER", help="identifiant ou code de l'atelier")
    watch.add_argument("--depuis", type=int, metavar="N", help="reprendre après le geste N (par défaut, le dernier)")
    save = add("backup", upkeep.save, "sauvegarder la base dans un fichier, sans arrêter le serveur")
    save.add_argument("file", metavar="FICHIER", type=Path)
    save.add_argument("--force", action="store_true", help="remplacer FICHIER s'il existe")
    restore = add("restore", upkeep.restore, "refaire d'une sauvegarde une base, dans une base vide seulement")
    restore.add_argument("file", metavar="FICHIER", type=Path)
    add(
        "purge",
        on_database(upkeep.purge),
        "effacer ce qui est périmé, et ce que des citoyens ont écrit au-delà des durées de conservation",
    )
    grant = add("grant", on_database(people.grant), "donner un rôle à une personne")
    grant.add_argument("person", metavar="PERSONNE", help="identifiant, adresse électronique ou nom exact")
    grant.add_argument("role", metavar="ROLE", choices=list(people.SPELT), help=", ".join(people.ROLES))
    return whole
