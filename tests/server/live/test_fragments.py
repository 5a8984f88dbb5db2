"""A live page equals a reload, whatever happened and since whenever."""

import difflib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from server import scenes
from server.database import Database
from server.live.fragments import LOBBY, REDRAWS, SCREEN, Drawing
from server.scenes import Presence
from tests import cast as actors
from tests.cast import (
    COMPLETE,
    SHEET,
    Browsers,
    act,
    ask,
    card,
    cards,
    facilitator,
    member_of,
    move,
    publisher,
    signed_in,
    workshop,
)
from tests.room import Node, Screen, parse
from workshops import (
    agenda,
    amendments,
    comments,
    conclusions,
    consents,
    contests,
    evidence,
    handwritten,
    indicators,
    lineage,
    objections,
    releases,
    rules,
    schedule,
    votes,
    withdrawals,
)
from workshops.agenda import Stage, Workshop
from workshops.amendments import Amendment
from workshops.consensus import Choice, Grade, Method, Rule, Secrecy
from workshops.contests import Contest
from workshops.handwritten import Ballot
from workshops.journal import Kind
from workshops.objections import Objection
from workshops.people import Person
from workshops.sheet import Sheet

REWORDED: Sheet = {**SHEET, "definition": "Projets arrêtés avant leur terme, quelle qu'en soit la raison."}


@dataclass
class World:
    """A workshop under way: Camille facilitates, Alix and Sacha take part, Alix proposed `ours`."""

    database: Database
    workshop: Workshop
    camille: Person
    alix: Person
    sacha: Person
    dominique: Person
    ours: str
    theirs: str

    async def to(self, stage: Stage) -> None:
        await move(self.database, self.workshop, stage, by=self.camille)


@pytest.fixture
async def world(database: Database, app: object) -> World:
    camille = await facilitator(database)
    room = await workshop(database, Stage.PROPOSING, by=camille)
    alix = await member_of(database, room, "ti-lab")
    sacha = await member_of(database, room, "siilab")
    ours = await act(database, indicators.propose, room.id, SHEET, by=alix)
    theirs = await card(database, room, "IMP-08")
    dominique = await publisher(database)
    return World(database, room, camille, alix, sacha, dominique, ours.id, theirs.id)


async def nothing(world: World) -> None:
    """The scene is already set."""


async def voting(world: World) -> None:
    """Sacha and Alix have voted on Alix's indicator."""
    await world.to(Stage.VOTING)
    for person, choice in ((world.sacha, Choice.KEEP), (world.alix, Choice.REWORK)):
        await act(world.database, votes.cast, world.ours, wording=1, choice=choice, reason="trop vague", by=person)


async def reworded(world: World) -> None:
    await voting(world)
    await act(world.database, indicators.reword, world.ours, REWORDED, base=1, by=world.alix)


async def commented(world: World) -> None:
    await act(world.database, comments.post, world.ours, field="definition", text="Qui décide ?", by=world.sacha)


async def closed(world: World) -> None:
    await act(world.database, indicators.reword, world.ours, COMPLETE, base=1, by=world.alix)
    await world.to(Stage.VOTING)
    await act(world.database, votes.cast, world.ours, wording=2, choice=Choice.KEEP, by=world.sacha)
    await world.to(Stage.CLOSED)


async def join(world: World) -> None:
    await member_of(world.database, world.workshop, "erasme")


async def told(world: World) -> tuple[str, str]:
    """A citizen's testimonial, published: the key that opens it, its id."""
    yann = await actors.colleague(world.database, name="Yann")
    key, testimonial = await actors.witness(world.database, by=yann)
    return key, testimonial.id


async def cite(world: World) -> None:
    because = "Quelqu'un a fini sa démarche seul."
    _key, id = await told(world)
    await act(world.database, evidence.cite, world.ours, id, because=because, by=world.alix)


async def cited_twice(world: World) -> None:
    await cite(world)
    await cite(world)


async def remove(world: World) -> None:
    cited = (await ask(world.database, evidence.of_workshop, world.workshop.id))[world.ours]
    await act(world.database, evidence.remove, cited[0].id, by=world.alix)


async def share_the_lead(world: World) -> None:
    await act(world.database, agenda.appoint, world.workshop.id, world.alix, by=world.camille)


async def move_house(world: World) -> None:
    """Alix, whose name is on a comment and a wording, changes first name and lab."""
    await act(world.database, agenda.join, world.workshop.id, name="Alexandra", lab="erasme", by=world.alix)


async def signed(world: World) -> None:
    await commented(world)
    await answer(world)


async def propose(world: World) -> None:
    await act(world.database, indicators.propose, world.workshop.id, {**SHEET, "famille": "impact"}, by=world.sacha)


async def change_family(world: World) -> None:
    await act(world.database, indicators.reword, world.ours, {**SHEET, "famille": "impact"}, base=1, by=world.alix)


async def withdraw(world: World) -> None:
    await act(world.database, lineage.withdraw, world.ours, because="Un doublon.", by=world.alix)


async def merge(world: World) -> None:
    """Theirs joins ours: who voted for theirs only is asked to confirm on ours."""
    await act(
        world.database, lineage.merge, world.theirs, into=world.ours, because="Un doublon.", by=world.camille
    )


async def split(world: World) -> None:
    parts = [{**SHEET, "libelle": "Une moitié"}, {**SHEET, "libelle": "L'autre", "famille": "impact"}]
    await act(world.database, lineage.split, world.ours, sheets=parts, because="Deux choses.", by=world.camille)


async def merge_away(world: World) -> None:
    await act(
        world.database, lineage.merge, world.ours, into=world.theirs, because="Un doublon.", by=world.camille
    )


async def split_then_merge(world: World) -> None:
    """A part is born and leaves before a screen looks."""
    await split(world)
    kin = (await ask(world.database, lineage.kin, world.workshop.id, [world.ours]))[world.ours]
    one, other = kin.became
    await act(world.database, lineage.merge, one.id, into=other.id, because="Un doublon.", by=world.camille)


async def answer(world: World) -> None:
    thread = (await threads(world))[0]
    await act(
        world.database, comments.post, world.ours, field="", text="Le labo.", answers=thread.comment.id, by=world.alix
    )


async def hide(world: World) -> None:
    thread = (await threads(world))[0]
    await act(world.database, comments.hide, thread.comment.id, because="hors sujet", by=world.camille)


async def threads(world: World) -> list[comments.Thread]:
    async with world.database.reading() as session:
        return await comments.threads(session, world.ours)


async def cast(world: World) -> None:
    await act(world.database, votes.cast, world.theirs, wording=1, choice=Choice.DROP, reason="doublon", by=world.alix)


async def confirm(world: World) -> None:
    await act(world.database, votes.cast, world.ours, wording=2, choice=Choice.REWORK, reason="oui", by=world.alix)


async def halved(world: World) -> None:
    """Ours is in two: who had voted for it is asked on each."""
    await voting(world)
    await split(world)


async def take_back_from_a_half(world: World) -> None:
    """It is taken back from the whole, and so from the other half."""
    halves = (await ask(world.database, lineage.kin, world.workshop.id, [world.ours]))[world.ours].became
    await act(world.database, votes.take_back, halves[0].id, by=world.alix)


async def take_back(world: World) -> None:
    await act(world.database, votes.take_back, world.ours, by=world.alix)


async def reword(world: World) -> None:
    await act(world.database, indicators.reword, world.ours, REWORDED, base=1, by=world.alix)


async def conclude(world: World) -> None:
    said = {"because": "Trop vague.", "answer": "Le texte sera repris."}
    await act(world.database, conclusions.conclude, world.ours, **said, by=world.camille)


async def prepare(world: World) -> None:
    reasons = dict.fromkeys(await cards(world.database, world.workshop), "Personne n'en a parlé.")
    await actors.prepare(world.database, world.workshop, reasons=reasons, by=world.dominique)


async def prepared(world: World) -> None:
    await closed(world)
    await prepare(world)


async def publish(world: World) -> None:
    (release,) = await ask(world.database, releases.standing)
    await actors.confirm(world.database, release)


async def announce(world: World) -> None:
    await act(world.database, rules.announce, world.workshop.id, Rule(method=Method.TWO_AXES), by=world.camille)


async def hidden(world: World) -> None:
    rule = Rule(secrecy=Secrecy.CLOSED)
    await act(world.database, rules.announce, world.workshop.id, rule, by=world.camille)
    await voting(world)


async def two_rounds(world: World) -> None:
    await act(world.database, rules.announce, world.workshop.id, Rule(rounds=2), by=world.camille)
    await voting(world)


async def two_axes(world: World) -> None:
    rule = Rule(method=Method.TWO_AXES, rounds=2)
    await act(world.database, rules.announce, world.workshop.id, rule, by=world.camille)
    await world.to(Stage.VOTING)
    for person, ballot in ((world.sacha, "7/5"), (world.alix, "9/-")):
        await act(world.database, votes.cast, world.ours, wording=1, choice=ballot, by=person)


async def rate(world: World) -> None:
    await act(world.database, votes.cast, world.theirs, wording=1, choice="1/2", by=world.alix)


async def open_round(world: World) -> None:
    await act(world.database, rules.open_round, world.workshop.id, 2, by=world.camille)


async def plan(world: World) -> None:
    await write(world, "10 Accueil\n20 Vote\n5 Suite")


async def write(world: World, text: str) -> None:
    base = (await day(world)).number
    await act(world.database, schedule.write, world.workshop.id, text, base=base, by=world.camille)


async def day(world: World) -> schedule.Day:
    async with world.database.reading() as session:
        return await schedule.day(session, world.workshop.id)


async def plan_again(world: World) -> None:
    await write(world, "15 Accueil\n5 Pause\n20 Vote")


async def start(world: World) -> None:
    following = (await day(world)).next
    assert following
    await act(world.database, schedule.start, world.workshop.id, following.place, by=world.camille)


async def started(world: World) -> None:
    await plan(world)
    await start(world)


async def all_started(world: World) -> None:
    await started(world)
    await start(world)
    await start(world)


async def extend(world: World) -> None:
    running = (await day(world)).running
    assert running
    await act(world.database, schedule.extend, world.workshop.id, 5, base=running.set_by, by=world.camille)


async def stop(world: World) -> None:
    running = (await day(world)).running
    assert running
    await act(world.database, schedule.stop, world.workshop.id, running.timer_id, by=world.camille)


AMENDED: Sheet = {**SHEET, "limites": "Peu de cas par an."}


async def amend(world: World) -> None:
    """Sacha would write Alix's indicator otherwise."""
    how = {"base": 1, "why": "On <b>saura</b> lire."}
    await act(world.database, amendments.propose, world.ours, AMENDED, **how, by=world.sacha)


async def amended(world: World) -> None:
    """Sacha, then Camille, would write it otherwise; it has votes."""
    await voting(world)
    await amend(world)
    await act(world.database, amendments.propose, world.ours, REWORDED, base=1, by=world.camille)


async def overtake(world: World) -> None:
    """Alix rewrites the very field that Sacha would change."""
    await act(world.database, indicators.reword, world.ours, {**SHEET, "limites": "Aucune."}, base=1, by=world.alix)


async def first_amendment(world: World) -> Amendment:
    async with world.database.reading() as session:
        return (await amendments.proposed(session, world.ours))[0].amendment


async def accept(world: World) -> None:
    await act(world.database, amendments.accept, (await first_amendment(world)).id, by=world.alix)


async def decline(world: World) -> None:
    amendment = await first_amendment(world)
    await act(world.database, amendments.decline, amendment.id, answer="Déjà dit.", by=world.alix)


async def withdraw_amendment(world: World) -> None:
    await act(world.database, amendments.withdraw, (await first_amendment(world)).id, by=world.sacha)


async def accepted(world: World) -> None:
    await amended(world)
    await accept(world)


async def open_contest(world: World) -> None:
    await act(world.database, contests.start, world.ours, by=world.camille)


async def contested(world: World) -> None:
    await amended(world)
    await open_contest(world)


async def contest(world: World) -> Contest:
    async with world.database.reading() as session:
        return (await contests.of(session, world.ours))[-1]


async def grade(world: World) -> None:
    ballot = {1: Grade.FAIR.value, 2: Grade.GOOD.value, 3: Grade.PASSABLE.value}
    await act(world.database, contests.grade, (await contest(world)).id, ballot, by=world.alix)


async def graded(world: World) -> None:
    await contested(world)
    await grade(world)


async def close_contest(world: World) -> None:
    await act(world.database, contests.close, (await contest(world)).id, by=world.camille)


async def abandon(world: World) -> None:
    await act(world.database, contests.abandon, (await contest(world)).id, because="Trop tôt.", by=world.camille)


async def by_consent(world: World) -> None:
    """Sacha consents; Alix objects to her own text, and Sacha to the whole set at first."""
    await act(
        world.database, rules.announce, world.workshop.id, Rule(method=Method.CONSENT, rounds=2), by=world.camille
    )
    await world.to(Stage.VOTING)
    await object_to(world, world.ours, by=world.alix)
    held = await object_to(world, None, by=world.sacha)
    await act(world.database, objections.lift, held.id, because="Soit.", by=world.sacha)


async def object_to(world: World, about: str | None, *, by: Person) -> Objection:
    text = "Rien ne dit qui compte."
    return await act(world.database, objections.state, world.workshop.id, text=text, indicator_id=about, by=by)


async def hidden_consent(world: World) -> None:
    rule = Rule(method=Method.CONSENT, secrecy=Secrecy.CLOSED)
    await act(world.database, rules.announce, world.workshop.id, rule, by=world.camille)
    await world.to(Stage.VOTING)
    await object_to(world, world.ours, by=world.alix)


async def agreed(world: World) -> None:
    await by_consent(world)
    await lift(world)


async def consent(world: World) -> None:
    await act(world.database, consents.give, world.workshop.id, "abstain", by=world.alix)


async def take_back_consent(world: World) -> None:
    await act(world.database, consents.take_back, world.workshop.id, by=world.alix)


async def raise_objection(world: World) -> None:
    await object_to(world, world.theirs, by=world.alix)


async def alixs(world: World) -> Objection:
    (held,) = [each.objection for each in await stated(world) if each.stands]
    return held


async def stated(world: World) -> list[objections.Stated]:
    async with world.database.reading() as session:
        return await objections.stated(session, world.workshop)


async def lift(world: World) -> None:
    await act(world.database, objections.lift, (await alixs(world)).id, because="C'est dit.", by=world.alix)


async def answer_objection(world: World) -> None:
    await act(world.database, objections.answer, (await alixs(world)).id, text="Le labo.", by=world.camille)


async def enter_paper(world: World) -> None:
    paper = {"lab": "ti-lab", "initials": "ab", "ballots": [Ballot(world.ours, 1, "drop", "Trop lourd.")]}
    await act(world.database, handwritten.enter, world.workshop.id, **paper, by=world.camille)


async def enter_paper_consent(world: World) -> None:
    paper = {"lab": "ti-lab", "initials": "ab", "position": "consent"}
    await act(world.database, handwritten.enter_position, world.workshop.id, **paper, by=world.camille)


async def on_paper(world: World) -> None:
    await voting(world)
    await enter_paper(world)


async def withdraw_paper(world: World) -> None:
    async with world.database.reading() as session:
        ((copied, _votes),) = await handwritten.writers(session, world.workshop)
    await act(world.database, handwritten.withdraw, world.workshop.id, copied.id, by=world.camille)


async def propose_later(world: World) -> None:
    await world.to(Stage.PROPOSING)
    await propose(world)


async def withdraw_later(world: World) -> None:
    await world.to(Stage.DISCUSSING)
    await withdraw(world)


async def announce_consent(world: World) -> None:
    await act(world.database, rules.announce, world.workshop.id, Rule(method=Method.CONSENT), by=world.camille)


async def announced_consent(world: World) -> None:
    await announce_consent(world)


Step = Callable[[World], Awaitable[None]]


def to(stage: Stage) -> Step:
    async def step(world: World) -> None:
        await world.to(stage)

    step.__name__ = f"to_{stage.value}"
    return step


CASES: list[tuple[Kind, Step, Step]] = [
    (Kind.MEMBER_JOINED, nothing, join),
    (Kind.MEMBER_CHANGED, signed, move_house),
    (Kind.MEMBER_CHANGED, amended, move_house),
    (Kind.MEMBER_CHANGED, accepted, move_house),
    (Kind.LEAD_SHARED, nothing, share_the_lead),
    (Kind.RULE_ANNOUNCED, nothing, announce),
    (Kind.ROUND_OPENED, two_rounds, open_round),
    (Kind.ROUND_OPENED, two_axes, open_round),
    (Kind.VOTE_CAST, two_axes, rate),
    (Kind.VOTE_CAST, hidden, cast),
    (Kind.STAGE_MOVED, hidden, to(Stage.CLOSED)),
    *((Kind.STAGE_MOVED, nothing, to(stage)) for stage in Stage if stage is not Stage.PROPOSING),
    (Kind.STAGE_MOVED, voting, to(Stage.CLOSED)),
    (Kind.INDICATOR_PROPOSED, nothing, propose),
    (Kind.INDICATOR_REWORDED, nothing, reword),
    (Kind.INDICATOR_REWORDED, voting, reword),
    (Kind.INDICATOR_REWORDED, nothing, change_family),
    (Kind.INDICATOR_REWORDED, amended, overtake),
    (Kind.INDICATOR_REWORDED, contested, overtake),
    (Kind.STAGE_MOVED, amended, to(Stage.CLOSED)),
    (Kind.AMENDMENT_PROPOSED, nothing, amend),
    (Kind.AMENDMENT_PROPOSED, voting, amended),
    (Kind.AMENDMENT_ACCEPTED, amended, accept),
    (Kind.AMENDMENT_DECLINED, amended, decline),
    (Kind.AMENDMENT_WITHDRAWN, amended, withdraw_amendment),
    (Kind.CONTEST_OPENED, amended, open_contest),
    (Kind.CONTEST_GRADED, contested, grade),
    (Kind.CONTEST_CLOSED, graded, close_contest),
    (Kind.CONTEST_ABANDONED, graded, abandon),
    (Kind.INDICATOR_WITHDRAWN, commented, withdraw),
    (Kind.INDICATOR_MERGED, commented, merge),
    (Kind.INDICATOR_MERGED, voting, merge),
    (Kind.INDICATOR_MERGED, reworded, merge_away),
    (Kind.INDICATOR_SPLIT, commented, split),
    (Kind.INDICATOR_SPLIT, voting, split),
    (Kind.INDICATOR_SPLIT, voting, split_then_merge),
    (Kind.COMMENT_POSTED, nothing, commented),
    (Kind.COMMENT_POSTED, commented, answer),
    (Kind.COMMENT_HIDDEN, commented, hide),
    (Kind.EVIDENCE_CITED, nothing, cite),
    (Kind.EVIDENCE_CITED, cite, cite),
    (Kind.EVIDENCE_REMOVED, cite, remove),
    (Kind.EVIDENCE_REMOVED, cited_twice, remove),
    (Kind.STAGE_MOVED, cite, to(Stage.CLOSED)),
    (Kind.VOTE_CAST, voting, cast),
    (Kind.VOTE_CONFIRMED, reworded, confirm),
    (Kind.VOTE_TAKEN_BACK, voting, take_back),
    (Kind.VOTE_TAKEN_BACK, halved, take_back_from_a_half),
    (Kind.INDICATOR_CONCLUDED, voting, conclude),
    (Kind.INDICATOR_CONCLUDED, closed, conclude),
    (Kind.VOTE_ENTERED, voting, enter_paper),
    (Kind.VOTE_ENTERED, by_consent, enter_paper_consent),
    (Kind.PAPER_WITHDRAWN, on_paper, withdraw_paper),
    (Kind.CONSENT_GIVEN, agreed, consent),
    (Kind.CONSENT_GIVEN, hidden_consent, enter_paper_consent),
    (Kind.CONSENT_TAKEN_BACK, agreed, take_back_consent),
    (Kind.OBJECTION_RAISED, by_consent, raise_objection),
    (Kind.OBJECTION_RAISED, hidden_consent, raise_objection),
    (Kind.OBJECTION_LIFTED, by_consent, lift),
    (Kind.OBJECTION_ANSWERED, by_consent, answer_objection),
    (Kind.RULE_ANNOUNCED, nothing, announce_consent),
    (Kind.RULE_ANNOUNCED, announced_consent, announce),
    (Kind.MEMBER_JOINED, by_consent, join),
    (Kind.MEMBER_CHANGED, by_consent, move_house),
    (Kind.LEAD_SHARED, by_consent, share_the_lead),
    (Kind.ROUND_OPENED, by_consent, open_round),
    (Kind.INDICATOR_REWORDED, by_consent, reword),
    (Kind.INDICATOR_PROPOSED, by_consent, propose_later),
    (Kind.INDICATOR_WITHDRAWN, by_consent, withdraw_later),
    (Kind.STAGE_MOVED, by_consent, to(Stage.CLOSED)),
    (Kind.STAGE_MOVED, agreed, to(Stage.CLOSED)),
    (Kind.STAGE_MOVED, hidden_consent, to(Stage.CLOSED)),
    (Kind.STAGE_MOVED, announced_consent, to(Stage.VOTING)),
    (Kind.FRAMEWORK_PREPARED, closed, prepare),
    (Kind.FRAMEWORK_PUBLISHED, prepared, publish),
    (Kind.SCHEDULE_WRITTEN, nothing, plan),
    (Kind.SCHEDULE_WRITTEN, started, plan_again),
    (Kind.TIMER_STARTED, plan, start),
    (Kind.TIMER_STARTED, started, start),
    (Kind.TIMER_EXTENDED, started, extend),
    (Kind.TIMER_STOPPED, started, stop),
    (Kind.TIMER_STOPPED, all_started, stop),
    (Kind.STAGE_MOVED, started, to(Stage.CLOSED)),
]
# Nobody can look at a workshop before it is convened: its first gesture is in every page.
UNSEEN = {Kind.WORKSHOP_CONVENED}


def test_every_kind_of_gesture_has_a_case_and_a_drawing() -> None:
    assert {kind for kind, _, _ in CASES} | UNSEEN == set(Kind)
    assert set(REDRAWS) == set(Kind)


async def screens(world: World, client: Browsers) -> dict[str, Screen]:
    """Every kind of screen of the workshop, freshly loaded."""
    sacha = await signed_in(client, world.sacha)
    camille = await signed_in(client, world.camille)
    room = f"/ateliers/{world.workshop.id}"
    opened = {
        "a member's phone": Screen(sacha, room),
        "the facilitator's desk": Screen(camille, room),
        "the projector": Screen(camille, f"{room}/ecran"),
        "a member on the indicator": Screen(sacha, f"/indicateurs/{world.ours}"),
        "the facilitator on the indicator": Screen(camille, f"/indicateurs/{world.ours}"),
        "a member on another indicator": Screen(sacha, f"/indicateurs/{world.theirs}"),
    }
    return {name: await screen.load() for name, screen in opened.items()}


def view(screen: Screen) -> str:
    last = screen.path.rpartition("/")[2]
    return last if screen.path.startswith("/indicateurs") or last == SCREEN else LOBBY


def differences(live: Screen, reloaded: Screen) -> list[str]:
    """The lines that only one of two screens shows."""
    lines = difflib.unified_diff(live.shown(), reloaded.shown(), "live", "reloaded", lineterm="", n=0)
    return [line.strip() for line in lines if not line.startswith(("---", "+++", "@@"))]


async def catch_up(world: World, screen: Screen, since: int) -> None:
    """What the hub would send this screen, the first time."""
    async with world.database.reading() as session:
        drawing = await Drawing(session, await scenes.room(session, world.workshop.id), Presence()).look(since)
        screen.take(await drawing.frame(since, view(screen), ambient=True, cited=None))
    await screen.scroll()


@pytest.mark.parametrize(
    ("kind", "before", "step"),
    CASES,
    ids=[f"{kind.value}-{before.__name__}-{step.__name__}" for kind, before, step in CASES],
)
async def test_a_live_page_equals_a_reload(
    kind: Kind, before: Step, step: Step, world: World, client: Browsers
) -> None:
    await before(world)
    opened = await screens(world, client)
    since = next(iter(opened.values())).geste
    await step(world)
    for name, screen in opened.items():
        await catch_up(world, screen, since)
        reloaded = await Screen(screen.browser, screen.path).load()
        await reloaded.scroll()
        assert differences(screen, reloaded) == [], name


async def test_what_its_author_withdraws_leaves_every_screen_without_a_gesture(
    world: World, client: Browsers
) -> None:
    key, id = await told(world)
    await act(world.database, evidence.cite, world.ours, id, because="Une preuve.", by=world.alix)
    await cite(world)
    opened = await screens(world, client)
    since = next(iter(opened.values())).geste
    await act(world.database, withdrawals.withdraw, key)
    shown = {name: "\n".join(screen.shown()) for name, screen in opened.items()}
    assert {name for name, text in shown.items() if text.count(actors.HAPPENED) == 2} == {
        *opened
    } - {"a member on another indicator"}
    for name, screen in opened.items():
        await catch_up(world, screen, since)
        reloaded = await Screen(screen.browser, screen.path).load()
        assert differences(screen, reloaded) == [], name
        assert screen.geste == since
        text = "\n".join(screen.shown())
        about = name != "a member on another indicator"
        assert (name, text.count(actors.HAPPENED), text.count("Retiré par son auteur")) == (name, about, about)


async def test_a_frame_redraws_what_changed_of_what_is_cited_and_nothing_else(world: World) -> None:
    await cite(world)
    async with world.database.reading() as session:
        drawing = await Drawing(session, await scenes.room(session, world.workshop.id), Presence()).look(99)
        for cited, count in ((frozenset({world.ours, "ailleurs"}), 1), (frozenset({world.theirs}), 1), (frozenset(), 0)):
            frame = await drawing.frame(99, LOBBY, ambient=False, cited=cited)
            assert frame.count("<hx-partial") == count
        assert (await drawing.frame(99, world.theirs, ambient=False, cited=None)).count("<hx-partial") == 0


async def test_a_screen_catches_up_from_any_gesture(world: World, client: Browsers) -> None:
    """A page is left asleep at each gesture of a whole day; each wakes up to the same room."""
    asleep: list[tuple[int, dict[str, Screen]]] = []
    day = (
        commented,
        propose,
        answer,
        to(Stage.DISCUSSING),
        hide,
        voting,
        cast,
        reword,
        confirm,
        amend_later,
        open_contest,
        abandon,
        accept,
        take_back,
        started,
        extend,
        plan_again,
        stop,
        start,
        to(Stage.CLOSED),
    )
    for step in day:
        opened = await screens(world, client)
        asleep.append((next(iter(opened.values())).geste, opened))
        await step(world)
    expected = await screens(world, client)
    for screen in expected.values():
        await screen.scroll()
    for since, opened in asleep:
        for name, screen in opened.items():
            await catch_up(world, screen, since)
            assert differences(screen, expected[name]) == [], (since, name)


async def amend_later(world: World) -> None:
    """On the second wording."""
    sheet = {**REWORDED, "limites": "Peu de cas par an."}
    await act(world.database, amendments.propose, world.ours, sheet, base=2, by=world.sacha)


async def test_a_frame_twice_changes_nothing(world: World, client: Browsers) -> None:
    screen = (await screens(world, client))["a member's phone"]
    since = screen.geste
    await voting(world)
    await propose_later(world)
    await catch_up(world, screen, since)
    once = screen.shown()
    await catch_up(world, screen, since)
    assert screen.shown() == once


async def test_a_frame_is_small_when_little_happened(world: World) -> None:
    """One vote redraws one tally, not the room."""
    await voting(world)
    async with world.database.reading() as session:
        since = (await agenda.get(session, world.workshop.id)).gestures
    await cast(world)
    async with world.database.reading() as session:
        drawing = await Drawing(session, await scenes.room(session, world.workshop.id), Presence()).look(since)
        frame = await drawing.frame(since, LOBBY, ambient=False)
        elsewhere = await drawing.frame(since, world.ours, ambient=False)
    assert frame.count("<hx-partial") == 1
    (mark,) = parse(elsewhere).children
    assert isinstance(mark, Node)
    assert mark.attributes["data-geste"] == str(since + 1)
