"""Channels as a whole: renamed, archived, deleted, and given the topics of others. On both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from adapters.web.platform import WebPlatform
from bot.app.doctor.store_checks import store_checks
from bot.channels.channel import Address, Channel, ChannelState, PlatformName
from bot.checks import NoticeError
from bot.lifecycle.retention import Retention
from bot.messages.plain import plain_text
from bot.papers.sources import HUGGINGFACE
from bot.platforms.command_calls import CommandCall, Person, Reply
from storage.store import SqlStore
from storage.tables.channels import CHANNELS
from storage.tables.posts import DELIVERIES, POSTS, WEB_MESSAGES
from storage.tables.topics import SUBSCRIPTIONS
from tests.core import MANAGER, VISITOR, Core
from tests.platforms import SimulatedPlatform
from tests.sources import a_paper
from tests.storage.scenes import answer

OWNER = replace(MANAGER, sees_all=True)
EVERYWHERE = replace(OWNER, manages_all=True)


@pytest.fixture
async def core(store: SqlStore, tmp_path: Path) -> AsyncIterator[Core]:
    core = Core(store, tmp_path / "index")
    yield core
    await core.index.close()


async def counted(core: Core) -> list[int]:
    """How many rows there are of everything that a channel has."""
    async with core.store.database.read() as connection:
        tables = (CHANNELS, SUBSCRIPTIONS, DELIVERIES, POSTS, WEB_MESSAGES)
        return [(await connection.execute(select(func.count()).select_from(table))).scalar_one() for table in tables]


async def listed(core: Core, *, archived: bool = False) -> list[str]:
    found = await core.store.channels.browse(PlatformName.WEB, archived=archived, limit=20)
    return [channel.name for channel in found]


async def on_the_web(core: Core) -> WebPlatform:
    web = WebPlatform(core.store.messages, core.clock)
    core.platforms[PlatformName.WEB] = web
    return web


# --- Names


async def test_a_renamed_channel_keeps_everything(core: Core) -> None:
    web = await on_the_web(core)
    await core.say("subscribe diffusion")
    await core.news(a_paper(1, title="Diffusion at first"))
    await core.next_digest()
    await core.news(a_paper(2, title="Diffusion again"))
    assert "#machine-learning" in await core.say("channel rename Machine Learning")
    assert await core.store.channels.find(core.address("general")) is None
    assert "diffusion" in await core.say("topics", "machine-learning")
    await core.next_digest("machine-learning")
    shown = await web.page("machine-learning", before=None, limit=10)
    assert [message.message.paper_ids for message in shown.messages] == [["2605.00001"], ["2605.00002"]]
    assert (await web.page("general", before=None, limit=10)).messages == []


async def test_a_name_is_given_once(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe robots", "vision")
    assert "There is a channel #vision already" in await core.refused("channel rename vision")
    assert "called #general already" in await core.refused("channel rename #General")
    assert "letters, digits" in await core.refused("channel rename a/b")
    assert "What should #general be called?" in await core.refused("channel rename")
    assert await listed(core) == ["general", "vision"]


async def test_nothing_is_renamed_or_deleted_while_a_message_is_on_its_way(core: Core) -> None:
    await core.say("subscribe diffusion")
    channel = await core.channel()
    await core.news(a_paper(1, title="Diffusion"))
    core.clock.set(channel.next_digest_at)  # type: ignore[arg-type]
    await core.engine.planner.sweep()
    now = core.clock.now()
    assert await core.store.posts.lease([PlatformName.WEB], now=now, until=now.replace(hour=23), limit=5)
    for line in ("channel rename other", "channel delete general"):
        assert "on its way" in await core.refused(line)
    assert await listed(core) == ["general"]


# --- Archives


async def test_an_archived_channel_gets_nothing_until_it_is_back(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("subscribe diffusion", "other")
    assert "archived" in await core.say("channel archive")
    assert (await listed(core), await listed(core, archived=True)) == (["other"], ["general"])
    await core.news(a_paper(1, title="Diffusion"))
    await core.next_digest("other")
    core.clock.advance(days=3)
    await core.engine.deliver()
    assert core.platform.papers_in("general") == []
    assert "archived already" in await core.refused("channel archive")
    assert "Posting goes on" in await core.say("channel unarchive")
    assert await listed(core) == ["general", "other"]
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert "is not archived" in await core.refused("channel unarchive")


async def test_resuming_takes_a_channel_out_of_the_archive(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("channel archive")
    await core.say("resume")
    assert (await core.channel()).archived_at is None
    assert await listed(core) == ["general"]


# --- Deleting


async def test_deleting_asks_first_and_says_what_goes(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.news(a_paper(1, title="Diffusion"))
    words = await core.say("channel delete")
    assert "Delete #general?" in words
    assert "1 topic, 1 paper waiting" in words
    assert "It is called #general, not “vision”" in await core.refused("channel delete vision")
    assert await listed(core) == ["general"]
    assert "manage this channel" in await core.refused("channel delete general", person=VISITOR)
    assert "1 topic, 1 paper waiting" in await core.say("channel delete general")
    assert await listed(core) == []
    assert await core.store.channels.find(core.address("general")) is None


async def test_of_a_deleted_channel_nothing_is_left_and_its_name_begins_anew(core: Core) -> None:
    web = await on_the_web(core)
    await core.say("subscribe robots", "other")
    before = await counted(core)
    await core.say("subscribe diffusion")
    await core.ask("subscribe rays --for me", person=MANAGER)
    await core.news(a_paper(1, title="Diffusion at first"))
    await core.next_digest()
    await core.news(a_paper(2, title="Diffusion again"))
    await core.say("channel delete general")
    await core.engine.deliver()
    assert (await web.page("general", before=None, limit=10)).messages == []
    # The name can be used at once, and nothing of before stands there.
    await core.say("subscribe diffusion")
    assert "1 topic, 0 papers waiting" in await core.say("channel")
    await core.say("channel delete general")
    retention = Retention(core.store.channels, core.store.personal_channels, core.store.recipients, core.store.audit)
    core.clock.advance(minutes=50)
    assert await retention.delete_left(core.clock.now()) == 0
    core.clock.advance(minutes=20)
    assert await retention.delete_left(core.clock.now()) > 0
    own = [1, 1, 0, 0, 0]  # the person's own channel, and what they named for themselves
    assert await counted(core) == [count + more for count, more in zip(before, own, strict=True)]
    await core.news(a_paper(3, title="Diffusion and rays"))
    await core.engine.deliver()


async def test_channels_of_a_chat_are_deleted_here_only_when_nothing_reaches_them(
    store: SqlStore, tmp_path: Path
) -> None:
    core = Core(store, tmp_path / "slack", platform=SimulatedPlatform(PlatformName.SLACK))
    await core.say("subscribe diffusion")
    for action in ("rename other", "archive", "unarchive"):
        await core.refused(f"channel {action}")
    assert "once nothing reaches it" in await core.refused("channel delete general")
    await store.channels.break_channels(core.address(), "The channel was deleted.", whole_workspace=False)
    assert "is deleted" in await core.say("channel delete general")
    assert await store.channels.find(core.address()) is None
    # Whatever stops or wakes the whole workspace leaves it alone.
    await store.channels.break_channels(core.address("x"), "Revoked.", whole_workspace=True)
    assert await store.channels.stopped_with_workspace(core.address("x")) == []
    await core.say("subscribe robots")
    assert (await core.channel()).state is ChannelState.ACTIVE
    await core.index.close()


async def test_a_channel_of_a_platform_that_is_not_connected_is_looked_after_as_far_as_that_goes(core: Core) -> None:
    await core.news(a_paper(1), a_paper(2))
    address = Address(PlatformName.SLACK, "T1", "C1")
    person = replace(EVERYWHERE, home=PlatformName.WEB, may_administer=True)

    async def asked(line: str) -> Reply:
        return await core.commands.run(CommandCall(line=line, address=address, channel_name="ml", person=person))

    assert "1 older paper will be posted with the next digest" in plain_text(
        (await asked("subscribe diffusion --backfill 1")).message
    )
    assert "1 older paper will be posted with the next digest" in plain_text((await asked("post-back 1")).message)
    for line in ("settings mention @here", "settings role @admins", "configure --mention @here", "preview", "now"):
        reply = await asked(line)
        assert reply.failed, line
        assert plain_text(reply.message) == "Slack is not connected. The README says how.", line
    for line in (
        "settings",
        "configure --limit 5",
        "topics",
        "status",
        "schedule instant",
        "pause",
        "resume",
        "history",
        "unsubscribe 1",
    ):
        assert not (await asked(line)).failed, line


async def test_an_archived_channel_is_not_paused_until_a_day_on_which_it_would_come_back(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause until tomorrow")
    await core.say("channel archive")
    assert "#general is archived" in await core.refused("pause until tomorrow")
    await core.news(a_paper(1))
    await core.settle(hours=48, step=3600)
    assert (await core.channel()).archived_at is not None
    assert core.platform.posts == []


# --- Copies


async def copied(core: Core, source: str, to: str = "new", *, person: Person = OWNER) -> str:
    return plain_text((await core.ask(f"copy {source}", to, person=person)).message)


async def queries(core: Core, name: str) -> list[tuple[str, str, int | None, bool]]:
    channel: Channel = await core.channel(name)
    topics = await core.store.subscriptions.of_channel(channel.id)
    return [(topic.query, topic.name, topic.min_upvotes, topic.instant) for topic in topics]


async def test_topics_are_copied_with_their_options_and_bring_nothing_old(core: Core) -> None:
    await core.say('subscribe diffusion --min-upvotes 3 --name "Fast diffusion"')
    await core.say("subscribe robots --instant")
    await core.ask("subscribe rays --for me")
    await core.news(a_paper(1, title="Diffusion for robots", upvotes=5))
    await core.say("subscribe Robots", "new")
    words = await copied(core, "general")
    assert "1 topic copied from #general. 1 was here already." in words
    assert await queries(core, "new") == [("robots", "", None, False), ("diffusion", "Fast diffusion", 3, False)]
    await core.news(a_paper(1, title="Diffusion for robots", upvotes=9))
    await core.engine.deliver()
    assert core.platform.papers_in("new") == []
    await core.news(a_paper(2, title="More diffusion", upvotes=5))
    await core.next_digest("new")
    assert core.platform.papers_in("new") == ["2605.00002"]
    assert "Nothing to copy" in await copied(core, "#general")


async def test_who_does_not_see_all_channels_copies_none(core: Core) -> None:
    await core.say("subscribe diffusion")
    assert "where all channels are seen" in await copied(core, "general", person=MANAGER)
    await core.say("topics", "new")


async def test_a_source_is_named_by_its_name_or_its_address(core: Core, tmp_path: Path) -> None:
    await core.say("subscribe diffusion")
    slack = SimulatedPlatform(PlatformName.SLACK)
    core.platforms[PlatformName.SLACK] = slack
    for workspace in ("T1", "T2"):
        await core.store.channels.add(
            replace(core.address("C1", workspace), platform=PlatformName.SLACK),
            "papers",
            time_zone="UTC",
            schedule="daily 09:00",
            next_digest_at=None,
        )
    reply = await core.commands.run(
        CommandCall(
            line="subscribe waves",
            address=replace(core.address("C1", "T2"), platform=PlatformName.SLACK),
            channel_name="papers",
            person=MANAGER,
        )
    )
    assert not reply.failed
    assert "slack/T1/C1" in await copied(core, "papers")
    assert "no channel “nowhere”" in await copied(core, "nowhere")
    assert "Name another one" in await copied(core, "general", "general")
    assert "has no topics" in await copied(core, "slack/T1/C1")
    assert "1 topic copied" in await copied(core, "slack:T2:C1")
    assert await queries(core, "new") == [("waves", "", None, False)]


async def test_too_many_topics_are_not_copied_at_all(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.commands.channels.copying.MOST_TOPICS", 2)
    for query in ("diffusion", "robots"):
        await core.say(f"subscribe {query}")
    await core.say("subscribe waves", "new")
    assert "2 more do not fit" in await copied(core, "general")
    assert [query for query, *_ in await queries(core, "new")] == ["waves"]


# --- Moves


async def moved(core: Core, line: str, here: str = "general", *, person: Person = OWNER) -> Reply:
    return await core.ask(f"move {line}", here, person=replace(person, home=PlatformName.WEB))


async def test_topics_move_with_all_that_waits_because_of_them_and_back(core: Core) -> None:
    await core.say('subscribe diffusion --min-upvotes 3 --name "Fast diffusion"')
    await core.say("subscribe robots --instant")
    await core.say("subscribe waves")
    await core.ask("subscribe rays --for me")
    await core.say("subscribe Waves", "new")
    await core.news(a_paper(1, title="Diffusion and waves", upvotes=5))
    now = core.clock.now()
    coming = answer(a_paper(2, title="Diffusion, not matched yet", upvotes=5), day=now.date())
    await core.store.papers.record_day(HUGGINGFACE, coming, now)
    before = await queries(core, "general")
    reply = await moved(core, "to new")
    words = plain_text(reply.message)
    assert "2 topics moved from #general to #new. 1 stayed: it is in both." in words
    assert [query for query, *_ in await queries(core, "general")] == ["waves"]
    assert await queries(core, "new") == [("waves", "", None, False), *before[:2]]
    await core.engine.matching.match_new()
    assert await waiting(core, "new") == ["2605.00001", "2605.00002"]
    assert await waiting(core, "general") == ["2605.00001"]  # by the topic that stayed
    back = next(button for block in reply.message.blocks for button in getattr(block, "buttons", ()))
    assert back.line == "move from web/local/new --topics 2,3"
    await moved(core, back.line.removeprefix("move "))
    assert sorted(await queries(core, "general")) == sorted(before)
    assert await queries(core, "new") == [("waves", "", None, False)]
    assert await waiting(core, "general") == ["2605.00001", "2605.00002"]
    assert await waiting(core, "new") == ["2605.00001"]
    await core.next_digest("general")
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00002"]


async def waiting(core: Core, name: str) -> list[str]:
    channel = await core.channel(name)
    return sorted(one.paper.id for one in await core.store.digests.waiting(channel.id))


async def test_what_was_posted_by_a_topic_is_not_posted_again_where_it_moves_to(core: Core) -> None:
    await core.say("subscribe diffusion --min-upvotes 3")
    await core.say("schedule hourly", "new")
    await core.news(a_paper(1, title="Diffusion and waves", upvotes=5))
    await core.next_digest("general")
    assert "1 topic moved" in plain_text((await moved(core, "from general", "new")).message)
    await core.news(a_paper(1, title="Diffusion and waves", upvotes=9), a_paper(2, title="More diffusion", upvotes=4))
    await core.next_digest("new")
    assert core.platform.papers_in("new") == ["2605.00002"]


async def test_topics_move_only_between_channels_that_a_person_may_change(core: Core) -> None:
    core.platforms[PlatformName.SLACK] = SimulatedPlatform(PlatformName.SLACK)
    await core.say("subscribe diffusion")
    chat = replace(core.address("C1", "T1"), platform=PlatformName.SLACK)
    await core.store.channels.add(chat, "papers", time_zone="UTC", schedule="hourly", next_digest_at=None)
    reader = plain_text((await moved(core, "to slack/T1/C1")).message)
    assert "not change it: its topics can be copied" in reader
    assert [query for query, *_ in await queries(core, "general")] == ["diffusion"]
    assert "no topic 7" in plain_text((await moved(core, "to slack/T1/C1 --topics 7", person=EVERYWHERE)).message)
    assert "takes the numbers" in plain_text((await moved(core, "to slack/T1/C1 --topics x")).message)
    assert "1 topic moved" in plain_text((await moved(core, "to slack/T1/C1", person=EVERYWHERE)).message)
    assert "has no topics" in plain_text((await moved(core, "to slack/T1/C1", person=EVERYWHERE)).message)
    assert "Name another one" in plain_text((await moved(core, "to general", person=EVERYWHERE)).message)


# --- What cannot be read


async def test_a_channel_whose_times_cannot_be_read_keeps_its_papers_and_no_other_from_theirs(core: Core) -> None:
    """Stored by another version, or on a machine with newer time zones."""
    for name in ("general", "vision"):
        await core.say("subscribe diffusion", name)
    checks = store_checks(core.health, core.store.channels, core.index, core.engine.meaning)
    assert await checks["Schedules"]() == "2 channels at set times"
    unreadable = {"schedule": "each full moon", "time_zone": "Europe/Atlantis"}
    async with core.store.database.write() as connection:
        await connection.execute(update(CHANNELS).where(CHANNELS.c.external_id == "general").values(**unreadable))
    for number in (1, 2):
        await core.news(a_paper(number, title=f"Diffusion {number}"))
        await core.settle(hours=73)  # over a weekend
    for name in ("general", "vision"):
        assert core.platform.papers_in(name) == ["2605.00001", "2605.00002"]
    with pytest.raises(NoticeError, match="1 channel cannot be planned as somebody set it"):
        await checks["Schedules"]()
    told = await core.say("status")
    assert "“each full moon” is not understood: it is “weekdays 09:00” instead" in told
    assert "“Europe/Atlantis” is not known here: it is UTC instead" in told
    assert "every weekday at 09:00 (UTC)" in (asked := await core.say("schedule"))
    assert "Set this anew" in asked
    assert "Set this anew" in await core.say("timezone")
    channel = await core.channel()
    assert (channel.schedule, channel.time_zone) == tuple(unreadable.values())
    await core.say("schedule mon 10:00")
    assert "full moon" not in (told := await core.say("status"))
    assert "Atlantis" in told
    await core.say("timezone Berlin")
    assert "instead" not in await core.say("status")
    assert await checks["Schedules"]() == "2 channels at set times"
