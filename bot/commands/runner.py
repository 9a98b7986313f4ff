"""Running commands: from a line to an answer, the same for every platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import structlog

from bot.commands import completion
from bot.commands.channels import channels, copying, delivery, email, feed, retrying, settings, taste, timing
from bot.commands.channels.announcing import announce
from bot.commands.help import asks_for_language, explanation, language, menu, overview
from bot.commands.lines import read_arguments, split_line
from bot.commands.operating import sources
from bot.commands.papers import reading, searching, why
from bot.commands.recording import note_refusal, recorded
from bot.commands.registry import Arguments, Command, Kind, Parameter, Registry
from bot.commands.services import Services
from bot.commands.topics import by_example, forecasting, interests, looking_back, muting, subscribing, topics
from bot.commands.wording import ONLY_LOOKS, UNSEEN, hint, mistake, trouble
from bot.commits import Commit, Commits, watch
from bot.errors import StorageError, UserError
from bot.messages.message import code
from bot.metrics import Metrics
from bot.platforms.command_calls import CommandCall, Completion, Reply
from bot.platforms.permissions import may_manage
from bot.spans import Spans

_log = structlog.get_logger()

#: What people write for `help`, by the habit of other programs.
HELP = ("?", "-h", "--help")


async def _help(_services: Services, _call: CommandCall, arguments: Arguments) -> Reply:
    name = arguments.text("command").removeprefix("/papers").strip()
    if asks_for_language(name):
        return language()
    return explanation(REGISTRY.get(name)) if name else overview(REGISTRY)


REGISTRY = Registry(
    (
        Command(
            name="help",
            needs_channel=False,
            summary="the commands, with examples",
            handler=_help,
            parameters=(Parameter(name="command", help="a command, or query", kind=Kind.COMMAND),),
            examples=("help", "help subscribe", "help query"),
        ),
        *searching.COMMANDS,
        *sources.COMMANDS,
        *subscribing.COMMANDS,
        *topics.COMMANDS,
        *interests.COMMANDS,
        *timing.COMMANDS,
        *settings.COMMANDS,
        *feed.COMMANDS,
        *delivery.COMMANDS,
        *retrying.COMMANDS,
        *why.COMMANDS,
        *taste.COMMANDS,
        *email.COMMANDS,
        *channels.COMMANDS,
        *copying.COMMANDS,
        *reading.COMMANDS,
        *searching.BUTTONS,
        *settings.BUTTONS,
        *forecasting.BUTTONS,
        *delivery.BUTTONS,
        *reading.BUTTONS,
        *looking_back.BUTTONS,
        *muting.BUTTONS,
        *by_example.BUTTONS,
    )
)


class Commands:
    """Implements `bot.platforms.command_calls.CommandRunner` with the commands of the registry."""

    def __init__(self, services: Services, metrics: Metrics, spans: Spans) -> None:
        self._services = services
        self._metrics = metrics
        self._spans = spans

    async def run(self, call: CommandCall) -> Reply:
        started = perf_counter()
        with self._spans.begin("command", channel=str(call.address)) as span:
            with self._services.precedence.first(), watch() as commits:
                name, reply = await self._answer(call, commits)
            seconds = perf_counter() - started
            self._metrics.command(name, failed=reply.failed, seconds=seconds)
            span.tell(command=name, failed=reply.failed)
            _log.info(
                "command.answered",
                command=name,
                channel=str(call.address),
                failed=reply.failed,
                ms=round(1000 * seconds, 1),
            )
        return reply

    async def _answer(self, call: CommandCall, commits: Commits) -> tuple[str, Reply]:
        """The name of the command that was given, and the answer: whatever happens, it says what was changed."""
        name = "none"
        try:
            word, rest = split_line(call.line)
            if not word:
                return name, menu()
            command = REGISTRY.get("help" if word in HELP else word, rest)
            name = command.name
            arguments = await self._arguments(command, rest, call)
            reply = await recorded(command, self._services, call, arguments, commits)
            told = command.manages and command.announced and command.own_with not in arguments
            if told and not reply.failed and commits.state is Commit.DONE:
                await announce(self._services, call, reply)
            return name, await self._with_refusal(call, reply)
        except UserError as error:
            return name, mistake(error)
        except StorageError as error:
            committed = commits.state
            _log.error(
                "command.failed", command=name, channel=str(call.address), reason=str(error), committed=committed.name
            )
            return name, trouble(error, committed)

    async def complete(self, call: CommandCall) -> Sequence[Completion]:
        try:
            return await completion.complete(REGISTRY, self._services, call)
        except StorageError as error:
            _log.warning("command.not_completed", channel=str(call.address), reason=str(error))
            return []

    async def _arguments(self, command: Command, rest: str, call: CommandCall) -> Arguments:
        """What a command was given; raises `UserError` where it is wrong, or not for this person to say."""
        # Who may not do it need not be told how to write it.
        refused = command.manages and not await may_manage(call, self._services.channels)
        own = bool(command.own_with) and command.own_with in rest.lower()
        readable = not refused or command.changes_with or own
        arguments = read_arguments(command, rest, with_file=bool(call.attachment)) if readable else Arguments({})
        if call.person.only_looks and command.takes_part:
            raise UserError(ONLY_LOOKS)
        changes = not command.changes_with or command.changes_with in arguments
        if refused and changes and command.own_with not in arguments:
            if not call.person.known:
                raise UserError(UNSEEN)
            await note_refusal(self._services.record, call)
            option = command.options[command.own_with].usage.strip("[]") if command.own_with else ""
            everybody = f" With `{option}` everybody can." if option else ""
            raise UserError(f"Only people who may manage this channel can use `/papers {command.name}`.{everybody}")
        return arguments

    async def _with_refusal(self, call: CommandCall, reply: Reply) -> Reply:
        """The reply; once with it, to the person alone, that nothing reaches them in their own channel."""
        if call.public or not reply.ephemeral or reply.failed or reply.replaces or reply.update is not None:
            return reply
        reader = call.reader
        try:
            reason = await self._services.personal_channels.take_refusal(
                reader.platform, reader.workspace, reader.person
            )
        except StorageError as error:
            _log.warning("person.not_told", channel=str(call.address), reason=str(error))
            return reply
        if not reason:
            return reply
        note = hint(
            f"Papers of your own topics do not reach you: {reason} ", code("/papers interests resume"), " tries again."
        )
        return replace(reply, message=replace(reply.message, blocks=(*reply.message.blocks, note)))
