"""Commands about the topics of a channel: topics, edit, merge, unsubscribe."""

from __future__ import annotations

from datetime import timedelta

from bot.commands.papers.searching import PAGE_OPTION, turning
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.by_example import gains_and_losses
from bot.commands.topics.forecasting import samples
from bot.commands.topics.looking_back import look_back_button
from bot.commands.topics.wording import (
    MIN_UPVOTES,
    NAME,
    TOPIC,
    as_written,
    described,
    read_name,
    refuse_double,
    remove_button,
    titled,
    topic_named,
)
from bot.commands.wording import answer, hint, next_digest, say
from bot.errors import UserError
from bot.library.searching import pages
from bot.messages.message import Block, Button, Buttons, Heading, bold, code
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import may_manage
from bot.query.explanations import explain
from bot.query.parser import parse
from bot.text.counting import count_of
from bot.text.typed import means_none
from bot.topics.baselines import baseline_of, common_baseline_of
from bot.topics.matcher import matches
from bot.topics.store import TopicEdit, TopicOptions
from bot.topics.subscription import united, wanted_query

PAGE = 50  # topics shown at a time
DELIVERED_IN = timedelta(days=30)


async def topics(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.known_channel(call)
    subscriptions = await services.subscriptions.of_channel(channel.id) if channel else []
    if channel is None or not subscriptions:
        return answer(
            say("This channel has no topics yet."),
            say("Write ", code("/papers subscribe diffusion distillation"), " and it gets the papers on that."),
        )
    may_change = await may_manage(call, services.channels)
    now = services.clock.now()
    delivered = await services.subscriptions.delivered(channel.id, now - DELIVERED_IN)
    blocks: list[Block] = [Heading(f"{count_of(len(subscriptions), 'topic')} in {channel.name_here}")]
    page = min(arguments.number("page") or 1, pages(len(subscriptions), PAGE))
    for topic in subscriptions[(page - 1) * PAGE : page * PAGE]:
        blocks.append(say(bold(f"{topic.number}. "), *titled(topic)))
        brought = f"{count_of(delivered.get(topic.id, 0), 'paper')} in the last {DELIVERED_IN.days} days"
        blocks.append(hint(*described(topic), f" · {brought}", " · posted at once" if topic.instant else ""))
        if may_change:
            blocks.append(Buttons((Button("Edit", f"edit {topic.number}"), remove_button(topic, "Remove"))))
    blocks.append(say(*next_digest(channel, now)))
    blocks += turning("topics", page, len(subscriptions), PAGE)
    return answer(*blocks, replaces=call.from_message is not None and "page" in arguments)


async def unsubscribe(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    topic = await topic_named(services, channel, arguments.text("topic"))
    await services.subscriptions.remove(topic.id, services.clock.now())
    return answer(
        say(bold(f"Topic {topic.number} removed: "), *titled(topic), "."),
        say("What waited for the next digest only because of it is not posted."),
        Buttons((Button("Add it again", f"subscribe {as_written(topic)}"),)),
    )


async def edit(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    topic = await topic_named(services, channel, arguments.text("topic"))
    if set(arguments.values) <= {"topic"}:
        return answer(
            say(bold(f"Topic {topic.number}: "), code(as_written(topic))),
            say(
                "To change it, write ",
                code(f"/papers edit {topic.number} {as_written(topic, instant='--instant on')}"),
                " with your changes.",
            ),
            Buttons((Button("Topics", "topics"), remove_button(topic, "Remove"))),
        )
    query = await services.query(asked) if (asked := arguments.text("query")) else parse(topic.query)
    least = arguments.number("min-upvotes") if "min-upvotes" in arguments else topic.min_upvotes
    query = await services.examples.decided(query, sources=channel.settings.sources, known=topic.models)
    wanted = wanted_query(query, least or None)
    others = await services.subscriptions.of_channel(channel.id)
    refuse_double(query, wanted, [other for other in others if other.id != topic.id], topic.named_in)
    given = arguments.text("name")
    options = TopicOptions(
        query=query.text,
        models=query.models,
        name=("" if means_none(given) else read_name(given)) if given else topic.name,
        min_upvotes=least or None,
        instant=arguments.text("instant") == "on" if "instant" in arguments else topic.instant,
        baseline=await baseline_of(services.papers, services.vectors, wanted, services.clock.now()),
    )
    waiting = await services.digests.waiting(channel.id)
    vectors = await services.vectors_of([queued.paper for queued in waiting], wanted)
    unwanted = tuple(queued.paper.id for queued in waiting if not matches(wanted, queued.paper, vectors))
    edited = await services.subscriptions.edit(
        TopicEdit(subscription_id=topic.id, options=options, unwanted=unwanted, before=topic)
    )
    return answer(
        say(bold(f"Topic {edited.number} is now: "), *explain(wanted), "."),
        *(
            await gains_and_losses(services, topic.asked, query)
            if topic.models and query.models != topic.models
            else ()
        ),
        *await samples(services, wanted, channel),
        Buttons((Button("Topics", "topics"), look_back_button(edited), remove_button(edited, "Remove"))),
    )


async def merge(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    kept = await topic_named(services, channel, arguments.text("topic"))
    gone = await topic_named(services, channel, arguments.text("other"))
    if kept.id == gone.id:
        raise UserError(f"Both are topic {kept.number}. Name two, like `/papers merge 1 2`.")
    query, least = united(kept, gone)
    wanted = wanted_query(query, least)
    others = await services.subscriptions.of_channel(channel.id)
    refuse_double(query, wanted, [other for other in others if other.id not in (kept.id, gone.id)], kept.named_in)
    options = TopicOptions(
        query=query.text,
        models=query.models,
        name=kept.name,
        min_upvotes=least,
        instant=kept.instant or gone.instant,
        baseline=await common_baseline_of(
            services.papers,
            services.vectors,
            services.subscriptions,
            wanted,
            (kept, gone),
            channel.settings.sources,
            services.clock.now(),
        ),
    )
    merged = await services.subscriptions.merge(kept, gone, options, services.clock.now())
    return answer(
        say(
            bold(f"Topics {kept.number} and {gone.number} are now one, number {merged.number}: "), *explain(wanted), "."
        ),
        say("What waited because of either still waits. Nothing older is posted."),
        Buttons((Button("Topics", "topics"), remove_button(merged, "Remove"))),
    )


COMMANDS = (
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
            TOPIC,
            Parameter(name="query", help="the new query", kind=Kind.QUERY),
            MIN_UPVOTES,
            Parameter(
                name="instant", help="whether to post at once", kind=Kind.CHOICE, choices=("on", "off"), option=True
            ),
            NAME,
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
            TOPIC,
            Parameter(name="other", help="the number of the topic that goes into it", kind=Kind.TOPIC, required=True),
        ),
        examples=("merge 1 2",),
        details=(
            "The first keeps its number and name, and finds from then on what either of them found. Different bounds "
            "of --min-upvotes become parts of the query; papers are posted at once if one of the topics did that."
        ),
    ),
)
