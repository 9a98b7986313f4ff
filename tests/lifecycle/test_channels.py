"""What platforms tell of their channels, and links that people post."""

from __future__ import annotations

from bot.app.assembly import lifecycle_of
from bot.channels.channel import ChannelState
from bot.digests.unfurling import Unfurling
from bot.intake.lookup import PaperLookups
from bot.lifecycle.channels import ChannelLifecycle
from bot.messages.plain import plain_text
from tests.sources import ScriptedLookup, a_paper
from tests.town import Town


def lifecycle(town: Town) -> ChannelLifecycle:
    return lifecycle_of(town.store, town.clock, town.engine.outbox.wake)


async def test_a_channel_that_is_lost_and_found_goes_on(town: Town) -> None:
    await town.say("subscribe diffusion")
    await lifecycle(town).lost(town.address(), "It is archived.")
    await lifecycle(town).lost(town.address(), "It is archived.")
    assert (await town.channel()).state is ChannelState.BROKEN
    await town.news(a_paper(1))
    await town.settle(hours=30, step=3600)
    assert town.platform.posts == []
    said = await lifecycle(town).reachable(town.address(), "general")
    assert said is not None
    assert "goes on" in plain_text(said)
    assert await lifecycle(town).reachable(town.address(), "general") is None
    await town.next_digest()
    assert town.platform.papers_in("general") == ["2605.00001"]


async def test_a_pause_that_a_person_wished_is_not_ended_by_an_invitation(town: Town) -> None:
    await town.say("subscribe diffusion")
    await town.say("pause")
    assert await lifecycle(town).reachable(town.address(), "general") is None
    assert (await town.channel()).state is ChannelState.PAUSED


async def test_a_new_channel_is_welcomed_and_a_new_name_is_taken_over(town: Town) -> None:
    said = await lifecycle(town).reachable(town.address("new"), "new")
    assert said is not None
    assert "/papers subscribe" in plain_text(said)
    assert await town.store.channels.find(town.address("new")) is None
    await town.say("subscribe diffusion")
    await lifecycle(town).renamed(town.address(), "lobby")
    assert (await town.channel()).name == "lobby"


async def test_a_workspace_that_is_lost_stops_all_its_channels(town: Town) -> None:
    for channel in ("one", "two"):
        await town.say("subscribe diffusion", channel)
    await lifecycle(town).workspace_lost(town.address("one"), "The app was uninstalled.")
    assert (await town.channel("two")).state is ChannelState.BROKEN


async def test_links_become_cards(town: Town) -> None:
    await town.news(a_paper(1))
    unfurling = Unfurling(town.store.papers, PaperLookups([ScriptedLookup(a_paper(9))], town.store.papers))
    for url, paper_id in {
        "https://arxiv.org/abs/2605.00001v3": "2605.00001",
        "https://huggingface.co/papers/2605.00001": "2605.00001",
        "https://arxiv.org/pdf/2605.00009": "2605.00009",
        "https://arxiv.org/abs/2605.00777": None,
        "https://example.org/abs/2605.00001": None,
    }.items():
        card = await unfurling.card_of(url)
        assert (card.paper_id if card else None) == paper_id, url


async def test_what_stopped_with_its_workspace_goes_on_with_it(town: Town) -> None:
    for channel in ("one", "two", "three"):
        await town.say("subscribe diffusion", channel)
    await lifecycle(town).lost(town.address("three"), "It is archived.")
    for _ in range(2):
        await lifecycle(town).workspace_lost(town.address("one"), "The token was revoked.")
        assert (await town.channel("two")).state is ChannelState.BROKEN
        await lifecycle(town).workspace_works(town.address("one"))
        assert [(await town.channel(name)).state.value for name in ("one", "two", "three")] == [
            "active",
            "active",
            "broken",
        ]


async def test_resuming_one_channel_of_a_stopped_workspace_resumes_all_of_them(town: Town) -> None:
    for channel in ("one", "two", "three", "four"):
        await town.say("subscribe diffusion", channel)
    await lifecycle(town).lost(town.address("three"), "It is archived.")
    await town.say("pause", "four")
    await lifecycle(town).workspace_lost(town.address("one"), "The token was revoked.")
    assert "here and in 2 other channels" in await town.say("resume", "two")
    assert (await town.channel("one")).state is ChannelState.ACTIVE
    assert (await town.channel("three")).state is ChannelState.BROKEN
    assert await town.say("resume", "three")
    assert (await town.channel("three")).state is ChannelState.ACTIVE
