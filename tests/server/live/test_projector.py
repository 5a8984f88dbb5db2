"""The projector's picture of both axes: drawn again as people vote, for that screen alone, and the same as a reload."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from server import scenes
from server.database import Database
from server.live.fragments import LOBBY, SCREEN, Drawing
from server.scenes import Presence
from tests.cast import Browsers, act, signed_in
from tests.election import RULES, Election, begin
from tests.room import Screen
from workshops import indicators, votes
from workshops.consensus import Rule

AXES = RULES["two_axes"]
Step = Callable[[Election], Awaitable[None]]


async def frame(election: Election, since: int, view: str = SCREEN) -> str:
    async with election.database.reading() as session:
        drawing = await Drawing(session, await scenes.room(session, election.room.id), Presence()).look(since)
        return await drawing.frame(since, view, ambient=False)


async def projected(election: Election, client: Browsers) -> Screen:
    screen = Screen(await signed_in(client, election.camille), f"/ateliers/{election.room.id}/ecran")
    return await screen.load()


def marks(screen: Screen) -> list[str]:
    """The codes that the picture shows."""
    plot = screen.root.find("plot")
    assert plot is not None
    texts = [node for node in plot.walk() if node.attributes.get("class") == "gc-plot__code"]
    return sorted(text.text() for text in texts)


async def vote(election: Election) -> None:
    await election.say({"ACT-02": ["2/8"] * 6})


async def change(election: Election) -> None:
    await election.cast("ACT-01", election.voters[0], "1/1")


async def take_back(election: Election) -> None:
    for person in election.voters[:2]:
        await act(election.database, votes.take_back, election.table["ACT-01"].id, by=person)


async def reword(election: Election) -> None:
    card = election.table["ACT-01"]
    sheet = {**card.sheet, "definition": "Autre."}
    await act(election.database, indicators.reword, card.id, sheet, base=1, by=election.voters[0])


async def next_round(election: Election) -> None:
    await election.next_round()


async def close(election: Election) -> None:
    await election.close()


@pytest.mark.parametrize("step", [vote, change, take_back, reword, next_round, close], ids=lambda step: step.__name__)
@pytest.mark.parametrize("rule", [replace(AXES, rounds=2), RULES["hidden"], Rule()], ids=["axes", "hidden", "choices"])
async def test_the_picture_equals_a_reload(
    app: object, database: Database, client: Browsers, rule: Rule, step: Step
) -> None:
    if rule.rounds == 1 and step is next_round:
        return
    election = await begin(database, rule)
    ballots = {"8/8": "keep", "2/8": "drop", "1/1": "rework"} if rule == Rule() else {}
    cast = election.cast
    election.cast = lambda code, person, ballot: cast(code, person, ballots.get(ballot, ballot))  # type: ignore[method-assign]
    await election.say({"ACT-01": ["8/8"] * 6})
    screen = await projected(election, client)
    since = screen.geste
    await step(election)
    screen.take(await frame(election, since))
    reloaded = await projected(election, client)
    assert screen.shown() == reloaded.shown()
    if rule.method is AXES.method and not rule.hides:
        here = {vote: ["ACT-01", "ACT-02"], take_back: [], reword: [], next_round: []}
        assert marks(screen) == here.get(step, ["ACT-01"])


async def test_hidden_results_are_on_the_wall_at_the_closing_only(
    app: object, database: Database, client: Browsers
) -> None:
    election = await begin(database, RULES["hidden"])
    screen = await projected(election, client)
    since = screen.geste
    await election.say({"ACT-01": ["8/8"] * 6})
    assert "plot" not in await frame(election, since)
    assert marks(await projected(election, client)) == []
    await election.close()
    screen.take(await frame(election, since))
    assert marks(screen) == ["ACT-01"]


async def test_a_phone_is_not_sent_the_picture(app: object, database: Database) -> None:
    election = await begin(database, AXES)
    since = election.room.gestures
    await election.say({"ACT-01": ["8/8"] * 6})
    assert '"#plot"' in await frame(election, since)
    assert '"#plot"' not in await frame(election, since, LOBBY)
    assert '"#plot"' not in await frame(election, since, election.table["ACT-01"].id)


async def test_another_method_has_no_picture_to_send(app: object, database: Database) -> None:
    election = await begin(database, Rule())
    since = election.room.gestures
    await election.say({"ACT-01": ["keep"] * 6})
    assert '"#plot"' not in await frame(election, since)
