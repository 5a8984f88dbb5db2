"""Writes docs/droits.md: every address, and whom it answers. `python -m scripts.rights`."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

import server.app  # noqa: F401  the kinds of ids that addresses have
from server.routes import ACCESS, ROUTES
from server.settings import ROOT

PAGE = ROOT / "docs" / "droits.md"
HEAD = """\
# Qui peut quoi

Chaque adresse, et à qui elle répond. Cette page est écrite par `python -m scripts.rights` d'après
[server/routes.py](../server/routes.py) ; un test vérifie qu'elle dit vrai, un autre envoie quatorze sortes de personnes à
toutes ces adresses. Le domaine décide en plus de l'objet : animer un atelier ne donne rien dans un autre, répondre d'un
laboratoire non plus. Ce qui n'est pas dans cette table est refusé.

| Adresse | Méthode | Répond à |
|---|---|---|
"""


def written() -> str:
    """The page, as the table of addresses says it."""
    return HEAD + "".join(f"| `{path}` | {method} | {ACCESS[name].value} |\n" for path, method, name in map(_line, _routes()))


def _routes() -> list[BaseRoute]:
    return [route for route in ROUTES if isinstance(route, Route | WebSocketRoute)]


def _line(route: BaseRoute) -> tuple[str, str, str]:
    if isinstance(route, WebSocketRoute):
        return route.path, "WebSocket", route.name
    assert isinstance(route, Route)
    return route.path, "POST" if "POST" in (route.methods or ()) else "GET", route.name


if __name__ == "__main__":
    PAGE.write_text(written())
