"""A command that counts: `/papers count WORD` says how many papers have a word."""

from __future__ import annotations

from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, say
from bot.messages.message import bold
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.parser import parse
from bot.text.counting import count_of


async def count(services: Services, _call: CommandCall, arguments: Arguments) -> Reply:
    query = parse(arguments.text("query"))
    found = await services.index.search(query, limit=1)
    return answer(say(bold(count_of(found.total, "paper")), f" for {query.text}."))


COMMANDS = (
    Command(
        name="count",
        summary="how many papers match",
        handler=count,
        parameters=(Parameter(name="query", help="a query", kind=Kind.QUERY, required=True),),
        examples=("count diffusion",),
    ),
)
