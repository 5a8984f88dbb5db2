"""Routes: every address on one page, and who may ask for it. A route is named after its page: "<module>.<function>"."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from server.access import Page, Who, guard
from server.live import socket
from server.pages import (
    account,
    amendments,
    comments,
    conclusions,
    consents,
    contests,
    contributions,
    frameworks,
    handwritten,
    home,
    indicators,
    invitations,
    keys,
    labs,
    legal,
    lineage,
    mailbox,
    memberships,
    notes,
    objections,
    platform,
    results,
    rules,
    schedule,
    signin,
    turnout,
    votes,
    workshops,
)


def _page(path: str, page: Page, who: Who, method: str = "GET") -> Route:
    name = f"{page.__module__.rpartition('.')[2]}.{page.__name__}"
    ACCESS[name] = who
    return Route(path, guard(page, who), methods=[method], name=name)


ACCESS: dict[str, Who] = {"socket.room": Who.SEATED}  # the socket says no in its own way: 1008


# fmt: off
ROUTES: list[BaseRoute] = [
    _page("/",                                                      home.show,                  Who.ANYONE),
    _page("/sante",                                                 home.health,                Who.ANYONE),
    _page("/sante/vivant",                                          home.alive,                 Who.ANYONE),
    _page("/sante/pret",                                            home.ready,                 Who.ANYONE),
    _page("/metriques",                                             home.metrics,               Who.ANYONE),

    _page("/.well-known/jwks.json",                                 keys.public,                Who.ANYONE),

    _page("/connexion",                                             signin.start,               Who.ANYONE),
    _page("/connexion/retour",                                      signin.back,                Who.ANYONE),
    _page("/connexion/lien/{token}",                                signin.by_link,             Who.ANYONE),
    _page("/connexion/courriel",                                    mailbox.new,                Who.ANYONE),
    _page("/connexion/courriel",                                    mailbox.ask,                Who.ANYONE, "POST"),
    _page("/connexion/courriel/{token}",                            mailbox.confirm,            Who.ANYONE),
    _page("/connexion/courriel/{token}",                            mailbox.enter,              Who.ANYONE, "POST"),
    _page("/deconnexion",                                           signin.out,                 Who.ANYONE, "POST"),
    _page("/deconnexion/retour",                                    signin.gone,                Who.ANYONE),

    _page("/compte",                                                account.show,               Who.SOMEBODY),
    _page("/compte/donnees.json",                                   account.data,               Who.SOMEBODY),
    _page("/compte/rattachement",                                   account.attach,             Who.SOMEBODY, "POST"),
    _page("/compte/rattachement/refus",                             account.leave_guest,        Who.SOMEBODY, "POST"),
    _page("/compte/appareils/{session:tag}/fin",                    account.close,              Who.SOMEBODY, "POST"),
    _page("/compte/appareils/fin",                                  account.close_others,       Who.SOMEBODY, "POST"),
    _page("/compte/identites/{identity:tag}/retrait",               account.remove_identity,    Who.SOMEBODY, "POST"),
    _page("/compte/effacement",                                     account.farewell,           Who.SOMEBODY),
    _page("/compte/effacement",                                     account.erase,              Who.SOMEBODY, "POST"),

    _page("/mes-contributions",                                     contributions.show,         Who.SOMEBODY),

    _page("/invitations",                                           invitations.make,           Who.GIVER, "POST"),
    _page("/invitations/{invitation:tag}/retrait",                  invitations.withdraw,       Who.GIVER, "POST"),
    _page("/invitation/{offer}",                                    invitations.show,           Who.ANYONE),
    _page("/invitation/{offer}",                                    invitations.accept,         Who.ACCOUNT, "POST"),

    _page("/administration",                                        platform.administration,    Who.PUBLISHER),
    _page("/administration/roles/{granting:tag}/retrait",           platform.withdraw_role,     Who.PUBLISHER, "POST"),
    _page("/registre",                                              platform.minutes,           Who.ANYONE),
    _page("/registre.json",                                         platform.minutes_json,      Who.ANYONE),

    _page("/conditions",                                            legal.terms,                Who.ANYONE),
    _page("/conditions",                                            legal.accept_terms,         Who.SOMEBODY, "POST"),
    _page("/vie-privee",                                            legal.privacy,              Who.ANYONE),

    _page("/rejoindre",                                             workshops.door,             Who.ANYONE),
    _page("/rejoindre/{code}",                                      workshops.doorstep,         Who.ANYONE),
    _page("/rejoindre/{code}",                                      workshops.join,             Who.ANYONE, "POST"),

    _page("/ateliers",                                              workshops.index,            Who.ANYONE),
    _page("/ateliers",                                              workshops.convene,          Who.CONVENER, "POST"),
    _page("/ateliers/nouveau",                                      workshops.new,              Who.CONVENER),
    _page("/ateliers/{workshop:tag}",                               workshops.room,             Who.ANYONE),
    _page("/ateliers/{workshop:tag}.json",                          workshops.state,            Who.ANYONE),
    _page("/ateliers/{workshop:tag}/ecran",                         workshops.screen,           Who.PARTICIPANT),
    _page("/ateliers/{workshop:tag}/etape",                         workshops.move,             Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/regle",                         rules.show,                 Who.ANYONE),
    _page("/ateliers/{workshop:tag}/regle",                         rules.announce,             Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/tour",                          rules.open_round,           Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/deroule",                       schedule.edit,              Who.LEADER),
    _page("/ateliers/{workshop:tag}/deroule",                       schedule.write,             Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/minuteur",                      schedule.start,             Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/minuteur/prolongation",         schedule.extend,            Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/minuteur/arret",                schedule.stop,              Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/notes",                         notes.edit,                 Who.LEADER),
    _page("/ateliers/{workshop:tag}/notes",                         notes.write,                Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/rappels",                       turnout.show,               Who.LEADER),
    _page("/ateliers/{workshop:tag}/resultats",                     results.show,               Who.ANYONE),
    _page("/ateliers/{workshop:tag}/bulletins.json",                results.ballots_json,       Who.ANYONE),
    _page("/ateliers/{workshop:tag}/bulletins.csv",                 results.ballots_csv,        Who.ANYONE),
    _page("/ateliers/{workshop:tag}/consentement",                  consents.own,               Who.PARTICIPANT),
    _page("/ateliers/{workshop:tag}/consentement",                  consents.give,              Who.VOTER, "POST"),
    _page("/ateliers/{workshop:tag}/consentement/retrait",          consents.take_back,         Who.VOTER, "POST"),
    _page("/ateliers/{workshop:tag}/objections",                    objections.state,           Who.VOTER, "POST"),
    _page("/ateliers/{workshop:tag}/papier",                        handwritten.new,            Who.LEADER),
    _page("/ateliers/{workshop:tag}/papier",                        handwritten.enter,          Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/papier/{member:tag}/retrait",   handwritten.withdraw,       Who.LEADER, "POST"),
    _page("/ateliers/{workshop:tag}/registre",                      workshops.minutes,          Who.ANYONE),
    _page("/ateliers/{workshop:tag}/registre.json",                 workshops.minutes_json,     Who.ANYONE),
    _page("/ateliers/{workshop:tag}/indicateurs/nouveau",           indicators.new,             Who.PARTICIPANT),
    _page("/ateliers/{workshop:tag}/indicateurs",                   indicators.propose,         Who.PARTICIPANT, "POST"),
    _page("/ateliers/{workshop:tag}/indicateurs/semblables",        indicators.alike,           Who.PARTICIPANT),
    _page("/ateliers/{workshop:tag}/invitations",                   invitations.for_workshop,   Who.FACILITATOR),
    _page("/ateliers/{workshop:tag}/referentiel",                   frameworks.prepare,         Who.PUBLISHER),
    _page("/ateliers/{workshop:tag}/referentiel",                   frameworks.publish,         Who.PUBLISHER, "POST"),
    WebSocketRoute("/ateliers/{workshop:tag}/direct",      socket.room,             name="socket.room"),

    _page("/indicateurs/{indicator:tag}",                           indicators.show,            Who.ANYONE),
    _page("/indicateurs/{indicator:tag}/bulletin",                  indicators.ballot,          Who.PARTICIPANT),
    _page("/indicateurs/{indicator:tag}/redaction",                 indicators.edit,            Who.PARTICIPANT),
    _page("/indicateurs/{indicator:tag}/redaction",                 indicators.reword,          Who.PARTICIPANT, "POST"),
    _page("/indicateurs/{indicator:tag}/retrait",                   indicators.withdraw,        Who.AUTHOR, "POST"),
    _page("/indicateurs/{indicator:tag}/fusion",                    lineage.merging,            Who.LEADER),
    _page("/indicateurs/{indicator:tag}/fusion",                    lineage.merge,              Who.LEADER, "POST"),
    _page("/indicateurs/{indicator:tag}/scission",                  lineage.splitting,          Who.LEADER),
    _page("/indicateurs/{indicator:tag}/scission",                  lineage.split,              Who.LEADER, "POST"),
    _page("/indicateurs/{indicator:tag}/conclusion",                conclusions.conclude,       Who.LEADER, "POST"),
    _page("/indicateurs/{indicator:tag}/avis",                      comments.post,              Who.PARTICIPANT, "POST"),
    _page("/avis/{comment:tag}/masquage",                           comments.hide,              Who.LEADER, "POST"),
    _page("/indicateurs/{indicator:tag}/amendements/nouveau",       amendments.new,             Who.PARTICIPANT),
    _page("/indicateurs/{indicator:tag}/amendements",               amendments.propose,         Who.PARTICIPANT, "POST"),
    _page("/amendements/{amendment:tag}/suite",                     amendments.own,             Who.PARTICIPANT),
    _page("/amendements/{amendment:tag}/accord",                    amendments.accept,          Who.DECIDER, "POST"),
    _page("/amendements/{amendment:tag}/refus",                     amendments.decline,         Who.DECIDER, "POST"),
    _page("/amendements/{amendment:tag}/retrait",                   amendments.withdraw,        Who.AMENDER, "POST"),
    _page("/indicateurs/{indicator:tag}/departages",                contests.start,             Who.LEADER, "POST"),
    _page("/departages/{contest:tag}",                              contests.show,              Who.ANYONE),
    _page("/departages/{contest:tag}/bulletin",                     contests.grade,             Who.VOTER, "POST"),
    _page("/departages/{contest:tag}/cloture",                      contests.close,             Who.LEADER, "POST"),
    _page("/departages/{contest:tag}/abandon",                      contests.abandon,           Who.LEADER, "POST"),
    _page("/indicateurs/{indicator:tag}/vote",                      votes.cast,                 Who.VOTER, "POST"),
    _page("/indicateurs/{indicator:tag}/vote/retrait",              votes.take_back,            Who.VOTER, "POST"),

    _page("/objections/{objection:tag}",                            objections.show,            Who.ANYONE),
    _page("/objections/{objection:tag}/levee",                      objections.lift,            Who.OBJECTOR, "POST"),
    _page("/objections/{objection:tag}/reponse",                    objections.answer,          Who.ANSWERER, "POST"),

    _page("/referentiel",                                           frameworks.latest,          Who.ANYONE),
    _page("/referentiel/{before:version}...{after:version}",        frameworks.compare,         Who.ANYONE),
    _page("/referentiel/{version:version}.json",                    frameworks.as_json,         Who.ANYONE),
    _page("/referentiel/{version:version}.csv",                     frameworks.as_csv,          Who.ANYONE),
    _page("/referentiel/{version:version}",                         frameworks.show,            Who.ANYONE),

    _page("/laboratoires",                                          labs.index,                 Who.ANYONE),
    _page("/laboratoires/{slug}",                                   labs.show,                  Who.ANYONE),
    _page("/laboratoires/{slug}/equipe",                            memberships.team,           Who.REFERENT),
    _page("/laboratoires/{slug}/adhesion",                          memberships.ask,            Who.ACCOUNT, "POST"),
    _page("/adhesions/{membership:tag}/accord",                     memberships.approve,        Who.REFERENT, "POST"),
    _page("/adhesions/{membership:tag}/refus",                      memberships.decline,        Who.REFERENT, "POST"),
    _page("/adhesions/{membership:tag}/reference",                  memberships.name_referent,  Who.REFERENT, "POST"),
    _page("/adhesions/{membership:tag}/fin",                        memberships.end,            Who.CONCERNED, "POST"),
]
# fmt: on
