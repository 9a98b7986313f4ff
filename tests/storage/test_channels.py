"""Channels: found by address, set up, paused, broken and resumed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from bot.channels.channel import Channel, ChannelSettings, ChannelState, PlatformName, QuietDays, Style
from bot.errors import UserError
from bot.papers.sources import ARXIV
from bot.topics.store import TopicOptions
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from tests.clocks import NOON
from tests.storage.scenes import address, channel, posts

LATER = NOON + timedelta(hours=1)


async def test_a_new_channel_has_the_default_settings(store: SqlStore) -> None:
    added = await channel(store, "general", next_digest_at=NOON)
    assert added.address == address("general")
    assert (added.name, added.time_zone, added.schedule) == ("general", "UTC", "daily 12:00")
    assert (added.settings, added.state, added.reason) == (ChannelSettings(), ChannelState.ACTIVE, "")
    assert (added.next_digest_at, added.instant_at, added.paused_until) == (NOON, None, None)
    assert await store.channels.find(added.address) == added
    assert await store.channels.get([added.id, 999]) == {added.id: added}


async def test_an_unknown_channel_is_not_found(store: SqlStore) -> None:
    assert await store.channels.find(address("nowhere")) is None
    assert await store.channels.get([]) == {}


async def test_adding_a_channel_again_keeps_it_and_its_standing_orders(store: SqlStore) -> None:
    first = await channel(store)
    again = await store.channels.add(
        first.address, first.name, time_zone="Asia/Tokyo", schedule="hourly", next_digest_at=LATER
    )
    assert again == first


async def test_a_channel_takes_its_new_name_but_not_an_empty_one(store: SqlStore) -> None:
    old = await channel(store)
    for name in ("renamed", ""):
        renamed = await store.channels.add(old.address, name, time_zone="UTC", schedule="hourly", next_digest_at=None)
        assert (renamed.id, renamed.name) == (old.id, "renamed")


async def test_the_same_id_elsewhere_is_another_channel(store: SqlStore) -> None:
    everywhere = [
        await channel(store, "1", platform=platform, workspace=workspace)
        for platform in (PlatformName.SLACK, PlatformName.DISCORD)
        for workspace in ("T1", "T2")
    ]
    assert len({one.id for one in everywhere}) == 4


async def test_a_channel_that_many_add_at_once_is_one(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    added = await asyncio.gather(*(channel(store) for store in stores for _ in range(3)))
    assert len({one.id for one in added}) == 1
    for store in stores:
        await store.close()


async def test_channels_of_a_platform_come_by_name(store: SqlStore) -> None:
    for name in ("b", "c", "a"):
        await channel(store, name, platform=PlatformName.WEB)
    await channel(store, "elsewhere")
    known = await store.channels.on_platform(PlatformName.WEB)
    assert [one.name for one in known] == ["a", "b", "c"]
    here = known[0].address.workspace
    assert await store.channels.on_platform(PlatformName.WEB, workspace=here) == known
    assert await store.channels.on_platform(PlatformName.WEB, workspace="another") == []


async def test_settings_come_back_as_they_were_set(store: SqlStore) -> None:
    here = await channel(store)
    settings = ChannelSettings(
        limit=7,
        style=Style.THREADS,
        abstracts=True,
        mention="<!subteam^S1> \x00",
        sources=frozenset({ARXIV}),
        quiet_days=QuietDays(weekdays=frozenset({5, 6}), dates=frozenset({date(2026, 12, 24)})),
    )
    await store.channels.change(here.id, lambda known: replace(known, settings=settings), NOON)
    found = await store.channels.find(here.address)
    assert found is not None
    assert found.settings.mention == "<!subteam^S1> "
    assert found.settings.quiet_days == settings.quiet_days
    assert (found.settings.limit, found.settings.style, found.settings.sources) == (7, Style.THREADS, settings.sources)


async def test_a_schedule_is_set_with_its_next_digest(store: SqlStore) -> None:
    here, other = await channel(store), await channel(store, "other")
    wanted = {"schedule": "weekdays 09:00", "time_zone": "Europe/Berlin", "next_digest_at": LATER}
    await store.channels.change(here.id, lambda known: replace(known, **wanted), NOON)  # type: ignore[arg-type]
    found = (await store.channels.get([here.id]))[here.id]
    assert (found.schedule, found.time_zone, found.next_digest_at, found.instant_at) == (
        "weekdays 09:00",
        "Europe/Berlin",
        LATER,
        None,
    )
    assert await store.channels.find(other.address) == other


async def test_going_instant_lets_go_now_what_waits(store: SqlStore) -> None:
    here = await channel(store)
    await store.channels.change(here.id, lambda known: replace(known, schedule="instant", next_digest_at=None), LATER)
    found = (await store.channels.get([here.id]))[here.id]
    assert (found.next_digest_at, found.instant_at) == (None, LATER)


async def test_two_changes_at_once_lose_neither(store: SqlStore) -> None:
    here = await channel(store)

    def limit(known: Channel) -> Channel:
        return replace(known, settings=replace(known.settings, limit=7))

    def style(known: Channel) -> Channel:
        return replace(known, settings=replace(known.settings, style=Style.COMPACT))

    await asyncio.gather(*(store.channels.change(here.id, change, NOON) for change in (limit, style) * 5))
    found = await store.channels.find(here.address)
    assert found is not None
    assert (found.settings.limit, found.settings.style) == (7, Style.COMPACT)


async def test_a_change_that_raises_changes_nothing(store: SqlStore) -> None:
    here = await channel(store)

    def refuse(_known: Channel) -> Channel:
        raise UserError("no")

    with pytest.raises(UserError):
        await store.channels.change(here.id, refuse, NOON)
    assert await store.channels.find(here.address) == here


async def test_several_channels_are_resumed_together(store: SqlStore) -> None:
    one, other, well = [await channel(store, name) for name in ("one", "other", "well")]
    await store.channels.break_channels(one.address, "gone", whole_workspace=False)
    await store.channels.pause(other.id, reason="enough", until=None)
    next_digests = {other.id: LATER, one.id: None, well.id: LATER}
    assert await store.channels.resume_all(next_digests, lambda channel: next_digests[channel.id]) == 2
    found = await store.channels.get([one.id, other.id, well.id])
    assert {one.state for one in found.values()} == {ChannelState.ACTIVE}
    assert found[well.id] == well


async def test_a_pause_ends_at_its_time_or_by_hand(store: SqlStore) -> None:
    until, forever = await channel(store, "until"), await channel(store, "forever")
    await store.channels.pause(until.id, reason="holiday", until=LATER)
    await store.channels.pause(forever.id, reason="enough", until=None)
    paused = await store.channels.get([until.id, forever.id])
    assert {one.state for one in paused.values()} == {ChannelState.PAUSED}
    assert paused[until.id].reason == "holiday"
    assert await store.channels.ended_pauses(LATER - timedelta(seconds=1)) == []
    assert [one.id for one in await store.channels.ended_pauses(LATER)] == [until.id]
    assert await store.channels.resume(until.id, lambda _: LATER + timedelta(days=1))
    assert await store.channels.ended_pauses(LATER) == []
    resumed = (await store.channels.get([until.id]))[until.id]
    assert (resumed.state, resumed.reason, resumed.paused_until) == (ChannelState.ACTIVE, "", None)
    assert resumed.next_digest_at == LATER + timedelta(days=1)


async def test_pauses_that_have_ended_end_together_by_what_each_channel_says(store: SqlStore) -> None:
    ended = [await channel(store, name) for name in ("a", "b")]
    later, forever = await channel(store, "later"), await channel(store, "forever")
    for one in ended:
        await store.channels.pause(one.id, reason="holiday", until=NOON)
    await store.channels.pause(later.id, reason="holiday", until=LATER)
    await store.channels.pause(forever.id, reason="enough", until=None)
    times = {"a": LATER, "b": None}
    went_on = await store.channels.end_pauses(NOON, lambda one: times[one.name])
    assert [one.id for one in went_on] == [one.id for one in ended]
    found = await store.channels.get([one.id for one in (*ended, later, forever)])
    assert {one.name for one in found.values() if one.state is ChannelState.PAUSED} == {"later", "forever"}
    assert {one.name: one.next_digest_at for one in found.values() if one.name in times} == times
    assert await store.channels.end_pauses(NOON, lambda _: NOON) == []


async def test_resuming_what_nothing_stopped_changes_nothing(store: SqlStore) -> None:
    here = await channel(store)
    assert not await store.channels.resume(here.id, lambda _: LATER)
    assert await store.channels.find(here.address) == here


async def test_a_broken_channel_is_told_of_once(store: SqlStore) -> None:
    here, other = await channel(store), await channel(store, "other")
    (broken,) = await store.channels.break_channels(here.address, "It was archived.", whole_workspace=False)
    assert (broken.id, broken.state, broken.reason) == (here.id, ChannelState.BROKEN, "It was archived.")
    assert await store.channels.break_channels(here.address, "Archived again.", whole_workspace=False) == []
    again = await store.channels.find(here.address)
    assert again is not None
    assert again.reason == "Archived again."
    assert await store.channels.find(other.address) == other
    assert await store.channels.resume(here.id, lambda _: NOON)


async def test_a_channel_moves_to_an_id_that_is_free(store: SqlStore) -> None:
    here, other = await channel(store, "old"), await channel(store, "other")
    elsewhere = await channel(store, "old", workspace="T2")
    assert await store.channels.move(here.address, "new")
    assert not await store.channels.move(here.address, "new")
    moved = await store.channels.find(address("new"))
    assert moved is not None
    assert moved.id == here.id
    assert not await store.channels.move(moved.address, other.address.channel)
    assert await store.channels.find(elsewhere.address) == elsewhere


async def test_a_broken_workspace_breaks_all_its_channels_but_paused_ones_and_no_others(store: SqlStore) -> None:
    here = [await channel(store, name) for name in "abc"]
    elsewhere = [
        await channel(store, "a", workspace="T2"),
        await channel(store, "a", platform=PlatformName.DISCORD),
    ]
    await store.channels.pause(here[1].id, reason="holiday", until=None)
    await store.channels.break_channels(here[0].address, "archived", whole_workspace=False)
    broken = await store.channels.break_channels(here[0].address, "token revoked", whole_workspace=True)
    assert {one.id for one in broken} == {here[2].id}
    after = await store.channels.get([one.id for one in [*here, *elsewhere]])
    assert [after[one.id].state.value for one in here] == ["broken", "paused", "broken"]
    assert after[here[1].id].reason == "holiday"
    assert [after[one.id] for one in elsewhere] == elsewhere


async def test_many_break_a_workspace_at_once(database_url: str) -> None:
    stores = [SqlStore(database_url) for _ in range(4)]
    channels = [await channel(stores[0], str(number)) for number in range(40)]
    broken = await asyncio.gather(
        *(store.channels.break_channels(channels[0].address, "gone", whole_workspace=True) for store in stores)
    )
    assert sorted(one.id for some in broken for one in some) == [one.id for one in channels]
    for store in stores:
        await store.close()


async def test_what_comes_after_a_channel_was_deleted_is_told_so_and_changes_nothing(store: SqlStore) -> None:
    here = await channel(store)
    await store.channels.delete(here.id, NOON)
    for late in (
        store.channels.rename(here.id, "lobby"),
        store.channels.change(here.id, lambda known: known, NOON),
        store.subscriptions.add(here.id, TopicOptions(query="agents"), created_by="ada", now=NOON),
    ):
        with pytest.raises(UserError, match="deleted in the meantime"):
            await late
    assert await store.subscriptions.of_channel(here.id) == []
    assert (await channel(store, "lobby")).id != here.id, "the name is free"


async def test_no_topic_outlives_a_channel_that_is_deleted_while_it_is_added(database_url: str) -> None:
    one, other = SqlStore(database_url), SqlStore(database_url)
    for number in range(10):
        here = await channel(one, f"c{number}")
        adding = [
            store.subscriptions.add(here.id, TopicOptions(query=query), created_by="ada", now=NOON)
            for store, query in ((other, "agents"), (one, "robots"), (other, "llm"))
        ]
        deleting = one.channels.delete(here.id, NOON)
        await asyncio.gather(*adding[:2], deleting, *adding[2:], return_exceptions=True)
        assert await one.channels.find(here.address) is None
        assert await one.subscriptions.of_channel(here.id) == []
    for store in (one, other):
        await store.close()


async def test_digests_set_for_later_than_a_time(store: SqlStore) -> None:
    await channel(store, "due", next_digest_at=NOON)
    later = await channel(store, "later", next_digest_at=LATER)
    await channel(store, "instant", next_digest_at=None)
    assert await store.channels.due_after(NOON) == [later]


async def test_of_channels_whose_times_depend_on_the_same_one_is_looked_at(store: SqlStore) -> None:
    first = await channel(store, "first", next_digest_at=LATER)
    alike = await channel(store, "alike", next_digest_at=LATER)
    await channel(store, "due", next_digest_at=NOON)
    other = await channel(store, "other", next_digest_at=LATER + timedelta(hours=1))

    async def kinds() -> set[int]:
        return {found.id for found in await store.channels.kinds_due_after(NOON)}

    assert await kinds() == {first.id, other.id}
    settings = ChannelSettings(limit=3)
    await store.channels.change(alike.id, lambda known: replace(known, settings=settings), NOON)
    assert await kinds() == {first.id, alike.id, other.id}


async def test_everything_is_counted(store: SqlStore) -> None:
    assert (await store.health.facts(NOON)).rows == {"papers": 0, "channels": 0, "subscriptions": 0}
    here = await channel(store)
    await posts(store, here)
    assert (await store.health.facts(NOON)).rows == {"papers": 0, "channels": 1, "subscriptions": 0}


async def test_channels_are_browsed_by_workspace_and_name(store: SqlStore) -> None:
    made = [
        await channel(store, name, workspace=workspace)
        for workspace, name in (("T2", "a"), ("T1", "c"), ("T1", "b"), ("T2", "B_c"), ("T1", "d%"))
    ]
    await store.channels.join_workspace(made[0].address, "Acme")
    own = await channel(store, "D1")
    await store.personal_channels.keep(own.id, "U1", "Ada")
    await channel(store, "elsewhere", platform=PlatformName.DISCORD)

    async def names(limit: int = 10, **how: object) -> list[str]:
        found = await store.channels.browse(PlatformName.SLACK, limit=limit, **how)  # type: ignore[arg-type]
        return [each.name for each in found]

    assert await names() == ["B_c", "a", "b", "c", "d%"]
    assert await names(limit=2) == ["B_c", "a"]
    assert await names(after=made[0].id) == ["b", "c", "d%"]
    assert await names(words="B_C") == ["B_c"]
    assert await names(words="acme") == ["B_c", "a"]
    assert await names(words="%") == ["d%"]
    assert await names(person="U1") == ["B_c", "a", "D1", "b", "c", "d%"]
    assert await names(person="U2") == ["B_c", "a", "b", "c", "d%"]
    assert await names(archived=True) == []


async def test_settings_that_another_version_wrote_keep_no_channel_from_being_read(store: SqlStore) -> None:
    here, other = await channel(store, "here"), await channel(store, "other")
    stored = {"style": "holograms", "limit": 7, "quiet_days": {"weekdays": ["caturday"]}, "glow": True}
    async with store.database.write() as connection:
        await connection.execute(update(CHANNELS).where(CHANNELS.c.id == here.id).values(settings=stored))
    found = await store.channels.get([here.id, other.id])
    assert found[here.id].settings == ChannelSettings(limit=7)
    assert found[other.id] == other
