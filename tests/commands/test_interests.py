"""People's own topics: whose paper it is, in the channel or to them alone, and never both."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.channels.channel import Channel
from bot.lifecycle.retention import Retention
from bot.messages.message import PaperBlock
from bot.messages.plain import plain_text
from bot.papers.paper import Paper
from bot.platforms.command_calls import Person
from tests.core import VISITOR, Core
from tests.platforms import Fault
from tests.sources import a_paper

CLEO = Person(id="u3", name="Cleo")
#: Where Bob is written to.
DIRECT = "to u2"


def about(number: int, words: str) -> Paper:
    return a_paper(number, title=f"Paper {number} on {words}", abstract=f"All about {words}.")


async def ask(core: Core, line: str, channel: str = "general", person: Person = VISITOR) -> str:
    reply = await core.ask(line, channel, person=person)
    words = plain_text(reply.message)
    assert not reply.failed, words
    return words


def people_on(core: Core, channel: str, paper_id: str) -> list[str]:
    """Who the card of a paper says it is for; a `!` stands for a ping."""
    return [
        ("!" if one.ping else "") + one.name
        for post in core.platform.posts
        if post.channel == channel
        for block in post.message.blocks
        if isinstance(block, PaperBlock) and block.paper_id == paper_id
        for one in block.people
    ]


async def own(core: Core) -> Channel:
    return await core.channel(DIRECT)


async def settle(core: Core, days: int = 1) -> None:
    for _ in range(days):
        core.clock.advance(hours=24)
        for _ in range(3):
            await core.engine.deliver()
            await core.engine.reconcile()
            core.clock.advance(seconds=61)


async def test_the_channels_papers_say_for_whom_they_are_and_the_others_go_to_that_person_alone(core: Core) -> None:
    await core.say("subscribe diffusion")
    words = await ask(core, "subscribe agents --for me")
    assert "for Bob" in words
    assert "everybody there can read" in words
    await core.news(about(1, "diffusion"), about(2, "agents"), about(3, "agents and diffusion"))
    await settle(core)
    assert sorted(core.platform.papers_in("general")) == ["2605.00001", "2605.00003"]
    assert core.platform.papers_in(DIRECT) == ["2605.00002"]
    assert people_on(core, "general", "2605.00003") == ["Bob"]
    assert people_on(core, "general", "2605.00001") == []


@pytest.mark.parametrize("line", ["subscribe agents --for me", "interests add agents"])
async def test_everybody_names_their_own_topics_and_nobody_else_sees_them_listed(core: Core, line: str) -> None:
    await ask(core, line)
    assert "no topics yet" in await ask(core, "topics")
    assert "agents" in await ask(core, "interests")
    assert "agents" not in await ask(core, "interests", person=CLEO)
    refused = await core.refused("subscribe agents", person=VISITOR)
    assert "--for me" in refused
    assert core.platform.posts == []


async def test_a_change_of_ones_own_is_told_to_no_channel(core: Core) -> None:
    await core.say("settings announce-changes on")
    await core.engine.deliver()
    before = len(core.platform.posts)
    await core.say("subscribe agents --for me")
    await core.say("interests remove 1")
    await core.engine.deliver()
    assert len(core.platform.posts) == before


async def test_a_quiet_topic_is_named_on_no_card(core: Core) -> None:
    await core.say("subscribe diffusion")
    assert "for Bob" not in await ask(core, "subscribe diffusion --for me --quietly")
    await core.news(about(1, "diffusion"))
    await settle(core)
    assert people_on(core, "general", "2605.00001") == []
    assert core.platform.papers_in(DIRECT) == []


async def test_only_who_asked_for_it_is_pinged_and_once_in_a_thread(core: Core) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "interests add diffusion")
    await ask(core, "interests add diffusion", person=CLEO)
    await ask(core, "interests pings on", person=CLEO)
    await core.news(about(1, "diffusion"))
    await settle(core)
    assert people_on(core, "general", "2605.00001") == ["!Cleo", "Bob"]
    await core.say("settings style threads")
    await ask(core, "interests pings off", person=CLEO)
    await ask(core, "interests pings on")
    await core.news(about(2, "diffusion"))
    assert "for @Bob" in await core.say("preview")
    await settle(core)
    assert people_on(core, "general", "2605.00002") == ["Bob", "Cleo", "!Bob", "Cleo"]


async def test_one_digest_however_many_channels_and_no_paper_that_was_read_in_one_of_them(core: Core) -> None:
    await core.say("subscribe diffusion", "one")
    await core.say("subscribe vision", "two")
    await ask(core, "interests add agents", "one")
    await ask(core, "interests add robots", "two")
    await core.news(about(1, "agents"), about(2, "robots"), about(3, "agents and vision"))
    await settle(core)
    (digest,) = [post for post in core.platform.posts if post.channel == DIRECT]
    assert sorted(digest.message.paper_ids) == ["2605.00001", "2605.00002"]
    assert core.platform.papers_in("two") == ["2605.00003"]
    # Nobody named agents in `two`: that Bob follows them is not said there.
    assert people_on(core, "two", "2605.00003") == []


async def test_a_paper_that_comes_in_a_channel_is_waited_for_there_and_sent_if_it_never_comes(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("schedule monthly 1 09:00")
    await ask(core, "interests add diffusion")
    await ask(core, "interests schedule daily 08:00")
    await core.news(about(1, "diffusion"))
    await settle(core, days=2)
    assert core.platform.posts == []
    assert "in a channel of yours" in await ask(core, "why 2605.00001", DIRECT)
    await core.say("unsubscribe 1")
    await settle(core, days=2)
    assert core.platform.papers_in("general") == []
    assert core.platform.papers_in(DIRECT) == ["2605.00001"]


async def test_what_a_digest_only_counts_is_sent_to_whom_it_is_for(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("settings limit 1")
    await core.say("settings order upvotes")
    await ask(core, "interests add diffusion")
    await core.news(a_paper(1, upvotes=9), a_paper(2, upvotes=1))
    await settle(core)
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert core.platform.papers_in(DIRECT) == ["2605.00002"]


async def test_a_channel_that_is_paused_keeps_nothing_from_anybody(core: Core) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "interests add diffusion")
    await core.say("pause")
    await core.news(about(1, "diffusion"))
    await settle(core)
    assert core.platform.papers_in(DIRECT) == ["2605.00001"]


async def test_at_once_papers_of_both_come_once_and_planning_comes_to_an_end(core: Core) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "subscribe agents --for me --instant")
    await core.news(about(1, "diffusion and agents"), about(2, "agents"))
    await core.engine.deliver()
    assert core.platform.papers_in(DIRECT) == ["2605.00002"]
    await settle(core)
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert core.platform.papers_in(DIRECT) == ["2605.00002"]
    await core.news(about(1, "diffusion and agents and more"))  # it is matched again
    await settle(core)
    assert core.platform.papers_in(DIRECT) == ["2605.00002"]


async def test_two_processes_and_a_crash_send_it_once(core: Core, tmp_path: Path) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "interests add agents")
    await core.news(about(1, "agents"), about(2, "agents and diffusion"))
    core.platform.fail(DIRECT, Fault.ANSWER_LOST)
    other = Core(core.store, tmp_path / "other", clock=core.clock, platform=core.platform)
    core.clock.set((await own(core)).next_digest_at or core.clock.now())
    await core.engine.deliver()
    await other.engine.deliver()
    await settle(other)
    assert core.platform.papers_in(DIRECT) == ["2605.00001"]
    assert core.platform.papers_in("general") == ["2605.00002"]
    await other.index.close()


async def test_why_tells_the_person_alone_what_their_own_topic_did(core: Core) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "interests add agents")
    await core.news(about(1, "agents"), about(2, "agents and diffusion"))
    assert "only a topic of yours" in await ask(core, "why 2605.00001")
    assert "topic of yours" not in await ask(core, "why 2605.00001", person=CLEO)
    await settle(core)
    assert "sent to you" in await ask(core, "why 2605.00001")
    assert "read it in another channel" in await ask(core, "why 2605.00002", DIRECT)


async def test_people_change_pause_and_end_what_is_theirs(core: Core) -> None:
    await core.say("schedule mon 10:00")
    await ask(core, "interests add agents")
    assert (await own(core)).schedule == "mon 10:00"
    await ask(core, "interests schedule daily 08:00")
    await ask(core, "interests edit 1 robots")
    assert "robots" in await ask(core, "interests")
    assert "paused" in await ask(core, "interests pause")
    assert "/papers interests resume" in await ask(core, "interests")
    await ask(core, "interests resume")
    assert (await core.channel()).schedule == "mon 10:00"
    assert "already" in await core.refused("interests add robots", person=VISITOR)
    await core.news(about(1, "robots"))
    assert "1 topic" in await ask(core, "interests off")
    await settle(core)
    assert core.platform.posts == []
    assert "no topics of your own" in await ask(core, "interests")
    # What is theirs is in their direct messages like any channel's.
    await core.say("subscribe vision", DIRECT)
    assert "vision" in await core.say("topics", DIRECT)


async def test_topics_of_ones_own_are_bounded(core: Core) -> None:
    for number in range(30):
        await ask(core, f"interests add word{number}")
    assert "30 topics" in await core.refused("interests add onemore", person=VISITOR)


async def test_who_cannot_be_written_to_is_told_once_where_they_are(core: Core) -> None:
    await ask(core, "interests add agents")
    core.platform.fail(DIRECT, Fault.GONE)
    await core.news(about(1, "agents"))
    await settle(core)
    assert core.platform.told == []
    assert "archived" in await ask(core, "today")
    assert "archived" not in await ask(core, "today")
    assert "Posting goes on" in await ask(core, "interests resume")
    await settle(core)
    assert core.platform.papers_in(DIRECT) == ["2605.00001"]


async def test_who_takes_no_messages_gets_no_topics(core: Core) -> None:
    core.platform.unreachable.add(VISITOR.id)
    assert "no messages" in await core.refused("subscribe agents --for me", person=VISITOR)
    assert "no topics of your own" in await ask(core, "interests")


async def test_who_is_gone_is_forgotten_after_a_while(core: Core) -> None:
    await core.say("subscribe diffusion")
    await ask(core, "interests add diffusion")
    await ask(core, "interests add agents")
    core.platform.fail(DIRECT, Fault.GONE)
    await core.news(about(1, "agents"))
    await settle(core)
    retention = Retention(core.store.channels, core.store.personal_channels, core.store.recipients, core.store.audit)
    assert await retention.delete_left(core.clock.now()) == 0
    core.clock.advance(seconds=timedelta(days=31).total_seconds())
    assert await retention.delete_left(core.clock.now()) > 0
    core.clock.advance(seconds=timedelta(hours=2).total_seconds())
    assert await retention.delete_left(core.clock.now()) > 0
    assert await core.store.channels.find(core.address(DIRECT)) is None
    assert await core.store.channels.find(core.address()) is not None
    await core.news(about(2, "diffusion"))
    await settle(core)
    assert people_on(core, "general", "2605.00002") == []
