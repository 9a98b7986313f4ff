"""The page of one paper: what is known of it, where it came, what people think of it, and what is like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import channel_key, channel_path, paper_path
from adapters.web.pages.choice import chosen_channel, with_params
from adapters.web.pages.papers.marking import Marking
from adapters.web.pages.rendering import Pages
from adapters.web.pages.shell import Place, Shells
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import reader_zone, visitor_of
from bot.channels.channel import Channel
from bot.digests.cards import facts_of, links_of, paper_card, result_card
from bot.errors import UserError
from bot.library.archive import ChannelVotes, Posting
from bot.library.library import Library
from bot.library.searching import Result
from bot.messages.message import Document, Message
from bot.papers.citations import bibtex
from bot.papers.ids import parse_paper_id
from bot.papers.paper import Paper, PaperRecord
from bot.papers.sources import title_of_source
from bot.people.people import People
from bot.platforms.command_calls import CommandRunner
from bot.query.printing import printed
from bot.query.syntax import Author, Category
from bot.text.words import words

POSTINGS, VOTES, VOTERS, SIMILAR = 20, 20, 10, 6
FIRST_AUTHORS = 12  # are shown at once
MOST_AUTHORS = 200  # of a collaboration's paper, as links; the rest is counted


@dataclass(frozen=True, slots=True)
class Found:
    """A word of the page that leads to a search."""

    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Came:
    """Where a paper was posted, and the digest that it came in."""

    channel: str
    path: str
    at: datetime
    hidden: bool


@dataclass(frozen=True, slots=True)
class Liked:
    """What a channel thinks of it. `people` are names, where the channel's people have names here."""

    channel: str
    path: str
    up: int
    down: int
    people: Sequence[str]


class PaperPage:
    """`/paper/{id}`, and its abstract alone for cards that unfold it."""

    def __init__(
        self,
        *,
        library: Library,
        commands: CommandRunner,
        people: People,
        marking: Marking,
        pages: Pages,
        shells: Shells,
    ) -> None:
        self._library = library
        self._commands = commands
        self._people = people
        self._marking = marking
        self._pages = pages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [Route("/abstract/{paper:path}", self.abstract), Route("/paper/{paper:path}", self.show)]

    async def show(self, request: Request) -> Response:
        asked, channel = request.path_params["paper"], await chosen_channel(request, self._shells)
        key = channel_key(channel.address) if channel else ""
        try:
            paper = await self._library.lookups.known(parse_paper_id(asked))
        except UserError as error:
            return await self._unknown(request, asked, str(error))
        if paper.id != asked:  # another way to write it, or it was found to be another one
            return RedirectResponse(with_params(paper_path(paper.id), c=key), status_code=308)
        record = await self._library.papers.record_of(paper.id)
        similar = [result_card(one.paper, one.snippet) for one in await self._similar(paper)]
        postings = (await self._library.archive.postings([paper.id], POSTINGS)).get(paper.id)
        zone = reader_zone(request, channel)
        page = self._pages.page(
            "paper.html",
            await self._shells.around(request, Place.SEARCH),
            paper=paper,
            block=paper_card(paper, votes=False, delivered=False),
            authors=[_by(name.written) for name in paper.authors[:MOST_AUTHORS]],
            first_authors=FIRST_AUTHORS,
            more_authors=max(len(paper.authors) - MOST_AUTHORS, 0),
            categories=[Found(name, with_params("/search", q=printed(Category(name)))) for name in paper.categories],
            facts=facts_of(paper),
            links=links_of(paper),
            listed=_listed(record),
            came=[_came(one, one.posted_at.astimezone(zone)) for one in postings.latest] if postings else [],
            came_others=postings.others if postings else "",
            liked=await self._liked(request, paper),
            cite=Document(name=f"{paper.id.replace('/', '-')}.bib", text=bibtex([paper]), media_type="text/plain"),
            similar=similar,
            marks=await self._marking.marks(request, channel, [paper.id, *(card.paper_id for card in similar)]),
            why=await self._why(request, channel, paper) if channel else None,
            choice=key,
            chosen=self._shells.view(request, channel) if channel else None,
        )
        return HTMLResponse(page)

    async def abstract(self, request: Request) -> Response:
        """What unfolds in a card."""
        paper = await self._library.papers.paper(parse_paper_id(request.path_params["paper"]))
        if paper is None:
            raise HTTPException(404, "That paper is not known here.")
        return HTMLResponse(self._pages.fragment("abstract.html", abstract=paper.abstract))

    async def _similar(self, paper: Paper) -> Sequence[Result]:
        return await self._library.searching.similar(paper, limit=SIMILAR)

    async def _liked(self, request: Request, paper: Paper) -> list[Liked]:
        votes = await self._library.archive.votes(paper.id, channels=VOTES, people=VOTERS)
        # People of other platforms are ids here, which say nothing to anybody; those of the workspace have names.
        names = {account.reader: account.name for account in await self._people.accounts()} if votes else {}
        names[visitor_of(request).id] = "you"
        return [_liked(one, [names[person] for person in one.up if person in names]) for one in votes]

    async def _why(self, request: Request, channel: Channel, paper: Paper) -> Message:
        """What became of it in the channel, as the command tells it."""
        return (await self._commands.run(call_of(request, channel, f"why {paper.id}"))).message

    async def _unknown(self, request: Request, asked: str, sentence: str) -> Response:
        shell = await self._shells.around(request, Place.SEARCH)
        page = self._pages.page("no_paper.html", shell, asked=asked, sentence=sentence)
        return HTMLResponse(page, status_code=404)


def _by(name: str) -> Found:
    said = words(name)
    return Found(name, with_params("/search", q=printed(Author(tuple(said)))) if said else "")


def _listed(record: PaperRecord | None) -> list[Found]:
    """On which days which feeds listed it."""
    listings = record.listings if record else ()
    return [Found(f"{title_of_source(source)}, {day.day} {day:%B %Y}", f"/archive/{day}") for source, day in listings]


def _came(one: Posting, at: datetime) -> Came:
    path = channel_path(one.channel.address)
    return Came(one.channel.full_name, f"{path}/d/{one.digest_id}" if one.digest_id else path, at, not one.shown)


def _liked(one: ChannelVotes, people: Sequence[str]) -> Liked:
    return Liked(one.channel.full_name, channel_path(one.channel.address), one.tally.up, one.tally.down, people)
