"""What a topic would have posted, and how many papers a day: shown in forms while somebody writes the query."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.subscribing import samples
from bot.commands.topic_wording import MIN_UPVOTES
from bot.commands.wording import answer, say
from bot.messages.message import Block, bold
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.errors import QueryError
from bot.query.parser import parse
from bot.query.queries import Query
from bot.text.counting import count_of
from bot.topics.subscription import wanted_query

#: The time that is looked back on, in weeks: all days of the week count the same.
WEEKS: Final = 4


async def forecast(services: Services, _call: CommandCall, arguments: Arguments) -> Reply:
    wanted = wanted_query(arguments.text("query"), arguments.number("min-upvotes") or None)
    return answer(await _volume(services, wanted), *await samples(services, wanted))


async def _volume(services: Services, wanted: Query) -> Block:
    newest = await services.papers.newest_day()
    if newest is None:
        return say("No papers are known yet, so nobody can say how many it would post.")
    since = newest - timedelta(weeks=WEEKS) + timedelta(days=1)
    try:
        number = (await services.index.search(parse(f"({wanted.text}) after:{since}"), limit=1)).total
    except QueryError:
        # As long as a query may be, there is no room for a day in it.
        return say("It is as long as a query may be, so I cannot say how many it would post.")
    if not number:
        return say("It would have posted ", bold("nothing"), f" in the last {WEEKS} weeks.")
    return say(
        "It would have posted ", bold(_rate(number)), f": {count_of(number, 'paper')} in the last {WEEKS} weeks."
    )


def _rate(number: int) -> str:
    """So many papers in `WEEKS` weeks, as people say it."""
    a_day, a_week = number / (7 * WEEKS), number / WEEKS
    if a_day >= 1:
        return f"about {round(a_day):,} a day"
    return f"about {round(a_week)} a week" if a_week >= 1 else "less than one a week"


BUTTONS = (
    Command(
        name="forecast",
        summary="what a topic would have posted",
        handler=forecast,
        parameters=(
            Parameter(name="query", help="a query, written as for search", kind=Kind.QUERY, required=True),
            MIN_UPVOTES,
        ),
        hidden=True,
    ),
)
