"""What an answer of Slack, or the lack of one, means for a message.

Slack's codes: https://docs.slack.dev/reference/methods/chat.postMessage#errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, Unknown

#: What the network or Slack may do to a request. `AttributeError` and `ValueError` are how the client library fails on
#: an answer that is no JSON object, which a proxy in between may give.
ERRORS: Final = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError, AttributeError, ValueError)

Outcome = Retry | Unknown | Gone | Rejected


class PostponedError(ValueError):
    """A message was not sent yet, because what had to come before it has failed and may work later."""


_WAIT: Final = 900.0  # seconds, where Slack wants a longer pause and does not say which
_PAUSE: Final = 30.0  # seconds, where Slack wants a pause and does not say how long
_SECONDS: Final = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
#: The server began, and may or may not have done it.
_AMBIGUOUS: Final = frozenset(("fatal_error", "internal_error", "request_timeout", "service_unavailable"))
_LATER: Final = frozenset(("message_limit_exceeded", "rate_limited", "accesslimited", "team_added_to_org"))
_INVITE: Final = "Write /invite @Paper Round there."
_BETWEEN_PEOPLE: Final = "Apps cannot post in conversations between people. Say the same in a channel, or to me alone."
_CHANNEL_GONE: Final = {
    "channel_not_found": (
        f"Slack does not show me the channel: it was deleted, or is private and I am not in it. {_INVITE}"
    ),
    "not_in_channel": f"I am not a member of the channel. {_INVITE}",
    "is_archived": "The channel is archived.",
    "restricted_action": "The workspace's settings do not let me post there.",
    "restricted_action_read_only_channel": "Only some people may post there, and I am not one of them.",
    "restricted_action_thread_only_channel": "New messages are not allowed there, only replies.",
    "restricted_action_non_threadable_channel": "Replies are not allowed there.",
    "cannot_reply_to_message": "Slack does not allow replies to my message there.",
    "messages_tab_disabled": "The app's messages tab is switched off.",
    "channel_is_limited_access": "Access to the channel is limited.",
    "user_not_found": "That person is not in this workspace.",
}
_WORKSPACE_GONE: Final = {
    "invalid_auth": "Slack does not accept my token.",
    "not_authed": "I have no token for Slack.",
    "account_inactive": "The app was removed from this workspace, or its bot was deactivated.",
    "token_revoked": "The app was removed from this workspace, or its token was revoked.",
    "token_expired": "My token for Slack has expired.",
    "missing_scope": "The app lacks a permission. Whoever manages it should install it again from its manifest.",
    "no_permission": "The app may not post in this workspace.",
    "not_allowed_token_type": "My token is of a kind that cannot post. It should start with xoxb-.",
    "org_login_required": "The workspace is being moved to an organisation.",
    "ekm_access_denied": "The organisation's key management does not let me post.",
    "access_denied": "The workspace does not let the app in.",
    "team_access_not_granted": "The app was not given this workspace.",
}
_UNACCEPTABLE: Final = frozenset((
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "too_many_attachments",
    "markdown_text_conflict", "metadata_too_large", "invalid_metadata_format", "invalid_metadata_schema",
))  # fmt: skip

_POINTER: Final = re.compile(r"json-pointer:\\{0,2}/blocks\\{0,2}/(\d{1,3})\b")


def code_of(error: BaseException) -> str:
    """Slack's own word for what went wrong, empty where the answer has none."""
    data = getattr(getattr(error, "response", None), "data", None)
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def is_unacceptable(error: BaseException) -> bool:
    """Whether Slack dislikes the message itself: it was not posted, and another form of it might be."""
    return code_of(error) in _UNACCEPTABLE


def named_blocks(answer: object) -> frozenset[int]:
    """The numbers of the blocks that an answer of Slack names as the ones that it dislikes.

    It says so in words: `downloading image failed [json-pointer:/blocks/3/accessory/image_url]`.
    """
    return frozenset(int(number) for number in _POINTER.findall(str(answer)))


def refused_blocks(error: BaseException) -> frozenset[int]:
    """The numbers of the blocks for which Slack refused a message, as far as it says."""
    return named_blocks(getattr(getattr(error, "response", None), "data", ""))


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds that an answer asks to wait: whole ones from Slack, perhaps others from a proxy in between."""
    asked = str(headers.get("Retry-After", ""))
    return float(asked) if _SECONDS.fullmatch(asked) else _PAUSE


def outcome_of(error: BaseException) -> Outcome:
    """What one of `ERRORS` says about a message that was being posted."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return Retry(f"Slack cannot be reached: {error}")
    if isinstance(error, PostponedError):
        return Retry(str(error))
    if not isinstance(error, SlackApiError):
        return Unknown(f"no usable answer from Slack ({type(error).__name__})")
    code, status = code_of(error), _status_of(error)
    if status == 429 or code == "ratelimited":
        return Retry("Slack asks to wait.", max(1.0, retry_after(error.response.headers)))
    if status >= 500 or code in _AMBIGUOUS or not code:
        return Unknown(f"Slack is in trouble ({code or status})")
    if code in _LATER:
        return Retry(f"Slack asks to wait for long ({code}).", _WAIT)
    if code in _CHANNEL_GONE:
        return Gone(_CHANNEL_GONE[code])
    if code in _WORKSPACE_GONE:
        return Gone(_WORKSPACE_GONE[code], GoneScope.WORKSPACE)
    if code in _UNACCEPTABLE:
        return Rejected(f"Slack does not take the message ({code}).")
    # A code that we do not know is a refusal all the same: nothing was posted.
    return Retry(f"Slack refuses for now ({code}).")


def for_channel(outcome: Outcome, channel: str) -> Outcome:
    """The outcome with the advice that fits: nobody can invite an app to a conversation between two people."""
    if isinstance(outcome, Gone) and _INVITE in outcome.reason and channel.startswith(DIRECT_MESSAGE_PREFIX):
        return Gone(_BETWEEN_PEOPLE)
    return outcome


def _status_of(error: SlackApiError) -> int:
    # The library hands out its own response, or aiohttp's where the body was no JSON.
    response: Any = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
