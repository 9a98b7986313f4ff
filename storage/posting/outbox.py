"""The outbox: leasing posts, and writing what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, exists, func, select, update

from bot.channels.channel import Address, Channel, PlatformName
from bot.digests.content import POST_CONTENT_JSON, PostContent, SharedPaper
from bot.digests.digest import DeliveryState, DigestKind
from bot.platforms.outcomes import Gone, GoneScope
from bot.posting.post import (
    HOLDS_UP_FOR,
    Begun,
    DeliveryRecord,
    DeliveryWait,
    DigestRecord,
    FailedPost,
    Post,
    PostState,
    Priority,
    SentPost,
    Settlement,
)
from bot.posting.rooms import Rooms
from storage.channels.stops import break_channels, lock_what_stops
from storage.database.conflicts import tried_again
from storage.database.database import Database
from storage.database.group_commit import GroupCommit
from storage.database.news import News, notify
from storage.database.statements import chunks
from storage.past_deliveries import ids_of
from storage.posting.deliveries import digest_of, topics_behind
from storage.posting.digest_records import latest_digests
from storage.posting.due_posts import OPEN, free_to_look_for, next_moments
from storage.posting.failed_posts import failed_posts, reasons, send_again
from storage.posting.leases import choose, post_of, take
from storage.posting.plans import add_post
from storage.posting.sent_posts import sent_in, showing
from storage.posting.settlements import held, write_settlements
from storage.posting.threads import fold_thread
from storage.tables.channels import CHANNELS, WORKSPACES
from storage.tables.papers import LISTINGS, PAPERS
from storage.tables.posts import DELIVERIES, DIGESTS, POSTS

#: Seconds for which nobody has to know what became of a post, as long as there are many.
SETTLE_TOGETHER = 0.1


class SqlPostStore:
    """Implements `bot.posting.store.PostStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._beginnings = GroupCommit(self._write_beginnings)
        self._settlements = GroupCommit(self._write_settlements, gather=SETTLE_TOGETHER)

    @tried_again
    async def add(self, channel_id: int, content: PostContent, now: datetime) -> int:
        async with self._database.write() as connection:
            return await add_post(connection, channel_id, content, now)

    @tried_again
    async def share(self, channel_id: int, content: SharedPaper, *, now: datetime, since: datetime) -> bool:
        lately = select(POSTS.c.content).where(
            POSTS.c.channel_id == channel_id, POSTS.c.created_at > since, POSTS.c.state != PostState.FAILED
        )
        async with self._database.write() as connection:
            # Two people may press the button at the same time.
            await connection.execute(select(CHANNELS.c.id).where(CHANNELS.c.id == channel_id).with_for_update())
            names = (await ids_of(connection, [content.paper_id]))[content.paper_id]
            for row in await connection.execute(lately):
                posted = POST_CONTENT_JSON.validate_python(row.content)
                if isinstance(posted, SharedPaper) and posted.paper_id in names:
                    return False
            await add_post(connection, channel_id, content, now)
            return True

    @tried_again
    async def lease(
        self,
        platforms: Sequence[PlatformName],
        *,
        now: datetime,
        until: datetime,
        limit: int,
        rooms: Rooms | None = None,
        least: Priority = Priority.SCHEDULED,
    ) -> list[Post]:
        given = {"now": now, "lost_before": now - HOLDS_UP_FOR, "least": least}
        async with self._database.write() as connection:
            ids = await choose(connection, platforms, given, limit, rooms)
            return await take(connection, ids, until, state=PostState.LEASED, attempt_at=None)

    @tried_again
    async def lease_unknown(
        self, platforms: Sequence[PlatformName], *, now: datetime, until: datetime, limit: int
    ) -> list[Post]:
        given = {"platforms": platforms, "now": now, "most": limit}
        async with self._database.write() as connection:
            ids = list((await connection.execute(free_to_look_for(), given)).scalars())
            return await take(connection, ids, until)

    async def next_due(self, now: datetime) -> datetime | None:
        given = {"now": now, "lost_before": now - HOLDS_UP_FOR}
        async with self._database.read() as connection:
            *moments, tried = (await connection.execute(next_moments(), given)).one()
        if tried is not None:
            moments.append(tried + HOLDS_UP_FOR)
        return min((moment for moment in moments if moment is not None), default=None)

    async def failures(self, channel_id: int, since: datetime) -> list[str]:
        async with self._database.read() as connection:
            return await reasons(connection, channel_id, since)

    async def has_sent(self, channel_id: int, since: datetime) -> bool:
        sent = POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.SENT, POSTS.c.attempt_at >= since
        async with self._database.read() as connection:
            # What is only taken for sent has no name on the platform.
            found = select(exists().where(*sent, POSTS.c.remote_id.is_not(None)))
            return bool((await connection.execute(found)).scalar_one())

    async def failed(self, limit: int, *, channel_id: int | None = None) -> list[FailedPost]:
        async with self._database.read() as connection:
            return await failed_posts(connection, limit, channel_id)

    @tried_again
    async def retry(self, post_ids: Collection[int], now: datetime) -> int:
        async with self._database.write() as connection:
            number = await send_again(connection, post_ids, now)
            await notify(connection, News.POSTS)
        return number

    async def latest_digests(self, channel_id: int, limit: int) -> list[DigestRecord]:
        async with self._database.read() as connection:
            return await latest_digests(connection, channel_id, limit)

    async def delivery(self, channel_id: int, paper_id: str) -> DeliveryRecord | None:
        statement = (
            select(
                DELIVERIES.c.id.label("delivery_id"),
                DELIVERIES.c.state.label("delivery_state"),
                DELIVERIES.c.instant,
                DELIVERIES.c.queued_at,
                DELIVERIES.c.position,
                DELIVERIES.c.points,
                DELIVERIES.c.posted_at,
                POSTS.c.state.label("post_state"),
                POSTS.c.error,
                DIGESTS,
            )
            .add_columns(DELIVERIES.c.read_in)
            .outerjoin(POSTS, POSTS.c.id == DELIVERIES.c.post_id)
            .outerjoin(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .where(DELIVERIES.c.channel_id == channel_id, DELIVERIES.c.paper_id == paper_id)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
            if row is None:
                return None
            topics = await topics_behind(connection, [row.delivery_id])
        return DeliveryRecord(
            state=DeliveryState(row.delivery_state),
            instant=row.instant,
            queued_at=row.queued_at,
            topics=topics.get(row.delivery_id, ()),
            digest=digest_of(row) if row.id is not None else None,
            place=row.position or 0,
            points=row.points,
            post=PostState(row.post_state) if row.post_state else None,
            post_error=row.error or "",
            posted_at=row.posted_at,
            read_elsewhere=row.read_in is not None,
        )

    async def sent_in(self, channel_id: int, *, before: int | None, after: int = 0, limit: int) -> list[SentPost]:
        async with self._database.read() as connection:
            return await sent_in(connection, channel_id, before=before, after=after, limit=limit)

    async def remote_id(self, channel_id: int, post_id: int) -> str | None:
        statement = select(POSTS.c.remote_id).where(
            POSTS.c.id == post_id, POSTS.c.channel_id == channel_id, POSTS.c.state == PostState.SENT
        )
        async with self._database.read() as connection:
            return (await connection.execute(statement)).scalar_one_or_none()

    async def latest_sent(self, channel_ids: Sequence[int]) -> dict[int, int]:
        # Asked for one by one in a statement, each is the end of an index; grouped, all that was ever sent is counted.
        latest = select(func.max(POSTS.c.id)).where(
            POSTS.c.channel_id == CHANNELS.c.id, POSTS.c.state == PostState.SENT
        )
        found: dict[int, int] = {}
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                statement = select(CHANNELS.c.id, latest.scalar_subquery().label("latest")).where(
                    CHANNELS.c.id.in_(some)
                )
                found.update((row.id, row.latest or 0) for row in await connection.execute(statement))
        return found

    async def showing(self, channel_id: int, paper_id: str) -> list[SentPost]:
        async with self._database.read() as connection:
            return await showing(connection, channel_id, paper_id)

    async def sent_as(self, channel_id: int, remote_id: str) -> Post | None:
        parents = POSTS.alias("parents")
        statement = (
            select(POSTS, parents.c.remote_id.label("parent_remote_id"))
            .outerjoin(parents, parents.c.id == POSTS.c.parent_id)
            .where(POSTS.c.channel_id == channel_id, POSTS.c.remote_id == remote_id)
            .order_by(POSTS.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
            return post_of(row) if row else None

    async def begin(self, post: Post, *, now: datetime, until: datetime) -> bool:
        return await self._beginnings.submit((post, now, until))

    @tried_again
    async def _write_beginnings(self, items: list[tuple[Post, datetime, datetime]]) -> list[bool]:
        async with self._database.write(last=True) as connection:
            leased = await held(connection, [post for post, _, _ in items])
            # A request that left this late could arrive after others have looked for it and sent it again.
            ours = {post.id for post, now, _ in items if post.id in leased and now < leased[post.id]}
            statement = (
                update(POSTS)
                .where(POSTS.c.id == bindparam("post_id"))
                .values(
                    attempt_at=bindparam("at", type_=POSTS.c.attempt_at.type),
                    lease_until=bindparam("until", type_=POSTS.c.lease_until.type),
                    attempts=POSTS.c.attempts + 1,
                    look_ups=0,
                    looked_for=0.0,
                    look_up_cursor="",
                    look_up_began_at=None,
                    late=False,
                    first_attempt_at=func.coalesce(
                        POSTS.c.first_attempt_at, bindparam("first_at", type_=POSTS.c.attempt_at.type)
                    ),
                )
            )
            rows = [
                {"post_id": post.id, "at": now, "until": until, "first_at": now}
                for post, now, until in items
                if post.id in ours
            ]
            if rows:
                await connection.execute(statement, rows)
        return [post.id in ours for post, _, _ in items]

    async def settle(self, settlement: Settlement) -> bool:
        return await self._settlements.submit(settlement)

    @tried_again
    async def _write_settlements(self, items: list[Settlement]) -> list[bool]:
        async with self._database.write(last=True) as connection:
            ours = await write_settlements(connection, items)
        return [item.post.id in ours for item in items]

    @tried_again
    async def stop(self, settlement: Settlement, address: Address, gone: Gone) -> list[Channel] | None:
        whole = gone.scope is GoneScope.WORKSPACE
        async with self._database.write() as connection:
            await lock_what_stops(connection, address, whole_workspace=whole)
            if not await write_settlements(connection, [settlement]):
                return None
            return await break_channels(connection, address, gone.reason, whole_workspace=whole)

    @tried_again
    async def fold(self, post: Post, *, per_message: int, abstracts: bool, now: datetime) -> bool:
        async with self._database.write() as connection:
            if not await held(connection, [post]):
                return False
            await fold_thread(connection, post.id, per_message=per_message, abstracts=abstracts, now=now)
            return True

    @tried_again
    async def expire(self, now: datetime) -> int:
        tried = POSTS.c.attempt_at.is_not(None)
        # Whoever is writing about one of them at this moment still holds it.
        expired = (
            select(POSTS.c.id)
            .where(POSTS.c.state == PostState.LEASED, POSTS.c.lease_until <= now)
            .with_for_update(skip_locked=True)
        )
        statement = (
            update(POSTS)
            .where(POSTS.c.id.in_(expired))
            .values(
                state=case((tried, PostState.UNKNOWN.value), else_=PostState.PENDING.value),
                error=case((tried, "interrupted while sending"), else_=POSTS.c.error),
                due_at=now,
                noted_at=now,
                lease="",
                lease_until=None,
            )
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def waits(self, post_ids: Sequence[int]) -> list[DeliveryWait]:
        # The latest listing that may have brought it: another source may have listed it long before.
        listed_at = (
            select(func.max(LISTINGS.c.listed_at))
            .where(LISTINGS.c.paper_id == DELIVERIES.c.paper_id, LISTINGS.c.listed_at <= DELIVERIES.c.queued_at)
            .scalar_subquery()
        )
        shown = (
            select(WORKSPACES.c.platform, DIGESTS.c.kind, DELIVERIES.c.posted_at)
            .add_columns(func.coalesce(listed_at, PAPERS.c.listed_at).label("listed_at"))
            .join(DIGESTS, DIGESTS.c.id == DELIVERIES.c.digest_id)
            .join(PAPERS, PAPERS.c.id == DELIVERIES.c.paper_id)
            .join(CHANNELS, CHANNELS.c.id == DELIVERIES.c.channel_id)
            .join(WORKSPACES, WORKSPACES.c.id == CHANNELS.c.workspace_id)
            .where(
                DELIVERIES.c.state == DeliveryState.POSTED,
                DELIVERIES.c.position <= DIGESTS.c.shown,
                PAPERS.c.listed_at.is_not(None),
            )
        )
        found: list[DeliveryWait] = []
        async with self._database.read() as connection:
            for some in chunks(post_ids):
                for row in await connection.execute(shown.where(DELIVERIES.c.post_id.in_(some))):
                    wait = max(timedelta(), row.posted_at - row.listed_at)
                    found.append(DeliveryWait(PlatformName(row.platform), DigestKind(row.kind), wait))
        return found

    async def adopt(self, now: datetime, but: Mapping[int, Begun]) -> frozenset[int]:
        if not self._database.is_sqlite:
            return frozenset()
        tried = select(POSTS.c.id, POSTS.c.attempts, POSTS.c.attempt_at).where(
            POSTS.c.state.in_((PostState.LEASED, PostState.UNKNOWN)), POSTS.c.attempt_at.is_not(None)
        )
        async with self._database.write() as connection:
            ids = frozenset(
                row.id
                for row in await connection.execute(tried)
                if but.get(row.id) != Begun(attempts=row.attempts, at=row.attempt_at)
            )
            # The looking begins anew: earlier looks read another window, and count for nothing. Nor does what another
            # process is just finding out about that window.
            looked_for = POSTS.c.state == PostState.UNKNOWN
            values = {"attempt_at": now, "due_at": now, "noted_at": now, "late": True, "look_ups": 0, "looked_for": 0.0,
                      "look_up_cursor": "", "look_up_began_at": None,
                      "lease": case((looked_for, ""), else_=POSTS.c.lease),
                      "lease_until": case((looked_for, None), else_=POSTS.c.lease_until)}  # fmt: skip
            for some in chunks(sorted(ids)):
                await connection.execute(update(POSTS).where(POSTS.c.id.in_(some)).values(values))
        return ids

    async def counts(self) -> dict[PostState, int]:
        statement = select(POSTS.c.state, func.count().label("posts")).group_by(POSTS.c.state)
        async with self._database.read() as connection:
            found = {PostState(row.state): row.posts for row in await connection.execute(statement)}
        return {state: found.get(state, 0) for state in PostState}

    async def open_in(self, channel_id: int) -> int:
        statement = select(func.count()).where(
            POSTS.c.channel_id == channel_id,
            POSTS.c.state.in_(OPEN),
        )
        async with self._database.read() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number

    async def last_error(self, channel_id: int) -> str:
        statement = (
            select(POSTS.c.error)
            .where(
                POSTS.c.channel_id == channel_id,
                POSTS.c.error != "",
                POSTS.c.state.in_([state for state in PostState if state is not PostState.SENT]),
            )
            .order_by(POSTS.c.id.desc())
            .limit(1)
        )
        async with self._database.read() as connection:
            return (await connection.execute(statement)).scalar_one_or_none() or ""
