"""Arguments: argparse, in French."""

import argparse
from typing import Any, NoReturn

WRONG_USE = 2


class Parser(argparse.ArgumentParser):
    """argparse, in French."""

    FRENCH = (
        ("the following arguments are required:", "il manque :"),
        ("unrecognized arguments:", "en trop :"),
        ("invalid choice:", "inconnu :"),
        ("choose from", "au choix :"),
        ("invalid int value:", "ce n'est pas un nombre entier :"),
        ("expected one argument", "il faut une valeur"),
        ("argument ", ""),
    )

    def __init__(self, **given: Any) -> None:
        super().__init__(add_help=False, **given)
        self._positionals.title, self._optionals.title = "à donner", "options"
        self.add_argument("-h", "--help", action="help", help="montrer cette aide")

    def format_usage(self) -> str:
        return super().format_usage().replace("usage:", "usage :", 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage:", "usage :", 1)

    def error(self, message: str) -> NoReturn:
        for english, french in self.FRENCH:
            message = message.replace(english, french)
        self.exit(WRONG_USE, f"{self.format_usage()}{message}\n")
