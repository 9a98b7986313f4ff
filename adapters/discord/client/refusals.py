"""What Discord's refusals mean for a post.

Codes: https://docs.discord.com/developers/topics/opcodes-and-status-codes#json.
"""

from __future__ import annotations

import aiohttp
import discord

from adapters.discord.client.errors import BadResponseError, described
from adapters.discord.guilds.permissions import LACKS, PERMISSIONS_PLACE
from bot.platforms.outcomes import Gone, GoneScope, Rejected, Retry, SendResult, Unknown

UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
UNKNOWN_TAG = 10087
INVALID_FORM = 50035
THREAD_ARCHIVED = 50083
THREAD_EXISTS = 160004
TAG_REQUIRED = 40067
MISSING_ACCESS, MISSING_PERMISSIONS = 50001, 50013
#: No thread can be opened here, or not by us.
NO_THREADS_HERE = frozenset({MISSING_PERMISSIONS, 50024, 50068, 160006})

BANNED_WAIT = 600.0  # seconds
QUOTA_WAIT = 60.0
TOKEN_WAIT = 900.0

_LACKING = (
    f"{LACKS}a permission there. Give me “View Channel”, “Send Messages” (in threads “Send Messages in Threads”) and "
    f"“Embed Links” {PERMISSIONS_PLACE}."
)
TAG_MISSING = (
    "The forum wants a tag for every post, and it has none that I may use. Add one in the forum's settings, “Tags”, or "
    "give me “Manage Channels” there: then I add those of the topics."
)
THREAD_LOCKED = "The thread is locked. Unlock it, or move its topics to another channel."
_NO_MESSAGES = "Nobody can post messages in a channel of that kind. Move its topics to a text channel or a forum."
_GONE = {
    UNKNOWN_CHANNEL: "The channel was deleted.",
    MISSING_ACCESS: _LACKING,
    MISSING_PERMISSIONS: _LACKING,
    50008: _NO_MESSAGES,
    50024: _NO_MESSAGES,
    THREAD_ARCHIVED: "The thread is archived, and I may not open it again. Write something in it.",
    160005: THREAD_LOCKED,
    TAG_REQUIRED: TAG_MISSING,
}
_GONE_SERVER = {10004: "I am no longer in this server."}
#: AutoMod and the filter of harmful links: about the message, not about the channel.
_POLICY = frozenset({200000, 200001, 240000})
_QUOTA = frozenset({20016, 20028, 20029, 40062, 160006})


def outcome_of(error: BaseException, *, left: bool) -> SendResult:
    """What an exception out of `REQUEST_ERRORS` means; `left` says that it came from the request that posts."""
    match error:
        case BadResponseError() | aiohttp.ClientError() | OSError() if not left or isinstance(
            error, aiohttp.ClientConnectorError
        ):
            return Retry(f"Discord cannot be reached: {described(error)}")
        case BadResponseError() | aiohttp.ClientError() | OSError():
            return Unknown(f"no usable answer from Discord: {described(error)}")
        case discord.RateLimited():
            return Retry("Discord asks us to slow down", error.retry_after)
        case discord.LoginFailure():
            return Retry("Discord refuses the bot's token", TOKEN_WAIT)
        case discord.HTTPException():
            return _refusal(error)
        case _:
            return Unknown(f"discord.py failed: {described(error)}")


def _refusal(error: discord.HTTPException) -> SendResult:
    said = error.text[:200]
    if error.status == 429 and "Via" in error.response.headers:
        return Retry("Discord asks us to slow down", QUOTA_WAIT)
    if error.status == 429:
        return Retry("Discord takes no requests from this address for now", BANNED_WAIT)
    if error.status == 401:
        return Retry("Discord refuses the bot's token", TOKEN_WAIT)
    if error.status >= 500:
        return Retry(f"Discord has trouble: {error.status}")
    if error.code in _QUOTA:
        return Retry(f"Discord asks us to slow down: {said}", QUOTA_WAIT)
    if reason := _GONE.get(error.code):
        return Gone(reason)
    if reason := _GONE_SERVER.get(error.code):
        return Gone(reason, GoneScope.WORKSPACE)
    if error.status in (403, 404) and error.code not in _POLICY:
        return Gone(f"Discord does not let me post there: {said or error.status}")
    return Rejected(f"{error.status} {error.code}: {said}")
