"""The command `why`: what happened to a paper here, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.channels.channel import Channel
from bot.channels.next_digest import local_day
from bot.commands.papers.searching import PAPER
from bot.commands.registry import Arguments, Command
from bot.commands.services import Services
from bot.commands.wording import answer, day_name, hint, moment, say
from bot.digests.cards import title_of
from bot.messages.message import Block, Items, Span, bold, code, text
from bot.papers.ids import parse_paper_id
from bot.papers.sources import title_of_source
from bot.platforms.command_calls import CommandCall, Reply
from bot.posting.post import DeliveryRecord
from bot.posting.traces import Outcome, TopicTrace, Trace
from bot.ranking.taste import SCALE
from bot.schedules.stored import DEFAULT_TIME_ZONE
from bot.text.lists import listed
from bot.topics.decisions import Verdict

#: Topics that are shown: those that got the farthest first.
MOST_TOPICS = 10
_NEAREST = (
    Verdict.WANTED,
    Verdict.SOURCE_LEFT_OUT,
    Verdict.OLDER_THAN_TOPIC,
    Verdict.TOO_LONG_AGO,
    Verdict.NOT_MATCHED,
)
_BUT = {
    Verdict.SOURCE_LEFT_OUT: "but this channel takes nothing from the feed that listed it",
    Verdict.OLDER_THAN_TOPIC: "but the topic was set, or changed, after the paper came",
    Verdict.TOO_LONG_AGO: "but only since two weeks or more after it was listed",
}

_ONLY_YOURS = "It matches only a topic of yours, and is for you alone."
#: What became of a paper that a topic of the person's own finds, said in another channel.
_TO_YOU = {
    Outcome.POSTED: "it was sent to you.",
    Outcome.COUNTED: "it was among the papers that a digest of yours counts and does not show.",
    Outcome.ON_ITS_WAY: "the message with it is on its way to you.",
    Outcome.WAITING: "it waits for your next digest.",
    Outcome.QUIET: "it waits: today is a quiet day of yours.",
    Outcome.PAUSED: "it waits: what is for you is paused.",
    Outcome.STOPPED: "it waits: it cannot be sent to you.",
    Outcome.COMING_ELSEWHERE: "it comes in a channel of yours, and is sent to you only if it does not.",
    Outcome.READ_ELSEWHERE: "you read it in a channel of yours, and it is not sent to you.",
    Outcome.NOT_SENT: "the message with it could not be sent to you.",
    Outcome.TAKEN_BACK: "it waited, and then no topic of yours wanted it any more.",
}


async def why(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    paper_id = parse_paper_id(arguments.text("paper"))
    channel = await services.known_channel(call)
    if channel is None:
        return answer(say(Outcome.NO_TOPICS.value))
    trace = await services.tracing.trace(channel, paper_id)
    own = None if call.public else await services.personal_channel(call)
    to_you = own and own.channel.id != channel.id and await services.tracing.trace(own.channel, paper_id)
    only_yours = trace.delivery is None and to_you and to_you.delivery is not None
    blocks: list[Block] = [say(bold(_ONLY_YOURS if only_yours else trace.outcome.value))]
    if trace.record is None:
        blocks.append(say("To look it up now, write ", code(f"/papers show {paper_id}"), "."))
        return answer(*blocks)
    blocks.append(hint(Span(title_of(trace.record.paper), italic=True)))
    lines = [_came(services, trace, channel), *_asked(trace.topics)]
    if trace.delivery is not None:
        lines += _delivered(services, trace, trace.delivery, channel)
    blocks.append(Items(tuple(text(*line) for line in lines)))
    if own and to_you and to_you.delivery is not None:
        blocks.append(say(bold("Topics of your own: "), _TO_YOU.get(to_you.outcome, to_you.outcome.value)))
        theirs = [_said_by(one) for one in to_you.topics if one.verdict is not Verdict.NOT_MATCHED]
        sent = _delivered(services, to_you, to_you.delivery, own.channel)
        blocks.append(Items(tuple(text(*line) for line in (*theirs[:MOST_TOPICS], *sent))))
    return answer(*blocks)


def _came(services: Services, trace: Trace, channel: Channel) -> list[str | Span]:
    """When which feed listed it, and when we read that."""
    record = trace.record
    if record is None or record.stored is None:
        return ["No feed that I read has listed it."]
    zone, now = channel.time_zone or DEFAULT_TIME_ZONE, services.clock.now()
    seen = moment(record.stored.first.at, zone, now)
    here = record.stored.listed_by(channel.settings.sources)
    if here is not None and here != record.stored.first:
        seen += f", from a source of this channel {moment(here.at, zone, now)}"
    days: dict[str, date] = {}
    for source, day in record.listings:
        days.setdefault(title_of_source(source), day)
    by = listed([f"{source} on {_day(day)}" for source, day in days.items()]) if days else "a feed"
    return [f"Listed by {by}; first read {seen}."]


def _asked(topics: Sequence[TopicTrace]) -> list[list[str | Span]]:
    nearest = sorted(topics, key=lambda one: (_NEAREST.index(one.verdict), one.topic.number))
    lines = [_said_by(one) for one in nearest[:MOST_TOPICS]]
    if more := len(topics) - MOST_TOPICS:
        lines += [[f"{more} more topics do not find it."]] if more > 0 else []
    return lines


def _said_by(one: TopicTrace) -> list[str | Span]:
    """What a topic says: the terms that are in the paper, or the first part that is not."""
    name: list[str | Span] = [bold(f"Topic {one.topic.number}"), " ", code(one.topic.title)]
    if one.evidence is None:
        return [*name, " cannot be read any more: please edit it."]
    if one.evidence.against_it:
        part = one.evidence.against_it
        return [*name, " does not find it: ", code(part), " is not so."]
    found: list[str | Span] = [*name, " finds it"]
    for number, term in enumerate(one.evidence.for_it[:5]):
        found += [" by " if number == 0 else ", ", code(term)]
    return [*found, f", {_BUT[one.verdict]}." if one.verdict in _BUT else "."]


def _delivered(services: Services, trace: Trace, delivery: DeliveryRecord, channel: Channel) -> list[list[str | Span]]:
    now = services.clock.now()
    brought = f" by {listed(delivery.topics)}" if delivery.topics else ""
    lines: list[list[str | Span]] = [[f"Queued {moment(delivery.queued_at, channel.time_zone, now)}{brought}."]]
    if digest := delivery.digest:
        shown = "" if delivery.place <= digest.shown else f", beyond the {digest.shown} that it shows"
        fit = "" if delivery.points is None else f" by fit ({delivery.points / SCALE:.1f} points)"
        day = day_name(digest.day, local_day(channel, now))
        lines.append([f"Number {delivery.place} of {digest.total}{fit} in the digest of {day}{shown}."])
    if delivery.posted_at is not None and trace.outcome in (Outcome.POSTED, Outcome.COUNTED):
        lines.append([f"Posted {moment(delivery.posted_at, channel.time_zone, now)}."])
    if trace.outcome is Outcome.NOT_SENT:
        lines.append(["The message was refused for good, and would be again."])
    if trace.outcome in (Outcome.PAUSED, Outcome.STOPPED):
        lines.append([f"{channel.reason or 'Somebody paused it.'} ", code("/papers resume"), " lets it go on."])
    elif trace.outcome in (Outcome.WAITING, Outcome.QUIET) and trace.waits_until is not None:
        lines.append([f"It goes out {moment(trace.waits_until, channel.time_zone, now)}."])
    return lines


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


COMMANDS = (
    Command(
        name="why",
        summary="what happened to a paper here, stage by stage",
        handler=why,
        parameters=(PAPER,),
        examples=("why 2604.13035",),
        details="It answers for papers that came and for those that did not: which topic, which setting, which digest.",
    ),
)
