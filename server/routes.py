"""Routes: every address on one page. A route is named after its page: "<module>.<function>"."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.live import socket
from server.pages import comments, frameworks, home, indicators, labs, mailbox, signin, votes, workshops


def _page(path: str, page: object, method: str = "GET") -> Route:
    name = f"{page.__module__.rpartition('.')[2]}.{page.__name__}"  # type: ignore[attr-defined]
    return Route(path, page, methods=[method], name=name)  # type: ignore[arg-type]


# fmt: off
ROUTES: list[BaseRoute] = [
    _page("/",                                             home.show),
    _page("/sante",                                        home.health),
    _page("/sante/vivant",                                 home.alive),
    _page("/sante/pret",                                   home.ready),
    _page("/metriques",                                    home.metrics),

    _page("/connexion",                                    signin.start),
    _page("/connexion/retour",                             signin.back),
    _page("/connexion/lien/{token}",                       signin.by_link),
    _page("/connexion/courriel",                           mailbox.new),
    _page("/connexion/courriel",                           mailbox.ask,             "POST"),
    _page("/connexion/courriel/{token}",                   mailbox.confirm),
    _page("/connexion/courriel/{token}",                   mailbox.enter,           "POST"),
    _page("/deconnexion",                                  signin.out,              "POST"),

    _page("/rejoindre",                                    workshops.door),
    _page("/rejoindre/{code}",                             workshops.doorstep),
    _page("/rejoindre/{code}",                             workshops.join,          "POST"),

    _page("/ateliers",                                     workshops.index),
    _page("/ateliers",                                     workshops.convene,       "POST"),
    _page("/ateliers/nouveau",                             workshops.new),
    _page("/ateliers/{workshop:tag}",                      workshops.room),
    _page("/ateliers/{workshop:tag}.json",                 workshops.state),
    _page("/ateliers/{workshop:tag}/ecran",                workshops.screen),
    _page("/ateliers/{workshop:tag}/etape",                workshops.move,          "POST"),
    _page("/ateliers/{workshop:tag}/registre",             workshops.minutes),
    _page("/ateliers/{workshop:tag}/registre.json",        workshops.minutes_json),
    _page("/ateliers/{workshop:tag}/indicateurs/nouveau",  indicators.new),
    _page("/ateliers/{workshop:tag}/indicateurs",          indicators.propose,      "POST"),
    _page("/ateliers/{workshop:tag}/referentiel",          frameworks.prepare),
    _page("/ateliers/{workshop:tag}/referentiel",          frameworks.publish,      "POST"),
    WebSocketRoute("/ateliers/{workshop:tag}/direct",      socket.room,             name="socket.room"),

    _page("/indicateurs/{indicator:tag}",                  indicators.show),
    _page("/indicateurs/{indicator:tag}/bulletin",         indicators.ballot),
    _page("/indicateurs/{indicator:tag}/redaction",        indicators.edit),
    _page("/indicateurs/{indicator:tag}/redaction",        indicators.reword,       "POST"),
    _page("/indicateurs/{indicator:tag}/retrait",          indicators.withdraw,     "POST"),
    _page("/indicateurs/{indicator:tag}/avis",             comments.post,           "POST"),
    _page("/avis/{comment:tag}/masquage",                  comments.hide,           "POST"),
    _page("/indicateurs/{indicator:tag}/vote",             votes.cast,              "POST"),
    _page("/indicateurs/{indicator:tag}/vote/retrait",     votes.take_back,         "POST"),

    _page("/referentiel",                                  frameworks.latest),
    _page("/referentiel/{before:version}...{after:version}", frameworks.compare),
    _page("/referentiel/{version:version}.json",           frameworks.as_json),
    _page("/referentiel/{version:version}.csv",            frameworks.as_csv),
    _page("/referentiel/{version:version}",                frameworks.show),

    _page("/laboratoires",                                 labs.index),
    _page("/laboratoires/{slug}",                          labs.show),
]
# fmt: on
