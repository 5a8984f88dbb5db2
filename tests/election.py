"""Elections: a workshop with a rule, and what each of its voters said of some of its indicators.

vote = await hold(database, RULES["two_axes"], {"ACT-01": ["8/8", "7/9", None]})
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.database import Database
from tests.cast import act, cards, facilitator, member_of, move, reread, workshop
from workshops import rules, votes
from workshops.agenda import Stage, Workshop
from workshops.consensus import Method, Rule, Secrecy, Voices
from workshops.indicators import Card
from workshops.people import Person

LABS = ("ti-lab", "siilab", "erasme")
Said = Mapping[str, Sequence[str | None]]

# One of each method, with what makes its count more than a sum.
RULES: dict[str, Rule] = {
    "three_choices": Rule(quorum=2),
    "two_axes": Rule(method=Method.TWO_AXES),
    "majority_judgment": Rule(method=Method.MAJORITY_JUDGMENT),
    "missing": Rule(method=Method.MAJORITY_JUDGMENT, missing="worst"),
    "labs": Rule(voices=Voices.LABS),
    "axes_by_lab": Rule(method=Method.TWO_AXES, voices=Voices.LABS),
    "hidden": Rule(method=Method.TWO_AXES, secrecy=Secrecy.CLOSED),
}
SAID: dict[str, Said] = {
    "three_choices": {"ACT-01": ["keep"] * 4 + ["drop", "abstain"], "ACT-02": ["drop"] * 3 + ["rework"] * 3},
    "two_axes": {"ACT-01": ["8/8"] * 5 + ["6/7"], "ACT-02": ["2/5"] * 6, "ACT-03": ["8/2", "9/-", "7/3", "8/1", "9/2", "-/9"]},
    "majority_judgment": {"ACT-01": ["good"] * 6, "ACT-02": ["very_good"] * 5 + ["rejected"], "ACT-03": ["passable"] * 6},
    "missing": {"ACT-01": ["good"] * 6, "ACT-02": ["excellent", "excellent", "excellent", None, None, None]},
    "labs": {"ACT-01": ["keep", "drop", "drop", "keep", "drop", "drop"], "ACT-02": ["keep"] * 6},
    "axes_by_lab": {"ACT-01": ["8/8", "7/3", "9/9", "2/2", "8/8", "9/-"], "ACT-02": ["8/8", "7/7", None, None, None, None]},
    "hidden": {"ACT-01": ["8/8"] * 6},
}  # fmt: skip


@dataclass
class Election:
    """A workshop, who leads it, who votes, and what is on its table by code."""

    database: Database
    room: Workshop
    camille: Person
    voters: list[Person]
    table: dict[str, Card]

    async def say(self, said: Said) -> None:
        """Each voter's ballot on each indicator, in the order of the voters; None: says nothing."""
        for code, ballots in said.items():
            for person, ballot in zip(self.voters, ballots, strict=True):
                if ballot is not None:
                    await self.cast(code, person, ballot)

    async def cast(self, code: str, person: Person, ballot: str) -> None:
        number = (await cards(self.database, self.room))[code].wording.number
        reason = "Une raison." if ballot in ("rework", "drop") else ""
        await act(
            self.database, votes.cast, self.table[code].id, wording=number, choice=ballot, reason=reason, by=person
        )

    async def next_round(self) -> None:
        await act(self.database, rules.open_round, self.room.id, self.room.round + 1, by=self.camille)
        self.room = await reread(self.database, self.room)

    async def close(self) -> None:
        self.room = await move(self.database, self.room, Stage.CLOSED, by=self.camille)


async def begin(database: Database, rule: Rule, voters: int = 6) -> Election:
    """The vote is open: voters from three labs in turn, the nineteen indicators on the table."""
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    await act(database, rules.announce, room.id, rule, by=camille)
    people = [await member_of(database, room, LABS[n % len(LABS)], f"Voix {n}") for n in range(voters)]
    room = await move(database, room, Stage.VOTING, by=camille)
    return Election(database, room, camille, people, await cards(database, room))


async def hold(database: Database, rule: Rule, said: Said) -> Election:
    """A vote from its opening to its closing."""
    election = await begin(database, rule, max(map(len, said.values())))
    await election.say(said)
    await election.close()
    return election
