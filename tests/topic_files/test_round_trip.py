"""Any channels, exported and applied elsewhere, are the same there."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.channel import Address, Channel, ChannelSettings, ChannelState, Order, PlatformName, QuietDays, Style
from bot.commands.topics.wording import is_about
from bot.papers.sources import ARXIV, HUGGINGFACE
from bot.topic_files.files import TopicFiles
from bot.topic_files.store import ChannelChange
from bot.topic_files.writing import as_topic
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from tests.core import Core
from tests.databases import sqlite_in
from tests.strategies import queries, word_models
from tests.topic_files.conftest import files_of

_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=40).map(
    lambda text: " ".join(text.split())
)


@st.composite
def topics(draw: st.DrawFn) -> TopicOptions:
    query = draw(queries().filter(lambda one: not one.by_example() and one.sort is None))
    return TopicOptions(
        query=query.text,
        name=draw(_NAMES),
        min_upvotes=draw(st.none() | st.integers(1, 1_000_000)),
        instant=draw(st.booleans()),
    )


@st.composite
def by_example(draw: st.DrawFn) -> TopicOptions:
    term = f"like:2605.{draw(st.integers(1, 99_999)):05}"
    return TopicOptions(query=term, models=((term, replace(draw(word_models()), threshold=draw(st.integers(1, 99)))),))


@st.composite
def channels(draw: st.DrawFn, address: Address) -> ChannelChange:
    web = address.platform is PlatformName.WEB
    quiet = QuietDays(draw(st.frozensets(st.integers(0, 6), max_size=6)), draw(st.frozensets(st.dates(), max_size=3)))
    after = Channel(
        id=0,
        address=address,
        name=address.channel if web else (draw(_NAMES) or address.channel),
        time_zone=draw(st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Auckland"])),
        schedule=draw(st.sampled_from(["instant", "hourly", "daily 09:00", "mon,thu 17:30", "cron 0 9 * * mon-fri"])),
        settings=ChannelSettings(
            limit=draw(st.integers(1, 50)),
            style=draw(st.sampled_from(Style)),
            abstracts=draw(st.booleans()),
            mention=draw(st.sampled_from(["", "@team on: yes", "no # one"])) if web else "",
            sources=draw(st.none() | st.sets(st.sampled_from([ARXIV, HUGGINGFACE]), min_size=1).map(frozenset)),
            quiet_days=quiet,
            announce_changes=draw(st.none() | st.booleans()),
            order=draw(st.sampled_from(Order)),
        ),
        state=ChannelState.ACTIVE,
    )
    chosen: list[TopicOptions] = []
    for topic in draw(st.lists(topics() | by_example(), max_size=3)):
        new = as_topic(topic)
        if not any(one.query == topic.query or is_about(as_topic(one), new.asked, new.wanted) for one in chosen):
            chosen.append(topic)
    return ChannelChange(before=None, after=after, added=tuple(chosen))


ADDRESSES = (
    Address(PlatformName.WEB, "local", "general"),
    Address(PlatformName.SLACK, "T1", "C1"),
    Address(PlatformName.DISCORD, "123", "456"),
)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.tuples(*map(channels, ADDRESSES)))
def test_whatever_there_is_comes_back_the_same(changes: tuple[ChannelChange, ...]) -> None:
    asyncio.run(_there_and_back(changes))


async def _there_and_back(changes: tuple[ChannelChange, ...]) -> None:
    with TemporaryDirectory() as folder:
        stores = [SqlStore(sqlite_in(Path(folder) / f"{number}.db")) for number in range(2)]
        cores = [Core(store, Path(folder) / f"index-{number}") for number, store in enumerate(stores)]
        here, there = (files_of(core) for core in cores)
        try:
            now = cores[0].clock.now()
            await stores[0].topic_files.apply(changes, created_by="ada", now=now)
            text = await here.export()
            await _apply(there, text)
            assert await there.export() == text
            for address in ADDRESSES:
                assert await _all_of(stores[0], address) == await _all_of(stores[1], address)
            for files in (here, there):
                assert not (await files.plan([("f", text)])).changes
            assert await here.update("f", text) == text
        finally:
            for core, store in zip(cores, stores, strict=True):
                await core.index.close()
                await store.close()


async def _apply(files: TopicFiles, text: str) -> None:
    await files.apply(await files.plan([("f", text)]))


async def _all_of(store: SqlStore, address: Address) -> object:
    channel = await store.channels.find(address)
    assert channel is not None
    chosen = [
        (one.number, one.query, one.name, one.min_upvotes, one.instant, one.models)
        for one in await store.subscriptions.of_channel(channel.id)
    ]
    return channel.name, channel.schedule, channel.time_zone, channel.settings, chosen
