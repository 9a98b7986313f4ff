"""Answering a person through a `response_url`: five uses within thirty minutes.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp
import structlog
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.slack.client.connection import LIBRARY_LOG, NO_RETRIES, Connection, usable_proxy
from adapters.slack.client.errors import ERRORS, explained, named_blocks, retry_after
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.messages import block_kit, limits
from adapters.slack.messages.rendering import (
    Payload,
    content_of,
    render,
    render_one,
    with_channel_name,
)
from adapters.slack.messages.variants import Variants
from adapters.slack.posting.sending import post
from bot.channels.channel import PlatformName
from bot.messages.message import Message, PaperBlock
from bot.metrics import requested_by
from bot.platforms.command_calls import Reply

log = structlog.get_logger(__name__)

_TRIES: Final = 3
_FEW_PAPERS: Final = 15
_PAUSE: Final = 1.0  # seconds before a second try
#: Whoever presses next waits for a message that everybody sees.
_REPLACED_WITHIN: Final = 60.0  # seconds


@dataclass(slots=True)
class RemainingUses:
    """How often a `response_url` may still be used. What may have arrived counts."""

    left: int = limits.RESPONSES


@dataclass(frozen=True, slots=True)
class ReplyTarget:
    """What an answer goes with. `replaceable` is a message that only the asker sees, `thread` the one the asker is in;
    the `trigger` opens a form within three seconds. `channel` and `person` are where and who asks."""

    response_url: str
    trigger: str
    replaceable: bool = False
    thread: str | None = None
    channel: str = ""
    person: str = ""
    uses: RemainingUses = field(default_factory=RemainingUses)
    until: float = field(default_factory=lambda: time.monotonic() + limits.RESPONSE_LIFE)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one use: the status (0 without an answer), whether it is `certain` that nothing arrived, the
    seconds to wait, and the blocks that Slack named when it refused them."""

    status: int
    certain: bool = False
    pause: float = _PAUSE
    named: frozenset[int] = frozenset()


class Replies:
    """Gives the answers to commands and buttons."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def give(self, reply: Reply, target: ReplyTarget, api: SlackApi | None = None) -> bool:
        """Replies, in several messages where one is too small; whether all of it was taken.

        Where the `response_url` fails, the Web API is the second way, as far as `api` is known.
        """
        pages = _pages_of(reply.message)
        for number, page in enumerate(pages):
            if target.uses.left == 1 and page is not pages[-1]:
                page = _cut(page)
            # A message that others see is never replaced by an answer to one person.
            replaces = reply.replaces and target.replaceable and number == 0
            body = content_of(page) | {
                "response_type": "ephemeral" if reply.ephemeral else "in_channel",
                "replace_original": replaces,
            }
            if target.thread and not replaces:
                body["thread_ts"] = target.thread
            variants = Variants(body, api.new_blocks if api else None)
            if not await self._deliver(variants, target, target.until, repeatable=reply.ephemeral):
                return api is not None and await self._post_instead(api, pages[number:], reply, target)
        return True

    async def _post_instead(self, api: SlackApi, pages: Sequence[Payload], reply: Reply, target: ReplyTarget) -> bool:
        """Says the rest in the channel, to the person alone, or else in their conversation with us."""
        if not (target.channel and target.person) or not reply.ephemeral:
            return False
        place = {"channel": target.channel, "user": target.person}
        place |= {"thread_ts": target.thread} if target.thread else {}
        for number, page in enumerate(pages):
            try:
                await api.connection.retries.ask(partial(post, api, place | content_of(page)))
            except ERRORS as error:
                log.warning("slack.answer_failed", channel=target.channel, reason=explained(error))
                return await self._tell_instead(api, pages[number:], target)
        log.info("slack.answered_otherwise", channel=target.channel)
        return True

    async def _tell_instead(self, api: SlackApi, pages: Sequence[Payload], target: ReplyTarget) -> bool:
        try:
            for page in pages:
                arguments = {"channel": target.person} | content_of(with_channel_name(page, target.channel))
                await api.connection.retries.ask(partial(post, api, arguments))
        except ERRORS as error:
            log.warning("slack.answer_lost", person=target.person, reason=explained(error))
            return False
        return True

    async def replace(self, payload: Payload, target: ReplyTarget, api: SlackApi) -> bool:
        """Lets the message whose button was pressed say something else, to all who see it; whether that worked.

        What Slack does not take with its buttons is left as it is.
        """
        body = content_of(payload) | {"replace_original": True}
        until = min(target.until, time.monotonic() + _REPLACED_WITHIN)
        variants = Variants(body, api.new_blocks, text_alone=False)
        return await self._deliver(variants, target, until, repeatable=True)

    async def _deliver(self, variants: Variants, target: ReplyTarget, until: float, *, repeatable: bool) -> bool:
        """`repeatable` allows another try when nobody knows whether the first one arrived: at worst the asker alone
        sees it twice. Where Slack asks to wait it is waited for, as long as that ends before `until`."""
        failures = 0
        while target.uses.left:
            outcome = await self._post(target.response_url, variants.form)
            if not outcome.certain:
                target.uses.left -= 1
            if 200 <= outcome.status < 300:
                variants.taken()
                return True
            if outcome.status == 400 and variants.refused(outcome.named):
                continue
            log.warning("slack.answer_failed", status=outcome.status)
            if outcome.status != 429:
                failures += 1
                refused = 400 <= outcome.status < 500
                if refused or failures == _TRIES or not (outcome.certain or repeatable):
                    return False
            if time.monotonic() + outcome.pause > until:
                return False
            await self._connection.retries.wait(outcome.pause)
        return False

    async def _post(self, url: str, body: Json) -> _Outcome:
        started = time.monotonic()
        outcome = await self._post_once(url, body)
        self._connection.metrics.request(
            PlatformName.SLACK, "respond", requested_by(outcome.status), time.monotonic() - started
        )
        return outcome

    async def _post_once(self, url: str, body: Json) -> _Outcome:
        client = AsyncWebhookClient(
            url, session=self._connection.session, retry_handlers=NO_RETRIES, logger=LIBRARY_LOG
        )
        client.proxy = usable_proxy(url, client.proxy)
        try:
            answer = await client.send_dict(body)
        except aiohttp.ClientConnectorError:
            return _Outcome(0, certain=True)
        except ERRORS:
            return _Outcome(0)
        if answer.status_code == 429:
            return _Outcome(429, certain=True, pause=retry_after(answer.headers))
        refused = answer.status_code == 200 and answer.body.replace(" ", "").startswith('{"ok":false')
        return _Outcome(400 if refused else answer.status_code, named=named_blocks(answer.body))


def _pages_of(message: Message) -> list[Payload]:
    """The message: one of Slack's, with less about each paper, where only few papers are in the way of that."""
    pages = render(message)
    papers = sum(isinstance(block, PaperBlock) for block in message.blocks)
    if len(pages) > 1 and 0 < papers <= _FEW_PAPERS and (page := render_one(message)) is not None:
        return [page]
    return pages


def _cut(page: Payload) -> Payload:
    """The last page that Slack takes of an answer that has more."""
    words = "… This is not all of it, but Slack takes no more of one answer."
    if any(
        element["type"] == "rich_text_preformatted" for block in page.blocks for element in block.get("elements", ())
    ):
        words += " Ask for less at a time, as with /papers bib week; the app's home has your whole reading list."
    return Payload(page.text, (*page.blocks[: limits.BLOCKS - 1], block_kit.context(words)))
