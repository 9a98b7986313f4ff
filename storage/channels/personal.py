"""Whose own channel a channel is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select, update

from bot.channels.channel import ChannelState, PlatformName
from bot.channels.personal import PersonalChannel
from bot.messages.message import PersonMention
from storage.channels.channel_rows import channel_of, select_channels
from storage.database.database import Database
from storage.database.statements import chunks, upsert
from storage.retention import TOPICS_STAY, channel_deletions, remove_topics
from storage.tables.channels import CHANNELS, PERSONAL_CHANNELS, WORKSPACES
from storage.tables.posts import DELIVERIES, DELIVERY_TOPICS
from storage.tables.topics import SUBSCRIPTIONS


class SqlPersonalChannelStore:
    """Implements `bot.channels.personal.PersonalChannelStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, platform: PlatformName, workspace: str, person: str) -> PersonalChannel | None:
        async with self._database.read() as connection:
            row = (await connection.execute(_of(platform, workspace, person))).first()
        if row is None:
            return None
        return PersonalChannel(channel=channel_of(row), person=row.person, name=row.person_name, pings=row.pings)

    async def keep(self, channel_id: int, person: str, name: str) -> None:
        async with self._database.write(asked_for=False) as connection:
            row = upsert(connection, PERSONAL_CHANNELS).values(
                channel_id=channel_id, person=person, name=name, pings=False, told="", stopped_at=None
            )
            known = {"person": row.excluded.person, "name": row.excluded.name, "told": "", "stopped_at": None}
            await connection.execute(row.on_conflict_do_update(index_elements=["channel_id"], set_=known))

    async def set_pings(self, channel_id: int, pings: bool) -> None:
        statement = update(PERSONAL_CHANNELS).where(PERSONAL_CHANNELS.c.channel_id == channel_id).values(pings=pings)
        async with self._database.write() as connection:
            await connection.execute(statement)

    async def leave(self, channel_id: int, place: int) -> int:
        statement = (
            update(SUBSCRIPTIONS)
            .where(
                SUBSCRIPTIONS.c.channel_id == channel_id,
                SUBSCRIPTIONS.c.named_in == place,
                SUBSCRIPTIONS.c.removed_at.is_(None),
            )
            .values(named_in=None)
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount

    async def take_refusal(self, platform: PlatformName, workspace: str, person: str) -> str:
        untold = _of(platform, workspace, person).where(
            CHANNELS.c.state == ChannelState.BROKEN, PERSONAL_CHANNELS.c.told != CHANNELS.c.reason
        )
        async with self._database.read() as connection:
            found = (await connection.execute(untold)).first()
        if found is None:
            return ""
        telling = update(PERSONAL_CHANNELS).where(
            PERSONAL_CHANNELS.c.channel_id == found.id, PERSONAL_CHANNELS.c.told == found.told
        )
        async with self._database.write(asked_for=False) as connection:
            told = (await connection.execute(telling.values(told=found.reason))).rowcount
        return str(found.reason) if told else ""

    async def people_for(
        self, channel_ids: Sequence[int], paper_ids: Sequence[str]
    ) -> dict[tuple[int, str], tuple[PersonMention, ...]]:
        found: defaultdict[tuple[int, str], dict[str, PersonMention]] = defaultdict(dict)
        columns = (SUBSCRIPTIONS.c.named_in, DELIVERIES.c.paper_id, *PERSONAL_CHANNELS.c["person", "name", "pings"])
        async with self._database.read() as connection:
            for channels in chunks(channel_ids):
                for papers in chunks(paper_ids):
                    statement = (
                        select(*columns)
                        .select_from(SUBSCRIPTIONS)
                        .join(DELIVERY_TOPICS, DELIVERY_TOPICS.c.subscription_id == SUBSCRIPTIONS.c.id)
                        .join(DELIVERIES, DELIVERIES.c.id == DELIVERY_TOPICS.c.delivery_id)
                        .join(PERSONAL_CHANNELS, PERSONAL_CHANNELS.c.channel_id == SUBSCRIPTIONS.c.channel_id)
                        .where(
                            SUBSCRIPTIONS.c.named_in.in_(channels),
                            SUBSCRIPTIONS.c.removed_at.is_(None),
                            ~SUBSCRIPTIONS.c.quiet,
                            DELIVERIES.c.paper_id.in_(papers),
                        )
                        .order_by(PERSONAL_CHANNELS.c.channel_id)
                    )
                    for row in await connection.execute(statement):
                        mention = PersonMention(row.person, row.name, row.pings)
                        found[row.named_in, row.paper_id][row.person] = mention
        return {place: tuple(people.values()) for place, people in found.items()}

    async def delete_stopped(self, stopped_before: datetime, now: datetime, limit: int) -> int:
        async with self._database.write(asked_for=False) as connection:
            broken = select(CHANNELS.c.id).where(CHANNELS.c.state == ChannelState.BROKEN)
            marks = update(PERSONAL_CHANNELS)
            stopped = PERSONAL_CHANNELS.c.channel_id.in_(broken)
            await connection.execute(
                marks.where(stopped, PERSONAL_CHANNELS.c.stopped_at.is_(None)).values(stopped_at=now)
            )
            await connection.execute(
                marks.where(~stopped, PERSONAL_CHANNELS.c.stopped_at.is_not(None)).values(stopped_at=None)
            )
            gone = select(PERSONAL_CHANNELS.c.channel_id).where(PERSONAL_CHANNELS.c.stopped_at < stopped_before)
            if removed := await remove_topics(connection, SUBSCRIPTIONS.c.channel_id.in_(gone), now, limit):
                return removed
            lately = select(SUBSCRIPTIONS.c.channel_id).where(
                SUBSCRIPTIONS.c.channel_id.in_(gone),
                or_(SUBSCRIPTIONS.c.removed_at.is_(None), SUBSCRIPTIONS.c.removed_at > now - TOPICS_STAY),
            )
            deleted = 0
            for statement in channel_deletions(gone.where(PERSONAL_CHANNELS.c.channel_id.not_in(lately)), limit):
                deleted += (await connection.execute(statement)).rowcount
                if deleted >= limit:
                    break
            return deleted


def _of(platform: PlatformName, workspace: str, person: str) -> Select[Any]:
    statement = (
        select_channels()
        .add_columns(PERSONAL_CHANNELS.c.name.label("person_name"), PERSONAL_CHANNELS.c.pings, PERSONAL_CHANNELS.c.told)
        .where(PERSONAL_CHANNELS.c.person == person, WORKSPACES.c.platform == platform)
        .order_by(CHANNELS.c.id)
    )
    return statement.where(WORKSPACES.c.external_id == workspace) if workspace else statement
