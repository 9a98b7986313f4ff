"""Buttons below messages that everybody sees, and what becomes of such a message when its button is pressed.

A message is changed by `chat.update`: it keeps the metadata, works however old the message is, and may safely be asked
for twice. Where Slack refuses or does not answer, for instance because too many are changed in one minute, the press's
own `response_url` does the same under limits of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from typing import Final
from weakref import WeakValueDictionary

from adapters.slack.client.errors import ERRORS
from adapters.slack.client.web_api import SlackApi
from adapters.slack.interactions.replies import Replies, ReplyTarget
from adapters.slack.messages.rendering import render_one
from adapters.slack.posting.editing import edit
from bot.commands.papers.reading import REDRAW
from bot.platforms.command_calls import CommandCall, CommandRunner, Reply
from bot.platforms.outcomes import Outgoing

_MOST_UPDATES: Final = 5  # times that one press draws its message at most


class MessageUpdates:
    """Changes messages whose buttons are pressed, or that get a reaction."""

    def __init__(self, answers: Replies, commands: CommandRunner) -> None:
        self._replies = answers
        self._commands = commands
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()

    def lock(self, call: CommandCall, target: ReplyTarget | None = None) -> AbstractAsyncContextManager[None]:
        """To be held from before the command runs until its message is changed.

        Two people may press at once. One after the other, the message that is written last is also the one that was
        read last, so its counts are right.
        """
        if call.from_message is None or (target and target.replaceable):
            return nullcontext()
        return self._locks.setdefault((str(call.address), call.from_message), asyncio.Lock())

    async def changed(self, api: SlackApi, call: CommandCall, reply: Reply, target: ReplyTarget) -> bool:
        """Lets the message say from now on what the reply gives for it; whether there was that, and it worked."""
        update = reply.update
        if update is None or call.from_message is None:
            return False
        if not await self.draw(api, call.from_message, update, target):
            return False
        await self.draw_again(api, call, update, target)
        return True

    async def draw(self, api: SlackApi, ts: str, update: Outgoing, target: ReplyTarget | None = None) -> bool:
        """Lets that message say something else, by way of the `target` where there is one; whether that worked."""
        try:
            # One that is too long was written under other settings than those of today.
            return await edit(api, ts, update)
        except ERRORS:
            page = render_one(update.message)
            return target is not None and page is not None and await self._replies.replace(page, target, api)

    async def draw_again(
        self, api: SlackApi, call: CommandCall, drawn: Outgoing, target: ReplyTarget | None = None
    ) -> None:
        """Draws a message anew as long as it is not what was drawn last: another process may have been at it."""
        for _ in range(_MOST_UPDATES):
            latest = (await self._commands.run(replace(call, line=REDRAW))).update
            if latest is None or latest == drawn or call.from_message is None:
                return
            drawn = latest
            await self.draw(api, call.from_message, drawn, target)
