"""What Slack's answers mean: every documented code has a class, and only what a refusal is about is stopped."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from adapters.slack.client.error_codes import ERROR_CODES, ErrorCode
from adapters.slack.client.errors import Outcome, explained, for_place, outcome_of
from adapters.slack.platform import SlackPlatform
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, Sent, Unknown
from bot.platforms.refusals import About, Then
from tests.adapters.slack.client.documented_errors import COMMON, OF_METHODS
from tests.adapters.slack.test_platform import outgoing
from tests.simulators.slack import Fault, SlackSimulator


def test_every_documented_code_has_a_class() -> None:
    documented = {*COMMON, *(code for codes in OF_METHODS.values() for code in codes)}
    assert not documented - ERROR_CODES.keys()


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_a_class_says_what_to_do(code: str) -> None:
    known = ERROR_CODES[code]
    needs_words = known.about in (About.THREAD, About.CHANNEL, About.WORKSPACE) and known.then is not Then.LATER
    assert bool(known.words) is needs_words
    assert "_" not in known.words
    assert not known.unclear or known.then is Then.LATER


def expected(known: ErrorCode) -> type:
    if known.unclear:
        return Unknown
    if known.then is Then.LATER or known.about is About.US:
        return Retry
    return Rejected if known.about is About.MESSAGE else Gone


@pytest.mark.parametrize("code", sorted({*COMMON, *OF_METHODS["chat.postMessage"]} - {"not_in_channel"}))
async def test_a_post_that_is_refused_stops_only_what_it_is_about(
    slack: SlackSimulator, platform: SlackPlatform, code: str
) -> None:
    channel = slack.channel()
    slack.fail("chat.postMessage", *[code] * 4)
    result = await platform.send(outgoing(channel))
    known = ERROR_CODES[code]
    assert isinstance(result, expected(known)), result
    if isinstance(result, Gone):
        # A thread is none of the business of a message that is in none: then it is the channel.
        scope = GoneScope.WORKSPACE if known.about is About.WORKSPACE else GoneScope.CHANNEL
        assert result.scope is scope
    assert not isinstance(result, Sent)
    assert code not in result.reason


def test_a_thread_that_is_gone_is_no_channel_that_is_gone() -> None:
    gone = Gone("The thread is locked.", GoneScope.THREAD)
    assert for_place(gone, "C1", "1.1") == gone
    for_head = for_place(gone, "C1", None)
    assert isinstance(for_head, Gone)
    assert for_head.scope is GoneScope.CHANNEL


@pytest.mark.parametrize(
    "code", ["cannot_reply_to_message", "restricted_action_thread_locked", "restricted_action_non_threadable_channel"]
)
async def test_a_reply_that_a_thread_refuses_leaves_the_channel_alone(
    slack: SlackSimulator, platform: SlackPlatform, code: str
) -> None:
    channel = slack.channel()
    head = await platform.send(outgoing(channel, key="key-0"))
    assert isinstance(head, Sent)
    slack.fail("chat.postMessage", code)
    result = await platform.send(outgoing(channel, reply_to=head.remote_id))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.THREAD


@pytest.mark.parametrize("code", ["no_permission", "access_denied", "restricted_action", "is_archived"])
async def test_a_channel_that_refuses_stops_no_other(slack: SlackSimulator, platform: SlackPlatform, code: str) -> None:
    refusing, other = slack.channel("refusing"), slack.channel("other")
    refusing.refuses = code
    result = await platform.send(outgoing(refusing))
    assert isinstance(result, Gone)
    assert result.scope is GoneScope.CHANNEL
    assert isinstance(await platform.send(outgoing(other)), Sent)


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault.PAGE_403, Unknown), (Fault.PAGE_404, Unknown), (Fault.ERROR_500, Unknown), (Fault.EMPTY, Unknown),
        (Fault.ARRAY, Unknown), (Fault.GARBAGE, Unknown), (Fault.PAGE_429, Retry), ("never_heard_of_it", Retry),
    ],
)  # fmt: skip
async def test_pages_empty_bodies_and_unknown_codes_are_about_us_and_pass(
    slack: SlackSimulator, platform: SlackPlatform, fault: Fault | str, outcome: type
) -> None:
    slack.fail("chat.postMessage", fault)
    result = await platform.send(outgoing(slack.channel()))
    assert isinstance(result, outcome), result
    assert not isinstance(result, Sent)
    assert "html" not in result.reason.lower()
    assert "never_heard" not in result.reason
    if isinstance(fault, str):
        assert isinstance(result, Retry)
        assert not result.known
        assert result.detail == fault


@pytest.mark.impatient
async def test_a_message_that_nobody_confirmed_in_time_may_still_come(
    slack: SlackSimulator, platform: SlackPlatform
) -> None:
    slack.fail("chat.postMessage", Fault.HANG)
    result = await platform.send(outgoing(slack.channel()))
    assert isinstance(result, Unknown)
    assert result.late


def test_what_is_no_answer_of_slack_says_so_without_a_code() -> None:
    outcome: Outcome = outcome_of(ValueError("Expecting value: line 1"))
    assert isinstance(outcome, Unknown)
    assert "Expecting" not in outcome.reason


async def test_the_address_of_a_socket_which_lets_in_whoever_knows_it_is_in_no_log() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=403)

    site = web.Application()
    site.router.add_get("/link", refuse)
    async with TestServer(site) as server, aiohttp.ClientSession() as session:
        for address in (server.make_url("/link?ticket=secret"), "ws://127.0.0.1:99999/?ticket=secret"):
            with pytest.raises(aiohttp.ClientError) as refused:
                await session.ws_connect(address)
            assert "secret" not in explained(refused.value)
    assert "InvalidUrl" in explained(refused.value)
