"""Citations: how a version is named elsewhere, in a bibliography, in a sentence, on a lab's own site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import escape

from server import badges
from server.i18n import dated
from server.i18n import gettext as _
from workshops.words import N_

Document = Mapping[str, Any]

AUTHOR = N_("Grille commune")
# What LaTeX would obey. A brace counts for BibTeX even after a backslash: it is written by its name.
OBEYED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "$&#%_"},
        "\n": " ",
    }
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class Citation:
    """A version as one names it. `label`: what its badge says; `html` and `markdown` show it on another site."""

    sentence: str
    bibtex: str
    label: str
    html: str
    markdown: str


def cite(content: Document, public_url: str) -> Citation:
    """Every way to name a version."""
    address = f"{public_url}/referentiel/{content['version']}"
    badge = f"{address}/badge.svg"
    said = badges.label(content["version"])
    return Citation(
        sentence=sentence(content, address),
        bibtex=bibtex(content, address),
        label=said,
        html=f'<a href="{escape(address)}"><img src="{escape(badge)}" alt="{escape(said)}" height="{badges.HEIGHT}"></a>',
        markdown=f"[![{said}]({badge})]({address})",
    )


def sentence(content: Document, address: str) -> str:
    """« Grille commune, Référentiel d'évaluation…, version 2.0.0, publiée le 23 novembre 2026. https://… »"""
    return _(
        "%(author)s, « %(title)s », version %(version)s, publiée le %(when)s, %(licence)s. %(address)s (%(print)s)"
    ) % {
        "author": _(AUTHOR),
        "title": content["titre"],
        "version": content["version"],
        "when": dated(_published(content)),
        "licence": content["licence"],
        "address": address,
        "print": content["empreinte"],
    }


def bibtex(content: Document, address: str) -> str:
    """One entry, in UTF-8. Braces around the title keep its capitals; `date` and `version` are biblatex's."""
    published = _published(content)
    note = f"Version {content['version']}, {content['licence']}, {content['empreinte']}"
    fields = {
        "author": f"{{{_told(_(AUTHOR))}}}",
        "title": f"{{{_told(content['titre'])}}}",
        "version": _told(content["version"]),
        "date": f"{published:%Y-%m-%d}",
        "year": f"{published:%Y}",
        "url": address,
        "note": _told(note),
        "language": "french",
    }
    lines = [f"  {name} = {{{said}}}," for name, said in fields.items()]
    lines.insert(5, f"  month = {MONTHS[published.month - 1]},")
    return "\n".join([f"@misc{{referentiel-{content['version']},", *lines, "}", ""])


def _told(text: str) -> str:
    return text.translate(OBEYED)


def _published(content: Document) -> datetime:
    return datetime.fromisoformat(content["publie_le"])
