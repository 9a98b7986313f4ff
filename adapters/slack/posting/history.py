"""Looking in a channel's history, or in a thread, for a message of ours whose answer got lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog
from slack_sdk.errors import SlackApiError

from adapters.slack.client.errors import code_of, outcome_of
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.posting.metadata import key_of
from bot.platforms.outcomes import HistoryWindow, LookUp, LookUpResult, Outgoing, Partly, Retry, Sent

log = structlog.get_logger(__name__)

#: Clocks may be so far apart, and a message may come so long after its request. What differs more is measured.
MARGIN: Final = timedelta(minutes=15)
#: What one request may ask for where Slack limits histories. Nobody tells whether it does, and few messages are as new
#: as ours.
PAGE: Final = 15
#: Pages of one look-up where Slack lets us read on at once.
PAGES_AT_ONCE: Final = 10
_BEGIN_ANEW: Final = 1.0  # seconds


async def find_message(api: SlackApi, outgoing: Outgoing, window: HistoryWindow) -> LookUpResult:
    """Whether the message with that key is there, as far as can be read now; raises one of `errors.ERRORS`.

    The newest come first. Where Slack allows a request a minute, what was read is not read again: `Partly` says from
    where on. One pace is kept for the whole workspace.
    """
    method = "conversations.replies" if outgoing.reply_to else "conversations.history"
    pace, cursor = api.history_pace(method), window.cursor
    for _ in range(PAGES_AT_ONCE):
        if wait := pace.wait(outgoing.key):
            return Partly(cursor, wait)
        try:
            page = await _page(api, outgoing, window, cursor)
        except SlackApiError as error:
            if code_of(error) == "invalid_cursor" and cursor:
                return Partly("", _BEGIN_ANEW)
            outcome = outcome_of(error)
            if not isinstance(outcome, Retry) or outcome.after is None:
                raise
            pace.limited(outcome.after)
            log.info("slack.history_limited", method=method, seconds=outcome.after)
            return Partly(cursor, pace.wait(outgoing.key))
        for message in page["messages"]:
            if key_of(message) == outgoing.key:
                return Sent(str(message["ts"]))
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return LookUp.MISSING
    return Partly(cursor, _BEGIN_ANEW)


async def _page(api: SlackApi, outgoing: Outgoing, window: HistoryWindow, cursor: str) -> Json:
    # The window is in our time, and Slack's is another.
    ahead = api.connection.clock_ahead
    asked: dict[str, Any] = {
        "channel": outgoing.address.channel,
        "oldest": f"{(window.since + ahead - MARGIN).timestamp():.6f}",
        "latest": f"{(window.until + ahead + MARGIN).timestamp():.6f}",
        "inclusive": True,
        "limit": PAGE,
        # Without it Slack leaves out the metadata's payload, and nothing would ever be found.
        "include_all_metadata": True,
        "cursor": cursor or None,
    }
    if outgoing.reply_to:
        answer = await api.client.conversations_replies(ts=outgoing.reply_to, **asked)
    else:
        answer = await api.client.conversations_history(**asked)
    page = answer.data
    if not isinstance(page, dict) or not isinstance(page.get("messages"), list):
        # It says nothing about what is there.
        raise ValueError("Slack's answer is no page of messages")
    return page
