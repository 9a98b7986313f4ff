"""What `paperround doctor` looks at in the feeds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from adapters.feeds.http import FeedClient
from bot.checks import CLOCKS_APART, Check, UncheckedError
from bot.clocks import machine_time
from bot.errors import OperatorError, SourceError
from bot.intake.lookup import PaperLookup
from bot.intake.source import Source
from bot.papers.sources import ARXIV, title_of_source

#: A paper that arXiv has: “Attention Is All You Need”.
_KNOWN_PAPER: Final = "1706.03762"


def feed_checks(
    sources: Sequence[Source],
    *,
    client: FeedClient | None,
    catalogue: PaperLookup | None,
    categories: Callable[[], Awaitable[Collection[str]]],
    added: Sequence[Source] = (),
) -> Mapping[str, Check]:
    """The checks by what they look at.

    `catalogue` is arXiv's API, `categories` are those that are to be read, `added` the feeds that people added.
    """
    checks: dict[str, Check] = {title_of_source(one.name): partial(_source, one, categories) for one in sources}
    checks |= {f"Feed {one.name}": partial(_added, one) for one in added}
    if catalogue is not None:
        checks["arXiv's API"] = partial(_catalogue, catalogue)
    if client is not None:
        checks["Clock of the feeds"] = partial(_clock, client)
    return checks


async def _source(source: Source, categories: Callable[[], Awaitable[Collection[str]]]) -> str:
    if source.name == ARXIV and not await categories():
        raise UncheckedError(
            "not asked: no topic names a category (as `cat:cs.CL` does), and PAPERROUND_ARXIV_CATEGORIES is empty"
        )
    try:
        newest = await source.newest_day()
    except SourceError as error:
        setting = f"PAPERROUND_{'ARXIV_RSS' if source.name == ARXIV else 'HUGGINGFACE'}_URL"
        raise SourceError(f"{error} {_advice(setting)}") from error
    return f"the newest day is {newest}" if newest else "it answers; nothing is listed there yet"


async def _added(source: Source) -> str:
    try:
        await source.newest_day()
    except SourceError as error:
        raise SourceError(
            f'{error} `paperround command "sources remove {source.name}"` takes it away, if PAPERROUND_FEEDS does not '
            "name it."
        ) from error
    return "it can be read"


async def _catalogue(catalogue: PaperLookup) -> str:
    try:
        found = await catalogue.lookup([_KNOWN_PAPER])
    except SourceError as error:
        raise SourceError(f"{error} {_advice('PAPERROUND_ARXIV_API_URL')}") from error
    return "it finds papers" if found else "it answers"


async def _clock(client: FeedClient) -> str:
    ahead = client.ahead_of_servers(machine_time())
    if ahead is None:
        raise UncheckedError("not checked: no feed told the time")
    if abs(ahead) > CLOCKS_APART:
        where = "ahead of" if ahead > timedelta() else "behind"
        raise OperatorError(
            f"This machine's clock is {round(abs(ahead).total_seconds()):,} seconds {where} the feeds'. Have it set "
            "automatically (NTP): digests come at the wrong time."
        )
    return "this machine's clock agrees with theirs"


def _advice(setting: str) -> str:
    return f"Look at the network and its proxy, and at {setting} if it is set."
