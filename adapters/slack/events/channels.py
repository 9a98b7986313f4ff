"""What happens around the bot in Slack: channels close, move and reopen, and people post links to papers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

import structlog

from adapters.slack.client.errors import FAILURES, code_of, is_unacceptable, outcome_of
from adapters.slack.client.web_api import SlackApi
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.messages import block_kit
from adapters.slack.messages.block_kit import Json
from adapters.slack.messages.rendering import render
from adapters.slack.messages.sending import say
from bot.channels.channel import Address
from bot.messages.message import Message, PaperBlock

log = structlog.get_logger(__name__)

LINKS_AT_ONCE: Final = 5  # cards below one message; a list of links is no request for a wall of cards

_REMOVED: Final = "I was removed from the channel. Write /invite @Paper Round there to go on."
#: Why a channel is lost, by the type of the event that says so.
_LOST: Final[Mapping[str, str]] = MappingProxyType({
    "channel_archive": "The channel is archived.",
    "group_archive": "The channel is archived.",
    "channel_deleted": "The channel was deleted.",
    "group_deleted": "The channel was deleted.",
    "channel_left": _REMOVED,
    "group_left": _REMOVED,
})  # fmt: skip
_REOPENED: Final = frozenset(("channel_unarchive", "group_unarchive"))
_RENAMED: Final = frozenset(("channel_rename", "group_rename"))
_UNINSTALLED: Final = frozenset(("app_uninstalled", "tokens_revoked"))
_MOVED: Final = "channel_id_changed"
#: The events that the app subscribes to.
EVENTS: Final = frozenset(
    (*_LOST, *_REOPENED, *_RENAMED, *_UNINSTALLED, _MOVED, "member_joined_channel", "link_shared")
)
_NOT_BACK: Final = "The channel is open again, but I am not a member of it any more. Write /invite @Paper Round there."
#: What Slack says of cards that it would show in another form, or without one of them.
_UNSHOWABLE: Final = frozenset((
    "cannot_unfurl_url", "cannot_parse_attachment", "invalid_attachments", "invalid_unfurls", "invalid_unfurls_format",
))  # fmt: skip


class ChannelLifecycle(Protocol):
    """What the core wants to know of the lifecycle of channels. Every method may come twice, or not at all."""

    async def reachable(self, address: Address, name: str) -> Message | None:
        """The bot can post there, maybe again; returns what to say there, if anything."""
        ...

    async def lost(self, address: Address, reason: str) -> None:
        """Nothing can be posted there until somebody acts. `reason` is a sentence for people."""
        ...

    async def workspace_lost(self, address: Address, reason: str) -> None:
        """Nothing can be posted in the whole workspace of that address."""
        ...

    async def workspace_left(self, address: Address, reason: str) -> None:
        """The bot was removed from that workspace."""
        ...

    async def workspace_joined(self, address: Address, name: str) -> None:
        """The bot is in that workspace, maybe again."""
        ...

    async def workspace_works(self, address: Address) -> None:
        """Slack takes our token for that workspace, maybe again."""
        ...

    async def renamed(self, address: Address, name: str) -> None: ...

    async def moved(self, address: Address, channel: str) -> Message | None:
        """The channel of that address has another id on its platform now; returns what to say there, if anything."""
        ...

    async def is_known(self, address: Address) -> bool:
        """Whether anything was ever set up there."""
        ...


#: The card of the paper that an address leads to, None for an address that leads to none we know.
CardOf = Callable[[str], Awaitable[PaperBlock | None]]


class Events:
    """Tells the core of events, and shows cards below links."""

    def __init__(
        self, api: SlackApi, calls: CommandCalls, lifecycle: ChannelLifecycle | None, card_of: CardOf | None
    ) -> None:
        self._api = api
        self._calls = calls
        self._lifecycle = lifecycle
        self._card_of = card_of
        # Events of one channel may come within a moment, and what the last one says must stay.
        self._one_by_one = asyncio.Lock()

    async def handle(self, event: Json) -> None:
        """Does what an event asks for; one that we do not know is none of our business."""
        try:
            if event.get("type") == "link_shared":
                await self._unfurl(event)
            elif self._lifecycle is not None:
                async with self._one_by_one:
                    await self._live(event, self._lifecycle)
        except FAILURES as error:
            log.warning("slack.event_failed", event_type=event.get("type"), code=code_of(error), error=str(error))

    async def _live(self, event: Json, lifecycle: ChannelLifecycle) -> None:
        kind, channel = str(event.get("type")), event.get("channel", "")
        if kind in _LOST:
            await lifecycle.lost(await self._calls.address(channel), _LOST[kind])
        elif kind in _REOPENED:
            await self._reopened(channel, lifecycle)
        elif kind == "member_joined_channel":
            if event.get("user") == (await self._api.identity()).user_id:
                await self._reachable(channel, lifecycle)
        elif kind in _RENAMED:
            self._api.forget_channel(channel["id"])
            await lifecycle.renamed(await self._calls.address(channel["id"]), channel["name"])
        elif kind == _MOVED:
            message = await lifecycle.moved(await self._calls.address(event["old_channel_id"]), event["new_channel_id"])
            if message is not None:
                await say(self._api, event["new_channel_id"], message)

    async def _reopened(self, channel: str, lifecycle: ChannelLifecycle) -> None:
        """Slack lets only the one who reopened a channel back in; everybody else comes of their own accord."""
        address = await self._calls.address(channel)
        if not await lifecycle.is_known(address):
            return
        if await self._is_inside(channel):
            await self._reachable(channel, lifecycle)
        else:
            await lifecycle.lost(address, _NOT_BACK)

    async def _is_inside(self, channel: str) -> bool:
        """Whether we are in a channel, which we join if we may."""
        try:
            await self._api.connection.retries.ask(partial(self._api.join, channel))
        except FAILURES as error:
            log.info("slack.not_joined", channel=channel, reason=outcome_of(error).reason)
            return await self._api.is_in(channel)
        return True

    async def _reachable(self, channel: str, lifecycle: ChannelLifecycle) -> None:
        name = await self._calls.channel_name(channel)
        message = await lifecycle.reachable(await self._calls.address(channel), name)
        if message is not None:
            await say(self._api, channel, message)

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
            except FAILURES as error:
                log.warning("slack.not_unfurled", code=code_of(error), reason=outcome_of(error).reason)
                if not (is_unacceptable(error) or code_of(error) in _UNSHOWABLE):
                    return True
            else:
                return True
        return False


def farewell_of(event: Json) -> str | None:
    """Why a workspace is lost, None for an event that does not say that one is."""
    if event.get("type") == "app_uninstalled":
        return "The app was removed from this workspace."
    if event.get("type") == "tokens_revoked" and (event.get("tokens") or {}).get("bot"):
        return "My token for Slack was revoked."
    return None
