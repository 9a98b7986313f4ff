"""Topics in a modal: opened where people expect it, with a preview, and with mistakes under the field."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from adapters.slack.app import SlackApp
from adapters.slack.interactions.settings_modal import CHANNEL_FORM, OPENING_LINE, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import QUERY, SHORTCUT, TOPIC_FORM
from adapters.slack.platform import SlackPlatform
from bot.app.assembly import forms_of
from bot.channels.channel import Style
from bot.commands.runner import REGISTRY
from bot.errors import StorageError
from bot.papers.sources import ARXIV
from bot.platforms.command_calls import CommandCall, Completion, Reply
from bot.topics.forms import TopicForms
from bot.topics.store import TopicOptions
from tests.adapters.slack.bot_process import TRANSPORTS, BotProcess
from tests.patience import PATIENCE
from tests.simulators.slack import ANSWER_WITHIN, APP_TOKEN, SIGNING_SECRET, Fault
from tests.simulators.slack_forms import choose_shortcut, submit, write
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import Json, SimulatedChannel
from tests.sources import a_paper


@pytest.fixture
def with_forms(bot: BotProcess, platform: SlackPlatform) -> BotProcess:
    """A bot whose topics can be edited in a form."""
    bot.app = SlackApp(
        platform,
        bot.commands,
        REGISTRY,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        forms=forms_of(bot.store),
        ping_interval=PATIENCE,
    )
    return bot


async def opened(bot: BotProcess, count: int = 1) -> Json:
    """The view that the bot opened last, once there are so many."""
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(bot.slack.views) < count:
            await asyncio.sleep(0.01)
    return bot.slack.views[f"V{count}"]


async def previewed(bot: BotProcess, view: Json, words: str) -> None:
    """Waits until the view shows these words below its fields."""
    async with asyncio.timeout(ANSWER_WITHIN):
        while words not in words_of(bot.slack.views[view["id"]]):
            await asyncio.sleep(0.01)


async def topics(bot: BotProcess, channel: SimulatedChannel) -> list[TopicOptions]:
    stored = await bot.stored(channel)
    topics = await bot.store.subscriptions.of_channel(stored.id)
    found = [await forms_of(bot.store).topic_of(stored.address, topic.number) for topic in topics]
    return [options for options in found if options]


@pytest.mark.parametrize("form", [TOPIC_FORM, SETTINGS_FORM, CHANNEL_FORM])
@pytest.mark.parametrize("values", [None, [], "gone", {"query": None}, {"query": []}, {"query": {"value": "gone"}}])
async def test_a_form_that_cannot_be_read_changes_nothing(with_forms: BotProcess, form: str, values: object) -> None:
    view = {"id": "V1", "type": "modal", "callback_id": form, "state": {"values": values}, "private_metadata": "[]"}
    async with with_forms.over_http():
        submitted = with_forms.slack.acting("view_submission", "U0ADA") | {"view": view}
        answer = await with_forms.slack.deliver("interactive", submitted)
    assert answer["response_action"] in ("update", "errors")
    assert not with_forms.slack.count("chat.postMessage")


@pytest.mark.parametrize("kept", ["", "[]", "{}", "5", '["C1", "general"]'])
async def test_a_field_of_a_form_of_another_version_is_left_alone(with_forms: BotProcess, kept: str) -> None:
    typed = {"type": "plain_text_input", "block_id": "query", "action_id": QUERY, "value": "hares"}
    view = {"id": "V1", "type": "modal", "callback_id": TOPIC_FORM, "state": {"values": {}}, "private_metadata": kept}
    with capture_logs() as log:
        async with with_forms.over_http():
            payload = with_forms.slack.acting("block_actions", "U0ADA") | {
                "container": {"type": "view", "view_id": "V1"}, "view": view, "actions": [typed],
            }  # fmt: skip
            assert await with_forms.slack.deliver("interactive", payload) == {}
    assert [line["event"] for line in log if line["log_level"] != "info"] == ["slack.form_unreadable"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_topic_is_added_in_a_form_with_a_preview(with_forms: BotProcess, transport: str) -> None:
    channel = with_forms.slack.channel()
    await with_forms.news(a_paper(1), a_paper(2))
    async with with_forms.connected(transport):
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion")
        await previewed(with_forms, view, "Diffusion Study 2")
        await write(with_forms.slack, view, name='The "best" ones', min_upvotes="7", instant="yes")
        answer = await submit(with_forms.slack, view)
    assert answer["response_action"] == "update"
    assert "Topic 1 added" in words_of(answer["view"])
    assert await topics(with_forms, channel) == [
        TopicOptions(query="diffusion", name="The 'best' ones", min_upvotes=7, instant=True)
    ]


async def test_older_papers_are_posted_when_the_form_says_so(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    await with_forms.news(a_paper(1), a_paper(2))
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion", backfill="1")
        await submit(with_forms.slack, view)
    await with_forms.engine.deliver()
    (post,) = channel.posts
    assert "1 older paper" in words_of(post)


async def test_a_mistake_stands_under_its_field_and_changes_nothing(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query='"diffusion')
        await previewed(with_forms, view, "quot")
        answer = await submit(with_forms.slack, view)
        assert answer["response_action"] == "errors"
        assert "quot" in answer["errors"]["query"]
        await write(with_forms.slack, view, query="diffusion")
        assert (await submit(with_forms.slack, view))["response_action"] == "update"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"query": "diffusion", "backfill": "900"}, "backfill", "from 1 to 50"),
        ({"query": "diffusion", "min_upvotes": "-1"}, "min-upvotes", "“-1” does not fit"),
        ({"query": "diffusion", "name": "long " * 20}, "name", "60 characters"),
        ({"query": "--backfill 50 diffusion"}, "query", "“-survey”"),
        ({"query": "diffusion --instant"}, "query", "“-survey”"),
        ({"query": "   "}, "query", "Write what the papers are about"),
        ({"query": "upvotes:many"}, "query", "upvotes"),
    ],
)
async def test_a_mistake_in_a_form_stands_under_its_field(
    with_forms: BotProcess, fields: dict[str, str], field: str, words: str
) -> None:
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", with_forms.slack.channel())
        view = await opened(with_forms)
        await write(with_forms.slack, view, **fields)
        (wrong,) = (await submit(with_forms.slack, view))["errors"].items()
    assert wrong[0] == field
    assert words in wrong[1]
    assert "`" not in wrong[1]


async def test_an_edited_topic_keeps_its_query_when_the_field_is_emptied(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("subscribe diffusion", channel)
        await with_forms.slack.command("edit 1", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query=" ", name="Another")
        assert set((await submit(with_forms.slack, view))["errors"]) == {"query"}
    assert await topics(with_forms, channel) == [TopicOptions(query="diffusion")]


async def test_what_an_emptied_query_found_goes_and_does_not_come_back(with_forms: BotProcess) -> None:
    await with_forms.news(a_paper(1))
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", with_forms.slack.channel())
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion")
        await previewed(with_forms, view, "Diffusion Study 1")
        # The preview of this one is on its way when the person empties the field.
        gate = with_forms.slack.held["views.update"] = asyncio.Event()
        await write(with_forms.slack, view, query="diffusion study")
        async with asyncio.timeout(ANSWER_WITHIN):
            while with_forms.slack.held:
                await asyncio.sleep(0.01)
        await write(with_forms.slack, view, query="")
        async with asyncio.timeout(ANSWER_WITHIN):
            while "Diffusion Study 1" in words_of(with_forms.slack.views[view["id"]]):
                await asyncio.sleep(0.01)
        gate.set()
        await with_forms.app.finish()
    assert "Diffusion Study 1" not in words_of(with_forms.slack.views[view["id"]])


async def test_a_topic_is_edited_in_a_form_that_knows_it(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("subscribe diffusion --name Fast --min-upvotes 3", channel)
        listed = await with_forms.say("topics", channel)
        await with_forms.slack.press(buttons_of(listed)["Edit"], channel)
        view = await opened(with_forms)
        known = {block["block_id"]: block["element"] for block in view["blocks"]}
        assert known["query"]["initial_value"] == "diffusion"
        assert known["name"]["initial_value"] == "Fast"
        assert known["min-upvotes"]["initial_value"] == "3"
        await write(with_forms.slack, view, query="diffusion study", name="", min_upvotes="", instant="yes")
        answer = await submit(with_forms.slack, view)
    assert "Topic 1 is now" in words_of(answer["view"])
    assert await topics(with_forms, channel) == [TopicOptions(query="diffusion study", instant=True)]


async def test_what_somebody_else_changed_in_a_topic_while_its_form_was_open_stays(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("subscribe diffusion --name No --min-upvotes 3", channel)
        await with_forms.slack.press(buttons_of(await with_forms.say("topics", channel))["Edit"], channel)
        view = await opened(with_forms)
        await with_forms.say("edit 1 --min-upvotes 20 --instant on", channel)
        await write(with_forms.slack, view, query="diffusion study")
        answer = await submit(with_forms.slack, view)
    assert "Topic 1 is now" in words_of(answer["view"])
    (topic,) = await topics(with_forms, channel)
    assert topic == TopicOptions(query="diffusion study", name="No", min_upvotes=20, instant=True)


async def test_a_topic_that_is_not_there_is_answered_in_words(with_forms: BotProcess) -> None:
    async with with_forms.over_http():
        assert "no topics" in await with_forms.read("edit 7", with_forms.slack.channel())
    assert not with_forms.slack.views


async def test_where_no_form_opens_words_do(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    with_forms.slack.fail("views.open", "expired_trigger_id")
    async with with_forms.over_http():
        assert "needs a query" in await with_forms.read("subscribe", channel)


async def test_where_the_database_does_not_answer_no_form_opens_and_that_is_said(
    with_forms: BotProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("subscribe diffusion", channel)
        shown = await with_forms.say("settings", channel)
        monkeypatch.setattr(TopicForms, "topic_of", broken)
        assert "To change it, write" in await with_forms.read("edit 1", channel)
        monkeypatch.setattr(TopicForms, "channel_at", broken)
        pressed = await with_forms.slack.press(buttons_of(shown)["Change…"], channel)
        assert words_of(await pressed.answer()) == words_of(shown)


async def test_where_no_settings_form_opens_the_settings_are_shown_again(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        shown = await with_forms.say("settings", channel)
        with_forms.slack.fail("views.open", "expired_trigger_id")
        pressed = await with_forms.slack.press(buttons_of(shown)["Change…"], channel)
        assert words_of(await pressed.answer()) == words_of(shown)


async def test_the_shortcut_lets_people_choose_one_of_their_channels(with_forms: BotProcess) -> None:
    mine, theirs = with_forms.slack.channel("mine"), with_forms.slack.channel("theirs")
    mine.members.add("U0ADA")
    async with with_forms.over_http():
        await choose_shortcut(with_forms.slack, SHORTCUT)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion", channel=theirs.id)
        refused = await submit(with_forms.slack, view)
        assert refused["response_action"] == "errors"
        assert "channel" in refused["errors"]
        assert await with_forms.read("topics", theirs) == await with_forms.read("topics", mine)
        await write(with_forms.slack, view, channel=mine.id)
        assert (await submit(with_forms.slack, view))["response_action"] == "update"
    assert await topics(with_forms, mine) == [TopicOptions(query="diffusion")]
    assert (await with_forms.stored(mine)).name == "mine"


async def test_a_preview_that_comes_too_late_is_dropped(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        with_forms.slack.fail("views.update", "hash_conflict", Fault.ERROR_500)
        await write(with_forms.slack, view, query="diffusion")
        await write(with_forms.slack, view, query="diffusion study")
        assert (await submit(with_forms.slack, view))["response_action"] == "update"


async def test_the_last_of_quick_previews_is_shown_and_asks_nobody_else(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        with_forms.slack.fail("views.update", "hash_conflict")
        await write(with_forms.slack, view, query="diffusion study")
        await previewed(with_forms, view, "No papers are known yet")


async def test_a_preview_shows_what_the_topic_would_have_posted_within_its_bounds(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    await with_forms.news(*(a_paper(number, upvotes=number) for number in range(1, 9)))
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion")
        await previewed(with_forms, view, "8 papers in the one day that is known")
        await write(with_forms.slack, view, min_upvotes="7")
        await previewed(with_forms, view, "2 papers in the one day that is known")
        shown = words_of(with_forms.slack.views[view["id"]])
    assert "Diffusion Study 8" in shown
    assert "Diffusion Study 6" not in shown


async def test_a_preview_leaves_the_fields_of_an_edited_topic_as_they_are(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("subscribe agents --name Mine --min-upvotes 5", channel)
        await with_forms.slack.command("edit 1", channel)
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="agents OR diffusion")
        await previewed(with_forms, view, "No papers are known yet")
        changed = with_forms.slack.views[view["id"]]
        fields = {
            block["block_id"]: block["element"].get("initial_value")
            for block in changed["blocks"]
            if block["type"] == "input"
        }
        assert fields["name"] == "Mine"
        assert fields["min-upvotes"] == "5"


async def settings_form(bot: BotProcess, channel: SimulatedChannel) -> Json:
    shown = await bot.say("settings", channel)
    await bot.slack.press(buttons_of(shown)["Change…"], channel)
    return await opened(bot)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_channels_settings_are_changed_in_a_form(with_forms: BotProcess, transport: str) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.connected(transport):
        view = await settings_form(with_forms, channel)
        await write(
            with_forms.slack, view, schedule="mon,thu 17:30", limit="7", style="compact", sources="arxiv",
            quiet_days="sat,sun", mention="<!here>",
        )  # fmt: skip
        assert await submit(with_forms.slack, view) == {}
    stored = await with_forms.stored(channel)
    assert stored.schedule == "mon,thu 17:30"
    assert stored.time_zone == "Europe/Berlin"
    assert (stored.settings.limit, stored.settings.style) == (7, Style.COMPACT)
    assert stored.settings.mention == "<!here>"
    assert stored.settings.quiet_days.weekdays == {5, 6}
    assert stored.settings.sources == frozenset({ARXIV})


async def test_settings_that_cannot_be_stand_under_their_fields(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        await with_forms.say("settings mention @here", channel)
        view = await settings_form(with_forms, channel)
        await write(with_forms.slack, view, limit="900", timezone="Mars/Olympus", schedule="  ", mention="none")
        answer = await submit(with_forms.slack, view)
    assert answer["response_action"] == "errors"
    assert set(answer["errors"]) == {"limit", "timezone", "schedule"}
    assert answer["errors"]["limit"].startswith("“limit” is a number from 1 to 50")
    assert "cannot be empty" in answer["errors"]["schedule"]
    # All of it or nothing: what was right in the form waits with the rest.
    stored = await with_forms.stored(channel)
    assert (stored.settings.limit, stored.time_zone) == (20, "Europe/Berlin")
    assert stored.settings.mention == "<!here>"


async def test_what_somebody_else_changed_while_a_form_was_open_stays(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        view = await settings_form(with_forms, channel)
        for line in ("schedule instant", "settings style compact", "settings mention @here", "settings limit 9"):
            await with_forms.say(line, channel)
        await write(with_forms.slack, view, timezone="Asia/Tokyo", limit="7")
        assert await submit(with_forms.slack, view) == {}
    stored = await with_forms.stored(channel)
    assert (stored.time_zone, stored.settings.limit) == ("Asia/Tokyo", 7)
    assert (stored.schedule, stored.settings.style, stored.settings.mention) == ("instant", Style.COMPACT, "<!here>")


async def test_one_mistake_in_a_form_keeps_the_other_fields_from_being_changed(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        view = await settings_form(with_forms, channel)
        before = await with_forms.stored(channel)
        await write(with_forms.slack, view, schedule="mon,thu 17:30", limit="500")
        answer = await submit(with_forms.slack, view)
        assert set(answer["errors"]) == {"limit"}
        assert await with_forms.stored(channel) == before
        await write(with_forms.slack, view, limit="5")
        assert await submit(with_forms.slack, view) == {}
    after = await with_forms.stored(channel)
    assert (after.schedule, after.settings.limit) == ("mon,thu 17:30", 5)


async def test_whom_digests_mention_is_chosen_in_a_form(with_forms: BotProcess) -> None:
    with_forms.slack.person("U0BOB", "bob")
    channel = with_forms.slack.channel()

    async def choose(number: int, **fields: str) -> Json:
        await with_forms.slack.press(
            {"type": "button", "action_id": "paperround.run.0", "value": OPENING_LINE}, channel
        )
        view = await opened(with_forms, number)
        await write(with_forms.slack, view, **fields)
        return await submit(with_forms.slack, view)

    async with with_forms.over_http():
        await with_forms.say("settings", channel)
        await choose(1, mention_person="U0BOB")
        assert (await with_forms.stored(channel)).settings.mention == "<@U0BOB|bob>"
        assert "mention: @bob" in await with_forms.read("settings", channel)
        # The person stays where nothing is chosen anew, and gives way to what is.
        assert await choose(2, limit="7") == {}
        assert (await with_forms.stored(channel)).settings.mention == "<@U0BOB|bob>"
        await choose(3, mention="<!channel>")
        assert (await with_forms.stored(channel)).settings.mention == "<!channel>"
        both = await choose(4, mention="<!here>", mention_person="U0BOB")
        assert set(both["errors"]) == {"mention-person"}
        assert (await with_forms.stored(channel)).settings.mention == "<!channel>"
        await choose(5, mention="none", mention_person="U0BOB")
        await choose(6, mention_person="")
        assert (await with_forms.stored(channel)).settings.mention == ""
        await with_forms.say("settings mention <!subteam^S0ML|@ml-people>", channel)
        assert await choose(7, limit="9") == {}
        assert "mention: @ml-people" in await with_forms.read("settings", channel)


async def test_a_form_that_changes_nothing_gives_no_command(with_forms: BotProcess) -> None:
    channel = with_forms.slack.channel()
    async with with_forms.over_http():
        view = await settings_form(with_forms, channel)
        before = await with_forms.stored(channel)
        assert await submit(with_forms.slack, view) == {}
    assert await with_forms.stored(channel) == before


async def test_a_form_whose_memory_is_of_another_version_says_so(with_forms: BotProcess) -> None:
    async with with_forms.over_http():
        await with_forms.slack.command("subscribe", with_forms.slack.channel())
        view = await opened(with_forms)
        await write(with_forms.slack, view, query="diffusion")
        with_forms.slack.views[view["id"]]["private_metadata"] = "C00001"
        answer = await submit(with_forms.slack, view)
    assert answer["response_action"] == "update"
    assert "nothing was changed" in words_of(answer["view"])


class Slowly:
    """Runs commands once it is released."""

    def __init__(self, bot: BotProcess) -> None:
        self._commands = bot.commands
        self.released = asyncio.Event()

    async def run(self, call: CommandCall) -> Reply:
        if call.line != "subscribe":
            await self.released.wait()
        return await self._commands.run(call)

    async def complete(self, call: CommandCall) -> list[Completion]:
        return []


@pytest.mark.belated
async def test_an_answer_that_takes_long_comes_in_private(bot: BotProcess, platform: SlackPlatform) -> None:
    channel = bot.slack.channel()
    slowly = Slowly(bot)
    bot.app = SlackApp(platform, slowly, REGISTRY, signing_secret=SIGNING_SECRET, forms=forms_of(bot.store))
    async with bot.over_http():
        await bot.slack.command("subscribe", channel)
        view = await opened(bot)
        bot.slack.views[view["id"]]["state"]["values"]["query"] = {"paperround.query": {"value": "diffusion"}}
        assert await submit(bot.slack, view) == {}
        slowly.released.set()
    assert "Topic 1 added" in words_of(bot.slack.conversation("U0ADA").messages[0])


@pytest.mark.belated
async def test_mistakes_in_settings_that_are_found_late_come_in_private(
    bot: BotProcess, platform: SlackPlatform
) -> None:
    channel = bot.slack.channel()
    slowly = Slowly(bot)
    slowly.released.set()
    bot.app = SlackApp(platform, slowly, REGISTRY, signing_secret=SIGNING_SECRET, forms=forms_of(bot.store))
    async with bot.over_http():
        view = await settings_form(bot, channel)
        slowly.released.clear()
        await write(bot.slack, view, timezone="Nowhere/At_All")
        assert await submit(bot.slack, view) == {}
        slowly.released.set()
    assert "Nowhere/At_All" in words_of(bot.slack.conversation("U0ADA").messages[0])


async def test_where_the_database_does_not_answer_the_choice_of_a_channel_says_so(
    with_forms: BotProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise StorageError("the disk is full")

    channel = with_forms.slack.channel()
    channel.members.add("U0ADA")
    monkeypatch.setattr(TopicForms, "channel_at", broken)
    async with with_forms.over_http():
        await choose_shortcut(with_forms.slack, SETTINGS_SHORTCUT)
        view = await opened(with_forms)
        await write(with_forms.slack, view, channel=channel.id)
        assert "cannot reach my database" in (await submit(with_forms.slack, view))["errors"]["channel"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_shortcut_leads_to_the_settings_of_ones_own_channels(with_forms: BotProcess, transport: str) -> None:
    mine, theirs = with_forms.slack.channel("mine"), with_forms.slack.channel("theirs")
    mine.members.add("U0ADA")
    async with with_forms.connected(transport):
        await choose_shortcut(with_forms.slack, SETTINGS_SHORTCUT)
        view = await opened(with_forms)
        await write(with_forms.slack, view, channel=theirs.id)
        assert "channel" in (await submit(with_forms.slack, view))["errors"]
        await write(with_forms.slack, view, channel=mine.id)
        answer = await submit(with_forms.slack, view)
        assert answer["response_action"] == "update"
        fields = {block["block_id"]: block["element"] for block in answer["view"]["blocks"]}
        assert fields["limit"]["initial_value"] == "20"
        with_forms.slack.views["V1"] |= answer["view"] | {"state": {"values": {}}}
        await write(with_forms.slack, view, limit="7")
        assert await submit(with_forms.slack, view) == {}
    assert (await with_forms.stored(mine)).settings.limit == 7
    assert (await with_forms.stored(mine)).name == "mine"
