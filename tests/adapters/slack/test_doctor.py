"""What the doctor finds in Slack, and what it says to do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from adapters.slack.client.connection import Connection
from adapters.slack.doctor import SlackDoctor
from adapters.slack.installation.scopes import SCOPES
from adapters.slack.installation.workspaces import OneWorkspace, Workspaces
from bot.app.doctor.findings import Finding, Mark, findings_of
from bot.channels.channel import Channel, PlatformName
from storage.store import SqlStore
from tests.adapters.slack.bot_process import BotProcess
from tests.adapters.slack.distributed_bot import DistributedBot
from tests.clocks import SettableClock
from tests.simulators.slack import APP_TOKEN, BOT_TOKEN, Fault, SlackSimulator


@pytest.fixture
async def one(slack: SlackSimulator) -> AsyncIterator[Workspaces]:
    """The workspace of a token in the settings."""
    slack.scopes = list(SCOPES)
    workspaces = OneWorkspace(Connection(slack.api_url, timeout=10), BOT_TOKEN)
    yield workspaces
    await workspaces.close()


async def examined(
    workspaces: Workspaces, clock: SettableClock, store: SqlStore | None = None, *, app_token: str = APP_TOKEN
) -> dict[str, Finding]:
    async def with_topics() -> list[Channel]:
        return await store.channels.on_platform(PlatformName.SLACK) if store else []

    checkup = SlackDoctor(workspaces, clock, app_token=app_token, with_topics=with_topics)
    return {finding.what: finding async for finding in findings_of(checkup.checks())}


async def test_all_is_well(one: Workspaces, clock: SettableClock) -> None:
    found = await examined(one, clock)
    assert {what: (finding.is_well, finding.words) for what, finding in found.items()} == {
        "Slack": (True, "the token works in Example"),
        "Slack's permissions": (True, "the app has all that it needs"),
        "Slack's socket": (True, "the app-level token works"),
        "Slack's channels": (True, "none has topics yet"),
        "Clock": (True, "agrees with Slack's"),
    }


async def test_an_outage_is_not_the_tokens_fault(slack: SlackSimulator, clock: SettableClock, one: Workspaces) -> None:
    slack.fail("auth.test", *[Fault.ERROR_500] * 3)
    found = await examined(one, clock)
    assert "in trouble" in found["Slack"].words
    assert "TOKEN" not in found["Slack"].words


async def test_a_bad_bot_token_is_named(slack: SlackSimulator, clock: SettableClock) -> None:
    workspaces = OneWorkspace(Connection(slack.api_url, timeout=10), "nonsense")
    found = await examined(workspaces, clock, app_token="")
    assert not found["Slack"].is_well
    assert "PAPERROUND_SLACK_BOT_TOKEN" in found["Slack"].words
    assert "Slack's socket" not in found
    await workspaces.close()


async def test_a_bad_app_level_token_is_named(one: Workspaces, clock: SettableClock) -> None:
    found = await examined(one, clock, app_token="xapp-wrong")
    assert not found["Slack's socket"].is_well
    assert "PAPERROUND_SLACK_APP_TOKEN" in found["Slack's socket"].words
    assert found["Slack"].is_well


async def test_missing_permissions_are_named(one: Workspaces, slack: SlackSimulator, clock: SettableClock) -> None:
    slack.scopes = [scope for scope in SCOPES if scope not in ("links:write", "users:read")]
    found = (await examined(one, clock))["Slack's permissions"]
    assert not found.is_well
    assert "In Example the app lacks links:write, users:read." in found.words
    assert "install it again" in found.words


async def test_permissions_may_stay_unknown(one: Workspaces, slack: SlackSimulator, clock: SettableClock) -> None:
    slack.scopes = None
    found = (await examined(one, clock))["Slack's permissions"]
    assert (found.mark, found.words) == (Mark.UNCHECKED, "not checked: Slack does not tell which the app has")


@pytest.mark.parametrize(("ahead", "words"), [(400, "400 seconds behind"), (-90, "90 seconds ahead of")])
async def test_a_wrong_clock_is_found(
    one: Workspaces, slack: SlackSimulator, clock: SettableClock, ahead: int, words: str
) -> None:
    slack.clock_ahead = ahead
    found = (await examined(one, clock))["Clock"]
    assert not found.is_well
    assert words in found.words
    assert "NTP" in found.words


async def test_a_slack_that_is_away_is_no_riddle(one: Workspaces, slack: SlackSimulator, clock: SettableClock) -> None:
    slack.fail("auth.test", Fault.ERROR_500, Fault.ERROR_500, Fault.ERROR_500, Fault.ERROR_500)
    slack.fail("apps.connections.open", Fault.DROPPED, Fault.DROPPED)
    found = await examined(one, clock)
    assert [what for what, finding in found.items() if finding.is_well] == ["Clock"]


async def test_channels_without_the_bot_are_named(bot: BotProcess, one: Workspaces) -> None:
    slack = bot.slack
    async with bot.over_http():
        for channel in (
            slack.channel("fine"), slack.channel("open", member=False), closed := slack.channel("closed", private=True),
            old := slack.channel("old"),
        ):  # fmt: skip
            await bot.say("subscribe diffusion", channel)
    closed.members.clear()
    found = (await examined(one, bot.clock, bot.store))["Slack's channels"]
    assert (found.is_well, "#closed" in found.words, "/invite @Paper Round" in found.words) == (False, True, True)
    assert "#fine" not in found.words
    closed.members.add("U0BOT")
    found = (await examined(one, bot.clock, bot.store))["Slack's channels"]
    assert (found.is_well, "#open: I join" in found.words) == (True, True)
    old.archived = True
    assert "#old" in (await examined(one, bot.clock, bot.store))["Slack's channels"].words


async def test_nobody_is_told_to_invite_an_app_between_two_people(bot: BotProcess, one: Workspaces) -> None:
    between = bot.slack.conversation("U0BOB")
    async with bot.over_http():
        await bot.say("subscribe diffusion", between)
    between.members.clear()
    found = (await examined(one, bot.clock, bot.store))["Slack's channels"]
    assert not found.is_well
    assert "In 1 conversation between people nothing can come" in found.words
    assert "/invite" not in found.words


@pytest.mark.parametrize("code", ["missing_scope", "unknown_method"])
async def test_membership_that_cannot_be_asked_for_is_no_fault(bot: BotProcess, one: Workspaces, code: str) -> None:
    async with bot.over_http():
        await bot.say("subscribe diffusion", bot.slack.channel())
    bot.slack.fail("users.conversations", code)
    found = (await examined(one, bot.clock, bot.store))["Slack's channels"]
    assert (found.mark, code in found.words) == (Mark.UNCHECKED, True)


async def test_every_installation_is_looked_at(distributed: DistributedBot) -> None:
    assert "no workspace has the app yet" in (await examined(distributed.workspaces, distributed.clock))["Slack"].words
    teams = [distributed.slack.another_team(f"T0{number}", f"Team {number}") for number in range(3)]
    for team in teams:
        distributed.slack.oauth.withheld = frozenset({"links:write"}) if team is teams[1] else frozenset()
        await distributed.install(team)
    distributed.slack.oauth.revoke(teams[2])
    found = await examined(distributed.workspaces, distributed.clock)
    assert not found["Slack"].is_well
    assert "T02: The app was removed" in found["Slack"].words
    assert "T00" not in found["Slack"].words
    assert "In Team 1 the app lacks links:write." in found["Slack's permissions"].words
    assert "/slack/install" in found["Slack's permissions"].words


async def test_where_no_workspace_has_the_app_slack_is_asked_all_the_same(distributed: DistributedBot) -> None:
    found = await examined(distributed.workspaces, distributed.clock)
    assert (found["Slack"].mark, found["Slack's permissions"].mark) == (Mark.NOTICE, Mark.UNCHECKED)
    distributed.slack.fail("api.test", *[Fault.ERROR_500] * 5)
    found = await examined(distributed.workspaces, distributed.clock)
    assert found["Slack"].mark is Mark.PROBLEM
    assert "Slack cannot be reached" in found["Slack"].words
    assert "PAPERROUND_SLACK_API_URL" in found["Slack"].words


async def test_a_renewal_that_failed_is_told(distributed: DistributedBot) -> None:
    distributed.slack.oauth.rotates = True
    await distributed.install()
    distributed.clock.advance(hours=7)
    distributed.slack.oauth.grants[0].refresh = "another"
    await distributed.workspaces.renew(distributed.slack.team_id)
    found = (await examined(distributed.workspaces, distributed.clock))["Slack"]
    assert not found.is_well
    assert "could not be renewed (invalid_refresh_token)" in found.words
