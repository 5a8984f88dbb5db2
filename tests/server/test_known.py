"""Known: a session read once is not asked for again, and never outlives its end."""

from datetime import timedelta

import pytest

from server.database import News
from server.known import FRESH, MOST, Known
from tests.conftest import NINE, Clock
from workshops.people import Person

ALIX = Person(id="alix", name="Alix")
LATER = NINE + timedelta(days=1)


@pytest.fixture
def known(clock: Clock) -> Known:
    known = Known()
    known.keep("token", ALIX, LATER, known.before_reading())
    return known


def test_a_session_read_is_known(known: Known) -> None:
    assert (known.get("token"), known.get("another")) == (ALIX, None)


def test_it_is_read_again_after_a_while(known: Known, clock: Clock) -> None:
    clock.at += FRESH - timedelta(seconds=1)
    assert known.get("token") is ALIX
    clock.advance(seconds=1)
    assert known.get("token") is None


def test_it_ends_when_it_was_to_end(clock: Clock) -> None:
    known = Known()
    known.keep("token", ALIX, NINE + timedelta(seconds=30), known.before_reading())
    clock.advance(seconds=29)
    assert known.get("token") is ALIX
    clock.advance(seconds=1)
    assert known.get("token") is None


def test_a_clock_set_back_makes_nothing_last(known: Known, clock: Clock) -> None:
    clock.advance(hours=-1)
    assert known.get("token") is None


def test_one_that_ended_is_forgotten_and_no_other(known: Known) -> None:
    known.keep("another", ALIX, LATER, known.before_reading())
    known.forget(News(ended={"token": "alix"}))
    assert (known.get("token"), known.get("another")) == (None, ALIX)


def test_what_was_read_while_a_session_ended_is_not_kept(known: Known) -> None:
    since = known.before_reading()
    known.forget(News(ended={"whichever": "sacha"}))
    known.keep("late", ALIX, LATER, since)
    assert known.get("late") is None


def test_whoever_does_not_hear_takes_nobody_for_known(known: Known) -> None:
    known.listen(False)
    known.keep("token", ALIX, LATER, known.before_reading())
    assert known.get("token") is None
    known.listen(True)
    assert known.get("token") is None
    known.keep("token", ALIX, LATER, known.before_reading())
    assert known.get("token") is ALIX


def test_so_many_are_known(known: Known) -> None:
    for number in range(MOST):
        known.keep(f"token {number}", ALIX, LATER, known.before_reading())
    assert len(known._people) <= MOST
