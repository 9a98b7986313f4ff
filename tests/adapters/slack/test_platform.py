"""Sending to Slack: what arrives, what every answer means, and how a lost answer is made up for."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.slack.client.connection import Connection
from adapters.slack.client.errors import retry_after
from adapters.slack.installation.workspaces import OneWorkspace
from adapters.slack.messages import block_kit
from adapters.slack.platform import SlackPlatform
from adapters.slack.posting.metadata import EVENT_TYPE
from bot.channels.channel import Address, PlatformName
from bot.digests.cards import paper_card, paper_line
from bot.errors import UserError
from bot.messages.message import Heading, Message, Paragraph, text
from bot.platforms.outcomes import Gone, GoneScope, LookUp, Outgoing, Partly, Rejected, Retry, Sent, Unknown
from tests.clocks import SettableClock
from tests.platforms import around
from tests.simulators.slack import RETRY_AFTER, Fault, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER, TEAM, SimulatedChannel
from tests.sources import a_paper

MESSAGE = Message(summary="News", blocks=(Heading("News"), paper_card(a_paper())))
PICTURED = Message(
    summary="News", blocks=(paper_card(a_paper(summary="In short.", thumbnail_url="https://cdn.example.org/1.png")),)
)


def outgoing(
    channel: SimulatedChannel,
    message: Message = MESSAGE,
    *,
    key: str = "key-1",
    reply_to: str | None = None,
    team: str = TEAM,
) -> Outgoing:
    address = Address(PlatformName.SLACK, team, channel.id)
    return Outgoing(address=address, message=message, key=key, reply_to=reply_to)


@pytest.mark.parametrize(("said", "seconds"), [("7", 7.0), ("1.5", 1.5), ("0", 0.0), ("", 30.0), ("soon", 30.0)])
def test_a_pause_is_as_long_as_it_is_said_to_be(said: str, seconds: float) -> None:
    assert retry_after({"Retry-After": said}) == seconds


async def test_a_message_arrives_with_its_key(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel()
    result = await platform.send(outgoing(channel))
    (message,) = channel.messages
    assert result == Sent(message["ts"])
    assert message["metadata"] == {"event_type": EVENT_TYPE, "event_payload": {"key": "key-1"}}
    assert "Diffusion Study 1" in words_of(message)
    assert message["text"] == "News\nDiffusion Study 1"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.DROPPED, Unknown),
        (Fault.ANSWER_DROPPED, Unknown),
        (Fault.ERROR_500, Unknown),
        (Fault.ANSWER_500, Unknown),
        pytest.param(Fault.HANG, Unknown, marks=pytest.mark.impatient),
        (Fault.GARBAGE, Unknown),
        ("fatal_error", Unknown),
        ("internal_error", Unknown),
        ("is_archived", Gone),
        ("channel_not_found", Gone),
        ("restricted_action", Gone),
        ("token_revoked", Gone),
        ("missing_scope", Gone),
        ("message_limit_exceeded", Retry),
        ("a_code_of_tomorrow", Retry),
    ],
)
async def test_every_end_of_a_request_is_told_apart(
    slack: SlackSimulator, platform: SlackPlatform, fault: Fault | str, outcome: type
) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", fault)
    result = await platform.send(outgoing(channel))
    assert isinstance(result, outcome), result
    assert slack.count("chat.postMessage") == 1, "a message was sent again behind the outbox's back"


@pytest.mark.parametrize("fault", [Fault.BARE, Fault.ARRAY, Fault.EMPTY, Fault.GARBAGE])
async def test_an_answer_that_does_not_say_who_we_are_stops_nobody(
    slack: SlackSimulator, platform: SlackPlatform, fault: Fault
) -> None:
    channel = slack.channel()
    slack.fail("auth.test", fault, fault)
    assert isinstance(await platform.send(outgoing(channel)), Retry)
    assert isinstance(await platform.send(outgoing(channel)), Sent | Retry)
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    address = outgoing(channel).address
    slack.fail("conversations.open", fault, fault, fault, fault)
    with pytest.raises(UserError):
        await platform.direct_messages(address, "U0ADA")


async def test_a_revoked_token_concerns_the_whole_workspace(slack: SlackSimulator, platform: SlackPlatform) -> None:
    slack.revoked = True
    result = await platform.send(outgoing(slack.channel()))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.WORKSPACE


async def test_slack_says_how_long_to_wait(slack: SlackSimulator, platform: SlackPlatform) -> None:
    slack.fail("chat.postMessage", Fault.RATE_LIMITED)
    result = await platform.send(outgoing(slack.channel()))
    assert isinstance(result, Retry)
    assert result.after == RETRY_AFTER


async def test_without_a_connection_nothing_was_sent(slack: SlackSimulator) -> None:
    elsewhere = SlackPlatform(OneWorkspace(Connection("http://127.0.0.1:9/api/"), "xoxb-1"))
    result = await elsewhere.send(outgoing(slack.channel()))
    await elsewhere.close()
    assert isinstance(result, Retry)


async def test_a_public_channel_is_joined_on_the_way(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel(member=False)
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    assert BOT_USER in channel.members
    assert len(channel.messages) == 1


async def test_a_private_channel_asks_for_an_invitation(slack: SlackSimulator, platform: SlackPlatform) -> None:
    result = await platform.send(outgoing(slack.channel(private=True, member=False)))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.CHANNEL
    assert "/invite" in result.reason


async def test_a_channel_that_cannot_be_joined_asks_for_an_invitation(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    slack.fail("conversations.join", "missing_scope")
    result = await platform.send(outgoing(slack.channel(member=False)))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.CHANNEL
    assert "/invite" in result.reason


async def test_a_thumbnail_that_slack_cannot_load_does_not_hold_the_message(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    channel = slack.channel()
    slack.pictures_load = False
    assert isinstance(await platform.send(outgoing(channel, PICTURED)), Sent)
    (message,) = channel.messages
    assert "In short." in words_of(message)
    assert not any(map(block_kit.has_picture, message["blocks"]))


def two_cards() -> Message:
    cards = [
        paper_card(a_paper(number, summary="In short.", thumbnail_url=f"https://cdn.example.org/{number}.png"))
        for number in (1, 2)
    ]
    return Message(summary="Two", blocks=tuple(cards))


async def test_one_picture_that_slack_cannot_load_costs_only_that_picture(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    channel = slack.channel()
    slack.pictures_missing.add("https://cdn.example.org/1.png")
    assert isinstance(await platform.send(outgoing(channel, two_cards())), Sent)
    (message,) = channel.messages
    pictures = [block["accessory"]["image_url"] for block in message["blocks"] if block_kit.has_picture(block)]
    assert pictures == ["https://cdn.example.org/2.png"]


async def test_one_block_that_slack_refuses_is_flattened_and_keeps_its_address(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    channel = slack.channel()
    slack.disliked = "Diffusion Study 2"
    assert isinstance(await platform.send(outgoing(channel, two_cards())), Sent)
    (message,) = channel.messages
    assert len([block for block in message["blocks"] if block_kit.has_picture(block)]) == 2
    flat = [block["text"]["text"] for block in message["blocks"] if block["type"] == "section"]
    assert "Diffusion Study 2 https://huggingface.co/papers/2605.00002" in flat
    assert message["blocks"][0]["type"] == "rich_text"


async def test_text_alone_has_every_title_with_its_address(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", "invalid_blocks")
    papers = [a_paper(number, title=f"R&D <{number}> " + "long " * 60) for number in range(1, 16)]
    cards = tuple(paper_line(paper) for paper in papers)
    assert isinstance(await platform.send(outgoing(channel, Message(summary="Many", blocks=cards))), Sent)
    (message,) = channel.messages
    assert "blocks" not in message
    lines = message["text"].splitlines()
    assert [line.split()[-1] for line in lines if "://" in line and "R&amp;D &lt;" in line] == [
        f"https://huggingface.co/papers/{paper.id}" for paper in papers
    ]


async def test_text_alone_has_the_addresses_even_of_papers_with_long_abstracts(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", *["invalid_blocks"] * 2)
    abstract = "We study & measure. " * 90 + "The code is at https://github.com/ada/diffusion"
    cards = tuple(paper_card(a_paper(number, abstract=abstract), abstract=True) for number in (1, 2))
    assert isinstance(await platform.send(outgoing(channel, Message(summary="Two", blocks=cards))), Sent)
    (message,) = channel.messages
    for number in (1, 2):
        assert f"https://huggingface.co/papers/2605.0000{number}" in message["text"]


async def test_text_alone_ends_where_slack_takes_no_more(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", "invalid_blocks")
    lines = tuple(Paragraph(text("&" * 180)) for _ in range(40))
    assert isinstance(await platform.send(outgoing(channel, Message(summary="Long", blocks=lines))), Sent)
    (message,) = channel.messages
    assert len(message["text"]) <= 4000
    assert message["text"].endswith("\n…")


async def test_blocks_that_slack_does_not_take_become_text(slack: SlackSimulator, platform: SlackPlatform) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", *["invalid_blocks"] * 2)
    assert isinstance(await platform.send(outgoing(channel)), Sent)
    (message,) = channel.messages
    assert "blocks" not in message
    assert "Diffusion Study 1" in message["text"]


async def test_what_slack_takes_in_no_form_is_rejected(slack: SlackSimulator, platform: SlackPlatform) -> None:
    slack.fail("chat.postMessage", *["invalid_blocks"] * 3)
    assert isinstance(await platform.send(outgoing(slack.channel())), Rejected)


async def test_what_is_not_one_message_is_rejected(slack: SlackSimulator, platform: SlackPlatform) -> None:
    long = Message(summary="Long", blocks=tuple(Paragraph(text(f"line {number}")) for number in range(60)))
    assert isinstance(await platform.send(outgoing(slack.channel(), long)), Rejected)
    assert not slack.count("chat.postMessage")


async def test_another_workspaces_channel_is_never_posted_to(slack: SlackSimulator, platform: SlackPlatform) -> None:
    result = await platform.send(outgoing(slack.channel(), team="T0OTHER"))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.WORKSPACE
    assert not slack.count("chat.postMessage")


@pytest.mark.parametrize(
    "fault",
    [
        Fault.ANSWER_DROPPED,
        pytest.param(Fault.HANG, marks=pytest.mark.impatient),
        Fault.ANSWER_500,
        Fault.GARBAGE,
    ],
)
@pytest.mark.parametrize("threaded", [False, True])
async def test_a_message_whose_answer_was_lost_is_found(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock, fault: Fault, threaded: bool
) -> None:
    channel = slack.channel()
    parent = await platform.send(outgoing(channel, key="key-0"))
    assert isinstance(parent, Sent)
    post = outgoing(channel, reply_to=parent.remote_id if threaded else None)
    slack.fail("chat.postMessage", fault)
    assert isinstance(await platform.send(post), Unknown)
    assert await platform.look_up(post, around(clock.now())) == Sent(channel.messages[-1]["ts"])


async def test_a_message_that_never_arrived_is_missing(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    channel = slack.channel()
    parent = await platform.send(outgoing(channel, key="another"))
    assert isinstance(parent, Sent)
    assert await platform.look_up(outgoing(channel), around(clock.now())) is LookUp.MISSING
    assert await platform.look_up(outgoing(channel, reply_to=parent.remote_id), around(clock.now())) is LookUp.MISSING
    assert await platform.look_up(outgoing(channel, reply_to="1.000001"), around(clock.now())) is LookUp.MISSING


async def test_a_message_is_found_behind_hundreds_of_others(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    channel = slack.channel()
    await platform.send(outgoing(channel))
    started = clock.now()
    clock.advance(seconds=30)
    channel.messages += [{"ts": slack.next_ts(), "text": "chatter"} for _ in range(450)]
    window, looks = around(started), 0
    while isinstance(found := await platform.look_up(outgoing(channel), window), Partly):
        window, looks = replace(window, cursor=found.cursor), looks + 1
    assert isinstance(found, Sent)
    assert looks == 3
    assert slack.count("conversations.history") == 31


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("missing_scope", LookUp.CANNOT_TELL),
        ("not_in_channel", LookUp.CANNOT_TELL),
        ("no_permission", LookUp.CANNOT_TELL),
        (Fault.RATE_LIMITED, Partly("", RETRY_AFTER)),
    ],
)
async def test_where_history_cannot_be_read(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock, fault: Fault | str, answer: object
) -> None:
    channel = slack.channel()
    slack.fail("conversations.history", fault)
    found = await platform.look_up(outgoing(channel), around(clock.now() - timedelta(hours=1)))
    if isinstance(found, Partly):
        found = replace(found, after=math.ceil(found.after))  # a few microseconds are over by now
    assert found == answer


async def test_trouble_while_looking_is_no_answer(
    slack: SlackSimulator, platform: SlackPlatform, clock: SettableClock
) -> None:
    slack.fail("conversations.history", *[Fault.DROPPED] * 2)  # reading is repeated once by the HTTP library
    assert isinstance(await platform.look_up(outgoing(slack.channel()), around(clock.now())), Retry)


async def test_a_person_is_told_in_private(slack: SlackSimulator, platform: SlackPlatform) -> None:
    address = Address(PlatformName.SLACK, TEAM, slack.channel().id)
    assert await platform.tell(address, "U0ADA", MESSAGE)
    assert "News" in words_of(slack.conversation("U0ADA").messages[0])
    assert not await platform.tell(address, "U0NOBODY", MESSAGE)
