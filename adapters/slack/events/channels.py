"""Channels that close, move and reopen, people who leave them, and workspaces that remove the app."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, code_of, explained
from adapters.slack.client.payloads import Json
from adapters.slack.client.web_api import SlackApi
from adapters.slack.interactions.command_calls import CommandCalls
from adapters.slack.posting.sending import say
from bot.lifecycle.channels import ChannelLifecycle

log = structlog.get_logger(__name__)

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
_JOINED: Final = "member_joined_channel"
_LEFT: Final = "member_left_channel"
_PERSON_CHANGED: Final = "user_change"
_DEACTIVATED: Final = "That person's account was deactivated."
#: The events that the app subscribes to.
EVENTS: Final = frozenset(
    (*_LOST, *_REOPENED, *_RENAMED, *_UNINSTALLED, _MOVED, _LEFT, _PERSON_CHANGED, _JOINED, "link_shared")
)
_NOT_BACK: Final = "The channel is open again, but I am not a member of it any more. Write /invite @Paper Round there."


class ChannelEvents:
    """Tells the core what becomes of the channels of one workspace."""

    def __init__(self, api: SlackApi, calls: CommandCalls, lifecycle: ChannelLifecycle | None) -> None:
        self._api = api
        self._calls = calls
        self._lifecycle = lifecycle
        # Events of one channel may come within a moment, and what the last one says must stay.
        self._one_by_one = asyncio.Lock()

    async def handle(self, event: Json) -> None:
        """Does what an event asks for; one that we do not know is none of our business."""
        try:
            if self._lifecycle is not None:
                async with self._one_by_one:
                    await self._pass_on(event, self._lifecycle)
        except ERRORS as error:
            log.warning("slack.event_failed", event_type=event.get("type"), code=code_of(error), error=str(error))

    async def _pass_on(self, event: Json, lifecycle: ChannelLifecycle) -> None:
        kind, channel = str(event.get("type")), event.get("channel", "")
        if kind in _LOST:
            await lifecycle.lost(await self._calls.address(channel), _LOST[kind])
        elif kind in _REOPENED:
            await self._reopened(channel, lifecycle)
        elif kind == _JOINED:
            if event.get("user") == (await self._api.identity()).user_id:
                await self._reachable(channel, lifecycle)
        elif kind == _LEFT:
            await lifecycle.person_left(await self._calls.address(channel), event["user"])
        elif kind == _PERSON_CHANGED:
            await lifecycle.person_gone(await self._calls.address(""), event["user"]["id"], _DEACTIVATED)
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
        except ERRORS as error:
            log.info("slack.not_joined", channel=channel, reason=explained(error))
            return await self._api.is_in(channel)
        return True

    async def _reachable(self, channel: str, lifecycle: ChannelLifecycle) -> None:
        name = await self._calls.channel_name(channel)
        message = await lifecycle.reachable(await self._calls.address(channel), name)
        if message is not None:
            await say(self._api, channel, message)


def is_of_no_interest(event: Json) -> bool:
    """Whether an event is one of the many about people that say nothing but that a status or a picture changed."""
    return event.get("type") == _PERSON_CHANGED and not (event.get("user") or {}).get("deleted")


def uninstall_reason(event: Json) -> str | None:
    """Why a workspace is lost, None for an event that does not say that one is."""
    if event.get("type") == "app_uninstalled":
        return "The app was removed from this workspace."
    if event.get("type") == "tokens_revoked" and (event.get("tokens") or {}).get("bot"):
        return "My token for Slack was revoked."
    return None
