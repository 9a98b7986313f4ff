"""Many workspaces with one bot: whose token is used, what becomes of it, and which workspace a payload is for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.slack.installation.installation_ids import installation_ids
from adapters.slack.interactions.topic_modal import TopicModal
from bot.app.assembly import forms_of
from bot.channels.channel import Address, ChannelState, PlatformName
from bot.messages.message import Message, Paragraph, text
from bot.platforms.outcomes import Gone, GoneScope, Outgoing, Retry, Sent
from storage.channels.installations import SqlInstallationStore
from storage.channels.token_encryption import open_token_encryption
from storage.store import SqlStore
from storage.tables.channels import WORKSPACES
from tests.adapters.slack.distributed_bot import DistributedBot
from tests.clocks import SettableClock
from tests.patience import PATIENCE
from tests.simulators.slack import ANSWER_WITHIN, APP, RETRY_AFTER, Fault, SlackSimulator
from tests.simulators.slack_forms import submit, write
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
from tests.sources import a_paper

HELLO = Message(summary="Hello", blocks=(Paragraph(text("Hello")),))


@pytest.fixture
async def other(distributed: DistributedBot) -> SlackSimulator:
    """A second workspace. It and the first have both installed the app."""
    made = distributed.slack.another_team("T0OTHER", "Other")
    made.person()
    await distributed.install()
    await distributed.install(made)
    return made


def outgoing(team: SlackSimulator, channel: SimulatedChannel, key: str = "key-1") -> Outgoing:
    return Outgoing(address=Address(PlatformName.SLACK, team.team_id, channel.id), message=HELLO, key=key)


# ---- whose token


async def test_two_workspaces_with_the_same_channel_id_never_mix(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    here, there = distributed.slack.channel("here", channel_id="C0SAME"), other.channel("there", channel_id="C0SAME")
    assert "Topic 1 added" in await distributed.say_in(distributed.slack, "subscribe diffusion", here)
    assert "no topics" in await distributed.say_in(other, "topics", there)
    await distributed.say_in(other, "subscribe diffusion", there)
    await distributed.say_in(other, "settings limit 1", there)
    await distributed.news(a_paper(1), a_paper(2))
    for team, channel in ((distributed.slack, here), (other, there)):
        due = (await distributed.at(team, channel)).next_digest_at
        assert due is not None
        distributed.clock.set(max(due, distributed.clock.now()))
    await distributed.engine.deliver()
    assert "Study 2" in words_of(here.messages[0])
    assert "+1 more" in words_of(there.messages[0])
    assert (await distributed.at(distributed.slack, here)).name == "here"
    assert (await distributed.at(other, there)).name == "there"


async def test_it_works_over_sockets_as_well(distributed: DistributedBot, other: SlackSimulator) -> None:
    await distributed.app.finish()
    distributed.slack.http_url = None
    async with distributed.over_socket():
        for team in (distributed.slack, other):
            assert "Topic 1 added" in await distributed.say_in(
                team, "subscribe diffusion", team.channel("x", channel_id="C0X")
            )
    distributed.slack.http_url = "http://127.0.0.1:9/slack/events"
    assert distributed.slack.count("auth.test") == 0


async def test_nobody_asks_slack_who_the_bot_is_for_a_command(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    await distributed.say_in(other, "topics", other.channel())
    assert [method for method, _ in distributed.slack.requests if method != "oauth.v2.access"] == ["users.info"]


async def test_a_workspace_without_the_app_is_told_how_to_get_it(distributed: DistributedBot) -> None:
    stranger = distributed.slack.another_team("T0STRANGE", "Strange")
    stranger.person()
    channel = stranger.channel()
    assert "not installed in this workspace" in await distributed.say_in(stranger, "topics", channel)
    result = await distributed.platform.send(outgoing(stranger, channel))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.WORKSPACE
    assert not distributed.slack.count("chat.postMessage")


async def test_a_form_of_a_workspace_without_the_app_says_that_nothing_was_changed(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    distributed = DistributedBot(sql, tmp_path, slack, clock)
    distributed.app = distributed.another_app(forms=forms_of(sql))
    async with distributed.over_http():
        submitted = slack.acting("view_submission", "U0ADA") | {"view": TopicModal(channel="C1").view()}
        answer = await slack.deliver("interactive", submitted)
        assert "nothing was changed" in words_of(answer["view"])
    await distributed.close()


async def test_the_token_of_the_settings_serves_its_own_workspace_beside_the_others(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    distributed = DistributedBot(sql, tmp_path, slack, clock, first=True)
    other, stranger = slack.another_team("T0OTHER", "Other"), slack.another_team("T0STRANGE", "Strange")
    for team in (other, stranger):
        team.person()
    async with distributed.over_http():
        await distributed.install(other)
        for team in (slack, other):
            channel = team.channel()
            assert "no topics" in await distributed.say_in(team, "topics", channel)
            assert isinstance(await distributed.platform.send(outgoing(team, channel)), Sent)
        assert "not installed" in await distributed.say_in(stranger, "topics", stranger.channel())
        channel = slack.channel()
        await distributed.say_in(slack, "subscribe diffusion", channel)
        await stranger.event({"type": "app_uninstalled"})
        await distributed.app.finish()
        assert (await distributed.at(slack, channel)).state is ChannelState.ACTIVE
    await distributed.close()


async def test_one_workspaces_trouble_is_not_the_others(distributed: DistributedBot, other: SlackSimulator) -> None:
    distributed.slack.oauth.revoke(other)
    here, there = distributed.slack.channel(), other.channel()
    assert isinstance(await distributed.platform.send(outgoing(other, there)), Gone)
    assert isinstance(await distributed.platform.send(outgoing(distributed.slack, here)), Sent)
    assert await distributed.installations.workspaces() == [distributed.slack.team_id]


# ---- leaving and coming back


UNINSTALLED: Json = {"type": "app_uninstalled"}
REVOKED: Json = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}


@pytest.mark.parametrize("events", [[UNINSTALLED], [REVOKED], [UNINSTALLED, REVOKED], [REVOKED, UNINSTALLED]])
async def test_a_workspace_that_leaves_stops_at_once_and_goes_on_when_it_is_back(
    distributed: DistributedBot, other: SlackSimulator, events: list[Json]
) -> None:
    here, there = distributed.slack.channel(), other.channel()
    for team, channel in ((distributed.slack, here), (other, there)):
        await distributed.say_in(team, "subscribe diffusion", channel)
    distributed.slack.oauth.revoke(other)
    for event in events:
        await other.event(event, deliveries=2)
        await distributed.app.finish()
    assert await distributed.installations.workspaces() == [distributed.slack.team_id]
    assert (await distributed.at(other, there)).state is ChannelState.BROKEN
    assert (await distributed.at(distributed.slack, here)).state is ChannelState.ACTIVE
    # Only who removed the app is forgotten one day; a token may also be revoked because it leaked.
    assert await left(distributed) == ([other.team_id] if UNINSTALLED in events else [])
    await distributed.news(a_paper(1))
    await distributed.settle(minutes=2)
    assert (await distributed.install(other)).status == 200
    assert await left(distributed) == []
    stored = await distributed.at(other, there)
    assert stored.state is ChannelState.ACTIVE
    assert stored.next_digest_at is not None
    distributed.clock.set(stored.next_digest_at)
    await distributed.engine.deliver()
    assert "Study 1" in words_of(there.messages[0])


async def left(distributed: DistributedBot) -> list[str]:
    """The workspaces whose data is going to be deleted."""
    async with distributed.sql.database.read() as connection:
        statement = select(WORKSPACES.c.external_id).where(WORKSPACES.c.left_at.is_not(None))
        return list((await connection.execute(statement)).scalars())


async def test_a_persons_own_token_is_nothing_to_us(distributed: DistributedBot, other: SlackSimulator) -> None:
    await other.event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"], "bot": []}})
    await distributed.app.finish()
    assert len(await distributed.installations.workspaces()) == 2


async def test_a_token_that_was_only_replaced_is_no_farewell(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    await other.event(REVOKED)
    await distributed.app.finish()
    assert other.team_id in await distributed.installations.workspaces()


async def test_news_of_leaving_that_come_after_the_return_are_old(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    distributed.clock.advance(minutes=1)
    await distributed.install(other)
    payload = {
        "type": "event_callback", "team_id": "T0OTHER", "api_app_id": APP, "event_id": "Ev-late",
        "event": {"type": "app_uninstalled"}, "event_time": int(distributed.clock.now().timestamp()) - 30,
    }  # fmt: skip
    await distributed.slack.deliver("events_api", payload)
    await distributed.app.finish()
    assert "T0OTHER" in await distributed.installations.workspaces()


async def test_an_organisation_does_not_leave_with_one_of_its_workspaces(distributed: DistributedBot) -> None:
    distributed.slack.oauth.organisation, distributed.slack.oauth.whole = "E0ORG", True
    await distributed.install()
    payload = {
        "type": "event_callback", "team_id": "T0PART", "enterprise_id": "E0ORG", "api_app_id": APP,
        "event": {"type": "app_uninstalled"}, "event_id": "Ev-part",
        "event_time": int(distributed.clock.now().timestamp()),
    }  # fmt: skip
    await distributed.slack.deliver("events_api", payload)
    await distributed.app.finish()
    assert await distributed.installations.workspaces() == ["E0ORG"]
    distributed.slack.oauth.revoke(distributed.slack)
    await distributed.slack.deliver("events_api", payload | {"event_id": "Ev-whole"})
    await distributed.app.finish()
    assert await distributed.installations.workspaces() == []


async def test_tokens_go_even_when_their_key_is_lost(
    distributed: DistributedBot, other: SlackSimulator, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lost = DistributedBot(distributed.sql, elsewhere, distributed.slack, distributed.clock)
    channel = other.channel()
    result = await lost.platform.send(outgoing(other, channel))
    assert isinstance(result, Retry)
    assert "encrypted with a key that is not in" in result.reason
    await lost.workspaces.check()
    event = {"team_id": "T0OTHER", "event": {"type": "app_uninstalled"}}
    assert await lost.workspaces.uninstalled(event) == "T0OTHER"
    assert await distributed.installations.workspaces() == [distributed.slack.team_id]
    await lost.close()


# ---- rotation


@pytest.fixture
def rotating(distributed: DistributedBot) -> DistributedBot:
    distributed.slack.oauth.rotates = True
    return distributed


async def test_tokens_are_renewed_long_before_they_end(rotating: DistributedBot) -> None:
    await rotating.install()
    first = rotating.slack.oauth.token_of(rotating.slack)
    channel = rotating.slack.channel()
    rotating.clock.advance(hours=5)
    await renewed_once(rotating)
    assert rotating.slack.oauth.token_of(rotating.slack) == first
    for _ in range(4):
        rotating.clock.advance(hours=6)
        await renewed_once(rotating)
        assert isinstance(await rotating.platform.send(outgoing(rotating.slack, channel)), Sent)
    assert rotating.slack.count("oauth.v2.access") == 5
    assert "token_expired" not in rotating.slack.refusals


async def renewed_once(distributed: DistributedBot) -> None:
    """Lets the job that renews tokens do one round."""
    job = asyncio.create_task(distributed.app.keep_fresh())
    async with asyncio.timeout(PATIENCE):
        while await distributed.installations.due_for_renewal(distributed.clock.now()):
            await asyncio.sleep(0.01)
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job
    # What was begun goes on without the job.
    await asyncio.gather(*distributed.workspaces._renewals)


async def test_workers_do_not_spend_each_others_refresh_tokens(rotating: DistributedBot, tmp_path: Path) -> None:
    await rotating.install()
    workers = [DistributedBot(rotating.sql, tmp_path, rotating.slack, rotating.clock) for _ in range(3)]
    rotating.clock.advance(hours=7)
    await asyncio.gather(*(worker.workspaces.renew(rotating.slack.team_id) for worker in workers))
    assert rotating.slack.count("oauth.v2.access") == 2
    assert not rotating.slack.refusals
    for number, worker in enumerate(workers):
        channel = rotating.slack.channel()
        assert isinstance(await worker.platform.send(outgoing(rotating.slack, channel, f"key-{number}")), Sent)
        await worker.close()


@pytest.mark.belated
async def test_a_form_is_acknowledged_before_a_token_is_renewed(rotating: DistributedBot) -> None:
    await rotating.install()
    rotating.app = rotating.another_app(forms=forms_of(rotating.sql))
    channel = rotating.slack.channel()
    channel.members.add("U0ADA")
    async with rotating.over_http():
        await rotating.slack.command("subscribe", channel)
        async with asyncio.timeout(ANSWER_WITHIN):
            while not rotating.slack.views:
                await asyncio.sleep(0.01)
        view = rotating.slack.views["V1"]
        await write(rotating.slack, view, query="diffusion")
        await rotating.app.finish()
        rotating.clock.advance(hours=30)
        renewing = rotating.slack.held["oauth.v2.access"] = asyncio.Event()
        assert await submit(rotating.slack, view) == {}
        assert rotating.workspaces._renewals
        renewing.set()
        await rotating.app.finish()
    (told,) = rotating.slack.conversation("U0ADA").messages
    assert "Topic 1 added" in words_of(told)


async def test_a_token_that_ended_while_we_were_away_is_renewed_before_it_is_used(rotating: DistributedBot) -> None:
    await rotating.install()
    rotating.clock.advance(hours=30)
    assert isinstance(await rotating.platform.send(outgoing(rotating.slack, rotating.slack.channel())), Sent)
    assert not rotating.slack.refusals


async def test_a_token_that_slack_ends_early_is_renewed(rotating: DistributedBot) -> None:
    await rotating.install()
    (grant,) = rotating.slack.oauth.grants
    grant.tokens = dict.fromkeys(grant.tokens, 0.0)
    post = outgoing(rotating.slack, rotating.slack.channel())
    assert isinstance(await rotating.platform.send(post), Retry)
    assert isinstance(await rotating.platform.send(post), Sent)


async def test_another_workers_new_token_is_taken_up(rotating: DistributedBot, tmp_path: Path) -> None:
    await rotating.install()
    post = outgoing(rotating.slack, rotating.slack.channel())
    another = DistributedBot(rotating.sql, tmp_path, rotating.slack, rotating.clock)
    await another.platform.send(post)
    (grant,) = rotating.slack.oauth.grants
    grant.tokens = dict.fromkeys(grant.tokens, 0.0)
    assert await rotating.workspaces.renew(rotating.slack.team_id, expired=next(iter(grant.tokens)))
    assert isinstance(await another.platform.send(post), Retry)
    assert isinstance(await another.platform.send(post), Sent)
    assert rotating.slack.count("oauth.v2.access") == 2
    await another.close()


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.DROPPED, Fault.RATE_LIMITED, "internal_error"])
async def test_a_renewal_that_fails_in_passing_is_tried_again(rotating: DistributedBot, fault: Fault | str) -> None:
    await rotating.install()
    rotating.clock.advance(hours=7)
    rotating.slack.fail("oauth.v2.access", fault)
    assert await rotating.workspaces.renew(rotating.slack.team_id) is None
    assert "could not be renewed" in await rotating.workspaces.problem(rotating.slack.team_id)
    rotating.clock.advance(minutes=2)
    await renewed_once(rotating)
    assert await rotating.workspaces.problem(rotating.slack.team_id) == ""


async def test_a_renewal_that_slack_refuses_is_told_and_not_repeated_all_the_time(rotating: DistributedBot) -> None:
    await rotating.install()
    rotating.clock.advance(hours=13)
    rotating.slack.oauth.grants[0].refresh = "another"
    channel = rotating.slack.channel()
    for _ in range(3):
        result = await rotating.platform.send(outgoing(rotating.slack, channel))
        assert isinstance(result, Gone | Retry)
    assert rotating.slack.refusals.count("invalid_refresh_token") == 1
    problem = await rotating.workspaces.problem(rotating.slack.team_id)
    assert "invalid_refresh_token" in problem
    assert "install" in problem


async def test_an_answer_that_brings_tokens_is_kept_though_we_are_stopped(rotating: DistributedBot) -> None:
    await rotating.install()
    rotating.clock.advance(hours=7)
    renewing = asyncio.create_task(rotating.workspaces.renew(rotating.slack.team_id))
    while rotating.slack.count("oauth.v2.access") < 2:
        await asyncio.sleep(0.001)
    renewing.cancel()
    with suppress(asyncio.CancelledError):
        await renewing
    await rotating.workspaces.close()
    found = await rotating.installations.find(rotating.slack.team_id)
    assert found is not None
    assert found.tokens.access == rotating.slack.oauth.token_of(rotating.slack)


# ---- several processes


@pytest.fixture
async def shared(
    store: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> AsyncIterator[DistributedBot]:
    """One of several processes, on each kind of database."""
    made = DistributedBot(store, tmp_path, slack, clock)
    async with made.over_http():
        yield made
    await made.close()


async def test_another_process_learns_of_installations_and_of_their_end(shared: DistributedBot, tmp_path: Path) -> None:
    another = DistributedBot(shared.sql, tmp_path, shared.slack, shared.clock, believed_for=0)
    channel = shared.slack.channel()
    post = outgoing(shared.slack, channel)
    assert isinstance(await another.platform.send(post), Gone)
    await shared.install()
    assert isinstance(await another.platform.send(post), Sent)
    await shared.slack.event({"type": "app_uninstalled"})
    await shared.app.finish()
    assert isinstance(await another.platform.send(post), Gone)
    assert shared.slack.count("chat.postMessage") == 1
    await another.close()


async def test_the_key_is_changed_without_a_pause(
    distributed: DistributedBot, other: SlackSimulator, tmp_path: Path
) -> None:
    old, new = open_token_encryption("", tmp_path), "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSA="
    assert old.origin.endswith("secret.key")
    both = f"{new},{(tmp_path / 'secret.key').read_text()}"
    installations = SqlInstallationStore(distributed.sql.database, open_token_encryption(both, tmp_path))
    assert await installations.encrypt_anew() == 2
    after = SqlInstallationStore(distributed.sql.database, open_token_encryption(new, tmp_path))
    assert await after.find(other.team_id) is not None


# ---- which workspace a payload is for


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"team_id": "T1"}, ["T1"]),
        ({"team_id": "T1", "enterprise_id": "E1"}, ["T1", "E1"]),
        ({"team": {"id": "T1", "enterprise_id": "E1"}, "user": {"team_id": "T2"}}, ["T1", "T2", "E1"]),
        # An org-wide installation: payloads of interactions may have no team.
        ({"team": None, "enterprise": {"id": "E1"}, "user": {"team_id": "T1"}}, ["T1", "E1"]),
        # Slack Connect: the event handle in one team and is for an installation of another one.
        ({"team_id": "T2", "context_team_id": "T1", "authorizations": [{"team_id": "T1"}]}, ["T1", "T2"]),
        ({"team_id": "T2", "context_team_id": "T1", "authorizations": []}, ["T1", "T2"]),
        ({"team_id": "T2", "authorizations": [{"team_id": None, "enterprise_id": "E1"}]}, ["T2", "E1"]),
        # Somebody from another company presses a button below our message.
        ({"team": {"id": "T2"}, "api_app_id": "A1", "message": {"team": "T1", "app_id": "A1"}}, ["T1", "T2"]),
        # ... or uses a shortcut on somebody else's.
        ({"team": {"id": "T2"}, "api_app_id": "A1", "message": {"team": "T3", "app_id": "A9"}}, ["T2"]),
        ({"team": {"id": "T2"}, "view": {"team_id": "T2", "app_installed_team_id": "T1"}}, ["T1", "T2"]),
        ({"team": "T1"}, ["T1"]),
        ({}, []),
        ({"team_id": 7, "team": [], "authorizations": "x", "user": None, "view": "y"}, []),
    ],
)
def test_the_installation_counts_before_the_person(payload: Json, expected: list[str]) -> None:
    assert installation_ids(payload) == expected


async def test_in_a_shared_channel_the_message_tells_whose_button_it_is(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    channel = distributed.slack.channel()
    await distributed.say_in(distributed.slack, "subscribe diffusion", channel)
    pressed = other.acting("block_actions", "U0ADA") | {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": channel.id, "is_ephemeral": False},
        "channel": {"id": channel.id, "name": "general"},
        "message": {"team": distributed.slack.team_id, "app_id": APP, "ts": "1.1"},
        "actions": [{"type": "button", "action_id": "paperround.run.1", "value": "topics", "action_ts": "1.0"}],
    }
    assert "diffusion" in words_of(await (await other.begin("interactive", pressed)).answer())


# ---- pace


async def test_a_workspace_that_asks_to_wait_is_left_alone_and_the_others_are_not(
    distributed: DistributedBot, other: SlackSimulator
) -> None:
    platform, slack = distributed.platform, distributed.slack
    slack.fail("chat.postMessage", Fault.RATE_LIMITED, Fault.RATE_LIMITED)
    for number in range(2):  # the second one tries whether the refusal was about the channel of the first
        if wait := platform.workspaces.connection.pace(slack.team_id).wait(time.monotonic()):
            await asyncio.sleep(wait)
        asked = time.monotonic()
        result = await platform.send(outgoing(slack, slack.channel(), f"key-{number}"))
        assert isinstance(result, Retry)
    assert platform.room(slack.team_id) == 0
    result = await platform.send(outgoing(slack, slack.channel(), "key-3"))
    assert isinstance(result, Retry)
    assert result.after is not None
    assert RETRY_AFTER - 1 - (time.monotonic() - asked) < result.after < RETRY_AFTER + 1
    assert slack.count("chat.postMessage") == 2
    assert isinstance(await platform.send(outgoing(other, other.channel())), Sent)


async def test_one_channel_that_has_to_wait_holds_up_nobody(distributed: DistributedBot, other: SlackSimulator) -> None:
    platform, slack = distributed.platform, distributed.slack
    slack.fail("chat.postMessage", Fault.RATE_LIMITED)
    assert isinstance(await platform.send(outgoing(slack, slack.channel(), "first")), Retry)
    await asyncio.sleep(platform.workspaces.connection.pace(slack.team_id).wait(time.monotonic()))
    for number in range(3):
        assert isinstance(await platform.send(outgoing(slack, slack.channel(), f"key-{number}")), Sent)
