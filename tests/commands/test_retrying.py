"""Messages that the platform refused are tried again, and none of them comes twice."""

from __future__ import annotations

from bot.messages.plain import plain_text
from tests.commands.test_commands import buttons
from tests.core import VISITOR, Core
from tests.platforms import Fault
from tests.sources import a_paper


async def refused_post(core: Core, *faults: Fault) -> None:
    """Posts a digest of one paper into what the platform does with each request for it, until it refuses it."""
    await core.say("subscribe diffusion")
    await core.news(a_paper(1))
    for fault in (*faults, Fault.REJECTED):
        core.platform.fail("general", fault)
    await core.next_digest()
    await core.settle(hours=0.5, step=10)
    assert len((await core.health.report()).failed) == 1


async def test_a_refused_message_is_sent_when_somebody_asks_for_it(core: Core) -> None:
    assert "nothing to try again" in await core.say("retry")
    await refused_post(core)
    reply = await core.ask("retry")
    assert "1 message could not be posted" in plain_text(reply.message)
    assert "1 message will be tried again now" in await core.say(next(iter(buttons(reply).values())))
    await core.engine.deliver()
    assert core.platform.papers_in("general") == ["2605.00001"]
    assert "nothing to try again" in await core.say("retry all")


async def test_what_arrived_before_it_was_refused_is_found_and_not_sent_again(core: Core) -> None:
    await refused_post(core, Fault.LATE)
    # Its first request arrives after all, late and after the second one was refused.
    ((post, _),) = (await core.health.report()).failed
    assert post.maybe_arrived
    core.platform.arrive()
    assert "will be looked for first" in await core.say("retry all")
    await core.settle(hours=0.1, step=10)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_a_message_that_fails_again_can_be_tried_again(core: Core) -> None:
    await refused_post(core)
    core.platform.fail("general", Fault.REJECTED)
    await core.say("retry all")
    await core.engine.deliver()
    assert core.platform.papers_in("general") == []
    # A day later one answer that it is busy is no reason to stop the channel.
    core.clock.advance(days=2)
    core.platform.fail("general", Fault.BUSY)
    await core.say("retry all")
    await core.settle(hours=0.5, step=10)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_what_another_topic_has_brought_since_is_not_posted_twice(core: Core) -> None:
    await refused_post(core)
    await core.say("subscribe study upvotes:>=20")
    await core.news(a_paper(1, upvotes=30))
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]
    words = await core.say("retry all")
    assert "0 messages will be tried again" in words
    assert "not posted twice" in words
    await core.settle(hours=0.1, step=10)
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_who_may_not_manage_the_channel_is_refused(core: Core) -> None:
    await refused_post(core)
    assert "Only people who may manage" in await core.refused("retry all", person=VISITOR)
    assert "by its number" in await core.refused("retry everything")
    assert "has the number 999" in await core.refused("retry 999")
