"""Topics in a modal: opened where people expect it, with a preview, and with mistakes under the field."""

from __future__ import annotations

import asyncio

import pytest

from adapters.slack.app import SlackApp
from adapters.slack.interactions.settings_modal import CHANNEL_FORM, OPENING_LINE, SETTINGS_FORM, SETTINGS_SHORTCUT
from adapters.slack.interactions.topic_modal import SHORTCUT, TOPIC_FORM
from adapters.slack.platform import SlackPlatform
from bot.app.assembly import forms_of
from bot.channels.channel import Style
from bot.commands.runner import REGISTRY
from bot.platforms.command_calls import CommandCall, Completion, Reply
from bot.topics.store import TopicOptions
from tests.adapters.slack.team import TRANSPORTS, Team
from tests.simulators.slack import ANSWER_WITHIN, APP_TOKEN, SIGNING_SECRET, Fault
from tests.simulators.slack_forms import choose_shortcut, submit, write
from tests.simulators.slack_messages import buttons_of, words_of
from tests.simulators.slack_methods import Json, SimulatedChannel
from tests.sources import a_paper


@pytest.fixture
def formal(team: Team, platform: SlackPlatform) -> Team:
    """A team whose topics can be edited in a form."""
    team.app = SlackApp(
        platform,
        team.commands,
        REGISTRY,
        app_token=APP_TOKEN,
        signing_secret=SIGNING_SECRET,
        forms=forms_of(team.store),
        ping_interval=1.0,
    )
    return team


async def opened(team: Team, count: int = 1) -> Json:
    """The view that the bot opened last, once there are so many."""
    async with asyncio.timeout(ANSWER_WITHIN):
        while len(team.slack.views) < count:
            await asyncio.sleep(0.01)
    return team.slack.views[f"V{count}"]


async def previewed(team: Team, view: Json, words: str) -> None:
    """Waits until the view shows these words below its fields."""
    async with asyncio.timeout(ANSWER_WITHIN):
        while words not in words_of(team.slack.views[view["id"]]):
            await asyncio.sleep(0.01)


async def topics(team: Team, channel: SimulatedChannel) -> list[TopicOptions]:
    stored = await team.stored(channel)
    topics = await team.store.subscriptions.of_channel(stored.id)
    found = [await forms_of(team.store).topic_of(stored.address, topic.number) for topic in topics]
    return [options for options in found if options]


@pytest.mark.parametrize("form", [TOPIC_FORM, SETTINGS_FORM, CHANNEL_FORM])
@pytest.mark.parametrize("values", [None, [], "gone", {"query": None}, {"query": []}, {"query": {"value": "gone"}}])
async def test_a_form_that_cannot_be_read_changes_nothing(formal: Team, form: str, values: object) -> None:
    view = {"id": "V1", "type": "modal", "callback_id": form, "state": {"values": values}, "private_metadata": "[]"}
    async with formal.over_http():
        submitted = formal.slack.acting("view_submission", "U0ADA") | {"view": view}
        answer = await formal.slack.deliver("interactive", submitted)
    assert answer["response_action"] in ("update", "errors")
    assert not formal.slack.count("chat.postMessage")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_topic_is_added_in_a_form_with_a_preview(formal: Team, transport: str) -> None:
    channel = formal.slack.channel()
    await formal.news(a_paper(1), a_paper(2))
    async with formal.connected(transport):
        await formal.slack.command("subscribe", channel)
        view = await opened(formal)
        await write(formal.slack, view, query="diffusion")
        await previewed(formal, view, "Diffusion Study 2")
        await write(formal.slack, view, name='The "best" ones', min_upvotes="7", instant="yes")
        answer = await submit(formal.slack, view)
    assert answer["response_action"] == "update"
    assert "Topic 1 added" in words_of(answer["view"])
    assert await topics(formal, channel) == [
        TopicOptions(query="diffusion", name="The 'best' ones", min_upvotes=7, instant=True)
    ]


async def test_older_papers_are_posted_when_the_form_says_so(formal: Team) -> None:
    channel = formal.slack.channel()
    await formal.news(a_paper(1), a_paper(2))
    async with formal.over_http():
        await formal.slack.command("subscribe", channel)
        view = await opened(formal)
        await write(formal.slack, view, query="diffusion", backfill="1")
        await submit(formal.slack, view)
    await formal.engine.deliver()
    (post,) = channel.posts
    assert "1 older paper" in words_of(post)


async def test_a_mistake_stands_under_its_field_and_changes_nothing(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.slack.command("subscribe", channel)
        view = await opened(formal)
        await write(formal.slack, view, query='"diffusion')
        await previewed(formal, view, "quot")
        answer = await submit(formal.slack, view)
        assert answer["response_action"] == "errors"
        assert "quot" in answer["errors"]["query"]
        await write(formal.slack, view, query="diffusion")
        assert (await submit(formal.slack, view))["response_action"] == "update"


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
    formal: Team, fields: dict[str, str], field: str, words: str
) -> None:
    async with formal.over_http():
        await formal.slack.command("subscribe", formal.slack.channel())
        view = await opened(formal)
        await write(formal.slack, view, **fields)
        (wrong,) = (await submit(formal.slack, view))["errors"].items()
    assert wrong[0] == field
    assert words in wrong[1]
    assert "`" not in wrong[1]


async def test_an_edited_topic_keeps_its_query_when_the_field_is_emptied(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.say("subscribe diffusion", channel)
        await formal.slack.command("edit 1", channel)
        view = await opened(formal)
        await write(formal.slack, view, query=" ", name="Another")
        assert set((await submit(formal.slack, view))["errors"]) == {"query"}
    assert await topics(formal, channel) == [TopicOptions(query="diffusion")]


async def test_what_an_emptied_query_found_goes_and_does_not_come_back(formal: Team) -> None:
    await formal.news(a_paper(1))
    async with formal.over_http():
        await formal.slack.command("subscribe", formal.slack.channel())
        view = await opened(formal)
        await write(formal.slack, view, query="diffusion")
        await previewed(formal, view, "Diffusion Study 1")
        # The preview of this one is on its way when the person empties the field.
        gate = formal.slack.held["views.update"] = asyncio.Event()
        await write(formal.slack, view, query="diffusion study")
        async with asyncio.timeout(ANSWER_WITHIN):
            while formal.slack.held:
                await asyncio.sleep(0.01)
        await write(formal.slack, view, query="")
        async with asyncio.timeout(ANSWER_WITHIN):
            while "Diffusion Study 1" in words_of(formal.slack.views[view["id"]]):
                await asyncio.sleep(0.01)
        gate.set()
        await formal.app.finish()
    assert "Diffusion Study 1" not in words_of(formal.slack.views[view["id"]])


async def test_a_topic_is_edited_in_a_form_that_knows_it(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.say("subscribe diffusion --name Fast --min-upvotes 3", channel)
        listed = await formal.say("topics", channel)
        await formal.slack.press(buttons_of(listed)["Edit"], channel)
        view = await opened(formal)
        known = {block["block_id"]: block["element"] for block in view["blocks"]}
        assert known["query"]["initial_value"] == "diffusion"
        assert known["name"]["initial_value"] == "Fast"
        assert known["min-upvotes"]["initial_value"] == "3"
        await write(formal.slack, view, query="diffusion study", name="", min_upvotes="", instant="yes")
        answer = await submit(formal.slack, view)
    assert "Topic 1 is now" in words_of(answer["view"])
    assert await topics(formal, channel) == [TopicOptions(query="diffusion study", instant=True)]


async def test_a_topic_that_is_not_there_is_answered_in_words(formal: Team) -> None:
    async with formal.over_http():
        assert "no topics" in await formal.read("edit 7", formal.slack.channel())
    assert not formal.slack.views


async def test_where_no_form_opens_words_do(formal: Team) -> None:
    channel = formal.slack.channel()
    formal.slack.fail("views.open", "expired_trigger_id")
    async with formal.over_http():
        assert "needs a query" in await formal.read("subscribe", channel)


async def test_where_no_settings_form_opens_the_settings_are_shown_again(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        shown = await formal.say("settings", channel)
        formal.slack.fail("views.open", "expired_trigger_id")
        pressed = await formal.slack.press(buttons_of(shown)["Change…"], channel)
        assert words_of(await pressed.answer()) == words_of(shown)


async def test_the_shortcut_lets_people_choose_one_of_their_channels(formal: Team) -> None:
    mine, theirs = formal.slack.channel("mine"), formal.slack.channel("theirs")
    mine.members.add("U0ADA")
    async with formal.over_http():
        await choose_shortcut(formal.slack, SHORTCUT)
        view = await opened(formal)
        await write(formal.slack, view, query="diffusion", channel=theirs.id)
        refused = await submit(formal.slack, view)
        assert refused["response_action"] == "errors"
        assert "channel" in refused["errors"]
        assert await formal.read("topics", theirs) == await formal.read("topics", mine)
        await write(formal.slack, view, channel=mine.id)
        assert (await submit(formal.slack, view))["response_action"] == "update"
    assert await topics(formal, mine) == [TopicOptions(query="diffusion")]
    assert (await formal.stored(mine)).name == "mine"


async def test_a_preview_that_comes_too_late_is_dropped(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.slack.command("subscribe", channel)
        view = await opened(formal)
        formal.slack.fail("views.update", "hash_conflict", Fault.ERROR_500)
        await write(formal.slack, view, query="diffusion")
        await write(formal.slack, view, query="diffusion study")
        assert (await submit(formal.slack, view))["response_action"] == "update"


async def test_the_last_of_quick_previews_is_shown_and_asks_nobody_else(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.slack.command("subscribe", channel)
        view = await opened(formal)
        formal.slack.fail("views.update", "hash_conflict")
        await write(formal.slack, view, query="diffusion study")
        await previewed(formal, view, "diffusion study")


async def test_a_preview_leaves_the_fields_of_an_edited_topic_as_they_are(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.say("subscribe agents --name Mine --min-upvotes 5", channel)
        await formal.slack.command("edit 1", channel)
        view = await opened(formal)
        await write(formal.slack, view, query="agents OR diffusion")
        await previewed(formal, view, "agents OR diffusion")
        changed = formal.slack.views[view["id"]]
        fields = {
            block["block_id"]: block["element"].get("initial_value")
            for block in changed["blocks"]
            if block["type"] == "input"
        }
        assert fields["name"] == "Mine"
        assert fields["min-upvotes"] == "5"


async def settings_form(team: Team, channel: SimulatedChannel) -> Json:
    shown = await team.say("settings", channel)
    await team.slack.press(buttons_of(shown)["Change…"], channel)
    return await opened(team)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_channels_settings_are_changed_in_a_form(formal: Team, transport: str) -> None:
    channel = formal.slack.channel()
    async with formal.connected(transport):
        view = await settings_form(formal, channel)
        await write(
            formal.slack, view, schedule="mon,thu 17:30", limit="7", style="compact", sources="arxiv",
            quiet_days="sat,sun", mention="<!here>",
        )  # fmt: skip
        assert await submit(formal.slack, view) == {}
    stored = await formal.stored(channel)
    assert stored.schedule == "mon,thu 17:30"
    assert stored.time_zone == "Europe/Berlin"
    assert (stored.settings.limit, stored.settings.style) == (7, Style.COMPACT)
    assert stored.settings.mention == "<!here>"
    assert stored.settings.quiet_days.weekdays == {5, 6}
    assert stored.settings.sources == {"arxiv"}


async def test_settings_that_cannot_be_stand_under_their_fields(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        await formal.say("settings mention @here", channel)
        view = await settings_form(formal, channel)
        await write(formal.slack, view, limit="900", timezone="Mars/Olympus", schedule="  ", mention="none")
        answer = await submit(formal.slack, view)
    assert answer["response_action"] == "errors"
    assert set(answer["errors"]) == {"limit", "timezone", "schedule"}
    assert answer["errors"]["limit"].startswith("“limit” is a number from 1 to 50")
    assert "cannot be empty" in answer["errors"]["schedule"]
    stored = await formal.stored(channel)
    assert (stored.settings.limit, stored.time_zone) == (20, "Europe/Berlin")
    assert stored.settings.mention == ""


async def test_whom_digests_mention_is_chosen_in_a_form(formal: Team) -> None:
    formal.slack.person("U0BOB", "bob")
    channel = formal.slack.channel()

    async def choose(number: int, **fields: str) -> Json:
        await formal.slack.press({"type": "button", "action_id": "paperround.run.0", "value": OPENING_LINE}, channel)
        view = await opened(formal, number)
        await write(formal.slack, view, **fields)
        return await submit(formal.slack, view)

    async with formal.over_http():
        await formal.say("settings", channel)
        await choose(1, mention_person="U0BOB")
        assert (await formal.stored(channel)).settings.mention == "<@U0BOB|bob>"
        assert "mention: @bob" in await formal.read("settings", channel)
        # The person stays where nothing is chosen anew, and gives way to what is.
        assert await choose(2, limit="7") == {}
        assert (await formal.stored(channel)).settings.mention == "<@U0BOB|bob>"
        await choose(3, mention="<!channel>")
        assert (await formal.stored(channel)).settings.mention == "<!channel>"
        both = await choose(4, mention="<!here>", mention_person="U0BOB")
        assert set(both["errors"]) == {"mention-person"}
        assert (await formal.stored(channel)).settings.mention == "<!channel>"
        await choose(5, mention="none", mention_person="U0BOB")
        await choose(6, mention_person="")
        assert (await formal.stored(channel)).settings.mention == ""
        await formal.say("settings mention <!subteam^S0ML|@ml-people>", channel)
        assert await choose(7, limit="9") == {}
        assert "mention: @ml-people" in await formal.read("settings", channel)


async def test_a_form_that_changes_nothing_gives_no_command(formal: Team) -> None:
    channel = formal.slack.channel()
    async with formal.over_http():
        view = await settings_form(formal, channel)
        before = await formal.stored(channel)
        assert await submit(formal.slack, view) == {}
    assert await formal.stored(channel) == before


async def test_a_form_whose_memory_is_of_another_version_says_so(formal: Team) -> None:
    async with formal.over_http():
        await formal.slack.command("subscribe", formal.slack.channel())
        view = await opened(formal)
        await write(formal.slack, view, query="diffusion")
        formal.slack.views[view["id"]]["private_metadata"] = "C00001"
        answer = await submit(formal.slack, view)
    assert answer["response_action"] == "update"
    assert "nothing was changed" in words_of(answer["view"])


class Slowly:
    """Runs commands once it is released."""

    def __init__(self, team: Team) -> None:
        self._commands = team.commands
        self.released = asyncio.Event()

    async def run(self, call: CommandCall) -> Reply:
        if call.line != "subscribe":
            await self.released.wait()
        return await self._commands.run(call)

    async def complete(self, call: CommandCall) -> list[Completion]:
        return []


async def test_an_answer_that_takes_long_comes_in_private(team: Team, platform: SlackPlatform) -> None:
    channel = team.slack.channel()
    slowly = Slowly(team)
    team.app = SlackApp(platform, slowly, REGISTRY, signing_secret=SIGNING_SECRET, forms=forms_of(team.store))
    async with team.over_http():
        await team.slack.command("subscribe", channel)
        view = await opened(team)
        team.slack.views[view["id"]]["state"]["values"]["query"] = {"paperround.query": {"value": "diffusion"}}
        assert await submit(team.slack, view) == {}
        slowly.released.set()
    assert "Topic 1 added" in words_of(team.slack.conversation("U0ADA").messages[0])


async def test_mistakes_in_settings_that_are_found_late_come_in_private(team: Team, platform: SlackPlatform) -> None:
    channel = team.slack.channel()
    slowly = Slowly(team)
    slowly.released.set()
    team.app = SlackApp(platform, slowly, REGISTRY, signing_secret=SIGNING_SECRET, forms=forms_of(team.store))
    async with team.over_http():
        view = await settings_form(team, channel)
        slowly.released.clear()
        await write(team.slack, view, timezone="Nowhere/At_All")
        assert await submit(team.slack, view) == {}
        slowly.released.set()
    assert "Nowhere/At_All" in words_of(team.slack.conversation("U0ADA").messages[0])


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_shortcut_leads_to_the_settings_of_ones_own_channels(formal: Team, transport: str) -> None:
    mine, theirs = formal.slack.channel("mine"), formal.slack.channel("theirs")
    mine.members.add("U0ADA")
    async with formal.connected(transport):
        await choose_shortcut(formal.slack, SETTINGS_SHORTCUT)
        view = await opened(formal)
        await write(formal.slack, view, channel=theirs.id)
        assert "channel" in (await submit(formal.slack, view))["errors"]
        await write(formal.slack, view, channel=mine.id)
        answer = await submit(formal.slack, view)
        assert answer["response_action"] == "update"
        fields = {block["block_id"]: block["element"] for block in answer["view"]["blocks"]}
        assert fields["limit"]["initial_value"] == "20"
        formal.slack.views["V1"] |= answer["view"] | {"state": {"values": {}}}
        await write(formal.slack, view, limit="7")
        assert await submit(formal.slack, view) == {}
    assert (await formal.stored(mine)).settings.limit == 7
    assert (await formal.stored(mine)).name == "mine"
