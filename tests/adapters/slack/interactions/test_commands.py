"""Commands and buttons as people in Slack give them, over Socket Mode and over HTTP, with the real core behind."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from adapters.slack.app import SlackApp
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.events.http_mode import LARGEST_REQUEST
from adapters.slack.interactions.command_calls import typed
from adapters.slack.platform import SlackPlatform
from bot.channels.channel import ChannelState, Style
from bot.commands.runner import REGISTRY
from bot.digests.cards import paper_card
from bot.errors import OperatorError
from bot.messages.message import Document, Message, Paragraph, text
from bot.papers.citations import FORMATS
from bot.platforms.command_calls import CommandCall, Completion, Reply
from tests.adapters.slack.bot_process import BotProcess
from tests.papers.names import names
from tests.patience import PATIENCE
from tests.simulators.slack import ANSWER_WITHIN, APP_TOKEN, SIGNING_SECRET, Fault, SlackSimulator
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import Json
from tests.sources import a_paper

#: Lines in an order in which each can work, and what the answer has in it. Every other command is tried as its help
#: shows it.
LINES = {
    "help": "/papers subscribe",
    "search diffusion": "Diffusion Study 8",
    "today": "papers listed",
    "trending": "Most upvoted",
    "show 2605.00001": "We study diffusion.",
    "similar 2605.00001": "imilar",
    "subscribe diffusion upvotes:&gt;=3 --name Fast": "Topic 1 added",
    "topics": "Fast",
    "edit 1 diffusion study": "Topic 1 is now",
    "schedule daily 09:00": "09:00",
    "timezone Europe/Paris": "Europe/Paris",
    "settings": "limit",
    "settings style compact": "compact",
    "settings mention &lt;@U0ADA|ada&gt;": "@ada",
    "preview": "Nothing is waiting",
    "now": "Nothing is waiting",
    "history": "Nothing was posted here yet",
    "status": "next digest",
    "pause": "paused",
    "resume": "next digest",
    "unsubscribe 1": "Topic 1 removed",
}


async def test_every_command_is_answered_to_the_asker_alone(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    await connected.news(*(a_paper(number) for number in range(1, 9)))
    tried = {line.split()[0] for line in LINES}
    others = {command.examples[0]: "" for command in REGISTRY if command.name not in tried}
    for line, expected in (LINES | others).items():
        answer = await connected.say(line, channel)
        assert answer["response_type"] == "ephemeral"
        assert expected.lower() in words_of(answer).lower(), line
    stored = await connected.stored(channel)
    assert stored.name == "general"
    assert stored.time_zone == "Europe/Paris"
    assert stored.settings.style is Style.COMPACT
    assert stored.settings.mention == "<@U0ADA|ada>"


async def test_an_empty_command_shows_a_menu_whose_buttons_work(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    menu = await connected.say("", channel)
    for label, expected in (
        ("Topics", "no topics yet"), ("Today", "No papers"), ("Preview", "no topics yet"),
        ("Status", "Status"), ("Help", "/papers search"),
    ):  # fmt: skip
        pressed = await connected.slack.press(buttons_of(menu)[label], channel)
        assert expected in words_of(await pressed.answer())


async def test_pages_turn_in_place_where_only_the_asker_sees_them(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    await connected.news(*(a_paper(number) for number in range(1, 13)))
    first = await connected.say("search diffusion", channel)
    turned = await connected.slack.press(buttons_of(first)["Next ›"], channel)
    second = await turned.answer()
    assert "page 2" in words_of(second)
    assert second["replace_original"] is True
    back = await connected.slack.press(buttons_of(second)["‹ Back"], channel)
    assert words_of(await back.answer()) == words_of(first)


async def test_an_answer_never_replaces_a_message_of_the_channel(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    await connected.news(*(a_paper(number) for number in range(1, 13)))
    found = await connected.say("search diffusion", channel)
    pressed = await connected.slack.press(buttons_of(found)["Next ›"], channel, ephemeral=False, thread_ts="1.0")
    answer = await pressed.answer()
    assert answer["replace_original"] is False
    assert answer["response_type"] == "ephemeral"
    assert answer["thread_ts"] == "1.0"


async def test_a_result_is_shared_to_the_channel(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    await connected.news(a_paper(1))
    found = await connected.say("search diffusion", channel)
    opened = await (await connected.slack.press(buttons_of(found)["Abstract"], channel)).answer()
    pressed = await connected.slack.press(buttons_of(opened)["Share"], channel)
    assert "Shared" in words_of(await pressed.answer())
    await connected.engine.deliver()
    (post,) = channel.posts
    assert "ada shared a paper" in words_of(post)
    assert "Diffusion Study 1" in words_of(post)


async def test_buttons_of_a_digest_work_in_a_later_process(bot: BotProcess, platform: SlackPlatform) -> None:
    channel = bot.slack.channel()
    async with bot.over_socket():
        await bot.say("subscribe diffusion", channel)
        await bot.say("settings limit 1", channel)
        await bot.news(*(a_paper(number, summary="A summary.", upvotes=9 - number) for number in range(1, 4)))
        await bot.next_digest(channel)
    (digest,) = channel.posts
    bot.app = SlackApp(platform, bot.commands, REGISTRY, app_token=APP_TOKEN, ping_interval=PATIENCE)
    async with bot.over_socket():
        for label, expected in (
            ("Abstract", "We study diffusion."), ("Similar", "Similar to"), ("+2 more", "Diffusion Study 2"),
        ):  # fmt: skip
            # As another version may have posted it: the same value, and an `action_id` with the same beginning.
            old = buttons_of(digest)[label] | {"action_id": "paperround.run.77"}
            pressed = await bot.slack.press(old, channel, message_ts=digest["ts"], ephemeral=False)
            assert expected in words_of(await pressed.answer())
        # The cards of earlier versions had a button for each.
        first = {"type": "button", "action_id": "paperround.run.0", "value": "abstract 2605.00001"}
        pressed = await bot.slack.press(first, channel, message_ts=digest["ts"], ephemeral=False)
        assert "We study diffusion." in words_of(await pressed.answer())


async def test_a_mistake_is_explained(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    assert "Did you mean /papers subscribe?" in await connected.read("subscirbe diffusion", channel)


async def test_a_delivery_that_is_repeated_works_once(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    payload = connected.slack.slash_payload("subscribe diffusion", channel)
    interaction = await connected.slack.begin("slash_commands", payload)
    await connected.slack.deliver("slash_commands", payload)
    await connected.slack.deliver("slash_commands", payload)
    assert "Topic 1 added" in words_of(await interaction.answer())
    await connected.app.finish()
    assert interaction.responses.empty()


async def test_a_long_answer_comes_in_several_messages(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    for number in range(1, 21):
        await connected.say(f"subscribe diffusion study {number}", channel)
    interaction = await connected.slack.command("topics", channel)
    first, second = await interaction.answer(), await interaction.answer()
    assert "20 topics in #general" in words_of(first)
    assert "study 20" in words_of(second)


async def test_an_answer_is_tried_again_where_that_harms_nobody(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    connected.slack.fail("response_url", Fault.RATE_LIMITED, Fault.ERROR_500)
    assert "Paper Round" in await connected.read("", channel)


async def test_an_answer_waits_as_often_as_slack_asks_for_it(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    connected.slack.respond_after = "0"
    connected.slack.fail("response_url", *[Fault.RATE_LIMITED] * 7)
    assert "Paper Round" in await connected.read("", channel)


async def test_nobody_waits_for_an_answer_whose_address_ends_before(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    bot.slack.respond_after = "1801"
    bot.slack.fail("response_url", Fault.RATE_LIMITED)
    async with bot.over_http():
        interaction = await bot.slack.command("", channel)
        await bot.app.finish()
        assert interaction.responses.empty()


async def test_an_answer_that_waits_is_given_before_the_bot_stops(
    bot: BotProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.slack.client.retries._LAST_WAIT", 0.1)
    channel = bot.slack.channel()
    bot.slack.respond_after = "1500"
    bot.slack.fail("response_url", Fault.RATE_LIMITED)
    async with bot.over_http():
        interaction = await bot.slack.command("", channel)
        await bot.slack.befell("response_url")
    assert "Paper Round" in words_of(interaction.responses.get_nowait())


async def test_a_person_of_whom_slack_tells_later_may_do_what_others_may(connected: BotProcess) -> None:
    connected.slack.retry_after = 0
    connected.slack.fail("users.info", Fault.RATE_LIMITED)
    assert "Topic 1 added" in await connected.read("subscribe diffusion", connected.slack.channel())


async def test_people_from_other_companies_only_look(connected: BotProcess) -> None:
    connected.slack.person("U0EXT", "eve", team_id="T0THEIRS", is_stranger=True)
    channel = connected.slack.channel()
    assert "Only people who may manage this channel" in await connected.read("subscribe diffusion", channel, "U0EXT")
    assert "no topics" in await connected.read("topics", channel, "U0EXT")


async def test_a_private_channel_has_its_name(connected: BotProcess) -> None:
    channel = connected.slack.channel("secret-plans", private=True)
    await connected.say("subscribe diffusion", channel)
    assert (await connected.stored(channel)).name == "secret-plans"
    stranger = connected.slack.channel("unknown", private=True, member=False)
    await connected.say("subscribe diffusion", stranger)
    assert (await connected.stored(stranger)).name == stranger.id


async def test_the_time_zone_of_a_new_channel_is_the_persons(connected: BotProcess) -> None:
    connected.slack.person("U0KEN", "ken", time_zone="Asia/Tokyo")
    channel = connected.slack.channel()
    await connected.say("subscribe diffusion", channel, "U0KEN")
    stored = await connected.stored(channel)
    assert stored.time_zone == "Asia/Tokyo"
    assert stored.state is ChannelState.ACTIVE


class Says:
    """Answers everything with one reply."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def run(self, call: CommandCall) -> Reply:
        return self._reply

    async def complete(self, call: CommandCall) -> list[Completion]:
        return []


async def answers(bot: BotProcess, platform: SlackPlatform, reply: Reply) -> list[Json]:
    """What the asker, or the channel, gets to see of a reply."""
    bot.app = SlackApp(platform, Says(reply), REGISTRY, signing_secret=SIGNING_SECRET)
    async with bot.over_http():
        interaction = await bot.slack.command("anything", bot.slack.channel())
    return [interaction.responses.get_nowait() for _ in range(interaction.responses.qsize())]


async def test_an_answer_takes_no_more_messages_than_slack_allows(bot: BotProcess, platform: SlackPlatform) -> None:
    long = Message(summary="All", blocks=tuple(Paragraph(text(f"line {number}")) for number in range(400)))
    given = await answers(bot, platform, Reply(message=long))
    assert len(given) == 5
    assert "not all of it" in words_of(given[-1])
    assert all("not all of it" not in words_of(one) for one in given[:-1])


async def test_a_long_bibliography_says_where_it_is_cut(bot: BotProcess, platform: SlackPlatform) -> None:
    papers = [a_paper(number, authors=names("Ada Lovelace", "Grace Hopper")) for number in range(200)]
    whole = Document(name="papers.bib", text=FORMATS["bibtex"].write(papers))
    given = await answers(bot, platform, Reply(message=Message(summary="Papers", blocks=(whole,))))
    assert len(given) == 5
    shown = "\n".join(map(words_of, given))
    assert shown.count("@misc") > 100
    assert "/papers bib week" in words_of(given[-1])


async def test_every_use_of_a_response_url_counts(bot: BotProcess, platform: SlackPlatform) -> None:
    long = Message(summary="All", blocks=tuple(Paragraph(text(f"line {number}")) for number in range(400)))
    bot.slack.fail("response_url", None, Fault.ANSWER_DROPPED, Fault.ANSWER_DROPPED)
    given = await answers(bot, platform, Reply(message=long))
    # The second message came three times: that left one use, for a message that says so.
    assert len(given) == 5
    assert [words_of(one).splitlines()[0] for one in given] == [
        "line 0", "line 50", "line 50", "line 50", "line 100",
    ]  # fmt: skip
    assert "not all of it" in words_of(given[-1])


class Waits(Says):
    """Answers once it is released."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self.released = asyncio.Event()

    async def run(self, call: CommandCall) -> Reply:
        await self.released.wait()
        return await super().run(call)


async def test_who_waits_for_a_search_elsewhere_hears_so(bot: BotProcess, platform: SlackPlatform) -> None:
    waits = Waits(Reply(message=Message(summary="Found", blocks=(Paragraph(text("Found")),))))
    bot.app = SlackApp(platform, waits, REGISTRY, signing_secret=SIGNING_SECRET, silent_for=0.0)
    async with bot.over_http():
        found = await bot.slack.command("search turtles", bot.slack.channel())
        assert "Looking at Hugging Face and arXiv" in words_of(await found.answer())
        others = await bot.slack.command("topics", bot.slack.channel())
        waits.released.set()
        assert words_of(await found.answer()) == "Found"
        assert words_of(await others.answer()) == "Found"


async def test_who_asks_in_a_conversation_hears_so_as_well(bot: BotProcess, platform: SlackPlatform) -> None:
    waits = Waits(Reply(message=Message(summary="Found", blocks=(Paragraph(text("Found")),))))
    bot.app = SlackApp(platform, waits, REGISTRY, signing_secret=SIGNING_SECRET, silent_for=0.0)
    own = bot.slack.conversation("U0ADA")
    event = {"type": "message", "channel_type": "im", "channel": own.id, "user": "U0ADA", "text": "search turtles"}
    async with bot.over_http():
        await bot.slack.event(event)
        async with asyncio.timeout(ANSWER_WITHIN):
            while not own.messages:
                await asyncio.sleep(0.01)
        waits.released.set()
        await bot.app.finish()
    assert [words_of(message) for message in own.messages] == ["Looking at Hugging Face and arXiv…", "Found"]


@pytest.mark.parametrize(
    "button",
    [
        {"type": "button", "action_id": "vote_up", "value": "2605.00001"},
        {"type": "button", "action_id": "paperround.run.1"},
        {"type": "static_select", "action_id": "paperround.page"},
    ],
)
async def test_a_button_of_another_version_is_answered(connected: BotProcess, button: Json) -> None:
    channel = connected.slack.channel()
    answer = await (await connected.slack.press(button, channel, ephemeral=False)).answer()
    assert "do not know this button" in words_of(answer)
    assert answer["response_type"] == "ephemeral"
    assert answer["replace_original"] is False


async def test_a_button_is_known_by_its_message_as_well(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    for place in (
        {"channel": {"id": channel.id, "name": None}, "message": {"ts": "1.5"}},
        {"container": {"type": "message", "channel_id": channel.id, "message_ts": "1.5"}},
    ):
        button = {"type": "button", "action_id": "paperround.run.1", "value": "topics", "action_ts": "1.0"}
        pressed = connected.slack.acting("block_actions", "U0ADA") | place | {"actions": [button]}
        assert "no topics" in words_of(await (await connected.slack.begin("interactive", pressed)).answer())


async def test_who_asks_while_slack_is_in_trouble_hears_so(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    bot.slack.fail("auth.test", *[Fault.ERROR_500] * 2)
    async with bot.over_http():
        assert "at the moment" in await bot.read("topics", channel)
        assert "no topics" in await bot.read("topics", channel)


async def test_an_answer_that_was_taken_is_not_given_again(bot: BotProcess) -> None:
    bot.slack.respond_status = 202
    async with bot.over_http():
        interaction = await bot.slack.command("", bot.slack.channel())
        await interaction.answer()
    assert interaction.responses.empty()


async def test_a_form_of_another_version_says_so(connected: BotProcess) -> None:
    payload = connected.slack.acting("view_submission", "U0ADA") | {
        "view": {"id": "V1", "type": "modal", "callback_id": "gone", "state": {"values": {}}, "private_metadata": ""}
    }
    answer = await connected.slack.deliver("interactive", payload)
    assert answer["response_action"] == "update"
    assert "nothing was changed" in words_of(answer["view"])


async def test_an_answer_for_everybody_is_not_risked_twice(bot: BotProcess, platform: SlackPlatform) -> None:
    reply = Reply(message=Message(summary="Hello", blocks=(Paragraph(text("Hello")),)), ephemeral=False)
    (given,) = await answers(bot, platform, reply)
    assert given["response_type"] == "in_channel"
    bot.slack.fail("response_url", Fault.ERROR_500)
    assert not await answers(bot, platform, reply)


async def test_an_answer_does_without_pictures_that_slack_cannot_load(bot: BotProcess, platform: SlackPlatform) -> None:
    bot.slack.pictures_load = False
    card = paper_card(a_paper(summary="In short.", thumbnail_url="https://cdn.example.org/1.png"))
    (given,) = await answers(bot, platform, Reply(message=Message(summary="Card", blocks=(card,))))
    assert "In short." in words_of(given)


async def test_who_people_are_may_stay_unknown(connected: BotProcess) -> None:
    channel = connected.slack.channel()
    connected.slack.fail("users.info", "missing_scope", Fault.ERROR_500, Fault.ERROR_500)
    assert "Topic 1 added" in await connected.read("subscribe diffusion", channel)
    assert "I cannot see who you are" in await connected.read("unsubscribe 1", channel)


def test_only_so_many_deliveries_are_remembered() -> None:
    deliveries = Deduplication(remembered=2)
    assert [deliveries.is_new({"event_id": mark}) for mark in ("a", "a", "b", "c", "a", "c")] == [
        True, False, True, True, True, False,
    ]  # fmt: skip
    assert deliveries.is_new({})
    assert deliveries.is_new({})


@pytest.mark.parametrize(
    ("one", "another"),
    [
        ({"event_id": "Ev1", "event": {"text": "a"}}, {"event_id": "Ev1", "event": {"text": "b"}}),
        ({"trigger_id": "1.2", "text": "today"}, {"trigger_id": "1.2", "text": "topics"}),
    ],
)
def test_what_says_something_else_is_no_repetition(one: Json, another: Json) -> None:
    deliveries = Deduplication()
    assert [deliveries.is_new(body) for body in (one, another, dict(one))] == [True, True, False]


class SlowCommands:
    """Takes its time until it is released."""

    def __init__(self) -> None:
        self.released = asyncio.Event()

    async def run(self, call: CommandCall) -> Reply:
        await self.released.wait()
        return Reply(message=Message(summary="Done", blocks=(Paragraph(text("Done")),)))

    async def complete(self, call: CommandCall) -> list[Completion]:
        return []


async def test_a_command_is_acknowledged_before_it_is_worked_on(bot: BotProcess, platform: SlackPlatform) -> None:
    slow = SlowCommands()
    bot.app = SlackApp(platform, slow, REGISTRY, app_token=APP_TOKEN, ping_interval=PATIENCE)
    channel = bot.slack.channel()
    async with bot.over_socket():
        # Each of these fails without an acknowledgement in three seconds.
        interactions = [await bot.slack.command("today", channel) for _ in range(20)]
        slow.released.set()
        for interaction in interactions:
            assert words_of(await interaction.answer()) == "Done"


@pytest.mark.impatient
async def test_an_acknowledgement_waits_for_nothing_that_slack_must_answer(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    bot.slack.fail("users.info", Fault.HANG)
    async with bot.over_http():
        interaction = await bot.slack.command("topics", channel)
        assert "no topics" in words_of(await interaction.answer())


# ---- Socket Mode


async def test_the_socket_is_renewed_when_slack_asks_for_it(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    async with bot.over_socket():
        assert "Paper Round" in await bot.read("", channel)
        await bot.slack.disconnect()
        assert "Paper Round" in await bot.read("", channel)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("events_api", None),
        ("events_api", []),
        ("events_api", {"type": "event_callback", "event": None}),
        ("events_api", {"type": "event_callback", "event": "gone"}),
        ("events_api", {"type": "event_callback", "event": {"type": 5}}),
        ("interactive", {"type": "block_actions", "actions": None}),
        ("interactive", {"type": "block_actions", "actions": []}),
        ("interactive", {"type": "block_actions", "actions": ["gone"]}),
        ("slash_commands", {}),
    ],
)
async def test_what_cannot_be_read_is_acknowledged_once_and_for_all(bot: BotProcess, kind: str, payload: Any) -> None:
    async with bot.over_socket():
        assert await bot.slack.deliver(kind, payload) == {}
        assert "Paper Round" in await bot.read("", bot.slack.channel())


async def test_the_socket_is_renewed_when_it_breaks(bot: BotProcess) -> None:
    channel = bot.slack.channel()
    async with bot.over_socket():
        await bot.slack.hang_up()
        await bot.slack.connected()
        assert "Paper Round" in await bot.read("", channel)


async def test_slack_may_be_away_when_the_bot_starts(bot: BotProcess) -> None:
    bot.slack.fail("auth.test", Fault.ERROR_500)
    bot.slack.fail("apps.connections.open", Fault.ERROR_500)
    channel = bot.slack.channel()
    async with bot.over_socket():
        assert "Paper Round" in await bot.read("", channel)


@pytest.mark.parametrize(("method", "setting"), [("auth.test", "BOT_TOKEN"), ("apps.connections.open", "APP_TOKEN")])
async def test_a_token_that_slack_refuses_is_named(bot: BotProcess, method: str, setting: str) -> None:
    bot.slack.fail(method, "invalid_auth")
    with pytest.raises(OperatorError, match=f"PAPERROUND_SLACK_{setting}"):
        await (bot.app.watch() if method == "auth.test" else bot.app.run())


# ---- signed requests


def _body(slack: SlackSimulator) -> bytes:
    return json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "none"}}).encode()


async def test_slack_can_check_the_address(bot: BotProcess) -> None:
    async with bot.over_http():
        body = json.dumps({"type": "url_verification", "challenge": "c-1"}).encode()
        status, answer = await bot.slack.post_signed(body, "application/json")
        assert (status, json.loads(answer)) == (200, {"challenge": "c-1"})


async def test_slack_can_look_at_the_certificate(bot: BotProcess) -> None:
    unsigned = {"X-Slack-Signature": "", "X-Slack-Request-Timestamp": ""}
    form = "application/x-www-form-urlencoded"
    async with bot.over_http():
        assert await bot.slack.post_signed(b"token=x&ssl_check=1", form, spoilt=unsigned) == (200, "")
        status, _ = await bot.slack.post_signed(b"token=x&text=ssl_check%3D1", form, spoilt=unsigned)
        assert status == 401


@pytest.mark.parametrize("age", [-400, 400])
async def test_an_old_or_future_request_is_refused(bot: BotProcess, age: int) -> None:
    async with bot.over_http():
        status, _ = await bot.slack.post_signed(_body(bot.slack), "application/json", at=time.time() + age)
        assert status == 401


@pytest.mark.parametrize(
    "spoilt",
    [
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": ""},
        {"X-Slack-Request-Timestamp": "yesterday"},
        {"X-Slack-Request-Timestamp": "１７"},
        {"X-Slack-Request-Timestamp": ""},
    ],
)
async def test_a_request_that_slack_did_not_sign_is_refused(bot: BotProcess, spoilt: dict[str, str]) -> None:
    async with bot.over_http():
        status, _ = await bot.slack.post_signed(_body(bot.slack), "application/json", spoilt=spoilt)
        assert status == 401


async def test_another_apps_signature_is_refused(bot: BotProcess) -> None:
    async with bot.over_http():
        status, _ = await bot.slack.post_signed(_body(bot.slack), "application/json", secret="another")
        assert status == 401


async def test_bodies_that_slack_never_sends_are_refused(bot: BotProcess) -> None:
    async with bot.over_http():
        status, _ = await bot.slack.post_signed(b"x" * (LARGEST_REQUEST + 1), "application/json")
        assert status == 413
        for body, kind in (
            (b"\xff\xfe", "application/json"),
            (b"[" * 100_000 + b"]" * 100_000, "application/json"),
            (b'{"event": ' * 100 + b"1" + b"}" * 100, "application/json"),
            (b'payload={"view": ' + b"[" * 900 + b"]" * 900 + b"}", "application/x-www-form-urlencoded"),
            (b"[]", "application/json"),
            (b"{bad", "application/json"),
            (b'{"type": "event_callback", "event": null}', "application/json"),
            (b'{"type": "event_callback", "event": {"type": 5}}', "application/json"),
            (b'payload={"type": "block_actions", "actions": []}', "application/x-www-form-urlencoded"),
            (b'payload={"type": "block_actions", "actions": null}', "application/x-www-form-urlencoded"),
            (b'payload={"type": "block_actions", "actions": ["x"]}', "application/x-www-form-urlencoded"),
            (
                b'payload={"type": "block_actions", "actions": [{"type": "button"}]}',
                "application/x-www-form-urlencoded",
            ),
            (b"payload=%7Bbad", "application/x-www-form-urlencoded"),
            (b"payload=%5B%5D", "application/x-www-form-urlencoded"),
        ):
            status, _ = await bot.slack.post_signed(body, kind)
            assert status == 400, body


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("search upvotes:&gt;=20 a &amp; b", "search upvotes:>=20 a & b"),
        ("show <https://arxiv.org/abs/1706.03762>", "show https://arxiv.org/abs/1706.03762"),
        ("show <https://arxiv.org/abs/1706.03762|arxiv.org/abs/1706.03762>", "show https://arxiv.org/abs/1706.03762"),
        ("show <https://arxiv.org/abs/1706.03762|this paper>", "show https://arxiv.org/abs/1706.03762"),
        ("subscribe <http://fast.ai|fast.ai>", "subscribe fast.ai"),
        ("subscribe <http://socket.io|socket.io> agent", "subscribe socket.io agent"),
        ("subscribe title:<http://together.ai|together.ai>", "subscribe title:together.ai"),
        ('search "<http://fast.ai|fast.ai> course" -<http://x.ai|x.ai>', 'search "fast.ai course" -x.ai'),
        ("subscribe <https://example.org/a>", "subscribe https://example.org/a"),
        ("search <mailto:a@b.org|a@b.org>", "search a@b.org"),
        ("settings mention <@U1|ada>", "settings mention <@U1|ada>"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_text_is_read_as_it_was_typed(sent: str, meant: str) -> None:
    assert typed(sent) == meant


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "view_closed", "view": {"callback_id": "of.another.version", "type": "modal"}},
        {"type": "message_action", "callback_id": "of.another.version", "trigger_id": "1.2"},
        {"type": "block_suggestion", "action_id": "of.another.version", "block_id": "b", "value": "x"},
        {"type": "block_actions", "actions": [{"action_id": "of.another.version", "block_id": "b", "type": "button"}]},
    ],
    ids=lambda payload: str(payload["type"]),
)
async def test_what_only_another_version_knows_is_acknowledged(connected: BotProcess, payload: dict[str, Any]) -> None:
    known = {"team": {"id": connected.slack.team_id}, "user": {"id": "U0ADA", "team_id": connected.slack.team_id}}
    answer = await connected.slack.deliver("interactive", {**known, **payload})
    assert answer == ({"options": []} if payload["type"] == "block_suggestion" else {})
