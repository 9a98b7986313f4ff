"""What the doctor looks at in the store: database, search index, channels and topics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from bot.channels.channel import Channel, ChannelState, PlatformName
from bot.checks import Check, NoticeError
from bot.errors import EmbeddingError, NoModelError, OperatorError, StorageError
from bot.meaning.meaning import Meaning
from bot.query.parser import parse
from bot.text.counting import count_of
from storage.search.index import TantivyIndex
from storage.store import SqlStore

MOST_SHOWN = 5  # channels that are named
_WRITE_WITHIN = 5.0  # seconds; the bot's own transactions end well before


def store_checks(store: SqlStore, index: TantivyIndex, meaning: Meaning) -> Mapping[str, Check]:
    """The checks by what they look at."""
    return {
        "Database": partial(_database, store),
        "Search index": partial(_index, store, index),
        "Meaning": partial(_meaning, meaning),
        "Channels": partial(_channels, store),
        "Topics": partial(_topics, store),
    }


async def _database(store: SqlStore) -> str:
    try:
        async with asyncio.timeout(_WRITE_WITHIN):
            await store.database.prove_writable()
    except TimeoutError:
        raise OperatorError(
            f"Nothing could be written for {_WRITE_WITHIN:g} seconds: another program writes to the database, and does "
            "not end. Stop it (`fuser` on the file names it; in PostgreSQL look into pg_stat_activity)."
        ) from None
    counts = await store.counts()
    where = "SQLite" if store.database.is_sqlite else "PostgreSQL"
    return f"{where}, can be written: " + ", ".join(f"{number:,} {what}" for what, number in counts.items())


async def _index(store: SqlStore, index: TantivyIndex) -> str:
    behind = await index.behind()
    try:
        await index.refresh()
    except StorageError as error:
        raise StorageError(f"{error} Move its folder away; it is built anew from the database.") from error
    found = (await index.search(parse("*"), limit=1)).total
    papers = await store.papers.count()
    if found < papers:
        raise OperatorError(
            f"{found:,} of {papers:,} papers can be found. If this does not change within a minute, stop the bot and "
            "move the folder of the index away; it is built anew."
        )
    words = f"{count_of(found, 'paper')} can be found"
    if behind:
        raise NoticeError(
            f"it was {count_of(behind, 'paper')} behind the database, and has been brought up to date: {words}. If "
            "that comes again while the bot runs, its log says why (index.behind)."
        )
    return words


async def _meaning(meaning: Meaning) -> str:
    try:
        await meaning.vector("a question")
        coverage = await meaning.coverage()
    except NoModelError as error:
        raise NoticeError(f"Papers are found by their words alone: {error}") from error
    except EmbeddingError as error:
        raise OperatorError(f"Papers are found by their words alone: {error}") from error
    return f"{coverage.embedded:,} of {count_of(coverage.papers, 'paper')} can be found by what they mean"


async def _channels(store: SqlStore) -> str:
    channels: list[Channel] = []
    for platform in PlatformName:
        channels += await store.channels.on_platform(platform)
    # Who takes no messages from us is told so; for whoever runs the bot there is nothing to mend.
    broken = [channel for channel in channels if channel.state is ChannelState.BROKEN and not channel.person]
    if broken:
        named = "\n  ".join(
            f"{channel.address} ({channel.full_name}): {channel.reason}" for channel in broken[:MOST_SHOWN]
        )
        more = f"\n  and {len(broken) - MOST_SHOWN:,} more" if len(broken) > MOST_SHOWN else ""
        raise OperatorError(
            f"Nothing can be posted in {count_of(len(broken), 'channel')}; the papers wait. Mend what the platform "
            f"says, then write `/papers resume` there.\n  {named}{more}"
        )
    if not channels:
        raise NoticeError("there are none yet: invite the bot, and write `/papers subscribe diffusion` in a channel")
    paused = sum(channel.state is ChannelState.PAUSED for channel in channels)
    return count_of(len(channels), "channel") + (f", of which {paused:,} are paused by somebody" if paused else "")


async def _topics(store: SqlStore) -> str:
    topics = (await store.counts())["subscriptions"]
    if not topics:
        raise NoticeError("there are none yet, so nothing is posted. Write `/papers subscribe diffusion` in a channel.")
    return count_of(topics, "topic")
