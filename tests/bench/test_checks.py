"""Checks: each of them sees the fault that it is there for."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from bench import checks
from bench.checks import COMMENTS, VOTES, Kept
from server.database import Database
from tests.cast import Browsers, act, cards, facilitator, member_of, reread, signed_in, workshop
from tests.room import Screen
from workshops import comments, votes
from workshops.agenda import Stage
from workshops.consensus import Choice

Day = tuple[dict[str, Any], dict[str, Any], list[Kept]]


@pytest.fixture
async def day(database: Database, client: Browsers) -> Day:
    """Alix and Sacha vote, Alix changes her mind, Sacha comments: the minutes, the room, what they were told."""
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    one = (await cards(database, room))["ACT-01"].id
    kept = []
    for person, choice in ((alix, Choice.KEEP), (sacha, Choice.ABSTAIN), (alix, Choice.ABSTAIN)):
        await act(database, votes.cast, one, wording=1, choice=choice, by=person)
        kept.append(Kept(person.name, VOTES, one, choice.value, (await reread(database, room)).gestures))
    await act(database, comments.post, one, field="definition", text="Compter des personnes.", by=sacha)
    kept.append(Kept(sacha.name, COMMENTS, one, "Compter des personnes.", (await reread(database, room)).gestures))
    browser = client()
    register = (await browser.get(f"/ateliers/{room.id}/registre.json")).json()
    state = (await browser.get(f"/ateliers/{room.id}.json")).json()
    return register, state, kept


async def test_a_good_day_has_nothing_to_say(day: Day, database_url: str) -> None:
    register, state, kept = day
    said = checks.chain(register) + checks.exactly_once(register, kept) + checks.tallies(state, kept)
    said += checks.said_once(state, kept) + checks.recounted(state, database_url)
    assert said == []


async def test_a_gesture_changed_breaks_the_chain(day: Day) -> None:
    register = deepcopy(day[0])
    register["gestes"][-1]["par"] = "quelqu-un"
    assert checks.chain(register) == [f"registre : la chaîne est rompue au geste {len(register['gestes'])}"]


async def test_a_gesture_lost_doubled_or_given_to_another_is_seen(day: Day) -> None:
    register, _, kept = day
    last = kept[-1].number
    lost = {**register, "gestes": register["gestes"][:-1]}
    assert checks.exactly_once(lost, kept) == [f"geste {last} : accusé à Sacha, absent du registre"]
    assert checks.exactly_once(register, kept[1:]) == [f"geste {kept[0].number} : au registre, accusé à personne"]
    twice = [*kept, kept[0]]
    assert checks.exactly_once(register, twice) == [f"geste {kept[0].number} : accusé 2 fois"]
    swapped = [replace(kept[0], who="Sacha"), *kept[1:]]
    assert checks.exactly_once(register, swapped) == [
        "Sacha : inscrit sous 2 personnes",
    ]
    other = [replace(kept[0], about="ailleurs"), *kept[1:]]
    assert checks.exactly_once(register, other) == [f"geste {kept[0].number} : accusé à Alix pour autre chose"]


async def test_a_tally_that_is_not_what_people_said_is_seen(day: Day, database_url: str) -> None:
    _, state, kept = day
    stuffed = deepcopy(state)
    (item,) = [item for item in stuffed["indicateurs"] if item["id"] == kept[0].about]
    item["votes"]["texte_actuel"]["keep"] += 1
    assert checks.tallies(stuffed, kept) == ["ACT-01, keep : 1 affichés, 0 d'après les personnes"]
    assert checks.recounted(stuffed, database_url) == ["ACT-01, keep : 1 affichés, 0 d'après un recomptage"]


async def test_a_comment_lost_or_said_twice_is_seen(day: Day) -> None:
    _, state, kept = day
    assert checks.said_once(state, [*kept, kept[-1]]) == [
        "avis « Compter des personnes. » : montré 1 fois, accusé 2 fois"
    ]


async def test_a_screen_that_missed_a_frame_is_seen(database: Database, client: Browsers) -> None:
    room = await workshop(database, Stage.VOTING, by=await facilitator(database))
    alix, sacha = await member_of(database, room), await member_of(database, room, "siilab")
    screen = await Screen(await signed_in(client, alix), f"/ateliers/{room.id}").load()
    assert await checks.same_as_reload([screen], patience=0) == []
    one = (await cards(database, room))["ACT-01"].id
    await act(database, votes.cast, one, wording=1, choice=Choice.KEEP, by=sacha)
    (difference,) = await checks.same_as_reload([screen], patience=0)
    assert f"data-geste='{(await reread(database, room)).gestures}'" in difference
