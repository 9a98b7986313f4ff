"""Channels that close, reopen and change their names, and links that become cards."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.slack.app import SlackApp
from adapters.slack.messages.block_kit import has_picture
from adapters.slack.platform import SlackPlatform
from bot.app.assembly import lifecycle_of
from bot.channels.channel import ChannelState
from bot.commands.runner import REGISTRY
from bot.digests.cards import paper_card
from bot.messages.message import PaperBlock
from bot.papers.ids import linked_paper_ids
from tests.adapters.slack.bot_process import TRANSPORTS, BotProcess
from tests.patience import PATIENCE
from tests.simulators.slack import APP_TOKEN, SIGNING_SECRET, Fault
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
from tests.sources import a_paper


@pytest.fixture
async def listening(bot: BotProcess, platform: SlackPlatform) -> BotProcess:
    """A bot that follows what happens in Slack."""

    async def card_of(url: str) -> PaperBlock | None:
        papers = await bot.store.papers.papers(linked_paper_ids(url))
        return next((paper_card(paper) for paper in papers.values()), None)

    bot.app = SlackApp(
        platform,
        bot.commands,
        REGISTRY,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        lifecycle=lifecycle_of(bot.store, bot.clock, bot.engine.outbox.wake),
        card_of=card_of,
        ping_interval=PATIENCE,
    )
    return bot


async def happens(bot: BotProcess, *events: Json, deliveries: int = 1) -> None:
    async with bot.over_http():
        for event in events:
            await bot.slack.event(event, deliveries=deliveries)


async def subscribed(bot: BotProcess) -> SimulatedChannel:
    channel = bot.slack.channel()
    async with bot.over_http():
        await bot.say("subscribe diffusion", channel)
    return channel


@pytest.mark.parametrize(
    ("lost", "reason", "regained"),
    [
        ("channel_archive", "archived", "channel_unarchive"),
        ("group_archive", "archived", "group_unarchive"),
        ("channel_left", "removed", "member_joined_channel"),
        ("group_left", "removed", "member_joined_channel"),
        ("channel_deleted", "deleted", "member_joined_channel"),
    ],
)
async def test_a_channel_that_closes_stops_and_goes_on_when_it_reopens(
    listening: BotProcess, lost: str, reason: str, regained: str
) -> None:
    channel = await subscribed(listening)
    await happens(listening, {"type": lost, "channel": channel.id})
    stored = await listening.stored(channel)
    assert stored.state is ChannelState.BROKEN
    assert reason in stored.reason
    await happens(listening, {"type": regained, "channel": channel.id, "user": BOT_USER})
    assert (await listening.stored(channel)).state is ChannelState.ACTIVE
    assert [words_of(message) for message in channel.messages] == ["Posting goes on."]


async def test_a_reopened_public_channel_is_joined_again(listening: BotProcess) -> None:
    channel, strange = await subscribed(listening), listening.slack.channel("strange", member=False)
    await happens(listening, {"type": "channel_archive", "channel": channel.id})
    channel.members.discard(BOT_USER)
    await happens(listening, *({"type": "channel_unarchive", "channel": one.id} for one in (channel, strange)))
    assert BOT_USER in channel.members
    assert (await listening.stored(channel)).state is ChannelState.ACTIVE
    assert [words_of(message) for message in channel.messages] == ["Posting goes on."]
    assert BOT_USER not in strange.members
    assert not strange.messages


async def test_a_reopened_private_channel_asks_for_an_invitation(listening: BotProcess) -> None:
    channel = await subscribed(listening)
    await happens(listening, {"type": "group_archive", "channel": channel.id})
    channel.private, channel.members = True, set()
    await happens(listening, {"type": "group_unarchive", "channel": channel.id})
    stored = await listening.stored(channel)
    assert stored.state is ChannelState.BROKEN
    assert "/invite @Paper Round" in stored.reason
    assert not channel.messages


async def test_a_converted_channel_keeps_its_topics_under_its_new_id(listening: BotProcess) -> None:
    channel = await subscribed(listening)
    known = await listening.stored(channel)
    event = {"type": "channel_id_changed", "old_channel_id": channel.id, "new_channel_id": "C0NEW"}
    listening.slack.channels["C0NEW"] = listening.slack.channels.pop(channel.id)
    await listening.news(a_paper(1))
    # Slack knows the old id no more, and says what became of it only afterwards.
    await listening.next_digest(channel)
    assert (await listening.stored(channel)).state is ChannelState.BROKEN
    channel.id = "C0NEW"
    await happens(listening, event, event)
    assert (await listening.stored(channel)).id == known.id
    await listening.settle(minutes=2)
    assert "Diffusion Study 1" in words_of(channel.messages[-1])


@pytest.mark.parametrize("paused", [False, True])
async def test_topics_of_a_converted_channel_that_was_set_up_anew_are_told(listening: BotProcess, paused: bool) -> None:
    old = listening.slack.channel()
    async with listening.over_http():
        await listening.say("subscribe diffusion", old)
        await listening.say('subscribe agents --min-upvotes 5 --name "Our agents" --instant', old)
        if paused:
            await listening.say("pause", old)
    new = await subscribed(listening)
    event = {"type": "channel_id_changed", "old_channel_id": old.id, "new_channel_id": new.id}
    await happens(listening, event, event)
    (message,) = new.messages
    assert "/papers subscribe diffusion" in words_of(message)
    assert '/papers subscribe --min-upvotes 5 --instant --name "Our agents" agents' in words_of(message)
    stored = await listening.stored(old)
    assert stored.state is ChannelState.BROKEN
    assert "another id" in stored.reason
    assert (await listening.stored(new)).state is ChannelState.ACTIVE


async def test_an_invitation_is_answered_once(listening: BotProcess) -> None:
    channel = listening.slack.channel()
    await happens(listening, {"type": "member_joined_channel", "channel": channel.id, "user": BOT_USER}, deliveries=3)
    (hello,) = channel.messages
    assert "/papers subscribe" in words_of(hello)


async def test_other_people_come_and_go_without_a_word(listening: BotProcess) -> None:
    channel = await subscribed(listening)
    await happens(listening, {"type": "member_joined_channel", "channel": channel.id, "user": "U0ADA"})
    assert not channel.messages


async def test_a_channel_takes_its_new_name(listening: BotProcess) -> None:
    channel = await subscribed(listening)
    other = listening.slack.channel("other")
    await happens(
        listening,
        {"type": "channel_rename", "channel": {"id": channel.id, "name": "papers"}},
        {"type": "channel_rename", "channel": {"id": other.id, "name": "others"}},
    )
    assert (await listening.stored(channel)).name == "papers"
    assert len(await listening.store.channels.on_platform((await listening.stored(channel)).address.platform)) == 1


@pytest.mark.parametrize(
    "event", [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0BOT"]}}]
)
async def test_an_app_that_is_removed_stops_everywhere(listening: BotProcess, event: Json) -> None:
    channels = [await subscribed(listening), await subscribed(listening)]
    await happens(listening, event)
    assert [(await listening.stored(channel)).state for channel in channels] == [ChannelState.BROKEN] * 2


async def test_channels_that_stopped_with_the_workspace_go_on_with_a_token_that_works(listening: BotProcess) -> None:
    stopped, archived = await subscribed(listening), await subscribed(listening)
    await happens(listening, {"type": "channel_archive", "channel": archived.id}, {"type": "app_uninstalled"})
    await listening.app.check()
    assert (await listening.stored(stopped)).state is ChannelState.ACTIVE
    assert (await listening.stored(archived)).state is ChannelState.BROKEN


@pytest.mark.parametrize("at_the_start", [True, False])
async def test_a_token_that_slack_refuses_for_a_while_stops_nothing_for_good(
    listening: BotProcess, at_the_start: bool
) -> None:
    stopped, access = await subscribed(listening), listening.platform.workspaces.connection.access
    listening.slack.revoked = at_the_start
    app = listening.another_app(
        only_platform=False, first_retry=0.05, lifecycle=lifecycle_of(listening.store, listening.clock, lambda: None)
    )
    watching = asyncio.create_task(app.watch())
    await listening.core.news(a_paper(1))
    await asyncio.sleep(0.05)
    listening.slack.revoked = True
    due = (await listening.stored(stopped)).next_digest_at
    assert due
    listening.clock.set(max(due, listening.clock.now()))
    await listening.engine.deliver()
    assert (await listening.stored(stopped)).state is ChannelState.BROKEN
    assert "PAPERROUND_SLACK_BOT_TOKEN" in access.refusals[0].advice
    listening.slack.revoked = False
    async with asyncio.timeout(PATIENCE):
        while (await listening.stored(stopped)).state is not ChannelState.ACTIVE or access.refusals:
            await asyncio.sleep(0.01)
    watching.cancel()
    await asyncio.wait((watching,))


async def test_a_persons_revoked_token_is_nothing_to_us(listening: BotProcess) -> None:
    channel = await subscribed(listening)
    await happens(listening, {"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"], "bot": []}})
    assert (await listening.stored(channel)).state is ChannelState.ACTIVE


async def test_events_that_nobody_asked_for_are_acknowledged(listening: BotProcess) -> None:
    async with listening.over_socket():
        await listening.slack.event({"type": "emoji_changed"})


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"type": None},
        {"type": "message", "channel_type": "im"},
        {"type": "message", "channel_type": "im", "channel": "D0ADA", "user": None, "text": None},
        {"type": "channel_archive", "channel": None},
        {"type": "channel_rename", "channel": "C00001"},
        {"type": "channel_rename", "channel": {"id": "C00001", "name": None}},
        {"type": "channel_id_changed", "old_channel_id": "C00001"},
        {"type": "member_joined_channel"},
        {"type": "link_shared", "links": None, "channel": "C00001", "message_ts": "1.1"},
        {"type": "link_shared", "links": [{"url": "https://arxiv.org/abs/2605.00001"}]},
        {"type": "tokens_revoked", "tokens": None},
        {"type": "app_home_opened", "tab": "home"},
    ],
    ids=str,
)
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_an_event_without_what_it_should_have_is_let_go(
    listening: BotProcess, event: Json, transport: str
) -> None:
    await listening.news(a_paper(1))
    async with listening.connected(transport):
        channel = listening.slack.channel()
        await listening.say("subscribe diffusion", channel)
        await listening.slack.event(event)
        await listening.slack.event({"type": "channel_rename", "channel": {"id": channel.id, "name": "papers"}})
        await listening.app.finish()
    stored = await listening.stored(channel)
    assert (stored.name, stored.state) == ("papers", ChannelState.ACTIVE)


async def test_a_link_without_an_address_costs_no_other_its_card(listening: BotProcess) -> None:
    await listening.news(a_paper(1))
    event = shared(listening.slack.channel(), "https://arxiv.org/abs/2605.00001")
    await happens(listening, event | {"links": [{}, {"url": None}, *event["links"]]})
    (unfurl,) = listening.slack.unfurls
    assert list(unfurl["unfurls"]) == ["https://arxiv.org/abs/2605.00001"]


def shared(channel: SimulatedChannel, *urls: str, user: str = "U0ADA", **more: str) -> Json:
    links = [{"url": url, "domain": url.split("/")[2]} for url in urls]
    return {"type": "link_shared", "channel": channel.id, "user": user, "message_ts": "1.5", "links": links, **more}


async def test_links_to_papers_become_cards_with_buttons_that_work(listening: BotProcess) -> None:
    channel = listening.slack.channel()
    await listening.news(a_paper(1), a_paper(2))
    known, other = "https://arxiv.org/pdf/2605.00001v2", "https://huggingface.co/papers/2605.00002"
    await happens(listening, shared(channel, known, other, "https://arxiv.org/list/cs.CL/new"))
    (unfurl,) = listening.slack.unfurls
    assert (unfurl["channel"], unfurl["ts"]) == (channel.id, "1.5")
    assert set(unfurl["unfurls"]) == {known, other}
    card = unfurl["unfurls"][known]
    assert "Diffusion Study 1" in words_of(card)
    async with listening.over_http():
        pressed = await listening.slack.press(buttons_of(card)["Abstract"], channel, ephemeral=False)
        assert "We study diffusion." in words_of(await pressed.answer())


@pytest.mark.parametrize("disliked", ["pictures", "words"])
async def test_a_link_has_its_card_without_what_slack_does_not_show(listening: BotProcess, disliked: str) -> None:
    listening.slack.pictures_load = disliked != "pictures"
    listening.slack.disliked = "Diffusion Study 1" if disliked == "words" else ""
    await listening.news(a_paper(1, summary="In short.", thumbnail_url="https://cdn.example.org/1.png"))
    await happens(listening, shared(listening.slack.channel(), "https://arxiv.org/abs/2605.00001"))
    (unfurl,) = listening.slack.unfurls
    (card,) = unfurl["unfurls"].values()
    assert "Diffusion Study 1" in words_of(card)
    assert "In short." in words_of(card)
    assert not any(map(has_picture, card["blocks"]))


async def test_where_slack_knows_no_thumbs_a_link_has_buttons(listening: BotProcess) -> None:
    listening.slack.new_blocks = False
    await listening.news(a_paper(1), a_paper(2))
    urls = [f"https://arxiv.org/abs/2605.0000{number}" for number in (1, 2)]
    channel = listening.slack.channel()
    for url in urls:
        await happens(listening, shared(channel, url))
    for unfurl in listening.slack.unfurls:
        (card,) = unfurl["unfurls"].values()
        assert buttons_of(card)["👍"]["type"] == "button"
    assert len(listening.slack.unfurls) == 2
    # The second card came at once.
    assert listening.slack.count("chat.unfurl") == 3 + 1


async def test_a_link_that_slack_does_not_show_costs_no_other_its_card(listening: BotProcess) -> None:
    urls = [f"https://arxiv.org/abs/2605.0000{number}" for number in (1, 2)]
    listening.slack.unfurls_refused.add(urls[0])
    await listening.news(a_paper(1), a_paper(2))
    await happens(listening, shared(listening.slack.channel(), *urls))
    assert list(listening.slack.unfurls[-1]["unfurls"]) == [urls[1]]


async def test_a_card_waits_for_slack(listening: BotProcess) -> None:
    listening.slack.retry_after = 0
    listening.slack.fail("chat.unfurl", Fault.RATE_LIMITED)
    await listening.news(a_paper(1))
    await happens(listening, shared(listening.slack.channel(), "https://arxiv.org/abs/2605.00001"))
    assert listening.slack.unfurls


async def test_a_message_that_is_gone_gets_no_card(listening: BotProcess) -> None:
    listening.slack.fail("chat.unfurl", "cannot_find_message")
    await listening.news(a_paper(1), a_paper(2))
    await happens(listening, shared(listening.slack.channel(), "https://arxiv.org/abs/2605.00001"))
    assert listening.slack.count("chat.unfurl") == 1


async def test_links_in_a_message_that_is_being_written_become_cards(listening: BotProcess) -> None:
    await listening.news(a_paper(1))
    url = "https://arxiv.org/abs/2605.00001"
    event = shared(listening.slack.channel(), url, unfurl_id="C1.U1", source="composer")
    await happens(listening, event)
    (unfurl,) = listening.slack.unfurls
    assert (unfurl["unfurl_id"], unfurl["source"]) == ("C1.U1", "composer")
    assert "channel" not in unfurl


async def test_our_own_links_and_unknown_ones_stay_links(listening: BotProcess) -> None:
    channel = listening.slack.channel()
    await listening.news(a_paper(1))
    await happens(
        listening,
        shared(channel, "https://arxiv.org/abs/2605.00001", user=BOT_USER),
        shared(channel, "https://arxiv.org/abs/2605.99999", "https://arxiv.org/help"),
    )
    assert not listening.slack.unfurls


async def test_without_anybody_to_tell_events_are_let_go(bot: BotProcess) -> None:
    channel = await subscribed(bot)
    await happens(bot, {"type": "channel_archive", "channel": channel.id}, shared(channel, "https://arxiv.org/abs/1"))
    assert (await bot.stored(channel)).state is ChannelState.ACTIVE
    assert not bot.slack.unfurls


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2605.00001",
        "https://arxiv.org/abs/2605.00001v3",
        "https://www.arxiv.org/pdf/2605.00001",
        "https://arxiv.org/pdf/2605.00001v2.pdf",
        "https://arxiv.org/html/2605.00001v1",
        "http://export.arxiv.org/abs/2605.00001?context=cs#top",
        "https://huggingface.co/papers/2605.00001",
        "https://huggingface.co/papers/2605.00001#community",
        "https://hf.co/papers/2605.00001",
        "https://www.alphaxiv.org/abs/2605.00001",
    ],
)
async def test_every_way_to_link_to_a_paper_becomes_a_card(listening: BotProcess, url: str) -> None:
    await listening.news(a_paper(1))
    await happens(listening, shared(listening.slack.channel(), url))
    assert list(listening.slack.unfurls[0]["unfurls"]) == [url]


async def test_old_numbers_become_cards_and_a_paper_is_shown_once(listening: BotProcess) -> None:
    old = "https://arxiv.org/abs/astro-ph/0601001v1"
    await listening.news(a_paper(1), replace(a_paper(2), id="astro-ph/0601001"))
    page, pdf = "https://arxiv.org/abs/2605.00001", "https://arxiv.org/pdf/2605.00001"
    await happens(listening, shared(listening.slack.channel(), page, pdf, old))
    assert set(listening.slack.unfurls[0]["unfurls"]) == {page, old}
