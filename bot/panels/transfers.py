"""What a copy or a move of topics between channels would do, while somebody chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.commands.channels.copying import FROM, TO, Transfer, planned_copy, planned_move
from bot.commands.services import Services
from bot.errors import UserError
from bot.platforms.command_calls import CommandCall

COPY: Final = "copy"
MOVE_FROM: Final = f"move {FROM}"
MOVE_TO: Final = f"move {TO}"
#: The beginnings of the lines that do it: the other channel stands behind them.
LINES: Final = (COPY, MOVE_FROM, MOVE_TO)


@dataclass(frozen=True, slots=True)
class TransferPreview:
    """What the line would do; of a move also how many papers wait because of the topics, and would wait there."""

    planned: Transfer
    is_move: bool
    waiting: int


async def transfer_preview(services: Services, call: CommandCall, line: str, named: str) -> TransferPreview:
    """What it would do. Raises `UserError` where it would do nothing."""
    here = await services.channel(call)
    if line == COPY:
        return TransferPreview(await planned_copy(services, call, here, named), is_move=False, waiting=0)
    if line not in LINES:
        raise UserError("Topics are copied from another channel, or moved from it or to it.")
    planned = await planned_move(services, call, here, TO if line == MOVE_TO else FROM, named)
    moving = {topic.query for topic in planned.missing}
    queued = await services.digests.waiting(planned.source.id)
    waiting = sum(1 for one in queued if moving & set(one.queries))
    return TransferPreview(planned, is_move=True, waiting=waiting)
