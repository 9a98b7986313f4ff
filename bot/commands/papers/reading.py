"""Commands about reading: a person's own list, the bibliography of a channel, and votes on papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.commands.papers.searching import PAGE_OPTION, PAPER, card_for, known_paper, turning
from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, hint, say
from bot.digests.cards import NO_VOTES, paper_line, title_of
from bot.errors import UserError
from bot.library.searching import pages
from bot.messages.message import Block, Button, Buttons, Document, Heading, bold, code
from bot.papers.citations import FORMATS, CitationFormat
from bot.papers.ids import parse_paper_id
from bot.papers.paper import Paper
from bot.platforms.command_calls import CommandCall, Reply
from bot.platforms.outcomes import Outgoing
from bot.query.queries import Query
from bot.query.syntax import Or, PaperId, Sort
from bot.reading.lists import SavedPaper
from bot.reading.votes import Vote
from bot.text.counting import count_of
from bot.text.typed import in_quotes

PAGE = 10  # papers of a reading list at a time
MOST_SAVED = 1000
MOST_CITED = 500
LIST, FIND = "list", "find"
#: The line of a command that platforms give by themselves.
REDRAW = "redraw"
#: Of what was pressed on a card for one person: the card takes its new form.
ON_CARD = Parameter(name="card", help="show the card anew", kind=Kind.SWITCH, option=True, internal=True)
PERIODS = {"week": 7, "month": 31, "all": None}


async def save(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    if await services.reading.saved_count(call.reader) >= MOST_SAVED:
        raise UserError(f"Your list has {MOST_SAVED:,} papers, and that is the most. `/papers unsave` makes room.")
    # On the list of somebody who only looks it is no 👍 of this channel.
    channel = None if call.person.only_looks else await services.known_channel(call)
    fresh = await services.reading.save(
        call.reader, paper.id, services.clock.now(), channel_id=channel.id if channel else None
    )
    if "card" in arguments:
        return await card_for(services, call, paper.id, again=True)
    words = "Saved " if fresh else "You have it already: "
    buttons = Buttons((Button("My list", "saved"), Button("Remove", f"unsave {paper.id}")))
    return answer(say(words, bold(title_of(paper)), "."), buttons)


async def unsave(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    paper_id = parse_paper_id(arguments.text("paper"))
    paper_id = paper.id if (paper := await services.papers.paper(paper_id)) else paper_id
    if not await services.reading.unsave(call.reader, paper_id):
        raise UserError(f"{paper_id} is not on your list. `/papers saved` shows what is.")
    if "card" in arguments:
        return await card_for(services, call, paper_id, again=True)
    return answer(say("Took ", bold(paper_id), " off your list."), Buttons((Button("Undo", f"save {paper_id}"),)))


async def saved(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    if find := arguments.text(FIND):
        return await _found(services, call, find, arguments)
    total = await services.reading.saved_count(call.reader)
    if not total:
        return answer(
            say("Your reading list is empty. ", code("/papers save 2604.13035"), " or a card's button fills it.")
        )
    chosen = arguments.text("format") or LIST
    if chosen != LIST:
        entries = await services.reading.saved(call.reader, limit=MOST_CITED)
        return _cited([entry.paper for entry in entries], FORMATS[chosen], "reading-list", total)
    page = min(arguments.number("page") or 1, pages(total, PAGE))
    entries = await services.reading.saved(call.reader, limit=PAGE, offset=(page - 1) * PAGE)
    blocks: list[Block] = [Heading(f"Your reading list: {count_of(total, 'paper')}")]
    blocks += [paper_line(entry.paper) for entry in entries]
    blocks += turning("saved", page, total, PAGE)
    blocks.append(Buttons(tuple(Button(kind.label, f"saved {name}") for name, kind in FORMATS.items())))
    return answer(*blocks, replaces=call.from_message is not None and "page" in arguments)


async def _found(services: Services, call: CommandCall, find: str, arguments: Arguments) -> Reply:
    """The papers of the list that a query finds, as a list or as citations."""
    found = await found_in_list(services, call, find)
    if not found:
        return answer(say("Nothing on your list matches ", code(find), "."), Buttons((Button("My list", "saved"),)))
    chosen = arguments.text("format") or LIST
    if chosen != LIST:
        return _cited([entry.paper for entry in found], FORMATS[chosen], "reading-list", len(found))
    page = min(arguments.number("page") or 1, pages(len(found), PAGE))
    blocks: list[Block] = [Heading(f"Your reading list: {count_of(len(found), 'paper')} found")]
    blocks += [paper_line(entry.paper) for entry in found[(page - 1) * PAGE : page * PAGE]]
    blocks += turning(f"saved --find {in_quotes(find)}", page, len(found), PAGE)
    return answer(*blocks, replaces=call.from_message is not None and "page" in arguments)


async def found_in_list(services: Services, call: CommandCall, find: str) -> list[SavedPaper]:
    """The papers on the person's list that a query finds, what was saved last first.

    Raises `UserError` for a query that cannot be read.
    """
    query = await services.examples.decided(await services.query(find), known=await services.models_here(call))
    entries = await services.reading.saved(call.reader, limit=MOST_SAVED)
    if not entries:
        return []
    ids = tuple(PaperId(entry.paper.id) for entry in entries)
    on_list = Or(ids) if ids[1:] else ids[0]
    page = await services.index.search(Query.of(query.meeting(on_list).root, Sort.NEW), limit=len(ids))
    found = {hit.paper_id for hit in page.hits}
    return [entry for entry in entries if entry.paper.id in found]


async def bib(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    period = arguments.text("period") or "month"
    days = PERIODS[period]
    since = services.clock.now() - timedelta(days=days) if days else None
    channel = await services.known_channel(call)
    posted = await services.digests.history(channel.id, MOST_CITED + 1, since=since) if channel is not None else []
    if channel is None or not posted:
        when = f" in the last {period}" if days else ""
        return answer(say(f"Nothing was posted here{when}. "), hint(code("/papers bib all"), " takes everything."))
    hidden = sum(not entry.shown for entry in posted[:MOST_CITED])
    return _cited([entry.paper for entry in posted], FORMATS["bibtex"], f"papers-{period}", len(posted), hidden)


async def vote(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    chosen = Vote(arguments.text("vote"))
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    channel = await services.channel(call)
    stands = await services.reading.vote(channel.id, paper.id, call.person.id, chosen, services.clock.now())
    # Whoever presses a button below a message sees that change at once, by their own platform.
    drawn = call.from_message if "card" not in arguments and call.home is channel.address.platform else None
    services.votes.voted(channel, paper.id, drawn=drawn or "")
    if "card" in arguments:
        return await card_for(services, call, paper.id, again=True)
    tally = (await services.reading.tallies([channel.id], [paper.id])).get((channel.id, paper.id), NO_VOTES)
    words = (
        "You took your vote back from "
        if stands is None
        else "You voted for "
        if stands is Vote.UP
        else "You voted against "
    )
    reply = answer(say(words, bold(title_of(paper)), f". In this channel: 👍 {tally.up} · 👎 {tally.down}"))
    return Reply(message=reply.message, update=await message_now(services, channel.id, call.from_message))


async def redraw(services: Services, call: CommandCall, _arguments: Arguments) -> Reply:
    """Changes nothing: what the message whose button was pressed says now."""
    channel = await services.channel(call)
    reply = answer(say("The message is as it should be."))
    return Reply(message=reply.message, update=await message_now(services, channel.id, call.from_message))


async def message_now(services: Services, channel_id: int, remote_id: str | None) -> Outgoing | None:
    """A message, such as the one whose button was pressed, as it reads now; None if it is none that we posted."""
    post = await services.posts.sent_as(channel_id, remote_id) if remote_id else None
    if post is None:
        return None
    composed = await services.composer.compose([post])
    return composed[post.id][1] if post.id in composed else None


def _cited(papers: Sequence[Paper], kind: CitationFormat, name: str, total: int, hidden: int = 0) -> Reply:
    cited = papers[:MOST_CITED]
    unseen = f", {hidden} of which stood behind the “more” button of a digest" if hidden else ""
    blocks: list[Block] = [
        say(bold(count_of(len(cited), "paper")), f" as {kind.label}{unseen}."),
        Document(name=f"{name}.{kind.ending}", text=kind.write(cited), media_type=kind.media_type),
    ]
    if total > len(cited):
        blocks.append(hint(f"These are the latest; {MOST_CITED} is the most at a time."))
    return answer(*blocks)


COMMANDS = (
    Command(
        name="save",
        personal=True,
        needs_channel=False,
        changes_reading_list=True,
        summary="put a paper on your reading list",
        handler=save,
        parameters=(PAPER, ON_CARD),
        examples=("save 2604.13035",),
        asks_elsewhere=True,
    ),
    Command(
        name="saved",
        personal=True,
        needs_channel=False,
        summary="your reading list, also as BibTeX, RIS or CSV",
        handler=saved,
        parameters=(
            Parameter(name="format", help="how to write it", kind=Kind.CHOICE, choices=(LIST, *FORMATS)),
            Parameter(name=FIND, help="only what a query finds in it", option=True),
            PAGE_OPTION,
        ),
        examples=("saved", "saved bibtex", "saved --find diffusion"),
        details="The list is yours alone, wherever you look at it.",
    ),
    Command(
        name="unsave",
        personal=True,
        needs_channel=False,
        changes_reading_list=True,
        summary="take a paper off your reading list",
        handler=unsave,
        parameters=(PAPER, ON_CARD),
        examples=("unsave 2604.13035",),
    ),
    Command(
        name="bib",
        summary="BibTeX of what this channel was sent",
        handler=bib,
        parameters=(Parameter(name="period", help="how far back to go", kind=Kind.CHOICE, choices=tuple(PERIODS)),),
        examples=("bib week", "bib all"),
    ),
)
BUTTONS = (
    Command(
        name="vote",
        summary="say what you think of a paper",
        handler=vote,
        parameters=(
            PAPER,
            Parameter(name="vote", help="up or down", kind=Kind.CHOICE, choices=tuple(Vote), required=True),
            ON_CARD,
        ),
        hidden=True,
        redraws=True,
        takes_part=True,
    ),
    Command(name=REDRAW, summary="show a message as it is now", handler=redraw, hidden=True, redraws=True),
)
