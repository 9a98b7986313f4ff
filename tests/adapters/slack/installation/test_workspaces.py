"""Many workspaces with one bot: whose token is used, what becomes of it, and which workspace a payload is for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from adapters.slack.client.rate_limit import CHANNELS, RateLimit
from adapters.slack.installation.installation_ids import installation_ids
from adapters.slack.interactions.topic_modal import TopicForm
from bot.app.assembly import forms_of
from bot.channels.channel import Address, ChannelState, PlatformName
from bot.messages.message import Message, Paragraph, text
from bot.platforms.outcomes import Gone, GoneScope, Outgoing, Retry, Sent
from storage.installations import SqlInstallationStore
from storage.store import SqlStore
from storage.tables import WORKSPACES
from storage.token_encryption import open_token_encryption
from tests.adapters.slack.many import Many
from tests.clocks import SettableClock
from tests.simulators.slack import APP, Fault, SlackSimulator
from tests.simulators.slack_messages import words_of
from tests.simulators.slack_methods import BOT_USER, Json, SimulatedChannel
from tests.sources import a_paper

HELLO = Message(summary="Hello", blocks=(Paragraph(text("Hello")),))


@pytest.fixture
async def other(many: Many) -> SlackSimulator:
    """A second workspace. It and the first have both installed the app."""
    made = many.slack.another_team("T0OTHER", "Other")
    made.person()
    await many.install()
    await many.install(made)
    return made


def outgoing(team: SlackSimulator, channel: SimulatedChannel, key: str = "key-1") -> Outgoing:
    return Outgoing(address=Address(PlatformName.SLACK, team.team_id, channel.id), message=HELLO, key=key)


# ---- whose token


async def test_two_workspaces_with_the_same_channel_id_never_mix(many: Many, other: SlackSimulator) -> None:
    here, there = many.slack.channel("here", channel_id="C0SAME"), other.channel("there", channel_id="C0SAME")
    assert "Topic 1 added" in await many.say_in(many.slack, "subscribe diffusion", here)
    assert "no topics" in await many.say_in(other, "topics", there)
    await many.say_in(other, "subscribe diffusion", there)
    await many.say_in(other, "settings limit 1", there)
    await many.news(a_paper(1), a_paper(2))
    for team, channel in ((many.slack, here), (other, there)):
        due = (await many.at(team, channel)).next_digest_at
        assert due is not None
        many.clock.set(max(due, many.clock.now()))
    await many.engine.deliver()
    assert "Study 2" in words_of(here.messages[0])
    assert "+1 more" in words_of(there.messages[0])
    assert [(await many.at(team, channel)).name for team, channel in ((many.slack, here), (other, there))] == [
        "here", "there",
    ]  # fmt: skip


async def test_it_works_over_sockets_as_well(many: Many, other: SlackSimulator) -> None:
    await many.app.finish()
    many.slack.http_url = None
    async with many.over_socket():
        for team in (many.slack, other):
            assert "Topic 1 added" in await many.say_in(
                team, "subscribe diffusion", team.channel("x", channel_id="C0X")
            )
    many.slack.http_url = "http://127.0.0.1:9/slack/events"
    assert many.slack.count("auth.test") == 0


async def test_nobody_asks_slack_who_the_bot_is_for_a_command(many: Many, other: SlackSimulator) -> None:
    await many.say_in(other, "topics", other.channel())
    assert [method for method, _ in many.slack.requests if method != "oauth.v2.access"] == ["users.info"]


async def test_a_workspace_without_the_app_is_told_how_to_get_it(many: Many) -> None:
    stranger = many.slack.another_team("T0STRANGE", "Strange")
    stranger.person()
    channel = stranger.channel()
    assert "not installed in this workspace" in await many.say_in(stranger, "topics", channel)
    result = await many.platform.send(outgoing(stranger, channel))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.WORKSPACE
    assert not many.slack.count("chat.postMessage")


async def test_a_form_of_a_workspace_without_the_app_says_that_nothing_was_changed(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    many = Many(sql, tmp_path, slack, clock)
    many.app = many.another_app(forms=forms_of(sql))
    async with many.over_http():
        submitted = slack.acting("view_submission", "U0ADA") | {"view": TopicForm(channel="C1").view()}
        answer = await slack.deliver("interactive", submitted)
        assert "nothing was changed" in words_of(answer["view"])
    await many.close()


async def test_the_token_of_the_settings_serves_its_own_workspace_beside_the_others(
    sql: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock
) -> None:
    many = Many(sql, tmp_path, slack, clock, first=True)
    other, stranger = slack.another_team("T0OTHER", "Other"), slack.another_team("T0STRANGE", "Strange")
    for team in (other, stranger):
        team.person()
    async with many.over_http():
        await many.install(other)
        for team in (slack, other):
            channel = team.channel()
            assert "no topics" in await many.say_in(team, "topics", channel)
            assert isinstance(await many.platform.send(outgoing(team, channel)), Sent)
        assert "not installed" in await many.say_in(stranger, "topics", stranger.channel())
        channel = slack.channel()
        await many.say_in(slack, "subscribe diffusion", channel)
        await stranger.event({"type": "app_uninstalled"})
        await many.app.finish()
        assert (await many.at(slack, channel)).state is ChannelState.ACTIVE
    await many.close()


async def test_one_workspaces_trouble_is_not_the_others(many: Many, other: SlackSimulator) -> None:
    many.slack.oauth.revoke(other)
    here, there = many.slack.channel(), other.channel()
    assert isinstance(await many.platform.send(outgoing(other, there)), Gone)
    assert isinstance(await many.platform.send(outgoing(many.slack, here)), Sent)
    assert await many.installations.workspaces() == [many.slack.team_id]


# ---- leaving and coming back


UNINSTALLED: Json = {"type": "app_uninstalled"}
REVOKED: Json = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}}


@pytest.mark.parametrize("events", [[UNINSTALLED], [REVOKED], [UNINSTALLED, REVOKED], [REVOKED, UNINSTALLED]])
async def test_a_workspace_that_leaves_stops_at_once_and_goes_on_when_it_is_back(
    many: Many, other: SlackSimulator, events: list[Json]
) -> None:
    here, there = many.slack.channel(), other.channel()
    for team, channel in ((many.slack, here), (other, there)):
        await many.say_in(team, "subscribe diffusion", channel)
    many.slack.oauth.revoke(other)
    for event in events:
        await other.event(event, deliveries=2)
        await many.app.finish()
    assert await many.installations.workspaces() == [many.slack.team_id]
    assert (await many.at(other, there)).state is ChannelState.BROKEN
    assert (await many.at(many.slack, here)).state is ChannelState.ACTIVE
    # Only who removed the app is forgotten one day; a token may also be revoked because it leaked.
    assert await left(many) == ([other.team_id] if UNINSTALLED in events else [])
    await many.news(a_paper(1))
    await many.settle(minutes=2)
    assert (await many.install(other)).status == 200
    assert await left(many) == []
    stored = await many.at(other, there)
    assert stored.state is ChannelState.ACTIVE
    assert stored.next_digest_at is not None
    many.clock.set(stored.next_digest_at)
    await many.engine.deliver()
    assert "Study 1" in words_of(there.messages[0])


async def left(many: Many) -> list[str]:
    """The workspaces whose data is going to be deleted."""
    async with many.sql.database.read() as connection:
        statement = select(WORKSPACES.c.external_id).where(WORKSPACES.c.left_at.is_not(None))
        return list((await connection.execute(statement)).scalars())


async def test_a_persons_own_token_is_nothing_to_us(many: Many, other: SlackSimulator) -> None:
    await other.event({"type": "tokens_revoked", "tokens": {"oauth": ["U0ADA"], "bot": []}})
    await many.app.finish()
    assert len(await many.installations.workspaces()) == 2


async def test_a_token_that_was_only_replaced_is_no_farewell(many: Many, other: SlackSimulator) -> None:
    await other.event(REVOKED)
    await many.app.finish()
    assert other.team_id in await many.installations.workspaces()


async def test_news_of_leaving_that_come_after_the_return_are_old(many: Many, other: SlackSimulator) -> None:
    many.clock.advance(minutes=1)
    await many.install(other)
    payload = {
        "type": "event_callback", "team_id": "T0OTHER", "api_app_id": APP, "event_id": "Ev-late",
        "event": {"type": "app_uninstalled"}, "event_time": int(many.clock.now().timestamp()) - 30,
    }  # fmt: skip
    await many.slack.deliver("events_api", payload)
    await many.app.finish()
    assert "T0OTHER" in await many.installations.workspaces()


async def test_an_organisation_does_not_leave_with_one_of_its_workspaces(many: Many) -> None:
    many.slack.oauth.organisation, many.slack.oauth.whole = "E0ORG", True
    await many.install()
    payload = {
        "type": "event_callback", "team_id": "T0PART", "enterprise_id": "E0ORG", "api_app_id": APP,
        "event": {"type": "app_uninstalled"}, "event_time": int(many.clock.now().timestamp()), "event_id": "Ev-part",
    }  # fmt: skip
    await many.slack.deliver("events_api", payload)
    await many.app.finish()
    assert await many.installations.workspaces() == ["E0ORG"]
    many.slack.oauth.revoke(many.slack)
    await many.slack.deliver("events_api", payload | {"event_id": "Ev-whole"})
    await many.app.finish()
    assert await many.installations.workspaces() == []


async def test_tokens_go_even_when_their_key_is_lost(many: Many, other: SlackSimulator, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    lost = Many(many.sql, elsewhere, many.slack, many.clock)
    channel = other.channel()
    result = await lost.platform.send(outgoing(other, channel))
    assert isinstance(result, Retry)
    assert "encrypted with a key that is not in" in result.reason
    await lost.workspaces.check()
    event = {"team_id": "T0OTHER", "event": {"type": "app_uninstalled"}}
    assert await lost.workspaces.forget(event) == "T0OTHER"
    assert await many.installations.workspaces() == [many.slack.team_id]
    await lost.close()


# ---- rotation


@pytest.fixture
def rotating(many: Many) -> Many:
    many.slack.oauth.rotates = True
    return many


async def test_tokens_are_renewed_long_before_they_end(rotating: Many) -> None:
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


async def renewed_once(many: Many) -> None:
    """Lets the job that renews tokens do one round."""
    job = asyncio.create_task(many.app.keep_fresh())
    async with asyncio.timeout(5):
        while await many.installations.due_for_renewal(many.clock.now()):
            await asyncio.sleep(0.01)
    job.cancel()
    with suppress(asyncio.CancelledError):
        await job
    # What was begun goes on without the job.
    await asyncio.gather(*many.workspaces._renewals)


async def test_workers_do_not_spend_each_others_refresh_tokens(rotating: Many, tmp_path: Path) -> None:
    await rotating.install()
    workers = [Many(rotating.sql, tmp_path, rotating.slack, rotating.clock) for _ in range(3)]
    rotating.clock.advance(hours=7)
    await asyncio.gather(*(worker.workspaces.renew(rotating.slack.team_id) for worker in workers))
    assert rotating.slack.count("oauth.v2.access") == 2
    assert not rotating.slack.refusals
    for number, worker in enumerate(workers):
        channel = rotating.slack.channel()
        assert isinstance(await worker.platform.send(outgoing(rotating.slack, channel, f"key-{number}")), Sent)
        await worker.close()


async def test_a_token_that_ended_while_we_were_away_is_renewed_before_it_is_used(rotating: Many) -> None:
    await rotating.install()
    rotating.clock.advance(hours=30)
    assert isinstance(await rotating.platform.send(outgoing(rotating.slack, rotating.slack.channel())), Sent)
    assert not rotating.slack.refusals


async def test_a_token_that_slack_ends_early_is_renewed(rotating: Many) -> None:
    await rotating.install()
    (grant,) = rotating.slack.oauth.grants
    grant.tokens = dict.fromkeys(grant.tokens, 0.0)
    post = outgoing(rotating.slack, rotating.slack.channel())
    assert isinstance(await rotating.platform.send(post), Retry)
    assert isinstance(await rotating.platform.send(post), Sent)


async def test_another_workers_new_token_is_taken_up(rotating: Many, tmp_path: Path) -> None:
    await rotating.install()
    post = outgoing(rotating.slack, rotating.slack.channel())
    another = Many(rotating.sql, tmp_path, rotating.slack, rotating.clock)
    await another.platform.send(post)
    (grant,) = rotating.slack.oauth.grants
    grant.tokens = dict.fromkeys(grant.tokens, 0.0)
    assert await rotating.workspaces.renew(rotating.slack.team_id, expired=next(iter(grant.tokens)))
    assert isinstance(await another.platform.send(post), Retry)
    assert isinstance(await another.platform.send(post), Sent)
    assert rotating.slack.count("oauth.v2.access") == 2
    await another.close()


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.DROPPED, Fault.RATE_LIMITED, "internal_error"])
async def test_a_renewal_that_fails_in_passing_is_tried_again(rotating: Many, fault: Fault | str) -> None:
    await rotating.install()
    rotating.clock.advance(hours=7)
    rotating.slack.fail("oauth.v2.access", fault)
    assert await rotating.workspaces.renew(rotating.slack.team_id) is None
    assert "could not be renewed" in await rotating.workspaces.problem(rotating.slack.team_id)
    rotating.clock.advance(minutes=2)
    await renewed_once(rotating)
    assert await rotating.workspaces.problem(rotating.slack.team_id) == ""


async def test_a_renewal_that_slack_refuses_is_told_and_not_repeated_all_the_time(rotating: Many) -> None:
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


async def test_an_answer_that_brings_tokens_is_kept_though_we_are_stopped(rotating: Many) -> None:
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
async def shared(store: SqlStore, tmp_path: Path, slack: SlackSimulator, clock: SettableClock) -> AsyncIterator[Many]:
    """One of several processes, on each kind of database."""
    made = Many(store, tmp_path, slack, clock)
    async with made.over_http():
        yield made
    await made.close()


async def test_another_process_learns_of_installations_and_of_their_end(shared: Many, tmp_path: Path) -> None:
    another = Many(shared.sql, tmp_path, shared.slack, shared.clock, believed_for=0)
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


async def test_the_key_is_changed_without_a_pause(many: Many, other: SlackSimulator, tmp_path: Path) -> None:
    old, new = open_token_encryption("", tmp_path), "bmV3IGtleSBuZXcga2V5IG5ldyBrZXkgbmV3IGtleSA="
    assert old.origin.endswith("secret.key")
    both = f"{new},{(tmp_path / 'secret.key').read_text()}"
    installations = SqlInstallationStore(many.sql.database, open_token_encryption(both, tmp_path))
    assert await installations.encrypt_anew() == 2
    after = SqlInstallationStore(many.sql.database, open_token_encryption(new, tmp_path))
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


async def test_in_a_shared_channel_the_message_tells_whose_button_it_is(many: Many, other: SlackSimulator) -> None:
    channel = many.slack.channel()
    await many.say_in(many.slack, "subscribe diffusion", channel)
    pressed = other.acting("block_actions", "U0ADA") | {
        "container": {"type": "message", "message_ts": "1.1", "channel_id": channel.id, "is_ephemeral": False},
        "channel": {"id": channel.id, "name": "general"},
        "message": {"team": many.slack.team_id, "app_id": APP, "ts": "1.1"},
        "actions": [{"type": "button", "action_id": "paperround.run.1", "value": "topics", "action_ts": "1.0"}],
    }
    assert "diffusion" in words_of(await (await other.begin("interactive", pressed)).answer())


# ---- pace


def test_one_channel_that_waits_holds_up_nobody() -> None:
    pace = RateLimit()
    for number in range(CHANNELS - 1):
        pace.asked_to_wait(f"C{number}", 30)
        pace.asked_to_wait(f"C{number}", 30)
    assert pace.wait() == 0
    pace.asked_to_wait("C-last", 900)
    assert 29 < pace.wait() <= 30
    pace.taken()
    assert pace.wait() == 0


async def test_a_workspace_that_asks_to_wait_is_left_alone_and_the_others_are_not(
    many: Many, other: SlackSimulator
) -> None:
    many.slack.fail("chat.postMessage", *[Fault.RATE_LIMITED] * CHANNELS)
    for number in range(CHANNELS + 3):
        channel = many.slack.channel()
        result = await many.platform.send(outgoing(many.slack, channel, f"key-{number}"))
        assert isinstance(result, Retry)
        assert result.after
    assert many.slack.count("chat.postMessage") == CHANNELS
    assert isinstance(await many.platform.send(outgoing(other, other.channel())), Sent)
