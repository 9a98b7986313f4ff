"""What people write to the bot: in their own conversation with it, and in channels where they mention it.

https://docs.slack.dev/reference/events/app_mention and …/message.im
"""

from __future__ import annotations

from functools import partial
from typing import Final

import structlog

from adapters.slack.client.errors import ERRORS, explained
from adapters.slack.client.payloads import DIRECT_MESSAGE_PREFIX, Json
from adapters.slack.interactions.app_home import changes_home
from adapters.slack.interactions.slow_commands import SlowCommands
from adapters.slack.posting import sending
from adapters.slack.workspace_services import WorkspaceServices
from bot.background import BackgroundTasks
from bot.commands.registry import Registry
from bot.platforms.command_calls import Reply

log = structlog.get_logger(__name__)

#: The kinds of messages that have somebody's own words.
_WRITTEN: Final = (None, "file_share", "thread_broadcast")


class Mentions:
    """Answers what people write to the bot in their own words."""

    def __init__(self, talk: SlowCommands, registry: Registry, background: BackgroundTasks) -> None:
        self._talk = talk
        self._registry = registry
        self._background = background

    async def answer_message(self, services: WorkspaceServices, event: Json) -> None:
        """Answers an event of the type `message`, if it is somebody's words in a conversation with the bot."""
        if _is_direct(event) and event.get("subtype") in _WRITTEN:
            await self._answer(services, event, thread=event.get("thread_ts") or "", is_direct=True)

    async def answer_mention(self, services: WorkspaceServices, event: Json) -> None:
        """Answers an event of the type `app_mention` in its thread. In a conversation with the bot there is a `message`
        as well, and a message that was edited has its answer."""
        if not _is_direct(event) and not event.get("edited"):
            thread = event.get("thread_ts") or event.get("ts") or ""
            await self._answer(services, event, thread=thread, is_direct=False)

    async def _answer(self, services: WorkspaceServices, event: Json, *, thread: str, is_direct: bool) -> None:
        if event.get("bot_id"):
            return
        try:
            if event.get("user") in (None, (await services.api.identity()).user_id):
                return
            call = await services.calls.of_message(event)
            line = call.line.strip().removeprefix("/papers").strip()  # as `Talk` reads it
            command = self._registry.of_line(line)
            # A reading list is nobody else's business, wherever it is asked for.
            private = not is_direct and command is not None and command.personal
            only = call.person.id if private else ""
            tell = partial(self._tell, services, event["channel"], thread, only)
            await tell(await self._talk.run(call, tell))
        except ERRORS as error:
            log.warning("slack.not_answered", channel=event.get("channel"), reason=explained(error))
        else:
            if changes_home(command, line):
                self._background.start(services.refresh_home(call.person.id))

    async def _tell(self, services: WorkspaceServices, channel: str, thread: str, only: str, reply: Reply) -> None:
        await sending.say(services.api, channel, reply.message, thread=thread, only=only)
        await services.links.shown(channel, reply.message)


def _is_direct(event: Json) -> bool:
    kind, channel = event.get("channel_type"), str(event.get("channel") or "")
    return kind == "im" or (kind is None and channel.startswith(DIRECT_MESSAGE_PREFIX))
