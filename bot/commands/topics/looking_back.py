"""Looking back: what a topic would have brought lately, and posting it."""

from __future__ import annotations

from datetime import timedelta

from bot.channels.channel import Channel
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.topics.wording import topic_named
from bot.commands.wording import answer, hint, posted_when, say
from bot.digests.cards import paper_line
from bot.digests.digest import DigestKind
from bot.messages.message import Block, Button, Buttons, Heading
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Reply
from bot.ranking.order import Candidate, ranked
from bot.text.counting import count_of
from bot.topics.matcher import Matcher
from bot.topics.store import Match
from bot.topics.subscription import Subscription

BACK = timedelta(days=7)
MOST_POSTED = 50
MOST_SHOWN = 20


def look_back_button(topic: Subscription) -> Button:
    return Button(f"Look back {BACK.days} days", f"look-back {topic.number}")


async def look_back(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Lists what would have come; posts nothing."""
    channel = await services.channel(call)
    topic = await topic_named(services, channel, arguments.text("topic"))
    papers = await _missed(services, channel, topic)
    if not papers:
        return answer(say(f"Nothing more would have come in the last {BACK.days} days."))
    blocks: list[Block] = [
        Heading(f"{count_of(len(papers), 'paper')} in the last {BACK.days} days"),
        *(paper_line(paper) for paper in papers[:MOST_SHOWN]),
    ]
    if len(papers) > MOST_SHOWN:
        blocks.append(hint(f"… and {count_of(len(papers) - MOST_SHOWN, 'more paper')}."))
    return answer(*blocks, Buttons((Button("Post these", f"post-back {topic.number}"),)))


async def post_back(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    """Posts what would have come."""
    channel = await services.channel(call)
    topic = await topic_named(services, channel, arguments.text("topic"))
    papers = (await _missed(services, channel, topic))[:MOST_POSTED]
    found = [
        Match(channel_id=channel.id, paper_id=paper.id, subscription_ids=(topic.id,), instant=False) for paper in papers
    ]
    if not found:
        return answer(say("They are posted here, or wait to be, already."))
    await services.matches.record_matches({}, found, services.clock.now())
    planned = await services.planner.plan_now(channel, DigestKind.BACKFILL, only=[paper.id for paper in papers])
    services.wake()
    if planned:
        return answer(say(f"{count_of(planned.total, 'older paper')} will be posted {posted_when(channel)}."))
    return answer(say(f"{count_of(len(papers), 'older paper')} will be posted with the next digest."))


async def _missed(services: Services, channel: Channel, topic: Subscription) -> list[Paper]:
    """What the topic finds among the papers of the last days and the channel does not have, best first."""
    since = services.clock.now() - BACK
    lately = await services.papers.first_listed_since(since, channel.settings.sources)
    matcher = Matcher()
    matcher.put(topic.id, topic.wanted)
    vectors = await services.vectors_of(lately, topic.wanted)
    found = [paper for paper, keys in zip(lately, matcher.match_all(lately, vectors), strict=True) if keys]
    known = await services.digests.delivered_ids(channel.id, [paper.id for paper in found])
    fresh = [Candidate(paper, (topic.query,), topic.models) for paper in found if paper.id not in known]
    taste = await services.tastes.of(channel)
    return [one.paper for one in ranked(fresh, channel.settings.order, taste, services.clock.now().date())]


_TOPIC = Parameter(name="topic", help="a topic's number", kind=Kind.TOPIC, required=True)
BUTTONS = (
    Command(
        name="look-back",
        summary="what a topic would have brought lately",
        handler=look_back,
        parameters=(_TOPIC,),
        manages=True,
        hidden=True,
    ),
    Command(
        name="post-back",
        summary="post what a topic would have brought lately",
        handler=post_back,
        parameters=(_TOPIC,),
        manages=True,
        hidden=True,
    ),
)
