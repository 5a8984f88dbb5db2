"""Exports: records as the data other programs read."""

from datetime import UTC, date, datetime

from server import exports
from tests.cast import counted
from workshops.agenda import Stage, Start, Workshop
from workshops.journal import GENESIS, Entry, Kind, first_break, sign

VOTES = {"texte_actuel": {"keep": 3, "rework": 1, "drop": 0, "abstain": 2}, "texte_anterieur": 4}


def test_a_tally_separates_this_text_from_the_earlier_ones() -> None:
    assert counted(keep=3, rework=1, abstain=2, earlier=4).published() == VOTES


def test_minutes_hold_all_that_their_hashes_are_made_of() -> None:
    room = Workshop(
        id="abc",
        title="T",
        purpose="P",
        held_on=date(2026, 11, 23),
        prepares="2.0.0",
        start=Start.EMPTY,
        stage=Stage.CLOSED,
    )
    at = datetime(2026, 11, 23, 9, 0, 0, 120_000, tzinfo=UTC)
    entry = Entry(
        workshop_id="abc",
        number=1,
        kind=Kind.WORKSHOP_CONVENED,
        by_id="alix",
        about="abc",
        at=at,
        previous_hash=GENESIS,
        hash="",
    )
    entry.hash = room.head = sign(entry)
    document = exports.minutes(room, [entry])
    assert document == {
        "atelier": {"id": "abc", "titre": "T", "date": "2026-11-23"},
        "etape": "closed",
        "origine": GENESIS,
        "derniere_empreinte": entry.hash,
        "gestes": [
            {
                "atelier": "abc",
                "numero": 1,
                "genre": "workshop_convened",
                "par": "alix",
                "objet": "abc",
                "le": "2026-11-23T09:00:00.120Z",
                "precedent": GENESIS,
                "empreinte": entry.hash,
            }
        ],
    }
    assert first_break(document["gestes"]) is None
