"""What a topic would have posted, and how many papers a day: shown in forms while somebody writes the query."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.channels.channel import Channel
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.wording import MIN_UPVOTES
from bot.commands.wording import answer, hint, say
from bot.digests.cards import paper_line
from bot.errors import StorageError
from bot.forecasts.volume import Volume
from bot.messages.message import Block, Span, bold, code, text
from bot.papers.sources import SourceName
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.queries import Query
from bot.text.counting import count_of
from bot.text.lists import listed
from bot.topics.subscription import wanted_query

SAMPLES = 3
MOST_WORDS = 3  # whose forms are named
MOST_FORMS = 5

_log = structlog.get_logger()


async def forecast(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    query = await services.query(arguments.text("query"))
    channel = await services.known_channel(call)
    sources = await services.sources_of(channel)
    query = await services.examples.decided(query, sources=sources, known=await services.models_here(call))
    wanted = wanted_query(query, arguments.number("min-upvotes") or None)
    return answer(*await volume(services, wanted, sources), *await samples(services, wanted, channel))


async def volume(services: Services, wanted: Query, sources: Sequence[SourceName]) -> list[Block]:
    """How many papers a topic would have brought lately, for an answer that never fails."""
    try:
        found = await services.forecasts.volume(wanted, sources)
    except StorageError as error:
        _log.warning("command.no_volume", reason=str(error))
        return [hint("How many papers it would have posted cannot be said: my search index cannot be read just now.")]
    if found is None:
        return [say("No papers are known yet, so nobody can say how many it would post.")]
    if not found.total:
        return [say("It would have posted ", bold("nothing"), f" in {found.period()}.")]
    counted = count_of(found.total, "paper")
    blocks: list[Block] = [say("It would have posted ", bold(found.rate()), f" ({counted} in {found.period()}).")]
    if found.is_large:
        blocks.append(say("That is more than most channels read. ", *await _less(services, wanted, found)))
    return blocks


async def _less(services: Services, wanted: Query, found: Volume) -> tuple[Span, ...]:
    """What would make about half as many papers of it."""
    if found.halved_by:
        return text(code(f"--min-upvotes {found.halved_by}"), " would halve that.")
    if word := await services.forecasts.halving_word(wanted):
        return text("One more word would halve that, such as ", code(f"{wanted.text} {word}"), ".")
    return text("One more word, or one in ", code("title:"), ", makes it less.")


async def forms(services: Services, query: Query) -> list[Block]:
    """Which forms of its words a topic matches; says so where a word is only there in another form."""
    try:
        found = await services.index.forms(query)
    except StorageError as error:
        _log.warning("command.no_forms", reason=str(error))
        return []
    blocks: list[Block] = []
    for word, others in list(found.items())[:MOST_WORDS]:
        shown = listed([f"“{other}”" for other in others[:MOST_FORMS]]) if others else ""
        if others and word not in others:
            blocks.append(say(f"No paper has “{word}” itself: it finds {shown}."))
        elif len(others) > 1:
            blocks.append(hint(f"“{word}” finds {shown}; ", code(f"={word}"), " finds that form alone."))
    return blocks


async def samples(services: Services, wanted: Query, channel: Channel | None) -> list[Block]:
    """What a topic would have posted in the channel, for an answer about what is done already: it never fails."""
    try:
        papers = await services.forecasts.latest(wanted, SAMPLES, channel.settings.sources if channel else None)
    except StorageError as error:
        _log.warning("command.no_samples", reason=str(error))
        return [hint("What it would have posted lately cannot be shown: my search index cannot be read just now.")]
    if not papers and await services.forecasts.newest() is None:
        return []  # that none are known is said with how many it would post
    if not papers:
        return [hint("None of the papers that I know would have matched.")]
    return [hint("It would have posted lately:"), *(paper_line(paper) for paper in papers)]


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
