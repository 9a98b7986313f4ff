"""Blocks of a message as embeds. What is too long for them is weighed, and cut where it hurts least.

Messages that papers have no part in are embeds, and so are those that Discord takes in no other form, and those of
earlier versions. Limits: https://docs.discord.com/developers/resources/message#embed-object-embed-limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.discord.messages.colours import DEFAULT, colour_of
from adapters.discord.messages.lines import TITLE, Line, card_buttons, facts_and_links, fair_share
from adapters.discord.messages.markup import ELLIPSIS, cut, escaped, length, spans, unmarked, usable_url
from bot.messages.message import Block, Code, Document, Heading, Items, Note, PaperBlock, Paragraph, Span

EMBEDS = 10  # in a message
DESCRIPTION = 4096
ALL_EMBEDS = 6000  # characters in all embeds of a message
FOOTER = 120  # of Discord's 2,048: small print should stay small
#: What a piece has at most before the pieces are weighed against each other.
LONGEST_PIECE = 3500

Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in an embed of its own. `number` is the number on its buttons."""

    paper: PaperBlock
    number: int | None
    picture: bool
    colour: int

    def fit(self, limit: int) -> Payload:
        paper = self.paper
        number = f"{self.number} · " if self.number else ""
        title = unmarked(paper.title or paper.paper_id, min(TITLE, limit) - length(number)) or ELLIPSIS
        colour = colour_of(paper.topics[0]) if paper.topics else self.colour
        embed: Payload = {"title": number + title, "color": colour}
        if address := usable_url(paper.url):
            embed["url"] = address
        if self.picture and (picture := usable_url(paper.thumbnail_url)):
            embed["thumbnail"] = {"url": picture}
        room = min(DESCRIPTION, limit - length(embed["title"]))
        if paper.topics and room > 2 * FOOTER:
            embed["footer"] = {"text": cut(f"Topics: {' · '.join(paper.topics)}", FOOTER)}
            room -= length(embed["footer"]["text"])
        if description := _description_of(paper, room):
            embed["description"] = description
        return embed

    def size(self, limit: int) -> int:
        return embed_size(self.fit(limit))


Piece = Line | Card


def pieces_of(blocks: Sequence[Block], *, pictures: bool, colour: int = DEFAULT, first: int = 0) -> Iterator[Piece]:
    numbers = paper_numbers(blocks, first)
    for place, block in enumerate(blocks):
        match block:
            case PaperBlock(compact=False):
                yield Card(block, numbers.get(place), pictures, colour)
            case Items(items=items):
                for item in items:
                    yield Line(Paragraph((Span("• "), *item)))
            case PaperBlock():
                yield Line(block, numbers.get(place))
            case Heading() | Paragraph() | Note() | Code() | Document():
                yield Line(block)
            case _:
                continue  # buttons have rows of their own, and embeds divide by themselves


def paper_numbers(blocks: Sequence[Block], first: int) -> dict[int, int]:
    """Numbers for the papers with buttons, by their place, when there are several of them: here or in all."""
    places = [place for place, block in enumerate(blocks) if is_numbered(block)]
    return {place: number for number, place in enumerate(places, first or 1)} if first or len(places) > 1 else {}


def is_numbered(block: Block) -> bool:
    return isinstance(block, PaperBlock) and bool(card_buttons(block))


def embeds_of(pieces: Sequence[Piece], colour: int = DEFAULT) -> list[Payload]:
    """The pieces in their order, cards in embeds of their own, all within the limits of a message."""
    # Nothing grows beyond what it was measured with, however much room there is: a description has a limit of its own.
    share = min(fair_share([piece.size(LONGEST_PIECE) for piece in pieces], ALL_EMBEDS), LONGEST_PIECE)
    embeds: list[Payload] = []
    prose: Payload | None = None
    for piece in pieces:
        if isinstance(piece, Card):
            embeds.append(piece.fit(share))
            prose = None
            continue
        line = piece.fit(share - 1)
        if not line.strip():
            continue
        if prose is None or length(prose.get("description", "")) + 1 + length(line) > DESCRIPTION:
            prose = {"color": colour}
            embeds.append(prose)
            if isinstance(piece.block, Heading):
                prose["title"] = line.removeprefix("### ")
                continue
        prose["description"] = f"{prose['description']}\n{line}" if "description" in prose else line
    return embeds


def embed_size(embed: Payload) -> int:
    """What an embed counts towards the limit of a message."""
    return sum(length(embed.get(part, "")) for part in ("title", "description")) + length(
        embed.get("footer", {}).get("text", "")
    )


def _description_of(paper: PaperBlock, limit: int) -> str:
    """What is below a card's title. The abstract is cut first, then snippet, reason, summary, and who wrote it."""
    room = limit - 7  # what separates the six parts
    where = facts_and_links(paper, room)
    room -= length(where)
    byline = escaped(paper.byline, room)
    room -= length(byline)
    summary = escaped(paper.summary, room)
    room -= length(summary)
    reason = spans(paper.reason, room)
    room -= length(reason)
    snippet = spans(paper.snippet, room)
    abstract = escaped(paper.abstract, room - length(snippet))
    if abstract:
        abstract = f"\n{abstract}\n"
    return "\n".join(part for part in (summary, snippet, reason, byline, abstract, where) if part).strip("\n")
