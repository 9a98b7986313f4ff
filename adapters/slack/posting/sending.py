"""Posting a message to a conversation, in the form that Slack takes."""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog
from slack_sdk.errors import SlackApiError

from adapters.slack.client.errors import ERRORS, PostponedError, code_of, is_unacceptable, outcome_of, refused_blocks
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.messages.rendering import content_of, render, with_channel_name
from adapters.slack.messages.variants import Variants
from bot.messages.message import Message
from bot.platforms.outcomes import Retry, Unknown

log = structlog.get_logger(__name__)

_EPHEMERAL_ARGUMENTS: Final = ("channel", "user", "text", "blocks", "thread_ts", "mrkdwn")


async def post(api: SlackApi, arguments: Json) -> str:
    """Posts once and returns the message's id; raises one of `errors.ERRORS`.

    Only what Slack has certainly refused is asked again, in another way: after joining a public channel, or without
    the pictures and blocks that it does not take.
    """
    variants = Variants(arguments, api.new_blocks)
    while True:
        try:
            ts = await _post_variant(api, variants.form)
        except ERRORS as error:
            if not is_unacceptable(error):
                raise
            log.warning("slack.message_refused", channel=arguments["channel"], code=code_of(error))
            if not variants.refused(refused_blocks(error)):
                raise
        else:
            variants.taken()
            return ts


async def say(
    api: SlackApi, channel: str, message: Message, *, thread: str = "", about: str = "", only: str = ""
) -> None:
    """Says something at once, without the outbox; raises one of `errors.ERRORS`.

    `channel` may be a person, `thread` the message that is answered, and `about` the channel that it is about. With
    `only` nobody but that person sees it.
    """
    place = {"channel": channel} | ({"thread_ts": thread} if thread else {})
    for page in render(message):
        arguments = (
            place | content_of(with_channel_name(page, about) if about else page) | ({"user": only} if only else {})
        )
        # People wait for it: it goes at once, and digests make room.
        api.pace.turn(api.connection.monotonic(), urgent=True)
        await api.connection.retries.ask(partial(post, api, arguments))


async def _post_variant(api: SlackApi, form: Json) -> str:
    try:
        return await _post_once(api, form)
    except SlackApiError as error:
        if code_of(error) != "not_in_channel":
            raise
        await _join(api, form["channel"], error)
        return await _post_once(api, form)


async def _post_once(api: SlackApi, form: Json) -> str:
    if "user" in form:
        content = {name: value for name, value in form.items() if name in _EPHEMERAL_ARGUMENTS}
        answer = await api.client.chat_postEphemeral(**content)
        return str(answer.get("message_ts") or "")
    # `chat_postMessage` would look through our plain blocks for its own kinds of them, at each message.
    answer = await api.client.api_call("chat.postMessage", json=form)
    if not answer.get("ts"):
        raise ValueError("Slack does not say which message it is")
    return str(answer["ts"])


async def _join(api: SlackApi, channel: str, refusal: SlackApiError) -> None:
    """Joins a public channel, whose `refusal` counts where we may not. What passes does not close a channel to us."""
    try:
        await api.join(channel)
    except ERRORS as error:
        outcome = outcome_of(error)
        log.info("slack.not_joined", channel=channel, reason=outcome.reason)
        if isinstance(outcome, Retry) and outcome.after is not None:
            raise
        if isinstance(outcome, Unknown) or not code_of(error):
            raise PostponedError(outcome.reason) from error
        raise refusal from error
