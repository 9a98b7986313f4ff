"""Answering a person through a `response_url`: five uses within thirty minutes.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack import elements, limits
from adapters.slack.api import LIBRARY_LOG, NO_RETRIES, Connection, usable_proxy
from adapters.slack.elements import Json
from adapters.slack.outcomes import FAILURES
from adapters.slack.rendering import Payload, content_of, ever_plainer, render
from bot.ports import Reply

log = structlog.get_logger(__name__)

_TRIES: Final = 3
_PAUSE: Final = 1.0  # seconds before a second try, where Slack does not say
_LONGEST_PAUSE: Final = 60.0


@dataclass(slots=True)
class Uses:
    """How often a `response_url` may still be used. What may have arrived counts."""

    left: int = limits.RESPONSES


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an answer goes with. `replaceable` is a message that only the asker sees, `thread` the one the asker is in;
    the `trigger` opens a form within three seconds."""

    response_url: str
    trigger: str
    replaceable: bool = False
    thread: str | None = None
    uses: Uses = field(default_factory=Uses)


class Answers:
    """Gives the answers to commands and buttons."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def give(self, reply: Reply, occasion: Occasion) -> bool:
        """Answers, in several messages where one is too small; whether all of it was taken."""
        pages = render(reply.message)
        for number, page in enumerate(pages):
            if occasion.uses.left == 1 and page is not pages[-1]:
                page = _cut(page)
            # A message that others see is never replaced by an answer to one person.
            replaces = reply.replaces and occasion.replaceable and number == 0
            body = content_of(page) | {
                "response_type": "ephemeral" if reply.ephemeral else "in_channel",
                "replace_original": replaces,
            }
            if occasion.thread and not replaces:
                body["thread_ts"] = occasion.thread
            if not await self._deliver(ever_plainer(body), occasion, repeatable=reply.ephemeral):
                return False
        return True

    async def replace(self, payload: Payload, occasion: Occasion) -> bool:
        """Lets the message whose button was pressed say something else, to all who see it; whether that worked."""
        body = content_of(payload) | {"replace_original": True}
        return await self._deliver(ever_plainer(body), occasion, repeatable=True)

    async def _deliver(self, forms: Iterator[Json], occasion: Occasion, *, repeatable: bool) -> bool:
        """`repeatable` allows another try when nobody knows whether the first one arrived: at worst the asker alone
        sees it twice."""
        body = next(forms)
        for _ in range(_TRIES):
            if not occasion.uses.left:
                break
            status, pause, certain = await self._post(occasion.response_url, body)
            if not certain:
                occasion.uses.left -= 1
            if status == 200:
                return True
            if status == 400 and (plainer := next(forms, None)) is not None:
                body = plainer
                continue
            log.warning("slack.answer_failed", status=status)
            if 400 <= status < 500 and status != 429:
                return False
            if not (certain or repeatable):
                return False
            await asyncio.sleep(pause)
        return False

    async def _post(self, url: str, body: Json) -> tuple[int, float, bool]:
        """The status (0 without an answer), the seconds to wait, and whether it is certain that nothing arrived."""
        client = AsyncWebhookClient(
            url, session=self._connection.session, retry_handlers=NO_RETRIES, logger=LIBRARY_LOG
        )
        client.proxy = usable_proxy(url, client.proxy)
        try:
            answer = await client.send_dict(body)
        except aiohttp.ClientConnectorError:
            return 0, _PAUSE, True
        except FAILURES:
            return 0, _PAUSE, False
        asked = str(answer.headers.get("Retry-After", ""))
        pause = min(float(asked), _LONGEST_PAUSE) if asked.isdigit() else _PAUSE
        refused = answer.status_code == 200 and answer.body.replace(" ", "").startswith('{"ok":false')
        return 400 if refused else answer.status_code, pause, answer.status_code == 429


def _cut(page: Payload) -> Payload:
    """The last page that Slack takes of an answer that has more."""
    words = "… This is not all of it, but Slack takes no more of one answer."
    if any(
        element["type"] == "rich_text_preformatted" for block in page.blocks for element in block.get("elements", ())
    ):
        words += " Ask for less at a time, as with /papers bib week; the app's home has your whole reading list."
    return Payload(page.text, (*page.blocks[: limits.BLOCKS - 1], elements.context(words)))
