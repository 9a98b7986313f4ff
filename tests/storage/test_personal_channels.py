"""People's own channels: what waits there, what they read elsewhere, and when they are forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.channels.channel import Channel, PlatformName
from bot.digests.digest import Elsewhere
from bot.messages.message import PersonMention
from bot.topics.store import TopicOptions
from bot.topics.subscription import Subscription
from storage.store import SqlStore
from tests.clocks import NOON
from tests.storage.scenes import address, channel, lease_one, listed, match, paper, plan, sent, topic

MONTH = timedelta(days=30)


async def own_channel(store: SqlStore, person: str = "U1", name: str = "Ada") -> Channel:
    made = await channel(store, f"D{person}")
    await store.personal_channels.keep(made.id, person, name)
    return made


async def own_topic(
    store: SqlStore, own: Channel, named_in: Channel, query: str = "diffusion", *, quiet: bool = False
) -> Subscription:
    return await store.subscriptions.add(
        own.id,
        TopicOptions(query=query),
        created_by="U1",
        now=NOON,
        named_in=named_in.id,
        quiet=quiet,
    )


async def test_a_person_is_found_in_their_workspace_or_wherever_they_are(store: SqlStore) -> None:
    own = await own_channel(store)
    found = await store.personal_channels.find(PlatformName.SLACK, "T1", "U1")
    assert found is not None
    assert (found.channel.id, found.channel.person, found.name, found.pings) == (own.id, "U1", "Ada", False)
    assert await store.personal_channels.find(PlatformName.SLACK, "T2", "U1") is None
    assert await store.personal_channels.find(PlatformName.SLACK, "", "U1") == found
    assert await store.personal_channels.find(PlatformName.DISCORD, "", "U1") is None
    await store.personal_channels.set_pings(own.id, True)
    await store.personal_channels.keep(own.id, "U1", "Ada L.")
    again = await store.personal_channels.find(PlatformName.SLACK, "T1", "U1")
    assert again is not None
    assert (again.name, again.pings) == ("Ada L.", True)


async def test_what_is_posted_in_a_channel_of_theirs_is_read_and_what_waits_there_is_coming(store: SqlStore) -> None:
    here, other, own = await channel(store), await channel(store, "other"), await own_channel(store)
    shared, mine = await topic(store, here), await own_topic(store, own, here)
    elsewhere = await topic(store, other)
    papers = [paper(number) for number in range(1, 5)]
    await listed(store, *papers)
    ids = [one.id for one in papers]
    await store.digests.record_matches(
        {},
        [match(own, one, mine) for one in ids]
        + [match(here, one, shared) for one in ids[:3]]
        + [match(other, ids[3], elsewhere)],
        NOON,
    )
    assert await store.digests.elsewhere([own.id, here.id]) == {
        own.id: Elsewhere({}, dict.fromkeys(ids[:3], here.id)),
        here.id: Elsewhere(),
    }
    await store.digests.plan(plan(here, ids[:2], shown=1), NOON)
    assert (await store.digests.elsewhere([own.id]))[own.id].coming == {ids[0]: here.id, ids[2]: here.id}
    await sent(store, await lease_one(store))
    found = (await store.digests.elsewhere([own.id]))[own.id]
    assert found == Elsewhere({ids[0]: here.id}, {ids[2]: here.id})
    await store.channels.pause(here.id, reason="holidays", until=None)
    assert (await store.digests.elsewhere([own.id]))[own.id].coming == {}

    planned = replace(plan(own, [ids[1], ids[3]]), read_elsewhere=found.read)
    assert await store.digests.plan(planned, NOON)
    assert [one.paper.id for one in await store.digests.waiting(own.id)] == [ids[2]]
    record = await store.posts.delivery(own.id, ids[0])
    assert record is not None
    assert record.read_elsewhere
    # Its votes grow, and it is matched again: it stays read.
    assert await store.digests.record_matches({}, [match(own, ids[0], mine)], NOON) == []
    assert [one.paper.id for one in await store.digests.waiting(own.id)] == [ids[2]]


async def test_whom_papers_are_for_is_known_where_they_named_it_and_only_if_they_like(store: SqlStore) -> None:
    here, there = await channel(store), await channel(store, "b")
    ada, bob = await own_channel(store), await own_channel(store, "U2", "Bob")
    await store.personal_channels.set_pings(bob.id, True)
    one, two = await own_topic(store, ada, here), await own_topic(store, ada, there, quiet=True)
    his = await own_topic(store, bob, here)
    await listed(store, paper(1))
    await store.digests.record_matches({}, [match(ada, paper(1).id, one, two), match(bob, paper(1).id, his)], NOON)

    async def people() -> dict[tuple[int, str], tuple[PersonMention, ...]]:
        return await store.personal_channels.people_for([here.id, there.id], [paper(1).id, paper(2).id])

    both = (PersonMention("U1", "Ada"), PersonMention("U2", "Bob", ping=True))
    assert await people() == {(here.id, paper(1).id): both}
    assert (await store.digests.waiting(ada.id))[0].topics == ("diffusion",)
    assert await store.personal_channels.leave(bob.id, here.id) == 1
    assert await store.subscriptions.remove_all(ada.id, NOON) == 2
    assert await people() == {}
    assert await store.digests.waiting(ada.id) == []
    assert [change.subscription for change in await store.subscriptions.changed(0, 10)][-2:] == [None, None]


async def test_why_nothing_reaches_somebody_is_told_once_each_time(store: SqlStore) -> None:
    own = await own_channel(store)
    where = (PlatformName.SLACK, "T1", "U1")
    assert await store.personal_channels.take_refusal(*where) == ""
    for _ in range(2):
        await store.channels.break_channels(address("DU1"), "No messages, please.", whole_workspace=False)
        assert await store.personal_channels.take_refusal(*where) == "No messages, please."
        assert await store.personal_channels.take_refusal(*where) == ""
        await store.channels.resume(own.id, lambda _: NOON)
        await store.personal_channels.keep(own.id, "U1", "Ada")


async def test_topics_named_in_a_workspace_that_was_left_go_with_it_and_the_others_stay(store: SqlStore) -> None:
    here, there, own = await channel(store), await channel(store, workspace="T2"), await channel(store, workspace="@me")
    await store.personal_channels.keep(own.id, "U1", "Ada")
    await own_topic(store, own, here)
    kept = await own_topic(store, own, there, "agents")
    await store.channels.leave_workspace(address("general"), "I was removed.", NOON)
    for hours in (1, 3):
        now = NOON + timedelta(hours=hours)
        while await store.channels.delete_left_workspaces(NOON + timedelta(minutes=1), now, 10):
            pass
    assert await store.channels.find(address("general")) is None
    assert await store.subscriptions.of_channel(own.id) == [kept]


async def test_whom_nothing_reaches_for_long_is_forgotten_and_nobody_else(store: SqlStore) -> None:
    here, ada, bob = await channel(store), await own_channel(store), await own_channel(store, "U2", "Bob")
    mine, his = await own_topic(store, ada, here), await own_topic(store, bob, here)
    await listed(store, paper(1))
    await store.digests.record_matches({}, [match(ada, paper(1).id, mine), match(bob, paper(1).id, his)], NOON)
    await store.channels.break_channels(address("DU1"), "No messages, please.", whole_workspace=False)

    async def deleted(days: float) -> int:
        now = NOON + timedelta(days=days)
        rows = 0
        while found := await store.personal_channels.delete_stopped(now - MONTH, now, 10):
            rows += found
        return rows

    assert await deleted(1) == 0
    assert await deleted(30) == 0
    assert await deleted(31.1) == 1  # the topic
    assert await deleted(31.2) > 0
    assert await store.personal_channels.find(PlatformName.SLACK, "T1", "U1") is None
    assert await store.channels.find(address("DU1")) is None
    assert await store.subscriptions.of_channel(bob.id) == [his]
    assert await store.channels.find(address("general")) == here
