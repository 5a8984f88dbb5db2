"""The database: restarted, stopped, or stuck behind a network that says nothing."""

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx2
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.applications import Starlette

from bench.checks import VOTES, Kept
from bench.crowd import until
from bench.databases import PrivatePostgresql
from bench.gestures import Ballot, guests
from bench.soak import Trial
from server import listening, postgresql
from server.app import create_app
from server.cookies import digest
from server.database import Database
from server.settings import Settings
from tests.cast import Browsers, act, facilitator, reread, session_of, workshop
from tests.faults.conftest import ON_POSTGRESQL, PATIENCE, Begin, Ground, comes, settled
from tests.faults.line import Line
from tests.server.pages.day import JSON
from tests.server.pages.reading import plain
from workshops import agenda
from workshops.agenda import Stage

DOWN = "La base de données ne répond pas. Rien n'a été enregistré à moitié : réessayez dans un instant."
LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"

Through = Callable[[Trial], Line]


async def read(trial: Trial, path: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(base_url=trial.server.url, timeout=PATIENCE) as browser:
        return await browser.get(path, headers=headers)


async def is_heard(trial: Trial) -> bool:
    """Whether its process hears the others."""
    async with await psycopg.AsyncConnection.connect(postgresql.plain(trial.address)) as connection:
        return await (await connection.execute(LISTENERS)).fetchone() == (1,)


# ── Restarted, stopped


async def test_a_database_that_restarts_is_found_again(stoppable: Ground, begin: Begin) -> None:
    async with begin(stoppable) as trial:
        process = trial.server.process
        await trial.acknowledged(10)
        await comes(lambda: is_heard(trial))
        for _ in range(2):
            await trial.restart_database()
            await trial.acknowledged(10)
        await comes(lambda: is_heard(trial))
        assert trial.server.process is process
        await settled(trial)


async def test_while_the_database_is_stopped_everything_says_so_and_then_goes_on(
    stoppable: Ground, begin: Begin
) -> None:
    assert isinstance(stoppable.database, PrivatePostgresql)
    async with begin(stoppable) as trial:
        await trial.acknowledged(10)
        await asyncio.to_thread(stoppable.database.stop)
        try:
            before = trial.again
            # People go on trying; the room's page, a program and a gesture are all told the same.
            assert await until(lambda: trial.again > before + 10, PATIENCE)
            guest, door = trial.crowd.guests[0], trial.crowd
            cast = Ballot(trial.room.indicators[0], "keep", "en-panne")
            gesture = await door.pool.ask(door.browser.vote(guest, cast))
            page, program = await read(trial, trial.room.path), await read(trial, f"{trial.room.path}.json", **JSON)
            health, alive = await read(trial, "/sante"), await read(trial, "/sante/vivant")
        finally:
            await asyncio.to_thread(stoppable.database.start)
        assert [gesture.status, page.status_code, program.status_code] == [503] * 3
        assert b"retry-after: 3" in gesture.head.lower()
        assert (page.headers["retry-after"], program.headers["retry-after"]) == ("3", "3")
        for said in (gesture.body.decode(), page.text, program.json()["raison"]):
            assert DOWN in plain(said)
        assert (health.status_code, alive.status_code) == (503, 200)
        await trial.insist(guest, f"/indicateurs/{cast.indicator}/vote", cast.fields, cast.key, kept(guest.name, cast))
        await trial.acknowledged(10)
        await settled(trial)


def kept(who: str, cast: Ballot) -> Kept:
    return Kept(who, VOTES, cast.indicator, cast.choice)


# ── A commit whose answer is lost


async def test_a_commit_whose_outcome_nobody_knows_counts_once(
    stoppable: Ground, begin: Begin, through: Through
) -> None:
    """The question is lost: nothing was kept. The answer is lost: the vote was. Both times the person is told 503."""
    trial = begin(stoppable, people=0)
    async with through(trial) as line, trial:
        (guest,) = await trial.crowd.come(trial.room.code, guests(1, start=100))
        door = trial.crowd
        for number, (lost, arrived) in enumerate((("question", 0), ("answer", 1)), start=1):
            cast = Ballot(trial.room.indicators[number], "keep", f"perdu-{lost}")
            before = await asyncio.to_thread(trial.world.gesture, trial.room)
            line.lose(lost)
            first = await door.pool.ask(door.browser.vote(guest, cast))
            assert (first.status, line.lost) == (503, number)
            assert await asyncio.to_thread(trial.world.gesture, trial.room) == before + arrived
            again = await door.pool.ask(door.browser.vote(guest, cast))
            assert (again.status, again.gesture) == (200, before + 1)
            trial.kept.append(Kept(guest.name, VOTES, cast.indicator, cast.choice, before + 1))
        await settled(trial)


async def test_a_sign_out_whose_outcome_nobody_knows_is_one(stoppable: Ground, begin: Begin, through: Through) -> None:
    """The commit was kept, its answer lost: the session that ended is not taken for known."""
    trial = begin(stoppable, people=0)
    async with through(trial) as line, trial:
        (guest,) = await trial.crowd.come(trial.room.code, guests(1, start=100))
        door = trial.crowd
        mine = door.browser.get(f"{trial.room.path}/indicateurs/nouveau", guest.cookie)
        assert (await door.pool.ask(mine)).status == 409  # somebody, at another stage
        line.lose("answer")
        first = await door.pool.ask(door.browser.post("/deconnexion", {}, guest.cookie))
        assert (first.status, line.lost) == (503, 1)
        assert (await door.pool.ask(mine)).status == 303  # nobody


# ── Stuck


@pytest.fixture
def on_postgresql(settings: Settings) -> None:
    if settings.is_sqlite:
        pytest.skip(ON_POSTGRESQL)


class Freezing(Line):
    """A line that may freeze; whoever asks then waits little, so that nobody waits long for this test."""

    def __init__(self, to: str, patch: pytest.MonkeyPatch) -> None:
        super().__init__(to)
        self.patch = patch

    def freeze(self) -> None:
        super().freeze()
        self.patch.setattr(postgresql, "PATIENCE", 0.2)
        self.patch.setattr(postgresql, "CONNECT", 2)

    def thaw(self) -> None:
        self.patch.undo()
        super().thaw()


@pytest.fixture
async def stuck(
    on_postgresql: None, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Starlette, Line]]:
    """The application, at the end of a line that may freeze."""
    monkeypatch.setattr(listening, "SILENCE", 0.2)
    async with Freezing(database_url, pytest.MonkeyPatch()) as line:
        far = settings.model_copy(update={"database_url": line.address})
        app = create_app(far)
        async with app.router.lifespan_context(app):
            yield app, line
            line.thaw()


async def test_nobody_waits_for_ever_for_a_database_that_says_nothing(
    stuck: tuple[Starlette, Line], database: Database
) -> None:
    app, line = stuck
    camille = await facilitator(database)
    room = await workshop(database, by=camille)
    client = Browsers(app)
    browser = client(raise_app_exceptions=False, cookies={"session": await session_of(database, camille)})
    page, move = f"/ateliers/{room.id}", f"/ateliers/{room.id}/etape"
    assert (await browser.get(page)).status_code == 200
    line.freeze()
    async with asyncio.timeout(PATIENCE):
        answers = await asyncio.gather(
            *(browser.get(page) for _ in range(20)),
            *(browser.post(move, data={"stage": "voting", "key": f"k{n}"}, headers=JSON) for n in range(20)),
        )
        health = await browser.get("/sante")
    assert {answer.status_code for answer in answers} == {503}
    assert health.status_code == 503
    line.thaw()
    assert (await browser.get(page)).status_code == 200
    moved = [await browser.post(move, data={"stage": "voting", "key": f"k{n}"}, headers=JSON) for n in range(20)]
    assert {(answer.status_code, answer.json()["geste"]) for answer in moved} == {(200, 2)}
    await client.close()


async def test_a_line_that_says_nothing_is_not_believed(stuck: tuple[Starlette, Line], database: Database) -> None:
    """A person signs out elsewhere while this process hears nothing, and does not know it yet."""
    app, line = stuck
    camille = await facilitator(database)
    token = await session_of(database, camille)
    client = Browsers(app)
    browser = client(cookies={"session": token})

    async def is_known() -> bool:
        assert (await browser.get("/ateliers/nouveau")).status_code == 200
        return app.state.known.get(digest(token)) is not None

    async def is_doubted() -> bool:
        return app.state.known.get(digest(token)) is None

    await comes(is_known)
    line.freeze()
    await comes(is_doubted)
    other = create_app(app.state.settings.model_copy(update={"database_url": database.url}), database)
    out = Browsers(other)
    assert (await out(cookies={"session": token}).post("/deconnexion")).status_code == 303
    line.thaw()
    assert (await browser.get("/ateliers/nouveau")).status_code == 303
    for each in (client, out):
        await each.close()


async def test_a_process_that_is_stuck_in_the_middle_holds_nobody(
    on_postgresql: None, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that vanishes in a transaction leaves its locks behind: PostgreSQL takes them back."""
    monkeypatch.setattr(postgresql, "IDLE", 1)
    stuck = Database(database.url)
    camille = await facilitator(database)
    room = await workshop(database, by=camille)

    async def stops_in_the_middle(session: AsyncSession) -> None:
        await agenda.take_floor(session, room.id, by=camille)
        moved = await act(database, agenda.move, room.id, Stage.VOTING, by=camille)  # waits, then has its turn
        assert moved.gestures == 2

    with pytest.raises(DBAPIError):
        await act(stuck, stops_in_the_middle)
    assert (await reread(database, room)).gestures == 2
    await stuck.close()


@pytest.mark.parametrize(("said", "expected"), [("", "15s"), ("-c idle_in_transaction_session_timeout=7s", "7s")])
async def test_what_the_address_says_has_the_last_word(
    on_postgresql: None, database_url: str, said: str, expected: str
) -> None:
    address = make_url(database_url).update_query_dict({"options": said} if said else {})
    database = Database(address.render_as_string(hide_password=False))
    async with database.reading() as session:
        assert await session.scalar(text("SHOW idle_in_transaction_session_timeout")) == expected
    await database.close()
