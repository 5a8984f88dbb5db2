"""The licence: under which one anybody may use again what is published here."""

NAME = "Licence Ouverte 2.0"
ID = "etalab-2.0"  # at spdx.org
ADDRESS = f"https://spdx.org/licenses/{ID}.html"  # where it has one that does not move
