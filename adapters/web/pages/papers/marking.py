"""Marking papers: saving and voting wherever a paper is shown, and what a reader has done so far."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from adapters.web.addresses import address_of_key, channel_key, paper_path
from adapters.web.messages.marks import Marks
from adapters.web.messages.reading import ChannelMessages
from adapters.web.pages.shell import Shells
from adapters.web.people.calls import call_of
from adapters.web.people.visitor import person_of
from adapters.web.serving.forms import fields_of, id_of
from adapters.web.serving.protection import wants_json
from bot.channels.channel import Channel
from bot.digests.cards import NO_VOTES
from bot.errors import UserError
from bot.messages.plain import plain_text
from bot.papers.ids import parse_paper_id
from bot.platforms.command_calls import CommandRunner, Person
from bot.reading.store import ReadingStore

#: What can be done, and the line that does it.
_LINES = {"save": "save {}", "unsave": "unsave {}", "up": "vote {} up", "down": "vote {} down"}


class Marking:
    """Reads and sets the marks of whoever asks."""

    def __init__(
        self, *, reading: ReadingStore, commands: CommandRunner, messages: ChannelMessages, shells: Shells
    ) -> None:
        self._reading = reading
        self._commands = commands
        self._messages = messages
        self._shells = shells

    def routes(self) -> list[Route]:
        return [Route("/mark", self.mark, methods=["POST"])]

    async def marks(self, request: Request, channel: Channel | None, paper_ids: Sequence[str]) -> Marks:
        """The reader's marks of these papers; votes are those of the channel, if there is one."""
        call = call_of(request, channel)
        person = call.person
        ids = list(dict.fromkeys(paper_ids))
        saved = await self._reading.saved_ids(call.reader, ids)
        if channel is None:
            return Marks(reader=person.id, saved=saved, tallied=True)
        tallies = await self._reading.tallies([channel.id], ids)
        return Marks(
            reader=person.id,
            votes_in=_votes_in(person, channel),
            saved=saved,
            votes=await self._reading.own_votes(channel.id, person.id, ids),
            tallies={paper_id: tally for (_, paper_id), tally in tallies.items()},
            tallied=True,
        )

    async def mark(self, request: Request) -> Response:
        """Saves a paper or votes on it, as the commands do; says how it stands, or goes back to the page."""
        fields = await fields_of(request)
        paper_id, what = parse_paper_id(fields.get("paper", "")), fields.get("mark", "")
        key = fields.get("channel", "")
        channel = await self._shells.find(request, address_of_key(key)) if key else None
        if what not in _LINES or (channel is None and what in ("up", "down")):
            raise UserError("Choose a channel in which to vote.")
        number = id_of(fields.get("from"))
        pressed = await self._messages.remote_id(channel, number) if channel and number is not None else None
        line = _LINES[what].format(paper_id)
        reply = await self._commands.run(call_of(request, channel, line, from_message=pressed))
        # A list that has the paper already, or has it no more, is as it should be.
        if reply.failed and what != "unsave":
            raise UserError(plain_text(reply.message))
        if channel and reply.update is not None and number is not None:
            await self._messages.change(channel, reply.update, number)
        if not wants_json(request):
            return RedirectResponse(_back(request, paper_id), status_code=303)
        return JSONResponse(await self._standing(request, channel, paper_id))

    async def _standing(self, request: Request, channel: Channel | None, paper_id: str) -> dict[str, object]:
        marks = await self.marks(request, channel, [paper_id])
        tally, vote = marks.tallies.get(paper_id, NO_VOTES), marks.votes.get(paper_id)
        return {
            "paper": paper_id,
            "channel": channel_key(channel.address) if channel else "",
            "saved": paper_id in marks.saved,
            "vote": vote.value if vote else "",
            "up": tally.up,
            "down": tally.down,
        }


def unmarked(request: HTTPConnection, channel: Channel) -> Marks:
    """For messages that come while a page is open: they say their votes themselves."""
    person = person_of(request, channel.address)
    return Marks(reader=person.id, votes_in=_votes_in(person, channel))


def _votes_in(person: Person, channel: Channel) -> str:
    """The key of the channel, if the visitor's votes count in it."""
    return "" if person.only_looks else channel_key(channel.address)


def _back(request: Request, paper_id: str) -> str:
    """The page from which the form was sent, without a script; else the paper's."""
    referer = urlsplit(request.headers.get("referer", ""))
    if referer.netloc != request.headers.get("host") or not referer.path.startswith("/"):
        return paper_path(paper_id)
    return f"/{referer.path.lstrip('/')}" + (f"?{referer.query}" if referer.query else "")
