"""Reading lists and votes on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.channels.channel import PlatformName
from bot.errors import UserError
from bot.reading.lists import Reader
from bot.reading.votes import Tally, Vote, VoteState
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import channel as a_channel
from tests.storage.scenes import listed, paper

ADA = Reader(PlatformName.SLACK, "T1", "U1")


async def test_a_list_is_newest_first_and_each_reader_has_one(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2), paper(3))
    for number in (2, 1, 3):
        assert await store.reading.save(ADA, paper(number).id, NOON + timedelta(minutes=number))
    assert not await store.reading.save(ADA, paper(1).id, NOON + timedelta(days=1))
    saved = await store.reading.saved(ADA, limit=2)
    assert [entry.paper.id for entry in saved] == [paper(3).id, paper(2).id]
    assert saved[0].saved_at == NOON + timedelta(minutes=3)
    assert [entry.paper.id for entry in await store.reading.saved(ADA, limit=2, offset=2)] == [paper(1).id]
    for other in (Reader(PlatformName.SLACK, "T2", "U1"), Reader(PlatformName.DISCORD, "T1", "U1")):
        assert await store.reading.saved_count(other) == 0
    assert await store.reading.unsave(ADA, paper(2).id)
    assert not await store.reading.unsave(ADA, paper(2).id)
    assert await store.reading.saved_count(ADA) == 2


async def test_votes_at_once_are_all_counted(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2))
    channel, other = await a_channel(store, "one"), await a_channel(store, "two")
    await asyncio.gather(
        *(store.reading.vote(channel.id, paper(1).id, f"up{number}", Vote.UP, NOON) for number in range(8)),
        *(store.reading.vote(channel.id, paper(1).id, f"down{number}", Vote.DOWN, NOON) for number in range(5)),
    )
    assert await store.reading.vote(other.id, paper(2).id, "up0", Vote.UP, NOON) is Vote.UP
    assert await store.reading.tallies([channel.id, other.id], [paper(1).id, paper(2).id]) == {
        (channel.id, paper(1).id): Tally(8, 5),
        (other.id, paper(2).id): Tally(1, 0),
    }


async def test_a_person_has_one_vote(store: SqlStore) -> None:
    await listed(store, paper(1))
    channel = await a_channel(store, "one")
    key = (channel.id, paper(1).id)
    assert await store.reading.vote(*key, "ada", Vote.UP, NOON) is Vote.UP
    assert await store.reading.vote(*key, "ada", Vote.DOWN, NOON) is Vote.DOWN
    assert await store.reading.tallies([channel.id], [paper(1).id]) == {key: Tally(0, 1)}
    assert await store.reading.vote(*key, "ada", Vote.DOWN, NOON) is None
    assert await store.reading.tallies([channel.id], [paper(1).id]) == {}


async def test_whoever_saves_a_paper_that_was_just_deleted_or_votes_on_it_reads_so(store: SqlStore) -> None:
    channel = await a_channel(store, "one")
    with pytest.raises(UserError, match="no longer keep 2605"):
        await store.reading.save(ADA, paper(1).id, NOON, channel_id=channel.id)
    with pytest.raises(UserError, match="no longer keep"):
        await store.reading.vote(channel.id, paper(1).id, "ada", Vote.UP, NOON)
    with pytest.raises(UserError, match="no longer keep"):
        await store.reading.cast(channel.id, paper(1).id, "ada", Vote.UP, NOON)
    assert await store.reading.saved_count(ADA) == 0


async def test_the_role_of_a_workspace_is_for_all_its_channels(store: SqlStore) -> None:
    one, two = await a_channel(store, "one"), await a_channel(store, "two")
    assert await store.channels.role(one.address) == ""
    await store.channels.set_role(one.address, "admins")
    assert await store.channels.role(two.address) == "admins"
    await store.channels.set_role(two.address, "")
    assert await store.channels.role(one.address) == ""


async def test_a_save_counts_as_a_vote_in_its_channel_and_nobody_counts_twice(store: SqlStore) -> None:
    await listed(store, paper(1), paper(2), paper(3))
    channel, other = await a_channel(store, "one"), await a_channel(store, "two")
    assert await store.reading.vote_states([channel.id, other.id]) == {}
    await store.reading.save(ADA, paper(1).id, NOON, channel_id=channel.id)
    await store.reading.save(ADA, paper(2).id, NOON)
    await store.reading.vote(channel.id, paper(1).id, ADA.person, Vote.DOWN, NOON + timedelta(minutes=1))
    await store.reading.vote(channel.id, paper(1).id, "U2", Vote.UP, NOON)
    await store.reading.save(ADA, paper(3).id, NOON, channel_id=channel.id)
    cast = await store.reading.cast_votes([channel.id, other.id])
    assert {(vote.paper_id, vote.up) for vote in cast[channel.id]} == {
        (paper(1).id, False),
        (paper(1).id, True),
        (paper(3).id, True),
    }
    assert len(cast[channel.id]) == 3
    assert cast[other.id] == []
    before = await store.reading.vote_states([channel.id, other.id])
    assert before == {channel.id: VoteState(3, 1, NOON + timedelta(minutes=1))}
    await store.reading.unsave(ADA, paper(3).id)
    assert await store.reading.vote_states([channel.id]) != before
