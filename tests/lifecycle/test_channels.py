"""What platforms tell of their channels, and links that people post."""

from __future__ import annotations

from bot.app.assembly import lifecycle_of
from bot.channels.channel import ChannelState
from bot.digests.unfurling import Unfurling
from bot.intake.lookup import PaperLookups
from bot.lifecycle.channels import ChannelLifecycle
from bot.messages.plain import plain_text
from tests.core import Core
from tests.sources import ScriptedLookup, a_paper


def lifecycle(core: Core) -> ChannelLifecycle:
    return lifecycle_of(core.store, core.clock, core.engine.outbox.wake)


async def test_a_channel_that_is_lost_and_found_goes_on(core: Core) -> None:
    await core.say("subscribe diffusion")
    await lifecycle(core).lost(core.address(), "It is archived.")
    await lifecycle(core).lost(core.address(), "It is archived.")
    assert (await core.channel()).state is ChannelState.BROKEN
    await core.news(a_paper(1))
    await core.settle(hours=30, step=3600)
    assert core.platform.posts == []
    said = await lifecycle(core).reachable(core.address(), "general")
    assert said is not None
    assert "goes on" in plain_text(said)
    assert await lifecycle(core).reachable(core.address(), "general") is None
    await core.next_digest()
    assert core.platform.papers_in("general") == ["2605.00001"]


async def test_a_pause_that_a_person_wished_is_not_ended_by_an_invitation(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause")
    assert await lifecycle(core).reachable(core.address(), "general") is None
    assert (await core.channel()).state is ChannelState.PAUSED


async def test_a_pause_that_a_person_wished_outlasts_a_channel_that_is_lost_and_found(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause until 2026-05-20")
    paused = await core.channel()
    await lifecycle(core).lost(core.address(), "I was removed from the channel.")
    assert await core.channel() == paused
    assert await lifecycle(core).reachable(core.address(), "general") is None
    assert await core.channel() == paused
    await core.news(a_paper(1))
    await core.settle(hours=48, step=3600)
    assert core.platform.posts == []


async def test_a_pause_that_a_person_wished_outlasts_a_workspace_that_is_refused_for_a_while(core: Core) -> None:
    await core.say("subscribe diffusion")
    await core.say("pause until 2026-05-20")
    paused = await core.channel()
    await lifecycle(core).workspace_lost(core.address(), "The token was revoked.")
    assert await core.channel() == paused
    await lifecycle(core).workspace_works(core.address())
    await lifecycle(core).workspace_left(core.address(), "The app was removed.")
    assert await lifecycle(core).reachable(core.address(), "general") is None
    assert await core.channel() == paused
    await core.news(a_paper(1))
    await core.settle(hours=48, step=3600)
    assert core.platform.posts == []


async def test_a_new_channel_is_welcomed_and_a_new_name_is_taken_over(core: Core) -> None:
    said = await lifecycle(core).reachable(core.address("new"), "new")
    assert said is not None
    assert "/papers subscribe" in plain_text(said)
    assert await core.store.channels.find(core.address("new")) is None
    await core.say("subscribe diffusion")
    await lifecycle(core).renamed(core.address(), "lobby")
    assert (await core.channel()).name == "lobby"


async def test_a_workspace_that_is_lost_stops_all_its_channels(core: Core) -> None:
    for channel in ("one", "two"):
        await core.say("subscribe diffusion", channel)
    await lifecycle(core).workspace_lost(core.address("one"), "The app was uninstalled.")
    assert (await core.channel("two")).state is ChannelState.BROKEN


async def test_links_become_cards(core: Core) -> None:
    await core.news(a_paper(1))
    unfurling = Unfurling(core.store.papers, PaperLookups([ScriptedLookup(a_paper(9))], core.store.papers))
    for url, paper_id in {
        "https://arxiv.org/abs/2605.00001v3": "2605.00001",
        "https://huggingface.co/papers/2605.00001": "2605.00001",
        "https://arxiv.org/pdf/2605.00009": "2605.00009",
        "https://arxiv.org/abs/2605.00777": None,
        "https://example.org/abs/2605.00001": None,
    }.items():
        card = await unfurling.card_of(url)
        assert (card.paper_id if card else None) == paper_id, url


async def test_what_stopped_with_its_workspace_goes_on_with_it(core: Core) -> None:
    for channel in ("one", "two", "three"):
        await core.say("subscribe diffusion", channel)
    await lifecycle(core).lost(core.address("three"), "It is archived.")
    for _ in range(2):
        await lifecycle(core).workspace_lost(core.address("one"), "The token was revoked.")
        assert (await core.channel("two")).state is ChannelState.BROKEN
        await lifecycle(core).workspace_works(core.address("one"))
        assert [(await core.channel(name)).state.value for name in ("one", "two", "three")] == [
            "active",
            "active",
            "broken",
        ]


async def test_resuming_one_channel_of_a_stopped_workspace_resumes_all_of_them(core: Core) -> None:
    for channel in ("one", "two", "three", "four"):
        await core.say("subscribe diffusion", channel)
    await lifecycle(core).lost(core.address("three"), "It is archived.")
    await core.say("pause", "four")
    await lifecycle(core).workspace_lost(core.address("one"), "The token was revoked.")
    assert "here and in 1 other channel." in await core.say("resume", "two")
    assert (await core.channel("one")).state is ChannelState.ACTIVE
    assert (await core.channel("four")).state is ChannelState.PAUSED
    assert (await core.channel("three")).state is ChannelState.BROKEN
    assert await core.say("resume", "three")
    assert (await core.channel("three")).state is ChannelState.ACTIVE
