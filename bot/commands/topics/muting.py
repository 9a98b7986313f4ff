"""Muting: *Not this* asks which part of a paper is not wanted, and excludes it from the topics that bring the paper."""

from __future__ import annotations

from bot.channels.channel import Channel
from bot.commands.papers.searching import PAPER, known_paper
from bot.commands.registry import Arguments, Command, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, say
from bot.digests.cards import title_of
from bot.errors import UserError
from bot.forecasts.refinement import exclusions_of, without
from bot.messages.message import Block, Button, Buttons, bold, code
from bot.papers.ids import parse_paper_id
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import may_manage
from bot.query.errors import QueryError
from bot.reading.votes import Vote
from bot.topics.baselines import baseline_of
from bot.topics.matcher import matches
from bot.topics.store import TopicEdit, TopicOptions
from bot.topics.subscription import Subscription, wanted_query


async def not_this(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Asks which part of the paper is not wanted."""
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    channel = await services.channel(call)
    blocks: list[Block] = [say("What of ", bold(title_of(paper)), " do you not want to see here?")]
    asked = [topic.query for topic in await _bringing(services, channel, paper)]
    parts = exclusions_of(paper, asked) if asked else []
    if parts and await may_manage(call, services.channels):
        blocks.append(Buttons(tuple(Button(f"Not {one.label}", f"mute {paper.id} {one.part}") for one in parts)))
        blocks.append(hint("That is excluded from the topics that bring it, and can be undone."))
    blocks.append(Buttons((Button("👎 Only this paper", f"vote {paper.id} {Vote.DOWN}"),)))
    return answer(*blocks)


async def mute(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Excludes a part of a paper from the topics that bring it, as `edit` would."""
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    channel = await services.channel(call)
    excluded = await services.query(arguments.text("part"))
    excluded = await services.examples.decided(excluded, sources=channel.settings.sources)
    if not matches(excluded, paper, await services.vectors_of([paper], excluded)):
        raise UserError(f"`{excluded.text}` is not so of that paper.")
    topics = await _bringing(services, channel, paper)
    if not topics:
        return answer(say("No topic here brings that paper any more."))
    now = services.clock.now()
    waiting = await services.digests.waiting(channel.id)
    edits = []
    for topic in topics:
        query = without(topic.asked, excluded)
        wanted = wanted_query(query, topic.min_upvotes)
        options = TopicOptions(
            query=query.text,
            models=query.models,
            name=topic.name,
            min_upvotes=topic.min_upvotes,
            instant=topic.instant,
            baseline=await baseline_of(services.papers, services.vectors, wanted, now),
        )
        vectors = await services.vectors_of([queued.paper for queued in waiting], wanted)
        unwanted = tuple(queued.paper.id for queued in waiting if not matches(wanted, queued.paper, vectors))
        edits.append(TopicEdit(subscription_id=topic.id, options=options, unwanted=unwanted, before=topic))
    edited = await services.subscriptions.edit_all(edits)
    blocks: list[Block] = [say(bold(f"Topic {topic.number} is now: "), code(topic.query)) for topic in edited]
    undo = [
        Button(f"Undo {topic.number}" if topics[1:] else "Undo", f"edit {topic.number} {topic.query}")
        for topic in topics
    ]
    return answer(*blocks, Buttons(tuple(undo)))


async def _bringing(services: Services, channel: Channel, paper: Paper) -> list[Subscription]:
    """The channel's topics that find the paper."""
    found = []
    for topic in await services.subscriptions.of_channel(channel.id):
        try:
            if matches(topic.wanted, paper, await services.vectors_of([paper], topic.wanted)):
                found.append(topic)
        except QueryError:
            continue  # stored by a version that understood more
    return found


BUTTONS = (
    Command(
        name="not-this", summary="say what of a paper is not wanted", handler=not_this, parameters=(PAPER,), hidden=True
    ),
    Command(
        name="mute",
        summary="exclude a part of a paper from the topics that bring it",
        handler=mute,
        parameters=(PAPER, Parameter(name="part", help="what is not wanted, as a query", required=True)),
        manages=True,
        hidden=True,
    ),
)
