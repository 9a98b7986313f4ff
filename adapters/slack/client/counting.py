"""The library's client of the Web API, with its requests counted: what they are for, and what came of them."""

from __future__ import annotations

import time
from typing import Any, Final

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from adapters.slack.client.errors import code_of, is_rate_limited
from bot.channels.channel import PlatformName
from bot.metrics import Metrics, Requested

#: What methods are for, by how they begin; the others ask who somebody is and what there is.
_OPERATIONS: Final = {
    "chat.post": "post",
    "chat.": "change",
    "views.": "form",
    "apps.": "connect",
    "auth.": "connect",
    "oauth.": "connect",
}


def operation_of(method: str) -> str:
    """What a method of the Web API is for, in one of few words."""
    return next((operation for beginning, operation in _OPERATIONS.items() if method.startswith(beginning)), "read")


def _requested(error: SlackApiError) -> Requested:
    """What came of a request that Slack answered without doing it."""
    if is_rate_limited(error):
        return Requested.LIMITED
    return Requested.REFUSED if code_of(error) else Requested.FAILED


class CountingClient(AsyncWebClient):
    """The library's client, whose requests are counted."""

    def __init__(self, metrics: Metrics, **how: Any) -> None:
        super().__init__(**how)
        self._metrics = metrics

    async def api_call(self, api_method: str, **what: Any) -> AsyncSlackResponse:
        started, result = time.monotonic(), Requested.NONE
        try:
            answer = await super().api_call(api_method, **what)
            result = Requested.OK
        except SlackApiError as error:
            result = _requested(error)
            raise
        finally:
            seconds = time.monotonic() - started
            self._metrics.request(PlatformName.SLACK, operation_of(api_method), result, seconds)
        return answer
