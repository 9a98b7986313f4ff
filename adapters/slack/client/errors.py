"""What an answer of Slack, or the lack of one, means for a message. The codes are in `error_codes`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.client.error_codes import ERROR_CODES, INVITE, OF_TOKEN
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX
from bot.errors import MALFORMED
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, Unknown
from bot.platforms.refusals import About, Then

#: What the network or Slack may do to a request. An answer that is of another shape than it should be ends in one of
#: `MALFORMED`, in the client library or here.
ERRORS: Final = (SlackApiError, aiohttp.ClientError, TimeoutError, OSError, *MALFORMED)

Outcome = Retry | Unknown | Gone | Rejected


class PostponedError(ValueError):
    """A message was not sent yet, because what had to come before it has failed and may work later."""


_PAUSE: Final = 30.0  # seconds, where Slack wants a pause and does not say how long
_SECONDS: Final = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_BETWEEN_PEOPLE: Final = "Apps cannot post in conversations between people. Say the same in a channel, or to me alone."
_TROUBLE: Final = "Slack is in trouble."
#: What stands before Slack gave up waiting for it: what it was asked for may still be done.
_GATEWAY_TIMEOUTS: Final = frozenset((504, 524))
_SCOPES: Final = {
    About.THREAD: GoneScope.THREAD,
    About.CHANNEL: GoneScope.CHANNEL,
    About.WORKSPACE: GoneScope.WORKSPACE,
}
_POINTER: Final = re.compile(r"json-pointer:\\{0,2}/blocks\\{0,2}/(\d{1,3})\b")


def code_of(error: BaseException) -> str:
    """Slack's own word for what went wrong, empty where the answer has none."""
    data = getattr(getattr(error, "response", None), "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    return code if isinstance(code, str) else ""


def is_of_token(error: BaseException) -> bool:
    """Whether Slack refuses the token itself, whatever it is used for."""
    return code_of(error) in OF_TOKEN


def is_unacceptable(error: BaseException) -> bool:
    """Whether Slack dislikes the message itself: it was not posted, and another form of it might be."""
    known = ERROR_CODES.get(code_of(error))
    return known is not None and known.about is About.MESSAGE and known.then is Then.OTHERWISE


def is_refused(error: BaseException) -> bool:
    """Whether Slack has refused a request with a word of its own, and will go on to: waiting does not help."""
    known = ERROR_CODES.get(code_of(error))
    return known is not None and known.then is not Then.LATER


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


def is_rate_limited(error: BaseException) -> bool:
    """Whether one of `ERRORS` says that there were too many requests lately."""
    return isinstance(error, SlackApiError) and (_status_of(error) == 429 or code_of(error) == "ratelimited")


def retry_after_of(error: BaseException) -> float:
    """The seconds that a refusal asks to wait for which `is_rate_limited` is true."""
    return max(1.0, retry_after(getattr(getattr(error, "response", None), "headers", {})))


def outcome_of(error: BaseException) -> Outcome:
    """What one of `ERRORS` says about a message that was being posted.

    Pages of a proxy, empty bodies and codes that we do not know are about us, and pass.
    """
    if isinstance(error, aiohttp.ClientConnectorError):
        return Retry("Slack cannot be reached.", detail=str(error))
    if isinstance(error, PostponedError):
        return Retry(str(error))
    if not isinstance(error, SlackApiError):
        late = isinstance(error, TimeoutError)
        return Unknown("No usable answer came from Slack.", late=late, detail=_without_address(error)[:200])
    code, status = code_of(error), _status_of(error)
    if is_rate_limited(error):
        return Retry("Slack asks to wait.", retry_after_of(error), detail=code or str(status))
    if status >= 500 or not code:
        return Unknown(_TROUBLE, late=status in _GATEWAY_TIMEOUTS, detail=code or f"HTTP {status}")
    return _outcome_of_code(code)


def _without_address(error: BaseException) -> str:
    """The error in words. The addresses that aiohttp names may be secret: that of a socket lets whoever knows it in."""
    name = type(error).__name__
    if isinstance(error, aiohttp.ClientResponseError):
        return f"{name}: {error.status} {error.message}"
    return name if isinstance(error, aiohttp.InvalidURL) else f"{name}: {error}"


def explained(error: BaseException) -> str:
    """What one of `ERRORS` says, for a log."""
    outcome = outcome_of(error)
    return f"{outcome.reason} ({outcome.detail})" if outcome.detail else outcome.reason


def _outcome_of_code(code: str) -> Outcome:
    known = ERROR_CODES.get(code)
    if known is None or (known.about is About.US and known.then is not Then.LATER):
        # It was refused all the same: nothing was posted.
        return Retry("Slack refuses for a reason that it does not explain.", known=False, detail=code)
    if known.unclear:
        return Unknown(_TROUBLE, detail=code)
    if known.then is Then.LATER:
        long = known.wait is not None
        return Retry("Slack asks to wait for long." if long else _TROUBLE, known.wait, detail=code)
    if known.about is About.MESSAGE:
        return Rejected("Slack does not take the message.", detail=code)
    return Gone(known.words, _SCOPES[known.about], detail=code)


def for_place(outcome: Outcome, channel: str, thread: str | None) -> Outcome:
    """The outcome with what it means there: nobody can invite an app to a conversation between two people, and what is
    said about threads of a message that is in none is about the channel."""
    if not isinstance(outcome, Gone):
        return outcome
    if outcome.scope is GoneScope.THREAD and thread is None:
        return Gone(outcome.reason, GoneScope.CHANNEL, detail=outcome.detail)
    if INVITE in outcome.reason and channel.startswith(DIRECT_MESSAGE_PREFIX):
        return Gone(_BETWEEN_PEOPLE, outcome.scope, detail=outcome.detail)
    return outcome


def _status_of(error: SlackApiError) -> int:
    # The library hands out its own response, or aiohttp's where the body was no JSON.
    response: Any = error.response
    return int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
