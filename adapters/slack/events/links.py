"""Links to papers that people post: a card below each (`chat.unfurl`).

https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained, is_unacceptable
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.events.deduplication import Deduplication
from adapters.slack.messages import block_kit
from adapters.slack.messages.rendering import render
from bot.messages.message import Message, PaperBlock
from bot.papers.ids import linked_paper_ids
from bot.platforms.cards import CardOf

log = structlog.get_logger(__name__)

#: A message with links to so many papers has no cards: a list of links is no request for a wall of them.
TOO_MANY_LINKS: Final = 3
#: A paper whose card was shown in a channel less than so long ago has no other one there.
SHOWN_FOR: Final = timedelta(minutes=30)


def _classic(blocks: Iterable[Json]) -> list[Json]:
    return block_kit.without_pictures(block_kit.classic(blocks))


#: A card from the richest form to the plainest, in workspaces that take new blocks and in those that do not.
_SIMPLER: Final = (list, block_kit.without_pictures, _classic, block_kit.as_sections)
_SIMPLER_CLASSIC: Final = (block_kit.classic, _classic, block_kit.as_sections)


class LinkEvents:
    """Shows cards below the links of one workspace."""

    def __init__(self, api: SlackApi, card_of: CardOf | None, deduplication: Deduplication) -> None:
        self._api = api
        self._card_of = card_of
        self._deduplication = deduplication

    async def handle(self, event: Json) -> None:
        """Shows what an event of the type `link_shared` asks for."""
        try:
            await self._unfurl(event)
        except ERRORS as error:
            log.warning("slack.event_failed", event_type="link_shared", code=code_of(error), error=str(error))

    async def shown(self, channel: str, message: Message) -> None:
        """Says that a message with cards is in a channel: their links need no other ones for a while."""
        for block in message.blocks:
            if isinstance(block, PaperBlock):
                await self._deduplication.claim(self._key(channel, block.paper_id), SHOWN_FOR)

    def _key(self, channel: str, paper_id: str) -> str:
        return f"slack card {self._api.workspace} {channel} {paper_id}"

    async def _unfurl(self, event: Json) -> None:
        """Shows a card for each link to a paper. What the link leads to is never fetched: its id says enough."""
        channel, links = str(event.get("channel") or ""), [link.get("url") or "" for link in event.get("links") or ()]
        if self._card_of is None or event.get("user") == (await self._api.identity()).user_id:
            return
        # In a conversation with the bot the answer to the message is the card.
        if len(linked_paper_ids("\n".join(links))) >= TOO_MANY_LINKS or channel.startswith(DIRECT_MESSAGE_PREFIX):
            return
        # What somebody still writes has a preview, which is none that the channel sees.
        composing = event.get("source") == "composer"
        cards: dict[str, list[Json]] = {}
        claimed: dict[str, str] = {}
        for url in links:
            card = await self._card_of(url)
            # A paper's page and its PDF in one message are one paper.
            if card is None or card.paper_id in claimed.values():
                continue
            if composing or await self._deduplication.claim(self._key(channel, card.paper_id), SHOWN_FOR):
                claimed[url] = card.paper_id
                (page,) = render(Message(summary=card.title, blocks=(card,)))
                cards[url] = list(page.blocks)
        shown = await self._show_each(_place_of(event), cards) if cards else frozenset()
        for url in cards.keys() - shown:
            if not composing:
                await self._deduplication.release(self._key(channel, claimed[url]))

    async def _show_each(self, place: Json, cards: Mapping[str, list[Json]]) -> frozenset[str]:
        """The addresses whose cards Slack shows: all of them, or those in which it finds no fault."""
        outcome = await self._show(place, cards)
        if outcome is not None or len(cards) == 1:
            return frozenset(cards) if outcome else frozenset()
        # One of the links may be the trouble. Every request says again what was taken, so that it stays.
        taken: dict[str, list[Json]] = {}
        for url, blocks in cards.items():
            if await self._show(place, taken | {url: blocks}):
                taken[url] = blocks
        return frozenset(taken)

    async def _show(self, place: Json, cards: Mapping[str, list[Json]]) -> bool | None:
        """Shows the cards in the richest form that Slack takes; whether it did, None if it might take some of them."""
        for simpler in _SIMPLER if self._api.new_blocks_in_links.welcome else _SIMPLER_CLASSIC:
            unfurls = {url: {"blocks": simpler(card)} for url, card in cards.items()}
            try:
                await self._api.connection.retries.ask(
                    partial(self._api.client.api_call, "chat.unfurl", json={**place, "unfurls": unfurls})
                )
            except ERRORS as error:
                log.warning("slack.not_unfurled", code=code_of(error), reason=explained(error))
                if not is_unacceptable(error):
                    return False
            else:
                if simpler is _classic and any(block_kit.is_new(block) for card in cards.values() for block in card):
                    self._api.new_blocks_in_links.refused()
                return True
        return None


def _place_of(event: Json) -> Json:
    if event.get("unfurl_id") and event.get("source"):
        return {"unfurl_id": event["unfurl_id"], "source": event["source"]}
    return {"channel": event["channel"], "ts": event["message_ts"]}
