"""Runs migrations on the database of the settings, SQLite or PostgreSQL."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

import server.identity
import server.live.attendance
import server.maillinks
import server.sessions
import server.tries
import workshops.accounts
import workshops.evidence
import workshops.frameworks
import workshops.handling
import workshops.retention
import workshops.schedule
import workshops.surveys
import workshops.withdrawals
from workshops.records import Record

__all__ = ["server", "workshops"]  # imported for their tables


def upgrade(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Record.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online(url: str) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(upgrade)
        await connection.commit()
    await engine.dispose()


asyncio.run(online(context.config.attributes["url"]))
