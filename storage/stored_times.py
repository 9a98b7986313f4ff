"""What is stored about the time to come, moved or brought back when a clock was wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.intake.polling import LONGEST_WAIT as LONGEST_WAIT_OF_SOURCES
from bot.people.people import INVITATION_LENGTH
from bot.posting.post import LEASE
from bot.posting.retries import LONGEST_WAIT
from storage.database.conflicts import tried_again
from storage.database.database import Database
from storage.database.lock_order import lock_channels
from storage.database.news import News, notify
from storage.database.statements import chunks
from storage.posting.due_posts import OPEN
from storage.tables.channels import CHANNELS, INSTALLATIONS, OAUTH_STATES
from storage.tables.people import INVITATIONS, SESSIONS
from storage.tables.posts import POSTS
from storage.tables.sources import SOURCES

#: A channel rests for some seconds between two posts.
LONGEST_REST: Final = timedelta(minutes=1)
#: Slack's rotated tokens live for twelve hours, and whoever renews them takes seconds.
LONGEST_TOKEN: Final = timedelta(days=1)
LONGEST_RENEWAL: Final = timedelta(hours=1)
#: By so much the clocks of two processes differ.
A_MOMENT: Final = timedelta(minutes=1)
#: So long a virtual machine may have been suspended. No clock of its counts that time: it looks like one that was set.
LONGEST_SUSPENSION: Final = timedelta(days=4)
#: Of an installation under way.
LONGEST_STATE: Final = timedelta(hours=1)

#: When something was written, by the clock of that time.
_WRITTEN: Final = ("attempt_at", "first_attempt_at", "look_up_began_at", "noted_at", "created_at")
#: When a source was last asked.
_NOTED: Final = ("last_success_at", "last_failure_at")
_MOVED: Final = ("due_at", "lease_until", *_WRITTEN)


class SqlStoredTimes:
    """Implements `bot.lifecycle.timekeeping.StoredTimes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def server_time(self) -> datetime | None:
        if self._database.is_sqlite:
            return None
        async with self._database.read() as connection:
            # Not `now()`, which is when the transaction began.
            now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            return now

    @tried_again
    async def move(self, by: timedelta) -> None:
        async with self._database.write(asked_for=False) as connection:
            resting = select(CHANNELS.c.id, CHANNELS.c.post_after).where(CHANNELS.c.post_after.is_not(None))
            rests = await connection.execute(resting.order_by(CHANNELS.c.id).with_for_update(key_share=True))
            await _write(
                connection,
                CHANNELS,
                ("post_after",),
                [{"row": row.id, "post_after": _moved(row.post_after, by)} for row in rests],
            )
            posts = await _open_posts(connection)
            await _write(
                connection,
                POSTS,
                _MOVED,
                [
                    {
                        "row": row.id,
                        **{name: _moved(getattr(row, name), by) for name in _MOVED},
                        # From here on histories are looked through: too early does no harm.
                        "first_attempt_at": _moved(
                            row.first_attempt_at, by - min(max(by, timedelta()), LONGEST_SUSPENSION)
                        ),
                    }
                    for row in posts
                ],
            )
            await _move_waits_of_sources(connection, by)
            await _move_sessions(connection, by)
            await notify(connection, News.POSTS)

    async def pull_in(self, clock: Callable[[], datetime]) -> int:
        if not await self._anything_ahead(clock()):
            return 0
        ahead = select(CHANNELS.c.id).where(CHANNELS.c.post_after > clock() + LONGEST_REST)
        async with self._database.write(asked_for=False) as connection:
            await lock_channels(connection, list((await connection.execute(ahead)).scalars()))
            posts = await _open_posts(connection)
            now = clock()  # only by now: what somebody wrote while this waited would else lie ahead
            rows = [change for post in posts if (change := _pulled_in(post, now))]
            await _write(connection, POSTS, _MOVED, rows)
            changed = len(rows) + await _pull_in_sources(connection, clock)
            for table, column, furthest, value in _bounds(clock()):
                statement = update(table).where(table.c[column] > furthest).values({column: value})
                changed += (await connection.execute(statement)).rowcount
            await notify(connection, News.POSTS)
        return changed

    async def _anything_ahead(self, now: datetime) -> bool:
        """Asked first, because whoever writes makes others wait."""
        written = or_(*(POSTS.c[name] > now for name in _WRITTEN))
        posts = select(POSTS.c.id).where(
            POSTS.c.state.in_(OPEN),
            or_(POSTS.c.due_at > now + LONGEST_WAIT, POSTS.c.lease_until > now + LEASE, written),
        )
        others = (
            select(table.c[column]).where(table.c[column] > furthest) for table, column, furthest, _ in _bounds(now)
        )
        noted = select(SOURCES.c.name).where(or_(*(SOURCES.c[name] > now + A_MOMENT for name in _NOTED)))
        async with self._database.read() as connection:
            for statement in (posts, noted, *others):
                if (await connection.execute(statement.limit(1))).first():
                    return True
        return False


async def _move_waits_of_sources(connection: AsyncConnection, by: timedelta) -> None:
    """A source that asked to be left alone for a second is not left alone for as long as the clock was wrong. When it
    asked moves along, so that a later run still knows for how long."""
    columns = SOURCES.c.name, SOURCES.c.last_failure_at, SOURCES.c.retry_at
    waiting = await connection.execute(select(*columns).where(SOURCES.c.retry_at.is_not(None)).with_for_update())
    moved = [
        {"source": row.name, "last_failure_at": _moved(row.last_failure_at, by), "retry_at": row.retry_at + by}
        for row in waiting
    ]
    await _write_sources(connection, moved)


async def _pull_in_sources(connection: AsyncConnection, clock: Callable[[], datetime]) -> int:
    """What has happened lies in no future; what a source asked for then counts from when it asked."""
    sources = (await connection.execute(select(SOURCES).with_for_update())).all()
    rows, now = [], clock()
    for row in sources:
        ahead = max((time - now for name in _NOTED if (time := getattr(row, name)) is not None), default=timedelta())
        if ahead > A_MOMENT:
            times = {name: getattr(row, name) for name in (*_NOTED, "retry_at")}
            late = {name: time - ahead for name, time in times.items() if time is not None and time > now}
            rows.append({"source": row.name, **late})
    await _write_sources(connection, rows)
    return len(rows)


async def _write_sources(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    for row in rows:
        values = {name: value for name, value in row.items() if name != "source"}
        await connection.execute(update(SOURCES).where(SOURCES.c.name == row["source"]).values(values))


async def _move_sessions(connection: AsyncConnection, by: timedelta) -> None:
    """Nobody is logged out because a clock is set, nor stays logged in for longer."""
    sessions = await connection.execute(
        select(SESSIONS.c.key, SESSIONS.c.begun_at, SESSIONS.c.seen_at).with_for_update()
    )
    moved = [
        {"session": row.key, "begun": _moved(row.begun_at, by), "seen": _moved(row.seen_at, by)} for row in sessions
    ]
    if moved:
        statement = update(SESSIONS).where(SESSIONS.c.key == bindparam("session"))
        kind = SESSIONS.c.begun_at.type
        times = {"begun_at": bindparam("begun", type_=kind), "seen_at": bindparam("seen", type_=kind)}
        await connection.execute(statement.values(times), moved)


def _bounds(now: datetime) -> Sequence[tuple[Table, str, datetime, datetime | None]]:
    """Of a column: how far ahead it can be put, and what is written in place of anything further ahead."""
    return (
        (CHANNELS, "post_after", now + LONGEST_REST, None),
        (SOURCES, "retry_at", now + LONGEST_WAIT_OF_SOURCES, None),
        (INSTALLATIONS, "renew_at", now + LONGEST_TOKEN, now),
        (INSTALLATIONS, "lease_until", now + LONGEST_RENEWAL, None),
        (OAUTH_STATES, "expires_at", now + LONGEST_STATE, now + LONGEST_STATE),
        (SESSIONS, "begun_at", now + A_MOMENT, now),
        (SESSIONS, "seen_at", now + A_MOMENT, now),
        (INVITATIONS, "made_at", now + A_MOMENT, now),
        (INVITATIONS, "expires_at", now + INVITATION_LENGTH + A_MOMENT, now + INVITATION_LENGTH),
    )


def _pulled_in(post: Any, now: datetime) -> dict[str, Any] | None:
    """The times of a post as a right clock would have written them; None where they may be right."""
    written = max(time for name in _WRITTEN if (time := getattr(post, name)) is not None)
    ahead = max(written - now, timedelta())
    times = {
        name: time - ahead if time is not None and time > now else time
        for name in _MOVED
        for time in [getattr(post, name)]
    }
    if times["due_at"] > now + LONGEST_WAIT:
        times["due_at"] = now
    if times["lease_until"] is not None and times["lease_until"] > now + LEASE:
        times["lease_until"] = now
    same = all(getattr(post, name) == time for name, time in times.items())
    return None if same else {"row": post.id, **times}


async def _open_posts(connection: AsyncConnection) -> Sequence[Any]:
    statement = (
        select(POSTS.c.id, *(POSTS.c[name] for name in _MOVED))
        .where(POSTS.c.state.in_(OPEN))
        .order_by(POSTS.c.id)
        .with_for_update(key_share=True)
    )
    return (await connection.execute(statement)).all()


async def _write(
    connection: AsyncConnection, table: Table, columns: Sequence[str], rows: Sequence[dict[str, Any]]
) -> None:
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in columns}
    statement = update(table).where(table.c.id == bindparam("row_id")).values(values)
    for some in chunks(rows):
        given = [{"row_id": row["row"], **{f"new_{name}": row[name] for name in columns}} for row in some]
        await connection.execute(statement, given)


def _moved(time: datetime | None, by: timedelta) -> datetime | None:
    return time + by if time is not None else None
