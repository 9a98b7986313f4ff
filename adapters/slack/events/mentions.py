"""What people write to the bot in their own conversation with it."""

from __future__ import annotations

from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, explained
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.interactions.slow_commands import SlowCommands
from adapters.slack.messages import sending
from adapters.slack.workspace_services import WorkspaceServices
from bot.background import BackgroundTasks
from bot.platforms.command_calls import Reply

log = structlog.get_logger(__name__)

#: The kinds of messages that have somebody's own words.
_WRITTEN: Final = (None, "file_share", "thread_broadcast")


class DirectMessages:
    """Answers what people write to the bot: it is a command."""

    def __init__(self, slow_commands: SlowCommands, background: BackgroundTasks) -> None:
        self._slow_commands = slow_commands
        self._background = background

    async def answer(self, services: WorkspaceServices, event: Json) -> None:
        """Answers an event of the type `message`, if it is somebody's words in a conversation with the bot."""
        kind, channel = event.get("channel_type"), str(event.get("channel") or "")
        if kind != "im" and not (kind is None and channel.startswith(DIRECT_MESSAGE_PREFIX)):
            return
        if event.get("bot_id") or event.get("subtype") not in _WRITTEN:
            return
        try:
            if event.get("user") in (None, (await services.api.identity()).user_id):
                return
            call = await services.calls.of_message(event)

            async def tell(reply: Reply) -> None:
                await sending.say(services.api, event["channel"], reply.message, thread=event.get("thread_ts") or "")

            await tell(await self._slow_commands.run(call, tell))
        except ERRORS as error:
            log.warning("slack.not_answered", channel=event.get("channel"), reason=explained(error))
        else:
            self._background.start(services.refresh_home(call.person.id))
