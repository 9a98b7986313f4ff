"""What the doctor looks at in the store: database, search index, channels and topics."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from bot.channels.channel import ChannelState
from bot.channels.store import ChannelStore
from bot.checks import Check, NoticeError
from bot.errors import EmbeddingError, NoModelError, OperatorError, StorageError
from bot.health.report import HealthReport, StoredFacts
from bot.health.reporting import Health
from bot.health.wording import ROWS_IN_WORDS, in_words, lacking_in_words
from bot.meaning.meaning import Meaning
from bot.papers.sources import title_of_source
from bot.posting.roles import ProcessRole
from bot.query.parser import parse
from bot.schedules.stored import misread
from bot.text.counting import count_of
from storage.search.index import TantivyIndex

MOST_SHOWN = 5  # channels that are named
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_WRITE_WITHIN = 5.0  # seconds; the bot's own transactions end well before


def store_checks(health: Health, channels: ChannelStore, index: TantivyIndex, meaning: Meaning) -> Mapping[str, Check]:
    """The checks by what they look at."""
    one = _OneReport(health)
    return {
        "Database": partial(_database, one),
        "Search index": partial(_index, one, index),
        "Meaning": partial(_meaning, one, meaning),
        "Channels": partial(_channels, one),
        "Schedules": partial(_schedules, channels),
        "Topics": partial(_topics, one),
        "Sources": partial(_sources, one),
        "Posts": partial(_posts, one),
        "Processes": partial(_processes, one),
    }


class _OneReport:
    """The health report that all checks go by: who may not write into the database is waited for once, not by each."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._report: asyncio.Task[HealthReport] | None = None

    async def report(self) -> HealthReport:
        """The report; goes on being made where whoever asks waits no longer."""
        if self._report is None:
            self._report = asyncio.create_task(self._health.report())
        return await asyncio.shield(self._report)


async def _stored(health: _OneReport) -> StoredFacts:
    report = await health.report()
    if report.stored is None:
        raise StorageError(report.database.problem)
    return report.stored


async def _database(health: _OneReport) -> str:
    try:
        async with asyncio.timeout(_WRITE_WITHIN):
            report = await health.report()
    except TimeoutError:
        raise OperatorError(
            f"Nothing could be written for {_WRITE_WITHIN:g} seconds: another program writes to the database, and does "
            "not end. Stop it (`fuser` on the file names it; in PostgreSQL look into pg_stat_activity)."
        ) from None
    if report.database.problem or report.stored is None:
        raise StorageError(report.database.problem)
    counted = {ROWS_IN_WORDS.get(what, what): number for what, number in report.stored.rows.items()}
    rows = ", ".join(count_of(number, what.removesuffix("s")) for what, number in counted.items())
    return f"{report.database.kind}, can be written, {report.stored.size / 1e6:,.1f} MB: {rows}"


async def _index(health: _OneReport, index: TantivyIndex) -> str:
    report = await health.report()
    behind = report.index_behind
    try:
        await index.refresh()
    except StorageError as error:
        raise StorageError(f"{error} Move its folder away; it is built anew from the database.") from error
    found = (await index.search(parse("*"), limit=1)).total
    papers = (await _stored(health)).rows["papers"]
    if found < papers:
        raise OperatorError(
            f"{found:,} of {papers:,} papers can be found. If this does not change within a minute, stop the bot and "
            "move the folder of the index away; it is built anew."
        )
    words = f"{count_of(found, 'paper')} can be found"
    if behind:
        raise NoticeError(
            f"it was {count_of(behind, 'paper')} behind the database, and has been brought up to date: {words}. If "
            "that comes again while the bot runs, its log says why (index.behind)."
        )
    return words


async def _meaning(health: _OneReport, meaning: Meaning) -> str:
    try:
        await meaning.vector("a question")
    except NoModelError as error:
        raise NoticeError(f"Papers are found by their words alone: {error}") from error
    except EmbeddingError as error:
        raise OperatorError(f"Papers are found by their words alone: {error}") from error
    coverage = (await health.report()).coverage
    if coverage is None:
        raise StorageError("The database could not say how many papers can be found by what they mean.")
    return f"{coverage.embedded:,} of {count_of(coverage.papers, 'paper')} can be found by what they mean"


async def _channels(health: _OneReport) -> str:
    report = await health.report()
    stored = await _stored(health)
    if stored.broken_count:
        named = "\n  ".join(
            f"{channel.address} ({channel.full_name}): {channel.reason}" for channel in report.broken[:MOST_SHOWN]
        )
        more = f"\n  and {stored.broken_count - MOST_SHOWN:,} more" if stored.broken_count > MOST_SHOWN else ""
        # What comes by mail is no place where anybody could write.
        mail = any(channel.follows is not None for channel in report.broken)
        by_mail = " (for mail, `/papers email resume` in the channel that it is from)" if mail else ""
        raise OperatorError(
            f"Nothing can be posted in {count_of(stored.broken_count, 'channel')}; the papers wait. Mend what the "
            f"platform says, then write `/papers resume` there{by_mail}.\n  {named}{more}"
        )
    channels = stored.rows["channels"]
    if not channels:
        raise NoticeError("there are none yet: invite the bot, and write `/papers subscribe diffusion` in a channel")
    paused = stored.channels[ChannelState.PAUSED]
    return count_of(channels, "channel") + (f", of which {paused:,} are paused by somebody" if paused else "")


async def _schedules(channels: ChannelStore) -> str:
    scheduled = await channels.due_after(_BEGINNING)
    told = [
        f"{one.address} ({one.full_name}): {misreading}"
        for one in scheduled
        if (misreading := misread(one.schedule, one.time_zone))
    ]
    if told:
        named = "\n  ".join(told[:MOST_SHOWN])
        more = f"\n  and {len(told) - MOST_SHOWN:,} more" if len(told) > MOST_SHOWN else ""
        raise NoticeError(
            f"{count_of(len(told), 'channel')} cannot be planned as somebody set it. Write `/papers schedule` or "
            f"`/papers timezone` there; a newer tzdata knows more time zones.\n  {named}{more}"
        )
    return f"{count_of(len(scheduled), 'channel')} at set times"


async def _topics(health: _OneReport) -> str:
    topics = (await _stored(health)).rows["subscriptions"]
    if not topics:
        raise NoticeError("there are none yet, so nothing is posted. Write `/papers subscribe diffusion` in a channel.")
    return count_of(topics, "topic")


async def _sources(health: _OneReport) -> str:
    """How the running bot does with them, which may see another network than whoever looks."""
    sources = [source for source in (await health.report()).sources if source.state.was_asked]
    failing = [source for source in sources if source.failing]
    if failing:
        named = "\n  ".join(
            f"{title_of_source(one.name)}: {count_of(one.state.failures, 'failure')}: {one.state.last_error}"
            for one in failing[:MOST_SHOWN]
        )
        raise NoticeError(
            f"{count_of(len(failing), 'source')} could not be read when the bot tried last. What they list comes when "
            f"they answer.\n  {named}"
        )
    return f"{count_of(len(sources), 'source')} read" if sources else "none was read yet"


async def _posts(health: _OneReport) -> str:
    report = await health.report()
    waiting = f"{count_of(report.waiting, 'post')} on the way" if report.waiting else "nothing waits to be posted"
    late = (await _stored(health)).late_digests
    if report.waits_long or late:
        waiting = f"{waiting}, the oldest for {in_words(report.oldest_waiting)}; {count_of(late, 'digest')} late"
    if not report.failed:
        if report.waits_long or late:
            raise NoticeError(
                f"{waiting}. A platform may be away, or slow one down: the health page and the log say which."
            )
        return waiting
    named = "\n  ".join(f"{channel.full_name}: {post.error}" for post, channel in report.failed[:MOST_SHOWN])
    raise NoticeError(
        f"{waiting}, but some will never be, as the platform refused them. `paperround command retry` names them, and "
        f"tries them again.\n  {named}"
    )


async def _processes(health: _OneReport) -> str:
    report = await health.report()
    processes = report.processes
    if not processes:
        raise NoticeError("the bot does not run now: `paperround run` starts it")
    if lacking := lacking_in_words(report):
        raise OperatorError(f"{lacking}.")
    if report.refusals:
        advice = "; ".join(one.advice.removesuffix(".") for one in report.refusals)
        raise OperatorError(f"the bot that runs is not let in: {advice}.")
    return "; ".join(
        f"{process.host}, process {process.pid}"
        + ("" if process.role is ProcessRole.ALL else f", {process.role}")
        + (", which reads the feeds" if process.leads else "")
        for process in processes
    )
