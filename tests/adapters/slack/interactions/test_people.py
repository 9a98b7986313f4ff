"""Who may do what: members, guests, admins, people from elsewhere, bots; and everybody in their own conversation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.app.assembly import forms_of
from tests.adapters.slack.bot_process import BotProcess
from tests.simulators.slack import ANSWER_WITHIN, Fault
from tests.simulators.slack_messages import leaves, words_of
from tests.simulators.slack_methods import BOT_USER, Json
from tests.sources import a_paper

REFUSED = "Only people who may manage this channel"
ADDED = "Topic 1 added"
HERS = "our direct messages"


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ({}, ADDED),
        ({"is_restricted": True}, ADDED),
        ({"is_restricted": True, "is_ultra_restricted": True}, ADDED),
        ({"is_admin": True}, ADDED),
        ({"team_id": "T0THEIRS", "is_stranger": True}, REFUSED),
        ({"team_id": "T0THEIRS", "is_admin": True}, REFUSED),
        ({"team_id": "T0THEIRS", "is_stranger": False}, REFUSED),
        ({"team_id": "T0THEIRS", "enterprise_user": {"id": "W1", "enterprise_id": "E0THEIRS"}}, REFUSED),
        ({"deleted": True}, REFUSED),
        ({"is_bot": True}, REFUSED),
    ],
)
async def test_members_manage_topics_and_others_look(bot: BotProcess, who: Json, answer: str) -> None:
    bot.slack.person("U0BOB", "bob", **who)
    channel = bot.slack.channel()
    async with bot.over_http():
        assert answer in await bot.read("subscribe diffusion", channel, "U0BOB")
        assert REFUSED not in await bot.read("topics", channel, "U0BOB")


@pytest.mark.parametrize(
    ("who", "answer", "administers"),
    [
        ({"is_admin": True}, ADDED, True),
        ({"team_id": "T0SISTER", "enterprise_user": {"id": "W1", "enterprise_id": "E0OURS"}}, ADDED, False),
        # An admin of a sister workspace is none of this one; an admin of the organisation is.
        (
            {"team_id": "T0SISTER", "is_admin": True, "enterprise_user": {"id": "W1", "enterprise_id": "E0OURS"}},
            ADDED, False,
        ),
        (
            {"team_id": "T0SISTER", "enterprise_user": {"id": "W1", "enterprise_id": "E0OURS", "is_owner": True}},
            ADDED, True,
        ),
        ({"team_id": "T0THEIRS", "is_stranger": False}, REFUSED, False),
        ({"team_id": "T0THEIRS", "is_admin": True, "enterprise_user": {}}, REFUSED, False),
        (
            {"team_id": "T0THEIRS", "is_admin": True,
             "enterprise_user": {"id": "W2", "enterprise_id": "E0THEIRS", "is_admin": True}},
            REFUSED, False,
        ),
    ],
)  # fmt: skip
async def test_on_a_grid_people_of_our_organisation_manage_and_others_look(
    bot: BotProcess, who: Json, answer: str, administers: bool
) -> None:
    bot.slack.enterprise_id = "E0OURS"
    bot.slack.person("U0BOB", "bob", **who)
    channel = bot.slack.channel()
    async with bot.over_http():
        assert answer in await bot.read("subscribe diffusion", channel, "U0BOB")
        assert ("is now admins" in await bot.read("settings role admins", channel, "U0BOB")) is administers
        assert REFUSED not in await bot.read("search diffusion", channel, "U0BOB")


@pytest.mark.parametrize(
    ("who", "restricted", "answer"),
    [
        ({}, None, "Shared"),
        ({"is_restricted": True}, None, "Shared"),
        ({"team_id": "T0THEIRS"}, None, "Shared"),
        ({}, {"type": ["admin"]}, "Only people who may write"),
        ({}, {"type": ["admin"], "user": ["U0BOB"]}, "Shared"),
        ({"is_admin": True}, {"type": ["admin"]}, "Shared"),
        ({"is_bot": True}, None, "Only people who may write"),
        ({"deleted": True}, None, "Only people who may write"),
    ],
)
async def test_who_may_write_may_share(bot: BotProcess, who: Json, restricted: Json | None, answer: str) -> None:
    bot.slack.person("U0BOB", "bob", **who)
    channel = bot.slack.channel()
    channel.properties = {"posting_restricted_to": restricted} if restricted else {}
    await bot.news(a_paper(1))
    async with bot.over_http():
        assert answer in await bot.read("share 2605.00001", channel, "U0BOB")
        if answer == "Shared":
            assert "within the last hour" in await bot.read("share 2605.00001", channel, "U0BOB")
    await bot.engine.deliver()
    assert len(channel.posts) == (answer == "Shared")


@pytest.mark.parametrize(
    "line", ["`share 2605.00001`", "ｓｈａｒｅ 2605.00001", "\u200bshare 2605.00001", "/papers SHARE 2605.00001"]
)
async def test_however_it_is_written_who_may_not_write_shares_nothing(bot: BotProcess, line: str) -> None:
    bot.slack.person("U0BOB", "bob")
    channel = bot.slack.channel()
    channel.properties = {"posting_restricted_to": {"type": ["admin"]}}
    await bot.news(a_paper(1))
    async with bot.over_http():
        assert "Only people who may write" in await bot.read(line, channel, "U0BOB")


async def test_trouble_with_looking_at_a_person_passes_or_is_said(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    async with bot.over_http():
        bot.slack.fail("users.info", Fault.ERROR_500)
        assert ADDED in await bot.read("subscribe diffusion", channel)
        bot.slack.person("U0BOB", "bob")
        for faults in ([Fault.ERROR_500] * 2, [Fault.PAGE_403] * 2, ["internal_error"] * 2):
            bot.slack.fail("users.info", *faults)
            answer = await bot.read("unsubscribe 1", channel, "U0BOB")
            assert "cannot see who you are at the moment" in answer
            assert "try again" in answer
        bot.slack.fail("users.info", *[Fault.ERROR_500] * 2)
        assert "1 topic" in await bot.read("topics", channel, "U0BOB")
        assert "Topic 1 removed" in await bot.read("unsubscribe 1", channel, "U0BOB")


async def test_a_workspace_leaves_topics_to_its_admins(connected: BotProcess) -> None:
    connected.slack.person("U0BOSS", "boss", is_owner=True)
    channel = connected.slack.channel()
    assert "manage the whole workspace" in await connected.read("settings role admins", channel)
    assert "admins" in await connected.read("settings role admins", channel, "U0BOSS")
    assert REFUSED in await connected.read("subscribe diffusion", channel)
    assert ADDED in await connected.read("subscribe diffusion", channel, "U0BOSS")
    # What is a person's own stays theirs.
    own = connected.slack.conversation("U0ADA")
    assert ADDED in await connected.read("subscribe diffusion", own)
    assert "none" in await connected.read("settings role none", channel, "U0BOSS")
    assert "Topic 2 added" in await connected.read("subscribe distillation", channel)


async def test_without_the_scope_nobody_is_known_to_be_an_admin(bot: BotProcess) -> None:
    bot.slack.person("U0BOSS", "boss", is_owner=True)
    channel = bot.slack.channel()
    async with bot.over_http():
        await bot.say("settings role admins", channel, "U0BOSS")
        bot.slack.person("U0LEE", "lee", is_owner=True)
        bot.slack.fail("users.info", "missing_scope")
        assert REFUSED in await bot.read("subscribe diffusion", channel, "U0LEE")


async def test_topics_in_a_conversation_with_the_bot_are_the_persons_own(connected: BotProcess) -> None:
    own = connected.slack.conversation("U0ADA")
    assert ADDED in await connected.read("subscribe diffusion", own)
    assert f"1 topic in {HERS}" in await connected.read("topics", own)
    assert f"Settings of {HERS}" in await connected.read("settings", own)
    await connected.news(a_paper(1))
    await connected.next_digest(own)
    (digest,) = own.messages
    assert "Diffusion Study 1" in words_of(digest)


async def test_what_is_written_to_the_bot_is_a_command(connected: BotProcess) -> None:
    own = connected.slack.conversation("U0ADA")

    async def write(text: str, *, answered: bool = True, **more: Any) -> str:
        known = len(own.messages)
        event = {"type": "message", "channel_type": "im", "channel": own.id, "user": "U0ADA", "text": text, "ts": "1.5"}
        await connected.slack.event(event | more)
        async with asyncio.timeout(ANSWER_WITHIN):
            while answered and len(own.messages) == known:
                await asyncio.sleep(0.02)
        await connected.app.finish()
        return words_of(own.messages[-1])

    assert ADDED in await write("/papers subscribe diffusion")
    assert "1 topic" in await write("topics")
    assert "Did you mean /papers topics?" in await write("topisc")
    assert "took that for a search" in await write("diffusion models")
    assert "welcome" in await write("thanks!")
    assert "1 topic" in await write(f"<@{BOT_USER}> topics", files=[], subtype="file_share")
    assert "1 topic" in await write("topics", channel_type=None)
    connected.slack.retry_after = 0
    connected.slack.fail("chat.postMessage", Fault.RATE_LIMITED, "invalid_blocks")
    assert "1 topic" in await write("topics")
    answers = len(own.messages)
    await write("topics", answered=False, user=BOT_USER)
    await write("topics", answered=False, bot_id="B0OTHER")
    await write("topics", answered=False, subtype="message_changed")
    await write("topics", answered=False, channel_type="channel")
    await write("topics", answered=False, channel_type=None, channel="C0OTHER")
    assert len(own.messages) == answers


async def test_people_and_channels_in_what_somebody_types_are_their_names(connected: BotProcess) -> None:
    connected.slack.person("U0BOB", "bob")
    channel, other = connected.slack.channel(), connected.slack.channel("ml-papers")
    typed = f"subscribe diffusion --name <#{other.id}|ml>"
    assert ADDED in await connected.read(typed, channel)
    assert "#ml (diffusion)" in await connected.read("topics", channel)
    for written, name in (
        (f"<#{other.id}|>", "#ml-papers"),
        ("<@U0BOB>", "@bob"),
        ("<@U0BOB|robert>", "@robert"),
        ("<!subteam^S0ML|@ml-people>", "@ml-people"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<@U0GONE>", "@U0GONE"),
        # What is no text is in no database.
        ("lo\x00st", "“lost"),
    ):
        assert name in await connected.read(f"unsubscribe {written} &lt;b&gt;", channel)


async def test_whom_a_digest_mentions_is_shown_by_name(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    for written, name in (("<@U0ADA>", "@ada"), ("<!subteam^S0ML|@ml>", "@ml"), ("@here", "@here")):
        assert f"mention is now {name}." in await connected.read(f"settings mention {written}", channel)
        answer = await connected.say("settings", channel)
        assert f"mention: {name}" in words_of(answer)
        assert "<" not in answer["text"]


async def test_a_group_conversation_is_called_by_its_people(connected: BotProcess) -> None:
    group = connected.slack.channel("mpdm-ada--bob--cleo-1", private=True)
    assert ADDED in await connected.read("subscribe diffusion", group)
    assert "in the group of ada, bob, cleo" in await connected.read("topics", group)


async def test_who_is_told_that_posting_stopped_reads_which_channel(bot: BotProcess) -> None:
    closed = bot.slack.channel("secret", private=True, member=False)
    between = bot.slack.conversation("U0BOB")
    between.members.discard(BOT_USER)
    async with bot.over_http():
        for channel in (closed, between):
            await bot.say("subscribe diffusion", channel)
    await bot.news(a_paper(1))
    for channel in (closed, between):
        await bot.next_digest(channel)
    about_closed, about_between = bot.slack.conversation("U0ADA").messages
    (named,) = [leaf for leaf in leaves(about_closed["blocks"][0]) if leaf["type"] == "channel"]
    assert named["channel_id"] == closed.id
    assert f"<#{closed.id}>" in about_closed["text"]
    assert "/invite" in words_of(about_closed)
    assert "I cannot post in a conversation of yours any more" in words_of(about_between)
    assert "/invite" not in words_of(about_between)


async def test_who_subscribes_where_the_bot_is_not_is_told_to_invite_it(bot: BotProcess) -> None:
    bot.app = bot.another_app(forms=forms_of(bot.store))
    closed = bot.slack.channel("secret", private=True, member=False)
    between = bot.slack.conversation("U0BOB")
    between.members.discard(BOT_USER)
    async with bot.over_http():
        assert "/invite @Paper Round" in await bot.read("subscribe diffusion", closed)
        assert "1 topic in this channel" in await bot.read("topics", closed)
        assert "between people" in await bot.read("subscribe diffusion", between)
        assert "1 topic in this channel" in await bot.read("topics", between)
        assert "/invite" not in await bot.read("subscribe diffusion", bot.slack.channel())
