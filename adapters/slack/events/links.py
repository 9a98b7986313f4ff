"""Links to papers that people post: a card below each (`chat.unfurl`).

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained, is_unacceptable
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.messages import block_kit
from adapters.slack.messages.rendering import render
from bot.messages.message import Message, PaperBlock

log = structlog.get_logger(__name__)

LINKS_AT_ONCE: Final = 5  # cards below one message; a list of links is no request for a wall of cards
#: What Slack says of cards that it would show in another form, or without one of them.
_UNSHOWABLE: Final = frozenset((
    "cannot_unfurl_url", "cannot_parse_attachment", "invalid_attachments", "invalid_unfurls", "invalid_unfurls_format",
))  # fmt: skip

#: The card of the paper that an address leads to, None for an address that leads to none we know.
CardOf = Callable[[str], Awaitable[PaperBlock | None]]


class LinkEvents:
    """Shows cards below the links of one workspace."""

    def __init__(self, api: SlackApi, card_of: CardOf | None) -> None:
        self._api = api
        self._card_of = card_of

    async def handle(self, event: Json) -> None:
        """Shows what an event of the type `link_shared` asks for."""
        try:
            await self._unfurl(event)
        except ERRORS as error:
            log.warning("slack.event_failed", event_type="link_shared", code=code_of(error), error=str(error))

    async def _unfurl(self, event: Json) -> None:
        """Shows a card for each link to a paper. What the link leads to is never fetched: its id says enough."""
        if self._card_of is None or event.get("user") == (await self._api.identity()).user_id:
            return
        cards: dict[str, list[Json]] = {}
        shown: set[str] = set()
        for url in [link.get("url") or "" for link in event.get("links") or ()][:LINKS_AT_ONCE]:
            card = await self._card_of(url)
            # A paper's page and its PDF in one message are one paper.
            if card is not None and card.paper_id not in shown:
                shown.add(card.paper_id)
                (page,) = render(Message(summary=card.title, blocks=(card,)))
                cards[url] = list(page.blocks)
        if not cards:
            return
        place = (
            {"unfurl_id": event["unfurl_id"], "source": event["source"]}
            if event.get("unfurl_id") and event.get("source")
            else {"channel": event["channel"], "ts": event["message_ts"]}
        )
        if await self._show(place, cards) or len(cards) == 1:
            return
        # One of the links may be the trouble. Every request says again what was taken, so that it stays.
        taken: dict[str, list[Json]] = {}
        for url, blocks in cards.items():
            if await self._show(place, taken | {url: blocks}):
                taken[url] = blocks

    async def _show(self, place: Json, cards: Mapping[str, list[Json]]) -> bool:
        """Shows the cards in the richest form that Slack takes; False if it takes none, but might take some of them."""
        for simpler in (list, block_kit.without_pictures, block_kit.flat):
            unfurls = {url: {"blocks": simpler(card)} for url, card in cards.items()}
            try:
                await self._api.connection.retries.ask(
                    partial(self._api.client.api_call, "chat.unfurl", json={**place, "unfurls": unfurls})
                )
            except ERRORS as error:
                log.warning("slack.not_unfurled", code=code_of(error), reason=explained(error))
                if not (is_unacceptable(error) or code_of(error) in _UNSHOWABLE):
                    return True
            else:
                return True
        return False
