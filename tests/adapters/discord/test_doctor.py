"""What `paperround doctor` says of Discord, and of each thing what to do."""

from __future__ import annotations

import re
from datetime import timedelta

import discord
import pytest

from adapters.discord.doctor import DiscordDoctor
from adapters.discord.guilds.permissions import NEEDED, invite_url, missing
from adapters.discord.platform import DiscordPlatform
from bot.app.doctor.findings import Finding, findings_of
from bot.channels.channel import Style
from bot.channels.directory import Directory
from bot.clocks import ShiftedClock
from tests.adapters.discord.harness import Harness, running
from tests.simulators.discord_responses import Fault
from tests.simulators.discord_state import APPLICATION_ID, FORUM


async def look(harness: Harness, *, token: str = "", late: timedelta = timedelta()) -> dict[str, Finding]:
    """Looks at everything, as a new process does."""
    server = harness.simulator
    platform = DiscordPlatform(token or server.token, harness.clock, api_url=server.api_url)
    clock = ShiftedClock(harness.clock.now() - late)
    checks = DiscordDoctor(platform, Directory(harness.store.channels, harness.clock), clock).checks()
    found = [finding async for finding in findings_of(checks)]
    await platform.close()
    return {finding.what: finding for finding in found}


async def test_all_is_well(harness: Harness) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    found = await look(harness)
    assert all(finding.is_well for finding in found.values()), found
    assert str(APPLICATION_ID) in found["Discord"].words
    assert invite_url(APPLICATION_ID) in found["Discord"].words
    assert found["Discord's servers"].words == "the bot is in 1: Lab"
    assert "all 1" in found["Discord's channels"].words
    assert "Discord's intents" not in found
    assert len(harness.simulator.gateway.identifies) == 1


async def test_a_wrong_token_is_explained_once_after_one_attempt(harness: Harness) -> None:
    found = await look(harness, token="wrong")
    assert not found["Discord"].is_well
    assert "PAPERROUND_DISCORD_TOKEN" in found["Discord"].words
    others = [finding for what, finding in found.items() if what != "Discord"]
    assert [(finding.is_well, finding.words) for finding in others] == [(False, "not checked")] * len(others)
    assert len(harness.simulator.requests) == 1


@pytest.mark.parametrize(
    ("path", "what"),
    [(r"/users/@me/guilds$", "servers"), (r"/guilds/\d+$", "channels"), (r"/guilds/\d+/channels$", "channels")],
)
async def test_an_answer_that_cannot_be_read_is_a_finding_and_no_crash(harness: Harness, path: str, what: str) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    harness.simulator.fail("GET", path, Fault.HTML_PAGE)
    found = await look(harness)
    assert "cannot be read" in found[f"Discord's {what}"].words


async def test_a_discord_that_does_not_answer_is_named_once(harness: Harness) -> None:
    harness.simulator.fail("GET", "/users/@me$", *[Fault.DROP] * 10)
    found = await look(harness)
    assert "cannot be reached" in found["Discord"].words
    assert [finding.words for what, finding in found.items() if what != "Discord"] == ["not checked"] * 3


async def test_a_bot_without_a_server_is_told_how_it_gets_into_one(harness: Harness) -> None:
    harness.simulator.state.guilds.clear()
    found = (await look(harness))["Discord's servers"]
    assert not found.is_well
    assert invite_url(APPLICATION_ID) in found.words


async def test_each_channel_with_topics_says_what_it_lacks(harness: Harness) -> None:
    state = harness.simulator.state
    hidden, forum, quiet = (
        state.add_channel(harness.guild, name, kind) for name, kind in (("hidden", 0), ("shelf", FORUM), ("quiet", 0))
    )
    doomed, thread = state.add_channel(harness.guild, "doomed"), state.open_thread(harness.general, "reading")
    async with running(harness):
        for place in (harness.general, hidden, forum, doomed, thread):
            await harness.say("subscribe", place, query="diffusion")
        await harness.say("settings", key="style", value="threads")
        await harness.say("settings", quiet, key="limit", value="3")
    harness.general.permissions = lacking("create_public_threads", "embed_links", "read_message_history")
    hidden.permissions = lacking("view_channel")
    forum.permissions = lacking("send_messages")
    quiet.permissions = lacking("send_messages")
    forum.tag_required = True
    thread.locked = True
    del state.channels[doomed.id]
    found = (await look(harness))["Discord's channels"]
    assert not found.is_well
    for sentence in (
        "#general in Lab: give the bot “Embed Links”, “Create Public Threads” and “Read Message History”",
        "#hidden in Lab: give the bot “View Channel”",
        "#shelf in Lab: give the bot “Create Posts”",
        "#shelf in Lab wants a tag for every post",
        "#doomed in Lab was deleted.",
        "#reading in Lab is a locked thread",
    ):
        assert sentence in found.words
    assert "quiet" not in found.words  # nobody asked for anything there


async def test_a_server_that_is_gone_is_named(harness: Harness) -> None:
    async with running(harness):
        await harness.say("subscribe", query="diffusion")
    await harness.store.channels.join_workspace((await harness.stored()).address, "Lab")
    harness.simulator.state.guilds.clear()
    found = (await look(harness))["Discord's channels"]
    assert not found.is_well
    assert "not in the server Lab any more" in found.words


async def test_a_wrong_clock_is_noticed(harness: Harness) -> None:
    words = (await look(harness, late=timedelta(minutes=5)))["Discord's clock"].words
    assert re.search(r"(299|300|301) s behind", words)


def lacking(*names: str) -> discord.Permissions:
    allowed = discord.Permissions(NEEDED.value)
    allowed.update(**dict.fromkeys(names, False))
    return allowed


def test_what_is_needed_depends_on_the_place_and_the_style() -> None:
    nothing = discord.Permissions()
    assert missing(nothing) == ["View Channel", "Send Messages", "Embed Links"]
    assert missing(nothing, style=Style.THREADS)[3:] == ["Create Public Threads", "Send Messages in Threads"]
    assert missing(nothing, thread=True, style=Style.THREADS) == [
        "View Channel",
        "Send Messages in Threads",
        "Embed Links",
    ]
    assert missing(nothing, forum=True, style=Style.THREADS) == ["View Channel", "Create Posts", "Embed Links"]


@pytest.mark.parametrize("permission", ["create_public_threads", "send_messages_in_threads"])
async def test_a_style_that_opens_threads_says_what_it_needs(harness: Harness, permission: str) -> None:
    async with running(harness):
        await harness.simulator.allow(harness.general, **{permission: False})
        assert "Threads" not in (await harness.say("subscribe", query="diffusion")).text
        changed = await harness.say("settings", key="style", value="threads")
        assert "I cannot open threads here yet." in changed.text
        assert "Threads” in this channel" in changed.text
        await harness.simulator.allow(harness.general, **{permission: True})
        assert "I cannot" not in (await harness.say("settings", key="style", value="threads")).text
