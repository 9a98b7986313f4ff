"""Slash commands and the buttons of messages, which stand for command lines: acknowledged first, then answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck

from adapters.slack.client.errors import ERRORS
from adapters.slack.client.payloads import Json
from adapters.slack.interactions.app_home import changes_home
from adapters.slack.interactions.command_calls import CommandCalls, chosen_line
from adapters.slack.interactions.message_updates import MessageUpdates
from adapters.slack.interactions.modals import in_text, with_invitation, with_settings_button
from adapters.slack.interactions.replies import RemainingUses, Replies, ReplyTarget
from adapters.slack.interactions.slow_commands import SlowCommands
from adapters.slack.messages import limits
from adapters.slack.workspace_services import ServicesByWorkspace
from bot.background import BackgroundTasks
from bot.commands.registry import Registry
from bot.commands.wording import answer, say
from bot.errors import MALFORMED, PaperRoundError
from bot.platforms.command_calls import CommandCall

log = structlog.get_logger(__name__)

UNKNOWN_BUTTON: Final = "I do not know this button any more: it is of another version of me. Write /papers instead."
NOT_NOW: Final = "I cannot do this at the moment, and nothing was changed. Please try again in a minute."


class CommandListeners:
    """Bolt's listeners for commands and for buttons below messages."""

    def __init__(
        self,
        services: ServicesByWorkspace,
        replies: Replies,
        updates: MessageUpdates,
        slow_commands: SlowCommands,
        registry: Registry,
        background: BackgroundTasks,
    ) -> None:
        self._services = services
        self._replies = replies
        self._slow_commands = slow_commands
        self._registry = registry
        self._background = background
        self._updates = updates

    async def on_command(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        self._background.start(self._answer(body, CommandCalls.of_command))

    async def on_button(self, ack: AsyncAck, body: Json) -> None:
        await ack()
        if chosen_line(body):
            self._background.start(self._answer(body, CommandCalls.of_button))
        else:
            self._background.start(self._say(UNKNOWN_BUTTON, _reply_target_of(body)))

    async def on_unknown_button(self, ack: AsyncAck, body: Json) -> None:
        """A button that another version of us made."""
        await ack()
        self._background.start(self._say(UNKNOWN_BUTTON, _reply_target_of(body)))

    async def _say(self, words: str, target: ReplyTarget) -> None:
        await self._replies.give(answer(say(words)), target)

    async def _answer(self, body: Json, read_call: Callable[[CommandCalls, Json], Awaitable[CommandCall]]) -> None:
        target = _reply_target_of(body)
        try:
            services = await self._services.find(body)
            if services is None:
                await self._say(self._services.not_installed, target)
                return
            call = await read_call(services.calls, body)
        except (PaperRoundError, *MALFORMED, *ERRORS) as error:
            log.warning("slack.call_unreadable", reason=repr(error))
            await self._say(NOT_NOW, target)
            return
        if services.modals is not None and await services.modals.opened(call, target.trigger):
            return
        call = in_text(call)
        async with self._updates.lock(call, target):
            reply = await self._slow_commands.run(call, lambda waiting: self._replies.give(waiting, target))
            if not reply.failed and changes_home(self._registry.of_line(call.line), call.line):
                self._background.start(services.refresh_home(call.person.id))
            if await self._updates.changed(services.api, call, reply, target):
                return
        if services.modals is not None:
            reply = with_settings_button(call, with_invitation(call, reply))
        await self._replies.give(reply, target, services.api)


def _reply_target_of(body: Json) -> ReplyTarget:
    """What a command or a button gives to answer with. Buttons outside messages give nothing."""
    container, url = body.get("container") or {}, body.get("response_url") or ""
    return ReplyTarget(
        url,
        body.get("trigger_id") or "",
        uses=RemainingUses(limits.RESPONSES if url else 0),
        replaceable=bool(container.get("is_ephemeral")),
        thread=container.get("thread_ts"),
        channel=str(body.get("channel_id") or _id_in(body, "channel") or container.get("channel_id") or ""),
        person=str(body.get("user_id") or _id_in(body, "user")),
    )


def _id_in(body: Json, name: str) -> str:
    part = body.get(name)
    return str(part.get("id") or "") if isinstance(part, dict) else ""
