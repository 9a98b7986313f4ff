"""The sources command: what is read, how that is going, and feeds that whoever runs the bot adds."""

from __future__ import annotations

from datetime import datetime

from bot.commands.recording import note_refusal
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, moment, say
from bot.errors import UserError
from bot.intake.feeds import Feed, next_reading
from bot.intake.store import SourceState
from bot.messages.message import Block, Heading, bold, code
from bot.papers.sources import title_of_source
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.permissions import runs_the_bot
from bot.schedules.stored import DEFAULT_TIME_ZONE
from bot.text.counting import count_of
from bot.text.shortening import shorten

ADD, REMOVE = "add", "remove"
LONGEST_TITLE = 100
MOST_SHOWN = 40


async def sources(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    action, what = arguments.text("action").lower(), arguments.text("feed")
    if not action:
        return await _listed(services, call)
    if not runs_the_bot(call):
        await note_refusal(services.record, call)
        raise UserError(
            "Feeds are for everybody whom I serve, so only whoever runs me adds and removes them: in the web "
            "workspace, or in a terminal with `paperround command`. Please ask them."
        )
    if not what:
        example = "https://example.org/feed.xml" if action == ADD else "nature"
        raise UserError(f"Say which one, like `/papers sources {action} {example}`.")
    if action == REMOVE:
        gone = await services.feeds.remove(what)
        return answer(
            say("Removed ", bold(gone.name), "."),
            hint("Its papers stay, and so do topics and settings that name it; it is just not read any more."),
        )
    feed = await services.feeds.add(what, name=arguments.text("name"), by=call.person.id)
    return answer(
        say("Added ", bold(shorten(feed.title, LONGEST_TITLE) or feed.name), ", as ", code(feed.name), "."),
        hint(
            "It is read within a minute. What it shows already is no news, except of the last days. Channels that take "
            "papers from all sources get it; ",
            code(f"source:{feed.name}"),
            " asks for it in topics and searches.",
        ),
    )


async def _listed(services: Services, call: CommandCall) -> Reply:
    now = services.clock.now()
    channel = await services.known_channel(call)
    zone = channel.time_zone if channel else DEFAULT_TIME_ZONE
    feeds = {feed.name: feed for feed, _ in await services.feeds.all()}
    states = await services.sources.states()
    blocks: list[Block] = [Heading(f"{count_of(len(states), 'source')} of papers")]
    for state in states[:MOST_SHOWN]:
        blocks += _source(state, feeds.get(state.name), zone, now)
    if more := len(states) - MOST_SHOWN:
        blocks += [hint(f"… and {count_of(more, 'more')}.")] if more > 0 else []
    if channel is not None and channel.settings.sources is not None:
        names = [f"`{name}`" for name in await services.sources_of(channel)]
        blocks.append(hint(f"This channel takes papers from {', '.join(names)} alone."))
    if runs_the_bot(call):
        blocks.append(hint("To add one: ", code("/papers sources add https://example.org/feed.xml")))
    return answer(*blocks)


def _source(state: SourceState, feed: Feed | None, zone: str, now: datetime) -> list[Block]:
    title = shorten(feed.title, LONGEST_TITLE) if feed else ""
    name = title_of_source(state.name)
    shown = f"{name}: {title}" if title and title.lower() != name.lower() else name
    if state.failures:
        health = f"cannot be read: {state.last_error}"
        last = f" Last read {moment(state.last_success_at, zone, now)}." if state.last_success_at else ""
        health += last
    elif state.last_success_at:
        health = f"read {moment(state.last_success_at, zone, now)}"
    else:
        health = "not read yet"
    due = next_reading(state) if feed and state.was_asked else None
    following = f" · next {moment(due, zone, now)}" if due and due > now else ""
    where = f" · {feed.address}" if feed and feed.address.startswith("http") else ""
    return [say(bold(shown)), hint(f"{health[:1].upper()}{health[1:]}{following}{where}")]


COMMANDS = (
    Command(
        name="sources",
        needs_channel=False,
        summary="where papers come from; whoever runs me adds feeds",
        handler=sources,
        parameters=(
            Parameter(name="action", help="add or remove a feed", kind=Kind.CHOICE, choices=(ADD, REMOVE)),
            Parameter(name="feed", help="the address of a feed, biorxiv or medrxiv; its name to remove it"),
            Parameter(name="name", help="what the feed is called in queries", option=True),
        ),
        examples=("sources", "sources add https://example.org/feed.xml", "sources remove nature"),
        details=(
            "Any RSS, Atom or JSON feed can be a source, and bioRxiv and medRxiv by their names. Papers that two "
            "sources have, by DOI or arXiv id, are one. source:NAME asks for papers of a source."
        ),
        asks_elsewhere=True,
        audited=True,
        changes_with="action",
    ),
)
