"""Reactions below messages of the bot: they count like its buttons, and the message shows it.

https://docs.slack.dev/reference/events/reaction_added and …/reaction_removed
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, explained
from adapters.slack.client.payloads import Json
from adapters.slack.interactions.message_updates import MessageUpdates
from adapters.slack.workspace_services import WorkspaceServices
from bot.channels.channel import Address
from bot.commands.papers.reactions import meaning_of
from bot.commands.papers.reading import REDRAW
from bot.platforms.command_calls import CommandCall, Person
from bot.platforms.reactions import Reaction, ReactionListener

log = structlog.get_logger(__name__)

ADDED: Final = "reaction_added"
REMOVED: Final = "reaction_removed"
_REMEMBERED: Final = 1_000  # reactions whose latest event is known


class ReactionEvents:
    """Tells the core of reactions, and draws messages anew whose votes they change."""

    def __init__(self, listener: ReactionListener, updates: MessageUpdates) -> None:
        self._listener = listener
        self._updates = updates
        self._latest: OrderedDict[tuple[str, ...], float] = OrderedDict()

    async def handle(self, services: WorkspaceServices, event: Json) -> None:
        """Does what an event of the type `reaction_added` or `reaction_removed` asks for."""
        item, emoji, person = event["item"], str(event["reaction"]), event.get("user")
        if item.get("type") != "message" or not person or meaning_of(emoji) is None:
            return
        try:
            # Buttons are pressed by people, so reactions of other bots count as little as our own.
            if person == (await services.api.identity()).user_id or await _is_bot(services, person):
                return
            address = await services.calls.address(item["channel"])
            await self._pass_on(services, event, address)
        except ERRORS as error:
            log.warning("slack.event_failed", event_type=event["type"], reason=explained(error))

    async def _pass_on(self, services: WorkspaceServices, event: Json, address: Address) -> None:
        ts, person, emoji = str(event["item"]["ts"]), str(event["user"]), str(event["reaction"])
        call = CommandCall(
            line=REDRAW,
            address=address,
            channel_name=address.channel,
            person=Person(id=person, name=person),
            from_message=ts,
        )
        async with self._updates.lock(call):
            if not self._is_latest((str(address), ts, person, emoji), event):
                return
            change = self._listener.added if event["type"] == ADDED else self._listener.taken_back
            update = await change(Reaction(address=address, message_id=ts, person=person, emoji=emoji))
            if update is not None and await self._updates.draw(services.api, ts, update):
                await self._updates.draw_again(services.api, call, update)

    def _is_latest(self, key: tuple[str, ...], event: Json) -> bool:
        """Whether nothing newer is known of that reaction: Slack keeps no order, and may repeat after minutes."""
        at = float(event.get("event_ts") or 0)
        if at < self._latest.get(key, 0.0):
            return False
        self._latest[key] = at
        self._latest.move_to_end(key)
        if len(self._latest) > _REMEMBERED:
            self._latest.popitem(last=False)
        return True


async def _is_bot(services: WorkspaceServices, person: str) -> bool:
    """Whether that is no person. Where Slack does not say, it is one, as with buttons."""
    try:
        return (await services.api.profile(person)).bot
    except ERRORS as error:
        log.info("slack.person_unknown", person=person, reason=explained(error))
        return False
