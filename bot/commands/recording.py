"""Writing down what commands change: a line of the audit for each."""

from __future__ import annotations

import structlog

from bot.commands.registry import Arguments, Command
from bot.commands.services import Services
from bot.commits import Commit, Commits
from bot.errors import StorageError, UserError
from bot.people.audit import Outcome, Via
from bot.people.record import TERMINAL, Author, Record
from bot.platforms.command_calls import CommandCall, Reply

_log = structlog.get_logger()


async def recorded(
    command: Command, services: Services, call: CommandCall, arguments: Arguments, commits: Commits
) -> Reply:
    """Runs a command. One that changes something is written down before, and what came of it afterwards.

    If the process ends in between, the line says that the change was begun.
    """
    if not command.is_change(arguments):
        return await command.handler(services, call, arguments)
    line_id = await services.record.begin(author_of(call), call.line, call.address, call.channel_name)
    try:
        reply = await command.handler(services, call, arguments)
    except UserError:
        await services.record.settle(line_id, None)
        raise
    except StorageError:
        changed = {Commit.NOTHING: Outcome.FAILED, Commit.IN_DOUBT: Outcome.IN_DOUBT, Commit.DONE: Outcome.DONE}
        await services.record.settle(line_id, changed[commits.state])
        raise
    unchanged = reply.failed or commits.state is Commit.NOTHING
    await services.record.settle(line_id, None if unchanged else Outcome.DONE)
    return reply


async def note_refusal(record: Record, call: CommandCall) -> None:
    """Writes down what somebody may not change. It never fails: they are refused anyway."""
    try:
        await record.begin(author_of(call), call.line, call.address, call.channel_name, outcome=Outcome.REFUSED)
    except StorageError as error:
        _log.warning("audit.not_written", channel=str(call.address), reason=str(error))


def author_of(call: CommandCall) -> Author:
    """Who gives a command, for the audit."""
    if call.person.runs_the_bot:
        return TERMINAL
    return Author(Via(call.home.value), call.person.id, call.person.name)
