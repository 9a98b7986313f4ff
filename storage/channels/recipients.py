"""Who gets mail: addresses that follow a channel."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.channels.channel import ChannelState, PlatformName
from bot.digests.content import MailQuestion
from bot.digests.digest import DeliveryState
from bot.mail.recipients import MAIL_WORKSPACE, Content, Ended, NewRecipient, Recipient, masked
from bot.posting.post import PostState
from bot.topics.store import Match
from storage.channels.channel_rows import SETTINGS_JSON
from storage.channels.ends import mark_deleted
from storage.database.conflicts import tried_again
from storage.database.database import Database
from storage.database.lock_order import lock_channels
from storage.database.statements import chunks, upsert
from storage.posting.deliveries import queue, still_kept
from storage.posting.plans import add_post
from storage.tables.channels import CHANNELS, MAIL_QUESTIONS, MAIL_RECIPIENTS, WORKSPACES
from storage.tables.posts import DELIVERIES, POSTS

#: What was asked is known for so long, to count it.
QUESTIONS_KEPT: Final = timedelta(days=2)


class SqlRecipientStore:
    """Implements `bot.mail.recipients.RecipientStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, key: str) -> Recipient | None:
        async with self._database.read() as connection:
            return await _find(connection, key)

    async def followers(self, channel_id: int) -> list[Recipient]:
        statement = _select().where(MAIL_RECIPIENTS.c.follows == channel_id)
        async with self._database.read() as connection:
            rows = await connection.execute(statement.order_by(MAIL_RECIPIENTS.c.email, MAIL_RECIPIENTS.c.content))
            return [_recipient_of(row) for row in rows]

    async def of_channels(self, channel_ids: Sequence[int]) -> dict[int, Recipient]:
        found: dict[int, Recipient] = {}
        async with self._database.read() as connection:
            for some in chunks(channel_ids):
                rows = await connection.execute(_select().where(MAIL_RECIPIENTS.c.channel_id.in_(some)))
                found.update((row.channel_id, _recipient_of(row)) for row in rows)
        return found

    async def asked_since(self, since: datetime, *, email: str = "", follows: int = 0) -> int:
        statement = select(func.count()).select_from(MAIL_QUESTIONS).where(MAIL_QUESTIONS.c.asked_at > since)
        if email:
            statement = statement.where(MAIL_QUESTIONS.c.email == email)
        if follows:
            statement = statement.where(MAIL_QUESTIONS.c.follows == follows)
        async with self._database.read() as connection:
            number: int = (await connection.execute(statement)).scalar_one()
            return number

    @tried_again
    async def ask(self, wanted: NewRecipient, now: datetime) -> Recipient:
        async with self._database.write() as connection:
            # Locked: two who add an address at once have it asked once, and the second is told so.
            await connection.execute(select(CHANNELS.c.id).where(CHANNELS.c.id == wanted.follows.id).with_for_update())
            same = (
                MAIL_RECIPIENTS.c.follows == wanted.follows.id,
                MAIL_RECIPIENTS.c.content == wanted.content,
                MAIL_RECIPIENTS.c.email == wanted.email,
            )
            known = (await connection.execute(select(MAIL_RECIPIENTS.c.channel_id).where(*same))).scalar_one_or_none()
            if known is None:
                channel_id = await _add_channel(connection, wanted)
            else:
                channel_id = known
                await lock_channels(connection, [known])
                await _let_go(connection, known)
            asked = {
                "added_by": wanted.added_by,
                "nonce": wanted.nonce,
                "asked_at": now,
                "confirmed_at": None,
                "ended_at": None,
                "ended_by": "",
            }
            if known is None:
                told = {"channel_id": channel_id, "follows": wanted.follows.id, "email": wanted.email}
                await connection.execute(insert(MAIL_RECIPIENTS).values(**told, content=wanted.content, **asked))
            else:
                await connection.execute(update(MAIL_RECIPIENTS).where(*same).values(**asked))
            await _open(connection, channel_id, schedule=wanted.schedule, time_zone=wanted.follows.time_zone)
            await connection.execute(delete(MAIL_QUESTIONS).where(MAIL_QUESTIONS.c.asked_at < now - QUESTIONS_KEPT))
            question = {"follows": wanted.follows.id, "email": wanted.email, "asked_at": now}
            await connection.execute(insert(MAIL_QUESTIONS).values(**question))
            await add_post(connection, channel_id, MailQuestion(), now)
            row = (await connection.execute(_select().where(MAIL_RECIPIENTS.c.channel_id == channel_id))).one()
            return _recipient_of(row)

    @tried_again
    async def confirm(self, key: str, nonce: str, *, next_digest_at: datetime | None, now: datetime) -> bool:
        async with self._database.write() as connection:
            known = await _find(connection, key)
            if known is None:
                return False
            answering = update(MAIL_RECIPIENTS).where(
                MAIL_RECIPIENTS.c.channel_id == known.channel_id,
                MAIL_RECIPIENTS.c.nonce == nonce,
                MAIL_RECIPIENTS.c.confirmed_at.is_(None),
                MAIL_RECIPIENTS.c.ended_at.is_(None),
            )
            # Another nonce: that link has been used.
            new = secrets.token_hex(len(nonce) // 2)
            if not (await connection.execute(answering.values(confirmed_at=now, nonce=new))).rowcount:
                return False
            await _open(connection, known.channel_id, next_digest_at=next_digest_at)
            return True

    @tried_again
    async def end(self, key: str, ended_by: Ended, now: datetime) -> bool:
        async with self._database.write() as connection:
            known = await _find(connection, key)
            if known is None:
                return False
            await connection.execute(select(CHANNELS.c.id).where(CHANNELS.c.id == known.channel_id).with_for_update())
            ending = update(MAIL_RECIPIENTS).where(
                MAIL_RECIPIENTS.c.channel_id == known.channel_id, MAIL_RECIPIENTS.c.ended_at.is_(None)
            )
            if not (await connection.execute(ending.values(ended_at=now, ended_by=ended_by))).rowcount:
                return False
            await _let_go(connection, known.channel_id)
            reason = "They unsubscribed." if ended_by is Ended.UNSUBSCRIBED else "The address was removed."
            channel = update(CHANNELS).where(CHANNELS.c.id == known.channel_id)
            values = {"state": ChannelState.PAUSED, "reason": reason, "paused_until": None, "next_digest_at": None}
            await connection.execute(channel.values(**values, instant_at=None))
            return True

    @tried_again
    async def queue(self, paper_ids: Mapping[int, Sequence[str]], now: datetime) -> None:
        wanted = [
            Match(channel_id=channel_id, paper_id=paper, subscription_ids=(), instant=False)
            for channel_id, papers in paper_ids.items()
            for paper in papers
        ]
        async with self._database.write(asked_for=False) as connection:
            await queue(connection, await still_kept(connection, wanted), now)

    @tried_again
    async def delete_unconfirmed(self, asked_before: datetime, now: datetime, limit: int) -> int:
        over = or_(
            and_(MAIL_RECIPIENTS.c.confirmed_at.is_(None), MAIL_RECIPIENTS.c.asked_at < asked_before),
            MAIL_RECIPIENTS.c.ended_at < asked_before,
            # The channel that it followed is gone, with the row that said so.
            MAIL_RECIPIENTS.c.channel_id.is_(None),
        )
        on_its_way = exists().where(POSTS.c.channel_id == CHANNELS.c.id, POSTS.c.state == PostState.LEASED)
        statement = (
            select(CHANNELS.c.id)
            .join(WORKSPACES, WORKSPACES.c.id == CHANNELS.c.workspace_id)
            .outerjoin(MAIL_RECIPIENTS, MAIL_RECIPIENTS.c.channel_id == CHANNELS.c.id)
            .where(WORKSPACES.c.platform == PlatformName.MAIL, CHANNELS.c.deleted_at.is_(None), over, ~on_its_way)
            .order_by(CHANNELS.c.id)
            .limit(limit)
        )
        async with self._database.write(asked_for=False) as connection:
            ids = list((await connection.execute(statement)).scalars())
            await mark_deleted(connection, ids, now)
            await connection.execute(delete(MAIL_RECIPIENTS).where(MAIL_RECIPIENTS.c.channel_id.in_(ids)))
            return len(ids)


def _select() -> Select[Any]:
    followed, of_it = CHANNELS.alias("followed"), WORKSPACES.alias("of_it")
    columns = (
        CHANNELS.c.external_id,
        followed.c.name.label("followed_name"),
        followed.c.external_id.label("followed_id"),
        of_it.c.name.label("workspace_name"),
        of_it.c.external_id.label("workspace"),
        of_it.c.platform.label("followed_platform"),
    )
    return (
        select(MAIL_RECIPIENTS, *columns)
        .join(CHANNELS, CHANNELS.c.id == MAIL_RECIPIENTS.c.channel_id)
        .join(followed, followed.c.id == MAIL_RECIPIENTS.c.follows)
        .join(of_it, of_it.c.id == followed.c.workspace_id)
        .where(CHANNELS.c.deleted_at.is_(None))
    )


async def _find(connection: AsyncConnection, key: str) -> Recipient | None:
    row = (await connection.execute(_select().where(CHANNELS.c.external_id == key))).one_or_none()
    return None if row is None else _recipient_of(row)


def _recipient_of(row: Row[Any]) -> Recipient:
    return Recipient(
        channel_id=row.channel_id,
        key=row.external_id,
        follows=row.follows,
        list_name=_name_of(row),
        email=row.email,
        content=Content(row.content),
        added_by=row.added_by,
        nonce=row.nonce,
        asked_at=row.asked_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        ended_by=Ended(row.ended_by) if row.ended_by else None,
    )


def _name_of(row: Row[Any]) -> str:
    """The followed channel's name for somebody who is elsewhere, as `Channel.full_name` says it."""
    name = row.followed_name
    if name == row.followed_id and row.followed_platform != PlatformName.WEB:
        name = "a channel"
    shown = name if " " in name else f"#{name}"
    return f"{shown} in {row.workspace_name}" if row.workspace_name != row.workspace else shown


async def _add_channel(connection: AsyncConnection, wanted: NewRecipient) -> int:
    workspace = upsert(connection, WORKSPACES).values(
        platform=PlatformName.MAIL, external_id=MAIL_WORKSPACE, name=MAIL_WORKSPACE
    )
    await connection.execute(workspace.on_conflict_do_nothing(index_elements=["platform", "external_id"]))
    workspace_id = select(WORKSPACES.c.id).where(
        WORKSPACES.c.platform == PlatformName.MAIL, WORKSPACES.c.external_id == MAIL_WORKSPACE
    )
    adding = (
        insert(CHANNELS)
        .values(
            workspace_id=workspace_id.scalar_subquery(),
            external_id=wanted.key,
            name=f"mail to {masked(wanted.email)}",
            time_zone=wanted.follows.time_zone,
            schedule=wanted.schedule,
            settings=SETTINGS_JSON.dump_python(wanted.settings, mode="json"),
            state=ChannelState.ACTIVE,
            reason="",
            last_number=0,
        )
        .returning(CHANNELS.c.id)
    )
    channel_id: int = (await connection.execute(adding)).scalar_one()
    return channel_id


async def _let_go(connection: AsyncConnection, channel_id: int) -> None:
    """Nothing that waits is sent there. What is on its way at this moment arrives."""
    pending = POSTS.c.state.in_((PostState.PENDING, PostState.UNKNOWN))
    await connection.execute(delete(POSTS).where(POSTS.c.channel_id == channel_id, pending))
    waiting = update(DELIVERIES).where(
        DELIVERIES.c.channel_id == channel_id,
        DELIVERIES.c.state == DeliveryState.QUEUED,
        DELIVERIES.c.post_id.is_(None),
    )
    await connection.execute(waiting.values(state=DeliveryState.DROPPED))


async def _open(
    connection: AsyncConnection, channel_id: int, *, next_digest_at: datetime | None = None, **values: str
) -> None:
    """Lets posts flow to that channel."""
    flowing = {"state": ChannelState.ACTIVE, "reason": "", "paused_until": None, "post_after": None}
    await connection.execute(
        update(CHANNELS)
        .where(CHANNELS.c.id == channel_id)
        .values(**flowing, next_digest_at=next_digest_at, instant_at=None, **values)
    )
