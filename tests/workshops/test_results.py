"""Results: what the votes say, in the order of the rule, to whom the rule tells it."""

from dataclasses import replace

import pytest

from server.database import Database
from tests.cast import act, ask, observer
from tests.election import RULES, SAID, Election, begin, hold
from workshops import agenda, results
from workshops.agenda import Member
from workshops.consensus import Axis, Consistency, Flow, Method, Outcome, Panel, Rule, Secrecy
from workshops.people import Person
from workshops.results import Result


async def found(election: Election, viewer: Person | None = None) -> list[Result]:
    return await ask(election.database, results.results, election.room, member=await seat(election, viewer))


async def seat(election: Election, viewer: Person | None) -> Member | None:
    return await ask(election.database, agenda.seat, election.room.id, viewer)


async def test_outcomes_come_in_their_order_then_codes_in_that_of_the_page(database: Database) -> None:
    election = await hold(database, RULES["two_axes"], SAID["two_axes"])
    told = await found(election)
    assert [(result.code, result.outcome, result.tally.people) for result in told[:4]] == [
        ("ACT-01", Outcome.KEPT, 6),
        ("ACT-03", Outcome.REWORKED, 6),
        ("ACT-02", Outcome.DROPPED, 6),
        ("ACT-04", Outcome.UNDECIDED, 0),
    ]
    assert [result.card.place for result in told[3:]] == sorted(result.card.place for result in told[3:])
    assert {result.rank for result in told} == {None}


async def test_majority_judgment_orders_and_equals_share_a_rank(database: Database) -> None:
    said = {**SAID["majority_judgment"], "RES-01": ["good"] * 6}
    told = await found(await hold(database, RULES["majority_judgment"], said))
    assert [(result.code, result.rank) for result in told[:5]] == [
        ("ACT-02", 1),
        ("ACT-01", 2),
        ("RES-01", 2),
        ("ACT-03", 4),
        ("ACT-04", None),
    ]


async def test_those_who_judged_something_else_count_as_the_rule_says(database: Database) -> None:
    told = await found(await hold(database, RULES["missing"], SAID["missing"]))
    assert [(result.code, result.rank, result.outcome) for result in told[:2]] == [
        ("ACT-01", 1, Outcome.KEPT),
        ("ACT-02", 2, Outcome.DROPPED),
    ]


async def test_each_axis_has_its_figures_and_what_others_read_in_them(database: Database) -> None:
    election = await begin(database, RULES["two_axes"], 8)
    await election.say({"ACT-01": ["8/8", "8/7", "8/5", "7/5", "9/5", "8/4", "2/3", "9/-"]})
    relevance, measurability = (await found(election))[0].axes
    assert (relevance.axis, relevance.counts, relevance.unsaid) == (Axis.RELEVANCE, (0, 1, 0, 0, 0, 0, 1, 4, 2), 0)
    assert (relevance.rated.n, relevance.rated.median, relevance.rated.iqr) == (8, 8.0, 0.5)
    assert (relevance.panel, relevance.consistency) == (Panel.AGREEMENT, Consistency.VERY_GOOD)
    assert (measurability.rated.n, measurability.unsaid, measurability.rated.median) == (7, 1, 5.0)
    assert (measurability.panel, measurability.consistency) == (None, Consistency.GOOD)


async def test_few_scores_are_counts_without_a_place_on_the_picture(database: Database) -> None:
    said = {"ACT-01": ["8/8"] * 5, "ACT-02": ["8/8"] * 4 + ["8/-"]}
    placed, small, *_ = await found(await hold(database, RULES["two_axes"], said))
    assert (placed.code, placed.is_placed, small.code, small.is_placed) == ("ACT-01", True, "ACT-02", False)
    assert [figures.is_small for figures in small.axes] == [False, True]
    assert (small.axes[1].consistency, small.axes[1].rated.n) == (None, 4)


async def test_few_labs_are_few_however_many_their_members(database: Database) -> None:
    told = (await found(await hold(database, RULES["labs"], SAID["labs"])))[0]
    assert (told.tally.people, told.tally.total, told.tally.is_small, told.flow) == (6, 3, True, None)


async def test_a_delphi_study_would_ask_again(database: Database) -> None:
    said = {"ACT-01": ["keep"] * 5 + ["abstain"], "ACT-02": ["keep"] * 3 + ["drop"] * 3, "ACT-03": ["drop"] * 6}
    told = {result.code: result.flow for result in await found(await hold(database, Rule(), said))}
    assert (told["ACT-01"], told["ACT-02"], told["ACT-03"], told["ACT-04"]) == (
        Flow.ACCEPTED,
        Flow.FLAGGED,
        Flow.REJECTED,
        None,
    )


@pytest.mark.parametrize("rule", [RULES["hidden"], replace(RULES["hidden"], secrecy=Secrecy.VOTED)])
@pytest.mark.parametrize("is_blind", [False, True], ids=["the facilitator sees", "the facilitator is blind"])
async def test_hidden_results_are_told_to_who_leads_unless_blind(
    database: Database, rule: Rule, is_blind: bool
) -> None:
    election = await begin(database, replace(rule, is_blind=is_blind))
    await election.say({"IMP-01": ["8/8"] * 6})
    robin = await act(database, agenda.appoint, election.room.id, election.voters[1], by=election.camille)
    noor = await observer(database, election.room)
    for viewer in (None, noor, election.voters[0]):
        told = await found(election, viewer)
        assert [(result.code, result.tally.people, result.tally.counts, result.axes) for result in told][-9] == (
            "IMP-01",
            6,
            {},
            (),
        )
        assert [result.card.place for result in told] == sorted(result.card.place for result in told)
    for viewer in (election.camille, election.voters[1]):
        told = await found(election, viewer)
        assert [result.code for result in told if result.outcome is Outcome.KEPT] == ([] if is_blind else ["IMP-01"])
    assert robin.role in agenda.LEADING
    await election.close()
    assert [result.code for result in await found(election) if result.outcome is Outcome.KEPT] == ["IMP-01"]


async def test_hidden_grades_have_no_rank(database: Database) -> None:
    rule = Rule(method=Method.MAJORITY_JUDGMENT, secrecy=Secrecy.CLOSED)
    election = await begin(database, rule)
    await election.say(SAID["majority_judgment"])
    assert {result.rank for result in await found(election)} == {None}
    assert {result.rank for result in await found(election, election.camille)} == {None, 1, 2, 3}
