"""Commands that find papers: search, today, trending, show, similar, and what stands behind the cards' buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from bot.commands.registry import Arguments, Command, Kind, Parameter
from bot.commands.services import Services
from bot.commands.wording import answer, day_name, hint, say
from bot.digests.cards import NO_VOTES, paper_line, private_card, result_card, title_of
from bot.digests.content import SharedPaper
from bot.errors import UserError
from bot.library.searching import THIN, Result, pages
from bot.messages.message import Block, Button, Buttons, Heading, PaperBlock, Span, bold, code
from bot.papers.ids import paper_id_of, parse_paper_id
from bot.papers.paper import Paper
from bot.papers.sources import title_of_source
from bot.papers.trending import PERIODS, trending_papers
from bot.platforms.command_calls import CommandCall, Reply
from bot.query.queries import Query
from bot.search.results import FEW_RESULTS
from bot.text.counting import count_of
from bot.text.typed import as_typed

PAGE = 5  # papers on a page of results
RELATED = 5
TRENDING = 10
LAST_PAGE = 200
SHARE = "share"
#: A paper that was shared with a channel is known there for a while.
SHARED_FOR = timedelta(hours=1)
PAGE_OPTION = Parameter(
    name="page", help="the page", kind=Kind.NUMBER, option=True, internal=True, minimum=1, maximum=LAST_PAGE
)
PAPER = Parameter(name="paper", help="an arXiv id, a DOI or a link to a paper", kind=Kind.PAPER, required=True)


async def search(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    asked = arguments.text("query")
    # People paste what they look at.
    if not asked.lower().startswith("doi:") and (paper_id := paper_id_of(as_typed(asked))):
        return await card_for(services, call, paper_id)
    searching, channel = services.library.searching, await services.known_channel(call)
    found = await searching.find(asked, size=PAGE, page=arguments.number("page") or 1, channel=channel)
    query = found.query
    blocks: list[Block] = []
    empty = ""
    if found.total:
        where = f", page {found.page} of {found.pages:,}" if found.pages > 1 else ""
        blocks.append(say(bold(count_of(found.total, "paper")), " for ", code(query.text), where))
    elif empty := "" if found.related else await searching.why_nothing():
        blocks.append(say(f"{empty} ", code("/papers status"), " shows how the feeds are doing."))
    heading = "Related" if found.total else "Best matches"
    beside = [(heading, _cards(found.related[:RELATED]))] if found.related and found.page == 1 else []
    if found.total < THIN and "here" not in arguments:
        elsewhere = await searching.elsewhere(query, found.known, PAGE)
        beside += [
            (f"Found at {title_of_source(source)}", [result_card(paper) for paper in papers])
            for source, papers in elsewhere.items()
        ]
    if not (found.total or empty):
        says = "No paper here has every word of " if beside else "No paper matches "
        blocks.append(say(says, code(query.text), "."))
    meant = await did_you_mean(services, query) if found.page == 1 and found.total < FEW_RESULTS else []
    groups = [("", _cards(found.results)), *beside]
    if "more" in arguments:
        return _more(query, groups, arguments.number("more") or 1, replaces=call.from_message is not None)
    shown, left = _some(groups, 0)
    blocks += [*meant, *shown]
    buttons = _turning_buttons(f"search {query.text}", found.page, found.total)
    if left:
        buttons.append(Button(f"{left} more that may fit", f"search {query.text} --more 1"))
    blocks += [Buttons(tuple(buttons))] if buttons else []
    if not (found.total or beside or empty):
        blocks.append(
            hint("Fewer words find more; ", code("OR"), " joins alternatives, ", code("quant*"), " beginnings.")
        )
    if found.total < FEW_RESULTS and query.has_words and services.meaning.problem:
        blocks.append(hint("I looked for words alone; ", code("/papers status"), " says why."))
    return _numbered(answer(*blocks, replaces=call.from_message is not None), found.page, found.total)


async def did_you_mean(services: Services, query: Query) -> list[Block]:
    """Asks whether words that hardly any paper has were meant to be others; the button searches for those."""
    meant = await services.library.searching.meant(query)
    if meant is None:
        return []
    words = [part for word in meant.words for part in (", ", Span(word, italic=True))][1:]
    return [
        say("Did you mean ", *words, "?"),
        Buttons((Button(f"Search {meant.text}", f"search {meant.text}"),)),
    ]


def _numbered(reply: Reply, page: int, total: int) -> Reply:
    """The numbers of papers go on over the pages of a search."""
    first = (page - 1) * PAGE + 1 if total > PAGE else 0
    return replace(reply, message=replace(reply.message, first=first))


_Groups = Sequence[tuple[str, Sequence[PaperBlock]]]


def _some(groups: _Groups, start: int) -> tuple[list[Block], int]:
    """A page of the papers in those groups, from that place on, below their headings; and how many are left."""
    blocks: list[Block] = []
    passed = 0
    for heading, cards in groups:
        first, last = max(0, start - passed), max(0, start + PAGE - passed)
        if some := cards[first:last]:
            blocks += [*([Heading(heading)] if heading else []), *some]
        passed += len(cards)
    return blocks, max(0, passed - start - PAGE)


def _more(query: Query, groups: _Groups, page: int, *, replaces: bool) -> Reply:
    """A later page of what is only like what was asked for, or was found elsewhere."""
    blocks, left = _some(groups, page * PAGE)
    before = f"search {query.text}" + (f" --more {page - 1}" if page > 1 else "")
    buttons = [Button("‹ Back", before)] + (
        [Button("Next ›", f"search {query.text} --more {page + 1}")] if left else []
    )
    shown = blocks or [hint("There is nothing more.")]
    reply = answer(say("More for ", code(query.text)), *shown, Buttons(tuple(buttons)), replaces=replaces)
    return replace(reply, message=replace(reply.message, first=page * PAGE + 1))


async def today(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    page = arguments.number("page") or 1
    day = await services.papers.newest_day()
    if day is None:
        return answer(say("No papers are listed yet. ", code("/papers status"), " shows how the feeds are doing."))
    papers = await services.papers.listed_on(day)
    name = day_name(day, services.clock.now().date())
    heading = Heading(
        f"{count_of(len(papers), 'paper')} listed {name if name == 'today' else f'on {day:%A}, {day.day} {day:%B %Y}'}"
    )
    return _page_of(heading, papers, "today", page, call)


async def trending(services: Services, _call: CommandCall, arguments: Arguments) -> Reply:
    period = arguments.text("period") or "week"
    papers = await trending_papers(services.papers, period, today=services.clock.now().date(), limit=TRENDING)
    if not papers:
        return answer(say(f"No papers were listed in the last {period}."))
    heading = Heading(f"Most upvoted in the last {period}")
    return answer(heading, *(paper_line(paper) for paper in papers))


async def show(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    return await card_for(services, call, parse_paper_id(arguments.text("paper")))


async def similar(services: Services, _call: CommandCall, arguments: Arguments) -> Reply:
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    results = await services.library.searching.similar(paper, limit=PAGE)
    if not results:
        return answer(say("Nothing similar to ", bold(title_of(paper)), " is known yet."))
    return answer(say("Similar to ", bold(title_of(paper))), *_cards(results))


async def share(services: Services, call: CommandCall, arguments: Arguments) -> Reply:
    paper = await known_paper(services, parse_paper_id(arguments.text("paper")))
    if not call.person.may_post:
        raise UserError("Only people who may write in this channel can share papers with it.")
    channel = await services.channel(call)
    content = SharedPaper(paper_id=paper.id, shared_by=call.person.name)
    now = services.clock.now()
    if not await services.posts.share(channel.id, content, now=now, since=now - SHARED_FOR):
        raise UserError(f"This paper was shared with {channel.name_here} within the last hour.")
    services.wake()
    return answer(say("Shared ", bold(title_of(paper)), f" with {channel.name_here}."))


async def known_paper(services: Services, paper_id: str) -> Paper:
    """The paper, asked for elsewhere if need be; raises `UserError` when nobody knows it."""
    return await services.lookups.known(paper_id)


async def card_for(services: Services, call: CommandCall, paper_id: str, *, again: bool = False) -> Reply:
    """The paper's card for one person; `again` puts it in the place of the one whose button was pressed."""
    paper = await known_paper(services, paper_id)
    channel = await services.known_channel(call)
    tally, delivered = None, False
    if channel is not None:
        tally = (await services.reading.tallies([channel.id], [paper.id])).get((channel.id, paper.id), NO_VOTES)
        delivered = bool(await services.digests.delivered_ids(channel.id, [paper.id]))
    # Where everybody reads along it is nobody's own, and what somebody keeps is nobody else's business.
    saved = not call.public and paper.id in await services.reading.saved_ids(call.reader, [paper.id])
    card = private_card(paper, tally=tally, saved=saved, delivered=delivered)
    return answer(card, *_details(paper), replaces=again)


def _details(paper: Paper) -> list[Block]:
    facts = []
    if paper.featured_on:
        facts.append(f"listed on {paper.featured_on}")
    if paper.published_on:
        facts.append(f"published on {paper.published_on}")
    if paper.submitter:
        facts.append(f"submitted by {paper.submitter}")
    if paper.categories[1:]:
        facts.append(f"cross-listed in {', '.join(paper.categories[1:])}")
    line = " · ".join(facts)
    return [hint(line[:1].upper() + line[1:])] if line else []


def _cards(results: Sequence[Result]) -> list[PaperBlock]:
    return [result_card(result.paper, result.snippet) for result in results]


def _page_of(heading: Heading, papers: Sequence[Paper], line: str, page: int, call: CommandCall) -> Reply:
    page = min(page, pages(len(papers), 2 * PAGE))
    shown = papers[(page - 1) * 2 * PAGE : page * 2 * PAGE]
    blocks: list[Block] = [heading, *(paper_line(paper) for paper in shown)]
    return answer(*blocks, *turning(line, page, len(papers), 2 * PAGE), replaces=call.from_message is not None)


def turning(line: str, page: int, total: int, size: int = PAGE) -> list[Block]:
    """The buttons that turn pages; none for a single page."""
    buttons = _turning_buttons(line, page, total, size)
    return [Buttons(tuple(buttons))] if buttons else []


def _turning_buttons(line: str, page: int, total: int, size: int = PAGE) -> list[Button]:
    buttons = []
    if page > 1:
        buttons.append(Button("‹ Back", f"{line} --page {page - 1}"))
    if page * size < total and page < LAST_PAGE:
        buttons.append(Button("Next ›", f"{line} --page {page + 1}"))
    return buttons


COMMANDS = (
    Command(
        name="search",
        needs_channel=False,
        summary="find papers, best matches first",
        handler=search,
        parameters=(
            Parameter(name="query", help="what to look for", kind=Kind.QUERY, required=True),
            PAGE_OPTION,
            Parameter(name="here", help="ask nobody else", kind=Kind.SWITCH, option=True, internal=True),
            Parameter(
                name="more",
                help="what may fit as well",
                kind=Kind.NUMBER,
                option=True,
                internal=True,
                minimum=1,
                maximum=LAST_PAGE,
            ),
        ),
        examples=(
            'search "mixture of experts" -survey',
            "search author:hinton after:2024-01-01",
            "search agents sort:new",
        ),
        details=(
            'All words must be in the title, the abstract or the keywords. "A phrase" keeps words together, -word '
            "leaves papers out, OR joins alternatives, quant* takes every word that starts so. "
            "Fields: title: abstract: "
            "author: cat: org: submitter: source: upvotes:>=20 stars: comments: after: before: date: has:code id:. "
            "sort:new and sort:top change the order."
        ),
        asks_elsewhere=True,
    ),
    Command(
        name="today",
        needs_channel=False,
        summary="the newest listing",
        handler=today,
        parameters=(PAGE_OPTION,),
        examples=("today",),
    ),
    Command(
        name="trending",
        needs_channel=False,
        summary="the most upvoted papers",
        handler=trending,
        parameters=(Parameter(name="period", help="how far back to look", kind=Kind.CHOICE, choices=tuple(PERIODS)),),
        examples=("trending", "trending month"),
    ),
    Command(
        name="show",
        needs_channel=False,
        summary="one paper's card",
        handler=show,
        parameters=(PAPER,),
        examples=("show 2604.13035", "show https://arxiv.org/abs/1706.03762"),
        asks_elsewhere=True,
    ),
    Command(
        name="similar",
        needs_channel=False,
        summary="papers like one that you name",
        handler=similar,
        parameters=(PAPER,),
        examples=("similar 2604.13035",),
        asks_elsewhere=True,
    ),
)
BUTTONS = (
    Command(
        name="abstract",
        needs_channel=False,
        summary="a paper's abstract",
        handler=show,
        parameters=(PAPER,),
        hidden=True,
    ),
    Command(
        name=SHARE,
        summary="show a paper to the channel",
        handler=share,
        parameters=(PAPER,),
        hidden=True,
        takes_part=True,
        audited=True,
    ),
)
