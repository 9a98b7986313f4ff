"""Commands about what was and will be posted: preview, now, history, status, and the rest of a digest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.channels.channel import Channel, ChannelState
from bot.channels.next_digest import local_day
from bot.commands.operating.health_wording import source_in_words
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import (
    answer,
    behind_button,
    day_name,
    hint,
    moment_span,
    next_digest,
    next_digest_in_words,
    say,
    to_be_set_anew,
)
from bot.digests.cards import paper_line
from bot.digests.content import DigestPart
from bot.digests.digest import DigestKind
from bot.digests.messages import day_in_words, digest_message
from bot.errors import UserError
from bot.health.report import IntakeReport
from bot.messages.message import Block, Button, Buttons, Heading, bold
from bot.papers.sources import title_of_source
from bot.platforms.command_calls import CommandCall, Reply
from bot.ranking.order import ReasonKind
from bot.schedules.stored import DEFAULT_TIME_ZONE, zone_of
from bot.text.counting import count_of

HISTORY = 10
LONGEST_HISTORY = 50
PAGE = 10
FAILURES_OF = timedelta(days=7)


async def preview(services: Services, call: CommandCall, _arguments: Arguments) -> Reply:
    channel = await services.known_channel(call)
    if channel is None:
        return await _nothing_waits(services, None)
    services.platform(channel.address.platform)  # it says how much fits into a message
    plan = await services.planner.preview(channel)
    if plan.digest is None:
        return await _nothing_waits(services, channel)
    waiting = {queued.paper.id: queued for queued in await services.digests.waiting(channel.id)}
    papers = {paper_id: queued.paper for paper_id, queued in waiting.items()}
    topics = {paper_id: queued.topics for paper_id, queued in waiting.items()}
    reasons = [reason for post in plan.posts if isinstance(post.content, DigestPart) for reason in post.content.reasons]
    papers |= await services.papers.papers([one.about for one in reasons if one and one.kind is ReasonKind.LIKED])
    parts = [post.content for post in plan.posts if isinstance(post.content, DigestPart)]
    people = await services.personal_channels.people_for([channel.id], list(papers))
    mine = {
        paper_id: [replace(one, ping=False) for one in people.get((channel.id, paper_id), ())] for paper_id in papers
    }
    message = digest_message(channel, plan.digest, parts[0], papers, topics, {}, mine)
    # A preview is no digest yet: nothing stands behind its "more" button, and it pings nobody.
    blocks = [block for block in message.blocks if not isinstance(block, Buttons)]
    if more := plan.digest.shown - len(parts[0].paper_ids):
        blocks.append(hint(f"… and {count_of(more, 'more paper')} in further messages."))
    if hidden := plan.digest.total - plan.digest.shown:
        blocks.append(hint(f"{count_of(hidden, 'paper')} more would stand behind the button “+{hidden} more”."))
    return answer(
        hint("Preview. " if call.public else "Preview, only for you. ", *next_digest(channel, services.clock.now())),
        *blocks,
        Buttons((Button("Send now", "now"),)),
    )


async def now(services: Services, call: CommandCall, _arguments: Arguments) -> Reply:
    channel = await services.channel(call)
    if channel.state is not ChannelState.ACTIVE:
        raise UserError(next_digest_in_words(channel, services.clock.now()))
    services.platform(channel.address.platform)  # else nothing would be sent now
    digest = await services.planner.plan_now(channel, DigestKind.REQUESTED)
    services.wake()
    if digest is None:
        return await _nothing_waits(services, channel)
    return answer(say(bold(f"{count_of(digest.shown, 'paper')} on the way"), f"{behind_button(digest)}."))


async def history(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    channel = await services.known_channel(call)
    count = arguments.number("count") or HISTORY
    posted = await services.digests.history(channel.id, count) if channel else []
    if channel is None or not posted:
        return answer(say("Nothing was posted here yet."))
    today = local_day(channel, services.clock.now())
    blocks: list[Block] = [Heading(f"Posted lately in {channel.name_here}")]
    day = None
    for entry in posted:
        if (posted_on := local_day(channel, entry.posted_at)) != day:
            day = posted_on
            name = day_name(day, today)
            blocks.append(hint(name[:1].upper() + name[1:]))
        blocks.append(paper_line(entry.paper))
    return answer(*blocks)


async def status(services: Services, call: CommandCall, _arguments: Arguments) -> Reply:
    current = services.clock.now()
    channel = await services.known_channel(call)
    blocks: list[Block] = [Heading("Status")]
    if channel is None:
        blocks.append(say("This channel has no topics yet."))
    else:
        blocks += await _channel_health(services, channel)
    report = await services.health.intake()
    for source in report.sources:
        if source.state.was_asked:
            zone = channel.time_zone if channel else DEFAULT_TIME_ZONE
            blocks.append(say(bold(f"{title_of_source(source.name)}: "), *source_in_words(source, zone, current)))
    if categories := await services.categories():
        blocks.append(hint(f"Of arXiv I read {', '.join(sorted(categories))}."))
    newest = await services.papers.newest_day()
    last = f", the newest listed {day_name(newest, current.date())}" if newest else ""
    blocks.append(hint(f"{count_of(report.papers, 'paper')} known{last}."))
    if report.papers:
        blocks += _found_by_meaning(report)
    return answer(*blocks)


def _found_by_meaning(report: IntakeReport) -> list[Block]:
    """How far papers are found by their meaning, where that is not all of them."""
    coverage = report.coverage
    if coverage is None:
        return [hint(f"Papers are found by their words, not by their meaning: {report.meaning_problem}")]
    if not coverage.waiting:
        return []
    return [hint(f"{coverage.embedded:,} of {coverage.papers:,} are found by their meaning as well, so far.")]


async def more(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    digest_id = arguments.number("digest") or 0
    channel = await services.known_channel(call)
    digest = (await services.digests.digests([digest_id])).get(digest_id)
    # Numbers of digests are easily guessed; what another channel gets is not told here.
    if channel is None or digest is None or digest.channel_id != channel.id:
        raise UserError("That digest is not one of this channel's.")
    page = arguments.number("page") or 1
    papers = await services.digests.hidden(digest_id)
    shown = papers[(page - 1) * PAGE : page * PAGE]
    blocks: list[Block] = [Heading(f"{count_of(len(papers), 'more paper')} of {day_in_words(digest.day)}")]
    blocks += [paper_line(paper) for paper in shown]
    buttons = []
    if page > 1:
        buttons.append(Button("‹ Back", f"more {digest_id} --page {page - 1}"))
    if page * PAGE < len(papers):
        buttons.append(Button("Next ›", f"more {digest_id} --page {page + 1}"))
    if buttons:
        blocks.append(Buttons(tuple(buttons)))
    return answer(*blocks, replaces="page" in arguments)


async def _nothing_waits(services: Services, channel: Channel | None) -> Reply:
    if channel is None:
        return answer(say("This channel has no topics yet. ", bold("/papers subscribe QUERY"), " adds one."))
    if unsent := await services.posts.open_in(channel.id):
        return answer(say(f"Nothing more is waiting: {count_of(unsent, 'message')} on the way already."))
    return answer(say("Nothing is waiting for this channel."), say(*next_digest(channel, services.clock.now())))


async def _channel_health(services: Services, channel: Channel) -> list[Block]:
    waiting = len(await services.digests.waiting(channel.id))
    limit = channel.settings.limit
    shown = f", of which a digest shows {limit}" if waiting > limit else ""
    unsent = await services.posts.open_in(channel.id)
    blocks: list[Block] = [say(*next_digest(channel, services.clock.now())), *to_be_set_anew(channel)]
    if (
        (late := await services.planner.late(channel))
        and channel.next_digest_at
        and channel.state is ChannelState.ACTIVE
    ):
        turn = moment_span(channel.next_digest_at + late, channel.time_zone, services.clock.now())
        blocks.append(hint("Many channels share that time; this one has its turn ", turn, "."))
    coming = await services.planner.calendar.of([channel], services.clock.now())
    if coming[1:]:
        zone = zone_of(channel.time_zone)
        times = [f"{one.at.astimezone(zone):%H:%M}" for one in coming]
        blocks.append(hint(f"Digests of the next 24 hours: {', '.join(times)} ({zone.key})."))
    blocks.append(say(bold("Waiting: "), count_of(waiting, "paper"), shown))
    if unsent:
        # Why a channel is stopped is said already.
        trouble = await services.posts.last_error(channel.id)
        trouble = "" if trouble == channel.reason else trouble
        blocks.append(
            say(bold("Being posted: "), count_of(unsent, "message"), f"; last trouble: {trouble}" if trouble else "")
        )
    else:
        blocks.append(say(bold("Posting: "), "nothing is left to post"))
    failures = await services.posts.failures(channel.id, services.clock.now() - FAILURES_OF)
    if failures:
        lost = f"{count_of(len(failures), 'message')} in the last week, the latest because: {failures[0]}"
        blocks.append(say(bold("Never posted: "), lost))
    return blocks


COMMANDS = (
    Command(
        name="preview", summary="the digest that would go out now, only for you", handler=preview, examples=("preview",)
    ),
    Command(
        name="now",
        summary="send the waiting digest now",
        handler=now,
        manages=True,
        announced=False,
        examples=("now",),
    ),
    Command(
        name="history",
        summary="what was posted here lately",
        handler=history,
        parameters=(
            Parameter(name="count", help="how many papers", kind=Kind.NUMBER, minimum=1, maximum=LONGEST_HISTORY),
        ),
        examples=("history", "history 30"),
    ),
    Command(name="status", summary="next digest, health of feeds and of posting", handler=status, examples=("status",)),
)
BUTTONS = (
    Command(
        name="more",
        summary="the papers of a digest that it does not show",
        handler=more,
        parameters=(
            Parameter(name="digest", help="a digest's number", kind=Kind.NUMBER, required=True, maximum=999_999_999),
            Parameter(
                name="page", help="the page", kind=Kind.NUMBER, option=True, internal=True, minimum=1, maximum=200
            ),
        ),
        hidden=True,
    ),
)
