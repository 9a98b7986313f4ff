"""Commands about topics: subscribe, topics, edit, merge, unsubscribe."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from bot.channels.channel import Channel
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.searching import PAGE_OPTION, pages, turning
from bot.commands.services import Services
from bot.commands.wording import answer, hint, next_digest_in_words, say, schedule_in_words, sentence
from bot.digests.cards import paper_card
from bot.digests.digest import DigestKind
from bot.errors import UserError
from bot.messages.message import Block, Button, Buttons, ButtonStyle, Heading, Span, bold, code
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.errors import QueryError
from bot.query.explanations import explain
from bot.query.parser import LONGEST_QUERY, MOST_TERMS, parse
from bot.query.queries import Query
from bot.query.syntax import Sort
from bot.text.counting import count_of
from bot.text.suggestions import closest, quoted
from bot.topics.matcher import matches, same
from bot.topics.matching import MATCHED_AGAIN_FOR, is_news
from bot.topics.store import Match, TopicOptions
from bot.topics.subscription import Subscription, wanted_query

MOST_TOPICS = 100  # in one channel; more would be a list that nobody reads
PAGE = 50  # topics shown at a time
MOST_BACKFILL = 50
MOST_COMING = 1000  # listed papers that were not matched yet: there are hardly ever any
SAMPLES = 3
LONGEST_NAME = 60
DELIVERED_IN = timedelta(days=30)
_NONE = ("none", "off", "-")


async def subscribe(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    query = parse(arguments.text("query"))
    least = arguments.number("min-upvotes") or None
    wanted = wanted_query(query.text, least)
    name = _name(arguments.text("name"))
    channel = await services.channel(call)
    topics = await services.subscriptions.of_channel(channel.id)
    _refuse_double(query, wanted, topics)
    if len(topics) >= MOST_TOPICS:
        raise UserError(f"This channel has {MOST_TOPICS} topics already. `/papers unsubscribe N` makes room.")
    options = TopicOptions(
        query=query.text,
        name=name,
        min_upvotes=least,
        instant="instant" in arguments,
        baseline=await _baseline(services, wanted),
    )
    topic = await services.subscriptions.add(channel.id, options, created_by=call.person.id, now=services.clock.now())
    when = "as soon as they are found" if topic.instant else schedule_in_words(channel)
    blocks: list[Block] = [
        say(bold(f"Topic {topic.number} added: "), *explain(wanted), "."),
        say(f"New ones are posted here {when}. ", next_digest_in_words(channel, services.clock.now())),
    ]
    backfilled = await _backfill(services, channel, topic, wanted, arguments.number("backfill") or 0)
    if backfilled is None:
        blocks += await _samples(services, wanted)
    else:
        blocks.append(
            say(
                f"{count_of(backfilled, 'older paper')} will be posted now."
                if backfilled
                else "No older paper matches."
            )
        )
    blocks.append(Buttons((Button("Topics", "topics"), _remove_button(topic, "Undo"))))
    return answer(*blocks)


async def topics(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.known_channel(call)
    subscriptions = await services.subscriptions.of_channel(channel.id) if channel else []
    if channel is None or not subscriptions:
        return answer(
            say("This channel has no topics yet."),
            say("Write ", code("/papers subscribe diffusion distillation"), " and it gets the papers on that."),
        )
    may_change = await services.may_manage(call)
    now = services.clock.now()
    delivered = await services.subscriptions.delivered(channel.id, now - DELIVERED_IN)
    blocks: list[Block] = [Heading(f"{count_of(len(subscriptions), 'topic')} in {channel.name_here}")]
    page = min(arguments.number("page") or 1, pages(len(subscriptions), PAGE))
    for topic in subscriptions[(page - 1) * PAGE : page * PAGE]:
        blocks.append(say(bold(f"{topic.number}. "), *_title(topic)))
        brought = f"{count_of(delivered.get(topic.id, 0), 'paper')} in the last {DELIVERED_IN.days} days"
        blocks.append(hint(*_described(topic), f" · {brought}", " · posted at once" if topic.instant else ""))
        if may_change:
            blocks.append(Buttons((Button("Edit", f"edit {topic.number}"), _remove_button(topic, "Remove"))))
    blocks.append(sentence(next_digest_in_words(channel, now)))
    blocks += turning("topics", page, len(subscriptions), PAGE)
    return answer(*blocks, replaces=call.from_message is not None and "page" in arguments)


async def unsubscribe(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    topic = await _topic(services, channel, arguments.text("topic"))
    await services.subscriptions.remove(topic.id, services.clock.now())
    return answer(
        say(bold(f"Topic {topic.number} removed: "), *_title(topic), "."),
        say("What waited for the next digest only because of it is not posted."),
        Buttons((Button("Add it again", f"subscribe {_as_written(topic)}"),)),
    )


async def edit(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    topic = await _topic(services, channel, arguments.text("topic"))
    if set(arguments.values) <= {"topic"}:
        return answer(
            say(bold(f"Topic {topic.number}: "), code(_as_written(topic))),
            say(
                "To change it, write ",
                code(f"/papers edit {topic.number} {_as_written(topic, instant='--instant on')}"),
                " with your changes.",
            ),
            Buttons((Button("Topics", "topics"), _remove_button(topic, "Remove"))),
        )
    query = parse(arguments.text("query") or topic.query)
    least = arguments.number("min-upvotes") if "min-upvotes" in arguments else topic.min_upvotes
    wanted = wanted_query(query.text, least or None)
    others = await services.subscriptions.of_channel(channel.id)
    _refuse_double(query, wanted, [other for other in others if other.id != topic.id])
    given = arguments.text("name")
    options = TopicOptions(
        query=query.text,
        name=("" if given.lower() in _NONE else _name(given)) if given else topic.name,
        min_upvotes=least or None,
        instant=arguments.text("instant") == "on" if "instant" in arguments else topic.instant,
        baseline=await _baseline(services, wanted),
    )
    waiting = await services.digests.waiting(channel.id)
    unwanted = [queued.paper.id for queued in waiting if not matches(wanted, queued.paper)]
    edited = await services.subscriptions.edit(topic.id, options, unwanted=unwanted)
    return answer(
        say(bold(f"Topic {edited.number} is now: "), *explain(wanted), "."),
        *await _samples(services, wanted),
        Buttons((Button("Topics", "topics"), _remove_button(edited, "Remove"))),
    )


async def merge(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    kept = await _topic(services, channel, arguments.text("topic"))
    gone = await _topic(services, channel, arguments.text("other"))
    if kept.id == gone.id:
        raise UserError(f"Both are topic {kept.number}. Name two, like `/papers merge 1 2`.")
    query, least = _united(kept, gone)
    wanted = wanted_query(query.text, least)
    others = await services.subscriptions.of_channel(channel.id)
    _refuse_double(query, wanted, [other for other in others if other.id not in (kept.id, gone.id)])
    options = TopicOptions(
        query=query.text,
        name=kept.name,
        min_upvotes=least,
        instant=kept.instant or gone.instant,
        baseline=await _common_baseline(services, wanted, (kept, gone)),
    )
    merged = await services.subscriptions.merge(kept, gone, options, services.clock.now())
    return answer(
        say(
            bold(f"Topics {kept.number} and {gone.number} are now one, number {merged.number}: "), *explain(wanted), "."
        ),
        say("What waited because of either still waits. Nothing older is posted."),
        Buttons((Button("Topics", "topics"), _remove_button(merged, "Remove"))),
    )


def _united(kept: Subscription, gone: Subscription) -> tuple[Query, int | None]:
    """The query that finds what either topic finds, no more and no less, and the least upvotes beside it.

    A bound that only one of them has becomes a part of the query.
    """
    common = kept.min_upvotes == gone.min_upvotes
    try:
        sides = [parse(topic.query) if common else topic.wanted for topic in (kept, gone)]
        query = parse(" OR ".join(f"({Query.of(side.root).text})" for side in sides))
    except QueryError as error:
        raise UserError(
            f"Topics {kept.number} and {gone.number} cannot be one: a query has at most {LONGEST_QUERY} characters and "
            f"{MOST_TERMS} words. `/papers edit N QUERY` makes one of them shorter."
        ) from error
    return query, kept.min_upvotes if common else None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME:
        raise UserError(f"That name is too long: at most {LONGEST_NAME} characters.", about=_NAME.name)
    return name


def _refuse_double(query: Query, wanted: Query, topics: Sequence[Subscription]) -> None:
    """Raises `UserError` if a topic has this query, or finds the same by its options: in whatever spelling."""
    for topic in topics:
        if _is_about(topic, query, wanted):
            written = "" if topic.query == query.text else f", {quoted(topic.query)}"
            raise UserError(
                f"This channel has that topic already: it is number {topic.number}{written}. "
                f"`/papers edit {topic.number}` changes it."
            )


def _is_about(topic: Subscription, query: Query, wanted: Query) -> bool:
    """Whether the topic has this query, or finds with its options what `wanted` does: in whatever spelling."""
    try:
        return same(query, parse(topic.query)) or same(wanted, topic.wanted)
    except QueryError:
        return False


async def _baseline(services: Services, wanted: Query) -> tuple[str, ...]:
    """The papers that match already, of those that may be matched again when their votes grow."""
    if not wanted.watches_numbers:
        return ()
    recent = await services.papers.listed_since(services.clock.now() - MATCHED_AGAIN_FOR)
    return tuple(paper.id for paper in recent if matches(wanted, paper))


async def _common_baseline(services: Services, wanted: Query, topics: Sequence[Subscription]) -> tuple[str, ...]:
    """What matches already or was old to one of the topics, less what is about to come by one of them."""
    if not wanted.watches_numbers:
        return ()
    baselines = await services.subscriptions.baselines([topic.id for topic in topics])
    known = {*await _baseline(services, wanted), *(paper_id for _, paper_id in baselines)}
    coming = {
        stored.paper.id
        for stored in await services.papers.unmatched(MOST_COMING)
        for topic in topics
        if matches(topic.wanted, stored.paper)
        and is_news(stored, topic, baselines, watching=topic.wanted.watches_numbers)
    }
    return tuple(sorted(known - coming))


async def _latest(services: Services, wanted: Query, limit: int) -> list[Paper]:
    """The newest papers that a topic would have posted."""
    found = await services.index.search(Query.of(wanted.root, Sort.NEW), limit=limit)
    papers = await services.papers.papers([hit.paper_id for hit in found.hits])
    return [papers[hit.paper_id] for hit in found.hits if hit.paper_id in papers]


async def _samples(services: Services, wanted: Query) -> list[Block]:
    papers = await _latest(services, wanted, SAMPLES)
    if not papers:
        return [hint("None of the papers that I know would have matched.")]
    return [hint("It would have posted lately:"), *(paper_card(paper, compact=True) for paper in papers)]


async def _backfill(services: Services, channel: Channel, topic: Subscription, wanted: Query, count: int) -> int | None:
    """Posts older papers because somebody asked for them; returns how many, None when nobody did."""
    if not count:
        return None
    papers = await _latest(services, wanted, count)
    found = [
        Match(channel_id=channel.id, paper_id=paper.id, subscription_ids=(topic.id,), instant=False)
        for paper in papers
        if paper.sources & channel.settings.sources
    ]
    await services.matches.record_matches({}, found, services.clock.now())
    ids = {match.paper_id for match in found}
    planned = await services.planner.plan_now(channel, DigestKind.BACKFILL, only=ids)
    services.wake()
    return planned


async def _topic(services: Services, channel: Channel, asked: str) -> Subscription:
    """The topic that a person means by its number, name or query."""
    topics = await services.subscriptions.of_channel(channel.id)
    if not topics:
        raise UserError("This channel has no topics. `/papers subscribe QUERY` adds one.")
    number = asked.strip().lstrip("#").rstrip(".")
    for topic in topics:
        if number == str(topic.number) or asked.casefold() in (topic.name.casefold(), topic.query.casefold()):
            return topic
    with suppress(QueryError):
        query = parse(asked)
        for topic in topics:
            if _is_about(topic, query, query):
                return topic
    shown = asked if len(asked) <= 60 else asked[:59] + "…"
    titles = {topic.title: topic.number for topic in topics}
    if near := closest(asked, list(titles)):
        raise UserError(f"There is no topic “{shown}” here. Did you mean number {titles[near]}, “{near}”?")
    raise UserError(f"There is no topic “{shown}” here. `/papers topics` shows their numbers.")


def _title(topic: Subscription) -> list[str | Span]:
    return [topic.name, " (", code(topic.query), ")"] if topic.name else [code(topic.query)]


def _described(topic: Subscription) -> tuple[Span, ...]:
    try:
        words = explain(topic.wanted)
    except QueryError:
        return (Span("I cannot read this query any more; please edit it"),)
    first, *rest = words
    return (Span(first.text[:1].upper() + first.text[1:], first.bold, first.italic, first.code), *rest)


def _as_written(topic: Subscription, instant: str = "--instant") -> str:
    """The topic as somebody would type it again; `instant` is how the command takes that option."""
    parts = [topic.query]
    if topic.min_upvotes is not None:
        parts.append(f"--min-upvotes {topic.min_upvotes}")
    if topic.instant:
        parts.append(instant)
    if topic.name:
        parts.append(f'--name "{topic.name}"')
    return " ".join(parts)


def _remove_button(topic: Subscription, label: str) -> Button:
    return Button(label, f"unsubscribe {topic.number}", ButtonStyle.DANGER)


_MIN_UPVOTES = Parameter(
    name="min-upvotes",
    help="only papers with so many upvotes, as soon as they have them",
    kind=Kind.NUMBER,
    option=True,
)
_NAME = Parameter(name="name", help="what to call the topic", option=True)
_TOPIC = Parameter(name="topic", help="a topic's number", kind=Kind.TOPIC, required=True)

COMMANDS = (
    Command(
        name="subscribe",
        summary="add a topic: papers that match are posted here",
        handler=subscribe,
        manages=True,
        parameters=(
            Parameter(name="query", help="a query, written as for search", kind=Kind.QUERY, required=True),
            _MIN_UPVOTES,
            Parameter(name="instant", help="post them as soon as they are found", kind=Kind.SWITCH, option=True),
            Parameter(
                name="backfill",
                help="post so many older papers now",
                kind=Kind.NUMBER,
                option=True,
                minimum=1,
                maximum=MOST_BACKFILL,
            ),
            _NAME,
        ),
        examples=(
            "subscribe diffusion distillation",
            'subscribe "language model" OR llm --min-upvotes 20',
            "subscribe cat:cs.CL agents --name Agents --instant",
        ),
        details="Nothing old is posted unless you ask with --backfill. `*` alone subscribes to the whole feed.",
    ),
    Command(
        name="topics",
        summary="this channel's topics",
        handler=topics,
        parameters=(PAGE_OPTION,),
        examples=("topics",),
    ),
    Command(
        name="unsubscribe",
        summary="remove a topic",
        handler=unsubscribe,
        manages=True,
        parameters=(Parameter(name="topic", help="a topic's number, name or query", kind=Kind.TOPIC, required=True),),
        examples=("unsubscribe 2", "unsubscribe diffusion distillation"),
    ),
    Command(
        name="edit",
        summary="change a topic",
        handler=edit,
        manages=True,
        parameters=(
            _TOPIC,
            Parameter(name="query", help="the new query", kind=Kind.QUERY),
            _MIN_UPVOTES,
            Parameter(
                name="instant", help="whether to post at once", kind=Kind.CHOICE, choices=("on", "off"), option=True
            ),
            _NAME,
        ),
        examples=("edit 2 diffusion -survey", "edit 2 --min-upvotes 10", 'edit 2 --name "Fast diffusion"'),
        details="--min-upvotes 0 drops the bound, --name none the name.",
    ),
    Command(
        name="merge",
        summary="make one topic of two",
        handler=merge,
        manages=True,
        parameters=(
            _TOPIC,
            Parameter(name="other", help="the number of the topic that goes into it", kind=Kind.TOPIC, required=True),
        ),
        examples=("merge 1 2",),
        details=(
            "The first keeps its number and name, and finds from then on what either of them found. Different bounds "
            "of --min-upvotes become parts of the query; papers are posted at once if one of the topics did that."
        ),
    ),
)
