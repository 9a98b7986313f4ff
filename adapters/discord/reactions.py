"""Reactions below messages of the bot: they count like its buttons, and the message shows it.

https://docs.discord.com/developers/events/gateway-events#message-reaction-add. The events come also for messages that
nobody remembers, and after a broken connection those that were missed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import discord
import structlog

from adapters.discord.client.connection import DiscordClient
from adapters.discord.client.errors import RESPONSE_ERRORS, described
from adapters.discord.client.routes import channel_route, message_route
from adapters.discord.interactions.command_calls import place_of
from adapters.discord.interactions.message_locks import MessageLocks
from adapters.discord.messages.components import PREFIX, walk
from adapters.discord.messages.layouts import FLAG
from adapters.discord.posting.edit import edit_message
from bot.channels.channel import Address, PlatformName
from bot.commands.papers.reactions import meaning_of
from bot.messages.message import Message
from bot.platforms.reactions import Reaction, ReactionListener

#: Messages that are known by what was read of them.
MOST_KNOWN = 10_000
FORUMS = frozenset({discord.ChannelType.forum.value, discord.ChannelType.media.value})
_VOTE = f"{PREFIX}vote "

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Known:
    """What a message of the bot is: a layout or not, and the one paper that can be voted for on it."""

    layout: bool
    paper_id: str


class ReactionEvents:
    """Tells the core of reactions, and draws messages anew whose votes they change.

    Methods are named like discord.py's events. `locks` are those that button presses take as well.
    """

    def __init__(
        self,
        client: DiscordClient,
        listener: ReactionListener,
        locks: MessageLocks,
        localized: Callable[[Message], Message],
    ) -> None:
        self._client = client
        self._listener = listener
        self._locks = locks
        self._localized = localized
        self._known: OrderedDict[int, Known | None] = OrderedDict()

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        await self._handle(event, there=True)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        await self._handle(event, there=False)

    async def _handle(self, event: discord.RawReactionActionEvent, *, there: bool) -> None:
        me = self._client.user
        of_a_bot = event.user_id == (me.id if me else 0) or (event.member is not None and event.member.bot)
        of_others = me is not None and event.message_author_id not in (None, me.id)
        if of_a_bot or of_others or event.emoji.id is not None or meaning_of(event.emoji.name or "") is None:
            return
        lock = self._locks.of(event.message_id)
        try:
            # What happens to a message is done in its order: a reaction is put there before it is taken back.
            async with lock.running:
                known = await self._message(event)
                if known is None:
                    return
                change = self._listener.added if there else self._listener.taken_back
                update = await change(await self._reaction(event, known))
                state = lock.next_state() if update else 0
            if update is None:
                return
            async with lock.showing:
                if lock.is_newest(state):
                    update = replace(update, message=self._localized(update.message))
                    await edit_message(self._client, event.channel_id, event.message_id, update, layout=known.layout)
        except RESPONSE_ERRORS as error:
            _log.warning("discord.reaction_unread", message=event.message_id, reason=described(error))

    async def _reaction(self, event: discord.RawReactionActionEvent, known: Known) -> Reaction:
        server = str(event.guild_id or "@me")
        place = event.channel_id if event.guild_id is None else await self._place(event.channel_id)
        return Reaction(
            address=Address(PlatformName.DISCORD, server, str(place)),
            message_id=str(event.message_id),
            person=str(event.user_id),
            emoji=event.emoji.name or "",
            everywhere=True,
            paper_id=known.paper_id,
        )

    async def _place(self, channel: int) -> int:
        """The channel whose papers stand there: that of a forum's post is the forum."""
        here = self._client.get_channel(channel)
        if here is not None:
            return int(place_of(here, self._client.user).id)
        told = await self._client.request_once(channel_route(channel))
        parent, me = told.get("parent_id"), self._client.user
        if parent is None or "thread_metadata" not in told:
            return channel
        ours = me is not None and told.get("owner_id") == str(me.id)
        return int(parent) if ours or await self._is_forum(int(parent)) else channel

    async def _is_forum(self, channel: int) -> bool:
        return (await self._client.request_once(channel_route(channel))).get("type") in FORUMS

    async def _message(self, event: discord.RawReactionActionEvent) -> Known | None:
        """What the message is, None for one that is not ours."""
        if event.message_id not in self._known:
            told = await self._client.request_once(message_route(event.channel_id, event.message_id))
            self._known[event.message_id] = self._read(told)
            if len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return self._known[event.message_id]

    def _read(self, message: dict[str, Any]) -> Known | None:
        me = self._client.user
        if me is None or message.get("author", {}).get("id") != str(me.id):
            return None
        ids = [str(one.get("custom_id", "")) for one in walk(message.get("components") or ())]
        papers = {one.removeprefix(_VOTE).partition(" ")[0] for one in ids if one.startswith(_VOTE)}
        return Known(layout=bool(message.get("flags", 0) & FLAG), paper_id=papers.pop() if len(papers) == 1 else "")
