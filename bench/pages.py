"""Pages: the room's page under reload, and everybody who comes at once."""

import importlib.util
from collections import Counter
from random import Random

from bench import questions
from bench.crew import soon
from bench.crowd import Heard, Joined
from bench.gestures import Guest, ballot, guests
from bench.stand import Figures, Stand, percentile
from bench.votes import Unsound
from bench.world import Room, World

READERS = 4  # keep-alive connections


def room(stand: Stand) -> Figures:
    """The room's page with 60 indicators, 200 comments and 80 voters: renders a second, questions to the database."""
    with stand.serving() as server:
        world = World(server)
        small, few = _filled(stand, world, 1, 1, 2)
        full, people = _filled(stand, world, *stand.of((60, 200, 80), (12, 20, 8)))
        seconds = stand.of(10.0, 2.0)
        stand.crew.watch()
        spent, start = server.cpu, soon()
        given = [(start, full.path, seconds, share) for share in stand.shares(READERS)]
        done = [each for process in stand.crew.each("read", given) for each in process]
        spent = server.cpu - spent
        wrong = Counter(status for _, status in done if status != 200)
        if wrong:
            raise Unsound(f"the room answered {dict(wrong)}")
        address = server.environment["DATABASE_URL"]
        return {
            "room_renders_s": len(done) / seconds,
            "room_p95_ms": percentile([wait for wait, _ in done]) * 1000,
            "room_core": spent / seconds,
            "room_queries": questions.asked(address, full.path, people[0].cookie),
            "room_queries_small": questions.asked(address, small.path, few[0].cookie),
            "room_client_share": stand.crew.busiest(),
        }


def _filled(stand: Stand, world: World, indicators: int, comments: int, voters: int) -> tuple[Room, list[Guest]]:
    """A workshop with so much in it, all of it sent by forms; its people come with the next one's."""
    stand.crew.all("leave")
    room = world.convene(start="empty")
    world.move(room, "proposing")
    for number in range(indicators):
        world.do(
            f"{room.path}/indicateurs",
            libelle=f"Part des projets qui ont servi, cas n° {number + 1}",
            famille=("activite", "resultats", "impact")[number % 3],
            definition="Parmi les projets terminés depuis un an, part de ceux dont un service **se sert encore**.",
            nature="quantitatif",
            unite="%",
            question_evaluative="Ce que produit le labo survit-il à la fin de l'accompagnement ?",
            limites="Une solution abandonnée a pu remplir son rôle.",
        )
    room = world.seen(room)
    for number in range(comments):
        text = f"Avis n° {number + 1} : dire si l'on compte des personnes ou des participations."
        world.do(f"/indicateurs/{room.indicators[number % indicators]}/avis", field="definition", text=text)
    people = [guest for own in stand.come(room, voters) for guest in own]
    world.move(room, "voting")
    chance = Random(f"{stand.seed} room")
    given = []
    for process, share in enumerate(stand.shares(voters)):
        turns = [
            (who, ballot(indicator, f"r{indicators}-{process}-{who}-{indicator}", chance))
            for indicator in room.indicators
            for who in range(share)
        ]
        given.append((soon(), 600.0, 8, turns))
    cast = sum(len(process) for process in stand.crew.each("sustain", given))
    if cast != indicators * voters:
        raise Unsound(f"{cast} votes of {indicators * voters} to fill the room")
    return room, people


def storm(stand: Stand) -> Figures:
    """Everybody comes within thirty seconds: the door, the form, the room's page, the socket."""
    people, seconds = stand.of((2000, 30.0), (60, 4.0))
    with stand.serving() as server:
        world = World(server)
        room = world.convene()
        world.move(room, "voting")
        stand.crew.all("enter", room.path)
        plan = list(zip(stand.instants(people, seconds, "storm"), guests(people), strict=True))
        stand.crew.watch()
        spent, start = server.cpu, soon()
        given = [(room.code, start, own) for own in stand.crew.share(plan)]
        joined: list[Joined] = [one for process in stand.crew.each("storm", given) for one in process]
        stand.crew.all("calm", 0.5)
        spent = server.cpu - spent
        heard: list[Heard] = stand.crew.all("heard")
        waits = [one.at - one.due for one in joined]
        return {
            "storm_people": people,
            "storm_p95_s": percentile(waits),
            "storm_max_s": max(waits),
            "storm_errors": sum(one.statuses != (200, 303, 200, 101) for one in joined),
            "storm_5xx": sum(any(status >= 500 for status in one.statuses) for one in joined),
            "storm_lost_seats": sum(each.lost for each in heard),
            "storm_core": spent / seconds,
            "storm_client_share": stand.crew.busiest(),
        }


def shelf(stand: Stand) -> Figures:
    """A version's page, whole and unchanged, against a bare Starlette response; it is the same on any database.

    `bench/shelf.py` holds that measure: `measure(rounds, seconds)`.
    """
    if stand.database.name != "sqlite":
        return {}
    if importlib.util.find_spec("bench.shelf") is None:
        print("  page d'une version : non mesurée, bench/shelf.py n'est pas là")
        return {}
    found = importlib.import_module("bench.shelf").measure(*stand.of((5, 2.0), (1, 0.5)))
    figures: Figures = {"shelf_client_share": max(found[name]["client"] for name in ("page_200", "page_304"))}
    for kind in ("200", "304"):
        figures[f"shelf_{kind}"] = found["ratios"][f"per_second_{kind}"]
        figures[f"shelf_{kind}_cpu"] = found["ratios"][f"microseconds_{kind}"]
        figures[f"shelf_{kind}_s"] = found[f"page_{kind}"]["per_second"]
    return figures
