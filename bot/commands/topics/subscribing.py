"""The command `subscribe`: a new topic, what it would have posted, and older papers on request."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.channels.channel import Channel
from bot.commands.papers.searching import did_you_mean
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.by_example import query_written
from bot.commands.topics.forecasting import forms, samples, volume
from bot.commands.topics.interest_wording import (
    MOST_OWN_TOPICS,
    MY_TOPICS,
    OWN,
    QUIET,
    QUIETLY,
    named,
    own_channel,
    remove_own_button,
)
from bot.commands.topics.looking_back import look_back_button
from bot.commands.topics.wording import MIN_UPVOTES, NAME, read_name, refuse_double, remove_button
from bot.commands.wording import answer, behind_button, hint, next_digest, posted_when, say, schedule_in_words
from bot.digests.digest import DigestKind
from bot.errors import StorageError, UserError
from bot.forecasts.volume import list_of_source
from bot.messages.message import Block, Button, Buttons, bold
from bot.papers.sources import ARXIV
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.explanations import explain
from bot.query.queries import Query
from bot.text.counting import count_of
from bot.text.lists import listed
from bot.topics.baselines import baseline_of
from bot.topics.store import TopicOptions
from bot.topics.subscription import Subscription, wanted_query

MOST_TOPICS = 100  # in one channel; more would be a list that nobody reads
MOST_BACKFILL = 50
MOST_NAMED = 5  # sources by name

_log = structlog.get_logger()


async def subscribe(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    least = arguments.number("min-upvotes") or None
    name = read_name(arguments.text("name"))
    if QUIETLY in arguments and OWN not in arguments:
        raise UserError("`--quietly` is for topics of your own: write `--for me` with it.")
    written, about_examples = await query_written(services, call, arguments.text("query"))
    query = await services.query(written)
    here = await services.channel(call)
    channel = await own_channel(services, call, here) if OWN in arguments else here
    # In their direct messages a person's own topics are simply those of the channel.
    named_in = here.id if channel.id != here.id else None
    query = await services.examples.decided(query, sources=channel.settings.sources)
    wanted = wanted_query(query, least)
    topics = await services.subscriptions.of_channel(channel.id)
    refuse_double(query, wanted, topics, named_in)
    if named_in is not None and len(topics) >= MOST_OWN_TOPICS:
        raise UserError(f"You have {MOST_OWN_TOPICS} topics already. `/papers interests remove N` makes room.")
    if len(topics) >= MOST_TOPICS:
        raise UserError(f"This channel has {MOST_TOPICS} topics already. `/papers unsubscribe N` makes room.")
    # Whatever may fail comes before the topic is added: then it is there with all that was asked for, or not at all.
    count = arguments.number("backfill") or 0
    older = await _older(services, (channel, here), wanted, count) if count else []
    options = TopicOptions(
        query=query.text,
        models=query.models,
        name=name,
        min_upvotes=least,
        instant="instant" in arguments,
        baseline=await baseline_of(services.papers, services.vectors, wanted, services.clock.now()),
    )
    topic = await services.subscriptions.add(
        channel.id,
        options,
        created_by=call.person.id,
        now=services.clock.now(),
        backfill=older,
        named_in=named_in,
        quiet=QUIETLY in arguments,
    )
    blocks: list[Block] = [say(bold(f"Topic {topic.number} added: "), *explain(wanted), ".")]
    when = "as soon as they are found" if topic.instant else schedule_in_words(channel)
    if named_in is None:
        blocks.append(say(f"New ones are posted here {when}. ", *next_digest(channel, services.clock.now())))
    else:
        blocks += named(here, topic, call.person.name, when)
    blocks += about_examples
    blocks += await volume(services, wanted, await services.sources_of(channel))
    blocks.append(await _looked_into(services, channel))
    blocks += await forms(services, query)
    blocks += await did_you_mean(services, query)
    blocks += [await _post_older(services, channel, older)] if count else await samples(services, wanted, channel)
    blocks.append(_buttons(topic))
    return answer(*blocks)


def _buttons(topic: Subscription) -> Buttons:
    if topic.named_in is not None:
        return Buttons((MY_TOPICS, remove_own_button(topic, "Undo")))
    return Buttons((Button("Topics", "topics"), look_back_button(topic), remove_button(topic, "Undo")))


async def _looked_into(services: Services, channel: Channel) -> Block:
    """Which sources and categories a topic of the channel gets papers of."""
    sources = await services.sources_of(channel)
    categories = await services.categories() if ARXIV in sources else frozenset()
    where = f" ({', '.join(sorted(categories))})" if categories else ""
    said = [list_of_source(source) for source in sources]
    if len(said) > MOST_NAMED:
        said[MOST_NAMED - 1 :] = [count_of(len(said) - MOST_NAMED + 1, "other feed")]
    return hint(f"Looked for in {listed(said)}{where}.")


async def _older(services: Services, channels: Sequence[Channel], wanted: Query, count: int) -> list[str]:
    """The latest papers that match, that the first of the channels takes, and that none of them has."""
    latest = await services.forecasts.latest(wanted, count, channels[0].settings.sources)
    papers = [paper.id for paper in latest]
    known = {one for channel in channels for one in await services.digests.delivered_ids(channel.id, papers)}
    return [paper_id for paper_id in papers if paper_id not in known]


async def _post_older(services: Services, channel: Channel, older: Sequence[str]) -> Block:
    """Posts older papers that are queued; says what becomes of them."""
    if not older:
        return say("No older paper matches.")
    try:
        digest = await services.planner.plan_now(channel, DigestKind.BACKFILL, only=older)
    except StorageError as error:
        _log.warning("command.not_planned", channel=str(channel.address), reason=str(error))
        digest = None
    services.wake()
    if digest is not None:
        older_papers = count_of(digest.shown, "older paper")
        return say(f"{older_papers} will be posted {posted_when(channel)}{behind_button(digest)}.")
    return say(f"{count_of(len(older), 'older paper')} will be posted with the next digest.")


COMMANDS = (
    Command(
        name="subscribe",
        summary="add a topic: papers that match are posted here",
        handler=subscribe,
        manages=True,
        opens_modal=True,
        own_with=OWN,
        parameters=(
            Parameter(
                name="query",
                help="a query, written as for search",
                kind=Kind.QUERY,
                required=True,
                file="a BibTeX or RIS file: papers like those that it names",
            ),
            MIN_UPVOTES,
            Parameter(name="instant", help="post them as soon as they are found", kind=Kind.SWITCH, option=True),
            Parameter(
                name="backfill",
                help="post so many older papers now",
                kind=Kind.NUMBER,
                option=True,
                minimum=1,
                maximum=MOST_BACKFILL,
            ),
            NAME,
            Parameter(name=OWN, help="makes it a topic of your own", kind=Kind.CHOICE, choices=("me",), option=True),
            QUIET,
        ),
        examples=(
            "subscribe diffusion distillation",
            'subscribe "language model" OR llm --min-upvotes 20',
            "subscribe cat:cs.CL agents --name Agents --instant",
            "subscribe like 2604.13035 2604.01234 ~3/day",
            "subscribe agents --for me",
        ),
        details=(
            "Nothing old is posted unless you ask with --backfill. `*` alone subscribes to the whole feed. Behind "
            "`like` come papers that others should be like: ids or links, `saved` for your reading list, `liked` for "
            "what has a 👍 here, or BibTeX or RIS, as Zotero exports it: pasted, or in Discord a file. With --for me "
            "papers for you are marked in this channel, and what it does not get comes to you: see interests."
        ),
    ),
)
